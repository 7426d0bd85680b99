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

static void what_was_created_counts_whatever_became_of_the_answer(void **state)
{
    struct history *h = *state;
    struct im_exchange *lost = answered(h);

    lost->created = true;
    lost->fault = IM_FAULT_DROP;
    met(h, "{'that':'t','created':true}", "once, as it should be", "1");
    answered(h)->created = true;
    not_met(h, "{'that':'t','created':true,'after':'drop','same':'call','count':0}",
            "wanted none, but saw 1 after exchange 1", "1 2");
    lost->created = false; /* so it was not made twice */
    not_exercised(h, "{'that':'t','created':true,'after':'drop','same':'call','count':0}",
                  "drop never happened to a request that made a record, so this was not "
                  "exercised");
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

#define ONCE "{'that':'t','cause':'access-token-revoked','at_most':1}"

/* ---- anchors ---- */

static void without_its_anchor_an_expectation_is_not_exercised(void **state)
{
    struct history *h = *state;

    answered(h);
    not_exercised(h, "{'that':'t','after':'access-token-revoked'}",
                  "access-token-revoked never happened, so this was not exercised");
    not_exercised(h, "{'that':'t','after':'drop','within':'1s','at_most':0}",
                  "drop never happened, so this was not exercised");
    not_exercised(
        h,
        "{'that':'it refreshes','endpoint':'token'},"
        "{'that':'t','after':'it refreshes'}",
        "nothing that \"it refreshes\" is about happened, so this was not exercised");
}

static void only_what_began_after_the_anchor_was_answered_counts(void **state)
{
    struct history *h = *state;

    answered(h);
    at(h, refused(h), 0, 15);
    answered(h);
    not_met(h, "{'that':'t','after':'access-token-revoked'}",
            "wanted at least 1, but saw none after exchange 2", "2");
    answered(h);
    met(h, "{'that':'t','after':'access-token-revoked'}", "once, as it should be", "4");
}

static void there_are_four_kinds_of_anchors(void **state)
{
    struct history *h = *state;

    refused(h);
    answered(h)->fault = IM_FAULT_DROP;
    answered(h)->effect = "revoke-grant";
    saw(h, "token", 200, CAUSE_NONE);
    answered(h);
    met(h, "{'that':'t','after':'access-token-revoked'}", "4 times, as it should be",
        "2 3 4 5");
    met(h, "{'that':'t','after':'drop'}", "3 times, as it should be", "3 4 5");
    met(h, "{'that':'t','after':'revoke-grant'}", "twice, as it should be", "4 5");
    met(h,
        "{'that':'t','after':'it asks'},{'that':'it asks','endpoint':'token'},"
        "{'that':'u','after':'it asks'}",
        "once, as it should be", "5");
    assert_int_equal(h->judgements[0].outcome, IM_MET);
}

static void a_warning_is_an_anchor(void **state)
{
    struct history *h = *state;
    struct im_exchange *seen = answered(h);

    seen->notes[seen->note_count++].cause = CAUSE_SESSION_EXPIRED;
    answered(h);
    met(h, "{'that':'t','after':'session-expired'}", "once, as it should be", "2");
}

static void expectations_follow_one_another(void **state)
{
    struct history *h = *state;

    saw(h, "token", 200, CAUSE_NONE);
    refused(h);
    saw(h, "token", 200, CAUSE_NONE);
    answered(h);
    met(h,
        "{'that':'success','endpoint':'api','status':200,'after':'new token'},"
        "{'that':'new token','endpoint':'token','after':'access-token-revoked'},"
        "{'that':'nothing more','count':0,'after':'success'}",
        "never, as it should be", "");
    assert_int_equal(h->judgements[0].shown[0]->id, 4);
    assert_int_equal(h->judgements[1].shown[0]->id, 3);
}

/* The reader refuses them; a hand-made one must not hang. */
static void a_circle_is_not_exercised(void **state)
{
    struct history *h = *state;

    answered(h);
    judge(h, "[{'that':'a','after':'b'},{'that':'b'}]");
    h->all.items[1].after = (struct im_anchor){.text = IM_STR("a"), .expectation = 0};
    assert_true(im_expect_judge(&h->all, h->seen, h->count, &h->options, &h->arena,
                                h->judgements));
    assert_int_equal(h->judgements[0].outcome, IM_NOT_EXERCISED);
    assert_int_equal(h->judgements[1].outcome, IM_NOT_EXERCISED);
}

static void other_users_are_left_out(void **state)
{
    struct history *h = *state;

    refused(h)->user = IM_STR("a@acme");
    answered(h)->user = IM_STR("b@acme");
    answered(h)->user = IM_STR("a@acme");
    answered(h);
    met(h, "{'that':'t','after':'access-token-revoked'}", "twice, as it should be",
        "3 4");
    h->seen[0].user = IM_STR("");
    met(h, "{'that':'t','after':'access-token-revoked'}", "3 times, as it should be",
        "2 3 4");
}

/* ---- windows ---- */

#define QUIET "{'that':'t','after':'access-token-revoked','within':'2s','at_most':0}"

static void nothing_may_come_within_the_window(void **state)
{
    struct history *h = *state;

    refused(h);
    at(h, answered(h), 1980, 1);
    not_met(h, QUIET, "wanted none, but saw 1 within 2s after exchange 1", "1 2");
    at(h, &h->seen[1], 11, 1);
    met(h, QUIET, "never, as it should be", "");
}

static void time_may_pass_by_the_clock_alone(void **state)
{
    struct history *h = *state;

    refused(h);
    h->jumped_ms = 2000;
    answered(h);
    met(h, QUIET, "never, as it should be", "");
    h->seen[1].at_ms = h->seen[0].at_ms - 60000;
    not_met(h, QUIET, "wanted none, but saw 1 within 2s after exchange 1", "1 2");
}

static void a_frozen_clock_that_is_advanced_counts(void **state)
{
    struct history *h = *state;

    refused(h)->at_ms = 5;
    answered(h)->at_ms = 2005;
    met(h, QUIET, "never, as it should be", "");
}

/* Both clocks run: what the anchor's own answer took is not time that the client waited. */
static void a_slow_answer_is_not_a_pause(void **state)
{
    struct history *h = *state;

    at(h, refused(h), 0, 3000);
    at(h, answered(h), 3000, 1);
    not_met(h, QUIET, "wanted none, but saw 1 within 2s after exchange 1", "1 2");
}

static void every_anchor_opens_a_window(void **state)
{
    struct history *h = *state;

    refused(h);
    h->now_us += 3000 * MS;
    refused(h);
    h->now_us += 3000 * MS;
    answered(h);
    met(h, QUIET, "as it should be, after each of 2", "");
    answered(h);
    met(h, QUIET, "as it should be, after each of 2", "");
    refused(h);
    answered(h);
    not_met(h, QUIET, "wanted none, but saw 1 within 2s after exchange 5", "5 6");
}

static void a_lower_bound_must_hold_in_each_window(void **state)
{
    struct history *h = *state;
    const char *soon = "{'that':'t','after':'access-token-revoked','within':'1s',"
                       "'status':200}";

    refused(h);
    answered(h);
    met(h, soon, "once, as it should be", "2");
    h->now_us += 5000 * MS;
    refused(h);
    not_met(h, soon, "wanted at least 1, but saw none within 1s after exchange 3", "3");
}

/* ---- how many at once ---- */

static void exchanges_that_overlap_are_counted(void **state)
{
    struct history *h = *state;
    const char *one = "{'that':'t','in_parallel_at_most':1}";

    met(h, one, "at most 0 at once, as it should be", "");
    at(h, answered(h), 0, 10);
    met(h, one, "at most 1 at once, as it should be", "1");
    at(h, answered(h), 0, 10);
    met(h, one, "at most 1 at once, as it should be", "1 2");
    at(h, answered(h), -5, 10);
    not_met(h, one, "2 at once; at most 1 may be", "2 3");
    met(h, "{'that':'t','in_parallel_at_most':2}", "at most 2 at once, as it should be",
        "1 2 3");
}

static void an_exchange_without_length_is_open_too(void **state)
{
    struct history *h = *state;

    at(h, answered(h), 0, 30);
    at(h, answered(h), 0, 0);
    not_met(h, "{'that':'t','in_parallel_at_most':1}", "2 at once; at most 1 may be",
            "1 2");
    not_exercised(h, "{'that':'t','in_parallel_at_most':1,'endpoint':'oauth'}",
                  "there was no oauth request, so this was not exercised");
}

static void the_order_of_the_list_does_not_matter(void **state)
{
    struct history *h = *state;

    at(h, answered(h), 50, 1);
    answered(h);
    at(h, answered(h), -2, 40);
    met(h, "{'that':'t'}", "3 times, as it should be", "2 3 1");
    not_met(h, "{'that':'t','in_parallel_at_most':1}", "2 at once; at most 1 may be",
            "3 1");
}

/* ---- gaps ---- */

static void try_after(struct history *h, int64_t gap_ms)
{
    h->now_us += (gap_ms - 9) * MS;
    answered(h);
}

#define GROWING "{'that':'t','gaps':'growing'}"

static void gaps_must_grow(void **state)
{
    struct history *h = *state;

    met(h, GROWING, "never tried, so there was no gap to judge", "");
    answered(h);
    met(h, GROWING, "tried once, so there was no gap to judge", "1");
    try_after(h, 100);
    met(h, GROWING, "the gap between the tries was 100 ms, as it should be", "1 2");
    try_after(h, 125);
    met(h, GROWING, "the gaps between the tries were 100 ms, 125 ms, as it should be",
        "1 2 3");
    at(h, &h->seen[2], -21, 1);
    try_after(h, 102 - 21);
    not_met(h, GROWING,
            "the gaps between the tries were 100 ms, 104 ms, 102 ms: they should grow, "
            "from 50 ms or more",
            "1 2 3 4");
}

/* Two draws of a random pause may be equal by chance, three are not. */
static void two_pauses_that_are_alike_may_be_random(void **state)
{
    struct history *h = *state;

    answered(h);
    try_after(h, 100);
    try_after(h, 100);
    assert_int_equal(judge(h, "[" GROWING "]")->outcome, IM_CANNOT_TELL);
    try_after(h, 100);
    assert_int_equal(judge(h, "[" GROWING "]")->outcome, IM_NOT_MET);
    at(h, &h->seen[3], 10, 1);
    assert_int_equal(judge(h, "[" GROWING "]")->outcome, IM_CANNOT_TELL);
    try_after(h, 110);
    try_after(h, 120);
    assert_int_equal(judge(h, "[" GROWING "]")->outcome, IM_NOT_MET);
}

static void a_short_draw_of_a_random_pause_is_no_haste(void **state)
{
    struct history *h = *state;

    answered(h);
    try_after(h, 38);
    try_after(h, 41);
    for (int i = 0; i < 3; i++)
        h->seen[i].fault = IM_FAULT_STATUS;
    assert_int_equal(judge(h, "[" GROWING "]")->outcome, IM_CANNOT_TELL);
    at(h, &h->seen[2], -32, 1); /* 9 ms behind the one before */
    assert_int_equal(judge(h, "[" GROWING "]")->outcome, IM_NOT_MET);
}

static void a_second_each_time_is_patience(void **state)
{
    struct history *h = *state;

    answered(h);
    for (int i = 0; i < 3; i++)
        try_after(h, 1000);
    met(h, GROWING,
        "the gaps between the tries were 1000 ms, 1000 ms, 1000 ms: not longer each "
        "time, but a second or more",
        "1 2 3 4");
    at(h, &h->seen[3], -1, 1);
    assert_int_equal(judge(h, "[" GROWING "]")->outcome, IM_NOT_MET);
}

static void the_first_repeat_may_come_at_once(void **state)
{
    struct history *h = *state;

    answered(h);
    try_after(h, 10);
    try_after(h, 600);
    try_after(h, 1200);
    met(h, GROWING,
        "the gaps between the tries were 10 ms, 600 ms, 1200 ms, as it should be",
        "1 2 3 4");
}

static void random_pauses_need_not_grow(void **state)
{
    struct history *h = *state;

    answered(h);
    try_after(h, 300);
    try_after(h, 700);
    try_after(h, 200);
    is(h, GROWING, IM_CANNOT_TELL,
       "cannot tell: the pauses of the client may be random, and so few of those need "
       "not grow; a run without jitter, or with more tries, shows it",
       "1 2 3 4");
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

static void there_must_be_a_pause(void **state)
{
    struct history *h = *state;

    answered(h);
    try_after(h, 9);
    is(h, GROWING, IM_CANNOT_TELL,
       "cannot tell: a first repeat may come at once, and the client had no reason for "
       "another; a run with one worker, whose call fails twice, shows it",
       "1 2");
    try_after(h, 9);
    not_met(h, GROWING,
            "the gaps between the tries were 9 ms, 9 ms: they should grow, from 50 ms or "
            "more",
            "1 2 3");
    h->count = 1;
    try_after(h, 49);
    at(h, answered(h), -10, 1);
    /* two at once may be two workers */
    assert_int_equal(judge(h, "[" GROWING "]")->outcome, IM_CANNOT_TELL);
}

static void the_clock_makes_a_gap_too(void **state)
{
    struct history *h = *state;

    answered(h);
    h->jumped_ms += 1000;
    answered(h);
    h->jumped_ms += 2000;
    answered(h);
    met(h, GROWING, "the gaps between the tries were 1010 ms, 2010 ms, as it should be",
        "1 2 3");
}

static void waiting_for_a_stalled_answer_is_no_pause(void **state)
{
    struct history *h = *state;
    struct im_exchange *stalled = answered(h);

    stalled->fault = IM_FAULT_STALL;
    stalled->delivered_us = stalled->ended_us + 1000 * MS;
    h->now_us += 1000 * MS;
    struct im_exchange *repeat = answered(h);
    answered(h);
    not_met(h, GROWING,
            "the gaps between the tries were 9 ms, 9 ms: they should grow, from 50 ms or "
            "more",
            "1 2 3");
    h->count--;
    repeat->at_ms += 200; /* a client that sleeps by moving the clock */
    met(h, GROWING, "the gap between the tries was 210 ms, as it should be", "1 2");
}

static void a_pause_whose_begin_was_seen_too_late_is_not_known(void **state)
{
    struct history *h = *state;
    struct im_exchange *stalled = answered(h);

    stalled->fault = IM_FAULT_STALL;
    stalled->delivered_us = stalled->ended_us + 1000 * MS;
    answered(h);
    met(h, GROWING,
        "it is not known when the client gave up, so there was no gap to judge", "1 2");
    h->now_us += 200 * MS;
    answered(h);
    met(h, GROWING, "the gaps between the tries were not known, 209 ms, as it should be",
        "1 2 3");
}

static void many_gaps_are_cut_short(void **state)
{
    struct history *h = *state;

    for (int i = 0; i < 9; i++)
        answered(h);
    not_met(h, GROWING,
            "the gaps between the tries were 9 ms, 9 ms, 9 ms, …, 9 ms, 9 ms, 9 ms: they "
            "should grow, from 50 ms or more",
            "1 2 3 4 5 6 7 8 9");
}

static void gaps_are_those_of_each_call(void **state)
{
    struct history *h = *state;

    answered(h)->call = 1;
    answered(h)->call = 2;
    h->now_us += 100 * MS;
    answered(h)->call = 1;
    answered(h)->call = 2;
    met(h, "{'that':'t','gaps':'growing','per':'call'}",
        "as it should be, for each of 2 calls", "1 2 3 4");
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

#define JUDGED(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        JUDGED(an_expectation_without_a_bound_wants_to_see_it_once),
        JUDGED(filters_pick_by_cause_status_and_wire),
        JUDGED(what_was_created_counts_whatever_became_of_the_answer),
        JUDGED(a_slow_answer_succeeds_if_its_client_stays),
        JUDGED(a_warning_counts_as_its_cause),
        JUDGED(nth_and_every_count_what_fits_whatever_became_of_it),
        JUDGED(nth_counts_from_the_anchor),
        JUDGED(bounds_hold_or_say_what_was_wanted),
        JUDGED(bounds_hold_for_each_token),
        JUDGED(bounds_hold_for_each_call),
        JUDGED(without_its_anchor_an_expectation_is_not_exercised),
        JUDGED(only_what_began_after_the_anchor_was_answered_counts),
        JUDGED(there_are_four_kinds_of_anchors),
        JUDGED(a_warning_is_an_anchor),
        JUDGED(expectations_follow_one_another),
        JUDGED(a_circle_is_not_exercised),
        JUDGED(other_users_are_left_out),
        JUDGED(nothing_may_come_within_the_window),
        JUDGED(time_may_pass_by_the_clock_alone),
        JUDGED(a_frozen_clock_that_is_advanced_counts),
        JUDGED(a_slow_answer_is_not_a_pause),
        JUDGED(every_anchor_opens_a_window),
        JUDGED(a_lower_bound_must_hold_in_each_window),
        JUDGED(exchanges_that_overlap_are_counted),
        JUDGED(an_exchange_without_length_is_open_too),
        JUDGED(the_order_of_the_list_does_not_matter),
        JUDGED(gaps_must_grow),
        JUDGED(two_pauses_that_are_alike_may_be_random),
        JUDGED(a_short_draw_of_a_random_pause_is_no_haste),
        JUDGED(a_second_each_time_is_patience),
        JUDGED(the_first_repeat_may_come_at_once),
        JUDGED(random_pauses_need_not_grow),
        JUDGED(asking_about_a_dead_token_is_not_using_it),
        JUDGED(there_must_be_a_pause),
        JUDGED(the_clock_makes_a_gap_too),
        JUDGED(waiting_for_a_stalled_answer_is_no_pause),
        JUDGED(a_pause_whose_begin_was_seen_too_late_is_not_known),
        JUDGED(many_gaps_are_cut_short),
        JUDGED(gaps_are_those_of_each_call),
        JUDGED(a_thousand_exchanges_with_a_window_each_are_judged),
        JUDGED(short_memory_is_told),
        cmocka_unit_test(outcomes_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
