/* router.c: the table of routes, what is refused before an endpoint is asked, and what belongs to the control API and
 * the pages. */
#include "unit/routed.h"

#include "endpoints/endpoint.h"

/* ---- routes ---- */

/* The path of a route with something where its '*' stands. */
static const char *path_at(struct spine *s, size_t index, const struct im_route **route)
{
    *route = im_route_at(index);
    if (!*route)
        return NULL;
    struct im_str text = im_str((*route)->path);
    bool open = im_str_ends(text, "*");
    return im_arena_format(&s->kept, "%.*s%s",
                           IM_ARG(im_str_slice(text, 0, text.len - open)),
                           open ? "x" : "")
        .at;
}

static void every_route_takes_the_methods_it_lists_and_names_them_otherwise(void **state)
{
    static const char *const all[] = {"GET", "HEAD", "POST", "PATCH", "DELETE", "PUT"};
    struct spine *s = *state;
    const struct im_route *route;
    const char *path;
    for (size_t i = 0; (path = path_at(s, i, &route)); i++)
        for (size_t m = 0; m < 6; m++) {
            send(s, all[m], path, NULL, NULL);
            bool taken = im_method_in(route->methods, im_str(all[m])) ||
                         im_method_in(route->record_methods, im_str(all[m]));
            if ((s->res.status == 405) == taken)
                fail_msg("%s %s: %d", all[m], path, s->res.status);
            if (!taken)
                assert_true(im_str_is(answer_header(s, "Allow"), route->methods));
        }
}

static void no_route_is_hidden_by_another(void **state)
{
    struct spine *s = *state;
    const struct im_route *route;
    const char *path;
    for (size_t i = 0; (path = path_at(s, i, &route)); i++) {
        send(s, "PUT", path, NULL, NULL);
        if (last_exchange(s)->endpoint != route->endpoint)
            fail_msg("%s: %s", path, im_endpoint_name(last_exchange(s)->endpoint));
    }
}

static void an_unknown_path_is_404_and_the_nearest_is_named(void **state)
{
    struct spine *s = *state;
    send(s, "POST", "/ia/api/v1/oauth2/tokne", NULL, NULL);
    assert_status(s, 404);
    assert_cause(s, "token-endpoint-unknown");
    assert_has(answer_header(s, "X-Intacct-Mock-Evidence"), TOKEN);
    send(s, "GET", "/ia/api/v1/services/core/mode", NULL, NULL);
    assert_cause(s, "path-unknown");
    assert_has(answer_header(s, "X-Intacct-Mock-Evidence"), "/services/core/model");
}

static void paths_are_compared_whole(void **state)
{
    static const char *const paths[] = {"",
                                        "/",
                                        TOKEN "/",
                                        TOKEN "x",
                                        "/ia/api/v1/objects/",
                                        "/ia/api/v1/objects",
                                        "//ia/authorize",
                                        "/IA/authorize",
                                        "*",
                                        "/api/v1/"};
    struct spine *s = *state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        send(s, "POST", paths[i], NULL, NULL);
        assert_status(s, 404);
    }
}

static void a_path_of_any_length_is_refused_and_shown_in_part(void **state)
{
    struct spine *s = *state;
    char path[3000];
    memset(path, 'x', sizeof(path));
    path[0] = '/';
    path[sizeof(path) - 1] = '\0';
    send(s, "GET", path, NULL, NULL);
    assert_status(s, 404);
    assert_true(answer_header(s, "X-Intacct-Mock-Evidence").len < 300);
}

static void a_token_in_a_path_is_not_repeated(void **state)
{
    struct spine *s = *state;
    send(s, "GET", "/x/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0NDQifQ.c2ln", NULL, NULL);
    assert_has(answer_header(s, "X-Intacct-Mock-Evidence"), "/x/hmac:");
    assert_lacks(body_of(s), "eyJ");
}

static void flaws_of_the_bytes_are_causes_too(void **state)
{
    static const struct {
        enum im_request_flaw flaw;
        const char *cause;
    } cases[] = {{IM_REQUEST_MALFORMED, "request-malformed"},
                 {IM_REQUEST_HEADERS_TOO_LARGE, "headers-too-large"},
                 {IM_REQUEST_BODY_TOO_LARGE, "request-too-large"},
                 {IM_REQUEST_BODY_CUT, "request-incomplete"},
                 {IM_REQUEST_METHOD_UNKNOWN, "method-unknown"},
                 {IM_REQUEST_ENCODED, "content-encoding-unsupported"},
                 {IM_REQUEST_HTTP2, "http2-spoken"},
                 {IM_REQUEST_OVER_CAPACITY, "mock-capacity"}};
    struct spine *s = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        send(s, "GET", "/", NULL, NULL); /* what the pipeline was told the last time … */
        s->req.flaw = cases[i].flaw;
        s->req.flaw_text = IM_STR("the flaw");
        im_response_init(&s->res, &s->arena);
        im_answer(&s->boxes, &s->req, &s->res, &s->date_ms); /* … with a flaw */
        deliver(s);
        assert_cause(s, cases[i].cause);
        assert_true(s->res.status >= 400);
        assert_has(answer_header(s, "X-Intacct-Mock-Evidence"), "the flaw");
    }
}

/* ---- what the control API owns ---- */

static bool is_control(struct spine *s, const char *path)
{
    send(s, "GET", path, NULL, NULL);
    return !answer_header(s, "X-Intacct-Mock-Cause").len;
}

static void control_owns_its_prefix_and_nothing_else(void **state)
{
    struct spine *s = *state;
    assert_true(is_control(s, "/__mock"));
    assert_true(is_control(s, "/__mock/health?x"));
    assert_true(is_control(s, "/__mock/nothing"));
    assert_false(is_control(s, "/__mocking"));
    assert_false(is_control(s, "/x/__mock/health"));
    s->boxes.settings.control = false;
    assert_false(is_control(s, "/__mock/health"));
}

static void a_control_port_serves_control_only(void **state)
{
    struct spine *s = *state;
    s->boxes.settings.control = false;
    s->on_control_port = true;
    send(s, "GET", "/__mock/health", NULL, NULL);
    assert_status(s, 200);
    static const char *const others[] = {TOKEN, "/", "/xxxxxx/health", "/__mockx/health"};
    for (size_t i = 0; i < 4; i++) {
        send(s, "GET", others[i], NULL, NULL);
        assert_status(s, 404);
        assert_has(body_of(s), "\"error\":\"not_found\"");
    }
}

static void control_is_in_real_time_and_in_no_journal(void **state)
{
    struct spine *s = *state;
    control(s, "GET", "/clock", NULL);
    assert_true(s->date_ms != START_MS);
    send(s, "GET", "/", NULL, NULL);
    assert_int_equal(s->date_ms, START_MS);
    control(s, "GET", "/requests", NULL);
    assert_has(body_of(s), "{\"count\":1,");
}

/* ---- browsers ---- */

static void a_browser_that_opens_an_address_is_led_to_its_traffic(void **state)
{
    struct spine *s = *state;
    send(s, "GET", "/", PAGE, NULL);
    assert_status(s, 302);
    assert_has(answer_header(s, "Location"), "http://127.0.0.1:1/__mock/");
    send(s, "GET", "/s/happy-path.a/", PAGE, NULL);
    assert_has(answer_header(s, "Location"),
               "http://127.0.0.1:1/__mock/?sandbox=happy-path.a");
    send(s, "GET", "/s/happy-path.a\"><b>/", PAGE, NULL);
    assert_status(s, 404);
    send(s, "GET", "/", NULL, NULL);
    assert_cause(s, "path-unknown");
    s->boxes.settings.control = false;
    send(s, "GET", "/", PAGE, NULL);
    assert_cause(s, "path-unknown");
}

static void what_a_browser_asks_by_itself_is_in_no_journal(void **state)
{
    struct spine *s = *state;
    send(s, "GET", "/favicon.ico", NULL, NULL);
    assert_status(s, 200);
    assert_has(body_of(s), "<svg");
    send(s, "GET", "/", PAGE, NULL);
    assert_int_equal(im_journal_newest(s->boxes.standard->journal), 0);
}

static void pages_need_no_token_and_what_they_ask_does(void **state)
{
    struct spine *s = *state;
    static const char *const pages[] = {"/__mock/", "/__mock/control", "/__mock/causes",
                                        "/__mock/causes/path-unknown", "/__mock/explain"};
    s->boxes.settings.control_token = IM_STR("t-1");
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        send(s, "GET", pages[i], PAGE, NULL);
        assert_status(s, 200);
        assert_has(body_of(s), "pages/app.js");
        assert_false(
            im_str_glob(IM_STR("*unsafe*"), answer_header(s, "Content-Security-Policy")));
    }
    send(s, "GET", "/__mock/causes", NULL, NULL);
    assert_status(s, 401);
    send(s, "GET", "/__mock/pages/app.js", NULL, NULL);
    assert_status(s, 200);
    assert_has(answer_header(s, "Content-Type"), "text/javascript");
}

static void a_page_names_its_parts_from_where_it_lies(void **state)
{
    struct spine *s = *state;
    send(s, "GET", "/__mock", PAGE, NULL);
    assert_has(answer_header(s, "Location"), "http://127.0.0.1:1/__mock/");
    send(s, "GET", "/__mock/causes", PAGE, NULL);
    assert_has(body_of(s), "src=\"pages/app.js\"");
    send(s, "GET", "/__mock/causes/path-unknown", PAGE, NULL);
    assert_has(body_of(s), "src=\"../pages/app.js\"");
    send(s, "GET", "/__mock/pages/nothing.js", NULL, NULL);
    assert_status(s, 404);
}

static const struct CMUnitTest tests[] = {
    IN_SPINE(every_route_takes_the_methods_it_lists_and_names_them_otherwise),
    IN_SPINE(no_route_is_hidden_by_another),
    IN_SPINE(an_unknown_path_is_404_and_the_nearest_is_named),
    IN_SPINE(paths_are_compared_whole),
    IN_SPINE(a_path_of_any_length_is_refused_and_shown_in_part),
    IN_SPINE(a_token_in_a_path_is_not_repeated),
    IN_SPINE(flaws_of_the_bytes_are_causes_too),
    IN_SPINE(control_owns_its_prefix_and_nothing_else),
    IN_SPINE(a_control_port_serves_control_only),
    IN_SPINE(control_is_in_real_time_and_in_no_journal),
    IN_SPINE(a_browser_that_opens_an_address_is_led_to_its_traffic),
    IN_SPINE(what_a_browser_asks_by_itself_is_in_no_journal),
    IN_SPINE(pages_need_no_token_and_what_they_ask_does),
    IN_SPINE(a_page_names_its_parts_from_where_it_lies),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
