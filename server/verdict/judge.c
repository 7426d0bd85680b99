/* Judging expectations: which exchanges match, in which windows, and what follows (rules 1 to 6 of
 * scenarios/README.md). What one exchange is to an expectation says match.c, where a window opens and
 * closes window.c, what counts count.c, which bound is broken bound.c, what recovers recovery.c. */
#include "verdict/judge.h"

#include <stdlib.h>
#include <string.h>

#include "verdict/bound.h"
#include "verdict/doubt.h"
#include "verdict/history_index.h"
#include "verdict/match.h"
#include "verdict/recovery.h"

/* How far an expectation is: one that refers to another is judged after that. */
enum stage { FRESH, BUSY, DONE };

struct judging {
    const struct im_expectations *expectations;
    const struct im_judge_options *options;
    struct im_judgement *judgements;
    struct im_arena *arena;
    struct im_history history;
    enum stage *stages;
    bool **matched; /* per expectation: which exchanges match, by place */
    /* Room for one expectation at a time, each for all exchanges. */
    struct im_matches matches;
    bool *left;     /* of the places inside: not yet in a group */
    size_t *firsts; /* of the places inside: the first that is alike */
    const struct im_exchange **group, **anchors, **room;
};

/* What is known of the expectation at hand. */
struct finding {
    const struct im_expectation *expectation;
    size_t windows, groups; /* looked at */
    struct im_str last_why;
    struct im_judgement *judgement;
};

const char *im_outcome_of_name(enum im_outcome_of outcome)
{
    static const char *const names[] = {
        [IM_MET] = "met",
        [IM_NOT_MET] = "not-met",
        [IM_PENDING] = "pending",
        [IM_INFORMATION] = "information",
        [IM_CANNOT_TELL] = "cannot-tell",
        [IM_NOT_EXERCISED] = "not-exercised",
        [IM_PARTLY] = "partly",
    };

    return names[outcome];
}

/* ---- what a group comes to ---- */

/* What is certain outweighs a doubt, and what was missed outweighs what was not exercised. The first of
 * the worst is the one that is said. True when this one is. */
static bool is_worse(struct finding *found, enum im_outcome_of outcome)
{
    static const int gravities[] = {
        [IM_MET] = 0,         [IM_NOT_EXERCISED] = 1, [IM_CANNOT_TELL] = 2,
        [IM_INFORMATION] = 3, [IM_PENDING] = 4,       [IM_NOT_MET] = 5,
    };

    if (gravities[outcome] <= gravities[found->judgement->outcome])
        return false;
    found->judgement->outcome = outcome;
    found->judgement->shown_count = 0;
    return true;
}

static void show_exchanges(struct judging *j, struct im_judgement *judgement,
                           const struct im_group *group, enum im_bound broken)
{
    size_t n = 0;

    judgement->shown =
        IM_ARENA_ARRAY(j->arena, const struct im_exchange *, group->count + 1);
    if (!judgement->shown)
        return;
    if (group->window->anchor &&
        !(group->count && group->items[0] == group->window->anchor))
        judgement->shown[n++] = group->window->anchor;
    n += im_bound_shown(group, broken, judgement->shown + n);
    judgement->shown_count = n;
}

/* Upper bounds, bounds of time and of what runs at once are safety (rule 2): nothing but a doubt
 * excuses them. */
static void judge_safety(struct judging *j, struct finding *found,
                         const struct im_group *group)
{
    struct im_breach breach = im_bound_breach(group);
    struct im_buf why;

    if (!breach.bound)
        return;
    enum im_outcome_of outcome = breach.doubt ? IM_CANNOT_TELL : IM_NOT_MET;
    if (!breach.doubt && found->expectation->advice)
        outcome = IM_INFORMATION;
    /* whatever was missed before: this is missed by who may end there, too */
    if (outcome == IM_NOT_MET)
        found->judgement->is_recovery = false;
    if (!is_worse(found, outcome))
        return;
    im_buf_init(&why, j->arena, 0);
    if (breach.doubt)
        im_doubt_say(j->options, breach.doubt, &why);
    else
        im_bound_why(group, breach.bound, 0, &why);
    found->judgement->is_fact = found->judgement->is_recovery = false;
    found->judgement->why = im_buf_str(&why);
    show_exchanges(j, found->judgement, group, breach.bound);
}

/* ---- recovery ---- */

/* All that fits `when` in the window, so that it shows what came instead. */
static size_t gather_near(struct judging *j, const struct finding *found,
                          const struct im_window *window)
{
    const struct im_exchange *anchor = window->anchor;
    size_t n = 0;

    for (size_t i = im_matches_since(&j->matches, &j->matches.fitting, window->opened_us);
         i < j->matches.fitting.count; i++) {
        const struct im_exchange *exchange =
            j->history.items[j->matches.fitting.items[i]];
        if (!anchor || (exchange != anchor && !im_history_other_user(anchor, exchange) &&
                        (!found->expectation->same_call ||
                         im_history_same_address(anchor, exchange))))
            j->group[n++] = exchange;
    }
    return n;
}

static enum im_outcome_of unmet_outcome(const struct judging *j,
                                        const struct im_expectation *expectation)
{
    if (expectation->advice)
        return IM_INFORMATION;
    if (j->options->running) /* it may still come (rule 3) */
        return IM_PENDING;
    /* a client that fails fast may end when it is refused (rule 2) */
    return expectation->after.text.len && j->options->fail_fast ? IM_INFORMATION
                                                                : IM_NOT_MET;
}

/* It was not seen as often as it must be: what came instead is shown. */
static void say_unmet(struct judging *j, struct finding *found, struct im_group *group,
                      size_t seen)
{
    const struct im_window *window = group->window;
    enum im_outcome_of outcome = unmet_outcome(j, found->expectation);
    bool doubt = false;
    struct im_buf why;

    im_buf_init(&why, j->arena, 0);
    /* what is not demanded needs no excuse */
    if (outcome == IM_NOT_MET)
        doubt =
            im_recovery_doubt(found->expectation, window, &j->history, j->options, &why);
    else if (window->anchor && outcome == IM_INFORMATION && !found->expectation->advice)
        doubt = im_recovery_went_on(found->expectation, window, &j->history, j->options,
                                    &why);
    if (doubt)
        outcome = IM_CANNOT_TELL;
    if (!is_worse(found, outcome))
        return;
    if (!group->count)
        group->count = gather_near(j, found, window);
    if (!doubt)
        im_bound_why(group, IM_BOUND_AT_LEAST, seen, &why);
    found->judgement->why = im_buf_str(&why);
    found->judgement->is_fact = !window->anchor;
    found->judgement->is_recovery = window->anchor != NULL;
    show_exchanges(j, found->judgement, group, IM_BOUND_AT_LEAST);
}

static struct im_group group_of(const struct judging *j, const struct finding *found,
                                const struct im_window *window, size_t count)
{
    return (struct im_group){.expectation = found->expectation,
                             .window = window,
                             .history = &j->history,
                             .options = j->options,
                             .items = j->group,
                             .count = count,
                             .room = j->room};
}

/* How often it was seen that the client got well again: no more than is asked for. */
static size_t count_recovery(const struct judging *j, const struct finding *found,
                             const struct im_window *window)
{
    size_t wanted = (size_t)im_bound_least(found->expectation), seen = 0;

    for (size_t i =
             im_matches_since(&j->matches, &j->matches.better, window->anchor->began_us);
         i < j->matches.better.count && seen < wanted; i++) {
        const struct im_exchange *exchange = j->history.items[j->matches.better.items[i]];
        if (im_window_is_over(window, found->expectation, exchange))
            break;
        seen += im_recovery_can_be(found->expectation, window, exchange,
                                   j->options->baseline);
    }
    return seen;
}

/* Of a whole window, or of all that matches. */
static void judge_least(struct judging *j, struct finding *found,
                        const struct im_window *window)
{
    size_t seen =
        window->anchor ? count_recovery(j, found, window) : j->matches.inside.count;
    struct im_group near = group_of(j, found, window, 0);

    if (seen < (uint64_t)im_bound_least(found->expectation)) {
        say_unmet(j, found, &near, seen);
    } else if (j->matches.inside.count < seen && found->judgement->outcome == IM_MET) {
        /* a repeat may have another query than its anchor, and is not among the same calls then */
        struct im_buf why;
        im_buf_init(&why, j->arena, 0);
        im_bound_why(&near, IM_BOUND_HOLDS, seen, &why);
        found->last_why = im_buf_str(&why);
    }
}

/* ---- windows ---- */

static void judge_group(struct judging *j, struct finding *found, size_t count,
                        const struct im_window *window)
{
    struct im_group group = group_of(j, found, window, count);
    struct im_buf why;

    found->groups++;
    judge_safety(j, found, &group);
    /* after an anchor it is enough that something recovers: judge_least looks at the whole window */
    if (!window->anchor && found->expectation->per != IM_PER_ALL && count &&
        count < (uint64_t)im_bound_least(found->expectation))
        say_unmet(j, found, &group, count);
    if (found->judgement->outcome != IM_MET)
        return;
    im_buf_init(&why, j->arena, 0);
    im_bound_why(&group, IM_BOUND_HOLDS, count, &why);
    found->last_why = im_buf_str(&why);
}

/* The anchor and its repeats, up to the first that went well: the tries of one call. What comes later is
 * another call of the client's, which happens to be the same (rule 3). */
static void judge_series(struct judging *j, struct finding *found,
                         const struct im_window *window)
{
    size_t n = 0;

    im_matches_inside(&j->matches, window);
    j->group[n++] = window->anchor;
    for (size_t i = 0; i < j->matches.inside.count; i++) {
        const struct im_exchange *exchange = j->history.items[j->matches.inside.items[i]];
        j->group[n++] = exchange;
        if (exchange->cause == CAUSE_NONE && im_history_undamaged(exchange) &&
            exchange->fault != IM_FAULT_WRONG_TYPE)
            break;
    }
    judge_group(j, found, n, window);
}

/* Takes what is alike, from this place on, into a group. Returns how many. */
static size_t take_alike(struct judging *j, enum im_alike alike, size_t place)
{
    size_t n = 0;

    for (; place != IM_HISTORY_END;
         place = im_history_next_alike(&j->history, alike, place)) {
        if (!j->left[place])
            continue;
        j->left[place] = false;
        j->group[n++] = j->history.items[place];
    }
    return n;
}

static int by_place(const void *a, const void *b)
{
    size_t left = *(const size_t *)a, right = *(const size_t *)b;

    return (left > right) - (left < right);
}

/* A group for each token or call (`per`), by which was seen first. */
static void judge_each(struct judging *j, struct finding *found,
                       const struct im_window *window)
{
    enum im_alike alike =
        found->expectation->per == IM_PER_TOKEN ? IM_ALIKE_TOKEN : IM_ALIKE_CALL;

    for (size_t i = 0; i < j->matches.inside.count; i++) {
        size_t place = j->matches.inside.items[i];
        j->left[place] = true;
        j->firsts[i] = im_history_first_alike(&j->history, alike, place);
    }
    qsort(j->firsts, j->matches.inside.count, sizeof(*j->firsts), by_place);
    for (size_t i = 0; i < j->matches.inside.count; i++)
        if (i == 0 || j->firsts[i] != j->firsts[i - 1])
            judge_group(j, found, take_alike(j, alike, j->firsts[i]), window);
}

static void judge_window(struct judging *j, struct finding *found,
                         const struct im_window *window)
{
    im_matches_inside(&j->matches, window);
    if (found->expectation->per != IM_PER_ALL && j->matches.inside.count) {
        judge_each(j, found, window);
    } else {
        for (size_t i = 0; i < j->matches.inside.count; i++)
            j->group[i] = j->history.items[j->matches.inside.items[i]];
        judge_group(j, found, j->matches.inside.count, window);
    }
    if (im_bound_least(found->expectation) > 0)
        judge_least(j, found, window);
}

static bool is_anchor(const struct judging *j, const struct im_expectation *expectation,
                      size_t i)
{
    const struct im_anchor *after = &expectation->after;
    const struct im_exchange *exchange = j->history.items[i];

    /* where no pause was asked for, none can be kept or broken */
    if (expectation->within_ms == IM_WITHIN_RETRY_AFTER && !exchange->retry_after_s)
        return false;
    if (after->expectation >= 0)
        return j->matched[after->expectation][i];
    /* who gave up waiting for an answer does not know what it said */
    if (after->cause)
        return im_history_has_cause(exchange, after->cause) &&
               im_history_got_all(exchange);
    /* where no record was made, none can be made twice */
    if (after->fault)
        return exchange->fault == after->fault &&
               (!expectation->created || exchange->created);
    return after->effect && exchange->effect &&
           strcmp(after->effect, exchange->effect) == 0;
}

static void judge_windows(struct judging *j, struct finding *found)
{
    static const struct im_window everything = {.opened_us = INT64_MIN,
                                                .closed_us = INT64_MAX,
                                                .next_us = INT64_MAX,
                                                .used_us = INT64_MAX};
    const struct im_expectation *expectation = found->expectation;
    size_t anchors = 0;

    if (!expectation->after.text.len) {
        found->windows = 1;
        judge_window(j, found, &everything);
        return;
    }
    for (size_t i = 0; i < j->history.count; i++)
        if (is_anchor(j, expectation, i))
            j->anchors[anchors++] = j->history.items[i];
    struct im_windows windows =
        im_windows_of(expectation, &j->history, j->anchors, anchors, j->arena);
    found->windows = windows.count;
    im_matches_in_any(&j->matches, &windows);
    for (size_t i = 0; i < windows.count; i++) {
        /* nothing is worse, so the others would change nothing but what nth and every match, and whether
         * recovery alone is missing */
        if (found->judgement->outcome == IM_NOT_MET &&
            !im_matches_by_number(expectation) &&
            (!found->judgement->is_recovery || im_matches_only_recovery(expectation)))
            return;
        /* pauses are between the tries of one call; the anchor is the first of them */
        if (expectation->same_call && expectation->growing_gaps)
            judge_series(j, found, &windows.items[i]);
        else if (windows.count > 1 && im_matches_only_recovery(expectation))
            judge_least(j, found, &windows.items[i]);
        else
            judge_window(j, found, &windows.items[i]);
    }
}

/* ---- saying it ---- */

static void say_never(struct judging *j, struct finding *found)
{
    const struct im_expectation *expectation = found->expectation;
    const struct im_anchor *after = &expectation->after;
    bool other = after->expectation >= 0;

    found->judgement->outcome = IM_NOT_EXERCISED;
    found->judgement->shown_count = 0;
    found->judgement->why =
        after->text.len
            ? im_arena_format(j->arena, "%s%.*s%s happened%s, so this was not exercised",
                              other ? "nothing that \"" : "", IM_ARG(after->text),
                              other ? "\" is about" : " never",
                              expectation->within_ms == IM_WITHIN_RETRY_AFTER
                                  ? " with a Retry-After"
                              : expectation->created && after->fault
                                  ? " to a request that made a record"
                                  : "")
            : im_arena_format(
                  j->arena, "there was no %.*s request%s%.*s, so this was not exercised",
                  IM_ARG(expectation->when.endpoint),
                  expectation->when.grant.len ? " with grant " : "",
                  IM_ARG(expectation->when.grant));
}

static void say_met(struct judging *j, struct finding *found)
{
    struct im_judgement *judgement = found->judgement;

    judgement->shown =
        IM_ARENA_ARRAY(j->arena, const struct im_exchange *, j->history.count);
    for (size_t i = 0; judgement->shown && i < j->history.count; i++)
        if (j->matches.matched[i])
            judgement->shown[judgement->shown_count++] = j->history.items[i];
    if (found->windows > 1)
        judgement->why = im_arena_format(j->arena, "as it should be, after each of %zu",
                                         found->windows);
    else if (found->groups > 1)
        judgement->why = im_arena_format(
            j->arena, "as it should be, for each of %zu %s", found->groups,
            found->expectation->per == IM_PER_TOKEN ? "tokens" : "calls");
    else
        judgement->why = found->last_why;
}

static void judge_expectation(struct judging *j, size_t index)
{
    const struct im_expectation *expectation = &j->expectations->items[index];
    struct finding found = {.expectation = expectation,
                            .judgement = &j->judgements[index]};

    if (j->stages[index] != FRESH)
        return;
    j->stages[index] = BUSY; /* circles were refused when the scenario was read */
    if (expectation->after.text.len && expectation->after.expectation >= 0)
        judge_expectation(j, (size_t)expectation->after.expectation);
    *found.judgement = (struct im_judgement){.outcome = IM_MET};
    im_matches_find(&j->matches, expectation, j->matched[index]);
    judge_windows(j, &found);
    /* what must not be seen has to have had a chance: a client that never signs in has not shown that
     * it signs in with a state */
    bool idle = !j->matches.fitting.count && !expectation->after.text.len &&
                expectation->when.endpoint.len && im_bound_least(expectation) == 0;
    if (!found.windows || idle)
        say_never(j, &found);
    else if (found.judgement->outcome == IM_MET)
        say_met(j, &found);
    j->stages[index] = DONE;
}

/* ---- judging all ---- */

/* Journals are bounded, and so is what a scenario may expect: room for all at once. */
static bool make_room(struct judging *j)
{
    size_t expected = j->expectations->count, count = j->history.count;

    j->stages = IM_ARENA_ARRAY(j->arena, enum stage, expected);
    j->matched = IM_ARENA_ARRAY(j->arena, bool *, expected);
    im_matches_init(&j->matches, &j->history, j->arena);
    j->left = IM_ARENA_ARRAY(j->arena, bool, count);
    j->firsts = IM_ARENA_ARRAY(j->arena, size_t, count);
    j->group = IM_ARENA_ARRAY(j->arena, const struct im_exchange *, count + 1);
    j->room = IM_ARENA_ARRAY(j->arena, const struct im_exchange *, count + 1);
    j->anchors = IM_ARENA_ARRAY(j->arena, const struct im_exchange *, count);
    for (size_t i = 0; j->matched && i < expected; i++)
        j->matched[i] = IM_ARENA_ARRAY(j->arena, bool, count);
    return !j->arena->failed;
}

bool im_expect_judge(const struct im_expectations *expectations,
                     const struct im_exchange *exchanges, size_t exchange_count,
                     const struct im_judge_options *options, struct im_arena *arena,
                     struct im_judgement *judgements)
{
    struct judging j = {.expectations = expectations,
                        .options = options,
                        .judgements = judgements,
                        .arena = arena};

    if (!im_history_read(&j.history, exchanges, exchange_count, arena) ||
        !make_room(&j) ||
        (options->baseline &&
         !im_history_index_compare(&j.history, options->baseline, arena)))
        return false;
    for (size_t i = 0; i < expectations->count; i++)
        judge_expectation(&j, i);
    return !arena->failed;
}
