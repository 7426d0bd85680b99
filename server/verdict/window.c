/* Windows: where they open, where they close, what lies in them (rule 3). */
#include "verdict/window.h"

#include <stdlib.h>

#include "verdict/history_index.h"

enum { US_PER_MS = 1000, MS_PER_S = 1000 };

bool im_window_is_on_tokens(const struct im_expectation *expectation)
{
    struct im_str endpoint = expectation->when.endpoint;

    return expectation->when.grant.len || im_str_is(endpoint, "token") ||
           im_str_is(endpoint, "authorize");
}

/* ---- closing ---- */

/* Is the client well again once this is delivered, which had success? */
static bool closes_window(const struct im_expectation *expectation,
                          const struct im_exchange *anchor,
                          const struct im_exchange *exchange)
{
    /* a token, by whichever grant: another one is a way out; where no new token is wanted, the call that
     * goes well without one */
    return exchange->endpoint == IM_ENDPOINT_TOKEN ||
           !im_window_is_on_tokens(expectation) || !im_history_is_call(anchor) ||
           im_history_same_address(anchor, exchange);
}

static int64_t closing_of(const struct im_expectation *expectation,
                          const struct im_history *history,
                          const struct im_window *window)
{
    bool tokens = im_window_is_on_tokens(expectation) && expectation->at_most != 0;
    int64_t closed_us = INT64_MAX;
    /* none of those before was open any more */
    size_t i = im_history_next_success(
        history, tokens, im_history_delivered_since(history, window->opened_us));

    /* none of those that arrive once it is closed closes it earlier */
    while (i < history->count && history->items[i]->began_us < closed_us) {
        const struct im_exchange *exchange = history->items[i];
        int64_t us = im_history_delivered_us(exchange);
        /* a call that was on its way shows nothing of what came after the anchor */
        int64_t since_us = im_history_is_call(exchange) ? exchange->began_us : us;
        if (exchange != window->anchor && since_us >= window->opened_us &&
            !im_history_other_user(window->anchor, exchange) && us < closed_us &&
            closes_window(expectation, window->anchor, exchange))
            closed_us = us;
        i = im_history_next_success(history, tokens, i + 1);
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

/* The window that the anchor belongs to already; NULL = it opens one. `owners` has the window of each token, by
 * the place at which that was presented first. */
static struct im_window *own_window(const struct im_windows *windows,
                                    const struct im_expectation *expectation,
                                    const struct im_exchange *anchor,
                                    struct im_window *owner)
{
    if (expectation->within_ms >= 0 || !windows->count) /* each has a pause of its own */
        return NULL;
    /* only refused tokens have windows of their own, and only among themselves */
    bool by_token = im_history_token_refused(anchor) &&
                    im_history_token_refused(windows->items[0].anchor);
    if (!by_token)
        return &windows->items[0];
    /* the first window may have been taken over by an anchor that was delivered before its own */
    return owner && im_str_eq(owner->anchor->token, anchor->token) ? owner : NULL;
}

static void windows_open(struct im_windows *windows,
                         const struct im_expectation *expectation,
                         const struct im_history *history,
                         const struct im_exchange *anchor, struct im_window **owners)
{
    struct im_window **owner = &owners[im_history_first_alike(
        history, IM_ALIKE_TOKEN, im_history_place(history, anchor))];
    struct im_window *own = own_window(windows, expectation, anchor, *owner);
    int64_t opened_us = opening_of(anchor);

    if (own && own->opened_us <= opened_us)
        return;
    *owner = own ? own : &windows->items[windows->count++];
    own = *owner;
    own->anchor = anchor;
    own->opened_us = opened_us;
}

static int by_opening(const void *a, const void *b)
{
    const struct im_window *left = *(const struct im_window *const *)a;
    const struct im_window *right = *(const struct im_window *const *)b;

    return (left->opened_us > right->opened_us) - (left->opened_us < right->opened_us);
}

size_t im_windows_opened(const struct im_windows *windows, int64_t us)
{
    size_t low = 0, high = windows->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (windows->ordered[middle]->opened_us <= us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct im_windows im_windows_of(const struct im_expectation *expectation,
                                const struct im_history *history,
                                const struct im_exchange *const *anchors, size_t count,
                                struct im_arena *arena)
{
    struct im_windows windows = {
        .items = IM_ARENA_ARRAY(arena, struct im_window, count),
        .ordered = IM_ARENA_ARRAY(arena, const struct im_window *, count)};
    struct im_window **owners = IM_ARENA_ARRAY(arena, struct im_window *, history->count);

    if (arena->failed)
        return windows;
    for (size_t i = 0; i < count; i++)
        windows_open(&windows, expectation, history, anchors[i], owners);
    for (size_t i = 0; i < windows.count; i++) {
        windows.ordered[i] = &windows.items[i];
        windows.any_late |=
            windows.items[i].opened_us < im_history_delivered_us(windows.items[i].anchor);
    }
    qsort(windows.ordered, windows.count, sizeof(*windows.ordered), by_opening);
    for (size_t i = 0; i < windows.count; i++) {
        struct im_window *window = &windows.items[i];
        size_t next = im_windows_opened(&windows, window->opened_us);
        window->closed_us = closing_of(expectation, history, window);
        window->next_us =
            next < windows.count ? windows.ordered[next]->opened_us : INT64_MAX;
        window->used_us = im_history_first_use(history, window->opened_us);
    }
    return windows;
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

bool im_window_is_over(const struct im_window *window,
                       const struct im_expectation *expectation,
                       const struct im_exchange *exchange)
{
    return window->anchor && expectation->within_ms >= 0 &&
           (exchange->began_us - im_history_delivered_us(window->anchor)) / US_PER_MS >=
               im_window_within_ms(expectation, window->anchor);
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
    if (expectation->same_call && exchange->call != anchor->call)
        return false;
    return expectation->within_ms < 0 ||
           im_window_elapsed_us(anchor, exchange) / US_PER_MS <
               im_window_within_ms(expectation, anchor);
}
