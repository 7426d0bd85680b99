#include "unit/endpoints/call.h"

#include "endpoints/batch.h"

#define VENDOR "accounts-payable/vendor"

/* Asks /objects/REST with a good token. */
static void ask(struct call *call, const char *method, const char *rest,
                const char *payload)
{
    next_call(call, method, IM_PLACE_API);
    present(call, (struct im_issue){0});
    call->req.rest = im_arena_copy(&call->arena, im_str(rest));
    if (payload) {
        header(call, "Content-Type", "application/json");
        call->req.body = im_str(payload);
    }
    make_call(call, im_endpoint_resource);
}

static void ask_typed(struct call *call, const char *type, const char *payload)
{
    next_call(call, "POST", IM_PLACE_API);
    present(call, (struct im_issue){0});
    call->req.rest = IM_STR(VENDOR);
    if (type)
        header(call, "Content-Type", type);
    call->req.body = im_str(payload);
    make_call(call, im_endpoint_resource);
}

static void list(struct call *call, const char *query)
{
    next_call(call, "GET", IM_PLACE_API);
    present(call, (struct im_issue){0});
    call->req.rest = IM_STR(VENDOR);
    call->req.query = im_str(query);
    make_call(call, im_endpoint_resource);
}

static void lists(void **state)
{
    struct call *call = *state;
    ask(call, "GET", VENDOR, NULL);
    answered(call, 200);
    says(member(call, "ia::result/0/href")->text, "/objects/" VENDOR "/");
    is_whole(call, "ia::meta/start", 1);
    is_whole(call, "ia::meta/pageSize", 100);
    assert_int_equal(member(call, "ia::meta/next")->type, IM_JSON_NULL);
}

static void lists_pages(void **state)
{
    struct call *call = *state;
    list(call, "start=2&size=1");
    answered(call, 200);
    assert_int_equal(member(call, "ia::result")->count, 1);
    is_whole(call, "ia::meta/start", 2);
    is_whole(call, "ia::meta/previous", 1);
}

static void refuses_wrong_pages(void **state)
{
    struct call *call = *state;
    static const char *const wrong[] = {"size=0", "start=x", "size=4001", "start=-1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        list(call, wrong[i]);
        refused(call, CAUSE_QUERY_VALUE_INVALID);
    }
}

static void creates_reads_changes_deletes(void **state)
{
    struct call *call = *state;
    char path[64];
    ask(call, "POST", VENDOR, "{\"id\":\"V-9\",\"name\":\"Nine\"}");
    answered(call, 201);
    is_text(call, "ia::result/id", "V-9");
    is_whole(call, "ia::meta/totalSuccess", 1);
    struct im_str key = member(call, "ia::result/key")->text;
    snprintf(path, sizeof path, VENDOR "/%.*s", IM_ARG(key));
    ask(call, "PATCH", path, "{\"name\":\"Neuf\"}");
    answered(call, 200);
    ask(call, "GET", path, NULL);
    is_text(call, "ia::result/name", "Neuf");
    ask(call, "DELETE", path, NULL);
    answered(call, 204);
    assert_int_equal(body(call).len, 0);
    ask(call, "GET", path, NULL);
    refused(call, CAUSE_RECORD_NOT_FOUND);
}

static void names_the_nearest_object(void **state)
{
    struct call *call = *state;
    ask(call, "GET", "accounts-payable/vendro", NULL);
    refused(call, CAUSE_OBJECT_UNKNOWN);
    evidence_says(call, "did you mean \"" VENDOR "\"");
    ask(call, "GET", "accounts-payable", NULL);
    refused(call, CAUSE_OBJECT_UNKNOWN);
}

static void refuses_longer_paths(void **state)
{
    struct call *call = *state;
    ask(call, "GET", VENDOR "/1/lines", NULL);
    refused(call, CAUSE_PATH_UNKNOWN);
    ask(call, "GET", VENDOR "/%zz", NULL);
    refused(call, CAUSE_REQUEST_MALFORMED);
}

static void methods_fit_the_path(void **state)
{
    struct call *call = *state;
    ask(call, "DELETE", VENDOR, NULL);
    refused(call, CAUSE_METHOD_NOT_ALLOWED);
    says(call->exchange.allow, "POST");
    ask(call, "POST", VENDOR "/1", "{}");
    refused(call, CAUSE_METHOD_NOT_ALLOWED);
    says(call->exchange.allow, "PATCH");
}

static void names_the_wrong_field(void **state)
{
    struct call *call = *state;
    ask(call, "POST", VENDOR, "{\"id\":\"V-9\",\"name\":\"Nine\",\"nmae\":\"x\"}");
    refused(call, CAUSE_FIELD_INVALID);
    says(call->exchange.field, "nmae");
    ask(call, "POST", VENDOR, "{\"id\":\"V-9\",\"name\":\"Nine\",\"totalDue\":\"1.00\"}");
    refused(call, CAUSE_FIELD_READ_ONLY);
    ask(call, "POST", VENDOR, "{\"name\":\"Nine\"}");
    refused(call, CAUSE_FIELD_MISSING);
    ask(call, "POST", VENDOR, "{\"id\":\"V-9\",\"name\":7}");
    refused(call, CAUSE_FIELD_TYPE_WRONG);
}

static void references_must_hold(void **state)
{
    struct call *call = *state;
    ask(call, "POST", VENDOR,
        "{\"id\":\"V-9\",\"name\":\"Nine\",\"parent\":{\"id\":\"none\"}}");
    refused(call, CAUSE_REFERENCE_UNKNOWN);
    ask(call, "POST", VENDOR, "{\"id\":\"V-9\",\"name\":\"Nine\"}");
    char path[64];
    snprintf(path, sizeof path, VENDOR "/%.*s",
             IM_ARG(member(call, "ia::result/key")->text));
    ask(call, "POST", VENDOR,
        "{\"id\":\"V-10\",\"name\":\"Ten\",\"parent\":{\"id\":\"V-9\"}}");
    answered(call, 201);
    ask(call, "DELETE", path, NULL);
    refused(call, CAUSE_RECORD_IN_USE);
}

static void refuses_duplicates(void **state)
{
    struct call *call = *state;
    ask(call, "POST", VENDOR, "{\"id\":\"V-9\",\"name\":\"Nine\"}");
    answered(call, 201);
    ask(call, "POST", VENDOR, "{\"id\":\"V-9\",\"name\":\"Again\"}");
    refused(call, CAUSE_RECORD_DUPLICATE);
}

static void needs_a_payload(void **state)
{
    struct call *call = *state;
    ask(call, "POST", VENDOR, " ");
    refused(call, CAUSE_API_PAYLOAD_MISSING);
    ask(call, "POST", VENDOR, "{\"id\":}");
    refused(call, CAUSE_API_PAYLOAD_MALFORMED);
    evidence_says(call, "column 7");
    ask(call, "POST", VENDOR, "[]");
    refused(call, CAUSE_API_PAYLOAD_MALFORMED);
}

static void takes_json_alone(void **state)
{
    struct call *call = *state;
    ask_typed(call, "text/xml; charset=utf-8", "<request/>");
    refused(call, CAUSE_XML_SENT_TO_REST);
    ask_typed(call, NULL, "<?xml version=\"1.0\"?><request/>");
    refused(call, CAUSE_XML_SENT_TO_REST);
    ask_typed(call, "application/x-www-form-urlencoded", "{}");
    refused(call, CAUSE_CONTENT_TYPE_UNSUPPORTED);
    ask_typed(call, NULL, "{\"id\":\"V-9\",\"name\":\"Nine\"}");
    answered(call, 201);
}

static void permission_comes_before_payload(void **state)
{
    struct call *call = *state;
    change(call, IM_CHANGE_REMOVE_PERMISSION,
           (struct im_change_target){.company = IM_STR("acme"),
                                     .user = IM_STR("ws_user"),
                                     .value = IM_STR(VENDOR ":create")});
    ask(call, "POST", VENDOR, "not JSON");
    refused(call, CAUSE_PERMISSION_ACTION_DENIED);
}

static void entity_hides_rows(void **state)
{
    struct call *call = *state;
    next_call(call, "POST", IM_PLACE_API);
    present(call, (struct im_issue){.entity = IM_STR("200")});
    call->req.rest = IM_STR(VENDOR);
    call->req.body = IM_STR("{\"id\":\"V-200\",\"name\":\"Two hundred\"}");
    make_call(call, im_endpoint_resource);
    answered(call, 201);
    ask(call, "GET", VENDOR, NULL);
    int64_t all = member(call, "ia::meta/totalCount")->whole;
    next_call(call, "GET", IM_PLACE_API);
    present(call, (struct im_issue){.entity = IM_STR("100")});
    call->req.rest = IM_STR(VENDOR);
    make_call(call, im_endpoint_resource);
    assert_true(member(call, "ia::meta/totalCount")->whole < all);
}

static void ask_once(struct call *call, const char *key, const char *payload)
{
    next_call(call, "POST", IM_PLACE_API);
    present(call, (struct im_issue){0});
    call->req.rest = IM_STR(VENDOR);
    call->req.target = IM_STR("/ia/api/v1/objects/" VENDOR);
    header(call, "Idempotency-Key", key);
    call->req.body = im_str(payload);
    make_call(call, im_endpoint_resource);
}

static void a_repeated_create_makes_the_same_record(void **state)
{
    struct call *call = *state;
    char made[32];
    ask_once(call, "k1", "{\"id\":\"V-9\",\"name\":\"Nine\"}");
    answered(call, 201);
    assert_true(call->exchange.created);
    snprintf(made, sizeof made, "%.*s", IM_ARG(member(call, "ia::result/key")->text));
    ask_once(call, "k1", "{\"id\":\"V-9\",\"name\":\"Nine\"}");
    answered(call, 201);
    is_text(call, "ia::result/key", made);
    assert_false(call->exchange.created);
    ask_once(call, "k1", "{\"id\":\"V-10\",\"name\":\"Ten\"}");
    refused(call, CAUSE_IDEMPOTENCY_KEY_REUSED);
    ask_once(call, "k2", "{\"id\":\"V-9\",\"name\":\"Nine\"}");
    refused(call, CAUSE_RECORD_DUPLICATE);
    im_clock_advance(&call->authority->clock, IM_IDEMPOTENCY_MS);
    ask_once(call, "k1", "{\"id\":\"V-10\",\"name\":\"Ten\"}");
    answered(call, 201);
}

/* Sage documents both, and not how they fit. */
static void policy_refuses_a_repeated_create(void **state)
{
    struct call *call = *state;
    struct im_policy policy = im_authority_policy(call->authority);

    policy.idempotent_repeat = false;
    im_authority_set_policy(call->authority, &policy);
    ask_once(call, "k1", "{\"id\":\"V-9\",\"name\":\"Nine\"}");
    answered(call, 201);
    ask_once(call, "k1", "{\"id\":\"V-9\",\"name\":\"Nine\"}");
    refused(call, CAUSE_IDEMPOTENCY_KEY_REUSED);
    evidence_says(call, "this very call");
    ask_once(call, "k1", "{\"id\":\"V-10\",\"name\":\"Ten\"}");
    refused(call, CAUSE_IDEMPOTENCY_KEY_REUSED);
    evidence_says(call, "another call");
    im_clock_advance(&call->authority->clock, IM_IDEMPOTENCY_MS);
    ask_once(call, "k1", "{\"id\":\"V-10\",\"name\":\"Ten\"}");
    answered(call, 201);
}

static void an_array_creates_several(void **state)
{
    struct call *call = *state;
    ask(call, "POST", VENDOR,
        "[{\"id\":\"V-8\",\"name\":\"Eight\"},{\"id\":\"V-9\",\"name\":\"Nine\"}]");
    answered(call, 201);
    is_text(call, "ia::result/1/id", "V-9");
    is_whole(call, "ia::meta/totalSuccess", 2);
    ask(call, "POST", VENDOR,
        "[{\"id\":\"V-7\",\"name\":\"Seven\"},{\"id\":\"V-8\",\"name\":\"Again\"}]");
    answered(call, 207);
    is_text(call, "ia::result/0/id", "V-7");
    is_text(call, "ia::result/1/ia::error/errorId", "REST-7001");
    is_whole(call, "ia::meta/totalCount", 2);
    is_whole(call, "ia::meta/totalSuccess", 1);
    is_whole(call, "ia::meta/totalError", 1);
    assert_int_equal(call->exchange.notes[0].cause, CAUSE_RECORD_DUPLICATE);
}

static void a_repeated_batch_makes_nothing_new(void **state)
{
    struct call *call = *state;
    const char *both =
        "[{\"id\":\"V-8\",\"name\":\"Eight\"},{\"id\":\"V-9\",\"name\":\"Nine\"}]";
    ask_once(call, "b", both);
    answered(call, 201);
    assert_true(call->exchange.created);
    ask_once(call, "b", both);
    answered(call, 201);
    assert_false(call->exchange.created);
    is_whole(call, "ia::meta/totalSuccess", 2);
    ask(call, "GET", VENDOR, NULL);
    is_whole(call, "ia::meta/totalCount", 7);
}

static void a_batch_is_bounded(void **state)
{
    struct call *call = *state;
    static char body[8 * (IM_BATCH_MAX + 1)];
    size_t len = 0;
    for (int i = 0; i <= IM_BATCH_MAX; i++)
        len += (size_t)snprintf(body + len, sizeof body - len, "%c{}", i ? ',' : '[');
    snprintf(body + len, sizeof body - len, "]");
    ask(call, "POST", VENDOR, body);
    refused(call, CAUSE_REQUEST_TOO_LARGE);
}

static void several_keys_read_several(void **state)
{
    struct call *call = *state;
    ask(call, "GET", VENDOR "/43,44", NULL);
    answered(call, 200);
    is_text(call, "ia::result/0/id", "V-100");
    is_text(call, "ia::result/1/id", "V-101");
    is_whole(call, "ia::meta/totalCount", 2);
    ask(call, "GET", VENDOR "/43,999", NULL);
    answered(call, 207);
    is_text(call, "ia::result/1/ia::error/code", "invalidKey");
    is_whole(call, "ia::meta/totalError", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("a list has key, id and href of each row and a page in ia::meta", lists),
        TEST("start and size select a page", lists_pages),
        TEST("a page that cannot be is refused", refuses_wrong_pages),
        TEST("a record is created, changed, read and deleted",
             creates_reads_changes_deletes),
        TEST("an unknown object is refused with the nearest name",
             names_the_nearest_object),
        TEST("a path that goes on behind the key is refused", refuses_longer_paths),
        TEST("collections and records take different methods", methods_fit_the_path),
        TEST("a wrong field is refused by name", names_the_wrong_field),
        TEST("what a record refers to must exist, and stays as long",
             references_must_hold),
        TEST("an id that is taken is refused", refuses_duplicates),
        TEST("a missing or broken payload is refused", needs_a_payload),
        TEST("a payload that is not JSON is refused by its type", takes_json_alone),
        TEST("permission is asked before the payload is read",
             permission_comes_before_payload),
        TEST("an entity does not see the rows of another", entity_hides_rows),
        TEST("a create repeated with its Idempotency-Key makes the same record",
             a_repeated_create_makes_the_same_record),
        TEST("under the policy for it a repeated create is refused",
             policy_refuses_a_repeated_create),
        TEST("an array creates several, and each tells of itself",
             an_array_creates_several),
        TEST("a batch repeated with its Idempotency-Key makes nothing new",
             a_repeated_batch_makes_nothing_new),
        TEST("a batch has at most 500 items", a_batch_is_bounded),
        TEST("several keys in the path read several records", several_keys_read_several),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
