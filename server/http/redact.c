/* Redaction: whatever leaves the program carries fingerprints where secrets stood. First by names
 * (redact_names.c), which finds what was meant as a secret, right or wrong; then by value
 * (base/secrets.h), which finds the right ones in all other places. */

#include "base/json.h"
#include "base/sanitize.h"
#include "http/form.h"
#include "http/redact_parts.h"

void im_redact_add_fingerprint(struct im_redaction *out, struct im_str secret)
{
    if (secret.len)
        im_buf_add(&out->buf, im_fingerprint(out->secrets, out->buf.arena, secret));
}

static bool is_one_of(struct im_str name, const struct im_str *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (im_str_eq_nocase(name, names[i]))
            return true;
    return false;
}

bool im_redact_is_scheme(struct im_str word)
{
    static const struct im_str schemes[] = {IM_STR_INIT("bearer"), IM_STR_INIT("basic"),
                                            IM_STR_INIT("digest"), IM_STR_INIT("token")};

    return is_one_of(word, schemes, sizeof(schemes) / sizeof(schemes[0]));
}

static struct im_redaction redaction_begin(struct im_secrets *secrets,
                                           struct im_arena *arena)
{
    struct im_redaction out = {.secrets = secrets};

    im_buf_init(&out.buf, arena, 0);
    return out;
}

/* By value, once all is written: what is found by name is gone then. */
static struct im_str redaction_end(const struct im_redaction *out)
{
    return im_secrets_hide(out->secrets, out->buf.arena, im_buf_str(&out->buf));
}

static struct im_str without_secrets(const struct im_redaction *for_whom,
                                     struct im_str text)
{
    struct im_redaction out = redaction_begin(for_whom->secrets, for_whom->buf.arena);

    im_redact_loosely(&out, text, false);
    return im_buf_str(&out.buf);
}

/* ---- name=value&name=value ---- */

/* A value that is nobody's secret may still hold one: a redirect URI, a form within a form. */
static void add_encoded_value(struct im_redaction *out, struct im_str value)
{
    struct im_str plain;

    if (!im_url_decode(out->buf.arena, value, true, &plain))
        plain = value;
    struct im_str shown = without_secrets(out, plain);
    if (im_str_eq(shown, plain))
        im_buf_add(&out->buf, value);
    else
        im_buf_add_url(&out->buf, shown);
}

static void redact_pair(struct im_redaction *out, struct im_str pair)
{
    struct im_str value = pair;
    struct im_str name = im_str_cut(&value, '=');
    struct im_str plain;

    im_redact_loosely(out, name,
                      im_str_has(name, ' ')); /* one with blanks may hold more */
    if (name.len == pair.len)
        return;
    im_buf_addc(&out->buf, '=');
    if (!im_redact_is_secret_as_sent(out->buf.arena, name))
        add_encoded_value(out, value);
    else
        im_redact_add_fingerprint(
            out, im_url_decode(out->buf.arena, value, true, &plain) ? plain : value);
}

static void redact_form(struct im_redaction *out, struct im_str text)
{
    while (text.len) {
        bool last = im_str_find(text, '&') == text.len;

        redact_pair(out, im_str_cut(&text, '&'));
        if (!last)
            im_buf_addc(&out->buf, '&');
    }
}

/* ---- JSON, well-formed ---- */

static bool looks_like_form(struct im_str text);
static void redact_body(struct im_redaction *out, struct im_str text);

/* How a value stands: `secret` when its name, or that of what it is in, is a secret's. */
struct place {
    bool top; /* a member of the outermost object: a parameter */
    bool secret;
};

struct json_redaction {
    struct im_redaction *text;
    struct im_json_out out;
};

static void redact_value(struct json_redaction *out, const struct im_json *value,
                         struct place place);

const struct im_json *im_redact_name_of_siblings(const struct im_json *parent)
{
    const struct im_json *child = parent->first;

    if (parent->type == IM_JSON_ARRAY && parent->count != 2)
        return NULL;
    for (; child; child = parent->type == IM_JSON_OBJECT ? child->next : NULL)
        if (child->type == IM_JSON_STRING && im_redact_is_secret_parameter(child->text) &&
            (parent->type == IM_JSON_ARRAY || im_redact_names_another(child->name)))
            return child;
    return NULL;
}

static void redact_children(struct json_redaction *out, const struct im_json *parent,
                            struct place place)
{
    const struct im_json *name = place.secret ? NULL : im_redact_name_of_siblings(parent);

    for (const struct im_json *child = parent->first; child; child = child->next) {
        bool named = place.top ? im_redact_is_secret_parameter(child->name)
                               : im_redact_is_secret(child->name);
        if (name)
            named = child != name;
        redact_value(out, child, (struct place){.secret = place.secret || named});
    }
}

/* A string may hold what should have been the body itself: a form, or JSON once more. */
static struct im_str redacted_string(const struct im_redaction *for_whom,
                                     struct im_str text)
{
    struct im_str trimmed = im_str_trim(text);
    bool nested = im_str_starts(trimmed, "{") || im_str_starts(trimmed, "[");
    struct im_redaction out = redaction_begin(for_whom->secrets, for_whom->buf.arena);

    if (!nested && !looks_like_form(text))
        return without_secrets(for_whom, text);
    redact_body(&out, text);
    return im_buf_str(&out.buf);
}

static void redact_string(struct json_redaction *out, struct im_str name,
                          struct im_str text, bool secret)
{
    struct im_arena *arena = out->text->buf.arena;
    struct im_str shown = !secret    ? redacted_string(out->text, text)
                          : text.len ? im_fingerprint(out->text->secrets, arena, text)
                                     : text;

    if (name.at)
        im_json_member(&out->out, name, shown);
    else
        im_json_str(&out->out, NULL, shown);
}

static void redact_value(struct json_redaction *out, const struct im_json *value,
                         struct place place)
{
    struct im_str name = value->name;

    /* without a secret in it; and the writer takes some names as C strings only */
    if (name.at)
        name = im_arena_copy(out->text->buf.arena, without_secrets(out->text, name));
    if (value->type == IM_JSON_OBJECT) {
        im_json_open_object(&out->out, name.at);
        redact_children(out, value, place);
        im_json_close_object(&out->out);
    } else if (value->type == IM_JSON_ARRAY) {
        im_json_open_array(&out->out, name.at);
        redact_children(out, value, (struct place){.secret = place.secret});
        im_json_close_array(&out->out);
    } else if (value->type == IM_JSON_STRING ||
               (value->type == IM_JSON_NUMBER && place.secret)) {
        redact_string(out, name, value->text, place.secret);
    } else {
        im_json_value(&out->out, name, value);
    }
}

static bool redact_json(struct im_redaction *out, struct im_str text)
{
    struct im_json_error error;
    const struct im_json *value = im_json_parse_repeated(out->buf.arena, text, &error);
    struct json_redaction writer = {.text = out};

    if (!value)
        return false;
    im_json_out_init(&writer.out, &out->buf);
    redact_value(&writer, value, (struct place){.top = true});
    return true;
}

/* ---- a body, whatever it is ---- */

static bool looks_like_form(struct im_str text)
{
    size_t equals = im_str_find(text, '=');

    for (size_t i = 0; i < equals && i < text.len; i++)
        if (!im_redact_is_word(text.at[i]) && !im_redact_is_of(text.at[i], "_-.%+ "))
            return false;
    return equals < text.len;
}

/* Pages of ours are sound, others' are XML at best. */
static void redact_body(struct im_redaction *out, struct im_str text)
{
    struct im_str trimmed = im_str_trim(text);

    if (im_str_starts(trimmed, "<!") && !im_str_starts(trimmed, "<![CDATA["))
        im_redact_loosely(out, text, false);
    else if (im_str_starts(trimmed, "<"))
        im_redact_xml(out, text);
    else if (looks_like_form(text))
        redact_form(out, text);
    else if (!redact_json(out, text))
        im_redact_loosely(out, text, true);
}

struct im_str im_redact_text(struct im_secrets *secrets, struct im_arena *arena,
                             struct im_str text)
{
    struct im_redaction out = redaction_begin(secrets, arena);

    redact_body(&out, text);
    return redaction_end(&out);
}

/* A secret is found by the name in front of it, which '=' or ':' assigns to, by the scheme
 * in front of it, which a blank follows, or as a JWT. */
static bool may_hold_secret(struct im_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (im_redact_is_of(text.at[i], "=: ") ||
            (text.at[i] == 'e' && im_str_starts(im_str_slice(text, i, text.len), "eyJ")))
            return true;
    return false;
}

enum { QUOTED_MAX = 4096 }; /* longer than what im_sanitize leaves of it */

/* What is quoted is mostly a short name, which is looked for by value alone. */
struct im_str im_redact_quote(struct im_secrets *secrets, struct im_arena *arena,
                              struct im_str text)
{
    struct im_redaction out = redaction_begin(secrets, arena);

    text = im_str_slice(text, 0, QUOTED_MAX);
    if (!may_hold_secret(text))
        return im_sanitize(secrets, arena, im_secrets_hide(secrets, arena, text));
    im_redact_loosely(&out, text, false);
    return im_sanitize(secrets, arena, redaction_end(&out));
}

/* What looks random goes last, so that a value found by its name is one fingerprint. */
struct im_str im_redact_quote_foreign(struct im_secrets *secrets, struct im_arena *arena,
                                      struct im_str text)
{
    struct im_redaction out = redaction_begin(secrets, arena);

    im_redact_loosely(&out, im_str_slice(text, 0, QUOTED_MAX), false);
    return im_sanitize(secrets, arena,
                       im_redact_opaque(secrets, arena, redaction_end(&out)));
}

/* ---- headers and addresses ---- */

/* The scheme stays to be read, if it is one; the rest is a fingerprint. */
static struct im_str redact_credentials(struct im_redaction *out, struct im_str value)
{
    struct im_str rest = value;
    struct im_str scheme = im_str_cut(&rest, ' ');

    if (im_redact_is_scheme(scheme) && rest.len) {
        im_buf_add(&out->buf, scheme);
        im_buf_addc(&out->buf, ' ');
        value = rest;
    }
    im_redact_add_fingerprint(out, value);
    return im_buf_str(&out->buf);
}

struct im_str im_redact_url(struct im_secrets *secrets, struct im_arena *arena,
                            struct im_str url)
{
    struct im_redaction out = redaction_begin(secrets, arena);
    size_t query = im_str_find(url, '?');
    size_t fragment = im_str_find(url, '#');
    size_t mark = query < fragment ? query : fragment;
    struct im_str front = im_str_slice(url, 0, mark);

    /* "user:password@host/path", as curl takes it: the authority has no mark before it */
    if (!im_str_starts(url, "/") && im_str_glob(IM_STR("*@*"), front) &&
        !im_str_glob(IM_STR("*://*"), front))
        front = im_redact_user_info(&out, front);
    im_redact_loosely(&out, front, false);
    im_buf_add(&out.buf, im_str_slice(url, mark, mark + 1));
    redact_form(&out, im_str_slice(url, mark + 1, url.len));
    return redaction_end(&out);
}

bool im_redact_holds_credentials(struct im_str name, struct im_str value)
{
    static const struct im_str secret[] = {
        IM_STR_INIT("authorization"), IM_STR_INIT("proxy-authorization"),
        IM_STR_INIT("cookie"), IM_STR_INIT("set-cookie")};
    struct im_str scheme = im_str_slice(value, 0, im_str_find(value, ' '));
    bool own = im_str_starts(name, "X-") || im_str_starts(name, "x-");

    return is_one_of(name, secret, sizeof(secret) / sizeof(secret[0])) ||
           im_str_nearest(name, secret, 1) == 0 || im_redact_is_secret_parameter(name) ||
           (own && im_redact_is_secret_parameter(im_str_slice(name, 2, name.len))) ||
           im_redact_is_scheme(scheme);
}

/* Our own note begins with a cause's id: "refresh-token-missing: …" assigns nothing. Length of that. */
static size_t note_id_length(struct im_str name, struct im_str value)
{
    static const struct im_str note[] = {IM_STR_INIT("x-intacct-mock-note")};
    size_t n = 0;

    while (n < value.len && (value.at[n] == '-' || im_redact_is_word(value.at[n])))
        n++;
    bool begins = is_one_of(name, note, 1) &&
                  im_str_starts(im_str_slice(value, n, value.len), ": ");
    return begins ? n + strlen(": ") : 0;
}

struct im_str im_redact_header(struct im_secrets *secrets, struct im_arena *arena,
                               struct im_str name, struct im_str value)
{
    static const struct im_str open[] = {IM_STR_INIT("www-authenticate")};
    static const struct im_str urls[] = {IM_STR_INIT("location"), IM_STR_INIT("referer"),
                                         IM_STR_INIT("origin")};
    struct im_redaction out = redaction_begin(secrets, arena);

    name = im_str_trim(name);
    if (!is_one_of(name, open, 1) && im_redact_holds_credentials(name, value))
        return redact_credentials(&out, value);
    if (is_one_of(name, urls, sizeof(urls) / sizeof(urls[0])))
        return im_redact_url(secrets, arena, value);
    size_t id = note_id_length(name, value);
    im_buf_add(&out.buf, im_str_slice(value, 0, id));
    im_redact_loosely(&out, im_str_slice(value, id, value.len), false);
    return redaction_end(&out);
}
