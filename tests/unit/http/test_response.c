/* http/response.c and http/html.c: what an answer looks like on the wire. */
#include <stdio.h>
#include <string.h>

#include "unit/fixture.h"

#include "http/html.h"
#include "http/response.h"

struct fixture {
    struct im_arena arena;
    struct im_response res;
    int ended;
};

static int setup(void **state)
{
    struct fixture *f = new_fixture(state, sizeof(*f));

    im_response_init(&f->res, &f->arena);
    return 0;
}

static void reads(struct fixture *f, bool head, bool keep_alive, const char *expected)
{
    struct im_str bytes = im_response_bytes(&f->res, 0, head, keep_alive);
    char text[4096];

    snprintf(text, sizeof(text), "%.*s", IM_ARG(bytes));
    assert_string_equal(text, expected);
}

static void has(const struct fixture *f, const char *piece)
{
    if (!strstr(f->res.body.at, piece))
        fail_msg("the page has no %s", piece);
}

static void an_answer_is_one_run_of_bytes(void **state)
{
    struct fixture *f = *state;

    im_buf_addz(im_response_begin(&f->res, 401, "application/json"), "{}");
    im_response_header(&f->res, "X-A", IM_STR("1"));
    reads(f, false, true,
          "HTTP/1.1 401 Unauthorized\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
          "Content-Type: application/json\r\nX-A: 1\r\nContent-Length: 2\r\n"
          "Connection: keep-alive\r\n\r\n{}");
}

static void head_has_the_length_and_no_body(void **state)
{
    struct fixture *f = *state;

    im_buf_addz(im_response_begin(&f->res, 200, "text/plain"), "body");
    reads(f, true, false,
          "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
          "Content-Type: text/plain\r\nContent-Length: 4\r\nConnection: close\r\n\r\n");
}

static void no_content_has_neither(void **state)
{
    struct fixture *f = *state;

    f->res.status = 204;
    im_buf_addz(&f->res.body, "lost");
    reads(f, false, true,
          "HTTP/1.1 204 No Content\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
          "Connection: keep-alive\r\n\r\n");
}

static bool go_on(void *context, struct im_buf *piece)
{
    return false;
}

static void note_end(void *context)
{
    ++*(int *)context;
}

static void a_stream_has_no_length(void **state)
{
    struct fixture *f = *state;

    im_response_begin(&f->res, 200, "text/event-stream");
    f->res.stream = go_on;
    reads(f, true, false,
          "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
          "Content-Type: text/event-stream\r\nConnection: close\r\n\r\n");
}

static void headers_that_were_set_are_not_added_again(void **state)
{
    struct fixture *f = *state;

    f->res.status = 999;
    im_response_header(&f->res, "date", IM_STR("never"));
    im_response_header(&f->res, "Content-Length", IM_STR("7"));
    im_response_header(&f->res, "Connection", IM_STR("close"));
    reads(f, false, true,
          "HTTP/1.1 999 Unknown\r\ndate: never\r\nContent-Length: 7\r\n"
          "Connection: close\r\n\r\n");
}

static void a_header_is_replaced_and_stays_one_line(void **state)
{
    struct fixture *f = *state;

    im_response_header(&f->res, "X-A", IM_STR("1"));
    im_response_header(&f->res, "x-a", IM_STR("a\r\nSet-Cookie: b\0c"));
    assert_int_equal(f->res.header_count, 1);
    assert_true(im_str_is(im_response_get_header(&f->res, "X-A"), "a  Set-Cookie: b c"));
}

static void formatted_headers_may_be_long(void **state)
{
    struct fixture *f = *state;

    im_response_headerf(&f->res, "X-A", "%02000d", 7);
    assert_int_equal(im_response_get_header(&f->res, "X-A").len, 2000);
    assert_null(im_response_get_header(&f->res, "X-B").at);
}

static void too_many_headers_are_a_failure_of_ours(void **state)
{
    struct fixture *f = *state;
    static char names[IM_RESPONSE_HEADERS_MAX + 1][16];

    for (int i = 0; i <= IM_RESPONSE_HEADERS_MAX; i++) {
        snprintf(names[i], sizeof(names[i]), "X-%d", i);
        assert_false(f->arena.failed);
        im_response_header(&f->res, names[i], IM_STR("1"));
    }
    assert_true(f->arena.failed);
}

static void a_redirect_has_a_location(void **state)
{
    struct fixture *f = *state;

    im_response_redirect(&f->res, 303, IM_STR("http://a/?b=c"));
    reads(
        f, false, true,
        "HTTP/1.1 303 See Other\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
        "Location: http://a/?b=c\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n");
}

static void a_cleared_answer_is_forgotten_and_its_stream_ended(void **state)
{
    struct fixture *f = *state;

    im_buf_addz(im_response_begin(&f->res, 200, "text/plain"), "body");
    f->res.stream = go_on;
    f->res.stream_end = note_end;
    f->res.stream_context = &f->ended;
    im_response_clear(&f->res);
    im_response_clear(&f->res);
    assert_int_equal(f->ended, 1);
    assert_int_equal(f->res.status, 0);
    assert_int_equal(f->res.header_count, 0);
    assert_int_equal(f->res.body.len, 0);
}

static void a_page_is_complete_and_says_what_it_is(void **state)
{
    struct fixture *f = *state;
    struct im_buf *page = im_html_begin(&f->res, 200, IM_STR("Sign in <b>"));

    im_html_hidden(page, "state", IM_STR("\"><script>"));
    im_html_end(&f->res);
    im_buf_addc(page, '\0');
    has(f, "<!DOCTYPE html>\n<html lang=\"en\">");
    has(f, "name=\"viewport\"");
    has(f, "A test double for Sage Intacct sign-in");
    has(f, "not affiliated with Sage");
    has(f, "<h1>Sign in &lt;b&gt;</h1>");
    has(f, "<input type=\"hidden\" name=\"state\" value=\"&quot;&gt;&lt;script&gt;\">");
    has(f, "</main>\n</body>\n</html>\n");
    assert_null(strstr(page->at, "<script"));
}

static void a_page_is_neither_stored_nor_framed(void **state)
{
    struct fixture *f = *state;

    im_html_begin(&f->res, 200, IM_STR("t"));
    struct im_str policy = im_response_get_header(&f->res, "Content-Security-Policy");
    assert_true(
        im_str_glob(IM_STR("default-src 'none'*frame-ancestors 'none'*"), policy));
    /* it would stop the redirect from the sign-in form to the client */
    assert_false(im_str_glob(IM_STR("*form-action*"), policy));
    assert_true(im_str_is(im_response_get_header(&f->res, "Cache-Control"), "no-store"));
    assert_true(
        im_str_is(im_response_get_header(&f->res, "Referrer-Policy"), "no-referrer"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, drop_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_answer_is_one_run_of_bytes),
        TEST(head_has_the_length_and_no_body),
        TEST(no_content_has_neither),
        TEST(a_stream_has_no_length),
        TEST(headers_that_were_set_are_not_added_again),
        TEST(a_header_is_replaced_and_stays_one_line),
        TEST(formatted_headers_may_be_long),
        TEST(too_many_headers_are_a_failure_of_ours),
        TEST(a_redirect_has_a_location),
        TEST(a_cleared_answer_is_forgotten_and_its_stream_ended),
        TEST(a_page_is_complete_and_says_what_it_is),
        TEST(a_page_is_neither_stored_nor_framed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
