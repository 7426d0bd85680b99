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

/* ---- its options (server_settings.c) ---- */

/* Takes what the caller's version of the struct has; NULL are the defaults. False with err. */
bool im_options_read(const struct im_options *given, struct im_options *options,
                     struct im_error *err);
/* Checks the options and makes settings of them, whose texts lie in server->texts. False with err. */
bool im_server_settings(struct im_server *server, const struct im_options *options,
                        struct im_settings *settings, struct im_error *err);

/* ---- waiting on the caller's thread (server_call.c) ---- */

struct im_journal;
struct im_journal_query;
/* Holds this thread until as many exchanges match as the query wants, its time is over, or the server
 * stops. */
void im_wait_for_exchanges(struct im_journal *journal,
                           const struct im_journal_query *query);

#endif
