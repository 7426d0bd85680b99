/* The strict reading that comes before cJSON's: is this text JSON, and where does each
 * value stand? Only base/json.c needs it. */
#ifndef IM_BASE_JSON_SCAN_H
#define IM_BASE_JSON_SCAN_H

#include "base/json.h"

enum { IM_JSON_DEPTH_MAX = 64 };

/* Where one value stands; a list in the order of the document, which is pre-order.
 * Lifetime: the arena's. */
struct im_json_mark {
    struct im_json_mark *next;
    size_t offset, end; /* the value's first byte, and the one behind its last */
    size_t name_offset; /* of the member's name, = offset when none */
};

/* The marks of all values, or NULL with *error filled in. */
const struct im_json_mark *im_json_scan(struct im_arena *arena, struct im_str text,
                                        struct im_json_error *error);

/* Fills in *error (which may be NULL): place from the offset, one line of well-formed
 * text. */
/* There was no memory to read the text. */
void im_json_fail_memory(struct im_json_error *error);
void im_json_fail(struct im_json_error *error, struct im_str whole, size_t offset,
                  const char *format, ...) IM_PRINTF(4, 5);

/* The value of a number's text, which must be well-formed: false when it is out of a
 * double's range. Fills in number, is_whole and whole. Not by strtod alone, which reads
 * the decimal point of the host's locale. */
bool im_json_read_number(struct im_arena *arena, struct im_json *value);

#endif
