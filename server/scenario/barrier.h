/* Where requests wait on purpose: held until enough others are there, until they are
 * released, or until a time is over. One per sandbox. Thread-safe. */
#ifndef IM_SCENARIO_BARRIER_H
#define IM_SCENARIO_BARRIER_H

#include "base/error.h"
#include "base/waker.h"
#include <stddef.h>
#include <stdint.h>

struct im_barrier; /* lifetime: sandbox */

/* One who waits. Lifetime: from im_barrier_enter until im_barrier_leave is true. */
struct im_waiter {
    const void *key;
    struct im_waker
        *waker;    /* called under the lock; NULL = its owner looks again by itself */
    bool released; /* the barrier's own, like `next` */
    struct im_waiter *next;
};

struct im_barrier *im_barrier_new(void); /* NULL when memory is short */
void im_barrier_free(struct im_barrier *barrier);

/* Waits until `until` callers with the same key wait (this one included: then all of them
 * go on), or for_ms of real time are over, or it is released or interrupted. until 0: the
 * number of callers does not matter. */
void im_barrier_wait(struct im_barrier *barrier, const void *key, int64_t until,
                     int64_t for_ms);
/* The same without a thread: from now on `waiter` waits, and `waker` (may be NULL) is
 * called when it is released. */
void im_barrier_enter(struct im_barrier *barrier, struct im_waiter *waiter,
                      int64_t until);
/* Has it been released? It waits no longer then, nor when its time is up (`late`). */
bool im_barrier_leave(struct im_barrier *barrier, struct im_waiter *waiter, bool late);
/* Releases all that wait now; returns how many. */
size_t im_barrier_release(struct im_barrier *barrier);
size_t im_barrier_waiting(struct im_barrier *barrier);
/* Releases all, now and from now on: the sandbox is ended, or the server stops. */
void im_barrier_interrupt(struct im_barrier *barrier);

#endif
