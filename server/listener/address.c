/* Text to addresses, and sockets bound to several of them at one port. IPv6 sockets take
 * no IPv4: each address is listened on for itself. */
#include "listener/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PROBES_MAX = 32, /* tries to find a port that is free on all addresses */
    BACKLOG = 1024
};

socklen_t im_address_length(const union im_address *address)
{
    return address->any.sa_family == AF_INET6 ? sizeof(address->v6) : sizeof(address->v4);
}

bool im_address_read(const char *text, int port, union im_address *address)
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

int im_address_port(const union im_address *address)
{
    return ntohs(address->any.sa_family == AF_INET6 ? address->v6.sin6_port
                                                    : address->v4.sin_port);
}

bool im_address_text(const union im_address *address, char text[INET6_ADDRSTRLEN])
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
    union im_address address;

    if (!im_address_read(text, 0, &address))
        return im_error_set(
            err,
            "listening on %s: not an IP address; give one of this machine, "
            "or 0.0.0.0 and :: for all",
            text);
    if (addresses->count == IM_ADDRESSES_MAX)
        return im_error_set(err, "listening on %s: more than %d addresses", text,
                            IM_ADDRESSES_MAX);
    addresses->items[addresses->count].v6 = address.any.sa_family == AF_INET6;
    return im_address_text(&address, addresses->items[addresses->count++].text);
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

/* -1 with errno. *port becomes the real one. */
static int bind_one(const char *text, int *port)
{
    union im_address address;
    socklen_t len = sizeof(address);
    int on = 1, fd = -1, why;

    if (im_address_read(text, *port, &address))
        fd = socket(address.any.sa_family, SOCK_STREAM, 0);
    if (fd < 0)
        return -1;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (address.any.sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    if (bind(fd, &address.any, im_address_length(&address)) == 0 &&
        getsockname(fd, &address.any, &len) == 0 && listen(fd, BACKLOG) == 0) {
        *port = im_address_port(&address);
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

bool im_addresses_listen(struct im_addresses *addresses, int *port, const char *option,
                         int fds[IM_ADDRESSES_MAX], struct im_error *err)
{
    char where[IM_ENDPOINT_TEXT];
    int wanted = *port;

    for (int tries = 0;; tries++) {
        *port = wanted;
        int failed = bind_all(addresses, port, fds), why = errno;
        if (failed < 0)
            return true;
        for (int i = 0; i < failed; i++)
            close(fds[i]);
        if (wanted != 0 || why != EADDRINUSE || tries == PROBES_MAX) {
            snprintf(where, sizeof(where),
                     addresses->items[failed].v6 ? "[%s]:%d" : "%s:%d",
                     addresses->items[failed].text, *port);
            return refuse_bind(where, *port, why, option, err);
        }
    }
}

bool im_address_is_wildcard(const char *address)
{
    return strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0;
}
