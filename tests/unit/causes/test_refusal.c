/* causes/refusal.c: a cause becomes the bytes that were documented or recorded. */
#include <string.h>

#include "unit/fixture.h"

#include "causes/refusal.h"

struct fixture {
    struct im_arena arena;
    struct im_request req;
    struct im_response res;
    struct im_exchange exchange;
    struct im_policy policy;
    struct im_rng rng;
};

static int setup(void **state)
{
    struct fixture *f = new_fixture(state, sizeof(*f));

    im_response_init(&f->res, &f->arena);
    im_policy_init(&f->policy);
    im_rng_init_seed(&f->rng, 7, IM_STR("test"));
    f->req.arena = &f->arena;
    f->req.exchange = &f->exchange;
    f->req.method = IM_STR("POST");
    f->req.now_ms = 1773510525717;
    return 0;
}

static void refuse(struct fixture *f, enum im_place place, enum im_cause cause)
{
    f->exchange.place = place;
    f->exchange.cause = f->exchange.worded_as = cause;
    im_refusal_render(&f->req, &f->res, &f->policy, &f->rng);
}

static void text_is(struct im_str text, const char *wanted)
{
    if (!im_str_is(text, wanted))
        fail_msg("\"%.*s\" is not \"%s\"", IM_ARG(text), wanted);
}

static void answers(struct fixture *f, int status, const char *body)
{
    assert_int_equal(f->res.status, status);
    text_is(im_buf_str(&f->res.body), body);
    text_is(im_response_get_header(&f->res, "Content-Type"), "application/json");
}

/* The same, where `*` stands for what is drawn. */
static void answers_like(struct fixture *f, int status, const char *pattern)
{
    struct im_str body = im_buf_str(&f->res.body);

    assert_int_equal(f->res.status, status);
    if (!im_str_glob(im_str(pattern), body))
        fail_msg("\"%.*s\" is not like \"%s\"", IM_ARG(body), pattern);
}

static void header_is(struct fixture *f, const char *name, const char *value)
{
    text_is(im_response_get_header(&f->res, name), value);
}

static bool body_holds(struct fixture *f, const char *part)
{
    struct im_str pattern = im_arena_format(&f->arena, "*%s*", part);
    return im_str_glob(pattern, im_buf_str(&f->res.body));
}

static void set(struct fixture *f, const char *name, int64_t choice)
{
    const struct im_policy_row *row = im_policy_find(im_str(name));

    assert_non_null(row);
    memcpy((char *)&f->policy + row->offset, &choice, sizeof choice);
}

#define META "\"ia::meta\":{\"totalCount\":1,\"totalSuccess\":0,\"totalError\":1}}"
#define INFO(id, placeholders)                                                           \
    "\"additionalInfo\":{\"messageId\":\"" id "\",\"placeholders\":{" placeholders       \
    "},\"propertySet\":{}}"

/* ---- envelopes ---- */

static void the_token_endpoint_says_invalid_grant_and_no_more(void **state)
{
    struct fixture *f = *state;

    refuse(f, IM_PLACE_TOKEN, CAUSE_REFRESH_TOKEN_REUSED);
    answers(f, 400, "{\"error\":\"invalid_grant\"}");
}

static void web_services_off_has_the_description_that_was_seen(void **state)
{
    struct fixture *f = *state;

    refuse(f, IM_PLACE_TOKEN, CAUSE_WEB_SERVICES_OFF);
    answers(f, 400,
            "{\"error\":\"invalid_grant\",\"error_description\":"
            "\"The provided credentials are invalid\"}");
}

static void a_username_without_company_has_the_message_that_was_seen(void **state)
{
    struct fixture *f = *state;

    refuse(f, IM_PLACE_TOKEN, CAUSE_USERNAME_WITHOUT_COMPANY);
    answers(f, 400,
            "{\"error\":\"invalid_request\",\"error_description\":"
            "\"The username format is invalid (expected user@company)\"}");
}

static void an_expired_token_is_refused_by_the_gateway(void **state)
{
    struct fixture *f = *state;

    refuse(f, IM_PLACE_API, CAUSE_ACCESS_TOKEN_EXPIRED);
    answers_like(f, 401,
                 "{\"ia::error\":{\"code\":\"GW-0040\",\"message\":\"Expired token\","
                 "\"details\":{\"requestId\":\"????????:????_69B59F7D.??\"}}}");
}

static void a_revoked_token_is_refused_by_the_application(void **state)
{
    struct fixture *f = *state;

    refuse(f, IM_PLACE_API, CAUSE_ACCESS_TOKEN_REVOKED);
    answers_like(
        f, 401,
        "{\"ia::result\":{\"ia::error\":{\"code\":\"tokenInvalid\","
        "\"message\":\"Token is not valid\",\"errorId\":\"REST-2102\"," INFO(
            "IA.TOKEN_IS_INVALID",
            "") ",\"supportId\":"
                "\"?????WEB1773510525717%7E???????????????????????????\"}}," META);
}

static void a_query_names_field_and_object_as_recorded(void **state)
{
    struct fixture *f = *state;

    f->exchange.field = IM_STR("action");
    f->exchange.object = IM_STR("accounts-receivable/invoice");
    refuse(f, IM_PLACE_API, CAUSE_QUERY_INVALID);
    answers_like(
        f, 400,
        "{\"ia::result\":{\"ia::error\":{\"code\":\"invalidRequest\",\"message\":"
        "\"The action field in accounts-receivable/invoice object cannot be used in "
        "query in version 1\",\"errorId\":\"REST-1106\"," INFO(
            "IA.THE_FIELD_IN_OBJECT_CANNOT_BE_USED_IN_QUERY",
            "\"FIELD\":\"action\",\"OBJECT\":\"accounts-receivable/invoice\","
            "\"VERSION\":\"1\"") ",\"supportId\":\"*\"}}," META);
}

static void a_missing_payload_names_the_method(void **state)
{
    struct fixture *f = *state;

    f->req.method = IM_STR("PATCH");
    refuse(f, IM_PLACE_API, CAUSE_API_PAYLOAD_MISSING);
    answers_like(
        f, 400,
        "{\"ia::result\":{\"ia::error\":{\"code\":\"invalidRequest\",\"message\":"
        "\"A PATCH request requires a payload\",\"errorId\":\"REST-1028\"," INFO(
            "IA.REQUEST_REQUIRES_A_PAYLOAD",
            "\"OPERATION\":\"PATCH\"") ",\"supportId\":\"*\"}}," META);
}

static void a_bad_field_stands_in_the_details(void **state)
{
    struct fixture *f = *state;

    f->exchange.field = IM_STR("/newDate");
    refuse(f, IM_PLACE_API, CAUSE_FIELD_INVALID);
    answers_like(
        f, 400,
        "{\"ia::result\":{\"ia::error\":{\"code\":\"invalidRequest\",\"message\":"
        "\"Payload contains errors\",\"errorId\":\"REST-1064\"," INFO(
            "IA.PAYLOAD_CONTAINS_ERRORS",
            "") ",\"supportId\":\"*\","
                "\"details\":[{\"code\":\"invalidRequest\",\"message\":"
                "\"/newDate is not a valid field\",\"errorId\":\"REST-1043\","
                "\"target\":\"/newDate\"," INFO("IA.NOT_A_VALID_FIELD",
                                                "\"FIELD\":\"/newDate\"") "}]}}," META);
}

static void a_rule_of_business_stands_in_the_details(void **state)
{
    static const enum im_cause causes[] = {CAUSE_RECORD_DUPLICATE, CAUSE_RECORD_IN_USE,
                                           CAUSE_REFERENCE_UNKNOWN, CAUSE_STORE_FULL};
    struct fixture *f = *state;

    f->exchange.object = IM_STR("accounts-payable/vendor");
    f->exchange.field = IM_STR("/id");
    f->req.method = IM_STR("POST");
    refuse(f, IM_PLACE_API, CAUSE_RECORD_DUPLICATE);
    answers_like(
        f, 409,
        "{\"ia::result\":{\"ia::error\":{\"code\":\"operationFailed\",\"message\":"
        "\"POST request on objects/accounts-payable/vendor object was unsuccessful\","
        "\"errorId\":\"REST-7001\",\"additionalInfo\":{\"placeholders\":{\"OPERATION\":"
        "\"POST\",\"OBJECT\":\"accounts-payable/vendor\"},\"propertySet\":{}},"
        "\"supportId\":\"*\",\"details\":[{\"code\":\"operationFailed\",\"message\":"
        "\"Another record with the value of /id already exists\",\"errorId\":"
        "\"BL01001973\",\"target\":\"/id\",\"additionalInfo\":{\"placeholders\":{"
        "\"FIELD\":\"/id\"},\"propertySet\":{}}}]}}," META);
    for (size_t i = 0; i < sizeof causes / sizeof *causes; i++) {
        refuse(f, IM_PLACE_API, causes[i]);
        assert_true(body_holds(f, "REST-7001"));
        assert_true(body_holds(f, "\"details\":[{"));
    }
}

/* Documented for a company, a sender or a client that is not active: a client that is
 * told so of a path would look in the wrong place. */
static void gw_0011_stands_for_what_is_not_active_alone(void **state)
{
    static const enum im_cause causes[] = {CAUSE_CLIENT_INACTIVE, CAUSE_COMPANY_UNKNOWN,
                                           CAUSE_COMPANY_INACTIVE,
                                           CAUSE_SENDER_NOT_AUTHORIZED};
    struct fixture *f = *state;

    for (int i = 1; i < CAUSE_COUNT; i++) {
        bool stands = false;
        for (size_t j = 0; j < sizeof causes / sizeof *causes; j++)
            stands = stands || i == (int)causes[j];
        refuse(f, IM_PLACE_TOKEN, (enum im_cause)i);
        assert_int_equal(body_holds(f, "GW-0011"), stands);
    }
    refuse(f, IM_PLACE_API, CAUSE_PATH_UNKNOWN);
    assert_int_equal(f->res.status, 404);
    assert_true(body_holds(f, "\"code\":\"invalidRequest\""));
}

static void an_error_id_that_nobody_knows_is_left_out(void **state)
{
    struct fixture *f = *state;

    refuse(f, IM_PLACE_API, CAUSE_PERMISSION_ROLE_MISSING);
    assert_int_equal(f->res.status, 403);
    assert_false(body_holds(f, "errorId"));
    assert_false(body_holds(f, "messageId"));
}

static void no_body_gives_the_cause_away(void **state)
{
    struct fixture *f = *state;

    for (int place = IM_PLACE_TOKEN; place <= IM_PLACE_ARTICLE; place++)
        for (int i = 1; i < CAUSE_COUNT; i++) {
            if (i == CAUSE_INTERNAL)
                continue; /* an ordinary word */
            refuse(f, (enum im_place)place, (enum im_cause)i);
            assert_false(body_holds(f, im_cause_row((enum im_cause)i)->id));
        }
}

static void the_same_seed_gives_the_same_bytes(void **state)
{
    struct fixture *f = *state;
    struct im_str first;

    refuse(f, IM_PLACE_API, CAUSE_ACCESS_TOKEN_REVOKED);
    first = im_arena_copy(&f->arena, im_buf_str(&f->res.body));
    refuse(f, IM_PLACE_API, CAUSE_ACCESS_TOKEN_REVOKED);
    assert_false(im_str_eq(first, im_buf_str(&f->res.body)));
    im_rng_init_seed(&f->rng, 7, IM_STR("test"));
    refuse(f, IM_PLACE_API, CAUSE_ACCESS_TOKEN_REVOKED);
    assert_true(im_str_eq(first, im_buf_str(&f->res.body)));
}

/* ---- places and switches ---- */

static void a_dead_grant_is_worded_for_the_place(void **state)
{
    struct fixture *f = *state;

    refuse(f, IM_PLACE_TOKEN, CAUSE_GRANT_SUPERSEDED);
    answers(f, 400, "{\"error\":\"invalid_grant\"}");
    refuse(f, IM_PLACE_API, CAUSE_GRANT_SUPERSEDED);
    assert_true(body_holds(f, "REST-2102"));
    refuse(f, IM_PLACE_ARTICLE, CAUSE_GRANT_SUPERSEDED);
    answers(f, 401, "{\"error\":\"invalid_grant\"}");
}

static void a_place_without_wording_borrows_one(void **state)
{
    struct fixture *f = *state;

    refuse(f, IM_PLACE_API, CAUSE_CODE_EXPIRED);
    answers(f, 400, "{\"error\":\"invalid_grant\"}");
    refuse(f, IM_PLACE_TOKEN, CAUSE_ACCESS_TOKEN_EXPIRED);
    assert_true(body_holds(f, "GW-0040"));
}

static void a_switch_changes_the_wording(void **state)
{
    struct fixture *f = *state;

    set(f, "expired_style", 1);
    refuse(f, IM_PLACE_API, CAUSE_ACCESS_TOKEN_EXPIRED);
    assert_int_equal(f->res.status, 400);
    assert_true(body_holds(f, "REST-1206"));
    set(f, "malformed_style", 1);
    refuse(f, IM_PLACE_API, CAUSE_TOKEN_MALFORMED);
    assert_int_equal(f->res.status, 401);
    assert_true(body_holds(f, "GW-0031"));
    set(f, "revoked_status", 1);
    refuse(f, IM_PLACE_API, CAUSE_PASSWORD_CHANGED);
    assert_int_equal(f->res.status, 400);
    assert_true(body_holds(f, "REST-2102"));
}

static void a_switch_changes_the_token_endpoint(void **state)
{
    struct fixture *f = *state;

    set(f, "invalid_grant_status", 1);
    refuse(f, IM_PLACE_TOKEN, CAUSE_CODE_REUSED);
    answers(f, 401, "{\"error\":\"invalid_grant\"}");
    set(f, "invalid_client_style", 1);
    refuse(f, IM_PLACE_TOKEN, CAUSE_CLIENT_SECRET_WRONG);
    assert_int_equal(f->res.status, 400);
    assert_true(body_holds(f, "REST-1216"));
}

static void a_switch_does_not_touch_the_article(void **state)
{
    struct fixture *f = *state;

    set(f, "expired_style", 1);
    refuse(f, IM_PLACE_ARTICLE, CAUSE_ACCESS_TOKEN_EXPIRED);
    answers(f, 401, "{\"error\":\"invalid_grant\"}");
}

static void a_cause_worded_as_another_is_sent_as_that(void **state)
{
    struct fixture *f = *state;

    f->exchange.cause = CAUSE_PARAMETER_MISSPELLED;
    f->exchange.worded_as = CAUSE_CLIENT_ID_MISSING;
    im_refusal_render(&f->req, &f->res, &f->policy, &f->rng);
    assert_true(body_holds(f, "GW-0037"));
}

/* ---- headers ---- */

static void oauth_answers_are_not_stored(void **state)
{
    struct fixture *f = *state;

    refuse(f, IM_PLACE_TOKEN, CAUSE_CODE_EXPIRED);
    header_is(f, "Cache-Control", "no-store");
    header_is(f, "Pragma", "no-cache");
    refuse(f, IM_PLACE_API, CAUSE_CODE_EXPIRED);
    header_is(f, "Cache-Control", "");
    f->exchange.endpoint = IM_ENDPOINT_REVOKE;
    refuse(f, IM_PLACE_ARTICLE, CAUSE_TOKEN_MISSING);
    header_is(f, "Cache-Control", "no-store");
}

static void the_pause_is_told(void **state)
{
    struct fixture *f = *state;

    f->exchange.retry_after_s = 30;
    refuse(f, IM_PLACE_API, CAUSE_RATE_LIMITED);
    assert_int_equal(f->res.status, 429);
    header_is(f, "Retry-After", "30");
}

static void the_right_methods_are_told(void **state)
{
    struct fixture *f = *state;

    f->exchange.allow = IM_STR("GET, POST");
    refuse(f, IM_PLACE_API, CAUSE_METHOD_NOT_ALLOWED);
    assert_int_equal(f->res.status, 405);
    header_is(f, "Allow", "GET, POST");
}

static void a_wrong_client_is_challenged_by_basic_unless_policy_says_no(void **state)
{
    struct fixture *f = *state;

    refuse(f, IM_PLACE_TOKEN, CAUSE_CLIENT_SECRET_WRONG);
    header_is(f, "WWW-Authenticate", "Basic realm=\"intacct-mock\"");
    f->policy.challenge = false;
    refuse(f, IM_PLACE_TOKEN, CAUSE_CLIENT_SECRET_WRONG);
    header_is(f, "WWW-Authenticate", "");
}

static void the_articles_api_challenges_by_bearer(void **state)
{
    struct fixture *f = *state;

    f->exchange.bearer_challenge = true;
    refuse(f, IM_PLACE_ARTICLE, CAUSE_ACCESS_TOKEN_EXPIRED);
    header_is(f, "WWW-Authenticate",
              "Bearer realm=\"intacct-mock\", error=\"invalid_token\"");
    refuse(f, IM_PLACE_ARTICLE, CAUSE_AUTHORIZATION_HEADER_MISSING);
    header_is(f, "WWW-Authenticate", "Bearer realm=\"intacct-mock\"");
    refuse(f, IM_PLACE_ARTICLE, CAUSE_SCOPE_INSUFFICIENT);
    assert_int_equal(f->res.status, 403);
    header_is(f, "WWW-Authenticate",
              "Bearer realm=\"intacct-mock\", error=\"insufficient_scope\"");
}

static void a_401_of_the_rest_api_has_a_challenge_unless_policy_says_no(void **state)
{
    struct fixture *f = *state;

    f->exchange.bearer_challenge = true;
    refuse(f, IM_PLACE_API, CAUSE_ACCESS_TOKEN_EXPIRED);
    header_is(f, "WWW-Authenticate",
              "Bearer realm=\"intacct-mock\", error=\"invalid_token\"");
    f->policy.challenge = false;
    refuse(f, IM_PLACE_API, CAUSE_ACCESS_TOKEN_EXPIRED);
    header_is(f, "WWW-Authenticate", "");
}

static void an_answer_that_stood_there_is_replaced(void **state)
{
    struct fixture *f = *state;

    im_buf_addz(im_response_begin(&f->res, 200, "text/plain"), "all is well");
    im_response_header(&f->res, "X-Left-Over", IM_STR("yes"));
    refuse(f, IM_PLACE_TOKEN, CAUSE_CODE_EXPIRED);
    answers(f, 400, "{\"error\":\"invalid_grant\"}");
    header_is(f, "X-Left-Over", "");
}

/* ---- a person is looking ---- */

static void what_may_be_redirected_is_redirected(void **state)
{
    struct fixture *f = *state;

    f->exchange.page = true;
    f->exchange.redirect_uri = IM_STR("https://app.example/callback");
    f->exchange.state = IM_STR("a b&c");
    refuse(f, IM_PLACE_TOKEN, CAUSE_CONSENT_DENIED);
    assert_int_equal(f->res.status, 303); /* it came by POST */
    header_is(
        f, "Location",
        "https://app.example/callback?error=access_denied&error_description=The%20user"
        "%20signed%20in%20but%20declined%20to%20give%20the%20application%20access."
        "&state=a%20b%26c");
}

static void a_query_of_the_redirect_uri_is_kept(void **state)
{
    struct fixture *f = *state;

    f->exchange.page = true;
    f->exchange.redirect_uri = IM_STR("https://app.example/callback?x=1");
    refuse(f, IM_PLACE_TOKEN, CAUSE_SCOPE_UNKNOWN);
    assert_true(im_str_starts(im_response_get_header(&f->res, "Location"),
                              "https://app.example/callback?x=1&error=invalid_scope&"));
    assert_false(
        im_str_glob(IM_STR("*state=*"), im_response_get_header(&f->res, "Location")));
}

static void a_redirect_uri_that_is_not_sound_gets_a_page(void **state)
{
    struct fixture *f = *state;

    f->exchange.page = true;
    f->exchange.evidence = IM_STR("<script> is not registered");
    refuse(f, IM_PLACE_TOKEN, CAUSE_REDIRECT_URI_UNREGISTERED);
    assert_int_equal(f->res.status, 400);
    header_is(f, "Location", "");
    assert_true(body_holds(f, "redirect-uri-unregistered"));
    assert_true(body_holds(f, "is not registered for this application"));
    assert_true(body_holds(f, "&lt;script&gt; is not registered"));
    assert_false(body_holds(f, "<script>"));
    header_is(f, "Cache-Control", "no-store");
}

static void what_may_not_be_redirected_gets_a_page(void **state)
{
    struct fixture *f = *state;

    f->exchange.page = true;
    f->exchange.redirect_uri = IM_STR("https://app.example/callback");
    refuse(f, IM_PLACE_TOKEN, CAUSE_AUTHORIZE_CLIENT_UNKNOWN);
    header_is(f, "Location", "");
    assert_true(body_holds(f, "authorize-client-unknown"));
}

static void a_page_that_the_endpoint_wrote_stays(void **state)
{
    struct fixture *f = *state;

    f->exchange.page = f->exchange.page_ready = true;
    im_buf_addz(im_response_begin(&f->res, 403, "text/html"), "sign in again");
    refuse(f, IM_PLACE_TOKEN, CAUSE_PASSWORD_WRONG);
    assert_int_equal(f->res.status, 403);
    text_is(im_buf_str(&f->res.body), "sign in again");
}

/* ---- trouble ---- */

static void without_a_cause_it_is_our_own_failure(void **state)
{
    struct fixture *f = *state;

    refuse(f, IM_PLACE_TOKEN, CAUSE_NONE);
    answers(f, 500, "{\"error\":\"server_error\"}");
}

static void memory_may_run_out_anywhere(void **state)
{
    struct fixture *f = *state;

    f->exchange.redirect_uri = IM_STR("https://app.example/callback");
    for (size_t limit = 1; limit < 40000; limit += 1000)
        for (int form = 0; form < 3; form++) {
            im_arena_release(&f->arena);
            im_arena_init(&f->arena, limit);
            im_response_init(&f->res, &f->arena);
            f->exchange.page = form > 0;
            refuse(f, IM_PLACE_API,
                   form == 1 ? CAUSE_CONSENT_DENIED : CAUSE_FIELD_INVALID);
        }
    assert_int_equal(f->res.status, 400);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, drop_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_token_endpoint_says_invalid_grant_and_no_more),
        TEST(web_services_off_has_the_description_that_was_seen),
        TEST(a_username_without_company_has_the_message_that_was_seen),
        TEST(an_expired_token_is_refused_by_the_gateway),
        TEST(a_revoked_token_is_refused_by_the_application),
        TEST(a_query_names_field_and_object_as_recorded),
        TEST(a_missing_payload_names_the_method),
        TEST(a_bad_field_stands_in_the_details),
        TEST(a_rule_of_business_stands_in_the_details),
        TEST(gw_0011_stands_for_what_is_not_active_alone),
        TEST(an_error_id_that_nobody_knows_is_left_out),
        TEST(no_body_gives_the_cause_away),
        TEST(the_same_seed_gives_the_same_bytes),
        TEST(a_dead_grant_is_worded_for_the_place),
        TEST(a_place_without_wording_borrows_one),
        TEST(a_switch_changes_the_wording),
        TEST(a_switch_changes_the_token_endpoint),
        TEST(a_switch_does_not_touch_the_article),
        TEST(a_cause_worded_as_another_is_sent_as_that),
        TEST(oauth_answers_are_not_stored),
        TEST(the_pause_is_told),
        TEST(the_right_methods_are_told),
        TEST(a_wrong_client_is_challenged_by_basic_unless_policy_says_no),
        TEST(the_articles_api_challenges_by_bearer),
        TEST(a_401_of_the_rest_api_has_a_challenge_unless_policy_says_no),
        TEST(an_answer_that_stood_there_is_replaced),
        TEST(what_may_be_redirected_is_redirected),
        TEST(a_query_of_the_redirect_uri_is_kept),
        TEST(a_redirect_uri_that_is_not_sound_gets_a_page),
        TEST(what_may_not_be_redirected_gets_a_page),
        TEST(a_page_that_the_endpoint_wrote_stays),
        TEST(without_a_cause_it_is_our_own_failure),
        TEST(memory_may_run_out_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
