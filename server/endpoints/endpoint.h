/* What a route leads to: one file per endpoint. An endpoint returns the cause
 * (CAUSE_NONE = it has answered in res) and never words a refusal itself; the pipeline
 * does. It knows nothing of scenarios, the journal or sockets. It records what it
 * learns (grant, client, user, object …) in req->exchange. The dialect follows from
 * req->exchange->place. */
#ifndef IM_ENDPOINTS_ENDPOINT_H
#define IM_ENDPOINTS_ENDPOINT_H

#include "http/response.h"
#include "oauth/authority.h"
#include "oauth/bearer.h"

typedef enum im_cause im_endpoint(struct im_authority *authority, struct im_request *req,
                                  struct im_response *res);

im_endpoint im_endpoint_authorize;  /* RFC 6749 section 3.1: sign-in and consent pages */
im_endpoint im_endpoint_token;      /* RFC 6749 section 3.2 */
im_endpoint im_endpoint_revoke;     /* RFC 7009; an article dialect of its own */
im_endpoint im_endpoint_introspect; /* RFC 7662 */
im_endpoint im_endpoint_discovery;  /* /.well-known/openid-configuration */
im_endpoint im_endpoint_jwks;       /* /.well-known/jwks.json (RFC 7517) */
im_endpoint
    im_endpoint_resource;        /* REST objects; rest = "{application}/{name}[/{key}]" */
im_endpoint im_endpoint_query;   /* services/core/query */
im_endpoint im_endpoint_model;   /* services/core/model */
im_endpoint im_endpoint_session; /* services/core/session/id */
im_endpoint im_endpoint_article; /* article API; rest = "{Object}[/{key}]" */

/* The dialect of the place where this request is being answered. */
enum im_dialect_id im_endpoint_dialect(const struct im_request *req);

/* The names that routes give endpoints; last "unknown", for a path that there is
 * not. NULL past the end. */
const char *im_endpoint_name(size_t index);

/* Only where the answer of authorize goes: for a refusal that is decided elsewhere.
 * Refuses while client or redirect URI are unsound (then it is a page). */
enum im_cause im_authorize_address(struct im_authority *authority,
                                   struct im_request *req);

#endif
