/* Making certificates: a CA, and certificates that it signs (EC P-256). */
#ifndef IM_HTTP_TLS_CERT_H
#define IM_HTTP_TLS_CERT_H

#include <openssl/types.h>

#include "base/arena.h"

/* Both owned, or both NULL. */
struct im_tls_pair {
    X509 *cert;
    EVP_PKEY *key;
};

/* Wanted of a server's certificate. */
struct im_tls_params {
    const char *label; /* NULL; or it is for LABEL.NAME of all names only */
    const char *only;  /* NULL; or it is for this name only */
    const char *const
        *names;             /* besides those of this machine; NULL-terminated, or NULL */
    int from_days, to_days; /* valid from and to, counted from an hour ago */
};

/* A CA of its own name; `key` is taken over, or NULL: a fresh one. */
bool im_tls_make_ca(struct im_tls_pair *ca, EVP_PKEY *key);
/* Whose key is server->key, fresh when that is NULL. */
bool im_tls_make_server(struct im_tls_pair *server, const struct im_tls_pair *ca,
                        const struct im_tls_params *params);
/* PEM of the certificate, or of the key when `cert` is NULL; NULL when memory is short or
 * both are NULL. The caller frees it, and cleanses a key. */
char *im_tls_to_pem(X509 *cert, EVP_PKEY *key);
void im_tls_pair_free(struct im_tls_pair *pair);
/* OpenSSL's reason for the newest failure of this thread. Lifetime: static. */
const char *im_tls_reason(void);

#endif
