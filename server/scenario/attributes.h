/* What a rule may ask about a request. Read before the endpoint decides, so nothing here judges: a
 * wrong secret does not hide who the client says it is, a dead token not whose it was. */
#ifndef IM_SCENARIO_ATTRIBUTES_H
#define IM_SCENARIO_ATTRIBUTES_H

#include "causes/exchange.h"
#include "oauth/authority.h"

/* Fills in *asked, an exchange of its own beside that of the request, in which the endpoint has yet
 * to record what turns out true: endpoint, method, path, grant, client, user, scope and grant_id as
 * the request says them, or as the bearer token, refresh token or code tells them. Returns that
 * token or code itself, a secret, so asked->token stays empty. Texts are as sent: views of the
 * request. */
struct im_str im_attributes_read(struct im_authority *authority, struct im_request *req,
                                 struct im_exchange *asked);

#endif
