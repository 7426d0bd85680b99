/* count.c: whether a dead token that comes again was in flight already, or is hammered (rule 4 of
 * scenarios/README.md). */
#include "unit/verdict/teller.h"

/* ---- one thing after the other ---- */

static void every_later_use_of_a_dead_token_counts_where_nothing_is_parallel(void **state)
{
    struct history *h = *state;

    signs_on_in_vain(h);
    outcome(h, NOT_HAMMERED, IM_MET);
    dead(h, 2, "T1");
    dead(h, 3, "T1");
    not_met(h, NOT_HAMMERED, "wanted at most 1 per token, but saw 3 with one of them",
            "2 3 4");
    h->seen[1].connection = 7; /* whether connections are kept makes no difference */
    h->seen[2].connection = 8;
    outcome(h, NOT_HAMMERED, IM_NOT_MET);
}

/* Late calls are tolerated only as far as the client was ever seen to work in parallel. */
static void an_old_token_beside_a_new_one_counts_where_nothing_is_parallel(void **state)
{
    struct history *h = *state;

    signs_on_times(h, 1);
    signs_on_in_vain(h);
    refreshes(h, "T2");
    call(h, 1, "T2");
    outcome(h, NOT_HAMMERED, IM_MET);
    dead(h, 2, "T1");
    outcome(h, NOT_HAMMERED, IM_NOT_MET);
}

static void where_no_token_is_asked_for_a_dead_one_is_used_on(void **state)
{
    struct history *h = *state;

    signs_on_times(h, 1);
    signs_on_in_vain(h);
    dead(h, 2, "T1");
    outcome(h, NOT_HAMMERED, IM_NOT_MET);
}

static void who_gave_up_waiting_for_a_refusal_does_not_know_of_it(void **state)
{
    struct history *h = *state;

    signs_on_times(h, 1);
    signs_on(h, "T1");
    struct im_exchange *slow = at(h, dead(h, 1, "T1"), 0, 450);
    slow->fault = IM_FAULT_DELAY;
    slow->delivered_us = slow->began_us + 200 * MS;
    h->now_us += 1000 * MS;
    dead(h, 1, "T1");
    outcome(h, NOT_HAMMERED, IM_MET);
    h->count--;
    outcome(h, REPEATED, IM_NOT_EXERCISED);
    slow->delivered_us = slow->ended_us;
    slow->unheard = true; /* the delay came before it was decided */
    outcome(h, REPEATED, IM_NOT_EXERCISED);
    slow->unheard = false;
    outcome(h, REPEATED, IM_NOT_MET);
    dead(h, 1, "T1");
    outcome(h, NOT_HAMMERED, IM_NOT_MET);
}

/* ---- in parallel ---- */

static void in_parallel_only_a_repeat_of_its_own_counts(void **state)
{
    struct history *h = *state;

    signs_on_in_vain(h);
    together(h, dead(h, 2, "T1"));
    dead(h, 3, "T1"); /* late: sent before it was known, as far as can be told */
    outcome(h, NOT_HAMMERED, IM_MET);
    dead(h, 2, "T1");
    outcome(h, NOT_HAMMERED, IM_NOT_MET);
}

static void a_repeat_in_the_moment_of_the_refusal_is_one(void **state)
{
    struct history *h = *state;

    works_in_parallel(h);
    dead(h, 1, "T1");
    at(h, dead(h, 1, "T1"), -9, 1); /* it begins as the first is delivered */
    outcome(h, NOT_HAMMERED, IM_NOT_MET);
    at(h, &h->seen[1], -1, 1); /* on its way already */
    outcome(h, NOT_HAMMERED, IM_MET);
}

static void a_client_is_parallel_where_the_baseline_saw_it_so(void **state)
{
    struct history *h = *state;

    works_in_parallel(h);
    signs_on_in_vain(h);
    dead(h, 2, "T1");
    outcome(h, NOT_HAMMERED, IM_MET);
}

static void the_first_of_all_may_be_one_of_two_at_once(void **state)
{
    struct history *h = *state;

    at(h, dead(h, 1, "T1"), 0, 30);
    dead(h, 2, "T1");
    h->now_us += 100 * MS;
    dead(h, 3, "T1"); /* a third worker's */
    outcome(h, NOT_HAMMERED, IM_MET);
}

static void identical_calls_at_once_cannot_be_told_apart(void **state)
{
    struct history *h = *state;

    signs_on_in_vain(h);
    together(h, dead(h, 1, "T1"));
    dead(h, 1, "T1");
    outcome(h, NOT_HAMMERED, IM_CANNOT_TELL);
}

static void a_dead_token_used_more_often_than_the_call_is_made_is_hammered(void **state)
{
    struct history *h = *state;

    signs_on(h, "T0");
    call(h, 1, "T0");
    together(h, call(h, 1, "T0"));
    is_the_baseline(h);
    signs_on(h, "T1");
    for (int i = 0; i < 4; i++)
        dead(h, 1, "T1");
    outcome(h, NOT_HAMMERED, IM_CANNOT_TELL);
    dead(h, 1, "T1");
    outcome(h, NOT_HAMMERED, IM_NOT_MET);
}

static const struct CMUnitTest tests[] = {
    TOLD(every_later_use_of_a_dead_token_counts_where_nothing_is_parallel),
    TOLD(an_old_token_beside_a_new_one_counts_where_nothing_is_parallel),
    TOLD(where_no_token_is_asked_for_a_dead_one_is_used_on),
    TOLD(who_gave_up_waiting_for_a_refusal_does_not_know_of_it),
    TOLD(in_parallel_only_a_repeat_of_its_own_counts),
    TOLD(a_repeat_in_the_moment_of_the_refusal_is_one),
    TOLD(a_client_is_parallel_where_the_baseline_saw_it_so),
    TOLD(the_first_of_all_may_be_one_of_two_at_once),
    TOLD(identical_calls_at_once_cannot_be_told_apart),
    TOLD(a_dead_token_used_more_often_than_the_call_is_made_is_hammered),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
