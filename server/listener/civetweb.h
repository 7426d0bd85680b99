/* What we take from CivetWeb: how it reads the head of a request, and its settings for
 * TLS. */
#ifndef IM_LISTENER_CIVETWEB_H
#define IM_LISTENER_CIVETWEB_H

#include "http/request.h"

/* Reads method, target, version and headers out of a whole head, its blank line included.
 * The head is written over, and what was read lies in it. False for what CivetWeb
 * refuses; what it had read before is filled in. */
bool im_civetweb_read_head(char *head, size_t len, struct im_request *req,
                           struct im_str *version);
/* Does it know the method? */
bool im_civetweb_knows_method(const char *method);

/* CivetWeb's SSL_CTX for a server; `configure` puts in key and certificate, and may
 * refuse. NULL when it does, or memory is short. Lifetime: im_civetweb_free_tls. */
void *im_civetweb_tls(bool (*configure)(void *ssl_ctx, void *context), void *context);
void im_civetweb_free_tls(void *ssl_ctx); /* NULL is fine */

#endif
