#include "listener/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

enum {
    DESCRIPTORS_MAX = 65536, /* nobody who runs this has more open */
    PROBES_MAX = 32,         /* tries to find a port that is free on all addresses */
    WAIT_MAX_MS = 60 * 1000
};

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_storage room;
};

static socklen_t length_of(const union address *address)
{
    return address->any.sa_family == AF_INET6 ? sizeof(address->v6) : sizeof(address->v4);
}

static bool from_text(const char *text, int port, union address *address)
{
    memset(address, 0, sizeof(*address));
    if (inet_pton(AF_INET, text, &address->v4.sin_addr) == 1) {
        address->v4.sin_family = AF_INET;
        address->v4.sin_port = htons((uint16_t)port);
        return true;
    }
    address->v6.sin6_family = AF_INET6;
    address->v6.sin6_port = htons((uint16_t)port);
    return inet_pton(AF_INET6, text, &address->v6.sin6_addr) == 1;
}

static int port_of(const union address *address)
{
    return ntohs(address->any.sa_family == AF_INET6 ? address->v6.sin6_port
                                                    : address->v4.sin_port);
}

static bool is_inet(const union address *address)
{
    return address->any.sa_family == AF_INET || address->any.sa_family == AF_INET6;
}

static bool to_text(const union address *address, char text[INET6_ADDRSTRLEN])
{
    const void *from = address->any.sa_family == AF_INET6
                           ? (const void *)&address->v6.sin6_addr
                           : (const void *)&address->v4.sin_addr;

    return inet_ntop(address->any.sa_family, from, text, INET6_ADDRSTRLEN) != NULL;
}

/* ---- addresses to listen on ---- */

static bool add_address(struct im_addresses *addresses, const char *text,
                        struct im_error *err)
{
    union address address;

    if (!from_text(text, 0, &address))
        return im_error_set(
            err,
            "listening on %s: not an IP address; give one of this machine, "
            "or 0.0.0.0 and :: for all",
            text);
    if (addresses->count == IM_ADDRESSES_MAX)
        return im_error_set(err, "listening on %s: more than %d addresses", text,
                            IM_ADDRESSES_MAX);
    addresses->items[addresses->count].v6 = address.any.sa_family == AF_INET6;
    return to_text(&address, addresses->items[addresses->count++].text);
}

bool im_addresses_parse(const char *text, struct im_addresses *addresses,
                        struct im_error *err)
{
    char word[64];

    *addresses = (struct im_addresses){0};
    if (!text || strcmp(text, "localhost") == 0)
        text = "127.0.0.1,::1";
    for (text += strspn(text, ", "); *text; text += strspn(text, ", ")) {
        size_t len = strcspn(text, ", ");
        snprintf(word, sizeof(word), "%.*s", (int)(len < 60 ? len : 60), text);
        if (!add_address(addresses, word, err))
            return false;
        text += len;
    }
    for (size_t i = 0; i < addresses->count; i++)
        addresses->items[i].optional = addresses->count > 1 && addresses->items[i].v6;
    return addresses->count || im_error_set(err, "listening: no address was given");
}

/* A socket bound as CivetWeb will bind its own; -1 with errno. *port becomes the real
 * one. */
static int bind_one(const char *text, int *port)
{
    union address address;
    socklen_t len = sizeof(address);
    int on = 1, fd = -1, why;

    if (from_text(text, *port, &address))
        fd = socket(address.any.sa_family, SOCK_STREAM, 0);
    if (fd < 0)
        return -1;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (address.any.sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    if (bind(fd, &address.any, length_of(&address)) == 0 &&
        getsockname(fd, &address.any, &len) == 0) {
        *port = port_of(&address);
        return fd;
    }
    why = errno;
    close(fd);
    errno = why;
    return -1;
}

static bool refuse_bind(const char *where, int port, int why, const char *option,
                        struct im_error *err)
{
    switch (why) {
    case EADDRINUSE:
        return im_error_set(
            err,
            "listening on %s: address already in use (`ss -ltnp 'sport = :%d'` shows by "
            "whom); stop the other program or choose another port with %s (0 = any free "
            "one)",
            where, port, option);
    case EACCES:
        return im_error_set(err,
                            "listening on %s: permission denied; ports below 1024 need "
                            "privileges, choose another one with %s",
                            where, option);
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
        return im_error_set(
            err,
            "listening on %s: this machine does not have that address; choose "
            "another with --bind",
            where);
    default: return im_error_set(err, "listening on %s: %s", where, strerror(why));
    }
}

static void leave_out(struct im_addresses *addresses, size_t i)
{
    addresses->count--;
    memmove(&addresses->items[i], &addresses->items[i + 1],
            (addresses->count - i) * sizeof(addresses->items[0]));
}

/* Binds all at once to one port. The index of the address that could not be bound, with
 * errno, or -1. The descriptors up to there are in fds. */
static int bind_all(struct im_addresses *addresses, int *port, int fds[IM_ADDRESSES_MAX])
{
    for (size_t i = 0; i < addresses->count; i++) {
        fds[i] = bind_one(addresses->items[i].text, port);
        if (fds[i] >= 0)
            continue;
        if (!addresses->items[i].optional || addresses->count == 1 ||
            errno == EADDRINUSE || errno == EACCES)
            return (int)i;
        leave_out(addresses, i--);
    }
    return -1;
}

void im_address_text(const struct im_addresses *addresses, size_t i, int port,
                     char text[IM_ENDPOINT_TEXT])
{
    snprintf(text, IM_ENDPOINT_TEXT, addresses->items[i].v6 ? "[%s]:%d" : "%s:%d",
             addresses->items[i].text, port);
}

bool im_addresses_probe(struct im_addresses *addresses, int *port, const char *option,
                        struct im_error *err)
{
    char where[IM_ENDPOINT_TEXT];
    int fds[IM_ADDRESSES_MAX], wanted = *port;

    for (int tries = 0;; tries++) {
        *port = wanted;
        int failed = bind_all(addresses, port, fds), why = errno;
        for (int i = 0; i < (failed < 0 ? (int)addresses->count : failed); i++)
            close(fds[i]);
        if (failed < 0)
            return true;
        if (wanted != 0 || why != EADDRINUSE || tries == PROBES_MAX) {
            im_address_text(addresses, (size_t)failed, *port, where);
            return refuse_bind(where, *port, why, option, err);
        }
    }
}

/* ---- finding our own descriptors ---- */

static int descriptors_end(void)
{
    long end = sysconf(_SC_OPEN_MAX);

    return end < 0 || end > DESCRIPTORS_MAX ? DESCRIPTORS_MAX : (int)end;
}

static bool local_of(int fd, union address *address)
{
    socklen_t len = sizeof(*address);

    return getsockname(fd, &address->any, &len) == 0 && is_inet(address);
}

static bool peer_of(int fd, union address *address)
{
    socklen_t len = sizeof(*address);

    return getpeername(fd, &address->any, &len) == 0 && is_inet(address);
}

static bool link_of(int fd, struct im_link *link)
{
    union address local, peer;
    char text[INET6_ADDRSTRLEN];

    if (!local_of(fd, &local) || !peer_of(fd, &peer) || !to_text(&peer, text))
        return false;
    link->local_port = port_of(&local);
    link->peer_port = port_of(&peer);
    snprintf(link->peer, sizeof(link->peer), "%s", text);
    return true;
}

static bool same_link(const struct im_link *a, const struct im_link *b)
{
    return a->local_port == b->local_port && a->peer_port == b->peer_port &&
           strcmp(a->peer, b->peer) == 0;
}

int im_socket_find(const struct im_link *link)
{
    union address local;
    struct im_link found;

    for (int fd = 0, end = descriptors_end(); fd < end; fd++)
        if (local_of(fd, &local) && port_of(&local) == link->local_port &&
            link_of(fd, &found) && same_link(&found, link))
            return fd;
    return -1;
}

bool im_socket_local_address(const struct im_link *link, char text[INET6_ADDRSTRLEN])
{
    union address local;
    int fd = im_socket_find(link);

    return fd >= 0 && local_of(fd, &local) && to_text(&local, text);
}

int im_socket_pending(const struct im_link *link)
{
    char bytes[1024];
    int fd = im_socket_find(link);
    ssize_t n = fd < 0 ? 0 : recv(fd, bytes, sizeof(bytes), MSG_PEEK);

    if (n > 0)
        return (int)n;
    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? 0 : -1;
}

/* ---- taking descriptors out of use ---- */

bool im_socket_quiet(int quiet[2])
{
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, quiet) != 0)
        return false;
    fcntl(quiet[0], F_SETFD, FD_CLOEXEC);
    fcntl(quiet[1], F_SETFD, FD_CLOEXEC);
    return true;
}

void im_socket_replace(int fd, int quiet)
{
    if (dup2(quiet, fd) >= 0)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
}

void im_socket_reset(int fd, int quiet)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    im_socket_replace(fd, quiet);
}

static bool is_listening(int fd)
{
    int listening = 0;
    socklen_t len = sizeof(listening);

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) == 0 && listening;
}

/* Is that one of the addresses, or reached through one that stands for all? */
static bool belongs(const union address *local, const struct im_addresses *addresses)
{
    bool v6 = local->any.sa_family == AF_INET6;
    char text[INET6_ADDRSTRLEN];

    if (!to_text(local, text))
        return false;
    for (size_t i = 0; i < addresses->count; i++)
        if (addresses->items[i].v6 == v6 &&
            (strcmp(addresses->items[i].text, text) == 0 ||
             strcmp(addresses->items[i].text, v6 ? "::" : "0.0.0.0") == 0))
            return true;
    return false;
}

void im_socket_stop_listening(const struct im_addresses *addresses, int port, int quiet)
{
    union address local;

    for (int fd = 0, end = descriptors_end(); fd < end; fd++)
        if (local_of(fd, &local) && port_of(&local) == port &&
            belongs(&local, addresses) && is_listening(fd))
            im_socket_replace(fd, quiet);
}

struct im_links *im_socket_list(const struct im_addresses *addresses, int port,
                                struct im_links *links)
{
    struct im_links *larger;
    struct im_link link;
    union address local;

    for (int fd = 0, end = descriptors_end(); fd < end; fd++) {
        size_t n = links ? links->count : 0;
        if (!link_of(fd, &link) || link.local_port != port || !local_of(fd, &local) ||
            !belongs(&local, addresses))
            continue;
        larger = realloc(links, sizeof(*links) + (n + 1) * sizeof(links->items[0]));
        if (!larger)
            break;
        links = larger;
        links->count = n + 1;
        links->items[n].fd = fd;
        links->items[n].link = link;
    }
    return links;
}

void im_socket_close_left(const struct im_links *links)
{
    struct im_link now;

    for (size_t i = 0; links && i < links->count; i++)
        if (link_of(links->items[i].fd, &now) && same_link(&now, &links->items[i].link))
            close(links->items[i].fd);
}

/* ---- waiting ---- */

/* Takes what has come. False when the peer is gone. */
static bool discard(int fd, size_t *room)
{
    char waste[8192];
    ssize_t n = recv(fd, waste, sizeof(waste), 0);

    if (n < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    if (n == 0 || (size_t)n > *room)
        return false;
    *room -= (size_t)n;
    return true;
}

static int poll_ms(int64_t until_ms)
{
    int64_t left = until_ms - im_clock_monotonic_ms();

    return left < 0 ? 0 : left > WAIT_MAX_MS ? WAIT_MAX_MS : (int)left;
}

enum im_wait im_socket_wait(int fd, int wake, int64_t timeout_ms, size_t discard_max)
{
    struct pollfd fds[2] = {{.fd = wake, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    int64_t until = timeout_ms < 0 ? INT64_MAX : im_clock_monotonic_ms() + timeout_ms;

    for (;;) {
        int n = poll(fds, 2, poll_ms(until));
        if (n < 0 && errno != EINTR)
            return IM_WAIT_GONE;
        if (n > 0 && fds[0].revents)
            return IM_WAIT_STOPPED;
        if (n > 0 && fds[1].revents && !discard(fd, &discard_max))
            return IM_WAIT_GONE;
        if (poll_ms(until) == 0)
            return IM_WAIT_TIME_UP;
    }
}
