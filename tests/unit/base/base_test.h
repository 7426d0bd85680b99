/* What the tests of base/ share: an arena for each test, and comparing views. */
#ifndef IM_TESTS_UNIT_BASE_TEST_H
#define IM_TESTS_UNIT_BASE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static inline int new_arena(void **state)
{
    struct im_arena *arena = malloc(sizeof(*arena));

    if (!arena)
        return -1;
    im_arena_init(arena, 0);
    *state = arena;
    return 0;
}

static inline int drop_arena(void **state)
{
    im_arena_release(*state);
    free(*state);
    return 0;
}

#define TEST_IN_ARENA(test) cmocka_unit_test_setup_teardown(test, new_arena, drop_arena)
#define COUNT(array)        (sizeof(array) / sizeof((array)[0]))

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
