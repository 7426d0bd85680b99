/* Reading a history: order of arrival, and the numbers P and B of rules 4 and 5 of scenarios/README.md. */
#include "verdict/history.h"

#include <stdlib.h>

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

/* ---- all of them ---- */

/* Two may arrive in the same microsecond; qsort is not stable. */
static int by_arrival(const void *a, const void *b)
{
    const struct im_exchange *left = *(const struct im_exchange *const *)a;
    const struct im_exchange *right = *(const struct im_exchange *const *)b;

    if (left->began_us != right->began_us)
        return left->began_us > right->began_us ? 1 : -1;
    return (left->id > right->id) - (left->id < right->id);
}

/* Of those before index i: which are still open when it arrives, and of the same client? Discovery, keys
 * and tunnels do not count: libraries fetch them beside the work of the client. */
static bool is_open_at(const struct im_history *history, size_t before, size_t i)
{
    const struct im_exchange *a = history->items[before], *b = history->items[i];

    return (im_endpoint_group(a->endpoint) != IM_GROUP_NONE) &&
           im_history_delivered_us(a) > b->began_us && !im_history_other_user(a, b);
}

/* Is there a later one of the same call among those that are open when i arrives? */
static bool is_sent_again(const struct im_history *history, size_t before, size_t i)
{
    for (size_t k = before + 1; k <= i; k++)
        if (history->items[k]->call == history->items[before]->call)
            return true;
    return false;
}

static void count_open(struct im_history *history, size_t i)
{
    int64_t all = 1, calls = 1;

    if (im_endpoint_group(history->items[i]->endpoint) == IM_GROUP_NONE)
        return;
    for (size_t k = 0; k < i; k++) {
        if (!is_open_at(history, k, i))
            continue;
        all++;
        calls += !is_sent_again(history, k, i);
    }
    history->parallel = all > history->parallel ? all : history->parallel;
    history->parallel_calls =
        calls > history->parallel_calls ? calls : history->parallel_calls;
}

bool im_history_read(struct im_history *history, const struct im_exchange *exchanges,
                     size_t count, struct im_arena *arena)
{
    *history = (struct im_history){.count = count, .parallel = 1, .parallel_calls = 1};
    history->items = IM_ARENA_ARRAY(arena, const struct im_exchange *, count);
    if (!history->items)
        return false;
    for (size_t i = 0; i < count; i++)
        history->items[i] = &exchanges[i];
    qsort(history->items, count, sizeof(*history->items), by_arrival);
    for (size_t i = 0; i < count; i++) {
        const struct im_exchange *exchange = history->items[i];
        count_open(history, i);
        history->sign_on_tries += im_history_is_sign_on(exchange);
        history->refresh_tries += im_history_is_refresh(exchange);
        history->sign_ons +=
            im_history_is_sign_on(exchange) && im_history_succeeded(exchange);
        history->refreshes +=
            im_history_is_refresh(exchange) && im_history_succeeded(exchange);
    }
    return true;
}

size_t im_history_times(const struct im_history *history, uint64_t call)
{
    size_t n = 0;

    for (size_t i = 0; i < history->count; i++)
        n += history->items[i]->call == call;
    return n;
}

size_t im_history_times_before(const struct im_history *baseline,
                               const struct im_history *history,
                               const struct im_exchange *exchange)
{
    size_t most = im_history_times(baseline, exchange->call);
    bool known = most > 0;

    for (size_t i = 0; !known && i < baseline->count; i++) {
        const struct im_exchange *before = baseline->items[i];
        if (!im_history_same_address(before, exchange) ||
            im_history_times(history, before->call))
            continue;
        size_t times = im_history_times(baseline, before->call);
        most = times > most ? times : most;
    }
    return most;
}

bool im_history_overlaps(const struct im_history *history, uint64_t call)
{
    int64_t until_us = INT64_MIN;

    for (size_t i = 0; i < history->count; i++) {
        const struct im_exchange *exchange = history->items[i];
        if (exchange->call != call)
            continue;
        if (exchange->began_us < until_us)
            return true;
        until_us = im_history_delivered_us(exchange);
    }
    return false;
}

bool im_history_issued(const struct im_history *history, struct im_str token)
{
    for (size_t i = 0; token.len && i < history->count; i++)
        if (im_str_eq(history->items[i]->issued, token))
            return true;
    return false;
}
