/* The virtual clock is a line: where it stood at a moment of the monotonic clock, and how
 * fast it runs. Every change first moves that point to now. How times are written and
 * read: clock_text.c. */
#include "base/clock.h"

#include <time.h>

#define SCALE_MAX 1e6

static int64_t read_us(clockid_t which)
{
    struct timespec now;

    /* cannot fail: both clocks exist wherever POSIX.1-2008 does, and `now` is ours */
    clock_gettime(which, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t im_clock_real_ms(void)
{
    return read_us(CLOCK_REALTIME) / 1000;
}

int64_t im_clock_monotonic_ms(void)
{
    return read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t im_clock_monotonic_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

/* ---- the virtual clock ---- */

/* Stops at the ends of the range instead of overflowing: `at` is in range, by_ms may be
 * anything that a caller of the control API sends. */
static int64_t time_add(int64_t at, int64_t by_ms)
{
    if (by_ms > 0 && at > IM_TIME_MAX - by_ms)
        return IM_TIME_MAX;
    if (by_ms < 0 && at < IM_TIME_MIN - by_ms)
        return IM_TIME_MIN;
    return at + by_ms;
}

/* What the clock shows when the monotonic clock reads real_ms. Expects the lock. */
static int64_t shown_at_locked(const struct im_clock *clock, int64_t real_ms)
{
    if (clock->frozen)
        return clock->base_virtual_ms;

    int64_t passed = real_ms - clock->base_real_ms;
    if (clock->scale == 1.0) /* exact, and the way of nearly every request */
        return time_add(clock->base_virtual_ms, passed);

    /* a double beyond an int64_t must not be converted: that is undefined in C */
    double by = (double)passed * clock->scale;
    return time_add(clock->base_virtual_ms,
                    by < (double)IM_TIME_MAX ? (int64_t)by : IM_TIME_MAX);
}

void im_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
#if !defined(__APPLE__) /* macOS has no other clock for conditions than its own default */
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
#endif
    pthread_cond_init(cond, &attributes);
    pthread_condattr_destroy(&attributes);
}

struct timespec im_cond_deadline(int64_t ms)
{
#if defined(__APPLE__)
    int64_t at = im_clock_real_ms() + ms;
#else
    int64_t at = im_clock_monotonic_ms() + ms;
#endif
    return (struct timespec){.tv_sec = (time_t)(at / 1000),
                             .tv_nsec = (long)(at % 1000) * 1000000L};
}

void im_clock_init(struct im_clock *clock, int64_t start_ms)
{
    *clock = (struct im_clock){.scale = 1.0};
    pthread_mutex_init(&clock->lock, NULL);
    clock->base_virtual_ms = im_time_clamp(start_ms < 0 ? im_clock_real_ms() : start_ms);
    clock->base_real_ms = im_clock_monotonic_ms();
}

void im_clock_release(struct im_clock *clock)
{
    pthread_mutex_destroy(&clock->lock);
}

int64_t im_clock_now_ms(struct im_clock *clock)
{
    pthread_mutex_lock(&clock->lock);
    int64_t now = shown_at_locked(clock, im_clock_monotonic_ms());
    pthread_mutex_unlock(&clock->lock);
    return now;
}

/* now_ms is given, not read again: a change reports exactly the time that it set. Expects
 * the lock. */
static struct im_clock_state state_locked(const struct im_clock *clock, int64_t now_ms)
{
    return (struct im_clock_state){.now_ms = now_ms,
                                   .offset_ms = now_ms - im_clock_real_ms(),
                                   .scale = clock->scale,
                                   .frozen = clock->frozen};
}

struct im_clock_state im_clock_state(struct im_clock *clock)
{
    pthread_mutex_lock(&clock->lock);
    int64_t now_ms = shown_at_locked(clock, im_clock_monotonic_ms());
    struct im_clock_state state = state_locked(clock, now_ms);
    pthread_mutex_unlock(&clock->lock);
    return state;
}

/* The monotonic clock is read once, for all parts of the change and for what is
 * returned. */
struct im_clock_state im_clock_change(struct im_clock *clock,
                                      const struct im_clock_change *change)
{
    pthread_mutex_lock(&clock->lock);
    int64_t real_ms = im_clock_monotonic_ms();
    int64_t from_ms =
        change->has_set ? im_time_clamp(change->set_ms) : shown_at_locked(clock, real_ms);

    clock->base_virtual_ms = time_add(from_ms, change->advance_ms);
    clock->base_real_ms = real_ms;
    if (change->scale > 0 && change->scale <= SCALE_MAX)
        clock->scale = change->scale;
    if (change->has_frozen)
        clock->frozen = change->frozen;
    struct im_clock_state state = state_locked(clock, clock->base_virtual_ms);
    pthread_mutex_unlock(&clock->lock);
    return state;
}

void im_clock_advance(struct im_clock *clock, int64_t by_ms)
{
    im_clock_change(clock, &(struct im_clock_change){.advance_ms = by_ms});
}
