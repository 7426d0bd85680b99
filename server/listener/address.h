/* Addresses to listen on, and sockets that do. Nothing here knows HTTP. */
#ifndef IM_LISTENER_ADDRESS_H
#define IM_LISTENER_ADDRESS_H

#include <netinet/in.h>

#include "base/arena.h"

enum { IM_ADDRESSES_MAX = 8, IM_ENDPOINT_TEXT = INET6_ADDRSTRLEN + 8 };

/* Lifetime: caller's. */
struct im_addresses {
    struct {
        char text[INET6_ADDRSTRLEN];
        bool v6;
        bool optional; /* left out when this machine has no IPv6 */
    } items[IM_ADDRESSES_MAX];
    size_t count;
};

/* "0.0.0.0", "::", several separated by commas or spaces; NULL and "localhost" =
 * 127.0.0.1 and ::1. Of several, the IPv6 ones are optional. False with err when one is
 * no address. */
bool im_addresses_parse(const char *text, struct im_addresses *addresses,
                        struct im_error *err);
/* Listens on all of them at *port; 0 finds one that is free on all and stores it. Leaves
 * out optional ones that this machine does not have. The sockets, one for each address
 * that is left, are non-blocking. `option` is what the error advises to change
 * ("--port"). */
bool im_addresses_listen(struct im_addresses *addresses, int *port, const char *option,
                         int fds[IM_ADDRESSES_MAX], struct im_error *err);
/* Does it stand for all addresses of the machine? */
bool im_address_is_wildcard(const char *address);

union im_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_storage room;
};

bool im_address_read(const char *text, int port, union im_address *address);
socklen_t im_address_length(const union im_address *address);
int im_address_port(const union im_address *address);
/* Without an IPv6 zone. */
bool im_address_text(const union im_address *address, char text[INET6_ADDRSTRLEN]);

#endif
