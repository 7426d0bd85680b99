#include "unit/base/base_test.h"

#include "base/buf.h"

static void pieces_are_joined(void **state)
{
    struct im_buf buf;
    im_buf_init(&buf, *state, 0);
    im_buf_add(&buf, IM_STR("one"));
    im_buf_addc(&buf, ' ');
    im_buf_addz(&buf, "two");
    im_buf_addz(&buf, NULL);
    im_buf_addf(&buf, " %s %d", "three", 4);
    assert_says(im_buf_str(&buf), "one two three 4");
    assert_false(buf.failed);
}

static void a_new_builder_is_empty(void **state)
{
    struct im_buf buf;
    im_buf_init(&buf, *state, 0);
    assert_int_equal(im_buf_str(&buf).len, 0);
}

static void it_grows_past_every_block_of_the_arena(void **state)
{
    struct im_buf buf;
    im_buf_init(&buf, *state, 0);
    for (unsigned i = 0; i < 40000; i++) {
        im_buf_addf(&buf, "%05u", i);
        if (i % 1000 == 0)
            im_arena_alloc(*state,
                           1); /* somebody else allocates: no growing in place now */
    }
    assert_int_equal(buf.len, 200000);
    for (unsigned i = 0; i < 40000; i++) {
        char expected[8];
        snprintf(expected, sizeof(expected), "%05u", i);
        assert_memory_equal(buf.at + (size_t)5 * i, expected, 5);
    }
}

static void the_bound_is_exact_and_sticks(void **state)
{
    struct im_buf buf;
    im_buf_init(&buf, *state, 10);
    im_buf_addz(&buf, "0123456789");
    assert_false(buf.failed);
    im_buf_addc(&buf, 'x');
    assert_true(buf.failed);
    im_buf_add(&buf, IM_STR(""));
    assert_says(im_buf_str(&buf), "0123456789");
}

static void what_does_not_fit_is_not_added_in_part(void **state)
{
    struct im_buf buf;
    im_buf_init(&buf, *state, 10);
    im_buf_addz(&buf, "01234567");
    im_buf_addf(&buf, "%s", "89A");
    assert_says(im_buf_str(&buf), "01234567");
    im_buf_addc(&buf, 'y');
    assert_says(im_buf_str(&buf), "01234567");
}

static void formatting_may_fill_it_to_the_bound(void **state)
{
    struct im_buf buf;
    im_buf_init(&buf, *state, 300);
    im_buf_addf(&buf, "%300d", 7);
    assert_false(buf.failed);
    assert_int_equal(buf.len, 300);
}

static void a_refusing_arena_fails_the_builder(void **state)
{
    struct im_arena arena;
    struct im_buf buf;
    im_arena_init(&arena, 1000);
    im_buf_init(&buf, &arena, 0);
    for (int i = 0; i < 200; i++)
        im_buf_addz(&buf, "0123456789");
    assert_true(buf.failed && arena.failed);
    im_arena_release(&arena);
}

static void a_fixed_builder_needs_no_arena(void **state)
{
    char memory[8];
    struct im_buf buf;
    im_buf_init_fixed(&buf, memory, sizeof(memory));
    im_buf_addf(&buf, "%d", 1234567);
    assert_false(buf.failed);
    assert_says(im_buf_str(&buf), "1234567");
    im_buf_addc(&buf, '8');
    assert_true(buf.failed);

    im_buf_init_fixed(&buf, memory, 0);
    im_buf_addc(&buf, 'x');
    assert_true(buf.failed);
}

static void html_is_escaped(void **state)
{
    struct im_buf buf;
    im_buf_init(&buf, *state, 0);
    im_buf_add_html(&buf, IM_STR("<a href=\"?a&b\">it's</a>\xC3\xA9"));
    assert_says(im_buf_str(&buf),
                "&lt;a href=&quot;?a&amp;b&quot;&gt;it&#39;s&lt;/a&gt;\xC3\xA9");
}

static void what_moves_a_cursor_is_made_visible(void **state)
{
    struct im_buf buf;
    im_buf_init(&buf, *state, 0);
    im_buf_add_visible(&buf, IM_STR("/a\x1b[2J\n\xc2\x9b\xff\x7f\xc3\xa4\xc2\xa0"));
    assert_says(im_buf_str(&buf), "/a?[2J????\xc3\xa4\xc2\xa0");
}

static void urls_are_escaped(void **state)
{
    struct im_buf buf;
    im_buf_init(&buf, *state, 0);
    im_buf_add_url(&buf, IM_STR("aZ09-._~ +/?&=%\xC3\xA9"));
    assert_says(im_buf_str(&buf), "aZ09-._~%20%2B%2F%3F%26%3D%25%C3%A9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_ARENA(pieces_are_joined),
        TEST_IN_ARENA(a_new_builder_is_empty),
        TEST_IN_ARENA(it_grows_past_every_block_of_the_arena),
        TEST_IN_ARENA(the_bound_is_exact_and_sticks),
        TEST_IN_ARENA(what_does_not_fit_is_not_added_in_part),
        TEST_IN_ARENA(formatting_may_fill_it_to_the_bound),
        cmocka_unit_test(a_refusing_arena_fails_the_builder),
        cmocka_unit_test(a_fixed_builder_needs_no_arena),
        TEST_IN_ARENA(html_is_escaped),
        TEST_IN_ARENA(what_moves_a_cursor_is_made_visible),
        TEST_IN_ARENA(urls_are_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
