#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "directory/account.h"

static void reads(const char *text, const char *user, const char *company,
                  const char *entity)
{
    struct im_account account = im_account_read(im_str(text));

    if (!im_str_is(account.user, user) || !im_str_is(account.company, company) ||
        !im_str_is(account.entity, entity))
        fail_msg("%s: %.*s, %.*s, %.*s", text, IM_ARG(account.user),
                 IM_ARG(account.company), IM_ARG(account.entity));
}

static void the_last_at_sign_divides(void **state)
{
    (void)state;
    reads("jdoe@acme", "jdoe", "acme", "");
    reads("j@doe@acme", "j@doe", "acme", "");
    reads("jdoe", "jdoe", "", "");
    reads("@acme", "", "acme", "");
    reads("jdoe@", "jdoe", "", "");
    reads("", "", "", "");
}

static void the_entity_follows_the_bar(void **state)
{
    (void)state;
    reads("j@doe@acme|100", "j@doe", "acme", "100");
    reads("jdoe@acme|a@b|c", "jdoe", "acme", "a@b|c");
    reads("jdoe|100", "jdoe", "", "100");
    reads("jdoe@acme|", "jdoe", "acme", "");
}

static void a_user_has_no_entity(void **state)
{
    struct im_account user = im_account_read(IM_STR("jdoe@acme")),
                      there = im_account_read(IM_STR("jdoe@acme|100")),
                      nowhere = im_account_read(IM_STR("jdoe@")),
                      nobody = im_account_read(IM_STR("@acme"));

    (void)state;
    assert_true(im_account_is_user(&user) && im_account_is_whole(&user));
    assert_true(!im_account_is_user(&there) && im_account_is_whole(&there));
    assert_false(im_account_is_whole(&nowhere) || im_account_is_whole(&nobody));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_at_sign_divides),
        cmocka_unit_test(the_entity_follows_the_bar),
        cmocka_unit_test(a_user_has_no_entity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
