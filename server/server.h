/* What the command line needs of a running mock beyond the public header. */
#ifndef IM_SERVER_H
#define IM_SERVER_H

#include "base/arena.h"
#include "verdict/verdict.h"

struct im_options;
struct im_server;
struct im_sandboxes;

/* Can the options be as they are written, whatever this machine has? False with err. */
bool im_server_options_check(const struct im_options *options, struct im_error *err);

/* The ready document (JSON and a newline): what --port-file holds. Lifetime: the arena's. */
struct im_str im_server_ready_document(struct im_server *server, struct im_arena *arena);
/* Its sandboxes, for the operations on them. */
struct im_sandboxes *im_server_sandboxes(struct im_server *server);
/* The name of the scenario that the default sandbox follows. Lifetime: the arena's. */
struct im_str im_server_scenario(struct im_server *server, struct im_arena *arena);
/* Begins the default sandbox's scenario again, as its file has it now. The log says what came of it. */
void im_server_reload(struct im_server *server);
/* Answers nothing more; what is under way ends, for less than a second. It can still be
 * asked for its verdict. */
void im_server_close(struct im_server *server);
/* The verdict on the default sandbox's client, as JUnit or JSON, and its outcome. Empty when memory
 * is short. Lifetime: the arena's. */
struct im_str im_server_verdict(struct im_server *server, bool junit,
                                struct im_arena *arena, enum im_outcome_of *outcome);

#endif
