/* The far end of a tunnel that leads to somebody else's server: upstream.c makes it,
 * tunnel.c moves its bytes. */
#ifndef IM_LISTENER_UPSTREAM_H
#define IM_LISTENER_UPSTREAM_H

#include "listener/inside.h"

enum { IM_PIPE_BYTES = 32 * 1024 };

/* Bytes on their way in one direction. */
struct im_pipe {
    size_t at, len; /* what is not written yet */
    bool ended;     /* whoever sends has said that no more comes … */
    bool closed;    /* … and whoever receives was told */
    char bytes[IM_PIPE_BYTES];
};

struct im_upstream {
    struct im_task task; /* first: the task is the upstream */
    struct im_listener *listener;
    struct im_connection *client;
    struct im_channel channel; /* plain */
    atomic_int users, state;   /* state: an im_dial_state */
    atomic_bool over;          /* the client has no more use for it */
    int port;
    bool local;
    struct im_str never;      /* the dial's */
    struct im_resolved found; /* the engine's until state is no more IM_DIAL_WANTED */
    size_t at;                /* the next of these to be tried */
    int64_t due_ms;           /* when the present one has taken too long */
    char *first; /* sent there before anything else; malloc; NULL = nothing */
    size_t first_at, first_len;
    struct im_pipe there, back;
    struct im_upstream *next, *next_recycled;
};

#endif
