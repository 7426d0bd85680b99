/* api.c: a sandbox gets a scenario, by its name, as a text or as a file, and a reset. */
#include <unistd.h>

#include "unit/verbs.h"

static void a_scenario_may_be_named_or_written_out(void **state)
{
    struct scene *scene = *state;
    static const char whole[] =
        " {\"name\": \"mine\", \"rules\": [{\"when\": {\"endpoint\": \"token\"},"
        " \"then\": {\"refuse\": \"client-inactive\"}}]}";

    HAPPENED(im_use_scenario(scene->mock, NULL, whole, ERROR));
    assert_int_not_equal(status_of(scene->mock, "POST", TOKEN, FORM, CONNECT), 200);
    HAPPENED(im_use_scenario(scene->mock, NULL, " happy-path ", ERROR));
    assert_int_equal(status_of(scene->mock, "POST", TOKEN, FORM, CONNECT), 200);
    assert_string_equal(scene->error, "");
}

static void what_was_handed_out_stays_when_the_scenario_changes(void **state)
{
    struct scene *scene = *state;
    char token[1024];

    connect_at(scene->mock, TOKEN, token, sizeof(token));
    HAPPENED(im_use_scenario(scene->mock, NULL, "access-token-expired", ERROR));
    HAPPENED(im_use_scenario(scene->mock, NULL, "happy-path", ERROR));
    assert_int_equal(call_with(scene->mock, VENDORS, token), 200);
}

enum { SCENARIO_PATH_MAX = 40 };

/* A path where there is no file yet. */
static void scenario_path(char json[SCENARIO_PATH_MAX])
{
    char path[] = "/tmp/im-scenario-XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    close(fd);
    unlink(path);
    snprintf(json, SCENARIO_PATH_MAX, "%s.json", path);
}

/* A scenario in a file of its own; the caller unlinks it. */
static void write_scenario(const char *path, const char *refuses)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fprintf(file,
            "{\"name\": \"of-a-file\", \"rules\": [{\"when\": {\"endpoint\": \"token\"}, "
            "\"then\": {\"refuse\": \"%s\"}}]}",
            refuses);
    assert_int_equal(fclose(file), 0);
}

static void a_scenario_may_stand_in_a_file_which_a_reset_reads_again(void **state)
{
    struct scene *scene = *state;
    char json[SCENARIO_PATH_MAX];

    scenario_path(json);
    assert_int_equal(im_use_scenario(scene->mock, NULL, json, ERROR), -1);
    holds(scene->error, json);
    write_scenario(json, "rate-limited");
    HAPPENED(im_use_scenario(scene->mock, NULL, json, ERROR));
    assert_int_equal(status_of(scene->mock, "POST", TOKEN, FORM, CONNECT), 429);
    write_scenario(json, "client-inactive");
    HAPPENED(im_reset(scene->mock, NULL, ERROR));
    assert_int_equal(status_of(scene->mock, "POST", TOKEN, FORM, CONNECT), 400);
    write_scenario(json, "nothing");
    assert_int_equal(im_use_scenario(scene->mock, NULL, json, ERROR), -1);
    holds(scene->error, ":1:");
    unlink(json);
}

/* Whoever reaches the control API over the network reads no files with it. */
static void over_the_control_api_a_path_is_no_scenario(void **state)
{
    struct scene *scene = *state;
    char json[SCENARIO_PATH_MAX], body[100];

    scenario_path(json);
    write_scenario(json, "rate-limited");
    snprintf(body, sizeof(body), "{\"name\": \"%s\"}", json);
    assert_int_equal(status_of(scene->mock, "PUT", BOX "/scenario", NULL, body), 400);
    unlink(json);
}

static void a_scenario_that_cannot_be_changes_nothing(void **state)
{
    struct scene *scene = *state;
    static const char *const bad[] = {
        NULL,
        "",
        "  ",
        "{",
        "{}",
        "{\"name\": 7}",
        "{\"name\": \"x\", \"rulez\": []}",
        "[]",
        "{\"name\": \"x\", \"rules\": [{\"then\": {\"refuse\": \"nothing\"}}]}"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(im_use_scenario(scene->mock, NULL, bad[i], ERROR), -1);
        holds(scene->error, "using a scenario: ");
        assert_null(strchr(scene->error, '\n'));
    }
    gives(im_verdict(scene->mock, NULL, NULL, ERROR), "\"scenario\":\"happy-path\"");
}

static void a_reset_makes_a_sandbox_as_new(void **state)
{
    struct scene *scene = *state;
    char token[1024];

    connect_at(scene->mock, TOKEN, token, sizeof(token));
    HAPPENED(im_advance_clock(scene->mock, NULL, 1000, ERROR));
    HAPPENED(im_reset(scene->mock, NULL, ERROR));
    assert_int_equal(call_with(scene->mock, VENDORS, token), 401);
    gives(im_journal(scene->mock, NULL, "endpoint=token", ERROR), "\"requests\":[]");
}

static const struct CMUnitTest tests[] = {
    TEST(a_scenario_may_be_named_or_written_out),
    TEST(what_was_handed_out_stays_when_the_scenario_changes),
    TEST(a_scenario_may_stand_in_a_file_which_a_reset_reads_again),
    TEST(over_the_control_api_a_path_is_no_scenario),
    TEST(a_scenario_that_cannot_be_changes_nothing),
    TEST(a_reset_makes_a_sandbox_as_new),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
