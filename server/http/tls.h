/* Server certificates: from files, or a CA and a certificate made in memory at start (EC
 * P-256). Certificate time is real time, never a virtual clock. */
#ifndef IM_HTTP_TLS_H
#define IM_HTTP_TLS_H

#include "base/arena.h"

struct im_tls; /* key, chain, CA; lifetime: server */

struct im_tls_options {
    const char *cert_file, *key_file; /* both or none; PEM */
    const char *const *names; /* further DNS names or addresses, NULL-terminated */
};

/* NULL with err when a file is unreadable, key and certificate do not match, or it is
 * expired. */
struct im_tls *im_tls_new(const struct im_tls_options *options, struct im_error *err);
void im_tls_free(struct im_tls *tls);
/* The CA's certificate in PEM, or empty when --cert was given. Lifetime: the im_tls. */
struct im_str im_tls_ca_pem(const struct im_tls *tls);
/* Puts key, chain and settings (TLS 1.2 and 1.3) into the server's SSL_CTX. */
bool im_tls_configure(const struct im_tls *tls, void *ssl_ctx, struct im_error *err);

#endif
