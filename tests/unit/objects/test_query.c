/* services/core/query: fields, filters, expressions, order, pages. */
#include "store.h"

#include "objects/expression.h"

#define FROM(object, fields) "{\"object\":\"" object "\",\"fields\":" fields
#define VENDORS              FROM(VENDOR, "[\"id\"]")
#define BILLS                FROM(BILL, "[\"billNumber\"]")
#define CUSTOMERS            FROM("accounts-receivable/customer", "[\"id\"]")

static const char *found(struct shop *shop, const char *body, const char *field)
{
    enum im_objects_result result = query(shop, body);
    if (result)
        fail_msg("%s: %s", body, shop->call.refusal.text);
    return column(shop, field);
}

/* ---- fields ---- */

static void the_answer_holds_the_fields_asked_for_in_that_order(void **state)
{
    struct shop *shop = *state;
    assert_int_equal(
        query(shop,
              FROM("accounts-payable/vendor",
                   "[\"name\",\"key\",\"isOnHold\",\"notes\",\"name\"]") ","
                                                                         "\"size\":1}"),
        IM_OBJECTS_OK);
    assert_string_equal(said(shop), "[{\"name\":\"Design Works\",\"key\":\"43\","
                                    "\"isOnHold\":false,\"notes\":null}]");
}

static void dotted_names_become_flat_members(void **state)
{
    struct shop *shop = *state;
    assert_int_equal(
        query(shop,
              FROM("accounts-payable/bill",
                   "[\"id\",\"vendor.id\",\"vendor.name\",\"currency.txnCurrency\","
                   "\"vendor.contacts.payTo.mailingAddress.city\",\"vendor.href\","
                   "\"entity.id\",\"audit.createdDateTime\",\"href\"]") ",\"size\":1}"),
        IM_OBJECTS_OK);
    assert_string_equal(
        said(shop),
        "[{\"id\":\"60\",\"vendor.id\":\"V-100\",\"vendor.name\":\"Design Works\","
        "\"currency.txnCurrency\":\"USD\","
        "\"vendor.contacts.payTo.mailingAddress.city\":\"Portland\","
        "\"vendor.href\":\"/objects/accounts-payable/vendor/43\",\"entity.id\":null,"
        "\"audit.createdDateTime\":\"2026-02-16T09:00:00Z\","
        "\"href\":\"/objects/accounts-payable/bill/60\"}]");
}

static void behind_an_empty_reference_stands_null(void **state)
{
    struct shop *shop = *state;
    query(shop, FROM("accounts-payable/vendor",
                     "[\"contacts.payTo.id\"]") ",\"start\":2,\"size\":1}");
    assert_string_equal(said(shop), "[{\"contacts.payTo.id\":null}]");
}

static void an_entity_without_a_row_is_found_by_its_id(void **state)
{
    struct shop *shop = *state;
    shop->entity = "900";
    create(shop, "accounts-payable/vendor", "{\"id\":\"N\",\"name\":\"New\"}");
    shop->entity = "";
    query(shop,
          FROM("accounts-payable/vendor",
               "[\"id\",\"entity.id\",\"entity.name\"]") ",\"filters\":[{\"$eq\":{"
                                                         "\"entity.id\":\"900\"}}]}");
    assert_string_equal(said(shop),
                        "[{\"id\":\"N\",\"entity.id\":\"900\",\"entity.name\":null}]");
}

static void what_cannot_be_used_in_a_query_is_refused_by_name(void **state)
{
    static const char *const fields[] = {"action",
                                         "vendor",
                                         "lines",
                                         "entity",
                                         "nothing",
                                         "*",
                                         "sum:totalTxnAmount",
                                         "",
                                         "vendor.",
                                         "vendor.nothing",
                                         ".id",
                                         "Id",
                                         "vendor..id",
                                         "currency",
                                         "vendor.parent.parent.parent.parent.id"};
    struct shop *shop = *state;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        char body[200];
        snprintf(body, sizeof body,
                 "{\"object\":\"accounts-payable/bill\",\"fields\":[\"%s\"]}", fields[i]);
        assert_refused(shop, query(shop, body), IM_OBJECTS_QUERY_FIELD, fields[i]);
    }
    assert_int_equal(query(shop, "{\"object\":\"accounts-payable/bill\",\"fields\":"
                                 "[\"vendor.parent.parent.parent.id\"]}"),
                     IM_OBJECTS_OK);
}

static void href_neither_filters_nor_sorts(void **state)
{
    struct shop *shop = *state;
    assert_refused(shop,
                   query(shop, VENDORS ",\"filters\":[{\"$eq\":{\"href\":\"x\"}}]}"),
                   IM_OBJECTS_QUERY_FIELD, "href");
    assert_refused(shop, query(shop, VENDORS ",\"orderBy\":[{\"href\":\"asc\"}]}"),
                   IM_OBJECTS_QUERY_FIELD, "href");
}

/* ---- filters ---- */

static void every_operator_does_what_its_name_says(void **state)
{
    static const char *const cases[][2] = {
        {"{\"$eq\":{\"id\":\"V-101\"}}", "V-101"},
        {"{\"$ne\":{\"status\":\"active\"}}", "V-102"},
        {"{\"$lt\":{\"totalDue\":350}}", "V-101 V-102"},
        {"{\"$lte\":{\"totalDue\":\"350.0\"}}", "V-101 V-102 V-110"},
        {"{\"$gt\":{\"totalDue\":\"980.5\"}}", "V-100"},
        {"{\"$gte\":{\"totalDue\":980.50}}", "V-100 V-210"},
        {"{\"$in\":{\"id\":[\"V-102\",\"V-100\",\"x\"]}}", "V-100 V-102"},
        {"{\"$notIn\":{\"id\":[\"V-102\",\"V-100\"]}}", "V-101 V-110 V-210"},
        {"{\"$between\":{\"totalDue\":[212.36,980.5]}}", "V-101 V-110 V-210"},
        {"{\"$notBetween\":{\"totalDue\":[212.36,980.5]}}", "V-100 V-102"},
        {"{\"$contains\":{\"name\":\"ow\"}}", "V-101"},
        {"{\"$notContains\":{\"name\":\"a\"}}", "V-100 V-210"},
        {"{\"$startsWith\":{\"id\":\"V-1\"}}", "V-100 V-101 V-102 V-110"},
        {"{\"$notStartsWith\":{\"id\":\"V-1\"}}", "V-210"},
        {"{\"$endsWith\":{\"name\":\"Works\"}}", "V-100"},
        {"{\"$notEndsWith\":{\"id\":\"0\"}}", "V-101 V-102"},
        {"{\"$contains\":{\"id\":10}}", "V-100 V-101 V-102 V-110 V-210"},
        {"{\"$eq\":{\"key\":59}}", "V-210"},
        {"{\"$gt\":{\"key\":\"45\"}}", "V-110 V-210"},
        {"{\"$startsWith\":{\"key\":\"4\"}}", "V-100 V-101 V-102"},
        {"{\"$endsWith\":{\"totalDue\":\".36\"}}", "V-101"},
        {"{\"$eq\":{\"isOnHold\":true}}", "V-102"},
        {"{\"$ne\":{\"isOnHold\":\"true\"}}", "V-100 V-101 V-110 V-210"},
        {"{\"$eq\":{\"contacts.payTo.id\":\"Ho, Amy\"}}", "V-100"},
        {"{\"$eq\":{\"entity.id\":\"200\"}}", "V-210"},
    };
    struct shop *shop = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char body[300];
        snprintf(body, sizeof body, "%s,\"filters\":[%s]}", VENDORS, cases[i][0]);
        assert_string_equal(found(shop, body, "id"), cases[i][1]);
    }
}

static void null_asks_for_what_is_not_there(void **state)
{
    struct shop *shop = *state;
    assert_string_equal(
        found(shop, VENDORS ",\"filters\":[{\"$eq\":{\"creditLimit\":null}}]}", "id"),
        "V-101 V-102");
    assert_string_equal(
        found(shop, VENDORS ",\"filters\":[{\"$ne\":{\"creditLimit\":null}}]}", "id"),
        "V-100 V-110 V-210");
}

static void what_is_not_there_is_neither_less_nor_more_but_different(void **state)
{
    static const char *const cases[][2] = {
        {"{\"$lt\":{\"creditLimit\":1}}", ""},
        {"{\"$gte\":{\"creditLimit\":0}}", "V-100 V-110 V-210"},
        {"{\"$ne\":{\"creditLimit\":5000}}", "V-100 V-101 V-102 V-210"},
        {"{\"$notIn\":{\"creditLimit\":[5000]}}", "V-100 V-101 V-102 V-210"},
        {"{\"$notContains\":{\"taxId\":\"12\"}}", "V-101 V-102 V-110 V-210"},
        {"{\"$contains\":{\"taxId\":\"\"}}", "V-100"},
    };
    struct shop *shop = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char body[300];
        snprintf(body, sizeof body, "%s,\"filters\":[%s]}", VENDORS, cases[i][0]);
        assert_string_equal(found(shop, body, "id"), cases[i][1]);
    }
}

static void dates_compare_as_days_and_know_today(void **state)
{
    struct shop *shop = *state;
    assert_string_equal(
        found(shop, BILLS ",\"filters\":[{\"$gte\":{\"dueDate\":\"2026-03-05\"}}]}",
              "billNumber"),
        "BILL-104 BILL-205");
    shop->now_ms = 1773316800000; /* 2026-03-12 */
    assert_string_equal(found(shop,
                              BILLS ",\"filters\":[{\"$eq\":{\"dueDate\":\"today\"}}]}",
                              "billNumber"),
                        "BILL-205");
    assert_string_equal(found(shop,
                              BILLS
                              ",\"filters\":[{\"$eq\":{\"dueDate\":\"yesterday\"}}],"
                              "\"filterParameters\":{\"asOfDate\":\"2026-03-06\"}}",
                              "billNumber"),
                        "BILL-104");
}

static void modified_rows_are_found_by_time_or_day(void **state)
{
    struct shop *shop = *state;
    patch(shop, "accounts-payable/vendor", "44", "{\"notes\":\"x\"}");
    assert_string_equal(found(shop,
                              VENDORS
                              ",\"filters\":[{\"$gt\":{\"audit.modifiedDateTime\":"
                              "\"2026-02-16T09:00:00Z\"}}]}",
                              "id"),
                        "V-101");
    assert_string_equal(
        found(shop,
              VENDORS ",\"filters\":[{\"$gte\":{\"audit.modifiedDateTime\":\"today\"}}]}",
              "id"),
        "V-101");
    assert_string_equal(
        found(shop,
              VENDORS
              ",\"filters\":[{\"$lt\":{\"audit.createdDateTime\":\"2026-02-16\"}}]}",
              "id"),
        "");
}

static void case_matters_unless_the_parameters_say_otherwise(void **state)
{
    struct shop *shop = *state;
    assert_string_equal(
        found(shop, VENDORS ",\"filters\":[{\"$contains\":{\"name\":\"WORKS\"}}]}", "id"),
        "");
    assert_string_equal(
        found(shop,
              VENDORS ",\"filters\":[{\"$contains\":{\"name\":\"WORKS\"}}],"
                      "\"filterParameters\":{\"caseSensitiveComparison\":false,"
                      "\"includePrivate\":true,\"includeHierarchyFields\":false}}",
              "id"),
        "V-100");
}

static void an_entity_queries_only_what_it_sees(void **state)
{
    struct shop *shop = *state;
    shop->entity = "200";
    assert_string_equal(found(shop, CUSTOMERS "}", "id"), "10014 10016 10018");
    assert_int_equal(shop->call.meta.total, 3);
}

static void a_wrong_body_is_refused_by_name(void **state)
{
    static const struct {
        const char *tail, *field;
    } cases[] = {
        {",\"filters\":{}}", "filters"},
        {",\"filters\":[1]}", "filters"},
        {",\"filters\":[{}]}", "filters"},
        {",\"filters\":[{\"$eq\":{}}]}", "filters"},
        {",\"filters\":[{\"$eq\":5}]}", "filters"},
        {",\"filters\":[{\"$eq\":{\"id\":\"1\",\"name\":\"2\"}}]}", "filters"},
        {",\"filters\":[{\"$eq\":{\"id\":\"1\"},\"$ne\":{\"id\":\"2\"}}]}", "filters"},
        {",\"filters\":[{\"$equals\":{\"id\":\"1\"}}]}", "filters"},
        {",\"filters\":[{\"field\":\"id\",\"operator\":\"$eq\",\"value\":\"1\"}]}",
         "filters"},
        {",\"filters\":[{\"$eq\":{\"id\":[\"1\"]}}]}", "id"},
        {",\"filters\":[{\"$in\":{\"id\":\"1\"}}]}", "id"},
        {",\"filters\":[{\"$in\":{\"id\":[]}}]}", "id"},
        {",\"filters\":[{\"$in\":{\"id\":[null]}}]}", "id"},
        {",\"filters\":[{\"$between\":{\"totalDue\":[1]}}]}", "totalDue"},
        {",\"filters\":[{\"$between\":{\"totalDue\":[1,2,3]}}]}", "totalDue"},
        {",\"filters\":[{\"$lt\":{\"totalDue\":null}}]}", "totalDue"},
        {",\"filters\":[{\"$lt\":{\"totalDue\":\"much\"}}]}", "totalDue"},
        {",\"filters\":[{\"$eq\":{\"key\":\"V\"}}]}", "key"},
        {",\"filters\":[{\"$eq\":{\"status\":\"gone\"}}]}", "status"},
        {",\"filters\":[{\"$eq\":{\"isOnHold\":\"yes\"}}]}", "isOnHold"},
        {",\"filters\":[{\"$gt\":{\"audit.createdDateTime\":\"soon\"}}]}",
         "audit.createdDateTime"},
        {",\"filters\":[{\"$contains\":{\"audit.createdDateTime\":\"2026\"}}]}",
         "audit.createdDateTime"},
        {",\"filterExpression\":5}", "filterExpression"},
        {",\"filterExpression\":\"1\"}", "filterExpression"},
        {",\"filterParameters\":[]}", "filterParameters"},
        {",\"filterParameters\":{\"includePrivate\":\"x\"}}", "includePrivate"},
        {",\"filterParameters\":{\"asOfDate\":\"today\"}}", "asOfDate"},
        {",\"orderBy\":{\"id\":\"asc\"}}", "orderBy"},
        {",\"orderBy\":[\"id\"]}", "orderBy"},
        {",\"orderBy\":[{\"id\":\"up\"}]}", "orderBy"},
        {",\"orderBy\":[{\"id\":\"asc\",\"name\":\"asc\"}]}", "orderBy"},
        {",\"start\":0}", "start"},
        {",\"start\":\"1\"}", "start"},
        {",\"start\":1.5}", "start"},
        {",\"size\":0}", "size"},
        {",\"size\":4001}", "size"},
    };
    struct shop *shop = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char body[300];
        snprintf(body, sizeof body, "%s%s", VENDORS, cases[i].tail);
        assert_refused(shop, query(shop, body), IM_OBJECTS_QUERY_WRONG, cases[i].field);
    }
}

static void a_member_in_the_wrong_place_is_named_as_clients_have_seen(void **state)
{
    struct shop *shop = *state;
    assert_refused(shop, query(shop, VENDORS ",\"includePrivate\":true}"),
                   IM_OBJECTS_QUERY_UNKNOWN, "includePrivate");
    assert_string_equal(shop->call.refusal.text,
                        "Unrecognized key includePrivate in query payload");
    assert_refused(shop,
                   query(shop, VENDORS ",\"filterParameters\":{\"caseSensitive\":true}}"),
                   IM_OBJECTS_QUERY_UNKNOWN, "caseSensitive");
}

static void null_is_as_good_as_absent(void **state)
{
    static const char *const members[] = {
        "\"filters\":null",
        "\"filterExpression\":null",
        "\"filterParameters\":null",
        "\"orderBy\":null",
        "\"start\":null,\"size\":null",
        ("\"filterParameters\":{\"asOfDate\":null,\"includePrivate\":null,"
         "\"caseSensitiveComparison\":null,\"includeHierarchyFields\":null}")};
    struct shop *shop = *state;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        char body[300];
        snprintf(body, sizeof body, "%s,%s}", VENDORS, members[i]);
        assert_string_equal(found(shop, body, "id"), "V-100 V-101 V-102 V-110 V-210");
    }
    assert_refused(shop, query(shop, "{\"object\":null,\"fields\":[\"id\"]}"),
                   IM_OBJECTS_QUERY_MISSING, "object");
    assert_refused(shop, query(shop, FROM(VENDOR, "null") "}"), IM_OBJECTS_QUERY_MISSING,
                   "fields");
}

static void object_and_fields_are_required(void **state)
{
    struct shop *shop = *state;
    assert_refused(shop, query(shop, NULL), IM_OBJECTS_PAYLOAD_MISSING, "");
    assert_refused(shop, query(shop, "[]"), IM_OBJECTS_PAYLOAD_WRONG, "");
    assert_refused(shop, query(shop, "{\"fields\":[\"id\"]}"), IM_OBJECTS_QUERY_MISSING,
                   "object");
    assert_refused(shop, query(shop, FROM("accounts-payable/vendr", "[\"id\"]") "}"),
                   IM_OBJECTS_TYPE_UNKNOWN, "object");
    assert_non_null(
        strstr(shop->call.refusal.text, "did you mean \"accounts-payable/vendor\"?"));
    assert_refused(shop, query(shop, "{\"object\":\"accounts-payable/vendor\"}"),
                   IM_OBJECTS_QUERY_MISSING, "fields");
    assert_refused(shop, query(shop, FROM(VENDOR, "[]") "}"), IM_OBJECTS_QUERY_WRONG,
                   "fields");
    assert_refused(shop, query(shop, FROM(VENDOR, "[1]") "}"), IM_OBJECTS_QUERY_WRONG,
                   "fields");
}

static void the_type_is_taken_from_the_body_and_must_agree(void **state)
{
    struct shop *shop = *state;
    assert_int_equal(query(shop, VENDORS "}"), IM_OBJECTS_OK);
    assert_string_equal(shop->call.type->article_name, "Vendor");
    ask(shop, "accounts-payable/bill");
    assert_int_equal(im_objects_query(&shop->store, &shop->call, json(shop, VENDORS "}")),
                     IM_OBJECTS_QUERY_WRONG);
}

/* ---- expressions ---- */

static void filters_join_as_the_expression_says(void **state)
{
    /* 1: active, 2: more than 500 due, 3: of entity 100 */
    static const char *const cases[][2] = {
        {"and", ""},
        {"", ""},
        {"or", "V-100 V-101 V-110 V-210"},
        {"OR", "V-100 V-101 V-110 V-210"},
        {"1", "V-100 V-101 V-110 V-210"},
        {"2", "V-100 V-210"},
        {"1 and 2", "V-100 V-210"},
        {"2 or 3", "V-100 V-110 V-210"},
        {"3 or 1 and 2", "V-100 V-110 V-210"},
        {"(3 or 1) and 2", "V-100 V-210"},
        {"2 and 1 or 3", "V-100 V-110 V-210"},
        {"2 and (1 or 3)", "V-100 V-210"},
        {"1 and(2 or 3)", "V-100 V-110 V-210"},
        {"  ( ( 1 ) ) ", "V-100 V-101 V-110 V-210"},
        {"1 AND 3", "V-110"},
    };
    struct shop *shop = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char body[500];
        snprintf(body, sizeof body,
                 "%s,\"filters\":[{\"$eq\":{\"status\":\"active\"}},{\"$gt\":{"
                 "\"totalDue\":500}},"
                 "{\"$eq\":{\"entity.id\":\"100\"}}],\"filterExpression\":\"%s\"}",
                 VENDORS, cases[i][0]);
        assert_string_equal(found(shop, body, "id"), cases[i][1]);
    }
}

static void a_broken_expression_is_refused(void **state)
{
    static const char *const cases[] = {
        "(",         ")",      "1 and",       "and 1",   "1 2",
        "1 or or 2", "0",      "3",           "(1",      "1)",
        "1 xor 2",   "()",     "1 and not 2", "-1",      "99999999999999999999",
        "1,2",       "1 && 2", "1and2",       "\xc3\xa9"};
    struct shop *shop = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char body[300];
        snprintf(body, sizeof body,
                 "%s,\"filters\":[{\"$eq\":{\"id\":\"1\"}},{\"$eq\":{\"id\":\"2\"}}],"
                 "\"filterExpression\":\"%s\"}",
                 VENDORS, cases[i]);
        assert_refused(shop, query(shop, body), IM_OBJECTS_QUERY_WRONG,
                       "filterExpression");
    }
}

/* `text`, with something put `n` times before and after it. */
static const char *wrapped(struct shop *shop, const char *before, const char *text,
                           const char *after, int n)
{
    struct im_buf buf;
    im_buf_init(&buf, &shop->arena, 0);
    for (int i = 0; i < n; i++)
        im_buf_addz(&buf, before);
    im_buf_addz(&buf, text);
    for (int i = 0; i < n; i++)
        im_buf_addz(&buf, after);
    return im_arena_copy(&shop->arena, im_buf_str(&buf)).at;
}

static enum im_objects_result parse(struct shop *shop, const char *text)
{
    struct im_object_expression expression;
    struct im_objects_refusal why;
    return im_object_expression_parse(&expression, &shop->arena, im_str(text), 1, &why);
}

static void expressions_have_limits(void **state)
{
    struct shop *shop = *state;
    const int deep = IM_EXPRESSION_DEPTH_MAX, many = IM_EXPRESSION_STEPS_MAX / 2;
    assert_int_equal(parse(shop, wrapped(shop, "(", "1", ")", deep)), IM_OBJECTS_OK);
    assert_int_equal(parse(shop, wrapped(shop, "(", "1", ")", deep + 1)),
                     IM_OBJECTS_QUERY_WRONG);
    assert_int_equal(parse(shop, wrapped(shop, "", "1", " or 1", many - 1)),
                     IM_OBJECTS_OK);
    assert_int_equal(parse(shop, wrapped(shop, "", "1", " or 1", many)),
                     IM_OBJECTS_QUERY_WRONG);
}

/* ---- order and pages ---- */

static void rows_come_in_the_order_asked_for(void **state)
{
    static const char *const cases[][2] = {
        {"", "V-100 V-101 V-102 V-110 V-210"},
        {"{\"name\":\"asc\"}", "V-100 V-110 V-210 V-101 V-102"},
        {"{\"name\":\"desc\"}", "V-102 V-101 V-210 V-110 V-100"},
        {"{\"totalDue\":\"asc\"}", "V-102 V-101 V-110 V-210 V-100"},
        {"{\"creditLimit\":\"asc\"}", "V-101 V-102 V-110 V-210 V-100"},
        {"{\"status\":\"desc\"},{\"key\":\"desc\"}", "V-102 V-210 V-110 V-101 V-100"},
        {"{\"status\":\"asc\"}", "V-100 V-101 V-110 V-210 V-102"},
        {"{\"entity.id\":\"desc\"}", "V-210 V-110 V-100 V-101 V-102"},
    };
    struct shop *shop = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char body[300];
        snprintf(body, sizeof body, "%s,\"orderBy\":[%s]}", VENDORS, cases[i][0]);
        assert_string_equal(found(shop, body, "id"), cases[i][1]);
    }
}

static void pages_go_through_the_ordered_rows(void **state)
{
    static const struct im_objects_meta first = {5, 1, 2, 3, 0}, second = {5, 3, 2, 5, 1},
                                        third = {5, 5, 2, 0, 3};
    struct shop *shop = *state;
    assert_string_equal(
        found(shop, VENDORS ",\"orderBy\":[{\"name\":\"asc\"}],\"start\":1,\"size\":2}",
              "id"),
        "V-100 V-110");
    assert_memory_equal(&shop->call.meta, &first, sizeof first);
    assert_string_equal(
        found(shop, VENDORS ",\"orderBy\":[{\"name\":\"asc\"}],\"start\":3,\"size\":2}",
              "id"),
        "V-210 V-101");
    assert_memory_equal(&shop->call.meta, &second, sizeof second);
    assert_string_equal(
        found(shop, VENDORS ",\"orderBy\":[{\"name\":\"asc\"}],\"start\":5,\"size\":2}",
              "id"),
        "V-102");
    assert_memory_equal(&shop->call.meta, &third, sizeof third);
}

static void a_hundred_rows_are_a_page_by_default(void **state)
{
    struct shop *shop = *state;
    for (int i = 0; i < 130; i++) {
        char body[100];
        snprintf(body, sizeof body, "{\"id\":\"N%d\",\"name\":\"New\"}", i);
        create(shop, "accounts-receivable/customer", body);
    }
    static const struct im_objects_meta expected = {134, 1, 100, 101, 0};
    assert_int_equal(query(shop, CUSTOMERS "}"), IM_OBJECTS_OK);
    assert_memory_equal(&shop->call.meta, &expected, sizeof expected);
    assert_int_equal(json(shop, said(shop))->count, 100);
}

static void a_query_without_matches_is_an_empty_array(void **state)
{
    static const struct im_objects_meta expected = {0, 1, 100, 0, 0};
    struct shop *shop = *state;
    query(shop, VENDORS ",\"filters\":[{\"$eq\":{\"id\":\"nobody\"}}]}");
    assert_string_equal(said(shop), "[]");
    assert_memory_equal(&shop->call.meta, &expected, sizeof expected);
}

static void when_memory_runs_out_nothing_is_written(void **state)
{
    struct shop *shop = *state;
    for (size_t limit = 1; limit < 20000; limit += 97) {
        const struct im_json *body;
        struct im_arena small;
        struct im_buf buf;
        struct im_json_out out;
        im_arena_init(&small, limit);
        im_buf_init(&buf, &small, 0);
        im_json_out_init(&out, &buf);
        body = json(shop, VENDORS ",\"filters\":[{\"$gt\":{\"audit.createdDateTime\":"
                                  "\"yesterday\"}}],\"orderBy\":[{\"id\":\"asc\"}]}");
        struct im_objects_call call = {.now_ms = shop->now_ms, .out = &out};
        enum im_objects_result result = im_objects_query(&shop->store, &call, body);
        assert_true(!result || !buf.len);
        assert_true(result ? small.failed : true);
        im_arena_release(&small);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_answer_holds_the_fields_asked_for_in_that_order),
        TEST(dotted_names_become_flat_members),
        TEST(behind_an_empty_reference_stands_null),
        TEST(an_entity_without_a_row_is_found_by_its_id),
        TEST(what_cannot_be_used_in_a_query_is_refused_by_name),
        TEST(href_neither_filters_nor_sorts),
        TEST(every_operator_does_what_its_name_says),
        TEST(null_asks_for_what_is_not_there),
        TEST(what_is_not_there_is_neither_less_nor_more_but_different),
        TEST(dates_compare_as_days_and_know_today),
        TEST(modified_rows_are_found_by_time_or_day),
        TEST(case_matters_unless_the_parameters_say_otherwise),
        TEST(an_entity_queries_only_what_it_sees),
        TEST(a_wrong_body_is_refused_by_name),
        TEST(a_member_in_the_wrong_place_is_named_as_clients_have_seen),
        TEST(null_is_as_good_as_absent),
        TEST(object_and_fields_are_required),
        TEST(the_type_is_taken_from_the_body_and_must_agree),
        TEST(filters_join_as_the_expression_says),
        TEST(a_broken_expression_is_refused),
        TEST(expressions_have_limits),
        TEST(rows_come_in_the_order_asked_for),
        TEST(pages_go_through_the_ordered_rows),
        TEST(a_hundred_rows_are_a_page_by_default),
        TEST(a_query_without_matches_is_an_empty_array),
        TEST(when_memory_runs_out_nothing_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
