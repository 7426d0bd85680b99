/* The authorization request (RFC 6749 section 4.1.1, RFC 7636 section 4.3): read, and
 * checked in the order of RFC 6749 section 4.1.2.1. */
#ifndef IM_ENDPOINTS_AUTHORIZE_REQUEST_H
#define IM_ENDPOINTS_AUTHORIZE_REQUEST_H

#include "oauth/authority.h"

/* What a client asks for, and everything needed to answer it. Lifetime: request. */
struct im_authorize {
    struct im_authority *authority;
    struct im_request *req;
    const struct im_dialect *dialect;
    struct im_policy policy;
    struct im_params params; /* of the query and, with POST, of the body */
    struct im_client client;
    struct im_str redirect_uri, state, nonce;
    enum im_response_mode response_mode;
    bool wants_auth_time; /* max_age was sent (OpenID Connect Core section 3.1.2.1) */
    bool silent;          /* prompt=none: no page may be shown */
    struct im_str scopes; /* granted: what was asked for, as policy narrows it */
    struct im_str challenge;
    bool challenge_plain;
};

/* Fills *ask. Until client and redirect URI are known to be sound a refusal is a page
 * (payload-malformed, parameter-repeated, authorize-client-unknown,
 * redirect-uri-missing, redirect-uri-unregistered); afterwards it goes back to the
 * client (response-type-unsupported, client-inactive, client-grant-not-allowed,
 * scope-unknown, scope-denied, pkce-method-unsupported, pkce-challenge-invalid,
 * response-mode-unsupported, request-object-unsupported, authorize-parameter-invalid). */
enum im_cause im_authorize_read(struct im_authority *authority, struct im_request *req,
                                struct im_authorize *ask);

/* The value of a parameter; empty when it is absent or has no value, which RFC 6749
 * section 3.1 treats alike. */
struct im_str im_authorize_param(const struct im_authorize *ask, const char *name);

/* Sends the code where it belongs, as the client wants it sent. */
void im_authorize_answer(const struct im_authorize *ask, struct im_response *res,
                         struct im_str code);

#endif
