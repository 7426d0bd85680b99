#include "unit/spine.h"

#include "control/control.h"

/* ---- the fields of a call ---- */

struct taken {
    struct im_str text;
    int yes;
    double number;
    int64_t duration_ms, time_ms;
    const struct im_json *json;
};

struct reading {
    struct im_arena arena;
    struct im_response res;
    struct im_request req;
    struct im_call call;
    struct taken taken;
    bool done;
};

static int begin(void **state)
{
    *state = calloc(1, sizeof(struct reading));
    return *state ? 0 : -1;
}

static int end(void **state)
{
    im_arena_release(&((struct reading *)*state)->arena);
    free(*state);
    return 0;
}

#define READING(test) cmocka_unit_test_setup_teardown(test, begin, end)

static void read_body(struct reading *r, const char *body)
{
    struct taken *t = &r->taken;
    struct im_control_field fields[] = {
        {.name = "text", .type = IM_TAKE_TEXT, .into = &t->text, .required = true},
        {.name = "yes", .type = IM_TAKE_BOOL, .into = &t->yes},
        {.name = "number", .type = IM_TAKE_NUMBER, .into = &t->number},
        {.name = "duration", .type = IM_TAKE_DURATION, .into = &t->duration_ms},
        {.name = "time", .type = IM_TAKE_TIME, .into = &t->time_ms},
        {.name = "json", .type = IM_TAKE_JSON, .into = &t->json},
        {.name = NULL},
    };
    struct im_json_error why;

    *t = (struct taken){.yes = -1, .number = 5, .duration_ms = 6, .time_ms = 7};
    r->req.arena = &r->arena;
    im_response_init(&r->res, &r->arena);
    r->call = (struct im_call){.req = &r->req, .res = &r->res};
    r->call.body = body ? im_json_parse(&r->arena, im_str(body), &why) : NULL;
    assert_true(!body || r->call.body);
    r->done = im_control_fields(&r->call, fields);
    assert_int_equal(r->done, r->res.status == 0);
}

static void refused(struct reading *r, const char *body, const char *field,
                    const char *message)
{
    struct im_json_error why;

    read_body(r, body);
    if (r->done)
        fail_msg("taken: %s", body);
    const struct im_json *answer =
        im_json_parse(&r->arena, im_buf_str(&r->res.body), &why);
    assert_int_equal(r->res.status, 400);
    assert_true(im_str_is(im_json_get_str(answer, "error"), "invalid_request"));
    assert_true(im_str_is(im_json_get_str(answer, "field"), field));
    assert_has(im_json_get_str(answer, "message"), message);
}

static void every_type_is_read(void **state)
{
    struct reading *r = *state;
    read_body(r, "{\"text\":\"a\",\"yes\":true,\"number\":1.5,\"duration\":\"2s\","
                 "\"time\":\"1970-01-01T00:00:01Z\",\"json\":[1]}");
    assert_true(r->done && im_str_is(r->taken.text, "a") && r->taken.yes == 1);
    assert_true(r->taken.number == 1.5 && r->taken.duration_ms == 2000);
    assert_int_equal(r->taken.time_ms, 1000);
    assert_int_equal(r->taken.json->count, 1);
}

static void what_is_absent_is_left_untouched(void **state)
{
    struct reading *r = *state;
    read_body(r, "{\"text\":\"a\"}");
    assert_true(r->done && r->taken.yes == -1 && r->taken.number == 5);
    assert_true(r->taken.duration_ms == 6 && r->taken.time_ms == 7 && !r->taken.json);
}

static void what_is_required_is_missed(void **state)
{
    struct reading *r = *state;
    refused(r, "{}", "text", "\"text\" is missing");
    refused(r, NULL, "text", "\"text\" is missing");
}

static void unknown_members_are_refused_with_the_nearest(void **state)
{
    struct reading *r = *state;
    refused(r, "{\"text\":\"a\",\"nmber\":1}", "nmber", "did you mean \"number\"?");
    refused(r, "{\"text\":\"a\",\"Text\":\"b\"}", "Text", "did you mean \"text\"?");
    refused(r, "{\"text\":\"a\",\"zzzzzz\":1}", "zzzzzz", "unknown field \"zzzzzz\"");
    refused(r, "{\"text\":\"a\",\"\":1}", "", "unknown field \"\"");
}

static void wrong_types_are_refused_by_name(void **state)
{
    static const char *const wrong[][3] = {
        {"text", "1", "a string with something in it, not a number"},
        {"text", "\"\"", "a string with something in it"},
        {"text", "null", "a string"},
        {"text", "[\"a\"]", "not an array"},
        {"yes", "1", "true or false"},
        {"yes", "\"true\"", "true or false, not \"true\""},
        {"yes", "null", "true or false"},
        {"number", "\"1\"", "a number, not \"1\""},
        {"duration", "12", "a duration such as"},
        {"duration", "\"12\"", "a duration such as"},
        {"duration", "\"12 h\"", "not \"12 h\""},
        {"time", "\"tomorrow\"", "a time such as"},
        {"time", "1", "a time such as"},
    };
    struct reading *r = *state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        refused(r, im_arena_format(&r->arena, "{\"%s\":%s}", wrong[i][0], wrong[i][1]).at,
                wrong[i][0], wrong[i][2]);
}

static void endless_names_and_values_are_cut(void **state)
{
    struct reading *r = *state;
    char word[3000];
    memset(word, 'x', sizeof(word) - 1);
    word[sizeof(word) - 1] = '\0';
    read_body(r, im_arena_format(&r->arena, "{\"%s\":1}", word).at);
    assert_false(r->done);
    assert_true(r->res.body.len < 300);
    read_body(r, im_arena_format(&r->arena, "{\"time\":\"%s\"}", word).at);
    assert_true(!r->done && r->res.body.len < 300);
}

/* ---- calls ---- */

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
        READING(every_type_is_read),
        READING(what_is_absent_is_left_untouched),
        READING(what_is_required_is_missed),
        READING(unknown_members_are_refused_with_the_nearest),
        READING(wrong_types_are_refused_by_name),
        READING(endless_names_and_values_are_cut),
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
