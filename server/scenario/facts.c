#include "scenario/facts.h"

#include "base/crypto.h"
#include "directory/account.h"
#include "oauth/credentials.h"

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
    const struct im_credentials *said = im_credentials(req);

    *facts = (struct im_facts){
        .endpoint = endpoint,
        .grant = said->grant,
        .client = said->client,
        .user = im_str_slice(said->username, 0, im_str_find(said->username, '|')),
        .method = req->method,
        .path = req->path,
        .scope = said->scope,
        .token = said->token,
    };
    if (facts->token.len)
        ask_token(authority, req, facts);
}
