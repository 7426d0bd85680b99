/* Certificates and keys in files (PEM): those that are given, and a CA that stays. */
#ifndef IM_HTTP_TLS_FILE_H
#define IM_HTTP_TLS_FILE_H

#include <openssl/types.h>
#include <openssl/x509.h>

#include "http/tls_cert.h"

/* Both with err: unreadable, no PEM, encrypted. Behind the certificate may stand its
 * chain; *chain stays NULL when there is none. */
X509 *im_tls_read_cert(const char *path, STACK_OF(X509) * *chain, struct im_error *err);
EVP_PKEY *im_tls_read_key(const char *path, struct im_error *err);
/* That it is valid now; `else_do` is what else to do than renew it. */
bool im_tls_check_dates(const X509 *cert, const char *path, const char *else_do,
                        struct im_error *err);

/* The CA that lives in the folder as ca.pem and ca-key.pem; the first server that asks
 * makes both. Servers that start at the same time get the same one. */
bool im_tls_keep_ca(const char *folder, struct im_tls_pair *ca, struct im_error *err);
/* A reader of the file never sees a part of it. Everybody may read it; `option` names it
 * in err. */
bool im_tls_write_file(const char *option, const char *path, struct im_str bytes,
                       struct im_error *err);

#endif
