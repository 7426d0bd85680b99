/* A request's own rule, read from its headers by the tables that read the rules of scenarios: names,
 * hints and contradictions are the same in both places. */
#include "scenario/trigger.h"

#define REFUSE "X-Intacct-Mock-Refuse"
#define WIRE   "X-Intacct-Mock-Wire"

static const struct im_json_row trigger_rows[] = {
    {REFUSE, IM_READ_WORD, IM_READ_INTO(struct im_rule, refuse), .min = 1,
     .names = &im_cause_names},
    {WIRE, IM_READ_EITHER, IM_READ_INTO(struct im_rule, wire), .rows = im_wire_forms,
     .count = IM_WIRE_FORMS,
     .wanted = "a fault's name, or an object such as {\"delay\": \"2s\"}"},
};
static const struct im_json_table trigger_table = {IM_READ_ROWS(trigger_rows)};

/* Nearly no request brings a rule, and every request is looked at: comparing lengths costs next to
 * nothing and rules out most headers. */
static bool may_bring(const struct im_request *req)
{
    for (size_t i = 0; i < req->header_count; i++)
        if (req->headers[i].name.len == sizeof(REFUSE) - 1 ||
            req->headers[i].name.len == sizeof(WIRE) - 1)
            return true;
    return false;
}

/* A name, or an object as JSON. False with why when it is meant as one and is none. */
static bool trigger_value(struct im_arena *arena, struct im_str text,
                          struct im_json *value, struct im_error *why)
{
    struct im_json_error flaw;

    *value = (struct im_json){.type = IM_JSON_STRING, .text = text};
    if (!im_str_starts(text, "{"))
        return true;
    const struct im_json *object = im_json_parse(arena, text, &flaw);
    if (object)
        *value = *object;
    return object ||
           im_error_set(why, WIRE " is no JSON: column %u: %s", flaw.column, flaw.what);
}

/* Both headers as members of one object, so that a table reads them. */
static bool trigger_fill(struct im_request *req, struct im_str refuse, struct im_str wire,
                         struct im_rule *rule, struct im_error *why)
{
    struct im_json members[2], object = {.type = IM_JSON_OBJECT};
    struct im_json_fault fault = {.at = NULL};
    struct im_json_reader r = {
        .arena = req->arena, .faults = &fault, .room = 1, .member = "header"};

    if (refuse.at && !trigger_value(req->arena, refuse, &members[object.count], why))
        return false;
    if (refuse.at)
        members[object.count++].name = IM_STR(REFUSE);
    if (wire.at && !trigger_value(req->arena, wire, &members[object.count], why))
        return false;
    if (wire.at)
        members[object.count++].name = IM_STR(WIRE);
    members[0].next = object.count == 2 ? &members[1] : NULL;
    members[object.count - 1].next = NULL;
    object.first = members;
    rule->has_wire = wire.at != NULL;
    return im_json_read(&r, &trigger_table, &object, rule) ||
           im_error_set(why, "%s", fault.err.text);
}

enum im_cause im_trigger_read(struct im_request *req, const struct im_rule **rule)
{
    struct im_str refuse, wire;
    struct im_error why;

    *rule = NULL;
    if (!may_bring(req))
        return CAUSE_NONE;
    refuse = im_request_header(req, REFUSE);
    wire = im_request_header(req, WIRE);
    if (!refuse.at && !wire.at)
        return CAUSE_NONE;
    struct im_rule *own = IM_ARENA_NEW(req->arena, struct im_rule);
    if (!own) /* the arena is marked: the pipeline answers `internal` at its end */
        return CAUSE_NONE;
    if (!trigger_fill(req, refuse, wire, own, &why))
        return im_refuse(req, CAUSE_TRIGGER_UNKNOWN, "%.*s",
                         IM_ARG(im_quote(req, im_str(why.text))));
    *rule = own;
    return CAUSE_NONE;
}
