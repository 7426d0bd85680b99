/* What may be sent while the client was told to wait (rules 4 to 6 of scenarios/README.md). */
#include "unit/verdict/teller.h"

static void the_pause_is_as_long_as_its_answer_says(void **state)
{
    struct history *h = *state;
    const char *as_told = "{'that':'t','after':'rate-limited','within':'retry-after',"
                          "'count':0}";

    signs_on_times(h, 1);
    is_told_to_wait(h)->retry_after_s = 1;
    h->now_us += 1000 * MS;
    is_told_to_wait(h)->retry_after_s = 2;
    outcome(h, as_told, IM_MET);
    h->now_us += 1000 * MS;
    is_told_to_wait(h);
    not_met(h, as_told, "wanted none, but saw 1 within 2s after exchange 2", "2 3");
    h->seen[1].retry_after_s = 1;
    call(h, 1, "T1"); /* at once: nothing was said of how long */
    outcome(h, as_told, IM_MET);
    h->seen[0].retry_after_s = h->seen[1].retry_after_s = 0;
    not_exercised(h, as_told,
                  "rate-limited never happened with a Retry-After, so this was not "
                  "exercised");
}

static const char *const waits = "{'that':'t','after':'rate-limited','within':'1s',"
                                 "'count':0}";

/* Who does one thing after the other was told to wait, whatever it does next. */
static void where_nothing_is_parallel_nothing_may_be_sent_in_a_pause(void **state)
{
    struct history *h = *state;

    signs_on(h, "T0");
    for (int i = 0; i < 3; i++)
        call(h, 1, "T0"); /* it polls */
    is_the_baseline(h);
    signs_on(h, "T1");
    is_told_to_wait(h);
    call(h, 1, "T1");
    outcome(h, waits, IM_NOT_MET);
    together(h, call(h, 1, "T1")); /* a second worker makes the same call */
    outcome(h, waits, IM_MET);     /* no more often than ever */
    call(h, 1, "T1");
    outcome(h, waits, IM_CANNOT_TELL);
}

static void in_a_pause_another_worker_may_call_but_not_repeat_what_failed(void **state)
{
    struct history *h = *state;

    works_in_parallel(h);
    is_told_to_wait(h);
    call(h, 2, "T1");
    call(h, 2, "T1");
    outcome(h, waits, IM_MET);
    refuses(&h->seen[1], 503, CAUSE_SERVICE_UNAVAILABLE);
    outcome(h, waits, IM_NOT_MET);
}

static void giving_tokens_back_is_no_try(void **state)
{
    struct history *h = *state;
    const char *const ends[] = {"revoke", "introspect"};

    for (int i = 0; i < 2; i++) {
        h->count = 0;
        signs_on_times(h, 1);
        signs_on(h, "T1");
        is_told_to_wait(h);
        saw(h, ends[i], 200, CAUSE_NONE)->call = 9;
        outcome(h, waits, IM_MET);
        refuses(saw(h, ends[i], 429, CAUSE_RATE_LIMITED), 429, CAUSE_RATE_LIMITED)->call =
            9;
        saw(h, ends[i], 200, CAUSE_NONE)->call = 9; /* but it is told to wait itself */
        outcome(h, waits, IM_NOT_MET);
    }
}

static void a_refresh_by_the_clock_may_fall_into_a_pause(void **state)
{
    struct history *h = *state;

    signs_on(h, "T0");
    refreshes(h, "T00");
    is_the_baseline(h);
    is_told_to_wait(h);
    refreshes(h, "T2");
    outcome(h, waits, IM_MET);
    refreshes(h, "T3"); /* more often than ever */
    outcome(h, waits, IM_CANNOT_TELL);
    h->count = 0;
    signs_on_times(h, 1); /* never refreshes where nothing goes wrong */
    is_told_to_wait(h);
    refreshes(h, "T2");
    outcome(h, waits, IM_NOT_MET);
}

static const struct CMUnitTest tests[] = {
    TOLD(the_pause_is_as_long_as_its_answer_says),
    TOLD(where_nothing_is_parallel_nothing_may_be_sent_in_a_pause),
    TOLD(in_a_pause_another_worker_may_call_but_not_repeat_what_failed),
    TOLD(giving_tokens_back_is_no_try),
    TOLD(a_refresh_by_the_clock_may_fall_into_a_pause),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
