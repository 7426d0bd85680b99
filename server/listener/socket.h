/* What the listener does to sockets behind CivetWeb's back, because CivetWeb hands out
 * none: it finds its own by their addresses. Nothing here knows HTTP. */
#ifndef IM_LISTENER_SOCKET_H
#define IM_LISTENER_SOCKET_H

#include <netinet/in.h>

#include "base/arena.h"

enum { IM_ADDRESSES_MAX = 8, IM_ENDPOINT_TEXT = INET6_ADDRSTRLEN + 8 };

/* Addresses to listen on. Lifetime: caller's. */
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
/* Tries to bind all of them to *port; 0 finds one that is free on all and stores it.
 * Leaves out optional ones that this machine does not have. Binds nothing for longer than
 * the call. `option` is what the error advises to change ("--port"). */
bool im_addresses_probe(struct im_addresses *addresses, int *port, const char *option,
                        struct im_error *err);
/* "127.0.0.1:8080", "[::1]:8080" */
void im_address_text(const struct im_addresses *addresses, size_t i, int port,
                     char text[IM_ENDPOINT_TEXT]);

/* One end-to-end connection of ours. */
struct im_link {
    int local_port;
    char peer[48]; /* address without brackets */
    int peer_port;
};

/* The descriptor of that connection, or -1. */
int im_socket_find(const struct im_link *link);
/* The address that it arrived at, as text; false when the connection is gone. */
bool im_socket_local_address(const struct im_link *link, char text[INET6_ADDRSTRLEN]);

/* How many bytes of it wait to be read; -1 when the peer has ended it, or it is gone. */
int im_socket_pending(const struct im_link *link);

/* A pair: nothing comes from quiet[0] until something is sent to quiet[1]. The first
 * takes the place of a descriptor that must go at once, while CivetWeb still holds its
 * number. */
bool im_socket_quiet(int quiet[2]);
/* Closes what is behind `fd` now, though its number stays taken by `quiet`'s. */
void im_socket_replace(int fd, int quiet);
/* The same, and the peer gets a reset instead of an end. */
void im_socket_reset(int fd, int quiet);
/* Replaces the sockets that listen on these addresses and this port; the same port on another
 * address is another server's. */
void im_socket_stop_listening(const struct im_addresses *addresses, int port, int quiet);

enum im_wait { IM_WAIT_TIME_UP, IM_WAIT_STOPPED, IM_WAIT_GONE };

/* Waits, for ever when timeout_ms < 0, until `wake` becomes readable or closed (STOPPED),
 * or the peer of `fd` (may be -1) ends the connection or has sent over discard_max bytes
 * (GONE). What it sends meanwhile is thrown away. */
enum im_wait im_socket_wait(int fd, int wake, int64_t timeout_ms, size_t discard_max);

/* Connections to these addresses and this port, added to a list (may be NULL) that is to be looked
 * at again later; returns the list. Lifetime: free(). */
struct im_links {
    size_t count;
    struct {
        int fd;
        struct im_link link;
    } items[];
};

struct im_links *im_socket_list(const struct im_addresses *addresses, int port,
                                struct im_links *links);
/* Closes those that still are what they were. */
void im_socket_close_left(const struct im_links *links);

#endif
