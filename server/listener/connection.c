/* Connections: how they come, are run step by step, and go. A connection is an object of
 * its own and no thread's: whoever runs it takes it as far as it goes, and it waits
 * without a thread. It is never freed while the listener lives, but used again
 * (listener/reactor.h says why). */
#define _GNU_SOURCE /* accept4; NOLINT(cert-dcl51-cpp) */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "listener/inside.h"

enum {
    IN_FIRST = 4096,
    SHORT_PAUSE_MS = 200, /* when there is no socket to accept with */
    LINGER_MS = 500,
    LINGER_MAX = 16 * 1024
};

void im_listener_say(const struct im_listener *l, enum im_log_level level,
                     const char *event, const char *why)
{
    struct im_log_field fields[] = {{"why", im_str(why)}, {NULL, {NULL, 0}}};

    if (l->options.log && im_log_wants(l->options.log, level))
        im_log_line(l->options.log, level, im_clock_real_ms(), event, fields);
}

/* ---- reading and writing ---- */

bool im_connection_late(const struct im_connection *c)
{
    return c->until_ms != INT64_MAX && im_clock_monotonic_ms() >= c->until_ms;
}

static bool grow_input(struct im_connection *c)
{
    size_t room = c->in_room ? 2 * c->in_room : IN_FIRST;
    char *in = realloc(c->in, room);

    if (!in)
        return false;
    c->in = in;
    c->in_room = room;
    return true;
}

ssize_t im_connection_fill(struct im_connection *c)
{
    if (c->drained && !atomic_load(&c->task.hung_up))
        return IM_CHANNEL_AGAIN;
    if (c->in_len == c->in_room && !grow_input(c))
        return IM_CHANNEL_BROKEN;
    size_t room = c->in_room - c->in_len;
    ssize_t n = im_channel_read(&c->channel, c->in + c->in_len, room);
    if (n > 0)
        c->in_len += (size_t)n;
    /* TLS may keep back what the socket does not show */
    c->drained = n == IM_CHANNEL_AGAIN || (n > 0 && (size_t)n < room && !c->channel.ssl);
    return n;
}

void im_connection_use(struct im_connection *c, size_t bytes)
{
    c->in_len -= bytes;
    memmove(c->in, c->in + bytes, c->in_len);
}

static enum im_step_result step_send(struct im_connection *c)
{
    while (c->out.len) {
        if (c->now)
            c->now->res.written_us = im_clock_monotonic_us();
        ssize_t n = im_channel_write(&c->channel, c->out);
        if (n == IM_CHANNEL_AGAIN)
            return im_connection_late(c) ? IM_STEP_CLOSE : IM_STEP_WAIT;
        if (n < 0)
            return IM_STEP_CLOSE;
        c->out.at += n;
        c->out.len -= (size_t)n;
        c->until_ms = im_clock_monotonic_ms() + c->listener->options.request_timeout_ms;
    }
    c->until_ms = INT64_MAX;
    c->step = c->sent;
    return IM_STEP_NEXT;
}

enum im_step_result im_connection_send(
    struct im_connection *c, struct im_str bytes,
    enum im_step_result (*sent)(struct im_connection *c))
{
    c->out = bytes;
    c->sent = sent;
    c->step = step_send;
    c->until_ms = im_clock_monotonic_ms() + c->listener->options.request_timeout_ms;
    return IM_STEP_NEXT;
}

/* ---- TLS ---- */

enum im_step_result im_connection_begin(struct im_connection *c)
{
    if (!c->serial && !c->probe)
        c->serial = atomic_fetch_add(&c->listener->serial, 1) + 1;
    c->began_us = im_clock_monotonic_us();
    c->until_ms = im_clock_monotonic_ms() + c->listener->options.request_timeout_ms;
    c->step = im_exchange_begin;
    return IM_STEP_NEXT;
}

/* With TLS 1.3 a client that is refused already sends its request. Were the connection
 * closed before that is taken, its reset would overtake the alert that says why. */
static enum im_step_result step_linger(struct im_connection *c)
{
    size_t room = LINGER_MAX;

    if (!im_channel_discard(&c->channel, &room) || im_connection_late(c) ||
        im_listener_stopping(c->listener))
        return IM_STEP_CLOSE;
    return IM_STEP_WAIT;
}

enum im_step_result im_connection_linger(struct im_connection *c)
{
    im_channel_finish(&c->channel);
    c->until_ms = im_clock_monotonic_ms() + LINGER_MS;
    c->step = step_linger;
    return IM_STEP_NEXT;
}

/* Of a handshake that failed in a tunnel more is known than OpenSSL says: whom the client
 * meant, and what a scenario has spoilt. */
static enum im_step_result tunnel_handshake_failed(struct im_connection *c,
                                                   const char *why)
{
    const struct im_tls_hello *hello = c->hello;
    char text[600];

    if (hello->fault != IM_FAULT_NONE) {
        snprintf(text, sizeof(text), "as the scenario wants it (%s): %s",
                 im_fault_name(hello->fault), *why ? why : "the client left");
        im_listener_say(c->listener, IM_LOG_INFO, "TLS handshake failed", text);
        return im_connection_linger(c);
    }
    if (hello->other)
        snprintf(text, sizeof(text),
                 "the client asked for the host %s, but in the handshake (SNI) for %s",
                 hello->host, hello->name);
    else
        snprintf(
            text, sizeof(text), "%s",
            *why ? why
            : hello->said
                ? "the client left during the handshake without an alert: it may not "
                  "trust our CA (set SSL_CERT_FILE, or what its runtime reads "
                  "instead), or take one certificate only (pinning)"
                : "the client left before the handshake");
    im_listener_say(c->listener, IM_LOG_WARN, "TLS handshake failed", text);
    return im_exchange_tls_failed(c, text);
}

static enum im_step_result step_handshake(struct im_connection *c)
{
    struct im_error err = {.text = ""};
    int done = im_channel_handshake(&c->channel, &err);

    if (done == IM_CHANNEL_AGAIN)
        return im_connection_late(c) || im_listener_stopping(c->listener) ? IM_STEP_CLOSE
                                                                          : IM_STEP_WAIT;
    if (done == 1)
        return im_connection_begin(c);
    if (c->hello && c->hello->host[0])
        return tunnel_handshake_failed(c, err.text);
    im_listener_say(c->listener, err.text[0] ? IM_LOG_INFO : IM_LOG_DEBUG,
                    "TLS handshake failed", err.text[0] ? err.text : "the client left");
    return im_connection_linger(c);
}

enum im_step_result im_connection_secure(struct im_connection *c)
{
    if (!c->listener->tls ||
        !im_channel_secure(&c->channel, c->listener->tls, c->in, c->in_len))
        return IM_STEP_CLOSE;
    im_channel_meet(&c->channel, c->hello);
    c->in_len = 0;
    if (strncmp(c->base, "http:", 5) == 0) {
        memmove(c->base + 5, c->base + 4, strlen(c->base + 4) + 1);
        c->base[4] = 's';
    }
    c->until_ms = im_clock_monotonic_ms() + c->listener->options.request_timeout_ms;
    c->step = step_handshake;
    return IM_STEP_NEXT;
}

/* ---- running ---- */

static void list_connection(struct im_connection *c)
{
    struct im_listener *l = c->listener;

    pthread_mutex_lock(&l->lock);
    c->previous = NULL;
    c->next = l->open;
    if (l->open)
        l->open->previous = c;
    l->open = c;
    c->too_many = ++l->open_count > l->options.connections;
    pthread_mutex_unlock(&l->lock);
}

static void unlist_connection(struct im_connection *c)
{
    struct im_listener *l = c->listener;

    pthread_mutex_lock(&l->lock);
    if (c->next)
        c->next->previous = c->previous;
    if (c->previous)
        c->previous->next = c->next;
    else
        l->open = c->next;
    l->open_count--;
    c->next = l->recycled;
    l->recycled = c;
    pthread_mutex_unlock(&l->lock);
}

static void connection_close(struct im_connection *c)
{
    struct im_listener *l = c->listener;

    im_reactor_unwatch(l->reactor, &c->task);
    im_channel_close(&c->channel);
    im_exchange_end(c); /* after the close: whoever waits for the end has seen it */
    im_upstream_drop(c);
    free(c->in);
    free(c->hello);
    c->in = NULL;
    c->hello = NULL;
    unlist_connection(c);
}

static bool connection_run(struct im_task *task)
{
    struct im_connection *c = (struct im_connection *)(void *)task;
    enum im_step_result next;

    c->drained = false;
    do
        next = c->step(c);
    while (next == IM_STEP_NEXT && !atomic_load(&c->listener->closing));
    if (next == IM_STEP_WAIT || next == IM_STEP_NEXT) {
        im_reactor_due(c->listener->reactor, task, c->until_ms);
        return true;
    }
    connection_close(c);
    return false;
}

static void connection_wake(struct im_waker *waker)
{
    struct im_connection *c =
        (struct im_connection *)(void *)((char *)waker -
                                         offsetof(struct im_connection, waker));

    atomic_store(&c->woken, true);
    im_reactor_wake(c->listener->reactor, &c->task);
}

void im_connections_wake(struct im_listener *l)
{
    pthread_mutex_lock(&l->lock);
    for (struct im_connection *c = l->open; c; c = c->next)
        im_reactor_wake(l->reactor, &c->task);
    pthread_mutex_unlock(&l->lock);
}

void im_connections_free(struct im_listener *l)
{
    while (l->open)
        connection_close(l->open);
    while (l->recycled) {
        struct im_connection *c = l->recycled;
        l->recycled = c->next;
        free(c);
    }
}

/* ---- accepting ---- */

/* Zeroed but for what the reactor may still look at. */
static struct im_connection *take_connection(struct im_listener *l)
{
    pthread_mutex_lock(&l->lock);
    struct im_connection *c = l->recycled;
    if (c)
        l->recycled = c->next;
    pthread_mutex_unlock(&l->lock);
    if (!c)
        return calloc(1, sizeof(*c));
    size_t kept = offsetof(struct im_connection, waker);
    memset((char *)c + kept, 0, sizeof(*c) - kept);
    return c;
}

/* The address a connection came from, and the one it arrived at, which must be asked for
 * only where the acceptor stands for all addresses of the machine. */
static void describe_connection(struct im_connection *c,
                                const struct im_acceptor *acceptor,
                                const union im_address *peer)
{
    union im_address local;
    socklen_t len = sizeof(local);
    char text[INET6_ADDRSTRLEN] = "";
    int port = acceptor->port->number;

    im_address_text(peer, text);
    c->from_loopback = im_host_is_loopback(im_str(text));
    snprintf(c->peer, sizeof(c->peer), acceptor->v6 ? "[%s]:%d" : "%s:%d", text,
             im_address_port(peer));
    if (acceptor->address)
        snprintf(text, sizeof(text), "%s", acceptor->address);
    else if (getsockname(c->channel.fd, &local.any, &len) != 0 ||
             !im_address_text(&local, text))
        snprintf(text, sizeof(text), "%s", acceptor->v6 ? "::1" : "127.0.0.1");
    snprintf(c->base, sizeof(c->base), acceptor->v6 ? "%s://[%s]:%d" : "%s://%s:%d",
             acceptor->role == IM_ROLE_HTTPS && !c->probe ? "https" : "http", text, port);
}

static bool open_connection(struct im_acceptor *acceptor, int fd,
                            const union im_address *peer)
{
    struct im_listener *l = acceptor->listener;
    struct im_connection *c = take_connection(l);
    int on = 1;

    if (!c)
        return false;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    c->task.run = connection_run;
    c->task.fd = fd;
    c->waker.wake = connection_wake;
    c->listener = l;
    c->channel.fd = fd;
    c->probe = im_address_port(peer) == atomic_load(&l->probe_port);
    c->on_control_port = acceptor->role == IM_ROLE_CONTROL;
    c->at_proxy = acceptor->role == IM_ROLE_PROXY;
    c->sandbox_must_be = im_port_sandbox(acceptor) != NULL;
    if (c->sandbox_must_be)
        snprintf(c->sandbox, sizeof(c->sandbox), "%s", im_port_sandbox(acceptor));
    describe_connection(c, acceptor, peer);
    if (acceptor->role == IM_ROLE_HTTPS && !c->probe) {
        c->until_ms = im_clock_monotonic_ms() + l->options.request_timeout_ms;
        c->step = im_connection_secure; /* not before it has said something */
    } else {
        im_connection_begin(c);
    }
    list_connection(c);
    if (im_reactor_watch(l->reactor, &c->task, c->until_ms))
        return true;
    unlist_connection(c);
    return false;
}

/* Nothing can be accepted, and connections that wait stay in the backlog. One warning, until
 * it is over. */
static bool acceptor_is_short(struct im_acceptor *acceptor, int why)
{
    struct im_listener *l = acceptor->listener;
    char text[200];

    if (!acceptor->short_of_sockets) {
        snprintf(text, sizeof(text),
                 "%s; connections wait until others end. More are possible with a higher "
                 "limit (ulimit -n)",
                 strerror(why));
        im_listener_say(l, IM_LOG_WARN, "no connection can be accepted", text);
    }
    acceptor->short_of_sockets = true;
    im_reactor_due(l->reactor, &acceptor->task, im_clock_monotonic_ms() + SHORT_PAUSE_MS);
    return true;
}

bool im_acceptor_run(struct im_task *task)
{
    struct im_acceptor *acceptor = (struct im_acceptor *)(void *)task;
    union im_address peer;
    int why;

    while (!im_port_is_closing(acceptor)) {
        socklen_t len = sizeof(peer);
        int fd = accept4(task->fd, &peer.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        why = errno;
        if (fd >= 0 && open_connection(acceptor, fd, &peer))
            continue;
        if (fd >= 0) {
            why = ENOMEM;
            close(fd);
        }
        if (why == EMFILE || why == ENFILE || why == ENOBUFS || why == ENOMEM)
            return acceptor_is_short(acceptor, why);
        if (why == EAGAIN || why == EWOULDBLOCK) {
            acceptor->short_of_sockets = false;
            return true;
        }
    }
    im_reactor_unwatch(acceptor->listener->reactor, task);
    close(task->fd);
    task->fd = -1;
    im_port_acceptor_closed(acceptor);
    return false;
}
