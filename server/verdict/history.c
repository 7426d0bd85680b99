/* Reading a history: order of arrival, and the numbers P and B of rules 4 and 5 of scenarios/README.md. */
#include "verdict/history.h"

#include <stdlib.h>

#include "verdict/history_index.h"

/* ---- one exchange ---- */

/* Without a socket there is no delivery: the answer is known once it is decided. */
int64_t im_history_delivered_us(const struct im_exchange *exchange)
{
    int64_t us = exchange->delivered_us > 0 ? exchange->delivered_us : exchange->ended_us;

    return us > exchange->began_us ? us : exchange->began_us;
}

/* The last piece of a slow body goes out a little ahead of the time that is reckoned with; a timer that is a
 * moment early is all that there is of others. */
bool im_history_got_all(const struct im_exchange *exchange)
{
    enum { BANDWIDTH_US = 100 * 1000, TIMER_US = 10 * 1000 };
    bool slow = exchange->fault == IM_FAULT_BANDWIDTH;

    if (exchange->unheard)
        return false;
    if (!slow && exchange->fault != IM_FAULT_DELAY && exchange->fault != IM_FAULT_HOLD)
        return true;
    return exchange->delivered_us <= 0 ||
           exchange->delivered_us + (slow ? BANDWIDTH_US : TIMER_US) >=
               exchange->ended_us;
}

bool im_history_undamaged(const struct im_exchange *exchange)
{
    switch (exchange->fault) {
    case IM_FAULT_NONE:
    case IM_FAULT_WRONG_TYPE: return true; /* right data under a wrong label (rule 6) */
    case IM_FAULT_DELAY:
    case IM_FAULT_HOLD:
    case IM_FAULT_BANDWIDTH: return im_history_got_all(exchange);
    default: return false;
    }
}

bool im_history_succeeded(const struct im_exchange *exchange)
{
    return exchange->status >= 200 && exchange->status < 300 &&
           im_history_undamaged(exchange);
}

bool im_history_is_refresh(const struct im_exchange *exchange)
{
    return exchange->endpoint == IM_ENDPOINT_TOKEN &&
           im_str_is(exchange->grant, "refresh_token");
}

bool im_history_is_sign_on(const struct im_exchange *exchange)
{
    return exchange->endpoint == IM_ENDPOINT_TOKEN && !im_history_is_refresh(exchange);
}

bool im_history_is_call(const struct im_exchange *exchange)
{
    return im_endpoint_group(exchange->endpoint) == IM_GROUP_API;
}

bool im_history_token_refused(const struct im_exchange *exchange)
{
    enum im_family family = im_cause_row(exchange->cause)->family;

    return im_history_is_call(exchange) && exchange->cause != CAUSE_NONE &&
           (family == IM_FAMILY_EXPIRED || family == IM_FAMILY_REVOKED);
}

bool im_history_other_user(const struct im_exchange *a, const struct im_exchange *b)
{
    return a->user.len && b->user.len && !im_str_eq(a->user, b->user);
}

bool im_history_same_address(const struct im_exchange *a, const struct im_exchange *b)
{
    return im_str_eq(a->method, b->method) && im_str_eq(a->path, b->path);
}

bool im_history_has_cause(const struct im_exchange *exchange, enum im_cause cause)
{
    if (exchange->cause == cause)
        return true;
    /* who asks what became of a token, or revokes it, may do so with a dead one */
    if (exchange->endpoint == IM_ENDPOINT_INTROSPECT ||
        exchange->endpoint == IM_ENDPOINT_REVOKE)
        return false;
    for (size_t i = 0; i < exchange->note_count; i++)
        if (exchange->notes[i].cause == cause)
            return true;
    return false;
}

int im_history_compare_arrival(const struct im_exchange *a, const struct im_exchange *b)
{
    if (a->began_us != b->began_us)
        return a->began_us > b->began_us ? 1 : -1;
    return (a->id > b->id) - (a->id < b->id);
}

/* ---- all of them ---- */

static int by_arrival(const void *a, const void *b)
{
    return im_history_compare_arrival(*(const struct im_exchange *const *)a,
                                      *(const struct im_exchange *const *)b);
}

/* Takes the places out of `open` whose exchanges ended before this one arrives; none of them is open for a
 * later one either. Returns how many are left. */
static size_t drop_ended(const struct im_history *history, size_t *open, size_t count,
                         size_t place)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (im_history_delivered_us(history->items[open[i]]) >
            history->items[place]->began_us)
            open[kept++] = open[i];
    return kept;
}

/* What is open with the one that arrives, and of the same client. */
static void count_open(struct im_history *history, const size_t *open, size_t count,
                       size_t place)
{
    int64_t all = 1, calls = 1;

    for (size_t i = 0; i < count; i++) {
        if (im_history_other_user(history->items[open[i]], history->items[place]))
            continue;
        all++;
        /* one that is sent again by now is that one */
        calls += im_history_next_alike(history, IM_ALIKE_CALL, open[i]) > place;
    }
    history->parallel = all > history->parallel ? all : history->parallel;
    history->parallel_calls =
        calls > history->parallel_calls ? calls : history->parallel_calls;
}

/* Discovery, keys and tunnels do not count: libraries fetch them beside the work of the client. */
static bool count_parallel(struct im_history *history, struct im_arena *arena)
{
    size_t *open = IM_ARENA_ARRAY(arena, size_t, history->count);
    size_t count = 0;

    for (size_t place = 0; open && place < history->count; place++) {
        if (im_endpoint_group(history->items[place]->endpoint) == IM_GROUP_NONE)
            continue;
        count = drop_ended(history, open, count, place);
        count_open(history, open, count, place);
        open[count++] = place;
    }
    return open != NULL;
}

bool im_history_is_serial(const struct im_history *history,
                          const struct im_history *baseline)
{
    return history->parallel <= 1 && (!baseline || baseline->parallel <= 1);
}

static void count_tokens(struct im_history *history, const struct im_exchange *exchange)
{
    bool refresh = im_history_is_refresh(exchange);
    bool sign_on = im_history_is_sign_on(exchange);
    bool success = im_history_succeeded(exchange);

    history->sign_on_tries += sign_on;
    history->refresh_tries += refresh;
    history->sign_ons += sign_on && success;
    history->refreshes += refresh && success;
    history->other_sign_ons += sign_on && exchange->grant.len &&
                               !im_str_is(exchange->grant, "authorization_code");
}

bool im_history_read(struct im_history *history, const struct im_exchange *exchanges,
                     size_t count, struct im_arena *arena)
{
    *history = (struct im_history){
        .count = count, .exchanges = exchanges, .parallel = 1, .parallel_calls = 1};
    history->items = IM_ARENA_ARRAY(arena, const struct im_exchange *, count);
    history->places = IM_ARENA_ARRAY(arena, size_t, count);
    if (arena->failed)
        return false;
    for (size_t i = 0; i < count; i++)
        history->items[i] = &exchanges[i];
    qsort(history->items, count, sizeof(*history->items), by_arrival);
    for (size_t i = 0; i < count; i++) {
        history->places[history->items[i] - exchanges] = i;
        count_tokens(history, history->items[i]);
    }
    if (!im_history_index_make(history, arena) || !count_parallel(history, arena))
        return false;
    for (size_t i = 0; i < count; i++)
        history->unknown_codes +=
            im_str_is(history->items[i]->grant, "authorization_code") &&
            !im_history_issuer(history, history->items[i]->token);
    return true;
}
