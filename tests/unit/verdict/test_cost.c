/* What judging costs grows as the journal does, not as its square: a client in a loop leaves tens of thousands of
 * exchanges. Held against the time of the processor, which the load of the machine does not change, with room enough
 * for every sanitizer; with the square it would be ten times as much. */
#include "unit/verdict/teller.h"
#include "verdict/history_index.h"

#include <time.h>

enum { COUNT = 60000, SECONDS = 3 };

static const char expected[] =
    "[{'that':'one','endpoint':'token','status':200,'after':'access-token-revoked',"
    "'count':1},"
    "{'that':'two','endpoint':'api','status':'2xx','after':'access-token-revoked',"
    "'same':'call','at_least':1},"
    "{'that':'three','cause':'access-token-revoked','at_most':1,'per':'token'},"
    "{'that':'four','endpoint':'token','in_parallel_at_most':1},"
    "{'that':'five','after':'drop','same':'call','created':true,'count':0}]";

struct many {
    struct im_arena arena;
    struct im_exchange *seen;
    struct im_history baseline;
};

/* The nth exchange of 1 ms, one behind the other. */
static struct im_exchange *arrives(struct many *m, size_t n, enum im_endpoint endpoint,
                                   int token)
{
    struct im_exchange *seen = &m->seen[n];

    *seen = (struct im_exchange){.id = n + 1,
                                 .began_us = (int64_t)n * 2 * MS,
                                 .ended_us = (int64_t)n * 2 * MS + MS,
                                 .endpoint = endpoint,
                                 .method = IM_STR("GET"),
                                 .path = IM_STR("/p"),
                                 .status = 200,
                                 .user = IM_STR("u"),
                                 .token = im_arena_format(&m->arena, "t%d", token)};
    return seen;
}

static void is_refused(struct im_exchange *seen)
{
    seen->status = 401;
    seen->cause = CAUSE_ACCESS_TOKEN_REVOKED;
}

static void is_issued(struct many *m, struct im_exchange *seen, int token)
{
    seen->grant = IM_STR("refresh_token");
    seen->issued = im_arena_format(&m->arena, "t%d", token);
}

static void takes_little(const char *what, void (*fill)(struct many *m))
{
    struct many m;
    struct im_expectations all;
    struct im_json_fault fault;
    struct im_judgement judgements[5];
    struct im_judge_options options = {.baseline = &m.baseline, .fail_fast = true};

    im_arena_init(&m.arena, 0);
    m.seen = IM_ARENA_ARRAY(&m.arena, struct im_exchange, COUNT);
    fill(&m);
    assert_true(read_by_row(&m.arena, im_expect_part.rows, quoted(&m.arena, expected),
                            &all, &fault));
    clock_t began = clock();
    /* one fewer, so that nothing is excused as what the client does anyway */
    assert_true(im_history_read(&m.baseline, m.seen, COUNT - 1, &m.arena));
    assert_true(im_expect_judge(&all, m.seen, COUNT, &options, &m.arena, judgements));
    double took_s = (double)(clock() - began) / CLOCKS_PER_SEC;
    if (took_s > SECONDS)
        fail_msg("%s: %d exchanges took %.1f s to judge", what, COUNT, took_s);
    im_arena_release(&m.arena);
}

static void fill_alike(struct many *m)
{
    for (size_t i = 0; i < COUNT; i++)
        is_refused(arrives(m, i, IM_ENDPOINT_RESOURCE, 0));
}

static void fill_different(struct many *m)
{
    for (size_t i = 0; i < COUNT; i++) {
        struct im_exchange *seen = arrives(m, i, IM_ENDPOINT_RESOURCE, 0);
        seen->call = i;
        is_refused(seen);
    }
}

static void fill_loop(struct many *m)
{
    for (size_t i = 0; i < COUNT; i++)
        if (i % 2)
            is_issued(m, arrives(m, i, IM_ENDPOINT_TOKEN, -1), (int)i / 2 + 1);
        else
            is_refused(arrives(m, i, IM_ENDPOINT_RESOURCE, (int)i / 2));
}

/* Each call is another one, is refused, and is not repeated; no new code comes. */
static void fill_moving_on(struct many *m)
{
    for (size_t i = 0; i < COUNT; i++)
        if (i % 2) {
            is_issued(m, arrives(m, i, IM_ENDPOINT_TOKEN, -1), (int)i / 2 + 1);
        } else {
            struct im_exchange *seen = arrives(m, i, IM_ENDPOINT_RESOURCE, (int)i / 2);
            seen->call = i;
            is_refused(seen);
        }
}

static void fill_recovering(struct many *m)
{
    for (size_t i = 0; i < COUNT; i++) {
        struct im_exchange *seen =
            arrives(m, i, i % 3 == 1 ? IM_ENDPOINT_TOKEN : IM_ENDPOINT_RESOURCE,
                    (int)(i + 1) / 3);
        seen->call = i % 3 == 1 ? 0 : 1 + i / 3;
        if (i % 3 == 0)
            is_refused(seen);
        else if (i % 3 == 1)
            is_issued(m, seen, (int)(i + 2) / 3);
    }
}

static void fill_renewing(struct many *m)
{
    is_refused(arrives(m, 0, IM_ENDPOINT_RESOURCE, 0));
    for (size_t i = 1; i < COUNT; i++)
        is_issued(m, arrives(m, i, IM_ENDPOINT_TOKEN, -1), (int)i);
}

static void fill_creating(struct many *m)
{
    for (size_t i = 0; i < COUNT; i++)
        arrives(m, i, IM_ENDPOINT_RESOURCE, 0)->created = true;
    m->seen[0].fault = IM_FAULT_DROP;
}

static void many_at_once(struct many *m)
{
    for (size_t i = 0; i < COUNT; i++) {
        struct im_exchange *seen = arrives(m, i, IM_ENDPOINT_RESOURCE, 0);
        seen->call = i % 7;
        seen->ended_us += (int64_t)20 * MS;
        is_refused(seen);
    }
}

static void a_journal_that_is_long_is_judged_all_the_same(void **state)
{
    (void)state;
    takes_little("one call over and over", fill_alike);
    takes_little("many calls with one token", fill_different);
    takes_little("refused, renewed, refused", fill_loop);
    takes_little("refused, renewed, not repeated", fill_moving_on);
    takes_little("refused, renewed, repeated", fill_recovering);
    takes_little("renewed over and over", fill_renewing);
    takes_little("a record made over and over", fill_creating);
    takes_little("many at once", many_at_once);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_journal_that_is_long_is_judged_all_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
