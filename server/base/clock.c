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

static int64_t within(int64_t ms)
{
    return ms < IM_TIME_MIN ? IM_TIME_MIN : ms > IM_TIME_MAX ? IM_TIME_MAX : ms;
}

/* `at` is in range; by_ms may be anything. */
static int64_t add(int64_t at, int64_t by_ms)
{
    if (by_ms > 0 && at > IM_TIME_MAX - by_ms)
        return IM_TIME_MAX;
    if (by_ms < 0 && at < IM_TIME_MIN - by_ms)
        return IM_TIME_MIN;
    return at + by_ms;
}

static int64_t now_locked(const struct im_clock *clock)
{
    if (clock->frozen)
        return clock->base_virtual_ms;

    int64_t real = im_clock_monotonic_ms() - clock->base_real_ms;
    if (clock->scale == 1.0)
        return add(clock->base_virtual_ms, real);

    double by = (double)real * clock->scale;
    return add(clock->base_virtual_ms,
               by < (double)IM_TIME_MAX ? (int64_t)by : IM_TIME_MAX);
}

/* From this moment on the clock goes on from now_ms. */
static void rebase_locked(struct im_clock *clock, int64_t now_ms)
{
    clock->base_virtual_ms = within(now_ms);
    clock->base_real_ms = im_clock_monotonic_ms();
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
    rebase_locked(clock, start_ms < 0 ? im_clock_real_ms() : start_ms);
}

void im_clock_release(struct im_clock *clock)
{
    pthread_mutex_destroy(&clock->lock);
}

int64_t im_clock_now_ms(struct im_clock *clock)
{
    pthread_mutex_lock(&clock->lock);
    int64_t now = now_locked(clock);
    pthread_mutex_unlock(&clock->lock);
    return now;
}

struct im_clock_state im_clock_state(struct im_clock *clock)
{
    struct im_clock_state state;

    pthread_mutex_lock(&clock->lock);
    state.now_ms = now_locked(clock);
    state.scale = clock->scale;
    state.frozen = clock->frozen;
    pthread_mutex_unlock(&clock->lock);
    state.offset_ms = state.now_ms - im_clock_real_ms();
    return state;
}

void im_clock_set(struct im_clock *clock, int64_t now_ms)
{
    pthread_mutex_lock(&clock->lock);
    rebase_locked(clock, now_ms);
    pthread_mutex_unlock(&clock->lock);
}

void im_clock_advance(struct im_clock *clock, int64_t by_ms)
{
    pthread_mutex_lock(&clock->lock);
    rebase_locked(clock, add(now_locked(clock), by_ms));
    pthread_mutex_unlock(&clock->lock);
}

void im_clock_freeze(struct im_clock *clock, bool frozen)
{
    pthread_mutex_lock(&clock->lock);
    rebase_locked(clock, now_locked(clock));
    clock->frozen = frozen;
    pthread_mutex_unlock(&clock->lock);
}

void im_clock_scale(struct im_clock *clock, double scale)
{
    if (!(scale > 0 && scale <= SCALE_MAX))
        return;
    pthread_mutex_lock(&clock->lock);
    rebase_locked(clock, now_locked(clock));
    clock->scale = scale;
    pthread_mutex_unlock(&clock->lock);
}
