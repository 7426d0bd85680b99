/* The bounds of one expectation, held against a group of exchanges: how many, how many at once, with what
 * pauses; and the sentence that says so. */
#ifndef IM_VERDICT_BOUND_H
#define IM_VERDICT_BOUND_H

#include "verdict/count.h"

enum im_bound {
    IM_BOUND_HOLDS,
    IM_BOUND_AT_MOST,
    IM_BOUND_AT_LEAST,
    IM_BOUND_PARALLEL,
    IM_BOUND_GAPS
};

struct im_breach {
    enum im_bound bound;
    enum im_doubt doubt; /* not IM_DOUBT_NONE: it may be broken, and may not */
};

/* How often it must be seen at least; 0 = that is not asked. Without any bound: once. */
int64_t im_bound_least(const struct im_expectation *expectation);
/* The first bound that this group breaks, at_least left aside; what is broken for certain before
 * what may be. */
struct im_breach im_bound_breach(const struct im_group *group);
/* A sentence that says how the bound is broken, or that all hold. `seen` is how often it was seen, for
 * IM_BOUND_AT_LEAST and IM_BOUND_HOLDS. */
void im_bound_why(const struct im_group *group, enum im_bound broken, size_t seen,
                  struct im_buf *why);
/* The exchanges of the group that bear on it: into `shown`, which has room for group->count. Returns how
 * many. */
size_t im_bound_shown(const struct im_group *group, enum im_bound broken,
                      const struct im_exchange **shown);

#endif
