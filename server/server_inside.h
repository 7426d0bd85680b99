/* What one running mock consists of, for the files that implement the public header. */
#ifndef IM_SERVER_INSIDE_H
#define IM_SERVER_INSIDE_H

#include <stdatomic.h>

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

struct im_journal;
struct im_journal_query;
/* Holds this thread until as many exchanges match as the query wants, its time is over, or the server
 * stops. */
void im_wait_for_exchanges(struct im_journal *journal,
                           const struct im_journal_query *query);

#endif
