/* Certificates for hosts that are named while the server runs: made when one is asked for,
 * the most recently used kept. Thread-safe. */
#ifndef IM_HTTP_TLS_LEAF_H
#define IM_HTTP_TLS_LEAF_H

#include "http/tls_cert.h"

enum { IM_TLS_LEAVES_MAX = 256 };

struct im_tls_leaves; /* lifetime: of the im_tls */

/* Signed by `ca`, whose pair it takes a reference of, for the one key that all share. NULL
 * when memory is short. */
struct im_tls_leaves *im_tls_leaves_new(const struct im_tls_pair *ca, EVP_PKEY *key);
void im_tls_leaves_free(struct im_tls_leaves *leaves); /* NULL is fine */
/* The certificate of a host, with a reference for the caller; NULL when it cannot be made. */
X509 *im_tls_leaf(struct im_tls_leaves *leaves, const char *host);
/* One that is never kept: a bad one. */
X509 *im_tls_leaf_once(const struct im_tls_leaves *leaves,
                       const struct im_tls_params *params);
/* As before, for an RSA key, which is made when it is first asked for (0.15 s) and stays the
 * leaves'. False when memory is short. */
bool im_tls_leaf_rsa(struct im_tls_leaves *leaves, const struct im_tls_params *params,
                     struct im_tls_pair *pair);

#endif
