#include "unit/base/base_test.h"

#include "commands/command.h"

/* A verb with an option of each kind. */
struct values {
    const char *text, *word;
    struct im_texts many;
    int64_t number, port, control, wait_ms;
    bool flag, on;
};

#define AT(member) offsetof(struct values, member)
static const struct im_option table[] = {
    {"port", "N", IM_OPTION_PORT, AT(port), .initial = "8080", .help = "a port"},
    {"https-url", "URL", IM_OPTION_TEXT, AT(text), .help = "a text"},
    {"format", "text|json", IM_OPTION_WORD, AT(word), .words = "text|json",
     .initial = "text", .help = "a word"},
    {"many", "NAME", IM_OPTION_TEXTS, AT(many), .help = "may be repeated"},
    {"count", "N", IM_OPTION_NUMBER, AT(number), .least = 1, .most = 9,
     .help = "a number"},
    {"control", "on|off|N", IM_OPTION_CONTROL, AT(control), .initial = "on",
     .help = "where"},
    {"wait", "D", IM_OPTION_DURATION, AT(wait_ms), .help = "how long"},
    {"on", "on|off", IM_OPTION_SWITCH, AT(on), .initial = "on", .help = "a switch"},
    {"list", NULL, IM_OPTION_FLAG, AT(flag), .help = "a flag"},
    {.flag = NULL},
};
static const struct im_command verb = {.name = "verb",
                                       .synopsis = "[options] FILE…",
                                       .about = "do it",
                                       .more = "More.\n",
                                       .options = table,
                                       .size = sizeof(struct values),
                                       .operands_max = 2,
                                       .has_variables = true};
static const struct im_command job = {.name = "job",
                                      .synopsis = "[options] -- CMD",
                                      .about = "run it",
                                      .options = table,
                                      .size = sizeof(struct values),
                                      .takes_command = true};

/* What was read, and what was said about it. */
struct reading {
    struct im_arena arena;
    const struct im_command *command;
    struct im_args args;
    const struct values *values;
    struct im_buf warnings;
    struct im_error err;
    bool done;
};

static int begin(void **state)
{
    struct reading *r = new_fixture(state, sizeof(*r));

    r->command = &verb;
    return 0;
}

#define READING(test) cmocka_unit_test_setup_teardown(test, begin, drop_fixture)
#define NONE          ((const char *[]){NULL})
#define TEXTS(...)    ((const char *[]){__VA_ARGS__, NULL})

/* A list as main() gets it: of texts that are not const. */
static char **as_given(struct reading *r, const char **texts)
{
    char **list = IM_ARENA_ARRAY(&r->arena, char *, 20);

    for (int i = 0; texts[i]; i++) {
        size_t size = strlen(texts[i]) + 1;
        list[i] = im_arena_alloc(&r->arena, size);
        memcpy(list[i], texts[i], size);
    }
    return list;
}

static void read_all(struct reading *r, const char **arguments, const char **variables)
{
    const struct im_command *const commands[] = {r->command, NULL};
    char **argv = as_given(r, arguments);
    char **environment = as_given(r, variables);

    r->err.text[0] = '\0';
    r->args = (struct im_args){.arena = &r->arena};
    r->done = im_args_read(r->command, argv, environment, &r->args, &r->err);
    r->values = r->args.options;
    im_buf_init(&r->warnings, &r->arena, 0);
    im_args_warn(commands, environment, &r->warnings);
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
    assert_int_equal(r->values->port, 8080);
    assert_string_equal(r->values->word, "text");
    assert_null(r->values->text);
    assert_true(r->values->on && !r->values->flag);
    assert_int_equal(r->values->wait_ms + r->values->number, 0);
    assert_int_equal(r->values->many.count + r->args.operand_count, 0);
    assert_null(r->args.command);
    assert_int_equal(r->warnings.len, 0);
}

static void each_kind_of_value_is_taken(void **state)
{
    struct reading *r = *state;
    fine(r,
         TEXTS("--port=none", "--https-url", "u", "--format", "json", "--many", "a",
               "--many=b", "--count", "9", "--control", "9000", "--wait", "1.5s",
               "--on=off", "--list"),
         NONE);
    assert_int_equal(r->values->port, -1);
    assert_string_equal(r->values->text, "u");
    assert_string_equal(r->values->word, "json");
    assert_int_equal(r->values->many.count, 2);
    assert_string_equal(r->values->many.items[1], "b");
    assert_int_equal(r->values->number, 9);
    assert_int_equal(r->values->control, 9000);
    assert_int_equal(r->values->wait_ms, 1500);
    assert_true(r->values->flag && !r->values->on);
}

static void a_flag_beats_the_environment_beats_the_default(void **state)
{
    struct reading *r = *state;
    fine(r, NONE, TEXTS("INTACCT_MOCK_PORT=1", "PORT=2"));
    assert_int_equal(r->values->port, 1);
    fine(r, TEXTS("--port", "3"), TEXTS("INTACCT_MOCK_PORT=1"));
    assert_int_equal(r->values->port, 3);
    fine(r, TEXTS("--port=4"), TEXTS("INTACCT_MOCK_PORT=1", "INTACCT_MOCK_HTTPS_URL=u"));
    assert_int_equal(r->values->port, 4);
    assert_string_equal(r->values->text, "u");
}

static void a_verb_without_variables_reads_none(void **state)
{
    struct reading *r = *state;
    r->command = &job;
    fine(r, NONE, TEXTS("INTACCT_MOCK_PORT=x"));
    assert_int_equal(r->values->port, 8080);
}

static void a_value_may_hold_equal_signs_and_dashes(void **state)
{
    struct reading *r = *state;
    fine(r, TEXTS("--https-url=a=b", "--many", "--x=y", "--many=--"), NONE);
    assert_string_equal(r->values->text, "a=b");
    assert_string_equal(r->values->many.items[0], "--x=y");
    assert_string_equal(r->values->many.items[1], "--");
    fine(r, NONE, TEXTS("INTACCT_MOCK_HTTPS_URL=a=b"));
    assert_string_equal(r->values->text, "a=b");
}

static void the_last_of_two_flags_counts(void **state)
{
    struct reading *r = *state;
    fine(r, TEXTS("--port", "1", "--port", "2"), NONE);
    assert_int_equal(r->values->port, 2);
}

static void an_empty_variable_is_not_given(void **state)
{
    struct reading *r = *state;
    fine(r, NONE, TEXTS("INTACCT_MOCK_PORT="));
    assert_int_equal(r->values->port, 8080);
}

static void operands_stand_anywhere_and_behind_the_dashes(void **state)
{
    struct reading *r = *state;
    fine(r, TEXTS("a", "--port", "1", "-"), NONE);
    assert_int_equal(r->args.operand_count, 2);
    assert_string_equal(r->args.operands[0], "a");
    assert_string_equal(r->args.operands[1], "-");
    fine(r, TEXTS("--", "--port", "--"), NONE);
    assert_string_equal(r->args.operands[0], "--port");
    assert_string_equal(r->args.operands[1], "--");
    bad(r, TEXTS("a", "b", "c"), NONE,
        "unexpected argument \"c\"; usage: intacct-mock verb [options] FILE…");
    r->command = &im_command_check;
    bad(r, NONE, NONE,
        "an argument is missing; usage: intacct-mock check [options] FILE…");
}

static void a_command_stands_behind_the_dashes(void **state)
{
    struct reading *r = *state;
    r->command = &job;
    fine(r, TEXTS("--port", "1", "--", "cmd", "--port", "--help"), NONE);
    assert_string_equal(r->args.command[0], "cmd");
    assert_string_equal(r->args.command[2], "--help");
    assert_null(r->args.command[3]);
    assert_int_equal(r->values->port, 1);
    assert_false(r->args.help);
    fine(r, TEXTS("--"), NONE);
    assert_null(r->args.command[0]);
    bad(r, TEXTS("cmd"), NONE,
        "the command stands behind --: intacct-mock job [options] -- cmd");
    bad(r, TEXTS("--many", "--", "cmd"), NONE, "--many needs an argument: --many NAME");
}

static void help_may_be_asked_for_everywhere(void **state)
{
    static const struct im_command *const commands[] = {
        &im_command_serve,  &im_command_run,   &im_command_check,  &im_command_scenarios,
        &im_command_causes, &im_command_ready, &im_command_version};
    struct reading *r = *state;
    for (size_t i = 0; i < COUNT(commands); i++) {
        r->command = commands[i];
        fine(r, TEXTS("--help"), NONE);
        assert_true(r->args.help);
        fine(r, TEXTS("-h"), NONE);
        assert_true(r->args.help);
        bad(r, TEXTS("--hlep"), NONE, "did you mean --help?");
        bad(r, TEXTS("--help=1"), NONE, "--help takes no value");
    }
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
    r->command = &im_command_serve;
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
    r->command = &im_command_serve;
    for (size_t i = 0; i < COUNT(wrong); i++)
        bad(r, TEXTS(wrong[i][0], wrong[i][1]), NONE, wrong[i][2]);
}

static void a_bad_variable_is_named_as_one(void **state)
{
    struct reading *r = *state;
    bad(r, NONE, TEXTS("INTACCT_MOCK_PORT=x"), "INTACCT_MOCK_PORT: --port must be");
    bad(r, TEXTS("--port", "1"), TEXTS("INTACCT_MOCK_PORT=x"), "INTACCT_MOCK_PORT");
    /* who asks what the values are is told, also with a wrong one at hand */
    fine(r, TEXTS("--help"), TEXTS("INTACCT_MOCK_PORT=x"));
}

static void an_unknown_option_is_refused_with_the_nearest(void **state)
{
    struct reading *r = *state;
    r->command = &im_command_serve;
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

static void an_unknown_variable_is_warned_of(void **state)
{
    struct reading *r = *state;
    fine(r, NONE, TEXTS("INTACCT_MOCK_HTTPSURL=1", "INTACCT_MOCK_XYZZY=1", "OTHER=1"));
    assert_says(im_buf_str(&r->warnings),
                "unknown environment variable INTACCT_MOCK_HTTPSURL; did you mean "
                "INTACCT_MOCK_HTTPS_URL?\n"
                "unknown environment variable INTACCT_MOCK_XYZZY\n");
}

static void a_container_link_is_ignored_with_a_warning(void **state)
{
    struct reading *r = *state;
    fine(r, NONE, TEXTS("INTACCT_MOCK_PORT=tcp://10.0.0.1:8080"));
    assert_int_equal(r->values->port, 8080);
    assert_says(
        im_buf_str(&r->warnings),
        "INTACCT_MOCK_PORT=tcp://10.0.0.1:8080 is ignored: that is the address of "
        "a service beside this container, not a port\n");
    fine(r, TEXTS("--port", "3"), TEXTS("INTACCT_MOCK_PORT=tcp://10.0.0.1:8080"));
    assert_int_equal(r->values->port, 3);
    bad(r, TEXTS("--port", "tcp://10.0.0.1:8080"), NONE, "0 to 65535");
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

static void help_has_a_column_for_what_options_do(void **state)
{
    struct reading *r = *state;
    struct im_buf help;
    im_buf_init(&help, &r->arena, 0);
    im_args_help(&verb, &help);
    assert_says(im_buf_str(&help), "intacct-mock verb [options] FILE…: do it\n\n"
                                   "  --port N            a port (default: 8080)\n"
                                   "  --https-url URL     a text\n"
                                   "  --format text|json  a word (default: text)\n"
                                   "  --many NAME         may be repeated\n"
                                   "  --count N           a number\n"
                                   "  --control on|off|N  where (default: on)\n"
                                   "  --wait D            how long\n"
                                   "  --on on|off         a switch (default: on)\n"
                                   "  --list              a flag\n"
                                   "  --help              print this\n"
                                   "\nMore.\n");
}

static void markdown_is_a_table(void **state)
{
    struct reading *r = *state;
    struct im_buf table_text;
    im_buf_init(&table_text, &r->arena, 0);
    im_args_markdown(&verb, &table_text);
    assert_true(im_str_starts(im_buf_str(&table_text),
                              "| option | default | meaning |\n|---|---|---|\n"
                              "| `--port N` | `8080` | a port |\n"
                              "| `--https-url URL` |  | a text |\n"
                              "| `--format text\\|json` | `text` | a word |\n"));
    assert_true(im_str_ends(im_buf_str(&table_text), "| `--list` |  | a flag |\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        READING(nothing_given_gives_the_defaults),
        READING(each_kind_of_value_is_taken),
        READING(a_flag_beats_the_environment_beats_the_default),
        READING(a_verb_without_variables_reads_none),
        READING(a_value_may_hold_equal_signs_and_dashes),
        READING(the_last_of_two_flags_counts),
        READING(an_empty_variable_is_not_given),
        READING(operands_stand_anywhere_and_behind_the_dashes),
        READING(a_command_stands_behind_the_dashes),
        READING(help_may_be_asked_for_everywhere),
        READING(good_values_are_taken),
        READING(bad_values_are_refused_with_what_would_be_right),
        READING(a_bad_variable_is_named_as_one),
        READING(an_unknown_option_is_refused_with_the_nearest),
        READING(an_option_without_its_argument_is_refused),
        READING(an_unknown_variable_is_warned_of),
        READING(a_container_link_is_ignored_with_a_warning),
        READING(endless_words_are_cut_in_errors),
        READING(help_has_a_column_for_what_options_do),
        READING(markdown_is_a_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
