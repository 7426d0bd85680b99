/* recovery.c: what a client is to do once it was refused, and who may leave it undone (rules 2 and 6 of
 * scenarios/README.md). */
#include "unit/verdict/teller.h"

/* ---- of whom it is demanded (rule 2) ---- */

static void recovery_is_demanded_of_a_resilient_client_alone(void **state)
{
    struct history *h = *state;

    signs_on_in_vain(h);
    outcome(h, REPEATED, IM_NOT_MET);
    h->options.fail_fast = true;
    outcome(h, REPEATED, IM_INFORMATION);
    call(h, 1, "T2");
    outcome(h, REPEATED, IM_MET);
}

static void recovery_can_still_come_while_the_client_is_running(void **state)
{
    struct history *h = *state;

    dead(h, 1, "T1");
    h->options.running = true;
    outcome(h, REPEATED, IM_PENDING);
}

static void safety_is_demanded_of_everybody(void **state)
{
    struct history *h = *state;

    signs_on_times(h, 1);
    h->options.fail_fast = h->options.running = true;
    signs_on_in_vain(h);
    dead(h, 2, "T1");
    outcome(h, NOT_HAMMERED, IM_NOT_MET);
}

static void exactly_one_is_two_bounds(void **state)
{
    struct history *h = *state;

    signs_on_times(h, 1);
    signs_on_in_vain(h);
    h->options.fail_fast = true;
    outcome(h, ONE_TOKEN, IM_INFORMATION); /* none: it may end there */
    signs_on(h, "T2");
    outcome(h, ONE_TOKEN, IM_MET);
    signs_on(h, "T3");
    outcome(h, ONE_TOKEN, IM_NOT_MET);
}

static void advice_is_never_a_failure(void **state)
{
    struct history *h = *state;

    refused(h);
    outcome(h, "{'that':'t','cause':'access-token-revoked','count':0,'advice':true}",
            IM_INFORMATION);
}

/* ---- what is one ---- */

static void what_came_instead_is_that_of_the_same_user(void **state)
{
    struct history *h = *state;

    dead(h, 1, "T1")->user = IM_STR("a@acme");
    dead(h, 1, "T2")->user = IM_STR("b@acme");
    dead(h, 1, "T1")->user = IM_STR("a@acme");
    const struct im_judgement *judgement = judge(h, "[" REPEATED "]");
    assert_true(im_str_is(ids(h, judgement), "1 3"));
}

static void an_ordinary_answer_of_the_call_is_a_recovery_too(void **state)
{
    struct history *h = *state;

    dead(h, 1, "T1");
    refuses(call(h, 1, "T2"), 404, CAUSE_RECORD_NOT_FOUND);
    outcome(h, REPEATED, IM_MET);
}

static void right_data_under_a_wrong_label_is_an_answer(void **state)
{
    struct history *h = *state;

    dead(h, 1, "T1");
    call(h, 1, "T2")->fault = IM_FAULT_WRONG_TYPE;
    outcome(h, REPEATED, IM_MET);
    h->seen[1].fault = IM_FAULT_HTML;
    outcome(h, REPEATED, IM_NOT_MET);
}

static void a_call_that_the_client_makes_anyway_is_no_repeat(void **state)
{
    struct history *h = *state;

    signs_on(h, "T0");
    call(h, 1, "T0");
    call(h, 2, "T0")->path = IM_STR("/call/1"); /* the same path, another query */
    is_the_baseline(h);
    dead(h, 1, "T1");
    call(h, 2, "T2")->path = IM_STR("/call/1");
    outcome(h, REPEATED, IM_NOT_MET);
    call(h, 3, "T2")->path =
        IM_STR("/call/1"); /* it never makes that one: a date in it */
    outcome(h, REPEATED, IM_MET);
}

static void a_repeat_with_another_query_is_told_of(void **state)
{
    struct history *h = *state;

    signs_on(h, "T0");
    call(h, 1, "T0");
    is_the_baseline(h);
    dead(h, 1, "T1");
    call(h, 3, "T2")->path = IM_STR("/call/1"); /* a cache buster */
    assert_true(im_str_is(judge(h, "[" REPEATED "]")->why, "once, as it should be"));
}

static void what_the_journal_dropped_may_be_what_was_not_seen(void **state)
{
    struct history *h = *state;

    dead(h, 1, "T1");
    h->options.forgotten = true;
    outcome(h, "{'that':'t','endpoint':'token'}", IM_CANNOT_TELL);
    outcome(h, REPEATED, IM_NOT_MET); /* that came later, or not at all */
}

/* ---- who may stop (rule 6) ---- */

static void a_client_may_stop_when_the_repeat_is_refused_too(void **state)
{
    struct history *h = *state;

    dead(h, 1, "T1");
    dead(h, 1, "T2");
    outcome(h, REPEATED, IM_CANNOT_TELL);
    h->options.fail_fast = true; /* nothing was demanded that could be doubted */
    outcome(h, REPEATED, IM_INFORMATION);
}

/* A person signs in, now as in the baseline; then the token is over. */
static void signs_on_by_code_in_vain(struct history *h)
{
    for (int run = 0; run < 2; run++) {
        signs_on(h, "T1")->grant = IM_STR("authorization_code");
        if (run == 0)
            is_the_baseline(h);
    }
    dead(h, 1, "T1");
}

static void who_needs_a_person_to_sign_in_may_stop(void **state)
{
    struct history *h = *state;

    signs_on_by_code_in_vain(h);
    outcome(h, REPEATED, IM_NOT_MET); /* it did not even try */
    refreshes(h, "");
    is(h, REPEATED, IM_CANNOT_TELL,
       "cannot tell: it signs on by authorization code alone, and its last request for a "
       "token, exchange 3, was of no use (client-secret-wrong); where a person has to "
       "sign in again, it may stop",
       "2");
    h->seen[2].fault = IM_FAULT_DROP;
    h->seen[2].cause = CAUSE_NONE;
    is(h, REPEATED, IM_CANNOT_TELL,
       "cannot tell: it signs on by authorization code alone, and its last request for a "
       "token, exchange 3, was of no use (fault: drop); where a person has to sign in "
       "again, it may stop",
       "2");
    h->seen[0].grant = IM_STR("client_credentials");
    outcome(h, REPEATED, IM_NOT_MET);
}

/* Go's AutoDetect and Authlib send the credentials by HTTP Basic, also where the body is wanted. */
static void no_person_mends_where_the_credentials_are_put(void **state)
{
    struct history *h = *state;

    signs_on_by_code_in_vain(h);
    refreshes(h, "")->status = 400;
    h->seen[2].cause = CAUSE_REFRESH_TOKEN_EXPIRED;
    is(h, REPEATED, IM_CANNOT_TELL,
       "cannot tell: it signs on by authorization code alone, and its last request for a "
       "token, exchange 3, was of no use (refresh-token-expired); where a person has to "
       "sign "
       "in again, it may stop",
       "2");
    h->seen[2].cause = CAUSE_CLIENT_AUTH_IN_HEADER_ON_REFRESH;
    outcome(h, REPEATED, IM_NOT_MET);
    h->seen[2].rule = 1; /* a rule says so of any client */
    outcome(h, REPEATED, IM_CANNOT_TELL);
}

/* ---- going on after what no client can have read ---- */

#define REPEATED_AFTER_HTML                                                              \
    "{'that':'t','endpoint':'api','status':'2xx','after':'html','same':'call',"          \
    "'at_least':1}"

static void meets_a_page_when_failing_fast(struct history *h)
{
    h->options.fail_fast = true;
    signs_on_times(h, 1);
    signs_on(h, "T0");
    call(h, 1, "T0")->fault = IM_FAULT_HTML;
}

static void who_fails_fast_does_not_go_on(void **state)
{
    struct history *h = *state;

    meets_a_page_when_failing_fast(h);
    outcome(h, REPEATED_AFTER_HTML, IM_INFORMATION);
    call(h, 2, "T0");
    is(h, REPEATED_AFTER_HTML, IM_CANNOT_TELL,
       "cannot tell: the client went on with exchange 3 and did not repeat exchange 2: "
       "it may "
       "have taken that answer for success, or done without it; a client that fails fast "
       "ends there",
       "2");
}

static void another_job_goes_its_own_way(void **state)
{
    struct history *h = *state;

    meets_a_page_when_failing_fast(h);
    signs_on(h, "T1");
    call(h, 2, "T1");
    outcome(h, REPEATED_AFTER_HTML, IM_INFORMATION);
    /* nor can a worker that was under way be called back */
    call(h, 3, "T0");
    together(h, call(h, 4, "T0"));
    outcome(h, REPEATED_AFTER_HTML, IM_INFORMATION);
}

static const struct CMUnitTest tests[] = {
    TOLD(recovery_is_demanded_of_a_resilient_client_alone),
    TOLD(recovery_can_still_come_while_the_client_is_running),
    TOLD(safety_is_demanded_of_everybody),
    TOLD(exactly_one_is_two_bounds),
    TOLD(advice_is_never_a_failure),
    TOLD(what_came_instead_is_that_of_the_same_user),
    TOLD(an_ordinary_answer_of_the_call_is_a_recovery_too),
    TOLD(right_data_under_a_wrong_label_is_an_answer),
    TOLD(a_call_that_the_client_makes_anyway_is_no_repeat),
    TOLD(a_repeat_with_another_query_is_told_of),
    TOLD(what_the_journal_dropped_may_be_what_was_not_seen),
    TOLD(a_client_may_stop_when_the_repeat_is_refused_too),
    TOLD(who_needs_a_person_to_sign_in_may_stop),
    TOLD(no_person_mends_where_the_credentials_are_put),
    TOLD(who_fails_fast_does_not_go_on),
    TOLD(another_job_goes_its_own_way),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
