/* Names to addresses, for a proxy that passes on. The system's resolver may block for many
 * seconds, so each name has a thread that waits for it; workers never do. Thread-safe. */
#ifndef IM_LISTENER_RESOLVER_H
#define IM_LISTENER_RESOLVER_H

#include "http/proxy.h"
#include "listener/address.h"

enum { IM_RESOLVED_MAX = 8 };

struct im_resolved {
    union im_address items[IM_RESOLVED_MAX]; /* with the port */
    size_t count;                            /* 0: none, and `why` */
    char canonical[IM_HOST_MAX + 1]; /* the name behind the name; empty = not known */
    char why[256];
};

struct im_resolver;

struct im_resolver *im_resolver_new(void); /* NULL when memory is short */
/* Nothing is called any more once it returns. A look-up that is still under way then ends by
 * itself, for it cannot be broken off. NULL is fine. */
void im_resolver_free(struct im_resolver *resolver);
/* Calls `done` with what was found, on another thread. False when too many wait already. */
bool im_resolver_ask(struct im_resolver *resolver, const char *host, int port,
                     void (*done)(void *context, const struct im_resolved *found),
                     void *context);

#endif
