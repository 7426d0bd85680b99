/* wire.c: what each fault makes of an answer. */
#include "unit/scenario/wire_reader.h"

static struct im_response *answered(struct reader *r, const char *body)
{
    struct im_response *res = IM_ARENA_NEW(&r->arena, struct im_response);

    im_response_init(res, &r->arena);
    if (body) {
        im_buf_addz(im_response_begin(res, 201, "application/json"), body);
        im_response_header(res, "X-Mine", IM_STR("1"));
    }
    return res;
}

static struct im_response *damaged(struct reader *r, const char *text, const char *body)
{
    struct im_response *res = answered(r, body);

    im_wire_apply(wire(r, text), res);
    return res;
}

static struct im_str header(const struct im_response *res, const char *name)
{
    return im_response_get_header(res, name);
}

static bool is_untouched(const struct im_response *res)
{
    return res->status == 201 && im_str_is(im_buf_str(&res->body), "{\"a\":1}") &&
           im_str_is(header(res, "Content-Type"), "application/json");
}

/* ---- the answer damaged ---- */

static void marks_leave_the_answer_as_it_is(void **state)
{
    static const char answer[] = "{\"a\":1}";
    struct reader *r = *state;
    const struct im_response *res = damaged(r, "'stall'", answer);
    assert_true(res->damage.stall && is_untouched(res));
    res = damaged(r, "'drop'", answer);
    assert_true(res->damage.drop && is_untouched(res));
    res = damaged(r, "'reset'", answer);
    assert_true(res->damage.reset && is_untouched(res));
    res = damaged(r, "'truncate'", answer);
    assert_true(res->damage.truncate && is_untouched(res));
    res = damaged(r, "{'delay':'1s','hold':2}", answer);
    assert_true(is_untouched(res));
    assert_false(res->damage.stall || res->damage.drop || res->damage.reset ||
                 res->damage.truncate);
}

static void a_stall_without_an_answer_has_headers_to_send(void **state)
{
    const struct im_response *res = damaged(*state, "'stall'", NULL);

    assert_true(res->damage.stall);
    assert_int_equal(res->status, 200);
    assert_true(im_str_is(header(res, "Content-Type"), "application/json"));
}

static void a_drop_without_an_answer_needs_none(void **state)
{
    assert_int_equal(damaged(*state, "'drop'", NULL)->status, 0);
    assert_int_equal(damaged(*state, "'reset'", NULL)->status, 0);
}

static bool parses(struct reader *r, const struct im_response *res)
{
    struct im_json_error why;

    return im_json_parse(&r->arena, im_buf_str(&res->body), &why) != NULL;
}

static void malformed_json_never_parses(void **state)
{
    static const char *const answers[] = {"",   "1",         "{}",
                                          "[]", "{\"a\":1}", "{\"a\":{\"b\":[1,2,3]}}"};
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        const struct im_response *res = damaged(*state, "'malformed-json'", answers[i]);
        if (parses(*state, res))
            fail_msg("%s becomes %.*s", answers[i], IM_ARG(im_buf_str(&res->body)));
        assert_int_equal(res->status, 201);
    }
    assert_false(parses(*state, damaged(*state, "'malformed-json'", NULL)));
}

static void a_wrong_type_keeps_the_json(void **state)
{
    const struct im_response *res = damaged(*state, "'wrong-type'", "{\"a\":1}");

    assert_true(im_str_is(header(res, "Content-Type"), "text/html; charset=utf-8"));
    assert_true(im_str_is(im_buf_str(&res->body), "{\"a\":1}"));
    assert_int_equal(res->status, 201);
}

/* ---- another answer ---- */

static void a_replaced_answer_leaves_nothing_of_the_first(void **state)
{
    static const char *const wires[] = {"'html'", "{'status':503,'body':'busy'}",
                                        "{'redirect':'/x'}"};
    for (size_t i = 0; i < 3; i++) {
        const struct im_response *res = damaged(*state, wires[i], "{\"secret\":1}");
        assert_int_equal(header(res, "X-Mine").len, 0);
        assert_null(
            strstr(im_arena_copy(res->arena, im_buf_str(&res->body)).at, "secret"));
    }
}

static void the_answers_are_those_that_were_asked_for(void **state)
{
    struct reader *r = *state;
    const struct im_response *res = damaged(r, "'html'", NULL);
    assert_int_equal(res->status, 200);
    assert_true(im_str_starts(im_buf_str(&res->body), "<!DOCTYPE html>"));
    assert_true(im_str_is(im_buf_str(&damaged(r, "{'html':'<i>'}", NULL)->body), "<i>"));
    res = damaged(r, "{'status':503,'body':{'a':1}}", NULL);
    assert_int_equal(res->status, 503);
    assert_true(im_str_is(im_buf_str(&res->body), "{\"a\":1}"));
    res = damaged(r, "{'redirect':'https://x.example/'}", NULL);
    assert_int_equal(res->status, 302);
    assert_true(im_str_is(header(res, "Location"), "https://x.example/"));
}

static void leads(struct reader *r, const char *base, const char *location)
{
    const struct im_wire *way = wire(r, "{'redirect':'elsewhere:/sign-in'}");
    struct im_response *res = answered(r, NULL);

    im_wire_apply(way, res);
    im_wire_locate(way, im_str(base), res);
    assert_true(im_str_is(header(res, "Location"), location));
}

static void elsewhere_is_this_server_by_another_name(void **state)
{
    struct reader *r = *state;

    leads(r, "http://127.0.0.1:80/s/x", "http://localhost:80/s/x/elsewhere/sign-in");
    leads(r, "https://localhost:443", "https://127.0.0.1:443/elsewhere/sign-in");
    leads(r, "http://[::1]:80", "http://localhost:80/elsewhere/sign-in");
    leads(r, "http://mock:8080", "https://elsewhere.invalid/elsewhere/sign-in");
    struct im_response *res = damaged(r, "{'redirect':'/x'}", NULL);
    im_wire_locate(wire(r, "{'redirect':'/x'}"), IM_STR("http://127.0.0.1:80"), res);
    assert_true(im_str_is(header(res, "Location"), "/x"));
}

static void retry_after_is_set_on_any_answer(void **state)
{
    struct reader *r = *state;
    const struct im_response *res =
        damaged(r, "{'status':503,'retry_after':'1500ms'}", NULL);
    assert_true(im_str_is(header(res, "Retry-After"), "2"));
    assert_true(
        im_str_is(header(damaged(r, "{'retry_after':7}", "{}"), "Retry-After"), "7"));
    assert_int_equal(header(damaged(r, "'html'", "{}"), "Retry-After").len, 0);
}

/* What is written between CR and LF stays on its line, and a body is counted. */
static void no_text_of_a_scenario_adds_a_header(void **state)
{
    static const char evil[] = "x\\r\\nX-Evil: 1\\r\\n\\r\\nmore\\n";
    struct reader *r = *state;
    const struct im_response *res =
        damaged(r, im_arena_format(&r->arena, "{'redirect':'%s'}", evil).at, NULL);
    struct im_str bytes = im_response_bytes(res, 0, false, false);
    assert_null(strstr(im_arena_copy(&r->arena, bytes).at, "\nX-Evil"));
    res = damaged(r, im_arena_format(&r->arena, "{'status':500,'body':'%s'}", evil).at,
                  NULL);
    assert_int_equal(res->header_count, 1);
    bytes = im_response_bytes(res, 0, false, false);
    assert_non_null(strstr(im_arena_copy(&r->arena, bytes).at, "Content-Length: 21\r\n"));
}

static const struct CMUnitTest tests[] = {
    READING(marks_leave_the_answer_as_it_is),
    READING(a_stall_without_an_answer_has_headers_to_send),
    READING(a_drop_without_an_answer_needs_none),
    READING(malformed_json_never_parses),
    READING(a_wrong_type_keeps_the_json),
    READING(a_replaced_answer_leaves_nothing_of_the_first),
    READING(the_answers_are_those_that_were_asked_for),
    READING(elsewhere_is_this_server_by_another_name),
    READING(retry_after_is_set_on_any_answer),
    READING(no_text_of_a_scenario_adds_a_header),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
