/* What must not be shown of an input, and how the rest is quoted. A pasted secret is registered by
 * its place (a header, a cookie, a parameter, a member of JSON), and is then hidden wherever it
 * stands; what no place marks is shown only where a reader needs it, and never when it looks
 * random. */
#include <string.h>

#include "base/json.h"
#include "base/sanitize.h"
#include "causes/diagnosis.h"
#include "explain/trace.h"
#include "http/redact_parts.h"

/* Nothing of the value itself is left: it can be quoted. */
static bool is_all_masked(struct im_str value)
{
    static const char *const words[] = {
        "redacted",   "[redacted]", "<redacted>", "hidden", "[hidden]", "masked",
        "[filtered]", "filtered",   "<secret>",   "secret", "…",        "..."};
    size_t stars = 0;

    while (stars < value.len && value.at[stars] == '*')
        stars++;
    if (value.len && stars == value.len)
        return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (im_str_eq_nocase(value, im_str(words[i])))
            return true;
    return value.len >= 3 && (value.at[0] == 'x' || value.at[0] == 'X') &&
           im_is_placeholder(value);
}

bool im_is_hidden_value(struct im_str value)
{
    value = im_str_trim(value);
    /* a password may have a star in it; three are a mask, as of "abc***" */
    return is_all_masked(value) || im_str_starts(value, "hmac:") ||
           im_str_starts(value, "sha256:") ||
           im_str_find_nocase(value, "***") < value.len || im_str_ends(value, "...") ||
           im_str_ends(value, "…");
}

/* ---- secrets ---- */

/* Looking for values costs time for each of them; where there are more, nothing of the input is quoted.
 * Of an address, which is cut to IM_SANITIZED_MAX in the end, the front is looked at. */
enum { SECRETS_MAX = 10000, URL_MAX = 2048 };

void im_trace_keep_secret(struct im_trace *trace, struct im_str value)
{
    /* a template or a mask is no secret, and has to be quoted */
    if (value.len >= IM_SECRET_MIN && !im_is_hidden_value(value) &&
        !im_is_placeholder(value) && ++trace->secret_count <= SECRETS_MAX)
        im_secrets_add(trace->secrets, im_str_trim(value));
}

/* "sid=abc; theme=dark": only the server knows which of them is the session. */
static void keep_cookies(struct im_trace *trace, struct im_str header)
{
    while (header.len) {
        struct im_str value = im_str_cut(&header, ';');
        struct im_str name = im_str_cut(&value, '=');
        im_trace_keep_secret(trace, value.len ? value : name);
    }
}

static void keep_header(struct im_trace *trace, const struct im_header *header)
{
    struct im_str rest = header->value, scheme = im_str_cut(&rest, ' ');

    if (im_str_eq_nocase(header->name, IM_STR("set-cookie")))
        keep_cookies(trace,
                     im_str_slice(header->value, 0, im_str_find(header->value, ';')));
    else if (im_str_eq_nocase(header->name, IM_STR("cookie")))
        keep_cookies(trace, header->value);
    else if (im_redact_holds_credentials(header->name, header->value))
        im_trace_keep_secret(
            trace, im_redact_is_scheme(scheme) && rest.len ? rest : header->value);
}

static void keep_parameters(struct im_trace *trace, const struct im_params *params)
{
    for (size_t i = 0; i < params->count; i++)
        if (im_redact_is_secret_parameter(params->items[i].name))
            im_trace_keep_secret(trace, params->items[i].value);
}

void im_trace_keep_secrets_of(struct im_trace *trace, struct im_observed *one)
{
    const struct im_credentials *credentials = im_credentials(&one->req);

    /* curl -v and logs show an address with its user info as it was given */
    struct im_str rest = one->user_info, user = im_str_cut(&rest, ':');

    im_trace_keep_secret(trace, rest.len ? rest : user);
    im_trace_keep_secret(trace, credentials->bearer_token);
    im_trace_keep_secret(trace, credentials->basic_secret);
    im_trace_keep_secret(trace, credentials->basic_raw_secret);
    for (size_t i = 0; i < one->req.header_count; i++)
        keep_header(trace, &one->req.headers[i]);
    for (size_t i = 0; i < one->answer_header_count; i++)
        keep_header(trace, &one->answer_headers[i]);
    keep_parameters(trace, &credentials->query.params);
    keep_parameters(trace, &im_credentials_body(&one->req)->params);
}

static void keep_members(struct im_trace *trace, const struct im_json *json, bool secret)
{
    const struct im_json *name = secret ? NULL : im_redact_name_of_siblings(json);

    for (const struct im_json *child = json->first; child; child = child->next) {
        bool named = name ? child != name : im_redact_is_secret(child->name);
        if (child->first)
            keep_members(trace, child, secret || named);
        else if (secret || named)
            im_trace_keep_secret(trace, child->text);
    }
}

void im_trace_keep_secrets_of_json(struct im_trace *trace, const struct im_json *json)
{
    keep_members(trace, json, false);
}

/* The XML API takes <password> and <sessionid>, and a capture has the request beside its answer. */
void im_trace_keep_secrets_of_xml(struct im_trace *trace, struct im_str xml)
{
    while (xml.len) {
        im_str_cut(&xml, '<');
        struct im_str tag = im_str_cut(&xml, '>');
        struct im_str name = im_str_slice(tag, 0, im_str_find(tag, ' '));
        if (!im_str_starts(name, "/") && im_redact_is_secret(name))
            im_trace_keep_secret(trace, im_str_slice(xml, 0, im_str_find(xml, '<')));
    }
}

/* ---- fit to be shown ---- */

struct im_str im_trace_quote(const struct im_trace *trace, struct im_str text)
{
    if (trace->secret_count > SECRETS_MAX)
        return im_fingerprint(trace->secrets, trace->arena, text);
    return im_redact_quote_foreign(trace->secrets, trace->arena, text);
}

/* "GET", "PROPFIND"; what is no such word may be anything. */
struct im_str im_trace_quote_method(const struct im_trace *trace, struct im_str method)
{
    for (size_t i = 0; i < method.len; i++)
        if (method.at[i] < 'A' || method.at[i] > 'Z')
            return im_fingerprint(trace->secrets, trace->arena, method);
    return im_trace_quote(trace, method);
}

struct im_str im_trace_quote_host(const struct im_trace *trace, struct im_str host)
{
    return im_redact_quote(trace->secrets, trace->arena, host);
}

/* Values of a query that tell what was asked for; of all others a fingerprint is shown, since any
 * application may put a secret of its own under a name of its own. */
static bool is_shown_parameter(struct im_str name)
{
    static const char *const shown[] = {
        "response_type", "response_mode", "grant_type", "scope",  "error",
        "client_id",     "redirect_uri",  "prompt",     "fields", "orderBy",
        "start",         "size",          "name",       "entity", "code_challenge_method",
        "type",          "version"};

    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        if (im_str_is(name, shown[i]))
            return true;
    return false;
}

/* One of ours, as im_redact_url() has put it there. */
static bool is_fingerprint(struct im_str value)
{
    return im_str_starts(value, "hmac:") && value.len == strlen("hmac:") + 12;
}

static void add_query(const struct im_trace *trace, struct im_buf *buf,
                      struct im_str query)
{
    while (query.len) {
        size_t end = 0;
        while (end < query.len && !(query.at[end] && strchr("&#?;", query.at[end])))
            end++;
        struct im_str value = im_str_slice(query, 0, end);
        struct im_str name = im_str_cut(&value, '=');
        /* a part without a = is no name, and may be a token */
        bool named = name.len < end || is_shown_parameter(name);
        if (!named && name.len)
            im_buf_add(buf, im_fingerprint(trace->secrets, trace->arena, name));
        else
            im_buf_add(buf, im_redact_opaque(trace->secrets, trace->arena, name));
        im_buf_addz(buf, name.len < end ? "=" : "");
        if (is_shown_parameter(name) || is_all_masked(value) ||
            im_is_placeholder(value) || is_fingerprint(value))
            im_buf_add(buf, im_redact_opaque(trace->secrets, trace->arena, value));
        else if (value.len)
            im_buf_add(buf, im_fingerprint(trace->secrets, trace->arena, value));
        im_buf_add(buf, im_str_slice(query, end, end + 1));
        query = im_str_slice(query, end + 1, query.len);
    }
}

/* Of a path; an @ in it makes user info of what stands before, and no record has one in its key. */
static void add_path(const struct im_trace *trace, struct im_buf *buf, struct im_str path)
{
    while (path.len) {
        size_t end = im_str_find(path, '/');
        struct im_str part = im_str_slice(path, 0, end);
        im_buf_add(buf, im_str_has(part, '@')
                            ? im_fingerprint(trace->secrets, trace->arena, part)
                            : im_redact_opaque(trace->secrets, trace->arena, part));
        im_buf_add(buf, im_str_slice(path, end, end + 1));
        path = im_str_slice(path, end + 1, path.len);
    }
}

struct im_str im_trace_quote_url(const struct im_trace *trace, struct im_str url)
{
    if (trace->secret_count > SECRETS_MAX)
        return im_fingerprint(trace->secrets, trace->arena, url);
    url = im_str_slice(url, 0, URL_MAX);
    struct im_str shown = im_redact_url(trace->secrets, trace->arena, url);
    size_t scheme = im_url_scheme_end(shown), host_end = 0, mark = 0;
    struct im_buf buf;

    im_buf_init(&buf, trace->arena, 0);
    /* names of hosts are as random as their owners like, and are no secrets */
    bool relative = im_str_starts(shown, "//"); /* no scheme is told, and none is shown */
    if (relative)
        shown = im_str_slice(shown, 2, shown.len);
    for (host_end = relative || scheme >= shown.len ? 0 : scheme + strlen("://");
         (relative || scheme < shown.len) && host_end < shown.len && shown.at[host_end] &&
         !strchr("/?#", shown.at[host_end]);)
        host_end++;
    for (mark = host_end;
         mark < shown.len && shown.at[mark] && !strchr("?#", shown.at[mark]);)
        mark++;
    im_buf_add(&buf, im_str_slice(shown, 0, host_end));
    add_path(trace, &buf, im_str_slice(shown, host_end, mark));
    im_buf_add(&buf, im_str_slice(shown, mark, mark + 1));
    add_query(trace, &buf, im_str_slice(shown, mark + 1, shown.len));
    return im_sanitize(trace->secrets, trace->arena, im_buf_str(&buf));
}

/* Where the address at "//" begins, and its length. */
static struct im_str address_around(struct im_str text, size_t slashes)
{
    size_t from = slashes, to = slashes;

    while (from && (im_redact_is_word(text.at[from - 1]) || text.at[from - 1] == ':'))
        from--;
    while (to < text.len && text.at[to] > ' ' && !strchr("\"'<>`,)}", text.at[to]))
        to++;
    return im_str_slice(text, from, im_redact_with_brackets(text, to));
}

struct im_str im_trace_quote_message(const struct im_trace *trace, struct im_str message)
{
    struct im_buf buf;

    im_buf_init(&buf, trace->arena, 0);
    for (size_t at; (at = im_str_find_nocase(message, "//")) < message.len;) {
        struct im_str url = address_around(message, at);
        size_t from = (size_t)(url.at - message.at);
        im_buf_add(&buf, im_trace_quote(trace, im_str_slice(message, 0, from)));
        im_buf_add(&buf, im_trace_quote_url(trace, url));
        message = im_str_slice(message, from + url.len, message.len);
    }
    im_buf_add(&buf, im_trace_quote(trace, message));
    return im_sanitize(trace->secrets, trace->arena, im_buf_str(&buf));
}
