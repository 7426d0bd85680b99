/* Did the client do what the scenario expects of a sound one? The answer as JSON for programs, as
 * text for people and as JUnit for whatever shows test results. */
#ifndef IM_VERDICT_VERDICT_H
#define IM_VERDICT_VERDICT_H

#include "scenario/scenario.h"
#include "verdict/judge.h"

/* All that is to be said. Only views: the arrays and texts belong to the caller that fills it in, and
 * must outlive it. Lifetime: request. */
struct im_verdict {
    const struct im_scenario *scenario;
    struct im_str sandbox;                 /* its name */
    const struct im_judgement *judgements; /* one per expectation, of im_expect_judge */
    const struct im_judge_options *options;
    const struct im_rule_count *rules; /* what each rule has done */
    const struct im_exchange *seen;    /* what was judged, oldest first */
    size_t seen_count;
    uint64_t exchanges; /* in all, those that were dropped since included */
    uint64_t dropped;   /* of these, no longer in the journal: not judged */
    bool exhausted;     /* "exhausted": "fail", and a request came after the last rule */
};

/* Of the whole scenario, by rule 1 of scenarios/README.md: IM_MET, IM_NOT_MET, IM_PARTLY or
 * IM_NOT_EXERCISED. */
enum im_outcome_of im_verdict_outcome(const struct im_verdict *verdict);
/* Of one expectation. */
enum im_outcome_of im_verdict_outcome_at(const struct im_verdict *verdict, size_t index);

/* Written safely for its place: no markup, control characters or broken UTF-8 of a client. `out`
 * must stand in an arena (im_buf_init). */
void im_verdict_write_json(const struct im_verdict *verdict, struct im_json_out *out);
void im_verdict_write_text(const struct im_verdict *verdict, struct im_buf *out);
/* One <testsuite>, with a <testcase> per expectation. */
void im_verdict_write_junit(const struct im_verdict *verdict, struct im_buf *out);
/* Behind a cause's id, with the number of the rule and what the client is called. */
#define IM_VERDICT_PLAYED                                                                \
    " (rule %u of the scenario plays it; %s need not have caused it)"
/* "GET /ia/api/v1/objects/… → 401 access-token-revoked: evidence" */
void im_exchange_line(const struct im_exchange *exchange, struct im_buf *out);

#endif
