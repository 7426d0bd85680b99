/* Matching: which exchanges an expectation is about. Its `when` and its filters are separate, because
 * nth and every count whatever fits `when`, whatever became of it. */
#include "verdict/match.h"

#include "verdict/count.h"
#include "verdict/history_index.h"
#include "verdict/recovery.h"

static bool passes_filters(const struct im_expectation *expectation,
                           const struct im_exchange *exchange)
{
    if (expectation->cause && !im_history_has_cause(exchange, expectation->cause))
        return false;
    if (expectation->fault && exchange->fault != expectation->fault)
        return false;
    /* what has no token belongs to no token's bound */
    if (expectation->per == IM_PER_TOKEN && !exchange->token.len)
        return false;
    if (expectation->created && !exchange->created)
        return false;
    if (expectation->without_token && !im_history_token_refused(exchange))
        return false;
    return im_status_fits(&expectation->status, im_exchange_status(exchange));
}

/* A browser asks whether its page may (204; any other OPTIONS is refused): that is no call of the
 * integration's, unless an expectation is about just that. */
static bool is_preflight(const struct im_expectation *expectation,
                         const struct im_exchange *exchange)
{
    return im_exchange_status(exchange) == 204 &&
           im_str_is(exchange->method, "OPTIONS") && !expectation->when.method.len;
}

static enum im_match match_one(const struct im_expectation *expectation,
                               const struct im_exchange *exchange)
{
    if (!im_when_fits(&expectation->when, exchange) ||
        is_preflight(expectation, exchange))
        return IM_MATCH_NONE;
    return passes_filters(expectation, exchange) ? IM_MATCH_ALL : IM_MATCH_WHEN;
}

/* ---- all of them ---- */

void im_matches_init(struct im_matches *m, const struct im_history *history,
                     struct im_arena *arena)
{
    *m =
        (struct im_matches){.history = history,
                            .fits = IM_ARENA_ARRAY(arena, enum im_match, history->count),
                            .fitting = {IM_ARENA_ARRAY(arena, size_t, history->count), 0},
                            .better = {IM_ARENA_ARRAY(arena, size_t, history->count), 0},
                            .inside = {IM_ARENA_ARRAY(arena, size_t, history->count), 0}};
}

void im_matches_find(struct im_matches *m, const struct im_expectation *expectation,
                     bool *matched)
{
    m->expectation = expectation;
    m->matched = matched;
    m->fitting.count = m->better.count = 0;
    for (size_t i = 0; i < m->history->count; i++) {
        m->fits[i] = match_one(expectation, m->history->items[i]);
        if (m->fits[i] == IM_MATCH_NONE)
            continue;
        m->fitting.items[m->fitting.count++] = i;
        if (m->fits[i] == IM_MATCH_ALL ||
            im_recovery_is_ordinary(expectation, m->history->items[i]))
            m->better.items[m->better.count++] = i;
    }
}

size_t im_matches_since(const struct im_matches *m, const struct im_places *places,
                        int64_t us)
{
    size_t place = im_history_since(m->history, us), low = 0, high = places->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (places->items[middle] < place)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool im_matches_by_number(const struct im_expectation *expectation)
{
    return expectation->when.nth > 0 || expectation->when.every > 0;
}

/* Does nothing that is open at once matter, so that what no longer counts may be left aside? */
static bool only_counts(const struct im_expectation *expectation)
{
    return expectation->in_parallel_at_most < 0 && !im_matches_by_number(expectation);
}

bool im_matches_only_recovery(const struct im_expectation *expectation)
{
    return expectation->at_most < 0 && !expectation->growing_gaps &&
           only_counts(expectation);
}

void im_matches_inside(struct im_matches *m, const struct im_window *window)
{
    const struct im_expectation *expectation = m->expectation;
    uint64_t n = 0;

    m->inside.count = 0;
    for (size_t i = im_matches_since(m, &m->fitting, window->opened_us);
         i < m->fitting.count; i++) {
        size_t place = m->fitting.items[i];
        const struct im_exchange *exchange = m->history->items[place];
        if (im_window_is_over(window, expectation, exchange) ||
            (window->anchor && only_counts(expectation) &&
             im_count_is_over(expectation, window, m->history, exchange->began_us)))
            return;
        if (!im_window_holds(window, expectation, exchange))
            continue;
        n++;
        if (m->fits[place] != IM_MATCH_ALL || !im_when_counts(&expectation->when, n))
            continue;
        m->inside.items[m->inside.count++] = place;
        if (!window->anchor || im_matches_by_number(expectation))
            m->matched[place] = true;
    }
}

/* Is the exchange in any of the windows? The latest that can be is the likeliest. */
static bool is_in_any(const struct im_windows *windows,
                      const struct im_expectation *expectation,
                      const struct im_exchange *exchange)
{
    for (size_t i = im_windows_opened(windows, exchange->began_us); i > 0; i--) {
        const struct im_window *window = windows->ordered[i - 1];
        if (im_window_holds(window, expectation, exchange))
            return true;
        /* then those that opened earlier are, too, unless each lasts as long as its anchor says */
        if (!windows->any_late && expectation->within_ms != IM_WITHIN_RETRY_AFTER &&
            im_window_is_over(window, expectation, exchange))
            return false;
    }
    return false;
}

void im_matches_in_any(struct im_matches *m, const struct im_windows *windows)
{
    for (size_t i = 0; i < m->fitting.count; i++) {
        size_t place = m->fitting.items[i];
        if (m->fits[place] == IM_MATCH_ALL && !im_matches_by_number(m->expectation))
            m->matched[place] =
                is_in_any(windows, m->expectation, m->history->items[place]);
    }
}
