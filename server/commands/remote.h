/* What the verbs that control a running server have in common: where it is, which sandbox, one call of the
 * control API, and what is said when it refuses. */
#ifndef IM_COMMANDS_REMOTE_H
#define IM_COMMANDS_REMOTE_H

#include "base/json.h"
#include "commands/client.h"
#include "commands/command.h"

struct im_remote_options {
    struct im_client_options server;
    const char *sandbox; /* NULL = that of the URL, else default */
    bool json;
};
/* The rows of every such verb: of those for all sandboxes, and of those for one. `type` is the verb's
 * struct, `at` what leads to the struct above in it: "remote.", or nothing. */
#define IM_REMOTE_ALL_ROWS(type, at)                                                     \
    {"json", NULL, IM_OPTION_FLAG, offsetof(type, at json),                              \
     .help = "print what the server answers, as it is"},                                 \
        IM_CLIENT_URL(type, at server), IM_CLIENT_TOKEN(type, at server),                \
        IM_CLIENT_CA(type, at server)
#define IM_REMOTE_ROWS(type, at)                                                         \
    {"sandbox", "NAME", IM_OPTION_TEXT, offsetof(type, at sandbox),                      \
     .help = "which sandbox (default: that of the URL, else default)"},                  \
        IM_REMOTE_ALL_ROWS(type, at)
/* The whole table of a verb for one sandbox that has no option besides, with struct im_remote_options. */
extern const struct im_option im_remote_table[];
/* The paragraph of their --help. */
#define IM_REMOTE_MORE                                                                   \
    IM_CLIENT_MORE                                                                       \
    "The base URL of a sandbox, http://HOST:PORT/s/NAME, names the sandbox as well.\n"

struct im_remote {
    struct im_client_target client;
    struct im_str sandbox;
    bool json;
    struct im_client_answer answer; /* the last one */
};

/* False when the options are wrong: that has been said, and the exit status is 2. */
bool im_remote_init(struct im_remote *remote, const struct im_remote_options *options,
                    struct im_arena *arena);
/* Asks for /sandboxes/NAME and `below` it ("/clock"), or for `below` alone when that begins with
 * "/__mock". False when there is no answer, or one that is not 2xx: that has been said, and the exit status
 * is 1. */
bool im_remote_ask(struct im_remote *remote, const char *method, const char *below,
                   struct im_str body);
/* The path of the sandbox and `below` it. Lifetime: the arena's. */
struct im_str im_remote_path(const struct im_remote *remote, const char *below);
/* Says what an answer other than 2xx, or `err` in the place of one, says. Returns IM_EXIT_NO. */
int im_remote_fail(const struct im_remote *remote, const struct im_error *err);
/* The answer as JSON, or NULL (then that has been said). */
const struct im_json *im_remote_read(const struct im_remote *remote);
/* The answer as it is, as a line. Returns IM_EXIT_FINE. */
int im_remote_print(const struct im_remote *remote);

/* ---- also for who is no such verb ---- */

/* Says in err what an answer that is not the wanted one says. Returns false. */
bool im_remote_refused(const struct im_client_target *client,
                       const struct im_client_answer *answer, struct im_error *err);
/* The server's own CA (PEM); empty where its certificate is its owner's, or it has none. False with err.
 * Lifetime: the arena's. */
bool im_remote_ca(const struct im_client_target *client, struct im_str *pem,
                  struct im_error *err);

/* ---- a change ---- */

enum { IM_REMOTE_WORDS_MAX = 8 /* operands that a verb takes */ };

/* What the words of a command line change: the body of a call, in which each name stands once. */
struct im_remote_change {
    struct im_json_out out; /* inside of the object */
    struct im_buf body;
    const char *named[IM_REMOTE_WORDS_MAX];
    size_t count;
};

/* Lifetime of the body: the arena's. */
void im_remote_change_begin(struct im_remote_change *change, struct im_arena *arena);
/* To be called before `word` is added as the member `name` (static). False when an earlier word has given
 * that member: that has been said, and the exit status is 2. */
bool im_remote_change_names(struct im_remote_change *change, const char *name,
                            const char *word);
/* Ends the body and sends it; as im_remote_ask. */
bool im_remote_change_send(struct im_remote *remote, struct im_remote_change *change,
                           const char *below);
/* Prints what the answer says: "DONE: 1 ONE", "DONE: 2 MANY", or the answer with --json. Returns an im_exit. */
int im_remote_change_print(const struct im_remote *remote, const char *done,
                           const char *one, const char *many);

#endif
