#include "scenario/wire.h"

#include <string.h>

#include "base/clock.h"
#include "scenario/member.h"

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

static const char login_page[] =
    "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\n<body>"
    "<h1>Network sign-in required</h1>\n<form method=\"post\" action=\"/login\">"
    "<input name=\"user\"><input name=\"password\" type=\"password\">"
    "<button>Continue</button></form></body></html>\n";

static void replace(struct im_response *res, int status, const char *type,
                    struct im_str body)
{
    im_response_clear(res);
    im_buf_add(im_response_begin(res, status, type), body);
}

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
    case IM_FAULT_STALL: res->damage.stall = true; break;
    case IM_FAULT_DROP: res->damage.drop = true; break;
    case IM_FAULT_RESET: res->damage.reset = true; break;
    case IM_FAULT_TRUNCATE: res->damage.truncate = true; break;
    case IM_FAULT_MALFORMED_JSON: cut_json(res); break;
    case IM_FAULT_WRONG_TYPE:
        im_response_header(res, "Content-Type", IM_STR("text/html; charset=utf-8"));
        break;
    case IM_FAULT_HTML:
        replace(res, 200, "text/html; charset=utf-8",
                wire->body.len ? wire->body : im_str(login_page));
        break;
    case IM_FAULT_STATUS:
        replace(res, wire->status, wire->content_type, wire->body);
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
    const char *other = im_str_starts(rest, "/localhost") ? "127.0.0.1" : "localhost";
    size_t name = im_str_starts(rest, "/[::1]") ? 6 : 10; /* "/127.0.0.1", "/localhost" */

    if (wire->fault != IM_FAULT_REDIRECT || !im_str_starts(wire->location, elsewhere.at))
        return;
    struct im_str path = im_str_slice(wire->location, elsewhere.len, wire->location.len);
    struct im_str behind = im_str_slice(rest, name, rest.len);
    im_response_header(
        res, "Location",
        is_ours ? im_arena_format(res->arena, "%.*s//%s%.*s/elsewhere%.*s",
                                  IM_ARG(scheme), other, IM_ARG(behind), IM_ARG(path))
                : im_arena_format(res->arena, "https://elsewhere.invalid%.*s",
                                  IM_ARG(path)));
}

void im_wire_apply(const struct im_wire *wire, struct im_response *res)
{
    /* an endpoint that was not asked has answered nothing yet: headers must say something */
    if (wire->fault == IM_FAULT_STALL && res->status == 0)
        replace(res, 200, "application/json", IM_STR("{}"));
    apply_fault(wire, res);
    if (wire->retry_after_s)
        im_response_headerf(res, "Retry-After", "%lld", (long long)wire->retry_after_s);
}

/* ---- reading ---- */

static const char *const fields[] = {"delay", "hold",     "stall",          "drop",
                                     "reset", "truncate", "malformed-json", "wrong-type",
                                     "html",  "status",   "redirect",       "retry_after",
                                     "body",  "at"};
enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

const char *im_wire_field(size_t index)
{
    return index < FIELDS ? fields[index] : NULL;
}

struct reading {
    struct im_wire *wire;
    struct im_arena *arena;
    struct im_error *err;
    bool at_given, has_body;
};

static bool refuse(struct reading *r, const struct im_json *member, const char *wanted)
{
    struct im_error why;

    im_member_wrong(member, wanted, &why);
    return im_error_set(r->err, "wire: %s", why.text);
}

static bool read_duration(struct reading *r, const struct im_json *member, int64_t *ms)
{
    return (member->type == IM_JSON_STRING && im_duration_parse(member->text, ms) &&
            *ms > 0 && *ms <= 600000) ||
           refuse(r, member, "a duration above 0, at most 10m, such as \"2s\"");
}

/* Two faults at once would leave open which of them is meant. */
static bool set_fault(struct reading *r, enum im_fault fault)
{
    if (r->wire->fault != IM_FAULT_NONE && r->wire->fault != fault)
        return im_error_set(r->err, "wire: \"%s\" and \"%s\" contradict each other",
                            im_fault_name(r->wire->fault), im_fault_name(fault));
    r->wire->fault = fault;
    return true;
}

static bool read_until(struct reading *r, const struct im_json *count)
{
    if (count->type != IM_JSON_NUMBER || !count->is_whole || count->whole < 1 ||
        count->whole > 10000)
        return refuse(r, count, "a whole number of requests, 1 to 10000");
    r->wire->hold_until = count->whole;
    return true;
}

/* Either a number of requests, or {"until": N, "for": "2s"}. */
static bool read_hold(struct reading *r, const struct im_json *member)
{
    r->wire->hold_ms = 5000;
    if (member->type == IM_JSON_NUMBER)
        return read_until(r, member);
    if (member->type != IM_JSON_OBJECT)
        return refuse(r, member,
                      "a number of requests, or {\"until\": N, \"for\": \"2s\"}");
    r->wire->hold_until = 10000; /* nobody counts: until the time is up, or release */
    for (const struct im_json *part = member->first; part; part = part->next) {
        bool until = im_str_is(part->name, "until");
        if (!until && !im_str_is(part->name, "for"))
            return im_error_set(r->err,
                                "wire: hold: unknown field \"%.*s\"; there are "
                                "\"until\" and \"for\"",
                                IM_ARG(im_str_slice(part->name, 0, 60)));
        if (until ? !read_until(r, part) : !read_duration(r, part, &r->wire->hold_ms))
            return false;
    }
    return true;
}

static bool read_flag(struct reading *r, const struct im_json *member)
{
    if (member->type != IM_JSON_BOOL || !member->boolean)
        return refuse(r, member, "true, or be left out");
    return set_fault(r, im_fault_find(member->name));
}

static bool read_html(struct reading *r, const struct im_json *member)
{
    if (member->type == IM_JSON_STRING && member->text.len)
        r->wire->body = im_arena_copy(r->arena, member->text);
    else if (member->type != IM_JSON_BOOL || !member->boolean)
        return refuse(r, member, "true or the page's text");
    return set_fault(r, IM_FAULT_HTML);
}

static bool read_status(struct reading *r, const struct im_json *member)
{
    if (member->type != IM_JSON_NUMBER || !member->is_whole || member->whole < 200 ||
        member->whole > 599)
        return refuse(r, member, "a status, 200 to 599");
    r->wire->status = (int)member->whole;
    return set_fault(r, IM_FAULT_STATUS);
}

static bool read_redirect(struct reading *r, const struct im_json *member)
{
    if (member->type != IM_JSON_STRING || !member->text.len)
        return refuse(r, member, "the address to redirect to");
    r->wire->status = 302;
    r->wire->location = im_arena_copy(r->arena, member->text);
    return set_fault(r, IM_FAULT_REDIRECT);
}

static bool read_body(struct reading *r, const struct im_json *member)
{
    struct im_buf text;
    struct im_json_out out;

    r->has_body = true;
    if (member->type == IM_JSON_STRING) {
        bool page = im_str_starts(im_str_trim(member->text), "<");
        r->wire->content_type =
            page ? "text/html; charset=utf-8" : "text/plain; charset=utf-8";
        r->wire->body = im_arena_copy(r->arena, member->text);
        return true;
    }
    im_buf_init(&text, r->arena, 0);
    im_json_out_init(&out, &text);
    im_json_value(&out, (struct im_str){0}, member);
    r->wire->body = im_buf_str(&text);
    return true;
}

/* A header of whole seconds: a duration is rounded up. */
static bool read_retry_after(struct reading *r, const struct im_json *member)
{
    int64_t ms = 0;

    if (member->type == IM_JSON_NUMBER && member->is_whole && member->whole > 0 &&
        member->whole <= 600)
        ms = member->whole * 1000;
    else if (!read_duration(r, member, &ms))
        return false;
    r->wire->retry_after_s = (ms + 999) / 1000;
    return true;
}

static bool read_at(struct reading *r, const struct im_json *member)
{
    bool after = im_str_is(member->text, "after");

    if (member->type != IM_JSON_STRING || (!after && !im_str_is(member->text, "before")))
        return refuse(r, member, "\"before\" (the request takes no effect) or \"after\"");
    r->at_given = true;
    r->wire->after = after;
    return true;
}

static bool refuse_unknown(struct reading *r, struct im_str name)
{
    struct im_str known[FIELDS];

    for (size_t i = 0; i < FIELDS; i++)
        known[i] = im_str(fields[i]);
    int nearest = im_str_nearest(name, known, FIELDS);
    return im_error_set(r->err, "wire: there is no \"%.*s\"%s%s%s",
                        IM_ARG(im_str_slice(name, 0, 60)),
                        nearest < 0 ? "" : "; did you mean \"",
                        nearest < 0 ? "" : fields[nearest], nearest < 0 ? "" : "\"?");
}

static bool read_member(struct reading *r, const struct im_json *member)
{
    static const struct {
        const char *name;
        bool (*read)(struct reading *r, const struct im_json *member);
    } readers[] = {
        {"hold", read_hold},       {"stall", read_flag},
        {"drop", read_flag},       {"reset", read_flag},
        {"truncate", read_flag},   {"malformed-json", read_flag},
        {"wrong-type", read_flag}, {"html", read_html},
        {"status", read_status},   {"redirect", read_redirect},
        {"body", read_body},       {"retry_after", read_retry_after},
        {"at", read_at},
    };

    if (im_str_is(member->name, "delay"))
        return read_duration(r, member, &r->wire->delay_ms);
    for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
        if (im_str_is(member->name, readers[i].name))
            return readers[i].read(r, member);
    return refuse_unknown(r, member->name);
}

/* What the members mean together. */
static bool finish(struct reading *r, const struct im_json *json)
{
    struct im_wire *wire = r->wire;

    if (r->has_body && wire->fault != IM_FAULT_STATUS)
        return im_error_set(r->err, "wire: \"body\" goes with \"status\" alone");
    if (!wire->content_type)
        wire->content_type = "application/json";
    if (!r->at_given)
        wire->after = im_fault_is_after(wire->fault);
    else if (!wire->after && im_fault_is_after(wire->fault))
        return im_error_set(r->err,
                            "wire: \"%s\" damages an answer, so it comes after the "
                            "request took effect: leave \"at\" out",
                            im_fault_name(wire->fault));
    if (json->type == IM_JSON_OBJECT && im_wire_fault(wire) == IM_FAULT_NONE &&
        !wire->retry_after_s)
        return im_error_set(r->err, "wire: name a fault, such as \"drop\": true");
    return true;
}

static bool read_word(struct reading *r, const struct im_json *json)
{
    enum im_fault fault = im_fault_find(json->text);
    bool alone = fault >= IM_FAULT_STALL && fault <= IM_FAULT_HTML;

    if (alone)
        return set_fault(r, fault);
    if (fault == IM_FAULT_NONE)
        return refuse_unknown(r, json->text);
    return im_error_set(r->err, "wire: \"%s\" needs to be told more: {\"%s\": …}",
                        im_fault_name(fault), im_fault_name(fault));
}

bool im_wire_read(struct im_wire *wire, struct im_arena *arena,
                  const struct im_json *json, const struct im_json **at,
                  struct im_error *err)
{
    struct reading r = {.wire = wire, .arena = arena, .err = err};

    *wire = (struct im_wire){.fault = IM_FAULT_NONE};
    *at = json;
    if (json->type == IM_JSON_STRING)
        return read_word(&r, json) && finish(&r, json);
    if (json->type != IM_JSON_OBJECT)
        return im_error_set(err, "wire: must be a fault's name or an object, not %s",
                            im_json_type_name(json->type));
    for (const struct im_json *member = json->first; member; member = member->next) {
        *at = member;
        if (!read_member(&r, member))
            return false;
    }
    *at = json;
    return finish(&r, json);
}
