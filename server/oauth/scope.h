/* Scopes: what was asked for → what is granted (RFC 6749 section 3.3). */
#ifndef IM_OAUTH_SCOPE_H
#define IM_OAUTH_SCOPE_H

#include "directory/directory.h"
#include "oauth/dialect.h"

struct im_scope_ask {
    struct im_str asked; /* space-separated; empty = the dialect's default */
    const struct im_dialect *dialect;
    const struct im_policy *policy;
    const struct im_client *client;
};

/* The scopes granted, each once, in the order asked for. A scope that the dialect does
 * not know is refused as scope-unknown, one that the client may not have as
 * scope-denied; under policy scope_excess `narrow` they are left out with a note
 * instead, unless nothing would be left. *granted: lifetime request. Tells the exchange
 * what was asked for. */
enum im_cause im_scope_grant(struct im_request *req, const struct im_scope_ask *ask,
                             struct im_str *granted);

/* A refresh may ask for fewer scopes than were granted, never for more (RFC 6749
 * section 6): scope-denied. asked empty = all of them. */
enum im_cause im_scope_keep(struct im_request *req, struct im_str asked,
                            struct im_str held, struct im_str *granted);

#endif
