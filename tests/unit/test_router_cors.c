#include "unit/spine.h"

#include "endpoints/endpoint.h"
#include "intacct_mock.h"

#define ORIGIN "Origin: https://app.example\n"
#define ASKS   ORIGIN "Access-Control-Request-Method: POST\n"

/* As texts that end. */
static const char *header(struct spine *s, const char *name)
{
    struct im_str value = answer_header(s, name);

    return value.at ? im_arena_copy(&s->arena, value).at : "";
}

static void every_path_of_the_integration_allows_its_methods(void **state)
{
    struct spine *s = *state;
    const struct im_route *route;
    for (size_t i = 0; (route = im_route_at(i)); i++) {
        size_t len = strcspn(route->path, "*");
        struct im_str target = im_arena_format(&s->kept, "%.*s%s", (int)len, route->path,
                                               route->path[len] ? "x" : "");
        send(s, "OPTIONS", target.at, ASKS "Access-Control-Request-Headers: a, b\n",
             NULL);
        assert_status(s, 204);
        assert_int_equal(body_of(s).len, 0);
        assert_string_equal(header(s, "Access-Control-Allow-Origin"),
                            "https://app.example");
        assert_string_equal(header(s, "Access-Control-Allow-Headers"), "a, b");
        assert_int_equal(atoi(header(s, "Access-Control-Max-Age")), 600);
        assert_string_equal(header(s, "Access-Control-Allow-Methods"), route->methods);
    }
}

static void a_page_may_ask_for_trouble(void **state)
{
    struct spine *s = *state;

    send(s, "OPTIONS", VENDORS,
         ASKS "Access-Control-Request-Headers: x-intacct-mock-refuse, "
              "x-intacct-mock-wire\n",
         NULL);
    assert_string_equal(header(s, "Access-Control-Allow-Headers"),
                        "x-intacct-mock-refuse, x-intacct-mock-wire");
    send(s, "GET", VENDORS, ORIGIN "X-Intacct-Mock-Refuse: rate-limited\n", NULL);
    assert_status(s, 429);
    assert_string_equal(header(s, "Access-Control-Allow-Origin"), "https://app.example");
}

static void says_methods(struct spine *s, const char *target, const char *methods)
{
    send(s, "OPTIONS", target, ASKS, NULL);
    assert_status(s, 204);
    assert_string_equal(header(s, "Access-Control-Allow-Methods"), methods);
    send(s, "PUT", target, NULL, NULL);
    assert_status(s, 405);
    assert_string_equal(header(s, "Allow"), methods);
}

static void a_collection_and_its_records_allow_what_they_take(void **state)
{
    struct spine *s = *state;
    says_methods(s, VENDORS, "GET, POST");
    says_methods(s, VENDORS "/", "GET, POST");
    says_methods(s, VENDORS "/1", "GET, PATCH, DELETE");
    says_methods(s, "/api/v1/Vendor", "GET, POST");
    says_methods(s, "/api/v1/Vendor/1", "GET, PATCH, DELETE");
    says_methods(s, TOKEN, "POST");
}

static void a_preflight_is_an_exchange_like_any_other(void **state)
{
    struct spine *s = *state;
    send_only(s, "OPTIONS", VENDORS, ASKS, NULL);
    struct im_journal *journal = s->boxes.standard->journal;
    assert_int_equal(im_journal_newest(journal), 1);
    assert_int_equal(im_journal_get(journal, &s->kept, 1)->delivered_us, 0);
    deliver(s);
    assert_true(im_journal_get(journal, &s->kept, 1)->delivered_us > 0);
    send(s, "GET", "/__mock/metrics", NULL, NULL);
    assert_has(body_of(s), "{endpoint=\"resource\",status=\"204\",cause=\"\"} 1\n");
}

static void the_control_api_answers_pages_that_were_named(void **state)
{
    struct spine *s = *state;
    send(s, "OPTIONS", BOX "/clock", ASKS, NULL);
    assert_status(s, 403);
    assert_string_equal(header(s, "Access-Control-Allow-Origin"), "");
    s->boxes.settings.control_origin = IM_STR("http://other.test, https://app.example");
    send(s, "OPTIONS", BOX "/clock", ASKS, NULL);
    assert_status(s, 204);
    assert_string_equal(header(s, "Access-Control-Allow-Methods"), "GET, POST");
    send(s, "OPTIONS", "/__mock", ASKS, NULL);
    assert_string_equal(header(s, "Access-Control-Allow-Methods"), "GET");
    send(s, "OPTIONS", "/__mock/nothing", ASKS, NULL);
    assert_string_equal(header(s, "Access-Control-Allow-Methods"), "POST");
}

static void a_path_that_is_not_there_lets_the_page_read_why(void **state)
{
    struct spine *s = *state;
    send(s, "OPTIONS", "/ia/api/v1/oauth2/tokne", ASKS, NULL);
    assert_status(s, 204);
    assert_string_equal(header(s, "Access-Control-Allow-Methods"), "POST");
    send(s, "POST", "/ia/api/v1/oauth2/tokne", ORIGIN, NULL);
    assert_status(s, 404);
    assert_string_equal(header(s, "Access-Control-Allow-Origin"), "https://app.example");
    send(s, "OPTIONS", "/s/no-such/x", ASKS, NULL);
    assert_status(s, 204);
}

static void an_answer_tells_the_page_what_it_may_read(void **state)
{
    struct spine *s = *state;
    send(s, "POST", TOKEN, FORM ORIGIN, CONNECT);
    assert_status(s, 200);
    assert_string_equal(header(s, "Access-Control-Allow-Origin"), "https://app.example");
    assert_has(answer_header(s, "Access-Control-Expose-Headers"), "X-Intacct-Mock-Cause");
    assert_has(answer_header(s, "Access-Control-Expose-Headers"), "Retry-After");
    assert_string_equal(header(s, "Vary"), "Origin");
    send(s, "GET", "/__mock/health", ORIGIN, NULL);
    assert_string_equal(header(s, "Access-Control-Allow-Origin"), "");
    s->boxes.settings.control_origin = IM_STR("*");
    send(s, "GET", "/__mock/health", ORIGIN, NULL);
    assert_string_equal(header(s, "Access-Control-Allow-Origin"), "https://app.example");
}

static void who_names_no_origin_sees_nothing_of_it(void **state)
{
    struct spine *s = *state;
    send(s, "POST", TOKEN, FORM, CONNECT);
    assert_null(answer_header(s, "Access-Control-Allow-Origin").at);
    assert_null(answer_header(s, "Vary").at);
}

static void another_options_is_a_call_of_the_clients(void **state)
{
    struct spine *s = *state;
    send(s, "OPTIONS", TOKEN, NULL, NULL);
    assert_status(s, 405);
    send(s, "OPTIONS", TOKEN, ORIGIN, NULL);
    assert_status(s, 405);
    send(s, "OPTIONS", TOKEN, "Access-Control-Request-Method: POST\n", NULL);
    assert_status(s, 405);
}

static void a_local_network_is_let_in_when_asked_for(void **state)
{
    struct spine *s = *state;
    send(s, "OPTIONS", TOKEN, ASKS "Access-Control-Request-Private-Network: true\n",
         NULL);
    assert_string_equal(header(s, "Access-Control-Allow-Private-Network"), "true");
}

static void the_journal_has_a_preflight_at_its_endpoint(void **state)
{
    struct spine *s = *state;
    send(s, "OPTIONS", TOKEN, ASKS, NULL);
    control(s, "GET", "/requests?method=OPTIONS&endpoint=token", NULL);
    assert_has(body_of(s), "\"status\":204");
}

static void rules_and_expectations_do_not_count_it(void **state)
{
    struct spine *s = *state;
    control(s, "PUT", "/scenario",
            "{\"name\":\"x\",\"rules\":[{\"when\":{\"endpoint\":\"token\",\"nth\":1},"
            "\"then\":{\"refuse\":\"rate-limited\"}}],\"expect\":["
            "{\"that\":\"it asks once\",\"endpoint\":\"token\",\"count\":1},"
            "{\"that\":\"a browser asks once\",\"method\":\"OPTIONS\",\"count\":1}]}");
    assert_int_equal(s->res.status / 100, 2);
    send(s, "OPTIONS", TOKEN, ASKS, NULL);
    assert_status(s, 204);
    send(s, "POST", TOKEN, FORM ORIGIN, CONNECT);
    assert_cause(s, "rate-limited");
    control(s, "GET", "/verdict", NULL);
    assert_has(body_of(s), "\"outcome\":\"met\"");
    assert_lacks(body_of(s), "not-met");
}

static void an_origin_cannot_end_its_header(void **state)
{
    struct spine *s = *state;
    struct im_str evil = IM_STR("https://a\r\nSet-Cookie: b");
    send(s, "GET", "/nowhere", NULL, NULL);
    im_request_add_header(&s->req, IM_STR("Origin"), evil);
    im_response_init(&s->res, &s->arena);
    im_answer(&s->boxes, &s->req, &s->res, &s->date_ms);
    assert_null(strchr(header(s, "Access-Control-Allow-Origin"), '\n'));
}

static int begin_without(void **state)
{
    struct im_settings settings = spine_settings();

    settings.no_cors = true;
    return spine_begin_with(state, settings);
}

static void turned_off_a_browser_meets_a_server_that_knows_nothing_of_it(void **state)
{
    struct spine *s = *state;
    send(s, "OPTIONS", TOKEN, ASKS, NULL);
    assert_status(s, 405);
    assert_null(answer_header(s, "Access-Control-Allow-Origin").at);
    send(s, "POST", TOKEN, FORM ORIGIN, CONNECT);
    assert_null(answer_header(s, "Access-Control-Allow-Origin").at);
    s->boxes.settings.control_origin = IM_STR("*");
    send(s, "OPTIONS", "/__mock/health", ASKS, NULL);
    assert_status(s, 405);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SPINE(every_path_of_the_integration_allows_its_methods),
        IN_SPINE(a_collection_and_its_records_allow_what_they_take),
        IN_SPINE(a_page_may_ask_for_trouble),
        IN_SPINE(a_preflight_is_an_exchange_like_any_other),
        IN_SPINE(the_control_api_answers_pages_that_were_named),
        IN_SPINE(a_path_that_is_not_there_lets_the_page_read_why),
        IN_SPINE(an_answer_tells_the_page_what_it_may_read),
        IN_SPINE(who_names_no_origin_sees_nothing_of_it),
        IN_SPINE(another_options_is_a_call_of_the_clients),
        IN_SPINE(a_local_network_is_let_in_when_asked_for),
        IN_SPINE(the_journal_has_a_preflight_at_its_endpoint),
        IN_SPINE(rules_and_expectations_do_not_count_it),
        IN_SPINE(an_origin_cannot_end_its_header),
        cmocka_unit_test_setup_teardown(
            turned_off_a_browser_meets_a_server_that_knows_nothing_of_it, begin_without,
            spine_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
