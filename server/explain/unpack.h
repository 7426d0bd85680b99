/* An input as text. Inside explain/. */
#ifndef IM_EXPLAIN_UNPACK_H
#define IM_EXPLAIN_UNPACK_H

#include "base/arena.h"

/* Unpacks gzip, and makes UTF-8 of UTF-16; what is neither stays as it is. max: bytes, once it is
 * unpacked. False with err: damaged, or larger (IM_ERROR_CAPACITY). */
bool im_explain_unpack(struct im_arena *arena, size_t max, struct im_str *text,
                       bool *packed, struct im_error *err);

#endif
