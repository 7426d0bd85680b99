/* window.c: what opens a window, what closes it, and what lies in it (rule 3 of scenarios/README.md). */
#include "unit/verdict/teller.h"

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

/* ---- how long it is ---- */

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

/* ---- what closes it (rule 3) ---- */

static void ordinary_later_work_is_not_counted(void **state)
{
    struct history *h = *state;

    signs_on_times(h, 3);
    signs_on_in_vain(h);
    signs_on(h, "T2");
    call(h, 1, "T2");
    for (int i = 0; i < 4; i++)
        signs_on(h, "T3"); /* the next jobs */
    outcome(h, ONE_TOKEN, IM_MET);
}

#define NOT_AFTER_REFUSED_CREDENTIALS                                                    \
    "{'that':'t','endpoint':'api','refused_for':'token',"                                \
    "'after':'client-secret-wrong','count':0}"

static void a_window_closes_for_calls_with_another_way_in(void **state)
{
    struct history *h = *state;

    signs_on(h, "");
    outcome(h, NOT_AFTER_REFUSED_CREDENTIALS, IM_MET);
    signs_on_in_vain(h);
    outcome(h, NOT_AFTER_REFUSED_CREDENTIALS, IM_MET);
}

static void a_call_without_a_token_counts_and_an_ordinary_refusal_does_not(void **state)
{
    struct history *h = *state;

    signs_on(h, "");
    refuses(call(h, 1, "T1"), 404, CAUSE_RECORD_NOT_FOUND);
    outcome(h, NOT_AFTER_REFUSED_CREDENTIALS, IM_MET);
    refuses(call(h, 2, ""), 401, CAUSE_AUTHORIZATION_HEADER_MISSING);
    outcome(h, NOT_AFTER_REFUSED_CREDENTIALS, IM_NOT_MET);
}

static void each_refused_token_opens_a_window(void **state)
{
    struct history *h = *state;

    signs_on_times(h, 1);
    signs_on_in_vain(h);
    refreshes(h, "T2");
    call(h, 1, "T2");
    dead(h, 2, "T2");
    outcome(h, ONE_TOKEN, IM_NOT_MET);
    refreshes(h, "T3");
    outcome(h, ONE_TOKEN, IM_MET);
}

static void who_does_not_wait_shows_it_before_the_answer_comes(void **state)
{
    struct history *h = *state;
    struct im_exchange *slow = NULL;

    signs_on_times(h, 1);
    signs_on(h, "T1");
    slow = at(h, call(h, 1, "T1"), 0, 500);
    slow->fault = IM_FAULT_DELAY;
    outcome(h, NO_TOKEN_AFTER("delay"), IM_MET);
    signs_on(h, "T2");
    outcome(h, NO_TOKEN_AFTER("delay"), IM_NOT_MET);
}

static const struct CMUnitTest tests[] = {
    TOLD(without_its_anchor_an_expectation_is_not_exercised),
    TOLD(only_what_began_after_the_anchor_was_answered_counts),
    TOLD(there_are_four_kinds_of_anchors),
    TOLD(a_warning_is_an_anchor),
    TOLD(expectations_follow_one_another),
    TOLD(a_circle_is_not_exercised),
    TOLD(other_users_are_left_out),
    TOLD(nothing_may_come_within_the_window),
    TOLD(time_may_pass_by_the_clock_alone),
    TOLD(a_frozen_clock_that_is_advanced_counts),
    TOLD(a_slow_answer_is_not_a_pause),
    TOLD(every_anchor_opens_a_window),
    TOLD(a_lower_bound_must_hold_in_each_window),
    TOLD(ordinary_later_work_is_not_counted),
    TOLD(a_window_closes_for_calls_with_another_way_in),
    TOLD(a_call_without_a_token_counts_and_an_ordinary_refusal_does_not),
    TOLD(each_refused_token_opens_a_window),
    TOLD(who_does_not_wait_shows_it_before_the_answer_comes),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
