/* A history of exchanges, told one by one, and what is judged of it: what the tests of judging share. */
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

/* ---- what is told of a client ---- */

static inline struct im_exchange *call(struct history *h, int number, const char *token)
{
    struct im_exchange *seen = answered(h);

    seen->call = (uint64_t)number;
    seen->path = im_arena_format(&h->arena, "/call/%d", number);
    seen->token = im_str(token);
    return seen;
}

static inline struct im_exchange *dead(struct history *h, int number, const char *token)
{
    struct im_exchange *seen = call(h, number, token);

    seen->status = 401;
    seen->cause = CAUSE_ACCESS_TOKEN_REVOKED;
    return seen;
}

static inline struct im_exchange *signs_on(struct history *h, const char *issued)
{
    struct im_exchange *seen = saw(h, "token", *issued ? 200 : 401,
                                   *issued ? CAUSE_NONE : CAUSE_CLIENT_SECRET_WRONG);

    seen->grant = IM_STR("client_credentials");
    seen->issued = im_str(issued);
    seen->call = 1000;
    return seen;
}

static inline struct im_exchange *refreshes(struct history *h, const char *issued)
{
    struct im_exchange *seen = signs_on(h, issued);

    seen->grant = IM_STR("refresh_token");
    return seen;
}

/* Begins together with the one before it. */
static inline struct im_exchange *together(struct history *h, struct im_exchange *seen)
{
    return at(h, seen, -10, 1);
}

static inline struct im_exchange *refuses(struct im_exchange *seen, int status,
                                          enum im_cause cause)
{
    seen->status = status;
    seen->cause = cause;
    return seen;
}

/* All that was told so far is what the client does where nothing goes wrong. */
static inline void is_the_baseline(struct history *h)
{
    struct im_exchange *copy =
        IM_ARENA_ARRAY(&h->arena, struct im_exchange, h->count + 1);
    struct im_history *baseline = IM_ARENA_NEW(&h->arena, struct im_history);

    memcpy(copy, h->seen, h->count * sizeof(*copy));
    assert_true(im_history_read(baseline, copy, h->count, &h->arena));
    h->options.baseline = baseline;
    h->count = 0;
}

static inline void signs_on_times(struct history *h, int times)
{
    for (int i = 0; i < times; i++)
        signs_on(h, "T0");
    call(h, 1, "T0");
    call(h, 2, "T0");
    is_the_baseline(h);
}

/* The baseline of two workers at once. */
static inline void works_in_parallel(struct history *h)
{
    signs_on(h, "T0");
    call(h, 1, "T0");
    together(h, call(h, 2, "T0"));
    is_the_baseline(h);
}

/* The baseline makes one call twice. */
static inline void makes_a_call_twice(struct history *h)
{
    signs_on(h, "T0");
    call(h, 1, "T0");
    call(h, 1, "T0");
    is_the_baseline(h);
}

/* Its first call is refused, since its token, T1, is over. */
static inline void signs_on_in_vain(struct history *h)
{
    signs_on(h, "T1");
    dead(h, 1, "T1");
}

static inline struct im_exchange *is_told_to_wait(struct history *h)
{
    return refuses(call(h, 1, "T1"), 429, CAUSE_RATE_LIMITED);
}

static inline void outcome(struct history *h, const char *expect,
                           enum im_outcome_of wanted)
{
    struct im_str text = im_arena_format(&h->arena, "[%s]", expect);
    const struct im_judgement *judgement = judge(h, text.at);

    if (judgement->outcome != wanted)
        fail_msg("%s: %s, for %.*s", expect, im_outcome_of_name(judgement->outcome),
                 IM_ARG(judgement->why));
}

#define TOLD(test) cmocka_unit_test_setup_teardown(test, begin, end)

/* ---- what is expected of it ---- */

#define ONE_TOKEN                                                                        \
    "{'that':'t','endpoint':'token','status':200,'after':'access-token-revoked',"        \
    "'count':1}"

#define REPEATED                                                                         \
    "{'that':'t','endpoint':'api','status':'2xx','after':'access-token-revoked',"        \
    "'same':'call','at_least':1}"

#define NOT_HAMMERED                                                                     \
    "{'that':'t','cause':'access-token-revoked','at_most':1,'per':'token'}"

#define NO_TOKEN_AFTER(what)                                                             \
    "{'that':'t','endpoint':'token','after':'" what "','count':0}"

#endif
