/* Connections to somebody else's server, for a proxy that passes on. An upstream is a task
 * of its own beside its client's connection: it connects by itself, and once it is open it
 * only tells the client's connection, which does all reading and writing (tunnel.c), that
 * there is something to do.
 *
 * Two have it, the client's connection and the engine (a look-up, then the reactor); the one
 * that lets it go last puts it back. A name is resolved once, and what was found is checked
 * before it is connected to: a name that leads to this machine or to an intercepted host by
 * a detour (DNS rebinding, CNAME) is refused. */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "listener/upstream.h"

enum {
    UPSTREAMS_MAX = 1000,
    CONNECT_MS = 4000 /* for each address; all of them have less than the client waits */
};

/* ---- which addresses ---- */

static bool is_loopback_v4(uint32_t address)
{
    return address >> 24 == 127 ||
           address == 0; /* 0.0.0.0 leads to this machine as well */
}

/* This machine, or what is reached only from its own link (169.254.169.254 tells the secrets
 * of a machine in a cloud) or by many at once. */
static bool is_local(const union im_address *address)
{
    const struct in6_addr *v6 = &address->v6.sin6_addr;
    uint32_t v4 = ntohl(address->v4.sin_addr.s_addr);

    if (address->any.sa_family == AF_INET6) {
        if (!IN6_IS_ADDR_V4MAPPED(v6))
            return IN6_IS_ADDR_LOOPBACK(v6) || IN6_IS_ADDR_UNSPECIFIED(v6) ||
                   IN6_IS_ADDR_LINKLOCAL(v6) || IN6_IS_ADDR_MULTICAST(v6);
        memcpy(&v4, &v6->s6_addr[12], sizeof(v4));
        v4 = ntohl(v4);
    }
    return is_loopback_v4(v4) || v4 >> 16 == 0xa9fe || v4 >> 28 == 0xe;
}

/* Leaves out what the client must not be led to. */
static void keep_allowed(struct im_upstream *u)
{
    size_t kept = 0;

    if (u->local)
        return;
    for (size_t i = 0; i < u->found.count; i++)
        if (!is_local(&u->found.items[i]))
            u->found.items[kept++] = u->found.items[i];
    if (u->found.count && !kept)
        snprintf(u->found.why, sizeof(u->found.why),
                 "it leads to this machine or its own link, which is passed for clients "
                 "on this machine alone");
    u->found.count = kept;
}

static void add_address(struct im_upstream *u, const char *text)
{
    if (im_address_read(text, u->port, &u->found.items[u->found.count]))
        u->found.count++;
}

/* ---- lifetime ---- */

static struct im_upstream *upstream_take(struct im_listener *l)
{
    pthread_mutex_lock(&l->lock);
    struct im_upstream *u = l->recycled_upstreams;
    bool room = l->upstream_count < UPSTREAMS_MAX;
    if (room && u)
        l->recycled_upstreams = u->next_recycled;
    l->upstream_count += room;
    pthread_mutex_unlock(&l->lock);
    if (!room || u)
        return room ? u : NULL;
    u = calloc(1, sizeof(*u));
    pthread_mutex_lock(&l->lock);
    if (u) {
        u->next = l->upstreams;
        l->upstreams = u;
    } else {
        l->upstream_count--;
    }
    pthread_mutex_unlock(&l->lock);
    return u;
}

static void upstream_unref(struct im_upstream *u)
{
    struct im_listener *l = u->listener;

    if (atomic_fetch_sub(&u->users, 1) != 1)
        return;
    free(u->first);
    u->first = NULL;
    pthread_mutex_lock(&l->lock);
    u->next_recycled = l->recycled_upstreams;
    l->recycled_upstreams = u;
    l->upstream_count--;
    pthread_mutex_unlock(&l->lock);
}

void im_upstreams_free(struct im_listener *l)
{
    while (l->upstreams) {
        struct im_upstream *u = l->upstreams;
        l->upstreams = u->next;
        if (u->channel.fd > 0)
            close(u->channel.fd);
        free(u->first);
        free(u);
    }
}

void im_upstream_drop(struct im_connection *c)
{
    struct im_upstream *u = c->upstream;

    if (!u)
        return;
    c->upstream = NULL;
    atomic_store(&u->over, true);
    im_reactor_wake(c->listener->reactor, &u->task);
    upstream_unref(u);
}

/* ---- connecting ---- */

static void upstream_tell(struct im_upstream *u, enum im_dial_state state)
{
    atomic_store(&u->state, state);
    u->client->waker.wake(&u->client->waker);
}

/* The engine's last step. */
static void upstream_fail(struct im_upstream *u)
{
    upstream_tell(u, IM_DIAL_FAILED);
    upstream_unref(u);
}

static int begin_connect(const union im_address *to)
{
    int on = 1,
        fd = socket(to->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(fd, &to->any, im_address_length(to)) == 0 || errno == EINPROGRESS)
        return fd;
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}

/* The next address that lets itself be tried. After this the engine may be the reactor, on
 * another thread: nothing of `u` is touched any more. */
static void connect_next(struct im_upstream *u)
{
    int64_t due_ms = im_clock_monotonic_ms() + CONNECT_MS;

    while (u->at < u->found.count && !atomic_load(&u->over)) {
        u->channel.fd = u->task.fd = begin_connect(&u->found.items[u->at++]);
        if (u->task.fd >= 0) {
            u->due_ms = due_ms;
            if (im_reactor_watch(u->listener->reactor, &u->task, due_ms))
                return;
            close(u->task.fd);
            u->channel.fd = -1;
        }
        snprintf(u->found.why, sizeof(u->found.why), "%s", strerror(errno));
    }
    upstream_fail(u);
}

static void upstream_end(struct im_upstream *u)
{
    im_reactor_unwatch(u->listener->reactor, &u->task);
    close(u->channel.fd);
    u->channel.fd = -1;
}

/* Has it connected, failed, or waited long enough? */
static bool look_at_connect(struct im_upstream *u)
{
    int why = 0;
    socklen_t len = sizeof(why);
    union im_address peer;
    socklen_t peer_len = sizeof(peer);

    if (getsockopt(u->channel.fd, SOL_SOCKET, SO_ERROR, &why, &len) != 0)
        why = errno;
    if (!why && getpeername(u->channel.fd, &peer.any, &peer_len) == 0) {
        im_reactor_due(u->listener->reactor, &u->task, INT64_MAX);
        upstream_tell(u, IM_DIAL_DONE);
        return true;
    }
    if (!why && im_clock_monotonic_ms() < u->due_ms)
        return true;
    snprintf(u->found.why, sizeof(u->found.why), "%s",
             why ? strerror(why) : "no answer in time");
    upstream_end(u);
    connect_next(u);
    return false;
}

static bool upstream_run(struct im_task *task)
{
    struct im_upstream *u = (struct im_upstream *)(void *)task;

    if (atomic_load(&u->over)) {
        upstream_end(u);
        upstream_unref(u);
        return false;
    }
    if (atomic_load(&u->state) == IM_DIAL_WANTED)
        return look_at_connect(u);
    im_reactor_wake(u->listener->reactor, &u->client->task);
    return true;
}

/* ---- names ---- */

static void name_found(void *context, const struct im_resolved *found)
{
    struct im_upstream *u = context;

    u->found = *found;
    keep_allowed(u);
    if (im_hosts_match(u->never, im_str(u->found.canonical))) {
        snprintf(u->found.why, sizeof(u->found.why),
                 "it is another name of %.100s, which is answered for here and never "
                 "connected to",
                 u->found.canonical);
        u->found.count = 0;
    }
    connect_next(u);
}

/* RFC 6761 section 6.3: localhost is not looked up. */
static void begin_engine(struct im_upstream *u, const char *host)
{
    union im_address literal;

    if (im_address_read(host, u->port, &literal)) {
        add_address(u, host);
    } else if (im_host_is_loopback(im_str(host))) {
        add_address(u, "127.0.0.1");
        add_address(u, "::1");
    } else {
        if (u->listener->resolver &&
            im_resolver_ask(u->listener->resolver, host, u->port, name_found, u))
            return;
        snprintf(u->found.why, sizeof(u->found.why),
                 "too many names are looked up at once");
        upstream_fail(u);
        return;
    }
    keep_allowed(u);
    connect_next(u);
}

void im_dial_begin(struct im_connection *c, struct im_dial *dial)
{
    struct im_upstream *u = upstream_take(c->listener);
    char host[IM_HOST_MAX + 1];

    if (!u) {
        dial->state = IM_DIAL_FAILED;
        im_error_set(&dial->err, "%d connections are passed on already, and no more are",
                     UPSTREAMS_MAX);
        return;
    }
    u->task.run = upstream_run;
    u->listener = c->listener;
    u->client = c;
    u->channel = (struct im_channel){.fd = -1};
    u->port = dial->port;
    u->local = dial->local;
    u->at = 0;
    memset(&u->found, 0, sizeof(u->found));
    memset(&u->there, 0, offsetof(struct im_pipe, bytes));
    memset(&u->back, 0, offsetof(struct im_pipe, bytes));
    u->never = dial->never;
    snprintf(host, sizeof(host), "%.*s", IM_ARG(dial->host));
    atomic_store(&u->over, false);
    atomic_store(&u->state, IM_DIAL_WANTED);
    atomic_store(&u->users, 2);
    c->upstream = u;
    begin_engine(u, host);
}

void im_dial_look(struct im_connection *c, struct im_dial *dial)
{
    struct im_upstream *u = c->upstream;

    if (!u || dial->state != IM_DIAL_WANTED)
        return;
    dial->state = (enum im_dial_state)atomic_load(&u->state);
    if (dial->state == IM_DIAL_FAILED) {
        im_error_set(&dial->err, "%s", u->found.why);
        im_upstream_drop(c);
    }
}
