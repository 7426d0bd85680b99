/* Bounds of one expectation, and the sentence that says how one is broken or that all hold. */
#include "verdict/bound.h"

#include <stdlib.h>

#include "base/clock.h"

enum {
    US_PER_MS = 1000,
    PAUSE_US = 50 * US_PER_MS,
    UNAWARE_US = 250 * US_PER_MS,
    GAPS_SHOWN = 6
};

/* ---- time ---- */

/* When the client of a stalled exchange had enough of it; 0 = not known. */
static int64_t left_us(const struct im_exchange *exchange)
{
    return exchange->fault == IM_FAULT_STALL ? exchange->delivered_us : 0;
}

/* The two clocks are read at different moments of an exchange, so the sandbox's counts only where
 * it went further than real time can explain: an answer that was delayed, or one tick, is not time
 * that the client waited. */
int64_t im_bound_elapsed_us(const struct im_exchange *from, const struct im_exchange *to)
{
    bool left = left_us(from) && left_us(from) <= to->began_us;
    int64_t in_vain = left ? left_us(from) - from->ended_us : 0; /* no pause either */
    int64_t real = to->began_us - from->ended_us - in_vain;
    int64_t within_them =
        (from->ended_us - from->began_us) + (to->ended_us - to->began_us);
    int64_t virtual = (to->at_ms - from->at_ms) * US_PER_MS - in_vain;

    return virtual > real + within_them + US_PER_MS ? virtual : real;
}

/* ---- how many ---- */

/* The first request on its connection since the reference was answered. */
static bool is_first_since(const struct im_exchange *reference, const struct im_try *try)
{
    const struct im_exchange *exchange = try->exchange;

    return exchange->connection && exchange->connection != reference->connection &&
           (!try->before || try->before->began_us < reference->ended_us);
}

bool im_bound_in_flight(const struct im_exchange *reference, const struct im_try *try)
{
    const struct im_exchange *exchange = try->exchange;

    return exchange != reference && (exchange->began_us < reference->ended_us ||
                                     (is_first_since(reference, try) &&
                                      exchange->connection_us < reference->ended_us));
}

/* Another worker may open its connection only now, and know as little. Soon, that is, and not for a
 * call that was made before: so a client that repeats itself is told from one that works in
 * parallel. */
static bool is_late_worker(const struct im_exchange *reference,
                           const struct im_tries *tries, size_t index)
{
    const struct im_exchange *exchange = tries->items[index]->exchange;

    if (!is_first_since(reference, tries->items[index]) ||
        exchange->began_us - reference->ended_us >= UNAWARE_US ||
        exchange->call == reference->call)
        return false;
    for (size_t i = 0; i < index; i++)
        if (tries->items[i]->exchange->call == exchange->call)
            return false;
    return true;
}

/* Those that count against at_most. */
static size_t blamed(const struct im_expectation *expectation,
                     const struct im_tries *tries)
{
    bool windowed = expectation->within_ms >= 0;
    size_t n = 0;

    if (!tries->count || (!windowed && !expectation->cause))
        return tries->count;
    const struct im_exchange *reference =
        windowed && tries->anchor ? tries->anchor : tries->items[0]->exchange;
    for (size_t i = 0; i < tries->count; i++)
        n += !im_bound_in_flight(reference, tries->items[i]) &&
             !is_late_worker(reference, tries, i);
    return n;
}

/* An expectation that sets no bound wants to see it happen. */
static int64_t least(const struct im_expectation *expectation)
{
    bool none = expectation->at_least < 0 && expectation->at_most < 0 &&
                expectation->in_parallel_at_most < 0 && !expectation->growing_gaps;

    return none ? 1 : expectation->at_least;
}

/* ---- how many at once ---- */

static int by_value(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

/* An exchange is open up to its end, and for one tick at least. */
static int64_t end_of(const struct im_exchange *exchange)
{
    return exchange->ended_us > exchange->began_us ? exchange->ended_us
                                                   : exchange->began_us + 1;
}

/* The most that were open at once; *at is the index of the one that made it so many. */
static size_t most_at_once(const struct im_tries *tries, size_t *at)
{
    size_t most = 0, ended = 0;

    *at = 0;
    for (size_t i = 0; i < tries->count; i++)
        tries->scratch[i] = end_of(tries->items[i]->exchange);
    qsort(tries->scratch, tries->count, sizeof(*tries->scratch), by_value);
    for (size_t i = 0; i < tries->count; i++) {
        while (tries->scratch[ended] <= tries->items[i]->exchange->began_us)
            ended++;
        if (i + 1 - ended > most) {
            most = i + 1 - ended;
            *at = i;
        }
    }
    return most;
}

/* ---- with what pauses ---- */

static int64_t gap(const struct im_tries *tries, size_t i)
{
    return im_bound_elapsed_us(tries->items[i]->exchange, tries->items[i + 1]->exchange);
}

/* How long a client waited for a stalled answer, and how long it then paused, is not known when it
 * left its connection open. */
static bool is_known(const struct im_tries *tries, size_t i)
{
    const struct im_exchange *exchange = tries->items[i]->exchange;

    return exchange->fault != IM_FAULT_STALL ||
           (left_us(exchange) &&
            left_us(exchange) <= tries->items[i + 1]->exchange->began_us);
}

static bool gaps_grow(const struct im_tries *tries)
{
    size_t gaps = tries->count ? tries->count - 1 : 0;
    int64_t first = -1;
    int64_t last = -1;

    for (size_t i = 0; i < gaps; i++) {
        if (!is_known(tries, i))
            continue;
        last = gap(tries, i);
        if (last < PAUSE_US)
            return false;
        if (first >= 0 && i == gaps - 1 && last < first + first / 4)
            return false;
        first = first < 0 ? last : first;
    }
    return true;
}

/* ---- judging ---- */

enum im_bound im_bound_broken(const struct im_expectation *expectation,
                              const struct im_tries *tries)
{
    int64_t parallel = expectation->in_parallel_at_most;
    size_t at;

    if (expectation->at_most >= 0 &&
        blamed(expectation, tries) > (uint64_t)expectation->at_most)
        return IM_BOUND_AT_MOST;
    if (least(expectation) > 0 && tries->count < (uint64_t)least(expectation))
        return IM_BOUND_AT_LEAST;
    if (parallel >= 0 && most_at_once(tries, &at) > (uint64_t)parallel)
        return IM_BOUND_PARALLEL;
    if (expectation->growing_gaps && !gaps_grow(tries))
        return IM_BOUND_GAPS;
    return IM_BOUND_HOLDS;
}

size_t im_bound_shown(const struct im_tries *tries, enum im_bound broken,
                      const struct im_exchange **shown)
{
    size_t n = 0, peak = tries->count;

    if (broken == IM_BOUND_AT_LEAST && !tries->count && tries->anchor)
        shown[n++] = tries->anchor;
    if (broken == IM_BOUND_PARALLEL)
        most_at_once(tries, &peak);
    for (size_t i = 0; i < tries->count && i <= peak; i++)
        if (broken != IM_BOUND_PARALLEL ||
            end_of(tries->items[i]->exchange) > tries->items[peak]->exchange->began_us)
            shown[n++] = tries->items[i]->exchange;
    return n;
}

/* ---- saying why ---- */

static void add_wanted(const struct im_expectation *expectation, struct im_buf *why)
{
    long long low = (long long)least(expectation), high = (long long)expectation->at_most;

    if (high == 0)
        im_buf_addz(why, "wanted none");
    else if (low == high)
        im_buf_addf(why, "wanted exactly %lld", high);
    else if (high < 0)
        im_buf_addf(why, "wanted at least %lld", low);
    else if (low < 0)
        im_buf_addf(why, "wanted at most %lld", high);
    else
        im_buf_addf(why, "wanted %lld to %lld", low, high);
    if (expectation->per != IM_PER_ALL)
        im_buf_addz(why, expectation->per == IM_PER_TOKEN ? " per token" : " per call");
}

static void add_of_one(const struct im_expectation *expectation, struct im_buf *why)
{
    if (expectation->per != IM_PER_ALL)
        im_buf_addz(why, expectation->per == IM_PER_TOKEN ? " with one of them"
                                                          : " of one of them");
}

/* Which window, where there may be several. */
static void add_window(const struct im_expectation *expectation,
                       const struct im_tries *tries, struct im_buf *why)
{
    if (!tries->anchor)
        return;
    if (expectation->within_ms >= 0)
        im_buf_addf(why, " within %.*s",
                    IM_ARG(im_duration_text(why->arena, expectation->within_ms)));
    im_buf_addf(why, " after exchange %llu", (unsigned long long)tries->anchor->id);
}

static void add_forgiven(const struct im_expectation *expectation,
                         const struct im_tries *tries, struct im_buf *why)
{
    size_t forgiven = tries->count - blamed(expectation, tries);

    if (forgiven && expectation->at_most >= 0)
        im_buf_addf(why, "; %zu %s already in flight and %s not counted", forgiven,
                    forgiven == 1 ? "was" : "were", forgiven == 1 ? "is" : "are");
}

static void say_count(const struct im_expectation *expectation,
                      const struct im_tries *tries, size_t counted, struct im_buf *why)
{
    add_wanted(expectation, why);
    if (counted)
        im_buf_addf(why, ", but saw %zu", counted);
    else
        im_buf_addz(why, ", but saw none");
    if (counted)
        add_of_one(expectation, why);
    add_window(expectation, tries, why);
}

static void say_parallel(const struct im_expectation *expectation,
                         const struct im_tries *tries, struct im_buf *why)
{
    size_t at;

    im_buf_addf(why, "%zu at once; at most %lld may be", most_at_once(tries, &at),
                (long long)expectation->in_parallel_at_most);
}

static void add_gaps(const struct im_tries *tries, struct im_buf *why)
{
    size_t gaps = tries->count - 1;

    im_buf_addz(why, gaps == 1 ? "the gap between the tries was "
                               : "the gaps between the tries were ");
    for (size_t i = 0; i < gaps; i++) {
        bool left_out =
            gaps > GAPS_SHOWN && i >= GAPS_SHOWN / 2 && i < gaps - GAPS_SHOWN / 2;
        int64_t us = gap(tries, i);
        if (left_out && i > GAPS_SHOWN / 2)
            continue;
        im_buf_addz(why, i ? ", " : "");
        if (left_out)
            im_buf_addz(why, "…");
        else
            im_buf_addf(why, "%lld ms", (long long)(us > 0 ? us / US_PER_MS : 0));
    }
}

static void say_gaps(const struct im_tries *tries, bool broken, struct im_buf *why)
{
    if (tries->count < 2) {
        im_buf_addz(why, tries->count ? "tried once" : "never tried");
        im_buf_addz(why, ", so there was no gap to judge");
        return;
    }
    add_gaps(tries, why);
    if (!broken)
        im_buf_addz(why, ", as it should be");
    else if (tries->count == 2)
        im_buf_addz(why, ": it should be 50 ms or more");
    else
        im_buf_addz(why, ": they should grow, from 50 ms or more");
}

static void say_times(const struct im_expectation *expectation,
                      const struct im_tries *tries, struct im_buf *why)
{
    size_t n = expectation->at_most >= 0 ? blamed(expectation, tries) : tries->count;

    if (n == 0)
        im_buf_addz(why, "never");
    else if (n < 3)
        im_buf_addz(why, n == 1 ? "once" : "twice");
    else
        im_buf_addf(why, "%zu times", n);
    if (n == 0 && expectation->at_most > 0)
        im_buf_addf(why, "; up to %lld would be fine", (long long)expectation->at_most);
    else
        im_buf_addz(why, ", as it should be");
    add_forgiven(expectation, tries, why);
}

static void say_holds(const struct im_expectation *expectation,
                      const struct im_tries *tries, struct im_buf *why)
{
    size_t at;

    if (expectation->at_most >= 0 || least(expectation) > 0)
        say_times(expectation, tries, why);
    else if (expectation->in_parallel_at_most >= 0)
        im_buf_addf(why, "at most %zu at once, as it should be",
                    most_at_once(tries, &at));
    else
        say_gaps(tries, false, why);
}

void im_bound_why(const struct im_expectation *expectation, const struct im_tries *tries,
                  enum im_bound broken, struct im_buf *why)
{
    switch (broken) {
    case IM_BOUND_HOLDS: say_holds(expectation, tries, why); return;
    case IM_BOUND_AT_MOST:
        say_count(expectation, tries, blamed(expectation, tries), why);
        add_forgiven(expectation, tries, why);
        return;
    case IM_BOUND_AT_LEAST: say_count(expectation, tries, tries->count, why); return;
    case IM_BOUND_PARALLEL: say_parallel(expectation, tries, why); return;
    case IM_BOUND_GAPS: say_gaps(tries, true, why); return;
    }
}
