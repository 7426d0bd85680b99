/* `intacct-mock run`: CMD once per scenario, each against a fresh sandbox of a mock in
 * this process; the scorecard of an integration. The options, which scenarios, and what
 * lasts as long as all of it; scenario after scenario is run_flow.c's. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands/remote.h"
#include "commands/run_flow.h"
#include "commands/run_report.h"
#include "intacct_mock.h"
#include "scenario/catalogue.h"
#include "server.h"

extern char **environ;

#define AT(member) offsetof(struct im_run_options, member)
static const struct im_option run_table[] = {
    {"scenario", "GLOB", IM_OPTION_TEXTS, AT(globs),
     .help = "only the scenarios whose name matches; may be repeated"},
    {"scenarios", "DIR", IM_OPTION_TEXT, AT(scenarios_dir), .help = "more scenarios"},
    {"intercept", NULL, IM_OPTION_FLAG, AT(intercept),
     .help =
         "CMD has Sage's host built in: lead it here by a proxy, with our CA trusted"},
    {"proxy-others", "WAY", IM_OPTION_WORD, AT(proxy_others), .initial = "refuse",
     .words = "refuse|pass",
     .help = "with --intercept, of every other host: refuse or pass it on"},
    {"jobs", "N", IM_OPTION_NUMBER, AT(jobs), .least = 1, .most = IM_RUN_JOBS_MAX,
     .help = "scenarios at the same time (default: one per processor)"},
    {"timeout", "D", IM_OPTION_DURATION, AT(timeout_ms), .initial = "60s", .least = 1,
     .help = "for each run of CMD, then it is ended"},
    {"seed", "N", IM_OPTION_NUMBER, AT(seed), .least = 1,
     .help = "tokens and ids are drawn from it (default: random)"},
    {"junit", "FILE", IM_OPTION_TEXT, AT(junit),
     .help = "write the results there, as JUnit XML"},
    {"artifacts", "DIR", IM_OPTION_TEXT, AT(artifacts),
     .help = "keep HAR, journal and verdict of each scenario there"},
    {"client", "KIND", IM_OPTION_WORD, AT(client), .words = "resilient|fail-fast",
     .initial = "resilient",
     .help =
         "what CMD is: fail-fast may end when it is refused, recovery is not demanded"},
    {"require-all", NULL, IM_OPTION_FLAG, AT(require_all),
     .help = "a scenario that was not exercised, or only partly, is a failure"},
    {"min-coverage", "PERCENT", IM_OPTION_TEXT, AT(min_coverage),
     .help = "fail when a smaller share of the causes is met, such as 80%"},
    {"exit-zero", NULL, IM_OPTION_FLAG, AT(exit_zero),
     .help = "CMD must exit with 0 as well"},
    {"show-output", NULL, IM_OPTION_FLAG, AT(show_output),
     .help = "show what CMD prints also when nothing failed"},
    {"list", NULL, IM_OPTION_FLAG, AT(list), .help = "only list what would run"},
    {"shard", "I/N", IM_OPTION_TEXT, AT(shard),
     .help = "only the Ith of N parts of the scenarios, such as 2/4"},
    {"https", NULL, IM_OPTION_FLAG, AT(https),
     .help = "CMD speaks HTTPS; its environment names the CA"},
    /* no variable: a mock that runs somewhere must not be used unasked */
    {"url", "URL", IM_OPTION_TEXT, AT(server.url),
     .help = "use a mock that runs already: make the sandboxes there"},
    IM_CLIENT_TOKEN(struct im_run_options, server),
    IM_CLIENT_CA(struct im_run_options, server),
    {.flag = NULL},
};

/* What lasts as long as the command. */
struct run {
    struct im_arena *arena;
    struct im_run_options options;
    const char *caller;   /* what to type to call us again */
    char *const *command; /* CMD [ARG]... NULL */
    struct im_run_program program;
    struct im_run_signals signals;
    struct im_run_mock mock;
    struct im_trust_files
        trust; /* the CA of a mock that is spoken to by TLS; no folder = none */
    struct im_run_scenario *scenarios;
    size_t count;
    size_t left_out; /* for want of --intercept */
    FILE *junit;
    struct im_buf xml;
};

/* ---- which scenarios ---- */

static int refuse_glob(const struct run *run, struct im_str glob)
{
    struct im_str *known = IM_ARENA_ARRAY(run->arena, struct im_str, run->count + 1);

    for (size_t i = 0; known && i < run->count; i++)
        known[i] = run->scenarios[i].name;
    struct im_hint hint = im_hint(glob, known, known ? run->count : 0);
    return im_command_fail(
        IM_EXIT_USAGE, "--scenario %.*s: no scenario has such a name%s",
        IM_ARG(im_str_front(glob, 80)),
        hint.text[0] ? hint.text : "; intacct-mock run --list lists them");
}

static bool is_chosen(const struct im_run_options *options, struct im_str name)
{
    for (size_t i = 0; i < options->globs.count; i++)
        if (im_str_glob(im_str(options->globs.items[i]), name))
            return true;
    return options->globs.count == 0;
}

static bool glob_matches_any(const struct run *run, struct im_str glob)
{
    for (size_t i = 0; i < run->count; i++)
        if (im_str_glob(glob, run->scenarios[i].name))
            return true;
    return false;
}

static struct im_run_scenario find_baseline(const struct run *run)
{
    for (size_t i = 0; i < run->count; i++)
        if (im_str_is(run->scenarios[i].name, IM_RUN_BASELINE))
            return run->scenarios[i];
    return (struct im_run_scenario){.name = {NULL, 0}};
}

/* What CMD does where nothing goes wrong is what all else is held against (rule 5 of
 * scenarios/README.md): it is played first, chosen or not. */
static void put_baseline_first(struct run *run, struct im_run_scenario baseline)
{
    size_t at = 0;

    if (!baseline.name.len || run->options.list || !run->count)
        return;
    while (at < run->count && !im_str_eq(run->scenarios[at].name, baseline.name))
        at++;
    baseline.only_baseline = at == run->count;
    run->count += baseline.only_baseline; /* there is room: it was one of them */
    for (; at > 0; at--)
        run->scenarios[at] = run->scenarios[at - 1];
    run->scenarios[0] = baseline;
}

/* Every Nth, beginning with the Ith, in the order of their names: each is in one part and no other, and neighbours,
 * which take about as long as each other, are spread. Gives how many. */
static size_t shard_of(const struct im_run_options *options,
                       struct im_run_scenario *scenarios, size_t count)
{
    size_t kept = 0, step = (size_t)options->shard_count;

    if (!step)
        return count;
    for (size_t i = (size_t)options->shard_index - 1; i < count; i += step)
        scenarios[kept++] = scenarios[i];
    return kept;
}

static int choose_scenarios(struct run *run)
{
    const struct im_run_options *options = &run->options;
    struct im_run_scenario baseline = find_baseline(run);
    size_t kept = 0;

    for (size_t i = 0; i < options->globs.count; i++) {
        struct im_str glob = im_str(options->globs.items[i]);
        if (!glob_matches_any(run, glob))
            return refuse_glob(run, glob);
    }
    for (size_t i = 0; i < run->count; i++) {
        bool chosen = is_chosen(options, run->scenarios[i].name);
        bool can = options->intercept || options->list || !run->scenarios[i].needs_proxy;
        run->left_out += chosen && !can;
        if (chosen && can)
            run->scenarios[kept++] = run->scenarios[i];
    }
    if (!kept)
        return im_command_fail(IM_EXIT_START,
                               run->left_out
                                   ? "the scenarios that were chosen are about "
                                     "connections through the proxy; give --intercept"
                                   : "there is no scenario to run");
    run->count = shard_of(options, run->scenarios, kept);
    put_baseline_first(run, baseline);
    return IM_EXIT_FINE;
}

static int list_scenarios(const struct run *run)
{
    size_t width = 0;

    for (size_t i = 0; i < run->count; i++)
        if (run->scenarios[i].name.len > width)
            width = run->scenarios[i].name.len;
    for (size_t i = 0; i < run->count; i++) {
        const struct im_run_scenario *scenario = &run->scenarios[i];
        printf("%.*s%*s  %.*s\n", IM_ARG(scenario->name),
               (int)(width - scenario->name.len), "", IM_ARG(scenario->about));
    }
    return IM_EXIT_FINE;
}

/* ---- JUnit ---- */

/* Opened before anything runs: a path that cannot be written to is told at once. */
static bool open_junit(struct run *run)
{
    if (!run->options.junit || run->options.list)
        return true;
    run->junit = fopen(run->options.junit, "w");
    if (!run->junit)
        return false;
    fcntl(fileno(run->junit), F_SETFD, FD_CLOEXEC);
    im_buf_init(&run->xml, run->arena, 0);
    im_run_junit_begin(&run->xml);
    return true;
}

static int close_junit(struct run *run, int status)
{
    struct im_str xml;

    if (!run->junit)
        return status;
    im_run_junit_end(&run->xml);
    xml = im_buf_str(&run->xml);
    if (status == IM_EXIT_START || status == IM_EXIT_USAGE)
        xml.len = 0; /* nothing was run, so there is nothing to tell */
    bool written = fwrite(xml.at, 1, xml.len, run->junit) == xml.len;
    written = fclose(run->junit) == 0 && written;
    run->junit = NULL;
    if (run->xml.failed || !written)
        return im_command_fail(IM_EXIT_NO, "writing --junit %s: %s", run->options.junit,
                               run->xml.failed ? "out of memory" : strerror(errno));
    return status;
}

/* ---- running ---- */

/* CMD as a shell would read it. */
static struct im_str words_of_command(const struct run *run)
{
    struct im_buf text;

    im_buf_init(&text, run->arena, 0);
    for (char *const *word = run->command; *word; word++) {
        im_buf_addz(&text, word == run->command ? "" : " ");
        im_buf_add_shell(&text, im_str(*word));
    }
    return im_buf_str(&text);
}

/* The program, as it was called, and the options that say which mock it was. */
static struct im_str words_of_mock(const struct run *run)
{
    const struct im_client_options *server = &run->options.server;
    struct im_buf text;

    im_buf_init(&text, run->arena, 0);
    im_buf_add_shell(&text, im_str(run->caller));
    im_buf_addz(&text, " run");
    im_buf_addz(&text, run->options.intercept ? " --intercept" : "");
    im_buf_addz(&text, run->options.https ? " --https" : "");
    im_buf_addz(&text, server->url ? " --url " : "");
    if (server->url)
        im_buf_add_shell(&text, im_str(server->url));
    im_buf_addz(&text, server->url && server->ca_file ? " --ca-file " : "");
    if (server->url && server->ca_file)
        im_buf_add_shell(&text, im_str(server->ca_file));
    return im_buf_str(&text);
}

static int run_scenarios(struct run *run)
{
    const char *no_colour = getenv("NO_COLOR");
    bool terminal = isatty(STDOUT_FILENO) != 0;
    struct im_error err = {.text = ""};
    const struct im_run_work work = {
        .mock = &run->mock,
        .options = &run->options,
        .program = &run->program,
        .environment = environ,
        .scenarios = run->scenarios,
        .count = run->count,
        .left_out = run->left_out,
        .signals = &run->signals,
        .trust = run->trust.folder.len ? &run->trust : NULL,
        .out = stdout,
        .terminal = terminal,
        .colour = terminal && !(no_colour && *no_colour),
        .xml = run->junit ? &run->xml : NULL,
        .again = words_of_command(run),
        .where = words_of_mock(run),
    };
    int status = im_run_flow(&work, &err);

    return status == IM_EXIT_START ? im_command_fail(status, "%s", err.text) : status;
}

/* Says which of the folder's scenarios are played in the place of a built-in one. */
static void warn_of_shadows(const struct run *run)
{
    const char *folder = run->options.scenarios_dir;
    struct im_error ignored; /* the server that has started could read the folder */
    struct im_catalogue *catalogue =
        folder ? im_catalogue_new(folder, NULL, &ignored) : NULL;
    size_t count = 0;

    if (!catalogue)
        return;
    struct im_listed *listed = im_catalogue_list(catalogue, run->arena, &count);
    for (size_t i = 0; i < count; i++)
        if (!listed[i].built_in && im_scenario_shadows(listed[i].scenario))
            fprintf(
                stderr,
                "intacct-mock: warning: the scenario %.*s of --scenarios %s hides the "
                "built-in one\n",
                IM_ARG(listed[i].scenario->name), folder);
    im_catalogue_unlist(listed, count);
    im_catalogue_free(catalogue);
}

static int run_with_mock(struct run *run)
{
    int status = choose_scenarios(run);

    if (status != IM_EXIT_FINE)
        return status;
    if (!run->options.server.url)
        warn_of_shadows(run);
    if (run->options.list)
        return list_scenarios(run);
    if (run->count)
        return run_scenarios(run);
    printf("no scenario falls in part %s\n", run->options.shard);
    return IM_EXIT_FINE;
}

/* Where CMD's runtime looks for the CA; --list needs none. */
static bool run_trust(struct run *run, struct im_str ca_pem, struct im_error *err)
{
    return run->options.list || !ca_pem.len ||
           im_trust_files_write(&run->trust, NULL, ca_pem, environ, run->arena, err);
}

/* A mock in this process. */
static int run_with_own(struct run *run)
{
    const int connections = (int)run->options.jobs * 8; /* of each client, generously */
    const struct im_options library = {
        .size = sizeof(library),
        .port = run->options.https ? IM_OFF : 0,
        .https = run->options.https,
        .threads = connections > 200 ? connections : 0,
        .seed = (uint64_t)run->options.seed,
        .scenarios_dir = run->options.scenarios_dir,
        .proxy = run->options.intercept,
        .proxy_pass = strcmp(run->options.proxy_others, "pass") == 0,
    };
    struct im_error err = {.text = ""};
    char text[IM_ERROR_MAX];
    struct im_server *server = im_start(&library, text, sizeof(text));

    if (!server)
        return im_command_fail(IM_EXIT_START, "%s", text);
    run->mock = im_run_mock_of(im_server_sandboxes(server), (uint64_t)run->options.seed);
    run->scenarios = im_run_mock_scenarios(&run->mock, run->arena, &run->count, &err);
    int status = run->scenarios && run_trust(run, im_str(im_ca_pem(server)), &err)
                     ? run_with_mock(run)
                     : im_command_fail(IM_EXIT_START, "%s", err.text);
    im_stop(server);
    return status;
}

/* --url: a mock that runs already. Its CA is fetched by the connection that --ca-file or the system's CAs have
 * made sure of; one with a certificate of its owner's has no CA to give, and CMD must trust that by itself. */
static int run_with_other(struct run *run)
{
    const bool intercept = run->options.intercept;
    struct im_client_target at;
    struct im_error err = {.text = ""};
    struct im_str ca_pem = IM_STR("");

    if (!im_client_find(&at, &run->options.server, run->arena, &err))
        return im_command_fail(IM_EXIT_USAGE, "%s", err.text);
    run->mock = im_run_remote_of(&at, (uint64_t)run->options.seed);
    run->scenarios = im_run_remote_scenarios(&run->mock, run->arena, &run->count, &err);
    if (!run->scenarios ||
        (intercept && !im_run_remote_take_hosts(&run->mock, run->arena, &err)) ||
        ((at.tls || intercept) && !im_remote_ca(&at, &ca_pem, &err)) ||
        !run_trust(run, ca_pem, &err))
        return im_command_fail(IM_EXIT_START, "%s", err.text);
    return run_with_mock(run);
}

static int run_prepared(struct run *run)
{
    struct im_error err = {.text = ""};

    if (!run->options.list && !im_run_program_find(&run->program, run->command,
                                                   getenv("PATH"), run->arena, &err))
        return im_command_fail(IM_EXIT_START, "%s", err.text);
    if (run->options.artifacts && !run->options.list &&
        mkdir(run->options.artifacts, 0777) != 0 && errno != EEXIST)
        return im_command_fail(IM_EXIT_START, "making --artifacts %s: %s",
                               run->options.artifacts, strerror(errno));
    if (!open_junit(run))
        return im_command_fail(IM_EXIT_START, "writing --junit %s: %s",
                               run->options.junit, strerror(errno));
    if (!im_run_signals_begin(&run->signals, &err))
        return close_junit(run, im_command_fail(IM_EXIT_START, "%s", err.text));
    int status = close_junit(run, run->options.server.url ? run_with_other(run)
                                                          : run_with_own(run));
    im_trust_files_remove(&run->trust);
    im_run_signals_end(&run->signals);
    return status;
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

static bool read_percent(struct im_str text, int64_t *percent)
{
    if (im_str_ends(text, "%"))
        text.len--;
    return im_str_int(text, percent) && *percent >= 0 && *percent <= 100;
}

/* "2/4" */
static bool read_shard(struct im_str text, struct im_run_options *options)
{
    struct im_str count = text;
    struct im_str index = im_str_cut(&count, '/');

    return im_str_int(index, &options->shard_index) &&
           im_str_int(count, &options->shard_count) && options->shard_index >= 1 &&
           options->shard_index <= options->shard_count;
}

static int run(const struct im_args *args)
{
    const struct im_run_options *given = args->options;
    struct run run = {.arena = args->arena,
                      .options = *given,
                      .caller = args->program,
                      .command = args->command};

    if (!given->list && (!args->command || !*args->command))
        return im_command_fail(IM_EXIT_USAGE,
                               "there is no command to run; it stands behind --: "
                               "intacct-mock run [options] -- CMD [ARG]...");
    if (!run.options.jobs)
        run.options.jobs = processors();
    if (given->min_coverage &&
        !read_percent(im_str(given->min_coverage), &run.options.min_percent))
        return im_command_fail(
            IM_EXIT_USAGE, "--min-coverage must be a share such as 80%%, not \"%.40s\"",
            given->min_coverage);
    if (given->shard && !read_shard(im_str(given->shard), &run.options))
        return im_command_fail(
            IM_EXIT_USAGE,
            "--shard must be I/N with I from 1 to N, such as 2/4, not \"%.40s\"",
            given->shard);
    if (given->https && given->intercept)
        return im_command_fail(
            IM_EXIT_USAGE,
            "--https is for a CMD that is told its base URL, --intercept for one "
            "that is not: take one of them");
    if (given->server.url && (given->scenarios_dir || given->https))
        return im_command_fail(IM_EXIT_USAGE,
                               "--%s goes with a mock of our own, not with --url: %s",
                               given->https ? "https" : "scenarios",
                               given->https ? "write the https address of that server"
                                            : "give it to that server's `serve`");
    return run_prepared(&run);
}

const struct im_command im_command_run = {
    .name = "run",
    .synopsis = "[options] -- CMD [ARG]...",
    .about = "run CMD once per scenario",
    .more = "Each scenario has a sandbox of its own. CMD finds it in INTACCT_BASE_URL,\n"
            "INTACCT_API_URL (which has /ia/api/v1), INTACCT_TOKEN_URL, "
            "INTACCT_AUTHORIZE_URL,\n"
            "INTACCT_CLIENT_ID, INTACCT_CLIENT_SECRET, INTACCT_USERNAME and "
            "INTACCT_SCENARIO.\n"
            "Its requests decide, not its exit status.\n\n"
            "Exit status: 0 all is fine; 1 a scenario failed, or none passed; 2 wrong "
            "usage;\n"
            "3 the mock or CMD could not be started.\n",
    .options = run_table,
    .size = sizeof(struct im_run_options),
    .takes_command = true,
    .run = run,
};
