/* The barrier of a sandbox: the list of requests that wait on purpose. A waiter is released under
 * the lock and removes itself from the list later, when its thread or the listener looks again;
 * until then it stays in the list, marked, and no longer counts. */
#include "scenario/barrier.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

struct im_barrier {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct im_waiter *waiters;
    bool interrupted;
};

struct im_barrier *im_barrier_new(void)
{
    struct im_barrier *barrier = calloc(1, sizeof(*barrier));

    if (!barrier)
        return NULL;
    pthread_mutex_init(&barrier->lock, NULL);
    im_cond_init(&barrier->changed);
    return barrier;
}

void im_barrier_free(struct im_barrier *barrier)
{
    if (!barrier)
        return;
    pthread_cond_destroy(&barrier->changed);
    pthread_mutex_destroy(&barrier->lock);
    free(barrier);
}

/* Those with this key; NULL = all. The released ones have left already: they must not make the next
 * group complete. */
static size_t count_locked(const struct im_barrier *barrier, const void *key)
{
    size_t n = 0;

    for (const struct im_waiter *waiter = barrier->waiters; waiter; waiter = waiter->next)
        n += !waiter->released && (!key || waiter->key == key);
    return n;
}

static void release_waiter(struct im_waiter *waiter)
{
    waiter->released = true;
    /* under the lock: a waiter that has removed itself may no longer exist */
    if (waiter->waker)
        waiter->waker->wake(waiter->waker);
}

static size_t release_locked(struct im_barrier *barrier, const void *key)
{
    size_t n = count_locked(barrier, key);

    for (struct im_waiter *waiter = barrier->waiters; waiter; waiter = waiter->next)
        if (!key || waiter->key == key)
            release_waiter(waiter);
    pthread_cond_broadcast(&barrier->changed);
    return n;
}

static void unlink_locked(struct im_barrier *barrier, const struct im_waiter *gone)
{
    struct im_waiter **at = &barrier->waiters;

    while (*at != gone)
        at = &(*at)->next;
    *at = gone->next;
}

static void enter_locked(struct im_barrier *barrier, struct im_waiter *me, int64_t until)
{
    me->released = false;
    me->next = barrier->waiters;
    barrier->waiters = me;
    if (until && count_locked(barrier, me->key) >= (size_t)until)
        release_locked(barrier, me->key);
    /* a request that arrives while the server stops must not hold up the stop */
    if (barrier->interrupted)
        release_waiter(me);
}

void im_barrier_enter(struct im_barrier *barrier, struct im_waiter *waiter, int64_t until)
{
    pthread_mutex_lock(&barrier->lock);
    enter_locked(barrier, waiter, until);
    pthread_mutex_unlock(&barrier->lock);
}

bool im_barrier_leave(struct im_barrier *barrier, struct im_waiter *waiter, bool late)
{
    /* looking and removing is one step: otherwise a release in between would be lost */
    pthread_mutex_lock(&barrier->lock);
    bool over = late || waiter->released;
    if (over)
        unlink_locked(barrier, waiter);
    pthread_mutex_unlock(&barrier->lock);
    return over;
}

void im_barrier_wait(struct im_barrier *barrier, const void *key, int64_t until,
                     int64_t for_ms)
{
    struct timespec deadline = im_cond_deadline(for_ms);
    struct im_waiter me = {.key = key};

    pthread_mutex_lock(&barrier->lock);
    enter_locked(barrier, &me, until);
    while (!me.released)
        if (pthread_cond_timedwait(&barrier->changed, &barrier->lock, &deadline))
            break;
    unlink_locked(barrier, &me);
    pthread_mutex_unlock(&barrier->lock);
}

size_t im_barrier_release(struct im_barrier *barrier)
{
    pthread_mutex_lock(&barrier->lock);
    size_t n = release_locked(barrier, NULL);
    pthread_mutex_unlock(&barrier->lock);
    return n;
}

size_t im_barrier_waiting(struct im_barrier *barrier)
{
    pthread_mutex_lock(&barrier->lock);
    size_t n = count_locked(barrier, NULL);
    pthread_mutex_unlock(&barrier->lock);
    return n;
}

void im_barrier_interrupt(struct im_barrier *barrier)
{
    pthread_mutex_lock(&barrier->lock);
    barrier->interrupted = true;
    release_locked(barrier, NULL);
    pthread_mutex_unlock(&barrier->lock);
}
