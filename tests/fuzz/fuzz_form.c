/* Forms, JSON parameters and percent escapes: nothing crashes, and what is accepted is sound. */
#include <stdint.h>
#include <stdlib.h>

#include "http/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct im_params *params)
{
    if (params->count > IM_PARAMS_MAX)
        abort();
    for (size_t i = 0; i < params->count; i++)
        if (!im_str_utf8(params->items[i].name) || !im_str_utf8(params->items[i].value))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct im_str text = {(const char *)data, size}, decoded;
    struct im_arena arena;
    struct im_params params;
    struct im_error err = {.text = ""};

    im_arena_init(&arena, 64 * 1024 * 1024);
    if (im_params_parse_form(&arena, text, &params, &err))
        check(&params);
    if (im_params_parse_json(&arena, text, &params, &err))
        check(&params);
    if (im_url_decode(&arena, text, false, &decoded) && decoded.len > size)
        abort();
    im_arena_release(&arena);
    return 0;
}
