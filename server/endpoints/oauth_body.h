/* The body of a POST to token, revoke and introspect: form or JSON. Both are observed
 * to work with the real server; parameters in the query are not. */
#ifndef IM_ENDPOINTS_OAUTH_BODY_H
#define IM_ENDPOINTS_OAUTH_BODY_H

#include "causes/exchange.h"

/* What the gateway wants of a body before it reads any parameter. Without a
 * Content-Type a body that reads as a form is one. Refuses xml-sent-to-rest,
 * content-type-unsupported, payload-missing, payload-malformed. *params: lifetime
 * request. */
enum im_cause im_oauth_body(struct im_request *req, struct im_params *params);
/* The parameter that revoke and introspect are about: there once, or token-missing,
 * parameter-repeated, parameter-misspelled. Records its fingerprint in the exchange. */
enum im_cause im_oauth_body_token(struct im_request *req, const struct im_params *params);

#endif
