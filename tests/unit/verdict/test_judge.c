/* judge.c, match.c: which exchanges an expectation is about, and how many of them it wants. */
#include "unit/verdict/teller.h"
#include "verdict/history.h"

/* ---- filters ---- */

static void an_expectation_without_a_bound_wants_to_see_it_once(void **state)
{
    struct history *h = *state;

    not_met(h, "{'that':'t'}", "wanted at least 1, but saw none", "");
    answered(h);
    met(h, "{'that':'t'}", "once, as it should be", "1");
    answered(h);
    answered(h);
    met(h, "{'that':'t'}", "3 times, as it should be", "1 2 3");
    not_met(h, "{'that':'t','endpoint':'token'}", "wanted at least 1, but saw none", "");
}

static void filters_pick_by_cause_status_and_wire(void **state)
{
    struct history *h = *state;

    answered(h);
    refused(h);
    saw(h, "token", 503, CAUSE_NONE)->fault = IM_FAULT_STATUS;
    met(h, "{'that':'t','cause':'access-token-revoked'}", "once, as it should be", "2");
    met(h, "{'that':'t','status':200}", "once, as it should be", "1");
    met(h, "{'that':'t','status':'5xx'}", "once, as it should be", "3");
    met(h, "{'that':'t','wire':'status'}", "once, as it should be", "3");
    met(h, "{'that':'t','endpoint':'api','status':'4xx'}", "once, as it should be", "2");
    not_met(h, "{'that':'t','endpoint':'token','status':'4xx'}",
            "wanted at least 1, but saw none", "3"); /* what came instead */
}

static void a_slow_answer_succeeds_if_its_client_stays(void **state)
{
    struct history *h = *state;
    struct im_exchange *slow = answered(h);

    slow->fault = IM_FAULT_BANDWIDTH;
    slow->ended_us = slow->began_us + 2000 * MS;
    slow->delivered_us = slow->ended_us - 20 * MS;
    assert_true(im_history_succeeded(slow));
    slow->delivered_us = slow->began_us + 300 * MS;
    assert_false(im_history_succeeded(slow));
}

static void a_warning_counts_as_its_cause(void **state)
{
    struct history *h = *state;
    struct im_exchange *seen = answered(h);

    seen->notes[0].cause = CAUSE_REFRESH_TOKEN_MISSING;
    seen->notes[1].cause = CAUSE_SESSION_EXPIRED;
    seen->note_count = 2;
    met(h, "{'that':'t','cause':'session-expired'}", "once, as it should be", "1");
}

static void asking_about_a_dead_token_is_not_using_it(void **state)
{
    struct history *h = *state;

    refused(h);
    struct im_exchange *asked = saw(h, "introspect", 200, CAUSE_NONE);
    asked->notes[0].cause = CAUSE_ACCESS_TOKEN_REVOKED;
    asked->note_count = 1;
    met(h, "{'that':'t','cause':'access-token-revoked','at_most':1}",
        "once, as it should be", "1");
}

static void nth_and_every_count_what_fits_whatever_became_of_it(void **state)
{
    struct history *h = *state;

    saw(h, "token", 200, CAUSE_NONE);
    answered(h);
    refused(h);
    answered(h);
    refused(h);
    met(h, "{'that':'t','endpoint':'api','nth':2,'status':401}", "once, as it should be",
        "3");
    not_met(h, "{'that':'t','endpoint':'api','nth':2,'status':200}",
            "wanted at least 1, but saw none", "2 3 4 5");
    met(h, "{'that':'t','endpoint':'api','every':2,'count':2}", "twice, as it should be",
        "3 5");
}

static void nth_counts_from_the_anchor(void **state)
{
    struct history *h = *state;

    answered(h);
    refused(h);
    answered(h);
    met(h, "{'that':'t','nth':1,'status':200,'after':'access-token-revoked'}",
        "once, as it should be", "3");
}

/* ---- how many ---- */

static void bounds_hold_or_say_what_was_wanted(void **state)
{
    struct history *h = *state;

    for (int i = 0; i < 3; i++)
        answered(h);
    met(h, "{'that':'t','count':3}", "3 times, as it should be", "1 2 3");
    met(h, "{'that':'t','at_least':2,'at_most':3}", "3 times, as it should be", "1 2 3");
    not_met(h, "{'that':'t','at_most':1}", "wanted at most 1, but saw 3", "1 2 3");
    not_met(h, "{'that':'t','count':2}", "wanted exactly 2, but saw 3", "1 2 3");
    not_met(h, "{'that':'t','count':4}", "wanted exactly 4, but saw 3", "1 2 3");
    not_met(h, "{'that':'t','count':0}", "wanted none, but saw 3", "1 2 3");
    not_met(h, "{'that':'t','at_most':0}", "wanted none, but saw 3", "1 2 3");
    not_met(h, "{'that':'t','at_least':4}", "wanted at least 4, but saw 3", "1 2 3");
    not_met(h, "{'that':'t','at_least':4,'at_most':5}", "wanted 4 to 5, but saw 3",
            "1 2 3");
    not_met(h, "{'that':'t','at_least':1,'at_most':2}", "wanted 1 to 2, but saw 3",
            "1 2 3");
    met(h, "{'that':'t','status':500,'count':0}", "never, as it should be", "");
    met(h, "{'that':'t','status':500,'at_most':1}", "never; up to 1 would be fine", "");
}

static void bounds_hold_for_each_token(void **state)
{
    struct history *h = *state;

    refused(h)->token = IM_STR("A");
    refused(h)->token = IM_STR("B");
    refused(h);
    met(h, "{'that':'t','per':'token','at_most':1}",
        "as it should be, for each of 2 tokens", "1 2");
    refused(h)->token = IM_STR("A");
    not_met(h, "{'that':'t','per':'token','at_most':1}",
            "wanted at most 1 per token, but saw 2 with one of them", "1 4");
    not_met(h, "{'that':'t','per':'token','at_least':2}",
            "wanted at least 2 per token, but saw 1 with one of them", "2");
    not_met(h, "{'that':'t','per':'token','status':200}",
            "wanted at least 1 per token, but saw none", "1 2 3 4");
}

static void bounds_hold_for_each_call(void **state)
{
    struct history *h = *state;

    answered(h)->call = 7;
    answered(h)->call = 9;
    answered(h)->call = 7;
    met(h, "{'that':'t','per':'call','at_most':2}",
        "as it should be, for each of 2 calls", "1 2 3");
    not_met(h, "{'that':'t','per':'call','at_most':1}",
            "wanted at most 1 per call, but saw 2 of one of them", "1 3");
}

/* ---- all together ---- */

static void a_thousand_exchanges_with_a_window_each_are_judged(void **state)
{
    struct history *h = *state;

    for (int i = 0; i < SEEN_MAX; i++)
        refused(h)->call = (uint64_t)i % 10;
    met(h,
        "{'that':'t','after':'access-token-revoked','within':'1h','per':'call',"
        "'at_most':1000,'in_parallel_at_most':1}",
        "as it should be, after each of 1000",
        ids(h, judge(h, "[{'that':'t','after':'access-token-revoked','status':401}]"))
            .at);
}

static void short_memory_is_told(void **state)
{
    struct history *h = *state;
    struct im_arena small;

    answered(h);
    judge(h, "[{'that':'t'}]");
    im_arena_init(&small, 16);
    assert_false(
        im_expect_judge(&h->all, h->seen, h->count, &h->options, &small, h->judgements));
    im_arena_release(&small);
}

static void outcomes_have_names(void **state)
{
    assert_string_equal(im_outcome_of_name(IM_MET), "met");
    assert_string_equal(im_outcome_of_name(IM_NOT_MET), "not-met");
    assert_string_equal(im_outcome_of_name(IM_NOT_EXERCISED), "not-exercised");
}

static const struct CMUnitTest tests[] = {
    TOLD(an_expectation_without_a_bound_wants_to_see_it_once),
    TOLD(filters_pick_by_cause_status_and_wire),
    TOLD(a_slow_answer_succeeds_if_its_client_stays),
    TOLD(a_warning_counts_as_its_cause),
    TOLD(asking_about_a_dead_token_is_not_using_it),
    TOLD(nth_and_every_count_what_fits_whatever_became_of_it),
    TOLD(nth_counts_from_the_anchor),
    TOLD(bounds_hold_or_say_what_was_wanted),
    TOLD(bounds_hold_for_each_token),
    TOLD(bounds_hold_for_each_call),
    TOLD(a_thousand_exchanges_with_a_window_each_are_judged),
    TOLD(short_memory_is_told),
    cmocka_unit_test(outcomes_have_names),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
