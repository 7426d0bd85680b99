/* api.c: which sandbox a verb is about, with which servers it works, and what it does when it is called wrongly. */
#include "unit/verbs.h"

/* ---- the base URL ---- */

static void a_sandbox_has_a_base_url(void **state)
{
    struct scene *scene = *state;
    char *url = im_base_url(scene->mock, NULL, ERROR);

    assert_string_equal(url, im_http_url(scene->mock));
    im_free(url);
    url = im_base_url(scene->mock, "default", ERROR);
    assert_string_equal(url, im_http_url(scene->mock));
    im_free(url);
    url = im_base_url(scene->mock, "access-token-expired.7", ERROR);
    holds(url, im_http_url(scene->mock));
    holds(url, "/s/access-token-expired.7");
    im_free(url);
    assert_string_equal(scene->error, "");
}

static void an_unknown_scenario_comes_with_the_nearest_name(void **state)
{
    struct scene *scene = *state;

    assert_null(im_base_url(scene->mock, "access-token-expird.7", ERROR));
    holds(scene->error, "asking for a base URL: ");
    holds(scene->error, "did you mean \"access-token-expired\"?");
    assert_int_equal(im_use_scenario(scene->mock, NULL, "happy-pth", ERROR), -1);
    holds(scene->error, "did you mean \"happy-path\"?");
}

static void names_that_cannot_be_are_refused_by_every_verb(void **state)
{
    static const char *const names[] = {"",   "a/reset", "default/", "..",
                                        "A",  "a b",     "a?x",      "default#1",
                                        "\n", "a%2f",    "-dash"};
    struct scene *scene = *state;
    struct im_server *mock = scene->mock;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *name = names[i];
        assert_null(im_base_url(mock, name, ERROR));
        holds(scene->error, "no sandbox can be called");
        assert_null(strchr(scene->error, '\n'));
        assert_int_equal(im_use_scenario(mock, name, "happy-path", ERROR), -1);
        assert_int_equal(im_reset(mock, name, ERROR), -1);
        assert_int_equal(im_advance_clock(mock, name, 1, ERROR), -1);
        assert_int_equal(im_set_clock(mock, name, 1, 0, ERROR), -1);
        assert_int_equal(im_expire(mock, name, NULL, ERROR), -1);
        assert_int_equal(im_revoke(mock, name, NULL, ERROR), -1);
        assert_null(im_mint(mock, name, NULL, ERROR));
        assert_null(im_journal(mock, name, NULL, ERROR));
        assert_null(im_verdict(mock, name, NULL, ERROR));
        holds(scene->error, "judging the client: no sandbox can be called");
        assert_null(im_verdict_text(mock, name, NULL, ERROR));
        assert_int_equal(im_world(mock, name, "{\"do\": \"rotate-keys\"}", ERROR), -1);
        assert_int_equal(im_sign_in(mock, name, NULL, ERROR), -1);
        assert_int_equal(im_rotate_keys(mock, name, ERROR), -1);
        assert_null(im_policy(mock, name, NULL, ERROR));
        holds(scene->error, "reading policy: no sandbox can be called");
    }
}

static void a_name_that_is_too_long_is_refused(void **state)
{
    struct scene *scene = *state;
    char name[2000];

    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_null(im_base_url(scene->mock, name, ERROR));
    holds(scene->error, "at most 64");
}

static void verbs_reach_only_the_sandbox_they_name(void **state)
{
    struct scene *scene = *state;
    char here[1024], there[1024];

    connect_at(scene->mock, TOKEN, here, sizeof(here));
    connect_at(scene->mock, "/s/happy-path.2" TOKEN, there, sizeof(there));
    assert_true(im_expire(scene->mock, "happy-path.2", NULL, ERROR) >= 1);
    assert_int_equal(call_with(scene->mock, VENDORS, here), 200);
    assert_int_equal(call_with(scene->mock, "/s/happy-path.2" VENDORS, there), 401);
}

/* ---- control off, or with a token ---- */

static void every_verb_works(const struct im_options *options)
{
    struct scene box = {.mock = im_start(options, NULL, 0)}, *scene = &box;
    char token[4096];

    assert_non_null(scene->mock);
    char *url = im_base_url(scene->mock, "happy-path.1", ERROR);
    holds(url, "/s/happy-path.1");
    im_free(url);
    /* first: set later, it would end what was minted, or revive what had ended, as the date will have it */
    HAPPENED(im_set_clock(scene->mock, NULL, START_MS, 1, ERROR));
    mint(scene, NULL, token, sizeof(token));
    assert_int_equal(call_with(scene->mock, VENDORS, token), 200);
    assert_true(im_expire(scene->mock, NULL, NULL, ERROR) > 0);
    HAPPENED(im_advance_clock(scene->mock, NULL, 5, ERROR));
    HAPPENED(im_use_scenario(scene->mock, NULL, "happy-path", ERROR));
    gives(im_journal(scene->mock, NULL, NULL, ERROR), VENDORS);
    gives(im_verdict(scene->mock, NULL, NULL, ERROR), "happy-path");
    gives(im_verdict_text(scene->mock, NULL, NULL, ERROR), "happy-path");
    gives(im_policy(scene->mock, NULL, NULL, ERROR), "rotation");
    im_free(im_mint(scene->mock, NULL, NULL, ERROR));
    assert_int_equal(im_sign_in(scene->mock, NULL, NULL, ERROR), 1);
    assert_int_equal(im_world(scene->mock, NULL, "{\"do\": \"rotate-keys\"}", ERROR), 1);
    HAPPENED(im_rotate_keys(scene->mock, NULL, ERROR));
    HAPPENED(im_reset(scene->mock, NULL, ERROR));
    im_stop(scene->mock);
}

static void the_verbs_need_no_control_api(void **state)
{
    every_verb_works(&(struct im_options){.control_port = IM_OFF, .threads = 4});
    every_verb_works(&(struct im_options){.control_token = "t-1", .threads = 4});
    every_verb_works(
        &(struct im_options){.port = IM_OFF, .https = 1, .control_port = IM_OFF});
}

static void a_public_url_is_what_a_base_url_says(void **state)
{
    struct im_options options = {.public_url = "http://mock.test/", .threads = 4};
    struct im_server *mock = im_start(&options, NULL, 0);
    char *url = im_base_url(mock, NULL, NULL, 0);

    assert_string_equal(url, "http://mock.test");
    im_free(url);
    im_stop(mock);
}

/* ---- what may not be ---- */

static void a_server_that_is_null_is_an_error_with_words(void **state)
{
    struct scene *scene = *state;
    int outcome = 7;

    assert_null(im_base_url(NULL, NULL, ERROR));
    holds(scene->error, "asking for a base URL: the server is NULL; im_start makes one");
    assert_int_equal(im_use_scenario(NULL, NULL, "happy-path", ERROR), -1);
    assert_int_equal(im_use_scenario(NULL, NULL, NULL, ERROR), -1);
    holds(scene->error, "using a scenario: the server is NULL");
    assert_int_equal(im_reset(NULL, NULL, ERROR), -1);
    assert_int_equal(im_advance_clock(NULL, NULL, 1, ERROR), -1);
    assert_int_equal(im_set_clock(NULL, NULL, 1, 1, ERROR), -1);
    assert_int_equal(im_expire(NULL, NULL, NULL, ERROR), -1);
    assert_int_equal(im_revoke(NULL, NULL, NULL, ERROR), -1);
    assert_null(im_mint(NULL, NULL, NULL, ERROR));
    assert_null(im_journal(NULL, NULL, NULL, ERROR));
    assert_null(im_verdict(NULL, NULL, &outcome, ERROR));
    holds(scene->error, "judging the client: the server is NULL");
    assert_null(im_verdict_text(NULL, NULL, &outcome, ERROR));
    assert_int_equal(outcome, 7);
    assert_int_equal(im_world(NULL, NULL, NULL, ERROR), -1);
    holds(scene->error, "changing the world: the server is NULL");
    assert_int_equal(im_sign_in(NULL, NULL, NULL, ERROR), -1);
    assert_int_equal(im_rotate_keys(NULL, NULL, ERROR), -1);
    assert_null(im_policy(NULL, NULL, NULL, ERROR));
    assert_string_equal(im_http_url(NULL), "");
    assert_string_equal(im_https_url(NULL), "");
    assert_string_equal(im_control_url(NULL), "");
    assert_string_equal(im_ca_pem(NULL), "");
}

static void a_message_that_is_not_whole_does_no_harm(void **state)
{
    struct scene *scene = *state;
    struct im_message good = {.method = "GET", .target = "/__mock/health"};
    struct im_reply reply = {.status = 7};

    assert_int_equal(im_handle(NULL, &good, &reply), -1);
    assert_int_equal(reply.status, 0);
    assert_null(reply.body);
    im_reply_release(&reply);
    assert_int_equal(im_handle(scene->mock, NULL, &reply), -1);
    assert_int_equal(im_handle(scene->mock, &good, NULL), -1);
    im_reply_release(NULL);
    assert_int_not_equal(status_of(scene->mock, "", "", NULL, NULL), 200);
    assert_int_not_equal(status_of(scene->mock, NULL, "/", NULL, NULL), 200);
    assert_int_not_equal(status_of(scene->mock, "GET", NULL, NULL, NULL), 200);
    assert_int_not_equal(status_of(scene->mock, "GET", "nowhere", "no colon\n:\n", NULL),
                         200);
}

static void an_error_needs_no_room(void **state)
{
    struct scene *scene = *state;
    char one[2] = "xy", few[10];

    assert_int_equal(im_use_scenario(scene->mock, NULL, "no", NULL, 0), -1);
    assert_int_equal(im_use_scenario(scene->mock, NULL, "no", NULL, 100), -1);
    assert_int_equal(im_use_scenario(scene->mock, NULL, "no", one, 0), -1);
    assert_int_equal(one[0], 'x');
    assert_int_equal(im_use_scenario(scene->mock, NULL, "no", one, 1), -1);
    assert_int_equal(one[0], '\0');
    assert_int_equal(one[1], 'y');
    assert_int_equal(im_use_scenario(scene->mock, NULL, "no", few, sizeof(few)), -1);
    assert_string_equal(few, "using a s");
    assert_int_equal(im_reset(scene->mock, NULL, few, sizeof(few)), 0);
    assert_string_equal(few, "");
}

static void freeing_and_stopping_nothing_is_fine(void **state)
{
    struct im_server *mock = im_start(NULL, NULL, 0);

    im_free(NULL);
    im_stop(mock);
    mock = NULL;
    im_stop(mock); /* twice, as the header has it */
    assert_string_equal(im_version(), IM_VERSION);
}

static const struct CMUnitTest tests[] = {
    TEST(a_sandbox_has_a_base_url),
    TEST(an_unknown_scenario_comes_with_the_nearest_name),
    TEST(names_that_cannot_be_are_refused_by_every_verb),
    TEST(a_name_that_is_too_long_is_refused),
    TEST(verbs_reach_only_the_sandbox_they_name),
    TEST(the_verbs_need_no_control_api),
    TEST(a_public_url_is_what_a_base_url_says),
    TEST(a_server_that_is_null_is_an_error_with_words),
    TEST(a_message_that_is_not_whole_does_no_harm),
    TEST(an_error_needs_no_room),
    TEST(freeing_and_stopping_nothing_is_fine),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
