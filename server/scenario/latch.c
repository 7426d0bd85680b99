#include "scenario/latch.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

/* Lives on the stack of whoever waits, linked in while that is so. */
struct waiter {
    const void *key;
    bool released;
    struct waiter *next;
};

struct im_latch {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct waiter *waiters;
    bool interrupted;
};

struct im_latch *im_latch_new(void)
{
    struct im_latch *latch = calloc(1, sizeof(*latch));

    if (!latch)
        return NULL;
    pthread_mutex_init(&latch->lock, NULL);
    im_cond_init(&latch->changed);
    return latch;
}

void im_latch_free(struct im_latch *latch)
{
    if (!latch)
        return;
    pthread_cond_destroy(&latch->changed);
    pthread_mutex_destroy(&latch->lock);
    free(latch);
}

/* Those with this key; NULL = all. */
static size_t count_locked(const struct im_latch *latch, const void *key)
{
    size_t n = 0;

    for (const struct waiter *waiter = latch->waiters; waiter; waiter = waiter->next)
        n += !waiter->released && (!key || waiter->key == key);
    return n;
}

static size_t release_locked(struct im_latch *latch, const void *key)
{
    size_t n = count_locked(latch, key);

    for (struct waiter *waiter = latch->waiters; waiter; waiter = waiter->next)
        if (!key || waiter->key == key)
            waiter->released = true;
    pthread_cond_broadcast(&latch->changed);
    return n;
}

static void unlink_locked(struct im_latch *latch, const struct waiter *gone)
{
    struct waiter **at = &latch->waiters;

    while (*at != gone)
        at = &(*at)->next;
    *at = gone->next;
}

void im_latch_wait(struct im_latch *latch, const void *key, int64_t until, int64_t for_ms)
{
    struct timespec deadline = im_cond_deadline(for_ms);
    struct waiter me = {.key = key};

    pthread_mutex_lock(&latch->lock);
    me.next = latch->waiters;
    /* cppcheck-suppress autoVariables ; it is taken out again before this returns */
    latch->waiters = &me;
    if (until && count_locked(latch, key) >= (size_t)until)
        release_locked(latch, key);
    while (!me.released && !latch->interrupted)
        if (pthread_cond_timedwait(&latch->changed, &latch->lock, &deadline))
            break;
    unlink_locked(latch, &me);
    pthread_mutex_unlock(&latch->lock);
}

size_t im_latch_release(struct im_latch *latch)
{
    pthread_mutex_lock(&latch->lock);
    size_t n = release_locked(latch, NULL);
    pthread_mutex_unlock(&latch->lock);
    return n;
}

size_t im_latch_waiting(struct im_latch *latch)
{
    pthread_mutex_lock(&latch->lock);
    size_t n = count_locked(latch, NULL);
    pthread_mutex_unlock(&latch->lock);
    return n;
}

void im_latch_interrupt(struct im_latch *latch)
{
    pthread_mutex_lock(&latch->lock);
    latch->interrupted = true;
    pthread_cond_broadcast(&latch->changed);
    pthread_mutex_unlock(&latch->lock);
}
