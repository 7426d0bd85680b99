#include "unit/endpoints/token_call.h"

#include "oauth/scope.h"

static struct im_str ask(struct call *call, enum im_dialect_id dialect, const char *asked)
{
    struct im_client client;
    struct im_str granted = {0};
    next_call(call, "POST", IM_PLACE_TOKEN);
    struct im_policy policy = im_authority_policy(call->authority);
    assert_true(im_directory_client(call->authority->directory, IM_STR("demo"), &client));
    struct im_scope_ask scopes = {.asked = im_str(asked),
                                  .dialect = im_dialect(dialect),
                                  .policy = &policy,
                                  .client = &client};
    call->cause = im_scope_grant(&call->req, &scopes, &granted);
    return granted;
}

static void is(struct im_str text, const char *expected)
{
    if (!im_str_is(text, expected))
        fail_msg("\"%.*s\", not \"%s\"", IM_ARG(text), expected);
}

static void default_is_granted(void **state)
{
    is(ask(*state, IM_DIALECT_REST, ""), "");
    is(ask(*state, IM_DIALECT_ARTICLE, "  "), "full_access:read Contact:action");
}

static void known_scopes_are_granted_once(void **state)
{
    struct call *call = *state;
    is(ask(call, IM_DIALECT_REST, "openid  offline_access openid"),
       "openid offline_access");
    assert_int_equal(call->cause, CAUSE_NONE);
    is(call->exchange.scope, "openid  offline_access openid");
}

static void unknown_scope_is_refused(void **state)
{
    struct call *call = *state;
    ask(call, IM_DIALECT_REST, "openid offline");
    refused(call, CAUSE_SCOPE_UNKNOWN);
    evidence_says(call, "\"offline\"");
}

static void denied_scope_is_refused(void **state)
{
    struct call *call = *state;
    ask(call, IM_DIALECT_REST, "sage/ai-agents");
    refused(call, CAUSE_SCOPE_DENIED);
    evidence_says(call, "client demo");
}

static void excess_may_be_narrowed(void **state)
{
    struct call *call = *state;
    set_policy(call, "{\"scope_excess\":\"narrow\"}");
    is(ask(call, IM_DIALECT_REST, "sage/ai-agents openid magic"), "openid");
    assert_int_equal(call->cause, CAUSE_NONE);
    assert_true(noted(call, CAUSE_SCOPE_DENIED));
    assert_true(noted(call, CAUSE_SCOPE_UNKNOWN));
    is(ask(call, IM_DIALECT_REST, "magic"), ""); /* an ordinary grant there */
    assert_int_equal(call->cause, CAUSE_NONE);
    ask(call, IM_DIALECT_ARTICLE, "magic");
    refused(call, CAUSE_SCOPE_UNKNOWN);
}

static void refresh_may_ask_for_less(void **state)
{
    struct call *call = *state;
    struct im_str granted;
    next_call(call, "POST", IM_PLACE_TOKEN);
    assert_int_equal(im_scope_keep(&call->req, IM_STR("b"), IM_STR("a b"), &granted),
                     CAUSE_NONE);
    is(granted, "b");
    assert_int_equal(im_scope_keep(&call->req, IM_STR(""), IM_STR("a b"), &granted),
                     CAUSE_NONE);
    is(granted, "a b");
    call->cause = im_scope_keep(&call->req, IM_STR("a c"), IM_STR("a b"), &granted);
    refused(call, CAUSE_SCOPE_DENIED);
    evidence_says(call, "cannot add scope \"c\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("who asks for no scope is granted the dialect's default",
             default_is_granted),
        TEST("what was asked for is granted, each scope once",
             known_scopes_are_granted_once),
        TEST("a scope that the dialect does not know is refused",
             unknown_scope_is_refused),
        TEST("a scope that the client may not have is refused", denied_scope_is_refused),
        TEST("policy may grant fewer scopes instead, but never none where each grant has "
             "some",
             excess_may_be_narrowed),
        TEST("a refresh may ask for fewer scopes, not for more",
             refresh_may_ask_for_less),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
