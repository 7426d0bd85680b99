/* What every endpoint does with an exchange: it records refusals and warnings with their evidence;
 * at the end the exchange takes in what request and answer say themselves, and can be copied with its
 * texts. The names of endpoints are here too, since journal, scenarios, metrics and control API all use them. */
#include "causes/exchange.h"

#include "base/table.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/near_miss.h"
#include "base/sanitize.h"
#include "http/redact.h"

/* ---- endpoints ---- */

static const struct {
    const char *name;
    enum im_endpoint_group group;
} endpoints[IM_ENDPOINTS] = {
    [IM_ENDPOINT_NONE] = {"unknown", IM_GROUP_NONE},
    [IM_ENDPOINT_TOKEN] = {"token", IM_GROUP_OAUTH},
    [IM_ENDPOINT_AUTHORIZE] = {"authorize", IM_GROUP_OAUTH},
    [IM_ENDPOINT_REVOKE] = {"revoke", IM_GROUP_OAUTH},
    [IM_ENDPOINT_INTROSPECT] = {"introspect", IM_GROUP_OAUTH},
    /* of no group: libraries fetch these by themselves, and a rule for "oauth" must not count them */
    [IM_ENDPOINT_DISCOVERY] = {"discovery", IM_GROUP_NONE},
    [IM_ENDPOINT_JWKS] = {"jwks", IM_GROUP_NONE},
    [IM_ENDPOINT_RESOURCE] = {"resource", IM_GROUP_API},
    [IM_ENDPOINT_QUERY] = {"query", IM_GROUP_API},
    [IM_ENDPOINT_MODEL] = {"model", IM_GROUP_API},
    [IM_ENDPOINT_SESSION] = {"session", IM_GROUP_API},
    [IM_ENDPOINT_PROXY] = {"proxy", IM_GROUP_NONE},
    [IM_ENDPOINT_UNKNOWN] = {"unknown", IM_GROUP_NONE},
};

const char *im_endpoint_name(enum im_endpoint endpoint)
{
    return endpoint < IM_ENDPOINTS ? endpoints[endpoint].name : NULL;
}

enum im_endpoint im_endpoint_find(struct im_str name)
{
    for (int i = IM_ENDPOINT_TOKEN; i < IM_ENDPOINTS; i++)
        if (im_str_is(name, endpoints[i].name))
            return (enum im_endpoint)i;
    return IM_ENDPOINT_NONE;
}

enum im_endpoint_group im_endpoint_group(enum im_endpoint endpoint)
{
    return endpoints[endpoint].group;
}

const char *im_endpoint_group_name(enum im_endpoint_group group)
{
    static const char *const names[IM_GROUPS] = {[IM_GROUP_NONE] = "",
                                                 [IM_GROUP_API] = "api",
                                                 [IM_GROUP_OAUTH] = "oauth",
                                                 [IM_GROUP_READ] = "read"};

    return names[group];
}

/* A query only reads, although it is a POST. */
bool im_exchange_is_read(const struct im_exchange *exchange)
{
    return exchange->endpoint == IM_ENDPOINT_QUERY ||
           (im_endpoint_group(exchange->endpoint) == IM_GROUP_API &&
            im_str_is(exchange->method, "GET"));
}

const char *im_endpoint_word(size_t index)
{
    enum { NAMES = IM_ENDPOINTS - IM_ENDPOINT_TOKEN, GROUPS = IM_GROUPS - IM_GROUP_API };

    if (index < NAMES)
        return im_endpoint_name((enum im_endpoint)(index + IM_ENDPOINT_TOKEN));
    index -= NAMES;
    return index < GROUPS
               ? im_endpoint_group_name((enum im_endpoint_group)(index + IM_GROUP_API))
               : NULL;
}

bool im_exchange_goes_to(const struct im_exchange *exchange, struct im_str word)
{
    enum im_endpoint endpoint = exchange->endpoint;

    return im_str_is(word, im_endpoint_name(endpoint)) ||
           im_str_is(word, im_endpoint_group_name(im_endpoint_group(endpoint))) ||
           (im_str_is(word, im_endpoint_group_name(IM_GROUP_READ)) &&
            im_exchange_is_read(exchange));
}

bool im_status_fits(const struct im_status_range *range, int status)
{
    return !range->min || (status >= range->min && status <= range->max);
}

/* ---- refusing ---- */

enum { EVIDENCE_MAX = 1024 }; /* bytes; what a client sends must not swell the journal */

static struct im_str evidence_format(const struct im_request *req, const char *format,
                                     va_list args) IM_PRINTF(2, 0);
static enum im_cause refusal_record(struct im_request *req, enum im_cause cause,
                                    enum im_cause worded_as, const char *format,
                                    va_list args) IM_PRINTF(4, 0);

/* Empty when memory is short: the refusal does not depend on it. Registered secrets are hidden,
 * whatever was quoted. */
static struct im_str evidence_format(const struct im_request *req, const char *format,
                                     va_list args)
{
    char text[EVIDENCE_MAX];
    int wanted = vsnprintf(text, sizeof text, format, args);

    if (wanted < 0)
        return (struct im_str){NULL, 0};
    struct im_str whole = im_str(text);
    if ((size_t)wanted >= sizeof text) /* cut, perhaps within a character */
        whole = im_str_front(whole, sizeof text - 2);
    return im_secrets_hide_strong(req->exchange->secrets, req->arena,
                                  im_arena_copy(req->arena, whole));
}

static enum im_cause refusal_record(struct im_request *req, enum im_cause cause,
                                    enum im_cause worded_as, const char *format,
                                    va_list args)
{
    struct im_exchange *exchange = req->exchange;

    if (!exchange || cause == CAUSE_NONE)
        return cause;
    /* the first wins: later ones follow from it, and the client can put right one at a time */
    if (exchange->cause != CAUSE_NONE)
        return exchange->cause;
    exchange->cause = cause;
    exchange->worded_as = worded_as;
    exchange->evidence = evidence_format(req, format, args);
    return cause;
}

enum im_cause im_refuse(struct im_request *req, enum im_cause cause, const char *format,
                        ...)
{
    va_list args;

    va_start(args, format);
    enum im_cause first = refusal_record(req, cause, cause, format, args);
    va_end(args);
    return first;
}

enum im_cause im_refuse_as(struct im_request *req, enum im_cause cause,
                           enum im_cause worded_as, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    enum im_cause first = refusal_record(req, cause, worded_as, format, args);
    va_end(args);
    return first;
}

void im_note(struct im_request *req, enum im_cause cause, const char *format, ...)
{
    struct im_exchange *exchange = req->exchange;

    /* a note is no refusal: what has no room is left out, and the answer stays the same */
    if (!exchange || exchange->note_count >= IM_NOTES_MAX)
        return;
    struct im_note *note = &exchange->notes[exchange->note_count++];
    va_list args;

    va_start(args, format);
    note->cause = cause;
    note->text = evidence_format(req, format, args);
    va_end(args);
}

enum im_cause im_refuse_placeholder(struct im_request *req, const char *what,
                                    struct im_str sent, enum im_cause worded_as)
{
    if (!im_is_placeholder(sent))
        return CAUSE_NONE;
    return im_refuse_as(req, CAUSE_CREDENTIAL_PLACEHOLDER, worded_as,
                        "%s is %.*s: a template that nobody filled in", what,
                        IM_ARG(im_sanitize(req->exchange->secrets, req->arena, sent)));
}

struct im_str im_quote(const struct im_request *req, struct im_str text)
{
    if (!text.len) /* as most calls name no entity */
        return text;
    return im_redact_quote(req->exchange ? req->exchange->secrets : NULL, req->arena,
                           text);
}

/* ---- completing ---- */

static void header_line_add(struct im_buf *lines, struct im_str name, struct im_str value)
{
    im_buf_add(lines, name);
    im_buf_addz(lines, ": ");
    im_buf_add(lines, value);
    im_buf_addc(lines, '\n');
}

struct im_str im_exchange_header_lines(const struct im_request *req)
{
    struct im_buf lines;

    im_buf_init(&lines, req->arena, IM_EXCHANGE_BODY_MAX);
    for (size_t i = 0; i < req->header_count; i++)
        header_line_add(&lines, req->headers[i].name, req->headers[i].value);
    return im_buf_str(&lines);
}

static struct im_str response_header_lines(const struct im_response *res)
{
    struct im_buf lines;

    im_buf_init(&lines, res->arena, IM_EXCHANGE_BODY_MAX);
    for (size_t i = 0; i < res->header_count; i++)
        header_line_add(&lines, im_str(res->headers[i].name), res->headers[i].value);
    return im_buf_str(&lines);
}

/* Headers are left out: a repeat of a call has another token. The path is that below the base URL. */
uint64_t im_call_hash(const struct im_request *req)
{
    const struct im_str pieces[] = {req->path, req->query, req->body};
    uint64_t hash = im_table_hash(0, req->method);

    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
        hash = im_table_hash(hash * 31 + 1, pieces[i]); /* "a" and "b" is not "ab" */
    return hash;
}

void im_exchange_complete(const struct im_request *req, const struct im_response *res)
{
    struct im_exchange *exchange = req->exchange;
    struct im_str answer = im_buf_str(&res->body);

    exchange->connection = req->connection;
    exchange->connection_us = req->connection_us;
    exchange->began_us = req->began_us;
    exchange->method = req->method;
    exchange->target = req->target;
    exchange->peer = req->peer;
    exchange->path = req->path;
    exchange->request_headers = im_exchange_header_lines(req);
    /* views: the journal copies, when it keeps the exchange */
    exchange->request_body = im_str_slice(req->body, 0, IM_EXCHANGE_BODY_MAX);
    exchange->request_body_len = req->body.len;
    exchange->call = im_call_hash(req);
    exchange->status = res->status;
    exchange->response_headers = response_header_lines(res);
    /* whoever set it; seconds are all that is sent here, never a date */
    exchange->retry_after_s = 0;
    im_str_int(im_response_get_header(res, "Retry-After"), &exchange->retry_after_s);
    exchange->response_body = im_str_slice(answer, 0, IM_EXCHANGE_BODY_MAX);
    exchange->response_body_len = answer.len;
    exchange->at_ms = req->now_ms;
    exchange->real_ms = im_clock_real_ms();
    /* the answer is decided now, and reaches its end once the delay that was asked for is over */
    exchange->ended_us = im_clock_monotonic_us() + exchange->delay_ms * 1000;
}

/* A damaged answer has no status that the client could rely on (scenarios/README.md). */
int im_exchange_status(const struct im_exchange *exchange)
{
    switch (exchange->fault) {
    case IM_FAULT_STALL:
    case IM_FAULT_DROP:
    case IM_FAULT_RESET:
    case IM_FAULT_TRUNCATE:
    case IM_FAULT_MALFORMED_JSON:
    case IM_FAULT_HTML: return 0; /* right data under a wrong label can be read */
    default: return exchange->status;
    }
}

/* ---- packing ---- */

/* Every text of an exchange, beside those of its notes: one that is missing here would point into a
 * request that is over. */
static const size_t texts[] = {
#define TEXT(member) offsetof(struct im_exchange, member)
    TEXT(method),
    TEXT(target),
    TEXT(peer),
    TEXT(path),
    TEXT(request_headers),
    TEXT(request_body),
    TEXT(grant),
    TEXT(client_id),
    TEXT(user),
    TEXT(entity),
    TEXT(scope),
    TEXT(token),
    TEXT(issued),
    TEXT(object),
    TEXT(field),
    TEXT(evidence),
    TEXT(redirect_uri),
    TEXT(state),
    TEXT(allow),
    TEXT(response_headers),
    TEXT(response_body),
#undef TEXT
};
enum { TEXTS = sizeof(texts) / sizeof(texts[0]) };

size_t im_exchange_packed_size(const struct im_exchange *exchange)
{
    size_t size = sizeof(*exchange);

    for (size_t i = 0; i < TEXTS; i++)
        size += ((const struct im_str *)(const void *)((const char *)exchange + texts[i]))
                    ->len;
    for (size_t i = 0; i < exchange->note_count; i++)
        size += exchange->notes[i].text.len;
    return size;
}

/* Copies the text to `at` and points it there; returns what is behind. An empty text points there too:
 * no view may lead into the request, which is over soon. */
static char *exchange_pack_text(struct im_str *text, char *at)
{
    if (text->len)
        memcpy(at, text->at, text->len);
    text->at = at;
    return at + text->len;
}

struct im_exchange *im_exchange_pack(void *memory, const struct im_exchange *from)
{
    struct im_exchange *copy = memory;
    char *at = (char *)memory + sizeof(*copy);

    *copy = *from;
    for (size_t i = 0; i < TEXTS; i++)
        at = exchange_pack_text((struct im_str *)(void *)((char *)copy + texts[i]), at);
    for (size_t i = 0; i < copy->note_count; i++)
        at = exchange_pack_text(&copy->notes[i].text, at);
    return copy;
}
