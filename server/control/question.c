/* Which exchanges of the journal a call asks for: its query, read by a table as bodies are. */
#include "control/control.h"

static const char *endpoint_word(size_t index)
{
    return im_endpoint_name((enum im_endpoint)(index + IM_ENDPOINT_TOKEN));
}

static const struct im_json_names endpoints = {.what = "endpoint", .word = endpoint_word};

#define FILTER(member) IM_READ_INTO(struct im_question, filter.member)
#define TEXT(member)   IM_READ_TEXT, IM_READ_EMPTY, FILTER(member)

static const struct im_json_row filters[] = {
    {"endpoint", IM_READ_WORD, FILTER(endpoint), .min = IM_ENDPOINT_TOKEN,
     .names = &endpoints},
    {"cause", IM_READ_WORD, FILTER(cause), .min = 1, .names = &im_cause_names},
    {"status", IM_READ_WHOLE, FILTER(status), .min = 100, .max = 599,
     .wanted = "a status, 100 to 599"},
    {"grant", TEXT(grant)},
    {"client", TEXT(client_id)},
    {"user", TEXT(user)},
    {"method", TEXT(method)},
    {"path", TEXT(path)},
    {"since", IM_READ_WHOLE, IM_READ_INTO(struct im_question, since), .max = INT64_MAX},
};
static const struct im_json_table filter_table = {IM_READ_ROWS(filters)};

static const struct im_json_row waits_rows[] = {
    {NULL, IM_READ_PART, .table = &filter_table},
    {"count", IM_READ_WHOLE, IM_READ_INTO(struct im_question, count), .max = INT64_MAX},
    {"wait", IM_READ_DURATION, IM_READ_INTO(struct im_question, wait_ms), .max = 600000},
};
static const struct im_json_table waiting_table = {IM_READ_ROWS(waits_rows)};

/* The parameters as members of an object: strings, of which some are numbers too. */
static struct im_json *object_of(struct im_arena *arena, const struct im_params *params)
{
    struct im_json *object = IM_ARENA_NEW(arena, struct im_json);
    struct im_json *members = IM_ARENA_ARRAY(arena, struct im_json, params->count);

    if (!object || !members)
        return NULL;
    *object = (struct im_json){.type = IM_JSON_OBJECT, .count = params->count};
    object->first = params->count ? members : NULL;
    for (size_t i = 0; i < params->count; i++) {
        struct im_str value = params->items[i].value;
        members[i] =
            (struct im_json){.type = IM_JSON_STRING,
                             .name = params->items[i].name,
                             .text = value,
                             .next = i + 1 < params->count ? &members[i + 1] : NULL};
        members[i].is_whole = im_str_int(value, &members[i].whole);
    }
    return object;
}

bool im_control_question(struct im_call *call, bool waits, struct im_question *question)
{
    struct im_json_fault fault = {.at = NULL};
    struct im_json_reader r = {
        .arena = call->req->arena, .faults = &fault, .room = 1, .member = "parameter"};
    struct im_params params;
    struct im_error err;

    *question = (struct im_question){.count = -1, .since = -1};
    if (!im_request_query(call->req, &params, &err)) {
        im_control_refuse(call, 400, NULL, "%s", err.text);
        return false;
    }
    const struct im_json *object = object_of(call->req->arena, &params);
    if (!object)
        return false; /* the arena's mark tells it */
    if (!im_json_read(&r, waits ? &waiting_table : &filter_table, object, question)) {
        im_control_refuse_fault(call, &fault);
        return false;
    }
    question->has_since = question->since >= 0;
    question->filter.since = question->has_since ? (uint64_t)question->since : 0;
    return true;
}
