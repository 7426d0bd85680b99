/* Memory of one request. Blocks stand in a list, newest first; allocation moves a mark
 * forward in the newest, and nothing is freed before the whole arena is. Under
 * AddressSanitizer all that was not handed out is poisoned, with a gap behind each
 * allocation, so that running over the end of one is caught as it would be with
 * malloc. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define POISONING 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISONING 1
#endif
#endif

#ifdef POISONING
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, size)   ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#endif

struct im_arena_block {
    struct im_arena_block *next;
    size_t size, used; /* bytes of data */
    _Alignas(max_align_t) unsigned char data[];
};

enum {
    ALIGN = _Alignof(max_align_t),
#ifdef POISONING
    GAP = ALIGN,
#else
    GAP = 0,
#endif
    FIRST_BLOCK = 4096 - (int)sizeof(struct im_arena_block),
    LARGEST_BLOCK = 64 * 1024
};

void im_arena_init(struct im_arena *arena, size_t limit_bytes)
{
    *arena = (struct im_arena){.limit = limit_bytes};
}

void im_arena_release(struct im_arena *arena)
{
    struct im_arena_block *block = arena->head;

    while (block) {
        struct im_arena_block *next = block->next;
        ASAN_UNPOISON_MEMORY_REGION(block->data, block->size);
        free(block);
        block = next;
    }
    im_arena_init(arena, arena->limit);
}

/* A refusal is marked and returned as NULL, so that code that builds an answer need not
 * test each allocation: the pipeline tests the mark once. */
static void *arena_refuse(struct im_arena *arena)
{
    arena->failed = true;
    return NULL;
}

/* What an allocation takes from its block. The caller has checked that it cannot
 * overflow. */
static size_t arena_footprint(size_t size)
{
    size_t whole = size ? size : 1;
    return (whole + ALIGN - 1) / ALIGN * ALIGN + GAP;
}

/* The size of the next ordinary block: each twice the one before, so that a large answer
 * takes few blocks and a small one little memory. A head of less than the first size is a
 * block of its own (see arena_add_block) or was cut by the limit. */
static size_t arena_next_size(const struct im_arena *arena)
{
    if (!arena->head || arena->head->size < FIRST_BLOCK)
        return FIRST_BLOCK;
    return arena->head->size < LARGEST_BLOCK / 2 ? arena->head->size * 2 : LARGEST_BLOCK;
}

/* A new block with room for `need` bytes, or NULL. What would fill much of an ordinary
 * block gets one of its own, behind the newest, whose rest is not wasted then. */
static struct im_arena_block *arena_add_block(struct im_arena *arena, size_t need)
{
    size_t size = arena_next_size(arena);
    bool own = need > size / 2;
    if (own)
        size = need;

    /* the limit counts whole blocks with their headers; near it, the block is made as
     * small as what is left, so that the limit can be used up */
    size_t left = arena->limit ? arena->limit - arena->taken : SIZE_MAX;
    if (left < sizeof(struct im_arena_block) + need)
        return arena_refuse(arena);
    if (size > left - sizeof(struct im_arena_block))
        size = left - sizeof(struct im_arena_block);

    struct im_arena_block *block = malloc(sizeof(*block) + size);
    if (!block)
        return arena_refuse(arena);
    arena->taken += sizeof(*block) + size;
    block->size = size;
    block->used = 0;

    struct im_arena_block **at = own && arena->head ? &arena->head->next : &arena->head;
    block->next = *at;
    *at = block;
    ASAN_POISON_MEMORY_REGION(block->data, block->size);
    return block;
}

/* Memory that is not zeroed. */
static void *arena_take(struct im_arena *arena, size_t size)
{
    /* far below where the roundings of arena_footprint() could overflow */
    if (size > SIZE_MAX / 4)
        return arena_refuse(arena);

    size_t need = arena_footprint(size);
    struct im_arena_block *block = arena->head;
    if (!block || block->size - block->used < need)
        block = arena_add_block(arena, need);
    if (!block)
        return NULL;

    void *at = block->data + block->used;
    block->used += need;
    ASAN_UNPOISON_MEMORY_REGION(at, size);
    return at;
}

void *im_arena_alloc(struct im_arena *arena, size_t size)
{
    void *at = arena_take(arena, size);
    return at ? memset(at, 0, size) : NULL;
}

void *im_arena_array(struct im_arena *arena, size_t item_size, size_t n)
{
    if (item_size && n > SIZE_MAX / item_size)
        return arena_refuse(arena);
    return im_arena_alloc(arena, item_size * n);
}

bool im_arena_extend(struct im_arena *arena, void *at, size_t old_size, size_t new_size)
{
    struct im_arena_block *block = arena->head;
    size_t held = arena_footprint(old_size);

    if (!block || new_size > SIZE_MAX / 4 || block->used < held)
        return false;
    /* the newest allocation is the one that ends where the block's mark is */
    size_t start = block->used - held;
    size_t need = arena_footprint(new_size);
    if (at != block->data + start || need > block->size - start)
        return false;

    block->used = start + need;
    ASAN_UNPOISON_MEMORY_REGION(at, new_size);
    return true;
}

struct im_str im_arena_copy(struct im_arena *arena, struct im_str text)
{
    char *at =
        text.len < SIZE_MAX ? arena_take(arena, text.len + 1) : arena_refuse(arena);

    if (!at)
        return (struct im_str){NULL, 0};
    if (text.len)
        memcpy(at, text.at, text.len);
    at[text.len] = '\0';
    return (struct im_str){at, text.len};
}

struct im_str im_arena_join(struct im_arena *arena, const struct im_str *parts, size_t n)
{
    size_t len = 0;

    for (size_t i = 0; i < n; i++)
        len = parts[i].len < SIZE_MAX / 4 - len ? len + parts[i].len : SIZE_MAX / 4;
    char *text = arena_take(arena, len + 1), *at = text;
    if (!text)
        return (struct im_str){NULL, 0};
    for (size_t i = 0; i < n; i++) {
        if (parts[i].len)
            memcpy(at, parts[i].at, parts[i].len);
        at += parts[i].len;
    }
    *at = '\0';
    return (struct im_str){text, len};
}

struct im_str im_arena_format(struct im_arena *arena, const char *format, ...)
{
    char small[256]; /* nearly all texts fit, and are formatted only once */
    va_list args, again;

    va_start(args, format);
    va_copy(again, args);
    int written = vsnprintf(small, sizeof(small), format, args);
    size_t len = written > 0 ? (size_t)written : 0;
    char *at = written < 0 ? arena_refuse(arena) : arena_take(arena, len + 1);
    if (at && len < sizeof(small))
        memcpy(at, small, len + 1);
    else if (at)
        vsnprintf(at, len + 1, format, again);
    va_end(again);
    va_end(args);
    return at ? (struct im_str){at, len} : (struct im_str){NULL, 0};
}
