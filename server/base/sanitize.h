/* What a client sent, made fit for evidence and logs: names, ids and scopes. Never for
 * secrets, which im_fingerprint names. */
#ifndef IM_BASE_SANITIZE_H
#define IM_BASE_SANITIZE_H

#include "base/arena.h"

enum {
    IM_SANITIZED_MAX = 200
}; /* bytes of the original; what follows becomes an ellipsis */

/* The text, cut to IM_SANITIZED_MAX, with control characters and bytes that are not UTF-8
 * shown as '?'. Lifetime: the arena's, or the text's own when nothing had to be
 * changed. */
struct im_str im_sanitize(struct im_arena *arena, struct im_str text);

#endif
