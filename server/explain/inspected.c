/* Objects as Node prints them (util.inspect, https://nodejs.org/api/util.html) and as Python
 * does (repr): names without quotes, strings in any quotes, names of classes before braces,
 * [Object] for what lies too deep. They are turned into JSON, which one reader then reads. */
#include <string.h>

#include "explain/trace.h"

struct inspected {
    struct im_str text;
    size_t at;
    struct im_buf out;
    struct im_str bare; /* what stands without quotes, and is not written yet */
    bool value;         /* behind a colon: another one belongs to the value */
    bool comma;         /* one is read, and is written before what follows */
};

static void inspected_add_comma(struct inspected *from)
{
    if (from->comma)
        im_buf_addc(&from->out, ',');
    from->comma = false;
}

/* A number stands as it is. Of the words as a value, only true says something; [Object], None and
 * undefined say that nothing is known. */
static void inspected_end_bare(struct inspected *from)
{
    struct im_str bare = im_str_trim(from->bare);
    int64_t ignored = 0;
    bool number = bare.len < 10 && im_str_int(bare, &ignored);

    from->bare = (struct im_str){NULL, 0};
    if (!bare.len)
        return;
    inspected_add_comma(from);
    if (from->value) {
        bool yes = im_str_eq_nocase(bare, IM_STR("true"));
        im_buf_add(&from->out, number ? bare : im_str(yes ? "true" : "null"));
        return;
    }
    im_buf_addc(&from->out, '"');
    for (size_t i = 0; i < bare.len; i++)
        if ((unsigned char)bare.at[i] >= ' ' && !strchr("\"\\", bare.at[i]))
            im_buf_addc(&from->out, bare.at[i]);
    im_buf_addc(&from->out, '"');
}

/* Both languages escape as JSON does, but for the apostrophe and \x.., which keeps its letters. */
static void inspected_take_string(struct inspected *from)
{
    char quote = from->text.at[from->at++];

    inspected_add_comma(from);
    im_buf_addc(&from->out, '"');
    for (; from->at < from->text.len && from->text.at[from->at] != quote; from->at++) {
        char c = from->text.at[from->at];
        if (c == '\\' && from->at + 1 < from->text.len) {
            c = from->text.at[++from->at];
            if (c && strchr("\"\\/bfnrtu", c))
                im_buf_addc(&from->out, '\\');
        } else if (c == '"') {
            im_buf_addc(&from->out, '\\');
        }
        im_buf_addc(&from->out, (unsigned char)c < ' ' ? ' ' : c);
    }
    im_buf_addc(&from->out, '"');
}

/* Begins [Object], [Function: x], [Symbol(y)] here? Arrays have a blank behind the bracket. */
static bool inspected_is_note(const struct inspected *from)
{
    struct im_str two = im_str_slice(from->text, from->at, from->at + 2);

    return two.len == 2 && two.at[0] == '[' && two.at[1] >= 'A' && two.at[1] <= 'Z';
}

static void inspected_take_bare(struct inspected *from)
{
    size_t begin = from->at;

    if (!from->bare.at && from->text.at[begin] <= ' ' && from->text.at[begin] >= 0)
        return; /* a blank before a word */
    if (inspected_is_note(from))
        from->at += im_str_find(im_str_slice(from->text, begin, from->text.len), ']');
    if (!from->bare.at)
        from->bare.at = from->text.at + begin;
    const char *end =
        from->text.at + (from->at < from->text.len ? from->at + 1 : from->at);
    from->bare.len = (size_t)(end - from->bare.at);
}

static void inspected_take(struct inspected *from)
{
    char c = from->text.at[from->at];

    if (strchr("{[", c) && !inspected_is_note(from)) {
        from->bare = (struct im_str){NULL, 0}; /* the name of a class */
        inspected_add_comma(from);
        im_buf_addc(&from->out, c);
        from->value = c == '[';
    } else if (strchr("}]", c)) {
        inspected_end_bare(from);
        from->comma = false;
        im_buf_addc(&from->out, c);
    } else if (c == ',') {
        inspected_end_bare(from);
        from->comma = true;
        from->value = false;
    } else if (c == ':' && !from->value) {
        inspected_end_bare(from);
        im_buf_addc(&from->out, c);
        from->value = true;
    } else if (strchr("'\"`", c) && !from->bare.at) {
        inspected_take_string(from);
    } else {
        inspected_take_bare(from);
    }
}

struct im_str im_inspected_json(struct im_trace *trace, struct im_str text)
{
    struct inspected from = {.text = text};

    im_buf_init(&from.out, trace->arena, 0);
    for (; from.at < text.len && trace->json_budget; from.at++, trace->json_budget--)
        if (text.at[from.at])
            inspected_take(&from);
    return im_buf_str(&from.out);
}
