/* Server certificates: from files, or a CA and a certificate made in memory at start (EC
 * P-256). Certificate time is real time, never a virtual clock.
 *
 * Faults by the name a client connects to: expired.NAME, not-yet-valid.NAME,
 * wrong-host.NAME, untrusted.NAME, old-protocol.NAME and abort.NAME, where NAME is one
 * that the certificate is for. */
#ifndef IM_HTTP_TLS_H
#define IM_HTTP_TLS_H

#include "base/arena.h"
#include "base/log.h"
#include "http/fault.h"
#include "http/proxy.h"

struct im_tls; /* key, chain, CA; lifetime: server */

struct im_tls_options {
    const char *cert_file, *key_file; /* both or none; PEM */
    const char *const *names; /* further DNS names or addresses, NULL-terminated */
    const char *ca_dir;    /* the CA and its key stay there; NULL = a new one in memory */
    const char *client_ca; /* clients need a certificate of one of these; NULL = none */
    const char *intercept; /* hosts that are answered for besides, "a.test,*.b.test", each
                              with a certificate of its own made when it is asked for; NULL =
                              none. Must live as long as the im_tls */
    const struct im_log *log; /* copied; NULL = silent */
};

/* What is known of a connection before its handshake, and what the handshake finds out. The
 * connection's; it must stay where it is. All zeros: an ordinary one. */
struct im_tls_hello {
    char host[IM_HOST_MAX + 1]; /* the one that CONNECT named, in lower case: the only one
                                   that may be said hello to */
    enum im_fault fault;        /* a fault of TLS that a scenario wants; or none */
    bool said;                  /* the client said hello … */
    bool other;                 /* … to another host, and was refused … */
    char name[IM_HOST_MAX + 1]; /* … this one */
};

/* NULL with err when a file is unreadable or cannot be written, key and certificate do
 * not match, or it is expired. */
struct im_tls *im_tls_new(const struct im_tls_options *options, struct im_error *err);
void im_tls_free(struct im_tls *tls);
/* The CA's certificate in PEM, or empty when --cert was given. Lifetime: the im_tls. */
struct im_str im_tls_ca_pem(const struct im_tls *tls);
/* Writes it to a file, for clients to trust. A reader of the file never sees a part of
 * it. */
bool im_tls_write_ca(const struct im_tls *tls, const char *path, struct im_error *err);
/* Can it answer for the hosts to intercept? Not with --cert. */
bool im_tls_can_intercept(const struct im_tls *tls);
/* Puts key, chain and settings (TLS 1.2 and 1.3) into the server's SSL_CTX, which must
 * not outlive the im_tls. Each SSL made of it may have a struct im_tls_hello as its app
 * data. */
bool im_tls_configure(struct im_tls *tls, void *ssl_ctx, struct im_error *err);

#endif
