/* Rule 2 of scenarios/README.md: what shows that a client got well again after an anchor, and when that
 * cannot be asked of it. */
#ifndef IM_VERDICT_RECOVERY_H
#define IM_VERDICT_RECOVERY_H

#include "verdict/judge.h"
#include "verdict/window.h"

/* Can the exchange be the recovery that the expectation wants, cause and status left aside? baseline may
 * be NULL. */
bool im_recovery_can_be(const struct im_expectation *expectation,
                        const struct im_window *window,
                        const struct im_exchange *exchange,
                        const struct im_history *baseline);
/* Is this the anchor's call again? It may differ in body or query, by a date for instance; but not when it is
 * a call that the client makes anyway. */
bool im_recovery_is_repeat(const struct im_exchange *anchor,
                           const struct im_exchange *exchange,
                           const struct im_history *baseline);
/* A call that must succeed again may have an ordinary answer that says nothing of tokens: a record that is
 * not there, one that is there already. */
bool im_recovery_is_ordinary(const struct im_expectation *expectation,
                             const struct im_exchange *exchange);
/* Can it not be told whether the client should have recovered? Then says why; false where nothing excuses
 * it. Without an anchor only what the journal has forgotten does. */
bool im_recovery_doubt(const struct im_expectation *expectation,
                       const struct im_window *window, const struct im_history *history,
                       const struct im_judge_options *options, struct im_buf *why);
/* Did a client that may end when it is refused go on with another call instead, after it had the answer that it
 * did not repeat the call of? Then says so; false where it did not, or it may have been another job or worker of
 * it that did. The window has an anchor. */
bool im_recovery_went_on(const struct im_expectation *expectation,
                         const struct im_window *window, const struct im_history *history,
                         const struct im_judge_options *options, struct im_buf *why);

#endif
