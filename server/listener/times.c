/* A binary heap of tasks by the time at which they run next. A task knows its place in it, so
 * that its time can change without a search. */
#include "listener/times.h"

#include <stdlib.h>

enum { FIRST_ROOM = 64 };

static int64_t armed(const struct im_task *task)
{
    return atomic_load(&task->armed_ms);
}

static void times_put(struct im_times *times, size_t at, struct im_task *task)
{
    times->heap[at] = task;
    task->at = at;
}

/* Moves the task to where its time belongs. */
static void times_settle(struct im_times *times, struct im_task *task)
{
    size_t at = task->at, child;

    while (at && armed(times->heap[(at - 1) / 2]) > armed(task)) {
        times_put(times, at, times->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    while ((child = 2 * at + 1) < times->count) {
        if (child + 1 < times->count &&
            armed(times->heap[child + 1]) < armed(times->heap[child]))
            child++;
        if (armed(times->heap[child]) >= armed(task))
            break;
        times_put(times, at, times->heap[child]);
        at = child;
    }
    times_put(times, at, task);
}

bool im_times_reserve(struct im_times *times, size_t tasks)
{
    size_t room = times->room ? 2 * times->room : FIRST_ROOM;

    if (tasks <= times->room)
        return true;
    struct im_task **heap = realloc(times->heap, room * sizeof(*heap));
    if (!heap)
        return false;
    times->heap = heap;
    times->room = room;
    return true;
}

void im_times_set(struct im_times *times, struct im_task *task, int64_t ms)
{
    if (armed(task) == INT64_MAX)
        times_put(times, times->count++, task);
    atomic_store(&task->armed_ms, ms);
    times_settle(times, task);
}

void im_times_remove(struct im_times *times, struct im_task *task)
{
    if (armed(task) == INT64_MAX)
        return;
    struct im_task *last = times->heap[--times->count];
    if (last != task) {
        times_put(times, task->at, last);
        times_settle(times, last);
    }
    atomic_store(&task->armed_ms, INT64_MAX);
}

int64_t im_times_earliest_ms(const struct im_times *times)
{
    return times->count ? armed(times->heap[0]) : INT64_MAX;
}

void im_times_release(struct im_times *times)
{
    free(times->heap);
    *times = (struct im_times){NULL, 0, 0};
}
