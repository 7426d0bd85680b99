/* What a test gets anew: an arena, or a struct that begins with one. */
#ifndef IM_TESTS_UNIT_FIXTURE_H
#define IM_TESTS_UNIT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/arena.h"

/* As the first step of a set-up: a struct of this size, whose first member is its arena, and zeros behind. */
static inline void *new_fixture(void **state, size_t size)
{
    *state = calloc(1, size);
    assert_non_null(*state);
    im_arena_init(*state, 0);
    return *state;
}

/* The tear-down, where nothing but the arena is to be released. */
static inline int drop_fixture(void **state)
{
    im_arena_release(*state);
    free(*state);
    return 0;
}

static inline int new_arena(void **state)
{
    new_fixture(state, sizeof(struct im_arena));
    return 0;
}

#define TEST_IN_ARENA(test) cmocka_unit_test_setup_teardown(test, new_arena, drop_fixture)

#endif
