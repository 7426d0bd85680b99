/* How a story's requests travel: in process through im_handle, or by libcurl over HTTP or HTTPS
 * (verifying the server against the CA that it serves). */
#ifndef STORIES_TRANSPORT_H
#define STORIES_TRANSPORT_H

#include "base/arena.h"
#include "intacct_mock.h"

struct transport;

struct answer {
    int status;
    struct im_str headers; /* "Name: value\n" lines */
    struct im_str body;
};

/* over: "process", "http" or "https". NULL with a line on stderr. */
struct transport *transport_new(const char *over);
void transport_free(struct transport *transport);
/* Another way to the same server, for requests in parallel; freed by transport_free before the
 * transport that it was made of. */
struct transport *transport_clone(const struct transport *transport);
const char *transport_base(const struct transport *transport);
/* False when no answer came; *why tells. Texts live in the arena. */
bool transport_send(struct transport *transport, struct im_arena *arena,
                    const struct im_message *message, struct answer *answer,
                    const char **why);

#endif
