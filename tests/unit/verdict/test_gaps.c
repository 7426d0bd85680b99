/* bound.c: whether the pauses between the tries of a client grow. */
#include "unit/verdict/teller.h"

/* ---- what is a pause ---- */

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

/* ---- random pauses ---- */

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

/* ---- whose tries they are ---- */

static void calls_of_its_own_need_no_pause_between_them(void **state)
{
    struct history *h = *state;

    for (int run = 0; run < 2; run++) {
        for (int i = 0; i < 4; i++)
            call(h, 1, "T1");
        if (run == 0)
            is_the_baseline(h);
    }
    met(h, "{'that':'t','endpoint':'api','gaps':'growing'}",
        "the gaps between the tries were 9 ms, 9 ms, 9 ms: no more of them than where "
        "nothing goes wrong",
        "1 2 3 4");
}

static void tries_to_sign_on_one_behind_the_other_may_be_those_of_several_jobs(
    void **state)
{
    struct history *h = *state;
    const char *grow = "{'that':'t','cause':'client-secret-wrong','gaps':'growing'}";

    for (int i = 0; i < 3; i++)
        signs_on(h, "");
    is(h, grow, IM_CANNOT_TELL,
       "cannot tell: it is not known how often the client signs on where nothing goes "
       "wrong; "
       "`intacct-mock run` finds out, or name a sandbox in which that was so with "
       "?baseline=NAME",
       "1 2 3");
    for (int times = 1; times <= 2; times++) {
        h->count = 0;
        signs_on_times(h, times);
        for (int i = 0; i < 3; i++)
            signs_on(h, "");
        outcome(h, grow, times == 1 ? IM_NOT_MET : IM_CANNOT_TELL);
    }
}

/* The baseline signs on twice, and what was told stays. */
static void signs_on_of_two_jobs(struct history *h)
{
    size_t count = h->count;
    struct im_exchange *kept = IM_ARENA_ARRAY(&h->arena, struct im_exchange, count);

    memcpy(kept, h->seen, count * sizeof(*kept));
    h->count = 0;
    signs_on_times(h, 2);
    memcpy(h->seen, kept, count * sizeof(*kept));
    h->count = count;
}

/* Of two equal calls each may be repeated at once a first time, then there must be a pause. */
static void more_tries_at_once_than_equal_calls_explain_are_certain(void **state)
{
    struct history *h = *state;
    const char *grow = "{'that':'t','after':'drop','same':'call','gaps':'growing'}";

    makes_a_call_twice(h);
    for (int i = 0; i < 4; i++)
        call(h, 1, "T1")->fault = IM_FAULT_DROP;
    outcome(h, grow, IM_CANNOT_TELL);
    call(h, 1, "T1")->fault = IM_FAULT_DROP;
    outcome(h, grow, IM_NOT_MET);
    at(h, &h->seen[4], 20, 1); /* 60 ms after the first */
    outcome(h, grow, IM_CANNOT_TELL);
    for (int i = 0; i < 5; i++) { /* the same of two jobs that sign on */
        refuses(&h->seen[i], 503, CAUSE_SERVICE_UNAVAILABLE)->fault = IM_FAULT_STATUS;
        h->seen[i].endpoint = IM_ENDPOINT_TOKEN;
        at(h, &h->seen[i], 0, 1);
    }
    signs_on_of_two_jobs(h);
    grow = "{'that':'t','after':'status','same':'call','gaps':'growing'}";
    outcome(h, grow, IM_CANNOT_TELL);
    at(h, &h->seen[4], -20, 1);
    outcome(h, grow, IM_NOT_MET);
}

/* The calls overlap, so that where they are made more often they could not be told apart. */
static void tries_at_once_of_a_call_that_begins_the_baseline_are_certain(void **state)
{
    struct history *h = *state;

    saw(h, "introspect", 200, CAUSE_NONE)->call = 70;
    is_the_baseline(h);
    for (int i = 0; i < 7; i++) {
        struct im_exchange *seen = saw(h, "introspect", 200, CAUSE_NONE);
        seen->call = 71; /* the same address with another token */
        at(h, seen, -5 * i, 8)->fault = IM_FAULT_DROP;
    }
    outcome(h, "{'that':'t','after':'drop','same':'call','gaps':'growing'}", IM_NOT_MET);
}

static const struct CMUnitTest tests[] = {
    TOLD(gaps_must_grow),
    TOLD(there_must_be_a_pause),
    TOLD(the_first_repeat_may_come_at_once),
    TOLD(a_second_each_time_is_patience),
    TOLD(the_clock_makes_a_gap_too),
    TOLD(waiting_for_a_stalled_answer_is_no_pause),
    TOLD(a_pause_whose_begin_was_seen_too_late_is_not_known),
    TOLD(gaps_are_those_of_each_call),
    TOLD(many_gaps_are_cut_short),
    TOLD(two_pauses_that_are_alike_may_be_random),
    TOLD(a_short_draw_of_a_random_pause_is_no_haste),
    TOLD(random_pauses_need_not_grow),
    TOLD(calls_of_its_own_need_no_pause_between_them),
    TOLD(tries_to_sign_on_one_behind_the_other_may_be_those_of_several_jobs),
    TOLD(more_tries_at_once_than_equal_calls_explain_are_certain),
    TOLD(tries_at_once_of_a_call_that_begins_the_baseline_are_certain),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
