/* listener.c over real sockets, always on port 0: what clients of every kind get to
 * see. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/waker.h"
#include "http/tls.h"
#include "listener/listener.h"

/* AT_ONCE_MS: below what would be waited for otherwise (the five seconds of a silent connection, a minute), and far
 * above what a busy machine needs */
enum { PATIENCE_MS = 20000, AT_ONCE_MS = 4000, ANSWER_MAX = 4 * 1024 * 1024 };

/* ---- the server under test ---- */

struct fixture {
    struct im_listener *listener;
    struct im_tls *tls;
    int port, https_port, control_port;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int holding; /* requests inside /hold */
    bool released;
    int paused, resumed;    /* requests of /pause… */
    struct im_waker *waker; /* of the latest */
    atomic_int pieces, ends;
    char answer[ANSWER_MAX]; /* the latest */
    size_t len;
};

static void hold(struct fixture *f)
{
    pthread_mutex_lock(&f->lock);
    f->holding++;
    pthread_cond_broadcast(&f->changed);
    while (!f->released)
        pthread_cond_wait(&f->changed, &f->lock);
    pthread_mutex_unlock(&f->lock);
}

static bool next_piece(void *context, struct im_buf *piece)
{
    struct fixture *f = context;
    int n = atomic_fetch_add(&f->pieces, 1);

    im_buf_addf(piece, "data: %d\n\n", n);
    return n < 2;
}

static bool nothing_new(void *context, struct im_buf *piece)
{
    struct fixture *f = context;

    if (atomic_fetch_add(&f->pieces, 1) == 0)
        im_buf_addz(piece, "data: first\n\n");
    return true;
}

static void count_end(void *context)
{
    struct fixture *f = context;

    pthread_mutex_lock(&f->lock);
    atomic_fetch_add(&f->ends, 1);
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

static void stream(struct fixture *f, struct im_response *res,
                   bool (*pieces)(void *, struct im_buf *))
{
    im_buf_init(&res->body, res->arena, 0); /* else it is the first piece */
    res->stream = pieces;
    res->stream_again_ms = im_clock_monotonic_ms() + 60000;
    res->stream_end = count_end;
    res->stream_context = f;
}

static void resume(void *context)
{
    struct fixture *f = context;

    pthread_mutex_lock(&f->lock);
    f->waker = NULL;
    f->resumed++;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

/* /pause: 60 s, or until woken; /pause-short: 150 ms; /pause-here: as long as it is heard */
static void pause_answer(struct fixture *f, const struct im_request *req,
                         struct im_response *res)
{
    bool is_short = im_str_is(req->target, "/pause-short");

    res->resume = resume;
    res->resume_context = f;
    res->resume_ms = im_clock_monotonic_ms() + (is_short ? 150 : 60000);
    res->resume_if_gone = im_str_is(req->target, "/pause-here");
    pthread_mutex_lock(&f->lock);
    if (!is_short)
        f->waker = req->waker;
    f->paused++;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

static void answer(void *context, struct im_request *req, struct im_response *res,
                   int64_t *date_ms)
{
    struct fixture *f = context;
    static const char *const flaws[] = {
        "sound",          "malformed", "headers too large",
        "body too large", "body cut",  "method unknown",
        "encoded",        "HTTP/2",    "over capacity"};
    struct im_buf *body = im_response_begin(res, req->flaw ? 400 : 200, "text/plain");

    *date_ms = 0;
    im_buf_addf(body, "[%s] %.*s\n%.*s %.*s ?%.*s\nbody:%.*s\nat %.*s%s\n",
                flaws[req->flaw], IM_ARG(req->flaw_text), IM_ARG(req->method),
                IM_ARG(req->target), IM_ARG(req->query), IM_ARG(req->body),
                IM_ARG(req->local_base), req->on_control_port ? " control" : "");
    if (im_str_is(req->target, "/hold"))
        hold(f);
    if (im_str_is(req->target, "/large"))
        for (int i = 0; i < 3 * 1024 * 1024 / 16; i++)
            im_buf_addz(body, "0123456789abcde\n");
    if (im_str_is(req->target, "/stream"))
        stream(f, res, next_piece);
    if (im_str_is(req->target, "/ending-stream")) {
        stream(f, res, next_piece);
        im_buf_addz(&res->body, "first, ");
        res->stream_ends = true;
    }
    if (im_str_is(req->target, "/quiet-stream"))
        stream(f, res, nothing_new);
    if (im_str_starts(req->target, "/pause"))
        pause_answer(f, req, res);
    res->start_tls = im_str_is(req->method, "CONNECT") || im_str_is(req->target, "/tls");
    res->close = im_str_is(req->target, "/close");
    if (im_str_starts(req->target, "/slow"))
        res->damage.bytes_per_s = atol(req->target.at + strlen("/slow?"));
    res->damage.stall = im_str_is(req->target, "/stall");
    res->damage.drop = im_str_is(req->target, "/drop");
    res->damage.reset = im_str_is(req->target, "/reset");
    res->damage.truncate = im_str_is(req->target, "/truncate");
}

static int port_in(struct im_str url)
{
    return url.len ? atoi(strrchr(url.at, ':') + 1) : 0;
}

static struct im_listener_options options_for(struct fixture *f)
{
    return (struct im_listener_options){.http_port = 0,
                                        .https_port = IM_PORT_NONE,
                                        .control_port = IM_PORT_NONE,
                                        .proxy_port = IM_PORT_NONE,
                                        .threads = 8,
                                        .answer = answer,
                                        .context = f};
}

static void listens(struct fixture *f, const struct im_listener_options *options)
{
    struct im_error err = {.text = ""};

    f->listener = im_listener_start(options, &err);
    if (!f->listener)
        fail_msg("%s", err.text);
    f->port = port_in(im_listener_http_url(f->listener));
    f->https_port = port_in(im_listener_https_url(f->listener));
    f->control_port = port_in(im_listener_control_url(f->listener));
}

static struct fixture *new_fixture(void)
{
    struct fixture *f = calloc(1, sizeof(*f));

    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->changed, NULL);
    return f;
}

static void stops(struct fixture *f, int64_t grace_ms)
{
    im_listener_stop(f->listener, grace_ms);
    f->listener = NULL;
}

static void free_fixture(struct fixture *f)
{
    stops(f, 0);
    im_tls_free(f->tls);
    pthread_cond_destroy(&f->changed);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

static int setup_bare(void **state)
{
    *state = new_fixture();
    return 0;
}

static int setup(void **state)
{
    struct fixture *f = new_fixture();
    struct im_listener_options options = options_for(f);

    listens(f, &options);
    *state = f;
    return 0;
}

static int setup_impatient(void **state)
{
    struct fixture *f = new_fixture();
    struct im_listener_options options = options_for(f);

    options.request_timeout_ms = 200;
    listens(f, &options);
    *state = f;
    return 0;
}

static int setup_https(void **state)
{
    struct fixture *f = new_fixture();
    struct im_listener_options options = options_for(f);
    struct im_error err = {.text = ""};

    f->tls = im_tls_new(&(struct im_tls_options){0}, &err);
    options.https_port = 0;
    options.tls = f->tls;
    listens(f, &options);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    free_fixture(*state);
    return 0;
}

/* ---- the client ---- */

static int connect_to(const char *address, int port)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
                              .sin6_port = htons((uint16_t)port)};
    bool is_v6 = strchr(address, ':') != NULL;
    int fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);

    inet_pton(is_v6 ? AF_INET6 : AF_INET, address,
              is_v6 ? (void *)&v6.sin6_addr : (void *)&v4.sin_addr);
    if (connect(fd, is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4,
                is_v6 ? sizeof(v6) : sizeof(v4)) == 0)
        return fd;
    close(fd);
    return -1;
}

static int connected(const struct fixture *f)
{
    int fd = connect_to("127.0.0.1", f->port);

    assert_true(fd >= 0);
    return fd;
}

static void says_bytes(int fd, const char *at, size_t len)
{
    while (len) {
        ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
        if (n <= 0)
            return; /* the other side has heard enough */
        at += n;
        len -= (size_t)n;
    }
}

static void says(int fd, const char *text)
{
    says_bytes(fd, text, strlen(text));
}

/* One more piece of the answer. 0 at its end, -1 with errno when it broke. */
static ssize_t hears_some(struct fixture *f, int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
    ssize_t n = recv(fd, f->answer + f->len, ANSWER_MAX - 1 - f->len, 0);
    if (n > 0)
        f->len += (size_t)n;
    f->answer[f->len] = '\0';
    return n;
}

static void hears_to_the_end(struct fixture *f, int fd)
{
    f->len = 0;
    f->answer[0] = '\0';
    while (hears_some(f, fd) > 0)
        continue;
    close(fd);
}

static const char *body_of(const struct fixture *f)
{
    const char *end = strstr(f->answer, "\r\n\r\n");

    return end ? end + 4 : NULL;
}

/* One answer with a Content-Length; the connection stays open. */
static void hears_one(struct fixture *f, int fd)
{
    f->len = 0;
    f->answer[0] = '\0';
    for (;;) {
        const char *body = body_of(f), *length = strstr(f->answer, "Content-Length: ");
        if (body && length && body - f->answer + atol(length + 16) == (long)f->len)
            return;
        assert_true(hears_some(f, fd) > 0);
    }
}

/* The whole conversation of one connection that the server ends. */
static void asks(struct fixture *f, const char *text)
{
    int fd = connected(f);

    says(fd, text);
    hears_to_the_end(f, fd);
}

static void answered(const struct fixture *f, const char *piece)
{
    if (!strstr(f->answer, piece))
        fail_msg("no \"%s\" in:\n%.2000s", piece, f->answer);
}

#define HOST "Host: h\r\n"
#define BYE  "Connection: close\r\n"

/* ---- ordinary requests ---- */

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
    struct fixture *f = *state;
    int fd = connected(f);

    for (int i = 0; i < 3; i++) {
        says(fd, "POST /a HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nhi");
        hears_one(f, fd);
        answered(f, "body:hi\n");
        answered(f, "Connection: keep-alive\r\n");
    }
    close(fd);
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
    const char *length = strstr(f->answer, "Content-Length: ");
    assert_int_equal(strlen(body_of(f)), atol(length + 16));
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
    f->len = 0;
    while (!body_of(f))
        assert_true(hears_some(f, fd) > 0);
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

/* ---- refusals ---- */

static void refuses(struct fixture *f, const char *text, const char *why)
{
    asks(f, text);
    answered(f, "HTTP/1.1 400 ");
    answered(f, "Connection: close\r\n");
    answered(f, why);
}

static void doubtful_lengths_are_refused(void **state)
{
    refuses(*state,
            "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "[malformed] 2 Content-Length headers");
    refuses(*state, "POST / HTTP/1.1\r\n" HOST "Content-Length: 5x\r\n\r\nabcde",
            "[malformed] Content-Length: \"5x\" is not");
    refuses(*state, "POST / HTTP/1.1\r\n" HOST "Content-Length: abc\r\n\r\n",
            "[malformed] Content-Length: \"abc\" is not");
    refuses(*state, "POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n",
            "[malformed] Content-Length: \"-1\" is not");
    refuses(*state,
            "POST / HTTP/1.1\r\n" HOST
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
            "0\r\n\r\n",
            "[malformed] a chunked body and a Content-Length");
    refuses(*state, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n",
            "[malformed] Transfer-Encoding: gzip");
}

static void bad_chunks_are_refused(void **state)
{
    refuses(*state,
            "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
            "[malformed] a chunk of the body");
    refuses(*state,
            "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabcde\r\n",
            "[malformed] a chunk of the body");
}

static void lines_that_are_no_headers_are_refused(void **state)
{
    refuses(*state, "GET / HTTP/1.1\r\n" HOST "X-A: 1\r\n folded\r\nX-B: 2\r\n\r\n",
            "[malformed] the header X-A goes on in the next line");
    refuses(*state, "GET / HTTP/1.1\r\n" HOST ": nameless\r\n\r\n",
            "[malformed] the line behind the header Host is no header");
    refuses(*state, "GET / HTTP/1.1\r\n" HOST "X-\xc3\xa4: 1\r\n\r\n", "[malformed]");
    refuses(*state, "GET / HTTP/1.1\r\nHost : h\r\n\r\n", "[malformed] a space between");
    refuses(*state, "GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n",
            "[malformed] a header line");
}

static void more_than_64_headers_are_refused(void **state)
{
    char text[2000] = "GET / HTTP/1.1\r\n" HOST;

    for (int i = 0; i < 63; i++)
        strcat(text, "X-A: 1\r\n");
    size_t len = strlen(text);
    strcpy(text + len, BYE "\r\n");
    refuses(*state, text, "[headers too large] more than 64 headers");
    strcpy(text + len, "\r\n");
    int fd = connected(*state);
    says(fd, text);
    hears_one(*state, fd);
    answered(*state, "[sound]");
    close(fd);
}

static void large_headers_are_refused(void **state)
{
    static const size_t sizes[] = {20000, 100000, 1000000};
    char *text = malloc(1000100);

    for (size_t i = 0; i < 3; i++) {
        int n = snprintf(text, 100, "GET / HTTP/1.1\r\n" HOST "X-A: ");
        memset(text + n, 'a', sizes[i]);
        strcpy(text + n + sizes[i], "\r\n\r\n");
        refuses(*state, text, "[headers too large] headers of ");
    }
    free(text);
}

static void unknown_methods_are_refused_by_name(void **state)
{
    struct fixture *f = *state;

    refuses(f, "BREW /pot HTTP/1.1\r\n" HOST "\r\n",
            "[method unknown] the method \"BREW\"");
    answered(f, "BREW /pot ");
    refuses(f, "get / HTTP/1.1\r\n" HOST "\r\n", "[method unknown] the method \"get\"");
}

static void a_refused_request_has_nothing_of_the_one_before(void **state)
{
    struct fixture *f = *state;

    asks(f, "GET /secret?code=1 HTTP/1.1\r\n" HOST "\r\n\x01");
    answered(f, "GET /secret?code=1 ?code=1\n");
    answered(f, "[malformed] these bytes");
    answered(f, "\n  ?\nbody:\n");
    asks(f, "GET /secret?code=1 HTTP/1.1\r\n" HOST "\r\nBREW /pot?a=b HTTP/1.1\r\n\r\n");
    answered(f, "\nBREW /pot?a=b ?a=b\n");
}

static void other_first_lines_are_refused(void **state)
{
    refuses(*state, "GET / HTTP/2.0\r\n" HOST "\r\n", "[malformed] HTTP/2.0;");
    refuses(*state, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "[HTTP/2] the connection begins");
    refuses(*state, "GET /\r\n\r\n", "[malformed] the first line");
    refuses(*state, "GET path HTTP/1.1\r\n" HOST "\r\n",
            "[malformed] the target \"path\" is no path");
    refuses(*state, "GET / HTTP/1.1\r\n\r\n", "[malformed] no Host header");
}

static void garbage_is_refused(void **state)
{
    static const char nul[] = "GET / HTTP/1.1\r\nX: \0\r\n\r\n";
    struct fixture *f = *state;
    int fd = connected(f);

    refuses(f, "\x16\x03\x01\x02garbage\r\n\r\n",
            "[malformed] these bytes begin no HTTP request");
    says_bytes(fd, nul, sizeof(nul) - 1);
    hears_to_the_end(f, fd);
    answered(f, "[malformed]");
    fd = connected(f);
    says(fd, "GET / HT");
    shutdown(fd, SHUT_WR);
    hears_to_the_end(f, fd);
    answered(f, "[malformed] the connection ended inside the request's headers");
}

static void headers_that_never_end_are_refused(void **state)
{
    refuses(*state, "GET / HTTP/1.1\r\n" HOST, "did not end within 200 ms");
}

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
    long claimed = atol(strstr(f->answer, "Content-Length: ") + 16);
    assert_int_equal(strlen(body_of(f)), claimed / 2);
}

static void a_stalled_answer_sends_headers_alone(void **state)
{
    struct fixture *f = *state;
    int fd = connected(f);
    struct pollfd more = {.fd = fd, .events = POLLIN};

    says(fd, "GET /stall HTTP/1.1\r\n" HOST "\r\n");
    f->len = 0;
    while (!body_of(f))
        assert_true(hears_some(f, fd) > 0);
    answered(f, "Content-Length: ");
    assert_string_equal(body_of(f), "");
    assert_int_equal(poll(&more, 1, 20), 0);
    close(fd);
}

static void a_slow_body_takes_its_time_and_comes_whole(void **state)
{
    struct fixture *f = *state;
    int fd = connected(f);

    says(fd, "GET /slow?400 HTTP/1.1\r\n" HOST "\r\n");
    f->len = 0;
    while (!body_of(f))
        assert_true(hears_some(f, fd) > 0);
    int64_t began_ms = im_clock_monotonic_ms();
    size_t claimed = (size_t)atol(strstr(f->answer, "Content-Length: ") + 16);
    size_t heard = strlen(body_of(f));
    while (strlen(body_of(f)) < claimed)
        assert_true(hears_some(f, fd) > 0);
    /* what was there with the head, and a piece ahead, take no time */
    int64_t least_ms = (int64_t)(claimed - heard) * 1000 / 400 - 60;
    assert_true(heard < claimed);
    assert_true(im_clock_monotonic_ms() - began_ms >= least_ms);
    assert_int_equal(strlen(body_of(f)), claimed);

    f->len = 0; /* the connection is good for another */
    says(fd, "GET / HTTP/1.1\r\n" HOST "\r\n");
    while (!body_of(f))
        assert_true(hears_some(f, fd) > 0);
    answered(f, "HTTP/1.1 200 ");
    close(fd);
}

static void slow_bodies_end_when_the_peer_leaves_or_the_listener_stops(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 20; i++) { /* more of them than threads */
        int fd = connected(f);
        says(fd, "GET /slow?1 HTTP/1.1\r\n" HOST "\r\n");
        f->len = 0;
        while (!body_of(f))
            assert_true(hears_some(f, fd) > 0);
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
        f->len = 0;
        while (!body_of(f))
            assert_true(hears_some(f, fd) > 0);
        close(fd);
    }
}

/* ---- streams ---- */

static void ended_once(struct fixture *f)
{
    pthread_mutex_lock(&f->lock);
    while (atomic_load(&f->ends) == 0)
        pthread_cond_wait(&f->changed, &f->lock);
    pthread_mutex_unlock(&f->lock);
    assert_int_equal(atomic_load(&f->ends), 1);
}

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
    f->len = 0;
    while (!strstr(f->answer, "data: first\n\n"))
        assert_true(hears_some(f, fd) > 0);
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
    f->len = 0;
    while (!strstr(f->answer, "\r\n0\r\n\r\n"))
        assert_true(hears_some(f, fd) > 0);
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

/* ---- pauses ---- */

static void in_pause(struct fixture *f, int n)
{
    pthread_mutex_lock(&f->lock);
    while (f->paused < n)
        pthread_cond_wait(&f->changed, &f->lock);
    pthread_mutex_unlock(&f->lock);
}

static void pauses_last_as_long_as_they_say(void **state)
{
    struct fixture *f = *state;
    int64_t began = im_clock_monotonic_ms();

    asks(f, "GET /pause-short HTTP/1.1\r\n" HOST BYE "\r\n");
    assert_in_range(im_clock_monotonic_ms() - began, 150, AT_ONCE_MS);
    answered(f, "[sound]");
    assert_int_equal(f->resumed, 1);
}

static void a_pause_ends_when_it_is_woken(void **state)
{
    struct fixture *f = *state;
    int fd = connected(f);

    says(fd, "GET /pause HTTP/1.1\r\n" HOST "\r\n");
    in_pause(f, 1);
    f->waker->wake(f->waker);
    hears_one(f, fd);
    answered(f, "Connection: keep-alive");
    close(fd);
}

static void pauses_hold_no_thread(void **state)
{
    struct fixture *f = *state;
    int fds[100];

    for (int i = 0; i < 100; i++) {
        fds[i] = connected(f);
        says(fds[i], "GET /pause-short HTTP/1.1\r\n" HOST "\r\n");
    }
    in_pause(f, 100);
    for (int i = 0; i < 100; i++) {
        hears_one(f, fds[i]);
        close(fds[i]);
    }
    assert_int_equal(f->resumed, 100);
}

static void a_pause_for_nobody_ends(void **state)
{
    struct fixture *f = *state;
    int fd = connected(f);

    says(fd, "GET /pause-here HTTP/1.1\r\n" HOST "\r\n");
    in_pause(f, 1);
    close(fd);
    pthread_mutex_lock(&f->lock);
    while (f->resumed == 0)
        pthread_cond_wait(&f->changed, &f->lock);
    pthread_mutex_unlock(&f->lock);
}

static void a_stop_does_not_wait_for_pauses_for_ever(void **state)
{
    struct fixture *f = *state;
    int fd = connected(f);

    says(fd, "GET /pause HTTP/1.1\r\n" HOST "\r\n");
    in_pause(f, 1);
    int64_t began = im_clock_monotonic_ms();
    stops(f, 100);
    assert_in_range(im_clock_monotonic_ms() - began, 100, AT_ONCE_MS);
    hears_to_the_end(f, fd);
    assert_int_equal(f->len, 0);
}

/* ---- stopping ---- */

static void held(struct fixture *f, int n)
{
    pthread_mutex_lock(&f->lock);
    while (f->holding < n)
        pthread_cond_wait(&f->changed, &f->lock);
    pthread_mutex_unlock(&f->lock);
}

static void release(struct fixture *f, bool released)
{
    pthread_mutex_lock(&f->lock);
    f->released = released;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

/* Lets the held go once the listener is seen to stop: it does not accept any more. */
static void *release_when_stopping(void *context)
{
    struct fixture *f = context;

    while (!im_listener_stopping(f->listener))
        sched_yield();
    release(f, true);
    return NULL;
}

static void what_is_in_flight_is_finished(void **state)
{
    struct fixture *f = *state;
    int fd = connected(f);
    pthread_t thread;

    says(fd, "GET /hold HTTP/1.1\r\n" HOST "\r\n");
    held(f, 1);
    pthread_create(&thread, NULL, release_when_stopping, f);
    im_listener_stop(f->listener, PATIENCE_MS);
    pthread_join(thread, NULL);
    f->listener = NULL;
    hears_to_the_end(f, fd);
    answered(f, "[sound] \nGET /hold ");
    answered(f, "Connection: close\r\n");
    assert_int_equal(connect_to("127.0.0.1", f->port), -1);
}

static void an_idle_listener_stops_at_once(void **state)
{
    struct fixture *f = *state;
    int fds[6];

    for (int i = 0; i < 6; i++) {
        fds[i] = connected(f);
        says(fds[i], "GET / HTTP/1.1\r\n" HOST "\r\n");
        hears_one(f, fds[i]);
    }
    int64_t began = im_clock_monotonic_ms();
    stops(f, PATIENCE_MS);
    assert_in_range(im_clock_monotonic_ms() - began, 0, AT_ONCE_MS);
    for (int i = 0; i < 6; i++) {
        f->len = 0;
        assert_int_equal(hears_some(f, fds[i]), 0);
        close(fds[i]);
    }
}

static void stalls_and_streams_end_with_the_listener(void **state)
{
    struct fixture *f = *state;
    int stall = connected(f), quiet = connected(f);

    says(stall, "GET /stall HTTP/1.1\r\n" HOST "\r\n");
    says(quiet, "GET /quiet-stream HTTP/1.1\r\n" HOST "\r\n");
    f->len = 0;
    assert_true(hears_some(f, stall) > 0);
    assert_true(hears_some(f, quiet) > 0);
    int64_t began = im_clock_monotonic_ms();
    stops(f, PATIENCE_MS);
    assert_in_range(im_clock_monotonic_ms() - began, 0, AT_ONCE_MS);
    close(stall);
    close(quiet);
    ended_once(f);
}

static size_t open_descriptors(void)
{
    size_t n = 0;

    for (int fd = 0; fd < 1024; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void connections_that_said_nothing_are_closed(void **state)
{
    struct fixture *f = *state;
    struct im_listener_options options = options_for(f);
    int busy[2], waiting[5];
    size_t before = open_descriptors();

    options.threads = 2;
    listens(f, &options);
    for (int i = 0; i < 2; i++) {
        busy[i] = connected(f);
        says(busy[i], "GET /stall HTTP/1.1\r\n" HOST "\r\n");
        f->len = 0;
        assert_true(hears_some(f, busy[i]) > 0);
    }
    for (int i = 0; i < 5; i++)
        waiting[i] = connected(f);
    stops(f, 0);
    for (int i = 0; i < 5; i++)
        hears_to_the_end(f, waiting[i]);
    close(busy[0]);
    close(busy[1]);
    assert_int_equal(open_descriptors(), before);
}

/* ---- starting ---- */

static void a_taken_port_is_named(void **state)
{
    struct fixture *f = *state;
    struct im_listener_options options = options_for(f);
    struct im_error err = {.text = ""};
    char expected[400];

    options.http_port = f->port;
    assert_null(im_listener_start(&options, &err));
    snprintf(expected, sizeof(expected),
             "listening on 127.0.0.1:%d: address already in use (`ss -ltnp 'sport = "
             ":%d'` shows by whom); stop the other program or choose another port with "
             "--port (0 = any free one)",
             f->port, f->port);
    assert_string_equal(err.text, expected);
}

static void an_address_that_is_none_is_named(void **state)
{
    struct fixture *f = *state;
    struct im_listener_options options = options_for(f);
    struct im_error err = {.text = ""};

    options.bind = "my.host";
    assert_null(im_listener_start(&options, &err));
    assert_non_null(strstr(err.text, "listening on my.host: not an IP address"));
    options.bind = "203.0.113.7";
    assert_null(im_listener_start(&options, &err));
    assert_non_null(strstr(err.text, "this machine does not have that address"));
}

static void all_addresses_may_be_listened_on(void **state)
{
    struct fixture *f = *state;
    struct im_listener_options options = options_for(f);

    options.bind = "0.0.0.0, ::";
    listens(f, &options);
    assert_true(im_str_starts(im_listener_http_url(f->listener), "http://127.0.0.1:"));
    asks(f, "GET / HTTP/1.1\r\n" HOST BYE "\r\n");
    answered(f, "at http://127.0.0.1:");
}

static void ports_that_are_off_have_no_url(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(im_listener_https_url(f->listener).len, 0);
    assert_int_equal(im_listener_control_url(f->listener).len, 0);
}

static void the_control_port_is_its_own(void **state)
{
    struct fixture *f = *state;
    struct im_listener_options options = options_for(f);

    options.control_port = 0;
    listens(f, &options);
    int fd = connect_to("127.0.0.1", f->control_port);
    says(fd, "GET / HTTP/1.1\r\n" HOST BYE "\r\n");
    hears_to_the_end(f, fd);
    answered(f, " control\n");
    asks(f, "GET / HTTP/1.1\r\n" HOST BYE "\r\n");
    assert_null(strstr(f->answer, "control"));
}

static void *start_ask_stop(void *context)
{
    struct fixture *f = new_fixture();
    struct im_listener_options options = options_for(f);
    struct im_error err = {.text = ""};

    for (int i = 0; i < 3; i++) {
        f->listener = im_listener_start(&options, &err);
        if (!f->listener)
            continue;
        f->port = port_in(im_listener_http_url(f->listener));
        int fd = connect_to("127.0.0.1", f->port);
        says(fd, "GET / HTTP/1.1\r\n" HOST BYE "\r\n");
        hears_to_the_end(f, fd);
        if (strstr(f->answer, "[sound]"))
            atomic_fetch_add((atomic_int *)context, 1);
        stops(f, 1000);
    }
    free_fixture(f);
    return NULL;
}

static void listeners_start_and_stop_side_by_side(void **state)
{
    pthread_t threads[4];
    atomic_int fine = 0;

    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, start_ask_stop, &fine);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&fine), 12);
}

static void signals_stay_as_the_host_has_them(void **state)
{
    struct fixture *f = *state;
    struct im_listener_options options = options_for(f);
    struct sigaction pipe = {.sa_handler = SIG_DFL};
    sigset_t mask;

    sigaction(SIGPIPE, &pipe, NULL);
    listens(f, &options);
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    assert_false(sigismember(&mask, SIGTERM));
    sigaction(SIGPIPE, NULL, &pipe);
    assert_ptr_equal(pipe.sa_handler, SIG_DFL);
}

/* It would end this program. */
static void a_peer_that_does_not_wait_for_its_answer_is_no_broken_pipe(void **state)
{
    struct fixture *f = *state;
    struct sigaction pipe = {.sa_handler = SIG_DFL};

    sigaction(SIGPIPE, &pipe, NULL);
    for (int i = 0; i < 20; i++) {
        int fd = connected(f);
        says(fd,
             "GET /large HTTP/1.1\r\n" HOST "\r\nGET /large HTTP/1.1\r\n" HOST "\r\n");
        close(fd);
    }
    stops(f, PATIENCE_MS);
}

/* ---- many at once ---- */

static void nobody_starves_when_connections_outnumber_threads(void **state)
{
    struct fixture *f = *state;
    int fds[200];

    for (int i = 0; i < 200; i++) {
        fds[i] = connected(f);
        says(fds[i], "GET / HTTP/1.1\r\n" HOST "\r\n");
    }
    for (int i = 0; i < 200; i++) {
        hears_one(f, fds[i]);
        answered(f, "[sound]");
    }
    for (int i = 0; i < 200; i++)
        close(fds[i]);
}

/* All but one of the threads, more than there are at first; and again when they may rest. */
static void where_workers_are_held_up_others_go_on(void **state)
{
    struct fixture *f = *state;
    enum { HELD = 7, ROUNDS = 4 };
    int fds[HELD];

    for (int round = 1; round <= ROUNDS; round++) {
        release(f, false);
        for (int i = 0; i < HELD; i++) {
            fds[i] = connected(f);
            says(fds[i], "GET /hold HTTP/1.1\r\n" HOST BYE "\r\n");
        }
        held(f, round * HELD);
        asks(f, "GET /quick HTTP/1.1\r\n" HOST BYE "\r\n");
        answered(f, "GET /quick ");
        release(f, true);
        for (int i = 0; i < HELD; i++) {
            hears_to_the_end(f, fds[i]);
            answered(f, "[sound] \nGET /hold ");
        }
    }
}

/* They say nothing, or not enough; others do not notice. */
static void silent_connections_cost_no_thread(void **state)
{
    struct fixture *f = *state;
    int fds[300];

    for (int i = 0; i < 300; i++) {
        fds[i] = connected(f);
        if (i % 3 == 1)
            says(fds[i], "GET / HT");
        if (i % 3 == 2)
            says(fds[i], "POST / HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\nabc");
    }
    int64_t began = im_clock_monotonic_ms();
    asks(f, "GET /quick HTTP/1.1\r\n" HOST BYE "\r\n");
    answered(f, "GET /quick ");
    assert_in_range(im_clock_monotonic_ms() - began, 0, AT_ONCE_MS);
    for (int i = 0; i < 300; i++)
        close(fds[i]);
}

static void slow_readers_cost_no_thread(void **state)
{
    struct fixture *f = *state;
    int fds[30];

    for (int i = 0; i < 30; i++) {
        fds[i] = connected(f);
        says(fds[i], "GET /large HTTP/1.1\r\n" HOST BYE "\r\n");
    }
    asks(f, "GET /quick HTTP/1.1\r\n" HOST BYE "\r\n");
    answered(f, "GET /quick ");
    for (int i = 0; i < 30; i++) {
        hears_to_the_end(f, fds[i]);
        assert_true(f->len > 3 * 1024 * 1024);
    }
}

struct log_pipe {
    struct im_log_sink sink;
    struct im_log log;
    int read_end;
};

static void logs(struct log_pipe *log)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    im_log_open(&log->sink, ends[1]);
    close(ends[1]);
    log->log = (struct im_log){.enabled = true, .level = IM_LOG_WARN, .sink = &log->sink};
    log->read_end = ends[0];
}

/* All that stands in the log now. */
static size_t count_in_log(const struct log_pipe *log, const char *what)
{
    char text[8192] = "";
    struct pollfd ready = {.fd = log->read_end, .events = POLLIN};
    size_t n = 0;

    if (poll(&ready, 1, 0) == 1)
        assert_true(read(log->read_end, text, sizeof(text) - 1) > 0);
    for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
        n++;
    return n;
}

static void without_descriptors_connections_wait(void **state)
{
    struct fixture *f = *state;
    struct im_listener_options options = options_for(f);
    struct log_pipe log;
    struct rlimit before, low;
    int fds[3];

    logs(&log);
    options.log = &log.log;
    listens(f, &options);
    for (int i = 0; i < 3; i++) {
        fds[i] = connected(f);
        says(fds[i], "GET / HTTP/1.1\r\n" HOST "\r\n");
        hears_one(f, fds[i]);
    }
    getrlimit(RLIMIT_NOFILE, &before);
    low = before;
    int late = socket(AF_INET, SOCK_STREAM, 0); /* takes the last number */
    low.rlim_cur = (rlim_t)late + 1;
    setrlimit(RLIMIT_NOFILE, &low);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)f->port)};
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    assert_int_equal(connect(late, (struct sockaddr *)&to, sizeof(to)), 0);
    says(late, "GET /late HTTP/1.1\r\n" HOST BYE "\r\n");
    struct pollfd answer_there = {.fd = late, .events = POLLIN};
    assert_int_equal(poll(&answer_there, 1, 700), 0); /* several pauses long */
    setrlimit(RLIMIT_NOFILE, &before);
    hears_to_the_end(f, late);
    answered(f, "GET /late ");
    assert_int_equal(count_in_log(&log, "no connection can be accepted"), 1);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    stops(f, 1000);
    close(log.read_end);
    im_log_close(&log.sink);
}

static void beyond_its_bound_a_connection_is_told_so(void **state)
{
    struct fixture *f = *state;
    struct im_listener_options options = options_for(f);
    int fds[2];

    options.connections = 2;
    listens(f, &options);
    for (int i = 0; i < 2; i++) {
        fds[i] = connected(f);
        says(fds[i], "GET / HTTP/1.1\r\n" HOST "\r\n");
        hears_one(f, fds[i]);
        answered(f, "[sound]");
    }
    asks(f, "GET /third HTTP/1.1\r\n" HOST "\r\n");
    answered(
        f, "[over capacity] 2 connections are open, and no more are let in\nGET /third");
    answered(f, "Connection: close");
    close(fds[0]);
    says(fds[1], "GET / HTTP/1.1\r\n" HOST BYE "\r\n");
    hears_to_the_end(f, fds[1]);
    answered(f, "[sound]"); /* who was let in stays */
    stops(f, 1000);
}

/* ---- HTTPS ---- */

static SSL_CTX *trusting(const struct fixture *f)
{
    struct im_str pem = im_tls_ca_pem(f->tls);
    BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.len);
    X509 *ca = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), ca);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    X509_free(ca);
    BIO_free(bio);
    return ctx;
}

static SSL *handshaken(SSL_CTX *ctx, int fd, SSL_SESSION *session)
{
    SSL *ssl = SSL_new(ctx);

    SSL_set1_host(ssl, "localhost");
    SSL_set_tlsext_host_name(ssl, "localhost");
    SSL_set_fd(ssl, fd);
    if (session)
        SSL_set_session(ssl, session);
    if (SSL_connect(ssl) != 1)
        fail_msg("%s", X509_verify_cert_error_string(SSL_get_verify_result(ssl)));
    return ssl;
}

static void asks_safely(struct fixture *f, SSL *ssl, const char *text)
{
    int n;

    assert_int_equal(SSL_write(ssl, text, (int)strlen(text)), (int)strlen(text));
    f->len = 0;
    while ((n = SSL_read(ssl, f->answer + f->len, (int)(ANSWER_MAX - 1 - f->len))) > 0)
        f->len += (size_t)n;
    f->answer[f->len] = '\0';
}

static void https_convinces_a_client_that_trusts_the_ca(void **state)
{
    struct fixture *f = *state;
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

    for (size_t i = 0; i < 2; i++) {
        SSL_CTX *ctx = trusting(f);
        int fd = connect_to("127.0.0.1", f->https_port);
        SSL_CTX_set_min_proto_version(ctx, versions[i]);
        SSL_CTX_set_max_proto_version(ctx, versions[i]);
        SSL *ssl = handshaken(ctx, fd, NULL);
        asks_safely(f, ssl,
                    "POST /a HTTP/1.1\r\n" HOST BYE "Content-Length: 2\r\n\r\nhi");
        answered(f, "body:hi\nat https://127.0.0.1:");
        SSL_free(ssl);
        close(fd);
        SSL_CTX_free(ctx);
    }
}

static void a_session_is_resumed(void **state)
{
    struct fixture *f = *state;
    SSL_CTX *ctx = trusting(f);
    SSL_SESSION *session = NULL;

    for (int i = 0; i < 2; i++) {
        int fd = connect_to("127.0.0.1", f->https_port);
        SSL *ssl = handshaken(ctx, fd, session);
        assert_int_equal(SSL_session_reused(ssl), i);
        asks_safely(f, ssl, "GET /a HTTP/1.1\r\n" HOST BYE "\r\n");
        SSL_SESSION_free(session);
        session = SSL_get1_session(ssl);
        SSL_shutdown(ssl);
        SSL_free(ssl);
        close(fd);
    }
    SSL_SESSION_free(session);
    SSL_CTX_free(ctx);
}

static void damage_reaches_https_too(void **state)
{
    struct fixture *f = *state;
    SSL_CTX *ctx = trusting(f);
    int fd = connect_to("127.0.0.1", f->https_port);
    SSL *ssl = handshaken(ctx, fd, NULL);

    asks_safely(f, ssl, "GET /reset HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(f->len, 0);
    assert_int_equal(errno, ECONNRESET);
    SSL_free(ssl);
    close(fd);

    fd = connect_to("127.0.0.1", f->https_port);
    ssl = handshaken(ctx, fd, NULL);
    asks_safely(f, ssl, "GET /stream HTTP/1.1\r\n" HOST "\r\n");
    assert_string_equal(body_of(f), "data: 0\n\ndata: 1\n\ndata: 2\n\n");
    SSL_free(ssl);
    close(fd);
    SSL_CTX_free(ctx);
}

/* As a proxy has it that ends a tunnel here. */
static void tls_may_begin_in_the_middle_of_a_connection(void **state)
{
    struct fixture *f = *state;
    SSL_CTX *ctx = trusting(f);
    int fd = connected(f);

    says(fd, "GET /tls HTTP/1.1\r\n" HOST "\r\n");
    hears_one(f, fd);
    SSL *ssl = handshaken(ctx, fd, NULL);
    asks_safely(f, ssl, "GET /inside HTTP/1.1\r\n" HOST BYE "\r\n");
    answered(f, "[sound] \nGET /inside ");
    answered(f, "at https://127.0.0.1:");
    SSL_free(ssl);
    close(fd);
    SSL_CTX_free(ctx);
}

/* What follows the answer is left to whoever reads next. */
static void hears_no_more_than_one(struct fixture *f, int fd)
{
    f->len = 0;
    do {
        assert_int_equal(recv(fd, f->answer + f->len, 1, 0), 1);
        f->answer[++f->len] = '\0';
    } while (!body_of(f) ||
             body_of(f) - f->answer + atol(strstr(f->answer, "Content-Length: ") + 16) >
                 (long)f->len);
}

/* A client that does not wait for the answer before it says hello. */
static void tls_may_come_with_the_request_before_it(void **state)
{
    struct fixture *f = *state;
    SSL_CTX *ctx = trusting(f);
    SSL *ssl = SSL_new(ctx);
    BIO *out = BIO_new(BIO_s_mem());
    char hello[4096];
    int fd = connected(f);

    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), out);
    SSL_set_tlsext_host_name(ssl, "localhost");
    assert_int_equal(SSL_connect(ssl), -1);
    int n = snprintf(hello, sizeof(hello), "GET /tls HTTP/1.1\r\n" HOST "\r\n");
    n += BIO_read(out, hello + n, (int)sizeof(hello) - n);
    says_bytes(fd, hello, (size_t)n);
    hears_no_more_than_one(f, fd);
    SSL_set_fd(ssl, fd);
    assert_int_equal(SSL_connect(ssl), 1);
    asks_safely(f, ssl, "GET /inside HTTP/1.1\r\n" HOST BYE "\r\n");
    answered(f, "[sound] \nGET /inside ");
    SSL_free(ssl);
    close(fd);
    SSL_CTX_free(ctx);
}

static void http_at_the_https_port_is_told_so(void **state)
{
    struct fixture *f = *state;
    int fd = connect_to("127.0.0.1", f->https_port);

    says(fd, "GET / HTTP/1.1\r\n" HOST "\r\n");
    hears_to_the_end(f, fd);
    answered(f, "This port speaks HTTPS");
}

static void a_failed_handshake_leaves_nothing_behind(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 20; i++) {
        int fd = connect_to("127.0.0.1", f->https_port);
        says(fd, "neither TLS nor HTTP");
        hears_to_the_end(f, fd);
    }
    /* had they been counted as open or as closed, keep-alive would go wrong now */
    a_connection_is_kept_for_more_requests(state);
    nobody_starves_when_connections_outnumber_threads(state);
}

#define TEST(f)      cmocka_unit_test_setup_teardown(f, setup, teardown)
#define BARE(f)      cmocka_unit_test_setup_teardown(f, setup_bare, teardown)
#define IMPATIENT(f) cmocka_unit_test_setup_teardown(f, setup_impatient, teardown)
#define HTTPS(f)     cmocka_unit_test_setup_teardown(f, setup_https, teardown)

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
    TEST(doubtful_lengths_are_refused),
    TEST(bad_chunks_are_refused),
    TEST(lines_that_are_no_headers_are_refused),
    TEST(more_than_64_headers_are_refused),
    TEST(large_headers_are_refused),
    TEST(unknown_methods_are_refused_by_name),
    TEST(a_refused_request_has_nothing_of_the_one_before),
    TEST(other_first_lines_are_refused),
    TEST(garbage_is_refused),
    IMPATIENT(headers_that_never_end_are_refused),
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
    TEST(pauses_last_as_long_as_they_say),
    TEST(a_pause_ends_when_it_is_woken),
    TEST(pauses_hold_no_thread),
    TEST(a_pause_for_nobody_ends),
    TEST(a_stop_does_not_wait_for_pauses_for_ever),
    TEST(what_is_in_flight_is_finished),
    TEST(an_idle_listener_stops_at_once),
    TEST(stalls_and_streams_end_with_the_listener),
    BARE(connections_that_said_nothing_are_closed),
    TEST(a_taken_port_is_named),
    BARE(an_address_that_is_none_is_named),
    BARE(all_addresses_may_be_listened_on),
    TEST(ports_that_are_off_have_no_url),
    BARE(the_control_port_is_its_own),
    BARE(listeners_start_and_stop_side_by_side),
    BARE(signals_stay_as_the_host_has_them),
    TEST(a_peer_that_does_not_wait_for_its_answer_is_no_broken_pipe),
    TEST(nobody_starves_when_connections_outnumber_threads),
    TEST(where_workers_are_held_up_others_go_on),
    TEST(silent_connections_cost_no_thread),
    TEST(slow_readers_cost_no_thread),
    BARE(without_descriptors_connections_wait),
    BARE(beyond_its_bound_a_connection_is_told_so),
    HTTPS(https_convinces_a_client_that_trusts_the_ca),
    HTTPS(a_session_is_resumed),
    HTTPS(damage_reaches_https_too),
    HTTPS(tls_may_begin_in_the_middle_of_a_connection),
    HTTPS(tls_may_come_with_the_request_before_it),
    HTTPS(http_at_the_https_port_is_told_so),
    HTTPS(a_failed_handshake_leaves_nothing_behind),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
