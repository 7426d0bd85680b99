/* The start and the stop. The start is over when a request of
 * our own was answered, so that a limit of the system which lets sockets listen but
 * nothing answer is found before anybody is told the address. */
#include "listener/listener.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/tls.h"
#include "listener/civetweb.h"
#include "listener/inside.h"

enum { DEFAULT_THREADS = 200, DEFAULT_TIMEOUT_MS = 5000, DEFAULT_CONNECTIONS = 20000 };

/* ---- our own first request ---- */

static bool refuse_probe(struct im_error *err, const char *why)
{
    return im_error_set(
        err,
        "starting to listen: a first request of our own was not answered: "
        "%s; a limit of open files (ulimit -n), of threads (ulimit -u, a "
        "container's pids limit) or of memory (ulimit -v) may be reached",
        why);
}

/* Whatever is on: the address that we listen on, or the loopback for all of them. */
static void probe_target(const struct im_listener *l, union im_address *to)
{
    int role = 0;

    while (role < IM_ROLES - 1 && l->ports[role].number == IM_PORT_NONE)
        role++;
    const char *text = l->ports[role].addresses.items[0].text;
    if (im_address_is_wildcard(text))
        text = l->ports[role].addresses.items[0].v6 ? "::1" : "127.0.0.1";
    im_address_read(text, l->ports[role].number, to);
}

/* From a port that is known before, so that it can be told from anybody else's. */
static bool probe_connect(struct im_listener *l, int fd, const union im_address *to)
{
    union im_address from;
    socklen_t len = sizeof(from);

    im_address_read(to->any.sa_family == AF_INET6 ? "::" : "0.0.0.0", 0, &from);
    if (bind(fd, &from.any, im_address_length(&from)) != 0 ||
        getsockname(fd, &from.any, &len) != 0)
        return false;
    atomic_store(&l->probe_port, im_address_port(&from));
    return connect(fd, &to->any, im_address_length(to)) == 0;
}

static bool probe_ask(struct im_listener *l, int fd, struct im_error *err)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    struct pollfd answered = {.fd = fd, .events = POLLIN};
    union im_address to;
    char answer[16] = "";

    probe_target(l, &to);
    if (!probe_connect(l, fd, &to) ||
        send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) < 0)
        return refuse_probe(err, strerror(errno));
    if (poll(&answered, 1, l->options.request_timeout_ms) != 1)
        return refuse_probe(err, "none came in time");
    if (recv(fd, answer, sizeof(answer) - 1, 0) <= 0 ||
        strncmp(answer, "HTTP/1.1 204", 12) != 0)
        return refuse_probe(err, "the connection ended");
    while (recv(fd, answer, sizeof(answer), 0) > 0) /* until nothing is left of it */
        continue;
    return true;
}

static bool probe(struct im_listener *l, struct im_error *err)
{
    union im_address to;

    probe_target(l, &to);
    int fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return refuse_probe(err, strerror(errno));
    bool fine = probe_ask(l, fd, err);
    atomic_store(&l->probe_port, 0);
    close(fd);
    return fine;
}

/* ---- starting ---- */

struct tls_setup {
    struct im_tls *tls;
    struct im_error *err;
};

static bool configure_tls(void *ssl_ctx, void *context)
{
    const struct tls_setup *setup = context;

    return im_tls_configure(setup->tls, ssl_ctx, setup->err);
}

static bool make_tls(struct im_listener *l, struct im_error *err)
{
    struct tls_setup setup = {l->options.tls, err};

    if (l->options.https_port == IM_PORT_NONE && l->options.proxy_port == IM_PORT_NONE)
        return true;
    if (!l->options.tls)
        return im_error_set(err, "starting to listen: TLS without a certificate");
    err->text[0] = '\0';
    l->tls = im_civetweb_tls(configure_tls, &setup);
    if (!l->tls && !err->text[0])
        im_error_set(err, "preparing TLS: out of memory");
    return l->tls != NULL;
}

/* Signals belong to the host program's own threads, and SIGPIPE must not reach anybody
 * for a socket of ours: the threads inherit this mask. */
static void block_signals(sigset_t *before)
{
    sigset_t all;

    sigfillset(&all);
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGBUS);
    sigdelset(&all, SIGFPE);
    sigdelset(&all, SIGILL);
    sigdelset(&all, SIGABRT);
    pthread_sigmask(SIG_BLOCK, &all, before);
}

static bool start(struct im_listener *l, struct im_error *err)
{
    sigset_t before;

    if (!make_tls(l, err))
        return false;
    block_signals(&before);
    l->reactor = im_reactor_new(l->options.threads, l->options.log, err);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (l->options.proxy_dials && !(l->resolver = im_resolver_new()))
        return im_error_set(err, "starting to listen: out of memory");
    return l->reactor && im_ports_open(l, err) && probe(l, err);
}

struct im_listener *im_listener_start(const struct im_listener_options *options,
                                      struct im_error *err)
{
    struct im_listener *l = calloc(1, sizeof(*l));

    if (!l) {
        im_error_set(err, "starting to listen: out of memory");
        return NULL;
    }
    l->options = *options;
    if (l->options.threads <= 0)
        l->options.threads = DEFAULT_THREADS;
    if (l->options.connections <= 0)
        l->options.connections = DEFAULT_CONNECTIONS;
    if (l->options.request_timeout_ms <= 0)
        l->options.request_timeout_ms = DEFAULT_TIMEOUT_MS;
    for (int role = 0; role < IM_ROLES; role++)
        l->ports[role].number = IM_PORT_NONE;
    im_arena_init(&l->arena, 0);
    pthread_mutex_init(&l->lock, NULL);
    im_cond_init(&l->changed);
    if (start(l, err))
        return l;
    im_listener_stop(l, 0);
    return NULL;
}

/* ---- stopping ---- */

static void wait_idle(struct im_listener *l, int64_t grace_ms)
{
    struct timespec when = im_cond_deadline(grace_ms);

    pthread_mutex_lock(&l->lock);
    while (atomic_load(&l->in_flight) > 0)
        if (pthread_cond_timedwait(&l->changed, &l->lock, &when) == ETIMEDOUT)
            break;
    pthread_mutex_unlock(&l->lock);
}

void im_listener_stop(struct im_listener *l, int64_t grace_ms)
{
    sigset_t before;

    if (!l)
        return;
    atomic_store(&l->stopping, true);
    if (l->reactor) {
        im_ports_wake(l);
        im_connections_wake(l);
        wait_idle(l, grace_ms);
        atomic_store(&l->closing, true);
        im_resolver_free(l->resolver); /* no look-up hands anything to the reactor now */
        im_reactor_stop(l->reactor);
        block_signals(&before); /* TLS may have a farewell to say to who has left */
        im_connections_free(l);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        im_upstreams_free(l);
        im_ports_close(l);
    }
    im_reactor_free(l->reactor);
    im_civetweb_free_tls(l->tls);
    pthread_cond_destroy(&l->changed);
    pthread_mutex_destroy(&l->lock);
    im_arena_release(&l->arena);
    free(l);
}

struct im_str im_listener_http_url(const struct im_listener *listener)
{
    return listener->ports[IM_ROLE_HTTP].url;
}

struct im_str im_listener_https_url(const struct im_listener *listener)
{
    return listener->ports[IM_ROLE_HTTPS].url;
}

struct im_str im_listener_control_url(const struct im_listener *listener)
{
    return listener->ports[IM_ROLE_CONTROL].url;
}

struct im_str im_listener_proxy_url(const struct im_listener *listener)
{
    return listener->ports[IM_ROLE_PROXY].url;
}

bool im_listener_stopping(const struct im_listener *listener)
{
    return atomic_load(&listener->stopping);
}
