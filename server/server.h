/* What the command line needs of a running mock beyond the public header. */
#ifndef IM_SERVER_H
#define IM_SERVER_H

#include "base/arena.h"

struct im_server;

/* The ready document (JSON and a newline): what --port-file holds. Lifetime: the arena's. */
struct im_str im_server_ready_document(const struct im_server *server,
                                       struct im_arena *arena);

#endif
