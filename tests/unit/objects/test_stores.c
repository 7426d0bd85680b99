/* stores.c, seed.c: the stores of companies, what everybody starts with, and the reset to it. */
#include "store.h"

#include "objects/table.h"

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

static const struct CMUnitTest tests[] = {
    TEST(an_untouched_store_holds_no_memory),
    TEST(every_seeded_reference_leads_to_a_row),
    TEST(each_company_has_keys_of_its_own),
    TEST(the_keys_of_a_store_are_listed),
    TEST(a_reset_brings_back_what_everybody_starts_with),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
