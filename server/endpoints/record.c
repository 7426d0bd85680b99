/* What REST objects and the article's API have in common: path, method, payload and
 * page of a request, and the causes for what the store refuses. */
#include "endpoints/record.h"

#include "endpoints/endpoint.h"
#include "oauth/credentials.h"

/* ---- the path ---- */

bool im_record_piece(struct im_request *req, struct im_str *rest, struct im_str *piece)
{
    /* cut before it is decoded: an encoded slash belongs to the piece */
    struct im_str encoded = im_str_cut(rest, '/');
    if (im_url_decode(req->arena, encoded, false, piece) && im_str_utf8(*piece))
        return true;
    (void)im_refuse(req, CAUSE_REQUEST_MALFORMED,
                    "\"%.*s\" in the path is not percent-encoded UTF-8",
                    IM_ARG(im_quote(req, encoded)));
    return false;
}

enum im_cause im_record_unknown_object(struct im_request *req, struct im_str name,
                                       const char *near)
{
    name = im_quote(req, name);
    req->exchange->object = name;
    return im_refuse(req, CAUSE_OBJECT_UNKNOWN, "there is no object \"%.*s\"%s",
                     IM_ARG(name), im_hint_of(near).text);
}

/* ---- the method ---- */

/* method-not-allowed with the Allow header. */
static enum im_cause record_find_action(struct im_request *req, struct im_record *record)
{
    static const struct {
        const char *method;
        enum im_action action;
    } actions[] = {
        {"GET", IM_ACTION_READ},
        {"POST", IM_ACTION_CREATE},
        {"PATCH", IM_ACTION_UPDATE},
        {"DELETE", IM_ACTION_DELETE},
    };

    if (!im_method_in(im_route_methods(req), req->method))
        return im_route_refuse_method(req);
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (im_str_is(req->method, actions[i].method))
            record->action = actions[i].action;
    return CAUSE_NONE;
}

/* ---- the payload ---- */

/* XML without a Content-Type is recognised by its first character. */
static bool payload_is_xml(const struct im_request *req, struct im_str type)
{
    return im_request_is(req, "application/xml") || im_request_is(req, "text/xml") ||
           im_request_is(req, "x-intacct-xml-request") ||
           (!type.len && im_str_starts(im_str_trim(req->body), "<"));
}

static enum im_cause payload_check_type(struct im_request *req)
{
    struct im_str type = im_quote(req, im_request_header(req, "Content-Type"));
    if (payload_is_xml(req, type))
        return im_refuse(
            req, CAUSE_XML_SENT_TO_REST,
            "the payload is XML (Content-Type \"%.*s\"); this is the REST API, "
            "the XML gateway is another address",
            IM_ARG(type));
    if (!type.len || im_request_is(req, "application/json"))
        return CAUSE_NONE;
    return im_refuse(req, CAUSE_CONTENT_TYPE_UNSUPPORTED,
                     "Content-Type is \"%.*s\", not application/json", IM_ARG(type));
}

enum im_cause im_record_payload(struct im_request *req, const struct im_json **body)
{
    if (!im_str_trim(req->body).len)
        return im_refuse(req, CAUSE_API_PAYLOAD_MISSING, "%.*s without a body",
                         IM_ARG(req->method));
    enum im_cause cause = payload_check_type(req);
    if (cause)
        return cause;
    struct im_json_error where;
    *body = im_json_parse(req->arena, req->body, &where);
    if (*body)
        return CAUSE_NONE;
    return im_refuse(req, CAUSE_API_PAYLOAD_MALFORMED,
                     "the body is not JSON: line %u, column %u: %s", where.line,
                     where.column, where.what);
}

/* ---- the page of a list ---- */

/* Absent is fine: the store then takes its default. 0 is not: rows are counted from 1. */
static bool param_read_count(const struct im_params *params, const char *name,
                             int64_t *value)
{
    struct im_str text = im_param(params, name);
    return !text.at || (im_str_int(text, value) && *value >= 1);
}

static enum im_cause record_read_page(struct im_request *req,
                                      struct im_objects_page *page)
{
    const struct im_sent_params *query = &im_credentials(req)->query;
    const struct im_params *params = &query->params;
    if (query->fault.len)
        return im_refuse(req, CAUSE_QUERY_VALUE_INVALID, "the query of the address: %.*s",
                         IM_ARG(query->fault));
    const char *wrong = NULL;
    if (!param_read_count(params, "start", &page->start))
        wrong = "start";
    else if (!param_read_count(params, "size", &page->size) ||
             page->size > IM_OBJECTS_PAGE_MAX)
        wrong = "size";
    if (!wrong)
        return CAUSE_NONE;
    req->exchange->field = im_str(wrong);
    return im_refuse(req, CAUSE_QUERY_VALUE_INVALID,
                     "%s=%.*s: a whole number from 1 is wanted (size: at most %d)", wrong,
                     IM_ARG(im_quote(req, im_param(params, wrong))), IM_OBJECTS_PAGE_MAX);
}

static enum im_cause record_read(struct im_request *req, struct im_record *record)
{
    switch (record->action) {
    case IM_ACTION_CREATE:
    case IM_ACTION_UPDATE: return im_record_payload(req, &record->body);
    case IM_ACTION_READ:
        return record->key.len ? CAUSE_NONE : record_read_page(req, &record->page);
    case IM_ACTION_DELETE: break;
    }
    return CAUSE_NONE;
}

/* ---- may the call be made ---- */

enum im_cause im_record_admit(struct im_authority *authority, struct im_request *req,
                              const struct im_record_api *api, struct im_record *record)
{
    enum im_cause cause = im_access_check(authority, req, api->dialect, &record->access);
    if (!cause)
        cause = api->locate(req, record);
    if (!cause)
        cause = record_find_action(req, record);
    if (!cause && api->check_scope)
        cause = api->check_scope(req, record);
    if (!cause)
        cause = im_access_object(authority, req, &record->access, record->type,
                                 record->action);
    return cause ? cause : record_read(req, record);
}

/* ---- what the store refuses ---- */

enum im_cause im_record_cause(enum im_objects_result result)
{
    switch (result) {
    case IM_OBJECTS_OK: return CAUSE_NONE;
    case IM_OBJECTS_TYPE_UNKNOWN: return CAUSE_OBJECT_UNKNOWN;
    case IM_OBJECTS_NOT_FOUND: return CAUSE_RECORD_NOT_FOUND;
    case IM_OBJECTS_PAYLOAD_MISSING: return CAUSE_API_PAYLOAD_MISSING;
    case IM_OBJECTS_PAYLOAD_WRONG: return CAUSE_API_PAYLOAD_MALFORMED;
    case IM_OBJECTS_FIELD_UNKNOWN: return CAUSE_FIELD_INVALID;
    case IM_OBJECTS_FIELD_READ_ONLY:
    case IM_OBJECTS_KEY_GIVEN: return CAUSE_FIELD_READ_ONLY;
    case IM_OBJECTS_FIELD_MISSING: return CAUSE_FIELD_MISSING;
    case IM_OBJECTS_FIELD_WRONG_TYPE: return CAUSE_FIELD_TYPE_WRONG;
    case IM_OBJECTS_REFERENCE_UNKNOWN: return CAUSE_REFERENCE_UNKNOWN;
    case IM_OBJECTS_KEY_REUSED: return CAUSE_IDEMPOTENCY_KEY_REUSED;
    case IM_OBJECTS_CONFLICT: return CAUSE_RECORD_DUPLICATE;
    case IM_OBJECTS_IN_USE: return CAUSE_RECORD_IN_USE;
    case IM_OBJECTS_QUERY_FIELD: return CAUSE_QUERY_INVALID;
    case IM_OBJECTS_QUERY_UNKNOWN: return CAUSE_QUERY_KEY_UNKNOWN;
    case IM_OBJECTS_QUERY_MISSING: return CAUSE_QUERY_KEY_MISSING;
    case IM_OBJECTS_QUERY_WRONG: return CAUSE_QUERY_VALUE_INVALID;
    case IM_OBJECTS_TOO_LARGE: return CAUSE_REQUEST_TOO_LARGE;
    case IM_OBJECTS_FULL: return CAUSE_STORE_FULL;
    case IM_OBJECTS_NO_MEMORY: break;
    }
    return CAUSE_INTERNAL; /* ours, and no fault of the payload */
}

enum im_cause im_record_refuse(struct im_request *req, enum im_objects_result result,
                               const struct im_objects_call *call)
{
    enum im_cause cause = im_record_cause(result);
    if (!cause)
        return CAUSE_NONE;
    if (call->refusal
            .field[0]) /* a copy, since the call is on the stack of its endpoint */
        req->exchange->field = im_arena_copy(req->arena, im_str(call->refusal.field));
    if (result == IM_OBJECTS_NO_MEMORY)
        return im_refuse(req, cause, "memory is short in the store of business objects");
    return im_refuse(req, cause, "%s", call->refusal.text);
}
