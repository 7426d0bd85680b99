/* Where requests wait on purpose: held until enough others are there, until somebody lets them go,
 * or until a time is over. One per sandbox. Thread-safe. */
#ifndef IM_SCENARIO_LATCH_H
#define IM_SCENARIO_LATCH_H

#include "base/error.h"
#include <stddef.h>
#include <stdint.h>

struct im_latch; /* lifetime: sandbox */

struct im_latch *im_latch_new(void); /* NULL when memory is short */
void im_latch_free(struct im_latch *latch);

/* Waits until `until` callers with the same key wait (this one included: then all of them go on),
 * or for_ms of real time are over, or somebody releases or interrupts. until 0: nobody counts. */
void im_latch_wait(struct im_latch *latch, const void *key, int64_t until,
                   int64_t for_ms);
/* Lets everybody go who waits now; returns how many. */
size_t im_latch_release(struct im_latch *latch);
size_t im_latch_waiting(struct im_latch *latch);
/* Lets everybody go, now and from now on: the sandbox goes, or the server stops. */
void im_latch_interrupt(struct im_latch *latch);

#endif
