/* The attributes of a request that rules ask for: see attributes.h. */
#include "scenario/attributes.h"

#include "oauth/presented.h"

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
        asked->user = im_arena_format(req->arena, "%.*s@%.*s", IM_ARG(token.user),
                                      IM_ARG(token.company));
    if (!asked->scope.len)
        asked->scope = token.scopes;
}

struct im_str im_attributes_read(struct im_authority *authority, struct im_request *req,
                                 struct im_exchange *asked)
{
    struct im_presented presented;

    im_presented_read(req, &presented);
    *asked = (struct im_exchange){
        .endpoint = req->exchange->endpoint,
        .grant = presented.grant,
        .client_id = presented.client,
        .user = im_str_slice(presented.username, 0, im_str_find(presented.username, '|')),
        .method = req->method,
        .path = req->path,
        .scope = presented.scope,
    };
    if (presented.token.len)
        ask_token(authority, req, presented.token, asked);
    return presented.token;
}
