#include "scenario/facts.h"

#include "base/crypto.h"
#include "directory/account.h"
#include "oauth/presented.h"

/* Whose token it is, dead or alive, where the request does not say. */
static void ask_token(struct im_authority *authority, struct im_request *req,
                      struct im_facts *facts)
{
    struct im_token token;

    if (!im_authority_find(authority, req->arena, facts->token, req->now_ms, &token))
        return;
    facts->grant_id = token.grant;
    if (!facts->client.len)
        facts->client = token.client_id;
    if (!facts->user.len)
        facts->user = im_account_text(req->arena, token.user, token.company);
    if (!facts->scope.len)
        facts->scope = token.scopes;
}

void im_facts_read(struct im_authority *authority, struct im_request *req,
                   const char *endpoint, struct im_facts *facts)
{
    struct im_presented presented;

    im_presented_read(req, &presented);
    *facts = (struct im_facts){
        .endpoint = endpoint,
        .grant = presented.grant,
        .client = presented.client,
        .user = im_str_slice(presented.username, 0, im_str_find(presented.username, '|')),
        .method = req->method,
        .path = req->path,
        .scope = presented.scope,
        .token = presented.token,
    };
    if (facts->token.len)
        ask_token(authority, req, facts);
}
