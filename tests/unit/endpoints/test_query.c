#include "unit/endpoints/call.h"

static void query(struct call *call, const char *payload)
{
    next_call(call, "POST", IM_PLACE_API);
    present(call, (struct im_issue){0});
    header(call, "Content-Type", "application/json");
    call->req.body = im_str(payload);
    make_call(call, im_endpoint_query);
}

static void model(struct call *call, const char *parameters)
{
    next_call(call, "GET", IM_PLACE_API);
    present(call, (struct im_issue){0});
    call->req.query = im_str(parameters);
    make_call(call, im_endpoint_model);
}

static void gives_the_fields(void **state)
{
    struct call *call = *state;
    query(call, "{\"object\":\"accounts-payable/vendor\",\"fields\":[\"id\",\"name\"]}");
    answered(call, 200);
    assert_non_null(member(call, "ia::result/0/name"));
    assert_null(member(call, "ia::result/0/status"));
    is_whole(call, "ia::meta/start", 1);
    assert_true(im_str_is(call->exchange.object, "accounts-payable/vendor"));
}

static void gives_pages(void **state)
{
    struct call *call = *state;
    query(call,
          "{\"object\":\"accounts-payable/vendor\",\"fields\":[\"id\"],\"size\":1}");
    answered(call, 200);
    is_whole(call, "ia::meta/next", 2);
    assert_int_equal(member(call, "ia::meta/previous")->type, IM_JSON_NULL);
}

static void names_the_field(void **state)
{
    struct call *call = *state;
    query(call, "{\"object\":\"accounts-receivable/invoice\",\"fields\":[\"action\"]}");
    refused(call, CAUSE_QUERY_INVALID);
    assert_true(im_str_is(call->exchange.field, "action"));
}

static void names_the_object(void **state)
{
    struct call *call = *state;
    query(call, "{\"object\":\"accounts-payable/vendors\",\"fields\":[\"id\"]}");
    refused(call, CAUSE_OBJECT_UNKNOWN);
    evidence_says(call, "did you mean");
    query(call, "{\"fields\":[\"id\"]}");
    refused(call, CAUSE_QUERY_KEY_MISSING);
    query(call, "{\"object\":null,\"fields\":[\"id\"]}");
    refused(call, CAUSE_QUERY_KEY_MISSING);
    query(call, "{\"object\":7,\"fields\":[\"id\"]}");
    refused(call, CAUSE_QUERY_VALUE_INVALID);
    query(call, "[]");
    refused(call, CAUSE_QUERY_KEY_MISSING);
}

static void names_each_flaw(void **state)
{
    struct call *call = *state;
    static const struct {
        const char *members, *field;
        enum im_cause cause;
    } flaws[] = {
        {"\"fields\":[\"id\"],\"includePrivate\":true", "includePrivate",
         CAUSE_QUERY_KEY_UNKNOWN},
        {"\"filterParameters\":{\"x\":1},\"fields\":[\"id\"]", "x",
         CAUSE_QUERY_KEY_UNKNOWN},
        {"\"start\":1", "fields", CAUSE_QUERY_KEY_MISSING},
        {"\"fields\":null", "fields", CAUSE_QUERY_KEY_MISSING},
        {"\"fields\":[\"id\"],\"size\":4001", "size", CAUSE_QUERY_VALUE_INVALID},
        {"\"fields\":[\"id\"],\"orderBy\":7", "orderBy", CAUSE_QUERY_VALUE_INVALID},
    };
    char body[200];
    for (size_t i = 0; i < sizeof flaws / sizeof *flaws; i++) {
        snprintf(body, sizeof body, "{\"object\":\"accounts-payable/vendor\",%s}",
                 flaws[i].members);
        query(call, body);
        refused(call, flaws[i].cause);
        assert_true(im_str_is(call->exchange.field, flaws[i].field));
    }
}

static void needs_permission(void **state)
{
    struct call *call = *state;
    change(
        call, IM_CHANGE_REMOVE_ROLE,
        (struct im_change_target){.company = IM_STR("acme"), .user = IM_STR("ws_user")});
    query(call, "{\"object\":\"accounts-payable/vendor\",\"fields\":[\"id\"]}");
    refused(call, CAUSE_PERMISSION_ROLE_MISSING);
}

static void model_of_one(void **state)
{
    struct call *call = *state;
    model(call, "name=accounts-payable%2Fvendor");
    answered(call, 200);
    assert_non_null(member(call, "ia::result"));
    is_whole(call, "ia::meta/totalCount", 1);
}

static void model_of_all(void **state)
{
    struct call *call = *state;
    model(call, "");
    answered(call, 200);
    assert_int_equal(member(call, "ia::result")->count, im_object_type_count());
}

static void model_of_none(void **state)
{
    struct call *call = *state;
    model(call, "name=accounts-payable/vendro");
    answered(call, 200);
    assert_int_equal(member(call, "ia::result")->type, IM_JSON_ARRAY);
    assert_int_equal(member(call, "ia::result")->count, 0);
    is_whole(call, "ia::meta/totalCount", 0);
    assert_int_equal(call->exchange.notes[0].cause, CAUSE_OBJECT_UNKNOWN);
    says(call->exchange.notes[0].text, "did you mean \"accounts-payable/vendor\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("a query gives the fields asked for and no others", gives_the_fields),
        TEST("a query gives the number of the next page, or null", gives_pages),
        TEST("a field that cannot be queried is refused by name", names_the_field),
        TEST("a query must name a known object", names_the_object),
        TEST("each flaw of a query has its own cause and field", names_each_flaw),
        TEST("a query needs the permission to read", needs_permission),
        TEST("the model of one object tells its fields", model_of_one),
        TEST("the model without a name lists all objects", model_of_all),
        TEST("the model of an unknown object is empty, with a warning", model_of_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
