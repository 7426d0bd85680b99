/* What stays of a client's text in evidence and logs, and the one place that knows what
 * a JWT looks like. */
#include "base/sanitize.h"

#include "base/buf.h"

/* RFC 7519: all begin with `{"` in base64url, which is eyJ. Two dots make a JWT of any
 * length; a longer run without them is one that was cut, a shorter one may be a name. */
enum { CUT_JWT_MIN = 30 };

size_t im_jwt_length(struct im_str text)
{
    size_t n = 0, dots = 0;

    if (!im_str_starts(text, "eyJ"))
        return 0;
    for (; n < text.len; n++) {
        char c = text.at[n];
        if (c == '.')
            dots++;
        else if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                   (c >= '0' && c <= '9') || c == '-' || c == '_'))
            break;
    }
    return dots >= 2 || n >= CUT_JWT_MIN ? n : 0;
}

/* Nearly all texts are: they are used as they stand, without a copy. */
static bool is_short_plain_ascii(struct im_str text)
{
    if (text.len > IM_SANITIZED_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c < ' ' || c > '~' ||
            (c == 'e' && im_jwt_length(im_str_slice(text, i, text.len))))
            return false;
    }
    return true;
}

struct im_str im_sanitize(const struct im_secrets *secrets, struct im_arena *arena,
                          struct im_str text)
{
    struct im_buf plain, shown;

    if (is_short_plain_ascii(text))
        return text;
    /* tokens first: a cut through the middle would leave half of one */
    im_buf_init(&plain, arena, 0);
    while (text.len) {
        size_t jwt = im_jwt_length(text), n = 1;
        while (!jwt && n < text.len && text.at[n] != 'e')
            n++;
        struct im_str part = im_str_slice(text, 0, jwt ? jwt : n);
        im_buf_add(&plain, jwt ? im_fingerprint(secrets, arena, part) : part);
        text = im_str_slice(text, part.len, text.len);
    }
    struct im_str front = im_str_front(im_buf_str(&plain), IM_SANITIZED_MAX);
    im_buf_init(&shown, arena, 0);
    im_buf_add_visible(&shown, front);
    if (front.len < plain.len)
        im_buf_addz(&shown, "…");
    return im_buf_str(&shown);
}
