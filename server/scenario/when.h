/* Which requests (of a rule) or exchanges (of an expectation): every field that is given must
 * fit. Counting (nth, every, rate) is not done here: see scenario.h and expect.h. */
#ifndef IM_SCENARIO_WHEN_H
#define IM_SCENARIO_WHEN_H

#include "base/json.h"
#include "causes/exchange.h"

/* Lifetime: of the scenario. Empty, 0 or negative = not given. */
struct im_when {
    struct im_str endpoint; /* a route's name, or a group: "api", "oauth", "read" */
    struct im_str grant, client, user, method;
    struct im_str path;  /* glob */
    struct im_str scope; /* this word is among the scopes */
    int64_t nth;         /* the nth that fits, from 1 */
    int64_t every;       /* every nth that fits */
    double rate;         /* this share of those that fit, 0 to 1; < 0 = not given */
    int64_t seed;        /* of `rate` */
};

/* Nothing given: everything fits. */
void im_when_init(struct im_when *when);
/* Does the request or exchange fit, counting left aside? */
bool im_when_fits(const struct im_when *when, const struct im_exchange *exchange);
/* Is the `n`th that fits (from 1) one of those meant by nth, every and rate? */
bool im_when_counts(const struct im_when *when, uint64_t n);
/* Takes the member if it is one of `when`'s: 1 = taken, 0 = not one of them, -1 = refused, err
 * says why. Texts are copied into the arena. */
int im_when_read(struct im_when *when, struct im_arena *arena,
                 const struct im_json *member, struct im_error *err);
/* The members' names, for "did you mean" and the schema; NULL past the end. */
const char *im_when_field(size_t index);
/* The endpoints there are, then the groups; NULL past the end. */
const char *im_when_endpoint(size_t index);

#endif
