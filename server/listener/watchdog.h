/* Ends the input of connections that take too long with a body. CivetWeb knows a timeout
 * for one read only, so a peer that sends a byte now and then could hold a thread for
 * ever. One thread for all; its cost for a request is two locks. */
#ifndef IM_LISTENER_WATCHDOG_H
#define IM_LISTENER_WATCHDOG_H

#include "listener/socket.h"

struct im_watchdog;

/* One reading. Lifetime: from begin to end; the fields are the watchdog's own. */
struct im_watch {
    struct im_watch *next, *previous;
    const struct im_link *link;
    int64_t until_ms;
    bool fired;
};

struct im_watchdog *im_watchdog_new(int64_t timeout_ms, struct im_error *err);
void im_watchdog_free(struct im_watchdog *dog); /* NULL is fine */

/* From now on `link` has timeout_ms; then its input ends as if the peer had closed it. */
void im_watch_begin(struct im_watchdog *dog, struct im_watch *watch,
                    const struct im_link *link);
/* True when the time was up. */
bool im_watch_end(struct im_watchdog *dog, struct im_watch *watch);

#endif
