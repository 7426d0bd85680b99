#include "unit/scenario/quoted.h"

#include "scenario/expect.h"

struct reader {
    struct im_arena arena;
    struct im_expectations all;
    struct im_json_fault fault;
};

static int begin(void **state)
{
    new_fixture(state, sizeof(struct reader));
    return 0;
}

static bool reads(struct reader *r, const char *text)
{
    r->all.count = 0;
    return read_by_row(&r->arena, im_expect_part.rows, quoted(&r->arena, text), &r->all,
                       &r->fault);
}

/* The first of them, read without complaint. */
static const struct im_expectation *read_first(struct reader *r, const char *text)
{
    if (!reads(r, text))
        fail_msg("%s: %s", text, r->fault.err.text);
    return &r->all.items[0];
}

/* Refused with this sentence, at the value that begins `before` it in the text. */
static void refused_at(struct reader *r, const char *text, const char *value,
                       const char *sentence)
{
    if (reads(r, text))
        fail_msg("%s: was read", text);
    const char *told = r->fault.err.text;
    if (strncmp(told, "expect: ", 8) == 0 && strncmp(sentence, "expect: ", 8) != 0)
        told += 8;
    assert_string_equal(told, sentence);
    if (strncmp(text + r->fault.at->offset, value, strlen(value)) != 0)
        fail_msg("%s: at %s", text, text + r->fault.at->offset);
}

/* One member beside a sentence. */
static void refused(struct reader *r, const char *member, const char *sentence)
{
    struct im_str text = im_arena_format(&r->arena, "[{'that':'t',%s}]", member);

    refused_at(r, text.at, strchr(member, ':') + 1, sentence);
}

/* ---- what is read ---- */

static void a_sentence_alone_is_an_expectation(void **state)
{
    const struct im_expectation *e = read_first(*state, "[{'that':'it is so'}]");

    assert_true(im_str_is(e->that, "it is so"));
    assert_true(e->at_least < 0 && e->at_most < 0 && e->in_parallel_at_most < 0);
    assert_true(e->within_ms < 0 && e->after.expectation < 0 && !e->after.text.len);
    assert_true(!e->cause && !e->fault && !e->status.min && !e->growing_gaps);
    assert_int_equal(e->per, IM_PER_ALL);
    assert_int_equal(e->offset, 1);
    assert_true(e->when.rate < 0);
}

static void every_member_finds_its_place(void **state)
{
    const struct im_expectation *e = read_first(
        *state, "[{'that':'t','endpoint':'api','nth':2,'cause':'access-token-revoked',"
                "'status':401,'wire':'malformed-json','at_least':1,'at_most':3,"
                "'in_parallel_at_most':2,'gaps':'growing','per':'call','after':'drop',"
                "'within':'2s'}]");

    assert_true(im_str_is(e->when.endpoint, "api") && e->when.nth == 2);
    assert_int_equal(e->cause, CAUSE_ACCESS_TOKEN_REVOKED);
    assert_int_equal(e->fault, IM_FAULT_MALFORMED_JSON);
    assert_true(e->status.min == 401 && e->status.max == 401);
    assert_true(e->at_least == 1 && e->at_most == 3 && e->in_parallel_at_most == 2);
    assert_true(e->growing_gaps && e->per == IM_PER_CALL && e->within_ms == 2000);
    assert_int_equal(e->after.fault, IM_FAULT_DROP);
    assert_int_equal(
        read_first(*state, "[{'that':'t','after':'rate-limited','within':'retry-after'}]")
            ->within_ms,
        IM_WITHIN_RETRY_AFTER);
}

static void count_sets_both_bounds_and_a_class_of_status_a_range(void **state)
{
    const struct im_expectation *e =
        read_first(*state, "[{'that':'t','count':0,'status':'4xx','per':'token'}]");

    assert_true(e->at_least == 0 && e->at_most == 0);
    assert_true(e->status.min == 400 && e->status.max == 499);
    assert_int_equal(e->per, IM_PER_TOKEN);
}

static void after_refers_to_one_of_four_kinds(void **state)
{
    const struct im_expectation *e = read_first(
        *state,
        "[{'that':'a','after':'access-token-expired'},{'that':'b','after':'later'},"
        "{'that':'c','after':'truncate'},{'that':'d','after':'revoke-grant'},"
        "{'that':'later'}]");

    assert_int_equal(e[0].after.cause, CAUSE_ACCESS_TOKEN_EXPIRED);
    assert_int_equal(e[0].after.expectation, -1);
    assert_int_equal(e[1].after.expectation, 4);
    assert_int_equal(e[2].after.fault, IM_FAULT_TRUNCATE);
    assert_string_equal(e[3].after.effect, "revoke-grant");
    assert_true(im_str_is(e[3].after.text, "revoke-grant"));
}

static void texts_are_copied(void **state)
{
    struct reader *r = *state;
    struct im_arena of_json;

    im_arena_init(&of_json, 0);
    assert_true(
        read_by_row(&r->arena, im_expect_part.rows,
                    quoted(&of_json, "[{'that':'so','client':'demo','after':'drop'}]"),
                    &r->all, &r->fault));
    im_arena_release(&of_json);
    assert_true(im_str_is(r->all.items[0].that, "so"));
    assert_true(im_str_is(r->all.items[0].when.client, "demo"));
    assert_true(im_str_is(r->all.items[0].after.text, "drop"));
}

static void no_expectations_are_fine(void **state)
{
    struct reader *r = *state;

    assert_true(reads(r, "[]"));
    assert_int_equal(r->all.count, 0);
}

/* ---- what is refused ---- */

static void the_list_holds_objects_with_sentences(void **state)
{
    refused_at(*state, "{}", "{", "must be a list of expectations, not an object");
    refused_at(*state, "[7]", "7", "must be a list of expectations, not 7");
    refused_at(*state, "[{'count':1}]", "{",
               "expect: \"that\" is missing: a true sentence about a sound client");
    refused_at(*state, "[{'that':''}]", "''",
               "\"that\" must be a string with something in it, not \"\"");
    refused_at(*state, "[{'that':'a'},{'that':'b'},{'that':'a' }]", "'a' }",
               "\"that\" must be unique, and \"a\" stands twice");
}

static void there_are_not_too_many(void **state)
{
    struct reader *r = *state;
    struct im_buf text;

    im_buf_init(&text, &r->arena, 0);
    for (int i = 0; i <= 200; i++)
        im_buf_addf(&text, "%s{'that':'%d'}", i ? "," : "[", i);
    im_buf_addz(&text, "]");
    im_buf_addc(&text, '\0');
    assert_false(reads(r, text.at));
    assert_string_equal(r->fault.err.text, "\"expect\" may hold at most 200, not 201");
}

static void unknown_members_are_refused_with_the_nearest(void **state)
{
    refused(*state, "'atmost':1", "unknown field \"atmost\"; did you mean \"at_most\"?");
    refused(*state, "'endpiont':'api'",
            "unknown field \"endpiont\"; did you mean \"endpoint\"?");
    refused(*state, "'exactly':1",
            "unknown field \"exactly\"; there are \"that\", \"cause\", \"status\", "
            "\"wire\", \"tls\", \"count\", \"at_least\", \"at_most\", "
            "\"in_parallel_at_most\", \"gaps\", \"per\", \"after\", \"within\", "
            "\"same\", \"refused_for\", \"created\", \"optional\", \"advice\", "
            "\"endpoint\", \"grant\", \"client\", \"user\", \"method\", \"path\", "
            "\"scope\", \"header\", \"query\", \"body\", \"nth\" and \"every\"");
}

static void chance_is_for_rules(void **state)
{
    refused(
        *state, "'rate':0.5",
        "\"rate\" is for rules: it decides by chance what happens, and an expectation "
        "is about what has happened");
    refused(
        *state, "'seed':1",
        "\"seed\" is for rules: it decides by chance what happens, and an expectation "
        "is about what has happened");
}

static void unknown_names_are_refused_with_the_nearest(void **state)
{
    refused(*state, "'cause':'access-token-revokd'",
            "there is no cause \"access-token-revokd\"; did you mean "
            "\"access-token-revoked\"?");
    refused(*state, "'cause':'zzz'",
            "there is no cause \"zzz\"; `intacct-mock causes` lists them");
    refused(*state, "'wire':'dorp'",
            "there is no fault \"dorp\"; did you mean \"drop\"?");
    refused(*state, "'wire':'none'",
            "there is no fault \"none\"; there are \"delay\", \"hold\", \"bandwidth\", "
            "\"stall\", \"drop\", "
            "\"reset\", \"truncate\", \"malformed-json\", \"wrong-type\", \"html\", "
            "\"status\", \"redirect\", \"tls-expired\", \"tls-not-yet-valid\", "
            "\"tls-wrong-host\", \"tls-old-protocol\", \"tls-untrusted\" and "
            "\"tls-abort\"");
    refused(*state, "'endpoint':'quer'",
            "there is no endpoint \"quer\"; did you mean \"query\"?");
}

static void wrong_types_are_refused(void **state)
{
    refused(*state, "'cause':7", "\"cause\" must be the name of a cause, not 7");
    refused(*state, "'wire':true", "\"wire\" must be the name of a fault, not true");
    refused(*state, "'status':'200'",
            "\"status\" must be a number such as 401, or \"2xx\", not \"200\"");
    refused(*state, "'status':99",
            "\"status\" must be a number such as 401, or \"2xx\", not 99");
    refused(*state, "'status':'6xx'",
            "\"status\" must be a number such as 401, or \"2xx\", not \"6xx\"");
    refused(*state, "'count':-1", "\"count\" must be a whole number, 0 or more, not -1");
    refused(*state, "'count':'1'",
            "\"count\" must be a whole number, 0 or more, not \"1\"");
    refused(*state, "'at_least':0",
            "\"at_least\" must be a whole number, 1 or more, not 0");
    refused(*state, "'at_most':1.5",
            "\"at_most\" must be a whole number, 0 or more, not 1.5");
    refused(*state, "'in_parallel_at_most':0",
            "\"in_parallel_at_most\" must be a whole number, 1 or more, not 0");
    refused(*state, "'gaps':'shrinking'",
            "\"gaps\" must be \"growing\", not \"shrinking\"");
    refused(*state, "'per':'user'",
            "\"per\" must be \"token\" or \"call\", not \"user\"");
    refused(*state, "'nth':0", "\"nth\" must be a whole number, 1 or more, not 0");
    refused(*state, "'after':[]",
            "\"after\" must be a string with something in it, not an array");
    refused(*state, "'within':2",
            "\"within\" must be a duration such as \"2s\", or \"retry-after\", not 2");
    refused(*state, "'within':'0s'",
            "\"within\" must be a duration above 0, such as \"12h\", not \"0s\"");
}

static void contradictory_bounds_are_refused(void **state)
{
    refused_at(
        *state, "[{'that':'t','count':1,'at_most':2}]", "1",
        "\"count\" says how often exactly: \"at_most\" beside it contradicts it or "
        "says nothing more; leave one out");
    refused_at(
        *state, "[{'that':'t','at_least':1,'count':1}]", "1}",
        "\"count\" says how often exactly: \"at_least\" beside it contradicts it or "
        "says nothing more; leave one out");
    refused_at(*state, "[{'that':'t','at_most':2,'at_least':3}]", "3",
               "\"at_least\" 3 is more than \"at_most\" 2");
    refused(*state, "'within':'2s'",
            "\"within\" needs \"after\": within that time of what?");
}

static void after_must_refer_to_something(void **state)
{
    refused(*state, "'after':'t'",
            "\"after\" must not be the expectation's own \"that\"");
    refused(*state, "'after':'zzz'",
            "\"after\" must be a cause, another expectation's \"that\", a fault or an "
            "effect, and there is none \"zzz\"");
    refused(*state, "'after':'after'",
            "\"after\" must be a cause, another expectation's \"that\", a fault or an "
            "effect, and there is none \"after\"");
}

static void after_is_refused_with_the_nearest_of_four_kinds(void **state)
{
    static const char *const pairs[][2] = {
        {"it asks onec", "it asks once"},
        {"acess-token-expired", "access-token-expired"},
        {"truncat", "truncate"},
        {"revoke-grnt", "revoke-grant"}};
    struct reader *r = *state;

    for (size_t i = 0; i < 4; i++) {
        struct im_str text = im_arena_format(
            &r->arena, "[{'that':'it asks once'},{'that':'t','after':'%s'}]",
            pairs[i][0]);
        struct im_str hint =
            im_arena_format(&r->arena, "and there is none \"%s\"; did you mean \"%s\"?",
                            pairs[i][0], pairs[i][1]);
        assert_false(reads(r, text.at));
        assert_non_null(strstr(r->fault.err.text, hint.at));
    }
}

static void a_long_sentence_is_found_by_its_front(void **state)
{
    struct reader *r = *state;

    assert_false(reads(r, "[{'that':'the client asks for one new token, however many of "
                          "its calls were refused'},{'that':'t','after':'the client asks "
                          "for one nwe token, however many calls'}]"));
    assert_non_null(strstr(r->fault.err.text,
                           "did you mean \"the client asks for one new token, "
                           "however many of its calls were refused\"?"));
}

static void circles_are_refused_by_name(void **state)
{
    refused_at(
        *state,
        "[{'that':'x','after':'a'},{'that':'a','after':'b'},{'that':'b','after':'a'}]",
        "'b'},", "\"after\" goes round in a circle: \"a\" after \"b\" after \"a\"");
    assert_true(reads(*state, "[{'that':'x','after':'a'},{'that':'a','after':'b'},"
                              "{'that':'b','after':'drop'}]"));
}

#define READING(test) cmocka_unit_test_setup_teardown(test, begin, drop_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        READING(a_sentence_alone_is_an_expectation),
        READING(every_member_finds_its_place),
        READING(count_sets_both_bounds_and_a_class_of_status_a_range),
        READING(after_refers_to_one_of_four_kinds),
        READING(texts_are_copied),
        READING(no_expectations_are_fine),
        READING(the_list_holds_objects_with_sentences),
        READING(there_are_not_too_many),
        READING(unknown_members_are_refused_with_the_nearest),
        READING(chance_is_for_rules),
        READING(unknown_names_are_refused_with_the_nearest),
        READING(wrong_types_are_refused),
        READING(contradictory_bounds_are_refused),
        READING(after_must_refer_to_something),
        READING(after_is_refused_with_the_nearest_of_four_kinds),
        READING(a_long_sentence_is_found_by_its_front),
        READING(circles_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
