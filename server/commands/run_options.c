#include "commands/run_options.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"

enum { TIMEOUT_MS = 60000 };

enum option {
    SCENARIO,
    SCENARIOS,
    JOBS,
    TIMEOUT,
    SEED,
    JUNIT,
    REQUIRE_ALL,
    EXIT_ZERO,
    SHOW_OUTPUT,
    LIST,
    HELP
};

struct row {
    const char *flag, *argument, *wanted, *help;
};

static const struct row rows[] = {
    [SCENARIO] = {"scenario", "GLOB", "something",
                  "only the scenarios whose name matches; may be repeated"},
    [SCENARIOS] = {"scenarios", "DIR", "something", "more scenarios"},
    [JOBS] = {"jobs", "N", "1 to 256",
              "scenarios at the same time (default: one per processor)"},
    [TIMEOUT] = {"timeout", "D", "a duration such as 60s",
                 "for each run of CMD, then it is ended (default: 60s)"},
    [SEED] = {"seed", "N", "a whole number of at least 1",
              "same seed + same requests = same bytes (default: random)"},
    [JUNIT] = {"junit", "FILE", "something", "write the results there, as JUnit XML"},
    [REQUIRE_ALL] = {"require-all", NULL, NULL,
                     "a scenario that was not exercised is a failure"},
    [EXIT_ZERO] = {"exit-zero", NULL, NULL, "CMD must exit with 0 as well"},
    [SHOW_OUTPUT] = {"show-output", NULL, NULL,
                     "show what CMD prints also when nothing failed"},
    [LIST] = {"list", NULL, NULL, "only list what would run"},
    [HELP] = {"help", NULL, NULL, "this"},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* ---- values ---- */

static bool take_number(struct im_str text, int64_t most, int64_t *number)
{
    return im_str_int(text, number) && *number >= 1 && *number <= most;
}

static bool take_duration(struct im_str text, int64_t *ms)
{
    return im_duration_parse(text, ms) && *ms > 0;
}

/* False when the value is not what the row wants. */
static bool take_value(struct im_run_options *options, enum option option,
                       const char *value)
{
    int64_t number = 0;

    switch (option) {
    case SCENARIO:
        options->globs[options->glob_count] = im_str(value);
        return options->globs[options->glob_count++].len > 0;
    case SCENARIOS: options->scenarios_dir = value; return *value != '\0';
    case JUNIT: options->junit = value; return *value != '\0';
    case TIMEOUT: return take_duration(im_str(value), &options->timeout_ms);
    case JOBS:
        if (!take_number(im_str(value), IM_RUN_JOBS_MAX, &number))
            return false;
        options->jobs = (int)number;
        return true;
    case SEED:
        if (!take_number(im_str(value), INT64_MAX, &number))
            return false;
        options->seed = (uint64_t)number;
        return true;
    default: return false;
    }
}

static void take_switch(struct im_run_options *options, enum option option)
{
    switch (option) {
    case REQUIRE_ALL: options->require_all = true; return;
    case EXIT_ZERO: options->exit_zero = true; return;
    case SHOW_OUTPUT: options->show_output = true; return;
    case LIST: options->list = true; return;
    default: options->help = true;
    }
}

/* ---- argv ---- */

static bool refuse(const char *argument, struct im_error *err)
{
    struct im_str word = im_str(argument), known[ROWS];

    if (!im_str_starts(word, "-"))
        return im_error_set(err,
                            "unexpected argument \"%.80s\"; the command stands behind "
                            "--: intacct-mock run [options] -- %.80s",
                            argument, argument);
    for (size_t i = 0; i < ROWS; i++)
        known[i] = im_str(rows[i].flag);
    while (im_str_starts(word, "-"))
        word = im_str_slice(word, 1, word.len);
    word = im_str_front(im_str_slice(word, 0, im_str_find(word, '=')), 80);
    int nearest = im_str_nearest(word, known, ROWS);
    if (nearest >= 0)
        return im_error_set(err, "unknown option --%.*s; did you mean --%s?",
                            IM_ARG(word), rows[nearest].flag);
    return im_error_set(err, "unknown option --%.*s; intacct-mock run --help lists them",
                        IM_ARG(word));
}

static int row_of(const char *argument)
{
    struct im_str word = im_str(argument);
    struct im_str flag = im_str_slice(word, 2, im_str_find(word, '='));

    if (im_str_is(word, "-h"))
        return HELP;
    for (int i = 0; im_str_starts(word, "--") && i < ROWS; i++)
        if (im_str_is(flag, rows[i].flag))
            return i;
    return -1;
}

/* Takes the option at argv[*i]; *i is left at the last word that belongs to it. */
static bool take_option(struct im_run_options *options, char **argv, int *i,
                        struct im_error *err)
{
    int option = row_of(argv[*i]);
    const char *value = strchr(argv[*i], '=');

    if (option < 0)
        return refuse(argv[*i], err);
    const struct row *row = &rows[option];
    if (!row->argument) {
        take_switch(options, (enum option)option);
        return !value || im_error_set(err, "--%s takes no value", row->flag);
    }
    value = value ? value + 1 : argv[++*i];
    if (!value || strcmp(value, "--") == 0)
        return im_error_set(err, "--%s needs an argument: --%s %s", row->flag, row->flag,
                            row->argument);
    return take_value(options, (enum option)option, value) ||
           im_error_set(err, "--%s must be %s, not \"%.80s\"", row->flag, row->wanted,
                        value);
}

static int processors(void)
{
#ifdef _SC_NPROCESSORS_ONLN
    long online = sysconf(_SC_NPROCESSORS_ONLN);
#else
    long online = 4;
#endif

    return online < 1 ? 1 : online > IM_RUN_JOBS_MAX ? IM_RUN_JOBS_MAX : (int)online;
}

bool im_run_options_read(struct im_run_options *options, int argc, char **argv,
                         struct im_arena *arena, struct im_error *err)
{
    *options = (struct im_run_options){.jobs = processors(), .timeout_ms = TIMEOUT_MS};
    options->globs = IM_ARENA_ARRAY(arena, struct im_str, (size_t)argc + 1);
    if (!options->globs)
        return im_error_set(err, "reading the options: out of memory");
    for (int i = 0; i < argc && !options->command; i++)
        if (strcmp(argv[i], "--") == 0)
            options->command = argv + i + 1;
        else if (!take_option(options, argv, &i, err))
            return false;
    if (options->help || options->list || (options->command && *options->command))
        return true;
    return im_error_set(err, "there is no command to run; it stands behind --: "
                             "intacct-mock run [options] -- CMD [ARG]...");
}

void im_run_options_help(struct im_buf *help)
{
    for (size_t i = 0; i < ROWS; i++) {
        const char *argument = rows[i].argument ? rows[i].argument : "";
        im_buf_addf(help, "  --%s %s%*s %s\n", rows[i].flag, argument,
                    (int)(18 - strlen(rows[i].flag) - strlen(argument)), "",
                    rows[i].help);
    }
}
