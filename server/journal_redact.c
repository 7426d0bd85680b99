/* Redaction: what leaves the journal carries fingerprints where secrets stood. A name is secret by
 * what it contains once case and punctuation are folded away, so that the misspelled `client
 * secret` of a broken client is covered as well as the right one. */
#include <string.h>

#include "base/crypto.h"
#include "http/form.h"
#include "journal.h"

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Letters and digits in lower case, nothing else. */
static struct im_str fold(struct im_str name, char folded[64])
{
    size_t n = 0;

    for (size_t i = 0; i < name.len && n < 64; i++) {
        char c = name.at[i];
        if (is_word(c))
            folded[n++] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
    return (struct im_str){folded, n};
}

static bool contains(struct im_str text, const char *word)
{
    size_t len = strlen(word);

    for (size_t i = 0; i + len <= text.len; i++)
        if (memcmp(text.at + i, word, len) == 0)
            return true;
    return false;
}

static bool is_secret_name(struct im_str name)
{
    static const char *const parts[] = {"secret",    "password", "passwd",    "verifier",
                                        "assertion", "ticket",   "sessionid", "token"};
    static const char *const open[] = {"tokentype", "tokentypehint", "tokenendpoint",
                                       "refreshtokenexpiresin"};
    char folded[64];
    struct im_str plain = fold(name, folded);

    if (im_str_is(plain, "code"))
        return true;
    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
        if (im_str_is(plain, open[i]))
            return false;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (contains(plain, parts[i]))
            return true;
    return false;
}

static void add_fingerprint(struct im_buf *out, struct im_str secret)
{
    if (secret.len)
        im_buf_add(out, im_fingerprint(out->arena, secret));
}

/* Length of a JWT at the head of the text, or 0. They all begin with `{"` in base64url. */
static size_t jwt_length(struct im_str text)
{
    size_t dots = 0;
    size_t n = 0;

    if (!im_str_starts(text, "eyJ"))
        return 0;
    for (; n < text.len; n++) {
        char c = text.at[n];
        if (c == '.')
            dots++;
        else if (!is_word(c) && c != '-' && c != '_')
            break;
    }
    return dots >= 2 || n > 40 ? n : 0;
}

/* The text as it is, but for tokens. */
static void add_without_tokens(struct im_buf *out, struct im_str text)
{
    while (text.len) {
        size_t n = jwt_length(text);
        if (n)
            add_fingerprint(out, im_str_slice(text, 0, n));
        else
            im_buf_addc(out, text.at[0]);
        text = im_str_slice(text, n ? n : 1, text.len);
    }
}

/* ---- name=value&name=value ---- */

/* Is this name, as sent, percent escapes and all, that of a secret? */
static bool is_secret_form_name(struct im_arena *arena, struct im_str sent)
{
    struct im_str name;

    return is_secret_name(im_url_decode(arena, sent, true, &name) ? name : sent);
}

static void redact_form(struct im_buf *out, struct im_str text)
{
    while (text.len) {
        bool last = im_str_find(text, '&') == text.len;
        struct im_str value = im_str_cut(&text, '&');
        struct im_str pair = value;
        struct im_str name = im_str_cut(&value, '=');
        struct im_str plain;

        if (name.len < pair.len && is_secret_form_name(out->arena, name)) {
            im_buf_add(out, name);
            im_buf_addc(out, '=');
            add_fingerprint(out, im_url_decode(out->arena, value, true, &plain) ? plain
                                                                                : value);
        } else {
            add_without_tokens(out, pair);
        }
        if (!last)
            im_buf_addc(out, '&');
    }
}

/* ---- JSON, well-formed ---- */

static void redact_value(struct im_json_out *out, struct im_str name,
                         const struct im_json *value);

static void redact_children(struct im_json_out *out, const struct im_json *parent)
{
    for (const struct im_json *child = parent->first; child; child = child->next)
        redact_value(out, child->name, child);
}

/* The writer takes names as C strings; a copy in the arena is one. */
static const char *name_of(struct im_json_out *out, struct im_str name)
{
    return name.at ? im_arena_copy(out->buf->arena, name).at : NULL;
}

static void redact_string(struct im_json_out *out, struct im_str name, struct im_str text)
{
    struct im_buf plain;

    im_buf_init(&plain, out->buf->arena, 0);
    if (name.at && is_secret_name(name))
        add_fingerprint(&plain, text);
    else
        add_without_tokens(&plain, text);
    if (name.at)
        im_json_member(out, name, im_buf_str(&plain));
    else
        im_json_str(out, NULL, im_buf_str(&plain));
}

static void redact_value(struct im_json_out *out, struct im_str name,
                         const struct im_json *value)
{
    bool secret_scalar = name.at && is_secret_name(name) && value->type == IM_JSON_NUMBER;

    if (value->type == IM_JSON_OBJECT) {
        im_json_open_object(out, name_of(out, name));
        redact_children(out, value);
        im_json_close_object(out);
    } else if (value->type == IM_JSON_ARRAY) {
        im_json_open_array(out, name_of(out, name));
        redact_children(out, value);
        im_json_close_array(out);
    } else if (value->type == IM_JSON_STRING || secret_scalar) {
        redact_string(out, name, value->text);
    } else {
        im_json_value(out, name, value);
    }
}

static bool redact_json(struct im_buf *out, struct im_str text)
{
    struct im_json_error error;
    const struct im_json *value = im_json_parse(out->arena, text, &error);
    struct im_json_out writer;

    if (!value)
        return false;
    im_json_out_init(&writer, out);
    redact_value(&writer, (struct im_str){0}, value);
    return true;
}

/* ---- broken text: nothing is known of its shape, so whatever follows a secret name goes ---- */

/* Length of the run of letters, digits, '_' , '-' and spaces at the head: a name, perhaps. */
static size_t name_length(struct im_str text)
{
    size_t n = 0;

    while (n < text.len && (is_word(text.at[n]) || text.at[n] == '_' ||
                            text.at[n] == '-' || text.at[n] == ' '))
        n++;
    return n;
}

static bool separates(char c)
{
    return c == '"' || c == '\'' || c == ':' || c == '=' || c == ' ' || c == '\\' ||
           c == '\t';
}

static bool ends_value(char c)
{
    return c == '"' || c == '\'' || c == '&' || c == ',' || c == '}' || c == '\n' ||
           c == '<';
}

/* Writes the separator and the fingerprint of the value behind it; returns what is left. */
static struct im_str redact_after_name(struct im_buf *out, struct im_str text)
{
    size_t from = 0;
    size_t to;

    while (from < text.len && separates(text.at[from]))
        from++;
    im_buf_add(out, im_str_slice(text, 0, from));
    for (to = from; to < text.len && !ends_value(text.at[to]);)
        to++;
    add_fingerprint(out, im_str_slice(text, from, to));
    return im_str_slice(text, to, text.len);
}

static void redact_broken(struct im_buf *out, struct im_str text)
{
    while (text.len) {
        size_t n = name_length(text);
        struct im_str name = im_str_slice(text, 0, n);
        size_t token = jwt_length(text);

        if (token) {
            add_fingerprint(out, im_str_slice(text, 0, token));
            text = im_str_slice(text, token, text.len);
        } else if (n && is_secret_name(name)) {
            im_buf_add(out, name);
            text = redact_after_name(out, im_str_slice(text, n, text.len));
        } else {
            im_buf_add(out, im_str_slice(text, 0, n ? n : 1));
            text = im_str_slice(text, n ? n : 1, text.len);
        }
    }
}

static bool looks_like_form(struct im_str text)
{
    size_t equals = im_str_find(text, '=');

    for (size_t i = 0; i < equals && i < text.len; i++)
        if (!is_word(text.at[i]) && !strchr("_-.%+ ", text.at[i]))
            return false;
    return equals < text.len;
}

struct im_str im_redact_text(struct im_arena *arena, struct im_str text)
{
    struct im_buf out;

    im_buf_init(&out, arena, 0);
    if (looks_like_form(text))
        redact_form(&out, text);
    else if (!redact_json(&out, text))
        redact_broken(&out, text);
    return im_buf_str(&out);
}

/* ---- headers ---- */

static struct im_str redact_credentials(struct im_arena *arena, struct im_str value)
{
    struct im_str rest = value;
    struct im_str scheme = im_str_cut(&rest, ' ');

    if (!rest.len)
        return im_arena_format(arena, "%.*s", IM_ARG(im_fingerprint(arena, value)));
    return im_arena_format(arena, "%.*s %.*s", IM_ARG(scheme),
                           IM_ARG(im_fingerprint(arena, rest)));
}

/* A URL: only its query can hold a secret. */
static struct im_str redact_url(struct im_arena *arena, struct im_str url)
{
    struct im_buf out;
    size_t mark = im_str_find(url, '?');

    if (mark == url.len)
        return url;
    im_buf_init(&out, arena, 0);
    im_buf_add(&out, im_str_slice(url, 0, mark + 1));
    redact_form(&out, im_str_slice(url, mark + 1, url.len));
    return im_buf_str(&out);
}

struct im_str im_redact_header(struct im_arena *arena, struct im_str name,
                               struct im_str value)
{
    static const char *const secret[] = {"authorization", "proxy-authorization", "cookie",
                                         "set-cookie"};
    struct im_buf out;

    for (size_t i = 0; i < sizeof(secret) / sizeof(secret[0]); i++)
        if (im_str_eq_nocase(name, im_str(secret[i])))
            return redact_credentials(arena, value);
    if (im_str_eq_nocase(name, im_str("location")) ||
        im_str_eq_nocase(name, im_str("referer")))
        return redact_url(arena, value);
    im_buf_init(&out, arena, 0);
    add_without_tokens(&out, value);
    return im_buf_str(&out);
}
