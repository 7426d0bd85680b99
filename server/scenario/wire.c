/* Damage to delivery: how `wire` is written, and what each fault makes of an answer. What needs the
 * socket (stall, drop, reset, truncate, bandwidth) is only noted here, in im_response.damage; the
 * listener does it. */
#include "scenario/wire.h"

#include <string.h>

#include "base/clock.h"
#include "http/proxy.h"

static const char *fault_word(size_t index)
{
    return index + 1 < IM_FAULTS ? im_fault_name((enum im_fault)(index + 1)) : NULL;
}

const struct im_json_names im_fault_names = {.name = "anyFault",
                                             .what = "fault",
                                             .word = fault_word};

/* Those of a request: not of TLS, which a connection has. */
static const char *wire_word(size_t index)
{
    return index + 1 < IM_FAULT_TLS_EXPIRED ? fault_word(index) : NULL;
}

static const struct im_json_names wire_names = {.name = "fault",
                                                .what = "fault",
                                                .word = wire_word};

enum im_fault im_wire_fault(const struct im_wire *wire)
{
    if (wire->fault != IM_FAULT_NONE)
        return wire->fault;
    if (wire->hold_until)
        return IM_FAULT_HOLD;
    return wire->delay_ms ? IM_FAULT_DELAY : IM_FAULT_NONE;
}

bool im_wire_replaces(const struct im_wire *wire)
{
    return wire->fault != IM_FAULT_NONE && !wire->after;
}

/* ---- damaging an answer ---- */

/* What a proxy or a guest network puts in front of an answer: 200, and nothing of the API. */
static const char login_page[] =
    "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\n<body>"
    "<h1>Network sign-in required</h1>\n<form method=\"post\" action=\"/login\">"
    "<input name=\"user\"><input name=\"password\" type=\"password\">"
    "<button>Continue</button></form></body></html>\n";

static void replace_answer(struct im_response *res, int status, const char *type,
                           struct im_str body)
{
    im_response_clear(res);
    im_buf_add(im_response_begin(res, status, type), body);
}

/* The length is sent as it then is, unlike with `truncate`: the client reads a whole answer that is no
 * JSON. A third goes, so that what is left ends in the middle. */
static void cut_json(struct im_response *res)
{
    struct im_buf *body = &res->body;

    if (body->len == 0)
        im_buf_addc(body, '{');
    else
        body->len -= body->len > 2 ? body->len / 3 : 1;
}

static void apply_fault(const struct im_wire *wire, struct im_response *res)
{
    switch (wire->fault) {
    case IM_FAULT_BANDWIDTH: res->damage.bytes_per_s = wire->bytes_per_s; break;
    case IM_FAULT_STALL: res->damage.stall = true; break;
    case IM_FAULT_DROP: res->damage.drop = true; break;
    case IM_FAULT_RESET: res->damage.reset = true; break;
    case IM_FAULT_TRUNCATE: res->damage.truncate = true; break;
    case IM_FAULT_MALFORMED_JSON: cut_json(res); break;
    case IM_FAULT_WRONG_TYPE:
        im_response_header(res, "Content-Type", IM_STR("text/html; charset=utf-8"));
        break;
    case IM_FAULT_HTML:
        replace_answer(res, 200, "text/html; charset=utf-8",
                       wire->body.len ? wire->body : im_str(login_page));
        break;
    case IM_FAULT_STATUS:
        replace_answer(res, wire->status, wire->content_type, wire->body);
        break;
    case IM_FAULT_REDIRECT:
        im_response_clear(res);
        im_response_redirect(res, wire->status, wire->location);
        break;
    default: break;
    }
}

void im_wire_locate(const struct im_wire *wire, struct im_str base_url,
                    struct im_response *res)
{
    struct im_str elsewhere = IM_STR("elsewhere:");
    struct im_str rest = base_url;
    struct im_str scheme = im_str_cut(&rest, '/');
    bool is_ours = im_str_starts(rest, "/127.0.0.1") || im_str_starts(rest, "/[::1]") ||
                   im_str_starts(rest, "/localhost");
    /* same address, other name: a client that compares hosts sees a foreign one */
    const char *other = im_str_starts(rest, "/localhost") ? "127.0.0.1" : "localhost";
    size_t name = im_str_starts(rest, "/[::1]") ? 6 : 10; /* "/127.0.0.1", "/localhost" */

    if (wire->fault != IM_FAULT_REDIRECT || !im_str_starts(wire->location, elsewhere.at))
        return;
    struct im_str path = im_str_slice(wire->location, elsewhere.len, wire->location.len);
    struct im_str behind = im_str_slice(rest, name, rest.len);
    im_response_header(
        res, "Location",
        is_ours
            ? im_arena_format(res->arena, "%.*s//%s%.*s/elsewhere%.*s", IM_ARG(scheme),
                              other, IM_ARG(behind), IM_ARG(path))
            : im_arena_format(res->arena, "https://" IM_ELSEWHERE_HOST "/elsewhere%.*s",
                              IM_ARG(path)));
}

void im_wire_apply(const struct im_wire *wire, struct im_response *res)
{
    /* the endpoint was not asked and has set no answer, but a stall comes after the head */
    if (wire->fault == IM_FAULT_STALL && res->status == 0)
        replace_answer(res, 200, "application/json", IM_STR("{}"));
    apply_fault(wire, res);
    if (wire->retry_after_s)
        im_response_headerf(res, "Retry-After", "%lld", (long long)wire->retry_after_s);
}

int64_t im_wire_takes_ms(const struct im_wire *wire, const struct im_response *res)
{
    return wire->bytes_per_s > 0
               ? (int64_t)((double)res->body.len * 1000 / (double)wire->bytes_per_s)
               : 0;
}

/* ---- reading ---- */

/* Two faults at once would leave open which of them is meant. */
static bool set_fault(struct im_json_reader *r, const struct im_json *value,
                      struct im_wire *wire, enum im_fault fault)
{
    if (wire->fault != IM_FAULT_NONE && wire->fault != fault)
        return im_json_fault(r, value, "\"%s\" and \"%s\" contradict each other",
                             im_fault_name(wire->fault), im_fault_name(fault));
    wire->fault = fault;
    return true;
}

/* The member is called like the fault that it brings about. */
static bool take_fault(struct im_json_reader *r, const struct im_json *value, void *into)
{
    return set_fault(r, value, into, im_fault_find(value->name));
}

static bool take_redirect(struct im_json_reader *r, const struct im_json *value,
                          void *into)
{
    struct im_wire *wire = into;

    wire->status = 302;
    return set_fault(r, value, wire, IM_FAULT_REDIRECT);
}

/* HOLD_MAX also stands for "until the time is up, or release". Each wait takes one of a bounded number of
 * places, so its time is bounded as well. */
enum { HOLD_MAX = 10000, HOLD_MS = 5000, WAIT_MAX_MS = 600000 };

static bool take_hold(struct im_json_reader *r, const struct im_json *value, void *into)
{
    struct im_wire *wire = into;

    (void)r;
    (void)value;
    if (!wire->hold_until)
        wire->hold_until = HOLD_MAX;
    if (!wire->hold_ms)
        wire->hold_ms = HOLD_MS;
    return true;
}

static bool take_body(struct im_json_reader *r, const struct im_json *value, void *into)
{
    struct im_wire *wire = into;
    struct im_buf text;
    struct im_json_out out;

    /* a text goes out as it is, anything else as JSON, and Content-Type says which */
    if (value->type == IM_JSON_STRING) {
        bool page = im_str_starts(im_str_trim(value->text), "<");
        wire->content_type =
            page ? "text/html; charset=utf-8" : "text/plain; charset=utf-8";
        wire->body = im_arena_copy(r->arena, value->text);
        return true;
    }
    im_buf_init(&text, r->arena, 0);
    im_json_out_init(&out, &text);
    im_json_value(&out, (struct im_str){0}, value);
    wire->content_type = "application/json";
    wire->body = im_buf_str(&text);
    return true;
}

/* A header of whole seconds: a duration is rounded up. */
static bool take_retry_after(struct im_json_reader *r, const struct im_json *value,
                             void *into)
{
    struct im_wire *wire = into;

    (void)r;
    if (value->type == IM_JSON_STRING)
        wire->retry_after_s = (wire->retry_after_s + 999) / 1000;
    return true;
}

static bool take_at(struct im_json_reader *r, const struct im_json *value, void *into)
{
    (void)r;
    ((struct im_wire *)into)->after = im_str_is(value->text, "after");
    return true;
}

#define WIRE(member) IM_READ_INTO(struct im_wire, member)
#define WAIT         "a duration above 0, at most 10m, such as \"2s\""
#define REQUESTS                                                                         \
    .min = 1, .max = HOLD_MAX, .wanted = "a whole number of requests, 1 to 10000"
#define FLAG(fault)                                                                      \
    {                                                                                    \
        fault, IM_READ_TRUE, .check = take_fault                                         \
    }

static const struct im_json_row hold[] = {
    {"until", IM_READ_WHOLE, WIRE(hold_until), REQUESTS},
    {"for", IM_READ_DURATION, WIRE(hold_ms), .min = 1, .max = WAIT_MAX_MS},
};
static const struct im_json_table hold_table = {IM_READ_ROWS(hold)};
static const struct im_json_row hold_forms[] = {
    {NULL, IM_READ_WHOLE, WIRE(hold_until), REQUESTS},
    {NULL, IM_READ_OBJECT, .table = &hold_table},
};
static const struct im_json_row html_forms[] = {
    {NULL, IM_READ_TRUE, .wanted = "true or the page's text"},
    {NULL, IM_READ_TEXT, WIRE(body)},
};
static const struct im_json_row retry_forms[] = {
    {NULL, IM_READ_WHOLE, WIRE(retry_after_s), .min = 1, .max = 600, .wanted = WAIT},
    {NULL, IM_READ_DURATION, WIRE(retry_after_s), .min = 1, .max = WAIT_MAX_MS},
};

static const struct im_json_row members[] = {
    {"delay", IM_READ_DURATION, WIRE(delay_ms), .min = 1, .max = WAIT_MAX_MS},
    {"hold", IM_READ_EITHER, IM_READ_ROWS(hold_forms), .check = take_hold,
     .wanted = "a number of requests, or {\"until\": N, \"for\": \"2s\"}"},
    {"bandwidth", IM_READ_WHOLE, WIRE(bytes_per_s), .min = 1, .max = INT64_MAX,
     .check = take_fault, .wanted = "bytes per second, 1 or more"},
    FLAG("stall"),
    FLAG("drop"),
    FLAG("reset"),
    FLAG("truncate"),
    FLAG("malformed-json"),
    FLAG("wrong-type"),
    {"html", IM_READ_EITHER, IM_READ_ROWS(html_forms), .check = take_fault,
     .wanted = "true or the page's text"},
    {"status", IM_READ_WHOLE, WIRE(status), .min = 200, .max = 599, .check = take_fault,
     .wanted = "a status, 200 to 599"},
    {"redirect", IM_READ_TEXT, WIRE(location), .check = take_redirect,
     .wanted = "the address to redirect to"},
    {"retry_after", IM_READ_EITHER, IM_READ_ROWS(retry_forms), .check = take_retry_after,
     .wanted = WAIT},
    {"body", IM_READ_JSON, .check = take_body},
    {"at", IM_READ_WORD, .words = "before|after", .check = take_at,
     .wanted = "\"before\" (the request takes no effect) or \"after\""},
};

/* What the members mean together. */
static bool check_object(struct im_json_reader *r, const struct im_json *value,
                         void *into)
{
    struct im_wire *wire = into;
    bool after = im_fault_is_after(wire->fault);

    if (wire->content_type && wire->fault != IM_FAULT_STATUS)
        return im_json_fault(r, value, "\"body\" goes with \"status\" alone");
    if (!im_json_get(value, "at"))
        wire->after = after;
    else if (!wire->after && after)
        return im_json_fault(r, value,
                             "\"%s\" damages an answer, so it comes after the request "
                             "took effect: leave \"at\" out",
                             im_fault_name(wire->fault));
    if (im_wire_fault(wire) == IM_FAULT_NONE && !wire->retry_after_s)
        return im_json_fault(r, value, "name a fault, such as \"drop\": true");
    if (!wire->content_type)
        wire->content_type = "application/json";
    return true;
}

static const struct im_json_table wire_table = {.where = "wire",
                                                IM_READ_ROWS(members),
                                                .check = check_object};

/* By name alone only what needs no value: not a delay, whose length would be ours to guess. */
static bool check_word(struct im_json_reader *r, const struct im_json *value, void *into)
{
    struct im_wire *wire = into;

    wire->after = im_fault_is_after(wire->fault);
    wire->content_type = "application/json";
    return (wire->fault >= IM_FAULT_STALL && wire->fault <= IM_FAULT_HTML) ||
           im_json_fault(r, value, "\"%s\" needs to be told more: {\"%s\": …}",
                         im_fault_name(wire->fault), im_fault_name(wire->fault));
}

const struct im_json_row im_wire_forms[IM_WIRE_FORMS] = {
    {NULL, IM_READ_WORD, WIRE(fault), .min = 1, .names = &wire_names,
     .check = check_word},
    {NULL, IM_READ_OBJECT, .table = &wire_table},
};
