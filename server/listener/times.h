/* The times at which tasks are to run, as a heap. Not thread-safe: it is behind the reactor's
 * lock. */
#ifndef IM_LISTENER_TIMES_H
#define IM_LISTENER_TIMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "listener/reactor.h"

/* All zero is an empty one. The tasks are not its own; of them it changes `armed_ms` (INT64_MAX
 * = it is not in the heap) and `at`. */
struct im_times {
    struct im_task **heap; /* the earliest first */
    size_t count, room;
};

/* Room for so many tasks, so that no time can fail to be set. False when memory is short. */
bool im_times_reserve(struct im_times *times, size_t tasks);
/* Puts the task in, or moves it. There is room. */
void im_times_set(struct im_times *times, struct im_task *task, int64_t ms);
/* Nothing is done where it is not in. */
void im_times_remove(struct im_times *times, struct im_task *task);
int64_t im_times_earliest_ms(const struct im_times *times); /* INT64_MAX = none */
void im_times_release(struct im_times *times);

#endif
