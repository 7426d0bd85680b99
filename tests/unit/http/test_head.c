/* http/head.c: where a request's head ends, and which byte of it is wrong. */
#include <string.h>

#include "unit/fixture.h"

#include "http/head.h"

struct fixture {
    struct im_arena arena;
    struct im_request req;
    struct im_head_scan scan;
    size_t sound;
};

static int setup(void **state)
{
    struct fixture *f = new_fixture(state, sizeof(*f));

    f->req.arena = &f->arena;
    return 0;
}

static bool looks(struct fixture *f, struct im_str bytes)
{
    f->scan = (struct im_head_scan){0};
    return im_head_look(&f->scan, bytes);
}

static bool checks(struct fixture *f, struct im_str bytes)
{
    f->req.flaw = IM_REQUEST_SOUND;
    f->req.flaw_text = IM_STR("");
    assert_true(looks(f, bytes));
    return im_head_check(&f->req, &f->scan, bytes, &f->sound);
}

static void refuses(struct fixture *f, struct im_str bytes, const char *why)
{
    assert_false(checks(f, bytes));
    if (!strstr(f->req.flaw_text.at, why))
        fail_msg("\"%s\" does not say \"%s\"", f->req.flaw_text.at, why);
}

#define LINE "GET / HTTP/1.1\r\n"

static void a_head_ends_with_its_empty_line(void **state)
{
    struct fixture *f = *state;
    static const char text[] = LINE "Host: h\r\n\r\nbody";

    for (size_t n = 0; n < strlen(text) - 4; n++)
        assert_false(looks(f, (struct im_str){text, n}));
    assert_true(checks(f, im_str(text)));
    assert_int_equal(f->scan.end, strlen(text) - 4);
    assert_int_equal(f->sound, f->scan.end);
    assert_true(checks(f, IM_STR("GET / HTTP/1.0\nX: 1\n\n")));
}

static void bytes_may_come_one_by_one(void **state)
{
    struct fixture *f = *state;
    static const char text[] = "\r\n" LINE "Host: h\r\n\r\n";

    for (size_t n = 1; n < strlen(text); n++)
        assert_false(im_head_look(&f->scan, (struct im_str){text, n}));
    assert_true(im_head_look(&f->scan, im_str(text)));
    assert_int_equal(f->scan.begin, 2);
    assert_int_equal(f->scan.end, strlen(text));
}

static void one_empty_line_before_is_ignored_and_no_more(void **state)
{
    struct fixture *f = *state;

    assert_true(checks(f, IM_STR("\r\n" LINE "\r\n")));
    refuses(f, IM_STR("\r\n\r\n" LINE "\r\n"), "one CRLF before it is ignored");
    refuses(f, IM_STR("\n" LINE "\r\n"), "one CRLF before it is ignored");
    refuses(f, IM_STR("\r\n\n" LINE "\r\n"), "one CRLF before it is ignored");
    refuses(f, IM_STR(" " LINE "\r\n"), "a blank where a request begins");
    refuses(f, IM_STR("\r\n\t" LINE "\r\n"), "a blank where a request begins");
}

static void tabs_are_part_of_values(void **state)
{
    struct fixture *f = *state;

    assert_true(checks(f, IM_STR(LINE "User-Agent: a\tb\r\nX-A:\t1\t\r\n\r\n")));
}

static void a_wrong_byte_is_named_with_its_place(void **state)
{
    struct fixture *f = *state;

    refuses(f, IM_STR("\x16\x03\x01"), "the first is 0x16 (TLS");
    refuses(f, IM_STR("GET /\x01 HTTP"), "0x01, in the first line, at its position 6");
    assert_int_equal(f->sound, 0);
    refuses(f, IM_STR(LINE "Host: h\r\nX-A: a\x7f"),
            "0x7f, in the header X-A, at position 7 of its line");
    assert_int_equal(f->sound, strlen(LINE "Host: h\r\n"));
    refuses(f, IM_STR(LINE "X\0A: 1"), "0x00, in a header's name, at its position 2");
    refuses(f, IM_STR(LINE "X: 1\rY: 2\r\n\r\n"), "behind a CR without LF");
    refuses(f, IM_STR("GET /caf\xc3\xa9 HTTP/1.1\r\n\r\n"),
            "the byte 0xc3 in the target, at its position 5; it is written %C3");
    assert_true(checks(f, IM_STR(LINE "X: caf\xc3\xa9\r\n\r\n")));
}

static void the_first_line_has_three_words(void **state)
{
    struct fixture *f = *state;

    refuses(f, IM_STR("GET /\r\n\r\n"),
            "the first line is no \"METHOD target HTTP/1.1\"");
    refuses(f, IM_STR("GET /a b HTTP/1.1\r\n\r\n"),
            "a blank in the target is written %20");
    refuses(f, IM_STR("GET  / HTTP/1.1\r\n\r\n"), "the first line is no");
    refuses(f, IM_STR("GET / HTTP/1.1 x\r\n\r\n"), "goes on behind the version");
}

static void lines_that_are_no_headers_are_refused(void **state)
{
    struct fixture *f = *state;

    refuses(f, IM_STR(LINE "X-A: 1\r\n folded\r\n\r\n"),
            "the header X-A goes on in the next line");
    assert_int_equal(f->sound, strlen(LINE "X-A: 1\r\n"));
    refuses(f, IM_STR(LINE "no colon\r\n\r\n"), "not of the form");
    refuses(f, IM_STR(LINE "X-A: 1\r\n: 2\r\n\r\n"), "the line behind the header X-A");
    refuses(f, IM_STR(LINE "X-A : 1\r\n\r\n"), "a space between the header name X-A");
    refuses(f, IM_STR(LINE "X\xc3\xa4: 1\r\n\r\n"), "a character that no header name");
}

static void large_heads_tell_their_size(void **state)
{
    struct fixture *f = *state;
    static char text[80000];
    size_t n = strlen(LINE "X: ");

    memset(text, 'a', sizeof(text));
    memcpy(text, LINE "X: ", n);
    refuses(f, (struct im_str){text, sizeof(text)}, "headers of more than 65536 bytes");
    assert_int_equal(f->sound, strlen(LINE));
    memcpy(text + 20000, "\r\n\r\n", 4);
    refuses(f, (struct im_str){text, 30000}, "headers of 20004 bytes; at most 16384");
    assert_int_equal(f->req.flaw, IM_REQUEST_HEADERS_TOO_LARGE);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, drop_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_head_ends_with_its_empty_line),
        TEST(bytes_may_come_one_by_one),
        TEST(one_empty_line_before_is_ignored_and_no_more),
        TEST(tabs_are_part_of_values),
        TEST(a_wrong_byte_is_named_with_its_place),
        TEST(the_first_line_has_three_words),
        TEST(lines_that_are_no_headers_are_refused),
        TEST(large_heads_tell_their_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
