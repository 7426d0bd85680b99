#include "unit/endpoints/token_call.h"

#define AS(username) CC DEMO "&username=" username

static const struct im_change_target ws_user = {.company = IM_STR_INIT("acme"),
                                                .user = IM_STR_INIT("ws_user"),
                                                .client = IM_STR_INIT("demo")};

/* The refusal of the ordinary request once this has changed. */
static void after(struct call *call, enum im_change what, enum im_cause cause)
{
    change(call, what, ws_user);
    post(call, AS("ws_user%40acme"));
    refused(call, cause);
}

static struct im_str claim(struct call *call, const char *name)
{
    struct im_jwt jwt;
    struct im_error err;
    answered(call, 200);
    assert_true(
        im_jwt_decode(&call->arena, member(call, "access_token")->text, &jwt, &err));
    return im_json_get_str(jwt.payload, name);
}

static void username_says_whose_token(void **state)
{
    struct call *call = *state;
    post(call, AS("ws_user%40acme"));
    assert_true(im_str_is(claim(call, "userId"), "ws_user"));
    assert_true(im_str_is(claim(call, "cnyId"), "acme"));
    assert_true(im_str_is(claim(call, "entityId"), ""));
    post(call, AS("ws_user%40acme%7C100"));
    assert_true(im_str_is(claim(call, "entityId"), "100"));
}

static void last_at_sign_counts(void **state)
{
    struct call *call = *state;
    world(call, "{\"users\":[{\"id\":\"ws@home\",\"company\":\"acme\","
                "\"web_services\":true}]}");
    post(call, AS("ws%40home%40acme"));
    assert_true(im_str_is(claim(call, "userId"), "ws@home"));
}

static void form_of_username_is_checked(void **state)
{
    struct call *call = *state;
    const enum im_cause wrong = CAUSE_USERNAME_WITHOUT_COMPANY;
    post_refused(call, CC DEMO, CAUSE_USERNAME_MISSING, "username");
    post_refused(call, AS(""), CAUSE_USERNAME_EMPTY, "");
    post_refused(call, AS("a%40b&username=a%40b"), CAUSE_USERNAME_REPEATED, "2 times");
    post_refused(call, AS("ws_user"), wrong, "\"ws_user\"");
    post_refused(call, AS("ws_user%40"), wrong, "");
    post_refused(call, AS("%40acme"), wrong, "");
    post_refused(call, AS("%7C100"), wrong, "");
    post_refused(call, AS("ws_user%7C100%40acme"), wrong, "");
}

static void a_placeholder_as_username_is_told_part_by_part(void **state)
{
    struct call *call = *state;
    const enum im_cause cause = CAUSE_CREDENTIAL_PLACEHOLDER;
    post_refused(call, AS("%7B%7Busername%7D%7D"), cause, "username");
    assert_int_equal(call->exchange.worded_as, CAUSE_USERNAME_WITHOUT_COMPANY);
    assert_int_equal(call->exchange.user.len, 0); /* nobody is meant by it */
    post_refused(call, AS("ws_user%40%7B%7Bcompany%7D%7D"), cause,
                 "the company in username");
    assert_int_equal(call->exchange.worded_as, CAUSE_COMPANY_UNKNOWN);
    post_refused(call, AS("%7B%7Buser%7D%7D%40acme"), cause, "the user in username");
    assert_int_equal(call->exchange.worded_as, CAUSE_USER_UNKNOWN);
}

static void misspelled_username_is_hinted_at(void **state)
{
    struct call *call = *state;
    post_refused(call, CC DEMO "&user_name=ws_user%40acme", CAUSE_PARAMETER_MISSPELLED,
                 "\"user_name\"");
    assert_int_equal(call->exchange.worded_as, CAUSE_USERNAME_MISSING);
    post_refused(call, CC DEMO "&sessionId=x", CAUSE_PARAMETER_MISSPELLED,
                 "\"session_id\"");
    assert_int_equal(call->exchange.worded_as, CAUSE_USERNAME_MISSING);
}

static void a_switch_withholds_the_refresh_token(void **state)
{
    struct call *call = *state;
    post(call, AS("ws_user%40acme"));
    answered(call, 200);
    assert_non_null(member(call, "refresh_token"));
    set_policy(call, "{\"client_credentials_refresh\":false}");
    post(call, AS("ws_user%40acme"));
    answered(call, 200);
    assert_null(member(call, "refresh_token"));
    assert_non_null(member(call, "access_token"));
}

static void company_must_be_there(void **state)
{
    struct call *call = *state;
    post_refused(call, AS("ws_user%40nowhere"), CAUSE_COMPANY_UNKNOWN, "\"nowhere\"");
    post_refused(call, AS("ws_user%40acme+"), CAUSE_COMPANY_UNKNOWN, "white space");
    after(call, IM_CHANGE_DEACTIVATE_COMPANY, CAUSE_COMPANY_INACTIVE);
}

static void user_must_be_a_web_services_user(void **state)
{
    struct call *call = *state;
    post_refused(call, AS("nobody%40acme"), CAUSE_USER_UNKNOWN, "\"nobody\"");
    post_refused(call, AS("ws_user+%40acme"), CAUSE_USER_UNKNOWN, "white space");
    post_refused(call, AS("WS_USER%40acme"), CAUSE_USER_WRONG_CASE,
                 "username \"WS_USER@acme\" differs only in case from \"ws_user\"");
    post_refused(call, AS("jdoe%40acme"), CAUSE_USER_NOT_WEB_SERVICES, "jdoe@acme");
}

static void user_may_be_locked_or_inactive(void **state)
{
    struct call *call = *state;
    after(call, IM_CHANGE_LOCK_USER, CAUSE_USER_LOCKED);
    after(call, IM_CHANGE_DEACTIVATE_USER, CAUSE_USER_INACTIVE);
}

static void subscription_may_be_off(void **state)
{
    after(*state, IM_CHANGE_WEB_SERVICES_OFF, CAUSE_WEB_SERVICES_OFF);
}

static void company_must_authorize_the_client(void **state)
{
    struct call *call = *state;
    after(call, IM_CHANGE_WITHDRAW_CLIENT, CAUSE_CLIENT_NOT_AUTHORIZED_BY_COMPANY);
    evidence_says(call, "authorized client applications of company acme");
}

static void company_must_authorize_the_sender(void **state)
{
    after(*state, IM_CHANGE_WITHDRAW_SENDER, CAUSE_SENDER_NOT_AUTHORIZED);
}

static void key_must_suit_the_company(void **state)
{
    struct call *call = *state;
    post_refused(call,
                 CC "&client_id=demo-sandbox&client_secret=demo-sandbox-secret" USER,
                 CAUSE_CLIENT_WRONG_ENVIRONMENT, "non-production key");
    post_refused(call, AS("ws_user%40acme-sandbox"), CAUSE_CLIENT_WRONG_ENVIRONMENT,
                 "sandbox company");
}

static void entity_must_exist(void **state)
{
    post_refused(*state, AS("ws_user%40acme%7C999"), CAUSE_ENTITY_UNKNOWN, "\"999\"");
}

static void refresh_token_comes_along(void **state)
{
    struct call *call = *state;
    post(call, AS("ws_user%40acme"));
    assert_non_null(member(call, "refresh_token"));
    post_article(call, AS("ws_user%40acme"));
    assert_non_null(member(call, "refresh_token"));
}

static void scope_is_granted_or_refused(void **state)
{
    struct call *call = *state;
    post_refused(call, AS("ws_user%40acme&scope=magic"), CAUSE_SCOPE_UNKNOWN, "magic");
    post_article(call, AS("ws_user%40acme&scope=Vendor:read"));
    is_text(call, "scopes", "Vendor:read");
}

static void session_says_whose_token(void **state)
{
    char form[1000];
    struct call *call = *state;
    post(call, AS("ws_user%40acme%7C100"));
    snprintf(form, sizeof form, CC DEMO "&session_id=%.*s",
             IM_ARG(claim(call, "sessionId")));
    post(call, form);
    assert_true(im_str_is(claim(call, "userId"), "ws_user"));
    assert_true(im_str_is(claim(call, "entityId"), "100"));
    im_clock_advance(&call->authority->clock, 6 * 3600000);
    post_refused(call, form, CAUSE_SESSION_UNKNOWN, "56 characters");
}

static void made_up_session_is_refused(void **state)
{
    post_refused(*state, CC DEMO "&session_id=x", CAUSE_SESSION_UNKNOWN,
                 "(1 characters)");
    post_refused(*state, CC DEMO "&session_id=hush", CAUSE_SESSION_UNKNOWN,
                 "4 characters");
}

static void username_beats_session(void **state)
{
    struct call *call = *state;
    post(call, AS("ws_user%40acme&session_id=x"));
    answered(call, 200);
    note_says(call, CAUSE_PARAMETER_REPEATED, "username was taken");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("a switch withholds the refresh token",
             a_switch_withholds_the_refresh_token),
        TEST("username says whose token it is: user, company, entity",
             username_says_whose_token),
        TEST("a user id may hold an '@'", last_at_sign_counts),
        TEST("username is wanted once, as user@company", form_of_username_is_checked),
        TEST("a placeholder as username is told, part by part",
             a_placeholder_as_username_is_told_part_by_part),
        TEST("a misspelled username or session_id is hinted at by name",
             misspelled_username_is_hinted_at),
        TEST("the company must exist and be active", company_must_be_there),
        TEST("the user must be a Web Services user, in exact case",
             user_must_be_a_web_services_user),
        TEST("a locked or inactive user gets no token", user_may_be_locked_or_inactive),
        TEST("without the Web Services subscription there is no token",
             subscription_may_be_off),
        TEST("the company must have authorized the client",
             company_must_authorize_the_client),
        TEST("the company must have authorized the sender id",
             company_must_authorize_the_sender),
        TEST("a key is for production companies or for others, never both",
             key_must_suit_the_company),
        TEST("the entity must exist", entity_must_exist),
        TEST("a refresh token comes along in both dialects", refresh_token_comes_along),
        TEST("a scope is granted or refused", scope_is_granted_or_refused),
        TEST("a live session says whose token it is instead", session_says_whose_token),
        TEST("a made-up session is refused without being printed",
             made_up_session_is_refused),
        TEST("username beats session_id, and that is noted", username_beats_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
