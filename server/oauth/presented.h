/* Who a request says it is and what it presents, read without judging and without refusing: for
 * those who must know before anybody decides (which sandbox? does a rule of a scenario fit?). */
#ifndef IM_OAUTH_PRESENTED_H
#define IM_OAUTH_PRESENTED_H

#include "http/request.h"

/* Empty = not said, or not readable. Lifetime: request. */
struct im_presented {
    struct im_str client;   /* client id: of Basic, body or query, without ~SANDBOX */
    struct im_str sandbox;  /* what follows the '~' in it */
    struct im_str token;    /* bearer token, refresh_token, code, token or session_id */
    struct im_str grant;    /* grant_type */
    struct im_str username; /* "ws_user@acme", of client_credentials; or mock_user */
    struct im_str scope;
};

void im_presented_read(struct im_request *req, struct im_presented *presented);
/* A client id without what names a sandbox besides: "demo~expired.t1" → "demo". */
struct im_str im_client_id_alone(struct im_str id);

#endif
