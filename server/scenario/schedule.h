/* From when and for how long a rule is at work, and how much is free of it: `after`, `for` and `limit`.
 * Time is that of the sandbox's clock, so it can be moved on in a test. */
#ifndef IM_SCENARIO_SCHEDULE_H
#define IM_SCENARIO_SCHEDULE_H

#include "base/json_read.h"
#include "causes/cause.h"
#include "http/response.h"

/* What must have happened first: one of them. */
struct im_event {
    struct im_str text;  /* as written: a rule's name, a cause or an effect */
    int64_t number;      /* as written: a rule, from 1; 0 = not so */
    int rule;            /* which one, from 1; 0 = it is no rule */
    enum im_cause cause; /* somebody was refused or warned for it */
    const char *effect;  /* a rule changed the world so; static */
};

/* Lifetime: of the scenario. All zero: always at work. */
struct im_schedule {
    struct im_event after;
    int64_t
        for_ms; /* from `after` on, else from the first time it fires; 0 = without end */
    int64_t limit; /* requests that are free of it, in … ; 0 = none are */
    int64_t per_ms;
};

/* How far a rule has come. Guarded by its owner. */
struct im_progress {
    uint64_t fits, fired;
    bool armed;        /* what it waits for has happened */
    bool begun;        /* its time runs */
    int64_t begun_ms;  /* since then */
    int64_t period_ms; /* the quota's: when it began */
    int64_t used;      /* requests of it; 0 = none has begun */
};

/* What is left of a quota. Lifetime: request. */
struct im_quota {
    int64_t limit; /* 0 = there is no quota */
    int64_t per_ms, remaining;
    int64_t retry_after_s; /* until it begins anew; only of a request above it, else 0 */
};

bool im_schedule_waits_for_event(const struct im_schedule *schedule);
/* Has it to begin yet (then the request is not counted), or is it over? */
bool im_schedule_is_ahead(const struct im_schedule *schedule,
                          const struct im_progress *progress);
bool im_schedule_is_over(const struct im_schedule *schedule,
                         const struct im_progress *progress, int64_t now_ms);
/* The event has happened: from now on it is at work. */
void im_schedule_arm(const struct im_schedule *schedule, struct im_progress *progress,
                     int64_t now_ms);
/* Counts one more request; is it above the quota? Without a quota each is. */
bool im_schedule_exceeds(const struct im_schedule *schedule, struct im_progress *progress,
                         int64_t now_ms, struct im_quota *quota);
/* The headers that tell a client of its quota: where one goes by the minute or the hour those that Sage
 * documents, and Retry-After where the request was refused and `retry_after` is wanted. */
void im_quota_add_headers(const struct im_quota *quota, bool retry_after,
                          struct im_response *res);

/* The members `after`, `for` and `limit` of a rule, read into a struct im_schedule. */
extern const struct im_json_table im_schedule_part;

#endif
