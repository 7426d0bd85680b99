/* What a client has to do so that a scenario comes about: rule 1 of scenarios/README.md. Worked out from
 * the rules, never written by hand. */
#ifndef IM_SCENARIO_NEEDS_H
#define IM_SCENARIO_NEEDS_H

#include "scenario/scenario.h"

/* How often the rule has to fire; 0 = it is optional: it says so, or it only supports others, as the
 * delay and the hold of a race do. */
int64_t im_needs_of(const struct im_scenario *scenario, size_t rule);
/* Without a rule it is the world that is so from the start: then what comes of that has to be met, unless
 * it is only warned of. */
bool im_needs_cause(const struct im_scenario *scenario);
/* What must not be seen, or not too often, has to have had a chance: does it take a request that fits the
 * expectation? Of the obvious, calls and token requests, that is not said. */
bool im_needs_requests(const struct im_expectation *expectation);
/* "8 API calls, grant refresh_token"; empty = any request will do. Lifetime: the
 * arena's. */
struct im_str im_needs_text(const struct im_scenario *scenario, struct im_arena *arena);

/* What came of it, as far as a rule's `when` asks. */
struct im_needs_seen {
    const char *client; /* "CMD" */
    int64_t fits;       /* requests that fitted the rule's `when` */
    struct im_str
        grants; /* of the token requests that came: "client_credentials"; empty = none came */
};

/* " waits for the 8th API call; CMD made 4" */
void im_needs_say_missing(const struct im_when *when, int64_t needs,
                          const struct im_needs_seen *seen, struct im_buf *out);
/* The same of a rule, with what it is to come after. */
void im_needs_say_rule(const struct im_rule *rule, int64_t needs,
                       const struct im_needs_seen *seen, struct im_buf *out);
/* Of a scenario that needs its cause: which requests are refused for it. */
void im_needs_say_cause(const struct im_scenario *scenario, struct im_buf *out);

#endif
