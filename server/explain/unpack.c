/* From the bytes of an input to text that can be read: gzip (RFC 1952), and UTF-16 (RFC 2781), in
 * which PowerShell writes what `>` sends to a file. */
#include "explain/unpack.h"

#include "base/buf.h"
#include "base/gunzip.h"

enum { UTF16_NONE, UTF16_LITTLE, UTF16_BIG };

/* By its byte order mark, or by the zeros that every other byte of ASCII is. */
static int utf16_order(struct im_str text)
{
    size_t zeros[2] = {0, 0}, looked = text.len < 64 ? text.len / 2 * 2 : 64;

    if (im_str_starts(text, "\xFF\xFE"))
        return UTF16_LITTLE;
    if (im_str_starts(text, "\xFE\xFF"))
        return UTF16_BIG;
    for (size_t i = 0; i < looked; i++)
        zeros[i % 2] += text.at[i] == '\0';
    if (looked < 4 || zeros[0] + zeros[1] != looked / 2)
        return UTF16_NONE;
    return zeros[1] == looked / 2   ? UTF16_LITTLE
           : zeros[0] == looked / 2 ? UTF16_BIG
                                    : UTF16_NONE;
}

static unsigned long utf16_unit(struct im_str text, size_t at, bool big)
{
    unsigned long first = (unsigned char)text.at[at],
                  second = (unsigned char)text.at[at + 1];

    return big ? first << 8 | second : second << 8 | first;
}

static void add_utf8(struct im_buf *buf, unsigned long point)
{
    if (point < 0x80) {
        im_buf_addc(buf, (char)point);
        return;
    }
    if (point >= 0x10000) {
        im_buf_addc(buf, (char)(0xF0 | point >> 18));
        im_buf_addc(buf, (char)(0x80 | (point >> 12 & 0x3F)));
    } else if (point >= 0x800) {
        im_buf_addc(buf, (char)(0xE0 | point >> 12));
    }
    im_buf_addc(buf,
                (char)(point >= 0x800 ? 0x80 | (point >> 6 & 0x3F) : 0xC0 | point >> 6));
    im_buf_addc(buf, (char)(0x80 | (point & 0x3F)));
}

/* A surrogate without its other half becomes U+FFFD. */
static struct im_str utf16_decode(struct im_arena *arena, struct im_str text, bool big)
{
    struct im_buf plain;

    im_buf_init(&plain, arena, 0);
    for (size_t i = 0; i + 1 < text.len; i += 2) {
        unsigned long point = utf16_unit(text, i, big);
        unsigned long low = i + 3 < text.len ? utf16_unit(text, i + 2, big) : 0;
        if (point >= 0xD800 && point < 0xDC00 && low >= 0xDC00 && low < 0xE000) {
            point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
            i += 2;
        }
        add_utf8(&plain, point >= 0xD800 && point < 0xE000 ? 0xFFFD : point);
    }
    return im_buf_str(&plain);
}

bool im_explain_unpack(struct im_arena *arena, size_t max, struct im_str *text,
                       bool *packed, struct im_error *err)
{
    *packed = im_is_gzip(*text);
    if (*packed && !im_gunzip(arena, *text, max, text, err))
        return false;
    if (text->len > max) {
        im_error_set(err, "explaining: it has more than %zu bytes", max);
        return im_error_of(err, IM_ERROR_CAPACITY);
    }
    int order = utf16_order(*text);
    if (order != UTF16_NONE)
        *text = utf16_decode(arena, *text, order == UTF16_BIG);
    if (im_str_starts(*text,
                      "\xEF\xBB\xBF")) /* UTF-8's mark, as Fiddler begins its files */
        *text = im_str_slice(*text, 3, text->len);
    return true;
}
