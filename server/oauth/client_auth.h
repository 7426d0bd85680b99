/* Client authentication (RFC 6749 section 2.3): HTTP Basic, or client_id and
 * client_secret in the body. Observed: the body, always; Basic is what
 * discovery advertises, and one report says that it works for a code but not for a
 * refresh (policy basic_auth). private_key_jwt is advertised too, but how keys are
 * registered is not known, so it is refused by name. */
#ifndef IM_OAUTH_CLIENT_AUTH_H
#define IM_OAUTH_CLIENT_AUTH_H

#include "oauth/authority.h"

/* Who a client says it is; nothing is checked yet. Lifetime: request. */
struct im_client_claim {
    struct im_str id; /* without a sandbox suffix: `demo~NAME` claims `demo` */
    struct im_str
        raw_id; /* Basic: before percent-decoding, which many clients do not do */
    struct im_str secret;     /* empty when none was sent */
    struct im_str raw_secret; /* likewise */
    bool in_header;           /* the secret came by Basic, and not in the body as well */
    const struct im_params *params; /* of the body */
};

/* The form of the claim. A Basic header and the body may both speak as long as they
 * say the same (RFC 6749 forbids it; what the real server does is not known); when they
 * differ it is client-auth-repeated. Further: authorization-repeated,
 * client-id-repeated, parameter-repeated, client-auth-method-refused,
 * client-auth-missing (Basic that cannot be read). No claim at all is no refusal: see
 * im_client_claims. A header of another scheme is not looked at. */
enum im_cause im_client_claim_read(struct im_request *req, struct im_client_claim *claim);

/* Did the request say anything about its client? */
bool im_client_claims(const struct im_client_claim *claim);

/* client-id-missing unless the claim has an id. The gateway asks this before anything
 * else is looked at. */
enum im_cause im_client_claim_need_id(struct im_request *req,
                                      const struct im_client_claim *claim);

/* Is the claim true? Refuses client-auth-method-refused, client-auth-in-header-on-refresh,
 * client-unknown, client-inactive, client-secret-missing, client-secret-padded,
 * client-secret-rotated, client-secret-wrong. A public client (one without a secret)
 * needs none. grant_type is empty outside the token endpoint. Records in the
 * exchange who the client is. */
enum im_cause im_client_check(struct im_authority *authority, struct im_request *req,
                              const struct im_client_claim *claim,
                              struct im_str grant_type, struct im_client *out);

#endif
