/* store.c: rows are read, created, changed and deleted. */
#include "store.h"

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
    assert_int_equal(create(shop, VENDOR, NEW_VENDOR), 0);
    assert_string_equal(said(shop), "{\"key\":\"60\",\"id\":\"N1\","
                                    "\"href\":\"/objects/accounts-payable/vendor/60\"}");
    assert_int_equal(create(shop, VENDOR, "{\"id\":\"N2\",\"name\":\"New\"}"), 0);
    assert_string_equal(member(shop, "key"), "61");
}

static void what_is_not_given_gets_its_initial_value(void **state)
{
    struct shop *shop = *state;
    create(shop, VENDOR, NEW_VENDOR);
    assert_int_equal(get(shop, VENDOR, "60"), IM_OBJECTS_OK);
    assert_string_equal(member(shop, "status"), "active");
    assert_string_equal(member(shop, "totalDue"), "0.00");
    assert_string_equal(member(shop, "currency"), "USD");
    assert_non_null(strstr(said(shop), "\"notes\":null"));
}

static void audit_times_are_the_callers_in_whole_seconds(void **state)
{
    struct shop *shop = *state;
    create(shop, VENDOR, NEW_VENDOR);
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

static void a_full_table_takes_no_more(void **state)
{
    static const char bill[] =
        "{\"vendor\":{\"key\":\"43\"},\"createdDate\":\"2026-01-01\","
        "\"dueDate\":\"2026-01-31\"}";
    struct shop *shop = *state;
    list(shop, BILL, 0, 0, false);
    for (int64_t n = shop->call.meta.total; n < IM_OBJECTS_ROWS_MAX; n++) {
        im_arena_release(&shop->arena);
        assert_int_equal(create(shop, BILL, bill), IM_OBJECTS_OK);
    }
    assert_refused(shop, create(shop, BILL, bill), IM_OBJECTS_FULL, "");
    assert_int_equal(delete_row(shop, BILL, "60"), IM_OBJECTS_OK);
    assert_int_equal(create(shop, BILL, bill), IM_OBJECTS_OK);
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
    create(shop, VENDOR, NEW_VENDOR);
    assert_int_equal(delete_row(shop, VENDOR, "60"), IM_OBJECTS_OK);
    assert_int_equal(shop->buf.len, 0);
    assert_refused(shop, delete_row(shop, VENDOR, "60"), IM_OBJECTS_NOT_FOUND, "");
    create(shop, VENDOR, NEW_VENDOR);
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

static const struct CMUnitTest tests[] = {
    TEST(what_is_not_there_is_not_found),
    TEST(create_answers_with_the_next_key),
    TEST(what_is_not_given_gets_its_initial_value),
    TEST(audit_times_are_the_callers_in_whole_seconds),
    TEST(every_kind_of_field_is_taken_and_shown),
    TEST(a_draft_invoice_may_be_made_and_no_other_state),
    TEST(the_lines_of_a_bill_are_rows_and_go_with_it),
    TEST(patch_changes_what_it_names_and_nothing_else),
    TEST(a_reference_is_changed_by_key_or_id_and_emptied_by_null),
    TEST(an_id_may_be_repeated_but_not_changed),
    TEST(a_bill_number_may_be_repeated_on_its_own_bill),
    TEST(patch_without_a_body_or_a_row_is_refused),
    TEST(what_is_deleted_is_gone_and_its_key_is_not_used_again),
    TEST(delete_needs_no_writer),
    TEST(what_others_refer_to_cannot_be_deleted),
    TEST(a_full_table_takes_no_more),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
