/* Counting without locks, and Prometheus' text exposition format 0.0.4 of what was counted. Numbers are
 * read one by one while others count, so a scrape may mix two states a request apart. */
#include "metrics.h"

#include <inttypes.h>

/* ---- kinds of answer: an open table that only ever grows ---- */

/* Is this the key's slot, or was it free and is now? Of two threads that want a free one, one gets it
 * and the other goes on searching. */
static bool is_slot_of(struct im_metrics_slot *slot, uint64_t key)
{
    uint64_t there = atomic_load_explicit(&slot->key, memory_order_relaxed);

    if (there == 0)
        atomic_compare_exchange_strong(&slot->key, &there, key);
    return there == 0 || there == key;
}

/* Endpoint, status and cause make one number that is never 0, which marks a free slot. */
static _Atomic uint64_t *counter_of(struct im_metrics *metrics,
                                    const struct im_exchange *exchange)
{
    uint64_t endpoint =
        exchange->endpoint ? exchange->endpoint : (uint64_t)IM_ENDPOINT_UNKNOWN;
    uint64_t key = endpoint << 48 | (uint64_t)(exchange->status & 0xffff) << 32 |
                   (uint64_t)exchange->cause;
    /* Fibonacci hashing spreads keys that differ in a few bits */
    size_t first = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) % IM_METRICS_ROOM;

    for (size_t i = 0; i < IM_METRICS_ROOM; i++) {
        struct im_metrics_slot *slot = &metrics->slots[(first + i) % IM_METRICS_ROOM];
        if (is_slot_of(slot, key))
            return &slot->count;
    }
    return &metrics->others; /* bounded: what has no room is counted together */
}

/* ---- durations ---- */

struct bucket {
    int64_t up_to_us;
    const char *le; /* the same in seconds */
};

static const struct bucket buckets[IM_METRICS_BUCKETS] = {
    {50, "0.00005"},  {100, "0.0001"},  {250, "0.00025"}, {500, "0.0005"},
    {1000, "0.001"},  {2500, "0.0025"}, {5000, "0.005"},  {10000, "0.01"},
    {25000, "0.025"}, {50000, "0.05"},  {100000, "0.1"},  {250000, "0.25"},
    {500000, "0.5"},  {1000000, "1"},   {2500000, "2.5"}, {5000000, "5"},
    {10000000, "10"}, {30000000, "30"},
};

static _Atomic uint64_t *bucket_of(struct im_metrics *metrics, int64_t duration_us)
{
    for (size_t i = 0; i < IM_METRICS_BUCKETS; i++)
        if (duration_us <= buckets[i].up_to_us)
            return &metrics->buckets[i];
    return &metrics->slow;
}

static void counter_add(_Atomic uint64_t *counter, uint64_t by)
{
    atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

void im_metrics_count(struct im_metrics *metrics, const struct im_exchange *exchange)
{
    int64_t us = exchange->duration_us;

    counter_add(counter_of(metrics, exchange), 1);
    counter_add(bucket_of(metrics, us), 1);
    /* a clock that went back must not take anything from the sum */
    counter_add(&metrics->microseconds, us > 0 ? (uint64_t)us : 0);
}

/* ---- written out ---- */

static uint64_t counter_value(_Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void metrics_write_slot(struct im_metrics_slot *slot, struct im_buf *out)
{
    uint64_t key = counter_value(&slot->key);
    uint64_t count = counter_value(&slot->count);
    enum im_cause cause = (enum im_cause)(key & 0xffffffff);

    if (!count)
        return;
    im_buf_addf(out,
                "intacct_mock_requests_total{endpoint=\"%s\",status=\"%d\",cause=\"%s\"} "
                "%" PRIu64 "\n",
                im_endpoint_name((enum im_endpoint)(key >> 48)),
                (int)(key >> 32 & 0xffff),
                cause == CAUSE_NONE ? "" : im_cause_row(cause)->id, count);
}

static void metrics_write_requests(struct im_metrics *metrics, struct im_buf *out)
{
    uint64_t others = counter_value(&metrics->others);

    im_buf_addz(out,
                "# HELP intacct_mock_requests_total Requests answered, all sandboxes "
                "together; the control API does not count. An empty cause: not refused.\n"
                "# TYPE intacct_mock_requests_total counter\n");
    for (size_t i = 0; i < IM_METRICS_ROOM; i++)
        metrics_write_slot(&metrics->slots[i], out);
    if (others)
        im_buf_addf(out,
                    "intacct_mock_requests_total{endpoint=\"other\",status=\"other\","
                    "cause=\"other\"} %" PRIu64 "\n",
                    others);
}

static void metrics_write_durations(struct im_metrics *metrics, struct im_buf *out)
{
#define NAME "intacct_mock_request_duration_seconds"
    uint64_t total = 0;
    uint64_t us = counter_value(&metrics->microseconds);

    im_buf_addz(out,
                "# HELP " NAME " How long deciding and wording an answer took; sending "
                "it is not in it.\n# TYPE " NAME " histogram\n");
    for (size_t i = 0; i < IM_METRICS_BUCKETS; i++) {
        total += counter_value(&metrics->buckets[i]);
        im_buf_addf(out, NAME "_bucket{le=\"%s\"} %" PRIu64 "\n", buckets[i].le, total);
    }
    total += counter_value(&metrics->slow);
    im_buf_addf(out, NAME "_bucket{le=\"+Inf\"} %" PRIu64 "\n", total);
    im_buf_addf(out, NAME "_sum %" PRIu64 ".%06" PRIu64 "\n", us / 1000000, us % 1000000);
    im_buf_addf(out, NAME "_count %" PRIu64 "\n", total);
}

void im_metrics_write(struct im_metrics *metrics, struct im_buf *out)
{
    metrics_write_requests(metrics, out);
    metrics_write_durations(metrics, out);
}
