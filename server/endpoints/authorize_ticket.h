/* Between sign-in page and consent page the server keeps nothing: a signed ticket in
 * the form proves who signed in. It also keeps other sites from consenting in the
 * person's name. */
#ifndef IM_ENDPOINTS_AUTHORIZE_TICKET_H
#define IM_ENDPOINTS_AUTHORIZE_TICKET_H

#include "endpoints/authorize_request.h"

struct im_ticket {
    struct im_str company, user;
};

/* For this client, good for ten minutes of the sandbox's clock. Empty when memory is
 * short. */
struct im_str im_ticket_write(const struct im_authorize *ask,
                              const struct im_ticket *ticket);

/* request-malformed when it is not ours or was given for another client;
 * session-expired when its time is over. */
enum im_cause im_ticket_read(const struct im_authorize *ask, struct im_str text,
                             struct im_ticket *ticket);

#endif
