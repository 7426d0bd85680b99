/* What the pipeline is made of, for the files of router.h alone: which sandbox a request is for, what
 * the client takes for our address, and what browsers want to know. */
#ifndef IM_ROUTER_PARTS_H
#define IM_ROUTER_PARTS_H

#include "endpoints/endpoint.h"
#include "sandboxes.h"

/* ---- browser clients (router_cors.c) ---- */

/* Does a browser ask whether it may, on behalf of a page of another origin? Only with its Origin and
 * the method it means; any other OPTIONS is the client's own affair. */
bool im_cors_is_preflight(const struct im_sandboxes *sandboxes,
                          const struct im_request *req);
/* What a browser is told: in answer to a preflight what it may (methods: exchange->allow, where they
 * are known), otherwise that the page may read this answer. Nothing to who sends no Origin. */
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
