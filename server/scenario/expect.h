/* What a scenario expects of a sound client: the format of `expect`, read strictly, so that a slip of
 * the pen does not make an expectation that can never fail, or never be met. verdict/judge.h judges. */
#ifndef IM_SCENARIO_EXPECT_H
#define IM_SCENARIO_EXPECT_H

#include "scenario/when.h"
#include "scenario/wire.h"

enum im_per { IM_PER_ALL, IM_PER_TOKEN, IM_PER_CALL };

/* What `after` refers to: exactly one of them, or none. */
struct im_anchor {
    struct im_str text; /* as written; empty = there is no `after` */
    int expectation;    /* index in the scenario, -1 = not one of those */
    enum im_cause cause;
    enum im_fault fault;
    const char *effect;
};

/* No `within` is so short. */
enum { IM_WITHIN_RETRY_AFTER = 0 };

/* One sentence about the client. Without any bound it wants to be seen once at least. nth and
 * every of `when` count from the anchor where there is one, over all that fits the rest of
 * `when`. Tokens and calls (`per`) are those of the exchanges that match. Lifetime: of the
 * scenario. */
struct im_expectation {
    struct im_str that; /* the sentence: unique in its scenario */
    struct im_when when;
    enum im_cause cause; /* refused for it or warned of it */
    enum im_fault fault; /* IM_FAULT_NONE = not asked */
    struct im_status_range status;
    int64_t at_least, at_most; /* < 0 = not asked; count sets both */
    struct im_anchor after;
    int64_t
        within_ms; /* < 0 = not asked; IM_WITHIN_RETRY_AFTER = what the anchor's says */
    int64_t in_parallel_at_most; /* < 0 = not asked */
    enum im_per per;             /* bounds hold for each token or call by itself */
    bool same_call; /* only what repeats the anchor: same method, target and body */
    bool
        growing_gaps; /* with same_call: of the anchor and its repeats, up to the first success */
    bool
        without_token; /* only calls that were refused for their access token, or had none */
    bool created; /* only what made a record that was not there before, answered or not */
    bool optional; /* nothing is missing where it is not exercised */
    bool advice;   /* what a good client does beyond what is demanded: never a failure */
    size_t offset; /* in the scenario's text, for errors */
};

struct im_expectations {
    struct im_expectation *items;
    size_t count;
};

/* The member "expect", read into a struct im_expectations. */
extern const struct im_json_table im_expect_part;

#endif
