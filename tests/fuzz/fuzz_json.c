/* Any bytes given to the JSON reader: they are refused with a place inside the text, or
 * what was read can be written and reads back as the same. */
#include <stdlib.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct im_str written(struct im_arena *arena, const struct im_json *value)
{
    struct im_buf buf;
    struct im_json_out out;

    im_buf_init(&buf, arena, 0);
    im_json_out_init(&out, &buf);
    im_json_value(&out, (struct im_str){NULL, 0}, value);
    return im_buf_str(&buf);
}

static void require(bool fact)
{
    if (!fact)
        abort();
}

static void check_refusal(struct im_str text, const struct im_json_error *error)
{
    require(error->offset <= text.len && error->line > 0 && error->column > 0);
    require(error->what[0] != '\0' && im_str_utf8(im_str(error->what)));
}

/* Values stand inside the text, children behind the start of what holds them. */
static void check_tree(struct im_str text, const struct im_json *value)
{
    size_t count = 0;

    require(value->offset < text.len && value->name_offset <= value->offset);
    for (const struct im_json *child = value->first; child;
         child = child->next, count++) {
        require(child->name_offset > value->offset);
        check_tree(text, child);
    }
    require(count == value->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct im_str text = {(const char *)data, size};
    struct im_json_error error = {.what = ""};
    struct im_arena arena;

    im_arena_init(&arena, 0);
    const struct im_json *value = im_json_parse(&arena, text, &error);
    const struct im_json *repeated = im_json_parse_repeated(&arena, text, NULL);
    require(!value || repeated);
    if (value) {
        struct im_str once = written(&arena, value);
        const struct im_json *again = im_json_parse(&arena, once, &error);
        check_tree(text, value);
        require(again && im_str_eq(written(&arena, again), once));
    } else {
        check_refusal(text, &error);
    }
    im_arena_release(&arena);
    return 0;
}
