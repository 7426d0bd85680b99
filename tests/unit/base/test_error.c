#include "unit/base/base_test.h"

static void setting_an_error_returns_false(void **state)
{
    struct im_error err;
    assert_false(im_error_set(&err, "reading %s: %d", "key.pem", 7));
    assert_string_equal(err.text, "reading key.pem: 7");
}

static void nobody_needs_to_listen(void **state)
{
    assert_false(im_error_set(NULL, "unheard"));
}

static void an_error_is_one_line(void **state)
{
    struct im_error err;
    im_error_set(&err, "%s", "one\r\ntwo\n");
    assert_string_equal(err.text, "one  two ");
}

static void a_long_error_is_cut_and_terminated(void **state)
{
    struct im_error err;
    char text[1024];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    im_error_set(&err, "%s", text);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(setting_an_error_returns_false),
        cmocka_unit_test(nobody_needs_to_listen),
        cmocka_unit_test(an_error_is_one_line),
        cmocka_unit_test(a_long_error_is_cut_and_terminated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
