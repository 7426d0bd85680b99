/* Writing JSON (RFC 8259), on the way of every answer: text is copied in runs of bytes
 * that need no escape. The output is well-formed whatever goes in: what is no UTF-8
 * becomes U+FFFD. */
#include "base/json.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD"

void im_json_out_init(struct im_json_out *out, struct im_buf *buf)
{
    *out = (struct im_json_out){.buf = buf};
}

static void add_escape(struct im_buf *buf, unsigned char c)
{
    static const char digits[] = "0123456789abcdef";
    char escape[6] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};

    switch (c) {
    case '"': im_buf_add(buf, IM_STR("\\\"")); break;
    case '\\': im_buf_add(buf, IM_STR("\\\\")); break;
    case '\b': im_buf_add(buf, IM_STR("\\b")); break;
    case '\f': im_buf_add(buf, IM_STR("\\f")); break;
    case '\n': im_buf_add(buf, IM_STR("\\n")); break;
    case '\r': im_buf_add(buf, IM_STR("\\r")); break;
    case '\t': im_buf_add(buf, IM_STR("\\t")); break;
    default: im_buf_add(buf, (struct im_str){escape, sizeof(escape)}); break;
    }
}

/* Can all eight bytes be copied as they are? Each test sets the top bit of a byte that fails
 * it, and by its borrow perhaps of one above that: nothing unsafe is missed. */
static bool all_safe(uint64_t bytes)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    uint64_t quotes = bytes ^ ones * '"', backslashes = bytes ^ ones * '\\';

    return (((bytes - ones * ' ') | (quotes - ones) | (backslashes - ones) | bytes) &
            tops) == 0;
}

/* How many bytes from `at` on are plain ASCII without escapes, which nearly all text of an
 * answer is: eight at a time. Where fewer are left, letters fill up. */
static size_t plain_run(const char *at, size_t n)
{
    uint64_t bytes;
    size_t i = 0;

    for (; n - i >= sizeof(bytes); i += sizeof(bytes)) {
        memcpy(&bytes, at + i, sizeof(bytes));
        if (!all_safe(bytes))
            return i;
    }
    memset(&bytes, 'a', sizeof(bytes));
    memcpy(&bytes, at + i, n - i);
    return all_safe(bytes) ? n : i;
}

/* How many bytes from i on can be copied as they are. */
static size_t safe_run(struct im_str text, size_t i)
{
    size_t start = i;

    while (i < text.len) {
        i += plain_run(text.at + i, text.len - i);
        if (i == text.len)
            break;
        unsigned char c = (unsigned char)text.at[i];
        size_t step = c < 0x80 ? 1 : im_utf8_step(text.at + i, text.len - i);
        if (c < ' ' || c == '"' || c == '\\' || step == 0)
            break;
        i += step;
    }
    return i - start;
}

static void add_quoted(struct im_buf *buf, struct im_str text)
{
    im_buf_addc(buf, '"');
    for (size_t i = 0; i < text.len;) {
        size_t run = safe_run(text, i);
        im_buf_add(buf, im_str_slice(text, i, i + run));
        i += run;
        if (i == text.len)
            break;
        unsigned char c = (unsigned char)text.at[i++];
        if (c < 0x80)
            add_escape(buf, c);
        else
            im_buf_add(buf, IM_STR(REPLACEMENT));
    }
    im_buf_addc(buf, '"');
}

/* What stands before an item. An empty name is a name; a NULL one is none. */
static void out_begin(struct im_json_out *out, struct im_str name)
{
    if (out->comma)
        im_buf_addc(out->buf, ',');
    out->comma = true;
    if (!name.at)
        return;
    add_quoted(out->buf, name);
    im_buf_addc(out->buf, ':');
}

static void out_open(struct im_json_out *out, struct im_str name, char bracket)
{
    out_begin(out, name);
    im_buf_addc(out->buf, bracket);
    out->comma = false;
}

/* What comes behind a closed bracket is the next item of what is around it. */
static void out_close(struct im_json_out *out, char bracket)
{
    im_buf_addc(out->buf, bracket);
    out->comma = true;
}

void im_json_open_object(struct im_json_out *out, const char *name)
{
    out_open(out, im_str(name), '{');
}

void im_json_close_object(struct im_json_out *out)
{
    out_close(out, '}');
}

void im_json_open_array(struct im_json_out *out, const char *name)
{
    out_open(out, im_str(name), '[');
}

void im_json_close_array(struct im_json_out *out)
{
    out_close(out, ']');
}

void im_json_member(struct im_json_out *out, struct im_str name, struct im_str value)
{
    out_begin(out, name);
    add_quoted(out->buf, value);
}

void im_json_str(struct im_json_out *out, const char *name, struct im_str value)
{
    im_json_member(out, im_str(name), value);
}

void im_json_strz(struct im_json_out *out, const char *name, const char *value)
{
    im_json_member(out, im_str(name), im_str(value));
}

void im_json_strf(struct im_json_out *out, const char *name, const char *format, ...)
{
    /* the buffer may be a fixed one without an arena, so a long text gets one of its
     * own */
    char small[512], *text = small;
    struct im_arena more;
    va_list args, again;

    im_arena_init(&more, 0);
    va_start(args, format);
    va_copy(again, args);
    int written = vsnprintf(small, sizeof(small), format, args);
    size_t len = written > 0 ? (size_t)written : 0;
    if (len >= sizeof(small)) {
        text = im_arena_alloc(&more, len + 1);
        if (text)
            vsnprintf(text, len + 1, format, again);
    }
    va_end(again);
    va_end(args);

    if (written < 0 || !text)
        out->buf->failed = true;
    else
        im_json_str(out, name, (struct im_str){text, len});
    im_arena_release(&more);
}

void im_json_raw(struct im_json_out *out, const char *name, struct im_str json)
{
    out_begin(out, im_str(name));
    im_buf_add(out->buf, json);
}

void im_json_int(struct im_json_out *out, const char *name, int64_t value)
{
    out_begin(out, im_str(name));
    im_buf_add_number(out->buf, value, 1);
}

void im_json_bool(struct im_json_out *out, const char *name, bool value)
{
    im_json_raw(out, name, value ? IM_STR("true") : IM_STR("false"));
}

void im_json_null(struct im_json_out *out, const char *name)
{
    im_json_raw(out, name, IM_STR("null"));
}

/* The number as printf wrote it, with '.' for whatever the locale has for a decimal point
 * (which may be several bytes). */
static void add_printed_number(struct im_buf *buf, const char *text)
{
    bool in_point = false;

    for (; *text; text++) {
        bool plain = (*text >= '0' && *text <= '9') || *text == '-' || *text == '+' ||
                     *text == 'e';
        if (plain)
            im_buf_addc(buf, *text);
        else if (!in_point)
            im_buf_addc(buf, '.');
        in_point = !plain;
    }
}

/* JSON has no word for NaN and infinity: null. */
static void add_double(struct im_buf *buf, double value)
{
    char text[64];

    if (!isfinite(value)) {
        im_buf_addz(buf, "null");
        return;
    }
    /* the fewest digits that read back as the same double; 17 always do */
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (fabs(strtod(text, NULL) - value) <= 0)
            break;
    }
    add_printed_number(buf, text);
}

void im_json_double(struct im_json_out *out, const char *name, double value)
{
    out_begin(out, im_str(name));
    add_double(out->buf, value);
}

static void write_children(struct im_json_out *out, const struct im_json *value)
{
    for (const struct im_json *child = value->first; child; child = child->next)
        im_json_value(out, child->name, child);
}

/* As it was written, when it was read; a number made by hand has no text. */
static void add_read_number(struct im_buf *buf, const struct im_json *value)
{
    if (value->text.len)
        im_buf_add(buf, value->text);
    else if (value->is_whole)
        im_buf_add_number(buf, value->whole, 1);
    else
        add_double(buf, value->number);
}

/* Its depth is that of what was read: at most 64. */
void im_json_value(struct im_json_out *out, struct im_str name,
                   const struct im_json *value)
{
    switch (value->type) {
    case IM_JSON_OBJECT:
        out_open(out, name, '{');
        write_children(out, value);
        out_close(out, '}');
        return;
    case IM_JSON_ARRAY:
        out_open(out, name, '[');
        write_children(out, value);
        out_close(out, ']');
        return;
    case IM_JSON_STRING: im_json_member(out, name, value->text); return;
    case IM_JSON_NUMBER:
        out_begin(out, name);
        add_read_number(out->buf, value);
        return;
    case IM_JSON_BOOL:
    case IM_JSON_NULL: break;
    }
    out_begin(out, name);
    im_buf_addz(out->buf, value->type == IM_JSON_NULL ? "null"
                          : value->boolean            ? "true"
                                                      : "false");
}
