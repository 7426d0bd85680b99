/* All workers wait together on one epoll set, so an event costs one wake-up and no
 * hand-over. Sockets are watched edge-triggered and once for all directions: a request
 * costs no change of the set. A task is parked, running, or running and to be run again;
 * who moves it from parked to running owns it. Because an event is only a hint to look,
 * one that comes late, for a task that has ended or has been taken up again for another
 * connection, does no harm.
 *
 * Times stand in a heap (times.c) that one more thread looks at. A time that is put off, as it is
 * with every request of a connection that is kept, does not touch the heap: the thread
 * notices when the old time comes. The same thread calls more workers when all are held
 * up, and sends them to rest when that is over: an idle worker that waits for events is
 * woken by each that comes while others run, though they would take it without a switch. */
#include "listener/reactor.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "listener/times.h"

enum { TASK_ENDED, TASK_PARKED, TASK_RUNNING, TASK_AGAIN };
enum {
    /* On a machine of one processor. Workers do not wait for sockets, so more than can run only cost switches;
     * what holds one up (a slow disk) leaves the other, until more are called. */
    FIRST_WORKERS = 2,
    LOOK_MS = 5, /* how long all workers must be held up before more are called */
    /* How long those called stay at least. Where half of the workers are held up for long, each turn to fewer
     * costs a request that long look again. */
    STAY_MS = 100
};

struct im_reactor {
    const struct im_log *log;
    int epoll;
    int bell; /* an eventfd in it: `ready` has something, or the end has come */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* for the timekeeper; by the monotonic clock */
    pthread_cond_t called;  /* for workers that rest */
    struct im_task *ready, **ready_end;
    struct im_times times; /* of all tasks */
    size_t tasks;
    atomic_bool ended;
    bool stopped;

    pthread_t timekeeper, *workers;
    atomic_int worker_count, worker_max;
    int worker_first;
    atomic_int wanted;      /* how many of them should not rest … */
    atomic_int awake, busy; /* … do not, have a task */
    atomic_uint turns;      /* runs that came to their end */
    atomic_bool strained;   /* no worker was free, or more than the first ones are awake:
                             the timekeeper looks whether it stays so */
    int64_t look_ms, called_ms; /* the next look; when more were called last */
    unsigned turns_seen;
};

/* ---- whose turn it is ---- */

/* True for the one who may now run it. Otherwise whoever runs it does so once more. */
static bool task_claim(struct im_task *task)
{
    int state = atomic_load(&task->state);

    while (state == TASK_PARKED || state == TASK_RUNNING)
        if (atomic_compare_exchange_weak(
                &task->state, &state, state == TASK_PARKED ? TASK_RUNNING : TASK_AGAIN))
            return state == TASK_PARKED;
    return false;
}

static void task_run(struct im_reactor *r, struct im_task *task)
{
    int state;

    do {
        atomic_store(&task->state, state = TASK_RUNNING);
        if (!task->run(task))
            break;
    } while (!atomic_compare_exchange_strong(&task->state, &state, TASK_PARKED));
    atomic_fetch_add(&r->turns, 1);
}

/* Edge-triggered: each ring wakes one worker, and nobody has to take it back. */
static void ring(struct im_reactor *r)
{
    (void)!write(r->bell, &(uint64_t){1}, sizeof(uint64_t));
}

static void wake_locked(struct im_reactor *r, struct im_task *task)
{
    if (!task_claim(task))
        return;
    task->next = NULL;
    *r->ready_end = task;
    r->ready_end = &task->next;
    ring(r);
}

void im_reactor_wake(struct im_reactor *r, struct im_task *task)
{
    pthread_mutex_lock(&r->lock);
    wake_locked(r, task);
    pthread_mutex_unlock(&r->lock);
}

/* Two rings may have become one event, so who finds more than one task rings for the
 * rest. */
static struct im_task *take_ready(struct im_reactor *r)
{
    pthread_mutex_lock(&r->lock);
    struct im_task *task = r->ready;
    if (task) {
        r->ready = task->next;
        if (r->ready)
            ring(r);
        else
            r->ready_end = &r->ready;
    }
    pthread_mutex_unlock(&r->lock);
    return task;
}

/* ---- workers ---- */

static void note_strain(struct im_reactor *r)
{
    if (atomic_exchange(&r->strained, true))
        return;
    pthread_mutex_lock(&r->lock);
    r->look_ms = im_clock_monotonic_ms() + LOOK_MS;
    r->turns_seen = atomic_load(&r->turns);
    pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

static void worker_rest(struct im_reactor *r)
{
    pthread_mutex_lock(&r->lock);
    atomic_fetch_sub(&r->awake, 1);
    while (atomic_load(&r->awake) >= atomic_load(&r->wanted) && !atomic_load(&r->ended))
        pthread_cond_wait(&r->called, &r->lock);
    atomic_fetch_add(&r->awake, 1);
    pthread_mutex_unlock(&r->lock);
}

static struct im_task *task_of(struct im_reactor *r, const struct epoll_event *event)
{
    struct im_task *task = event->data.ptr;

    if (!task)
        return take_ready(r);
    if (event->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        atomic_store(&task->hung_up, true);
    return task_claim(task) ? task : NULL;
}

static void *work(void *context)
{
    struct im_reactor *r = context;
    struct epoll_event event;

    atomic_fetch_add(&r->awake, 1);
    for (;;) {
        if (atomic_load(&r->awake) > atomic_load(&r->wanted))
            worker_rest(r);
        int n = epoll_wait(r->epoll, &event, 1, -1);
        if (atomic_load(&r->ended))
            break;
        struct im_task *task = n == 1 ? task_of(r, &event) : NULL;
        if (!task)
            continue;
        if (atomic_fetch_add(&r->busy, 1) + 1 >= atomic_load(&r->wanted))
            note_strain(r);
        task_run(r, task);
        atomic_fetch_sub(&r->busy, 1);
    }
    ring(r); /* for the next one */
    return NULL;
}

/* So many are to be awake, as far as the bounds let it: those that rest, then new ones.
 * 0, or why one could not be started. */
static int call_workers_locked(struct im_reactor *r, int n)
{
    int failed = 0, count = atomic_load(&r->worker_count);

    n = n > r->worker_first ? n : r->worker_first;
    while (!failed && count < n && count < atomic_load(&r->worker_max)) {
        failed = pthread_create(&r->workers[count], NULL, work, r);
        count += !failed;
    }
    atomic_store(&r->worker_count, count);
    n = n < count ? n : count;
    atomic_store(&r->wanted, n);
    for (int awake = atomic_load(&r->awake); awake < n; awake++)
        pthread_cond_signal(&r->called);
    return failed;
}

static void warn_of_threads(const struct im_reactor *r, int why)
{
    char text[160];
    struct im_log_field fields[] = {{"why", {NULL, 0}}, {NULL, {NULL, 0}}};

    snprintf(text, sizeof(text), "thread %d could not be started: %s",
             atomic_load(&r->worker_count) + 1, strerror(why));
    fields[0].value = im_str(text);
    if (r->log && im_log_wants(r->log, IM_LOG_WARN))
        im_log_line(r->log, IM_LOG_WARN, im_clock_real_ms(),
                    "fewer connection threads than asked for", fields);
}

/* ---- the timekeeper ---- */

/* Each is taken out before it is asked for its time: one that changes it at this moment either is asked later, or
 * finds that nothing in the heap leads there. */
static void wake_due_locked(struct im_reactor *r, int64_t now_ms)
{
    while (im_times_earliest_ms(&r->times) <= now_ms) {
        struct im_task *task = r->times.heap[0];
        im_times_remove(&r->times, task);
        int64_t due_ms = atomic_load(&task->due_ms);
        if (due_ms <= now_ms)
            wake_locked(r, task);
        else if (due_ms != INT64_MAX)
            im_times_set(&r->times, task, due_ms);
    }
}

/* All workers were busy a moment ago. When none has finished since, they are held up, not
 * just in demand: twice as many, then. Half as many when these would do. */
static void look_locked(struct im_reactor *r, int64_t now_ms)
{
    unsigned turns = atomic_load(&r->turns);
    int wanted = atomic_load(&r->wanted), busy = atomic_load(&r->busy), failed = 0;

    if (!atomic_load(&r->strained) || now_ms < r->look_ms)
        return;
    if (busy >= wanted && turns == r->turns_seen) {
        failed = call_workers_locked(r, 2 * wanted);
        r->called_ms = now_ms;
    } else if (busy <= wanted / 2 && now_ms - r->called_ms >= STAY_MS) {
        failed = call_workers_locked(r, wanted / 2);
    }
    if (failed) {
        atomic_store(&r->worker_max, atomic_load(&r->worker_count));
        warn_of_threads(r, failed);
    }
    r->turns_seen = turns;
    r->look_ms = now_ms + LOOK_MS;
    /* in this order: a worker that becomes busy now is counted here, or says so itself */
    atomic_store(&r->strained, false);
    wanted = atomic_load(&r->wanted);
    if (wanted > r->worker_first || atomic_load(&r->busy) >= wanted)
        atomic_store(&r->strained, true);
}

static void *keep_time(void *context)
{
    struct im_reactor *r = context;

    pthread_mutex_lock(&r->lock);
    while (!atomic_load(&r->ended)) {
        int64_t now_ms = im_clock_monotonic_ms();
        wake_due_locked(r, now_ms);
        look_locked(r, now_ms);
        int64_t next_ms = im_times_earliest_ms(&r->times);
        if (atomic_load(&r->strained) && r->look_ms < next_ms)
            next_ms = r->look_ms;
        if (next_ms == INT64_MAX) {
            pthread_cond_wait(&r->changed, &r->lock);
        } else if (next_ms > now_ms) {
            struct timespec when = im_cond_deadline(next_ms - now_ms);
            pthread_cond_timedwait(&r->changed, &r->lock, &when);
        }
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

void im_reactor_due(struct im_reactor *r, struct im_task *task, int64_t due_ms)
{
    atomic_store(&task->due_ms, due_ms);
    if (due_ms >= atomic_load(&task->armed_ms))
        return; /* an earlier time is in the heap, and leads here */
    pthread_mutex_lock(&r->lock);
    im_times_set(&r->times, task, due_ms);
    if (r->times.heap[0] == task)
        pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

/* ---- tasks come and go ---- */

/* From here on it is ours until it is in the set: what comes meanwhile is not lost, and
 * not run yet. */
static bool task_enter(struct im_reactor *r, struct im_task *task, int64_t due_ms)
{
    atomic_store(&task->hung_up, false);
    atomic_store(&task->due_ms, due_ms);
    atomic_store(&task->armed_ms, INT64_MAX);
    atomic_store(&task->state, TASK_RUNNING);
    pthread_mutex_lock(&r->lock);
    bool fits = im_times_reserve(&r->times, r->tasks + 1);
    r->tasks += fits;
    if (fits && due_ms != INT64_MAX) {
        im_times_set(&r->times, task, due_ms);
        if (r->times.heap[0] == task)
            pthread_cond_signal(&r->changed);
    }
    pthread_mutex_unlock(&r->lock);
    return fits;
}

bool im_reactor_watch(struct im_reactor *r, struct im_task *task, int64_t due_ms)
{
    struct epoll_event all = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                              .data.ptr = task};
    int running = TASK_RUNNING;

    if (!task_enter(r, task, due_ms)) {
        atomic_store(&task->state, TASK_ENDED);
        errno = ENOMEM;
        return false;
    }
    if (epoll_ctl(r->epoll, EPOLL_CTL_ADD, task->fd, &all) != 0) {
        im_reactor_unwatch(r, task);
        return false;
    }
    if (!atomic_compare_exchange_strong(&task->state, &running, TASK_PARKED)) {
        atomic_store(&task->state, TASK_PARKED);
        im_reactor_wake(r, task);
    }
    return true;
}

void im_reactor_unwatch(struct im_reactor *r, struct im_task *task)
{
    int why = errno;

    /* a fork of the host program may keep the socket, and with it its place in the set */
    epoll_ctl(r->epoll, EPOLL_CTL_DEL, task->fd, NULL);
    pthread_mutex_lock(&r->lock);
    im_times_remove(&r->times, task);
    r->tasks--;
    pthread_mutex_unlock(&r->lock);
    atomic_store(&task->state, TASK_ENDED);
    errno = why;
}

/* ---- the reactor itself ---- */

static bool refuse_threads(struct im_error *err, int why)
{
    return im_error_set(err,
                        "starting a thread: %s; a limit of threads or processes (ulimit "
                        "-u, a container's pids limit) or of memory (ulimit -v) is "
                        "reached: raise it",
                        strerror(why));
}

static bool reactor_start(struct im_reactor *r, struct im_error *err)
{
    struct epoll_event bell = {.events = EPOLLIN | EPOLLET};
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    r->epoll = epoll_create1(EPOLL_CLOEXEC);
    r->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (r->epoll < 0 || r->bell < 0 ||
        epoll_ctl(r->epoll, EPOLL_CTL_ADD, r->bell, &bell) != 0)
        return im_error_set(err, "starting to listen: %s", strerror(errno));
    r->workers = calloc((size_t)atomic_load(&r->worker_max), sizeof(*r->workers));
    if (!r->workers)
        return im_error_set(err, "starting to listen: out of memory");
    int failed = pthread_create(&r->timekeeper, NULL, keep_time, r);
    if (failed) {
        atomic_store(&r->worker_max, 0);
        return refuse_threads(err, failed);
    }
    r->worker_first = cores > FIRST_WORKERS ? (int)cores : FIRST_WORKERS;
    pthread_mutex_lock(&r->lock);
    failed = call_workers_locked(r, r->worker_first);
    pthread_mutex_unlock(&r->lock);
    if (failed && atomic_load(&r->worker_count) == 0)
        return refuse_threads(err, failed);
    if (failed) {
        atomic_store(&r->worker_max, atomic_load(&r->worker_count));
        warn_of_threads(r, failed);
    }
    return true;
}

struct im_reactor *im_reactor_new(int threads, const struct im_log *log,
                                  struct im_error *err)
{
    struct im_reactor *r = calloc(1, sizeof(*r));

    if (!r) {
        im_error_set(err, "starting to listen: out of memory");
        return NULL;
    }
    r->log = log;
    r->epoll = r->bell = -1;
    r->ready_end = &r->ready;
    atomic_init(&r->worker_max, threads);
    pthread_mutex_init(&r->lock, NULL);
    im_cond_init(&r->changed);
    pthread_cond_init(&r->called, NULL);
    if (reactor_start(r, err))
        return r;
    im_reactor_free(r);
    return NULL;
}

void im_reactor_stop(struct im_reactor *r)
{
    if (r->stopped)
        return;
    r->stopped = true;
    pthread_mutex_lock(&r->lock);
    atomic_store(&r->ended, true);
    pthread_cond_signal(&r->changed);
    pthread_cond_broadcast(&r->called);
    pthread_mutex_unlock(&r->lock);
    if (r->workers && atomic_load(&r->worker_max) > 0)
        pthread_join(r->timekeeper, NULL);
    ring(r);
    for (int i = 0; i < atomic_load(&r->worker_count); i++)
        pthread_join(r->workers[i], NULL);
}

void im_reactor_free(struct im_reactor *r)
{
    if (!r)
        return;
    im_reactor_stop(r);
    if (r->epoll >= 0)
        close(r->epoll);
    if (r->bell >= 0)
        close(r->bell);
    pthread_cond_destroy(&r->changed);
    pthread_cond_destroy(&r->called);
    pthread_mutex_destroy(&r->lock);
    im_times_release(&r->times);
    free(r->workers);
    free(r);
}
