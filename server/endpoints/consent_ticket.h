/* Between sign-in page and consent page the server keeps nothing: a signed ticket proves who signed
 * in, when, and to which authorization request. It also keeps other sites from consenting in the
 * person's name (RFC 6749 section 10.12). It is valid for ten minutes of the sandbox's clock and
 * for one decision. */
#ifndef IM_ENDPOINTS_CONSENT_TICKET_H
#define IM_ENDPOINTS_CONSENT_TICKET_H

#include "directory/account.h"
#include "endpoints/authorize_request.h"

/* Lifetime: request. Empty when memory is short. */
struct im_str im_ticket_write(const struct im_authorize *ask,
                              const struct im_account *named);
/* Who signed in, and when. request-malformed when it is not ours or was given for another request;
 * session-expired when its time is over. */
enum im_cause im_ticket_read(const struct im_authorize *ask, struct im_str text,
                             struct im_account *named, int64_t *signed_in_ms);
/* Uses up one that was read: request-malformed when a decision was made with it before. */
enum im_cause im_ticket_use(const struct im_authorize *ask, struct im_str text);

/* Is this a field of our own forms, rather than a parameter of the client's request? */
bool im_field_is_ours(struct im_str name);

#endif
