/* http/form.c: what is a parameter, and what is refused. */
#include <stdio.h>
#include <string.h>

#include "unit/fixture.h"

#include "http/form.h"

struct fixture {
    struct im_arena arena;
    struct im_params params;
    struct im_error err;
};

static int setup(void **state)
{
    new_fixture(state, sizeof(struct fixture));
    return 0;
}

typedef bool parser(struct im_arena *, struct im_str, struct im_params *,
                    struct im_error *);

static void parsed(struct fixture *f, parser *parse, const char *text)
{
    if (!parse(&f->arena, im_str(text), &f->params, &f->err))
        fail_msg("%s: %s", text, f->err.text);
}

static void refused(struct fixture *f, parser *parse, struct im_str text, const char *why)
{
    assert_false(parse(&f->arena, text, &f->params, &f->err));
    if (!strstr(f->err.text, why))
        fail_msg("\"%s\" does not say \"%s\"", f->err.text, why);
}

static void has(struct fixture *f, const char *name, const char *value)
{
    struct im_str found = im_param(&f->params, name);

    assert_non_null(found.at);
    if (!im_str_is(found, value))
        fail_msg("%s is \"%.*s\", not \"%s\"", name, IM_ARG(found), value);
}

/* ---- forms ---- */

static void names_and_values_are_decoded(void **state)
{
    parsed(*state, im_params_parse_form, "grant%5Ftype=a+b%2Bc&x=%c3%A4=1");
    has(*state, "grant_type", "a b+c");
    has(*state, "x", "\xc3\xa4=1");
}

static void order_and_duplicates_are_kept(void **state)
{
    struct fixture *f = *state;

    parsed(f, im_params_parse_form, "a=1&b=2&a=3");
    assert_int_equal(f->params.count, 3);
    assert_int_equal(im_param_count(&f->params, "a"), 2);
    has(f, "a", "1");
    assert_true(im_str_is(f->params.items[2].value, "3"));
}

static void case_matters_in_names(void **state)
{
    struct fixture *f = *state;

    parsed(f, im_params_parse_form, "Code=1");
    assert_null(im_param(&f->params, "code").at);
    assert_int_equal(im_param_count(&f->params, "code"), 0);
}

static void an_empty_value_is_there_and_an_absent_one_is_not(void **state)
{
    struct fixture *f = *state;

    parsed(f, im_params_parse_form, "a=&b&=c");
    has(f, "a", "");
    has(f, "b", "");
    has(f, "", "c");
    assert_null(im_param(&f->params, "d").at);
}

static void empty_pieces_are_no_parameters(void **state)
{
    struct fixture *f = *state;

    parsed(f, im_params_parse_form, "&&a=1&");
    assert_int_equal(f->params.count, 1);
    parsed(f, im_params_parse_form, "");
    assert_int_equal(f->params.count, 0);
}

static void bad_escapes_are_refused(void **state)
{
    parser *form = im_params_parse_form;

    refused(*state, form, IM_STR("a=%"), "cut percent escape at byte 2");
    refused(*state, form, IM_STR("a=1&b=x%4"), "cut percent escape at byte 7");
    refused(*state, form, IM_STR("a%zz=1"),
            "at byte 1 is not followed by two hex digits");
    refused(*state, form, IM_STR("a=%+1"), "two hex digits");
}

static void a_refusal_shows_no_value(void **state)
{
    struct fixture *f = *state;

    refused(f, im_params_parse_form, IM_STR("client_secret=hunter2%gg"), "byte 21");
    assert_null(strstr(f->err.text, "hunter2"));
}

static void nul_and_broken_utf8_are_refused(void **state)
{
    parser *form = im_params_parse_form;

    refused(*state, form, IM_STR("a=1%00"), "a NUL");
    refused(*state, form, IM_STR("a=1\0b"), "a NUL");
    refused(*state, form, IM_STR("a=%C3%28"), "not valid UTF-8");
    refused(*state, form, IM_STR("\xff=1"), "not valid UTF-8");
    refused(*state, form, IM_STR("a=%ED%A0%80"),
            "not valid UTF-8"); /* half a surrogate pair */
}

static void another_format_is_named(void **state)
{
    parser *form = im_params_parse_form;

    refused(*state, form, IM_STR("{\"grant_type\":\"a=b\"}"), "it begins with '{'");
    refused(*state, form, IM_STR("<xml/>"), "it begins with '<'");
}

static void there_are_at_most_256(void **state)
{
    char text[4 * IM_PARAMS_MAX + 8] = "";

    for (int i = 0; i < IM_PARAMS_MAX; i++)
        memcpy(text + (ptrdiff_t)i * 4, "a=1&", 4);
    parsed(*state, im_params_parse_form, text);
    memcpy(text + (ptrdiff_t)IM_PARAMS_MAX * 4, "b=1", 4);
    refused(*state, im_params_parse_form, im_str(text), "more than 256");
}

static void plus_is_a_space_in_forms_alone(void **state)
{
    struct fixture *f = *state;
    struct im_str out;

    assert_true(im_url_decode(&f->arena, IM_STR("a+b%2b"), false, &out));
    assert_true(im_str_is(out, "a+b+"));
    assert_true(im_url_decode(&f->arena, IM_STR("a+b"), true, &out));
    assert_true(im_str_is(out, "a b"));
    assert_false(im_url_decode(&f->arena, IM_STR("%4"), false, &out));
}

/* ---- JSON ---- */

static void json_members_are_parameters(void **state)
{
    struct fixture *f = *state;

    parsed(f, im_params_parse_json,
           "{\"a\":\"x y\",\"n\":1.50,\"t\":true,\"f\":false,\"z\":null,\"e\":\"\"}");
    has(f, "a", "x y");
    has(f, "n", "1.50");
    has(f, "t", "true");
    has(f, "f", "false");
    has(f, "e", "");
    assert_null(im_param(&f->params, "z").at);
    assert_int_equal(f->params.count, 5);
}

static void json_duplicates_are_kept(void **state)
{
    struct fixture *f = *state;

    parsed(f, im_params_parse_json, "{\"a\":\"1\",\"a\":\"2\"}");
    assert_int_equal(im_param_count(&f->params, "a"), 2);
    has(f, "a", "1");
}

static void json_must_be_an_object_of_plain_values(void **state)
{
    parser *json = im_params_parse_json;

    refused(*state, json, IM_STR("[1]"), "not an object");
    refused(*state, json, IM_STR("{\"a\":1"), "not JSON: line 1");
    refused(*state, json, IM_STR("grant_type=x"), "not JSON");
}

static void no_json_is_no_parameters(void **state)
{
    struct fixture *f = *state;

    parsed(f, im_params_parse_json, " \n");
    assert_int_equal(f->params.count, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, drop_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_and_values_are_decoded),
        TEST(order_and_duplicates_are_kept),
        TEST(case_matters_in_names),
        TEST(an_empty_value_is_there_and_an_absent_one_is_not),
        TEST(empty_pieces_are_no_parameters),
        TEST(bad_escapes_are_refused),
        TEST(a_refusal_shows_no_value),
        TEST(nul_and_broken_utf8_are_refused),
        TEST(another_format_is_named),
        TEST(there_are_at_most_256),
        TEST(plus_is_a_space_in_forms_alone),
        TEST(json_members_are_parameters),
        TEST(json_duplicates_are_kept),
        TEST(json_must_be_an_object_of_plain_values),
        TEST(no_json_is_no_parameters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
