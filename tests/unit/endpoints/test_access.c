#include "unit/endpoints/call.h"

#include "endpoints/access.h"

#define VENDOR "accounts-payable/vendor"

static struct im_access ask(struct call *call)
{
    struct im_access access;
    call->cause = im_access_check(call->authority, &call->req, IM_DIALECT_REST, &access);
    return access;
}

static struct im_access ask_with(struct call *call, const char *name, const char *value)
{
    next_call(call, "GET", IM_PLACE_API);
    present(call, (struct im_issue){0});
    header(call, name, value);
    return ask(call);
}

static void ask_object(struct call *call, const char *object, enum im_action action)
{
    next_call(call, "GET", IM_PLACE_API);
    present(call, (struct im_issue){.user = IM_STR("jdoe")});
    struct im_access access = ask(call);
    assert_int_equal(call->cause, CAUSE_NONE);
    call->cause = im_access_object(call->authority, &call->req, &access,
                                   im_object_type_find(im_str(object)), action);
}

static const struct im_change_target jdoe = {.company = IM_STR_INIT("acme"),
                                             .user = IM_STR_INIT("jdoe")};

static void needs_a_token(void **state)
{
    struct call *call = *state;
    next_call(call, "GET", IM_PLACE_API);
    ask(call);
    refused(call, CAUSE_AUTHORIZATION_HEADER_MISSING);
}

static void tells_who_calls(void **state)
{
    struct call *call = *state;
    next_call(call, "GET", IM_PLACE_API);
    present(call, (struct im_issue){0});
    struct im_access access = ask(call);
    assert_int_equal(call->cause, CAUSE_NONE);
    assert_true(im_str_is(call->exchange.client_id, "demo"));
    assert_true(im_str_is(call->exchange.user, "ws_user@acme"));
    says(call->exchange.token, "hmac:");
    assert_int_equal(access.entity.len, 0);
}

static void header_selects_entity(void **state)
{
    struct call *call = *state;
    struct im_access access = ask_with(call, "x-ia-api-param-entity", "100");
    assert_int_equal(call->cause, CAUSE_NONE);
    assert_true(im_str_is(access.entity, "100"));
}

static void header_beats_token(void **state)
{
    struct call *call = *state;
    next_call(call, "GET", IM_PLACE_API);
    present(call, (struct im_issue){.entity = IM_STR("100")});
    header(call, "X-IA-API-Param-Entity", "200");
    struct im_access access = ask(call);
    assert_true(im_str_is(access.entity, "200"));
}

static void tokens_entity_applies(void **state)
{
    struct call *call = *state;
    next_call(call, "GET", IM_PLACE_API);
    present(call, (struct im_issue){.entity = IM_STR("100")});
    header(call, "X-IA-API-Param-Entity", "");
    struct im_access access = ask(call);
    assert_true(im_str_is(access.entity, "100"));
}

static void unknown_entity_is_refused(void **state)
{
    struct call *call = *state;
    ask_with(call, "X-IA-API-Param-Entity", "999");
    refused(call, CAUSE_PERMISSION_ENTITY_DENIED);
    evidence_says(call, "no entity \"999\"");
}

static void restrict_to(struct call *call, const char *entity)
{
    change(call, IM_CHANGE_RESTRICT_TO_ENTITY,
           (struct im_change_target){.company = IM_STR("acme"),
                                     .user = IM_STR("ws_user"),
                                     .value = im_str(entity)});
}

static void forbidden_entity_is_refused(void **state)
{
    struct call *call = *state;
    restrict_to(call, "100");
    ask_with(call, "X-IA-API-Param-Entity", "200");
    refused(call, CAUSE_PERMISSION_ENTITY_DENIED);
    evidence_says(call, "ws_user@acme may not enter entity 200");
}

static void top_level_is_refused(void **state)
{
    struct call *call = *state;
    restrict_to(call, "100");
    ask_with(call, "Accept", "application/json");
    refused(call, CAUSE_PERMISSION_COMPANY_DENIED);
}

static void lookalike_is_noted(void **state)
{
    struct call *call = *state;
    struct im_access access = ask_with(call, "Sage-Param-Entity", "100");
    assert_int_equal(call->cause, CAUSE_NONE);
    assert_int_equal(access.entity.len, 0);
    assert_true(noted(call, CAUSE_ENTITY_HEADER_IGNORED));
    says(call->exchange.notes[0].text, "data of all entities");
}

static void documented_spelling_is_noted_as_unknown(void **state)
{
    struct call *call = *state;
    struct im_access access = ask_with(call, "X-IA-API-ParamEntity", "100");
    assert_int_equal(access.entity.len, 0);
    assert_true(noted(call, CAUSE_ENTITY_HEADER_IGNORED));
    says(call->exchange.notes[0].text, "nobody has shown");
}

static void other_headers_are_no_lookalikes(void **state)
{
    struct call *call = *state;
    ask_with(call, "X-IA-API-Param-Transaction", "true");
    assert_int_equal(call->exchange.note_count, 0);
    ask_with(call, "X-Request-Id", "1");
    assert_int_equal(call->exchange.note_count, 0);
}

static void module_must_be_subscribed(void **state)
{
    struct call *call = *state;
    change(call, IM_CHANGE_UNSUBSCRIBE_MODULE,
           (struct im_change_target){.company = IM_STR("acme"),
                                     .value = IM_STR("accounts-payable")});
    ask_object(call, VENDOR, IM_ACTION_READ);
    refused(call, CAUSE_MODULE_NOT_SUBSCRIBED);
    ask_object(call, "company-config/location", IM_ACTION_READ);
    assert_int_equal(call->cause, CAUSE_NONE);
}

static void role_is_needed(void **state)
{
    struct call *call = *state;
    change(call, IM_CHANGE_REMOVE_ROLE, jdoe);
    ask_object(call, VENDOR, IM_ACTION_READ);
    refused(call, CAUSE_PERMISSION_ROLE_MISSING);
    assert_true(im_str_is(call->exchange.object, VENDOR));
}

static void role_must_name_the_object(void **state)
{
    struct call *call = *state;
    world(call,
          "{\"roles\":[{\"name\":\"ar\",\"permissions\":[\"accounts-receivable/*:*\"]}],"
          "\"users\":[{\"id\":\"jdoe\",\"company\":\"acme\",\"roles\":[\"ar\"]}]}");
    ask_object(call, VENDOR, IM_ACTION_READ);
    refused(call, CAUSE_PERMISSION_OBJECT_DENIED);
    evidence_says(call, "(ar)");
}

static void role_must_allow_the_action(void **state)
{
    struct call *call = *state;
    world(
        call,
        "{\"users\":[{\"id\":\"jdoe\",\"company\":\"acme\",\"roles\":[\"read-only\"]}]}");
    ask_object(call, VENDOR, IM_ACTION_READ);
    assert_int_equal(call->cause, CAUSE_NONE);
    ask_object(call, VENDOR, IM_ACTION_DELETE);
    refused(call, CAUSE_PERMISSION_ACTION_DENIED);
    evidence_says(call, "not to delete");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("a call needs a bearer token", needs_a_token),
        TEST("the outcome tells client, user and the token's fingerprint",
             tells_who_calls),
        TEST("the entity header selects an entity, whatever its case",
             header_selects_entity),
        TEST("the entity header beats the token's entity", header_beats_token),
        TEST("without a header, or with an empty one, the token's entity applies",
             tokens_entity_applies),
        TEST("an entity that the company does not have is refused",
             unknown_entity_is_refused),
        TEST("an entity that the user may not enter is refused",
             forbidden_entity_is_refused),
        TEST("a user without top level must name an entity", top_level_is_refused),
        TEST("Sage-Param-Entity is ignored and noted", lookalike_is_noted),
        TEST("the documented spelling is ignored with a note that nobody knows",
             documented_spelling_is_noted_as_unknown),
        TEST("headers of other names are not noted", other_headers_are_no_lookalikes),
        TEST("the company must subscribe to the object's module",
             module_must_be_subscribed),
        TEST("a user without any role is refused", role_is_needed),
        TEST("a user whose roles are silent on the object is refused",
             role_must_name_the_object),
        TEST("a user whose roles do not allow the action is refused",
             role_must_allow_the_action),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
