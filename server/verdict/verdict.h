/* Did the client do what the scenario expects of a sound one? The answer as JSON for programs, as
 * text for people and as JUnit for whatever shows test results. */
#ifndef IM_VERDICT_VERDICT_H
#define IM_VERDICT_VERDICT_H

#include "verdict/judge.h"

/* All that is to be said. Only views: the arrays and texts belong to whoever fills it in, and must
 * outlive it. Lifetime: request. */
struct im_verdict {
    struct im_str scenario, sandbox; /* their names */
    const struct im_expectations *expectations;
    const struct im_judgement *judgements; /* one per expectation, of im_expect_judge */
    /* Per rule: how many requests fitted its `when`, and how often it fired. */
    const uint64_t *fits, *fired;
    size_t rule_count;
    uint64_t exchanges; /* in all, those that were dropped since included */
    uint64_t dropped;   /* of these, no longer in the journal: not judged */
    bool triggered;     /* a rule fired; without rules: there was an exchange */
    bool exhausted;     /* "exhausted": "fail", and a request came after the last rule */
};

/* Of the whole scenario: not exercised when it was not triggered; else not met when it is
 * exhausted; else the worst of the expectations. */
enum im_outcome_of im_verdict_outcome(const struct im_verdict *verdict);
/* Of one expectation: not exercised when the scenario was not triggered. */
enum im_outcome_of im_verdict_outcome_at(const struct im_verdict *verdict, size_t index);

/* Written safely for its place: no markup, control characters or broken UTF-8 of a client. `out`
 * must stand in an arena (im_buf_init). */
void im_verdict_write_json(const struct im_verdict *verdict, struct im_json_out *out);
void im_verdict_write_text(const struct im_verdict *verdict, struct im_buf *out);
/* One <testsuite>, with a <testcase> per expectation. */
void im_verdict_write_junit(const struct im_verdict *verdict, struct im_buf *out);
/* "GET /ia/api/v1/objects/… → 401 access-token-revoked: evidence" */
void im_exchange_line(const struct im_exchange *exchange, struct im_buf *out);

#endif
