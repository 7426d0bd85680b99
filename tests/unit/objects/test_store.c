/* Rows: what everybody starts with, list, get, create, patch, delete, entities, limits. */
#include "store.h"

#include <pthread.h>
#include <stdlib.h>

#include "objects/table.h"

#define VENDOR  "accounts-payable/vendor"
#define BILL    "accounts-payable/bill"
#define INVOICE "accounts-receivable/invoice"
#define CONTACT "company-config/contact"

/* ---- what everybody starts with ---- */

static void an_untouched_store_holds_no_memory(void **state)
{
    struct shop *shop = *state;
    assert_null(shop->store.tables);
    assert_int_equal(list(shop, VENDOR, 0, 0, false), IM_OBJECTS_OK);
    assert_non_null(shop->store.tables);
    im_objects_reset(&shop->store);
    assert_null(shop->store.tables);
}

/* Prints like "vendor":{"key":null… would betray a reference that leads nowhere. */
static void check_seeded_refs(struct shop *shop, const struct im_object_type *type,
                              const struct im_object_row *row)
{
    for (size_t i = 0; i < type->n_fields; i++) {
        enum im_object_kind kind = type->fields[i].kind;
        bool set =
            kind == IM_FIELD_ENTITY ? row->entity.len > 0 : row->values[i].at != NULL;
        if ((kind == IM_FIELD_REF || kind == IM_FIELD_ENTITY) && set)
            assert_non_null(im_object_follow_locked(&shop->store, type, row, i));
        if (type->fields[i].flags & IM_FIELD_REQUIRED)
            assert_non_null(row->values[i].at);
    }
}

static void each_company_has_keys_of_its_own(void **state)
{
    struct shop *shop = *state;
    struct im_objects *acme = im_objects_of(&shop->store, IM_STR("acme"), 0);
    struct im_objects *other = im_objects_of(&shop->store, IM_STR("other"), 1000);
    assert_ptr_not_equal(acme, other);
    assert_ptr_equal(im_objects_of(&shop->store, IM_STR("other"), 1000), other);
    assert_int_equal(im_objects_get(other, ask(shop, VENDOR), IM_STR("43")),
                     IM_OBJECTS_NOT_FOUND);
    assert_int_equal(im_objects_get(other, ask(shop, VENDOR), IM_STR("1043")),
                     IM_OBJECTS_OK);
    assert_string_equal(member(shop, "name"), "Design Works (other)");
    assert_string_equal(member(shop, "contacts.payTo.key"), "1272");
    assert_string_equal(member(shop, "contacts.payTo.id"), "Ho, Amy");
    assert_int_equal(im_objects_get(other, ask(shop, BILL), IM_STR("1060")),
                     IM_OBJECTS_OK);
    assert_non_null(
        strstr(said(shop), "\"key\":\"1440\",\"glAccount\":{\"key\":\"1251\""));
    assert_int_equal(im_objects_get(acme, ask(shop, VENDOR), IM_STR("43")),
                     IM_OBJECTS_OK);
    assert_string_equal(member(shop, "name"), "Design Works");
    assert_int_equal(
        im_objects_get(other, ask(shop, "company-config/entity"), IM_STR("1")),
        IM_OBJECTS_OK);
}

static void the_keys_of_a_store_are_listed(void **state)
{
    struct shop *shop = *state;
    ask(shop, VENDOR);
    assert_true(im_objects_write_keys(&shop->store, 3, &shop->out, NULL));
    assert_non_null(
        strstr(said(shop), "\"accounts-payable/vendor\":[\"43\",\"44\",\"45\"]"));
}

static void every_seeded_reference_leads_to_a_row(void **state)
{
    struct shop *shop = *state;
    list(shop, VENDOR, 0, 0, false);
    for (size_t t = 0; t < im_object_type_count(); t++) {
        const struct im_object_type *type = im_object_type_at(t);
        const struct im_objects_table *table =
            im_objects_table_locked(&shop->store, type);
        assert_in_range(table->n, 1, 20);
        for (size_t i = 0; i < table->n; i++)
            check_seeded_refs(shop, type, table->rows[i]);
    }
}

static void keys_and_amounts_are_strings_and_a_row_knows_its_address(void **state)
{
    struct shop *shop = *state;
    assert_int_equal(get(shop, "accounts-receivable/customer", "59"), IM_OBJECTS_OK);
    assert_non_null(strstr(said(shop), "{\"key\":\"59\",\"id\":\"10016\","));
    assert_string_equal(member(shop, "totalDue"), "68400.00");
    assert_string_equal(member(shop, "href"), "/objects/accounts-receivable/customer/59");
}

static void groups_references_times_and_lines_are_nested(void **state)
{
    struct shop *shop = *state;
    assert_int_equal(get(shop, BILL, "60"), IM_OBJECTS_OK);
    assert_string_equal(member(shop, "vendor.id"), "V-100");
    assert_string_equal(member(shop, "vendor.name"), "Design Works");
    assert_string_equal(member(shop, "vendor.href"),
                        "/objects/accounts-payable/vendor/43");
    assert_string_equal(member(shop, "currency.txnCurrency"), "USD");
    assert_string_equal(member(shop, "audit.createdDateTime"), "2026-02-16T09:00:00Z");
    assert_non_null(strstr(said(shop), "\"isOnHold\":false"));
    assert_non_null(strstr(said(shop), "\"lines\":[{\"id\":\"440\""));
    assert_non_null(
        strstr(said(shop), "\"entity\":{\"key\":null,\"id\":null,\"name\":null}"));
    assert_null(strstr(said(shop), "action"));
}

/* ---- list ---- */

static void a_list_holds_key_id_and_href(void **state)
{
    struct shop *shop = *state;
    assert_int_equal(list(shop, VENDOR, 0, 2, false), IM_OBJECTS_OK);
    assert_string_equal(said(shop), "[{\"key\":\"43\",\"id\":\"V-100\","
                                    "\"href\":\"/objects/accounts-payable/vendor/43\"},"
                                    "{\"key\":\"44\",\"id\":\"V-101\","
                                    "\"href\":\"/objects/accounts-payable/vendor/44\"}]");
}

static void a_list_can_hold_whole_rows(void **state)
{
    struct shop *shop = *state;
    assert_int_equal(list(shop, VENDOR, 0, 0, true), IM_OBJECTS_OK);
    assert_non_null(strstr(said(shop), "\"name\":\"Nord Logistique\""));
}

static void pages_name_their_neighbours_by_number_or_null(void **state)
{
    static const struct {
        int64_t start, size;
        struct im_objects_meta meta;
    } cases[] = {
        {1, 2, {5, 1, 2, 3, 0}},
        {3, 2, {5, 3, 2, 5, 1}},
        {5, 2, {5, 5, 2, 0, 3}},
        {2, 2, {5, 2, 2, 4, 1}},
        {1, 5, {5, 1, 5, 0, 0}},
        {1, 4, {5, 1, 4, 5, 0}},
        {9, 2, {5, 9, 2, 0, 7}},
        {0, 0, {5, 1, 100, 0, 0}},
        {INT64_MAX, 4000, {5, INT64_MAX, 4000, 0, INT64_MAX - 4000}},
    };
    struct shop *shop = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(list(shop, VENDOR, cases[i].start, cases[i].size, false),
                         IM_OBJECTS_OK);
        assert_memory_equal(&shop->call.meta, &cases[i].meta, sizeof cases[i].meta);
    }
}

static void meta_is_written_with_the_observed_names(void **state)
{
    struct shop *shop = *state;
    list(shop, VENDOR, 1, 2, false);
    struct im_objects_meta meta = shop->call.meta;
    ask(shop, VENDOR);
    im_objects_write_meta(&meta, &shop->out, NULL);
    assert_string_equal(said(shop), "{\"totalCount\":5,\"start\":1,\"pageSize\":2,"
                                    "\"next\":3,\"previous\":null}");
}

static void a_page_past_the_end_is_empty(void **state)
{
    struct shop *shop = *state;
    assert_int_equal(list(shop, VENDOR, 6, 2, false), IM_OBJECTS_OK);
    assert_string_equal(said(shop), "[]");
}

static void a_page_outside_the_limits_is_refused(void **state)
{
    struct shop *shop = *state;
    assert_refused(shop, list(shop, VENDOR, -1, 0, false), IM_OBJECTS_QUERY_WRONG,
                   "start");
    assert_refused(shop, list(shop, VENDOR, 1, 4001, false), IM_OBJECTS_QUERY_WRONG,
                   "size");
    assert_refused(shop, list(shop, VENDOR, 1, -5, false), IM_OBJECTS_QUERY_WRONG,
                   "size");
}

/* ---- get ---- */

static void what_is_not_there_is_not_found(void **state)
{
    static const char *const keys[] = {
        "1", "", "x", "V-100", "-43", "43 ", "999999999999999999999"};
    struct shop *shop = *state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_refused(shop, get(shop, VENDOR, keys[i]), IM_OBJECTS_NOT_FOUND, "");
    assert_refused(shop, get(shop, VENDOR, "\xff"), IM_OBJECTS_NOT_FOUND, "");
    assert_refused(shop, get(shop, "nothing/here", "43"), IM_OBJECTS_TYPE_UNKNOWN, "");
}

/* ---- create ---- */

static void create_answers_with_the_next_key(void **state)
{
    struct shop *shop = *state;
    assert_int_equal(create(shop, VENDOR, "{\"id\":\"N1\",\"name\":\"New\"}"), 0);
    assert_string_equal(said(shop), "{\"key\":\"60\",\"id\":\"N1\","
                                    "\"href\":\"/objects/accounts-payable/vendor/60\"}");
    assert_int_equal(create(shop, VENDOR, "{\"id\":\"N2\",\"name\":\"New\"}"), 0);
    assert_string_equal(member(shop, "key"), "61");
}

static void what_is_not_given_gets_its_initial_value(void **state)
{
    struct shop *shop = *state;
    create(shop, VENDOR, "{\"id\":\"N1\",\"name\":\"New\"}");
    assert_int_equal(get(shop, VENDOR, "60"), IM_OBJECTS_OK);
    assert_string_equal(member(shop, "status"), "active");
    assert_string_equal(member(shop, "totalDue"), "0.00");
    assert_string_equal(member(shop, "currency"), "USD");
    assert_non_null(strstr(said(shop), "\"notes\":null"));
}

static void audit_times_are_the_callers_in_whole_seconds(void **state)
{
    struct shop *shop = *state;
    create(shop, VENDOR, "{\"id\":\"N1\",\"name\":\"New\"}");
    shop->now_ms += 60000;
    patch(shop, VENDOR, "60", "{\"name\":\"Newer\"}");
    get(shop, VENDOR, "60");
    assert_string_equal(member(shop, "audit.createdDateTime"), "2026-03-31T12:00:00Z");
    assert_string_equal(member(shop, "audit.modifiedDateTime"), "2026-03-31T12:01:00Z");
}

static void every_kind_of_field_is_taken_and_shown(void **state)
{
    struct shop *shop = *state;
    assert_int_equal(
        create(
            shop, BILL,
            "{\"billNumber\":\"B-1\",\"vendor\":{\"id\":\"V-100\"},"
            "\"createdDate\":\"2026-03-01\",\"dueDate\":\"2026-03-31\","
            "\"isOnHold\":true,\"paymentPriority\":\"low\",\"action\":\"draft\","
            "\"currency\":{\"txnCurrency\":\"EUR\"},\"description\":\"\\u00e9\\n\","
            "\"lines\":[{\"txnAmount\":\"10.5\"},{\"txnAmount\":1.25,\"memo\":null}]}"),
        IM_OBJECTS_OK);
    assert_int_equal(get(shop, BILL, "65"), IM_OBJECTS_OK);
    assert_string_equal(member(shop, "id"), "65");
    assert_string_equal(member(shop, "state"), "draft");
    assert_string_equal(member(shop, "vendor.key"), "43");
    assert_string_equal(member(shop, "totalTxnAmountDue"), "11.75");
    assert_string_equal(member(shop, "currency.txnCurrency"), "EUR");
    assert_string_equal(member(shop, "currency.baseCurrency"), "USD");
    assert_string_equal(member(shop, "description"), "\xc3\xa9\n");
    assert_non_null(strstr(said(shop), "\"isOnHold\":true"));
    assert_non_null(strstr(said(shop), "{\"txnAmount\":1.25,\"memo\":null}]"));
}

static void amounts_are_shown_with_two_decimals_or_more(void **state)
{
    static const char *const cases[][2] = {
        {"5", "5.00"},
        {"\"5.1\"", "5.10"},
        {"-0.5", "-0.50"},
        {"\"1.2345\"", "1.2345"},
        {"\"007\"", "7.00"},
        {"\"1.2340\"", "1.234"},
        {"99999999999999.9999", "99999999999999.9999"},
    };
    struct shop *shop = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char body[100];
        snprintf(body, sizeof body, "{\"txnAmount\":%s}", cases[i][0]);
        assert_int_equal(patch(shop, "accounts-payable/bill-line", "440", body),
                         IM_OBJECTS_OK);
        get(shop, "accounts-payable/bill-line", "440");
        assert_string_equal(member(shop, "txnAmount"), cases[i][1]);
    }
}

static void credit_limits_are_numbers(void **state)
{
    static const char *const cases[][2] = {
        {"40000", "40000"}, {"12.50", "12.5"}, {"0", "0"}, {"100", "100"}};
    struct shop *shop = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[100];
        snprintf(text, sizeof text, "{\"creditLimit\":%s}", cases[i][0]);
        assert_int_equal(patch(shop, VENDOR, "43", text), IM_OBJECTS_OK);
        get(shop, VENDOR, "43");
        snprintf(text, sizeof text, "\"creditLimit\":%s,", cases[i][1]);
        assert_non_null(strstr(said(shop), text));
    }
    assert_refused(shop, patch(shop, VENDOR, "43", "{\"creditLimit\":\"40000\"}"),
                   IM_OBJECTS_FIELD_WRONG_TYPE, "/creditLimit");
}

#define INVOICE_BODY                                                                     \
    "{\"customer\":{\"key\":\"57\"},\"invoiceDate\":\"2026-01-01\","                     \
    "\"dueDate\":\"2026-01-31\""

static void a_draft_invoice_may_be_made_and_no_other_state(void **state)
{
    struct shop *shop = *state;
    char key[24];
    assert_int_equal(create(shop, INVOICE, INVOICE_BODY ",\"state\":\"draft\"}"),
                     IM_OBJECTS_OK);
    snprintf(key, sizeof key, "%s", member(shop, "key"));
    get(shop, INVOICE, key);
    assert_string_equal(member(shop, "state"), "draft");
    assert_refused(shop, create(shop, INVOICE, INVOICE_BODY ",\"state\":\"posted\"}"),
                   IM_OBJECTS_FIELD_WRONG_TYPE, "/state");
    assert_int_equal(create(shop, INVOICE, INVOICE_BODY "}"), IM_OBJECTS_OK);
    snprintf(key, sizeof key, "%s", member(shop, "key"));
    get(shop, INVOICE, key);
    assert_string_equal(member(shop, "state"), "posted");
    assert_refused(shop, patch(shop, INVOICE, key, "{\"state\":\"draft\"}"),
                   IM_OBJECTS_FIELD_READ_ONLY, "/state");
}

/* As recorded models of connectors have them. */
static void invoices_have_pay_to_and_return_to(void **state)
{
    struct shop *shop = *state;
    get(shop, INVOICE, "22");
    assert_string_equal(member(shop, "contacts.payTo.id"), "Power Aerospace(C10016)");
    assert_null(strstr(said(shop), "billTo"));
    get(shop, VENDOR, "43");
    assert_string_equal(member(shop, "contacts.default.id"), "Ho, Amy");
    get(shop, BILL, "60");
    assert_string_equal(member(shop, "term.id"), "N30");
}

static void the_lines_of_a_bill_are_rows_and_go_with_it(void **state)
{
    struct shop *shop = *state;
    assert_int_equal(get(shop, "accounts-payable/bill-line", "440"), IM_OBJECTS_OK);
    assert_string_equal(member(shop, "bill.key"), "60");
    assert_int_equal(delete_row(shop, BILL, "60"), IM_OBJECTS_OK);
    assert_int_equal(get(shop, "accounts-payable/bill-line", "440"),
                     IM_OBJECTS_NOT_FOUND);
    assert_int_equal(get(shop, "accounts-payable/bill-line", "441"), IM_OBJECTS_OK);
}

struct refusal {
    const char *body;
    enum im_objects_result result;
    const char *field;
};

static const struct refusal creations[] = {
    {NULL, IM_OBJECTS_PAYLOAD_MISSING, ""},
    {"[]", IM_OBJECTS_PAYLOAD_WRONG, ""},
    {"\"x\"", IM_OBJECTS_PAYLOAD_WRONG, ""},
    {"{}", IM_OBJECTS_FIELD_MISSING, "/id"},
    {"{\"id\":\"N\"}", IM_OBJECTS_FIELD_MISSING, "/name"},
    {"{\"id\":\"N\",\"name\":\"\"}", IM_OBJECTS_FIELD_MISSING, "/name"},
    {"{\"id\":\"N\",\"name\":null}", IM_OBJECTS_FIELD_MISSING, "/name"},
    {"{\"newDate\":1}", IM_OBJECTS_FIELD_UNKNOWN, "/newDate"},
    {"{\"Name\":\"x\"}", IM_OBJECTS_FIELD_UNKNOWN, "/Name"},
    {"{\"\":\"x\"}", IM_OBJECTS_FIELD_UNKNOWN, "/"},
    {"{\"contacts.payTo\":{\"key\":\"1\"}}", IM_OBJECTS_FIELD_UNKNOWN, "/contacts/payTo"},
    {"{\"contacts\":{\"other\":1}}", IM_OBJECTS_FIELD_UNKNOWN, "/contacts/other"},
    {"{\"contacts\":{\"contacts\":{}}}", IM_OBJECTS_FIELD_UNKNOWN, "/contacts/contacts"},
    {"{\"contacts\":null}", IM_OBJECTS_FIELD_WRONG_TYPE, "/contacts"},
    {"{\"key\":\"7\"}", IM_OBJECTS_KEY_GIVEN, "/key"},
    {"{\"totalDue\":\"7.00\"}", IM_OBJECTS_FIELD_READ_ONLY, "/totalDue"},
    {"{\"href\":\"x\"}", IM_OBJECTS_FIELD_READ_ONLY, "/href"},
    {"{\"audit\":{\"createdDateTime\":\"x\"}}", IM_OBJECTS_FIELD_READ_ONLY,
     "/audit/createdDateTime"},
    {"{\"entity\":{\"id\":\"100\"}}", IM_OBJECTS_FIELD_READ_ONLY, "/entity"},
    {"{\"name\":5}", IM_OBJECTS_FIELD_WRONG_TYPE, "/name"},
    {"{\"status\":\"gone\"}", IM_OBJECTS_FIELD_WRONG_TYPE, "/status"},
    {"{\"status\":null}", IM_OBJECTS_FIELD_WRONG_TYPE, "/status"},
    {"{\"status\":\"active inactive\"}", IM_OBJECTS_FIELD_WRONG_TYPE, "/status"},
    {"{\"isOnHold\":\"true\"}", IM_OBJECTS_FIELD_WRONG_TYPE, "/isOnHold"},
    {"{\"creditLimit\":\"1,000\"}", IM_OBJECTS_FIELD_WRONG_TYPE, "/creditLimit"},
    {"{\"creditLimit\":1e3}", IM_OBJECTS_FIELD_WRONG_TYPE, "/creditLimit"},
    {"{\"creditLimit\":\"1.\"}", IM_OBJECTS_FIELD_WRONG_TYPE, "/creditLimit"},
    {"{\"creditLimit\":\"1.00001\"}", IM_OBJECTS_FIELD_WRONG_TYPE, "/creditLimit"},
    {"{\"creditLimit\":100000000000000}", IM_OBJECTS_FIELD_WRONG_TYPE, "/creditLimit"},
    {"{\"creditLimit\":{}}", IM_OBJECTS_FIELD_WRONG_TYPE, "/creditLimit"},
    {"{\"parent\":\"V-100\"}", IM_OBJECTS_FIELD_WRONG_TYPE, "/parent"},
    {"{\"parent\":{}}", IM_OBJECTS_FIELD_WRONG_TYPE, "/parent"},
    {"{\"parent\":{\"id\":\"\"}}", IM_OBJECTS_FIELD_WRONG_TYPE, "/parent"},
    {"{\"parent\":{\"key\":43}}", IM_OBJECTS_FIELD_WRONG_TYPE, "/parent"},
    {"{\"parent\":{\"name\":\"Design Works\"}}", IM_OBJECTS_FIELD_READ_ONLY,
     "/parent/name"},
    {"{\"parent\":{\"nme\":\"x\"}}", IM_OBJECTS_FIELD_UNKNOWN, "/parent/nme"},
    {"{\"id\":\"N\",\"name\":\"x\",\"parent\":{\"id\":\"?\"}}",
     IM_OBJECTS_REFERENCE_UNKNOWN, "/parent"},
    {"{\"id\":\"N\",\"name\":\"x\",\"parent\":{\"key\":\"1x\"}}",
     IM_OBJECTS_REFERENCE_UNKNOWN, "/parent"},
    {"{\"id\":\"V-100\",\"name\":\"x\"}", IM_OBJECTS_CONFLICT, "/id"},
};

static void what_cannot_be_created_is_refused_by_name(void **state)
{
    struct shop *shop = *state;
    for (size_t i = 0; i < sizeof creations / sizeof *creations; i++)
        assert_refused(shop, create(shop, VENDOR, creations[i].body), creations[i].result,
                       creations[i].field);
    list(shop, VENDOR, 0, 0, false);
    assert_int_equal(shop->call.meta.total, 5);
}

static void dates_and_lines_of_a_bill_are_checked(void **state)
{
    static const struct refusal cases[] = {
        {"{\"dueDate\":\"31.03.2026\"}", IM_OBJECTS_FIELD_WRONG_TYPE, "/dueDate"},
        {"{\"dueDate\":\"2026-02-30\"}", IM_OBJECTS_FIELD_WRONG_TYPE, "/dueDate"},
        {"{\"dueDate\":\"2026-03-3\"}", IM_OBJECTS_FIELD_WRONG_TYPE, "/dueDate"},
        {"{\"dueDate\":20260331}", IM_OBJECTS_FIELD_WRONG_TYPE, "/dueDate"},
        {"{\"lines\":{}}", IM_OBJECTS_FIELD_WRONG_TYPE, "/lines"},
        {"{\"lines\":[1]}", IM_OBJECTS_FIELD_WRONG_TYPE, "/lines"},
        {"{\"lines\":[{\"txnAmount\":\"x\"}]}", IM_OBJECTS_FIELD_WRONG_TYPE,
         "/lines/txnAmount"},
        {"{\"lines\":[{\"txnAmount\":\"99999999999999\"},{\"txnAmount\":"
         "\"99999999999999\"}]}",
         IM_OBJECTS_FIELD_WRONG_TYPE, "/lines"},
        {"{\"vendor\":{\"id\":null}}", IM_OBJECTS_FIELD_MISSING, "/vendor"},
        {"{\"state\":\"paid\"}", IM_OBJECTS_FIELD_READ_ONLY, "/state"},
        {"{\"id\":\"7\"}", IM_OBJECTS_FIELD_READ_ONLY, "/id"},
        {"{\"billNumber\":\"BILL-001\"}", IM_OBJECTS_CONFLICT, "/billNumber"},
    };
    struct shop *shop = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(shop, patch(shop, BILL, "61", cases[i].body), cases[i].result,
                       cases[i].field);
}

static void a_mistyped_field_is_answered_with_the_likely_one(void **state)
{
    struct shop *shop = *state;
    create(shop, VENDOR, "{\"credit_limit\":1}");
    assert_non_null(strstr(shop->call.refusal.text, "did you mean \"creditLimit\"?"));
}

static void a_long_name_in_a_refusal_is_cut_between_characters(void **state)
{
    struct shop *shop = *state;
    struct im_buf body;
    im_buf_init(&body, &shop->arena, 0);
    im_buf_addz(&body, "{\"a");
    for (int i = 0; i < 200; i++)
        im_buf_addz(&body, "\xc3\xa9");
    im_buf_add(&body, IM_STR("\":1}\0"));
    assert_int_equal(create(shop, VENDOR, body.at), IM_OBJECTS_FIELD_UNKNOWN);
    assert_true(im_str_utf8(im_str(shop->call.refusal.field)));
    assert_true(im_str_utf8(im_str(shop->call.refusal.text)));
    assert_in_range(strlen(shop->call.refusal.field), 100, 127);
}

/* ---- patch ---- */

static void patch_changes_what_it_names_and_nothing_else(void **state)
{
    struct shop *shop = *state;
    assert_int_equal(patch(shop, VENDOR, "43", "{\"notes\":\"x\",\"taxId\":null}"), 0);
    assert_string_equal(member(shop, "id"), "V-100");
    get(shop, VENDOR, "43");
    assert_string_equal(member(shop, "notes"), "x");
    assert_string_equal(member(shop, "taxId"), "");
    assert_string_equal(member(shop, "creditLimit"), "40000");
    assert_string_equal(member(shop, "contacts.payTo.id"), "Ho, Amy");
}

static void a_reference_is_changed_by_key_or_id_and_emptied_by_null(void **state)
{
    struct shop *shop = *state;
    patch(shop, VENDOR, "43", "{\"contacts\":{\"payTo\":{\"key\":\"273\"}}}");
    get(shop, VENDOR, "43");
    assert_string_equal(member(shop, "contacts.payTo.id"), "Power Aerospace(C10016)");
    assert_string_equal(member(shop, "contacts.primary.id"), "Ho, Amy");
    patch(shop, VENDOR, "43",
          "{\"contacts\":{\"payTo\":{\"id\":null},\"primary\":null}}");
    get(shop, VENDOR, "43");
    assert_non_null(strstr(said(shop), "\"primary\":{\"key\":null,"
                                       "\"id\":null},\"payTo\":{\"key\":null,"));
}

static void an_id_may_be_repeated_but_not_changed(void **state)
{
    struct shop *shop = *state;
    assert_int_equal(patch(shop, VENDOR, "43", "{\"id\":\"V-100\"}"), IM_OBJECTS_OK);
    assert_refused(shop, patch(shop, VENDOR, "43", "{\"id\":\"V-9\"}"),
                   IM_OBJECTS_FIELD_READ_ONLY, "/id");
    assert_refused(shop, patch(shop, VENDOR, "43", "{\"key\":\"43\"}"),
                   IM_OBJECTS_FIELD_READ_ONLY, "/key");
}

static void a_bill_number_may_be_repeated_on_its_own_bill(void **state)
{
    struct shop *shop = *state;
    assert_int_equal(patch(shop, BILL, "60", "{\"billNumber\":\"BILL-001\"}"), 0);
    assert_int_equal(patch(shop, BILL, "60", "{\"billNumber\":\"BILL-9\"}"), 0);
    assert_int_equal(patch(shop, BILL, "61", "{\"billNumber\":\"BILL-001\"}"), 0);
}

static void patch_without_a_body_or_a_row_is_refused(void **state)
{
    struct shop *shop = *state;
    assert_refused(shop, patch(shop, VENDOR, "43", NULL), IM_OBJECTS_PAYLOAD_MISSING, "");
    assert_refused(shop, patch(shop, VENDOR, "1", "{}"), IM_OBJECTS_NOT_FOUND, "");
}

/* ---- delete ---- */

static void what_is_deleted_is_gone_and_its_key_is_not_used_again(void **state)
{
    struct shop *shop = *state;
    create(shop, VENDOR, "{\"id\":\"N1\",\"name\":\"New\"}");
    assert_int_equal(delete_row(shop, VENDOR, "60"), IM_OBJECTS_OK);
    assert_int_equal(shop->buf.len, 0);
    assert_refused(shop, delete_row(shop, VENDOR, "60"), IM_OBJECTS_NOT_FOUND, "");
    create(shop, VENDOR, "{\"id\":\"N1\",\"name\":\"New\"}");
    assert_string_equal(member(shop, "key"), "61");
}

static void delete_needs_no_writer(void **state)
{
    struct shop *shop = *state;
    ask(shop, VENDOR)->out = NULL;
    assert_int_equal(im_objects_delete(&shop->store, &shop->call, IM_STR("45")), 0);
}

static void what_others_refer_to_cannot_be_deleted(void **state)
{
    struct shop *shop = *state;
    assert_refused(shop, delete_row(shop, VENDOR, "43"), IM_OBJECTS_IN_USE, "");
    assert_string_equal(shop->call.refusal.text,
                        "accounts-payable/bill 60 refers to it by vendor.");
    assert_int_equal(delete_row(shop, BILL, "60"), IM_OBJECTS_OK);
    assert_int_equal(delete_row(shop, VENDOR, "43"), IM_OBJECTS_OK);
}

static void a_reset_brings_back_what_everybody_starts_with(void **state)
{
    struct shop *shop = *state;
    list(shop, VENDOR, 0, 0, true);
    const char *before = said(shop);
    patch(shop, VENDOR, "43", "{\"name\":\"x\"}");
    delete_row(shop, VENDOR, "45");
    im_objects_reset(&shop->store);
    list(shop, VENDOR, 0, 0, true);
    assert_string_equal(said(shop), before);
}

/* ---- entities ---- */

static void an_entity_sees_shared_rows_and_its_own(void **state)
{
    struct shop *shop = *state;
    shop->entity = "100";
    list(shop, VENDOR, 0, 0, false);
    assert_string_equal(column(shop, "id"), "V-100 V-101 V-102 V-110");
    assert_int_equal(shop->call.meta.total, 4);
    shop->entity = "200";
    list(shop, VENDOR, 0, 0, false);
    assert_string_equal(column(shop, "id"), "V-100 V-101 V-102 V-210");
}

static void a_row_of_another_entity_is_not_found(void **state)
{
    struct shop *shop = *state;
    shop->entity = "100";
    assert_refused(shop, get(shop, VENDOR, "59"), IM_OBJECTS_NOT_FOUND, "");
    assert_refused(shop, patch(shop, VENDOR, "59", "{}"), IM_OBJECTS_NOT_FOUND, "");
    assert_refused(shop, delete_row(shop, VENDOR, "59"), IM_OBJECTS_NOT_FOUND, "");
    assert_refused(shop, patch(shop, VENDOR, "58", "{\"parent\":{\"id\":\"V-210\"}}"),
                   IM_OBJECTS_REFERENCE_UNKNOWN, "/parent");
    assert_non_null(strstr(shop->call.refusal.text, "V-210"));
}

static void what_an_entity_creates_belongs_to_it(void **state)
{
    struct shop *shop = *state;
    shop->entity = "100";
    create(shop, VENDOR, "{\"id\":\"N1\",\"name\":\"New\"}");
    assert_int_equal(get(shop, VENDOR, "60"), IM_OBJECTS_OK);
    assert_string_equal(member(shop, "entity.id"), "100");
    assert_string_equal(member(shop, "entity.name"), "Acme United States");
    shop->entity = "200";
    assert_refused(shop, get(shop, VENDOR, "60"), IM_OBJECTS_NOT_FOUND, "");
    shop->entity = "";
    assert_int_equal(patch(shop, VENDOR, "60", "{\"notes\":\"x\"}"), IM_OBJECTS_OK);
    get(shop, VENDOR, "60");
    assert_string_equal(member(shop, "entity.id"), "100");
}

static void an_entity_without_a_row_of_its_own_still_has_an_id(void **state)
{
    struct shop *shop = *state;
    shop->entity = "900";
    create(shop, VENDOR, "{\"id\":\"N1\",\"name\":\"New\"}");
    get(shop, VENDOR, "60");
    assert_non_null(
        strstr(said(shop), "\"entity\":{\"key\":null,\"id\":\"900\",\"name\":null}"));
}

/* ---- limits, and two at once ---- */

static void a_row_that_is_too_large_is_refused(void **state)
{
    struct shop *shop = *state;
    char *body = test_malloc(80000);
    snprintf(body, 80000, "{\"notes\":\"%070000d\"}", 0);
    assert_refused(shop, patch(shop, VENDOR, "43", body), IM_OBJECTS_TOO_LARGE, "");
    snprintf(body, 80000, "{\"notes\":\"%060000d\"}", 0);
    assert_int_equal(patch(shop, VENDOR, "43", body), IM_OBJECTS_OK);
    snprintf(body, 80000, "{\"lines\":[{\"memo\":\"%070000d\"}]}", 0);
    assert_refused(shop, patch(shop, BILL, "60", body), IM_OBJECTS_TOO_LARGE, "/lines");
    test_free(body);
}

static void a_full_table_takes_no_more(void **state)
{
    struct shop *shop = *state;
    list(shop, BILL, 0, 0, false);
    for (int64_t n = shop->call.meta.total; n < IM_OBJECTS_ROWS_MAX; n++) {
        im_arena_release(&shop->arena);
        assert_int_equal(create(shop, BILL,
                                "{\"vendor\":{\"key\":\"43\"},\"createdDate\":"
                                "\"2026-01-01\",\"dueDate\":\"2026-01-31\"}"),
                         IM_OBJECTS_OK);
    }
    assert_refused(shop,
                   create(shop, BILL,
                          "{\"vendor\":{\"key\":\"43\"},\"createdDate\":\"2026-01-01\","
                          "\"dueDate\":\"2026-01-31\"}"),
                   IM_OBJECTS_FULL, "");
    assert_int_equal(delete_row(shop, BILL, "60"), IM_OBJECTS_OK);
    assert_int_equal(create(shop, BILL,
                            "{\"vendor\":{\"key\":\"43\"},\"createdDate\":\"2026-01-01\","
                            "\"dueDate\":\"2026-01-31\"}"),
                     IM_OBJECTS_OK);
}

static const char busy_query[] =
    "{\"object\":\"accounts-payable/vendor\",\"fields\":[\"key\",\"id\",\"name\","
    "\"parent.name\",\"audit.modifiedDateTime\"],\"orderBy\":[{\"name\":\"desc\"}]}";

static void work(struct shop *shop)
{
    for (int i = 0; i < 50; i++) {
        char body[100];
        snprintf(body, sizeof body, "{\"id\":\"T%d\",\"name\":\"n%d\"}", i, i % 7);
        create(shop, VENDOR, body);
        patch(shop, VENDOR, "43", "{\"notes\":\"busy\"}");
        query(shop, busy_query);
    }
}

static void *work_alone(void *shop)
{
    work(shop);
    return NULL;
}

static void two_stores_in_two_threads_give_the_same_bytes(void **state)
{
    struct shop *shop = *state;
    struct shop other;
    pthread_t thread;
    shop_open(&other);
    assert_int_equal(pthread_create(&thread, NULL, work_alone, &other), 0);
    work(shop);
    pthread_join(thread, NULL);
    assert_string_equal(said(shop), said(&other));
    shop_close(&other);
}

/* One store, the caller's own arena and writer per thread. */
struct worker {
    struct im_objects *store;
    int number;
    int created;
};

static void *work_together(void *context)
{
    struct worker *worker = context;
    struct im_arena arena;
    im_arena_init(&arena, 0);
    for (int i = 0; i < 100; i++) {
        char body[100];
        struct im_json_error error;
        struct im_buf buf;
        struct im_json_out out;
        im_arena_release(&arena);
        im_buf_init(&buf, &arena, 0);
        im_json_out_init(&out, &buf);
        struct im_objects_call call = {
            .type = im_object_type_find(IM_STR(VENDOR)), .now_ms = NOON_MS, .out = &out};
        snprintf(body, sizeof body, "{\"id\":\"T%d\",\"name\":\"by %d\"}", i,
                 worker->number);
        enum im_objects_result result = im_objects_create(
            worker->store, &call, im_json_parse(&arena, im_str(body), &error));
        worker->created += result == IM_OBJECTS_OK;
        call.type = NULL;
        im_objects_query(worker->store, &call,
                         im_json_parse(&arena, im_str(busy_query), &error));
    }
    im_arena_release(&arena);
    return NULL;
}

static void of_two_that_create_the_same_id_at_once_one_wins(void **state)
{
    struct shop *shop = *state;
    struct worker workers[4] = {0};
    pthread_t threads[4];
    int created = 0;
    for (int i = 0; i < 4; i++) {
        workers[i] = (struct worker){&shop->store, i, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, work_together, &workers[i]),
                         0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        created += workers[i].created;
    }
    assert_int_equal(created, 100);
    list(shop, VENDOR, 0, 4000, false);
    assert_int_equal(shop->call.meta.total, 105);
}

/* Of each the second item is refused, so that the first must not stay. */
static void *create_in_vain(void *context)
{
    struct worker *worker = context;
    struct shop own;
    shop_open(&own);
    const struct im_json *bodies =
        json(&own, "[{\"id\":\"T\",\"name\":\"x\"},{\"id\":\"T\",\"name\":\"y\"}]");
    for (int i = 0; i < 2000; i++) {
        struct im_objects_call calls[2];
        size_t done = 0;
        calls[0] = calls[1] = *ask(&own, VENDOR);
        worker->created += im_objects_create_all(worker->store, calls, bodies, &done) !=
                               IM_OBJECTS_CONFLICT ||
                           done != 1;
    }
    shop_close(&own);
    return NULL;
}

static void of_all_or_none_nobody_sees_a_part(void **state)
{
    struct shop *shop = *state;
    struct worker worker = {&shop->store, 0, 0};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, create_in_vain, &worker), 0);
    for (int i = 0; i < 2000; i++) {
        list(shop, VENDOR, 0, 1, false);
        assert_int_equal(shop->call.meta.total, 5);
    }
    pthread_join(thread, NULL);
    assert_int_equal(worker.created, 0);
    list(shop, VENDOR, 0, 1, false);
    assert_int_equal(shop->call.meta.total, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_untouched_store_holds_no_memory),
        TEST(every_seeded_reference_leads_to_a_row),
        TEST(each_company_has_keys_of_its_own),
        TEST(the_keys_of_a_store_are_listed),
        TEST(keys_and_amounts_are_strings_and_a_row_knows_its_address),
        TEST(groups_references_times_and_lines_are_nested),
        TEST(a_list_holds_key_id_and_href),
        TEST(a_list_can_hold_whole_rows),
        TEST(pages_name_their_neighbours_by_number_or_null),
        TEST(meta_is_written_with_the_observed_names),
        TEST(a_page_past_the_end_is_empty),
        TEST(a_page_outside_the_limits_is_refused),
        TEST(what_is_not_there_is_not_found),
        TEST(create_answers_with_the_next_key),
        TEST(what_is_not_given_gets_its_initial_value),
        TEST(audit_times_are_the_callers_in_whole_seconds),
        TEST(every_kind_of_field_is_taken_and_shown),
        TEST(amounts_are_shown_with_two_decimals_or_more),
        TEST(credit_limits_are_numbers),
        TEST(a_draft_invoice_may_be_made_and_no_other_state),
        TEST(invoices_have_pay_to_and_return_to),
        TEST(the_lines_of_a_bill_are_rows_and_go_with_it),
        TEST(what_cannot_be_created_is_refused_by_name),
        TEST(dates_and_lines_of_a_bill_are_checked),
        TEST(a_mistyped_field_is_answered_with_the_likely_one),
        TEST(a_long_name_in_a_refusal_is_cut_between_characters),
        TEST(patch_changes_what_it_names_and_nothing_else),
        TEST(a_reference_is_changed_by_key_or_id_and_emptied_by_null),
        TEST(an_id_may_be_repeated_but_not_changed),
        TEST(a_bill_number_may_be_repeated_on_its_own_bill),
        TEST(patch_without_a_body_or_a_row_is_refused),
        TEST(what_is_deleted_is_gone_and_its_key_is_not_used_again),
        TEST(delete_needs_no_writer),
        TEST(what_others_refer_to_cannot_be_deleted),
        TEST(a_reset_brings_back_what_everybody_starts_with),
        TEST(an_entity_sees_shared_rows_and_its_own),
        TEST(a_row_of_another_entity_is_not_found),
        TEST(what_an_entity_creates_belongs_to_it),
        TEST(an_entity_without_a_row_of_its_own_still_has_an_id),
        TEST(a_row_that_is_too_large_is_refused),
        TEST(a_full_table_takes_no_more),
        TEST(two_stores_in_two_threads_give_the_same_bytes),
        TEST(of_two_that_create_the_same_id_at_once_one_wins),
        TEST(of_all_or_none_nobody_sees_a_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
