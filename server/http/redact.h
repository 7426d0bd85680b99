/* Texts of HTTP with every secret in them replaced by its fingerprint, for journals, logs and
 * evidence: form bodies and queries, JSON bodies, header values, and whatever looks like a JWT
 * anywhere. Results live in the arena. */
#ifndef IM_HTTP_REDACT_H
#define IM_HTTP_REDACT_H

#include "base/arena.h"

/* A body of whatever kind: form, JSON, or text of no known shape. */
struct im_str im_redact_text(struct im_arena *arena, struct im_str text);
/* A URL, or the path of one: path, query and fragment may hold secrets. */
struct im_str im_redact_url(struct im_arena *arena, struct im_str url);
/* The value of the header of that name. */
struct im_str im_redact_header(struct im_arena *arena, struct im_str name,
                               struct im_str value);

#endif
