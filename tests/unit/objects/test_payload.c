/* payload.c: which bodies are refused, and for which of their members. */
#include "store.h"

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

static const struct CMUnitTest tests[] = {
    TEST(what_cannot_be_created_is_refused_by_name),
    TEST(dates_and_lines_of_a_bill_are_checked),
    TEST(a_mistyped_field_is_answered_with_the_likely_one),
    TEST(a_long_name_in_a_refusal_is_cut_between_characters),
    TEST(a_row_that_is_too_large_is_refused),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
