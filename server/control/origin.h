/* Which browsers the control API serves. A page of another origin, or one that has made a foreign
 * name lead here (DNS rebinding), must neither change a sandbox nor read a journal. Programs, which
 * have no origin, are served whatever they call this host. */
#ifndef IM_CONTROL_ORIGIN_H
#define IM_CONTROL_ORIGIN_H

#include "sandboxes.h"

/* The reason why this request is not served, with what would be right; empty when it is served.
 * Lifetime: request. */
struct im_str im_control_origin_refusal(const struct im_sandboxes *sandboxes,
                                        const struct im_request *req);

/* "http://localhost:5173,https://app.test" or "*": NULL when it is that, else what is wrong with it;
 * static. */
const char *im_control_origins_flaw(struct im_str origins);

#endif
