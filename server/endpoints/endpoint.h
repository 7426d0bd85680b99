/* What a route leads to: one file per endpoint. An endpoint returns the cause
 * (CAUSE_NONE = it has answered in res) and never words a refusal itself; the pipeline
 * does. It knows nothing of scenarios, the journal or sockets. It records what it
 * learns (grant, client, user, object …) in req->exchange. The dialect follows from
 * req->exchange->place. */
#ifndef IM_ENDPOINTS_ENDPOINT_H
#define IM_ENDPOINTS_ENDPOINT_H

#include "causes/exchange.h"
#include "oauth/authority.h"
#include "oauth/bearer.h"

typedef enum im_cause im_endpoint_handler(struct im_authority *authority,
                                          struct im_request *req,
                                          struct im_response *res);

/* One row of the route table (router.c). Methods are written as an Allow header lists them. */
struct im_route {
    const char
        *path; /* under the base URL; a final '*' matches what follows, if anything */
    enum im_endpoint endpoint;
    enum im_place place;
    im_endpoint_handler *answer;
    const char *methods;        /* of a path without records, or of a collection */
    const char *record_methods; /* of one record in it; NULL = it has none */
};

/* The methods that the path of this request takes; NULL when it has no route. */
const char *im_route_methods(const struct im_request *req);
/* Is it among "GET, POST"? `methods` may be NULL. */
bool im_method_in(const char *methods, struct im_str method);
/* method-not-allowed, with the Allow header. */
enum im_cause im_route_refuse_method(struct im_request *req);

im_endpoint_handler
    im_endpoint_authorize; /* RFC 6749 section 3.1: sign-in and consent pages */
im_endpoint_handler im_endpoint_token;      /* RFC 6749 section 3.2 */
im_endpoint_handler im_endpoint_revoke;     /* RFC 7009; an article dialect of its own */
im_endpoint_handler im_endpoint_introspect; /* RFC 7662 */
im_endpoint_handler im_endpoint_discovery;  /* /.well-known/openid-configuration */
im_endpoint_handler im_endpoint_jwks;       /* /.well-known/jwks.json (RFC 7517) */
im_endpoint_handler
    im_endpoint_resource; /* REST objects; rest = "{application}/{name}[/{key}]" */
im_endpoint_handler im_endpoint_query;      /* services/core/query */
im_endpoint_handler im_endpoint_model;      /* services/core/model */
im_endpoint_handler im_endpoint_dimensions; /* services/company-config/dimensions/list */
im_endpoint_handler im_endpoint_session;    /* services/core/session/id */
im_endpoint_handler im_endpoint_article;    /* article API; rest = "{Object}[/{key}]" */

/* The dialect of the place where this request is being answered. */
enum im_dialect_id im_endpoint_dialect(const struct im_request *req);

/* Only where the answer of authorize goes: for a refusal that is decided elsewhere.
 * Refuses while client or redirect URI are unsound (then it is a page). */
enum im_cause im_authorize_address(struct im_authority *authority,
                                   struct im_request *req);

#endif
