/* What a client sent, made fit for a terminal: for im_redact_quote, which everybody else calls. Never for
 * secrets, which im_fingerprint names. */
#ifndef IM_BASE_SANITIZE_H
#define IM_BASE_SANITIZE_H

#include "base/secrets.h"

enum {
    IM_SANITIZED_MAX = 200
}; /* bytes of the original; what follows becomes an ellipsis */

/* Length of what looks like a JWT at the head of the text, or 0. One that was sent in
 * the wrong field, or cut short, must not be repeated either. */
size_t im_jwt_length(struct im_str text);

/* The text, cut to IM_SANITIZED_MAX, with JWTs named by their fingerprints, and control
 * characters and bytes that are not UTF-8 shown as '?'. Lifetime: the arena's, or the
 * text's own when nothing had to be changed. */
struct im_str im_sanitize(const struct im_secrets *secrets, struct im_arena *arena,
                          struct im_str text);

#endif
