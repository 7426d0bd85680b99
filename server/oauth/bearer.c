/* The API's gate: Authorization header to token to principal (RFC 6750 section 2.1).
 * A token is looked up first: one that this server remembers is judged by what is
 * known of it, and only an unknown text is taken apart and verified (RFC 7519
 * section 7.2), to say why it is unknown. So the ordinary call verifies no signature. */
#include "oauth/bearer.h"

#include "base/crypto.h"
#include "directory/account.h"
#include "directory/eligibility.h"
#include "oauth/credentials.h"
#include "oauth/token_refusal.h"

/* One check under way. */
struct bearer_check {
    struct im_authority *authority;
    struct im_request *req;
    const struct im_dialect *dialect;
    struct im_policy policy;
    struct im_str text; /* of the token */
    struct im_principal *principal;
};

/* ---- the header (RFC 6750 section 2.1, RFC 9110 section 11) ---- */

/* The word in front of the blank, if it is one and not a secret. */
static bool is_scheme(struct im_str word)
{
    enum { LONGEST = 16 };

    for (size_t i = 0; i < word.len; i++) {
        char c = word.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-'))
            return false;
    }
    return word.len && word.len <= LONGEST;
}

static enum im_cause refuse_scheme(struct im_request *req,
                                   const struct im_credentials *said)
{
    struct im_str header = said->header, scheme = said->scheme_name;

    if (!header.len)
        return im_refuse(req, CAUSE_AUTHORIZATION_NOT_BEARER, "the header is empty");
    if (im_refuse_placeholder(req, "the header", header, CAUSE_AUTHORIZATION_NOT_BEARER))
        return CAUSE_CREDENTIAL_PLACEHOLDER;
    if (scheme.len == header.len && said->scheme == IM_AUTH_BEARER)
        return im_refuse(req, CAUSE_AUTHORIZATION_NOT_BEARER,
                         "the header is the word Bearer with no token behind it");
    if (scheme.len == header.len)
        return im_refuse(
            req, CAUSE_AUTHORIZATION_NOT_BEARER,
            "the header has %zu characters and no scheme: the word Bearer and a "
            "blank belong before the token",
            header.len);
    if (!is_scheme(scheme))
        return im_refuse(req, CAUSE_AUTHORIZATION_NOT_BEARER,
                         "the header does not begin with the word Bearer and a blank");
    return im_refuse(req, CAUSE_AUTHORIZATION_NOT_BEARER,
                     "the header's scheme is \"%.*s\", not Bearer", IM_ARG(scheme));
}

static enum im_cause check_header(struct im_request *req,
                                  const struct im_credentials *said)
{
    if (!said->header_count)
        return im_refuse(req, CAUSE_AUTHORIZATION_HEADER_MISSING,
                         "the request has no Authorization header");
    if (said->header_count > 1)
        return im_refuse(req, CAUSE_AUTHORIZATION_REPEATED,
                         "the request has %zu Authorization headers", said->header_count);
    return said->bearer_token.len ? CAUSE_NONE : refuse_scheme(req, said);
}

/* ---- texts that were never issued, or are forgotten ---- */

static enum im_cause refuse_undecodable(const struct bearer_check *check,
                                        const struct im_error *err)
{
    struct im_str looks = im_looks_evidence(check->req->arena, check->text);

    if (looks.len)
        return im_refuse(check->req, CAUSE_TOKEN_MALFORMED, "%s; %.*s", err->text,
                         IM_ARG(looks));
    return im_refuse(check->req, CAUSE_TOKEN_MALFORMED, "%s (it has %zu characters)",
                     err->text, check->text.len);
}

/* Signed with a key of this sandbox, but unknown: from before a reset, or dropped, or made
 * wrong on purpose. */
static enum im_cause judge_unknown_token(const struct bearer_check *check,
                                         const struct im_jwt *jwt)
{
    struct im_request *req = check->req;
    struct im_str issuer = im_json_get_str(jwt->payload, "iss");
    struct im_str expected = im_str(check->dialect->issuer);
    const struct im_json *exp = im_json_get(jwt->payload, "exp");
    uint64_t dropped = im_tokens_dropped(check->authority->tokens);

    if (!expected.len) /* the REST dialect issues under its own address */
        expected = req->base_url;
    if (!im_str_eq(issuer, expected))
        return im_refuse(req, CAUSE_TOKEN_WRONG_ISSUER, "iss is \"%.*s\", not \"%.*s\"",
                         IM_ARG(im_quote(req, issuer)), IM_ARG(expected));
    if (exp && exp->is_whole && exp->whole <= req->now_ms / 1000)
        return im_refuse(req, CAUSE_ACCESS_TOKEN_EXPIRED,
                         "exp was %lld s ago, and nothing else is known of it any more",
                         (long long)(req->now_ms / 1000 - exp->whole));
    return im_refuse(
        req, CAUSE_ACCESS_TOKEN_UNKNOWN,
        "it is signed as one of ours, but this sandbox has no record of it: was it "
        "issued before a reset? (%llu records were dropped for want of room)",
        (unsigned long long)dropped);
}

static enum im_cause diagnose_unknown_text(const struct bearer_check *check)
{
    struct im_request *req = check->req;
    struct im_error err;
    struct im_jwt jwt;

    if (im_refuse_placeholder(req, "the token", check->text, CAUSE_TOKEN_MALFORMED))
        return CAUSE_CREDENTIAL_PLACEHOLDER;

    if (!im_jwt_decode(req->arena, check->text, &jwt, &err))
        return refuse_undecodable(check, &err);
    enum im_jwt_check verified =
        im_jwt_verify(check->authority->keys, &jwt, check->dialect->alg);
    /* our own signature settles it: only a foreign one is asked whose it may be */
    bool ours = verified == IM_JWT_GOOD || verified == IM_JWT_RETIRED_KEY;
    struct im_str foreign =
        ours ? IM_STR("") : im_real_service_evidence(req, check->text);
    if (foreign.len)
        return im_refuse(req, CAUSE_TOKEN_OF_THE_REAL_SERVICE, "%.*s", IM_ARG(foreign));
    switch (verified) {
    case IM_JWT_WRONG_ALG:
        return im_refuse(req, CAUSE_TOKEN_WRONG_ALGORITHM, "alg is \"%.*s\", not \"%s\"",
                         IM_ARG(im_quote(req, jwt.alg)),
                         im_jwt_alg_name(check->dialect->alg));
    case IM_JWT_UNKNOWN_KEY:
        return im_refuse(req, CAUSE_TOKEN_UNKNOWN_KEY,
                         "kid is \"%.*s\", which is none of ours",
                         IM_ARG(im_quote(req, jwt.kid)));
    case IM_JWT_BAD_SIGNATURE:
        /* as by a column that is too short for it */
        if (jwt.signature.len < im_jwt_signature_len(check->dialect->alg))
            return im_refuse(
                req, CAUSE_TOKEN_BAD_SIGNATURE,
                "it was cut short, or altered: its signature has %zu bytes, and one by "
                "%s has %zu",
                jwt.signature.len, im_jwt_alg_name(check->dialect->alg),
                im_jwt_signature_len(check->dialect->alg));
        return im_refuse(
            req, CAUSE_TOKEN_BAD_SIGNATURE,
            "the signature does not fit header and payload: altered, or signed by "
            "somebody else");
    case IM_JWT_RETIRED_KEY:
    case IM_JWT_GOOD: break;
    }
    return judge_unknown_token(check, &jwt);
}

/* ---- what is known of the token ----
 * Checked in this order: a token of the wrong kind is the wrong one whatever its state, so
 * its state would mislead. */

static enum im_cause check_kind(const struct bearer_check *check,
                                const struct im_token *token)
{
    struct im_request *req = check->req;

    if (token->dialect != check->dialect->id)
        return im_refuse(
            req, CAUSE_TOKEN_WRONG_ISSUER,
            "it was issued in the %s dialect, and this is the API of the %s dialect",
            im_dialect(token->dialect)->name, check->dialect->name);
    if (token->kind == IM_TOKEN_REFRESH)
        return im_refuse(
            req, CAUSE_REFRESH_TOKEN_USED_AS_ACCESS_TOKEN,
            "this is a refresh token; the access token came with it, in the member "
            "access_token");
    if (token->kind == IM_TOKEN_CODE)
        return im_refuse(
            req, CAUSE_CODE_USED_AS_ACCESS_TOKEN,
            "this is an authorization code; exchange it at the token endpoint first");
    return CAUSE_NONE;
}

/* Key rotation does not end tokens in the store: whether it refuses them is a switch. */
static enum im_cause check_key(const struct bearer_check *check,
                               const struct im_token *token)
{
    unsigned in_force = im_keys_generation(check->authority->keys);

    if (token->key_generation == in_force || check->policy.retired_keys_verify)
        return CAUSE_NONE;
    return im_refuse(
        check->req, CAUSE_TOKEN_UNKNOWN_KEY,
        "it was signed with key %u, which has been rotated out; in force is key %u",
        token->key_generation, in_force);
}

/* The clock was set back, or the token was minted for the future. */
static enum im_cause check_begun(const struct bearer_check *check,
                                 const struct im_token *token)
{
    struct im_request *req = check->req;

    if (token->not_before_ms <= req->now_ms + check->policy.skew)
        return CAUSE_NONE;
    return im_refuse(req, CAUSE_TOKEN_NOT_YET_VALID,
                     "it begins in %lld s: iat %.*s, now %.*s; does a clock go wrong?",
                     (long long)((token->not_before_ms - req->now_ms + 999) / 1000),
                     IM_ARG(im_time_rfc3339(req->arena, token->not_before_ms)),
                     IM_ARG(im_time_rfc3339(req->arena, req->now_ms)));
}

static enum im_cause check_life(const struct bearer_check *check,
                                const struct im_token *token)
{
    struct im_request *req = check->req;

    if (!token->ended)
        return CAUSE_NONE;
    return im_refuse(req, im_token_cause(token), "%.*s",
                     IM_ARG(im_ended_evidence(req->arena, token, req->now_ms)));
}

/* ---- what has changed since ---- */

static enum im_cause check_eligible(const struct bearer_check *check,
                                    const struct im_token *token)
{
    struct im_directory *directory = check->authority->directory;
    struct im_str evidence = {NULL, 0};
    const struct im_eligibility asked = {.place = IM_ELIGIBLE_TO_CALL,
                                         .client_id = token->client_id,
                                         .user = token->user,
                                         .company = token->company};

    check->principal->entity = token->entity;
    im_directory_principal(directory, token->client_id, token->company, token->user,
                           check->principal);
    enum im_cause cause = im_eligibility_check(directory, check->req->arena, &asked,
                                               check->principal, &evidence);
    return cause ? im_refuse(check->req, cause, "%.*s", IM_ARG(evidence)) : CAUSE_NONE;
}

/* ---- the gate ---- */

static enum im_cause bearer_judge(const struct bearer_check *check, struct im_token *out)
{
    static enum im_cause (*const steps[])(const struct bearer_check *,
                                          const struct im_token *) = {
        check_kind, check_key, check_begun, check_life, check_eligible};
    enum im_cause cause = CAUSE_NONE;
    struct im_eval_context eval = {check->req->now_ms, &check->policy};
    struct im_exchange *exchange = check->req->exchange;
    unsigned char digest[IM_SHA256_LEN];
    struct im_token gone;

    im_sha256(check->text, digest);
    if (!exchange->token.len) /* introspection names the one it is about */
        exchange->token =
            im_fingerprint_of(check->authority->secrets, check->req->arena, digest);
    if (!im_tokens_find(check->authority->tokens, digest, &eval, check->req->arena, out))
        return im_tokens_gone(check->authority->tokens, digest, &gone) &&
                       gone.kind == IM_TOKEN_ACCESS
                   ? check_life(check, &gone)
                   : diagnose_unknown_text(check);
    /* recorded before anything is refused: journal and rules need the subject most then */
    exchange->client_id = out->client_id;
    exchange->scope = out->scopes;
    exchange->user = im_account_text(check->req->arena, out->user, out->company);
    exchange->entity = out->entity;
    for (size_t i = 0; !cause && i < sizeof(steps) / sizeof(steps[0]); i++)
        cause = steps[i](check, out);
    return cause;
}

enum im_cause im_bearer_check(struct im_authority *authority, struct im_request *req,
                              enum im_dialect_id dialect, struct im_token *out,
                              struct im_principal *principal)
{
    struct im_principal unwanted = {.entity = {NULL, 0}};
    struct bearer_check check = {.authority = authority,
                                 .req = req,
                                 .dialect = im_dialect(dialect),
                                 .policy = im_authority_policy(authority),
                                 .text = im_credentials(req)->bearer_token,
                                 .principal = principal ? principal : &unwanted};

    *out = (struct im_token){.serial = 0};
    enum im_cause cause = check_header(req, im_credentials(req));
    if (!cause)
        cause = bearer_judge(&check, out);
    req->exchange->bearer_challenge = cause;
    return cause;
}
