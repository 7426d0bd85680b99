/* Keys that others publish: JSON Web Key Sets (RFC 7517). */
#ifndef IM_OAUTH_JWKS_H
#define IM_OAUTH_JWKS_H

#include "oauth/jwt.h"

enum im_jwks_check {
    IM_JWKS_GOOD,
    IM_JWKS_BAD,         /* a key that could have signed it has not */
    IM_JWKS_UNKNOWN_KEY, /* the set has no key of that kid, or none of that kind */
    IM_JWKS_NO_METHOD    /* HS256, none, …: nothing that a published key verifies */
};

/* Verifies RS256, RS384 and RS512 with the key of the same kid, or with each RSA key of
 * the set when the token names none. The header's alg is believed: this answers who has
 * signed, never whether a token may be accepted. */
enum im_jwks_check im_jwks_verify(const struct im_json *jwks, struct im_arena *arena,
                                  const struct im_jwt *jwt);
/* Was it signed with one of the public test keys that ship with this product? */
bool im_jwks_is_test_key(struct im_arena *arena, const struct im_jwt *jwt);

#endif
