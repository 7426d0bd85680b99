/* reactor.c by itself: a task without a connection behind it. */
#include "listening.h"

#include <sys/eventfd.h>

#include "listener/reactor.h"

enum { WAVERS_FOR_MS = 1000, LATER_MS = 60000 };

struct wavering {
    struct im_task task; /* first */
    struct im_reactor *reactor;
    atomic_bool lost, over;
};

/* No time leads to it, and not only while the timekeeper puts it anew. */
static bool stays_without(struct im_task *task)
{
    int tries = 0;

    while (atomic_load(&task->armed_ms) == INT64_MAX && tries < PATIENCE_MS / 10)
        tries += poll(NULL, 0, 1) == 0;
    return tries == PATIENCE_MS / 10;
}

/* Its time comes just as it says that it has none, and then that it has another: what the timekeeper does meanwhile
 * must not leave it without one. */
static bool wavering_run(struct im_task *task)
{
    struct wavering *w = (struct wavering *)(void *)task;

    int64_t now_ms = im_clock_monotonic_ms(), until_ms = now_ms + WAVERS_FOR_MS;

    for (int i = 0; now_ms < until_ms && !atomic_load(&w->lost); i++) {
        im_reactor_due(w->reactor, task, now_ms);
        do {
            im_reactor_due(w->reactor, task, INT64_MAX);
            im_reactor_due(w->reactor, task, now_ms + LATER_MS);
            for (volatile int pause = i % 64; pause > 0; pause--)
                ;
        } while (atomic_load(&task->armed_ms) == now_ms &&
                 im_clock_monotonic_ms() < until_ms + PATIENCE_MS / 2);
        atomic_store(&w->lost, stays_without(task));
        now_ms = im_clock_monotonic_ms();
    }
    /* It ends here: a run for the times that came meanwhile would wait for the timekeeper,
     * which ends before the workers do. */
    im_reactor_unwatch(w->reactor, task);
    atomic_store(&w->over, true);
    return false;
}

static void a_time_that_is_changed_as_it_comes_is_kept(void **state)
{
    struct im_error err = {.text = ""};
    struct wavering w = {.task = {.run = wavering_run, .fd = eventfd(0, EFD_NONBLOCK)}};

    (void)state;
    w.reactor = im_reactor_new(1, NULL, &err);
    assert_non_null(w.reactor);
    assert_true(im_reactor_watch(w.reactor, &w.task, INT64_MAX));
    im_reactor_wake(w.reactor, &w.task);
    for (int waited = 0; !atomic_load(&w.over) && waited < PATIENCE_MS; waited++)
        poll(NULL, 0, 1);
    im_reactor_stop(w.reactor);
    im_reactor_free(w.reactor);
    close(w.task.fd);
    assert_true(atomic_load(&w.over));
    assert_false(atomic_load(&w.lost));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_that_is_changed_as_it_comes_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
