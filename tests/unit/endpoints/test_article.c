#include "unit/endpoints/call.h"

static void ask_as(struct call *call, const char *scopes, const char *method,
                   const char *rest)
{
    next_call(call, method, IM_PLACE_ARTICLE);
    present(call,
            (struct im_issue){.dialect = IM_DIALECT_ARTICLE, .scopes = im_str(scopes)});
    call->req.rest = im_arena_copy(&call->arena, im_str(rest));
}

static void ask(struct call *call, const char *method, const char *rest,
                const char *payload)
{
    ask_as(call, "full_access", method, rest);
    call->req.body = payload ? im_str(payload) : (struct im_str){0};
    make_call(call, im_endpoint_article);
}

static void lists(void **state)
{
    struct call *call = *state;
    ask(call, "GET", "Vendor", NULL);
    answered(call, 200);
    assert_int_equal(member(call, "total")->whole, member(call, "items")->count);
    assert_non_null(member(call, "items/0/name"));
}

static void creates_reads_changes_deletes(void **state)
{
    struct call *call = *state;
    char path[64];
    ask(call, "POST", "Vendor", "{\"id\":\"V-9\",\"name\":\"Nine\"}");
    answered(call, 201);
    is_text(call, "name", "Nine");
    snprintf(path, sizeof path, "Vendor/%.*s", IM_ARG(member(call, "key")->text));
    ask(call, "PATCH", path, "{\"name\":\"Neuf\"}");
    answered(call, 200);
    is_text(call, "name", "Neuf");
    ask(call, "GET", path, NULL);
    is_text(call, "id", "V-9");
    ask(call, "DELETE", path, NULL);
    answered(call, 204);
    ask(call, "DELETE", path, NULL);
    refused(call, CAUSE_RECORD_NOT_FOUND);
}

static void scopes_guard_it(void **state)
{
    struct call *call = *state;
    ask_as(call, "Vendor:read", "GET", "Vendor");
    make_call(call, im_endpoint_article);
    answered(call, 200);
    ask_as(call, "Vendor:read", "POST", "Vendor");
    make_call(call, im_endpoint_article);
    refused(call, CAUSE_SCOPE_INSUFFICIENT);
    evidence_says(call, "Vendor:write would");
    word_refusal(call);
    assert_int_equal(call->res.status, 403);
    says(im_response_get_header(&call->res, "WWW-Authenticate"), "insufficient_scope");
    ask_as(call, "Customer:read", "GET", "Vendor");
    make_call(call, im_endpoint_article);
    refused(call, CAUSE_SCOPE_INSUFFICIENT);
}

static void takes_its_own_tokens_alone(void **state)
{
    struct call *call = *state;
    next_call(call, "GET", IM_PLACE_ARTICLE);
    present(call, (struct im_issue){.dialect = IM_DIALECT_REST});
    call->req.rest = IM_STR("Vendor");
    make_call(call, im_endpoint_article);
    assert_int_not_equal(call->cause, CAUSE_NONE);
}

static void permissions_hold_here_too(void **state)
{
    struct call *call = *state;
    change(
        call, IM_CHANGE_REMOVE_ROLE,
        (struct im_change_target){.company = IM_STR("acme"), .user = IM_STR("ws_user")});
    ask(call, "GET", "Vendor", NULL);
    refused(call, CAUSE_PERMISSION_ROLE_MISSING);
}

static void names_the_nearest_object(void **state)
{
    struct call *call = *state;
    ask(call, "GET", "Vendro", NULL);
    refused(call, CAUSE_OBJECT_UNKNOWN);
    evidence_says(call, "did you mean \"Vendor\"");
    ask(call, "GET", "Vendor/1/2", NULL);
    refused(call, CAUSE_PATH_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("a list has whole records in items, and their total", lists),
        TEST("a change answers with the whole record", creates_reads_changes_deletes),
        TEST("the token's scopes must allow the call", scopes_guard_it),
        TEST("a token of the REST dialect is refused", takes_its_own_tokens_alone),
        TEST("roles hold whatever the scopes say", permissions_hold_here_too),
        TEST("an unknown object is refused with the nearest name",
             names_the_nearest_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
