/* Rule 3 of scenarios/README.md: the stretch of a history that an expectation with `after` is about. It
 * opens when the anchor is delivered, and closes for upper bounds when the client is well again. */
#ifndef IM_VERDICT_WINDOW_H
#define IM_VERDICT_WINDOW_H

#include "scenario/expect.h"
#include "verdict/history.h"

/* Real times. Without an anchor: everything. */
struct im_window {
    const struct im_exchange *anchor; /* NULL = there is no `after` */
    int64_t opened_us;
    int64_t closed_us; /* for upper bounds; INT64_MAX = when the client ended */
    int64_t next_us; /* the next window of the expectation opens; INT64_MAX = none does */
    int64_t
        used_us; /* a token was used that was had since it opened; INT64_MAX = none was */
};

/* Is the expectation about requests for tokens, or for the codes that they are had with? */
bool im_window_is_on_tokens(const struct im_expectation *expectation);
/* The windows of an expectation whose anchors are these exchanges, in order of arrival: one for each
 * access token that was refused, each anchor with `within`, and otherwise one, behind the anchor that
 * was delivered first. Lifetime: the arena's. An empty list when memory is short. */
struct im_windows {
    struct im_window *items;
    const struct im_window **ordered; /* by when they open */
    size_t count;
    bool any_late; /* one opened before its anchor was delivered */
};
struct im_windows im_windows_of(const struct im_expectation *expectation,
                                const struct im_history *history,
                                const struct im_exchange *const *anchors, size_t count,
                                struct im_arena *arena);
/* How many of them have opened by then. */
size_t im_windows_opened(const struct im_windows *windows, int64_t us);
/* Between the delivery of one exchange and the arrival of the other: real time, or the sandbox's where
 * that went further (a test advances the clock instead of sleeping). */
int64_t im_window_elapsed_us(const struct im_exchange *from,
                             const struct im_exchange *to);
/* `within`, of what follows this anchor: a Retry-After is the one that it sent. */
int64_t im_window_within_ms(const struct im_expectation *expectation,
                            const struct im_exchange *anchor);
/* Has so much time passed that neither this exchange nor a later one belongs to it? */
bool im_window_is_over(const struct im_window *window,
                       const struct im_expectation *expectation,
                       const struct im_exchange *exchange);
/* Does the exchange belong to it, closing left aside? */
bool im_window_holds(const struct im_window *window,
                     const struct im_expectation *expectation,
                     const struct im_exchange *exchange);

#endif
