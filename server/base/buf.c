/* Text that is written, and its escapes for HTML and URLs. Growth doubles. In an arena
 * the old place is lost until the arena goes, so a builder that is the arena's newest
 * allocation grows where it stands. One byte more than `len` is always there: vsnprintf
 * needs it for its NUL. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { FIRST_ROOM = 256 };

void im_buf_init(struct im_buf *buf, struct im_arena *arena, size_t max)
{
    *buf = (struct im_buf){.arena = arena, .max = max};
}

void im_buf_init_fixed(struct im_buf *buf, char *memory, size_t size)
{
    *buf = (struct im_buf){.room = size, .max = size ? size - 1 : 0, .failed = size == 0};
    buf->at = memory;
}

/* The mark stays: text with a gap must never pass for whole. Without room every addition
 * comes by buf_reserve(), which sees the mark. */
static bool buf_fail(struct im_buf *buf)
{
    buf->failed = true;
    buf->room = 0;
    return false;
}

static bool buf_grow(struct im_buf *buf, size_t need)
{
    if (!buf->arena) /* im_buf_init_fixed(): the caller's memory cannot grow */
        return buf_fail(buf);

    size_t room = buf->room ? buf->room * 2 : FIRST_ROOM;
    if (room < need)
        room = need;
    if (buf->max && room > buf->max + 1)
        room = buf->max + 1; /* still at least `need`: buf_reserve() has looked */

    if (!buf->at || !im_arena_extend(buf->arena, buf->at, buf->room, room)) {
        char *at = im_arena_alloc(buf->arena, room);
        if (!at)
            return buf_fail(buf);
        if (buf->at)
            memcpy(at, buf->at, buf->len);
        buf->at = at;
    }
    buf->room = room;
    return true;
}

/* Room for `more` bytes and a NUL behind them. */
static bool buf_reserve(struct im_buf *buf, size_t more)
{
    if (buf->failed)
        return false;
    if (more > SIZE_MAX / 4 || (buf->max && more > buf->max - buf->len))
        return buf_fail(buf);

    size_t need = buf->len + more + 1;
    return need <= buf->room || buf_grow(buf, need);
}

void im_buf_add_slowly(struct im_buf *buf, struct im_str text)
{
    if (text.len == 0 || !buf_reserve(buf, text.len))
        return;
    memcpy(buf->at + buf->len, text.at, text.len);
    buf->len += text.len;
}

void im_buf_addf(struct im_buf *buf, const char *format, ...)
{
    if (!buf_reserve(buf, 0))
        return;

    /* first into the room that is there; only a text that does not fit is formatted
     * again */
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    size_t room = buf->room - buf->len;
    int written = vsnprintf(buf->at + buf->len, room, format, args);
    size_t len = written > 0 ? (size_t)written : 0;
    if (written < 0)
        buf_fail(buf);
    else if (buf_reserve(buf, len)) {
        if (len >= room)
            vsnprintf(buf->at + buf->len, len + 1, format, again);
        buf->len += len;
    }
    va_end(again);
    va_end(args);
}

void im_buf_add_number(struct im_buf *buf, int64_t number, unsigned width)
{
    char digits[32];
    size_t at = sizeof(digits);
    uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;

    for (; left || width; left /= 10, width -= width > 0)
        digits[--at] = (char)('0' + left % 10);
    if (number < 0)
        digits[--at] = '-';
    im_buf_add(buf, (struct im_str){digits + at, sizeof(digits) - at});
}

struct im_str im_buf_str(const struct im_buf *buf)
{
    return (struct im_str){buf->at, buf->len};
}

/* The five characters that mean something in HTML's text or in an attribute's value, in
 * quotes of either kind. &#39; because HTML 4 has no &apos;. */
static struct im_str html_entity(char c)
{
    switch (c) {
    case '&': return IM_STR("&amp;");
    case '<': return IM_STR("&lt;");
    case '>': return IM_STR("&gt;");
    case '"': return IM_STR("&quot;");
    case '\'': return IM_STR("&#39;");
    default: return (struct im_str){NULL, 0};
    }
}

void im_buf_add_html(struct im_buf *buf, struct im_str text)
{
    size_t done = 0; /* what lies before is written: runs are added at once */

    for (size_t i = 0; i < text.len; i++) {
        struct im_str entity = html_entity(text.at[i]);
        if (!entity.len)
            continue;
        im_buf_add(buf, im_str_slice(text, done, i));
        im_buf_add(buf, entity);
        done = i + 1;
    }
    im_buf_add(buf, im_str_slice(text, done, text.len));
}

/* RFC 3986 section 2.3 */
static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '.' || c == '_' || c == '~';
}

void im_buf_add_url(struct im_buf *buf, struct im_str text)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t done = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (is_unreserved(text.at[i]))
            continue;
        unsigned byte = (unsigned char)text.at[i];
        char escape[3] = {'%', digits[byte >> 4], digits[byte & 15]};
        im_buf_add(buf, im_str_slice(text, done, i));
        im_buf_add(buf, (struct im_str){escape, sizeof(escape)});
        done = i + 1;
    }
    im_buf_add(buf, im_str_slice(text, done, text.len));
}

void im_buf_add_shell(struct im_buf *buf, struct im_str text)
{
    bool plain = text.len > 0;

    for (size_t i = 0; i < text.len; i++)
        plain =
            plain && text.at[i] != '~' && /* that may be somebody's home */
            (is_unreserved(text.at[i]) || (text.at[i] && strchr("@%+=:,/", text.at[i])));
    if (plain) {
        im_buf_add(buf, text);
        return;
    }
    im_buf_addc(buf, '\'');
    while (text.len) { /* nothing but the quote itself ends a quoted word */
        size_t quote = im_str_find(text, '\'');
        im_buf_add(buf, im_str_slice(text, 0, quote));
        if (quote < text.len)
            im_buf_addz(buf, "'\\''");
        text = im_str_slice(text, quote + 1, text.len);
    }
    im_buf_addc(buf, '\'');
}

void im_buf_add_visible(struct im_buf *buf, struct im_str text)
{
    size_t done = 0, step;

    for (size_t i = 0; i < text.len; i += step ? step : 1) {
        unsigned char c = (unsigned char)text.at[i];
        step = im_utf8_step(text.at + i, text.len - i);
        /* U+0080 to U+009F: terminals obey some of them like escape sequences */
        bool c1 = step == 2 && c == 0xC2 && (unsigned char)text.at[i + 1] < 0xA0;
        if (step && !c1 && c >= ' ' && c != 0x7F)
            continue;
        im_buf_add(buf, im_str_slice(text, done, i));
        im_buf_addc(buf, '?');
        done = i + (step ? step : 1);
    }
    im_buf_add(buf, im_str_slice(text, done, text.len));
}

void im_buf_add_ascii(struct im_buf *buf, struct im_str text)
{
    size_t plain = 0;

    for (size_t i = 0; i < text.len;) {
        size_t n = im_utf8_step(text.at + i, text.len - i);
        unsigned char first = (unsigned char)text.at[i];
        if (n == 1 || n == 0) {
            i++;
            continue;
        }
        uint32_t code = first & (0x7FU >> n);
        for (size_t k = 1; k < n; k++)
            code = code << 6 | ((unsigned char)text.at[i + k] & 63U);
        im_buf_add(buf, im_str_slice(text, plain, i));
        if (code > 0xFFFF)
            im_buf_addf(buf, "\\u%04x\\u%04x", 0xD800U + ((code - 0x10000) >> 10),
                        0xDC00U + ((code - 0x10000) & 0x3FF));
        else
            im_buf_addf(buf, "\\u%04x", (unsigned)code);
        plain = i += n;
    }
    im_buf_add(buf, im_str_slice(text, plain, text.len));
}

void im_buf_add_wrapped(struct im_buf *buf, size_t indent, struct im_str text)
{
    enum { COLUMNS = 80 };
    size_t column = 0;

    while (text.len) {
        struct im_str word = im_str_cut(&text, ' ');
        bool fits = column && column + 1 + word.len <= COLUMNS;
        if (fits)
            im_buf_addc(buf, ' ');
        else
            im_buf_addf(buf, "%s%*s", column ? "\n" : "", (int)indent, "");
        im_buf_add(buf, word);
        column = (fits ? column + 1 : indent) + word.len;
    }
    im_buf_addc(buf, '\n');
}
