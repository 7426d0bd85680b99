/* render.c: how rows, groups, references and amounts are shown. */
#include "store.h"

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

static const struct CMUnitTest tests[] = {
    TEST(keys_and_amounts_are_strings_and_a_row_knows_its_address),
    TEST(groups_references_times_and_lines_are_nested),
    TEST(amounts_are_shown_with_two_decimals_or_more),
    TEST(credit_limits_are_numbers),
    TEST(invoices_have_pay_to_and_return_to),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
