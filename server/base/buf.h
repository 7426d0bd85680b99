/* Text we write: a growing, bounded builder inside an arena. When the bound or the memory
 * is reached, `failed` sticks and later additions do nothing; look at it once, at the
 * end. */
#ifndef IM_BASE_BUF_H
#define IM_BASE_BUF_H

#include <string.h>

#include "base/arena.h"

struct im_buf {
    struct im_arena *arena;
    char *at;
    size_t len, room, max; /* max 0 = unbounded */
    bool failed;
};

void im_buf_init(struct im_buf *buf, struct im_arena *arena, size_t max);
/* A builder that needs no arena: at most size - 1 bytes, kept in the caller's memory. */
void im_buf_init_fixed(struct im_buf *buf, char *memory, size_t size);
/* For im_buf_add alone: when the text may not fit into what was reserved. */
void im_buf_add_slowly(struct im_buf *buf, struct im_str text);
/* Inline, since an answer is made of some hundred short pieces. Room that is there is
 * within `max`, and a builder that failed has none. */
static inline void im_buf_add(struct im_buf *buf, struct im_str text)
{
    if (text.len == 0 || text.len >= buf->room || buf->len + text.len >= buf->room) {
        im_buf_add_slowly(buf, text);
        return;
    }
    memcpy(buf->at + buf->len, text.at, text.len);
    buf->len += text.len;
}
static inline void im_buf_addz(struct im_buf *buf, const char *text)
{
    im_buf_add(buf, im_str(text));
}
static inline void im_buf_addc(struct im_buf *buf, char c)
{
    im_buf_add(buf, (struct im_str){&c, 1});
}
void im_buf_addf(struct im_buf *buf, const char *format, ...) IM_PRINTF(2, 3);
/* The number in decimal, without the cost of a format; `width` digits at least, filled up
 * with zeros. */
void im_buf_add_number(struct im_buf *buf, int64_t number, unsigned width);
struct im_str im_buf_str(const struct im_buf *buf); /* view of what stands there now */

/* The same text, made safe for its place. */
void im_buf_add_html(struct im_buf *buf, struct im_str text); /* & < > " ' */
void im_buf_add_url(struct im_buf *buf,
                    struct im_str text); /* all but RFC 3986 unreserved */
/* One word for a POSIX shell, whatever bytes it has: in single quotes where it needs them. */
void im_buf_add_shell(struct im_buf *buf, struct im_str text);
/* For a terminal or a log: '?' for each control character (C0, DEL, C1), which might
 * move its cursor, and for each byte that is no UTF-8. */
void im_buf_add_visible(struct im_buf *buf, struct im_str text);
/* For a header: ASCII, all else as \\uXXXX, as JSON has it. The text is valid UTF-8. */
void im_buf_add_ascii(struct im_buf *buf, struct im_str text);
/* Word by word in lines of at most 80 columns, each indented and ended; a word that is too
 * long stands alone. */
void im_buf_add_wrapped(struct im_buf *buf, size_t indent, struct im_str text);

#endif
