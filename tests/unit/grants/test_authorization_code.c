#include "unit/endpoints/token_call.h"

#define EXCHANGE "grant_type=authorization_code" DEMO "&redirect_uri=" CALLBACK "&code="

static void exchange(struct call *call, const char *code, const char *more)
{
    char form[TOKEN_ROOM + 1000];
    snprintf(form, sizeof form, EXCHANGE "%s%s", code, more);
    post(call, form);
}

static void exchange_scoped(struct call *call, const char *scopes)
{
    char code[TOKEN_ROOM];
    get_code(call, &(struct im_issue){.scopes = im_str(scopes)}, code);
    exchange(call, code, "");
}

static void code_gives_tokens(void **state)
{
    struct call *call = *state;
    exchange_scoped(call, "offline_access");
    answered(call, 200);
    assert_non_null(member(call, "refresh_token"));
    assert_true(im_str_is(call->exchange.user, "jdoe@acme"));
    assert_true(im_str_starts(call->exchange.token, "hmac:"));
}

static void refresh_token_needs_offline_access(void **state)
{
    struct call *call = *state;
    exchange_scoped(call, "openid");
    answered(call, 200);
    assert_null(member(call, "refresh_token"));
    note_says(call, CAUSE_REFRESH_TOKEN_MISSING, "scope=offline_access");
    set_policy(call, "{\"offline_access_required\":false}");
    exchange_scoped(call, "openid");
    assert_non_null(member(call, "refresh_token"));
}

static void article_has_no_offline_access(void **state)
{
    char code[TOKEN_ROOM], form[TOKEN_ROOM + 500];
    struct call *call = *state;
    struct im_issue issue = {.dialect = IM_DIALECT_ARTICLE,
                             .scopes = IM_STR("full_access:read")};
    get_code(call, &issue, code);
    snprintf(form, sizeof form, EXCHANGE "%s", code);
    post_article(call, form);
    answered(call, 200);
    assert_non_null(member(call, "refresh_token"));
}

static void openid_gives_an_id_token(void **state)
{
    char code[TOKEN_ROOM];
    struct im_jwt jwt;
    struct im_error err;
    struct call *call = *state;
    struct im_issue issue = {.scopes = IM_STR("openid"), .nonce = IM_STR("n1")};
    get_code(call, &issue, code);
    exchange(call, code, "");
    answered(call, 200);
    assert_true(im_jwt_decode(&call->arena, member(call, "id_token")->text, &jwt, &err));
    assert_true(im_str_is(jwt.alg, "RS256"));
    assert_true(im_str_is(im_json_get_str(jwt.payload, "nonce"), "n1"));
    exchange_scoped(call, "offline_access");
    assert_null(member(call, "id_token"));
}

static void missing_code_is_told(void **state)
{
    struct call *call = *state;
    post_refused(call, "grant_type=authorization_code" DEMO, CAUSE_CODE_MISSING, "code");
    post_refused(call, "grant_type=authorization_code&auth_code=x" DEMO,
                 CAUSE_PARAMETER_MISSPELLED, "\"auth_code\"");
    assert_int_equal(call->exchange.worded_as, CAUSE_CODE_MISSING);
}

static void code_works_once(void **state)
{
    char code[TOKEN_ROOM];
    struct call *call = *state;
    get_code(call, &(struct im_issue){0}, code);
    exchange(call, code, "");
    answered(call, 200);
    exchange(call, code, "");
    refused(call, CAUSE_CODE_REUSED);
    assert_true(im_str_is(call->exchange.user, "jdoe@acme"));
    exchange(call, "made-up", "");
    refused(call, CAUSE_CODE_UNKNOWN);
}

static void code_expires(void **state)
{
    char code[TOKEN_ROOM];
    struct call *call = *state;
    get_code(call, &(struct im_issue){0}, code);
    im_clock_advance(&call->authority->clock, 60000);
    exchange(call, code, "");
    refused(call, CAUSE_CODE_EXPIRED);
}

static void redirect_uri_must_match(void **state)
{
    char code[TOKEN_ROOM], form[TOKEN_ROOM + 500];
    struct call *call = *state;
    get_code(call, &(struct im_issue){0}, code);
    snprintf(form, sizeof form,
             "grant_type=authorization_code" DEMO "&redirect_uri=x&code=%s", code);
    post(call, form);
    refused(call, CAUSE_REDIRECT_URI_MISMATCH);
    snprintf(form, sizeof form,
             "grant_type=authorization_code" DEMO "&redirect_url=" CALLBACK "&code=%s",
             code);
    post(call, form);
    refused(call, CAUSE_PARAMETER_MISSPELLED);
    assert_int_equal(call->exchange.worded_as, CAUSE_REDIRECT_URI_MISMATCH);
}

static void verifier_must_match(void **state)
{
    char code[TOKEN_ROOM];
    struct call *call = *state;
    get_code(call, &(struct im_issue){.challenge = IM_STR(CHALLENGE)}, code);
    exchange(call, code, "");
    refused(call, CAUSE_PKCE_VERIFIER_MISSING);
    exchange(call, code, "&codeVerifier=" VERIFIER);
    refused(call, CAUSE_PARAMETER_MISSPELLED);
    exchange(call, code, "&code_verifier=x" VERIFIER);
    refused(call, CAUSE_PKCE_VERIFIER_WRONG);
    exchange(call, code, "&code_verifier=" VERIFIER);
    answered(call, 200);
}

static void public_client_proves_itself_by_pkce(void **state)
{
    char code[TOKEN_ROOM], form[TOKEN_ROOM + 500];
    struct call *call = *state;
    struct im_issue issue = {.client_id = IM_STR("demo-public"),
                             .challenge = IM_STR(CHALLENGE)};
    get_code(call, &issue, code);
    snprintf(form, sizeof form,
             "grant_type=authorization_code&client_id=demo-public&redirect_uri=" CALLBACK
             "&code=%s&code_verifier=" VERIFIER,
             code);
    post(call, form);
    answered(call, 200);
}

static void code_is_for_its_client(void **state)
{
    char code[TOKEN_ROOM];
    struct call *call = *state;
    get_code(call, &(struct im_issue){.client_id = IM_STR("demo-public")}, code);
    exchange(call, code, "");
    refused(call, CAUSE_CODE_OF_ANOTHER_CLIENT);
}

/* Whatever became of the user: what is wrong with the code itself is told. */
static void what_a_code_is_goes_before_whose_it_is(void **state)
{
    char used[TOKEN_ROOM], others[TOKEN_ROOM], refresh[TOKEN_ROOM];
    struct call *call = *state;
    get_code(call, &(struct im_issue){.scopes = IM_STR("offline_access")}, used);
    exchange(call, used, "");
    answered(call, 200);
    keep(call, "refresh_token", refresh);
    get_code(call, &(struct im_issue){.client_id = IM_STR("demo-public")}, others);
    change(call, IM_CHANGE_DEACTIVATE_USER,
           (struct im_change_target){.company = IM_STR("acme"), .user = IM_STR("jdoe")});
    exchange(call, used, "");
    refused(call, CAUSE_CODE_REUSED);
    exchange(call, others, "");
    refused(call, CAUSE_CODE_OF_ANOTHER_CLIENT);
    exchange(call, refresh, "");
    refused(call, CAUSE_CODE_UNKNOWN);
}

static void a_misspelling_of_what_is_there_or_not_needed_does_no_harm(void **state)
{
    char code[TOKEN_ROOM];
    struct call *call = *state;
    get_code(call, &(struct im_issue){.challenge = IM_STR(CHALLENGE)}, code);
    exchange(call, code, "&redirect_url=x&codeVerifier=x&code_verifier=" VERIFIER);
    answered(call, 200);
    get_code(call, &(struct im_issue){0}, code);
    exchange(call, code, "&codeVerifier=x"); /* this code was given without a challenge */
    answered(call, 200);
}

static void user_is_looked_at_again(void **state)
{
    char code[TOKEN_ROOM];
    struct call *call = *state;
    const struct im_change_target target = {.company = IM_STR("acme"),
                                            .client = IM_STR("demo")};
    get_code(call, &(struct im_issue){0}, code);
    change(call, IM_CHANGE_WITHDRAW_CLIENT, target);
    exchange(call, code, "");
    refused(call, CAUSE_CLIENT_NOT_AUTHORIZED_BY_COMPANY);
    change(call, IM_CHANGE_AUTHORIZE_CLIENT, target);
    exchange(call, code, "");
    answered(call, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("a code is exchanged for tokens of the user who consented",
             code_gives_tokens),
        TEST("only offline_access gives a refresh token; the journal says so",
             refresh_token_needs_offline_access),
        TEST("the article's dialect knows no offline_access and always gives one",
             article_has_no_offline_access),
        TEST("scope openid gives an id_token with the nonce", openid_gives_an_id_token),
        TEST("a missing code is told", missing_code_is_told),
        TEST("a code works once", code_works_once),
        TEST("a code expires", code_expires),
        TEST("the redirect URI must be the one of the authorization request",
             redirect_uri_must_match),
        TEST("a code with a challenge needs its verifier", verifier_must_match),
        TEST("a public client needs no secret, PKCE does",
             public_client_proves_itself_by_pkce),
        TEST("a code is good for its own client", code_is_for_its_client),
        TEST("what a code is goes before whose it is",
             what_a_code_is_goes_before_whose_it_is),
        TEST("a misspelling of what is there, or is not needed, does no harm",
             a_misspelling_of_what_is_there_or_not_needed_does_no_harm),
        TEST("company and client are looked at again, without using the code up",
             user_is_looked_at_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
