/* Redaction: whatever leaves the program carries fingerprints where secrets stood. A name is
 * secret by what it contains once case and punctuation are folded away, so that the misspelled
 * `client secret` of a broken client is covered as well as the right one. */
#include "http/redact.h"

#include <string.h>

#include "base/crypto.h"
#include "base/json.h"
#include "base/sanitize.h"
#include "http/form.h"

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* Index behind `word` when it stands at `from`, whatever stands between its letters; else 0. */
static size_t end_of_word(struct im_str text, size_t from, const char *word)
{
    for (; *word && from < text.len; from++)
        if (is_word(text.at[from]) && lower(text.at[from]) != *word++)
            return 0;
    return *word ? 0 : from;
}

/* Is this word all that the name has of letters and digits? */
static bool is_just(struct im_str name, const char *word)
{
    size_t n = end_of_word(name, 0, word);

    while (n && n < name.len && !is_word(name.at[n]))
        n++;
    return n == name.len && n > 0;
}

/* Index behind the first word that makes a name a secret's; 0 when there is none. */
static size_t end_of_secret(struct im_str name)
{
    static const char *const parts[] = {"secret",   "password", "passwd", "pwd",
                                        "verifier", "ticket",   "token",  "assertion",
                                        "apikey",   "sessionid"};

    for (size_t i = 0; i < name.len; i++)
        for (size_t p = 0; is_word(name.at[i]) && p < sizeof(parts) / sizeof(parts[0]);
             p++) {
            size_t end = end_of_word(name, i, parts[p]);
            if (end)
                return end;
        }
    return 0;
}

/* Names that hold a secret's word and yet no secret, such as those of a discovery document. */
static bool is_open(struct im_str name)
{
    static const char *const open[] = {"tokentype", "tokentypehint",
                                       "refreshtokenexpiresin"};

    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
        if (is_just(name, open[i]))
            return true;
    return end_of_word(name, 0, "tokenendpoint") || im_str_ends(name, "_supported");
}

/* A slip of the pen, or another word for the same thing. */
static bool stands_for_secret(struct im_str name)
{
    static const struct im_str meant[] = {
        IM_STR_INIT("client_secret"), IM_STR_INIT("refresh_token"),
        IM_STR_INIT("access_token"),  IM_STR_INIT("code_verifier"),
        IM_STR_INIT("session_id"),    IM_STR_INIT("password")};
    static const char *const synonyms[] = {"refresh", "session",  "pass",
                                           "jwt",     "authcode", "authorizationcode"};

    for (size_t i = 0; i < sizeof(synonyms) / sizeof(synonyms[0]); i++)
        if (is_just(name, synonyms[i]))
            return true;
    return im_str_nearest(name, meant, sizeof(meant) / sizeof(meant[0])) >= 0;
}

static bool is_secret_name(struct im_str name)
{
    return !is_open(name) && (end_of_secret(name) || stands_for_secret(name));
}

/* `code` is the authorization code where parameters stand, and an error's code deeper down. */
static bool is_secret_parameter(struct im_str name)
{
    return is_just(name, "code") || is_secret_name(name);
}

static void add_fingerprint(struct im_buf *out, struct im_str secret)
{
    if (secret.len)
        im_buf_add(out, im_fingerprint(out->arena, secret));
}

/* ---- text of unknown shape: what is assigned to a secret name goes ---- */

/* Length of the run at the head that may be a name: words, with blanks and escapes between,
 * up to a token. */
static size_t name_length(struct im_str text)
{
    size_t n = 0;

    while (n < text.len && (is_word(text.at[n]) || is_of(text.at[n], "_-. %+")) &&
           !im_jwt_length(im_str_slice(text, n, text.len)))
        n++;
    return n;
}

static bool separates(char c)
{
    return is_of(c, "\"':=,[({> \t\\");
}

/* Where the value at the head ends: at the quote that closes it, or where its place does. */
static size_t value_length(struct im_str text, char quote)
{
    size_t n = 0;

    for (; n < text.len; n++) {
        char c = text.at[n];
        if (quote && c == '\\')
            n++;
        else if (quote ? c == quote : is_of(c, "\"'&,;}\r\n<"))
            break;
    }
    return n < text.len ? n : text.len;
}

/* What stands between a name and its value: `": "`, ` = `, and in HTML `" value="`. */
static struct im_str separator_of(struct im_str text)
{
    size_t n = 0;

    while (n < text.len && separates(text.at[n]))
        n++;
    if (im_str_starts(im_str_slice(text, n, text.len), "value=\""))
        n += strlen("value=\"");
    return im_str_slice(text, 0, n);
}

static bool assigns(struct im_str separator)
{
    return im_str_has(separator, '=') || im_str_has(separator, ':');
}

/* Writes the separator and the fingerprint of the value behind it; returns what is left. */
static struct im_str redact_value_behind(struct im_buf *out, struct im_str text)
{
    struct im_str separator = separator_of(text);
    char last = separator.len ? separator.at[separator.len - 1] : '\0';

    text = im_str_slice(text, separator.len, text.len);
    size_t n = value_length(text, last == '"' || last == '\'' ? last : '\0');
    im_buf_add(out, separator);
    add_fingerprint(out, im_str_slice(text, 0, n));
    return im_str_slice(text, n, text.len);
}

/* Is the name, as sent, percent escapes and all, that of a secret? */
static bool is_secret_as_sent(struct im_arena *arena, struct im_str sent)
{
    struct im_str name;

    return is_secret_parameter(im_url_decode(arena, sent, true, &name) ? name : sent);
}

/* The last words of a run: `client secret` is one name, a sentence in front of it is not. */
static struct im_str last_words(struct im_str run, unsigned words)
{
    size_t from;

    run = im_str_trim(run);
    for (from = run.len; from > 0; from--)
        if (run.at[from - 1] == ' ' && --words == 0)
            break;
    return im_str_slice(run, from, run.len);
}

static bool ends_in_secret_name(struct im_arena *arena, struct im_str run)
{
    return is_secret_as_sent(arena, last_words(run, 1)) ||
           is_secret_as_sent(arena, last_words(run, 2));
}

/* One run of words and what belongs to it; returns what is left. broken: this text was to have a
 * shape and has none, so what follows a secret's name goes even where nothing assigns it. */
static struct im_str redact_run(struct im_buf *out, struct im_str text, bool broken)
{
    struct im_str run = im_str_slice(text, 0, name_length(text));
    struct im_str rest = im_str_slice(text, run.len, text.len);
    size_t end = broken ? end_of_secret(run) : 0;

    if (end && !is_open(run)) {
        im_buf_add(out, im_str_slice(run, 0, end));
        return redact_value_behind(out, im_str_slice(text, end, text.len));
    }
    if (run.len && assigns(separator_of(rest)) && ends_in_secret_name(out->arena, run)) {
        im_buf_add(out, run);
        return redact_value_behind(out, rest);
    }
    size_t n = run.len ? run.len : 1;
    im_buf_add(out, im_str_slice(text, 0, n));
    return im_str_slice(text, n, text.len);
}

static void redact_loosely(struct im_buf *out, struct im_str text, bool broken)
{
    while (text.len) {
        size_t token = im_jwt_length(text);

        add_fingerprint(out, im_str_slice(text, 0, token));
        text = im_str_slice(text, token, text.len);
        if (!token)
            text = redact_run(out, text, broken);
    }
}

static struct im_str without_secrets(struct im_arena *arena, struct im_str text)
{
    struct im_buf out;

    im_buf_init(&out, arena, 0);
    redact_loosely(&out, text, false);
    return im_buf_str(&out);
}

/* ---- name=value&name=value ---- */

/* A value that is nobody's secret may still hold one: a redirect URI, a form within a form. */
static void add_encoded_value(struct im_buf *out, struct im_str value)
{
    struct im_str plain;

    if (!im_url_decode(out->arena, value, true, &plain))
        plain = value;
    struct im_str shown = without_secrets(out->arena, plain);
    if (im_str_eq(shown, plain))
        im_buf_add(out, value);
    else
        im_buf_add_url(out, shown);
}

static void redact_pair(struct im_buf *out, struct im_str pair)
{
    struct im_str value = pair;
    struct im_str name = im_str_cut(&value, '=');
    struct im_str plain;

    redact_loosely(out, name, im_str_has(name, ' ')); /* one with blanks may hold more */
    if (name.len == pair.len)
        return;
    im_buf_addc(out, '=');
    if (!is_secret_as_sent(out->arena, name))
        add_encoded_value(out, value);
    else
        add_fingerprint(out,
                        im_url_decode(out->arena, value, true, &plain) ? plain : value);
}

static void redact_form(struct im_buf *out, struct im_str text)
{
    while (text.len) {
        bool last = im_str_find(text, '&') == text.len;

        redact_pair(out, im_str_cut(&text, '&'));
        if (!last)
            im_buf_addc(out, '&');
    }
}

/* ---- JSON, well-formed ---- */

static bool looks_like_form(struct im_str text);

/* How a value stands: `secret` when its name, or that of what it is in, is a secret's. */
struct place {
    bool top; /* a member of the outermost object: a parameter */
    bool secret;
};

static void redact_value(struct im_json_out *out, const struct im_json *value,
                         struct place place);

static void redact_children(struct im_json_out *out, const struct im_json *parent,
                            struct place place)
{
    for (const struct im_json *child = parent->first; child; child = child->next) {
        bool named =
            place.top ? is_secret_parameter(child->name) : is_secret_name(child->name);
        redact_value(out, child, (struct place){.secret = place.secret || named});
    }
}

/* A string may hold what should have been the body itself: a form, or JSON once more. */
static struct im_str redacted_string(struct im_arena *arena, struct im_str text)
{
    struct im_str trimmed = im_str_trim(text);
    bool nested = im_str_starts(trimmed, "{") || im_str_starts(trimmed, "[");

    return nested || looks_like_form(text) ? im_redact_text(arena, text)
                                           : without_secrets(arena, text);
}

static void redact_string(struct im_json_out *out, struct im_str name, struct im_str text,
                          bool secret)
{
    struct im_arena *arena = out->buf->arena;
    struct im_str shown = !secret    ? redacted_string(arena, text)
                          : text.len ? im_fingerprint(arena, text)
                                     : text;

    if (name.at)
        im_json_member(out, name, shown);
    else
        im_json_str(out, NULL, shown);
}

static void redact_value(struct im_json_out *out, const struct im_json *value,
                         struct place place)
{
    struct im_str name = value->name;

    /* without a secret in it; and the writer takes some names as C strings only */
    if (name.at)
        name = im_arena_copy(out->buf->arena, without_secrets(out->buf->arena, name));
    if (value->type == IM_JSON_OBJECT) {
        im_json_open_object(out, name.at);
        redact_children(out, value, place);
        im_json_close_object(out);
    } else if (value->type == IM_JSON_ARRAY) {
        im_json_open_array(out, name.at);
        redact_children(out, value, (struct place){.secret = place.secret});
        im_json_close_array(out);
    } else if (value->type == IM_JSON_STRING ||
               (value->type == IM_JSON_NUMBER && place.secret)) {
        redact_string(out, name, value->text, place.secret);
    } else {
        im_json_value(out, name, value);
    }
}

static bool redact_json(struct im_buf *out, struct im_str text)
{
    struct im_json_error error;
    const struct im_json *value = im_json_parse_repeated(out->arena, text, &error);
    struct im_json_out writer;

    if (!value)
        return false;
    im_json_out_init(&writer, out);
    redact_value(&writer, value, (struct place){.top = true});
    return true;
}

/* ---- a body, whatever it is ---- */

static bool looks_like_form(struct im_str text)
{
    size_t equals = im_str_find(text, '=');

    for (size_t i = 0; i < equals && i < text.len; i++)
        if (!is_word(text.at[i]) && !is_of(text.at[i], "_-.%+ "))
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
        redact_loosely(&out, text, !im_str_starts(text, "<!")); /* our pages are sound */
    return im_buf_str(&out);
}

/* ---- headers and addresses ---- */

static bool is_one_of(struct im_str name, const struct im_str *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (im_str_eq_nocase(name, names[i]))
            return true;
    return false;
}

static bool is_scheme(struct im_str word)
{
    static const struct im_str schemes[] = {IM_STR_INIT("bearer"), IM_STR_INIT("basic"),
                                            IM_STR_INIT("digest"), IM_STR_INIT("token")};

    return is_one_of(word, schemes, sizeof(schemes) / sizeof(schemes[0]));
}

/* The scheme stays to be read, if it is one; the rest is a fingerprint. */
static struct im_str redact_credentials(struct im_arena *arena, struct im_str value)
{
    struct im_buf out;
    struct im_str rest = value;
    struct im_str scheme = im_str_cut(&rest, ' ');

    im_buf_init(&out, arena, 0);
    if (is_scheme(scheme) && rest.len) {
        im_buf_add(&out, scheme);
        im_buf_addc(&out, ' ');
        value = rest;
    }
    add_fingerprint(&out, value);
    return im_buf_str(&out);
}

struct im_str im_redact_url(struct im_arena *arena, struct im_str url)
{
    struct im_buf out;
    size_t query = im_str_find(url, '?');
    size_t fragment = im_str_find(url, '#');
    size_t mark = query < fragment ? query : fragment;

    im_buf_init(&out, arena, 0);
    redact_loosely(&out, im_str_slice(url, 0, mark), false);
    im_buf_add(&out, im_str_slice(url, mark, mark + 1));
    redact_form(&out, im_str_slice(url, mark + 1, url.len));
    return im_buf_str(&out);
}

/* Also where the name is misspelled, or one of somebody's own, such as X-Auth-Token. */
static bool holds_credentials(struct im_str name, struct im_str value)
{
    static const struct im_str secret[] = {
        IM_STR_INIT("authorization"), IM_STR_INIT("proxy-authorization"),
        IM_STR_INIT("cookie"), IM_STR_INIT("set-cookie")};
    struct im_str scheme = im_str_slice(value, 0, im_str_find(value, ' '));

    return is_one_of(name, secret, sizeof(secret) / sizeof(secret[0])) ||
           im_str_nearest(name, secret, 1) == 0 || is_secret_parameter(name) ||
           is_scheme(scheme);
}

struct im_str im_redact_header(struct im_arena *arena, struct im_str name,
                               struct im_str value)
{
    static const struct im_str open[] = {IM_STR_INIT("www-authenticate")};
    static const struct im_str urls[] = {IM_STR_INIT("location"), IM_STR_INIT("referer")};

    name = im_str_trim(name);
    if (!is_one_of(name, open, 1) && holds_credentials(name, value))
        return redact_credentials(arena, value);
    if (is_one_of(name, urls, sizeof(urls) / sizeof(urls[0])))
        return im_redact_url(arena, value);
    return without_secrets(arena, value);
}
