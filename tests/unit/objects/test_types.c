/* The table of types and what the model service says about it. */
#include "store.h"

#include "objects/types.h"

static void every_type_is_found_by_each_of_its_names(void **state)
{
    for (size_t i = 0; i < im_object_type_count(); i++) {
        const struct im_object_type *type = im_object_type_at(i);
        assert_ptr_equal(im_object_type_find(im_str(type->rest_name)), type);
        if (type->article_name)
            assert_ptr_equal(im_object_type_find_article(im_str(type->article_name)),
                             type);
        assert_int_equal(im_object_type_index(type), i);
    }
    assert_int_equal(im_object_type_count(), 18);
    assert_null(im_object_type_find_article(IM_STR("")));
}

static void a_leading_objects_is_no_part_of_the_name(void **state)
{
    assert_ptr_equal(im_object_type_find(IM_STR("objects/accounts-payable/vendor")),
                     im_object_type_find(IM_STR("accounts-payable/vendor")));
}

static void rest_names_are_exact_and_article_names_fold_case(void **state)
{
    assert_null(im_object_type_find(IM_STR("accounts-payable/Vendor")));
    assert_null(im_object_type_find(IM_STR("vendor")));
    assert_string_equal(im_object_type_find_article(IM_STR("vEnDoR"))->article_name,
                        "Vendor");
    assert_null(im_object_type_find_article(IM_STR("Vendors")));
}

static void a_slip_of_the_pen_leads_to_the_right_name(void **state)
{
    assert_string_equal(im_object_type_near(IM_STR("account-payable/vendors"))->rest_name,
                        "accounts-payable/vendor");
    assert_string_equal(im_object_type_near_article(IM_STR("Vendors"))->article_name,
                        "Vendor");
    assert_null(im_object_type_near(IM_STR("xyz")));
}

static void only_company_config_is_always_subscribed(void **state)
{
    for (size_t i = 0; i < im_object_type_count(); i++) {
        const struct im_object_type *type = im_object_type_at(i);
        assert_int_equal(type->always_subscribed,
                         strcmp(type->module, "company-config") == 0);
        assert_true(im_str_starts(im_str(type->rest_name), type->module));
    }
}

static void check_field(const struct im_object_type *type, size_t i)
{
    const struct im_object_field *field = &type->fields[i];
    bool ref = field->kind == IM_FIELD_REF || field->kind == IM_FIELD_ENTITY;
    assert_int_equal(im_object_field_index(type, im_str(field->name)), i);
    if (ref)
        assert_non_null(im_object_target(field));
    if (field->kind == IM_FIELD_ENUM)
        assert_non_null(field->about);
    if (field->kind == IM_FIELD_ENUM && field->initial)
        assert_true(im_str_in_list(im_str(field->about), im_str(field->initial)));
}

static void names_are_unique_references_lead_somewhere_and_words_fit(void **state)
{
    for (size_t t = 0; t < im_object_type_count(); t++) {
        const struct im_object_type *type = im_object_type_at(t);
        assert_in_range(type->n_fields, 1, IM_FIELDS_MAX);
        for (size_t i = 0; i < type->n_fields; i++)
            check_field(type, i);
    }
}

static struct im_str group_of(const struct im_object_type *type, size_t i)
{
    return im_str_slice(im_str(type->fields[i].name), 0,
                        im_object_group_len(&type->fields[i]));
}

/* Is the field's group the same as before it, or one not seen yet? */
static bool group_fits(const struct im_object_type *type, size_t i)
{
    struct im_str group = group_of(type, i);
    if (!group.len || !i || im_str_eq(group, group_of(type, i - 1)))
        return true;
    for (size_t before = 0; before < i; before++)
        if (im_str_eq(group, group_of(type, before)))
            return false;
    return true;
}

static void fields_of_one_group_stand_together(void **state)
{
    for (size_t t = 0; t < im_object_type_count(); t++)
        for (size_t i = 0; i < im_object_type_at(t)->n_fields; i++)
            assert_true(group_fits(im_object_type_at(t), i));
}

static void the_model_lists_fields_groups_references_and_lists(void **state)
{
    struct shop *shop = *state;
    ask(shop, "accounts-payable/bill");
    im_object_model(shop->call.type, &shop->out, NULL);
    assert_string_equal(member(shop, "fields.dueDate.format"), "date");
    assert_string_equal(member(shop, "groups.audit.fields.createdDateTime.format"),
                        "date-time");
    assert_string_equal(member(shop, "groups.currency.fields.txnCurrency.type"),
                        "string");
    assert_string_equal(member(shop, "refs.vendor.apiObject"), "accounts-payable/vendor");
    assert_string_equal(member(shop, "refs.vendor.fields.name.type"), "string");
    assert_string_equal(member(shop, "lists.lines.apiObject"),
                        "accounts-payable/bill-line");
    assert_string_equal(member(shop, "httpMethods"), "OPTIONS,GET,POST,DELETE,PATCH");
    assert_string_equal(
        member(shop, "href"),
        "/services/core/model?version=v1&name=objects/accounts-payable/bill");
}

static void references_inside_a_group_are_references_of_the_group(void **state)
{
    struct shop *shop = *state;
    ask(shop, "accounts-payable/vendor");
    im_object_model(shop->call.type, &shop->out, NULL);
    assert_string_equal(member(shop, "groups.contacts.refs.payTo.apiObject"),
                        "company-config/contact");
}

static void a_field_of_the_model_says_what_may_be_done_with_it(void **state)
{
    struct shop *shop = *state;
    ask(shop, "accounts-payable/bill");
    im_object_model(shop->call.type, &shop->out, NULL);
    assert_non_null(strstr(
        said(shop), "\"action\":{\"type\":\"string\",\"enum\":[\"draft\",\"submit\"],"
                    "\"mutable\":true,\"nullable\":true,\"readOnly\":false,"
                    "\"writeOnly\":true,\"required\":false}"));
}

static void without_a_name_the_model_lists_the_types(void **state)
{
    struct shop *shop = *state;
    ask(shop, "");
    im_object_models(&shop->out, NULL);
    assert_string_equal(column(shop, "apiObject"),
                        "objects/accounts-payable/vendor objects/accounts-payable/bill "
                        "objects/accounts-receivable/customer "
                        "objects/accounts-receivable/invoice "
                        "objects/general-ledger/account objects/company-config/location "
                        "objects/company-config/entity objects/company-config/user "
                        "objects/company-config/contact "
                        "objects/accounts-payable/bill-line "
                        "objects/accounts-receivable/invoice-line "
                        "objects/accounts-payable/term "
                        "objects/accounts-receivable/term "
                        "objects/company-config/department "
                        "objects/company-config/employee objects/projects/project "
                        "objects/inventory-control/item "
                        "objects/company-config/attachment");
}

static void every_result_has_a_name_of_its_own(void **state)
{
    for (int i = IM_OBJECTS_OK; i <= IM_OBJECTS_NO_MEMORY; i++) {
        const char *name = im_objects_result_name((enum im_objects_result)i);
        assert_non_null(name);
        for (int j = IM_OBJECTS_OK; j < i; j++)
            assert_string_not_equal(name,
                                    im_objects_result_name((enum im_objects_result)j));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_type_is_found_by_each_of_its_names),
        TEST(a_leading_objects_is_no_part_of_the_name),
        TEST(rest_names_are_exact_and_article_names_fold_case),
        TEST(a_slip_of_the_pen_leads_to_the_right_name),
        TEST(only_company_config_is_always_subscribed),
        TEST(names_are_unique_references_lead_somewhere_and_words_fit),
        TEST(fields_of_one_group_stand_together),
        TEST(the_model_lists_fields_groups_references_and_lists),
        TEST(references_inside_a_group_are_references_of_the_group),
        TEST(a_field_of_the_model_says_what_may_be_done_with_it),
        TEST(without_a_name_the_model_lists_the_types),
        TEST(every_result_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
