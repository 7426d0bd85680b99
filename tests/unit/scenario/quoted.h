/* JSON that a person can read in a C source: 'single' quotes stand for double ones. */
#ifndef IM_TESTS_SCENARIO_QUOTED_H
#define IM_TESTS_SCENARIO_QUOTED_H

#include <string.h>

#include "base/json_read.h"
#include "unit/fixture.h"

static inline const struct im_json *quoted(struct im_arena *arena, const char *text)
{
    struct im_str copy = im_arena_copy(arena, im_str(text));
    char *bytes = im_arena_alloc(arena, copy.len + 1);
    struct im_json_error why;
    const struct im_json *json;

    for (size_t i = 0; i < copy.len; i++)
        bytes[i] = copy.at[i] == '\'' ? '"' : copy.at[i];
    json = im_json_parse(arena, (struct im_str){bytes, copy.len}, &why);
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
