/* What the files of the listener share: the listener, its connections, and the request
 * that is under way on one. The way of a request: connection.c reads and writes bytes,
 * exchange.c makes a request of them and has it answered, delivery.c sends the answer. Of a
 * tunnel: its near end is tunnel.c's, and upstream.c's where it leads to somebody else. */
#ifndef IM_LISTENER_INSIDE_H
#define IM_LISTENER_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/log.h"
#include "base/waker.h"
#include "http/chunked.h"
#include "http/head.h"
#include "http/tls.h"
#include "listener/address.h"
#include "listener/channel.h"
#include "listener/listener.h"
#include "listener/reactor.h"
#include "listener/resolver.h"

/* How long a connection waits for its next request, and what clients are told to rely on:
 * less, so that a request on its way finds it open. */
enum { IM_KEEP_ALIVE_MS = 8000 };
#define IM_KEEP_ALIVE_TOLD "timeout=7"

enum im_port_role {
    IM_ROLE_HTTP,
    IM_ROLE_HTTPS,
    IM_ROLE_CONTROL,
    IM_ROLE_PROXY,
    IM_ROLES
};

enum { IM_SANDBOX_NAME_ROOM = 65, IM_OWN_PORTS_MAX = 10000 };

/* One listening socket. */
struct im_acceptor {
    struct im_task task; /* first: the task is the acceptor */
    struct im_listener *listener;
    enum im_port_role role;
    struct im_port *port;
    const char *address; /* its own; NULL when it stands for all of the machine */
    bool v6;
    bool short_of_sockets; /* said already */
};

struct im_port {
    struct im_addresses addresses;
    int number; /* IM_PORT_NONE = off */
    struct im_str url;
    struct im_acceptor acceptors[IM_ADDRESSES_MAX];
};

/* The proxy of one sandbox. Like connections these are never freed while the listener lives,
 * but used again. */
struct im_proxy_port {
    struct im_port port;
    char url[80];
    char sandbox[IM_SANDBOX_NAME_ROOM];
    atomic_bool closing;
    size_t open; /* acceptors that a worker may still run; under the listener's lock */
    struct im_proxy_port *next, *previous; /* among the open or the recycled ones */
};

struct im_listener {
    struct im_listener_options options;
    struct im_reactor *reactor;
    void *tls;             /* SSL_CTX; NULL without HTTPS */
    struct im_arena arena; /* URLs; used by the starting thread alone */
    struct im_port ports[IM_ROLES];
    atomic_int probe_port;       /* from which our own first request comes; 0 = no more */
    atomic_uint_fast64_t serial; /* of connections */
    atomic_int in_flight; /* requests whose head is there and whose answer is not sent */
    atomic_bool stopping;
    atomic_bool closing; /* the time for finishing is over too */
    pthread_mutex_t lock;
    pthread_cond_t changed;                /* in_flight is 0; by the monotonic clock */
    struct im_connection *open, *recycled; /* under the lock */
    int open_count;                        /* under the lock */
    struct im_proxy_port *own_ports, *recycled_ports;   /* under the lock */
    size_t own_port_count;                              /* under the lock */
    struct im_resolver *resolver;                       /* NULL = nothing is passed on */
    struct im_upstream *upstreams, *recycled_upstreams; /* under the lock */
    int upstream_count;                                 /* in use; under the lock */
};

/* What becomes of a connection after a step. */
enum im_step_result { IM_STEP_NEXT, IM_STEP_WAIT, IM_STEP_CLOSE };

/* A request and its answer, from the whole head to the last byte sent. Lifetime: that. */
struct im_transaction {
    struct im_arena arena, piece_arena;
    struct im_request req;
    struct im_response res;
    struct im_framing framing;
    struct im_chunked chunked;
    struct im_buf body; /* of a chunked request */
    char *sized;        /* of one with a length */
    bool keep_alive;
    bool stream_over;
    bool chunked_out;   /* its stream is sent in chunks, and the connection can go on */
    struct im_str slow; /* of a body that goes out slowly: what is left of it … */
    size_t slow_sent;   /* … what is not … */
    int64_t slow_began_ms; /* … and since when */
    size_t discard_max;    /* bytes that are still thrown away before the connection is */
    int64_t date_ms;
};

struct im_connection {
    struct im_task task;   /* first: the task is the connection */
    struct im_waker waker; /* of the request that is under way */
    atomic_bool woken;
    struct im_listener *listener;
    struct im_channel channel;
    enum im_step_result (*step)(struct im_connection *c); /* what comes next */
    int64_t until_ms; /* when this step has taken too long; INT64_MAX = never */

    char *in; /* what was read and not used yet; malloc */
    size_t in_len, in_room;
    bool drained; /* a short read: there is no more until the socket says so */
    struct im_head_scan scan;
    struct im_str out; /* what is still to be sent, and what comes then */
    enum im_step_result (*sent)(struct im_connection *c);

    struct im_transaction *now; /* NULL between requests */
    bool probe;                 /* our own, at start */
    bool on_control_port;
    bool from_loopback;
    bool at_proxy;                /* it came to a proxy, and is no tunnel yet */
    struct im_tls_hello *hello;   /* of a tunnel that ends here; else NULL; malloc */
    struct im_upstream *upstream; /* the other end of a tunnel that does not; or NULL */
    bool sandbox_must_be;
    char sandbox[IM_SANDBOX_NAME_ROOM]; /* that the proxy was asked for, or empty */
    bool too_many;                      /* beyond the bound when it came */
    unsigned handled;                   /* requests */
    uint64_t serial;
    int64_t began_us;
    char peer[64], base[80];
    struct im_connection *next, *previous;
};

/* ---- connection.c ---- */

bool im_acceptor_run(struct im_task *task);
/* Runs all connections, so that each sees that the listener stops. */
void im_connections_wake(struct im_listener *l);
/* After im_reactor_stop: closes what is open, frees all. */
void im_connections_free(struct im_listener *l);
/* More of what the peer sends: IM_CHANNEL_END, _AGAIN, _BROKEN, or > 0. */
ssize_t im_connection_fill(struct im_connection *c);
void im_connection_use(struct im_connection *c, size_t bytes); /* of `in` */
bool im_connection_late(const struct im_connection *c);
/* Sends `bytes`, which must stay, and goes on with `sent`; or closes the connection, if
 * the peer does not take them. */
enum im_step_result im_connection_send(
    struct im_connection *c, struct im_str bytes,
    enum im_step_result (*sent)(struct im_connection *c));
/* TLS begins here, with what was read already. */
enum im_step_result im_connection_secure(struct im_connection *c);
/* Requests begin here. */
enum im_step_result im_connection_begin(struct im_connection *c);
/* The peer gets no more, but may still read what it was sent; then the connection ends. */
enum im_step_result im_connection_linger(struct im_connection *c);
void im_listener_say(const struct im_listener *l, enum im_log_level level,
                     const char *event, const char *why);

/* ---- exchange.c ---- */

enum im_step_result im_exchange_begin(
    struct im_connection *c); /* waits for a request's head */
/* The answer has been sent, or never will be: whoever wants to know is told. */
void im_exchange_end(struct im_connection *c);

/* Tells of a handshake in a tunnel that came to nothing, as of a request. */
enum im_step_result im_exchange_tls_failed(struct im_connection *c, const char *why);

/* ---- ports.c ---- */

bool im_ports_open(struct im_listener *l, struct im_error *err);
void im_ports_wake(struct im_listener *l); /* so that each acceptor sees that it closes */
void im_ports_close(struct im_listener *l); /* after im_reactor_stop */
/* A worker has ended the acceptor. */
void im_port_acceptor_closed(struct im_acceptor *acceptor);
/* Must the acceptor be closed? */
bool im_port_is_closing(const struct im_acceptor *acceptor);
/* The sandbox whose own proxy the acceptor belongs to; NULL = none's. */
const char *im_port_sandbox(const struct im_acceptor *acceptor);
/* Is that an address of ours on the loopback? The role of its port, or IM_ROLES. */
enum im_port_role im_ports_find(struct im_listener *l, struct im_str host, int number);

/* ---- tunnel.c ---- */

/* After the answer to CONNECT: its near end is here. Copies what it needs of the answer.
 * False when memory is short. */
bool im_tunnel_prepare(struct im_connection *c, const struct im_response *res);
enum im_step_result im_tunnel_begin(struct im_connection *c);
/* Bytes go both ways between the client and c->upstream. */
enum im_step_result im_relay_begin(struct im_connection *c);

/* ---- upstream.c ---- */

/* Begins to connect; c->waker is called when im_dial_look has news. */
void im_dial_begin(struct im_connection *c, struct im_dial *dial);
/* Takes over what has become of it. */
void im_dial_look(struct im_connection *c, struct im_dial *dial);
/* The connection has no more use for c->upstream; NULL is fine. */
void im_upstream_drop(struct im_connection *c);
void im_upstreams_free(struct im_listener *l); /* after im_reactor_stop */

/* ---- delivery.c ---- */

enum im_step_result im_deliver(struct im_connection *c);

#endif
