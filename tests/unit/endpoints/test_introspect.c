#include "unit/endpoints/token_call.h"

static void introspect(struct call *call, const char *token, const char *more)
{
    char form[TOKEN_ROOM + 500];
    snprintf(form, sizeof form, "token=%s%s", token, more);
    post_to(call, im_endpoint_introspect, form);
}

/* About a token, asked with an access token. */
static void introspect_as(struct call *call, const char *token, const char *bearer)
{
    char form[TOKEN_ROOM + 500], value[TOKEN_ROOM + 10];
    snprintf(form, sizeof form, "token=%s", token);
    snprintf(value, sizeof value, "Bearer %s", bearer);
    prepare(call, IM_PLACE_TOKEN, FORM, form);
    header(call, "Authorization", value);
    make_call(call, im_endpoint_introspect);
}

static void has_members(struct call *call, const char *const *names)
{
    const struct im_json *item = member(call, "")->first;
    for (; *names; names++, item = item->next)
        if (!item || !im_str_is(item->name, *names))
            fail_msg("%s is not where it should be in %.*s", *names, IM_ARG(body(call)));
    assert_null(item);
}

static void inactive(struct call *call, enum im_cause why)
{
    answered(call, 200);
    assert_true(im_str_is(body(call), "{\"active\":false}"));
    note_says(call, why, "is not active");
}

static void client_learns_all(void **state)
{
    static const char *const names[] = {
        "active",      "token_type", "client_id",  "user_id",  "cny_id",     "exp", "iat",
        "company_key", "entity_id",  "entity_key", "user_key", "ai_enabled", NULL};
    char access[TOKEN_ROOM], refresh[TOKEN_ROOM];
    struct call *call = *state;
    get_tokens(call, access, refresh);
    introspect(call, access, DEMO);
    answered(call, 200);
    has_members(call, names);
    is_text(call, "token_type", "bearer");
    is_text(call, "user_id", "ws_user");
    is_text(call, "company_key", "100001");
    is_text(call, "entity_id", "");
    is_whole(call, "iat", NOW_MS / 1000);
    is_whole(call, "exp", NOW_MS / 1000 + 43200);
    assert_false(member(call, "ai_enabled")->boolean);
}

static void bearer_learns_the_basics(void **state)
{
    static const char *const names[] = {"active", "token_type", "client_id", "user_id",
                                        "cny_id", "exp",        "iat",       NULL};
    char access[TOKEN_ROOM], refresh[TOKEN_ROOM];
    struct call *call = *state;
    get_tokens(call, access, refresh);
    introspect_as(call, refresh, access);
    answered(call, 200);
    has_members(call, names);
}

static void basic_learns_all(void **state)
{
    char access[TOKEN_ROOM], refresh[TOKEN_ROOM], form[TOKEN_ROOM + 100];
    struct call *call = *state;
    get_tokens(call, access, refresh);
    snprintf(form, sizeof form, "token=%s", access);
    prepare(call, IM_PLACE_TOKEN, FORM, form);
    header(call, "Authorization", BASIC);
    make_call(call, im_endpoint_introspect);
    is_text(call, "user_key", "444");
}

static void caller_must_be_somebody(void **state)
{
    struct call *call = *state;
    introspect(call, "x", "");
    refused(call, CAUSE_CLIENT_AUTH_MISSING);
    introspect(call, "x", "&client_id=demo&client_secret=wrong");
    refused(call, CAUSE_CLIENT_SECRET_WRONG);
    introspect_as(call, "x", "nonsense");
    refused(call, CAUSE_TOKEN_MALFORMED);
}

static void token_is_wanted(void **state)
{
    struct call *call = *state;
    post_to(call, im_endpoint_introspect, "access_token=x" DEMO);
    refused(call, CAUSE_PARAMETER_MISSPELLED);
    assert_int_equal(call->exchange.worded_as, CAUSE_TOKEN_MISSING);
    introspect(call, "", DEMO);
    refused(call, CAUSE_TOKEN_MISSING);
}

static void dead_tokens_are_inactive(void **state)
{
    char access[TOKEN_ROOM], refresh[TOKEN_ROOM];
    struct call *call = *state;
    get_tokens(call, access, refresh);
    introspect(call, "made-up", DEMO);
    inactive(call, CAUSE_ACCESS_TOKEN_UNKNOWN);
    im_authority_revoke(call->authority, im_str(access), call->req.now_ms);
    introspect(call, access, DEMO);
    inactive(call, CAUSE_ACCESS_TOKEN_REVOKED);
    get_tokens(call, access, refresh);
    im_clock_advance(&call->authority->clock, 12 * 3600000);
    introspect(call, access, DEMO);
    inactive(call, CAUSE_ACCESS_TOKEN_EXPIRED);
}

static void codes_are_inactive(void **state)
{
    char code[TOKEN_ROOM];
    struct call *call = *state;
    get_code(call, &(struct im_issue){0}, code);
    introspect(call, code, DEMO);
    inactive(call, CAUSE_CODE_USED_AS_ACCESS_TOKEN);
}

static void tokens_of_a_locked_user_are_inactive(void **state)
{
    char access[TOKEN_ROOM], refresh[TOKEN_ROOM];
    struct call *call = *state;
    get_tokens(call, access, refresh);
    change(
        call, IM_CHANGE_LOCK_USER,
        (struct im_change_target){.company = IM_STR("acme"), .user = IM_STR("ws_user")});
    introspect(call, access, DEMO);
    inactive(call, CAUSE_USER_LOCKED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("a client with its credentials learns all members, in order",
             client_learns_all),
        TEST("who asks with a bearer token learns the basic ones",
             bearer_learns_the_basics),
        TEST("HTTP Basic is as good as the body", basic_learns_all),
        TEST("who asks must be somebody", caller_must_be_somebody),
        TEST("a token is wanted", token_is_wanted),
        TEST("unknown, revoked and expired tokens are inactive, and the journal says why",
             dead_tokens_are_inactive),
        TEST("an authorization code is no active token", codes_are_inactive),
        TEST("a token that the API would refuse for its user's sake is inactive",
             tokens_of_a_locked_user_are_inactive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
