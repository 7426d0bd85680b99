#include "unit/spine.h"

#include <cjson/cJSON.h>

#include <fcntl.h>
#include <unistd.h>

#include "endpoints/endpoint.h"
#include "intacct_mock.h"

/* ---- routes ---- */

static const struct im_exchange *last_exchange(struct spine *s)
{
    struct im_journal *journal = s->boxes.standard->journal;

    return im_journal_get(journal, &s->kept, im_journal_newest(journal));
}

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

static void a_misspelled_host_is_noted(void **state)
{
    struct spine *s = *state;
    send(s, "GET", "/.well-known/jwks.json", "Host: api.intacct.co:443\n", NULL);
    assert_status(s, 200);
    assert_has(answer_header(s, "X-Intacct-Mock-Note"), "host-misspelled: ");
    send(s, "GET", "/.well-known/jwks.json", "Host: api.intacct.com\n", NULL);
    assert_int_equal(answer_header(s, "X-Intacct-Mock-Note").len, 0);
}

/* ---- hints and addresses ---- */

static void hints_say_why_and_where_to_read_on(void **state)
{
    struct spine *s = *state;
    send(s, "GET", VENDORS, "Host: mock.test:1\n", NULL);
    assert_status(s, 401);
    assert_cause(s, "authorization-header-missing");
    assert_has(answer_header(s, "Link"),
               "<http://mock.test:1/__mock/causes/authorization-header-missing>;"
               " rel=\"help\"");
}

static void an_empty_name_is_none_that_is_known(void **state)
{
    struct spine *s = *state;

    send(s, "GET", "/.well-known/jwks.json", "X-Intacct-Mock-Refuse: \n", NULL);
    assert_cause(s, "trigger-unknown");
    send(s, "GET", "/.well-known/jwks.json", "X-Intacct-Mock-Wire:\n", NULL);
    assert_cause(s, "trigger-unknown");
}

static void without_hints_a_request_asks_for_no_trouble(void **state)
{
    struct spine *s = *state;

    s->boxes.settings.hints = false;
    send(s, "GET", "/.well-known/jwks.json",
         "X-Intacct-Mock-Refuse: rate-limited\nX-Intacct-Mock-Wire: nonsense\n", NULL);
    assert_status(s, 200);
}

static void without_hints_no_header_is_ours(void **state)
{
    struct spine *s = *state;
    s->boxes.settings.hints = false;
    send(s, "GET", VENDORS, "Host: api.intacct.co\n", NULL);
    assert_status(s, 401);
    for (size_t i = 0; i < s->res.header_count; i++)
        assert_false(im_str_starts(im_str(s->res.headers[i].name), "X-Intacct-Mock"));
    assert_int_equal(answer_header(s, "Link").len, 0);
}

static void without_control_no_hint_links_to_it(void **state)
{
    struct spine *s = *state;
    s->boxes.settings.control = false;
    send(s, "GET", VENDORS, NULL, NULL);
    assert_cause(s, "authorization-header-missing");
    assert_int_equal(answer_header(s, "Link").len, 0);
    s->boxes.settings.control_url = IM_STR("http://127.0.0.1:9");
    send(s, "GET", VENDORS, NULL, NULL);
    assert_has(answer_header(s, "Link"), "<http://127.0.0.1:9/__mock/causes/");
}

static struct im_str issuer(struct spine *s, const char *headers)
{
    send(s, "GET", "/.well-known/openid-configuration", headers, NULL);
    assert_status(s, 200);
    return im_json_get_str(json_of(s), "token_endpoint");
}

static void addresses_follow_public_url_then_host_then_the_socket(void **state)
{
    struct spine *s = *state;
    assert_has(issuer(s, NULL), "http://127.0.0.1:1/ia");
    assert_has(issuer(s, "Host: a.test:2\n"), "http://a.test:2/ia");
    assert_has(issuer(s, "Host: [::1]:2\n"), "http://[::1]:2/ia");
    assert_has(issuer(s, "Host: \"><script>\n"), "http://127.0.0.1:1/ia");
    assert_has(issuer(s, "Host: \n"), "http://127.0.0.1:1/ia");
    s->boxes.settings.public_url = IM_STR("https://public.test/x");
    assert_has(issuer(s, "Host: a.test:2\n"), "https://public.test/x/ia");
}

#define FORWARDED                                                                        \
    "Host: in:1\nX-Forwarded-Proto: https, http\nX-Forwarded-Host: out.test, in\n"       \
    "X-Forwarded-Prefix: /mock/\n"

static void a_proxy_is_believed_only_when_told_to(void **state)
{
    struct spine *s = *state;
    assert_has(issuer(s, FORWARDED), "http://in:1/ia");
    s->boxes.settings.trust_proxy = true;
    assert_has(issuer(s, FORWARDED), "https://out.test/mock/ia");
    assert_has(issuer(s, "Host: in:1\n"), "http://in:1/ia");
    assert_has(issuer(s, "Host: in:1\nX-Forwarded-Proto: https\n"), "https://in:1/ia");
    s->boxes.settings.public_url = IM_STR("https://public.test/x");
    assert_has(issuer(s, FORWARDED), "https://public.test/x/ia");
}

static void forwarded_goes_before_its_forerunners(void **state)
{
    struct spine *s = *state;
    s->boxes.settings.trust_proxy = true;
    assert_has(issuer(s, "Host: in\nForwarded: for=1.2.3.4; Proto=https;"
                         "host=\"a.test:8\", for=x;host=b.test\n"),
               "https://a.test:8/ia");
    assert_has(issuer(s, FORWARDED "Forwarded: host=a.test\n"), "https://a.test/mock/ia");
}

static void what_a_proxy_says_unsoundly_is_not_said(void **state)
{
    struct spine *s = *state;
    s->boxes.settings.trust_proxy = true;
    assert_has(issuer(s, "Host: in\nX-Forwarded-Proto: ftp\nX-Forwarded-Host: \"><b>\n"
                         "X-Forwarded-Prefix: //evil\n"),
               "http://in/ia");
    assert_has(issuer(s, "Host: in\nX-Forwarded-Prefix: /a?b\n"), "http://in/ia");
    assert_has(issuer(s, "Host: in\nX-Forwarded-Prefix: /\n"), "http://in/ia");
    assert_has(issuer(s, "Host: in\nForwarded: ;;=,\n"), "http://in/ia");
}

static void a_sandbox_lies_below_the_prefix_of_the_proxy(void **state)
{
    struct spine *s = *state;
    s->boxes.settings.trust_proxy = true;
    send(s, "GET", "/s/happy-path.1/.well-known/openid-configuration", FORWARDED, NULL);
    assert_has(im_json_get_str(json_of(s), "token_endpoint"),
               "https://out.test/mock/s/happy-path.1" TOKEN);
}

static bool warned_of_public_url(struct spine *s, const char *url, const char *headers)
{
    s->boxes.settings.public_url = im_str(url);
    atomic_store(&s->boxes.host_warned, false);
    send(s, "GET", "/.well-known/openid-configuration", headers, NULL);
    return atomic_load(&s->boxes.host_warned);
}

static void an_address_beside_public_url_is_warned_of(void **state)
{
    struct spine *s = *state;
    assert_true(warned_of_public_url(s, "http://mock:8080", "Host: localhost:9000\n"));
    assert_true(warned_of_public_url(s, "http://mock:8080", "Host: mock:9000\n"));
    assert_false(warned_of_public_url(s, "https://mock", "Host: mock:80\n"));
    assert_false(warned_of_public_url(s, "http://mock:80/x", "Host: MOCK\n"));
    assert_false(warned_of_public_url(s, "http://mock", ""));
    assert_false(warned_of_public_url(s, "http://mock", "Host: in\nVia: 1.1 proxy\n"));
    assert_false(
        warned_of_public_url(s, "http://mock", "Host: in\nX-Forwarded-For: 1.2.3.4\n"));
    assert_false(warned_of_public_url(s, "", "Host: in\n"));
}

/* ---- which sandbox ---- */

static void a_base_url_with_a_name_is_a_sandbox_of_its_own(void **state)
{
    struct spine *s = *state;
    send(s, "GET", "/s/happy-path.1/.well-known/openid-configuration",
         "Host: mock.test:1\n", NULL);
    assert_status(s, 200);
    assert_has(im_json_get_str(json_of(s), "token_endpoint"),
               "http://mock.test:1/s/happy-path.1" TOKEN);
    struct im_sandbox *box = im_sandboxes_find(&s->boxes, IM_STR("happy-path.1"));
    assert_int_equal(im_journal_newest(box->journal), 1);
    im_sandboxes_unref(&s->boxes, box);
    assert_int_equal(box->users, 0);
    assert_int_equal(im_journal_newest(s->boxes.standard->journal), 0);
}

static void its_hints_link_to_the_control_api_of_the_server(void **state)
{
    struct spine *s = *state;
    send(s, "GET", "/s/happy-path.1" VENDORS, "Host: mock.test:1\n", NULL);
    assert_cause(s, "authorization-header-missing");
    assert_has(answer_header(s, "Link"), "<http://mock.test:1/__mock/causes/");
}

static void control_is_not_below_a_sandbox(void **state)
{
    struct spine *s = *state;
    send(s, "GET", "/s/happy-path.1/__mock/health", NULL, NULL);
    assert_status(s, 404);
    assert_cause(s, "path-unknown");
}

static void a_sandbox_without_a_path_is_its_root(void **state)
{
    static const char *const targets[] = {"/s/happy-path", "/s/happy-path/",
                                          "/s/happy-path?x=1"};
    struct spine *s = *state;
    for (size_t i = 0; i < 3; i++) {
        send(s, "GET", targets[i], NULL, NULL);
        assert_cause(s, "path-unknown");
        assert_has(answer_header(s, "X-Intacct-Mock-Evidence"), "there is no /,");
    }
    assert_int_equal(atomic_load(&s->boxes.count), 1);
}

static void a_sandbox_that_cannot_be_is_refused_with_the_reason(void **state)
{
    struct spine *s = *state;
    send(s, "GET", "/s/happy-pth.1" VENDORS, NULL, NULL);
    assert_cause(s, "scenario-unknown");
    assert_has(answer_header(s, "X-Intacct-Mock-Evidence"),
               "there is no scenario \"happy-pth\"; did you mean \"happy-path\"?");
    send(s, "GET", "/s//x", NULL, NULL);
    assert_cause(s, "scenario-unknown");
    send(s, "GET", "/s/", NULL, NULL);
    assert_cause(s, "scenario-unknown");
    send(s, "GET", "/s/..%2f/x", NULL, NULL);
    assert_cause(s, "scenario-unknown");
    send(s, "GET", "/s", NULL, NULL);
    assert_cause(s, "path-unknown");
    assert_int_equal(atomic_load(&s->boxes.count), 0);
    assert_int_equal(im_journal_newest(s->boxes.standard->journal), 5);
}

static void nobody_adds_a_header_with_a_sandbox_name(void **state)
{
    struct spine *s = *state;
    send(s, "GET", "/s/x\r\nX-Evil: 1/y", NULL, NULL);
    assert_cause(s, "scenario-unknown");
    struct im_str bytes = im_response_bytes(&s->res, 0, false, false);
    assert_lacks(bytes, "\nX-Evil");
}

/* ---- base URLs that cannot carry a path ---- */

#define CONNECT_AT(box)                                                                  \
    "grant_type=client_credentials&client_id=demo~" box "&client_secret=demo-secret"     \
    "&username=ws_user@acme"

static uint64_t exchanges_of(struct spine *s, const char *name)
{
    struct im_sandbox *box = im_sandboxes_find(&s->boxes, im_str(name));
    uint64_t n = box ? im_journal_newest(box->journal) : 0;

    im_sandboxes_unref(&s->boxes, box);
    return n;
}

static void a_client_id_names_a_sandbox_too(void **state)
{
    struct spine *s = *state;
    send(s, "POST", TOKEN, FORM, CONNECT_AT("happy-path.1"));
    assert_status(s, 200);
    assert_int_equal(exchanges_of(s, "happy-path.1"), 1);
    assert_int_equal(exchanges_of(s, "default"), 0);
    send(s, "POST", TOKEN, FORM, CONNECT_AT("happy-pth.1"));
    assert_cause(s, "scenario-unknown");
}

static void what_it_handed_out_leads_back_to_it(void **state)
{
    struct spine *s = *state;
    send(s, "POST", TOKEN, FORM, CONNECT_AT("happy-path.1"));
    const char *bearer =
        im_arena_format(&s->kept, "Authorization: Bearer %.*s\n",
                        IM_ARG(im_json_get_str(json_of(s), "access_token")))
            .at;
    send(s, "GET", VENDORS, bearer, NULL);
    assert_status(s, 200);
    assert_int_equal(exchanges_of(s, "happy-path.1"), 2);
    send(s, "GET", "/s/happy-path.2" VENDORS, bearer, NULL);
    assert_status(s, 400);
    assert_int_equal(exchanges_of(s, "happy-path.2"), 1);
}

static void a_token_of_nobody_is_the_default_ones_affair(void **state)
{
    struct spine *s = *state;
    send(s, "POST", TOKEN, FORM, CONNECT_AT("happy-path.1"));
    send(s, "GET", VENDORS, "Authorization: Bearer nonsense\n", NULL);
    assert_status(s, 400);
    assert_int_equal(exchanges_of(s, "default"), 1);
    const char *mine = connect_ws_user(s, NULL);
    send(s, "GET", VENDORS, mine, NULL);
    assert_status(s, 200);
    assert_int_equal(exchanges_of(s, "default"), 3);
}

/* ---- what a scenario does to a request ---- */

static void follow(struct spine *s, const char *rule)
{
    struct im_str text =
        im_arena_format(&s->kept, "{\"name\":\"play\",\"rules\":[%s]}", rule);
    struct im_scenario *scenario = spine_scenario(text.at);
    struct im_error err;

    assert_true(im_sandbox_follow(s->boxes.standard, scenario, &err));
    im_scenario_unref(scenario);
}

static void a_refusal_by_name_is_worded_as_its_place_does(void **state)
{
    struct spine *s = *state;
    const char *bearer = connect_ws_user(s, NULL);
    follow(s, "{\"then\":{\"refuse\":\"access-token-revoked\"}}");
    send(s, "GET", VENDORS, bearer, NULL);
    assert_status(s, 401);
    assert_cause(s, "access-token-revoked");
    assert_has(answer_header(s, "X-Intacct-Mock-Evidence"),
               "rule 1 of scenario play refuses it");
    assert_int_equal(last_exchange(s)->rule, 1);
    assert_true(im_str_is(last_exchange(s)->user, "ws_user@acme"));
    assert_true(im_str_is(last_exchange(s)->client_id, "demo"));
}

static void a_refusal_by_name_has_no_effect(void **state)
{
    struct spine *s = *state;
    follow(s, "{\"when\":{\"method\":\"POST\",\"endpoint\":\"token\"},"
              "\"then\":{\"refuse\":\"rate-limited\"},\"times\":1}");
    send(s, "POST", TOKEN, FORM, CONNECT);
    assert_status(s, 429);
    assert_int_equal(last_exchange(s)->issued.len, 0);
    assert_has(answer_header(s, "Retry-After"), "1");
    send(s, "POST", TOKEN, FORM, CONNECT);
    assert_status(s, 200);
    assert_int_equal(last_exchange(s)->rule, 0);
}

static void retry_after_of_the_scenario_counts(void **state)
{
    struct spine *s = *state;
    follow(s, "{\"then\":{\"refuse\":\"rate-limited\","
              "\"wire\":{\"retry_after\":\"7s\"}}}");
    send(s, "POST", TOKEN, FORM, CONNECT);
    assert_status(s, 429);
    assert_true(im_str_is(answer_header(s, "Retry-After"), "7"));
    assert_int_equal(last_exchange(s)->fault, IM_FAULT_NONE);
}

#define AUTHORIZE                                                                        \
    "/ia/api/v1/oauth2/authorize?response_type=code&client_id=demo&state=s1"             \
    "&redirect_uri=http://127.0.0.1/callback"

static void a_refusal_by_name_at_authorize_goes_back_to_the_client(void **state)
{
    struct spine *s = *state;
    follow(s, "{\"then\":{\"refuse\":\"consent-denied\"}}");
    send(s, "GET", AUTHORIZE, NULL, NULL);
    assert_cause(s, "consent-denied");
    assert_has(answer_header(s, "Location"),
               "http://127.0.0.1/callback?error=access_denied");
    assert_has(answer_header(s, "Location"), "state=s1");
}

static void it_never_redirects_to_an_address_that_is_not_the_clients(void **state)
{
    struct spine *s = *state;
    follow(s, "{\"then\":{\"refuse\":\"consent-denied\"}}");
    send(s, "GET",
         "/ia/api/v1/oauth2/authorize?response_type=code&client_id=demo&state=s1"
         "&redirect_uri=https://evil.test/",
         NULL, NULL);
    assert_int_equal(answer_header(s, "Location").len, 0);
    assert_true(s->res.status >= 400);
}

static void a_change_of_the_world_meets_the_same_request(void **state)
{
    struct spine *s = *state;
    const char *bearer = connect_ws_user(s, NULL);
    follow(s, "{\"then\":{\"world\":\"revoke-access-token\"}}");
    send(s, "GET", VENDORS, bearer, NULL);
    assert_cause(s, "access-token-revoked");
    assert_string_equal(last_exchange(s)->effect, "revoke-access-token");
    assert_int_equal(last_exchange(s)->rule, 1);
}

static void time_that_passes_passes_before_the_request(void **state)
{
    struct spine *s = *state;
    follow(s, "{\"then\":{\"world\":{\"do\":\"advance-clock\",\"by\":\"1h\"}}}");
    send(s, "GET", VENDORS, NULL, NULL);
    assert_int_equal(s->date_ms, START_MS + 3600000);
    assert_int_equal(last_exchange(s)->at_ms, START_MS + 3600000);
}

static void a_change_for_somebody_made_up_leaves_the_ordinary_refusal(void **state)
{
    struct spine *s = *state;
    follow(s, "{\"then\":{\"world\":\"lock-user\"}}");
    send(s, "POST", TOKEN, FORM,
         "grant_type=client_credentials&client_id=demo&client_secret=demo-secret"
         "&username=nobody@acme");
    assert_cause(s, "user-unknown");
}

static void damage_before_leaves_the_endpoint_unasked(void **state)
{
    struct spine *s = *state;
    follow(s, "{\"then\":{\"wire\":\"drop\"}}");
    send(s, "POST", TOKEN, FORM, CONNECT);
    assert_true(s->res.damage.drop);
    assert_int_equal(last_exchange(s)->issued.len, 0);
    assert_int_equal(last_exchange(s)->fault, IM_FAULT_DROP);
}

static void damage_after_lets_it_take_effect(void **state)
{
    struct spine *s = *state;
    follow(s, "{\"then\":{\"wire\":{\"drop\":true,\"at\":\"after\"}}}");
    send(s, "POST", TOKEN, FORM, CONNECT);
    assert_true(s->res.damage.drop);
    assert_int_equal(s->res.status, 200);
    assert_true(last_exchange(s)->issued.len > 0);
}

static void another_status_is_written_down_as_sent(void **state)
{
    struct spine *s = *state;
    follow(s, "{\"then\":{\"wire\":{\"status\":503,\"body\":\"busy\","
              "\"retry_after\":\"2s\"}}}");
    send(s, "GET", VENDORS, NULL, NULL);
    assert_status(s, 503);
    assert_has(answer_header(s, "Retry-After"), "2");
    assert_int_equal(last_exchange(s)->status, 503);
    assert_int_equal(last_exchange(s)->fault, IM_FAULT_STATUS);
}

static void scenarios_reach_paths_that_are_not_there(void **state)
{
    struct spine *s = *state;
    follow(s, "{\"when\":{\"endpoint\":\"unknown\",\"path\":\"/x/*\"},"
              "\"then\":{\"wire\":\"html\"}}");
    send(s, "GET", "/x/y", NULL, NULL);
    assert_status(s, 200);
    send(s, "GET", "/z", NULL, NULL);
    assert_status(s, 404);
}

static void control_is_never_touched_by_a_scenario(void **state)
{
    struct spine *s = *state;
    follow(s, "{\"then\":{\"wire\":\"drop\"}}");
    control(s, "GET", "/clock", NULL);
    assert_status(s, 200);
    assert_false(s->res.damage.drop);
}

/* Whoever carries the request comes back for it. */
static void comes_back(struct spine *s)
{
    void (*resume)(void *) = s->res.resume;

    assert_non_null(resume);
    s->res.resume = NULL;
    resume(s->res.resume_context);
}

static void who_waits_holds_no_thread(void **state)
{
    struct spine *s = *state;
    struct im_sandbox *box = s->boxes.standard;
    follow(s, "{\"then\":{\"wire\":{\"hold\":9,\"delay\":\"10m\"}}}");
    send(s, "GET", "/.well-known/jwks.json", NULL, NULL);
    assert_int_equal(s->res.status, 0);
    assert_int_equal(im_barrier_waiting(box->barrier), 1);
    comes_back(s); /* for no reason */
    assert_int_equal(im_barrier_waiting(box->barrier), 1);
    im_barrier_release(box->barrier);
    comes_back(s); /* held no longer, and delayed now */
    assert_int_equal(s->res.status, 0);
    assert_in_range(s->res.resume_ms - im_clock_monotonic_ms(), 590000, 600001);
    im_barrier_release(box->barrier);
    comes_back(s);
    assert_null(s->res.resume);
    assert_status(s, 200);
    assert_int_equal(last_exchange(s)->fault, IM_FAULT_HOLD);
    assert_int_equal(im_barrier_waiting(box->barrier), 0);
}

static void who_has_been_given_up_waits_no_more(void **state)
{
    struct spine *s = *state;
    follow(s, "{\"then\":{\"wire\":{\"hold\":9,\"delay\":\"10m\"}}}");
    send(s, "GET", "/.well-known/jwks.json", NULL, NULL);
    s->res.abandoned = true;
    comes_back(s);
    assert_null(s->res.resume);
    assert_status(s, 200);
    assert_int_equal(im_barrier_waiting(s->boxes.standard->barrier), 0);
}

static void no_more_wait_than_the_bound_says(void **state)
{
    struct spine *s = *state;
    s->boxes.settings.waiting_max = 1;
    assert_true(im_sandboxes_may_wait(&s->boxes)); /* somebody does */
    follow(s, "{\"then\":{\"wire\":{\"hold\":9,\"delay\":\"10m\"}}}");
    send(s, "GET", "/.well-known/jwks.json", NULL, NULL);
    assert_status(s, 503);
    assert_cause(s, "mock-capacity");
    assert_has(answer_header(s, "X-Intacct-Mock-Evidence"), "1 requests wait already");
    assert_int_equal(last_exchange(s)->cause, CAUSE_MOCK_CAPACITY);
    control(s, "GET", "/requests?since=1000&wait=1s", NULL);
    assert_status(s, 503);
    control(s, "GET", "/events", NULL);
    assert_status(s, 503);
    assert_has(body_of(s), "\"error\":\"capacity\"");
    im_sandboxes_waited(&s->boxes);
    control(s, "GET", "/requests?since=1000&wait=1s", NULL);
    assert_non_null(s->res.resume);
    assert_int_equal(atomic_load(&s->boxes.waiting), 1);
    s->res.abandoned = true;
    comes_back(s);
    assert_int_equal(atomic_load(&s->boxes.waiting), 0);
}

static void a_bound_of_ours_is_no_fault_of_the_client(void **state)
{
    struct spine *s = *state;
    struct im_verdict verdict;
    struct im_scenario *scenario = spine_scenario(
        "{\"name\":\"calm\",\"rules\":[{\"then\":{\"wire\":{\"delay\":\"10m\"}}}],"
        "\"expect\":[{\"that\":\"nothing fails\",\"status\":503,\"count\":0}]}");
    struct im_error err;
    s->boxes.settings.waiting_max = 0;
    assert_true(im_sandbox_follow(s->boxes.standard, scenario, &err));
    im_scenario_unref(scenario);
    send(s, "GET", VENDORS, NULL, NULL);
    assert_cause(s, "mock-capacity");
    scenario =
        im_sandbox_judge(s->boxes.standard, &(struct im_judge_options){.baseline = NULL},
                         &s->kept, &verdict);
    assert_int_equal(im_verdict_outcome(&verdict), IM_MET);
    im_scenario_unref(scenario);
}

static void a_stalled_client_keeps_its_sandbox_until_it_leaves(void **state)
{
    struct spine *s = *state;
    send_only(s, "GET", "/s/stall.1" VENDORS, NULL, NULL);
    struct im_sandbox *box = im_sandboxes_find(&s->boxes, IM_STR("stall.1"));
    assert_true(s->res.damage.stall);
    assert_int_equal(box->users, 2);
    assert_int_equal(im_journal_get(box->journal, &s->kept, 1)->delivered_us, 0);
    deliver(s);
    assert_true(im_journal_get(box->journal, &s->kept, 1)->delivered_us > 0);
    assert_int_equal(box->users, 1);
    im_sandboxes_unref(&s->boxes, box);
}

static void it_is_known_when_each_answer_was_delivered(void **state)
{
    static const char *const targets[] = {VENDORS, "/nowhere", "/s/no-such-scenario/x"};
    struct spine *s = *state;
    struct im_journal *journal = s->boxes.standard->journal;
    for (uint64_t i = 0; i < 3; i++) {
        send_only(s, "GET", targets[i], NULL, NULL);
        assert_int_equal(im_journal_get(journal, &s->kept, i + 1)->delivered_us, 0);
        deliver(s);
        const struct im_exchange *e = im_journal_get(journal, &s->kept, i + 1);
        assert_true(e->delivered_us >= e->ended_us && e->ended_us >= e->began_us);
    }
}

/* ---- the log ---- */

/* What one request with a long path takes from the system at this level of the log. */
static size_t memory_taken(struct spine *s, bool enabled, enum im_log_level level)
{
    struct im_log_sink nowhere;
    struct im_buf path;

    im_log_open(&nowhere, -1);
    im_buf_init(&path, &s->kept, 0);
    im_buf_addz(&path, VENDORS "/");
    while (path.len < 200000)
        im_buf_addz(&path, "0123456789");
    s->boxes.settings.log =
        (struct im_log){.enabled = enabled, .level = level, .sink = &nowhere};
    send(s, "GET", im_arena_copy(&s->kept, im_buf_str(&path)).at, NULL, NULL);
    s->boxes.settings.log = (struct im_log){.enabled = false};
    return s->arena.taken;
}

static void a_line_that_no_level_wants_is_not_made(void **state)
{
    struct spine *s = *state;
    size_t silent = memory_taken(s, false, IM_LOG_INFO);
    assert_int_equal(memory_taken(s, true, IM_LOG_ERROR), silent);
    assert_true(memory_taken(s, true, IM_LOG_INFO) > silent);
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

#define PAGE "Accept: text/html,application/xhtml+xml\n"

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

/* ---- when memory is short: the same request with every limit ---- */

static int answer_within(struct spine *s, size_t limit, const struct im_message *m)
{
    im_arena_release(&s->arena);
    im_arena_init(&s->arena, limit);
    send(s, m->method, m->target, m->headers, m->body);
    bool failed = s->arena.failed;
    int status = s->res.status;
    im_arena_release(&s->arena);
    im_arena_init(&s->arena, 0);
    return failed && status != 500 ? -status : status;
}

/* What runs out only while the journal is written does not spoil the answer. */
static void starve(struct spine *s, const char *method, const char *target,
                   const char *headers, const char *body)
{
    enum { STEP = 16, MOST = 512 * 1024 };
    struct im_message m = {method, target, headers, body, 0};
    int fed = answer_within(s, 0, &m);
    int status = 0;

    for (size_t limit = 1; status != fed; limit += limit < 20000 ? STEP : limit / 100) {
        status = answer_within(s, limit, &m);
        if (limit > MOST || (status != 500 && status != fed && status != -fed))
            fail_msg("%s with %zu bytes: %d, not %d", target, limit, status, fed);
    }
}

static void starved_requests_answer_500_and_never_crash(void **state)
{
    struct spine *s = *state;
    const char *bearer = connect_ws_user(s, NULL);
    starve(s, "POST", TOKEN, FORM, CONNECT);
    starve(s, "POST", TOKEN, "Content-Type: application/json\n",
           "{\"grant_type\":\"client_credentials\",\"client_id\":\"demo\","
           "\"client_secret\":\"demo-secret\",\"username\":\"ws_user@acme\"}");
    starve(s, "GET", VENDORS, bearer, NULL);
    starve(s, "GET", VENDORS, NULL, NULL);
    starve(s, "GET", "/nowhere", "Host: api.intacct.co\n", NULL);
    starve(s, "PUT", TOKEN, NULL, NULL);
    starve(s, "GET", "/ia/api/v1/services/core/session/id", bearer, NULL);
    starve(s, "GET", "/.well-known/openid-configuration", NULL, NULL);
    starve(s, "GET", "/.well-known/jwks.json", NULL, NULL);
}

static void starved_pages_answer_500_and_never_crash(void **state)
{
    struct spine *s = *state;
    starve(s, "GET",
           "/ia/api/v1/oauth2/authorize?response_type=code&client_id=demo&state=1"
           "&redirect_uri=http://127.0.0.1/callback",
           NULL, NULL);
    starve(s, "GET",
           "/ia/api/v1/oauth2/authorize?response_type=code&client_id=demo&state=1"
           "&redirect_uri=http://127.0.0.1/callback&mock_user=jdoe@acme",
           NULL, NULL);
    starve(s, "GET", "/ia/api/v1/oauth2/authorize?client_id=nobody", NULL, NULL);
}

static void starved_writes_answer_500_and_never_crash(void **state)
{
    struct spine *s = *state;
    const char *bearer = connect_ws_user(s, NULL);
    const char *headers =
        im_arena_format(&s->kept, "%s%s", bearer, "Content-Type: application/json\n").at;
    starve(s, "POST", VENDORS, headers, "{\"name\":\"x\"}");
    starve(s, "POST", "/ia/api/v1/services/core/query", headers,
           "{\"object\":\"accounts-payable/vendor\",\"fields\":[\"id\",\"name\"]}");
    starve(s, "POST", "/ia/api/v1/oauth2/introspect", FORM,
           "token=x&client_id=demo&client_secret=demo-secret");
}

static void starved_control_calls_answer_500_and_never_crash(void **state)
{
    struct spine *s = *state;
    connect_ws_user(s, NULL);
    starve(s, "GET", "/__mock/", NULL, NULL);
    starve(s, "GET", "/__mock/ready", NULL, NULL);
    starve(s, "GET", "/__mock/causes/path-unknown", NULL, NULL);
    starve(s, "GET", "/__mock/causes/path-unknown", PAGE, NULL);
    starve(s, "GET", "/__mock/calls", NULL, NULL);
    starve(s, "GET", "/__mock/causes/path-unknwn", NULL, NULL);
    starve(s, "GET", "/__mock/effects", NULL, NULL);
    starve(s, "GET", BOX "/requests", NULL, NULL);
    starve(s, "GET", BOX "/requests/1", NULL, NULL);
    starve(s, "GET", BOX "/requests.har", NULL, NULL);
    starve(s, "GET", BOX "/tokens", NULL, NULL);
    starve(s, "GET", BOX "/policy", NULL, NULL);
    starve(s, "POST", BOX "/clock", NULL, "{\"advance\":\"1s\"}");
    starve(s, "POST", BOX "/world", NULL, "{\"do\":\"lock-usr\"}");
    starve(s, "POST", BOX "/tokens", NULL,
           "{\"user\":\"ws_user@acme\",\"client_id\":\"demo\"}");
    starve(s, "PATCH", BOX "/policy", NULL, "{\"rotation\":\"keep\"}");
}

static void *no_memory_for_cjson(size_t size)
{
    (void)size;
    return NULL;
}

static void json_that_there_is_no_memory_for_is_no_fault_of_the_client(void **state)
{
    struct spine *s = *state;
    const char *bearer = connect_ws_user(s, NULL);
    const char *headers =
        im_arena_format(&s->kept, "%sContent-Type: application/json\n", bearer).at;
    cJSON_Hooks starved = {no_memory_for_cjson, free};
    cJSON_InitHooks(&starved);
    send(s, "POST", VENDORS, headers, "{\"id\":\"V\",\"name\":\"N\"}");
    cJSON_InitHooks(NULL);
    assert_status(s, 500);
    assert_cause(s, "internal");
    send(s, "POST", VENDORS, headers, "{\"id\":\"V\",\"name\":\"N\"}");
    assert_status(s, 201);
}

static void a_500_of_ours_has_the_cause_internal_in_the_journal(void **state)
{
    struct spine *s = *state;
    size_t n = 0;
    for (size_t limit = 1500; limit < 9000 && !n; limit += 200) {
        im_arena_release(&s->arena);
        im_arena_init(&s->arena, limit);
        send(s, "POST", TOKEN, FORM, CONNECT);
        im_arena_release(&s->arena);
        im_arena_init(&s->arena, 0);
        struct im_journal_filter internal = {.cause = CAUSE_INTERNAL,
                                             .status = {500, 500}};
        im_journal_select(s->boxes.standard->journal, &s->kept, &internal, &n);
    }
    assert_true(n > 0);
    send(s, "POST", TOKEN, FORM, CONNECT);
    assert_status(s, 200);
}

static const struct CMUnitTest tests[] = {
    IN_SPINE(every_route_takes_the_methods_it_lists_and_names_them_otherwise),
    IN_SPINE(no_route_is_hidden_by_another),
    IN_SPINE(an_unknown_path_is_404_and_the_nearest_is_named),
    IN_SPINE(paths_are_compared_whole),
    IN_SPINE(a_path_of_any_length_is_refused_and_shown_in_part),
    IN_SPINE(a_token_in_a_path_is_not_repeated),
    IN_SPINE(flaws_of_the_bytes_are_causes_too),
    IN_SPINE(a_misspelled_host_is_noted),
    IN_SPINE(hints_say_why_and_where_to_read_on),
    IN_SPINE(an_empty_name_is_none_that_is_known),
    IN_SPINE(without_hints_a_request_asks_for_no_trouble),
    IN_SPINE(without_hints_no_header_is_ours),
    IN_SPINE(without_control_no_hint_links_to_it),
    IN_SPINE(addresses_follow_public_url_then_host_then_the_socket),
    IN_SPINE(a_proxy_is_believed_only_when_told_to),
    IN_SPINE(forwarded_goes_before_its_forerunners),
    IN_SPINE(what_a_proxy_says_unsoundly_is_not_said),
    IN_SPINE(a_sandbox_lies_below_the_prefix_of_the_proxy),
    IN_SPINE(an_address_beside_public_url_is_warned_of),
    IN_SPINE(a_base_url_with_a_name_is_a_sandbox_of_its_own),
    IN_SPINE(its_hints_link_to_the_control_api_of_the_server),
    IN_SPINE(control_is_not_below_a_sandbox),
    IN_SPINE(a_sandbox_without_a_path_is_its_root),
    IN_SPINE(a_sandbox_that_cannot_be_is_refused_with_the_reason),
    IN_SPINE(nobody_adds_a_header_with_a_sandbox_name),
    IN_SPINE(a_client_id_names_a_sandbox_too),
    IN_SPINE(what_it_handed_out_leads_back_to_it),
    IN_SPINE(a_token_of_nobody_is_the_default_ones_affair),
    IN_SPINE(a_refusal_by_name_is_worded_as_its_place_does),
    IN_SPINE(a_refusal_by_name_has_no_effect),
    IN_SPINE(retry_after_of_the_scenario_counts),
    IN_SPINE(a_refusal_by_name_at_authorize_goes_back_to_the_client),
    IN_SPINE(it_never_redirects_to_an_address_that_is_not_the_clients),
    IN_SPINE(a_change_of_the_world_meets_the_same_request),
    IN_SPINE(time_that_passes_passes_before_the_request),
    IN_SPINE(a_change_for_somebody_made_up_leaves_the_ordinary_refusal),
    IN_SPINE(damage_before_leaves_the_endpoint_unasked),
    IN_SPINE(damage_after_lets_it_take_effect),
    IN_SPINE(another_status_is_written_down_as_sent),
    IN_SPINE(scenarios_reach_paths_that_are_not_there),
    IN_SPINE(control_is_never_touched_by_a_scenario),
    IN_SPINE(who_waits_holds_no_thread),
    IN_SPINE(who_has_been_given_up_waits_no_more),
    IN_SPINE(no_more_wait_than_the_bound_says),
    IN_SPINE(a_bound_of_ours_is_no_fault_of_the_client),
    IN_SPINE(a_stalled_client_keeps_its_sandbox_until_it_leaves),
    IN_SPINE(it_is_known_when_each_answer_was_delivered),
    IN_SPINE(a_line_that_no_level_wants_is_not_made),
    IN_SPINE(control_owns_its_prefix_and_nothing_else),
    IN_SPINE(a_control_port_serves_control_only),
    IN_SPINE(control_is_in_real_time_and_in_no_journal),
    IN_SPINE(a_browser_that_opens_an_address_is_led_to_its_traffic),
    IN_SPINE(what_a_browser_asks_by_itself_is_in_no_journal),
    IN_SPINE(pages_need_no_token_and_what_they_ask_does),
    IN_SPINE(a_page_names_its_parts_from_where_it_lies),
    IN_SPINE(starved_requests_answer_500_and_never_crash),
    IN_SPINE(starved_pages_answer_500_and_never_crash),
    IN_SPINE(starved_writes_answer_500_and_never_crash),
    IN_SPINE(starved_control_calls_answer_500_and_never_crash),
    IN_SPINE(json_that_there_is_no_memory_for_is_no_fault_of_the_client),
    IN_SPINE(a_500_of_ours_has_the_cause_internal_in_the_journal),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
