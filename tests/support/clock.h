/* A clock that no test has to be quick for. */
#ifndef IM_TESTS_SUPPORT_CLOCK_H
#define IM_TESTS_SUPPORT_CLOCK_H

#include "base/clock.h"

static inline void stop_clock_at(struct im_clock *clock, int64_t ms)
{
    const struct im_clock_change change = {
        .has_set = true, .set_ms = ms, .has_frozen = true, .frozen = true};

    im_clock_change(clock, &change);
}

#endif
