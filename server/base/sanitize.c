#include "base/sanitize.h"

#include "base/buf.h"
#include "base/crypto.h"

enum { TOKEN_MIN = 30 };

/* Length of what looks like a JWT at the head of the text, or 0: they all begin with `{"` in
 * base64url. One that was sent in the wrong field must not be repeated. */
static size_t token_length(struct im_str text)
{
    size_t n = 0;
    while (im_str_starts(text, "eyJ") && n < text.len &&
           im_str_has(IM_STR("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                             "0123456789-_."),
                      text.at[n]))
        n++;
    return n >= TOKEN_MIN ? n : 0;
}

static struct im_str without_tokens(struct im_arena *arena, struct im_str text)
{
    struct im_buf buf;
    im_buf_init(&buf, arena, 0);
    while (text.len) {
        size_t n = token_length(text);
        if (n)
            im_buf_add(&buf, im_fingerprint(arena, im_str_slice(text, 0, n)));
        else
            im_buf_addc(&buf, text.at[0]);
        text = im_str_slice(text, n ? n : 1, text.len);
    }
    return im_buf_str(&buf);
}

static bool printable(struct im_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] < ' ' || text.at[i] == '\x7f')
            return false;
    return im_str_utf8(text);
}

/* Adds the character at `at`, or '?' for what is none, and gives its bytes. */
static size_t add_shown(struct im_buf *buf, struct im_str text, size_t at)
{
    struct im_str rest = im_str_slice(text, at, text.len);
    size_t step = im_utf8_step(rest.at, rest.len);
    bool sound = step && printable(im_str_slice(rest, 0, step));
    im_buf_add(buf, sound ? im_str_slice(rest, 0, step) : IM_STR("?"));
    return step ? step : 1;
}

struct im_str im_sanitize(struct im_arena *arena, struct im_str text)
{
    if (text.len >= TOKEN_MIN)
        text = without_tokens(arena, text);
    if (text.len <= IM_SANITIZED_MAX && printable(text))
        return text;
    struct im_buf buf;
    im_buf_init(&buf, arena, 0);
    size_t at = 0;
    while (at < text.len && at < IM_SANITIZED_MAX)
        at += add_shown(&buf, text, at);
    if (at < text.len)
        im_buf_addz(&buf, "…");
    return im_buf_str(&buf);
}
