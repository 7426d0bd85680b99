/* advice.c: what a failure means, and what to do about it (rule 8 of scenarios/README.md). */
#include "unit/verdict/verdict_fixture.h"

#define RENEWS    "{'that':'r','endpoint':'api','status':200,'after':'access-token-expired'}"
#define USED_ONCE "{'that':'it is used once','cause':'access-token-expired','at_most':1}"

/* ---- causes and faults ---- */

static void a_failure_says_what_the_cause_means(void **state)
{
    struct fixture *f = *state;

    saw(f, 200, CAUSE_NONE);
    saw(f, 200, CAUSE_NONE);
    f->scenario.cause = CAUSE_ACCESS_TOKEN_REVOKED;
    judged(f, "[" NOT_MET "]");
    has(text(f), "  access-token-revoked: ");
    has(text(f), "  what to do: ");
    has(json(f), "\"cause\":{\"id\":\"access-token-revoked\",\"why\":\"");
    judged(f, "[" MET_ONE "]");
    has_not(text(f), "what to do");
}

/* What failed shows another cause than the scenario is named after. */
static void what_to_do_is_of_the_cause_that_was_met(void **state)
{
    struct fixture *f = *state;

    f->scenario.cause = CAUSE_PARALLEL_REFRESH;
    three_kinds(state);
    has(json(f), "\"cause\":{\"id\":\"access-token-revoked\"");
    f->seen[1].cause = CAUSE_PARALLEL_REFRESH;
    has(json(f), "\"cause\":{\"id\":\"parallel-refresh\"");
}

/* A rule that refuses does not look whether the client has given cause for it. */
static void a_cause_that_a_rule_plays_is_not_laid_to_the_client(void **state)
{
    struct fixture *f = *state;

    saw(f, 401, CAUSE_ACCESS_TOKEN_REVOKED)->rule = 1;
    saw(f, 401, CAUSE_ACCESS_TOKEN_REVOKED)->rule = 1;
    f->options.client = "CMD";
    judged(f, "[" NOT_MET "]");
    has(text(f),
        "  access-token-revoked (rule 1 of the scenario plays it; CMD need not have "
        "caused it): The access token was revoked");
    has(json(f), "\"played_by\":1}");
    f->rules[0].refuse =
        CAUSE_NONE; /* one that changes the world: what follows is real */
    has(text(f), "  access-token-revoked: The access token was revoked");
    has_not(json(f), "played_by");
}

static void what_a_rule_plays_is_the_cause_that_is_named(void **state)
{
    struct fixture *f = *state;

    f->scenario.cause = CAUSE_PARALLEL_REFRESH;
    for (int i = 0; i < 2; i++)
        saw(f, 401, CAUSE_ACCESS_TOKEN_REVOKED)->rule = 1;
    judged(f, "[" NOT_MET "]");
    has(json(f), "\"played_by\":1");
    f->seen[0].notes[0].cause = CAUSE_PARALLEL_REFRESH; /* warned of, and no rule's */
    f->seen[0].note_count = 1;
    has(json(f), "\"cause\":{\"id\":\"parallel-refresh\"");
    has_not(json(f), "played_by");
}

static void a_failure_says_what_the_damage_means(void **state)
{
    struct fixture *f = *state;

    saw(f, 200, CAUSE_NONE)->fault = IM_FAULT_TRUNCATE;
    judged(f, "[{'that':'r','status':200,'after':'truncate'}]");
    has(text(f),
        "  truncate: half the body comes, less than Content-Length says\n"
        "  what to do: Catch the error of reading the body, too, and repeat a read");
    f->seen[0].fault = IM_FAULT_DELAY; /* which only comes late */
    judged(f, "[{'that':'r','endpoint':'token','after':'delay'}]");
    has_not(json(f), "\"fault\":{");
}

static void an_answer_that_never_ended_is_named(void **state)
{
    struct fixture *f = *state;

    saw(f, 200, CAUSE_NONE)->fault = IM_FAULT_STALL;
    f->seen[0].ended_us = 60000000;
    saw(f, 200, CAUSE_NONE);
    judged(f, "[" MET_ONE "]");
    has(json(f), "\"stalled\":1");
    f->seen[0].ended_us = 1000; /* given up, and the client went on */
    has_not(json(f), "\"stalled\"");
}

/* ---- what the client could not see ---- */

static void whose_clock_moved_is_said(void **state)
{
    struct fixture *f = *state;

    saw(f, 401, CAUSE_ACCESS_TOKEN_EXPIRED)->effect = "advance-clock";
    saw(f, 401, CAUSE_ACCESS_TOKEN_EXPIRED);
    judged(f, "[" USED_ONCE "]");
    has(text(f),
        "note: only the server's clock moved, so the client cannot see by its own clock");
    judged(f, "[" NOT_MET "]"); /* about something else */
    has_not(text(f), "clock");
    judged(f, "[" MET_ONE "]");
    has_not(text(f), "clock");
}

static void a_400_that_refuses_a_token_is_pointed_out(void **state)
{
    struct fixture *f = *state;

    saw(f, 200, CAUSE_NONE);
    saw(f, 400, CAUSE_ACCESS_TOKEN_REVOKED);
    judged(f, "[{'that':'r','status':200,'after':'access-token-revoked'}]");
    has(json(f),
        "exchange 2 refused its token with 400: a client that renews on 401 alone "
        "does not see that");
}

/* ---- what the client did do ---- */

/* What a rule plays tells nothing that the client could mend; that it did not see the refusal does. */
static void a_400_that_a_rule_plays_is_to_be_seen(void **state)
{
    struct fixture *f = *state;

    saw(f, 400, CAUSE_ACCESS_TOKEN_REVOKED)->rule = 1;
    f->seen[0].code = "REST-2102";
    judged(f, "[" RECOVERS "]");
    has(text(f),
        "what to do: Take a 400 whose code says that the token is no good like a "
        "401: get a new token");
    has(text(f),
        "exchange 1 refused its token with 400 REST-2102: a client that renews on "
        "401 alone, or on other codes, does not see that");
    saw(f, 200, CAUSE_NONE)->endpoint = IM_ENDPOINT_TOKEN; /* it did see it */
    judged(f, "[" RECOVERS "]");
    has_not(text(f), "Take a 400");
}

static void two_renewals_with_one_token_are_told(void **state)
{
    static const char *const note =
        "exchanges 3 and 4 refresh with the same refresh token";
    struct fixture *f = *state;

    for (int i = 0; i < 2; i++)
        saw(f, 401, CAUSE_ACCESS_TOKEN_REVOKED)->call = (uint64_t)i;
    for (int i = 0; i < 2; i++) {
        struct im_exchange *renewal =
            i ? saw(f, 400, CAUSE_REFRESH_TOKEN_REUSED) : saw(f, 200, CAUSE_NONE);
        renewal->endpoint = IM_ENDPOINT_TOKEN;
        renewal->grant = IM_STR("refresh_token");
        renewal->token = IM_STR("hmac:r");
    }
    judged(f, "[" NOT_MET "]");
    has(json(f), note);
    f->seen[2].token = IM_STR("hmac:older"); /* another one */
    has_not(json(f), note);
    f->seen[2].token = f->seen[3].token;
    f->seen[0].cause =
        CAUSE_NONE; /* one call after the other: it lost the new one, or keeps the old one */
    has_not(json(f), note);
}

/* It did see that its token was over: what stopped it is the answer to its request for another. */
static void a_renewal_that_brought_nothing_is_told_instead(void **state)
{
    struct fixture *f = *state;
    struct im_exchange *renewal;

    saw(f, 400, CAUSE_ACCESS_TOKEN_EXPIRED)->effect = "advance-clock";
    renewal = saw(f, 200, CAUSE_NONE);
    renewal->endpoint = IM_ENDPOINT_TOKEN;
    renewal->fault = IM_FAULT_HTML;
    f->options.client = "CMD";
    judged(f, "[" RENEWS "]");
    has(json(f),
        "\"note\":\"CMD asked for a new token last with exchange 2, which brought "
        "none (fault: html)\"");
    renewal->cause = CAUSE_REFRESH_TOKEN_EXPIRED; /* a refusal says more */
    has(json(f), "which brought none: refresh-token-expired\"");
    has(json(f), "\"cause\":{\"id\":\"refresh-token-expired\"");
    f->rules[0].refuse = renewal->cause;
    renewal->rule = 1; /* a rule refuses so; what the scenario is about says more */
    has(json(f), "\"cause\":{\"id\":\"access-token-expired\"");
    renewal->rule = 0;
    renewal->cause = CAUSE_NONE;
    has(json(f), "\"fault\":{\"id\":\"html\",\"why\":\"a proxy's login page comes with "
                 "status 200\",\"fix\":\"");
    renewal->user = IM_STR("other@acme"); /* another's token is no renewal of this one */
    f->seen[0].user = IM_STR("ws_user@acme");
    has(json(f), "only the server's clock moved");
    has(json(f), "exchange 1 refused its token with 400");
    has_not(json(f), "\"fault\"");
}

/* With a token in hand, neither its clock nor the status 400 kept it from repeating the call. */
static void a_renewal_that_brought_a_token_is_no_blindness(void **state)
{
    struct fixture *f = *state;

    saw(f, 400, CAUSE_ACCESS_TOKEN_EXPIRED)->effect = "advance-clock";
    saw(f, 200, CAUSE_NONE)->endpoint = IM_ENDPOINT_TOKEN;
    saw(f, 400, CAUSE_REFRESH_TOKEN_REUSED)->endpoint =
        IM_ENDPOINT_TOKEN; /* of a worker that came late */
    judged(f, "[" RENEWS "]");
    assert_int_equal(im_verdict_outcome(&f->verdict), IM_NOT_MET);
    has_not(json(f), "\"note\"");
}

/* A request that is refused before its token is looked at has no user: where several are at work, it may be
 * anybody's. */
static void a_renewal_in_vain_is_that_of_the_same_user(void **state)
{
    struct fixture *f = *state;
    struct im_exchange *renewal;

    saw(f, 401, CAUSE_ACCESS_TOKEN_REVOKED)->user = IM_STR("a@acme");
    renewal = saw(f, 401, CAUSE_CLIENT_SECRET_WRONG);
    renewal->endpoint = IM_ENDPOINT_TOKEN;
    judged(f, "[" RECOVERS "]");
    has(json(f), "with exchange 2, which brought none: client-secret-wrong");
    has(json(f), "\"cause\":{\"id\":\"client-secret-wrong\"");
    saw(f, 404, CAUSE_NONE)->user = IM_STR("b@acme");
    judged(f, "[" RECOVERS "]");
    has_not(json(f), "brought none");
    has(json(f), "\"cause\":{\"id\":\"access-token-revoked\"");
    f->seen[1].fault = IM_FAULT_HTML;
    f->seen[1].cause = CAUSE_NONE;
    has_not(json(f), "\"fault\"");
    f->seen[1].user = f->seen[0].user;
    has(json(f), "with exchange 2, which brought none (fault: html)");
    f->seen[2].endpoint = IM_ENDPOINT_TOKEN; /* then 2 is not the client's last */
    f->seen[2].status = 200;
    has_not(json(f), "brought none");
    has(json(f), "\"fault\":{\"id\":\"html\"");
}

/* Half a body may hold a whole token, and who reads it has it. */
static void a_damaged_token_that_is_used_was_had(void **state)
{
    struct fixture *f = *state;

    saw(f, 401, CAUSE_ACCESS_TOKEN_REVOKED)->token = IM_STR("hmac:1");
    saw(f, 200, CAUSE_NONE)->issued = IM_STR("hmac:2");
    f->seen[1].endpoint = IM_ENDPOINT_TOKEN;
    f->seen[1].fault = IM_FAULT_TRUNCATE;
    saw(f, 404, CAUSE_NONE)->token = IM_STR("hmac:1");
    judged(f, "[" RECOVERS "]");
    has(json(f), "which brought none (fault: truncate)");
    f->seen[2].token = IM_STR("hmac:2");
    has_not(json(f), "brought none");
    has_not(json(f), "\"fault\"");
}

/* What is unmet is only that the dead token was used again; the client asked for another all the same. */
static void who_renews_and_uses_the_dead_token_too_is_not_blind(void **state)
{
    struct fixture *f = *state;

    saw(f, 400, CAUSE_ACCESS_TOKEN_EXPIRED)->effect = "advance-clock";
    saw(f, 0, CAUSE_NONE)->fault = IM_FAULT_DROP;
    f->seen[1].endpoint = IM_ENDPOINT_TOKEN;
    saw(f, 400, CAUSE_ACCESS_TOKEN_EXPIRED);
    judged(f, "[" USED_ONCE "]");
    has(json(f),
        "\"note\":\"the client asked for a new token last with exchange 2, which "
        "brought none (fault: drop)\"");
    f->seen[1].cause =
        CAUSE_REFRESH_TOKEN_EXPIRED; /* which is none of what it is blamed for */
    has(json(f), "\"cause\":{\"id\":\"access-token-expired\"");
}

#define CODE_1 "grant_type=authorization_code&code=1"

static void sends(struct im_exchange *exchange, const char *body)
{
    exchange->request_body = im_str(body);
    exchange->request_body_len = exchange->request_body.len;
}

/* As Go's x/oauth2 does with a code that is refused. */
static void the_same_by_basic_and_in_the_body_is_told(void **state)
{
    static const char once[] = "[{'that':'a code is tried "
                               "once','cause':'code-expired','at_most':1,'per':'token'}]";
    struct fixture *f = *state;

    for (int i = 0; i < 2; i++) {
        struct im_exchange *seen = saw(f, 400, CAUSE_CODE_EXPIRED);
        seen->endpoint = IM_ENDPOINT_TOKEN;
        seen->grant = IM_STR("authorization_code");
        seen->token = IM_STR("hmac:1");
        sends(seen, i ? "client_id=d&client_secret=d&" CODE_1 : CODE_1);
    }
    f->seen[0].request_headers = IM_STR("Host: x\nAuthorization: Basic ZDpk\n");
    judged(f, once);
    has(json(f),
        "\"note\":\"exchanges 1 and 2 send the same, once with id and secret by "
        "HTTP Basic and once in the body, as libraries do that try both ways: name "
        "the one way that the server takes\"");
    f->seen[1].request_headers = IM_STR("Authorization: Basic ZDpk\nHost: x\n");
    has_not(json(f), "\"note\"");
    f->seen[1].request_headers = IM_STR("Proxy-Authorization: Basic ZDpk\nHost: x\n");
    has(json(f), "\"note\":\"exchanges 1 and 2");
    sends(&f->seen[0], "client_id=d&" CODE_1); /* as some do beside Basic */
    has(json(f), "\"note\":\"exchanges 1 and 2");
    f->seen[1].token = IM_STR("hmac:2"); /* another code */
    sends(&f->seen[1],
          "client_id=d&client_secret=d&grant_type=authorization_code&code=2");
    has_not(json(f), "\"note\"");
}

/* Of a request that is refused before its code is looked at, no fingerprint is kept: that both have none does
 * not make them the same. */
static void what_is_not_the_same_is_not_called_so(void **state)
{
    static const char twice[] =
        "[{'that':'it asks once','endpoint':'token','at_most':1}]";
    struct fixture *f = *state;

    for (int i = 0; i < 2; i++) {
        struct im_exchange *seen = saw(f, 401, CAUSE_CLIENT_SECRET_WRONG);
        seen->endpoint = IM_ENDPOINT_TOKEN;
        seen->grant = IM_STR("authorization_code");
        sends(seen, i ? "client_id=d&client_secret=d&grant_type=authorization_code&code=2"
                      : CODE_1);
    }
    f->seen[0].request_headers = IM_STR("Authorization: Basic ZDpk\n");
    judged(f, twice);
    has_not(json(f), "send the same"); /* two codes */
    sends(&f->seen[1], "client_id=d&client_secret=d&" CODE_1);
    has(json(f), "exchanges 1 and 2 send the same");
    sends(&f->seen[1], "client_id=d&client_secret=d&" CODE_1 "&scope=a");
    has_not(json(f), "send the same");
    sends(&f->seen[1], "client_id=d&" CODE_1); /* without a secret */
    has_not(json(f), "send the same");
    sends(&f->seen[1], "client_id=d&client_secret=d&" CODE_1);
    sends(&f->seen[0], "client_secret=d&" CODE_1); /* both ways at once */
    has_not(json(f), "send the same");
    sends(&f->seen[0], CODE_1);
    f->seen[0].request_body_len++; /* of which only the beginning is kept */
    has_not(json(f), "send the same");
}

static const struct CMUnitTest tests[] = {
    WRITTEN(a_failure_says_what_the_cause_means),
    WRITTEN(what_to_do_is_of_the_cause_that_was_met),
    WRITTEN(a_cause_that_a_rule_plays_is_not_laid_to_the_client),
    WRITTEN(what_a_rule_plays_is_the_cause_that_is_named),
    WRITTEN(a_failure_says_what_the_damage_means),
    WRITTEN(an_answer_that_never_ended_is_named),
    WRITTEN(whose_clock_moved_is_said),
    WRITTEN(a_400_that_refuses_a_token_is_pointed_out),
    WRITTEN(a_400_that_a_rule_plays_is_to_be_seen),
    WRITTEN(two_renewals_with_one_token_are_told),
    WRITTEN(a_renewal_that_brought_nothing_is_told_instead),
    WRITTEN(a_renewal_that_brought_a_token_is_no_blindness),
    WRITTEN(a_renewal_in_vain_is_that_of_the_same_user),
    WRITTEN(a_damaged_token_that_is_used_was_had),
    WRITTEN(who_renews_and_uses_the_dead_token_too_is_not_blind),
    WRITTEN(the_same_by_basic_and_in_the_body_is_told),
    WRITTEN(what_is_not_the_same_is_not_called_so),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
