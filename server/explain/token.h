/* A JSON Web Token in words: what it is, when it lives, who issued it, whether the
 * signature fits. Inside explain/. Lifetime: the arena's. */
#ifndef IM_EXPLAIN_TOKEN_H
#define IM_EXPLAIN_TOKEN_H

#include "explain/explain.h"
#include "explain/trace.h"
#include "oauth/jwt.h"

enum im_signature {
    IM_SIGNATURE_UNCHECKED, /* no key is known here that could tell */
    IM_SIGNATURE_GOOD,
    IM_SIGNATURE_BAD,
    IM_SIGNATURE_UNKNOWN_KEY
};

enum { IM_ODDITIES_MAX = 6, IM_CLAIMS_MAX = 40 };

struct im_token_view {
    struct im_str fingerprint;
    bool decoded;
    bool
        cut; /* its claims are whole, its signature is not: missing, masked or too short */
    struct im_str wrong; /* why it is none: "it is not three parts …" */
    struct im_jwt jwt;
    const char *kind; /* "an access token", "a refresh token", … by its claims */
    bool real;        /* the real Sage Intacct issued it, by its claim iss */
    bool has_iat, has_exp, has_nbf;
    int64_t iat, exp, nbf; /* s since 1970 */
    struct im_str times;   /* "expired 10 days ago; lived 12 hours" */
    struct im_str issuer;
    enum im_signature signature;
    struct im_str signature_text;
    struct im_str oddities[IM_ODDITIES_MAX];
    size_t oddity_count;
};

/* at_ms: the moment for which its times are judged. */
void im_token_view(const struct im_explain_options *options, struct im_trace *trace,
                   struct im_str token, int64_t at_ms, struct im_token_view *view);
/* What a claim is, in words; NULL when nobody has said. */
const char *im_claim_meaning(struct im_str name);
/* The value of one claim, fit to be shown: a secret's as its fingerprint (sessionId opens the XML
 * API), "(several)" for an array or object. */
struct im_str im_claim_value(const struct im_trace *trace, const struct im_json *claim);

#endif
