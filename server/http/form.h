/* Parameters, whatever they arrived as: an x-www-form-urlencoded body or query, or the
 * members of a JSON object. Order and duplicates are kept, because a repeated parameter
 * is a cause of its own. We parse forms ourselves: CivetWeb's parser hides duplicates and
 * can hang. */
#ifndef IM_HTTP_FORM_H
#define IM_HTTP_FORM_H

#include "base/json_read.h"

struct im_param {
    struct im_str name, value; /* decoded */
};

/* Lifetime: request. */
struct im_params {
    struct im_param *items;
    size_t count;
};

enum { IM_PARAMS_MAX = 256 };

/* Both give false with *err filled in (bad percent escape, invalid UTF-8, NUL, more than
 * IM_PARAMS_MAX, not an attribute-value list; not JSON, not an object, a nested value).
 * Empty text gives no parameters. JSON: strings as they are, numbers as written,
 * true/false as those words, null as absent; duplicate member names are kept as repeated
 * parameters. */
bool im_params_parse_form(struct im_arena *arena, struct im_str text,
                          struct im_params *params, struct im_error *err);
bool im_params_parse_json(struct im_arena *arena, struct im_str text,
                          struct im_params *params, struct im_error *err);

/* A query string as a struct, by a table: names, ranges and hints as in bodies. False with
 * *fault, or when memory is short (then arena->failed). */
bool im_query_read(struct im_arena *arena, struct im_str text,
                   const struct im_json_table *table, void *into,
                   struct im_json_fault *fault);

/* The first value of that name, exact case; the empty view with at == NULL when
 * absent. */
struct im_str im_param(const struct im_params *params, const char *name);
/* How often the name stands there. */
size_t im_param_count(const struct im_params *params, const char *name);

/* One percent-encoded piece decoded ('+' is a space only when `plus`). False on a bad
 * escape. */
bool im_url_decode(struct im_arena *arena, struct im_str text, bool plus,
                   struct im_str *out);

#endif
