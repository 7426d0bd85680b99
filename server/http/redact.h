/* Texts of HTTP with every secret in them replaced by its fingerprint, for journals, logs and
 * evidence: form bodies and queries, JSON and XML bodies, header values, whatever looks like a JWT
 * anywhere, and the registered secrets of a sandbox wherever they stand. secrets NULL = none are
 * known by value. Results live in the arena. */
#ifndef IM_HTTP_REDACT_H
#define IM_HTTP_REDACT_H

#include "base/secrets.h"

/* A body of whatever kind: form, JSON, XML, or text of no known shape. */
struct im_str im_redact_text(struct im_secrets *secrets, struct im_arena *arena,
                             struct im_str text);
/* A URL, or the path of one: user info, path, query and fragment may hold secrets. */
struct im_str im_redact_url(struct im_secrets *secrets, struct im_arena *arena,
                            struct im_str url);
/* The value of the header of that name. */
struct im_str im_redact_header(struct im_secrets *secrets, struct im_arena *arena,
                               struct im_str name, struct im_str value);
/* A piece of what a client sent, as evidence may quote it: short and printable besides. */
struct im_str im_redact_quote(struct im_secrets *secrets, struct im_arena *arena,
                              struct im_str text);
/* The same of a text whose secrets are known by no value, as of what is pasted into explain:
 * what looks random goes too. */
struct im_str im_redact_quote_foreign(struct im_secrets *secrets, struct im_arena *arena,
                                      struct im_str text);
/* The text with the fingerprint of each run of letters and digits that looks random in its
 * place: no word of a language, of a protocol or of a path is mixed so. */
struct im_str im_redact_opaque(struct im_secrets *secrets, struct im_arena *arena,
                               struct im_str text);

#endif
