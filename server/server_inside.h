/* What one running mock consists of, for the files that implement the public header. */
#ifndef IM_SERVER_INSIDE_H
#define IM_SERVER_INSIDE_H

#include <stdatomic.h>

#include "http/response.h"
#include "intacct_mock.h"
#include "sandboxes.h"

struct im_listener;
struct im_tls;

struct im_server {
    struct im_arena
        texts; /* what the settings' views point into; written only before the start */
    struct im_sandboxes sandboxes;
    struct im_tls *tls;
    struct im_listener *listener;
    struct im_log_sink log_sink;
    atomic_bool known; /* our own address, which requests that come first wait for */
};

/* Answers a request, perhaps beginning to wait or leaving a stream. */
struct im_answering {
    void (*answer)(void *context, struct im_request *req, struct im_response *res);
    void *context;
};
/* Answers on this thread, waits as long as the answer does, and takes in a body that comes in
 * pieces. */
void im_answer_to_the_end(const struct im_answering *how, struct im_request *req,
                          struct im_response *res);

#endif
