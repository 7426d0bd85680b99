/* Expectations, judged one after the other: which exchanges an expectation is about, in which window
 * after its anchor, and by which token or call. Whether the bounds hold is bound.c's business. */
#include "verdict/judge.h"

#include <stdlib.h>
#include <string.h>

#include "verdict/bound.h"

/* What an exchange is to an expectation. */
enum { FITS = 1 /* its `when` */, FILTERED = 2 /* cause, status and wire too */ };

/* How far an expectation is: one that refers to another is judged after that. */
enum stage { FRESH, BUSY, DONE };

struct judging {
    const struct im_expectations *expectations;
    struct im_judgement *judgements;
    struct im_arena *arena;
    struct im_try *tries; /* all exchanges, in order of arrival */
    size_t count;
    enum stage *stages;
    bool **matched; /* per expectation: which exchanges match, by place */
    /* Room for one expectation at a time, each for `count`. */
    unsigned char *fits;
    bool *inside; /* match, in the window at hand */
    const struct im_try **grouped, **group;
    int64_t *scratch;
};

/* What is known of the expectation at hand. */
struct finding {
    const struct im_expectation *expectation;
    bool *matched;
    size_t windows, groups; /* looked at */
    struct im_tries last;   /* the last group */
    struct im_judgement *judgement;
};

const char *im_outcome_of_name(enum im_outcome_of outcome)
{
    switch (outcome) {
    case IM_MET: return "met";
    case IM_NOT_MET: return "not-met";
    case IM_NOT_EXERCISED: break;
    }
    return "not-exercised";
}

/* ---- which exchanges ---- */

static bool has_cause(const struct im_exchange *exchange, enum im_cause cause)
{
    if (exchange->cause == cause)
        return true;
    for (size_t i = 0; i < exchange->note_count; i++)
        if (exchange->notes[i].cause == cause)
            return true;
    return false;
}

static bool passes_filter(const struct im_expectation *expectation,
                          const struct im_exchange *exchange)
{
    if (expectation->cause && !has_cause(exchange, expectation->cause))
        return false;
    if (expectation->fault && exchange->fault != expectation->fault)
        return false;
    if (expectation->per == IM_PER_TOKEN && !exchange->token.len)
        return false;
    int status = im_exchange_status(exchange);
    return !expectation->status_min ||
           (status >= expectation->status_min && status <= expectation->status_max);
}

/* A browser asks whether its page may (204; any other OPTIONS is refused): that is no call of the
 * integration's, unless somebody looks for just that. */
static bool is_preflight(const struct im_expectation *expectation,
                         const struct im_exchange *exchange)
{
    return im_exchange_status(exchange) == 204 &&
           im_str_is(exchange->method, "OPTIONS") && !expectation->when.method.len;
}

static void find_fitting(struct judging *j, const struct im_expectation *expectation)
{
    for (size_t i = 0; i < j->count; i++) {
        const struct im_exchange *exchange = j->tries[i].exchange;
        j->fits[i] = 0;
        if (!im_when_fits(&expectation->when, exchange) ||
            is_preflight(expectation, exchange))
            continue;
        j->fits[i] = passes_filter(expectation, exchange) ? FITS | FILTERED : FITS;
    }
}

static bool another_user(const struct im_exchange *anchor,
                         const struct im_exchange *exchange)
{
    return anchor->user.len && exchange->user.len &&
           !im_str_eq(anchor->user, exchange->user);
}

/* Does it lie in the window that the anchor opens? */
static bool in_window(const struct im_expectation *expectation,
                      const struct im_try *anchor, const struct im_try *try)
{
    if (!anchor)
        return true;
    if (try->place <= anchor->place ||
        try->exchange->began_us < anchor->exchange->ended_us)
        return false;
    if (another_user(anchor->exchange, try->exchange))
        return false;
    if (expectation->same_call && try->exchange->call != anchor->exchange->call)
        return false;
    return expectation->within_ms < 0 ||
           im_bound_elapsed_us(anchor->exchange, try->exchange) / 1000 <
               expectation->within_ms;
}

/* nth and every count what fits `when` in this window, whatever became of it. */
static void find_inside(struct judging *j, const struct finding *found,
                        const struct im_try *anchor)
{
    uint64_t n = 0;

    for (size_t i = 0; i < j->count; i++) {
        j->inside[i] = false;
        if (!j->fits[i] || !in_window(found->expectation, anchor, &j->tries[i]))
            continue;
        n++;
        if (!(j->fits[i] & FILTERED) || !im_when_counts(&found->expectation->when, n))
            continue;
        j->inside[i] = true;
        found->matched[i] = true;
    }
}

/* ---- by token, call or connection ---- */

static int by_place(const struct im_try *a, const struct im_try *b)
{
    return (a->place > b->place) - (a->place < b->place);
}

static int by_token(const void *a, const void *b)
{
    const struct im_try *left = *(const struct im_try *const *)a;
    const struct im_try *right = *(const struct im_try *const *)b;
    int order = im_str_compare(left->exchange->token, right->exchange->token);

    return order ? order : by_place(left, right);
}

static int by_call(const void *a, const void *b)
{
    const struct im_try *left = *(const struct im_try *const *)a;
    const struct im_try *right = *(const struct im_try *const *)b;

    if (left->exchange->call != right->exchange->call)
        return left->exchange->call > right->exchange->call ? 1 : -1;
    return by_place(left, right);
}

static int by_connection(const void *a, const void *b)
{
    const struct im_try *left = *(const struct im_try *const *)a;
    const struct im_try *right = *(const struct im_try *const *)b;

    if (left->exchange->connection != right->exchange->connection)
        return left->exchange->connection > right->exchange->connection ? 1 : -1;
    return by_place(left, right);
}

static void group_by(struct judging *j, enum im_per per)
{
    for (size_t i = 0; i < j->count; i++)
        j->grouped[i] = &j->tries[i];
    if (per == IM_PER_TOKEN)
        qsort(j->grouped, j->count, sizeof(struct im_try *), by_token);
    else if (per == IM_PER_CALL)
        qsort(j->grouped, j->count, sizeof(struct im_try *), by_call);
}

static bool same_group(enum im_per per, const struct im_exchange *a,
                       const struct im_exchange *b)
{
    if (per == IM_PER_TOKEN)
        return im_str_eq(a->token, b->token);
    return per != IM_PER_CALL || a->call == b->call;
}

/* ---- judging one ---- */

static void say_broken(struct judging *j, struct finding *found,
                       const struct im_tries *tries, enum im_bound broken)
{
    struct im_judgement *judgement = found->judgement;
    struct im_buf why;

    judgement->outcome = IM_NOT_MET;
    judgement->shown =
        IM_ARENA_ARRAY(j->arena, const struct im_exchange *, tries->count + 1);
    if (judgement->shown)
        judgement->shown_count = im_bound_shown(tries, broken, judgement->shown);
    im_buf_init(&why, j->arena, 0);
    im_bound_why(found->expectation, tries, broken, &why);
    judgement->why = im_buf_str(&why);
}

/* The first group that breaks a bound is the one that is shown. */
static void judge_group(struct judging *j, struct finding *found, size_t count,
                        const struct im_try *anchor)
{
    struct im_tries tries = {j->group, count, anchor ? anchor->exchange : NULL,
                             j->scratch};

    found->groups++;
    found->last = tries;
    if (found->judgement->outcome != IM_MET)
        return;
    enum im_bound broken = im_bound_broken(found->expectation, &tries);
    if (broken)
        say_broken(j, found, &tries, broken);
}

static bool went_well(const struct im_exchange *exchange)
{
    return exchange->cause == CAUSE_NONE && exchange->fault == IM_FAULT_NONE;
}

/* The anchor and its repeats, up to the first that went well: the tries of one call. */
static void judge_series(struct judging *j, struct finding *found,
                         const struct im_try *anchor)
{
    size_t n = 0;

    found->windows++;
    find_inside(j, found, anchor);
    j->group[n++] = anchor;
    for (size_t i = 0; i < j->count; i++) {
        const struct im_try *try = &j->tries[i];
        if (!j->inside[i] || im_bound_in_flight(anchor->exchange, try))
            continue;
        j->group[n++] = try;
        if (went_well(try->exchange))
            break;
    }
    judge_group(j, found, n, anchor);
}

static void judge_window(struct judging *j, struct finding *found,
                         const struct im_try *anchor)
{
    enum im_per per = found->expectation->per;
    size_t before = found->groups, n = 0;

    find_inside(j, found, anchor);
    found->windows++;
    for (size_t i = 0; i < j->count; i++) {
        const struct im_try *try = j->grouped[i];
        if (!j->inside[try->place])
            continue;
        if (n && !same_group(per, j->group[0]->exchange, try->exchange)) {
            judge_group(j, found, n, anchor);
            n = 0;
        }
        j->group[n++] = try;
    }
    if (n || found->groups == before)
        judge_group(j, found, n, anchor);
}

static bool is_anchor(const struct judging *j, const struct im_anchor *after,
                      const struct im_try *try)
{
    if (after->expectation >= 0)
        return j->matched[after->expectation][try->place];
    if (after->cause)
        return has_cause(try->exchange, after->cause);
    if (after->fault)
        return try->exchange->fault == after->fault;
    return after->effect && try->exchange->effect &&
           strcmp(after->effect, try->exchange->effect) == 0;
}

static void judge_windows(struct judging *j, struct finding *found)
{
    const struct im_anchor *after = &found->expectation->after;

    if (!after->text.len) {
        judge_window(j, found, NULL);
        return;
    }
    for (size_t i = 0; i < j->count; i++) {
        if (!is_anchor(j, after, &j->tries[i]))
            continue;
        if (found->expectation->same_call && found->expectation->growing_gaps)
            judge_series(j, found, &j->tries[i]);
        else
            judge_window(j, found, &j->tries[i]);
        if (found->expectation->within_ms < 0)
            return;
    }
}

/* ---- saying it ---- */

static void say_not_exercised(struct judging *j, struct finding *found)
{
    const struct im_anchor *after = &found->expectation->after;
    const char *quote = after->expectation >= 0 ? "\"" : "";

    found->judgement->outcome = IM_NOT_EXERCISED;
    found->judgement->why =
        im_arena_format(j->arena, "%s%.*s%s never happened, so this was not exercised",
                        quote, IM_ARG(after->text), quote);
}

static void show_matching(struct judging *j, struct finding *found)
{
    struct im_judgement *judgement = found->judgement;

    judgement->shown = IM_ARENA_ARRAY(j->arena, const struct im_exchange *, j->count);
    for (size_t i = 0; judgement->shown && i < j->count; i++)
        if (found->matched[i])
            judgement->shown[judgement->shown_count++] = j->tries[i].exchange;
}

static void say_met(struct judging *j, struct finding *found)
{
    struct im_buf why;

    show_matching(j, found);
    im_buf_init(&why, j->arena, 0);
    if (found->windows > 1)
        im_buf_addf(&why, "as it should be, after each of %zu", found->windows);
    else if (found->groups > 1)
        im_buf_addf(&why, "as it should be, for each of %zu %s", found->groups,
                    found->expectation->per == IM_PER_TOKEN ? "tokens" : "calls");
    else
        im_bound_why(found->expectation, &found->last, IM_BOUND_HOLDS, &why);
    found->judgement->why = im_buf_str(&why);
}

static void judge(struct judging *j, size_t index)
{
    const struct im_expectation *expectation = &j->expectations->items[index];
    struct finding found = {.expectation = expectation,
                            .matched = j->matched[index],
                            .judgement = &j->judgements[index]};

    if (j->stages[index] != FRESH)
        return;
    j->stages[index] = BUSY;
    if (expectation->after.text.len && expectation->after.expectation >= 0)
        judge(j, (size_t)expectation->after.expectation);
    *found.judgement = (struct im_judgement){.outcome = IM_MET};
    find_fitting(j, expectation);
    group_by(j, expectation->per);
    judge_windows(j, &found);
    if (!found.windows)
        say_not_exercised(j, &found);
    else if (found.judgement->outcome == IM_MET)
        say_met(j, &found);
    j->stages[index] = DONE;
}

/* ---- judging all ---- */

static int by_arrival(const void *a, const void *b)
{
    const struct im_exchange *left = ((const struct im_try *)a)->exchange;
    const struct im_exchange *right = ((const struct im_try *)b)->exchange;

    if (left->began_us != right->began_us)
        return left->began_us > right->began_us ? 1 : -1;
    return (left->id > right->id) - (left->id < right->id);
}

/* Room in j->grouped is free before the first expectation is judged. */
static void link_connections(struct judging *j)
{
    const struct im_exchange *before = NULL;

    for (size_t i = 0; i < j->count; i++)
        j->grouped[i] = &j->tries[i];
    qsort(j->grouped, j->count, sizeof(struct im_try *), by_connection);
    for (size_t i = 0; i < j->count; i++) {
        const struct im_exchange *exchange = j->grouped[i]->exchange;
        bool same =
            before && exchange->connection && before->connection == exchange->connection;
        j->tries[j->grouped[i]->place].before = same ? before : NULL;
        before = exchange;
    }
}

static void put_in_order(struct judging *j, const struct im_exchange *exchanges)
{
    for (size_t i = 0; i < j->count; i++)
        j->tries[i].exchange = &exchanges[i];
    qsort(j->tries, j->count, sizeof(*j->tries), by_arrival);
    for (size_t i = 0; i < j->count; i++)
        j->tries[i].place = i;
    link_connections(j);
}

/* Journals are bounded, and so is what a scenario may expect: room for all at once. */
static bool make_room(struct judging *j)
{
    size_t expected = j->expectations->count;

    j->tries = IM_ARENA_ARRAY(j->arena, struct im_try, j->count);
    j->stages = IM_ARENA_ARRAY(j->arena, enum stage, expected);
    j->matched = IM_ARENA_ARRAY(j->arena, bool *, expected);
    j->fits = IM_ARENA_ARRAY(j->arena, unsigned char, j->count);
    j->inside = IM_ARENA_ARRAY(j->arena, bool, j->count);
    j->grouped = IM_ARENA_ARRAY(j->arena, const struct im_try *, j->count);
    j->group = IM_ARENA_ARRAY(j->arena, const struct im_try *, j->count);
    j->scratch = IM_ARENA_ARRAY(j->arena, int64_t, j->count);
    for (size_t i = 0; j->matched && i < expected; i++)
        j->matched[i] = IM_ARENA_ARRAY(j->arena, bool, j->count);
    return !j->arena->failed;
}

bool im_expect_judge(const struct im_expectations *expectations,
                     const struct im_exchange *exchanges, size_t exchange_count,
                     struct im_arena *arena, struct im_judgement *judgements)
{
    struct judging j = {.expectations = expectations,
                        .judgements = judgements,
                        .arena = arena,
                        .count = exchange_count};

    if (!make_room(&j))
        return false;
    put_in_order(&j, exchanges);
    for (size_t i = 0; i < expectations->count; i++)
        judge(&j, i);
    return !arena->failed;
}
