#include "unit/endpoints/call.h"

#include "endpoints/authorize_page.h"

#define CALLBACK "http://127.0.0.1:5000/callback"
#define CLIENT   "client_id=demo&redirect_uri=" CALLBACK
#define SOUND    CLIENT "&response_type=code&state=s1"
/* RFC 7636 appendix B */
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

static void get(struct call *call, const char *query)
{
    next_call(call, "GET", IM_PLACE_TOKEN);
    call->req.query = im_arena_copy(&call->arena, im_str(query));
    make_call(call, im_endpoint_authorize);
}

static void post(struct call *call, const char *form)
{
    next_call(call, "POST", IM_PLACE_TOKEN);
    header(call, "Content-Type", "application/x-www-form-urlencoded");
    call->req.body = im_arena_copy(&call->arena, im_str(form));
    make_call(call, im_endpoint_authorize);
}

static void sign_in(struct call *call, const char *company, const char *user,
                    const char *password)
{
    char form[1000];
    snprintf(form, sizeof form, SOUND "&company_id=%s&user_id=%s&password=%s", company,
             user, password);
    post(call, form);
}

/* What a browser does after the right password: it was posted, and is answered by a redirect. */
static void follow(struct call *call)
{
    char query[2000];
    struct im_str to = im_response_get_header(&call->res, "Location");
    answered(call, 303);
    assert_true(im_str_starts(to, "?"));
    snprintf(query, sizeof query, "%.*s", IM_ARG(im_str_slice(to, 1, to.len)));
    get(call, query);
}

/* The ticket in the hidden input of the consent page, kept beyond the call. */
static void read_ticket(struct call *call, char ticket[1000])
{
    if (call->res.status == 303)
        follow(call);
    static const char mark[] = "name=\"ticket\" value=\"";
    struct im_str page = body(call);
    size_t at = 0;
    while (at < page.len && !im_str_starts(im_str_slice(page, at, page.len), mark))
        at++;
    struct im_str value = im_str_slice(page, at + sizeof mark - 1, page.len);
    value = im_str_slice(value, 0, im_str_find(value, '"'));
    assert_true(value.len > 20);
    snprintf(ticket, 1000, "%.*s", IM_ARG(value));
}

static void decide(struct call *call, const char *ticket, const char *decision)
{
    char form[2000];
    snprintf(form, sizeof form, SOUND "&ticket=%s&decision=%s", ticket, decision);
    post(call, form);
}

static struct im_str location(const struct call *call)
{
    return im_response_get_header(&call->res, "Location");
}

/* ---- the request ---- */

static void client_must_be_known(void **state)
{
    struct call *call = *state;
    get(call, "response_type=code&redirect_uri=" CALLBACK);
    refused(call, CAUSE_AUTHORIZE_CLIENT_UNKNOWN);
    get(call, "client_id=nobody&response_type=code&redirect_uri=" CALLBACK);
    refused(call, CAUSE_AUTHORIZE_CLIENT_UNKNOWN);
    evidence_says(call, "\"nobody\"");
    get(call, "client_id=demo%20&response_type=code&redirect_uri=" CALLBACK);
    evidence_says(call, "white space at an end");
    word_refusal(call);
    assert_int_equal(location(call).len, 0);
    says(body(call), "<h1>");
}

static void client_id_may_name_a_sandbox(void **state)
{
    struct call *call = *state;
    get(call, "client_id=demo~happy-path.7&response_type=code&redirect_uri=" CALLBACK);
    answered(call, 200);
    assert_true(im_str_is(call->exchange.client_id, "demo"));
}

static void misspelled_client_id_is_named(void **state)
{
    struct call *call = *state;
    get(call, "clientId=demo&response_type=code&redirect_uri=" CALLBACK);
    refused(call, CAUSE_PARAMETER_MISSPELLED);
    assert_int_equal(call->exchange.worded_as, CAUSE_AUTHORIZE_CLIENT_UNKNOWN);
}

static void redirect_uri_must_be_registered(void **state)
{
    struct call *call = *state;
    static const char *const wrong[] = {
        "https://app.example/callback/",
        "http://app.example/callback",
        "https://evil.example/callback",
        "http://127.0.0.1:5000/callback/x",
        "http://127.0.0.1:@evil.example/callback",
        "http://127.0.0.1:80@evil.example/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://localhost:/callback",
    };
    char query[500];
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snprintf(query, sizeof query, "client_id=demo&response_type=code&redirect_uri=%s",
                 wrong[i]);
        get(call, query);
        refused(call, CAUSE_REDIRECT_URI_UNREGISTERED);
        assert_int_equal(call->exchange.redirect_uri.len, 0);
    }
    get(call, "client_id=demo&response_type=code");
    refused(call, CAUSE_REDIRECT_URI_MISSING);
}

static void loopback_matches_any_port(void **state)
{
    struct call *call = *state;
    static const char *const right[] = {
        "http://127.0.0.1/callback",       "http://localhost:65535/callback",
        "https://localhost/callback",      "https://127.0.0.1/callback",
        "https://127.0.0.1:8899/callback", "https://app.example/callback"};
    char query[500];
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        snprintf(query, sizeof query, "client_id=demo&response_type=code&redirect_uri=%s",
                 right[i]);
        get(call, query);
        answered(call, 200);
    }
}

static void later_refusals_may_redirect(void **state)
{
    struct call *call = *state;
    get(call, CLIENT "&state=s1&response_type=token");
    refused(call, CAUSE_RESPONSE_TYPE_UNSUPPORTED);
    assert_true(im_str_is(call->exchange.redirect_uri, "http://127.0.0.1:5000/callback"));
    assert_true(im_str_is(call->exchange.state, "s1"));
    get(call, CLIENT);
    refused(call, CAUSE_RESPONSE_TYPE_UNSUPPORTED);
    get(call, SOUND "&state=s2");
    refused(call, CAUSE_PARAMETER_REPEATED);
}

static void client_id_stands_once(void **state)
{
    struct call *call = *state;
    get(call, SOUND "&client_id=demo");
    refused(call, CAUSE_PARAMETER_REPEATED);
    assert_int_equal(call->exchange.redirect_uri.len, 0);
}

static void scopes_are_checked(void **state)
{
    struct call *call = *state;
    get(call, SOUND "&scope=offline_access+nonsense");
    refused(call, CAUSE_SCOPE_UNKNOWN);
    world(call, "{\"clients\":[{\"id\":\"demo\",\"scopes\":[\"openid\"]}]}");
    get(call, SOUND "&scope=offline_access");
    refused(call, CAUSE_SCOPE_DENIED);
}

static void client_must_be_fit(void **state)
{
    struct call *call = *state;
    world(call, "{\"clients\":[{\"id\":\"demo\",\"grants\":[\"client_credentials\"]}]}");
    get(call, SOUND);
    refused(call, CAUSE_CLIENT_GRANT_NOT_ALLOWED);
    change(call, IM_CHANGE_DEACTIVATE_CLIENT,
           (struct im_change_target){.client = IM_STR("demo")});
    get(call, SOUND);
    refused(call, CAUSE_CLIENT_INACTIVE);
}

static void pkce_methods(void **state)
{
    struct call *call = *state;
    get(call, SOUND "&code_challenge=" CHALLENGE "&code_challenge_method=S256");
    answered(call, 200);
    get(call, SOUND "&code_challenge=" CHALLENGE);
    refused(call, CAUSE_PKCE_METHOD_UNSUPPORTED);
    evidence_says(call, "means plain");
    get(call, SOUND "&code_challenge=" CHALLENGE "&code_challenge_method=S512");
    refused(call, CAUSE_PKCE_METHOD_UNSUPPORTED);
    get(call, SOUND "&code_challenge=short&code_challenge_method=S256");
    refused(call, CAUSE_PKCE_CHALLENGE_INVALID);
}

static void pkce_plain_is_a_switch(void **state)
{
    struct call *call = *state;
    struct im_policy policy = im_authority_policy(call->authority);
    policy.pkce_plain = true;
    im_authority_set_policy(call->authority, &policy);
    get(call, SOUND "&code_challenge=" CHALLENGE "&code_challenge_method=plain");
    answered(call, 200);
}

static void public_client_needs_pkce(void **state)
{
    struct call *call = *state;
    get(call, "client_id=demo-public&response_type=code&redirect_uri=" CALLBACK);
    refused(call, CAUSE_PKCE_CHALLENGE_INVALID);
    evidence_says(call, "no code_challenge");
}

static void missing_state_is_noted(void **state)
{
    struct call *call = *state;
    get(call, CLIENT "&response_type=code");
    answered(call, 200);
    assert_true(noted(call, CAUSE_STATE_MISSING));
    get(call, SOUND);
    assert_false(noted(call, CAUSE_STATE_MISSING));
}

/* ---- a person ---- */

static void sign_in_page_carries_the_request(void **state)
{
    struct call *call = *state;
    get(call, SOUND "&scope=openid");
    answered(call, 200);
    says(body(call), "<label for=\"password\">");
    says(body(call), "autocomplete=\"current-password\"");
    says(body(call), "name=\"redirect_uri\" value=\"http://127.0.0.1:5000/callback\"");
    says(body(call), "name=\"scope\" value=\"openid\"");
    assert_false(contains(body(call), "role=\"alert\""));
}

static void the_application_is_called_by_its_name(void **state)
{
    struct call *call = *state;
    get(call, SOUND);
    says(body(call), "<strong>Demo application</strong> (<code>demo</code>)");
    says(body(call), "name=\"company_id\"");
    says(body(call), "autofocus");
}

/* A person in the place of a password; only people are offered. */
static void a_click_signs_in(void **state)
{
    struct call *call = *state;
    get(call, SOUND);
    says(body(call), "name=\"person\" value=\"jdoe@acme\"");
    assert_false(contains(body(call), "value=\"ws_user@acme\""));
    post(call, SOUND "&person=jdoe%40acme");
    follow(call);
    answered(call, 200);
    says(body(call), "Jane Doe");
    post(call, SOUND "&person=nobody%40acme");
    refused(call, CAUSE_USER_UNKNOWN);
}

static void post_is_as_good_as_get(void **state)
{
    struct call *call = *state;
    post(call, SOUND);
    answered(call, 200);
    says(body(call), "Sign in");
    next_call(call, "POST", IM_PLACE_TOKEN);
    header(call, "Content-Type", "application/json");
    call->req.body = IM_STR("{}");
    make_call(call, im_endpoint_authorize);
    refused(call, CAUSE_CONTENT_TYPE_UNSUPPORTED);
}

static void nothing_is_markup(void **state)
{
    struct call *call = *state;
    get(call, SOUND "&%22%3E%3Cscript%3E=%3Cscript%3E&state2='%22%3E%3Cb%3E");
    answered(call, 200);
    assert_false(contains(body(call), "<script>"));
    assert_false(contains(body(call), "'\"><b>"));
    post(call, SOUND "&company_id=%22%3E%3Cscript%3E&user_id=%3Cscript%3E&password=x");
    refused(call, CAUSE_COMPANY_UNKNOWN);
    assert_false(contains(body(call), "<script>"));
}

static void sign_in_errors_show_the_form_again(void **state)
{
    struct call *call = *state;
    static const struct {
        const char *company, *user, *password;
        enum im_cause cause;
    } tries[] = {
        {"acmee", "jdoe", "secret", CAUSE_COMPANY_UNKNOWN},
        {"acme", "jodo", "secret", CAUSE_USER_UNKNOWN},
        {"acme", "JDoe", "secret", CAUSE_USER_WRONG_CASE},
        {"acme", "jdoe", "Secret", CAUSE_PASSWORD_WRONG},
        {"acme", "jdoe", "", CAUSE_PASSWORD_WRONG},
    };
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        sign_in(call, tries[i].company, tries[i].user, tries[i].password);
        refused(call, tries[i].cause);
        assert_true(call->exchange.page_ready);
        assert_in_range(call->res.status, 400, 499);
        says(body(call), "role=\"alert\"");
        says(body(call), "aria-invalid=\"true\"");
        word_refusal(call);
        says(body(call), "name=\"state\" value=\"s1\"");
    }
}

static void password_is_never_shown(void **state)
{
    struct call *call = *state;
    sign_in(call, "acme", "jdoe", "hunter2");
    assert_false(contains(body(call), "hunter2"));
    assert_false(contains(call->exchange.evidence, "hunter2"));
    sign_in(call, "acme", "jdoe", "secret+");
    refused(call, CAUSE_PASSWORD_WRONG);
    evidence_says(call, "white space");
}

static void change_person(struct call *call, enum im_change what, const char *user)
{
    change(call, what,
           (struct im_change_target){.company = IM_STR("acme"), .user = im_str(user)});
}

static void unfit_users_cannot_sign_in(void **state)
{
    struct call *call = *state;
    change_person(call, IM_CHANGE_EXPIRE_PASSWORD, "jdoe");
    sign_in(call, "acme", "jdoe", "secret");
    refused(call, CAUSE_PASSWORD_EXPIRED);
    change_person(call, IM_CHANGE_LOCK_USER, "jdoe");
    sign_in(call, "acme", "jdoe", "secret");
    refused(call, CAUSE_USER_LOCKED);
    change_person(call, IM_CHANGE_DEACTIVATE_USER, "jdoe");
    sign_in(call, "acme", "jdoe", "secret");
    refused(call, CAUSE_USER_INACTIVE);
    change_person(call, IM_CHANGE_DEACTIVATE_COMPANY, "");
    sign_in(call, "acme", "jdoe", "secret");
    refused(call, CAUSE_COMPANY_INACTIVE);
}

static void consent_page_tells_who_and_what(void **state)
{
    struct call *call = *state;
    sign_in(call, "acme", "jdoe", "secret&scope=offline_access");
    follow(call);
    answered(call, 200);
    says(body(call), "Jane Doe");
    says(body(call), "Acme Inc.");
    says(body(call), "Stay connected");
    says(body(call), ">Accept</button>");
    says(body(call), ">Deny</button>");
    assert_true(im_str_is(call->exchange.user, "jdoe@acme"));
}

static void accepting_gives_a_code(void **state)
{
    struct call *call = *state;
    char ticket[1000];
    sign_in(call, "acme", "jdoe", "secret");
    read_ticket(call, ticket);
    decide(call, ticket, "accept");
    answered(call, 303);
    assert_true(im_str_starts(location(call), "http://127.0.0.1:5000/callback?code=eyJ"));
    says(location(call), "&state=s1");
    says(call->exchange.issued, "hmac:");
}

static void denying_is_told_to_the_client(void **state)
{
    struct call *call = *state;
    char ticket[1000];
    sign_in(call, "acme", "jdoe", "secret");
    read_ticket(call, ticket);
    decide(call, ticket, "deny");
    refused(call, CAUSE_CONSENT_DENIED);
    word_refusal(call);
    assert_int_equal(call->res.status, 303);
    says(location(call), "http://127.0.0.1:5000/callback?error=access_denied&");
    assert_true(im_str_ends(location(call), "&state=s1"));
}

static void ticket_runs_out(void **state)
{
    struct call *call = *state;
    char ticket[1000];
    sign_in(call, "acme", "jdoe", "secret");
    read_ticket(call, ticket);
    im_clock_advance(&call->authority->clock, 10 * 60 * 1000);
    decide(call, ticket, "accept");
    refused(call, CAUSE_SESSION_EXPIRED);
    assert_true(call->exchange.page_ready);
    says(body(call), "Please sign in again");
}

static void ticket_cannot_be_forged(void **state)
{
    struct call *call = *state;
    char ticket[1000], form[2000];
    sign_in(call, "acme", "jdoe", "secret");
    read_ticket(call, ticket);
    snprintf(form, sizeof form,
             "client_id=demo-public&response_type=code&redirect_uri=" CALLBACK
             "&code_challenge=" CHALLENGE "&code_challenge_method=S256&ticket=%s"
             "&decision=accept",
             ticket);
    post(call, form);
    refused(call, CAUSE_REQUEST_MALFORMED);
    ticket[10] = ticket[10] == 'A' ? 'B' : 'A';
    decide(call, ticket, "accept");
    refused(call, CAUSE_REQUEST_MALFORMED);
    decide(call, "x", "accept");
    refused(call, CAUSE_REQUEST_MALFORMED);
}

static void a_ticket_is_for_one_request(void **state)
{
    static const char *const others[] = {
        "client_id=demo&response_type=code&redirect_uri=" CALLBACK "&scope=openid",
        "client_id=demo&response_type=code&redirect_uri=https://app.example/callback",
        "client_id=demo&response_type=code&redirect_uri=" CALLBACK "&state=other",
    };
    struct call *call = *state;
    char ticket[1000], form[2000];
    sign_in(call, "acme", "jdoe", "secret");
    read_ticket(call, ticket);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        snprintf(form, sizeof form, "%s&ticket=%s&decision=accept", others[i], ticket);
        post(call, form);
        refused(call, CAUSE_REQUEST_MALFORMED);
    }
    decide(call, ticket, "accept");
    answered(call, 303);
}

static void a_ticket_counts_once(void **state)
{
    struct call *call = *state;
    char ticket[1000];
    sign_in(call, "acme", "jdoe", "secret");
    read_ticket(call, ticket);
    get(call, SOUND "&decision=accept&ticket=none");
    refused(call, CAUSE_REQUEST_MALFORMED);
    decide(call, ticket, "accept");
    answered(call, 303);
    decide(call, ticket, "accept");
    refused(call, CAUSE_REQUEST_MALFORMED);
    decide(call, ticket, "deny");
    refused(call, CAUSE_REQUEST_MALFORMED);
}

static void user_locked_meanwhile(void **state)
{
    struct call *call = *state;
    char ticket[1000];
    sign_in(call, "acme", "jdoe", "secret");
    read_ticket(call, ticket);
    change_person(call, IM_CHANGE_LOCK_USER, "jdoe");
    decide(call, ticket, "accept");
    refused(call, CAUSE_USER_LOCKED);
}

/* ---- the company's word ---- */

static void withdraw_client(struct call *call)
{
    change(
        call, IM_CHANGE_WITHDRAW_CLIENT,
        (struct im_change_target){.company = IM_STR("acme"), .client = IM_STR("demo")});
}

static void company_must_have_authorized(void **state)
{
    struct call *call = *state;
    withdraw_client(call);
    sign_in(call, "acme", "jdoe", "secret");
    refused(call, CAUSE_APP_NOT_AUTHORIZED_BY_ADMIN);
    assert_false(call->exchange.page_ready);
}

static void administrator_authorizes(void **state)
{
    struct call *call = *state;
    char ticket[1000];
    withdraw_client(call);
    sign_in(call, "acme", "admin", "secret");
    read_ticket(call, ticket);
    says(body(call), "You are an administrator");
    decide(call, ticket, "accept");
    answered(call, 303);
    sign_in(call, "acme", "jdoe", "secret");
    answered(call, 303);
}

static void sender_must_be_authorized(void **state)
{
    struct call *call = *state;
    change(
        call, IM_CHANGE_WITHDRAW_SENDER,
        (struct im_change_target){.company = IM_STR("acme"), .client = IM_STR("demo")});
    get(call, SOUND "&mock_user=jdoe@acme");
    refused(call, CAUSE_SENDER_NOT_AUTHORIZED);
}

static void environment_must_match(void **state)
{
    struct call *call = *state;
    get(call, "client_id=demo-sandbox&response_type=code&state=s1&redirect_uri=" CALLBACK
              "&mock_user=jdoe@acme");
    refused(call, CAUSE_CLIENT_WRONG_ENVIRONMENT);
}

static void web_services_must_be_on(void **state)
{
    struct call *call = *state;
    change_person(call, IM_CHANGE_WEB_SERVICES_OFF, "");
    get(call, SOUND "&mock_user=jdoe@acme");
    refused(call, CAUSE_WEB_SERVICES_OFF);
}

/* ---- a machine ---- */

static void mock_user_answers_at_once(void **state)
{
    struct call *call = *state;
    get(call, SOUND "&mock_user=jdoe@acme");
    answered(call, 302);
    says(location(call), "?code=eyJ");
}

static void code_can_be_redeemed(void **state)
{
    struct call *call = *state;
    get(call, SOUND "&scope=offline_access&mock_user=jdoe@acme&code_challenge=" CHALLENGE
                    "&code_challenge_method=S256");
    answered(call, 302);
    struct im_str code = location(call);
    (void)im_str_cut(&code, '=');
    struct im_code_claim claim = {
        .code = im_str_cut(&code, '&'),
        .client_id = IM_STR("demo"),
        .redirect_uri = IM_STR("http://127.0.0.1:5000/callback"),
        .verifier = IM_STR("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
        .verifier_given = true,
    };
    struct im_token token;
    assert_int_equal(
        im_authority_redeem_code(call->authority, &call->req, &claim, &token),
        CAUSE_NONE);
    assert_true(im_str_is(token.user, "jdoe"));
    assert_true(im_str_is(token.scopes, "offline_access"));
}

static void mock_user_must_be_able_to_sign_in(void **state)
{
    struct call *call = *state;
    get(call, SOUND "&mock_user=jodo@acme");
    refused(call, CAUSE_USER_UNKNOWN);
    assert_false(call->exchange.page_ready);
    get(call, SOUND "&mock_user=jdoe");
    refused(call, CAUSE_USERNAME_WITHOUT_COMPANY);
    change_person(call, IM_CHANGE_EXPIRE_PASSWORD, "jdoe");
    get(call, SOUND "&mock_user=jdoe@acme");
    refused(call, CAUSE_PASSWORD_EXPIRED);
}

static void machines_can_deny(void **state)
{
    struct call *call = *state;
    get(call, SOUND "&mock_consent=deny");
    refused(call, CAUSE_CONSENT_DENIED);
    get(call, SOUND "&mock_consent=deny&mock_user=jdoe@acme");
    refused(call, CAUSE_CONSENT_DENIED);
    evidence_says(call, "jdoe@acme denied");
}

static void query_of_the_redirect_uri_is_kept(void **state)
{
    struct call *call = *state;
    world(call, "{\"clients\":[{\"id\":\"demo\",\"redirect_uris\":"
                "[\"https://app.example/cb?tenant=7\"]}]}");
    get(call, "client_id=demo&response_type=code&state=a%20%26b&mock_user=jdoe@acme"
              "&redirect_uri=https%3A%2F%2Fapp.example%2Fcb%3Ftenant%3D7");
    answered(call, 302);
    assert_true(
        im_str_starts(location(call), "https://app.example/cb?tenant=7&code=eyJ"));
    assert_true(im_str_ends(location(call), "&state=a%20%26b"));
}

static void article_dialect_works_alike(void **state)
{
    struct call *call = *state;
    next_call(call, "GET", IM_PLACE_ARTICLE);
    call->req.query = IM_STR(SOUND "&scope=Vendor:read&mock_user=jdoe@acme");
    make_call(call, im_endpoint_authorize);
    answered(call, 302);
    next_call(call, "GET", IM_PLACE_ARTICLE);
    call->req.query = IM_STR(SOUND "&scope=offline_access");
    make_call(call, im_endpoint_authorize);
    refused(call, CAUSE_SCOPE_UNKNOWN);
}

static const struct CMUnitTest tests[] = {
    TEST("a client that is not known gets a page, never a redirect",
         client_must_be_known),
    TEST("the client id may carry a sandbox", client_id_may_name_a_sandbox),
    TEST("a misspelled client_id is named", misspelled_client_id_is_named),
    TEST("a redirect URI that is not registered gets a page, never a redirect",
         redirect_uri_must_be_registered),
    TEST("a loopback redirect URI matches whatever its port", loopback_matches_any_port),
    TEST("once client and redirect URI are sound, refusals may redirect",
         later_refusals_may_redirect),
    TEST("a repeated client_id gets a page", client_id_stands_once),
    TEST("scopes must be known and the client's", scopes_are_checked),
    TEST("the client must be active and may use codes", client_must_be_fit),
    TEST("S256 is the method of PKCE", pkce_methods),
    TEST("plain PKCE is a switch of policy", pkce_plain_is_a_switch),
    TEST("a public client must use PKCE", public_client_needs_pkce),
    TEST("a missing state is noted", missing_state_is_noted),
    TEST("the sign-in page carries the request on", sign_in_page_carries_the_request),
    TEST("it names the application", the_application_is_called_by_its_name),
    TEST("it offers people to click, which signs in", a_click_signs_in),
    TEST("the request may come by POST, as a form", post_is_as_good_as_get),
    TEST("nothing that was sent becomes markup", nothing_is_markup),
    TEST("a failed sign-in shows the form again and says why",
         sign_in_errors_show_the_form_again),
    TEST("a password is neither shown nor told", password_is_never_shown),
    TEST("inactive, locked and expired users cannot sign in", unfit_users_cannot_sign_in),
    TEST("the consent page tells who asks whom for what",
         consent_page_tells_who_and_what),
    TEST("accepting sends a code to the client", accepting_gives_a_code),
    TEST("denying is told to the client", denying_is_told_to_the_client),
    TEST("the consent page holds for ten minutes", ticket_runs_out),
    TEST("a ticket cannot be forged or used for another client", ticket_cannot_be_forged),
    TEST("a ticket is bound to the request it was given for",
         a_ticket_is_for_one_request),
    TEST("a ticket counts once, whatever was decided", a_ticket_counts_once),
    TEST("a user locked before consenting is stopped", user_locked_meanwhile),
    TEST("the company must have authorized the client", company_must_have_authorized),
    TEST("an administrator's consent authorizes the client", administrator_authorizes),
    TEST("the company must have authorized the client's sender id",
         sender_must_be_authorized),
    TEST("a non-production key does not open a production company",
         environment_must_match),
    TEST("the company must have Web Services", web_services_must_be_on),
    TEST("mock_user answers at once", mock_user_answers_at_once),
    TEST("the code can be redeemed with its verifier", code_can_be_redeemed),
    TEST("mock_user must be able to sign in", mock_user_must_be_able_to_sign_in),
    TEST("mock_consent=deny denies", machines_can_deny),
    TEST("the redirect URI's own query is kept and values are encoded",
         query_of_the_redirect_uri_is_kept),
    TEST("the article's dialect works alike, with its own scopes",
         article_dialect_works_alike),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
