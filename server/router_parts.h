/* What the pipeline is made of, for the files of router.h alone: its state and its exit, which sandbox
 * a request is for, what the client takes for our address, and what browsers ask. */
#ifndef IM_ROUTER_PARTS_H
#define IM_ROUTER_PARTS_H

#include "endpoints/endpoint.h"
#include "sandboxes.h"

/* ---- the pipeline (router.c) and its one exit (router_exit.c) ---- */

/* One request in the pipeline. In the request's arena: it outlives the call while the request waits
 * on purpose. */
struct im_pipeline {
    struct im_sandboxes *sandboxes;
    struct im_request *req;
    struct im_response *res;
    int64_t *date_ms;
    struct im_exchange exchange;
    struct im_sandbox *box;         /* NULL = the control API answers */
    struct im_authority *authority; /* the sandbox's, while it is entered */
    struct im_plan plan;            /* what its scenario does to the request */
    bool by_proxy;                  /* the proxy itself answers */
    int64_t began_us;               /* monotonic */

    /* while it waits on purpose */
    struct im_waiter waiter;
    bool waits;                          /* counts as one that waits */
    int64_t delay_ms;                    /* still to come, after what it waits for now */
    void (*then)(struct im_pipeline *p); /* what comes after that */
    void (*control_resume)(void *context); /* a call of the control API that waits */
    void *control_context;
};

/* Words the answer, and sends it on its way with everything that belongs to it: hints, damage,
 * permissions of browsers, the journal, metrics, the log line. Once for each request. */
void im_pipeline_finish(struct im_pipeline *p, enum im_cause cause);

/* ---- waiting on purpose (router_wait.c) ---- */

/* Does the scenario let the request wait here, before it is decided or after? Not for a client that
 * has left, since waiting places are bounded. */
bool im_pipeline_waits(const struct im_pipeline *p, bool after);
/* Lets it wait as its plan says, then calls `then`. The sandbox must have been left. */
void im_pipeline_wait(struct im_pipeline *p, void (*then)(struct im_pipeline *p));

/* ---- browser clients (router_cors.c) ---- */

/* Is it a preflight of a browser for a page of another origin? Only with its Origin and the method it
 * asks for; any other OPTIONS is a request of the client. */
bool im_cors_is_preflight(const struct im_sandboxes *sandboxes,
                          const struct im_request *req);
/* Adds the headers of CORS: in answer to a preflight what is allowed (methods: exchange->allow, where
 * they are known), otherwise that the page may read this answer. None without an Origin. */
void im_cors_add_headers(const struct im_sandboxes *sandboxes,
                         const struct im_request *req, struct im_response *res);

/* ---- the forward proxy (router_proxy.c) ---- */

/* Does the proxy itself answer: a tunnel is asked for, a request is for somebody else, or a
 * handshake in a tunnel came to nothing? */
bool im_proxy_takes(const struct im_sandboxes *sandboxes, const struct im_request *req);
/* Opens a tunnel, refuses, or sets res->dial: then the answer is im_proxy_dialled's, once the
 * listener knows what came of that. */
enum im_cause im_proxy_answer(const struct im_sandboxes *sandboxes,
                              struct im_request *req, struct im_response *res);
enum im_cause im_proxy_dialled(struct im_request *req, struct im_response *res);

/* ---- paths without a route (router_path.c) ---- */

/* Does the route take the path? `rest` is what its wildcard stands for. */
bool im_route_matches(const struct im_route *route, struct im_str path,
                      struct im_str *rest);

/* The real path that one without a route was meant to be; path.len == 0: none is near. In the
 * request's arena. `why` goes behind it in a sentence, and may be empty. */
struct im_path_meant {
    struct im_str path;
    const char *why;
};
struct im_path_meant im_path_meant(const struct im_request *req);

/* ---- addresses (router_address.c) ---- */

/* The sandbox that the request is for, kept for the caller: by its path (path and base URL then are
 * those of the sandbox), by its client id, or by what it presents. NULL with err. */
struct im_sandbox *im_find_box(struct im_sandboxes *sandboxes, struct im_request *req,
                               struct im_error *err);
/* What the client believes our address is, without a sandbox. */
struct im_str im_server_url(const struct im_sandboxes *sandboxes,
                            const struct im_request *req);
/* The classic trap: --public-url names one address, the client uses another, and what it finds in
 * discovery leads elsewhere. Says so in the log, once. */
void im_warn_of_public_url(struct im_sandboxes *sandboxes, const struct im_request *req);
/* Warns of a Host that is nearly Sage's. */
void im_note_host(struct im_request *req);

#endif
