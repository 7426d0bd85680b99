/* Revocation (RFC 7009). Bodies with and without the client's credentials are observed, so
 * these are checked when they come, and demanded only by policy revoke_needs_client. */
#include "directory/account.h"
#include "endpoints/endpoint.h"
#include "endpoints/oauth_body.h"
#include "oauth/client_auth.h"
#include "oauth/token_refusal.h"

static enum im_cause revoke_check_client(struct im_authority *authority,
                                         struct im_request *req,
                                         const struct im_client_claim *claim,
                                         struct im_client *client)
{
    *client = (struct im_client){0};
    if (im_client_claims(claim))
        return im_client_check(authority, req, claim, IM_STR(""), client);
    if (!im_authority_policy(authority).revoke_needs_client)
        return CAUSE_NONE;
    return im_refuse(
        req, CAUSE_CLIENT_AUTH_MISSING,
        "neither client_id and client_secret nor HTTP Basic was sent, and policy "
        "revoke_needs_client demands them");
}

/* RFC 7009 section 2.1: a client revokes its own tokens, of whatever kind. */
static enum im_cause revoke_check_owner(struct im_request *req,
                                        const struct im_client *client,
                                        const struct im_token *token)
{
    if (!client->id.len || im_str_eq(client->id, token->client_id))
        return CAUSE_NONE;
    return im_refuse(
        req, im_other_client_cause(token->kind),
        "client %.*s asked to revoke the %s token %.*s, which is client %.*s's",
        IM_ARG(client->id), im_token_kind_name(token->kind), IM_ARG(req->exchange->token),
        IM_ARG(token->client_id));
}

static void revoke_token(struct im_authority *authority, struct im_request *req,
                         const struct im_params *params, const struct im_token *token)
{
    /* by policy revoke_cascades more than this token: all of the user and company (documented) */
    size_t ended = im_authority_revoke(authority, im_param(params, "token"), req->now_ms);
    if (token->ended)
        im_note(req, im_token_cause(token), "the %s token %.*s was dead already (%s)",
                im_token_kind_name(token->kind), IM_ARG(req->exchange->token),
                im_cause_row(im_token_cause(token))->id);
    else if (ended > 2) /* more than its own grant's access and refresh token */
        im_note(req, CAUSE_GRANT_REVOKED_ELSEWHERE,
                "revoking this one token ended %zu tokens of %.*s, those of other "
                "connections too",
                ended, IM_ARG(req->exchange->user));
}

/* As a public SDK and its tests show Intacct's answer, and Sage Accounting's documentation its own; RFC 7009
 * leaves the body open. */
static void answer_revoked(const struct im_request *req, struct im_response *res)
{
    struct im_json_out out;
    im_json_out_init(&out, im_response_begin(res, 200, "application/json"));
    im_json_open_object(&out, NULL);
    if (im_endpoint_dialect(req) == IM_DIALECT_ARTICLE)
        im_json_strz(&out, "success", "ok");
    else
        im_json_bool(&out, "revoked", true);
    im_json_close_object(&out);
}

/* An unknown token counts as revoked: 200 (RFC 7009 section 2.2). */
static enum im_cause revoke_found(struct im_authority *authority, struct im_request *req,
                                  const struct im_params *params,
                                  const struct im_client *client)
{
    struct im_token token;
    if (!im_authority_find(authority, req->arena, im_param(params, "token"), req->now_ms,
                           &token)) {
        im_note(req, CAUSE_ACCESS_TOKEN_UNKNOWN,
                "this server never issued %.*s, so nothing was revoked",
                IM_ARG(req->exchange->token));
        return CAUSE_NONE;
    }
    req->exchange->user = im_account_text(req->arena, token.user, token.company);
    enum im_cause cause = revoke_check_owner(req, client, &token);
    if (!cause)
        revoke_token(authority, req, params, &token);
    return cause;
}

enum im_cause im_endpoint_revoke(struct im_authority *authority, struct im_request *req,
                                 struct im_response *res)
{
    struct im_params params;
    struct im_client client;
    struct im_client_claim claim;
    enum im_cause cause = im_oauth_body(req, &params);
    if (!cause)
        cause = im_oauth_body_token(req, &params);
    if (!cause)
        cause = im_client_claim_read(req, &claim);
    if (!cause)
        cause = revoke_check_client(authority, req, &claim, &client);
    if (!cause)
        cause = revoke_found(authority, req, &params, &client);
    if (!cause)
        answer_revoked(req, res);
    return cause;
}
