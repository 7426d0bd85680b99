/* The rules of scenarios/README.md about what a verdict may claim: each from both sides, told as
 * histories. */
#include "unit/verdict/teller.h"

#define ONE_TOKEN                                                                        \
    "{'that':'t','endpoint':'token','status':200,'after':'access-token-revoked',"        \
    "'count':1}"
#define REPEATED                                                                         \
    "{'that':'t','endpoint':'api','status':'2xx','after':'access-token-revoked',"        \
    "'same':'call','at_least':1}"
#define NOT_HAMMERED                                                                     \
    "{'that':'t','cause':'access-token-revoked','at_most':1,'per':'token'}"
#define NO_TOKEN_AFTER(what)                                                             \
    "{'that':'t','endpoint':'token','after':'" what "','count':0}"

/* ---- what is told ---- */

static struct im_exchange *call(struct history *h, int number, const char *token)
{
    struct im_exchange *seen = answered(h);

    seen->call = (uint64_t)number;
    seen->path = im_arena_format(&h->arena, "/call/%d", number);
    seen->token = im_str(token);
    return seen;
}

static struct im_exchange *dead(struct history *h, int number, const char *token)
{
    struct im_exchange *seen = call(h, number, token);

    seen->status = 401;
    seen->cause = CAUSE_ACCESS_TOKEN_REVOKED;
    return seen;
}

static struct im_exchange *signs_on(struct history *h, const char *issued)
{
    struct im_exchange *seen = saw(h, "token", *issued ? 200 : 401,
                                   *issued ? CAUSE_NONE : CAUSE_CLIENT_SECRET_WRONG);

    seen->grant = IM_STR("client_credentials");
    seen->issued = im_str(issued);
    seen->call = 1000;
    return seen;
}

static struct im_exchange *refreshes(struct history *h, const char *issued)
{
    struct im_exchange *seen = signs_on(h, issued);

    seen->grant = IM_STR("refresh_token");
    return seen;
}

/* Begins together with the one before it. */
static struct im_exchange *together(struct history *h, struct im_exchange *seen)
{
    return at(h, seen, -10, 1);
}

static struct im_exchange *refuses(struct im_exchange *seen, int status,
                                   enum im_cause cause)
{
    seen->status = status;
    seen->cause = cause;
    return seen;
}

/* All that was told so far is what the client does where nothing goes wrong. */
static void is_the_baseline(struct history *h)
{
    struct im_exchange *copy =
        IM_ARENA_ARRAY(&h->arena, struct im_exchange, h->count + 1);
    struct im_history *baseline = IM_ARENA_NEW(&h->arena, struct im_history);

    memcpy(copy, h->seen, h->count * sizeof(*copy));
    assert_true(im_history_read(baseline, copy, h->count, &h->arena));
    h->options.baseline = baseline;
    h->count = 0;
}

static void signs_on_times(struct history *h, int times)
{
    for (int i = 0; i < times; i++)
        signs_on(h, "T0");
    call(h, 1, "T0");
    call(h, 2, "T0");
    is_the_baseline(h);
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

/* The baseline of two workers at once. */
static void works_in_parallel(struct history *h)
{
    signs_on(h, "T0");
    call(h, 1, "T0");
    together(h, call(h, 2, "T0"));
    is_the_baseline(h);
}

/* The baseline makes one call twice. */
static void makes_a_call_twice(struct history *h)
{
    signs_on(h, "T0");
    call(h, 1, "T0");
    call(h, 1, "T0");
    is_the_baseline(h);
}

/* Its first call is refused, since its token, T1, is over. */
static void signs_on_in_vain(struct history *h)
{
    signs_on(h, "T1");
    dead(h, 1, "T1");
}

static struct im_exchange *is_told_to_wait(struct history *h)
{
    return refuses(call(h, 1, "T1"), 429, CAUSE_RATE_LIMITED);
}

static void outcome(struct history *h, const char *expect, enum im_outcome_of wanted)
{
    struct im_str text = im_arena_format(&h->arena, "[%s]", expect);
    const struct im_judgement *judgement = judge(h, text.at);

    if (judgement->outcome != wanted)
        fail_msg("%s: %s, for %.*s", expect, im_outcome_of_name(judgement->outcome),
                 IM_ARG(judgement->why));
}

/* ---- 2: recovery and safety ---- */

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

static void a_client_may_stop_when_the_repeat_is_refused_too(void **state)
{
    struct history *h = *state;

    dead(h, 1, "T1");
    dead(h, 1, "T2");
    outcome(h, REPEATED, IM_CANNOT_TELL);
    h->options.fail_fast = true; /* nothing was demanded that could be doubted */
    outcome(h, REPEATED, IM_INFORMATION);
}

/* ---- 3: windows ---- */

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

static void a_window_closes_for_calls_with_another_way_in(void **state)
{
    struct history *h = *state;
    const char *none = "{'that':'t','endpoint':'api','refused_for':'token',"
                       "'after':'client-secret-wrong','count':0}";

    signs_on(h, "");
    outcome(h, none, IM_MET);
    signs_on_in_vain(h);
    outcome(h, none, IM_MET);
}

static void a_call_without_a_token_counts_and_an_ordinary_refusal_does_not(void **state)
{
    struct history *h = *state;
    const char *none = "{'that':'t','endpoint':'api','refused_for':'token',"
                       "'after':'client-secret-wrong','count':0}";

    signs_on(h, "");
    refuses(call(h, 1, "T1"), 404, CAUSE_RECORD_NOT_FOUND);
    outcome(h, none, IM_MET);
    refuses(call(h, 2, ""), 401, CAUSE_AUTHORIZATION_HEADER_MISSING);
    outcome(h, none, IM_NOT_MET);
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

/* ---- 4: in flight ---- */

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

static void identical_calls_at_once_cannot_be_told_apart(void **state)
{
    struct history *h = *state;

    signs_on_in_vain(h);
    together(h, dead(h, 1, "T1"));
    dead(h, 1, "T1");
    outcome(h, NOT_HAMMERED, IM_CANNOT_TELL);
}

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

/* ---- what is repeated by each of several ---- */

static struct im_exchange *refreshes_in_vain(struct history *h, int number)
{
    struct im_exchange *seen =
        refuses(refreshes(h, ""), 401, CAUSE_CLIENT_SECRET_ROTATED);

    seen->call = (uint64_t)number;
    return seen;
}

static void each_request_with_wrong_credentials_may_be_tried_twice(void **state)
{
    struct history *h = *state;
    const char *twice =
        "{'that':'t','cause':'client-secret-rotated','at_most':2,'per':'call'}";

    signs_on_times(h, 1);
    for (int i = 0; i < 2; i++)
        refreshes_in_vain(h, 50);
    refuses(signs_on(h, ""), 401, CAUSE_CLIENT_SECRET_ROTATED);
    refreshes_in_vain(h, 51); /* another grant's */
    outcome(h, twice, IM_MET);
    refreshes_in_vain(h, 50);
    outcome(h, twice, IM_NOT_MET);
    h->count--;
    for (int i = 0; i < 2; i++)
        refuses(signs_on(h, ""), 401, CAUSE_CLIENT_SECRET_ROTATED);
    outcome(h, twice, IM_NOT_MET);
}

/* Another key and another body make another call of it. */
static struct im_exchange *creates(struct history *h, int number, enum im_fault fault)
{
    struct im_exchange *seen = call(h, number, "T0");

    seen->method = IM_STR("POST");
    seen->path = IM_STR("/bill");
    seen->created = true;
    seen->fault = fault;
    return seen;
}

static const char *const not_twice = "{'that':'t','after':'drop','same':'call',"
                                     "'created':true,'count':0}";

static void two_records_that_are_alike_may_be_meant(void **state)
{
    struct history *h = *state;

    creates(h, 1, IM_FAULT_NONE);
    creates(h, 1, IM_FAULT_NONE);
    is_the_baseline(h);
    creates(h, 1, IM_FAULT_DROP);
    creates(h, 1, IM_FAULT_NONE);
    outcome(h, not_twice, IM_MET);
    creates(h, 1, IM_FAULT_NONE);
    outcome(h, not_twice, IM_NOT_MET);
    h->options.baseline = NULL;
    h->count--;
    outcome(h, not_twice, IM_NOT_MET);
}

static void renewing_a_short_lived_token_ahead_is_no_loop(void **state)
{
    struct history *h = *state;

    signs_on_times(h, 1);
    signs_on(h, "T1")->issued_for_s = 300;
    dead(h, 1, "T1");
    refreshes(h, "T2")->issued_for_s = 300; /* since the old one was refused */
    for (int i = 3; i < 6; i++) {
        const char *next = im_arena_format(&h->arena, "T%d", i).at;
        refreshes(h, next)->issued_for_s = 300; /* ahead of each call */
        call(h, 1, next);
    }
    is(h, ONE_TOKEN, IM_CANNOT_TELL,
       "cannot tell: these tokens live five minutes at most, and where the client renews "
       "tokens so far ahead, it renews these before each call; a smaller margin shows it",
       "2 3 4 6 8");
    for (int i = 0; i < 9; i++) /* it need not where they live longer */
        h->seen[i].issued_for_s = 301;
    outcome(h, ONE_TOKEN, IM_NOT_MET);
    h->count = 2;
    for (int i = 2; i < 5; i++) /* none of which is used */
        refreshes(h, im_arena_format(&h->arena, "T%d", i).at)->issued_for_s = 300;
    outcome(h, ONE_TOKEN, IM_NOT_MET);
}

static void who_needs_a_person_to_sign_in_may_stop(void **state)
{
    struct history *h = *state;

    for (int run = 0; run < 2; run++) {
        signs_on(h, "T1")->grant = IM_STR("authorization_code");
        if (run == 0)
            is_the_baseline(h);
    }
    dead(h, 1, "T1");
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

    for (int run = 0; run < 2; run++) {
        signs_on(h, "T1")->grant = IM_STR("authorization_code");
        if (run == 0)
            is_the_baseline(h);
    }
    dead(h, 1, "T1");
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

static void the_same_call_twice_at_once_is_certain_where_one_thing_follows_another(
    void **state)
{
    struct history *h = *state;
    const char *once = "{'that':'t','in_parallel_at_most':1,'per':'call'}";

    call(h, 1, "T1");
    together(h, call(h, 1, "T1"));
    outcome(h, once, IM_NOT_MET);
    at(h, call(h, 2, "T1"), 0, 30);
    call(h, 3, "T1"); /* two workers: the equal calls may be one of each */
    outcome(h, once, IM_CANNOT_TELL);
}

static void the_same_call_twice_at_once_is_none_where_it_is_made_twice(void **state)
{
    struct history *h = *state;
    const char *once = "{'that':'t','in_parallel_at_most':1,'per':'call'}";

    call(h, 1, "T0");
    together(h, call(h, 2, "T0"));
    together(h, call(h, 1, "T0"));
    is_the_baseline(h);
    call(h, 1, "T1");
    together(h, call(h, 1, "T1"));
    outcome(h, once, IM_CANNOT_TELL);
    h->count = 0;
    call(h, 2, "T1"); /* this one is made once */
    together(h, call(h, 2, "T1"));
    outcome(h, once, IM_NOT_MET);
}

static void refreshes_of_two_grants_are_not_at_once(void **state)
{
    struct history *h = *state;
    const char *once = "{'that':'t','endpoint':'token','in_parallel_at_most':1}";

    refreshes(h, "T1")->grant_id = 1;
    together(h, refreshes(h, "T2"))->grant_id = 2;
    outcome(h, once, IM_MET);
    h->seen[1].grant_id = 1;
    outcome(h, once, IM_NOT_MET);
    h->seen[1].grant_id = 0; /* of which grant is not known */
    outcome(h, once, IM_NOT_MET);
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

static void a_call_that_is_made_as_often_as_ever_is_no_repeat(void **state)
{
    struct history *h = *state;
    const char *once = "{'that':'t','cause':'path-unknown','at_most':1,'per':'call'}";

    makes_a_call_twice(h);
    refuses(call(h, 1, "T1"), 404, CAUSE_PATH_UNKNOWN);
    refuses(call(h, 1, "T1"), 404, CAUSE_PATH_UNKNOWN);
    outcome(h, once, IM_MET);
    refuses(call(h, 1, "T1"), 404, CAUSE_PATH_UNKNOWN);
    outcome(h, once, IM_NOT_MET); /* more than once for each */
    h->options.baseline = NULL;
    outcome(h, once, IM_NOT_MET);
}

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

/* A token or a date within the call makes it another one in each sandbox. */
static void a_call_that_differs_from_run_to_run_is_known_by_its_address(void **state)
{
    struct history *h = *state;
    const char *once = "{'that':'t','cause':'token-missing','at_most':1,'per':'call'}";

    signs_on(h, "T0");
    for (int i = 0; i < 3; i++) {
        struct im_exchange *asks = saw(h, "introspect", 200, CAUSE_NONE);
        asks->call = 70; /* of token T0 */
    }
    is_the_baseline(h);
    signs_on(h, "T1");
    for (int i = 0; i < 3; i++)
        saw(h, "introspect", 400, CAUSE_TOKEN_MISSING)->call = 71; /* of token T1 */
    outcome(h, once, IM_MET);
    saw(h, "introspect", 400, CAUSE_TOKEN_MISSING)->call = 71;
    outcome(h, once, IM_NOT_MET); /* one more than ever */
    h->count--;
    saw(h, "introspect", 200, CAUSE_NONE)->call =
        70; /* the baseline's own is there too */
    outcome(h, once, IM_NOT_MET);
}

/* ---- 5: whose sign-on ---- */

static void a_further_sign_on_counts_where_the_client_signs_on_once(void **state)
{
    struct history *h = *state;

    signs_on_times(h, 1);
    signs_on(h, "T1");
    is_told_to_wait(h);
    signs_on(h, "T2");
    outcome(h, NO_TOKEN_AFTER("rate-limited"), IM_NOT_MET);
}

static void a_sign_on_after_the_call_went_well_is_later_work(void **state)
{
    struct history *h = *state;

    signs_on_times(h, 1);
    signs_on(h, "T1");
    is_told_to_wait(h);
    call(h, 1, "T1");
    signs_on(h, "T2");
    outcome(h, NO_TOKEN_AFTER("rate-limited"), IM_MET);
    h->count = 2;
    call(h, 2, "T1"); /* another call shows nothing of the refused one */
    signs_on(h, "T2");
    outcome(h, NO_TOKEN_AFTER("rate-limited"), IM_NOT_MET);
}

static void a_code_that_was_never_issued_counts_whoever_sends_it(void **state)
{
    struct history *h = *state;

    signs_on_times(h, 2);
    signs_on(h, "T1");
    saw(h, "authorize", 302, CAUSE_NONE)->issued = IM_STR("C1");
    is_told_to_wait(h);
    struct im_exchange *redeems = signs_on(h, "T2");
    redeems->grant = IM_STR("authorization_code");
    redeems->token = IM_STR("C1");
    outcome(h, NO_TOKEN_AFTER("rate-limited"), IM_MET); /* no more than ever */
    redeems->token = IM_STR("C2");
    outcome(h, NO_TOKEN_AFTER("rate-limited"), IM_NOT_MET);
}

static void it_cannot_be_told_where_it_signs_on_several_times(void **state)
{
    struct history *h = *state;

    signs_on_times(h, 2);
    signs_on(h, "T1");
    is_told_to_wait(h);
    signs_on(h, "T2");
    outcome(h, NO_TOKEN_AFTER("rate-limited"), IM_MET); /* no more than ever */
    signs_on(h, "");
    signs_on(h, "");
    is(h, "{'that':'t','cause':'client-secret-wrong','at_most':1}", IM_CANNOT_TELL,
       "cannot tell: the client signs on 2 times; give each test a sandbox of its own "
       "(client id demo~NAME.TEST, or /s/NAME.TEST)",
       "4 5");
}

/* Two jobs may try twice each; who tries a fifth time tries too often, whichever of them it is. */
static void more_than_all_its_jobs_may_try_is_certain(void **state)
{
    struct history *h = *state;
    const char *twice = "{'that':'t','cause':'client-secret-wrong','at_most':2}";

    signs_on_times(h, 2);
    for (int i = 0; i < 4; i++)
        signs_on(h, "");
    outcome(h, twice, IM_CANNOT_TELL); /* one of them may have tried three times */
    signs_on(h, "");
    outcome(h, twice, IM_NOT_MET);
}

/* Each of two jobs may come to sign on for the first time, and once more when its token is refused. */
static void more_tokens_than_all_its_jobs_need_is_certain(void **state)
{
    struct history *h = *state;

    signs_on_times(h, 2);
    signs_on_in_vain(h);
    for (int i = 0; i < 5; i++)
        at(h, signs_on(h, "T2"), i ? -10 * i : 0,
           100); /* before the first of them is had */
    outcome(h, ONE_TOKEN, IM_NOT_MET);
    h->count--;
    outcome(h, ONE_TOKEN, IM_CANNOT_TELL);
}

static void without_a_baseline_only_refreshes_count(void **state)
{
    struct history *h = *state;

    signs_on(h, "T1");
    is_told_to_wait(h);
    signs_on(h, "T2");
    outcome(h, NO_TOKEN_AFTER("rate-limited"), IM_CANNOT_TELL);
    h->count = 2;
    refreshes(h, "T2");
    outcome(h, NO_TOKEN_AFTER("rate-limited"), IM_NOT_MET);
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

static void a_refresh_of_another_grant_does_not_count(void **state)
{
    struct history *h = *state;

    is_told_to_wait(h);
    h->seen[0].grant_id = 1;
    refreshes(h, "T2")->grant_id = 2;
    outcome(h, NO_TOKEN_AFTER("rate-limited"), IM_MET);
}

static void renewing_again_before_the_new_token_is_used_counts(void **state)
{
    struct history *h = *state;

    dead(h, 1, "T1");
    refreshes(h, "T2");
    call(h, 1, "T2");
    refreshes(h, "T3"); /* the next job's, perhaps */
    outcome(h, ONE_TOKEN, IM_MET);
    h->count = 2;
    refreshes(h, "T3");
    outcome(h, ONE_TOKEN, IM_NOT_MET);
}

static void who_renews_by_the_clock_may_do_so_right_behind_a_renewal(void **state)
{
    struct history *h = *state;

    signs_on(h, "T0");
    call(h, 1, "T0");
    refreshes(h, "T00");
    is_the_baseline(h);
    dead(h, 1, "T1");
    refreshes(h, "T2");
    refreshes(h, "T3");
    call(h, 1, "T3");
    outcome(h, ONE_TOKEN, IM_CANNOT_TELL);
}

static struct im_exchange *refused_refresh(struct history *h, const char *token)
{
    struct im_exchange *seen =
        refuses(refreshes(h, ""), 400, CAUSE_REFRESH_TOKEN_UNKNOWN);

    seen->token = im_str(token);
    return seen;
}

/* A thread of its own renews now and then; each refresh is refused, and each time there is another way. */
static void signing_on_after_each_refused_refresh_is_no_loop(void **state)
{
    struct history *h = *state;
    const char *no_loop = "{'that':'t','endpoint':'token','after':"
                          "'refresh-token-unknown','at_most':2}";

    signs_on(h, "T0");
    call(h, 1, "T0");
    refreshes(h, "T00");
    refreshes(h, "T000");
    is_the_baseline(h);
    signs_on(h, "T1");
    for (int i = 2; i < 6; i++) {
        const char *next = im_arena_format(&h->arena, "T%d", i).at;
        refused_refresh(h, im_arena_format(&h->arena, "R%d", i).at);
        signs_on(h, next);
        call(h, 1, next);
    }
    outcome(h, no_loop, IM_MET);
    signs_on(h, "T6"); /* without a reason */
    signs_on(h, "T7");
    outcome(h, no_loop, IM_NOT_MET);
}

static void getting_one_token_after_the_other_is_a_loop(void **state)
{
    struct history *h = *state;

    signs_on_times(h, 1);
    signs_on(h, "T1");
    for (int i = 2; i < 5; i++) {
        refused_refresh(h, im_arena_format(&h->arena, "R%d", i).at);
        signs_on(h, im_arena_format(&h->arena, "T%d", i).at); /* which nobody uses */
    }
    outcome(h,
            "{'that':'t','endpoint':'token','after':'refresh-token-unknown','at_most':2}",
            IM_NOT_MET);
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

/* ---- 6: what is no mistake ---- */

static void right_data_under_a_wrong_label_is_an_answer(void **state)
{
    struct history *h = *state;

    dead(h, 1, "T1");
    call(h, 1, "T2")->fault = IM_FAULT_WRONG_TYPE;
    outcome(h, REPEATED, IM_MET);
    h->seen[1].fault = IM_FAULT_HTML;
    outcome(h, REPEATED, IM_NOT_MET);
}

static void what_the_journal_dropped_may_be_what_was_not_seen(void **state)
{
    struct history *h = *state;

    dead(h, 1, "T1");
    h->options.forgotten = true;
    outcome(h, "{'that':'t','endpoint':'token'}", IM_CANNOT_TELL);
    outcome(h, REPEATED, IM_NOT_MET); /* that came later, or not at all */
}

static void advice_is_never_a_failure(void **state)
{
    struct history *h = *state;

    refused(h);
    outcome(h, "{'that':'t','cause':'access-token-revoked','count':0,'advice':true}",
            IM_INFORMATION);
}

/* ---- a call that is refused with every token ---- */

#define GIVEN_UP                                                                         \
    "{'that':'t','endpoint':'api','cause':'access-token-revoked','at_most':5,"           \
    "'per':'call'}"

static void refused_with_each_token(struct history *h, int times)
{
    for (int i = 0; i < times; i++) {
        dead(h, 1, im_arena_format(&h->arena, "T%d", i).at);
        refreshes(h, im_arena_format(&h->arena, "T%d", i + 1).at);
    }
}

static void a_call_that_every_token_is_refused_for_is_given_up(void **state)
{
    struct history *h = *state;

    signs_on_times(h, 1);
    signs_on(h, "T0");
    refused_with_each_token(h, 2);
    met(h, GIVEN_UP, "twice, as it should be", "2 4");
    refused_with_each_token(h, 10);
    outcome(h, GIVEN_UP, IM_NOT_MET);
}

static void each_of_its_calls_may_be_tried_with_a_new_token(void **state)
{
    struct history *h = *state;

    signs_on_times(h, 1);
    signs_on(h, "T0");
    for (int i = 0; i < 12; i++)
        dead(h, i, "T0")->token = im_arena_format(&h->arena, "T%d", i);
    outcome(h, GIVEN_UP, IM_MET);
}

/* ---- a create whose answer was lost ---- */

#define MADE_ONCE "{'that':'t','after':'drop','created':true,'count':0}"

static void creates_in_the_baseline(struct history *h, int records)
{
    signs_on(h, "T0");
    for (int i = 0; i < records; i++)
        creates(h, i, IM_FAULT_NONE);
    is_the_baseline(h);
}

static void a_create_that_is_made_anew_after_a_lost_answer_is_there_twice(void **state)
{
    struct history *h = *state;

    creates_in_the_baseline(h, 1);
    creates(h, 1, IM_FAULT_DROP);
    creates(h, 2, IM_FAULT_NONE);
    not_met(h, MADE_ONCE, "wanted none, but saw 1 after exchange 1", "1 2");
}

static void what_it_creates_anyway_is_not_there_twice(void **state)
{
    struct history *h = *state;

    creates_in_the_baseline(h, 3);
    creates(h, 1, IM_FAULT_DROP);
    creates(h, 2, IM_FAULT_NONE);
    creates(h, 3, IM_FAULT_NONE);
    creates(h, 1, IM_FAULT_NONE)->created = false; /* known by its key */
    outcome(h, MADE_ONCE, IM_MET);
    creates(h, 4, IM_FAULT_NONE)->path = IM_STR("/other");
    outcome(h, MADE_ONCE, IM_MET); /* well again long ago */
}

static void without_a_baseline_it_is_not_known_what_it_creates(void **state)
{
    struct history *h = *state;

    creates(h, 1, IM_FAULT_DROP);
    creates(h, 2, IM_FAULT_NONE);
    outcome(h, MADE_ONCE, IM_CANNOT_TELL);
}

/* ---- going on after what no client can have read ---- */

#define REPEATED_AFTER_HTML                                                              \
    "{'that':'t','endpoint':'api','status':'2xx','after':'html','same':'call',"          \
    "'at_least':1}"

static void who_fails_fast_does_not_go_on(void **state)
{
    struct history *h = *state;

    h->options.fail_fast = true;
    signs_on_times(h, 1);
    signs_on(h, "T0");
    call(h, 1, "T0")->fault = IM_FAULT_HTML;
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

    h->options.fail_fast = true;
    signs_on_times(h, 1);
    signs_on(h, "T0");
    call(h, 1, "T0")->fault = IM_FAULT_HTML;
    signs_on(h, "T1");
    call(h, 2, "T1");
    outcome(h, REPEATED_AFTER_HTML, IM_INFORMATION);
    /* nor can a worker that was under way be called back */
    call(h, 3, "T0");
    together(h, call(h, 4, "T0"));
    outcome(h, REPEATED_AFTER_HTML, IM_INFORMATION);
}

#define TOLD(test) cmocka_unit_test_setup_teardown(test, begin, end)

static const struct CMUnitTest tests[] = {
    TOLD(recovery_is_demanded_of_a_resilient_client_alone),
    TOLD(recovery_can_still_come_while_the_client_is_running),
    TOLD(safety_is_demanded_of_everybody),
    TOLD(exactly_one_is_two_bounds),
    TOLD(what_came_instead_is_that_of_the_same_user),
    TOLD(an_ordinary_answer_of_the_call_is_a_recovery_too),
    TOLD(a_call_that_the_client_makes_anyway_is_no_repeat),
    TOLD(a_repeat_with_another_query_is_told_of),
    TOLD(a_client_may_stop_when_the_repeat_is_refused_too),
    TOLD(ordinary_later_work_is_not_counted),
    TOLD(a_window_closes_for_calls_with_another_way_in),
    TOLD(a_call_without_a_token_counts_and_an_ordinary_refusal_does_not),
    TOLD(each_refused_token_opens_a_window),
    TOLD(who_does_not_wait_shows_it_before_the_answer_comes),
    TOLD(every_later_use_of_a_dead_token_counts_where_nothing_is_parallel),
    TOLD(in_parallel_only_a_repeat_of_its_own_counts),
    TOLD(a_repeat_in_the_moment_of_the_refusal_is_one),
    TOLD(a_client_is_parallel_where_the_baseline_saw_it_so),
    TOLD(identical_calls_at_once_cannot_be_told_apart),
    TOLD(tries_at_once_of_a_call_that_begins_the_baseline_are_certain),
    TOLD(the_same_call_twice_at_once_is_certain_where_one_thing_follows_another),
    TOLD(the_same_call_twice_at_once_is_none_where_it_is_made_twice),
    TOLD(refreshes_of_two_grants_are_not_at_once),
    TOLD(the_first_of_all_may_be_one_of_two_at_once),
    TOLD(a_call_that_is_made_as_often_as_ever_is_no_repeat),
    TOLD(calls_of_its_own_need_no_pause_between_them),
    TOLD(a_call_that_differs_from_run_to_run_is_known_by_its_address),
    TOLD(signing_on_after_each_refused_refresh_is_no_loop),
    TOLD(getting_one_token_after_the_other_is_a_loop),
    TOLD(a_refresh_by_the_clock_may_fall_into_a_pause),
    TOLD(a_further_sign_on_counts_where_the_client_signs_on_once),
    TOLD(a_sign_on_after_the_call_went_well_is_later_work),
    TOLD(a_code_that_was_never_issued_counts_whoever_sends_it),
    TOLD(it_cannot_be_told_where_it_signs_on_several_times),
    TOLD(without_a_baseline_only_refreshes_count),
    TOLD(tries_to_sign_on_one_behind_the_other_may_be_those_of_several_jobs),
    TOLD(a_refresh_of_another_grant_does_not_count),
    TOLD(renewing_again_before_the_new_token_is_used_counts),
    TOLD(who_renews_by_the_clock_may_do_so_right_behind_a_renewal),
    TOLD(the_pause_is_as_long_as_its_answer_says),
    TOLD(a_dead_token_used_more_often_than_the_call_is_made_is_hammered),
    TOLD(an_old_token_beside_a_new_one_counts_where_nothing_is_parallel),
    TOLD(where_no_token_is_asked_for_a_dead_one_is_used_on),
    TOLD(who_gave_up_waiting_for_a_refusal_does_not_know_of_it),
    TOLD(each_request_with_wrong_credentials_may_be_tried_twice),
    TOLD(two_records_that_are_alike_may_be_meant),
    TOLD(renewing_a_short_lived_token_ahead_is_no_loop),
    TOLD(who_needs_a_person_to_sign_in_may_stop),
    TOLD(no_person_mends_where_the_credentials_are_put),
    TOLD(where_nothing_is_parallel_nothing_may_be_sent_in_a_pause),
    TOLD(in_a_pause_another_worker_may_call_but_not_repeat_what_failed),
    TOLD(giving_tokens_back_is_no_try),
    TOLD(more_tries_at_once_than_equal_calls_explain_are_certain),
    TOLD(more_than_all_its_jobs_may_try_is_certain),
    TOLD(more_tokens_than_all_its_jobs_need_is_certain),
    TOLD(right_data_under_a_wrong_label_is_an_answer),
    TOLD(what_the_journal_dropped_may_be_what_was_not_seen),
    TOLD(advice_is_never_a_failure),
    TOLD(a_call_that_every_token_is_refused_for_is_given_up),
    TOLD(each_of_its_calls_may_be_tried_with_a_new_token),
    TOLD(a_create_that_is_made_anew_after_a_lost_answer_is_there_twice),
    TOLD(what_it_creates_anyway_is_not_there_twice),
    TOLD(without_a_baseline_it_is_not_known_what_it_creates),
    TOLD(who_fails_fast_does_not_go_on),
    TOLD(another_job_goes_its_own_way),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
