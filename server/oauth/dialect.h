/* The two contracts we speak at once. One row per dialect: algorithm, lifetimes, claims,
 * the fields of a token response. `rest` is Sage Intacct's REST API as documented and
 * observed; `article` is the shape of the article the product started from, which is
 * Sage Accounting's. */
#ifndef IM_OAUTH_DIALECT_H
#define IM_OAUTH_DIALECT_H

#include "causes/exchange.h"
#include "oauth/jwt.h"

enum im_dialect_id { IM_DIALECT_REST, IM_DIALECT_ARTICLE };

struct im_issued; /* authority.h */
struct im_token;  /* tokens.h */

struct im_dialect {
    enum im_dialect_id id;
    const char *name; /* "rest", "article" */
    enum im_jwt_alg alg;
    bool header_kid;
    const char *issuer;             /* fixed `iss`; NULL = the base URL */
    const char *default_scope;      /* granted when none is asked for */
    const char *scopes;             /* known, space-separated; see im_scope_known */
    size_t access_ttl, refresh_ttl; /* offsets of int64_t ms in struct im_policy */
    /* Writes the claims of a token in this dialect's order. issuer: base URL or fixed
     * text. */
    void (*write_claims)(struct im_json_out *out, const struct im_token *token,
                         struct im_str issuer);
    /* Writes the token response's members in this dialect's order. */
    void (*write_response)(struct im_json_out *out, const struct im_issued *issued);
};

const struct im_dialect *im_dialect(enum im_dialect_id id);

#endif
