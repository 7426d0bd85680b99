#include "unit/endpoints/token_call.h"

#include "grants/grant.h"

#define JSON_BODY                                                                        \
    "{\"grant_type\":\"client_credentials\",\"client_id\":\"demo\","                     \
    "\"client_secret\":\"demo-secret\",\"username\":\"ws_user@acme\"}"

static void send_typed(struct call *call, const char *type, const char *body)
{
    prepare(call, IM_PLACE_TOKEN, type, body);
    make_call(call, im_endpoint_token);
}

/* ---- the answer ---- */

static void rest_answer_is_the_recorded_one(void **state)
{
    static const char *const names[] = {"token_type", "access_token", "refresh_token",
                                        "expires_in"};
    struct call *call = *state;
    post(call, CC DEMO USER);
    answered(call, 200);
    const struct im_json *object = member(call, ""), *item = object->first;
    assert_int_equal(object->count, 4);
    for (size_t i = 0; i < 4; i++, item = item->next)
        assert_true(im_str_is(item->name, names[i]));
    is_text(call, "token_type", "Bearer");
    is_whole(call, "expires_in", 43200);
    says(im_response_get_header(&call->res, "Content-Type"), "application/json");
}

static void answer_is_never_cached(void **state)
{
    struct call *call = *state;
    post(call, CC DEMO USER);
    says(im_response_get_header(&call->res, "Cache-Control"), "no-store");
    says(im_response_get_header(&call->res, "Pragma"), "no-cache");
}

static void article_answers_in_its_own_shape(void **state)
{
    struct call *call = *state;
    post_article(call, CC DEMO USER);
    answered(call, 200);
    is_text(call, "token_type", "bearer");
    is_text(call, "scopes", "full_access:read Contact:action");
    is_whole(call, "expires_in", 300);
    is_whole(call, "refresh_token_expires_in", 86400);
    is_text(call, "requested_by_id", "1234567890");
}

static void exp_agrees_with_expires_in(void **state)
{
    struct im_jwt jwt;
    struct im_error err;
    struct call *call = *state;
    set_policy(call, "{\"access_token_ttl\":\"90500ms\"}");
    post(call, CC DEMO USER);
    const struct im_json *token = member(call, "access_token");
    assert_true(im_jwt_decode(&call->arena, token->text, &jwt, &err));
    int64_t life =
        im_json_get(jwt.payload, "exp")->whole - im_json_get(jwt.payload, "iat")->whole;
    is_whole(call, "expires_in", life);
    assert_true(im_str_is(im_json_get_str(jwt.payload, "iss"), BASE_URL));
}

static void outcome_tells_the_facts(void **state)
{
    struct call *call = *state;
    post(call, CC DEMO USER "&scope=openid");
    assert_true(im_str_is(call->exchange.grant, "client_credentials"));
    assert_true(im_str_is(call->exchange.client_id, "demo"));
    assert_true(im_str_is(call->exchange.user, "ws_user@acme"));
    assert_true(im_str_is(call->exchange.scope, "openid"));
    assert_true(im_str_starts(call->exchange.issued, "hmac:"));
}

/* ---- the body ---- */

static void both_body_types_work(void **state)
{
    struct call *call = *state;
    send_typed(call, "application/json; charset=utf-8", JSON_BODY);
    answered(call, 200);
    send_typed(call, "Application/X-WWW-Form-Urlencoded;charset=UTF-8", CC DEMO USER);
    answered(call, 200);
    send_typed(call, NULL, CC DEMO USER);
    answered(call, 200);
}

static void extra_fields_are_ignored(void **state)
{
    struct call *call = *state;
    post(call, CC DEMO USER "&foo=1&foo=2&resource=x");
    answered(call, 200);
    assert_int_equal(call->exchange.note_count, 0);
}

static void empty_body_is_told(void **state)
{
    struct call *call = *state;
    send_typed(call, FORM, "");
    refused(call, CAUSE_PAYLOAD_MISSING);
    send_typed(call, NULL, " \r\n");
    refused(call, CAUSE_PAYLOAD_MISSING);
    prepare(call, IM_PLACE_TOKEN, FORM, "");
    call->req.query = IM_STR(CC);
    make_call(call, im_endpoint_token);
    refused(call, CAUSE_PAYLOAD_MISSING);
    evidence_says(call, "in the query are not read");
}

static void broken_body_is_told(void **state)
{
    struct call *call = *state;
    send_typed(call, "application/json", "{\"grant_type\":");
    refused(call, CAUSE_PAYLOAD_MALFORMED);
    send_typed(call, "application/json", "[]");
    refused(call, CAUSE_PAYLOAD_MALFORMED);
    send_typed(call, FORM, CC "&x=%zz");
    refused(call, CAUSE_PAYLOAD_MALFORMED);
}

static void wrong_type_is_told_with_the_right_one(void **state)
{
    struct call *call = *state;
    send_typed(call, FORM, JSON_BODY);
    refused(call, CAUSE_PAYLOAD_MALFORMED);
    evidence_says(call, "say application/json");
    send_typed(call, "application/json", CC DEMO USER);
    refused(call, CAUSE_PAYLOAD_MALFORMED);
    evidence_says(call, "say " FORM);
    send_typed(call, NULL, JSON_BODY);
    refused(call, CAUSE_CONTENT_TYPE_UNSUPPORTED);
    send_typed(call, "text/plain", CC DEMO USER);
    refused(call, CAUSE_CONTENT_TYPE_UNSUPPORTED);
    evidence_says(call, "\"text/plain\"");
}

static void xml_is_told(void **state)
{
    struct call *call = *state;
    send_typed(call, FORM, " <request/>");
    refused(call, CAUSE_XML_SENT_TO_REST);
    send_typed(call, "application/x-intacct-xml-request+xml", "");
    refused(call, CAUSE_XML_SENT_TO_REST);
    send_typed(call, "text/xml; charset=utf-8", "x");
    refused(call, CAUSE_XML_SENT_TO_REST);
}

/* ---- grant_type ---- */

static void grant_type_is_wanted_once(void **state)
{
    struct call *call = *state;
    post_refused(call, "x=1" DEMO, CAUSE_GRANT_TYPE_MISSING, "grant_type");
    post_refused(call, CC "&" CC DEMO USER, CAUSE_PARAMETER_REPEATED, "2 times");
    post(call, "grant-type=client_credentials" DEMO USER);
    refused(call, CAUSE_PARAMETER_MISSPELLED);
    assert_int_equal(call->exchange.worded_as, CAUSE_GRANT_TYPE_MISSING);
}

static void unsupported_grant_is_explained(void **state)
{
    struct call *call = *state;
    const enum im_cause cause = CAUSE_GRANT_TYPE_UNSUPPORTED;
    post_refused(call, "grant_type=magic" DEMO, cause, "\"magic\"");
    post_refused(call, "grant_type=refreshtoken" DEMO, cause,
                 "was \"refresh_token\" meant");
    post_refused(call, "grant_type=authorisation_code" DEMO, cause,
                 "was \"authorization_code\" meant");
    post_refused(call, "grant_type=client_credential" DEMO, cause,
                 "was \"client_credentials\" meant");
    post_refused(call, "grant_type=password" DEMO, cause, "undocumented");
    post_refused(call,
                 "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange",
                 cause, "advertised by discovery");
    post_refused(call, "grant_type=Client_Credentials" DEMO, cause, "client_credentials");
}

/* ---- the order of the checks ---- */

static void form_comes_before_credentials(void **state)
{
    struct call *call = *state;
    post_refused(call, CC "&client_id=nobody&client_secret=x", CAUSE_USERNAME_MISSING,
                 "");
    post_refused(call, CC "&username=ws_user", CAUSE_CLIENT_ID_MISSING, "");
    post_refused(call, CC "&client_id=nobody&client_secret=x&username=ws_user",
                 CAUSE_USERNAME_WITHOUT_COMPANY, "");
    post_refused(call, CC "&client_id=nobody&client_secret=x" USER "&scope=a&scope=b",
                 CAUSE_PARAMETER_REPEATED, "scope");
    post_refused(call, "grant_type=refresh_token&client_id=nobody",
                 CAUSE_REFRESH_TOKEN_MISSING, "");
}

static void credentials_come_before_the_grant(void **state)
{
    struct call *call = *state;
    post_refused(call, CC "&client_id=demo&client_secret=x&username=nobody@acme",
                 CAUSE_CLIENT_SECRET_WRONG, "");
    post_refused(call, CC "&client_id=demo-public&username=nobody@acme",
                 CAUSE_CLIENT_GRANT_NOT_ALLOWED, "client_credentials");
    post_refused(call, CC DEMO "&username=nobody@acme&scope=magic", CAUSE_USER_UNKNOWN,
                 "");
}

static void basic_authenticates(void **state)
{
    struct call *call = *state;
    prepare(call, IM_PLACE_TOKEN, FORM, CC USER);
    header(call, "Authorization", BASIC);
    make_call(call, im_endpoint_token);
    answered(call, 200);
}

static void misspelled_option_is_noted(void **state)
{
    struct call *call = *state;
    post(call, CC DEMO USER "&scopes=openid");
    answered(call, 200);
    note_says(call, CAUSE_PARAMETER_MISSPELLED, "\"scope\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("the REST answer has the four recorded members in their order",
             rest_answer_is_the_recorded_one),
        TEST("an answer with tokens may not be cached", answer_is_never_cached),
        TEST("the article's dialect answers in its own shape",
             article_answers_in_its_own_shape),
        TEST("expires_in is exactly exp minus iat", exp_agrees_with_expires_in),
        TEST("the outcome tells grant, client, user, scope and what was issued",
             outcome_tells_the_facts),
        TEST("form and JSON work, and a form without Content-Type", both_body_types_work),
        TEST("fields that nobody reads are ignored", extra_fields_are_ignored),
        TEST("a request without a body is told so", empty_body_is_told),
        TEST("a body that cannot be read is told so", broken_body_is_told),
        TEST("a body that is not what Content-Type says is told the right type",
             wrong_type_is_told_with_the_right_one),
        TEST("XML is sent to the XML API's address", xml_is_told),
        TEST("grant_type is wanted, once and well spelled", grant_type_is_wanted_once),
        TEST("a grant that is not offered is refused with what is known about it",
             unsupported_grant_is_explained),
        TEST("the gateway looks at the form before anybody looks at the credentials",
             form_comes_before_credentials),
        TEST("the credentials are looked at before the grant",
             credentials_come_before_the_grant),
        TEST("HTTP Basic authenticates the client", basic_authenticates),
        TEST("a misspelled optional parameter is noted", misspelled_option_is_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
