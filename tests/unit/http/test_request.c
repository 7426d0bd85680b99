/* http/request.c and http/framing.c: looking at a request, and whether to believe its
 * headers. */
#include <stdio.h>
#include <string.h>

#include "unit/fixture.h"

#include "http/framing.h"

struct fixture {
    struct im_arena arena;
    struct im_request req;
    struct im_framing framing;
};

static int setup(void **state)
{
    struct fixture *f = new_fixture(state, sizeof(*f));

    f->req.arena = &f->arena;
    return 0;
}

static void given(struct fixture *f, const char *name, const char *value)
{
    assert_true(im_request_add_header(&f->req, im_str(name), im_str(value)));
}

static void sound(struct fixture *f, const char *version)
{
    if (!im_framing_read(&f->req, im_str(version), &f->framing))
        fail_msg("%.*s", IM_ARG(f->req.flaw_text));
}

static void refused(struct fixture *f, enum im_request_flaw flaw, const char *why)
{
    assert_false(im_framing_read(&f->req, IM_STR("1.1"), &f->framing));
    assert_int_equal(f->req.flaw, flaw);
    if (!strstr(f->req.flaw_text.at, why))
        fail_msg("\"%s\" does not say \"%s\"", f->req.flaw_text.at, why);
}

/* ---- looking ---- */

static void headers_are_found_whatever_their_case(void **state)
{
    struct fixture *f = *state;

    given(f, "X-A", " one \t");
    given(f, "x-a", "two");
    assert_true(im_str_is(im_request_header(&f->req, "x-A"), "one"));
    assert_int_equal(im_request_header_count(&f->req, "X-a"), 2);
    assert_null(im_request_header(&f->req, "X-B").at);
}

static void an_empty_header_is_there(void **state)
{
    struct fixture *f = *state;

    given(f, "X-A", "  ");
    assert_non_null(im_request_header(&f->req, "X-A").at);
    assert_int_equal(im_request_header(&f->req, "X-A").len, 0);
}

static void there_is_room_for_64_headers(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < IM_HEADERS_MAX; i++)
        given(f, "X-A", "1");
    assert_false(im_request_add_header(&f->req, IM_STR("X-A"), IM_STR("1")));
}

static void media_types_are_compared_without_parameters(void **state)
{
    struct fixture *f = *state;

    assert_false(im_request_is(&f->req, "application/json"));
    given(f, "Content-Type", "Application/JSON ; charset=utf-8");
    assert_true(im_request_is(&f->req, "application/json"));
    assert_false(im_request_is(&f->req, "application/js"));
}

static void the_query_is_a_form(void **state)
{
    struct fixture *f = *state;
    struct im_params params;
    struct im_error err;

    f->req.query = IM_STR("a=1&b=%20");
    assert_true(im_request_query(&f->req, &params, &err));
    assert_true(im_str_is(im_param(&params, "b"), " "));
    f->req.query = IM_STR("a=%");
    assert_false(im_request_query(&f->req, &params, &err));
}

/* ---- framing ---- */

static void a_request_without_body_is_sound(void **state)
{
    struct fixture *f = *state;

    given(f, "Host", "h");
    sound(f, "1.1");
    assert_int_equal(f->framing.length, 0);
    assert_false(f->framing.chunked);
    assert_true(f->framing.keep_alive);
}

static void lengths_and_chunks_are_read(void **state)
{
    struct fixture *f = *state;

    given(f, "Host", "h");
    given(f, "Content-Length", "1048576");
    given(f, "Expect", "100-Continue");
    sound(f, "1.1");
    assert_int_equal(f->framing.length, IM_BODY_MAX);
    assert_true(f->framing.expects_continue);

    f->req.header_count = 1;
    given(f, "Transfer-Encoding", "Chunked");
    sound(f, "1.1");
    assert_true(f->framing.chunked);
    assert_false(f->framing.expects_continue);
}

static void a_body_that_is_too_large_is_refused_unread(void **state)
{
    struct fixture *f = *state;

    given(f, "Host", "h");
    given(f, "Content-Length", "1048577");
    refused(f, IM_REQUEST_BODY_TOO_LARGE, "1048577 bytes");
    f->req.header_count = 1;
    given(f, "Content-Length", "99999999999999999999999999");
    refused(f, IM_REQUEST_BODY_TOO_LARGE, "99999999999999999999999999 bytes");
}

static void lengths_that_are_no_numbers_are_refused(void **state)
{
    static const char *const bad[] = {"5x", "-5", "+5", "0x5", "", "5, 5", "5 5"};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        f->req.header_count = 0;
        given(f, "Host", "h");
        given(f, "Content-Length", bad[i]);
        refused(f, IM_REQUEST_MALFORMED, "not a number of bytes");
    }
}

static void two_lengths_are_refused_even_when_equal(void **state)
{
    struct fixture *f = *state;

    given(f, "Host", "h");
    given(f, "Content-Length", "5");
    given(f, "content-length", "5");
    refused(f, IM_REQUEST_MALFORMED, "2 Content-Length headers");
}

static void chunks_and_a_length_are_refused(void **state)
{
    struct fixture *f = *state;

    given(f, "Host", "h");
    given(f, "Transfer-Encoding", "chunked");
    given(f, "Content-Length", "5");
    refused(f, IM_REQUEST_MALFORMED, "a chunked body and a Content-Length");
}

static void other_codings_are_refused(void **state)
{
    struct fixture *f = *state;

    given(f, "Host", "h");
    given(f, "Transfer-Encoding", "gzip, chunked");
    refused(f, IM_REQUEST_MALFORMED, "only chunked");
    given(f, "Transfer-Encoding", "chunked");
    refused(f, IM_REQUEST_MALFORMED, "2 Transfer-Encoding");
}

static void http_1_1_needs_one_host(void **state)
{
    struct fixture *f = *state;

    sound(f, "1.0");
    refused(f, IM_REQUEST_MALFORMED, "no Host header");
    given(f, "Host", "a");
    given(f, "Host", "b");
    refused(f, IM_REQUEST_MALFORMED, "2 Host headers");
}

static void header_names_are_tokens(void **state)
{
    struct fixture *f = *state;

    assert_true(im_header_name_check(&f->req, IM_STR("X-A_1~")));
    assert_false(im_header_name_check(&f->req, IM_STR("X(A)\x01")));
    assert_int_equal(f->req.flaw, IM_REQUEST_MALFORMED);
    assert_non_null(strstr(f->req.flaw_text.at, "\"X(A)?\""));
}

static void a_body_comes_as_it_is(void **state)
{
    struct fixture *f = *state;

    given(f, "Host", "h");
    given(f, "Content-Encoding", "gzip");
    sound(f, "1.1"); /* without a body it says nothing */
    given(f, "Content-Length", "3");
    refused(f, IM_REQUEST_ENCODED, "Content-Encoding: gzip");
    f->req.headers[1].value = IM_STR("Identity");
    sound(f, "1.1");
}

static bool kept(struct fixture *f, const char *version, const char *connection)
{
    f->req.header_count = 0;
    given(f, "Host", "h");
    if (connection)
        given(f, "Connection", connection);
    sound(f, version);
    return f->framing.keep_alive;
}

static void connections_are_kept_as_asked(void **state)
{
    struct fixture *f = *state;

    assert_true(kept(f, "1.1", NULL));
    assert_false(kept(f, "1.1", "close"));
    assert_false(kept(f, "1.0", NULL));
    assert_true(kept(f, "1.0", "Keep-Alive"));
    assert_false(kept(f, "1.1", "keep-alive, Upgrade"));
    assert_false(kept(f, "1.1", "TE, close"));
}

static void the_host_of_a_url_is_found_in_every_form(void **state)
{
    static const struct {
        const char *url, *authority, *host;
    } forms[] = {{"https://Mock.test:443/x", "Mock.test:443", "Mock.test"},
                 {"http://[::1]:8080/x", "[::1]:8080", "[::1]"},
                 {"http://[::1]", "[::1]", "[::1]"},
                 {"a.test:80/x", "a.test:80", "a.test"},
                 {"https://a.test/b://c", "a.test", "a.test"},
                 {"", "", ""}};

    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct im_str authority = im_url_authority(im_str(forms[i].url));
        assert_true(im_str_is(authority, forms[i].authority));
        assert_true(im_str_is(im_authority_host(authority), forms[i].host));
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, drop_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(headers_are_found_whatever_their_case),
        TEST(an_empty_header_is_there),
        TEST(there_is_room_for_64_headers),
        TEST(media_types_are_compared_without_parameters),
        TEST(the_query_is_a_form),
        TEST(a_request_without_body_is_sound),
        TEST(lengths_and_chunks_are_read),
        TEST(a_body_that_is_too_large_is_refused_unread),
        TEST(lengths_that_are_no_numbers_are_refused),
        TEST(two_lengths_are_refused_even_when_equal),
        TEST(chunks_and_a_length_are_refused),
        TEST(other_codings_are_refused),
        TEST(http_1_1_needs_one_host),
        TEST(header_names_are_tokens),
        TEST(a_body_comes_as_it_is),
        TEST(connections_are_kept_as_asked),
        cmocka_unit_test(the_host_of_a_url_is_found_in_every_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
