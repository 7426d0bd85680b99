/* page.c: lists, their pages, and what is said of a page. */
#include "store.h"

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

static const struct CMUnitTest tests[] = {
    TEST(a_list_holds_key_id_and_href),
    TEST(a_list_can_hold_whole_rows),
    TEST(pages_name_their_neighbours_by_number_or_null),
    TEST(meta_is_written_with_the_observed_names),
    TEST(a_page_past_the_end_is_empty),
    TEST(a_page_outside_the_limits_is_refused),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
