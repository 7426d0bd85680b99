/* refresh_token (RFC 6749 section 6). What a refresh does to its token is policy
 * (rotation, reuse): Sage does not say. entity_id mints a token for one entity (seen
 * in two public SDKs). */
#include "base/crypto.h"
#include "directory/account.h"
#include "directory/eligibility.h"
#include "grants/grant.h"
#include "oauth/misspelling.h"
#include "oauth/scope.h"

static enum im_cause refresh_check(struct im_request *req, const struct im_params *params)
{
    if (im_param(params, "refresh_token").len)
        return CAUSE_NONE;
    return im_refuse_missing(req, params, "refresh_token", CAUSE_REFRESH_TOKEN_MISSING);
}

/* Everything about the request but the token itself. */
static enum im_cause refresh_check_rest(const struct im_grant_request *g,
                                        const struct im_token *token,
                                        struct im_issue *issue)
{
    struct im_str asked = im_param(g->params, "entity_id");
    issue->entity = asked.len ? asked : token->entity;
    struct im_grant_subject who = {
        .user = token->user, .company = token->company, .entity = issue->entity};
    enum im_cause cause = im_eligibility_require(g, &who);
    if (cause)
        return cause;
    return im_scope_keep(g->req, im_param(g->params, "scope"), token->scopes,
                         &issue->scopes);
}

/* The rest is checked before the token is used up: a client that is refused because the
 * user is locked can go on with the same token once the user is unlocked. *looked: the
 * token is live and this client's, so the rest has been checked. */
static enum im_cause refresh_look_first(const struct im_grant_request *g,
                                        struct im_str text, struct im_issue *issue,
                                        bool *looked)
{
    struct im_token token;
    *looked = false;
    if (!im_authority_find(g->authority, g->req->arena, text, g->req->now_ms, &token))
        return CAUSE_NONE;
    g->req->exchange->user = im_account_text(g->req->arena, token.user, token.company);
    g->req->exchange->entity = token.entity;
    *looked = !token.ended && token.kind == IM_TOKEN_REFRESH &&
              im_str_eq(token.client_id, g->client->id);
    return *looked ? refresh_check_rest(g, &token, issue) : CAUSE_NONE;
}

static void refresh_fill(const struct im_grant_request *g, const struct im_token *token,
                         struct im_issue *issue)
{
    issue->grant = token->grant;
    issue->grant_type = token->grant_type;
    issue->user = token->user;
    issue->company = token->company;
    issue->with_refresh = true;
    if (g->policy->rotation == IM_ROTATION_KEEP)
        issue->keep_refresh = im_param(g->params, "refresh_token");
}

static enum im_cause refresh_decide(const struct im_grant_request *g,
                                    struct im_issue *issue)
{
    bool looked;
    struct im_token token;
    struct im_str text = im_param(g->params, "refresh_token");
    g->req->exchange->token = im_fingerprint(g->authority->secrets, g->req->arena, text);
    enum im_cause cause = refresh_look_first(g, text, issue, &looked);
    if (!cause)
        cause = im_authority_redeem_refresh(g->authority, g->req, g->dialect->id, text,
                                            g->client->id, &token);
    if (!cause && !looked) /* under its grace, or the clock was turned back meanwhile */
        cause = refresh_check_rest(g, &token, issue);
    if (!cause)
        refresh_fill(g, &token, issue);
    return cause;
}

static const char *const parameters[] = {"refresh_token", "entity_id", "scope", NULL};

const struct im_grant im_grant_refresh_token = {
    .grant_type = "refresh_token",
    .parameters = parameters,
    .check = refresh_check,
    .decide = refresh_decide,
};
