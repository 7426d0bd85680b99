/* http/chunked.c: chunked bodies, whole and in pieces, and what is no chunked body. */
#include <string.h>

#include "unit/fixture.h"

#include "http/chunked.h"

struct fixture {
    struct im_arena arena;
    struct im_chunked chunked;
    struct im_buf body;
};

static int setup(void **state)
{
    struct fixture *f = new_fixture(state, sizeof(*f));

    im_buf_init(&f->body, &f->arena, 0);
    return 0;
}

static size_t reads(struct fixture *f, const char *text)
{
    f->chunked = (struct im_chunked){0};
    im_buf_init(&f->body, &f->arena, 0);
    return im_chunked_read(&f->chunked, im_str(text), &f->body);
}

static void refuses(struct fixture *f, const char *text, const char *why)
{
    reads(f, text);
    assert_false(f->chunked.done);
    if (!f->chunked.wrong || !strstr(f->chunked.wrong, why))
        fail_msg("\"%s\" does not say \"%s\"", f->chunked.wrong, why);
}

static void chunks_are_put_together(void **state)
{
    struct fixture *f = *state;
    static const char text[] = "3\r\nabc\r\n0002 ;e=\"1\"\r\nde\r\n0\r\nX-T: 1\r\n\r\n";

    assert_int_equal(reads(f, text), strlen(text));
    assert_true(f->chunked.done);
    assert_true(im_str_is(im_buf_str(&f->body), "abcde"));
}

static void what_follows_the_body_is_not_taken(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(reads(f, "A\r\n0123456789\r\n0\r\n\r\nGET /"), 20);
    assert_true(f->chunked.done);
}

static void bytes_may_come_one_by_one(void **state)
{
    struct fixture *f = *state;
    static const char text[] = "3;x\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\n\r\n";

    for (size_t i = 0; i < strlen(text); i++) {
        assert_false(f->chunked.done);
        assert_int_equal(
            im_chunked_read(&f->chunked, (struct im_str){text + i, 1}, &f->body), 1);
    }
    assert_true(f->chunked.done);
    assert_true(im_str_is(im_buf_str(&f->body), "abcde"));
}

static void many_small_chunks_are_a_body(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 100000; i++)
        im_chunked_read(&f->chunked, IM_STR("1\r\na\r\n"), &f->body);
    assert_null(f->chunked.wrong);
    assert_int_equal(f->body.len, 100000);
}

static void sizes_are_hexadecimal_numbers(void **state)
{
    refuses(*state, "zz\r\n", "has no size");
    refuses(*state, "\r\n", "has no size");
    refuses(*state, "-1\r\n", "has no size");
    refuses(*state, "3x\r\n", "no hexadecimal number");
    refuses(*state, "3\nabc", "ends without CR");
    refuses(*state, "123456789\r\n", "too large");
    refuses(*state, "3\r\nabcde\r\n", "longer than the size it says");
    refuses(*state, "3\r\nabc\n", "longer than the size it says");
    refuses(*state, "3\rabc", "a CR without LF");
}

static void extensions_and_trailers_are_lines_too(void **state)
{
    refuses(*state, "3;a\nabc\r\n", "an extension whose line ends without CR");
    refuses(*state, "0\r\nno colon\r\n\r\n", "a trailer of the body is not of the form");
    refuses(*state, "0\r\n folded: 1\r\n\r\n",
            "a trailer of the body is not of the form");
    refuses(*state, "0\r\nX-T: 1\n\n", "a trailer of the body ends without CR");
    refuses(*state, "0\r\nX-T: 1\r\r\n", "a CR without LF");
}

static void extensions_and_trailers_are_bounded(void **state)
{
    struct fixture *f = *state;
    int n = 0;

    reads(f, "0\r\n");
    while (!f->chunked.wrong && n++ < 10000)
        im_chunked_read(&f->chunked, IM_STR("X-Trailer: 1\r\n"), &f->body);
    assert_in_range(n, 4000, 6000);
    assert_non_null(strstr(f->chunked.wrong, "more than 65536 bytes"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, drop_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(chunks_are_put_together),
        TEST(what_follows_the_body_is_not_taken),
        TEST(bytes_may_come_one_by_one),
        TEST(many_small_chunks_are_a_body),
        TEST(sizes_are_hexadecimal_numbers),
        TEST(extensions_and_trailers_are_lines_too),
        TEST(extensions_and_trailers_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
