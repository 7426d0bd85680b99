/* router_address.c: what a client takes for our address, and which sandbox a request means. */
#include "unit/spine.h"

/* ---- addresses ---- */

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

static const struct CMUnitTest tests[] = {
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
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
