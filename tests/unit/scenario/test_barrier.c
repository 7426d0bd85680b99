#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>

#include "base/clock.h"
#include "scenario/barrier.h"

/* ---- threads that wait at a barrier ---- */

enum { LONG_MS = 60000, WAITERS = 4 };

struct waiter {
    struct im_barrier *barrier;
    const void *key;
    int64_t until;
    pthread_t thread;
};

struct gate {
    struct im_barrier *barrier;
    struct waiter waiters[WAITERS];
    size_t started;
};

static const char one, two; /* keys */

static int begin(void **state)
{
    struct gate *g = calloc(1, sizeof(*g));

    g->barrier = im_barrier_new();
    *state = g;
    return g->barrier ? 0 : -1;
}

static int end(void **state)
{
    struct gate *g = *state;

    im_barrier_free(g->barrier);
    free(g);
    return 0;
}

#define AT_GATE(test) cmocka_unit_test_setup_teardown(test, begin, end)

static void *wait_there(void *context)
{
    const struct waiter *w = context;

    im_barrier_wait(w->barrier, w->key, w->until, LONG_MS);
    return NULL;
}

static void start(struct gate *g, const void *key, int64_t until)
{
    struct waiter *w = &g->waiters[g->started++];

    *w = (struct waiter){.barrier = g->barrier, .key = key, .until = until};
    assert_int_equal(pthread_create(&w->thread, NULL, wait_there, w), 0);
}

static void until_waiting(struct gate *g, size_t n)
{
    int64_t deadline_ms = im_clock_monotonic_ms() + LONG_MS / 2;

    while (im_barrier_waiting(g->barrier) != n) {
        if (im_clock_monotonic_ms() > deadline_ms)
            fail_msg("%zu wait, not %zu", im_barrier_waiting(g->barrier), n);
        sched_yield();
    }
}

/* All are back long before their time was up. */
static void join_all(struct gate *g)
{
    int64_t began_ms = im_clock_monotonic_ms();

    for (size_t i = 0; i < g->started; i++)
        pthread_join(g->waiters[i].thread, NULL);
    assert_true(im_clock_monotonic_ms() - began_ms < LONG_MS / 2);
    assert_int_equal(im_barrier_waiting(g->barrier), 0);
}

/* ---- */

static void the_last_of_n_lets_all_go(void **state)
{
    struct gate *g = *state;
    start(g, &one, 3);
    start(g, &one, 3);
    until_waiting(g, 2);
    im_barrier_wait(g->barrier, &one, 3, LONG_MS);
    join_all(g);
}

static void one_of_one_does_not_wait(void **state)
{
    struct gate *g = *state;
    im_barrier_wait(g->barrier, &one, 1, LONG_MS);
    assert_int_equal(im_barrier_waiting(g->barrier), 0);
}

static void keys_do_not_mix(void **state)
{
    struct gate *g = *state;
    start(g, &one, 2);
    start(g, &two, 2);
    until_waiting(g, 2);
    im_barrier_wait(g->barrier, &one, 2, LONG_MS);
    pthread_join(g->waiters[0].thread, NULL);
    assert_int_equal(im_barrier_waiting(g->barrier), 1);
    im_barrier_wait(g->barrier, &two, 2, LONG_MS);
    join_all(g);
}

static void those_who_were_unref_are_not_counted_again(void **state)
{
    struct gate *g = *state;
    start(g, &one, 2);
    until_waiting(g, 1);
    im_barrier_wait(g->barrier, &one, 2, LONG_MS);
    assert_int_equal(im_barrier_waiting(g->barrier), 0);
    start(g, &one, 2);
    until_waiting(g, 1);
    im_barrier_release(g->barrier);
    join_all(g);
}

static void a_release_lets_everybody_go_and_counts_them(void **state)
{
    struct gate *g = *state;
    start(g, &one, 9);
    start(g, &two, 9);
    start(g, &two, 0);
    until_waiting(g, 3);
    assert_int_equal(im_barrier_release(g->barrier), 3);
    join_all(g);
    assert_int_equal(im_barrier_release(g->barrier), 0);
}

static void a_release_is_for_those_who_wait_now(void **state)
{
    struct gate *g = *state;
    im_barrier_release(g->barrier);
    start(g, &one, 2);
    until_waiting(g, 1);
    im_barrier_release(g->barrier);
    join_all(g);
}

static void a_wait_ends_when_its_time_is_up(void **state)
{
    struct gate *g = *state;
    int64_t began_ms = im_clock_monotonic_ms();
    im_barrier_wait(g->barrier, &one, 2, 20);
    im_barrier_wait(g->barrier, &one, 0, 20);
    assert_true(im_clock_monotonic_ms() - began_ms >= 39);
    assert_int_equal(im_barrier_waiting(g->barrier), 0);
}

static void an_interrupt_lets_go_now_and_for_ever(void **state)
{
    struct gate *g = *state;
    start(g, &one, 9);
    start(g, &two, 0);
    until_waiting(g, 2);
    im_barrier_interrupt(g->barrier);
    join_all(g);
    int64_t began_ms = im_clock_monotonic_ms();
    im_barrier_wait(g->barrier, &one, 9, LONG_MS);
    assert_true(im_clock_monotonic_ms() - began_ms < LONG_MS / 2);
}

static void nothing_is_freed_too(void **state)
{
    (void)state;
    im_barrier_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_GATE(the_last_of_n_lets_all_go),
        AT_GATE(one_of_one_does_not_wait),
        AT_GATE(keys_do_not_mix),
        AT_GATE(those_who_were_unref_are_not_counted_again),
        AT_GATE(a_release_lets_everybody_go_and_counts_them),
        AT_GATE(a_release_is_for_those_who_wait_now),
        AT_GATE(a_wait_ends_when_its_time_is_up),
        AT_GATE(an_interrupt_lets_go_now_and_for_ever),
        AT_GATE(nothing_is_freed_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
