/* services/core/query: rows of one object by fields, filters and order (Query service
 * guide). */
#include "endpoints/endpoint.h"
#include "endpoints/record.h"
#include "endpoints/rest_envelope.h"

static enum im_cause query_find_type(struct im_request *req, struct im_record *record)
{
    const struct im_json *object = im_json_get(record->body, "object");
    bool absent = !object || object->type == IM_JSON_NULL;
    if (absent || object->type != IM_JSON_STRING) {
        req->exchange->field = IM_STR("object");
        return im_refuse(
            req, absent ? CAUSE_QUERY_KEY_MISSING : CAUSE_QUERY_VALUE_INVALID,
            "the payload must be an object whose \"object\" names what to look "
            "in, such as \"accounts-payable/vendor\"");
    }
    record->type = im_object_type_find(object->text);
    if (record->type)
        return CAUSE_NONE;
    const struct im_object_type *near = im_object_type_near(object->text);
    return im_record_unknown_object(req, object->text, near ? near->rest_name : NULL);
}

/* In the order of the REST objects (resource.c), but the payload comes before the permission, since only
 * the payload names the object. */
static enum im_cause query_admit(struct im_authority *authority, struct im_request *req,
                                 struct im_record *record)
{
    enum im_cause cause =
        im_access_check(authority, req, IM_DIALECT_REST, &record->access);
    if (!cause)
        cause = im_record_payload(req, &record->body);
    if (!cause)
        cause = query_find_type(req, record);
    if (!cause)
        cause = im_access_object(authority, req, &record->access, record->type,
                                 IM_ACTION_READ);
    return cause;
}

enum im_cause im_endpoint_query(struct im_authority *authority, struct im_request *req,
                                struct im_response *res)
{
    struct im_record record = {0};
    enum im_cause cause = query_admit(authority, req, &record);
    if (cause)
        return cause;
    struct im_json_out out;
    im_rest_begin(res, 200, &out);
    struct im_objects_call call = {
        .type = record.type,
        .entity = record.access.entity,
        .now_ms = req->now_ms,
        .out = &out,
        .name = IM_REST_RESULT,
    };
    enum im_objects_result result = im_objects_query(
        im_authority_objects(authority, &record.access.principal.company), &call,
        record.body);
    if (result != IM_OBJECTS_OK)
        return im_record_refuse(req, result, &call);
    im_rest_end_page(&out, &call.meta);
    return CAUSE_NONE;
}
