/* What a rule may ask about a request, and an expectation about an exchange. Read before the
 * endpoint decides, so nothing here judges: a wrong secret does not hide who the client says it
 * is, a dead token not whose it was. */
#ifndef IM_SCENARIO_FACTS_H
#define IM_SCENARIO_FACTS_H

#include "http/request.h"
#include "oauth/authority.h"

/* Lifetime: request (or of whoever made the views). Empty = not known. */
struct im_facts {
    const char *endpoint; /* a route's name: "token", "resource", "unknown", … */
    struct im_str grant;  /* grant_type, as sent */
    struct im_str client; /* client id, without ~SANDBOX */
    struct im_str user;   /* "ws_user@acme" */
    struct im_str method;
    struct im_str path;  /* under the base URL, undecoded, without the query */
    struct im_str scope; /* asked for, or of the token presented */
    struct im_str token; /* the token or code presented (a secret: never shown) */
    uint64_t grant_id;   /* the grant which that belongs to; 0 = not known */
};

/* Fills all of it. The bearer token, refresh token or code presented tells client and user where
 * the request does not say so itself. */
void im_facts_read(struct im_authority *authority, struct im_request *req,
                   const char *endpoint, struct im_facts *facts);

#endif
