/* What the tests of the listener share: a listener on ports of its own whose answers are told by the path, and a client
 * of bare sockets. */
#ifndef IM_TESTS_UNIT_LISTENER_LISTENING_H
#define IM_TESTS_UNIT_LISTENER_LISTENING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static inline void hold(struct fixture *f)
{
    pthread_mutex_lock(&f->lock);
    f->holding++;
    pthread_cond_broadcast(&f->changed);
    while (!f->released)
        pthread_cond_wait(&f->changed, &f->lock);
    pthread_mutex_unlock(&f->lock);
}

static inline bool next_piece(void *context, struct im_buf *piece)
{
    struct fixture *f = context;
    int n = atomic_fetch_add(&f->pieces, 1);

    im_buf_addf(piece, "data: %d\n\n", n);
    return n < 2;
}

static inline bool nothing_new(void *context, struct im_buf *piece)
{
    struct fixture *f = context;

    if (atomic_fetch_add(&f->pieces, 1) == 0)
        im_buf_addz(piece, "data: first\n\n");
    return true;
}

static inline void count_end(void *context)
{
    struct fixture *f = context;

    pthread_mutex_lock(&f->lock);
    atomic_fetch_add(&f->ends, 1);
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

static inline void stream(struct fixture *f, struct im_response *res,
                          bool (*pieces)(void *, struct im_buf *))
{
    im_buf_init(&res->body, res->arena, 0); /* else it is the first piece */
    res->stream = pieces;
    res->stream_again_ms = im_clock_monotonic_ms() + 60000;
    res->stream_end = count_end;
    res->stream_context = f;
}

static inline void resume(void *context)
{
    struct fixture *f = context;

    pthread_mutex_lock(&f->lock);
    f->waker = NULL;
    f->resumed++;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

/* /pause: 60 s, or until woken; /pause-short: 150 ms; /pause-here: as long as it is heard */
static inline void pause_answer(struct fixture *f, const struct im_request *req,
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

static inline void answer(void *context, struct im_request *req, struct im_response *res,
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

static inline int port_in(struct im_str url)
{
    return url.len ? atoi(strrchr(url.at, ':') + 1) : 0;
}

static inline struct im_listener_options options_for(struct fixture *f)
{
    return (struct im_listener_options){.http_port = 0,
                                        .https_port = IM_PORT_NONE,
                                        .control_port = IM_PORT_NONE,
                                        .proxy_port = IM_PORT_NONE,
                                        .threads = 8,
                                        .answer = answer,
                                        .context = f};
}

static inline void listens(struct fixture *f, const struct im_listener_options *options)
{
    struct im_error err = {.text = ""};

    f->listener = im_listener_start(options, &err);
    if (!f->listener)
        fail_msg("%s", err.text);
    f->port = port_in(im_listener_http_url(f->listener));
    f->https_port = port_in(im_listener_https_url(f->listener));
    f->control_port = port_in(im_listener_control_url(f->listener));
}

static inline struct fixture *new_fixture(void)
{
    struct fixture *f = calloc(1, sizeof(*f));

    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->changed, NULL);
    return f;
}

static inline void stops(struct fixture *f, int64_t grace_ms)
{
    im_listener_stop(f->listener, grace_ms);
    f->listener = NULL;
}

static inline void free_fixture(struct fixture *f)
{
    stops(f, 0);
    im_tls_free(f->tls);
    pthread_cond_destroy(&f->changed);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

static inline int setup_bare(void **state)
{
    *state = new_fixture();
    return 0;
}

static inline int setup(void **state)
{
    struct fixture *f = new_fixture();
    struct im_listener_options options = options_for(f);

    listens(f, &options);
    *state = f;
    return 0;
}

static inline int setup_impatient(void **state)
{
    struct fixture *f = new_fixture();
    struct im_listener_options options = options_for(f);

    options.request_timeout_ms = 200;
    listens(f, &options);
    *state = f;
    return 0;
}

static inline int teardown(void **state)
{
    free_fixture(*state);
    return 0;
}

#define TEST(f)      cmocka_unit_test_setup_teardown(f, setup, teardown)
#define BARE(f)      cmocka_unit_test_setup_teardown(f, setup_bare, teardown)
#define IMPATIENT(f) cmocka_unit_test_setup_teardown(f, setup_impatient, teardown)

/* A stream of the server has ended, and has not done so twice. */
static inline void ended_once(struct fixture *f)
{
    pthread_mutex_lock(&f->lock);
    while (atomic_load(&f->ends) == 0)
        pthread_cond_wait(&f->changed, &f->lock);
    pthread_mutex_unlock(&f->lock);
    assert_int_equal(atomic_load(&f->ends), 1);
}

/* ---- the client ---- */

static inline int connect_to(const char *address, int port)
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

static inline int connected(const struct fixture *f)
{
    int fd = connect_to("127.0.0.1", f->port);

    assert_true(fd >= 0);
    return fd;
}

static inline void says_bytes(int fd, const char *at, size_t len)
{
    while (len) {
        ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
        if (n <= 0)
            return; /* the other side has heard enough */
        at += n;
        len -= (size_t)n;
    }
}

static inline void says(int fd, const char *text)
{
    says_bytes(fd, text, strlen(text));
}

/* One more piece of the answer. 0 at its end, -1 with errno when it broke. */
static inline ssize_t hears_some(struct fixture *f, int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
    ssize_t n = recv(fd, f->answer + f->len, ANSWER_MAX - 1 - f->len, 0);
    if (n > 0)
        f->len += (size_t)n;
    f->answer[f->len] = '\0';
    return n;
}

static inline void hears_to_the_end(struct fixture *f, int fd)
{
    f->len = 0;
    f->answer[0] = '\0';
    while (hears_some(f, fd) > 0)
        continue;
    close(fd);
}

static inline const char *body_of(const struct fixture *f)
{
    const char *end = strstr(f->answer, "\r\n\r\n");

    return end ? end + 4 : NULL;
}

/* As far as this text, and perhaps further. */
static inline void hears_until(struct fixture *f, int fd, const char *text)
{
    f->len = 0;
    f->answer[0] = '\0';
    while (!strstr(f->answer, text))
        assert_true(hears_some(f, fd) > 0);
}

/* At least the head of an answer. */
static inline void hears_head(struct fixture *f, int fd)
{
    hears_until(f, fd, "\r\n\r\n");
}

/* The length that the answer says its body has. */
static inline size_t claimed_length(const struct fixture *f)
{
    const char *length = strstr(f->answer, "Content-Length: ");

    assert_non_null(length);
    return (size_t)atol(length + strlen("Content-Length: "));
}

/* One answer with a Content-Length; the connection stays open. */
static inline void hears_one(struct fixture *f, int fd)
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
static inline void asks(struct fixture *f, const char *text)
{
    int fd = connected(f);

    says(fd, text);
    hears_to_the_end(f, fd);
}

static inline void answered(const struct fixture *f, const char *piece)
{
    if (!strstr(f->answer, piece))
        fail_msg("no \"%s\" in:\n%.2000s", piece, f->answer);
}

#define HOST "Host: h\r\n"
#define BYE  "Connection: close\r\n"

/* A connection that has had its first answer and stays open. */
static inline int served(struct fixture *f)
{
    int fd = connected(f);

    says(fd, "GET / HTTP/1.1\r\n" HOST "\r\n");
    hears_one(f, fd);
    answered(f, "[sound]");
    return fd;
}

/* One connection, three requests. */
static inline void keeps_a_connection(struct fixture *f)
{
    int fd = connected(f);

    for (int i = 0; i < 3; i++) {
        says(fd, "POST /a HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nhi");
        hears_one(f, fd);
        answered(f, "body:hi\n");
        answered(f, "Connection: keep-alive\r\n");
    }
    close(fd);
}

static inline void serves_more_connections_than_threads(struct fixture *f)
{
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

static inline void held(struct fixture *f, int n)
{
    pthread_mutex_lock(&f->lock);
    while (f->holding < n)
        pthread_cond_wait(&f->changed, &f->lock);
    pthread_mutex_unlock(&f->lock);
}

/* Lets the held go, or from now on holds those that come. */
static inline void release(struct fixture *f, bool released)
{
    pthread_mutex_lock(&f->lock);
    f->released = released;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

#endif
