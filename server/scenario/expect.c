/* `expect`: how it is written, and what must hold between its members and between
 * expectations, so that none can be met by nothing, or never. */
#include "scenario/expect.h"

#include <stddef.h>

#include "scenario/world.h"

/* Judging keeps a mark for each expectation and exchange, so the number of both is bounded. */
enum { EXPECTATIONS_MAX = 200, SHOWN_MAX = 60 };

/* ---- one member each ---- */

static bool take_created(struct im_json_reader *r, const struct im_json *value,
                         void *into)
{
    (void)r;
    (void)value;
    ((struct im_expectation *)into)->created = true;
    return true;
}

static bool refuse_chance(struct im_json_reader *r, const struct im_json *value,
                          void *into)
{
    (void)into;
    return im_json_fault(
        r, value,
        "\"%.*s\" is for rules: it decides by chance what happens, and an "
        "expectation is about what has happened",
        IM_ARG(value->name));
}

#define EXPECT(member) IM_READ_INTO(struct im_expectation, member)
#define AT_LEAST(n)    IM_READ_WHOLE, .min = (n), .max = INT64_MAX

static bool text_is_retry_after(struct im_str text)
{
    return im_str_is(text, "retry-after");
}

static bool take_retry_after(struct im_json_reader *r, const struct im_json *value,
                             void *into)
{
    (void)r;
    (void)value;
    ((struct im_expectation *)into)->within_ms = IM_WITHIN_RETRY_AFTER;
    return true;
}

static const struct im_json_row within_forms[] = {
    {NULL, IM_READ_TEXT, .sound = text_is_retry_after, .check = take_retry_after,
     .pattern = "^retry-after$"},
    {NULL, IM_READ_DURATION, EXPECT(within_ms), .min = 1, .max = INT64_MAX},
};

static const struct im_json_row members[] = {
    {"that", IM_READ_TEXT, IM_READ_REQUIRED, EXPECT(that),
     .about = "a true sentence about a sound client"},
    {"cause", IM_READ_WORD, EXPECT(cause), .min = 1, .names = &im_cause_names},
    {NULL, IM_READ_PART, EXPECT(status), .table = &im_when_status},
    {"wire", IM_READ_WORD, EXPECT(fault), .min = 1, .names = &im_fault_names},
    {"tls", IM_READ_WORD, EXPECT(when.tls), .min = IM_FAULT_TLS_EXPIRED,
     .names = &im_when_tls,
     .about = "what came over a connection that then.tls has spoilt so"},
    {"count", AT_LEAST(0)}, /* check_bounds stores it, if it contradicts nothing */
    {"at_least", AT_LEAST(1), EXPECT(at_least)}, /* "at least 0" could never fail */
    {"at_most", AT_LEAST(0), EXPECT(at_most)},
    {"in_parallel_at_most", AT_LEAST(1), EXPECT(in_parallel_at_most)},
    {"gaps", IM_READ_WORD, EXPECT(growing_gaps), .min = 1, .words = "growing"},
    {"per", IM_READ_WORD, EXPECT(per), .min = IM_PER_TOKEN, .words = "token|call"},
    {"after", IM_READ_TEXT, EXPECT(after.text)},
    {"within", IM_READ_EITHER, IM_READ_ROWS(within_forms),
     .wanted = "a duration such as \"2s\", or \"retry-after\""},
    {"same", IM_READ_WORD, EXPECT(same_call), .min = 1, .words = "call"},
    {"refused_for", IM_READ_WORD, EXPECT(without_token), .min = 1, .words = "token"},
    {"created", IM_READ_TRUE, .check = take_created},
    {"optional", IM_READ_BOOL, EXPECT(optional)},
    {"advice", IM_READ_BOOL, EXPECT(advice)},
    {NULL, IM_READ_PART, EXPECT(when), .table = &im_when_shared},
    /* known and refused: the reason helps more than "unknown field" */
    {"rate", IM_READ_JSON, IM_READ_HIDDEN, .check = refuse_chance},
    {"seed", IM_READ_JSON, IM_READ_HIDDEN, .check = refuse_chance},
};
/* ---- one expectation ---- */

static bool check_bounds(struct im_json_reader *r, const struct im_json *object,
                         void *into)
{
    struct im_expectation *e = into;
    const struct im_json *count = im_json_get(object, "count");
    const struct im_json *same = im_json_get(object, "same");
    const struct im_json *within = im_json_get(object, "within");

    e->offset = object->offset;
    if (count && (e->at_least >= 0 || e->at_most >= 0))
        return im_json_fault(r, count,
                             "\"count\" says how often exactly: \"%s\" beside it "
                             "contradicts it or says nothing more; leave one out",
                             e->at_least >= 0 ? "at_least" : "at_most");
    if (count)
        e->at_least = e->at_most = count->whole;
    if (e->at_most >= 0 && e->at_least > e->at_most)
        return im_json_fault(r, im_json_get(object, "at_least"),
                             "\"at_least\" %lld is more than \"at_most\" %lld",
                             (long long)e->at_least, (long long)e->at_most);
    /* without an anchor these two would be met by anything, or by nothing */
    if (same && !e->after.text.len)
        return im_json_fault(r, same,
                             "\"same\" needs \"after\": the same call as which?");
    if (within && !e->after.text.len)
        return im_json_fault(r, within,
                             "\"within\" needs \"after\": within that time of what?");
    return true;
}

static const struct im_expectation blank = {.when = {.rate = -1},
                                            .at_least = -1,
                                            .at_most = -1,
                                            .in_parallel_at_most = -1,
                                            .within_ms = -1,
                                            .after = {.expectation = -1}};
static const struct im_json_table expectation = {.name = "expectation",
                                                 .where = "expect",
                                                 IM_READ_ROWS(members),
                                                 .size = sizeof(blank),
                                                 .blank = &blank,
                                                 .check = check_bounds};

/* ---- what `after` refers to ---- */

static bool unknown_anchor(struct im_json_reader *r, const struct im_json *after,
                           const struct im_expectations *all, size_t index)
{
    const struct im_json_names *const names[] = {&im_cause_names, &im_fault_names,
                                                 &im_effect_names};
    size_t most = all->count + CAUSE_COUNT + IM_FAULTS + im_effect_count, n = 0;
    struct im_str *known = IM_ARENA_ARRAY(r->arena, struct im_str, most);

    if (!known)
        return im_json_no_memory(r, after);
    /* without its own sentence, which would only be refused next */
    for (size_t i = 0; i < all->count; i++)
        if (i != index)
            known[n++] = all->items[i].that;
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; names[i]->word(k); k++)
            known[n++] = im_str(names[i]->word(k));
    return im_json_fault(r, after,
                         "\"after\" must be a cause, another expectation's \"that\", a "
                         "fault or an effect, and there is none \"%.*s\"%s",
                         IM_ARG(im_str_front(after->text, SHOWN_MAX)),
                         im_hint(after->text, known, n).text);
}

/* The expectation of this sentence among the first `count`, or -1. */
static int find_that(const struct im_expectations *all, size_t count, struct im_str that)
{
    for (size_t i = 0; i < count; i++)
        if (im_str_eq(all->items[i].that, that))
            return (int)i;
    return -1;
}

static bool resolve_anchor(struct im_json_reader *r, const struct im_json *after,
                           struct im_expectations *all, size_t index)
{
    struct im_anchor *anchor = &all->items[index].after;

    if (!anchor->text.len)
        return true;
    anchor->cause = im_cause_find(anchor->text);
    if (anchor->cause)
        return true;
    anchor->expectation = find_that(all, all->count, anchor->text);
    if (anchor->expectation == (int)index) {
        anchor->expectation = -1; /* refused here, not as a circle too */
        return im_json_fault(r, after,
                             "\"after\" must not be the expectation's own \"that\"");
    }
    if (anchor->expectation >= 0)
        return true;
    anchor->fault = im_fault_find(anchor->text);
    const struct im_effect *effect = im_effect_find(anchor->text);
    /* where a sentence is missing, it may be the one that is meant */
    if (anchor->fault || (!effect && find_that(all, all->count, (struct im_str){0}) >= 0))
        return true;
    if (!effect)
        return unknown_anchor(r, after, all, index);
    anchor->effect = effect->name;
    return true;
}

/* Does following `after` from here lead back here? The number of steps is bounded because the path may
 * lead into a circle of which this one is no part. */
static bool in_circle(const struct im_expectations *all, size_t index)
{
    int at = all->items[index].after.expectation;

    for (size_t steps = 0; at >= 0 && steps < all->count; steps++) {
        if (at == (int)index)
            return true;
        at = all->items[at].after.expectation;
    }
    return false;
}

static bool refuse_circle(struct im_json_reader *r, const struct im_json *after,
                          const struct im_expectations *all, size_t index)
{
    size_t at = index;
    struct im_buf circle;

    im_buf_init(&circle, r->arena, 0);
    do {
        im_buf_addf(&circle, "\"%.*s\" after ",
                    IM_ARG(im_str_front(all->items[at].that, SHOWN_MAX)));
        at = (size_t)all->items[at].after.expectation;
    } while (at != index);
    im_buf_addf(&circle, "\"%.*s\"",
                IM_ARG(im_str_front(all->items[at].that, SHOWN_MAX)));
    return im_json_fault(r, after, "\"after\" goes round in a circle: %.*s",
                         IM_ARG(im_buf_str(&circle)));
}

static bool check_all(struct im_json_reader *r, const struct im_json *list, void *into)
{
    struct im_expectations *all = into;
    size_t before = r->count, i = 0;

    if (all->count != list->count) /* too many, or no room: what is wrong was said */
        return false;
    r->where = expectation.where; /* im_json_read_row puts the old one back */
    for (const struct im_json *one = list->first; one; one = one->next, i++) {
        struct im_str that = all->items[i].that;
        if (that.len && find_that(all, i, that) >= 0)
            im_json_fault(r, im_json_get(one, "that"),
                          "\"that\" must be unique, and \"%.*s\" stands twice",
                          IM_ARG(im_str_front(that, SHOWN_MAX)));
        resolve_anchor(r, im_json_get(one, "after"), all, i);
    }
    i = 0; /* circles can be seen once every `after` is resolved */
    for (const struct im_json *one = list->first; one; one = one->next, i++)
        if (in_circle(all, i))
            return refuse_circle(r, im_json_get(one, "after"), all, i);
    return r->count == before;
}

static const struct im_json_row list[] = {
    {"expect", IM_READ_LIST, IM_READ_CHECK_ALWAYS,
     IM_READ_INTO(struct im_expectations, items), .table = &expectation,
     .max = EXPECTATIONS_MAX, .check = check_all, .wanted = "a list of expectations"},
};
const struct im_json_table im_expect_part = {IM_READ_ROWS(list)};
