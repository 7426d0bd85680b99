/* What a request says about its sender and what it presents, read once and not judged:
 * for the router (which sandbox?), for scenarios (does a rule apply?), and for the files
 * that judge it (client_auth.h, bearer.h). Sources: RFC 9110 section
 * 11.6.2, RFC 7617, RFC 6750 section 2.1, RFC 6749 section 2.3.1. */
#ifndef IM_OAUTH_CREDENTIALS_H
#define IM_OAUTH_CREDENTIALS_H

#include "http/request.h"

enum im_auth_scheme { IM_AUTH_NONE, IM_AUTH_BASIC, IM_AUTH_BEARER, IM_AUTH_OTHER };
enum im_basic_fault { IM_BASIC_SOUND, IM_BASIC_NOT_BASE64, IM_BASIC_NO_COLON };

/* The parameters of the query or of the body. */
struct im_sent_params {
    struct im_params params; /* none when there is a fault */
    struct im_str fault;     /* why they cannot be read; empty = they can */
    bool json;               /* read as JSON, since the text begins with '{' */
};

/* Empty = not said, or not readable. Lifetime: request. */
struct im_credentials {
    /* The Authorization header; of several, the first. */
    size_t header_count;
    struct im_str header, scheme_name; /* as sent */
    enum im_auth_scheme scheme;
    struct im_str bearer_token;
    enum im_basic_fault basic_fault;
    struct im_str basic_id;         /* percent-decoded, with its ~SANDBOX … */
    struct im_str basic_raw_id;     /* … and as sent */
    struct im_str basic_secret;     /* percent-decoded … */
    struct im_str basic_raw_secret; /* … and as sent, since many clients do not encode */

    struct im_sent_params query;

    /* What header, query and body say together, in this order. With a bearer token
     * the body is the API's business and is not read. */
    struct im_str client;   /* client id, without ~SANDBOX */
    struct im_str sandbox;  /* what follows the '~' in it */
    struct im_str token;    /* bearer token, refresh_token, code, token or session_id */
    struct im_str grant;    /* grant_type */
    struct im_str username; /* "ws_user@acme|100", of client_credentials; or mock_user */
    struct im_str scope;

    bool body_known; /* use im_credentials_body() */
    struct im_sent_params body;
};

/* Never NULL. When memory is short all is empty, and the arena has failed. */
const struct im_credentials *im_credentials(struct im_request *req);
/* The parameters of the body, read when they are first asked for. */
const struct im_sent_params *im_credentials_body(struct im_request *req);
/* A client id without what names a sandbox besides: "demo~expired.t1" → "demo". */
struct im_str im_client_id_alone(struct im_str id);

#endif
