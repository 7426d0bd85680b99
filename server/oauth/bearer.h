/* Authorization header → token, or the exact cause of a refusal (RFC 6750). */
#ifndef IM_OAUTH_BEARER_H
#define IM_OAUTH_BEARER_H

#include "oauth/authority.h"

/* The API's only gate. Refuses with evidence: authorization-header-missing,
 * -not-bearer, -repeated; token-malformed, -bad-signature, -unknown-key,
 * -wrong-algorithm, -wrong-issuer, -not-yet-valid, -wrong-company,
 * -wrong-environment; refresh-token-used-as-access-token, code-used-as-access-token;
 * access-token-unknown, -expired, -revoked; grant-revoked-elsewhere,
 * grant-superseded, session-expired, session-ended-by-sign-in, password-changed,
 * user-revoked-access; client-inactive, user-inactive, user-locked,
 * company-inactive, app-not-authorized-by-admin when the directory has changed
 * since. principal: for whom, when nothing is refused; may be NULL. */
enum im_cause im_bearer_check(struct im_authority *authority, struct im_request *req,
                              enum im_dialect_id dialect, struct im_token *out,
                              struct im_principal *principal);

#endif
