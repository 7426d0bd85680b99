/* What the tests of base/ share: comparing views. */
#ifndef IM_TESTS_UNIT_BASE_TEST_H
#define IM_TESTS_UNIT_BASE_TEST_H

#include <stdio.h>
#include <string.h>

#include "unit/fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline void compare_views(struct im_str got, const char *expected,
                                 const char *file, int line)
{
    if (got.len == strlen(expected) &&
        memcmp(got.at ? got.at : "", expected, got.len) == 0)
        return;
    print_error("got      \"%.*s\"\nexpected \"%s\"\n", IM_ARG(got), expected);
    _fail(file, line);
}

/* The view says exactly this. */
#define assert_says(view, expected) compare_views((view), (expected), __FILE__, __LINE__)

/* A small generator for property tests: any numbers will do, but the same ones each
 * run. */
static inline uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

#endif
