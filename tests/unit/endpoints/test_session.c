#include "unit/endpoints/token_call.h"

static void ask(struct call *call, const char *bearer)
{
    char value[TOKEN_ROOM + 10];
    next_call(call, "GET", IM_PLACE_API);
    if (bearer) {
        snprintf(value, sizeof value, "Bearer %s", bearer);
        header(call, "Authorization", value);
    }
    make_call(call, im_endpoint_session);
}

static void session_of_the_token_is_told(void **state)
{
    char access[TOKEN_ROOM], refresh[TOKEN_ROOM];
    struct im_jwt jwt;
    struct im_error err;
    struct call *call = *state;
    get_tokens(call, access, refresh);
    im_clock_advance(&call->authority->clock, 60000);
    ask(call, access);
    answered(call, 200);
    assert_true(im_jwt_decode(&call->arena, im_str(access), &jwt, &err));
    struct im_str id = im_json_get_str(jwt.payload, "sessionId");
    assert_int_equal(id.len, 56);
    assert_true(im_str_eq(member(call, "ia::result/sessionId")->text, id));
    is_whole(call, "ia::result/expiresIn", 21600 - 60);
    is_whole(call, "ia::meta/totalSuccess", 1);
    assert_true(im_str_is(call->exchange.user, "ws_user@acme"));
}

static void bearer_is_needed(void **state)
{
    struct call *call = *state;
    ask(call, NULL);
    refused(call, CAUSE_AUTHORIZATION_HEADER_MISSING);
}

static void session_may_be_over_before_the_token(void **state)
{
    char access[TOKEN_ROOM], refresh[TOKEN_ROOM];
    struct call *call = *state;
    get_tokens(call, access, refresh);
    im_clock_advance(&call->authority->clock, 6 * 3600000);
    ask(call, access);
    refused(call, CAUSE_SESSION_EXPIRED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("the session behind the token is told, and how long it lives",
             session_of_the_token_is_told),
        TEST("a bearer token is needed", bearer_is_needed),
        TEST("a session may be over before its token is",
             session_may_be_over_before_the_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
