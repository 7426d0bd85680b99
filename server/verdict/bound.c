/* Bounds: at most, in parallel, with growing pauses; and the sentences for them. */
#include "verdict/bound.h"

#include "base/clock.h"
#include "verdict/history_index.h"

/* What a machine takes between two tries of a client that does not wait is a few milliseconds: from
 * PAUSE_US on somebody meant it. */
enum {
    US_PER_MS = 1000,
    PAUSE_US = 50 * US_PER_MS,
    PATIENT_US =
        1000 * US_PER_MS, /* whoever waits so long each time puts no load on a service */
    GAPS_SHOWN = 6
};

int64_t im_bound_least(const struct im_expectation *expectation)
{
    bool none = expectation->at_least < 0 && expectation->at_most < 0 &&
                expectation->in_parallel_at_most < 0 && !expectation->growing_gaps;

    return none ? 1 : expectation->at_least > 0 ? expectation->at_least : 0;
}

/* ---- how many at once ---- */

/* An exchange is open up to its end, and for one tick at least. */
static bool is_open(const struct im_exchange *exchange, int64_t us)
{
    int64_t end_us = im_history_delivered_us(exchange);

    return exchange->began_us <= us &&
           us < (end_us > exchange->began_us ? end_us : exchange->began_us + 1);
}

/* Refreshes of two grants have nothing to do with each other. */
static bool is_beside(const struct im_exchange *peak, const struct im_exchange *exchange)
{
    return is_open(exchange, peak->began_us) && !im_history_other_user(peak, exchange) &&
           (!peak->grant_id || !exchange->grant_id ||
            peak->grant_id == exchange->grant_id);
}

/* The most that were open at once; *at is the index of the one that made it so many. Only an arrival can
 * raise the number, so nothing in between is looked at. */
static size_t most_at_once(const struct im_group *group, size_t *at)
{
    size_t most = 0, kept = 0;

    *at = 0;
    for (size_t i = 0; i < group->count; i++) {
        size_t open = 0, before = kept;
        group->room[before++] = group->items[i];
        kept = 0; /* what is over by now is looked at no more */
        for (size_t k = 0; k < before; k++) {
            if (!is_open(group->room[k], group->items[i]->began_us))
                continue;
            open += is_beside(group->items[i], group->room[k]);
            group->room[kept++] = group->room[k];
        }
        if (open > most) {
            most = open;
            *at = i;
        }
    }
    return most;
}

/* A call that is sent again while it is under way shows impatience, but so do two workers that make
 * the same call (rule 4). */
static enum im_doubt doubt_parallel(const struct im_group *group, size_t at)
{
    const struct im_history *baseline = group->options->baseline;
    const struct im_exchange *peak = group->items[at];

    if (group->expectation->per != IM_PER_CALL)
        return IM_DOUBT_NONE;
    if (baseline && im_history_call_of(group->history, peak->call).times_before <= 1)
        return IM_DOUBT_NONE;
    if (group->history->parallel_calls <= 1 && (!baseline || baseline->parallel <= 1))
        return IM_DOUBT_NONE;
    return IM_DOUBT_SAME_CALLS;
}

/* ---- with what pauses ---- */

static int64_t gap_us(const struct im_group *group, size_t i)
{
    return im_window_elapsed_us(group->items[i], group->items[i + 1]);
}

/* How long a client waited for a stalled answer, and how long it then paused, is not known when it left its
 * connection open. */
static bool is_gap_known(const struct im_group *group, size_t i)
{
    const struct im_exchange *exchange = group->items[i];

    return exchange->fault != IM_FAULT_STALL ||
           (exchange->delivered_us &&
            exchange->delivered_us <= group->items[i + 1]->began_us);
}

struct gaps {
    size_t count; /* of those that are known */
    int64_t first, last, least, most;
};

/* The first repeat may come at once, as urllib3 and others have it, where more repeats follow: it is left
 * out then. */
static struct gaps gaps_measure(const struct im_group *group)
{
    size_t tries = group->count;
    struct gaps gaps = {.count = 0};

    for (size_t i = 0; i + 1 < tries; i++) {
        if (!is_gap_known(group, i))
            continue;
        int64_t gap = gap_us(group, i);
        if (i == 0 && gap < PAUSE_US && tries > 2)
            continue;
        gaps.last = gap;
        gaps.first = gaps.count ? gaps.first : gap;
        gaps.least = gaps.count && gaps.least < gap ? gaps.least : gap;
        gaps.most = gaps.count && gaps.most > gap ? gaps.most : gap;
        gaps.count++;
    }
    return gaps;
}

/* Jitter may make one pause shorter than the one before, so the last is held against the first: it has to
 * be longer by a quarter, which a constant pause is not by chance. A pause that is long need not grow: the
 * fixed second or more that many libraries wait hammers nothing. */
static bool gaps_grow(const struct gaps *gaps)
{
    return !gaps->count || gaps->least >= PATIENT_US ||
           (gaps->least >= PAUSE_US &&
            (gaps->count == 1 || gaps->last >= gaps->first + gaps->first / 4));
}

/* What this client takes from an answer that it can use to its next request, where it does not pause: by a few times
 * of that, a try comes at once. The machine's load makes both longer. */
static int64_t at_once_us(const struct im_history *history)
{
    enum { FEW = 6, LEAST_US = 10 * US_PER_MS };
    int64_t sum = 0, n = 0;

    for (size_t i = 0; i + 1 < history->count; i++) {
        const struct im_exchange *exchange = history->items[i];
        int64_t us = history->items[i + 1]->began_us - im_history_delivered_us(exchange);
        if (us < 0 || us >= PAUSE_US || !im_history_succeeded(exchange))
            continue;
        sum += us;
        n++;
    }
    int64_t at_once = n ? FEW * sum / n : 0;
    return at_once < LEAST_US ? LEAST_US : at_once < PAUSE_US ? at_once : PAUSE_US;
}

/* Full jitter draws each pause from zero up to a bound that grows: a few draws need not grow, and some are short.
 * But they are not all next to nothing, three do not differ by a twentieth alone, nor five by a quarter. */
static bool gaps_may_be_random(const struct im_group *group, const struct gaps *gaps)
{
    enum { SOME = 3, SEVERAL = 5 };
    int64_t apart = gaps->least / (gaps->count < SEVERAL ? 20 : 4);

    return gaps->most >= at_once_us(group->history) &&
           (gaps->count < SOME || gaps->most > gaps->least + apart);
}

/* Are there so many tries, one right behind the other? */
static bool is_burst(const struct im_group *group, size_t tries)
{
    for (size_t i = 0; i + tries <= group->count; i++) {
        const struct im_exchange *first = group->items[i];
        const struct im_exchange *last = group->items[i + tries - 1];
        if (last->began_us - first->began_us < PAUSE_US &&
            im_window_elapsed_us(first, last) < PAUSE_US)
            return true;
    }
    return false;
}

/* The next try may be another job's first one. But each call may be repeated at once only a first time: with
 * more than two tries of each within one pause, one of them was not waited for. Random pauses may be short,
 * but not four in a row. */
static enum im_doubt doubt_gaps(const struct im_group *group, const struct gaps *gaps)
{
    enum { FEW = 4 };
    const struct im_history *baseline = group->options->baseline;
    size_t times = im_count_times_before(group, group->items[0]);

    if (times && is_burst(group, (2 * times > FEW ? 2 * times : FEW) + 1))
        return IM_DOUBT_NONE;
    if (gaps_may_be_random(group, gaps))
        return IM_DOUBT_RANDOM_GAPS;
    if (group->count == 2) /* urllib3 and others repeat at once, but only a first time */
        return IM_DOUBT_ONE_GAP;
    if (im_history_is_sign_on(group->items[0]))
        return !baseline                     ? IM_DOUBT_NO_BASELINE
               : baseline->sign_on_tries > 1 ? IM_DOUBT_SIGN_ONS
                                             : IM_DOUBT_NONE;
    return im_count_is_ambiguous(group, group->items[0]) ? IM_DOUBT_SAME_CALLS
                                                         : IM_DOUBT_NONE;
}

/* ---- judging ---- */

struct im_breach im_bound_breach(const struct im_group *group)
{
    const struct im_expectation *expectation = group->expectation;
    struct im_breach doubtful = {IM_BOUND_HOLDS, IM_DOUBT_NONE};
    size_t at;

    /* a doubt is kept until no bound is broken for certain: what is certain must not hide behind it */
    if (expectation->at_most >= 0 && group->count) {
        struct im_tally tally = im_count(group);
        if (tally.counted > (uint64_t)expectation->at_most)
            return (struct im_breach){IM_BOUND_AT_MOST, IM_DOUBT_NONE};
        if (tally.counted + tally.unsure > (uint64_t)expectation->at_most)
            doubtful = (struct im_breach){IM_BOUND_AT_MOST, tally.doubt};
    }
    if (expectation->in_parallel_at_most >= 0 &&
        most_at_once(group, &at) > (uint64_t)expectation->in_parallel_at_most) {
        struct im_breach breach = {IM_BOUND_PARALLEL, doubt_parallel(group, at)};
        if (!breach.doubt)
            return breach;
        doubtful = breach;
    }
    /* no more often than in the baseline: then they are calls of their own, not tries (rule 5) */
    struct gaps gaps = gaps_measure(group);
    if (expectation->growing_gaps && !gaps_grow(&gaps) &&
        !im_count_calls_as_ever(group, group->items[0])) {
        struct im_breach breach = {IM_BOUND_GAPS, doubt_gaps(group, &gaps)};
        if (!breach.doubt)
            return breach;
        doubtful = breach;
    }
    return doubtful;
}

size_t im_bound_shown(const struct im_group *group, enum im_bound broken,
                      const struct im_exchange **shown)
{
    size_t n = 0, peak = group->count;

    if (broken == IM_BOUND_PARALLEL)
        most_at_once(group, &peak);
    for (size_t i = 0; i < group->count && i <= peak; i++) {
        if (broken == IM_BOUND_PARALLEL &&
            !is_beside(group->items[peak], group->items[i]))
            continue;
        if (broken == IM_BOUND_AT_MOST && !im_count_has(group, i))
            continue;
        shown[n++] = group->items[i];
    }
    return n;
}

/* ---- saying why ---- */

static void add_wanted(const struct im_expectation *expectation, struct im_buf *why)
{
    long long low = (long long)im_bound_least(expectation);
    long long high = (long long)expectation->at_most;

    if (high == 0)
        im_buf_addz(why, "wanted none");
    else if (low == high)
        im_buf_addf(why, "wanted exactly %lld", high);
    else if (high < 0)
        im_buf_addf(why, "wanted at least %lld", low);
    else if (low <= 0)
        im_buf_addf(why, "wanted at most %lld", high);
    else
        im_buf_addf(why, "wanted %lld to %lld", low, high);
    if (expectation->per != IM_PER_ALL && high != 0)
        im_buf_addf(why, " per %s", expectation->per == IM_PER_TOKEN ? "token" : "call");
}

static void say_count(const struct im_group *group, size_t seen, struct im_buf *why)
{
    const struct im_expectation *expectation = group->expectation;
    const struct im_exchange *anchor = group->window->anchor;

    add_wanted(expectation, why);
    if (seen)
        im_buf_addf(why, ", but saw %zu", seen);
    else
        im_buf_addz(why, ", but saw none");
    if (seen && expectation->per != IM_PER_ALL && expectation->at_most != 0)
        im_buf_addz(why, expectation->per == IM_PER_TOKEN ? " with one of them"
                                                          : " of one of them");
    if (!anchor)
        return;
    if (expectation->within_ms >= 0)
        im_buf_addf(why, " within %.*s",
                    IM_ARG(im_duration_text(why->arena,
                                            im_window_within_ms(expectation, anchor))));
    im_buf_addf(why, " after exchange %llu", (unsigned long long)anchor->id);
}

static void add_gaps(const struct im_group *group, struct im_buf *why)
{
    size_t gaps = group->count - 1;

    im_buf_addz(why, gaps == 1 ? "the gap between the tries was "
                               : "the gaps between the tries were ");
    for (size_t i = 0; i < gaps; i++) {
        bool left_out =
            gaps > GAPS_SHOWN && i >= GAPS_SHOWN / 2 && i < gaps - GAPS_SHOWN / 2;
        int64_t us = gap_us(group, i);
        if (left_out && i > GAPS_SHOWN / 2)
            continue;
        im_buf_addz(why, i ? ", " : "");
        if (left_out)
            im_buf_addz(why, "…");
        else if (!is_gap_known(group, i))
            im_buf_addz(why, "not known");
        else
            im_buf_addf(why, "%lld ms", (long long)(us > 0 ? us / US_PER_MS : 0));
    }
}

static void say_gaps(const struct im_group *group, bool broken, struct im_buf *why)
{
    if (group->count < 2) {
        im_buf_addz(why, group->count ? "tried once" : "never tried");
        im_buf_addz(why, ", so there was no gap to judge");
        return;
    }
    size_t known = 0;
    for (size_t i = 0; i + 1 < group->count; i++)
        known += is_gap_known(group, i);
    if (!known) {
        im_buf_addz(why, "it is not known when the client gave up, so there was no gap "
                         "to judge");
        return;
    }
    add_gaps(group, why);
    struct gaps gaps = gaps_measure(group);
    if (broken)
        im_buf_addz(why, ": they should grow, from 50 ms or more");
    else if (!gaps_grow(&gaps))
        im_buf_addz(why, ": no more of them than where nothing goes wrong");
    else if (gaps.count > 1 && gaps.last < gaps.first + gaps.first / 4)
        im_buf_addz(why, ": not longer each time, but a second or more");
    else
        im_buf_addz(why, ", as it should be");
}

static void say_times(const struct im_expectation *expectation, size_t n,
                      struct im_buf *why)
{
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
}

/* What matches, but does not count. */
static void add_excused(const struct im_group *group, size_t excused, struct im_buf *why)
{
    const char *client = group->options->client ? group->options->client : "the client";

    if (excused)
        im_buf_addf(why,
                    "; %zu more %s on the way already, or %s what %s does where nothing "
                    "goes wrong",
                    excused, excused == 1 ? "was" : "were", excused == 1 ? "is" : "are",
                    client);
}

static void say_holds(const struct im_group *group, size_t seen, struct im_buf *why)
{
    const struct im_expectation *expectation = group->expectation;
    size_t at;

    if (expectation->at_most >= 0) {
        size_t counted = im_count(group).counted;
        say_times(expectation, counted, why);
        add_excused(group, group->count - counted, why);
    } else if (im_bound_least(expectation) > 0)
        say_times(expectation, seen, why);
    else if (expectation->in_parallel_at_most >= 0)
        im_buf_addf(why, "at most %zu at once, as it should be",
                    most_at_once(group, &at));
    else
        say_gaps(group, false, why);
}

void im_bound_why(const struct im_group *group, enum im_bound broken, size_t seen,
                  struct im_buf *why)
{
    size_t at;

    switch (broken) {
    case IM_BOUND_HOLDS: say_holds(group, seen, why); return;
    case IM_BOUND_AT_MOST: {
        struct im_tally tally = im_count(group);
        say_count(group, tally.counted + tally.unsure, why);
        return;
    }
    case IM_BOUND_AT_LEAST: say_count(group, seen, why); return;
    case IM_BOUND_PARALLEL:
        im_buf_addf(why, "%zu at once; at most %lld may be", most_at_once(group, &at),
                    (long long)group->expectation->in_parallel_at_most);
        return;
    case IM_BOUND_GAPS: say_gaps(group, true, why); return;
    }
}
