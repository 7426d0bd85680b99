#include "options.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum kind { TEXT, PORT, CONTROL, SWITCH, COUNT, DURATION, THREADS, LOG, LEVEL };

struct row {
    const char *flag;
    enum kind kind;
    const char *argument, *initial, *help;
    size_t offset;
};

static const struct row rows[] = {
#define OPTION(member, flag, kind, argument, initial, help)                              \
    {flag, kind, argument, initial, help, offsetof(struct im_serve_options, member)},
#include "options.def"
#undef OPTION
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static const char **slot(struct im_serve_options *options, const struct row *row)
{
    return (const char **)(void *)((char *)options + row->offset);
}

/* ---- values ---- */

static bool is_between(struct im_str value, int64_t least, int64_t most)
{
    int64_t number;

    return im_str_int(value, &number) && number >= least && number <= most;
}

static bool one_of(struct im_str value, const char *words)
{
    return im_str_in_list(im_str(words), value);
}

/* What the kind wants, or NULL when the value is that. */
static const char *unmet(enum kind kind, struct im_str value)
{
    int64_t ms;

    switch (kind) {
    case TEXT: return value.len ? NULL : "something";
    case PORT:
        return is_between(value, 0, 65535) || one_of(value, "none off")
                   ? NULL
                   : "0 to 65535, or none";
    case CONTROL:
        return is_between(value, 1, 65535) || one_of(value, "on off")
                   ? NULL
                   : "on, off, or a port from 1 to 65535";
    case SWITCH: return one_of(value, "on off") ? NULL : "on or off";
    case COUNT:
        return is_between(value, 1, 1000000000000) ? NULL
                                                   : "a whole number of at least 1";
    case DURATION:
        return im_duration_parse(value, &ms) && ms > 0
                   ? NULL
                   : "a duration above 0 with its unit, such as 30m";
    case THREADS: return is_between(value, 1, 65536) ? NULL : "1 to 65536";
    case LOG: return one_of(value, "text json") ? NULL : "text or json";
    case LEVEL:
        return one_of(value, "error warn info debug") ? NULL
                                                      : "error, warn, info or debug";
    }
    return "something else";
}

int im_options_port(const char *value)
{
    int64_t number;

    return im_str_int(im_str(value), &number) ? (int)number : -1;
}

static bool take(struct im_serve_options *options, const struct row *row,
                 const char *value, struct im_error *err)
{
    const char *wanted = unmet(row->kind, im_str(value));

    if (wanted)
        return im_error_set(err, "--%s must be %s, not \"%.80s\"", row->flag, wanted,
                            value);
    *slot(options, row) = value;
    return true;
}

/* ---- the environment ---- */

#define ENV_PREFIX "INTACCT_MOCK_"

/* Is NAME (behind the prefix) this row's flag, upper case and with '_'? */
static bool env_names(const struct row *row, struct im_str name)
{
    size_t len = strlen(row->flag);

    for (size_t i = 0; i < len && i < name.len; i++) {
        char c = row->flag[i];
        char want = (char)(c == '-' ? '_' : c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c);
        if (name.at[i] != want)
            return false;
    }
    return len == name.len;
}

static const char *nearest_flag(struct im_str word)
{
    struct im_str known[ROWS];

    for (size_t i = 0; i < ROWS; i++)
        known[i] = im_str(rows[i].flag);
    int nearest = im_str_nearest(word, known, ROWS);
    return nearest < 0 ? NULL : rows[nearest].flag;
}

static void warn_unknown(struct im_buf *warnings, struct im_str name)
{
    const char *nearest = nearest_flag(name);

    im_buf_addf(warnings, "unknown environment variable %s%.*s", ENV_PREFIX,
                IM_ARG(name));
    if (nearest) {
        im_buf_addz(warnings, "; did you mean " ENV_PREFIX);
        for (const char *c = nearest; *c; c++)
            im_buf_addc(warnings, (char)(*c == '-' ? '_' : *c - ('a' - 'A')));
        im_buf_addc(warnings, '?');
    }
    im_buf_addc(warnings, '\n');
}

static bool read_variable(struct im_serve_options *options, const char *variable,
                          struct im_buf *warnings, struct im_error *err)
{
    struct im_str text = im_str(variable);
    struct im_str name = im_str_slice(text, strlen(ENV_PREFIX), im_str_find(text, '='));
    const char *value = strchr(variable, '=');

    if (!im_str_starts(text, ENV_PREFIX) || !value)
        return true;
    for (size_t i = 0; i < ROWS; i++)
        if (env_names(&rows[i], name)) {
            struct im_error why;
            return !value[1] || take(options, &rows[i], value + 1, &why) ||
                   im_error_set(err, "%s%.*s: %s", ENV_PREFIX, IM_ARG(name), why.text);
        }
    warn_unknown(warnings, name);
    return true;
}

/* ---- argv ---- */

static bool refuse_flag(const char *argument, struct im_error *err)
{
    struct im_str word = im_str(argument);

    if (!im_str_starts(word, "--"))
        return im_error_set(err, "unexpected argument \"%.80s\"; options begin with --",
                            argument);
    word = im_str_slice(word, 2, im_str_find(word, '='));
    const char *nearest = nearest_flag(word);
    if (nearest)
        return im_error_set(err, "unknown option --%.*s; did you mean --%s?",
                            IM_ARG(im_str_slice(word, 0, 80)), nearest);
    return im_error_set(err,
                        "unknown option --%.*s; intacct-mock serve --help lists them",
                        IM_ARG(im_str_slice(word, 0, 80)));
}

static const struct row *row_of(const char *argument)
{
    struct im_str word = im_str(argument);
    struct im_str flag = im_str_slice(word, 2, im_str_find(word, '='));

    for (size_t i = 0; im_str_starts(word, "--") && i < ROWS; i++)
        if (im_str_is(flag, rows[i].flag))
            return &rows[i];
    return NULL;
}

static bool read_arguments(struct im_serve_options *options, int argc, char **argv,
                           struct im_error *err)
{
    for (int i = 0; i < argc; i++) {
        const struct row *row = row_of(argv[i]);
        const char *value = strchr(argv[i], '=');

        if (!row)
            return refuse_flag(argv[i], err);
        if (!value && ++i == argc)
            return im_error_set(err, "--%s needs an argument: --%s %s", row->flag,
                                row->flag, row->argument);
        if (!take(options, row, value ? value + 1 : argv[i], err))
            return false;
    }
    return true;
}

bool im_options_read(struct im_serve_options *options, int argc, char **argv,
                     char *const *environment, struct im_buf *warnings,
                     struct im_error *err)
{
    for (size_t i = 0; i < ROWS; i++)
        *slot(options, &rows[i]) = rows[i].initial;
    for (; *environment; environment++)
        if (!read_variable(options, *environment, warnings, err))
            return false;
    if (!read_arguments(options, argc, argv, err))
        return false;
    if (!*options->cert != !*options->key)
        return im_error_set(err, "--cert and --key go together; only --%s was given",
                            *options->cert ? "cert" : "key");
    return true;
}

/* ---- the table, printed ---- */

void im_options_help(struct im_buf *help)
{
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *row = &rows[i];
        im_buf_addf(help, "  --%s %s%*s %s", row->flag, row->argument,
                    (int)(24 - strlen(row->flag) - strlen(row->argument)), "", row->help);
        if (*row->initial)
            im_buf_addf(help, " (default: %s)", row->initial);
        im_buf_addc(help, '\n');
    }
}

void im_options_markdown(struct im_buf *table)
{
    im_buf_addz(table, "| option | default | meaning |\n|---|---|---|\n");
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *row = &rows[i];
        im_buf_addf(table, "| `--%s ", row->flag);
        for (const char *c = row->argument; *c; c++)
            im_buf_addf(table, *c == '|' ? "\\%c" : "%c", *c);
        im_buf_addf(table, "` | %s%s%s | %s |\n", *row->initial ? "`" : "", row->initial,
                    *row->initial ? "`" : "", row->help);
    }
}
