/* The grants of the token endpoint: one file and one row each (RFC 6749 section 4). A
 * grant checks its own parameters and says what to issue; the token endpoint
 * authenticates the client in between and does the issuing afterwards. */
#ifndef IM_GRANTS_GRANT_H
#define IM_GRANTS_GRANT_H

#include "directory/eligibility.h"
#include "oauth/authority.h"

struct im_grant_request {
    struct im_authority *authority;
    struct im_request *req;
    const struct im_params *params;
    const struct im_client *client;
    struct im_principal *principal; /* filled in by im_eligibility_require() */
    const struct im_policy *policy;
    const struct im_dialect *dialect;
};

struct im_grant {
    const char *grant_type;
    /* What it reads besides grant_type and the client's credentials; ends with NULL.
     * Each may be sent once. */
    const char *const *parameters;
    /* The gateway's look at the form of the request, before any credential is looked
     * at. */
    enum im_cause (*check)(struct im_request *req, const struct im_params *params);
    /* Fills *issue, or refuses. What would be used up (code, refresh token) is used up
     * last. */
    enum im_cause (*decide)(const struct im_grant_request *request,
                            struct im_issue *issue);
};

extern const struct im_grant im_grant_authorization_code;
extern const struct im_grant im_grant_refresh_token;
extern const struct im_grant im_grant_client_credentials;

/* NULL when there is no such grant. */
const struct im_grant *im_grant_find(struct im_str grant_type);
/* grant-type-unsupported, with what is known about the one asked for. */
enum im_cause im_grant_refuse(struct im_request *req, struct im_str grant_type);

/* Whose tokens they will be. */
struct im_grant_subject {
    struct im_str user, company, entity;
    bool web_services_user; /* it must be one */
};

/* The eligibility check for a grant: writes the user into the exchange, looks up the
 * principal and refuses. */
enum im_cause im_eligibility_require(const struct im_grant_request *request,
                                     const struct im_grant_subject *subject);

#endif
