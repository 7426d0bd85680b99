/* What listens and answers: bytes become an im_request, and an im_response becomes bytes.
 * The only folder that knows sockets and CivetWeb. */
#ifndef IM_LISTENER_LISTENER_H
#define IM_LISTENER_LISTENER_H

#include "http/request.h"
#include "http/response.h"

struct im_listener;
struct im_log;
struct im_proxy_port;
struct im_tls;

enum { IM_PORT_NONE = -1 };

struct im_listener_options {
    const char *bind; /* addresses ("0.0.0.0,::"); NULL = 127.0.0.1 and ::1 */
    int http_port;    /* 0 = any free one, IM_PORT_NONE = off */
    int https_port;   /* the same */
    int control_port; /* own loopback port for /__mock; IM_PORT_NONE = none */
    int proxy_port;   /* of the forward proxy; 0 = any free one, IM_PORT_NONE = off */
    bool proxy_dials; /* it may have to pass something on */
    int threads;      /* workers at most; 0 = 200 */
    struct im_tls *
        tls; /* needed when https_port or proxy_port is not off; lifetime: longer than ours */
    const struct im_log *log;
    /* Answers one request; called on many threads at once. *date_ms is the Date to
     * show. */
    void (*answer)(void *context, struct im_request *req, struct im_response *res,
                   int64_t *date_ms);
    void *context;
    int connections; /* open at once, of which more are answered that they are too many;
                        0 = 20000 */
    int request_timeout_ms; /* 0 = 5000: for all headers, then for the whole body */
};

/* Listens from the moment it returns; NULL with err (which address and port, why, what to
 * do). */
struct im_listener *im_listener_start(const struct im_listener_options *options,
                                      struct im_error *err);
/* Stops accepting, lets what is in flight finish (at most grace_ms), then closes. */
void im_listener_stop(struct im_listener *listener, int64_t grace_ms);
/* "http://127.0.0.1:8080" or empty when off. Lifetime: the listener's. */
struct im_str im_listener_http_url(const struct im_listener *listener);
struct im_str im_listener_https_url(const struct im_listener *listener);
struct im_str im_listener_control_url(
    const struct im_listener *listener); /* without /__mock */
struct im_str im_listener_proxy_url(const struct im_listener *listener);

/* A proxy of one sandbox, on a free port of the addresses that all is on. *url is its address;
 * lifetime: until it is closed. NULL with err. Both may be called on any thread. */
struct im_proxy_port *im_listener_open_proxy(struct im_listener *listener,
                                             struct im_str sandbox, struct im_str *url,
                                             struct im_error *err);
/* The port is free soon after; what is under way on its connections goes on. */
void im_listener_close_proxy(struct im_listener *l, struct im_proxy_port *own);
/* True once a stop was asked for: long waits look at it. */
bool im_listener_stopping(const struct im_listener *listener);

#endif
