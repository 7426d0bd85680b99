#include "unit/endpoints/token_call.h"

#define REFRESH "grant_type=refresh_token" DEMO "&refresh_token="

static void refresh(struct call *call, const char *token, const char *more)
{
    char form[TOKEN_ROOM + 500];
    snprintf(form, sizeof form, REFRESH "%s%s", token, more);
    post(call, form);
}

static void refresh_gives_new_tokens(void **state)
{
    char access[TOKEN_ROOM], first[TOKEN_ROOM], second[TOKEN_ROOM];
    struct call *call = *state;
    get_tokens(call, access, first);
    refresh(call, first, "&username=extra%40field");
    answered(call, 200);
    keep(call, "refresh_token", second);
    assert_string_not_equal(first, second);
    assert_true(im_str_is(call->exchange.grant, "refresh_token"));
    assert_true(im_str_is(call->exchange.user, "ws_user@acme"));
    refresh(call, first, "");
    refused(call, CAUSE_REFRESH_TOKEN_REUSED);
    assert_true(im_str_is(call->exchange.user, "ws_user@acme"));
}

static void rotation_is_policy(void **state)
{
    char access[TOKEN_ROOM], first[TOKEN_ROOM], second[TOKEN_ROOM];
    struct call *call = *state;
    get_tokens(call, access, first);
    set_policy(call, "{\"rotation\":\"keep\"}");
    refresh(call, first, "");
    keep(call, "refresh_token", second);
    assert_string_equal(first, second);
    set_policy(call, "{\"rotation\":\"rotate-keep\"}");
    refresh(call, first, "");
    keep(call, "refresh_token", second);
    assert_string_not_equal(first, second);
    refresh(call, first, "");
    answered(call, 200);
}

static void old_token_works_during_grace(void **state)
{
    char access[TOKEN_ROOM], first[TOKEN_ROOM];
    struct call *call = *state;
    get_tokens(call, access, first);
    set_policy(call, "{\"rotation\":\"grace:5s\"}");
    refresh(call, first, "");
    answered(call, 200);
    im_clock_advance(&call->authority->clock, 4000);
    refresh(call, first, "");
    answered(call, 200);
    im_clock_advance(&call->authority->clock, 4000);
    refresh(call, first, "");
    refused(call, CAUSE_REFRESH_TOKEN_REUSED);
}

static void missing_token_is_told(void **state)
{
    struct call *call = *state;
    post_refused(call, "grant_type=refresh_token" DEMO, CAUSE_REFRESH_TOKEN_MISSING,
                 "refresh_token");
    post_refused(call, "grant_type=refresh_token&refreshtoken=x" DEMO,
                 CAUSE_PARAMETER_MISSPELLED, "\"refreshtoken\"");
    assert_int_equal(call->exchange.worded_as, CAUSE_REFRESH_TOKEN_MISSING);
}

/* The article's sample, with its `client secret`. */
static void sample_of_the_article_is_hinted_at(void **state)
{
    struct call *call = *state;
    post_article(call, "grant_type=refresh_token&refresh_token=your_refresh_token+here&"
                       "client_id=demo&client+secret=demo-secret");
    refused(call, CAUSE_PARAMETER_MISSPELLED);
    assert_int_equal(call->exchange.worded_as, CAUSE_CLIENT_SECRET_MISSING);
    evidence_says(call, "\"client secret\"");
}

static void entity_may_be_chosen(void **state)
{
    char access[TOKEN_ROOM], token[TOKEN_ROOM];
    struct im_jwt jwt;
    struct im_error err;
    struct call *call = *state;
    get_tokens(call, access, token);
    refresh(call, token, "&entity_id=999");
    refused(call, CAUSE_ENTITY_UNKNOWN);
    refresh(call, token, "&entity_id=200");
    answered(call, 200);
    assert_true(
        im_jwt_decode(&call->arena, member(call, "access_token")->text, &jwt, &err));
    assert_true(im_str_is(im_json_get_str(jwt.payload, "entityId"), "200"));
}

static void misspelled_entity_is_noted(void **state)
{
    char access[TOKEN_ROOM], token[TOKEN_ROOM];
    struct call *call = *state;
    get_tokens(call, access, token);
    refresh(call, token, "&entityid=200");
    answered(call, 200);
    note_says(call, CAUSE_PARAMETER_MISSPELLED, "\"entity_id\"");
}

static void refusal_uses_nothing_up(void **state)
{
    char access[TOKEN_ROOM], token[TOKEN_ROOM];
    struct call *call = *state;
    get_tokens(call, access, token);
    change(
        call, IM_CHANGE_LOCK_USER,
        (struct im_change_target){.company = IM_STR("acme"), .user = IM_STR("ws_user")});
    refresh(call, token, "");
    refused(call, CAUSE_USER_LOCKED);
    world(call, "{\"users\":[{\"id\":\"ws_user\",\"company\":\"acme\",\"locked\":false,"
                "\"web_services\":true}]}");
    refresh(call, token, "");
    answered(call, 200);
}

static void scope_may_shrink(void **state)
{
    char access[TOKEN_ROOM], token[TOKEN_ROOM], form[TOKEN_ROOM + 500];
    struct call *call = *state;
    post_article(call, CC DEMO USER "&scope=Vendor:read+Bill:read");
    keep(call, "access_token", access);
    keep(call, "refresh_token", token);
    snprintf(form, sizeof form, REFRESH "%s&scope=Invoice:read", token);
    post_article(call, form);
    refused(call, CAUSE_SCOPE_DENIED);
    snprintf(form, sizeof form, REFRESH "%s&scope=Bill:read", token);
    post_article(call, form);
    is_text(call, "scopes", "Bill:read");
}

static void own_state_of_the_token_comes_first(void **state)
{
    char access[TOKEN_ROOM], token[TOKEN_ROOM];
    struct call *call = *state;
    get_tokens(call, access, token);
    im_clock_advance(&call->authority->clock, INT64_C(31) * 24 * 3600000);
    change(
        call, IM_CHANGE_LOCK_USER,
        (struct im_change_target){.company = IM_STR("acme"), .user = IM_STR("ws_user")});
    refresh(call, token, "");
    refused(call, CAUSE_REFRESH_TOKEN_EXPIRED);
    refresh(call, "made-up", "");
    refused(call, CAUSE_REFRESH_TOKEN_UNKNOWN);
    refresh(call, access, "");
    refused(call, CAUSE_REFRESH_TOKEN_UNKNOWN);
}

static void token_is_for_its_client(void **state)
{
    char access[TOKEN_ROOM], token[TOKEN_ROOM], form[TOKEN_ROOM + 500];
    struct call *call = *state;
    get_tokens(call, access, token);
    snprintf(form, sizeof form,
             "grant_type=refresh_token&client_id=demo-public&refresh_token=%s", token);
    post(call, form);
    refused(call, CAUSE_REFRESH_TOKEN_OF_ANOTHER_CLIENT);
}

static void basic_is_refused_by_default(void **state)
{
    char access[TOKEN_ROOM], token[TOKEN_ROOM], form[TOKEN_ROOM + 500];
    struct call *call = *state;
    get_tokens(call, access, token);
    snprintf(form, sizeof form, "grant_type=refresh_token&refresh_token=%s", token);
    prepare(call, IM_PLACE_TOKEN, FORM, form);
    header(call, "Authorization", BASIC);
    make_call(call, im_endpoint_token);
    refused(call, CAUSE_CLIENT_AUTH_IN_HEADER_ON_REFRESH);
    refresh(call, token, "");
    answered(call, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("a refresh gives new tokens, and the old one is dead; extra fields are "
             "ignored",
             refresh_gives_new_tokens),
        TEST("what happens to the old refresh token is policy", rotation_is_policy),
        TEST("under grace the old one goes on for a while", old_token_works_during_grace),
        TEST("a missing refresh_token is told", missing_token_is_told),
        TEST("the article's own sample is told what it misspelled",
             sample_of_the_article_is_hinted_at),
        TEST("entity_id mints a token for one entity", entity_may_be_chosen),
        TEST("a misspelled entity_id is noted", misspelled_entity_is_noted),
        TEST("who is refused for a locked user may use the same token later",
             refusal_uses_nothing_up),
        TEST("a refresh may ask for fewer scopes, not for others", scope_may_shrink),
        TEST("why the token itself is dead comes before what else is wrong",
             own_state_of_the_token_comes_first),
        TEST("a refresh token is good for its own client", token_is_for_its_client),
        TEST("HTTP Basic is refused on refresh, and uses nothing up",
             basic_is_refused_by_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
