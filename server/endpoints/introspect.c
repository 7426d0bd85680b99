/* Introspection (RFC 7662), in the shape that a public SDK and its tests show: who
 * asks with a bearer token learns a basic set of members, a client with its
 * credentials learns all. */
#include "directory/eligibility.h"
#include "endpoints/endpoint.h"
#include "endpoints/oauth_body.h"
#include "oauth/client_auth.h"
#include "oauth/credentials.h"
#include "oauth/token_refusal.h"

/* ---- who asks ---- */

static enum im_cause introspect_check_client(struct im_authority *authority,
                                             struct im_request *req)
{
    struct im_client client;
    struct im_client_claim claim;
    enum im_cause cause = im_client_claim_read(req, &claim);
    if (cause)
        return cause;
    if (im_client_claims(&claim))
        return im_client_check(authority, req, &claim, IM_STR(""), &client);
    return im_refuse(
        req, CAUSE_CLIENT_AUTH_MISSING,
        "nobody says who asks: send Authorization: Bearer with an access token, or "
        "the client's credentials by HTTP Basic or in the body");
}

static enum im_cause check_caller(struct im_authority *authority, struct im_request *req,
                                  bool bearer)
{
    struct im_token own;
    if (!bearer)
        return introspect_check_client(authority, req);
    return im_bearer_check(authority, req, im_endpoint_dialect(req), &own, NULL);
}

/* ---- what about ---- */

/* A token of a user who may not work here any more would be refused by the API, so
 * it is not active either. */
static enum im_cause check_subject(struct im_authority *authority, struct im_request *req,
                                   const struct im_token *token, struct im_str *why)
{
    struct im_principal principal = {.entity = token->entity};
    const struct im_eligibility asked = {.place = IM_ELIGIBLE_STILL,
                                         .client_id = token->client_id,
                                         .user = token->user,
                                         .company = token->company};
    im_directory_principal(authority->directory, token->client_id, token->company,
                           token->user, &principal);
    return im_eligibility_check(authority->directory, req->arena, &asked, &principal,
                                why);
}

/* CAUSE_NONE = active. */
static enum im_cause look_up_token(struct im_authority *authority, struct im_request *req,
                                   struct im_str text, struct im_token *token)
{
    struct im_str why = IM_STR("the token is dead");
    enum im_cause cause = CAUSE_ACCESS_TOKEN_UNKNOWN;
    if (!im_authority_find(authority, req->arena, text, req->now_ms, token))
        why = IM_STR("this server never issued it");
    else if (token->kind == IM_TOKEN_CODE)
        cause = CAUSE_CODE_USED_AS_ACCESS_TOKEN;
    else
        cause = token->ended ? im_token_cause(token)
                             : check_subject(authority, req, token, &why);
    if (cause == CAUSE_CODE_USED_AS_ACCESS_TOKEN)
        why = IM_STR("it is an authorization code");
    if (cause)
        im_note(req, cause, "%.*s is not active: %.*s (%s)", IM_ARG(req->exchange->token),
                IM_ARG(why), im_cause_row(cause)->id);
    return cause;
}

static void write_members(struct im_json_out *out, const struct im_token *token, bool all)
{
    im_json_strz(out, "token_type", "bearer");
    im_json_str(out, "client_id", token->client_id);
    im_json_str(out, "user_id", token->user);
    im_json_str(out, "cny_id", token->company);
    im_json_int(out, "exp", token->expires_ms / 1000);
    im_json_int(out, "iat", token->issued_ms / 1000);
    if (!all)
        return;
    im_json_str(out, "company_key", token->company_key);
    im_json_str(out, "entity_id", token->entity);
    im_json_str(out, "entity_key", token->entity_key);
    im_json_str(out, "user_key", token->user_key);
    im_json_bool(out, "ai_enabled", false);
}

enum im_cause im_endpoint_introspect(struct im_authority *authority,
                                     struct im_request *req, struct im_response *res)
{
    struct im_params params;
    struct im_token token;
    struct im_json_out out;
    bool bearer = im_credentials(req)->scheme == IM_AUTH_BEARER;
    enum im_cause cause = im_oauth_body(req, &params);
    if (!cause)
        cause = im_oauth_body_token(req, &params);
    if (!cause)
        cause = check_caller(authority, req, bearer);
    if (cause)
        return cause;

    bool active = !look_up_token(authority, req, im_param(&params, "token"), &token);
    im_json_out_init(&out, im_response_begin(res, 200, "application/json"));
    im_json_open_object(&out, NULL);
    im_json_bool(&out, "active", active);
    if (active)
        write_members(&out, &token, !bearer);
    im_json_close_object(&out);
    im_response_header(res, "Cache-Control", IM_STR("no-store"));
    return CAUSE_NONE;
}
