/* exchange.c over real sockets: sound requests of every form, and their bodies. */
#include "listening.h"

/* ---- requests ---- */

static void a_request_arrives_as_it_was_sent(void **state)
{
    struct fixture *f = *state;

    asks(f, "GET //a/%74/../b%00?c=%2F&d HTTP/1.1\r\n" HOST BYE "\r\n");
    answered(f, "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n");
    answered(f, "[sound] \nGET //a/%74/../b%00?c=%2F&d ?c=%2F&d\n");
    answered(f, "at http://127.0.0.1:");
    answered(f, "Connection: close\r\n");
}

static void a_connection_is_kept_for_more_requests(void **state)
{
    keeps_a_connection(*state);
}

static void requests_may_come_before_the_answers(void **state)
{
    struct fixture *f = *state;

    asks(f, "GET /1 HTTP/1.1\r\n" HOST "\r\nGET /2 HTTP/1.1\r\n" HOST "\r\n"
            "POST /3 HTTP/1.1\r\n" HOST BYE "Content-Length: 1\r\n\r\nx");
    answered(f, "GET /1 ");
    answered(f, "GET /2 ");
    answered(f, "POST /3 ");
}

static void head_is_answered_without_a_body(void **state)
{
    struct fixture *f = *state;

    asks(f, "HEAD / HTTP/1.1\r\n" HOST BYE "\r\n");
    answered(f, "Content-Length: ");
    assert_string_equal(body_of(f), "");
}

static void options_and_patch_get_here(void **state)
{
    struct fixture *f = *state;

    asks(f, "OPTIONS /o HTTP/1.1\r\n" HOST BYE "Origin: http://a\r\n"
            "Access-Control-Request-Method: PUT\r\n\r\n");
    answered(f, "OPTIONS /o ");
    asks(f, "PATCH /p HTTP/1.1\r\n" HOST BYE "\r\n");
    answered(f, "PATCH /p ");
}

static void http_1_0_is_answered_and_closed(void **state)
{
    struct fixture *f = *state;

    asks(f, "GET /old HTTP/1.0\r\n\r\n");
    answered(f, "[sound] \nGET /old ");
    asks(f, "GET /bare HTTP/1.0\nX-A: 1\n\n");
    answered(f, "[sound] \nGET /bare ");
}

static void a_full_url_as_target_is_its_path(void **state)
{
    struct fixture *f = *state;
    char text[200];

    snprintf(text, sizeof(text),
             "GET http://localhost:%d/a%%20b?c HTTP/1.1\r\n" HOST BYE "\r\n", f->port);
    asks(f, text);
    answered(f, "GET /a%20b?c ?c\n");
}

static void the_answer_may_close_the_connection(void **state)
{
    struct fixture *f = *state;

    asks(f, "GET /close HTTP/1.1\r\n" HOST "\r\n");
    answered(f, "Connection: close\r\n");
}

static void a_large_answer_arrives_whole(void **state)
{
    struct fixture *f = *state;

    asks(f, "GET /large HTTP/1.1\r\n" HOST BYE "\r\n");
    assert_int_equal(strlen(body_of(f)), claimed_length(f));
    assert_true(strlen(body_of(f)) > 3 * 1024 * 1024);
}

static void ipv6_loopback_has_the_same_port(void **state)
{
    struct fixture *f = *state;
    int fd = connect_to("::1", f->port);

    if (fd < 0)
        skip(); /* a machine without IPv6 */
    says(fd, "GET / HTTP/1.1\r\n" HOST BYE "\r\n");
    hears_to_the_end(f, fd);
    answered(f, "at http://[::1]:");
}

static void whole_urls_are_targets_whatever_their_port(void **state)
{
    struct fixture *f = *state;

    asks(f, "GET http://api.intacct.com/a?c HTTP/1.1\r\n" HOST BYE "\r\n");
    answered(f, "[sound] \nGET /a?c ?c\n");
    asks(f, "GET HTTPS://api.intacct.com:443?c HTTP/1.1\r\n" HOST BYE "\r\n");
    answered(f, "[sound] \nGET /?c ?c\n");
    asks(f, "GET http://[::1]:1 HTTP/1.1\r\n" HOST BYE "\r\n");
    answered(f, "[sound] \nGET / ?\n");
}

static void an_asterisk_is_a_target_for_options(void **state)
{
    struct fixture *f = *state;

    asks(f, "OPTIONS * HTTP/1.1\r\n" HOST BYE "\r\n");
    answered(f, "[sound] \nOPTIONS * ?\n");
    asks(f, "GET * HTTP/1.1\r\n" HOST "\r\n");
    answered(f, "[malformed] the target \"*\" is no path");
    asks(f, "CONNECT h:443 HTTP/1.1\r\n" HOST "\r\n");
    answered(f, "[malformed] CONNECT is for a proxy, and this port is none");
}

static void an_empty_line_before_a_request_is_ignored_once(void **state)
{
    struct fixture *f = *state;
    int fd = connected(f);

    says(fd,
         "\r\nGET /1 HTTP/1.1\r\n" HOST "\r\n\r\nGET /2 HTTP/1.1\r\n" HOST BYE "\r\n");
    hears_to_the_end(f, fd);
    answered(f, "GET /1 ");
    answered(f, "GET /2 ");
    asks(f, "\r\n\r\nPOST /1 HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc");
    answered(f, "[malformed] an empty line where a request begins");
    assert_null(strstr(f->answer + 1, "HTTP/1.1 "));
}

/* ---- bodies ---- */

static void a_client_that_waits_is_told_to_continue(void **state)
{
    struct fixture *f = *state;
    int fd = connected(f);

    says(fd, "POST / HTTP/1.1\r\n" HOST BYE
             "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    hears_head(f, fd);
    assert_string_equal(f->answer, "HTTP/1.1 100 Continue\r\n\r\n");
    says(fd, "abc");
    hears_to_the_end(f, fd);
    answered(f, "body:abc\n");
}

static void chunked_bodies_are_put_together(void **state)
{
    struct fixture *f = *state;
    int fd = connected(f);

    says(fd, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
             "3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n");
    hears_one(f, fd);
    answered(f, "body:abcde\n");
    answered(f, "Connection: keep-alive");
    says(fd, "GET /next HTTP/1.1\r\n" HOST BYE "\r\n");
    hears_to_the_end(f, fd);
    answered(f, "GET /next ");
}

static void bodies_of_a_megabyte_are_taken_and_larger_ones_refused(void **state)
{
    struct fixture *f = *state;
    char *text = calloc(1, 2 * IM_BODY_MAX);
    int n =
        snprintf(text, 200, "POST / HTTP/1.1\r\n" HOST BYE "Content-Length: %d\r\n\r\n",
                 IM_BODY_MAX);
    memset(text + n, 'a', IM_BODY_MAX);
    asks(f, text);
    answered(f, "[sound]");
    assert_non_null(strstr(f->answer, "aaaa\nat"));

    n = snprintf(text, 200, "POST / HTTP/1.1\r\n" HOST "Content-Length: %d\r\n\r\n",
                 IM_BODY_MAX + 1);
    memset(text + n, 'a', IM_BODY_MAX / 2);
    text[n + IM_BODY_MAX / 2] = '\0';
    asks(f, text);
    answered(f, "[body too large] a body of 1048577 bytes; at most 1048576 are taken");
    free(text);
}

static void chunked_bodies_are_bounded_too(void **state)
{
    struct fixture *f = *state;
    static char chunk[0x10000 + 16];
    int fd = connected(f);

    memset(chunk, 'a', sizeof(chunk));
    memcpy(chunk, "10000\r\n", 7);
    memcpy(chunk + 7 + 0x10000, "\r\n", 2);
    says(fd, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 18; i++)
        says_bytes(fd, chunk, 0x10000 + 9);
    hears_to_the_end(f, fd);
    answered(f, "[body too large] a chunked body of more than 1048576 bytes");
}

static void a_body_that_ends_early_is_refused(void **state)
{
    struct fixture *f = *state;
    int fd = connected(f);

    says(fd, "POST / HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\nabc");
    shutdown(fd, SHUT_WR);
    hears_to_the_end(f, fd);
    answered(f, "[body cut] the body ended after 3 bytes");

    fd = connected(f);
    says(fd, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n9\r\nabc");
    shutdown(fd, SHUT_WR);
    hears_to_the_end(f, fd);
    answered(f, "[body cut]");
}

/* A byte whenever the server has not ended it yet: never silent for long, never done. */
static void *trickle(void *context)
{
    int fd = *(int *)context;
    struct pollfd gone = {.fd = fd, .events = POLLIN};

    while (poll(&gone, 1, 20) == 0)
        if (send(fd, "a", 1, MSG_NOSIGNAL) != 1)
            break;
    return NULL;
}

static void a_body_that_trickles_has_an_end(void **state)
{
    struct fixture *f = *state;
    int fd = connected(f);
    pthread_t thread;

    says(fd, "POST / HTTP/1.1\r\n" HOST "Content-Length: 100000\r\n\r\n");
    pthread_create(&thread, NULL, trickle, &fd);
    pthread_join(thread, NULL);
    hears_to_the_end(f, fd);
    answered(f, "[body cut] the body was not there after 200 ms");
}

static const struct CMUnitTest tests[] = {
    TEST(a_request_arrives_as_it_was_sent),
    TEST(a_connection_is_kept_for_more_requests),
    TEST(requests_may_come_before_the_answers),
    TEST(head_is_answered_without_a_body),
    TEST(options_and_patch_get_here),
    TEST(http_1_0_is_answered_and_closed),
    TEST(a_full_url_as_target_is_its_path),
    TEST(whole_urls_are_targets_whatever_their_port),
    TEST(an_asterisk_is_a_target_for_options),
    TEST(an_empty_line_before_a_request_is_ignored_once),
    TEST(the_answer_may_close_the_connection),
    TEST(a_large_answer_arrives_whole),
    TEST(ipv6_loopback_has_the_same_port),
    TEST(a_client_that_waits_is_told_to_continue),
    TEST(chunked_bodies_are_put_together),
    TEST(bodies_of_a_megabyte_are_taken_and_larger_ones_refused),
    TEST(chunked_bodies_are_bounded_too),
    TEST(a_body_that_ends_early_is_refused),
    IMPATIENT(a_body_that_trickles_has_an_end),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
