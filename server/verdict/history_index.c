/* Indexes over a history: what is alike, in order of arrival and in order of delivery; how often calls are
 * made, here and in the baseline; who handed out a token. All are made once, by sorting. */
#include "verdict/history_index.h"

#include <stdlib.h>
#include <string.h>

/* Those alike stand together as a group, in order of delivery. A group goes by where it begins. */
struct order {
    const struct im_exchange **items;
    size_t *ranks;        /* of a place: where it stands here */
    size_t *groups;       /* of a place */
    size_t *first, *next; /* of a group, of a place: the same in order of arrival */
};

struct im_history_index {
    struct order orders[IM_ALIKES];
    struct im_history_call *calls; /* of a group of IM_ALIKE_CALL */
    /* By the access token that they handed out; those that did not are left out. */
    const struct im_exchange **issuers;
    size_t issuer_count;
    /* By address; those that made no record are left out. */
    const struct im_exchange **creations;
    size_t creation_count;
    /* Of a place. */
    int64_t *reach_us; /* the latest delivery up to it */
    int64_t *issued_us,
        *later_us; /* when the call's token was handed out; the latest from here on */
    size_t *success, *token_success; /* the next, that one included */
};

/* ---- comparing ---- */

static int compare_delivery(const struct im_exchange *a, const struct im_exchange *b)
{
    int64_t left = im_history_delivered_us(a), right = im_history_delivered_us(b);

    return left != right ? (left > right) - (left < right)
                         : im_history_compare_arrival(a, b);
}

static int compare_calls(const struct im_exchange *a, const struct im_exchange *b)
{
    return (a->call > b->call) - (a->call < b->call);
}

static int compare_alike(enum im_alike alike, const struct im_exchange *a,
                         const struct im_exchange *b)
{
    int by_call = alike == IM_ALIKE_TOKEN ? 0 : compare_calls(a, b);

    return by_call || alike == IM_ALIKE_CALL ? by_call
                                             : im_str_compare(a->token, b->token);
}

/* What qsort and bsearch hand over: a pointer to an item. */
static const struct im_exchange *item_of(const void *at)
{
    return *(const struct im_exchange *const *)at;
}

static int sort_alike(enum im_alike alike, const void *a, const void *b)
{
    int order = compare_alike(alike, item_of(a), item_of(b));

    return order ? order : compare_delivery(item_of(a), item_of(b));
}

static int by_call(const void *a, const void *b)
{
    return sort_alike(IM_ALIKE_CALL, a, b);
}

static int by_token(const void *a, const void *b)
{
    return sort_alike(IM_ALIKE_TOKEN, a, b);
}

static int by_both(const void *a, const void *b)
{
    return sort_alike(IM_ALIKE_BOTH, a, b);
}

static int compare_addresses(const struct im_exchange *a, const struct im_exchange *b)
{
    int order = im_str_compare(a->path, b->path);

    return order ? order : im_str_compare(a->method, b->method);
}

static int by_address(const void *a, const void *b)
{
    return compare_addresses(item_of(a), item_of(b));
}

static int by_issued(const void *a, const void *b)
{
    return im_str_compare(item_of(a)->issued, item_of(b)->issued);
}

/* ---- making ---- */

static bool order_make(const struct im_history *history, enum im_alike alike,
                       struct im_arena *arena)
{
    static int (*const compare[])(const void *,
                                  const void *) = {[IM_ALIKE_CALL] = by_call,
                                                   [IM_ALIKE_TOKEN] = by_token,
                                                   [IM_ALIKE_BOTH] = by_both};
    struct order *order = &history->index->orders[alike];
    size_t count = history->count, group = 0;

    order->items = IM_ARENA_ARRAY(arena, const struct im_exchange *, count);
    order->ranks = IM_ARENA_ARRAY(arena, size_t, count);
    order->groups = IM_ARENA_ARRAY(arena, size_t, count);
    order->first = IM_ARENA_ARRAY(arena, size_t, count);
    order->next = IM_ARENA_ARRAY(arena, size_t, count);
    if (arena->failed)
        return false;
    memcpy(order->items, history->items, count * sizeof(*order->items));
    qsort(order->items, count, sizeof(*order->items), compare[alike]);
    for (size_t rank = 0; rank < count; rank++) {
        size_t place = im_history_place(history, order->items[rank]);
        if (compare_alike(alike, order->items[group], order->items[rank]))
            group = rank;
        order->ranks[place] = rank;
        order->groups[place] = group;
        order->first[rank] = IM_HISTORY_END;
    }
    for (size_t place = count; place-- > 0;) {
        order->next[place] = order->first[order->groups[place]];
        order->first[order->groups[place]] = place;
    }
    return true;
}

/* Reads the exchanges of a call in order of arrival. */
static void call_read(const struct im_history *history, size_t first,
                      struct im_history_call *call)
{
    const struct im_exchange *refused = NULL;
    int64_t until_us = INT64_MIN;

    for (size_t place = first; place != IM_HISTORY_END;
         place = im_history_next_alike(history, IM_ALIKE_CALL, place)) {
        const struct im_exchange *exchange = history->items[place];
        call->times++;
        call->created += exchange->created;
        call->overlaps |= exchange->began_us < until_us;
        until_us = im_history_delivered_us(exchange);
        if (!im_history_token_refused(exchange))
            continue;
        refused = refused ? refused : exchange;
        call->refused_with_several |= !im_str_eq(refused->token, exchange->token);
    }
}

static bool calls_make(const struct im_history *history, struct im_arena *arena)
{
    const struct order *order = &history->index->orders[IM_ALIKE_CALL];
    struct im_history_call *calls =
        IM_ARENA_ARRAY(arena, struct im_history_call, history->count);

    for (size_t group = 0; calls && group < history->count; group++)
        if (order->first[group] != IM_HISTORY_END)
            call_read(history, order->first[group], &calls[group]);
    history->index->calls = calls;
    return calls != NULL;
}

static bool makers_make(const struct im_history *history, struct im_arena *arena)
{
    struct im_history_index *index = history->index;

    index->issuers = IM_ARENA_ARRAY(arena, const struct im_exchange *, history->count);
    index->creations = IM_ARENA_ARRAY(arena, const struct im_exchange *, history->count);
    if (arena->failed)
        return false;
    for (size_t i = 0; i < history->count; i++) {
        if (history->items[i]->issued.len)
            index->issuers[index->issuer_count++] = history->items[i];
        if (history->items[i]->created)
            index->creations[index->creation_count++] = history->items[i];
    }
    qsort(index->issuers, index->issuer_count, sizeof(*index->issuers), by_issued);
    qsort(index->creations, index->creation_count, sizeof(*index->creations), by_address);
    return true;
}

static int64_t latest(int64_t a_us, int64_t b_us)
{
    return a_us > b_us ? a_us : b_us;
}

/* When the token of a call was handed out; INT64_MIN = not here. */
static int64_t issuing_of(const struct im_history *history,
                          const struct im_exchange *exchange)
{
    const struct im_exchange *issuer =
        im_history_is_call(exchange) ? im_history_issuer(history, exchange->token) : NULL;

    return issuer ? im_history_delivered_us(issuer) : INT64_MIN;
}

static bool places_make(const struct im_history *history, struct im_arena *arena)
{
    struct im_history_index *index = history->index;
    size_t count = history->count, success = IM_HISTORY_END, tokens = IM_HISTORY_END;

    index->reach_us = IM_ARENA_ARRAY(arena, int64_t, count);
    index->issued_us = IM_ARENA_ARRAY(arena, int64_t, count);
    index->later_us = IM_ARENA_ARRAY(arena, int64_t, count);
    index->success = IM_ARENA_ARRAY(arena, size_t, count);
    index->token_success = IM_ARENA_ARRAY(arena, size_t, count);
    if (arena->failed)
        return false;
    for (size_t i = 0; i < count; i++)
        index->reach_us[i] = latest(i ? index->reach_us[i - 1] : INT64_MIN,
                                    im_history_delivered_us(history->items[i]));
    for (size_t i = count; i-- > 0;) {
        const struct im_exchange *exchange = history->items[i];
        bool token = exchange->endpoint == IM_ENDPOINT_TOKEN;
        if (im_history_succeeded(exchange) && (token || im_history_is_call(exchange))) {
            success = i;
            tokens = token ? i : tokens;
        }
        index->success[i] = success;
        index->token_success[i] = tokens;
        index->issued_us[i] = issuing_of(history, exchange);
        index->later_us[i] = latest(index->issued_us[i],
                                    i + 1 < count ? index->later_us[i + 1] : INT64_MIN);
    }
    return true;
}

bool im_history_index_make(struct im_history *history, struct im_arena *arena)
{
    history->index = IM_ARENA_NEW(arena, struct im_history_index);
    if (!history->index)
        return false;
    for (int alike = 0; alike < IM_ALIKES; alike++)
        if (!order_make(history, (enum im_alike)alike, arena))
            return false;
    return calls_make(history, arena) && makers_make(history, arena) &&
           places_make(history, arena);
}

/* ---- in order of arrival ---- */

size_t im_history_place(const struct im_history *history,
                        const struct im_exchange *exchange)
{
    return history->places[exchange - history->exchanges];
}

/* The first of `count` places of which is_below no longer says so; all those of which it does come first. */
static size_t first_place(const struct im_history *history, int64_t us,
                          bool (*is_below)(const struct im_history *history, size_t place,
                                           int64_t us))
{
    size_t low = 0, high = history->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (is_below(history, middle, us))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool arrived_before(const struct im_history *history, size_t place, int64_t us)
{
    return history->items[place]->began_us < us;
}

static bool all_delivered_before(const struct im_history *history, size_t place,
                                 int64_t us)
{
    return history->index->reach_us[place] < us;
}

size_t im_history_since(const struct im_history *history, int64_t us)
{
    return first_place(history, us, arrived_before);
}

size_t im_history_delivered_since(const struct im_history *history, int64_t us)
{
    return first_place(history, us, all_delivered_before);
}

size_t im_history_first_alike(const struct im_history *history, enum im_alike alike,
                              size_t place)
{
    const struct order *order = &history->index->orders[alike];

    return order->first[order->groups[place]];
}

size_t im_history_next_alike(const struct im_history *history, enum im_alike alike,
                             size_t place)
{
    return history->index->orders[alike].next[place];
}

/* ---- in order of delivery ---- */

struct im_history_answered im_history_answered(const struct im_history *history,
                                               enum im_alike alike,
                                               const struct im_exchange *exchange)
{
    const struct order *order = &history->index->orders[alike];
    size_t place = im_history_place(history, exchange);
    size_t rest = order->ranks[place];

    /* none that stands behind it was delivered before it arrived, but for those of the same microsecond */
    while (rest < history->count && !compare_alike(alike, order->items[rest], exchange) &&
           im_history_delivered_us(order->items[rest]) <= exchange->began_us)
        rest++;
    return (struct im_history_answered){history, exchange, alike, rest};
}

const struct im_exchange *im_history_answered_next(struct im_history_answered *answered)
{
    const struct order *order = &answered->history->index->orders[answered->alike];

    while (answered->rest > 0) {
        const struct im_exchange *before = order->items[--answered->rest];
        if (compare_alike(answered->alike, before, answered->exchange))
            answered->rest = 0;
        else if (before != answered->exchange &&
                 im_history_delivered_us(before) <= answered->exchange->began_us)
            return before;
    }
    return NULL;
}

/* ---- calls ---- */

static int by_call_alone(const void *call, const void *item)
{
    uint64_t wanted = *(const uint64_t *)call;

    return (wanted > item_of(item)->call) - (wanted < item_of(item)->call);
}

/* NULL = the history does not have it. */
static const struct im_history_call *call_find(const struct im_history *history,
                                               uint64_t call)
{
    const struct order *order = &history->index->orders[IM_ALIKE_CALL];
    const struct im_exchange **found = bsearch(&call, order->items, history->count,
                                               sizeof(*order->items), by_call_alone);

    return found
               ? &history->index->calls[order->groups[im_history_place(history, *found)]]
               : NULL;
}

struct im_history_call im_history_call_of(const struct im_history *history, uint64_t call)
{
    const struct im_history_call *found = call_find(history, call);

    return found ? *found : (struct im_history_call){.times = 0};
}

/* ---- records ---- */

/* How many stand before those of the address, or, with `after`, before those that follow it. */
static size_t creations_before(const struct im_history_index *index,
                               const struct im_exchange *exchange, bool after)
{
    size_t low = 0, high = index->creation_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_addresses(index->creations[middle], exchange) < after)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t im_history_created(const struct im_history *history,
                          const struct im_exchange *exchange)
{
    return creations_before(history->index, exchange, true) -
           creations_before(history->index, exchange, false);
}

/* ---- the baseline ---- */

/* A call of the baseline that the history does not have. */
struct foreign {
    const struct im_exchange *exchange;
    size_t times;
};

/* Of one address the most frequent first. */
static int by_address_and_times(const void *a, const void *b)
{
    const struct foreign *left = a, *right = b;
    int order = compare_addresses(left->exchange, right->exchange);

    return order ? order : (left->times < right->times) - (left->times > right->times);
}

/* Returns how many addresses they have; of each the most frequent call stands in `foreign`. */
static size_t foreign_collect(const struct im_history *history,
                              const struct im_history *baseline, struct foreign *foreign)
{
    const struct order *order = &baseline->index->orders[IM_ALIKE_CALL];
    size_t count = 0, kept = 0;

    for (size_t group = 0; group < baseline->count; group++)
        if (order->first[group] != IM_HISTORY_END &&
            !call_find(history, order->items[group]->call))
            foreign[count++] = (struct foreign){order->items[group],
                                                baseline->index->calls[group].times};
    qsort(foreign, count, sizeof(*foreign), by_address_and_times);
    for (size_t i = 0; i < count; i++)
        if (!kept || compare_addresses(foreign[kept - 1].exchange, foreign[i].exchange))
            foreign[kept++] = foreign[i];
    return kept;
}

static int by_address_alone(const void *exchange, const void *foreign)
{
    return compare_addresses(exchange, ((const struct foreign *)foreign)->exchange);
}

bool im_history_index_compare(struct im_history *history,
                              const struct im_history *baseline, struct im_arena *arena)
{
    const struct order *order = &history->index->orders[IM_ALIKE_CALL];
    struct foreign *foreign = IM_ARENA_ARRAY(arena, struct foreign, baseline->count);

    if (!foreign)
        return false;
    size_t count = foreign_collect(history, baseline, foreign);
    for (size_t group = 0; group < history->count; group++) {
        if (order->first[group] == IM_HISTORY_END)
            continue;
        const struct im_exchange *exchange = order->items[group];
        const struct foreign *instead =
            bsearch(exchange, foreign, count, sizeof(*foreign), by_address_alone);
        size_t times = im_history_call_of(baseline, exchange->call).times;
        history->index->calls[group].times_before =
            times || !instead ? times : instead->times;
    }
    return true;
}

/* ---- tokens ---- */

static int by_issued_alone(const void *token, const void *item)
{
    return im_str_compare(*(const struct im_str *)token, item_of(item)->issued);
}

const struct im_exchange *im_history_issuer(const struct im_history *history,
                                            struct im_str token)
{
    const struct im_history_index *index = history->index;
    const struct im_exchange **found =
        bsearch(&token, index->issuers, index->issuer_count, sizeof(*index->issuers),
                by_issued_alone);

    return found ? *found : NULL;
}

int64_t im_history_first_use(const struct im_history *history, int64_t since_us)
{
    const struct im_history_index *index = history->index;

    for (size_t i = im_history_since(history, since_us);
         i < history->count && index->later_us[i] >= since_us; i++)
        if (index->issued_us[i] >= since_us)
            return history->items[i]->began_us;
    return INT64_MAX;
}

size_t im_history_next_success(const struct im_history *history, bool tokens,
                               size_t place)
{
    if (place >= history->count)
        return IM_HISTORY_END;
    return tokens ? history->index->token_success[place] : history->index->success[place];
}
