/* Redeeming codes (RFC 6749 section 4.1.3, RFC 7636 section 4.6) and refresh tokens
 * (RFC 6749 section 6): the token store decides under its lock, this file gives the
 * evidence for what it decided. */
#include <string.h>

#include "base/crypto.h"
#include "oauth/authority.h"
#include "oauth/token_refusal.h"

/* RFC 7636 section 4.6: BASE64URL-ENCODE(SHA256(ASCII(code_verifier))) */
static struct im_str s256(struct im_arena *arena, struct im_str verifier)
{
    unsigned char digest[IM_SHA256_LEN];

    im_sha256(verifier, digest);
    return im_base64url(arena, digest, sizeof(digest));
}

/* ---- evidence ---- */

static enum im_cause refuse_unknown_token(struct im_request *req, enum im_cause cause,
                                          struct im_str text,
                                          const struct im_token *token)
{
    const char *wanted =
        cause == CAUSE_CODE_UNKNOWN ? "an authorization code" : "a refresh token";
    struct im_str looks = im_looks_evidence(req->arena, text);
    struct im_str foreign = im_real_service_evidence(req, text);
    enum im_token_kind kind =
        cause == CAUSE_CODE_UNKNOWN ? IM_TOKEN_CODE : IM_TOKEN_REFRESH;

    /* judged unknown, but there is a record: it is of another kind or dialect */
    if (token->serial && token->kind != kind)
        return im_refuse(req, cause,
                         "%s was expected, but this is a token of kind \"%s\"", wanted,
                         im_token_kind_name(token->kind));
    if (token->serial)
        return im_refuse(req, cause,
                         "it was issued in the %s dialect and works only there",
                         im_dialect(token->dialect)->name);
    if (im_refuse_placeholder(req, wanted, text, cause))
        return CAUSE_CREDENTIAL_PLACEHOLDER;
    if (foreign.len)
        return im_refuse(req, CAUSE_TOKEN_OF_THE_REAL_SERVICE, "%.*s", IM_ARG(foreign));
    if (looks.len)
        return im_refuse(req, cause, "no such text was issued here; %.*s", IM_ARG(looks));
    return im_refuse(req, cause, "no such text was issued here (%zu characters)",
                     text.len);
}

static enum im_cause refuse_other_client(struct im_request *req, enum im_cause cause,
                                         const struct im_token *token,
                                         struct im_str client_id)
{
    return im_refuse(req, cause, "it was issued to client %.*s, and %.*s presents it",
                     IM_ARG(token->client_id), IM_ARG(im_quote(req, client_id)));
}

static enum im_cause refuse_dead(struct im_request *req, enum im_cause cause,
                                 const struct im_token *token)
{
    return im_refuse(req, cause, "%.*s",
                     IM_ARG(im_ended_evidence(req->arena, token, req->now_ms)));
}

static enum im_cause refuse_redirect(struct im_request *req, const struct im_token *token,
                                     struct im_str given)
{
    if (!given.len)
        return im_refuse(
            req, CAUSE_REDIRECT_URI_MISMATCH,
            "the code was issued for redirect_uri %.*s, and the token request has "
            "none",
            IM_ARG(im_quote(req, token->redirect_uri)));
    return im_refuse(
        req, CAUSE_REDIRECT_URI_MISMATCH,
        "the code was issued for redirect_uri \"%.*s\", the token request says "
        "\"%.*s\"",
        IM_ARG(im_quote(req, token->redirect_uri)), IM_ARG(im_quote(req, given)));
}

static enum im_cause refuse_verifier(struct im_request *req, const struct im_token *token,
                                     struct im_str verifier)
{
    enum { SHORTEST = 43, LONGEST = 128 }; /* RFC 7636 section 4.1 */
    const char *how = token->challenge_plain ? "is not" : "hashes to something else than";

    if (im_str_eq(verifier, token->challenge))
        return im_refuse(req, CAUSE_PKCE_VERIFIER_WRONG,
                         "the challenge itself was sent as code_verifier");
    if (verifier.len < SHORTEST || verifier.len > LONGEST)
        return im_refuse(
            req, CAUSE_PKCE_VERIFIER_WRONG,
            "the code_verifier %s the challenge, and has %zu characters, not 43 to "
            "128",
            how, verifier.len);
    return im_refuse(req, CAUSE_PKCE_VERIFIER_WRONG,
                     "the code_verifier %s the challenge %.*s", how,
                     IM_ARG(im_quote(req, token->challenge)));
}

static enum im_cause explain_code(struct im_request *req, enum im_cause cause,
                                  const struct im_code_claim *claim,
                                  const struct im_token *token)
{
    switch (cause) {
    case CAUSE_NONE: return CAUSE_NONE;
    case CAUSE_CODE_UNKNOWN: return refuse_unknown_token(req, cause, claim->code, token);
    case CAUSE_CODE_OF_ANOTHER_CLIENT:
        return refuse_other_client(req, cause, token, claim->client_id);
    case CAUSE_REDIRECT_URI_MISMATCH:
        return refuse_redirect(req, token, claim->redirect_uri);
    case CAUSE_PKCE_VERIFIER_MISSING:
        return im_refuse(req, cause,
                         "authorize was given a code_challenge, and the token request "
                         "has no code_verifier");
    case CAUSE_PKCE_VERIFIER_WRONG: return refuse_verifier(req, token, claim->verifier);
    default: return refuse_dead(req, cause, token);
    }
}

static enum im_cause explain_refresh(struct im_request *req, enum im_cause cause,
                                     struct im_str text, struct im_str client_id,
                                     const struct im_token *token)
{
    switch (cause) {
    case CAUSE_NONE: return CAUSE_NONE;
    case CAUSE_REFRESH_TOKEN_UNKNOWN:
        return refuse_unknown_token(req, cause, text, token);
    case CAUSE_REFRESH_TOKEN_OF_ANOTHER_CLIENT:
        return refuse_other_client(req, cause, token, client_id);
    case CAUSE_PARALLEL_REFRESH: /* the new tokens are in another process of the client */
        return im_refuse(
            req, cause,
            "another refresh with the same token won at %.*s, while this request was "
            "already on its way",
            IM_ARG(im_time_rfc3339(req->arena, token->consumed_ms)));
    default: return refuse_dead(req, cause, token);
    }
}

/* ---- redeeming ---- */

static enum im_cause redeem_token(struct im_authority *authority, struct im_request *req,
                                  struct im_redemption *redemption, struct im_str text,
                                  struct im_token *out)
{
    struct im_policy policy = im_authority_policy(authority);
    struct im_eval_context eval = {req->now_ms, &policy};

    im_sha256(text, redemption->digest);
    redemption->arrived = req->arrived; /* tells a lost race from a second use */
    redemption->arrivals = &authority->arrivals;
    if (!req->exchange->token.len)
        req->exchange->token =
            im_fingerprint_of(req->exchange->secrets, req->arena, redemption->digest);
    return im_tokens_redeem(authority->tokens, redemption, &eval, req->arena, out);
}

enum im_cause im_authority_redeem_code(struct im_authority *authority,
                                       struct im_request *req,
                                       const struct im_code_claim *claim,
                                       struct im_token *out)
{
    struct im_redemption redemption = {.kind = IM_TOKEN_CODE,
                                       .dialect = claim->dialect,
                                       .client_id = claim->client_id,
                                       .redirect_uri = claim->redirect_uri};

    if (claim->verifier_given) {
        redemption.verifier = claim->verifier;
        redemption.verifier_s256 = s256(req->arena, claim->verifier);
    }
    enum im_cause cause = redeem_token(authority, req, &redemption, claim->code, out);
    if (!cause && claim->verifier_given && !out->challenge.len)
        im_note(req, CAUSE_PKCE_VERIFIER_WRONG,
                "a code_verifier was sent, but authorize had no code_challenge: it was "
                "ignored");
    return explain_code(req, cause, claim, out);
}

enum im_cause im_authority_redeem_refresh(struct im_authority *authority,
                                          struct im_request *req,
                                          enum im_dialect_id dialect, struct im_str token,
                                          struct im_str client_id, struct im_token *out)
{
    struct im_redemption redemption = {
        .kind = IM_TOKEN_REFRESH, .dialect = dialect, .client_id = client_id};
    enum im_cause cause = redeem_token(authority, req, &redemption, token, out);

    return explain_refresh(req, cause, token, client_id, out);
}
