/* Redaction of what no name and no known value marks as a secret: the user info of a URL (RFC 3986,
 * section 3.2.1), and runs that look random. */
#include <string.h>

#include "http/redact_parts.h"

/* ---- user:password@ ---- */

size_t im_redact_authority_mark(struct im_str text)
{
    static const char *const marks[] = {"://", ":\\/\\/"};

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        if (im_str_starts(text, marks[i]))
            return strlen(marks[i]);
    return 0;
}

/* Up to the first of `set`, to a blank or a control character, or to what ends a URL in prose. */
static struct im_str up_to(struct im_str text, const char *set)
{
    size_t n = 0;

    while (n < text.len && text.at[n] > ' ' && !strchr("\"'<>`", text.at[n]) &&
           !strchr(set, text.at[n]))
        n++;
    return im_str_slice(text, 0, n);
}

/* Index of the last @; text.len when there is none. */
static size_t last_at_sign(struct im_str text)
{
    for (size_t i = text.len; i > 0; i--)
        if (text.at[i - 1] == '@')
            return i - 1;
    return text.len;
}

/* Index of the colon behind which no port stands, nor a template of one; text.len when there is
 * none. */
static size_t colon_of_password(struct im_str authority)
{
    size_t colon = im_str_find(authority, ':');

    if (im_str_starts(authority, "[") || colon + 1 >= authority.len ||
        strchr("0123456789{$<%*", authority.at[colon + 1]))
        return authority.len;
    return colon;
}

struct im_str im_redact_user_info(struct im_redaction *out, struct im_str text)
{
    enum { USER_INFO_MAX = 512 }; /* bounds the search in a text that is all addresses */
    struct im_str near = im_str_slice(text, 0, USER_INFO_MAX);
    struct im_str authority = up_to(near, "/?#\\");
    size_t at = last_at_sign(authority), colon = colon_of_password(authority);

    /* a password that was not escaped may hold a slash: what is before the @ is no port */
    if (at == authority.len && colon < authority.len) {
        struct im_str word = up_to(near, "");
        at = last_at_sign(word) < word.len ? last_at_sign(word) : authority.len;
    }
    if (at < text.len && text.at[at] == '@') {
        im_redact_add_fingerprint(out, im_str_slice(text, 0, at));
        return im_str_slice(text, at, text.len);
    }
    if (colon == authority.len)
        return text;
    /* cut off before its @ */
    im_buf_add(&out->buf, im_str_slice(text, 0, colon + 1));
    im_redact_add_fingerprint(out, im_str_slice(authority, colon + 1, authority.len));
    return im_str_slice(text, authority.len, text.len);
}

/* ---- what looks random ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "accounts-payable", "oauth2", "REST-1206", "2026-03-02T10" change at most twice between letters
 * and digits; what a generator made changes all the time. Case does not count: camelCase is common. */
static bool is_random(struct im_str run)
{
    enum { SHORT = 8, LONG = 20 }; /* bytes */
    unsigned changes = 0, digits = 0;
    bool parts = false;

    for (size_t i = 0, before = 0; i < run.len; i++) {
        if (!im_redact_is_word(run.at[i])) {
            parts = true;
            continue;
        }
        changes += i > 0 && is_digit(run.at[i]) != is_digit(run.at[before]);
        digits += is_digit(run.at[i]);
        before = i;
    }
    return (run.len >= SHORT && changes >= 3) ||
           (run.len >= LONG && (changes >= 2 || (digits && !parts)));
}

static size_t run_length(struct im_str text)
{
    size_t n = 0;

    while (n < text.len &&
           (im_redact_is_word(text.at[n]) || text.at[n] == '-' || text.at[n] == '_'))
        n++;
    return n;
}

struct im_str im_redact_opaque(struct im_secrets *secrets, struct im_arena *arena,
                               struct im_str text)
{
    struct im_redaction out = {.secrets = secrets};

    im_buf_init(&out.buf, arena, 0);
    while (text.len) {
        size_t n = run_length(text);
        struct im_str run = im_str_slice(text, 0, n ? n : 1);
        /* a fingerprint looks random too, and is none of the input's values */
        bool shown = im_str_ends(im_buf_str(&out.buf), "hmac:");
        if (n && !shown && is_random(run))
            im_redact_add_fingerprint(&out, run);
        else
            im_buf_add(&out.buf, run);
        text = im_str_slice(text, run.len, text.len);
    }
    return im_buf_str(&out.buf);
}
