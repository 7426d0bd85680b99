/* causes/policy.c: switches are set in words, and a slip is told with what would be right. */
#include <stdio.h>
#include <string.h>

#include "unit/fixture.h"

#include "causes/policy.h"

struct fixture {
    struct im_arena arena;
    struct im_policy policy;
    struct im_error err;
    const struct im_json *at;
};

static int setup(void **state)
{
    struct fixture *f = new_fixture(state, sizeof(*f));

    im_policy_init(&f->policy);
    return 0;
}

static bool apply(struct fixture *f, const char *json)
{
    struct im_json_error why;
    const struct im_json *object = im_json_parse(&f->arena, im_str(json), &why);

    assert_non_null(object);
    return im_policy_set_all(&f->policy, object, &f->at, &f->err);
}

static void accepted(struct fixture *f, const char *json)
{
    if (!apply(f, json))
        fail_msg("%s: %s", json, f->err.text);
}

static void refused(struct fixture *f, const char *json, const char *text)
{
    assert_false(apply(f, json));
    assert_string_equal(f->err.text, text);
}

/* ---- the table ---- */

static void every_choice_has_words_and_its_default_is_one(void **state)
{
    for (size_t i = 0; i < im_policy_row_count; i++) {
        const struct im_policy_row *row = &im_policy_rows[i];
        bool choice = row->kind == IM_POLICY_CHOICE;
        assert_int_equal(choice, row->choices != NULL);
        if (choice)
            assert_int_not_equal(im_policy_choice(row, row->initial).len, 0);
        assert_non_null(row->about);
    }
}

static void the_initial_values_are_those_of_the_table(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(f->policy.access_token_ttl, 43200000);
    assert_int_equal(f->policy.one_grant_per_user, 1);
    assert_int_equal(f->policy.basic_auth, IM_BASIC_NOT_ON_REFRESH);
    for (size_t i = 0; i < im_policy_row_count; i++)
        assert_int_equal(im_policy_value(&f->policy, &im_policy_rows[i]),
                         im_policy_rows[i].initial);
}

static void a_name_finds_its_row(void **state)
{
    assert_string_equal(im_policy_find(IM_STR("skew"))->name, "skew");
    assert_null(im_policy_find(IM_STR("skews")));
    assert_null(im_policy_find(IM_STR("")));
}

static void a_choice_that_does_not_exist_has_no_word(void **state)
{
    const struct im_policy_row *row = im_policy_find(IM_STR("expired_style"));

    assert_true(im_str_is(im_policy_choice(row, 1), "400-rest"));
    assert_int_equal(im_policy_choice(row, 2).len, 0);
    assert_int_equal(im_policy_choice(row, -1).len, 0);
    assert_int_equal(im_policy_choice(im_policy_find(IM_STR("skew")), 0).len, 0);
}

/* ---- setting ---- */

static void durations_booleans_and_words_are_taken(void **state)
{
    struct fixture *f = *state;

    accepted(f, "{\"access_token_ttl\":\"5m\",\"skew\":\"0s\",\"pkce_plain\":true,"
                "\"rotation\":\"keep\",\"basic_auth\":\"everywhere\"}");
    assert_int_equal(f->policy.access_token_ttl, 300000);
    assert_int_equal(f->policy.skew, 0);
    assert_int_equal(f->policy.pkce_plain, 1);
    assert_int_equal(f->policy.rotation, IM_ROTATION_KEEP);
    assert_int_equal(f->policy.basic_auth, IM_BASIC_EVERYWHERE);
}

static void a_status_may_be_a_number_or_a_word(void **state)
{
    struct fixture *f = *state;

    accepted(f, "{\"invalid_grant_status\":401,\"revoked_status\":\"400\"}");
    assert_int_equal(f->policy.invalid_grant_status, 1);
    assert_int_equal(f->policy.revoked_status, 1);
}

static void grace_carries_its_duration(void **state)
{
    struct fixture *f = *state;

    accepted(f, "{\"rotation\":\"grace:30s\"}");
    assert_int_equal(f->policy.rotation, IM_ROTATION_GRACE);
    assert_int_equal(f->policy.rotation_grace, 30000);
    accepted(f, "{\"rotation\":\"rotate\"}");
    accepted(f, "{\"rotation\":\"grace\"}");
    assert_int_equal(f->policy.rotation_grace, 30000);
}

static void what_is_told_can_be_set_again(void **state)
{
    struct fixture *f = *state;
    struct im_policy before;
    struct im_json_out out;
    struct im_buf buf;

    accepted(f,
             "{\"rotation\":\"grace:7s\",\"invalid_grant_status\":401,\"skew\":\"250ms\","
             "\"revoke_cascades\":false,\"expired_style\":\"400-rest\"}");
    before = f->policy;
    im_buf_init(&buf, &f->arena, 0);
    im_json_out_init(&out, &buf);
    im_json_open_object(&out, NULL);
    im_policy_write(&f->policy, &out);
    im_json_close_object(&out);
    im_buf_addc(&buf, '\0');
    im_policy_init(&f->policy);
    accepted(f, buf.at);
    assert_memory_equal(&f->policy, &before, sizeof before);
    assert_non_null(strstr(buf.at, "\"invalid_grant_status\":401"));
}

/* ---- slips ---- */

static void an_unknown_name_is_told_with_the_nearest(void **state)
{
    struct fixture *f = *state;

    refused(f, "{\"acces_token_ttl\":\"5m\"}",
            "policy: unknown field \"acces_token_ttl\"; did you mean "
            "\"access_token_ttl\"?");
    assert_true(im_str_is(f->at->name, "acces_token_ttl"));
    refused(f, "{\"colour\":\"red\"}",
            "policy: unknown field \"colour\"; there are \"access_token_ttl\", "
            "\"refresh_token_ttl\", \"article_access_token_ttl\", "
            "\"article_refresh_token_ttl\", \"code_ttl\", \"session_ttl\", \"skew\", "
            "\"session_ends_tokens\", \"one_grant_per_user\", "
            "\"supersede_ends_access\", \"sign_in_ends_session\", "
            "\"revoke_cascades\", \"revoke_needs_client\", "
            "\"offline_access_required\", …");
}

static void a_duration_needs_its_unit(void **state)
{
    struct fixture *f = *state;

    refused(
        f, "{\"code_ttl\":60}",
        "policy: \"code_ttl\" must be a duration of 0 or more, such as \"12h\", not 60");
    refused(f, "{\"code_ttl\":\"60\"}",
            "policy: \"code_ttl\" must be a duration of 0 or more, such as \"12h\", not "
            "\"60\"");
    refused(f, "{\"code_ttl\":\"-1s\"}",
            "policy: \"code_ttl\" must be a duration of 0 or more, such as \"12h\", not "
            "\"-1s\"");
}

static void a_boolean_is_not_in_quotes(void **state)
{
    struct fixture *f = *state;

    refused(f, "{\"pkce_plain\":\"true\"}",
            "policy: \"pkce_plain\" must be true or false, not \"true\"");
}

static void a_wrong_word_is_told_with_the_right_ones(void **state)
{
    struct fixture *f = *state;

    refused(
        f, "{\"basic_auth\":\"everwhere\"}",
        "policy: \"basic_auth\" must be \"not-on-refresh\", \"everywhere\" or \"never\", "
        "not \"everwhere\"; did you mean \"everywhere\"?");
    refused(f, "{\"revoked_status\":403}",
            "policy: \"revoked_status\" must be \"401\" or \"400\", not 403");
    refused(f, "{\"reuse\":null}",
            "policy: \"reuse\" must be \"refuse\" or \"revoke-family\", not null");
    refused(f, "{\"rotation\":\"grace:soon\"}",
            "policy: \"rotation\" must be \"grace:\" and a duration, such as "
            "\"grace:5s\", not "
            "\"grace:soon\"");
}

static void a_policy_is_an_object(void **state)
{
    struct fixture *f = *state;

    assert_false(apply(f, "[]"));
    assert_non_null(strstr(f->err.text, "policy must be an object, not an array"));
}

static void one_slip_and_nothing_changes(void **state)
{
    struct fixture *f = *state;
    struct im_policy before = f->policy;

    assert_false(apply(f, "{\"code_ttl\":\"5s\",\"rotation\":\"grace:1s\",\"skew\":5}"));
    assert_memory_equal(&f->policy, &before, sizeof before);
    assert_true(im_str_is(f->at->name, "skew"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, drop_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_choice_has_words_and_its_default_is_one),
        TEST(the_initial_values_are_those_of_the_table),
        TEST(a_name_finds_its_row),
        TEST(a_choice_that_does_not_exist_has_no_word),
        TEST(durations_booleans_and_words_are_taken),
        TEST(a_status_may_be_a_number_or_a_word),
        TEST(grace_carries_its_duration),
        TEST(what_is_told_can_be_set_again),
        TEST(an_unknown_name_is_told_with_the_nearest),
        TEST(a_duration_needs_its_unit),
        TEST(a_boolean_is_not_in_quotes),
        TEST(a_wrong_word_is_told_with_the_right_ones),
        TEST(a_policy_is_an_object),
        TEST(one_slip_and_nothing_changes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
