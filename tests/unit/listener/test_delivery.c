/* delivery.c over real sockets: answers that are damaged on purpose, and answers that come piece by piece. */
#include <errno.h>

#include "listening.h"

/* ---- damage ---- */

static void a_dropped_connection_ends_without_a_byte(void **state)
{
    struct fixture *f = *state;
    int fd = connected(f);

    says(fd, "GET /drop HTTP/1.1\r\n" HOST "\r\n");
    f->len = 0;
    assert_int_equal(hears_some(f, fd), 0);
    close(fd);
}

static void a_reset_is_one(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 5; i++) {
        int fd = connected(f);
        says(fd, "GET /reset HTTP/1.1\r\n" HOST "\r\n");
        f->len = 0;
        assert_int_equal(hears_some(f, fd), -1);
        assert_int_equal(errno, ECONNRESET);
        close(fd);
    }
}

static void a_truncated_answer_claims_more_than_it_sends(void **state)
{
    struct fixture *f = *state;

    asks(f, "GET /truncate HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(strlen(body_of(f)), claimed_length(f) / 2);
}

static void a_stalled_answer_sends_headers_alone(void **state)
{
    struct fixture *f = *state;
    int fd = connected(f);
    struct pollfd more = {.fd = fd, .events = POLLIN};

    says(fd, "GET /stall HTTP/1.1\r\n" HOST "\r\n");
    hears_head(f, fd);
    answered(f, "Content-Length: ");
    assert_string_equal(body_of(f), "");
    assert_int_equal(poll(&more, 1, 20), 0);
    close(fd);
}

static void a_slow_body_takes_its_time_and_comes_whole(void **state)
{
    struct fixture *f = *state;
    int fd = connected(f);

    /* before the server begins: a client that is kept waiting hears much at once later */
    int64_t began_ms = im_clock_monotonic_ms();
    says(fd, "GET /slow?400 HTTP/1.1\r\n" HOST "\r\n");
    hears_head(f, fd);
    size_t claimed = claimed_length(f);
    while (strlen(body_of(f)) < claimed)
        assert_true(hears_some(f, fd) > 0);
    int64_t ahead_ms = 20; /* of a first piece, which takes no time */
    int64_t least_ms = (int64_t)claimed * 1000 / 400 - ahead_ms;
    assert_true(least_ms > ahead_ms);
    assert_true(im_clock_monotonic_ms() - began_ms >= least_ms);
    assert_int_equal(strlen(body_of(f)), claimed);

    says(fd, "GET / HTTP/1.1\r\n" HOST "\r\n"); /* the connection is good for another */
    hears_head(f, fd);
    answered(f, "HTTP/1.1 200 ");
    close(fd);
}

static void slow_bodies_end_when_the_peer_leaves_or_the_listener_stops(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 20; i++) { /* more of them than threads */
        int fd = connected(f);
        says(fd, "GET /slow?1 HTTP/1.1\r\n" HOST "\r\n");
        hears_head(f, fd);
        assert_true(strlen(body_of(f)) < claimed_length(f));
        if (i)
            close(fd);
    }
    asks(f, "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    answered(f, "HTTP/1.1 200 ");
}

static void stalls_end_when_the_peer_leaves(void **state)
{
    struct fixture *f = *state;

    /* more of them than threads: they must come free again */
    for (int i = 0; i < 20; i++) {
        int fd = connected(f);
        says(fd, "GET /stall HTTP/1.1\r\n" HOST "\r\n");
        hears_head(f, fd);
        close(fd);
    }
}

/* ---- streams ---- */

static void a_stream_goes_on_until_it_says_so(void **state)
{
    struct fixture *f = *state;

    asks(f, "GET /stream HTTP/1.1\r\n" HOST "\r\n");
    assert_null(strstr(f->answer, "Content-Length"));
    assert_string_equal(body_of(f), "data: 0\n\ndata: 1\n\ndata: 2\n\n");
    ended_once(f);
}

static void a_stream_ends_when_the_peer_leaves(void **state)
{
    struct fixture *f = *state;
    int fd = connected(f);

    says(fd, "GET /quiet-stream HTTP/1.1\r\n" HOST "\r\n");
    hears_until(f, fd, "data: first\n\n");
    close(fd);
    ended_once(f);
}

static void head_of_a_stream_is_its_headers(void **state)
{
    struct fixture *f = *state;

    asks(f, "HEAD /stream HTTP/1.1\r\n" HOST "\r\n");
    assert_string_equal(body_of(f), "");
    ended_once(f);
    assert_int_equal(atomic_load(&f->pieces), 0);
}

static void a_stream_that_ends_comes_in_chunks(void **state)
{
    struct fixture *f = *state;
    int fd = connected(f);

    says(fd, "GET /ending-stream HTTP/1.1\r\n" HOST "\r\n");
    hears_until(f, fd, "\r\n0\r\n\r\n");
    answered(f, "Transfer-Encoding: chunked\r\n");
    answered(f, "Connection: keep-alive\r\n");
    answered(f, "\r\n\r\n7\r\nfirst, \r\n00000009\r\ndata: 0\n\n\r\n"
                "00000009\r\ndata: 1\n\n\r\n00000009\r\ndata: 2\n\n\r\n0\r\n\r\n");
    says(fd, "GET / HTTP/1.1\r\n" HOST BYE "\r\n"); /* the connection goes on */
    hears_to_the_end(f, fd);
    answered(f, "GET / ");
    asks(f, "GET /ending-stream HTTP/1.0\r\n\r\n");
    assert_null(strstr(f->answer, "chunked"));
    assert_true(strncmp(body_of(f), "first, data: ", 13) == 0);
}

static const struct CMUnitTest tests[] = {
    TEST(a_dropped_connection_ends_without_a_byte),
    TEST(a_reset_is_one),
    TEST(a_truncated_answer_claims_more_than_it_sends),
    TEST(a_stalled_answer_sends_headers_alone),
    TEST(stalls_end_when_the_peer_leaves),
    TEST(a_slow_body_takes_its_time_and_comes_whole),
    TEST(slow_bodies_end_when_the_peer_leaves_or_the_listener_stops),
    TEST(a_stream_goes_on_until_it_says_so),
    TEST(a_stream_ends_when_the_peer_leaves),
    TEST(head_of_a_stream_is_its_headers),
    TEST(a_stream_that_ends_comes_in_chunks),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
