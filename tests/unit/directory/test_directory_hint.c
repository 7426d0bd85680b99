/* directory_hint.c: what is said where an id does not exist. */
#include "directory_fixture.h"

static void a_slip_is_told_by_whichever_name_it_is_near(void **state)
{
    static const char *const slips[] = {"Demo", "Demo-Public", "Demo-Sandbox"};
    static const char *const names[] = {"demo", "demo-public", "demo-sandbox"};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct im_near_miss near = im_directory_near(f->directory, &f->arena, IM_CLIENTS,
                                                     IM_STR(""), im_str(slips[i]));
        assert_non_null(near.how);
        assert_true(im_str_is(near.right, names[i]));
    }
    assert_null(im_directory_near(f->directory, &f->arena, IM_CLIENTS, IM_STR(""),
                                  IM_STR("other"))
                    .how);
}

static void up_to_six_names_are_listed_and_of_more_none(void **state)
{
    struct fixture *f = *state;
    char text[80];
    struct im_hint hint = im_directory_hint(f->directory, IM_COMPANIES, IM_STR(""),
                                            IM_STR("something-else"));

    assert_non_null(strstr(hint.text, "acme"));
    assert_non_null(strstr(hint.text, "acme-sandbox"));
    for (int i = 2; i < 7; i++) {
        snprintf(text, sizeof text, "{\"companies\":[{\"id\":\"company-%d\"}]}", i);
        load(f, text);
        hint = im_directory_hint(f->directory, IM_COMPANIES, IM_STR(""),
                                 IM_STR("something-else"));
        snprintf(text, sizeof text, "company-%d", i);
        assert_true(!strstr(hint.text, text) == (i == 6));
    }
    assert_string_equal(hint.text, "");
}

static const struct CMUnitTest tests[] = {
    TEST(a_slip_is_told_by_whichever_name_it_is_near),
    TEST(up_to_six_names_are_listed_and_of_more_none),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
