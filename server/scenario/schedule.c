/* `after`, `for` and `limit` of a rule: reading them, and where a rule stands in time. A quota's period
 * begins with the first request that counts and ends after its time, as a gateway's fixed window does;
 * what is above it does not prolong it. The headers are those of Sage's page "HTTP headers", as copied
 * (X-IA-Minute-Rate-Limit, X-IA-Hour-Rate-Limit); other periods have only Retry-After, RFC 9110 §10.2.3. */
#include "scenario/schedule.h"

#include <inttypes.h>
#include <stddef.h>

enum { MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS };

/* ---- time ---- */

bool im_schedule_waits_for_event(const struct im_schedule *schedule)
{
    return schedule->after.number || schedule->after.text.len;
}

bool im_schedule_is_ahead(const struct im_schedule *schedule,
                          const struct im_progress *progress)
{
    return im_schedule_waits_for_event(schedule) && !progress->armed;
}

bool im_schedule_is_over(const struct im_schedule *schedule,
                         const struct im_progress *progress, int64_t now_ms)
{
    return schedule->for_ms && progress->begun &&
           now_ms - progress->begun_ms >= schedule->for_ms;
}

void im_schedule_arm(const struct im_schedule *schedule, struct im_progress *progress,
                     int64_t now_ms)
{
    if (!im_schedule_is_ahead(schedule, progress))
        return;
    progress->armed = progress->begun = true;
    progress->begun_ms = now_ms;
}

bool im_schedule_exceeds(const struct im_schedule *schedule, struct im_progress *progress,
                         int64_t now_ms, struct im_quota *quota)
{
    if (!schedule->limit)
        return true;
    int64_t left_ms = progress->period_ms + schedule->per_ms - now_ms;
    /* more than a period is left only where a test has put the clock back: it begins anew */
    if (!progress->used || left_ms <= 0 || left_ms > schedule->per_ms) {
        progress->period_ms = now_ms;
        progress->used = 0;
        left_ms = schedule->per_ms;
    }
    bool above = progress->used >= schedule->limit;
    progress->used += !above;
    *quota = (struct im_quota){
        .limit = schedule->limit,
        .per_ms = schedule->per_ms,
        .remaining = schedule->limit - progress->used,
        /* rounded up: a client that comes back in time must not be refused again */
        .retry_after_s = above ? (left_ms + 999) / 1000 : 0,
    };
    return above;
}

void im_quota_add_headers(const struct im_quota *quota, bool retry_after,
                          struct im_response *res)
{
    bool minute = quota->per_ms == MINUTE_MS, hour = quota->per_ms == HOUR_MS;

    if (!quota->limit)
        return;
    if (minute || hour) {
        im_response_headerf(res,
                            minute ? "X-IA-Minute-Rate-Limit" : "X-IA-Hour-Rate-Limit",
                            "%" PRId64, quota->limit);
        im_response_headerf(res,
                            minute ? "X-IA-Minute-Rate-Limit-Remaining"
                                   : "X-IA-Hour-Rate-Limit-Remaining",
                            "%" PRId64, quota->remaining);
    }
    if (!retry_after || !quota->retry_after_s || res->status < 400)
        return;
    im_response_headerf(res, "Retry-After", "%" PRId64, quota->retry_after_s);
    if (hour)
        im_response_headerf(res, "X-IA-Hour-Rate-Limit-Retry-After", "%" PRId64,
                            quota->retry_after_s);
}

/* ---- reading ---- */

#define EVENT "a cause, an effect, or another rule by its name or number"

static const struct im_json_row after_forms[] = {
    {NULL, IM_READ_WHOLE, IM_READ_INTO(struct im_schedule, after.number), .min = 1,
     .max = INT64_MAX, .wanted = EVENT},
    {NULL, IM_READ_TEXT, IM_READ_INTO(struct im_schedule, after.text), .wanted = EVENT},
};
static const struct im_json_row limit_rows[] = {
    {"requests", IM_READ_WHOLE, IM_READ_REQUIRED, IM_READ_INTO(struct im_schedule, limit),
     .min = 1, .max = INT64_MAX, .about = "how many are free of the rule"},
    {"per", IM_READ_DURATION, IM_READ_REQUIRED, IM_READ_INTO(struct im_schedule, per_ms),
     .min = 1, .max = INT64_MAX, .about = "in which time, such as \"1m\""},
};
static const struct im_json_table limit_table = {.where = "limit",
                                                 IM_READ_ROWS(limit_rows)};
static const struct im_json_row members[] = {
    {"after", IM_READ_EITHER, IM_READ_ROWS(after_forms), .wanted = EVENT,
     .about = "requests count from then on"},
    {"for", IM_READ_DURATION, IM_READ_INTO(struct im_schedule, for_ms), .min = 1,
     .max = INT64_MAX,
     .about = "so long from `after` on, or from the first time it fires"},
    {"limit", IM_READ_OBJECT, .table = &limit_table,
     .about = "a quota: only what is above it meets the rule"},
};
const struct im_json_table im_schedule_part = {IM_READ_ROWS(members)};
