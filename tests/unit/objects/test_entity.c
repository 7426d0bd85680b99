/* store.c: what an entity sees of the rows of its company, and what it makes. */
#include "store.h"

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
    create(shop, VENDOR, NEW_VENDOR);
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
    create(shop, VENDOR, NEW_VENDOR);
    get(shop, VENDOR, "60");
    assert_non_null(
        strstr(said(shop), "\"entity\":{\"key\":null,\"id\":\"900\",\"name\":null}"));
}

static const struct CMUnitTest tests[] = {
    TEST(an_entity_sees_shared_rows_and_its_own),
    TEST(a_row_of_another_entity_is_not_found),
    TEST(what_an_entity_creates_belongs_to_it),
    TEST(an_entity_without_a_row_of_its_own_still_has_an_id),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
