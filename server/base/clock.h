/* Time. The only file that asks the system what time it is. A sandbox has one virtual
 * clock that governs minting, checking, refresh, codes, sessions and the Date header; a
 * request reads it once and carries the answer. Thread-safe. Units: ms since
 * 1970-01-01T00:00:00Z. */
#ifndef IM_BASE_CLOCK_H
#define IM_BASE_CLOCK_H

#include <pthread.h>
#include <time.h>

#include "base/arena.h"

/* What an RFC 3339 date can say: 0000-01-01T00:00:00Z to 9999-12-31T23:59:59.999Z. The
 * clock stops at these, and what lies outside is written as them. */
#define IM_TIME_MIN INT64_C(-62167219200000)
#define IM_TIME_MAX INT64_C(253402300799999)
/* The nearest moment of that range. */
int64_t im_time_clamp(int64_t ms);
/* The longest duration: 100,000 days, in ms. */
#define IM_DURATION_MAX (INT64_C(100000) * 24 * 3600 * 1000)

int64_t im_clock_real_ms(void);      /* the system's wall clock */
int64_t im_clock_monotonic_ms(void); /* never goes back; for durations and deadlines */
int64_t im_clock_monotonic_us(void);

/* A condition whose timed waits go by the monotonic clock (macOS: by its own default),
 * and the moment in ms milliseconds, for pthread_cond_timedwait on it. */
void im_cond_init(pthread_cond_t *cond);
struct timespec im_cond_deadline(int64_t ms);

struct im_clock {
    pthread_mutex_t lock;
    int64_t base_real_ms;    /* monotonic reading at which … */
    int64_t base_virtual_ms; /* … the virtual clock showed this */
    double scale;            /* virtual ms per real ms */
    bool frozen;
};

struct im_clock_state {
    int64_t now_ms;
    int64_t offset_ms; /* virtual minus the system's wall clock */
    double scale;
    bool frozen;
};

/* What is to change at one moment, in this order: set, advance, scale, freeze. All zero
 * changes nothing. */
struct im_clock_change {
    int64_t set_ms;     /* the clock shows this now, if has_set */
    int64_t advance_ms; /* may be negative */
    double scale;       /* 0 < scale <= 1e6; any other value leaves it as it is */
    bool has_set;
    bool has_frozen;
    bool frozen; /* stands still, or goes on from where it stands, if has_frozen */
};

void im_clock_init(struct im_clock *clock,
                   int64_t start_ms); /* start_ms < 0: the real time */
void im_clock_release(struct im_clock *clock);
int64_t im_clock_now_ms(struct im_clock *clock);
struct im_clock_state im_clock_state(struct im_clock *clock);
/* Gives what the clock shows right after the change: no time passes between its parts, so
 * a clock that is set and frozen stands at exactly the time that was set. */
struct im_clock_state im_clock_change(struct im_clock *clock,
                                      const struct im_clock_change *change);
void im_clock_advance(struct im_clock *clock, int64_t by_ms); /* may be negative */

/* "250ms", "2s", "5m", "12h", "30d" (whole or decimal number and a unit, optional leading
 * '-' for advance). False when it is not a duration or does not fit ±100,000 days. */
bool im_duration_parse(struct im_str text, int64_t *ms);
/* The shortest exact spelling: 43200000 → "12h". */
struct im_str im_duration_text(struct im_arena *arena, int64_t ms);
/* "10 days": the largest unit that is in it at least once. */
struct im_str im_time_words(struct im_arena *arena, int64_t seconds);
/* RFC 3339 in UTC or with offset, "2027-01-01T00:00:00Z", fraction allowed. */
bool im_time_parse(struct im_str text, int64_t *ms);
struct im_str im_time_rfc3339(struct im_arena *arena,
                              int64_t ms); /* with ms when not zero */
struct im_str im_time_http(struct im_arena *arena,
                           int64_t ms); /* IMF-fixdate, RFC 9110 */
/* im_time_rfc3339 into the caller's memory, NUL-terminated; gives the length. */
enum { IM_TIME_ROOM = 32 };
size_t im_time_put(char out[IM_TIME_ROOM], int64_t ms);

#endif
