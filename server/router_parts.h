/* What the pipeline is made of, for the files of router.h alone: how a route looks, who is refused
 * before an endpoint is asked, and which sandbox a request is for. */
#ifndef IM_ROUTER_PARTS_H
#define IM_ROUTER_PARTS_H

#include "endpoints/endpoint.h"
#include "sandboxes.h"

struct im_route {
    const char
        *path; /* under the base URL; a final '*' matches the rest, which is not empty */
    const char *methods; /* space-separated */
    enum im_endpoint endpoint;
    enum im_place place;
    im_endpoint_handler *answer;
};

#define OAUTH   "/ia/api/v1/oauth2/"
#define API     "/ia/api/v1/"
#define ARTICLE "/identity/v2/"

/* ---- refused before an endpoint is asked (router_refuse.c) ---- */

/* An address that Sage's own documentation prints without its /ia. */
bool im_path_lacks_ia(struct im_str path);
/* Where a request that has no route is worded. */
enum im_place im_place_of(struct im_str path);
enum im_cause im_refuse_path(struct im_request *req); /* with the nearest real one */
enum im_cause im_refuse_method(struct im_request *req, const struct im_route *route);
enum im_cause im_refuse_flaw(struct im_request *req); /* it never became HTTP */
/* Warns of a Host that is nearly Sage's. */
void im_note_host(struct im_request *req);

/* ---- browser clients (router_cors.c) ---- */

/* Does a browser ask whether it may, on behalf of a page of another origin? Only with its Origin and
 * the method it means; any other OPTIONS is the client's own affair. */
bool im_cors_is_preflight(const struct im_sandboxes *sandboxes,
                          const struct im_request *req);
/* 204 and yes; `methods`, space-separated, may be empty. */
void im_cors_preflight(const struct im_request *req, struct im_str methods,
                       struct im_response *res);
/* Lets the page read this answer, if the request has an Origin. */
void im_cors_allow(const struct im_sandboxes *sandboxes, const struct im_request *req,
                   struct im_response *res);

/* ---- our own address (router_url.c) ---- */

/* What the client believes our address is, without a sandbox. */
struct im_str im_server_url(const struct im_sandboxes *sandboxes,
                            const struct im_request *req);
/* The classic trap: --public-url names one address, the client uses another, and what it finds in
 * discovery leads elsewhere. Says so in the log, once. */
void im_warn_of_public_url(struct im_sandboxes *sandboxes, const struct im_request *req);

/* ---- which sandbox (router_box.c) ---- */

/* The sandbox that the request is for, kept for the caller: by its path (path and base URL then are
 * those of the sandbox), by its client id, or by what it presents. NULL with err. */
struct im_sandbox *im_find_box(struct im_sandboxes *sandboxes, struct im_request *req,
                               struct im_error *err);

#endif
