/* Windows: where they open, where they close, what lies in them (rule 3). */
#include "verdict/window.h"

enum { US_PER_MS = 1000, MS_PER_S = 1000 };

bool im_window_is_on_tokens(const struct im_expectation *expectation)
{
    struct im_str endpoint = expectation->when.endpoint;

    return expectation->when.grant.len || im_str_is(endpoint, "token") ||
           im_str_is(endpoint, "authorize");
}

/* ---- closing ---- */

/* Is the client well again once this is delivered? */
static bool closes_window(const struct im_expectation *expectation,
                          const struct im_exchange *anchor,
                          const struct im_exchange *exchange)
{
    if (!im_history_succeeded(exchange))
        return false;
    if (exchange->endpoint == IM_ENDPOINT_TOKEN)
        return true; /* whichever grant: another one is a way out */
    if (!im_window_is_on_tokens(expectation))
        return im_history_is_call(exchange);
    /* Where no new token is wanted, the call that goes well without one closes it too. */
    if (expectation->at_most != 0)
        return false;
    return im_history_is_call(anchor) ? im_history_same_address(anchor, exchange)
                                      : im_history_is_call(exchange);
}

static int64_t closing_of(const struct im_expectation *expectation,
                          const struct im_history *history,
                          const struct im_window *window)
{
    int64_t closed_us = INT64_MAX;

    for (size_t i = 0; i < history->count; i++) {
        const struct im_exchange *exchange = history->items[i];
        int64_t us = im_history_delivered_us(exchange);
        /* a call that was on its way shows nothing of what came after the anchor */
        int64_t since_us = im_history_is_call(exchange) ? exchange->began_us : us;
        if (exchange != window->anchor && since_us >= window->opened_us &&
            !im_history_other_user(window->anchor, exchange) && us < closed_us &&
            closes_window(expectation, window->anchor, exchange))
            closed_us = us;
    }
    return closed_us;
}

/* ---- opening ---- */

/* What is only late takes effect while it is on its way: a client that does not wait for it shows that
 * before it is delivered. */
static int64_t opening_of(const struct im_exchange *anchor)
{
    bool late = anchor->fault == IM_FAULT_DELAY || anchor->fault == IM_FAULT_HOLD ||
                anchor->fault == IM_FAULT_BANDWIDTH;

    return late ? anchor->began_us : im_history_delivered_us(anchor);
}

static bool same_window(const struct im_expectation *expectation,
                        const struct im_exchange *first, const struct im_exchange *anchor)
{
    if (expectation->within_ms >= 0) /* each has a pause of its own */
        return false;
    return !im_history_token_refused(first) || !im_history_token_refused(anchor) ||
           im_str_eq(first->token, anchor->token);
}

size_t im_windows_of(const struct im_expectation *expectation,
                     const struct im_history *history,
                     const struct im_exchange *const *anchors, size_t count,
                     struct im_window *windows)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        struct im_window *own = NULL;
        int64_t opened_us = opening_of(anchors[i]);
        for (size_t k = 0; k < n && !own; k++)
            if (same_window(expectation, windows[k].anchor, anchors[i]))
                own = &windows[k];
        if (own && own->opened_us <= opened_us)
            continue;
        if (!own)
            own = &windows[n++];
        own->anchor = anchors[i];
        own->opened_us = opened_us;
    }
    for (size_t i = 0; i < n; i++) {
        windows[i].closed_us = closing_of(expectation, history, &windows[i]);
        windows[i].next_us = INT64_MAX;
        for (size_t k = 0; k < n; k++)
            if (windows[k].opened_us > windows[i].opened_us &&
                windows[k].opened_us < windows[i].next_us)
                windows[i].next_us = windows[k].opened_us;
    }
    return n;
}

/* ---- belonging ---- */

/* The two clocks are read at different times of an exchange, so the sandbox's counts only where it went
 * further than real time can explain: an answer that was delayed, or one tick, is not time that the
 * client waited. */
int64_t im_window_elapsed_us(const struct im_exchange *from, const struct im_exchange *to)
{
    int64_t delivered_us = im_history_delivered_us(from);
    int64_t in_vain = delivered_us - from->ended_us; /* no pause either */
    int64_t real = to->began_us - delivered_us;
    int64_t within_them =
        (from->ended_us - from->began_us) + (to->ended_us - to->began_us);
    int64_t virtual = (to->at_ms - from->at_ms) * US_PER_MS - (in_vain > 0 ? in_vain : 0);

    return virtual > real + within_them + US_PER_MS ? virtual : real;
}

int64_t im_window_within_ms(const struct im_expectation *expectation,
                            const struct im_exchange *anchor)
{
    return expectation->within_ms == IM_WITHIN_RETRY_AFTER
               ? anchor->retry_after_s * MS_PER_S
               : expectation->within_ms;
}

bool im_window_holds(const struct im_window *window,
                     const struct im_expectation *expectation,
                     const struct im_exchange *exchange)
{
    const struct im_exchange *anchor = window->anchor;

    if (!anchor)
        return true;
    if (exchange == anchor || exchange->began_us < window->opened_us ||
        im_history_other_user(anchor, exchange))
        return false;
    /* the same record may be made by a call that has a new date or key in it */
    if (expectation->same_call && exchange->call != anchor->call &&
        !(expectation->created && im_history_same_address(anchor, exchange)))
        return false;
    return expectation->within_ms < 0 ||
           im_window_elapsed_us(anchor, exchange) / US_PER_MS <
               im_window_within_ms(expectation, anchor);
}
