#include "unit/base/base_test.h"

#include <signal.h>

#include "commands/run_report.h"

static const char met[] =
    "{\"outcome\":\"met\",\"exchanges\":2,\"expect\":[{\"that\":\"it asks "
    "once\",\"outcome\":\"met\",\"why\":\"\",\"exchanges\":[1]}],\"exchanges_shown\":[]}";
static const char unmet[] =
    "{\"outcome\":\"not-met\",\"exchanges\":9,\"expect\":["
    "{\"that\":\"it asks once\",\"outcome\":\"met\",\"why\":\"\",\"exchanges\":[]},"
    "{\"that\":\"a <dead> token is not "
    "hammered\",\"outcome\":\"not-met\",\"why\":\"5 calls, at most 1 \\\"allowed\\\"\","
    "\"exchanges\":[4,5,6]}],"
    "\"exchanges_shown\":[{\"id\":4,\"line\":\"GET /a & 401\"},{\"id\":6,\"line\":\"GET "
    "/b 401\"}]}";
static const char idle[] =
    "{\"outcome\":\"not-exercised\",\"exchanges\":3,\"expect\":["
    "{\"that\":\"it asks again\",\"outcome\":\"not-exercised\",\"why\":\"nothing was "
    "refused\",\"exchanges\":[]},{\"that\":\"it stops\",\"outcome\":\"not-met\","
    "\"why\":\"w\",\"exchanges\":[]}],\"exchanges_shown\":[]}";
static const char silent[] =
    "{\"outcome\":\"not-exercised\",\"exchanges\":0,\"expect\":[]}";

static const struct im_run_rules plain = {.timeout_ms = 60000};

static struct im_run_result result_of(struct im_arena *arena, const char *verdict)
{
    struct im_json_error flaw = {.what = ""};
    struct im_run_result result = {.scenario = IM_STR("token-dead"),
                                   .end = IM_RUN_EXITED};

    if (verdict) {
        result.verdict = im_json_parse(arena, im_str(verdict), &flaw);
        assert_non_null(result.verdict);
    }
    return result;
}

static struct im_str card(struct im_arena *arena, const struct im_run_result *result,
                          const struct im_run_rules *rules)
{
    struct im_buf text;

    im_buf_init(&text, arena, 0);
    im_run_report_add(&text, result, rules);
    im_buf_addc(&text, '\0');
    assert_false(text.failed);
    return im_str(text.at);
}

static struct im_str junit(struct im_arena *arena, const struct im_run_result *result,
                           const struct im_run_rules *rules)
{
    struct im_buf text;

    im_buf_init(&text, arena, 0);
    im_run_junit_add(&text, result, rules);
    im_buf_addc(&text, '\0');
    assert_false(text.failed);
    return im_str(text.at);
}

static void a_met_verdict_passes_in_one_line(void **state)
{
    struct im_run_result result = result_of(*state, met);

    result.output = IM_STR("what CMD prints\n");
    assert_says(card(*state, &result, &plain), "passed  token-dead\n");
    result.code = 3;
    assert_says(card(*state, &result, &plain), "passed  token-dead (exit status 3)\n");
}

static void the_output_is_shown_on_demand(void **state)
{
    const struct im_run_rules rules = {.show_output = true, .colour = true};
    struct im_run_result result = result_of(*state, met);

    result.output = IM_STR("one\n\ntwo");
    assert_says(card(*state, &result, &rules),
                "\033[32mpassed \033[0m token-dead\n    | one\n    | \n    | two\n");
}

static void a_failure_shows_what_was_not_met_and_by_which_exchanges(void **state)
{
    struct im_run_result result = result_of(*state, unmet);

    result.code = 1;
    result.output = IM_STR("oh\n");
    assert_says(card(*state, &result, &plain),
                "FAILED  token-dead\n"
                "  not met: a <dead> token is not hammered\n"
                "    5 calls, at most 1 \"allowed\"\n"
                "      #4 GET /a & 401\n"
                "      #6 GET /b 401\n"
                "  CMD exited with status 1; its output:\n"
                "    | oh\n");
}

static void what_was_not_exercised_is_skipped_with_the_reason(void **state)
{
    struct im_run_result result = result_of(*state, idle);

    assert_says(card(*state, &result, &plain),
                "skipped token-dead: nothing was refused\n");
    result = result_of(*state, silent);
    assert_says(card(*state, &result, &plain),
                "skipped token-dead: CMD sent nothing to the mock\n");
}

static void require_all_makes_it_a_failure(void **state)
{
    const struct im_run_rules rules = {.require_all = true};
    struct im_run_result result = result_of(*state, silent);

    assert_says(card(*state, &result, &rules),
                "FAILED  token-dead\n"
                "  not exercised (--require-all): CMD sent nothing to the mock\n"
                "  CMD exited with status 0; it printed nothing\n");
}

static const char in_part[] =
    "{\"outcome\":\"partly\",\"exchanges\":4,\"expect\":[{\"that\":\"it asks "
    "once\",\"outcome\":\"met\",\"why\":\"\",\"exchanges\":[]}],\"exchanges_shown\":[],"
    "\"needs\":\"8 API calls\",\"missing\":\"rule 2 waits for the 8th API call; CMD made "
    "4\"}";

static const char doubted[] =
    "{\"outcome\":\"partly\",\"exchanges\":4,\"expect\":[],\"exchanges_shown\":[],"
    "\"needs\":\"2 API calls\",\"doubt\":\"d\",\"note\":\"\\\"no token\\\": cannot tell: "
    "CMD "
    "signs on twice\"}";

static void what_cannot_be_told_is_said(void **state)
{
    const struct im_run_rules rules = {.require_all = true};
    struct im_run_result result = result_of(*state, doubted);

    assert_says(card(*state, &result, &plain),
                "partly  token-dead: \"no token\": cannot tell: CMD signs on twice\n");
    assert_says(
        card(*state, &result, &rules),
        "FAILED  token-dead\n"
        "  cannot be told (--require-all): \"no token\": cannot tell: CMD signs on "
        "twice\n"
        "  CMD exited with status 0; it printed nothing\n");
}

static void what_was_exercised_in_part_says_what_was_missing(void **state)
{
    const struct im_run_rules all = {.require_all = true};
    struct im_run_result result = result_of(*state, in_part);

    assert_int_equal(im_run_judge(&result, &plain), IM_RUN_PARTLY);
    assert_says(card(*state, &result, &plain),
                "partly  token-dead: rule 2 waits for the 8th API call; CMD made 4\n");
    assert_says(card(*state, &result, &all),
                "FAILED  token-dead\n"
                "  partly exercised (--require-all): rule 2 waits for the 8th API call; "
                "CMD made 4\n"
                "  CMD exited with status 0; it printed nothing\n");
}

static void a_failure_says_what_the_cause_means_and_how_it_is_repeated(void **state)
{
    const struct im_run_rules rules = {.again = IM_STR("./sync 'a b'"),
                                       .where = IM_STR("build/intacct-mock run --https"),
                                       .client = "fail-fast"};
    struct im_run_result result =
        result_of(*state, "{\"outcome\":\"not-met\",\"exchanges\":1,\"expect\":[],"
                          "\"cause\":{\"id\":\"user-locked\",\"why\":\"Too many "
                          "tries.\",\"fix\":\"Unlock.\"}}");

    assert_says(card(*state, &result, &rules),
                "FAILED  token-dead\n"
                "  user-locked: Too many tries.\n"
                "  what to do: Unlock.\n"
                "  alone: build/intacct-mock run --https --scenario token-dead --client "
                "fail-fast -- "
                "./sync 'a b'\n"
                "  CMD exited with status 0; it printed nothing\n");
}

static void a_failure_says_what_is_played_and_what_was_damaged(void **state)
{
    struct im_run_result result = result_of(
        *state, "{\"outcome\":\"not-met\",\"exchanges\":1,\"expect\":[],"
                "\"cause\":{\"id\":\"user-locked\",\"why\":\"Too many "
                "tries.\",\"fix\":\"Unlock.\",\"played_by\":2},"
                "\"fault\":{\"id\":\"html\",\"why\":\"a page\",\"fix\":\"Look.\"}}");

    assert_says(
        card(*state, &result, &plain),
        "FAILED  token-dead\n"
        "  user-locked (rule 2 of the scenario plays it; CMD need not have caused "
        "it): Too many tries.\n"
        "  what to do: Unlock.\n"
        "  html: a page\n"
        "  what to do: Look.\n"
        "  CMD exited with status 0; it printed nothing\n");
}

/* It may have given up on that answer and hang elsewhere, or have asked for another beside it. */
static void who_waits_for_ever_is_told_for_what(void **state)
{
    struct im_run_result result =
        result_of(*state, "{\"outcome\":\"met\",\"exchanges\":2,\"expect\":[],"
                          "\"stalled\":4}");

    result.end = IM_RUN_TIMED_OUT;
    assert_says(
        card(*state, &result, &plain),
        "FAILED  token-dead\n"
        "  the last exchange to end is 4, whose answer never comes to an end (fault: "
        "stall): a request without a time limit of its own waits for it for ever\n"
        "  CMD did not end within 1m (--timeout); it printed nothing\n");
    result.end = IM_RUN_EXITED;
    assert_says(card(*state, &result, &plain), "passed  token-dead\n");
}

static struct im_str ended(struct im_arena *arena, const struct im_run_tally *tally)
{
    struct im_buf text;

    im_buf_init(&text, arena, 0);
    im_run_report_end(&text, tally, &plain);
    im_buf_addc(&text, '\0');
    return im_str(text.at);
}

static void who_only_gave_up_is_told_of_fail_fast(void **state)
{
    struct im_run_tally tally = {.arena = *state};
    struct im_run_result result =
        result_of(*state, "{\"outcome\":\"not-met\",\"exchanges\":2,\"expect\":[],"
                          "\"recovery_alone\":true}");

    im_run_tally_add(&tally, &result,
                     &plain); /* status 0: it took the refusal for success */
    assert_says(ended(*state, &tally), "0 passed, 1 failed, 0 partly, 0 skipped\n");
    result.code = 1;
    im_run_tally_add(&tally, &result, &plain);
    assert_says(
        ended(*state, &tally),
        "In 1 of the failed nothing is missing but that CMD gets over it; it ended "
        "with an error. Where\nthat is meant to be, and something starts it anew, say "
        "--client fail-fast.\n"
        "0 passed, 2 failed, 0 partly, 0 skipped\n");
}

/* With --exit-zero the status alone makes it fail, whatever the client is said to be. */
static void fail_fast_is_no_advice_where_the_status_fails_too(void **state)
{
    const struct im_run_rules strict = {.timeout_ms = 60000, .exit_zero = true};
    struct im_run_tally tally = {.arena = *state};
    struct im_run_result result =
        result_of(*state, "{\"outcome\":\"not-met\",\"exchanges\":2,\"expect\":[],"
                          "\"recovery_alone\":true}");

    result.code = 1;
    im_run_tally_add(&tally, &result, &strict);
    assert_says(ended(*state, &tally), "0 passed, 1 failed, 0 partly, 0 skipped\n");
}

static void doing_more_is_no_advice_for_who_ended_with_an_error(void **state)
{
    struct im_run_tally tally = {.arena = *state};
    struct im_run_result result = result_of(*state, in_part);
    struct im_buf text;

    result.code = 1;
    assert_says(
        card(*state, &result, &plain),
        "partly  token-dead (exit status 1): rule 2 waits for the 8th API call; CMD "
        "made 4; it ended with status 1 before that\n");
    im_run_tally_add(&tally, &result, &plain);
    im_buf_init(&text, *state, 0);
    im_run_report_end(&text, &tally, &plain);
    im_buf_addc(&text, '\0');
    assert_non_null(strstr(text.at, "Where CMD ended with another status than 0, look "
                                    "first at why: --show-output.\n"));
}

static void the_end_says_how_many_causes_are_met_and_what_the_others_take(void **state)
{
    struct im_run_rules rules = {.min_percent = 50};
    struct im_run_tally tally = {.arena = *state};
    struct im_run_result results[] = {
        result_of(*state, met), result_of(*state, unmet), result_of(*state, in_part),
        result_of(*state, in_part), result_of(*state, doubted)};
    struct im_buf text;

    for (size_t i = 0; i < COUNT(results); i++) {
        results[i].cause = IM_STR("one of them");
        im_run_tally_add(&tally, &results[i], &rules);
    }
    results[0].cause = (struct im_str){0}; /* about delivery: no cause is met by it */
    im_run_tally_add(&tally, &results[0], &rules);
    assert_false(im_run_covers(&tally, &rules));
    im_buf_init(&text, *state, 0);
    im_run_report_end(&text, &tally, &rules);
    im_buf_addc(&text, '\0');
    assert_says(im_str(strstr(text.at, "1 of 5")),
                "1 of 5 causes met, fewer than --min-coverage wants\n"
                "  1 more once what failed is mended: token-dead\n"
                "  2 more with 8 API calls: token-dead, token-dead\n"
                "  1 more once it can be told: token-dead\n"
                "2 passed, 1 failed, 3 partly, 0 skipped\n");
    rules.min_percent = 20;
    assert_true(im_run_covers(&tally, &rules));
}

static void exit_zero_wants_zero(void **state)
{
    const struct im_run_rules rules = {.exit_zero = true};
    struct im_run_result result = result_of(*state, met);

    assert_int_equal(im_run_judge(&result, &rules), IM_RUN_PASSED);
    result.code = 2;
    assert_says(
        card(*state, &result, &rules),
        "FAILED  token-dead\n"
        "  CMD exited with status 2, which --exit-zero does not allow; it printed "
        "nothing\n");
}

static void who_hangs_or_dies_has_failed_whatever_the_verdict(void **state)
{
    struct im_run_result result = result_of(*state, met);

    result.end = IM_RUN_TIMED_OUT;
    assert_says(card(*state, &result, &plain),
                "FAILED  token-dead\n"
                "  CMD did not end within 1m (--timeout); it printed nothing\n");
    result.end = IM_RUN_SIGNALLED;
    result.code = SIGKILL;
    assert_says(card(*state, &result, &plain),
                "FAILED  token-dead\n"
                "  CMD was ended by signal 9 (Killed); it printed nothing\n");
}

static void trouble_of_ours_is_a_failure_that_is_told(void **state)
{
    struct im_run_result result = result_of(*state, NULL);

    result.end = IM_RUN_NOT_STARTED;
    result.trouble = IM_STR("making its sandbox: there are too many");
    assert_says(card(*state, &result, &plain),
                "FAILED  token-dead\n  making its sandbox: there are too many\n");
}

static void last_line_of(struct im_arena *arena, const struct im_run_tally *tally,
                         const char *expected)
{
    struct im_buf text;

    im_buf_init(&text, arena, 0);
    im_run_report_end(&text, tally, &plain);
    assert_true(im_str_ends(im_buf_str(&text), expected));
}

static void the_end_counts_and_advises(void **state)
{
    struct im_run_tally tally = {0};
    struct im_run_result results[] = {result_of(*state, met), result_of(*state, unmet),
                                      result_of(*state, idle), result_of(*state, silent)};

    for (size_t i = 0; i < COUNT(results); i++)
        im_run_tally_add(&tally, &results[i], &plain);
    assert_int_equal(tally.silent, 1);
    last_line_of(
        *state, &tally,
        "--require-all makes them failures.\n1 passed, 1 failed, 0 partly, 2 skipped\n");
    tally = (struct im_run_tally){.skipped = 1, .silent = 1};
    last_line_of(
        *state, &tally,
        "CMD never spoke to the mock; does it use INTACCT_BASE_URL? A program that has "
        "Sage's\nhost built in is led here by --intercept.\n"
        "0 passed, 0 failed, 0 partly, 1 skipped\n");
    tally = (struct im_run_tally){.passed = 2};
    last_line_of(*state, &tally, "2 passed, 0 failed, 0 partly, 0 skipped\n");
}

/* ---- JUnit ---- */

static void junit_has_a_case_for_each_expectation(void **state)
{
    struct im_run_result result = result_of(*state, unmet);

    result.took_ms = 1042;
    result.output = IM_STR("a\x01<b>\xff&\xef\xbf\xbe\n");
    assert_says(
        junit(*state, &result, &plain),
        "  <testsuite name=\"token-dead\" tests=\"3\" failures=\"1\" errors=\"0\" "
        "skipped=\"0\" time=\"1.042\">\n"
        "    <testcase name=\"CMD ran\" classname=\"token-dead\"/>\n"
        "    <testcase name=\"it asks once\" classname=\"token-dead\"/>\n"
        "    <testcase name=\"a &lt;dead&gt; token is not hammered\" "
        "classname=\"token-dead\">\n"
        "      <failure message=\"5 calls, at most 1 &quot;allowed&quot;\">"
        "#4 GET /a &amp; 401\n#6 GET /b 401\n</failure>\n"
        "    </testcase>\n"
        "    <system-out>a\xEF\xBF\xBD&lt;b&gt;\xEF\xBF\xBD&amp;\xEF\xBF\xBD\n"
        "</system-out>\n"
        "  </testsuite>\n");
}

static void junit_fails_nothing_in_a_scenario_that_is_skipped(void **state)
{
    const struct im_run_rules rules = {.require_all = true};
    struct im_run_result result = result_of(*state, idle);

    assert_non_null(strstr(junit(*state, &result, &plain).at,
                           "tests=\"3\" failures=\"0\" errors=\"0\" skipped=\"2\""));
    assert_non_null(strstr(junit(*state, &result, &rules).at,
                           "tests=\"3\" failures=\"2\" errors=\"0\" skipped=\"0\""));
}

static void junit_of_a_scenario_without_expectations(void **state)
{
    struct im_run_result result = result_of(*state, silent);

    assert_non_null(strstr(junit(*state, &result, &plain).at,
                           "<testcase name=\"the scenario is exercised\" "
                           "classname=\"token-dead\">\n      <skipped message=\"CMD sent "
                           "nothing to the mock\"/>"));
}

static void a_script_that_ran_out_fails_by_its_note(void **state)
{
    struct im_run_result result =
        result_of(*state, "{\"outcome\":\"not-met\",\"note\":\"the rules ran out\","
                          "\"exchanges\":4,\"expect\":[{\"that\":\"it asks "
                          "once\",\"outcome\":\"met\"}]}");

    assert_says(card(*state, &result, &plain),
                "FAILED  token-dead\n  the rules ran out\n  CMD exited with status 0; it "
                "printed nothing\n");
    assert_non_null(strstr(junit(*state, &result, &plain).at,
                           "<failure message=\"the rules ran out\"/>"));
}

static void of_a_long_loop_the_first_exchanges_are_shown(void **state)
{
    struct im_json_out out;
    struct im_buf verdict;

    im_buf_init(&verdict, *state, 0);
    im_json_out_init(&out, &verdict);
    im_json_open_object(&out, NULL);
    im_json_strz(&out, "outcome", "not-met");
    im_json_raw(&out, "expect",
                IM_STR("[{\"that\":\"t\",\"outcome\":\"not-met\",\"why\":\"w\","
                       "\"exchanges\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14]}]"));
    im_json_open_array(&out, "exchanges_shown");
    for (int i = 1; i <= 14; i++) {
        im_json_open_object(&out, NULL);
        im_json_int(&out, "id", i);
        im_json_strz(&out, "line", "GET /\033[2J\xc2\x9b\xc3\xa4");
        im_json_close_object(&out);
    }
    im_json_close_array(&out);
    im_json_close_object(&out);
    im_buf_addc(&verdict, '\0');
    struct im_run_result result = result_of(*state, verdict.at);
    assert_non_null(
        strstr(card(*state, &result, &plain).at,
               "      #12 GET /?[2J?\xc3\xa4\n      and 2 more\n  CMD exited"));
}

static void junit_tells_that_cmd_could_not_run(void **state)
{
    struct im_run_result result = result_of(*state, NULL);

    result.end = IM_RUN_NOT_STARTED;
    result.trouble = IM_STR("too many processes");
    assert_non_null(
        strstr(junit(*state, &result, &plain).at,
               "<failure message=\"CMD could not be started: too many processes\"/>"));
}

/* ---- output ---- */

static void a_long_output_loses_its_middle(void **state)
{
    struct im_run_output *output =
        IM_ARENA_NEW((struct im_arena *)*state, struct im_run_output);
    const size_t kept = IM_RUN_OUTPUT_KEPT;

    for (size_t i = 0; i < 3 * kept; i++)
        im_run_output_add(output, i < kept            ? IM_STR("a")
                                  : i < 2 * kept + 10 ? IM_STR("b")
                                                      : IM_STR("c"));
    struct im_str text = im_run_output_text(output, *state);
    assert_int_equal(text.at[kept - 1], 'a');
    assert_true(im_str_starts(im_str_slice(text, kept, text.len),
                              "\n[... 32768 bytes cut ...]\nbbbbbbbbbbc"));
    assert_int_equal(text.at[text.len - 1], 'c');
}

static void an_output_that_just_fits_is_whole(void **state)
{
    struct im_run_output *output =
        IM_ARENA_NEW((struct im_arena *)*state, struct im_run_output);

    for (size_t i = 0; i < 2 * IM_RUN_OUTPUT_KEPT; i++) {
        const char c = (char)('a' + i % 26);
        im_run_output_add(output, (struct im_str){&c, 1});
        if (i != 5 && i < 2 * IM_RUN_OUTPUT_KEPT - 2)
            continue;
        struct im_str text = im_run_output_text(output, *state);
        assert_int_equal(text.len, i + 1);
        for (size_t k = 0; k <= i; k++)
            assert_int_equal(text.at[k], 'a' + k % 26);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_ARENA(a_met_verdict_passes_in_one_line),
        TEST_IN_ARENA(the_output_is_shown_on_demand),
        TEST_IN_ARENA(a_failure_shows_what_was_not_met_and_by_which_exchanges),
        TEST_IN_ARENA(what_was_not_exercised_is_skipped_with_the_reason),
        TEST_IN_ARENA(doing_more_is_no_advice_for_who_ended_with_an_error),
        TEST_IN_ARENA(require_all_makes_it_a_failure),
        TEST_IN_ARENA(what_cannot_be_told_is_said),
        TEST_IN_ARENA(what_was_exercised_in_part_says_what_was_missing),
        TEST_IN_ARENA(a_failure_says_what_the_cause_means_and_how_it_is_repeated),
        TEST_IN_ARENA(a_failure_says_what_is_played_and_what_was_damaged),
        TEST_IN_ARENA(who_only_gave_up_is_told_of_fail_fast),
        TEST_IN_ARENA(fail_fast_is_no_advice_where_the_status_fails_too),
        TEST_IN_ARENA(who_waits_for_ever_is_told_for_what),
        TEST_IN_ARENA(the_end_says_how_many_causes_are_met_and_what_the_others_take),
        TEST_IN_ARENA(exit_zero_wants_zero),
        TEST_IN_ARENA(who_hangs_or_dies_has_failed_whatever_the_verdict),
        TEST_IN_ARENA(trouble_of_ours_is_a_failure_that_is_told),
        TEST_IN_ARENA(the_end_counts_and_advises),
        TEST_IN_ARENA(junit_has_a_case_for_each_expectation),
        TEST_IN_ARENA(junit_fails_nothing_in_a_scenario_that_is_skipped),
        TEST_IN_ARENA(junit_of_a_scenario_without_expectations),
        TEST_IN_ARENA(a_script_that_ran_out_fails_by_its_note),
        TEST_IN_ARENA(of_a_long_loop_the_first_exchanges_are_shown),
        TEST_IN_ARENA(junit_tells_that_cmd_could_not_run),
        TEST_IN_ARENA(a_long_output_loses_its_middle),
        TEST_IN_ARENA(an_output_that_just_fits_is_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
