#include <limits.h>

#include "unit/base/base_test.h"

static const struct im_str nothing = {NULL, 0};

static void views_compare_by_content(void **state)
{
    assert_true(im_str_eq(IM_STR("abc"), im_str("abc")));
    assert_true(im_str_eq(nothing, IM_STR("")));
    assert_false(im_str_eq(IM_STR("abc"), IM_STR("abd")));
    assert_false(im_str_eq(IM_STR("ab"), IM_STR("abc")));
    assert_true(im_str_is(IM_STR("a\0b"), "a") == false);
    assert_true(im_str_is(nothing, NULL));
    assert_true(im_str_eq_nocase(IM_STR("BeArer"), IM_STR("bEaRER")));
    assert_false(im_str_eq_nocase(IM_STR("@"), IM_STR("`")));
}

static void views_are_ordered_by_bytes(void **state)
{
    assert_true(im_str_compare(IM_STR("a"), IM_STR("b")) < 0);
    assert_true(im_str_compare(IM_STR("ab"), IM_STR("a")) > 0);
    assert_true(im_str_compare(IM_STR("\xC3"), IM_STR("z")) > 0);
    assert_int_equal(im_str_compare(nothing, IM_STR("")), 0);
}

static void fronts_and_ends_are_seen(void **state)
{
    assert_true(im_str_starts(IM_STR("abc"), "ab"));
    assert_true(im_str_starts(nothing, ""));
    assert_false(im_str_starts(IM_STR("a"), "ab"));
    assert_true(im_str_ends(IM_STR("abc"), "bc"));
    assert_false(im_str_ends(IM_STR("c"), "bc"));
    assert_true(im_str_has(IM_STR("abc"), 'c'));
    assert_false(im_str_has(nothing, '\0'));
    assert_int_equal(im_str_find(IM_STR("abc"), 'b'), 1);
    assert_int_equal(im_str_find(IM_STR("abc"), 'x'), 3);
}

static void slices_stay_inside(void **state)
{
    struct im_str text = IM_STR("0123456789");
    assert_says(im_str_slice(text, 2, 4), "23");
    assert_says(im_str_slice(text, 8, 99), "89");
    assert_says(im_str_slice(text, 99, 99), "");
    assert_says(im_str_slice(text, 5, 2), "");
    assert_null(im_str_slice(nothing, 1, 2).at);
}

static void trimming_takes_ascii_space_only(void **state)
{
    assert_says(im_str_trim(IM_STR(" \t\r\n\v\fa b \n")), "a b");
    assert_says(im_str_trim(IM_STR("   ")), "");
    assert_says(im_str_trim(IM_STR("\xC2\xA0x")), "\xC2\xA0x");
}

static void cutting_walks_a_list(void **state)
{
    struct im_str rest = IM_STR("a,,b");
    assert_says(im_str_cut(&rest, ','), "a");
    assert_says(im_str_cut(&rest, ','), "");
    assert_says(im_str_cut(&rest, ','), "b");
    assert_int_equal(rest.len, 0);
    assert_says(im_str_cut(&rest, ','), "");
}

static void whole_numbers_are_read_exactly(void **state)
{
    static const struct {
        const char *text;
        int64_t value;
    } fine[] = {
        {"0", 0},     {"-0", 0},    {"7", 7},
        {"-7", -7},   {"007", 7},   {"9223372036854775807", INT64_MAX},
        {"-1", -1},   {"-10", -10}, {"-9223372036854775808", INT64_MIN},
        {"100", 100}, {"-99", -99}, {"9223372036854775799", INT64_MAX - 8},
    };
    for (size_t i = 0; i < COUNT(fine); i++) {
        int64_t value = 42;
        assert_true(im_str_int(im_str(fine[i].text), &value));
        assert_true(value == fine[i].value);
    }
}

static void what_is_no_whole_number_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "-",
        "+1",
        " 1",
        "1 ",
        "1.0",
        "1e3",
        "0x1",
        "--1",
        "1-",
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999999",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        int64_t value = 42;
        assert_false(im_str_int(im_str(bad[i]), &value));
        assert_int_equal(value, 42);
    }
}

static void only_well_formed_utf8_passes(void **state)
{
    static const char *const fine[] = {
        "",
        "abc",
        "\x7F",
        "\xC2\x80",
        "\xDF\xBF",
        "\xE0\xA0\x80",
        "\xED\x9F\xBF",
        "\xEE\x80\x80",
        "\xEF\xBF\xBF",
        "\xF0\x90\x80\x80",
        "\xF4\x8F\xBF\xBF",
    };
    static const char *const bad[] = {
        "\x80",
        "\xBF",
        "\xC0\x80",
        "\xC1\xBF",
        "\xC2",
        "\xC2\x41",
        "\xE0\x9F\xBF",
        "\xE0\xA0",
        "\xE1\x80\x41",
        "\xED\xA0\x80",
        "\xED\xBF\xBF",
        "\xF0\x8F\xBF\xBF",
        "\xF0\x90\x80",
        "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80",
        "\xFE",
        "\xFF",
        "a\xC3",
    };
    for (size_t i = 0; i < COUNT(fine); i++)
        assert_true(im_str_utf8(im_str(fine[i])));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(im_str_utf8(im_str(bad[i])));
    assert_false(im_str_utf8(IM_STR("a\0b")));
    assert_int_equal(im_utf8_step("", 0), 0);
    assert_int_equal(im_utf8_step("\xF0\x90\x80\x80", 4), 4);
}

static void a_front_never_ends_within_a_character(void **state)
{
    assert_says(im_str_front(IM_STR("abc"), 3), "abc");
    assert_says(im_str_front(IM_STR("abc"), 2), "ab");
    assert_says(im_str_front(IM_STR("a\xC3\xA9"), 2), "a");
    assert_says(im_str_front(IM_STR("a\xF0\x9F\x98\x80z"), 4), "a");
    assert_says(im_str_front(IM_STR("a\xF0\x9F\x98\x80z"), 5), "a\xF0\x9F\x98\x80");
    assert_says(im_str_front(IM_STR("\xE2\x82\xAC"), 1), "");
    assert_says(im_str_front(nothing, 1), "");
}

static void scopes_are_found_whole(void **state)
{
    assert_true(im_str_in_list(IM_STR("a bc  d"), IM_STR("bc")));
    assert_true(im_str_in_list(IM_STR("a bc  d"), IM_STR("d")));
    assert_false(im_str_in_list(IM_STR("a bc  d"), IM_STR("b")));
    assert_false(im_str_in_list(IM_STR("a bc  d"), IM_STR("")));
    assert_false(im_str_in_list(IM_STR("a bc"), IM_STR("a bc")));
}

static void globs_match_whole_texts(void **state)
{
    static const struct {
        const char *pattern, *text;
        bool matches;
    } cases[] = {
        {"", "", true},
        {"", "a", false},
        {"*", "", true},
        {"*", "abc", true},
        {"?", "", false},
        {"?", "a", true},
        {"a*", "abc", true},
        {"*c", "abc", true},
        {"a*c", "abc", true},
        {"a*c", "abcd", false},
        {"a?c", "abc", true},
        {"a?c", "ac", false},
        {"*b*", "abc", true},
        {"*ab", "aab", true},
        {"a**b", "axyb", true},
        {"*.*.com", "a.b.com", true},
        {"abc", "ab", false},
        {"ab", "abc", false},
        {"?", "\xC3\xA9", true},
        {"??", "\xC3\xA9", false},
        {"*?", "\xE2\x82\xAC", true},
        {"*??", "\xE2\x82\xAC", false},
        {"?", "\xFF", true},
        {"a*a*a", "aa", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(im_str_glob(im_str(cases[i].pattern), im_str(cases[i].text)),
                         cases[i].matches);
}

/* Exponential where it backtracks into every star: this would not end in our lifetime. */
static void many_stars_cost_no_time(void **state)
{
    char pattern[201], text[20001];
    for (size_t i = 0; i < 200; i++)
        pattern[i] = i % 2 ? 'a' : '*';
    pattern[199] = 'b';
    pattern[200] = '\0';
    memset(text, 'a', 20000);
    text[20000] = '\0';
    assert_false(im_str_glob(im_str(pattern), im_str(text)));
}

static bool glob_by_definition(const char *pattern, const char *text)
{
    if (*pattern == '\0')
        return *text == '\0';
    if (*pattern == '*')
        return glob_by_definition(pattern + 1, text) ||
               (*text && glob_by_definition(pattern, text + 1));
    return *text && (*pattern == '?' || *pattern == *text) &&
           glob_by_definition(pattern + 1, text + 1);
}

static void globs_agree_with_their_definition(void **state)
{
    uint64_t random = 7;
    for (int round = 0; round < 50000; round++) {
        char pattern[7] = "", text[9] = "";
        for (size_t i = 0, n = next_random(&random) % 7; i < n; i++)
            pattern[i] = "ab?*"[next_random(&random) % 4];
        for (size_t i = 0, n = next_random(&random) % 9; i < n; i++)
            text[i] = "ab"[next_random(&random) % 2];
        assert_int_equal(im_str_glob(im_str(pattern), im_str(text)),
                         glob_by_definition(pattern, text));
    }
}

static void distance_counts_edits(void **state)
{
    assert_int_equal(im_str_distance(IM_STR("expired"), IM_STR("expired")), 0);
    assert_int_equal(im_str_distance(IM_STR("kitten"), IM_STR("sitting")), 3);
    assert_int_equal(im_str_distance(IM_STR("expierd"), IM_STR("expired")), 1);
    assert_int_equal(im_str_distance(IM_STR("Access_Token"), IM_STR("access-token")), 0);
    assert_int_equal(im_str_distance(nothing, IM_STR("abc")), 3);
    assert_int_equal(im_str_distance(IM_STR("abc"), nothing), 3);
    char far[65];
    memset(far, 'a', sizeof(far));
    assert_true(im_str_distance((struct im_str){far, 64}, (struct im_str){far, 64}) ==
                UINT_MAX);
    assert_int_equal(im_str_distance((struct im_str){far, 63}, (struct im_str){far, 60}),
                     3);
}

static void the_nearest_is_found_or_none(void **state)
{
    static const struct im_str words[] = {IM_STR_INIT("status"), IM_STR_INIT("delay"),
                                          IM_STR_INIT("delays"), IM_STR_INIT("truncate")};
    assert_int_equal(im_str_nearest(IM_STR("dealy"), words, 4), 1);
    assert_int_equal(im_str_nearest(IM_STR("delays"), words, 4), 2);
    assert_int_equal(im_str_nearest(IM_STR("trunkat"), words, 4), 3);
    assert_int_equal(im_str_nearest(IM_STR("company"), words, 4), -1);
    assert_int_equal(im_str_nearest(IM_STR("x"), words, 0), -1);
}

static void a_hint_names_all_where_they_are_few(void **state)
{
    static const struct im_str names[] = {IM_STR_INIT("acme"), IM_STR_INIT("globex")};
    static const struct im_str many[IM_HINT_FEW + 1] = {IM_STR_INIT("a")};
    (void)state;
    assert_string_equal(im_hint_or_all(IM_STR("nowhere"), names, 2).text,
                        "; there are \"acme\", \"globex\"");
    assert_string_equal(im_hint_or_all(IM_STR("nowhere"), names, 1).text,
                        "; there is \"acme\"");
    assert_string_equal(im_hint_or_all(IM_STR("acmee"), names, 2).text,
                        "; did you mean \"acme\"?");
    assert_string_equal(im_hint_or_all(IM_STR("nowhere"), names, 0).text, "");
    assert_string_equal(im_hint_or_all(IM_STR("nowhere"), many, IM_HINT_FEW + 1).text,
                        "");
}

static void a_hint_may_name_several(void **state)
{
    struct im_str names[] = {IM_STR("one"), IM_STR("two"), IM_STR("three")};
    struct im_str lengthy = IM_STR("a-name-of-fifty-letters-is-longer-than-most-xxxxxxx");
    struct im_str full[] = {lengthy, lengthy, lengthy};
    (void)state;
    assert_string_equal(im_hint_list(names, 0).text, "");
    assert_string_equal(im_hint_list(names, 1).text, "; did you mean \"one\"?");
    assert_string_equal(im_hint_list(names, 3).text,
                        "; did you mean \"one\", \"two\" or \"three\"?");
    assert_true(
        im_str_ends(im_str(im_hint_list(full, 3).text), "xxx\"?")); /* two of them */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_compare_by_content),
        cmocka_unit_test(views_are_ordered_by_bytes),
        cmocka_unit_test(fronts_and_ends_are_seen),
        cmocka_unit_test(slices_stay_inside),
        cmocka_unit_test(trimming_takes_ascii_space_only),
        cmocka_unit_test(cutting_walks_a_list),
        cmocka_unit_test(whole_numbers_are_read_exactly),
        cmocka_unit_test(what_is_no_whole_number_is_refused),
        cmocka_unit_test(only_well_formed_utf8_passes),
        cmocka_unit_test(a_front_never_ends_within_a_character),
        cmocka_unit_test(scopes_are_found_whole),
        cmocka_unit_test(globs_match_whole_texts),
        cmocka_unit_test(many_stars_cost_no_time),
        cmocka_unit_test(globs_agree_with_their_definition),
        cmocka_unit_test(distance_counts_edits),
        cmocka_unit_test(the_nearest_is_found_or_none),
        cmocka_unit_test(a_hint_names_all_where_they_are_few),
        cmocka_unit_test(a_hint_may_name_several),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
