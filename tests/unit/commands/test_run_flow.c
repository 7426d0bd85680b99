#include "unit/base/base_test.h"

#include "commands/command.h"
#include "commands/run_flow.h"

/* A mock of the mock: what it is to answer, and a count of what was asked. */
struct canned {
    const char *refusal; /* of a sandbox; NULL = it is made */
    const char *verdict; /* NULL = none comes */
    int opened, closed;
    struct im_str first; /* the scenario of the first sandbox */
    size_t first_serial;
    bool fail_fast, by_baseline; /* how the last verdict was asked for */
};

struct scene {
    struct im_run_mock mock;
    struct im_arena arena;
    struct canned canned;
    struct im_run_options options;
    bool with_baseline;
    struct im_run_signals signals;
    char *said;
    size_t said_len;
    struct im_error err;
};

static const char met[] = "{\"outcome\":\"met\",\"exchanges\":1,\"expect\":[]}";

static bool open_canned(const struct im_run_mock *mock, struct im_run_sandbox *sandbox,
                        const struct im_run_order *order, struct im_arena *arena,
                        struct im_error *err)
{
    struct canned *canned = mock->context;

    if (!canned->opened++) {
        canned->first = order->scenario;
        canned->first_serial = order->serial;
    }
    *sandbox = (struct im_run_sandbox){.box = (struct im_sandbox *)(void *)canned,
                                       .base_url = IM_STR("http://127.0.0.1:1/s/x")};
    return !canned->refusal || im_error_set(err, "%s", canned->refusal);
}

static const struct im_json *give_canned(const struct im_run_mock *mock,
                                         const struct im_run_sandbox *sandbox,
                                         struct im_arena *arena, struct im_error *err)
{
    struct im_json_error flaw;
    struct canned *canned = mock->context;

    canned->fail_fast = mock->fail_fast;
    canned->by_baseline = mock->baseline != NULL;
    if (canned->verdict)
        return im_json_parse(arena, im_str(canned->verdict), &flaw);
    im_error_set(err, "asking for its verdict: nothing there");
    return NULL;
}

static struct im_str journal_canned(const struct im_run_mock *mock,
                                    const struct im_run_sandbox *sandbox, bool har,
                                    struct im_arena *arena)
{
    return har ? IM_STR("{}") : IM_STR("{\"requests\":[]}");
}

static void close_canned(const struct im_run_mock *mock,
                         const struct im_run_sandbox *sandbox)
{
    ((struct canned *)mock->context)->closed++;
}

static int begin(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    if (!scene)
        return -1;
    scene->canned = (struct canned){.verdict = met};
    scene->mock = (struct im_run_mock){.context = &scene->canned,
                                       .journal = journal_canned,
                                       .open = open_canned,
                                       .verdict = give_canned,
                                       .close = close_canned};
    scene->options = (struct im_run_options){.jobs = 3, .timeout_ms = 20000};
    *state = scene;
    return im_run_signals_begin(&scene->signals, &scene->err) ? 0 : -1;
}

static int end(void **state)
{
    struct scene *scene = *state;

    im_run_signals_end(&scene->signals);
    im_arena_release(&scene->arena);
    free(scene->said);
    free(scene);
    return 0;
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, begin, end)

static int run(struct scene *scene, const struct im_run_program *program)
{
    char *const environment[] = {NULL};
    const struct im_run_scenario all[] = {
        {.name = IM_STR("happy-path"), .only_baseline = true},
        {.name = IM_STR("one")},
        {.name = IM_STR("two")},
        {.name = IM_STR("three")}};
    const struct im_run_scenario *scenarios = scene->with_baseline ? all : all + 1;
    FILE *out = open_memstream(&scene->said, &scene->said_len);
    const struct im_run_work work = {
        .mock = &scene->mock,
        .options = &scene->options,
        .program = program,
        .environment = environment,
        .scenarios = scenarios,
        .count = scene->with_baseline ? 4 : 3,
        .signals = &scene->signals,
        .out = out,
    };

    assert_non_null(out);
    int status = im_run_flow(&work, &scene->err);
    fclose(out);
    return status;
}

static int run_scenario_state(struct scene *scene, const char *scenario_state)
{
    char shell[] = "sh", option[] = "-c", text[400];
    char *const argv[] = {shell, option, text, NULL};
    struct im_run_program program;

    snprintf(text, sizeof(text), "%s", scenario_state);
    assert_true(
        im_run_program_find(&program, argv, "/usr/bin:/bin", &scene->arena, &scene->err));
    return run(scene, &program);
}

static void says(const struct scene *scene, const char *text)
{
    assert_non_null(scene->said);
    if (!strstr(scene->said, text))
        fail_msg("\"%s\" is not in:\n%s", text, scene->said);
}

/* The others wait for it, and each is judged by it. */
static void what_cmd_does_where_nothing_goes_wrong_is_played_first(void **state)
{
    struct scene *scene = *state;
    char folder[] = "/tmp/im-run-flow-XXXXXX", path[200];

    assert_non_null(mkdtemp(folder));
    scene->with_baseline = true;
    scene->options.client = "fail-fast";
    scene->options.artifacts = folder;
    snprintf(path, sizeof(path),
             "[ $INTACCT_SCENARIO = happy-path ] || test -e %s/done; "
             "r=$?; : > %s/done; exit $r",
             folder, folder);
    assert_int_equal(run_scenario_state(scene, path), IM_EXIT_FINE);
    assert_string_equal(scene->said, "passed  one\npassed  two\npassed  three\n"
                                     "3 passed, 0 failed, 0 partly, 0 skipped\n");
    assert_int_equal(scene->canned.opened, 4);
    assert_int_equal(scene->canned.closed, 4);
    assert_true(im_str_is(scene->canned.first, "happy-path"));
    assert_true(scene->canned.fail_fast && scene->canned.by_baseline);
    const char *const kept[] = {"done",
                                "one.har",
                                "one.journal.json",
                                "one.verdict.json",
                                "two.har",
                                "two.journal.json",
                                "two.verdict.json",
                                "three.har",
                                "three.journal.json",
                                "three.verdict.json"};
    for (size_t i = 0; i < COUNT(kept); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, kept[i]);
        assert_int_equal(remove(path), 0);
    }
    assert_int_equal(remove(folder), 0); /* nothing of the one that is only played */
}

static void where_cmd_fails_there_it_is_said(void **state)
{
    struct scene *scene = *state;

    scene->with_baseline = true;
    scene->canned.verdict =
        "{\"outcome\":\"not-met\",\"exchanges\":1,\"expect\":[],\"exchanges_shown\":[{"
        "\"id\":1,\"status\":200,\"line\":\"GET /?q=a → 4\"},{"
        "\"id\":2,\"status\":401,\"line\":\"POST /token → 401 client-unknown\"}]}";
    assert_int_equal(run_scenario_state(scene, "true"), IM_EXIT_NO);
    says(scene, "CMD does not pass happy-path, where nothing goes wrong");
    says(scene, "\n  there: POST /token → 401 client-unknown\n");
    assert_true(scene->canned.by_baseline);
    scene->options.timeout_ms = 100;
    free(scene->said); /* of the first run */
    run_scenario_state(scene, "[ $INTACCT_SCENARIO != happy-path ] || sleep 5");
    assert_false(scene->canned.by_baseline); /* it did not end */
}

static void every_scenario_is_run_and_told_in_order(void **state)
{
    struct scene *scene = *state;

    /* the first takes longest */
    assert_int_equal(
        run_scenario_state(scene, "[ $INTACCT_SCENARIO != one ] || sleep 0.1"),
        IM_EXIT_FINE);
    assert_string_equal(scene->said, "passed  one\npassed  two\npassed  three\n"
                                     "3 passed, 0 failed, 0 partly, 0 skipped\n");
    assert_int_equal(scene->canned.opened, 3);
    assert_int_equal(scene->canned.closed, 3);
}

static void sandboxes_are_ordered_by_scenario_and_number(void **state)
{
    struct scene *scene = *state;

    run_scenario_state(scene, "true");
    assert_true(im_str_is(scene->canned.first, "one"));
    assert_int_equal(scene->canned.first_serial, 1);
}

static void a_command_that_cannot_be_executed_is_tried_once(void **state)
{
    struct scene *scene = *state;
    char name[] = "/no/such/command";
    char *const argv[] = {name, NULL};
    struct im_run_program program;

    assert_true(im_run_program_find(&program, argv, NULL, &scene->arena, &scene->err));
    assert_int_equal(run(scene, &program), IM_EXIT_START);
    assert_string_equal(scene->err.text,
                        "cannot run \"/no/such/command\": No such file or directory");
    assert_string_equal(scene->said, "");
    assert_int_equal(scene->canned.opened, 1);
    assert_int_equal(scene->canned.closed, 1);
}

static void a_sandbox_that_is_refused_is_a_failure(void **state)
{
    struct scene *scene = *state;

    scene->canned.refusal = "making its sandbox: there are too many";
    assert_int_equal(run_scenario_state(scene, "true"), IM_EXIT_NO);
    says(scene, "FAILED  two\n  making its sandbox: there are too many\n");
    says(scene, "0 passed, 3 failed, 0 partly, 0 skipped\n");
}

static void a_verdict_that_does_not_come_is_a_failure(void **state)
{
    struct scene *scene = *state;

    scene->canned.verdict = NULL;
    assert_int_equal(run_scenario_state(scene, "echo hello"), IM_EXIT_NO);
    says(scene, "FAILED  one\n  asking for its verdict: nothing there\n  CMD exited with "
                "status 0; its output:\n    | hello\n");
    assert_int_equal(scene->canned.closed, 3);
}

static void a_command_is_ended_when_its_time_is_over(void **state)
{
    struct scene *scene = *state;

    scene->options.timeout_ms = 50;
    assert_int_equal(run_scenario_state(scene, "echo here; sleep 1000"), IM_EXIT_NO);
    says(scene, "CMD did not end within 50ms (--timeout)");
    says(scene, "0 passed, 3 failed, 0 partly, 0 skipped\n");
}

static void a_command_is_found_as_a_shell_finds_it(void **state)
{
    struct scene *scene = *state;
    char name[] = "sh", nowhere[] = "no-such-command";
    char *const found[] = {name, NULL}, *const lost[] = {nowhere, NULL};
    struct im_run_program program;

    assert_true(im_run_program_find(&program, found, "/nowhere::/bin", &scene->arena,
                                    &scene->err));
    assert_string_equal(program.path, "/bin/sh");
    assert_false(im_run_program_find(&program, lost, "/bin", &scene->arena, &scene->err));
    assert_non_null(strstr(scene->err.text, "no-such-command"));
    assert_null(strstr(scene->err.text, "quotes"));
}

static void a_command_line_in_quotes_is_no_command(void **state)
{
    struct scene *scene = *state;
    char line[] = "python3 x.py";
    char *const quoted[] = {line, NULL};
    struct im_run_program program;

    assert_false(
        im_run_program_find(&program, quoted, "/bin", &scene->arena, &scene->err));
    assert_string_equal(scene->err.text,
                        "cannot run \"python3 x.py\": not found in PATH; write the words "
                        "without quotes around them: run -- CMD ARG…");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(what_cmd_does_where_nothing_goes_wrong_is_played_first),
        SCENE(where_cmd_fails_there_it_is_said),
        SCENE(every_scenario_is_run_and_told_in_order),
        SCENE(sandboxes_are_ordered_by_scenario_and_number),
        SCENE(a_command_that_cannot_be_executed_is_tried_once),
        SCENE(a_sandbox_that_is_refused_is_a_failure),
        SCENE(a_verdict_that_does_not_come_is_a_failure),
        SCENE(a_command_is_ended_when_its_time_is_over),
        SCENE(a_command_is_found_as_a_shell_finds_it),
        SCENE(a_command_line_in_quotes_is_no_command),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
