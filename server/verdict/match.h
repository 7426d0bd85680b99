/* What an expectation asks of one exchange by itself; windows and counting are left aside. */
#ifndef IM_VERDICT_MATCH_H
#define IM_VERDICT_MATCH_H

#include "scenario/expect.h"

enum im_match {
    IM_MATCH_NONE,
    IM_MATCH_WHEN, /* it fits `when`, so nth and every count it */
    IM_MATCH_ALL   /* and all else: cause, status, wire, … */
};

enum im_match im_match(const struct im_expectation *expectation,
                       const struct im_exchange *exchange);
/* Do the bounds hold for the two together, or for each by itself (`per`)? */
bool im_match_same_group(enum im_per per, const struct im_exchange *a,
                         const struct im_exchange *b);

#endif
