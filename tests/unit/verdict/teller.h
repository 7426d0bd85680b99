/* A history of exchanges, told one by one, and what is judged of it. */
#ifndef IM_TESTS_UNIT_VERDICT_TELLER_H
#define IM_TESTS_UNIT_VERDICT_TELLER_H

#include "unit/scenario/quoted.h"

#include "verdict/judge.h"

enum { SEEN_MAX = 1000, MS = 1000 };

struct history {
    struct im_arena arena;
    struct im_exchange seen[SEEN_MAX];
    size_t count;
    int64_t now_us, jumped_ms; /* real time; how far the clock was advanced */
    struct im_expectations all;
    struct im_judgement judgements[8];
    struct im_judge_options options;
};

static inline int begin(void **state)
{
    struct history *h = calloc(1, sizeof(*h));

    assert_non_null(h);
    im_arena_init(&h->arena, 0);
    h->now_us = 1000 * MS;
    *state = h;
    return 0;
}

static inline int end(void **state)
{
    struct history *h = *state;

    im_arena_release(&h->arena);
    free(h);
    return 0;
}

/* One exchange of 1 ms on connection 1, 9 ms of silence after it. */
static inline struct im_exchange *saw(struct history *h, const char *endpoint, int status,
                                      enum im_cause cause)
{
    struct im_exchange *seen = &h->seen[h->count++];

    *seen = (struct im_exchange){.id = h->count,
                                 .endpoint = im_endpoint_find(im_str(endpoint)),
                                 .method = IM_STR("GET"),
                                 .path = IM_STR("/p"),
                                 .status = status,
                                 .cause = cause,
                                 .began_us = h->now_us,
                                 .ended_us = h->now_us + MS,
                                 .at_ms = h->now_us / MS + h->jumped_ms,
                                 .connection = 1,
                                 .connection_us = 10};
    h->now_us += 10 * MS;
    return seen;
}

static inline struct im_exchange *refused(struct history *h)
{
    return saw(h, "resource", 401, CAUSE_ACCESS_TOKEN_REVOKED);
}

static inline struct im_exchange *answered(struct history *h)
{
    return saw(h, "resource", 200, CAUSE_NONE);
}

/* The same, arrived so many ms from now, and open for so long. */
static inline struct im_exchange *at(struct history *h, struct im_exchange *seen,
                                     int64_t from_ms, int64_t for_ms)
{
    seen->began_us += from_ms * MS;
    seen->ended_us = seen->began_us + for_ms * MS;
    seen->at_ms = seen->began_us / MS + h->jumped_ms;
    return seen;
}

/* Judges all of the list; the last of it. */
static inline const struct im_judgement *judge(struct history *h, const char *expect)
{
    struct im_json_fault fault;

    if (!read_by_row(&h->arena, im_expect_part.rows, quoted(&h->arena, expect), &h->all,
                     &fault))
        fail_msg("%s: %s", expect, fault.err.text);
    memset(h->judgements, 0xa5, sizeof(h->judgements));
    assert_true(im_expect_judge(&h->all, h->seen, h->count, &h->options, &h->arena,
                                h->judgements));
    return &h->judgements[h->all.count - 1];
}

static inline struct im_str ids(struct history *h, const struct im_judgement *judgement)
{
    struct im_buf text;

    im_buf_init(&text, &h->arena, 0);
    for (size_t i = 0; i < judgement->shown_count; i++)
        im_buf_addf(&text, "%s%d", i ? " " : "", (int)judgement->shown[i]->id);
    return im_buf_str(&text);
}

static inline void is(struct history *h, const char *expect, enum im_outcome_of outcome,
                      const char *why, const char *shown)
{
    struct im_str text = im_arena_format(&h->arena, "[%s]", expect);
    const struct im_judgement *judgement = judge(h, text.at);

    if (!im_str_is(judgement->why, why))
        fail_msg("%s: %.*s", expect, IM_ARG(judgement->why));
    assert_int_equal(judgement->outcome, outcome);
    if (!im_str_is(ids(h, judgement), shown))
        fail_msg("%s: shows %.*s", expect, IM_ARG(ids(h, judgement)));
}

static inline void met(struct history *h, const char *expect, const char *why,
                       const char *shown)
{
    is(h, expect, IM_MET, why, shown);
}

static inline void not_met(struct history *h, const char *expect, const char *why,
                           const char *shown)
{
    is(h, expect, IM_NOT_MET, why, shown);
}

static inline void not_exercised(struct history *h, const char *expect, const char *why)
{
    is(h, expect, IM_NOT_EXERCISED, why, "");
}

#endif
