/* The token endpoint (RFC 6749 section 3.2). Two parties look at a request, one after
 * the other: the gateway at its form (body, grant_type, client_id, the grant's own
 * parameters: GW- errors), then the authorization server at the credentials and at the
 * grant (RFC 6749 errors). */
#include "base/crypto.h"
#include "endpoints/endpoint.h"
#include "endpoints/oauth_body.h"
#include "grants/grant.h"
#include "oauth/client_auth.h"
#include "oauth/misspelling.h"

struct token_asked {
    struct im_params params;
    const struct im_grant *grant;
    struct im_client_claim claim;
};

/* ---- the gateway ---- */

static enum im_cause token_find_grant(struct im_request *req, struct token_asked *asked)
{
    static const char *const once[] = {"grant_type", NULL};
    struct im_str type = im_param(&asked->params, "grant_type");
    enum im_cause cause = im_refuse_repeated(req, &asked->params, once);
    if (cause)
        return cause;
    if (!type.len)
        return im_refuse_missing(req, &asked->params, "grant_type",
                                 CAUSE_GRANT_TYPE_MISSING);
    req->exchange->grant = im_quote(req, type);
    asked->grant = im_grant_find(type);
    return asked->grant ? CAUSE_NONE : im_grant_refuse(req, type);
}

/* The grant first: a repeated username has a cause of its own. */
static enum im_cause token_check_grant_form(struct im_request *req,
                                            const struct token_asked *asked)
{
    enum im_cause cause = asked->grant->check(req, &asked->params);
    return cause ? cause
                 : im_refuse_repeated(req, &asked->params, asked->grant->parameters);
}

static enum im_cause token_check_form(struct im_request *req, struct token_asked *asked)
{
    enum im_cause cause = im_oauth_body(req, &asked->params);
    if (!cause)
        cause = token_find_grant(req, asked);
    if (!cause)
        cause = im_client_claim_read(req, &asked->claim);
    if (!cause)
        cause = im_client_claim_need_id(req, &asked->claim);
    return cause ? cause : token_check_grant_form(req, asked);
}

/* ---- the authorization server ---- */

static enum im_cause token_check_client(struct im_authority *authority,
                                        struct im_request *req,
                                        const struct token_asked *asked,
                                        struct im_client *client)
{
    struct im_str type = im_str(asked->grant->grant_type);
    enum im_cause cause = im_client_check(authority, req, &asked->claim, type, client);
    if (cause || im_list_has(client->grants, type))
        return cause;
    return im_refuse(req, CAUSE_CLIENT_GRANT_NOT_ALLOWED,
                     "client %.*s may not use grant_type %s", IM_ARG(client->id),
                     asked->grant->grant_type);
}

static enum im_cause answer_tokens_issued(const struct im_grant_request *g,
                                          const struct im_issue *issue,
                                          struct im_response *res)
{
    struct im_error err;
    struct im_issued issued;
    struct im_json_out out;
    struct im_request *req = g->req;
    if (!im_authority_issue(g->authority, req->arena, req->now_ms, issue, &issued, &err))
        return im_refuse(req, CAUSE_INTERNAL, "issuing a token: %s", err.text);
    req->exchange->issued = issued.fingerprint;
    req->exchange->issued_for_s = issued.expires_in_s;

    im_json_out_init(&out, im_response_begin(res, 200, "application/json"));
    im_json_open_object(&out, NULL);
    g->dialect->write_response(&out, &issued);
    im_json_close_object(&out);
    /* RFC 6749 section 5.1 */
    im_response_header(res, "Cache-Control", IM_STR("no-store"));
    im_response_header(res, "Pragma", IM_STR("no-cache"));
    return CAUSE_NONE;
}

static enum im_cause token_grant(struct im_authority *authority, struct im_request *req,
                                 const struct token_asked *asked, struct im_response *res)
{
    struct im_client client;
    struct im_principal principal = {.entity = {NULL, 0}};
    enum im_cause cause = token_check_client(authority, req, asked, &client);
    if (cause)
        return cause;
    struct im_policy policy = im_authority_policy(authority);
    struct im_grant_request g = {.authority = authority,
                                 .req = req,
                                 .params = &asked->params,
                                 .client = &client,
                                 .principal = &principal,
                                 .policy = &policy,
                                 .dialect = im_dialect(im_endpoint_dialect(req))};
    struct im_issue issue = {.dialect = g.dialect->id,
                             .grant_type = im_str(asked->grant->grant_type),
                             .client_id = client.id,
                             .principal = &principal,
                             .issuer = req->base_url};
    cause = asked->grant->decide(&g, &issue);
    if (cause)
        return cause;
    /* only a warning: RFC 6749 section 3.2 has unknown parameters ignored */
    im_note_misspelled(req, &asked->params, asked->grant->parameters);
    return answer_tokens_issued(&g, &issue, res);
}

enum im_cause im_endpoint_token(struct im_authority *authority, struct im_request *req,
                                struct im_response *res)
{
    struct token_asked asked = {0};
    enum im_cause cause = token_check_form(req, &asked);
    return cause ? cause : token_grant(authority, req, &asked, res);
}
