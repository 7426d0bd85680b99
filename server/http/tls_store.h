/* What clients trust: the certificates of CAs as one text (PEM), and the same as a trust
 * store (PKCS#12) for programs that read no PEM. */
#ifndef IM_HTTP_TLS_STORE_H
#define IM_HTTP_TLS_STORE_H

#include "base/arena.h"

/* The file with the root CAs of this system: `preferred` where that can be read (NULL = none
 * is), else the first of the usual places. NULL when there is none. */
const char *im_tls_roots_file(const char *preferred);
/* The certificates of roots_file (NULL = none) and, behind them, those of ca_pem. Lifetime:
 * the arena's. Empty with err. */
struct im_str im_tls_bundle(const char *roots_file, struct im_str ca_pem,
                            struct im_arena *arena, struct im_error *err);
/* The certificates of a bundle as a PKCS#12 trust store (RFC 7292) under that password,
 * each marked as trusted in the way that Java asks for. Lifetime: the arena's. Empty with
 * err. */
struct im_str im_tls_trust_store(struct im_str bundle, const char *password,
                                 struct im_arena *arena, struct im_error *err);

#endif
