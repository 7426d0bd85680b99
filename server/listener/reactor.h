/* Worker threads that run what is ready to go on: a socket on which something happened,
 * something whose time has come, something that was woken. What waits costs no thread.
 * Thread-safe. */
#ifndef IM_LISTENER_REACTOR_H
#define IM_LISTENER_REACTOR_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct im_log;
struct im_reactor;

/* What the workers run, never two of them at once. Lifetime: from im_reactor_watch until
 * the reactor is freed, even if it has ended: a worker may still hold an event of the
 * past. It may be watched anew after its end. The fields are the reactor's own but for
 * `run` and `fd`. */
struct im_task {
    /* Goes on as far as it can. True: it waits, for its socket, its time or a wake, and
     * `run` may come for no reason. False: it has ended, with im_reactor_unwatch. */
    bool (*run)(struct im_task *task);
    int fd; /* non-blocking */
    atomic_int state;
    atomic_bool hung_up; /* the peer sends no more; what it has sent may still be there */
    atomic_int_least64_t due_ms, armed_ms;
    size_t at; /* in the heap of times */
    struct im_task *next;
};

/* With `threads` workers at most: a few at first, more once all of them are held up. NULL
 * with err, which names the limit that was met. */
struct im_reactor *im_reactor_new(int threads, const struct im_log *log,
                                  struct im_error *err);
/* Lets what is running come to its next pause, and runs nothing more. */
void im_reactor_stop(struct im_reactor *reactor);
void im_reactor_free(struct im_reactor *reactor); /* NULL is fine; stops it first */

/* Runs the task from now on when its socket has something to say, and at due_ms. False
 * with errno. */
bool im_reactor_watch(struct im_reactor *reactor, struct im_task *task, int64_t due_ms);
/* For `run` alone, and after im_reactor_stop. Before the socket is closed. */
void im_reactor_unwatch(struct im_reactor *reactor, struct im_task *task);
/* Runs it at that time (monotonic) as well; INT64_MAX: at none. For `run` alone. */
void im_reactor_due(struct im_reactor *reactor, struct im_task *task, int64_t due_ms);
/* Runs it soon, from any thread. */
void im_reactor_wake(struct im_reactor *reactor, struct im_task *task);

#endif
