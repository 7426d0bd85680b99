#include "unit/base/base_test.h"

static void an_unused_arena_takes_nothing(void **state)
{
    struct im_arena *arena = *state;
    assert_int_equal(arena->taken, 0);
    assert_null(arena->head);
}

static void memory_is_zeroed_and_aligned(void **state)
{
    for (size_t size = 1; size < 20000; size = size * 3 / 2 + 1) {
        unsigned char *at = im_arena_alloc(*state, size);
        assert_non_null(at);
        assert_int_equal((uintptr_t)at % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(at[i], 0);
        memset(at, 0xA5, size);
    }
}

static void allocations_do_not_overlap(void **state)
{
    enum { N = 3000 };
    unsigned char *at[N];
    uint64_t random = 1;

    for (size_t i = 0; i < N; i++) {
        size_t size = next_random(&random) % 200 + 4;
        at[i] = im_arena_alloc(*state, i % 97 ? size : size * 300);
        memcpy(at[i], &i, 4);
    }
    for (size_t i = 0; i < N; i++)
        assert_memory_equal(at[i], &i, 4);
}

static void no_bytes_are_a_valid_pointer(void **state)
{
    void *one = im_arena_alloc(*state, 0), *two = im_arena_alloc(*state, 0);
    assert_non_null(one);
    assert_ptr_not_equal(one, two);
}

static void a_large_allocation_leaves_the_newest_block_in_use(void **state)
{
    struct im_arena *arena = *state;
    im_arena_alloc(arena, 16);
    struct im_arena_block *head = arena->head;
    im_arena_alloc(arena, 1000000);
    size_t taken = arena->taken;
    im_arena_alloc(arena, 16);
    assert_ptr_equal(arena->head, head);
    assert_int_equal(arena->taken, taken);
}

static void the_limit_refuses_and_the_mark_sticks(void **state)
{
    struct im_arena arena;
    im_arena_init(&arena, 10000);
    assert_non_null(im_arena_alloc(&arena, 9000));
    assert_null(im_arena_alloc(&arena, 9000));
    assert_true(arena.failed);
    assert_non_null(im_arena_alloc(&arena, 100));
    assert_true(arena.failed);
    assert_true(arena.taken <= 10000);
    im_arena_release(&arena);
    assert_false(arena.failed);
    assert_int_equal(arena.limit, 10000);
}

static void no_limit_is_ever_exceeded(void **state)
{
    for (size_t limit = 1; limit < 12000; limit += 37) {
        struct im_arena arena;
        im_arena_init(&arena, limit);
        while (im_arena_alloc(&arena, 50))
            ;
        assert_true(arena.failed && arena.taken <= limit);
        im_arena_release(&arena);
    }
}

static void impossible_sizes_are_refused(void **state)
{
    struct im_arena *arena = *state;
    assert_null(im_arena_alloc(arena, SIZE_MAX));
    assert_null(im_arena_alloc(arena, SIZE_MAX - 64));
    assert_null(IM_ARENA_ARRAY(arena, uint64_t, SIZE_MAX / 8 + 2));
    assert_true(arena->failed);
    assert_int_equal(arena->taken, 0);
}

static void a_copy_ends_with_a_nul_that_does_not_count(void **state)
{
    struct im_str copy = im_arena_copy(*state, im_str_slice(IM_STR("abcdef"), 1, 4));
    assert_says(copy, "bcd");
    assert_int_equal(copy.at[3], '\0');

    struct im_str empty = im_arena_copy(*state, (struct im_str){NULL, 0});
    assert_non_null(empty.at);
    assert_int_equal(empty.len, 0);
}

static void formatted_text_has_no_bound(void **state)
{
    assert_says(im_arena_format(*state, "%d and %s", 1, "two"), "1 and two");
    for (int width = 250; width < 260; width++) {
        struct im_str text = im_arena_format(*state, "%*d", width, 7);
        assert_int_equal(text.len, width);
        assert_int_equal(text.at[width - 1], '7');
        assert_int_equal(text.at[width], '\0');
    }
}

static void joined_texts_stand_behind_one_another(void **state)
{
    struct im_str none = {NULL, 0};
    struct im_str text = IM_ARENA_JOIN(*state, IM_STR("a"), none, IM_STR("bc"));
    assert_int_equal(text.len, 3);
    assert_string_equal(text.at, "abc");
    assert_string_equal(IM_ARENA_JOIN(*state, none).at, "");
}

static void a_refused_copy_is_empty(void **state)
{
    struct im_arena arena;
    im_arena_init(&arena, 8);
    assert_null(im_arena_copy(&arena, IM_STR("abc")).at);
    assert_null(im_arena_format(&arena, "%d", 1).at);
    assert_true(arena.failed);
    im_arena_release(&arena);
}

static void the_newest_allocation_can_grow_where_it_stands(void **state)
{
    char *at = im_arena_alloc(*state, 10);
    memcpy(at, "0123456789", 10);
    assert_true(im_arena_extend(*state, at, 10, 100));
    memset(at + 10, 'x', 90);
    char *next = im_arena_alloc(*state, 8);
    assert_true(next >= at + 100);
    assert_false(im_arena_extend(*state, at, 100, 200));
    assert_false(im_arena_extend(*state, next, 8, 1000000));
    assert_memory_equal(at, "0123456789x", 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_ARENA(an_unused_arena_takes_nothing),
        TEST_IN_ARENA(memory_is_zeroed_and_aligned),
        TEST_IN_ARENA(allocations_do_not_overlap),
        TEST_IN_ARENA(no_bytes_are_a_valid_pointer),
        TEST_IN_ARENA(a_large_allocation_leaves_the_newest_block_in_use),
        cmocka_unit_test(the_limit_refuses_and_the_mark_sticks),
        cmocka_unit_test(no_limit_is_ever_exceeded),
        TEST_IN_ARENA(impossible_sizes_are_refused),
        TEST_IN_ARENA(a_copy_ends_with_a_nul_that_does_not_count),
        TEST_IN_ARENA(formatted_text_has_no_bound),
        TEST_IN_ARENA(joined_texts_stand_behind_one_another),
        cmocka_unit_test(a_refused_copy_is_empty),
        TEST_IN_ARENA(the_newest_allocation_can_grow_where_it_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
