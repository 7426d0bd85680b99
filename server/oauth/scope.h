/* Scopes: which there are, what was asked for → what is granted (RFC 6749 section 3.3),
 * and what a granted one allows. */
#ifndef IM_OAUTH_SCOPE_H
#define IM_OAUTH_SCOPE_H

#include "directory/directory.h"
#include "oauth/dialect.h"

/* Does the dialect have this scope? (article: NAME:read|write|rw|action of a known
 * object) */
bool im_scope_known(const struct im_dialect *dialect, struct im_str scope);
/* Do the granted scopes allow the action on the article dialect's object ("Vendor")?
 * REST has no scopes on its API: always true. */
bool im_scope_allows(const struct im_dialect *dialect, struct im_str granted,
                     struct im_str object, bool writes);

struct im_scope_ask {
    struct im_str asked; /* space-separated; empty = the dialect's default */
    const struct im_dialect *dialect;
    const struct im_policy *policy;
    const struct im_client *client;
};

/* The scopes granted, each once, in the order asked for. A scope that the dialect does
 * not know is refused as scope-unknown, one that the client may not have as
 * scope-denied; under policy scope_excess `narrow` they are left out with a note
 * instead, unless nothing would be left. *granted: lifetime request. Records in the
 * exchange what was asked for. */
enum im_cause im_scope_grant(struct im_request *req, const struct im_scope_ask *ask,
                             struct im_str *granted);

/* A refresh may ask for fewer scopes than were granted, never for more (RFC 6749
 * section 6): scope-denied. asked empty = all of them. */
enum im_cause im_scope_keep(struct im_request *req, struct im_str asked,
                            struct im_str held, struct im_str *granted);

#endif
