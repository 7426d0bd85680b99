/* api.c: the clock, the world and the policy of a sandbox. */
#include "unit/verbs.h"

/* ---- the clock ---- */

static void time_goes_by_and_back(void **state)
{
    struct scene *scene = *state;
    char token[1024];

    connect_at(scene->mock, TOKEN, token, sizeof(token));
    HAPPENED(im_advance_clock(scene->mock, NULL, INT64_C(13) * 3600000, ERROR));
    assert_int_equal(call_with(scene->mock, VENDORS, token), 401);
    HAPPENED(im_advance_clock(scene->mock, NULL, INT64_C(-13) * 3600000, ERROR));
    assert_int_equal(call_with(scene->mock, VENDORS, token), 200);
    HAPPENED(im_advance_clock(scene->mock, NULL, 0, ERROR));
}

static void the_clock_may_be_set_and_frozen(void **state)
{
    struct scene *scene = *state;

    HAPPENED(im_set_clock(scene->mock, NULL, START_MS + 86400000, 1, ERROR));
    struct im_reply reply = ask(scene->mock, "GET", BOX "/clock", NULL, NULL);
    holds(reply.body, "\"2026-11-25T00:00:00");
    holds(reply.body, "\"frozen\":true");
    im_reply_release(&reply);
    HAPPENED(im_set_clock(scene->mock, NULL, START_MS, 0, ERROR));
    reply = ask(scene->mock, "GET", BOX "/clock", NULL, NULL);
    holds(reply.body, "\"frozen\":false");
    im_reply_release(&reply);
}

static void times_out_of_this_world_do_no_harm(void **state)
{
    static const int64_t times[] = {INT64_MIN, INT64_MIN + 1, -1, 0, INT64_MAX};
    struct scene *scene = *state;

    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        int set = im_set_clock(scene->mock, NULL, times[i], 0, ERROR);
        if (set != 0)
            holds(scene->error, "setting the clock: ");
        int advanced = im_advance_clock(scene->mock, NULL, times[i], ERROR);
        if (advanced != 0)
            holds(scene->error, "advancing the clock: ");
        assert_true(status_of(scene->mock, "POST", TOKEN, FORM, CONNECT) > 0);
    }
    HAPPENED(im_reset(scene->mock, NULL, ERROR));
    assert_int_equal(status_of(scene->mock, "POST", TOKEN, FORM, CONNECT), 200);
}

/* ---- the world ---- */

static void the_world_is_changed_by_a_word_and_its_arguments(void **state)
{
    struct scene *scene = *state;
    char token[1024];

    connect_at(scene->mock, TOKEN, token, sizeof(token));
    assert_int_equal(im_world(scene->mock, NULL,
                              "{\"do\": \"revoke-user\", \"user\": \"ws_user@acme\"}",
                              ERROR),
                     2);
    assert_int_equal(call_with(scene->mock, VENDORS, token), 401);
    assert_int_equal(im_world(scene->mock, NULL,
                              "{\"do\": \"lock-user\", \"user\": \"ws_user@acme\"}",
                              ERROR),
                     1);
    assert_int_not_equal(status_of(scene->mock, "POST", TOKEN, FORM, CONNECT), 200);
}

static void a_change_of_the_world_that_cannot_be_is_refused(void **state)
{
    static const struct {
        const char *change, *says;
    } bad[] = {{NULL, "it is not JSON"},
               {"", "it is not JSON"},
               {"[]", "it must be a JSON object such as {\"do\""},
               {"{}", "\"do\""},
               {"{\"do\": \"lock-usr\", \"user\": \"ws_user@acme\"}",
                "did you mean \"lock-user\"?"},
               {"{\"do\": \"lock-user\"}", "lock-user needs \"user\""},
               {"{\"do\": \"rotate-keys\", \"user\": \"ws_user@acme\"}",
                "rotate-keys does not take \"user\""},
               {"{\"do\": \"lock-user\", \"user\": \"nobody@acme\"}", "nobody"}};
    struct scene *scene = *state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(im_world(scene->mock, NULL, bad[i].change, ERROR), -1);
        holds(scene->error, "changing the world: ");
        holds(scene->error, bad[i].says);
    }
}

static void a_sign_in_ends_the_sessions_of_that_user(void **state)
{
    struct scene *scene = *state;
    char token[1024];

    connect_at(scene->mock, TOKEN, token, sizeof(token));
    assert_int_equal(im_sign_in(scene->mock, NULL, "jdoe@acme", ERROR), 0);
    assert_int_equal(call_with(scene->mock, VENDORS, token), 200);
    assert_int_equal(im_sign_in(scene->mock, NULL, NULL, ERROR), 1);
    assert_int_equal(call_with(scene->mock, VENDORS, token), 401);
    assert_int_equal(im_sign_in(scene->mock, NULL, "nobody@acme", ERROR), -1);
    holds(scene->error, "signing in: ");
    holds(scene->error, "nobody");
}

static void rotated_keys_sign_what_comes_and_refuse_what_was(void **state)
{
    struct scene *scene = *state;
    char before[1024], after[1024];

    connect_at(scene->mock, TOKEN, before, sizeof(before));
    HAPPENED(im_rotate_keys(scene->mock, NULL, ERROR));
    assert_int_not_equal(call_with(scene->mock, VENDORS, before), 200);
    connect_at(scene->mock, TOKEN, after, sizeof(after));
    assert_int_equal(call_with(scene->mock, VENDORS, after), 200);
}

static void policy_is_read_and_changed_as_a_whole(void **state)
{
    struct scene *scene = *state;

    gives(im_policy(scene->mock, NULL, NULL, ERROR), "\"rotation\":\"rotate\"");
    gives(im_policy(scene->mock, NULL, "{\"rotation\": \"keep\"}", ERROR),
          "\"rotation\":\"keep\"");
    assert_null(im_policy(scene->mock, NULL,
                          "{\"rotation\": \"grace:5s\", \"reuse\": \"x\"}", ERROR));
    holds(scene->error, "setting policy: ");
    assert_null(im_policy(scene->mock, NULL, "{\"rotatoin\": \"keep\"}", ERROR));
    holds(scene->error, "did you mean \"rotation\"?");
    assert_null(im_policy(scene->mock, NULL, "keep", ERROR));
    holds(scene->error, "{\"rotation\": \"keep\"}");
    gives(im_policy(scene->mock, NULL, NULL, ERROR), "\"rotation\":\"keep\"");
}

static const struct CMUnitTest tests[] = {
    TEST(time_goes_by_and_back),
    TEST(the_clock_may_be_set_and_frozen),
    TEST(times_out_of_this_world_do_no_harm),
    TEST(the_world_is_changed_by_a_word_and_its_arguments),
    TEST(a_change_of_the_world_that_cannot_be_is_refused),
    TEST(a_sign_in_ends_the_sessions_of_that_user),
    TEST(rotated_keys_sign_what_comes_and_refuse_what_was),
    TEST(policy_is_read_and_changed_as_a_whole),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
