/* The attributes of a request that rules ask for: see attributes.h. What the request says of itself
 * comes first; what it does not say is taken from the token or code that it presents. */
#include "scenario/attributes.h"

#include "directory/account.h"
#include "endpoints/access.h"
#include "oauth/credentials.h"

/* Whose token it is, dead or alive, where the request does not say. */
static void ask_token(struct im_authority *authority, struct im_request *req,
                      struct im_str text, struct im_exchange *asked)
{
    struct im_token token;

    if (!im_authority_find(authority, req->arena, text, req->now_ms, &token))
        return;
    asked->grant_id = token.grant;
    if (!asked->client_id.len)
        asked->client_id = token.client_id;
    if (!asked->user.len)
        asked->user = im_account_text(req->arena, token.user, token.company);
    if (!asked->scope.len)
        asked->scope = token.scopes;
    if (!asked->entity.len)
        asked->entity = token.entity;
}

struct im_str im_attributes_read(struct im_authority *authority, struct im_request *req,
                                 struct im_exchange *asked)
{
    const struct im_credentials *said = im_credentials(req);
    struct im_account account = im_account_read(said->username);

    *asked = (struct im_exchange){
        .endpoint = req->exchange->endpoint,
        .tls = req->tls_fault,
        .grant = said->grant,
        .client_id = said->client,
        /* without the entity, so that a rule for a user fits wherever the user works */
        .user = im_str_slice(said->username, 0, im_str_find(said->username, '|')),
        /* a call may name the entity in a header, a token request only in `username` */
        .entity = im_endpoint_group(req->exchange->endpoint) == IM_GROUP_API
                      ? im_access_entity(req, account.entity)
                      : account.entity,
        .method = req->method,
        .path = req->path,
        .scope = said->scope,
    };
    if (said->token.len)
        ask_token(authority, req, said->token, asked);
    return said->token;
}
