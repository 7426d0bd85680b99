/* Tokens that the real Sage Intacct issued, by what they say of themselves. A test that
 * sends one here has the credentials of two worlds mixed up. */
#ifndef IM_OAUTH_REAL_SERVICE_H
#define IM_OAUTH_REAL_SERVICE_H

#include "causes/exchange.h"

/* Is this text, which nobody here issued, a JWT whose issuer (claim iss) is a host of
 * intacct.com? Then one sentence with its own times in words, such as "issued by
 * api.intacct.com, not by this mock; by its own claims it expired 10 days ago". Empty
 * otherwise, and where this server answers as that host itself: there a token of its own
 * that was altered says the same. Nothing in it is verified. Lifetime: the arena's of the
 * request. */
struct im_str im_real_service_evidence(const struct im_request *req, struct im_str text);
/* Is this URL (a claim iss) one of intacct.com? */
bool im_is_real_service(struct im_str issuer);

#endif
