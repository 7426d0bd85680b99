/* How a story's requests travel: in process through im_handle, or by libcurl over HTTP or HTTPS
 * (verifying the server against the CA that it serves). */
#ifndef STORIES_TRANSPORT_H
#define STORIES_TRANSPORT_H

#include "base/arena.h"
#include "intacct_mock.h"

struct transport;

/* How an answer was lost on its way. */
enum lost {
    LOST_NOT,
    LOST_EMPTY,   /* the connection ended without a byte */
    LOST_RESET,   /* the connection was reset; in process the same as LOST_EMPTY */
    LOST_PARTLY,  /* the body ended early */
    LOST_WAITING, /* the body did not come in time */
    LOST_ELSE     /* see why */
};

struct answer {
    int status;
    struct im_str headers; /* "Name: value\n" lines */
    struct im_str body;
    enum lost lost;
    int64_t took_ms;
};

/* over: "process", "http" or "https". NULL with a line on stderr. */
struct transport *transport_new(const char *over);
void transport_free(struct transport *transport);
/* Another way to the same server, for requests in parallel; freed by transport_free before the
 * transport that it was made of. */
struct transport *transport_clone(const struct transport *transport);
/* "http://127.0.0.1:8080", or "" in process. */
const char *transport_base(const struct transport *transport);
/* Over a wire: on a connection of its own (on one that stood before, curl takes an answer that is
 * cut off for a connection that had ended, and sends again), and patient for so long only. 0: an
 * ordinary request. In process nobody waits. */
void transport_be_wary(struct transport *transport, long patience_ms);
/* False when it is not a whole answer that came: answer->lost says how, *why in words. Texts live
 * in the arena. */
bool transport_send(struct transport *transport, struct im_arena *arena,
                    const struct im_message *message, struct answer *answer,
                    const char **why);

#endif
