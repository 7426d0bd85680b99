/* Browser clients of another origin: what the Fetch standard calls CORS. Whether and how the real
 * Intacct supports it is not known; its documentation does not mention it. This is a guess in the
 * client's favour: any origin may ask anything, so that a page under test reaches the mock. --cors
 * off shows what a page gets from a server without it. */
#include "control/control.h"
#include "control/origin.h"
#include "router_parts.h"

/* how long a browser may remember the permission; Chromium forgets after two hours in any case */
#define MAX_AGE "600"
#define EXPOSED                                                                          \
    "X-Intacct-Mock-Cause, X-Intacct-Mock-Evidence, X-Intacct-Mock-Note, "               \
    "X-Intacct-Mock-Outcome, Retry-After, Link, WWW-Authenticate, Location"

bool im_cors_is_preflight(const struct im_sandboxes *sandboxes,
                          const struct im_request *req)
{
    return !sandboxes->settings.no_cors && req->flaw == IM_REQUEST_SOUND &&
           im_str_is(req->method, "OPTIONS") &&
           im_request_header(req, "origin").len > 0 &&
           im_request_header(req, "access-control-request-method").len > 0;
}

/* A path that does not exist allows what was asked for, so that the page can read the 404, which says
 * what is wrong, instead of a browser's "failed to fetch". */
static void cors_add_permissions(const struct im_request *req, struct im_response *res)
{
    struct im_str methods = req->exchange->allow;
    struct im_str headers = im_request_header(req, "access-control-request-headers");

    if (!methods.len)
        methods = im_request_header(req, "access-control-request-method");
    im_response_header(res, "Access-Control-Allow-Methods", methods);
    if (headers.len)
        im_response_header(res, "Access-Control-Allow-Headers", headers);
    if (im_request_header(req, "access-control-request-private-network").len)
        im_response_header(res, "Access-Control-Allow-Private-Network", IM_STR("true"));
    im_response_header(res, "Access-Control-Max-Age", IM_STR(MAX_AGE));
    im_response_header(res, "Vary",
                       IM_STR("Origin, Access-Control-Request-Method, "
                              "Access-Control-Request-Headers"));
}

/* No credentials are allowed: there is no cookie here that a page could ride on. */
void im_cors_add_headers(const struct im_sandboxes *sandboxes,
                         const struct im_request *req, struct im_response *res)
{
    struct im_str origin = im_request_header(req, "origin");

    if (sandboxes->settings.no_cors || !origin.len ||
        (im_control_owns(sandboxes, req) &&
         im_control_origin_refusal(sandboxes, req).len))
        return;
    im_response_header(res, "Access-Control-Allow-Origin", origin);
    if (im_cors_is_preflight(sandboxes, req)) {
        cors_add_permissions(req, res);
        return;
    }
    im_response_header(res, "Access-Control-Expose-Headers", IM_STR(EXPOSED));
    im_response_header(res, "Vary", IM_STR("Origin"));
}
