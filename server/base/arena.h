/* Memory that lives exactly as long as one request (or one start-up step) and is released
 * in one place. A failed allocation returns NULL and leaves the sticky `failed` mark; the
 * pipeline looks at the mark once, at its end, and answers 500 `internal`. Not shared
 * between threads. */
#ifndef IM_BASE_ARENA_H
#define IM_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

struct im_arena_block;

struct im_arena {
    struct im_arena_block *head; /* newest block; NULL before the first allocation */
    size_t limit;                /* bytes at most in all, 0 = unlimited */
    size_t taken;                /* bytes taken from the system so far */
    bool failed;                 /* an allocation was refused: sticky */
};

/* An empty arena takes nothing from the system yet. limit_bytes 0 = unlimited. */
void im_arena_init(struct im_arena *arena, size_t limit_bytes);
/* Frees all; the arena may be used again as if freshly initialised. */
void im_arena_release(struct im_arena *arena);

/* Zeroed memory, aligned for any type; NULL when refused (sets `failed`). size 0 gives a
 * valid pointer. */
void *im_arena_alloc(struct im_arena *arena, size_t size);
/* A copy, followed by a NUL that does not count in len. An empty view when refused. */
struct im_str im_arena_copy(struct im_arena *arena, struct im_str text);
/* Formatted text, NUL-terminated. An empty view when refused. */
struct im_str im_arena_format(struct im_arena *arena, const char *format, ...)
    IM_PRINTF(2, 3);

/* The texts behind one another, NUL-terminated, without the cost of a format. An empty
 * view when refused. */
struct im_str im_arena_join(struct im_arena *arena, const struct im_str *parts, size_t n);
#define IM_ARENA_JOIN(arena, ...)                                                        \
    im_arena_join((arena), (const struct im_str[]){__VA_ARGS__},                         \
                  sizeof((const struct im_str[]){__VA_ARGS__}) / sizeof(struct im_str))

/* As im_arena_alloc for n items; a product that does not fit a size_t is refused. */
void *im_arena_array(struct im_arena *arena, size_t item_size, size_t n);
/* Makes the newest allocation longer where it stands, without zeroing; false when `at` is
 * not the newest or its block is full. For builders, which then allocate anew and
 * copy. */
bool im_arena_extend(struct im_arena *arena, void *at, size_t old_size, size_t new_size);

#define IM_ARENA_NEW(arena, type) ((type *)im_arena_alloc((arena), sizeof(type)))
#define IM_ARENA_ARRAY(arena, type, n)                                                   \
    ((type *)im_arena_array((arena), sizeof(type), (n)))

#endif
