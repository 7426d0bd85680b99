/* JSON (RFC 8259). Reading: cJSON parses, and this file adds what cJSON lets pass:
 * duplicate names, a byte-order mark, raw control characters, invalid UTF-8, \u0000,
 * numbers such as 0123 or 1e400, text after the value, nesting deeper than 64. Writing: a
 * streaming writer, because a token response must not cost twenty allocations. The only
 * file that includes cJSON.h. */
#ifndef IM_BASE_JSON_H
#define IM_BASE_JSON_H

#include "base/arena.h"
#include "base/buf.h"

enum im_json_type {
    IM_JSON_NULL,
    IM_JSON_BOOL,
    IM_JSON_NUMBER,
    IM_JSON_STRING,
    IM_JSON_ARRAY,
    IM_JSON_OBJECT
};

/* One value. Lifetime: request (the arena given to im_json_parse). */
struct im_json {
    enum im_json_type type;
    bool boolean;
    bool is_whole; /* a number that is a whole int64, kept exactly in `whole` */
    int64_t whole;
    double number;
    struct im_str name;          /* member name inside an object, else empty */
    struct im_str text;          /* decoded string; for numbers the digits as written */
    const struct im_json *first; /* children of arrays and objects, in document order */
    const struct im_json *next;  /* next sibling */
    size_t count;                /* number of children */
    size_t offset;               /* byte offset of the value in the text */
    size_t name_offset; /* byte offset of the member's name, = offset when none */
};

struct im_json_error {
    size_t offset;         /* bytes */
    unsigned line, column; /* 1-based; column in bytes */
    char what[160];        /* "name \"a\" stands twice in one object" */
    bool no_memory;        /* nothing is wrong with the text */
};

/* The error as a failure: "ATTEMPT: WHAT", of its kind. Returns false. */
bool im_json_error_as(struct im_error *err, const struct im_json_error *error,
                      const char *attempt);

/* The value, or NULL with *error filled in. All memory is the arena's. */
const struct im_json *im_json_parse(struct im_arena *arena, struct im_str text,
                                    struct im_json_error *error);
/* The same, but a name may stand twice in one object: OAuth parameters sent as JSON,
 * where a repeated one is for the caller to judge. im_json_get gives the first. */
const struct im_json *im_json_parse_repeated(struct im_arena *arena, struct im_str text,
                                             struct im_json_error *error);
/* line and column of a byte offset */
void im_json_place(struct im_str text, size_t offset, unsigned *line, unsigned *column);

/* The member, or NULL when absent (or when `object` is NULL or no object). Exact case. */
const struct im_json *im_json_get(const struct im_json *object, const char *name);
const struct im_json *im_json_get_named(const struct im_json *object, struct im_str name);
/* The text of a string member, or empty. */
struct im_str im_json_get_str(const struct im_json *object, const char *name);
const char *im_json_type_name(enum im_json_type type); /* "a string", "an object", … */

/* ---- writing ---- */

/* Commas, colons and escapes are the writer's. `name` is NULL inside arrays and at the
 * top. */
struct im_json_out {
    struct im_buf *buf;
    bool comma; /* the next item needs one before it */
};

void im_json_out_init(struct im_json_out *out, struct im_buf *buf);
void im_json_open_object(struct im_json_out *out, const char *name);
void im_json_close_object(struct im_json_out *out);
void im_json_open_array(struct im_json_out *out, const char *name);
void im_json_close_array(struct im_json_out *out);
void im_json_str(struct im_json_out *out, const char *name, struct im_str value);
void im_json_strz(struct im_json_out *out, const char *name, const char *value);
void im_json_strf(struct im_json_out *out, const char *name, const char *format, ...)
    IM_PRINTF(3, 4);
void im_json_int(struct im_json_out *out, const char *name, int64_t value);
void im_json_double(struct im_json_out *out, const char *name,
                    double value); /* locale-proof */
void im_json_bool(struct im_json_out *out, const char *name, bool value);
void im_json_null(struct im_json_out *out, const char *name);
/* Ready JSON text, as it is. */
void im_json_raw(struct im_json_out *out, const char *name, struct im_str json);
/* A parsed value written again (numbers as they were written). name may be a view. */
void im_json_value(struct im_json_out *out, struct im_str name,
                   const struct im_json *value);
/* As im_json_str, but the name is a view. */
void im_json_member(struct im_json_out *out, struct im_str name, struct im_str value);

#endif
