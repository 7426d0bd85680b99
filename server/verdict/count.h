/* Rules 4 and 5 of scenarios/README.md: which of the exchanges that match count against an upper bound.
 * Some count for certain, some may have had a good reason that does not show, some are free. */
#ifndef IM_VERDICT_COUNT_H
#define IM_VERDICT_COUNT_H

#include "verdict/doubt.h"
#include "verdict/window.h"

/* What one bound is held against: the exchanges that match, of one window, and of one token or call
 * where the expectation says `per`. In order of arrival. */
struct im_group {
    const struct im_expectation *expectation;
    const struct im_window *window;
    const struct im_history *history;
    const struct im_judge_options *options;
    const struct im_exchange **items;
    size_t count;
    const struct im_exchange **room; /* for as many, to work with */
};

struct im_tally {
    size_t counted; /* for certain */
    size_t unsure;
    enum im_doubt doubt; /* about the first of those */
};

/* Upper bounds hold for counted, and break for certain where that is too many. */
struct im_tally im_count(const struct im_group *group);
/* Does nothing count against an upper bound that arrives then or later? What it is asked of has an anchor. */
bool im_count_is_over(const struct im_expectation *expectation,
                      const struct im_window *window, const struct im_history *history,
                      int64_t us);
/* Does the one at this index count, or may it? */
bool im_count_has(const struct im_group *group, size_t index);
/* Is this call made no more often than in the baseline, so that none of them is a repeat? */
bool im_count_calls_as_ever(const struct im_group *group,
                            const struct im_exchange *exchange);
/* Can repeats of this call be calls of their own, so that it cannot be told? */
bool im_count_is_ambiguous(const struct im_group *group,
                           const struct im_exchange *exchange);
/* How many sign-ons or calls like this one the client makes where nothing goes wrong; 0 = not known. */
size_t im_count_times_before(const struct im_group *group,
                             const struct im_exchange *exchange);

#endif
