/* JSON that a person can read in a C source: 'single' quotes stand for double ones. */
#ifndef IM_TESTS_SCENARIO_QUOTED_H
#define IM_TESTS_SCENARIO_QUOTED_H

#include <string.h>

#include "base/json_read.h"
#include "unit/fixture.h"

/* The text itself, ended by a NUL. */
static inline struct im_str with_quotes(struct im_arena *arena, const char *text)
{
    size_t len = strlen(text);
    char *bytes = im_arena_alloc(arena, len + 1);

    for (size_t i = 0; i < len; i++)
        bytes[i] = text[i] == '\'' ? '"' : text[i];
    bytes[len] = '\0';
    return (struct im_str){bytes, len};
}

static inline const struct im_json *quoted(struct im_arena *arena, const char *text)
{
    struct im_json_error why;
    const struct im_json *json = im_json_parse(arena, with_quotes(arena, text), &why);

    if (!json)
        fail_msg("%s: %s", text, why.what);
    return json;
}

/* One value by one row; the first fault is told as *at and *err. */
static inline bool read_by_row(struct im_arena *arena, const struct im_json_row *row,
                               const struct im_json *value, void *into,
                               struct im_json_fault *fault)
{
    struct im_json_reader r = {.arena = arena, .faults = fault, .room = 1};

    return im_json_read_row(&r, row, value, into);
}

#endif
