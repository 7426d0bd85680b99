/* verdict.c, verdict_say.c: what a scenario comes to, and what is missing for more (rule 1 of scenarios/README.md). */
#include "unit/verdict/verdict_fixture.h"

/* ---- outcomes ---- */

static void the_worst_expectation_decides(void **state)
{
    struct fixture *f = *state;

    saw(f, 200, CAUSE_NONE);
    saw(f, 200, CAUSE_NONE);
    assert_int_equal(im_verdict_outcome(judged(f, "[" MET_ONE "]")), IM_MET);
    assert_int_equal(im_verdict_outcome(judged(f, "[" NOT_EXERCISED "," MET_ONE "]")),
                     IM_PARTLY);
    assert_int_equal(
        im_verdict_outcome(judged(f, "[" NOT_EXERCISED "," NOT_MET "," MET_ONE "]")),
        IM_NOT_MET);
}

static void what_expects_nothing_is_never_met(void **state)
{
    struct fixture *f = *state;

    saw(f, 200, CAUSE_NONE);
    assert_int_equal(im_verdict_outcome(judged(f, "[]")), IM_PARTLY);
    has(text(f), "note: the scenario expects nothing, so nothing can be judged\n");
    f->scenario.rule_count = 0; /* one that shadows a built-in name, perhaps */
    assert_int_equal(im_verdict_outcome(judged(f, "[]")), IM_PARTLY);
}

static void what_may_be_missing_is_no_reason_for_part(void **state)
{
    struct fixture *f = *state;

    saw(f, 200, CAUSE_NONE);
    assert_int_equal(
        im_verdict_outcome(judged(
            f, "[" MET_ONE ",{'that':'w','after':'drop','count':1,'optional':true}]")),
        IM_MET);
}

static void what_comes_after_a_refusal_is_information_for_who_ends_there(void **state)
{
    struct fixture *f = *state;

    saw(f, 200, CAUSE_NONE);
    f->options.fail_fast = true;
    judged(f, "[" MET_ONE "," NOT_EXERCISED "]");
    assert_int_equal(im_verdict_outcome_at(&f->verdict, 1), IM_INFORMATION);
    assert_int_equal(im_verdict_outcome(&f->verdict), IM_MET);
}

static void what_is_exhausted_is_not_met(void **state)
{
    struct fixture *f = *state;

    saw(f, 200, CAUSE_NONE);
    judged(f, "[" MET_ONE "]")->exhausted = true;
    assert_int_equal(im_verdict_outcome(&f->verdict), IM_NOT_MET);
    has(json(f), "\"exhausted\":true");
    has(json(f), "\"note\":\"every rule that fits was used up");
    has(text(f), "note: every rule that fits was used up");
    has(junit(f), "tests=\"2\" failures=\"1\"");
    has(junit(f), "<failure message=\"every rule that fits was used up");
}

/* A 429 and one new token: without a baseline it is not known whose that is. */
#define DOUBTED "'that':'no token','endpoint':'token','after':'rate-limited','count':0"

static void what_cannot_be_told_makes_it_partly_and_is_said(void **state)
{
    struct fixture *f = *state;

    saw(f, 429, CAUSE_RATE_LIMITED);
    saw(f, 200, CAUSE_NONE)->endpoint = IM_ENDPOINT_TOKEN;
    f->options.client = "CMD";
    judged(f, "[" MET_ONE ",{" DOUBTED "}]");
    assert_int_equal(im_verdict_outcome_at(&f->verdict, 1), IM_CANNOT_TELL);
    assert_int_equal(im_verdict_outcome(&f->verdict), IM_PARTLY);
    has(json(f),
        "\"doubt\":\"\\\"no token\\\": cannot tell: it is not known how often CMD");
    has(text(f), "note: \"no token\": cannot tell: it is not known how often CMD");
    has(junit(f), "<testcase name=\"the scenario is exercised\" classname=\"revoked\">\n"
                  "    <skipped message=\"&quot;no token&quot;: cannot tell: ");
    /* of what is demanded of no client nothing has to be told */
    judged(f, "[" MET_ONE ",{" DOUBTED ",'advice':true}]");
    assert_int_equal(im_verdict_outcome(&f->verdict), IM_MET);
    judged(f, "[" MET_ONE ",{" DOUBTED ",'optional':true}]");
    assert_int_equal(im_verdict_outcome(&f->verdict), IM_MET);
    has_not(json(f), "\"doubt\"");
}

/* ---- whether it came about ---- */

static void a_need_that_is_not_met_is_told_in_terms_of_the_client(void **state)
{
    struct fixture *f = *state;

    saw(f, 200, CAUSE_NONE);
    f->scenario.rule_count = 2;
    f->counts[1].fits = 4;
    f->options.client = "CMD";
    assert_int_equal(im_verdict_outcome(judged(f, "[" MET_ONE "]")), IM_PARTLY);
    has(json(f), "\"needs\":\"8 API calls\"");
    has(json(f), "\"missing\":\"rule 2 waits for the 8th API call; CMD made 4\"");
    f->rules[1].optional = true;
    assert_int_equal(im_verdict_outcome(&f->verdict), IM_MET);
}

/* A rule waits for another grant than the client ever asks with: that is said, each of those
 * once, and what came to other endpoints is none. */
static void a_grant_that_did_not_come_is_told_with_those_that_did(void **state)
{
    static const char *const sent[] = {"client_credentials", "refresh_token",
                                       "client_credentials"};
    struct fixture *f = *state;

    for (size_t i = 0; i < 3; i++) {
        struct im_exchange *exchange = saw(f, 200, CAUSE_NONE);
        exchange->endpoint = IM_ENDPOINT_TOKEN;
        exchange->grant = im_str(sent[i]);
    }
    saw(f, 200, CAUSE_NONE)->grant = IM_STR("no-endpoint-of-tokens");
    f->scenario.rule_count = 2;
    f->counts[1].fits = 0;
    f->rules[1].when = (struct im_when){
        .endpoint = IM_STR("token"), .grant = IM_STR("authorization_code"), .rate = -1};
    f->options.client = "CMD";
    judged(f, "[" MET_ONE "]");
    has(json(f), "; CMD sent client_credentials and refresh_token\"");
}

static void an_expectation_that_waits_is_told_by_its_own_sentence(void **state)
{
    struct fixture *f = *state;

    saw(f, 200, CAUSE_NONE);
    f->scenario.rule_count = 0;
    f->options.client = "CMD";
    judged(f, "[" MET_ONE ",{'that':'a code is redeemed once','endpoint':'token',"
              "'grant':'authorization_code','at_most':1}]");
    /* what it is printed to need did not come: without rules, nothing else shows that it came about */
    assert_int_equal(im_verdict_outcome(&f->verdict), IM_NOT_EXERCISED);
    has(json(f),
        "\"missing\":\"\\\"a code is redeemed once\\\" waits for a token request "
        "with grant authorization_code; CMD made none\"");
}

static void a_scenario_that_waits_for_its_cause_is_told_by_the_cause(void **state)
{
    struct fixture *f = *state;
    struct im_json world = {.type = IM_JSON_OBJECT};

    f->options.client = "CMD";
    f->counts[0].fired = 0;
    f->counts[0].fits = 0;
    judged(f, "[" MET_ONE "]");
    has(json(f), "\"missing\":\"rule 1 waits for an API call; CMD made none\"");
    f->scenario.rule_count = 0;
    f->scenario.world = &world;
    f->scenario.cause = CAUSE_USER_LOCKED;
    judged(f, "[" MET_ONE "]");
    has(json(f), "\"missing\":\"the scenario waits for a request that is refused with "
                 "user-locked; CMD made none\"");
    saw(f, 400, CAUSE_USER_LOCKED);
    judged(f, "[" MET_ONE "]");
    has_not(json(f), "\"missing\"");
}

static void a_fact_is_no_fault_where_the_scenario_did_not_come_about(void **state)
{
    struct fixture *f = *state;

    saw(f, 200, CAUSE_NONE);
    f->scenario.rule_count = 2;
    judged(f, "[" MET_ONE ",{'that':'it signs on','endpoint':'token'}]");
    assert_int_equal(im_verdict_outcome_at(&f->verdict, 1), IM_NOT_EXERCISED);
    f->scenario.rule_count = 1;
    assert_int_equal(im_verdict_outcome_at(&f->verdict, 1), IM_NOT_MET);
}

static void what_did_not_come_about_is_not_exercised(void **state)
{
    struct fixture *f = *state;
    const char *why = "rule 1 waits for an API call; the client made none";

    saw(f, 200, CAUSE_NONE);
    f->counts[0] = (struct im_rule_count){0};
    judged(f, "[" MET_ONE "," NOT_EXERCISED "]");
    assert_int_equal(im_verdict_outcome(&f->verdict), IM_NOT_EXERCISED);
    assert_int_equal(im_verdict_outcome_at(&f->verdict, 1), IM_NOT_EXERCISED);
    has(json(f), why);
    has(json(f), "\"exchanges_shown\":[]");
    has_not(json(f), "\"outcome\":\"met\"");
    has(text(f), why);
    has(junit(f), "skipped=\"2\"");
    has(junit(f), why);
}

static void without_a_request_that_is_said(void **state)
{
    struct fixture *f = *state;

    f->counts[0] = (struct im_rule_count){0};
    judged(f, "[]");
    has(json(f), "nothing in this scenario happened: no request came");
    has(text(f), "nothing in this scenario happened: no request came");
    has(junit(f), "tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"1\"");
    has(junit(f), "<testcase name=\"the scenario is exercised\" classname=\"revoked\">\n"
                  "    <skipped message=\"nothing in this scenario happened: no request "
                  "came. the scenario expects nothing");
}

/* ---- for want of recovery alone ---- */

static void a_failure_for_missing_recovery_alone_is_marked(void **state)
{
    struct fixture *f = *state;

    saw(f, 401, CAUSE_ACCESS_TOKEN_REVOKED);
    judged(f, "[" RECOVERS "]");
    has(json(f), "\"recovery_alone\":true");
    saw(f, 401, CAUSE_ACCESS_TOKEN_REVOKED); /* and the dead token is used again */
    judged(f, "[" RECOVERS ",{'that':'s','cause':'access-token-revoked','at_most':1}]");
    has_not(json(f), "recovery_alone");
    f->seen_count = 1;
    judged(f, "[" RECOVERS ",{'that':'it signs on','endpoint':'token'}]"); /* a fact */
    has_not(json(f), "recovery_alone");
    judged(f, "[" MET_ONE "]");
    has_not(json(f), "recovery_alone");
    f->options.fail_fast = true;
    judged(f, "[" RECOVERS "]");
    has_not(json(f), "recovery_alone");
}

static void too_many_are_no_missing_recovery(void **state)
{
    struct fixture *f = *state;

    saw(f, 401, CAUSE_ACCESS_TOKEN_REVOKED);
    saw(f, 400, CAUSE_REFRESH_TOKEN_REUSED)->grant = IM_STR("refresh_token");
    saw(f, 400, CAUSE_REFRESH_TOKEN_REUSED)->grant = IM_STR("refresh_token");
    f->seen[1].endpoint = f->seen[2].endpoint = IM_ENDPOINT_TOKEN;
    judged(
        f,
        "[{'that':'one','endpoint':'token','after':'access-token-revoked','count':1}]");
    assert_int_equal(im_verdict_outcome(&f->verdict), IM_NOT_MET);
    has_not(json(f), "recovery_alone");
    for (int i = 0; i < 3; i++) /* so the first of another user lacks one */
        f->seen[2 - i + 1] = f->seen[2 - i];
    f->seen_count++;
    for (size_t i = 0; i < f->seen_count; i++) {
        f->seen[i].id = i + 1;
        f->seen[i].began_us = (int64_t)i * 2000;
        f->seen[i].ended_us = f->seen[i].began_us + 1000;
        f->seen[i].user = i ? IM_STR("b@acme") : IM_STR("a@acme");
        f->seen[i].token = i ? IM_STR("hmac:b") : IM_STR("hmac:a");
        f->seen[i].call = i + 1;
    }
    judged(
        f,
        "[{'that':'one','endpoint':'token','after':'access-token-revoked','count':1}]");
    has(json(f), "wanted exactly 1, but saw none after exchange 1");
    has_not(json(f), "recovery_alone");
}

static const struct CMUnitTest tests[] = {
    WRITTEN(the_worst_expectation_decides),
    WRITTEN(what_expects_nothing_is_never_met),
    WRITTEN(what_may_be_missing_is_no_reason_for_part),
    WRITTEN(what_comes_after_a_refusal_is_information_for_who_ends_there),
    WRITTEN(what_is_exhausted_is_not_met),
    WRITTEN(what_cannot_be_told_makes_it_partly_and_is_said),
    WRITTEN(a_need_that_is_not_met_is_told_in_terms_of_the_client),
    WRITTEN(a_grant_that_did_not_come_is_told_with_those_that_did),
    WRITTEN(an_expectation_that_waits_is_told_by_its_own_sentence),
    WRITTEN(a_scenario_that_waits_for_its_cause_is_told_by_the_cause),
    WRITTEN(a_fact_is_no_fault_where_the_scenario_did_not_come_about),
    WRITTEN(what_did_not_come_about_is_not_exercised),
    WRITTEN(without_a_request_that_is_said),
    WRITTEN(a_failure_for_missing_recovery_alone_is_marked),
    WRITTEN(too_many_are_no_missing_recovery),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
