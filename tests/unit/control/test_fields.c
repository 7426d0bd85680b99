/* Bodies and queries of calls are read strictly. */
#include "unit/spine.h"

#include "control/control.h"

static void a_body_is_a_json_object_or_nothing(void **state)
{
    struct spine *s = *state;
    control(s, "POST", "/clock", "[]");
    assert_status(s, 400);
    assert_has(body_of(s), "must be a JSON object, not an array");
    control(s, "POST", "/clock", "{\"advance\":");
    assert_has(body_of(s), "the body is not JSON: line 1");
    control(s, "POST", "/reset", "  \n");
    assert_status(s, 200);
    control(s, "POST", "/reset", "{\"hard\":true}");
    assert_status(s, 400);
}

static void every_post_refuses_a_member_it_does_not_know(void **state)
{
    static const char *const paths[] = {"/reset",  "/clock",       "/expire",
                                        "/revoke", "/sign-in",     "/withdraw",
                                        "/tokens", "/keys/rotate", "/world"};
    struct spine *s = *state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        control(s, "POST", paths[i], "{\"do\":\"rotate-keys\",\"frobnicate\":1}");
        assert_status(s, 400);
        assert_has(body_of(s), "\"field\":\"");
    }
    control(s, "PATCH", "/policy", "{\"rotatoin\":\"keep\"}");
    assert_status(s, 400);
    assert_has(body_of(s), "rotation");
}

static void the_clock_obeys_orders_that_can_be(void **state)
{
    static const char *const wrong[] = {"{}",
                                        "{\"scale\":0}",
                                        "{\"scale\":-1}",
                                        "{\"scale\":1e7}",
                                        "{\"freeze\":1}",
                                        "{\"advance\":\"1\"}",
                                        "{\"set\":\"never\"}",
                                        "{\"advance\":\"1s\",\"scale\":0}"};
    struct spine *s = *state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        control(s, "POST", "/clock", wrong[i]);
        assert_status(s, 400);
    }
    control(s, "POST", "/clock",
            "{\"set\":\"2027-01-01T00:00:00Z\",\"advance\":\"-1s\"}");
    assert_has(body_of(s), "\"now\":\"2026-12-31T23:59:59Z\",\"frozen\":true");
}

static void one_thing_is_withdrawn_at_a_time(void **state)
{
    struct spine *s = *state;
    control(s, "POST", "/withdraw", "{}");
    assert_status(s, 400);
    control(s, "POST", "/withdraw", "{\"role\":\"all\",\"permission\":\"*:read\"}");
    assert_status(s, 400);
    control(s, "POST", "/withdraw", "{\"role\":\"all\",\"user\":\"jdoe@acme\"}");
    assert_status(s, 200);
}

static void the_journal_is_asked_with_parameters_that_can_be(void **state)
{
    static const char *const wrong[] = {"?status=1200", "?status=0", "?status=x",
                                        "?cause=nope",  "?count=-1", "?since=x",
                                        "?wait=11m",    "?wait=5",   "?wait=-1s",
                                        "?colour=red",  "?path=%zz", "?Status=200"};
    struct spine *s = *state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        control(s, "GET", im_arena_format(&s->kept, "/requests%s", wrong[i]).at, NULL);
        assert_status(s, 400);
    }
    control(s, "GET", "/requests?status=200&cause=path-unknown&since=0&path=*", NULL);
    assert_status(s, 200);
}

static void the_token_of_the_control_api_is_demanded_but_for_the_open_doors(void **state)
{
    struct spine *s = *state;
    s->boxes.settings.control_token = IM_STR("t-1");
    send(s, "GET", BOX "/clock", NULL, NULL);
    assert_status(s, 401);
    assert_has(answer_header(s, "WWW-Authenticate"), "Bearer");
    send(s, "GET", BOX "/clock", "Authorization: Bearer t-2\n", NULL);
    assert_status(s, 401);
    send(s, "GET", "/__mock/nothing", NULL, NULL);
    assert_status(s, 401);
    send(s, "GET", BOX "/clock", "Authorization: bearer t-1\n", NULL);
    assert_status(s, 200);
    send(s, "GET", "/__mock/health", NULL, NULL);
    assert_status(s, 200);
    send(s, "GET", "/__mock/ready", NULL, NULL);
    assert_status(s, 200);
}

static void what_is_not_there_is_said_so(void **state)
{
    struct spine *s = *state;
    send(s, "GET", "/__mock/sandboxes/other/clock", NULL, NULL);
    assert_status(s, 404);
    assert_has(body_of(s), "no sandbox \\\"other\\\"");
    send(s, "PUT", BOX "/clock", NULL, NULL);
    assert_status(s, 405);
    assert_has(answer_header(s, "Allow"), "GET, POST");
    send(s, "GET", BOX "/clocks", NULL, NULL);
    assert_status(s, 404);
    send(s, "GET", BOX "/requests/99", NULL, NULL);
    assert_status(s, 404);
    send(s, "GET", "/__mock/ca.pem", NULL, NULL);
    assert_status(s, 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SPINE(a_body_is_a_json_object_or_nothing),
        IN_SPINE(every_post_refuses_a_member_it_does_not_know),
        IN_SPINE(the_clock_obeys_orders_that_can_be),
        IN_SPINE(one_thing_is_withdrawn_at_a_time),
        IN_SPINE(the_journal_is_asked_with_parameters_that_can_be),
        IN_SPINE(the_token_of_the_control_api_is_demanded_but_for_the_open_doors),
        IN_SPINE(what_is_not_there_is_said_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
