/* schedule.c: rules that come after something, for a time, or above a limit. */
#include "unit/scenario/stage.h"

static void later(struct stage *s, int64_t ms)
{
    stop_clock_at(&s->authority->clock, im_clock_now_ms(&s->authority->clock) + ms);
}

/* The request is answered, refused for that cause. */
static void answered(struct stage *s, enum im_cause cause)
{
    s->exchange.cause = cause;
    im_scenario_note(s->scenario_state, &s->plan, &s->exchange,
                     im_clock_now_ms(&s->authority->clock));
}

/* Which rule each of so many queries meets, each answered before the next. */
static void meets(struct stage *s, const char *rules)
{
    char seen[20] = "";
    size_t n = strlen(rules);

    for (size_t i = 0; i < n; i++) {
        seen[i] = (char)('0' + im_plan_rule(ask(s, "query")));
        answered(s, CAUSE_NONE);
    }
    assert_string_equal(seen, rules);
}

/* ---- after ---- */

static void a_rule_after_a_cause_counts_from_then_on(void **state)
{
    struct stage *s = *state;
    play(s, "{'after':'rate-limited','when':{'nth':2},'then':{'wire':'drop'}}");
    meets(s, "0000");
    ask(s, "query");
    answered(s, CAUSE_SERVICE_UNAVAILABLE);
    meets(s, "00");
    ask(s, "query");
    answered(s, CAUSE_RATE_LIMITED);
    meets(s, "0100");
}

static void a_rule_after_a_warning_too(void **state)
{
    struct stage *s = *state;
    play(s, "{'after':'state-missing','then':{'wire':'drop'}}");
    ask(s, "query");
    s->exchange.notes[0].cause = CAUSE_STATE_MISSING;
    s->exchange.note_count = 1;
    answered(s, CAUSE_NONE);
    meets(s, "1");
}

static void a_rule_after_an_effect_comes_with_the_next_request(void **state)
{
    struct stage *s = *state;
    play(s, "{'after':'rotate-keys','then':{'wire':'drop'}},"
            "{'when':{'nth':2},'then':{'world':'rotate-keys'}}");
    meets(s, "0211");
}

static void rules_follow_each_other_by_name_and_by_number(void **state)
{
    struct stage *s = *state;
    play(s, "{'name':'first','when':{'nth':2},'then':{'wire':'drop'}},"
            "{'name':'second','after':'first','times':2,'then':{'wire':'reset'}},"
            "{'after':2,'times':1,'then':{'refuse':'internal'}}");
    meets(s, "012230");
}

static void a_rule_called_like_a_cause_is_the_rule(void **state)
{
    struct stage *s = *state;
    play(s, "{'name':'internal','when':{'nth':2},'then':{'wire':'drop'}},"
            "{'after':'internal','then':{'wire':'reset'}}");
    ask(s, "query");
    answered(s, CAUSE_INTERNAL);
    meets(s, "12");
}

/* ---- for ---- */

static void a_time_begins_when_a_rule_fires_first(void **state)
{
    struct stage *s = *state;
    play(s, "{'when':{'nth':3},'for':'30s','then':{'refuse':'service-unavailable'}}");
    later(s, 60000);
    meets(s, "0011");
    later(s, 29999);
    meets(s, "11");
    later(s, 1);
    meets(s, "000");
}

static void a_time_begins_with_what_comes_before(void **state)
{
    struct stage *s = *state;
    play(s, "{'after':'rate-limited','for':'2s','then':{'wire':'drop'}}");
    meets(s, "0");
    answered(s, CAUSE_RATE_LIMITED);
    later(s, 1999);
    meets(s, "11");
    answered(s, CAUSE_RATE_LIMITED); /* again: the time does not begin anew */
    later(s, 1);
    meets(s, "0");
}

static void times_bounds_a_time_as_well(void **state)
{
    struct stage *s = *state;
    play(s, "{'for':'1h','times':2,'then':{'wire':'drop'}}");
    meets(s, "110");
}

static void a_time_that_is_over_is_used_up(void **state)
{
    struct stage *s = *state;
    play_all(s, "{'name':'play','exhausted':'fail','rules':[{'for':'1s','then':{'wire':"
                "'drop'}}]}");
    meets(s, "1");
    later(s, 1000);
    assert_int_equal(ask(s, "query")->refuse, CAUSE_SCENARIO_EXHAUSTED);
}

/* ---- limit ---- */

static void a_quota_leaves_so_many_free(void **state)
{
    struct stage *s = *state;
    play(s, "{'when':{'endpoint':'api'},'limit':{'requests':3,'per':'1m'},"
            "'then':{'refuse':'rate-limited'}}");
    meets(s, "000");
    ask(s, "token");
    later(s, 45500);
    assert_int_equal(ask(s, "query")->quota.retry_after_s, 15);
    assert_int_equal(s->plan.refuse, CAUSE_RATE_LIMITED);
    assert_int_equal(s->plan.quota.remaining, 0);
    later(s, 14499);
    assert_int_equal(ask(s, "query")->quota.retry_after_s, 1);
    later(s, 1);
    assert_int_equal(ask(s, "query")->quota.retry_after_s, 0);
    assert_int_equal(s->plan.quota.remaining, 2);
    meets(s, "001");
}

static void a_quota_outlives_a_clock_that_is_set_back(void **state)
{
    struct stage *s = *state;
    play(s, "{'limit':{'requests':1,'per':'1m'},'then':{'wire':'drop'}}");
    meets(s, "01");
    later(s, -3600000);
    meets(s, "01");
}

static void a_quota_is_told_by_headers(void **state)
{
    struct stage *s = *state;
    struct im_quota quota = {.limit = 10, .per_ms = 60000, .remaining = 4};
    struct im_response res = {.arena = &s->arena, .status = 200};
    im_quota_add_headers(&quota, true, &res);
    assert_int_equal(res.header_count, 2);
    assert_string_equal(res.headers[0].name, "X-IA-Minute-Rate-Limit");
    assert_true(im_str_is(res.headers[0].value, "10"));
    assert_string_equal(res.headers[1].name, "X-IA-Minute-Rate-Limit-Remaining");
    assert_true(im_str_is(res.headers[1].value, "4"));

    quota = (struct im_quota){.limit = 10, .per_ms = 3600000, .retry_after_s = 9};
    res = (struct im_response){.arena = &s->arena, .status = 429};
    im_quota_add_headers(&quota, true, &res);
    assert_int_equal(res.header_count, 4);
    assert_string_equal(res.headers[2].name, "Retry-After");
    assert_true(im_str_is(res.headers[2].value, "9"));

    quota.per_ms = 2000;
    res = (struct im_response){.arena = &s->arena, .status = 200}; /* only slowed down */
    im_quota_add_headers(&quota, true, &res);
    res.status = 429;
    im_quota_add_headers(&quota, false, &res);
    assert_int_equal(res.header_count, 0);
}

static const struct CMUnitTest tests[] = {
    ON_STAGE(a_rule_after_a_cause_counts_from_then_on),
    ON_STAGE(a_rule_after_a_warning_too),
    ON_STAGE(a_rule_after_an_effect_comes_with_the_next_request),
    ON_STAGE(rules_follow_each_other_by_name_and_by_number),
    ON_STAGE(a_rule_called_like_a_cause_is_the_rule),
    ON_STAGE(a_time_begins_when_a_rule_fires_first),
    ON_STAGE(a_time_begins_with_what_comes_before),
    ON_STAGE(times_bounds_a_time_as_well),
    ON_STAGE(a_time_that_is_over_is_used_up),
    ON_STAGE(a_quota_leaves_so_many_free),
    ON_STAGE(a_quota_outlives_a_clock_that_is_set_back),
    ON_STAGE(a_quota_is_told_by_headers),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
