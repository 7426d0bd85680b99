/* Exchanges of a trace: what a request and an answer mean once a reader has found their
 * parts. */
#include "explain/transport.h"

#include <string.h>

#include "base/json.h"
#include "base/sanitize.h"
#include "causes/diagnosis.h"
#include "http/proxy.h"
#include "http/redact.h"
#include "http/redact_parts.h"
#include "oauth/jwt.h"

const char *im_form_name(enum im_form form)
{
    static const char *const names[] = {
        "none",    "har",  "jwt",  "curl-trace", "curl-command", "http",
        "postman", "xml",  "body", "url",        "stack-trace",  "log",
        "prose",   "code", "page", "error"};

    return names[form];
}

const char *im_form_text(enum im_form form)
{
    static const char *const texts[] = {
        [IM_FORM_NONE] = "nothing that is known here",
        [IM_FORM_HAR] = "a HAR file",
        [IM_FORM_JWT] = "a JSON Web Token",
        [IM_FORM_CURL_TRACE] = "the output of curl -v",
        [IM_FORM_CURL_COMMAND] = "a curl command",
        [IM_FORM_HTTP] = "an HTTP message",
        [IM_FORM_POSTMAN] = "the console of Postman",
        [IM_FORM_XML] = "an answer of the XML gateway",
        [IM_FORM_BODY] = "the body of an answer",
        [IM_FORM_URL] = "an address",
        [IM_FORM_STACK_TRACE] = "a stack trace",
        [IM_FORM_LOG] = "a log",
        [IM_FORM_PROSE] = "a text that quotes an answer",
        [IM_FORM_CODE] = "a code or its words",
        [IM_FORM_PAGE] = "a page of HTML",
        [IM_FORM_ERROR] = "the error of a client",
    };

    return texts[form];
}

/* ---- the list ---- */

static bool trace_grow(struct im_trace *trace)
{
    size_t room = trace->room ? 2 * trace->room : 16;
    struct im_observed **items = IM_ARENA_ARRAY(trace->arena, struct im_observed *, room);

    if (!items)
        return false;
    if (trace->count)
        memcpy(items, trace->items, trace->count * sizeof(struct im_observed *));
    trace->items = items;
    trace->room = room;
    return true;
}

bool im_trace_goes_on(struct im_trace *trace)
{
    if (!trace->abandoned && trace->stopped)
        trace->abandoned = trace->stopped(trace->context);
    return !trace->abandoned;
}

struct im_observed *im_trace_add(struct im_trace *trace)
{
    if (trace->count >= IM_OBSERVED_MAX) {
        trace->beyond++;
        return NULL;
    }
    if (!im_trace_goes_on(trace))
        return NULL;
    struct im_observed *one = IM_ARENA_NEW(trace->arena, struct im_observed);
    if (!one || (trace->count == trace->room && !trace_grow(trace)))
        return NULL;
    one->req.arena = trace->arena;
    trace->items[trace->count++] = one;
    one->number = trace->count;
    return one;
}

struct im_observed *im_trace_last(const struct im_trace *trace)
{
    return trace->count ? trace->items[trace->count - 1] : NULL;
}

/* ---- the request ---- */

/* "user:password@host:port": what is before the last @ is user info, as a client reads it. */
static void set_authority(struct im_observed *one, struct im_str authority)
{
    for (size_t i = authority.len; i > 0 && !one->user_info.len; i--)
        if (authority.at[i - 1] == '@') {
            one->user_info = im_str_slice(authority, 0, i - 1);
            authority = im_str_slice(authority, i, authority.len);
        }
    one->host = im_str_starts(authority, "[") ? authority : im_str_cut(&authority, ':');
}

/* A path alone has no scheme, though an address in its query may have one. */
size_t im_url_scheme_end(struct im_str url)
{
    return im_str_starts(url, "/") ? url.len : im_str_find_nocase(url, "://");
}

void im_observed_set_url(struct im_observed *one, struct im_str url)
{
    size_t scheme = im_url_scheme_end(url);
    bool relative = im_str_starts(url, "//"); /* RFC 3986 section 4.2 */
    struct im_str rest = url;

    one->url = url;
    if (relative)
        scheme = 0;
    if (scheme < url.len || (url.len && url.at[0] != '/' && im_str_has(url, '@'))) {
        size_t slashes = scheme + strlen(relative ? "//" : "://");
        rest = im_str_slice(url, scheme < url.len ? slashes : 0, url.len);
        size_t end = 0;
        while (end < rest.len && !strchr("/?#", rest.at[end] ? rest.at[end] : '/'))
            end++;
        set_authority(one, im_str_slice(rest, 0, end));
        rest = im_str_slice(rest, end, rest.len);
    }
    one->req.target = rest;
    size_t query = im_str_find(rest, '?');
    one->req.path = im_str_slice(rest, 0, query);
    struct im_str after = im_str_slice(rest, query + 1, rest.len);
    one->req.query = im_str_cut(&after, '#');
}

void im_observed_add_answer_header(struct im_trace *trace, struct im_observed *one,
                                   struct im_str name, struct im_str value)
{
    if (!one->answer_headers)
        one->answer_headers =
            IM_ARENA_ARRAY(trace->arena, struct im_header, IM_HEADERS_MAX);
    if (one->answer_headers && one->answer_header_count < IM_HEADERS_MAX)
        one->answer_headers[one->answer_header_count++] =
            (struct im_header){im_str_trim(name), im_str_trim(value)};
}

struct im_str im_observed_answer_header(const struct im_observed *one, const char *name)
{
    for (size_t i = 0; i < one->answer_header_count; i++)
        if (im_str_eq_nocase(one->answer_headers[i].name, im_str(name)))
            return one->answer_headers[i].value;
    return (struct im_str){NULL, 0};
}

/* By the path's end: a base URL may stand before it. */
static void classify_path(struct im_observed *one)
{
    static const struct {
        const char *pattern;
        enum im_endpoint endpoint;
        enum im_place place;
    } paths[] = {
        {"*/identity/*/token", IM_ENDPOINT_TOKEN, IM_PLACE_ARTICLE},
        {"*/identity/*/authorize", IM_ENDPOINT_AUTHORIZE, IM_PLACE_ARTICLE},
        {"*/identity/*/revoke", IM_ENDPOINT_REVOKE, IM_PLACE_ARTICLE},
        {"*/oauth2/token", IM_ENDPOINT_TOKEN, IM_PLACE_TOKEN},
        {"*/oauth2/authorize", IM_ENDPOINT_AUTHORIZE, IM_PLACE_TOKEN},
        {"*/ia/authorize", IM_ENDPOINT_AUTHORIZE, IM_PLACE_TOKEN},
        {"*/oauth2/revoke", IM_ENDPOINT_REVOKE, IM_PLACE_TOKEN},
        {"*/oauth2/introspect", IM_ENDPOINT_INTROSPECT, IM_PLACE_TOKEN},
        {"*/openid-configuration", IM_ENDPOINT_DISCOVERY, IM_PLACE_TOKEN},
        {"*/jwks.json", IM_ENDPOINT_JWKS, IM_PLACE_TOKEN},
        {"*/ia/api/v1*/objects/*", IM_ENDPOINT_RESOURCE, IM_PLACE_API},
        {"*/services/core/query", IM_ENDPOINT_QUERY, IM_PLACE_API},
        {"*/services/core/model", IM_ENDPOINT_MODEL, IM_PLACE_API},
        {"*/dimensions/list", IM_ENDPOINT_MODEL, IM_PLACE_API},
        {"*/services/core/session/id", IM_ENDPOINT_SESSION, IM_PLACE_API},
        {"*/oauth2/*", IM_ENDPOINT_UNKNOWN, IM_PLACE_TOKEN},
        {"*/identity/*", IM_ENDPOINT_UNKNOWN, IM_PLACE_ARTICLE},
        {"*/ia/*", IM_ENDPOINT_UNKNOWN, IM_PLACE_API},
        {"*/api/v1/objects/*", IM_ENDPOINT_UNKNOWN, IM_PLACE_API},
        {"*/api/v1/services/*", IM_ENDPOINT_UNKNOWN, IM_PLACE_API},
        {"*/api/v1/*", IM_ENDPOINT_RESOURCE, IM_PLACE_ARTICLE},
    };

    /* the first that fits, so the table goes from the special to the general */
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (im_str_glob(im_str(paths[i].pattern), one->req.path)) {
            one->endpoint = paths[i].endpoint;
            one->place = paths[i].place;
            return;
        }
    one->endpoint = IM_ENDPOINT_NONE;
    one->place = IM_PLACE_API;
}

bool im_has_any(struct im_str text, const char *const *words)
{
    for (; *words; words++)
        if (im_str_find_nocase(text, *words) < text.len)
            return true;
    return false;
}

bool im_has_digit_at(struct im_str text, size_t at)
{
    return at < text.len && text.at[at] >= '0' && text.at[at] <= '9';
}

struct im_str im_last_word(struct im_str text, const char *closing, const char *opening,
                           size_t max)
{
    while (text.len && strchr(closing, text.at[text.len - 1]))
        text.len--;
    size_t from = text.len;
    while (from && text.len - from < max && text.at[from - 1] > ' ' &&
           !strchr(opening, text.at[from - 1]))
        from--;
    return im_str_slice(text, from, text.len);
}

struct im_token_owner im_token_owner(struct im_arena *arena, struct im_str token)
{
    struct im_jwt jwt;
    struct im_error err;

    if (!im_jwt_decode(arena, token, &jwt, &err))
        return (struct im_token_owner){.user = {NULL, 0}};
    return (struct im_token_owner){.user = im_json_get_str(jwt.payload, "userId"),
                                   .company = im_json_get_str(jwt.payload, "cnyId")};
}

bool im_may_be_one_owner(const struct im_token_owner *a, const struct im_token_owner *b)
{
    return !a->user.len || !b->user.len ||
           (im_str_eq(a->user, b->user) && im_str_eq(a->company, b->company));
}

void im_observed_complete(struct im_trace *trace, struct im_observed *one)
{
    if (!one->host.len && one->req.header_count)
        set_authority(one, im_request_header(&one->req, "host"));
    classify_path(one);
    one->owner = im_token_owner(trace->arena, im_credentials(&one->req)->bearer_token);
    im_trace_keep_secrets_of(trace, one);
    im_words_add_body(trace, &one->words, one->answer_body);
    im_observed_judge_answerer(one);
}

bool im_observed_is_local(const struct im_observed *one)
{
    struct im_str host = one->host;

    /* "[::1]:8080" */
    if (im_str_starts(host, "["))
        host = im_str_slice(host, 1, im_str_find(host, ']'));
    return im_host_is_loopback(host);
}

/* Neither its path nor its host is one of Intacct's. */
static bool is_of_no_intacct(const struct im_observed *one)
{
    return one->endpoint == IM_ENDPOINT_NONE &&
           im_str_find_nocase(one->host, "intacct") == one->host.len;
}

bool im_observed_is_elsewhere(const struct im_observed *one)
{
    /* a name without a dot is that of a service beside the client, and may be a mock's */
    return is_of_no_intacct(one) && im_str_has(one->host, '.') &&
           !im_observed_is_local(one);
}

bool im_observed_is_refused(const struct im_observed *one)
{
    /* an application's own pages fail for reasons of their own */
    bool foreign = one->url.len && is_of_no_intacct(one);
    if (one->status >= 400)
        return !foreign || im_words_any(&one->words);
    /* the XML gateway, proxies and batches answer 200 with an error inside */
    return im_words_any(&one->words) && (one->status < 300 || !one->has_request);
}
