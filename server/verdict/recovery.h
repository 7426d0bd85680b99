/* Rule 2 of scenarios/README.md: what shows that a client got well again after an anchor, and when that
 * cannot be asked of it. */
#ifndef IM_VERDICT_RECOVERY_H
#define IM_VERDICT_RECOVERY_H

#include "verdict/window.h"

/* Can the exchange be the recovery that the expectation wants, cause and status left aside? baseline may
 * be NULL. */
bool im_recovery_can_be(const struct im_expectation *expectation,
                        const struct im_window *window,
                        const struct im_exchange *exchange,
                        const struct im_history *baseline);
/* A call that must succeed again may have an ordinary answer that says nothing of tokens: a record that is
 * not there, one that is there already. */
bool im_recovery_is_ordinary(const struct im_expectation *expectation,
                             const struct im_exchange *exchange);
/* Had the client another token already when the answer came that the anchor's is dead? */
bool im_recovery_had_another(const struct im_history *history,
                             const struct im_exchange *anchor);
/* Was a call refused with one token and its repeat with the next, one of them the anchor's? A client may
 * stop there, so that it does not go on for ever. */
bool im_recovery_refused_twice(const struct im_history *history,
                               const struct im_exchange *anchor);

#endif
