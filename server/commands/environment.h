/* The environment that points a program at a mock: where a sandbox is, and, for programs
 * that have Sage's host compiled in, the proxy that answers for it and the CA that signs
 * for it. One list of variables; what becomes of it (a child's environment, lines of a
 * shell) is the caller's. */
#ifndef IM_COMMANDS_ENVIRONMENT_H
#define IM_COMMANDS_ENVIRONMENT_H

#include "base/buf.h"

/* NAME=VALUE, or NAME not at all. */
struct im_variable {
    const char *name; /* static */
    struct im_str value;
    bool unset;
};

enum { IM_VARIABLES_MAX = 48 };

/* Lifetime of all texts: the arena's. A variable that is set twice has its last value. */
struct im_environment {
    struct im_arena *arena;
    char *const *inherited; /* "NAME=VALUE", NULL ends it: what is added to */
    struct im_variable items[IM_VARIABLES_MAX];
    size_t count;
};

void im_environment_init(struct im_environment *environment, struct im_arena *arena,
                         char *const *inherited);
void im_environment_set(struct im_environment *environment, const char *name,
                        struct im_str value);
void im_environment_unset(struct im_environment *environment, const char *name);
/* What is inherited under that name; at == NULL when nothing is. */
struct im_str im_environment_inherited(char *const *inherited, const char *name);
/* The inherited environment with these variables in it, as execve wants it; NULL when
 * memory is short. */
char **im_environment_merge(const struct im_environment *environment);

/* INTACCT_BASE_URL, INTACCT_TOKEN_URL and the others of a client of that sandbox, whose base
 * URL is given. `client_id` is "demo", or "demo~NAME". */
void im_environment_add_client(struct im_environment *environment, struct im_str base_url,
                               struct im_str client_id);

/* ---- written for others to read (environment_text.c) ---- */

/* What --format may be: sh, fish, powershell, dotenv, json, github. */
#define IM_ENVIRONMENT_FORMATS "sh|fish|powershell|dotenv|json|github"
/* Writes the variables, without what is inherited, so that whatever reads that format has each value byte by
 * byte. False with err when the format cannot say a value. */
bool im_environment_write(const struct im_environment *environment, const char *format,
                          struct im_buf *out, struct im_error *err);

/* ---- interception ---- */

/* Files that the variables below name: ca.pem (ours alone), ca-bundle.pem (the system's
 * roots and ours), trust.p12 (the same for Java), intacct-mock.ini (for PHP). One set
 * serves any number of environments. */
struct im_trust_files {
    struct im_str folder;
    struct im_str ca, bundle, store, php_folder; /* paths */
    bool temporary;                              /* the folder is ours, to be removed */
};

/* Writes them into `folder`, which is made if it is not there; NULL: into a new private one
 * below $TMPDIR or /tmp. ca_pem is the mock's CA. The roots are those of the inherited
 * SSL_CERT_FILE, else the system's. False with err, and nothing is left behind. */
bool im_trust_files_write(struct im_trust_files *files, const char *folder,
                          struct im_str ca_pem, char *const *inherited,
                          struct im_arena *arena, struct im_error *err);
/* Removes a temporary folder with what was written; else does nothing. */
void im_trust_files_remove(const struct im_trust_files *files);

/* The CA variables alone, those of Node, Java and PHP too: for a mock that is spoken to over HTTPS. */
void im_environment_add_trust(struct im_environment *environment,
                              const struct im_trust_files *files);
/* HTTPS_PROXY and the like, the CA variables, those of Node, Java and PHP. `proxy_url` is
 * "http://127.0.0.1:PORT", perhaps with a user; `hosts` what the proxy intercepts
 * ("api.intacct.com,*.example.org"): entries of the inherited NO_PROXY that would lead past
 * the proxy are left out. */
void im_environment_add_interception(struct im_environment *environment,
                                     struct im_str proxy_url, struct im_str hosts,
                                     const struct im_trust_files *files);

/* What to look at when a program by that path does not come to the proxy: a sentence for its
 * runtime. */
const char *im_environment_remedy(const char *program);

#endif
