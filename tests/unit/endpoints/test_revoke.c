#include "oauth/token_refusal.h"
#include "unit/endpoints/token_call.h"

static void revoke(struct call *call, const char *token, const char *more)
{
    char form[TOKEN_ROOM + 500];
    snprintf(form, sizeof form, "token=%s%s", token, more);
    post_to(call, im_endpoint_revoke, form);
}

static enum im_cause cause_of_death(struct call *call, const char *token)
{
    struct im_token record;
    assert_true(im_authority_find(call->authority, &call->arena, im_str(token),
                                  call->req.now_ms, &record));
    return im_token_cause(&record);
}

static void token_dies(void **state)
{
    char access[TOKEN_ROOM], refresh[TOKEN_ROOM];
    struct call *call = *state;
    get_tokens(call, access, refresh);
    revoke(call, access, DEMO);
    answered(call, 200);
    assert_true(im_str_is(body(call), "{\"revoked\":true}"));
    assert_int_equal(cause_of_death(call, access), CAUSE_ACCESS_TOKEN_REVOKED);
    assert_int_not_equal(cause_of_death(call, refresh), CAUSE_NONE);
    assert_int_equal(call->exchange.note_count, 0);
    assert_true(im_str_is(call->exchange.user, "ws_user@acme"));
}

static void article_has_its_own_answer(void **state)
{
    struct call *call = *state;
    prepare(call, IM_PLACE_ARTICLE, FORM, "token=x" DEMO);
    make_call(call, im_endpoint_revoke);
    assert_true(im_str_is(body(call), "{\"success\":\"ok\"}"));
}

static void cascade_is_noted(void **state)
{
    char access[TOKEN_ROOM], refresh[TOKEN_ROOM], other[TOKEN_ROOM];
    struct call *call = *state;
    get_tokens(call, other, refresh);
    get_tokens(call, access, refresh);
    revoke(call, refresh, "");
    assert_int_equal(cause_of_death(call, other), CAUSE_GRANT_REVOKED_ELSEWHERE);
    note_says(call, CAUSE_GRANT_REVOKED_ELSEWHERE, "4 tokens of ws_user@acme");
}

static void unknown_token_is_as_good_as_revoked(void **state)
{
    struct call *call = *state;
    revoke(call, "hush", "");
    answered(call, 200);
    note_says(call, CAUSE_ACCESS_TOKEN_UNKNOWN, "never issued hmac:");
}

static void dead_token_is_noted(void **state)
{
    char access[TOKEN_ROOM], refresh[TOKEN_ROOM];
    struct call *call = *state;
    get_tokens(call, access, refresh);
    im_clock_advance(&call->authority->clock, 12 * 3600000);
    revoke(call, access, "");
    answered(call, 200);
    note_says(call, CAUSE_ACCESS_TOKEN_EXPIRED, "dead already");
}

static void token_is_wanted(void **state)
{
    struct call *call = *state;
    post_to(call, im_endpoint_revoke, "x=1" DEMO);
    refused(call, CAUSE_TOKEN_MISSING);
    post_to(call, im_endpoint_revoke, "refresh_token=x" DEMO);
    refused(call, CAUSE_PARAMETER_MISSPELLED);
    assert_int_equal(call->exchange.worded_as, CAUSE_TOKEN_MISSING);
    post_to(call, im_endpoint_revoke, "token=x&token=y");
    refused(call, CAUSE_PARAMETER_REPEATED);
}

static void json_works(void **state)
{
    struct call *call = *state;
    prepare(call, IM_PLACE_TOKEN, "application/json", "{\"token\":\"x\"}");
    make_call(call, im_endpoint_revoke);
    answered(call, 200);
}

static void credentials_are_checked_when_sent(void **state)
{
    struct call *call = *state;
    revoke(call, "x", "&client_id=demo&client_secret=wrong");
    refused(call, CAUSE_CLIENT_SECRET_WRONG);
    revoke(call, "x", "&client_id=demo");
    refused(call, CAUSE_CLIENT_SECRET_MISSING);
}

static void credentials_may_be_demanded(void **state)
{
    struct call *call = *state;
    set_policy(call, "{\"revoke_needs_client\":true}");
    revoke(call, "x", "");
    refused(call, CAUSE_CLIENT_AUTH_MISSING);
    revoke(call, "x", DEMO);
    answered(call, 200);
}

static void client_revokes_its_own(void **state)
{
    char access[TOKEN_ROOM], refresh[TOKEN_ROOM];
    struct call *call = *state;
    get_tokens(call, access, refresh);
    revoke(call, access, "&client_id=demo-public");
    refused(call, CAUSE_TOKEN_OF_ANOTHER_CLIENT);
    evidence_says(call, "access token hmac:");
    assert_int_equal(cause_of_death(call, access), CAUSE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("a revoked token is dead, and its grant with it", token_dies),
        TEST("the article's dialect answers {\"success\":\"ok\"}",
             article_has_its_own_answer),
        TEST("that other connections died too is noted", cascade_is_noted),
        TEST("an unknown token is as good as revoked, and noted",
             unknown_token_is_as_good_as_revoked),
        TEST("a token that was dead already is noted with the reason",
             dead_token_is_noted),
        TEST("a token is wanted, once and under its name", token_is_wanted),
        TEST("JSON works too", json_works),
        TEST("credentials are checked when they are sent",
             credentials_are_checked_when_sent),
        TEST("policy may demand credentials", credentials_may_be_demanded),
        TEST("a client revokes its own tokens only", client_revokes_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
