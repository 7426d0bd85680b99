/* authorization_code (RFC 6749 section 4.1.3) with PKCE (RFC 7636 section 4.5). The
 * authority judges the code and uses it up in one step, under its lock: of two requests
 * with one code only one succeeds. */
#include "base/crypto.h"
#include "directory/account.h"
#include "directory/eligibility.h"
#include "grants/grant.h"
#include "oauth/misspelling.h"
#include "oauth/scope.h"

static enum im_cause code_check(struct im_request *req, const struct im_params *params)
{
    if (im_param(params, "code").len)
        return CAUSE_NONE;
    return im_refuse_missing(req, params, "code", CAUSE_CODE_MISSING);
}

/* A parameter that was sent under a misspelled name: a refusal that names the misspelling
 * helps more than "mismatch". One that is simply absent is for the authority to judge. */
static enum im_cause code_check_misspelling(const struct im_grant_request *g,
                                            const char *wanted, enum im_cause missing)
{
    if (im_param(g->params, wanted).len || !im_misspelling_of(g->params, wanted).at)
        return CAUSE_NONE;
    return im_refuse_missing(g->req, g->params, wanted, missing);
}

static enum im_cause code_check_misspellings(const struct im_grant_request *g,
                                             const struct im_token *code)
{
    enum im_cause cause = CAUSE_NONE;
    if (code->redirect_uri.len)
        cause = code_check_misspelling(g, "redirect_uri", CAUSE_REDIRECT_URI_MISMATCH);
    if (!cause && code->challenge.len)
        cause = code_check_misspelling(g, "code_verifier", CAUSE_PKCE_VERIFIER_MISSING);
    return cause;
}

/* What would refuse the request whatever the code is worth comes before the code is
 * used up: the client may then put it right and try again. */
static enum im_cause code_look_first(const struct im_grant_request *g, struct im_str text)
{
    struct im_token code;
    if (!im_authority_find(g->authority, g->req->arena, text, g->req->now_ms, &code))
        return CAUSE_NONE;
    g->req->exchange->user = im_account_text(g->req->arena, code.user, code.company);
    g->req->exchange->entity = code.entity;
    if (code.ended || code.kind != IM_TOKEN_CODE ||
        !im_str_eq(code.client_id, g->client->id))
        return CAUSE_NONE;
    struct im_grant_subject who = {
        .user = code.user, .company = code.company, .entity = code.entity};
    enum im_cause cause = code_check_misspellings(g, &code);
    return cause ? cause : im_eligibility_require(g, &who);
}

/* Does it come with a refresh token? Only scope offline_access gives one (confirmed by
 * Sage), in the dialect that has such a scope. */
static bool gives_refresh(const struct im_grant_request *g, struct im_str scopes)
{
    struct im_str offline = IM_STR("offline_access");
    if (!g->policy->offline_access_required || im_str_in_list(scopes, offline) ||
        !im_scope_known(g->dialect, offline))
        return true;
    im_note(g->req, CAUSE_REFRESH_TOKEN_MISSING,
            "no refresh token was issued: the scope granted is \"%.*s\", without "
            "offline_access; "
            "ask for scope=offline_access at the authorize endpoint and have the user "
            "consent "
            "again",
            IM_ARG(scopes));
    return false;
}

static void code_fill(const struct im_grant_request *g, const struct im_token *code,
                      struct im_issue *issue)
{
    g->req->exchange->scope = code->scopes;
    issue->grant = code->grant;
    issue->user = code->user;
    issue->company = code->company;
    issue->entity = code->entity;
    issue->scopes = code->scopes;
    issue->nonce = code->nonce;
    issue->auth_time_s = code->auth_time_s;
    issue->with_refresh = gives_refresh(g, code->scopes);
    issue->with_id_token = im_str_in_list(code->scopes, IM_STR("openid"));
}

static enum im_cause code_decide(const struct im_grant_request *g, struct im_issue *issue)
{
    struct im_token code;
    struct im_str text = im_param(g->params, "code");
    struct im_str verifier = im_param(g->params, "code_verifier");
    struct im_code_claim claim = {.dialect = g->dialect->id,
                                  .code = text,
                                  .client_id = g->client->id,
                                  .redirect_uri = im_param(g->params, "redirect_uri"),
                                  .verifier = verifier,
                                  .verifier_given = verifier.len > 0};
    g->req->exchange->token = im_fingerprint(g->authority->secrets, g->req->arena, text);
    enum im_cause cause = code_look_first(g, text);
    if (!cause)
        cause = im_authority_redeem_code(g->authority, g->req, &claim, &code);
    if (!cause)
        code_fill(g, &code, issue);
    return cause;
}

static const char *const parameters[] = {"code", "redirect_uri", "code_verifier", NULL};

const struct im_grant im_grant_authorization_code = {
    .grant_type = "authorization_code",
    .parameters = parameters,
    .check = code_check,
    .decide = code_decide,
};
