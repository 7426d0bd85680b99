/* Ports and the acceptors, the sockets that listen on them: those of the whole server, which are
 * there as long as it is, and the proxies of single sandboxes, which come and go. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "listener/inside.h"

/* ---- opening ---- */

/* On all of them, or on none with errno. */
static bool acceptors_open(struct im_listener *l, struct im_port *port,
                           enum im_port_role role, const int fds[IM_ADDRESSES_MAX])
{
    bool fine = true;

    for (size_t i = 0; i < port->addresses.count; i++) {
        const char *address = port->addresses.items[i].text;
        struct im_acceptor *acceptor = &port->acceptors[i];
        acceptor->task.run = im_acceptor_run;
        acceptor->task.fd = fds[i];
        acceptor->listener = l;
        acceptor->role = role;
        acceptor->port = port;
        acceptor->short_of_sockets = false;
        acceptor->v6 = port->addresses.items[i].v6;
        acceptor->address = im_address_is_wildcard(address) ? NULL : address;
        fine = im_reactor_watch(l->reactor, &acceptor->task, INT64_MAX) && fine;
    }
    return fine;
}

/* Where a client on this machine reaches it. */
static void write_url(const struct im_port *port, const char *scheme, char *into,
                      size_t size)
{
    bool v6 = port->addresses.items[0].v6;
    const char *host = port->addresses.items[0].text;

    if (im_address_is_wildcard(host))
        host = v6 ? "::1" : "127.0.0.1";
    snprintf(into, size, v6 ? "%s://[%s]:%d" : "%s://%s:%d", scheme, host, port->number);
}

static bool port_open(struct im_listener *l, struct im_port *port, enum im_port_role role,
                      struct im_error *err)
{
    static const char *const options[] = {"--port", "--https-port", "--control",
                                          "--proxy"};
    const char *bind = role == IM_ROLE_CONTROL ? NULL : l->options.bind;
    int fds[IM_ADDRESSES_MAX], number = port->number;

    if (!im_addresses_parse(bind, &port->addresses, err) ||
        !im_addresses_listen(&port->addresses, &number, options[role], fds, err)) {
        port->addresses.count = 0;
        return false;
    }
    port->number = number;
    return acceptors_open(l, port, role, fds) ||
           im_error_set(err, "starting to listen: %s", strerror(errno));
}

bool im_ports_open(struct im_listener *l, struct im_error *err)
{
    const int wanted[] = {l->options.http_port, l->options.https_port,
                          l->options.control_port, l->options.proxy_port};

    for (int role = 0; role < IM_ROLES; role++) {
        struct im_port *port = &l->ports[role];
        char url[80];
        port->number = wanted[role];
        if (port->number == IM_PORT_NONE)
            continue;
        if (!port_open(l, port, (enum im_port_role)role, err))
            return false;
        write_url(port, role == IM_ROLE_HTTPS ? "https" : "http", url, sizeof(url));
        port->url = im_arena_copy(&l->arena, im_str(url));
    }
    return !l->arena.failed || im_error_set(err, "starting to listen: out of memory");
}

/* ---- the proxies of single sandboxes ---- */

static void own_port_link_locked(struct im_listener *l, struct im_proxy_port *own)
{
    own->previous = NULL;
    own->next = l->own_ports;
    if (own->next)
        own->next->previous = own;
    l->own_ports = own;
}

static void own_port_unlink_locked(struct im_listener *l, struct im_proxy_port *own)
{
    if (own->next)
        own->next->previous = own->previous;
    if (own->previous)
        own->previous->next = own->next;
    else
        l->own_ports = own->next;
    own->next = l->recycled_ports;
    l->recycled_ports = own;
    l->own_port_count--;
}

/* Listed before it is opened, so that whoever stops the listener finds it. */
static struct im_proxy_port *own_port_take(struct im_listener *l)
{
    struct im_proxy_port *own = NULL;

    pthread_mutex_lock(&l->lock);
    bool room = l->own_port_count < IM_OWN_PORTS_MAX && !atomic_load(&l->stopping);
    if (room) {
        own = l->recycled_ports;
        if (own)
            l->recycled_ports = own->next;
        else
            own = calloc(1, sizeof(*own));
    }
    if (own) {
        own->open = 0;
        atomic_store(&own->closing, false);
        own_port_link_locked(l, own);
        l->own_port_count++;
    }
    pthread_mutex_unlock(&l->lock);
    return own;
}

struct im_proxy_port *im_listener_open_proxy(struct im_listener *l, struct im_str sandbox,
                                             struct im_str *url, struct im_error *err)
{
    struct im_proxy_port *own = own_port_take(l);

    if (!own) {
        im_error_set(
            err,
            "opening a proxy port: at most %d sandboxes have one at once; delete "
            "those that are done",
            IM_OWN_PORTS_MAX);
        im_error_of(err, IM_ERROR_CAPACITY);
        return NULL;
    }
    snprintf(own->sandbox, sizeof(own->sandbox), "%.*s", IM_ARG(sandbox));
    own->port = (struct im_port){.number = 0};
    own->open = IM_ADDRESSES_MAX; /* not recycled before we have done */
    bool opened = port_open(l, &own->port, IM_ROLE_PROXY, err);
    size_t count = own->port.addresses.count;
    write_url(&own->port, "http", own->url, sizeof(own->url));
    *url = im_str(own->url);
    pthread_mutex_lock(&l->lock);
    own->open -= IM_ADDRESSES_MAX - count;
    if (own->open == 0)
        own_port_unlink_locked(l, own);
    pthread_mutex_unlock(&l->lock);
    if (opened)
        return own;
    if (count)
        im_listener_close_proxy(l, own);
    return NULL;
}

void im_listener_close_proxy(struct im_listener *l, struct im_proxy_port *own)
{
    size_t count = own->port.addresses.count;

    atomic_store(&own->closing, true);
    for (size_t i = 0; i < count; i++)
        im_reactor_wake(l->reactor, &own->port.acceptors[i].task);
}

/* Its port is the first member of the proxy. */
static struct im_proxy_port *own_port_of(const struct im_acceptor *acceptor)
{
    struct im_listener *l = acceptor->listener;

    return acceptor->role == IM_ROLE_PROXY && acceptor->port != &l->ports[IM_ROLE_PROXY]
               ? (struct im_proxy_port *)(void *)acceptor->port
               : NULL;
}

bool im_port_is_closing(const struct im_acceptor *acceptor)
{
    const struct im_proxy_port *own = own_port_of(acceptor);

    return im_listener_stopping(acceptor->listener) ||
           (own && atomic_load(&own->closing));
}

const char *im_port_sandbox(const struct im_acceptor *acceptor)
{
    const struct im_proxy_port *own = own_port_of(acceptor);

    return own ? own->sandbox : NULL;
}

void im_port_acceptor_closed(struct im_acceptor *acceptor)
{
    struct im_proxy_port *own = own_port_of(acceptor);
    struct im_listener *l = acceptor->listener;

    if (!own)
        return;
    pthread_mutex_lock(&l->lock);
    if (--own->open == 0)
        own_port_unlink_locked(l, own);
    pthread_mutex_unlock(&l->lock);
}

/* ---- all of them ---- */

static void acceptors_wake(struct im_listener *l, struct im_port *port)
{
    for (size_t i = 0; i < port->addresses.count; i++)
        if (port->acceptors[i].listener)
            im_reactor_wake(l->reactor, &port->acceptors[i].task);
}

void im_ports_wake(struct im_listener *l)
{
    for (int role = 0; role < IM_ROLES; role++)
        acceptors_wake(l, &l->ports[role]);
    pthread_mutex_lock(&l->lock);
    for (struct im_proxy_port *own = l->own_ports; own; own = own->next)
        acceptors_wake(l, &own->port);
    pthread_mutex_unlock(&l->lock);
}

/* Those that a worker has not closed. */
static void acceptors_close(struct im_port *port)
{
    for (size_t i = 0; i < port->addresses.count; i++)
        if (port->acceptors[i].listener && port->acceptors[i].task.fd >= 0)
            close(port->acceptors[i].task.fd);
}

void im_ports_close(struct im_listener *l)
{
    struct im_proxy_port *next;

    for (int role = 0; role < IM_ROLES; role++)
        acceptors_close(&l->ports[role]);
    for (struct im_proxy_port *own = l->own_ports; own; own = next) {
        next = own->next;
        acceptors_close(&own->port);
        free(own);
    }
    for (struct im_proxy_port *own = l->recycled_ports; own; own = next) {
        next = own->next;
        free(own);
    }
}

static bool port_is_at(const struct im_port *port, struct im_str host)
{
    for (size_t i = 0; i < port->addresses.count; i++) {
        const char *text = port->addresses.items[i].text;
        if (im_address_is_wildcard(text) || im_str_eq_nocase(host, im_str(text)) ||
            (im_host_is_loopback(host) && im_host_is_loopback(im_str(text))))
            return true;
    }
    return false;
}

enum im_port_role im_ports_find(struct im_listener *l, struct im_str host, int number)
{
    for (int role = 0; role < IM_ROLES; role++)
        if (l->ports[role].number == number && im_host_is_loopback(host) &&
            port_is_at(&l->ports[role], host))
            return (enum im_port_role)role;
    return IM_ROLES;
}
