#include "unit/endpoints/token_call.h"

#include "base/crypto.h"
#include "oauth/client_auth.h"

#define REFRESH "refresh_token"

struct attempt {
    const char *form;  /* NULL: an empty one */
    const char *basic; /* "id:secret", put into the header as base64; NULL: no header */
    const char *grant; /* NULL: client_credentials */
};

static void attempt(struct call *call, struct attempt a)
{
    struct im_client_claim claim;
    struct im_client client;
    next_call(call, "POST", IM_PLACE_TOKEN);
    call->req.body = im_str(a.form);
    if (a.basic) {
        struct im_str code = im_base64(&call->arena, a.basic, strlen(a.basic));
        struct im_str value = im_arena_format(&call->arena, "Basic %.*s", IM_ARG(code));
        header(call, "Authorization", value.at);
    }
    call->cause = im_client_claim_read(&call->req, &claim);
    if (!call->cause)
        call->cause =
            im_client_check(call->authority, &call->req, &claim,
                            im_str(a.grant ? a.grant : "client_credentials"), &client);
    assert_false(contains(call->exchange.evidence, "demo-secret"));
}

static void sent(struct call *call, const char *form)
{
    attempt(call, (struct attempt){.form = form});
}

static void wrong(struct call *call, const char *secret, const char *hint)
{
    char form[200];
    snprintf(form, sizeof form, "client_id=demo&client_secret=%s", secret);
    sent(call, form);
    refused(call, CAUSE_CLIENT_SECRET_WRONG);
    evidence_says(call, hint);
}

static void body_works(void **state)
{
    struct call *call = *state;
    sent(call, "client_id=demo&client_secret=demo-secret");
    refused(call, CAUSE_NONE);
    assert_true(im_str_is(call->exchange.client_id, "demo"));
}

static void basic_works(void **state)
{
    struct call *call = *state;
    attempt(call, (struct attempt){.basic = "demo:demo-secret"});
    refused(call, CAUSE_NONE);
    attempt(call, (struct attempt){.basic = "demo:demo%2Dsecret"});
    refused(call, CAUSE_NONE);
    attempt(call,
            (struct attempt){.basic = "demo:demo-secret", .form = "client_id=demo"});
    refused(call, CAUSE_NONE);
    assert_int_equal(call->exchange.note_count, 0);
}

static void unencoded_basic_works(void **state)
{
    struct call *call = *state;
    world(call, "{\"clients\":[{\"id\":\"odd\",\"secret\":\"a+b%41\"}]}");
    attempt(call, (struct attempt){.basic = "odd:a+b%41"});
    refused(call, CAUSE_NONE);
    attempt(call, (struct attempt){.basic = "odd:a%2Bb%2541"});
    refused(call, CAUSE_NONE);
}

static void unreadable_basic_is_refused(void **state)
{
    struct call *call = *state;
    attempt(call, (struct attempt){.basic = "demo"});
    refused(call, CAUSE_CLIENT_AUTH_MISSING);
    evidence_says(call, "no ':'");
    attempt(call, (struct attempt){.basic = ":demo-secret"});
    refused(call, CAUSE_CLIENT_ID_MISSING);
    attempt(call, (struct attempt){.basic = "demo:"});
    refused(call, CAUSE_CLIENT_SECRET_MISSING);
}

static void basic_is_refused_on_refresh(void **state)
{
    struct call *call = *state;
    attempt(call, (struct attempt){.basic = "demo:demo-secret", .grant = REFRESH});
    refused(call, CAUSE_CLIENT_AUTH_IN_HEADER_ON_REFRESH);
    set_policy(call, "{\"basic_auth\":\"everywhere\"}");
    attempt(call, (struct attempt){.basic = "demo:demo-secret", .grant = REFRESH});
    refused(call, CAUSE_NONE);
    set_policy(call, "{\"basic_auth\":\"never\"}");
    attempt(call, (struct attempt){.basic = "demo:demo-secret"});
    refused(call, CAUSE_CLIENT_AUTH_METHOD_REFUSED);
}

static void both_must_agree(void **state)
{
    struct call *call = *state;
    const char *same = "client_id=demo&client_secret=demo-secret";
    attempt(call, (struct attempt){.basic = "demo:demo-secret", .form = same});
    refused(call, CAUSE_NONE);
    assert_true(noted(call, CAUSE_CLIENT_AUTH_REPEATED));
    attempt(call, (struct attempt){.basic = "demo:x", .form = same});
    refused(call, CAUSE_CLIENT_AUTH_REPEATED);
    attempt(call, (struct attempt){.basic = "other:demo-secret", .form = same});
    refused(call, CAUSE_CLIENT_AUTH_REPEATED);
    attempt(call, (struct attempt){
                      .basic = "demo:demo-secret", .form = same, .grant = REFRESH});
    refused(call, CAUSE_NONE);
}

static void repetition_is_refused(void **state)
{
    struct call *call = *state;
    sent(call, "client_id=demo&client_id=demo&client_secret=demo-secret");
    refused(call, CAUSE_CLIENT_ID_REPEATED);
    sent(call, "client_id=demo&client_secret=demo-secret&client_secret=demo-secret");
    refused(call, CAUSE_PARAMETER_REPEATED);
}

static void two_headers_are_refused(void **state)
{
    struct call *call = *state;
    struct im_client_claim claim;
    next_call(call, "POST", IM_PLACE_TOKEN);
    header(call, "Authorization", BASIC);
    header(call, "authorization", BASIC);
    call->cause = im_client_claim_read(&call->req, &claim);
    refused(call, CAUSE_AUTHORIZATION_REPEATED);
}

static void assertion_is_refused_by_name(void **state)
{
    struct call *call = *state;
    sent(call, "client_id=demo&client_assertion=x&client_assertion_type=y");
    refused(call, CAUSE_CLIENT_AUTH_METHOD_REFUSED);
    evidence_says(call, "private_key_jwt");
}

static void missing_parts_are_told(void **state)
{
    struct call *call = *state;
    sent(call, "client_secret=demo-secret");
    refused(call, CAUSE_CLIENT_ID_MISSING);
    sent(call, "clientId=demo&client_secret=demo-secret");
    refused(call, CAUSE_PARAMETER_MISSPELLED);
    assert_int_equal(call->exchange.worded_as, CAUSE_CLIENT_ID_MISSING);
    sent(call, "client_id=demo");
    refused(call, CAUSE_CLIENT_SECRET_MISSING);
    sent(call, "client_id=demo&client+secret=demo-secret");
    refused(call, CAUSE_PARAMETER_MISSPELLED);
    assert_int_equal(call->exchange.worded_as, CAUSE_CLIENT_SECRET_MISSING);
}

static void unknown_client_is_told(void **state)
{
    struct call *call = *state;
    sent(call, "client_id=nobody&client_secret=x");
    refused(call, CAUSE_CLIENT_UNKNOWN);
    evidence_says(call, "\"nobody\"");
    sent(call, "client_id=demo%0A&client_secret=demo-secret");
    refused(call, CAUSE_CLIENT_UNKNOWN);
    evidence_says(call, "white space at an end");
    sent(call, "client_id=your_client_id_here&client_secret=x");
    evidence_says(call, "placeholder");
}

static void swapped_credentials_are_not_printed(void **state)
{
    struct call *call = *state;
    sent(call, "client_id=demo-secret&client_secret=demo");
    refused(call, CAUSE_CLIENT_UNKNOWN);
    evidence_says(call, "swapped");
    assert_int_equal(call->exchange.client_id.len, 0);
}

static void sandbox_suffix_is_cut(void **state)
{
    struct call *call = *state;
    sent(call, "client_id=demo~happy-path.test-42&client_secret=demo-secret");
    refused(call, CAUSE_NONE);
    assert_true(im_str_is(call->exchange.client_id, "demo"));
}

static void padding_is_named(void **state)
{
    struct call *call = *state;
    sent(call, "client_id=demo&client_secret=demo-secret%0A");
    refused(call, CAUSE_CLIENT_SECRET_PADDED);
    evidence_says(call, "a newline at the end");
    sent(call, "client_id=demo&client_secret=+demo-secret");
    evidence_says(call, "a space at the beginning");
    sent(call, "client_id=demo&client_secret=+demo-secret+");
    evidence_says(call, "at both ends");
}

static void rotated_secret_is_named(void **state)
{
    struct call *call = *state;
    change(call, IM_CHANGE_CLIENT_SECRET,
           (struct im_change_target){.client = IM_STR("demo"), .value = IM_STR("new")});
    sent(call, "client_id=demo&client_secret=demo-secret");
    refused(call, CAUSE_CLIENT_SECRET_ROTATED);
    evidence_says(call, "1 newer since");
    sent(call, "client_id=demo&client_secret=new");
    refused(call, CAUSE_NONE);
}

static void wrong_secret_is_explained(void **state)
{
    struct call *call = *state;
    world(call, "{\"clients\":[{\"id\":\"demo\",\"secret\":\"Dem+o\"}]}");
    wrong(call, "hush", "hmac:");
    assert_false(contains(call->exchange.evidence, "hush"));
    wrong(call, "dem%2Bo", "only in case");
    wrong(call, "Dem+o", "arrived as a space");
    wrong(call, "%22Dem%2Bo%22", "quotation marks");
    wrong(call, "Dem%252Bo", "once too often");
    wrong(call, "demo", "the client's id");
    wrong(call, "your_client_secret_here", "placeholder");
}

static void inactive_client_is_refused_first(void **state)
{
    struct call *call = *state;
    change(call, IM_CHANGE_DEACTIVATE_CLIENT,
           (struct im_change_target){.client = IM_STR("demo")});
    sent(call, "client_id=demo&client_secret=wrong");
    refused(call, CAUSE_CLIENT_INACTIVE);
}

static void public_client_needs_no_secret(void **state)
{
    struct call *call = *state;
    sent(call, "client_id=demo-public");
    refused(call, CAUSE_NONE);
    sent(call, "client_id=demo-public&client_secret=x");
    refused(call, CAUSE_NONE);
    note_says(call, CAUSE_CLIENT_SECRET_WRONG, "is public");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("id and secret in the body are taken", body_works),
        TEST("HTTP Basic is taken, alone or with the same client_id in the body",
             basic_works),
        TEST("HTTP Basic is taken percent-encoded, as the RFC says, and as it is",
             unencoded_basic_works),
        TEST("Basic credentials that cannot be read are refused",
             unreadable_basic_is_refused),
        TEST("where HTTP Basic works is policy; by default not on refresh",
             basic_is_refused_on_refresh),
        TEST("header and body may both authenticate if they agree", both_must_agree),
        TEST("a repeated client_id or client_secret is refused", repetition_is_refused),
        TEST("two Authorization headers are refused", two_headers_are_refused),
        TEST("private_key_jwt is refused by name", assertion_is_refused_by_name),
        TEST("a missing or misspelled part is told by name", missing_parts_are_told),
        TEST("an unknown client is told, with what may be behind it",
             unknown_client_is_told),
        TEST("swapped id and secret are told without printing the secret",
             swapped_credentials_are_not_printed),
        TEST("what follows '~' in a client id names a sandbox, not the client",
             sandbox_suffix_is_cut),
        TEST("white space around the right secret is named", padding_is_named),
        TEST("yesterday's secret is named", rotated_secret_is_named),
        TEST("a wrong secret is explained by fingerprints and a guess",
             wrong_secret_is_explained),
        TEST("an inactive client is refused before its secret is looked at",
             inactive_client_is_refused_first),
        TEST("a public client needs no secret, and one that it sends is noted",
             public_client_needs_no_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
