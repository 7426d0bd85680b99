/* Introspection (RFC 7662), in the shape that a public SDK and its tests show: a caller with
 * a bearer token gets a basic set of members, a client with its credentials gets all. */
#include "directory/eligibility.h"
#include "endpoints/endpoint.h"
#include "endpoints/oauth_body.h"
#include "oauth/client_auth.h"
#include "oauth/credentials.h"
#include "oauth/token_refusal.h"

/* ---- the caller ---- */

static enum im_cause introspect_check_client(struct im_authority *authority,
                                             struct im_request *req,
                                             struct im_str *caller)
{
    struct im_client client = {.active = false};
    struct im_client_claim claim;
    enum im_cause cause = im_client_claim_read(req, &claim);
    if (cause)
        return cause;
    if (im_client_claims(&claim)) {
        cause = im_client_check(authority, req, &claim, IM_STR(""), &client);
        *caller = client.id;
        return cause;
    }
    return im_refuse(
        req, CAUSE_CLIENT_AUTH_MISSING,
        "nobody says who asks: send Authorization: Bearer with an access token, or "
        "the client's credentials by HTTP Basic or in the body");
}

/* *caller: the client that asks, also by a token that it was given. */
static enum im_cause introspect_check_caller(struct im_authority *authority,
                                             struct im_request *req, bool bearer,
                                             struct im_str *caller)
{
    struct im_token own;
    if (!bearer)
        return introspect_check_client(authority, req, caller);
    enum im_cause cause =
        im_bearer_check(authority, req, im_endpoint_dialect(req), &own, NULL);
    *caller = own.client_id;
    return cause;
}

/* ---- the token ---- */

/* A token of a user who may not work here any more would be refused by the API, so
 * it is not active either. */
static enum im_cause introspect_check_subject(struct im_authority *authority,
                                              struct im_request *req,
                                              const struct im_token *token,
                                              struct im_str *reason)
{
    struct im_principal principal = {.entity = token->entity};
    const struct im_eligibility asked = {.place = IM_ELIGIBLE_STILL,
                                         .client_id = token->client_id,
                                         .user = token->user,
                                         .company = token->company};
    im_directory_principal(authority->directory, token->client_id, token->company,
                           token->user, &principal);
    return im_eligibility_check(authority->directory, req->arena, &asked, &principal,
                                reason);
}

/* CAUSE_NONE = active. Any other cause is a note, not a refusal: RFC 7662 section 2.2 has an
 * inactive token answered with 200 and "active": false, without a reason. */
static enum im_cause introspect_find_token(struct im_authority *authority,
                                           struct im_request *req, struct im_str text,
                                           struct im_str caller, struct im_token *token)
{
    struct im_str reason = IM_STR("the token is dead");
    enum im_cause cause = CAUSE_ACCESS_TOKEN_UNKNOWN;
    if (!im_authority_find(authority, req->arena, text, req->now_ms, token))
        reason = IM_STR("this server never issued it");
    else if (!im_authority_policy(authority).introspect_any_client &&
             !im_str_eq(token->client_id, caller)) {
        reason = IM_STR("it was given to another client (policy introspect_any_client)");
        cause = CAUSE_TOKEN_OF_ANOTHER_CLIENT;
    } else if (token->kind == IM_TOKEN_CODE)
        cause = CAUSE_CODE_USED_AS_ACCESS_TOKEN;
    else
        cause = token->ended ? im_token_cause(token)
                             : introspect_check_subject(authority, req, token, &reason);
    if (cause == CAUSE_CODE_USED_AS_ACCESS_TOKEN)
        reason = IM_STR("it is an authorization code");
    if (cause)
        im_note(req, cause, "%.*s is not active: %.*s (%s)", IM_ARG(req->exchange->token),
                IM_ARG(reason), im_cause_row(cause)->id);
    return cause;
}

static void introspect_write(struct im_json_out *out, const struct im_token *token,
                             bool all)
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
    struct im_str caller = {NULL, 0};
    bool bearer = im_credentials(req)->scheme == IM_AUTH_BEARER;
    enum im_cause cause = im_oauth_body(req, &params);
    if (!cause)
        cause = im_oauth_body_token(req, &params);
    if (!cause)
        cause = introspect_check_caller(authority, req, bearer, &caller);
    if (cause)
        return cause;

    bool active = !introspect_find_token(authority, req, im_param(&params, "token"),
                                         caller, &token);
    im_json_out_init(&out, im_response_begin(res, 200, "application/json"));
    im_json_open_object(&out, NULL);
    im_json_bool(&out, "active", active);
    if (active)
        introspect_write(&out, &token, !bearer);
    im_json_close_object(&out);
    /* the answer may be another one a second later */
    im_response_header(res, "Cache-Control", IM_STR("no-store"));
    return CAUSE_NONE;
}
