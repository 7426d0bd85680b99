/* Browser clients of another origin: what the Fetch standard calls CORS. Whether and how the real
 * Intacct speaks it is unknown, its documentation is silent about it. This is a guess in the
 * client's favour: any origin may ask anything, so that a page under test reaches the mock. Turn it
 * off (--cors off) to see what a page meets where a server knows nothing of it. */
#include <string.h>

#include "control/control.h"
#include "router_parts.h"

/* how long a browser may remember the permission; Chromium forgets after two hours in any case */
#define MAX_AGE "600"
#define EXPOSED                                                                          \
    "X-Intacct-Mock-Cause, X-Intacct-Mock-Evidence, X-Intacct-Mock-Note, Retry-After, "  \
    "Link, WWW-Authenticate, Location"

bool im_cors_is_preflight(const struct im_sandboxes *sandboxes,
                          const struct im_request *req)
{
    return !sandboxes->settings.no_cors && req->flaw == IM_REQUEST_SOUND &&
           im_str_is(req->method, "OPTIONS") &&
           im_request_header(req, "origin").len > 0 &&
           im_request_header(req, "access-control-request-method").len > 0;
}

/* No credentials are allowed: there is no cookie here that a page could ride on. */
void im_cors_allow(const struct im_sandboxes *sandboxes, const struct im_request *req,
                   struct im_response *res)
{
    struct im_str origin = im_request_header(req, "origin");

    if (sandboxes->settings.no_cors || !origin.len)
        return;
    im_response_header(res, "Access-Control-Allow-Origin", origin);
    im_response_header(res, "Access-Control-Expose-Headers", IM_STR(EXPOSED));
    im_response_header(res, "Vary", IM_STR("Origin"));
}

/* "GET POST" → "GET, POST" */
static struct im_str as_list(struct im_arena *arena, struct im_str words)
{
    struct im_buf list;

    im_buf_init(&list, arena, 0);
    while (words.len) {
        struct im_str word = im_str_cut(&words, ' ');
        im_buf_addf(&list, "%s%.*s", list.len ? ", " : "", IM_ARG(word));
    }
    return im_buf_str(&list);
}

/* A path that is not there allows what was asked for: the page is to read the 404, which says what
 * is wrong, and not a browser's "failed to fetch". */
void im_cors_preflight(const struct im_request *req, struct im_str methods,
                       struct im_response *res)
{
    struct im_str headers = im_request_header(req, "access-control-request-headers");

    if (!methods.len)
        methods = im_request_header(req, "access-control-request-method");
    res->status = 204;
    im_response_header(res, "Access-Control-Allow-Origin",
                       im_request_header(req, "origin"));
    im_response_header(res, "Access-Control-Allow-Methods", as_list(req->arena, methods));
    if (headers.len)
        im_response_header(res, "Access-Control-Allow-Headers", headers);
    if (im_request_header(req, "access-control-request-private-network").len)
        im_response_header(res, "Access-Control-Allow-Private-Network", IM_STR("true"));
    im_response_header(res, "Access-Control-Max-Age", IM_STR(MAX_AGE));
    im_response_header(res, "Vary",
                       IM_STR("Origin, Access-Control-Request-Method, "
                              "Access-Control-Request-Headers"));
}
