#include "unit/base/base_test.h"

#include "options.h"

/* What was read, and what was said about it. */
struct reading {
    struct im_arena arena;
    struct im_serve_options options;
    struct im_buf warnings;
    struct im_error err;
    bool done;
};

static int begin(void **state)
{
    *state = calloc(1, sizeof(struct reading));
    return *state ? 0 : -1;
}

static int end(void **state)
{
    im_arena_release(&((struct reading *)*state)->arena);
    free(*state);
    return 0;
}

#define READING(test) cmocka_unit_test_setup_teardown(test, begin, end)
#define NONE          ((const char *[]){NULL})
#define TEXTS(...)    ((const char *[]){__VA_ARGS__, NULL})

/* A list as main() gets it: of texts that are not const. */
static char **as_given(struct reading *r, const char **texts, int *count)
{
    char **list = IM_ARENA_ARRAY(&r->arena, char *, 20);

    for (*count = 0; texts[*count]; (*count)++) {
        size_t size = strlen(texts[*count]) + 1;
        list[*count] = im_arena_alloc(&r->arena, size);
        memcpy(list[*count], texts[*count], size);
    }
    return list;
}

static void read_all(struct reading *r, const char **arguments, const char **variables)
{
    int argc, n;
    char **argv = as_given(r, arguments, &argc);
    char **environment = as_given(r, variables, &n);

    r->err.text[0] = '\0';
    im_buf_init(&r->warnings, &r->arena, 0);
    r->done =
        im_options_read(&r->options, argc, argv, environment, &r->warnings, &r->err);
}

static void fine(struct reading *r, const char **argv, const char **environment)
{
    read_all(r, argv, environment);
    if (!r->done)
        fail_msg("%s", r->err.text);
}

static void bad(struct reading *r, const char **argv, const char **environment,
                const char *says)
{
    read_all(r, argv, environment);
    assert_false(r->done);
    if (!strstr(r->err.text, says))
        fail_msg("\"%s\" is not in: %s", says, r->err.text);
}

static void nothing_given_gives_the_defaults(void **state)
{
    struct reading *r = *state;
    fine(r, NONE, NONE);
    assert_string_equal(r->options.port, "8080");
    assert_string_equal(r->options.https_port, "8443");
    assert_string_equal(r->options.hints, "on");
    assert_string_equal(r->options.seed, "");
    assert_int_equal(r->warnings.len, 0);
}

static void a_flag_beats_the_environment_beats_the_default(void **state)
{
    struct reading *r = *state;
    fine(r, NONE, TEXTS("INTACCT_MOCK_PORT=1", "PORT=2"));
    assert_string_equal(r->options.port, "1");
    fine(r, TEXTS("--port", "3"), TEXTS("INTACCT_MOCK_PORT=1"));
    assert_string_equal(r->options.port, "3");
    fine(r, TEXTS("--port=4"), TEXTS("INTACCT_MOCK_PORT=1"));
    assert_string_equal(r->options.port, "4");
}

static void every_flag_has_its_variable(void **state)
{
    struct reading *r = *state;
    fine(r, NONE,
         TEXTS("INTACCT_MOCK_HTTPS_PORT=none", "INTACCT_MOCK_PUBLIC_URL=u",
               "INTACCT_MOCK_CONTROL_TOKEN=t", "INTACCT_MOCK_LOG_LEVEL=debug"));
    assert_string_equal(r->options.https_port, "none");
    assert_string_equal(r->options.public_url, "u");
    assert_string_equal(r->options.control_token, "t");
    assert_string_equal(r->options.log_level, "debug");
}

static void a_value_may_hold_equal_signs_and_dashes(void **state)
{
    struct reading *r = *state;
    fine(r, TEXTS("--control-token=a=b", "--public-url", "--x=y"), NONE);
    assert_string_equal(r->options.control_token, "a=b");
    assert_string_equal(r->options.public_url, "--x=y");
    fine(r, NONE, TEXTS("INTACCT_MOCK_CONTROL_TOKEN=a=b"));
    assert_string_equal(r->options.control_token, "a=b");
}

static void the_last_of_two_flags_counts(void **state)
{
    struct reading *r = *state;
    fine(r, TEXTS("--port", "1", "--port", "2"), NONE);
    assert_string_equal(r->options.port, "2");
}

static void an_empty_variable_is_not_given(void **state)
{
    struct reading *r = *state;
    fine(r, NONE, TEXTS("INTACCT_MOCK_PORT="));
    assert_string_equal(r->options.port, "8080");
}

static void good_values_are_taken(void **state)
{
    static const char *const good[][2] = {
        {"--port", "0"},      {"--port", "65535"},      {"--port", "none"},
        {"--port", "off"},    {"--https-port", "none"}, {"--control", "on"},
        {"--control", "off"}, {"--control", "9000"},    {"--hints", "off"},
        {"--seed", "1"},      {"--journal", "1"},       {"--threads", "1"},
        {"--log", "json"},    {"--log-level", "error"},
    };
    struct reading *r = *state;
    for (size_t i = 0; i < COUNT(good); i++)
        fine(r, TEXTS(good[i][0], good[i][1]), NONE);
}

static void bad_values_are_refused_with_what_would_be_right(void **state)
{
    static const char *const wrong[][3] = {
        {"--port", "65536", "--port must be 0 to 65535, or none, not \"65536\""},
        {"--port", "-1", "0 to 65535"},
        {"--port", "80 ", "0 to 65535"},
        {"--port", "", "0 to 65535"},
        {"--port", "none off", "0 to 65535"},
        {"--control", "0", "a port from 1"},
        {"--control", "yes", "on, off"},
        {"--hints", "true", "on or off"},
        {"--seed", "0", "at least 1"},
        {"--seed", "1.5", "whole number"},
        {"--seed", "99999999999999999999", "whole number"},
        {"--threads", "0", "1 to 65536"},
        {"--threads", "4294967297", "1 to 65536"},
        {"--log", "xml", "text or json"},
        {"--log-level", "trace", "error, warn, info or debug"},
        {"--bind", "", "something"},
    };
    struct reading *r = *state;
    for (size_t i = 0; i < COUNT(wrong); i++)
        bad(r, TEXTS(wrong[i][0], wrong[i][1]), NONE, wrong[i][2]);
}

static void a_bad_variable_is_named_as_one(void **state)
{
    struct reading *r = *state;
    bad(r, NONE, TEXTS("INTACCT_MOCK_PORT=x"), "INTACCT_MOCK_PORT: --port must be");
    bad(r, TEXTS("--port", "1"), TEXTS("INTACCT_MOCK_PORT=x"), "INTACCT_MOCK_PORT");
}

static void an_unknown_option_is_refused_with_the_nearest(void **state)
{
    struct reading *r = *state;
    bad(r, TEXTS("--prot", "1"), NONE, "unknown option --prot; did you mean --port?");
    bad(r, TEXTS("--https_port=1"), NONE, "did you mean --https-port?");
    bad(r, TEXTS("--PORT=1"), NONE, "did you mean --port?");
    bad(r, TEXTS("--frobnicate"), NONE, "serve --help lists them");
    bad(r, TEXTS("--"), NONE, "unknown option --");
    bad(r, TEXTS("8080"), NONE, "unexpected argument \"8080\"");
    bad(r, TEXTS("-p", "1"), NONE, "unexpected argument \"-p\"");
    bad(r, TEXTS(""), NONE, "unexpected argument \"\"");
}

static void an_option_without_its_argument_is_refused(void **state)
{
    struct reading *r = *state;
    bad(r, TEXTS("--port"), NONE, "--port needs an argument: --port N");
    bad(r, TEXTS("--port="), NONE, "0 to 65535");
}

static void a_certificate_and_its_key_go_together(void **state)
{
    struct reading *r = *state;
    bad(r, TEXTS("--cert", "c"), NONE, "only --cert was given");
    bad(r, NONE, TEXTS("INTACCT_MOCK_KEY=k"), "only --key was given");
    fine(r, TEXTS("--cert", "c"), TEXTS("INTACCT_MOCK_KEY=k"));
}

static void an_unknown_variable_is_warned_of(void **state)
{
    struct reading *r = *state;
    fine(r, NONE, TEXTS("INTACCT_MOCK_HTTPSPORT=1", "INTACCT_MOCK_XYZZY=1", "OTHER=1"));
    assert_says(im_buf_str(&r->warnings),
                "unknown environment variable INTACCT_MOCK_HTTPSPORT; did you mean "
                "INTACCT_MOCK_HTTPS_PORT?\n"
                "unknown environment variable INTACCT_MOCK_XYZZY\n");
}

static void endless_words_are_cut_in_errors(void **state)
{
    struct reading *r = *state;
    char word[2000] = "--";
    memset(word + 2, 'x', sizeof(word) - 3);
    word[sizeof(word) - 1] = '\0';
    bad(r, TEXTS(word), NONE, "unknown option");
    bad(r, TEXTS("--port", word), NONE, "0 to 65535");
    assert_true(strlen(r->err.text) < 200);
}

static void a_port_option_becomes_a_number(void **state)
{
    assert_int_equal(im_options_port("0"), 0);
    assert_int_equal(im_options_port("8443"), 8443);
    assert_int_equal(im_options_port("none"), -1);
    assert_int_equal(im_options_port("off"), -1);
}

static void help_and_markdown_list_every_option(void **state)
{
    static const char *const flags[] = {
#define OPTION(member, flag, kind, argument, initial, help) "--" flag " ",
#include "options.def"
#undef OPTION
    };
    struct reading *r = *state;
    struct im_buf help, table;
    im_buf_init(&help, &r->arena, 0);
    im_buf_init(&table, &r->arena, 0);
    im_options_help(&help);
    im_options_markdown(&table);
    im_buf_add(&help, (struct im_str){"", 1});
    im_buf_add(&table, (struct im_str){"", 1});
    for (size_t i = 0; i < COUNT(flags); i++) {
        assert_non_null(strstr(help.at, flags[i]));
        assert_non_null(strstr(table.at, flags[i]));
    }
    assert_non_null(strstr(table.at, "`--hints on\\|off` | `on` |"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        READING(nothing_given_gives_the_defaults),
        READING(a_flag_beats_the_environment_beats_the_default),
        READING(every_flag_has_its_variable),
        READING(a_value_may_hold_equal_signs_and_dashes),
        READING(the_last_of_two_flags_counts),
        READING(an_empty_variable_is_not_given),
        READING(good_values_are_taken),
        READING(bad_values_are_refused_with_what_would_be_right),
        READING(a_bad_variable_is_named_as_one),
        READING(an_unknown_option_is_refused_with_the_nearest),
        READING(an_option_without_its_argument_is_refused),
        READING(a_certificate_and_its_key_go_together),
        READING(an_unknown_variable_is_warned_of),
        READING(endless_words_are_cut_in_errors),
        cmocka_unit_test(a_port_option_becomes_a_number),
        READING(help_and_markdown_list_every_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
