/* How many requests were answered, how, and how fast: counted for as long as the server lives, whatever
 * becomes of sandboxes and journals. Every request counts, so counting takes no lock. */
#ifndef IM_METRICS_H
#define IM_METRICS_H

#include <stdatomic.h>

#include "causes/exchange.h"

enum {
    IM_METRICS_ROOM =
        512, /* kinds of answer counted each; the rest is counted together */
    IM_METRICS_BUCKETS = 18
};

/* Answers of one kind. `key` 0 = a free slot. */
struct im_metrics_slot {
    _Atomic uint64_t key;
    _Atomic uint64_t count;
};

/* All zero = nothing counted yet. Lifetime: server. Thread-safe. */
struct im_metrics {
    struct im_metrics_slot slots[IM_METRICS_ROOM];
    _Atomic uint64_t others;                      /* for which there was no slot left */
    _Atomic uint64_t buckets[IM_METRICS_BUCKETS]; /* each without those below it */
    _Atomic uint64_t slow;                        /* longer than the last bucket */
    _Atomic uint64_t microseconds;                /* of all together */
};

/* By its endpoint, status, cause and duration. */
void im_metrics_count(struct im_metrics *metrics, const struct im_exchange *exchange);
/* intacct_mock_requests_total and intacct_mock_request_duration_seconds, in Prometheus' text
 * exposition 0.0.4. */
void im_metrics_write(struct im_metrics *metrics, struct im_buf *out);

#endif
