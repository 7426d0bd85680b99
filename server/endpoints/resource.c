/* The REST objects: /objects/{application}/{name}[/{key}]. Statuses and envelopes as
 * documented ("REST API overview") and recorded: 200 with ia::result and ia::meta, 201
 * with key, id and href, 204 for a delete. */
#include "endpoints/batch.h"
#include "endpoints/endpoint.h"
#include "endpoints/record.h"
#include "endpoints/rest_envelope.h"

/* ---- which object, which record ---- */

static enum im_cause resource_find_type(struct im_request *req, struct im_str name,
                                        struct im_record *record)
{
    record->type = im_object_type_find(name);
    if (record->type) {
        req->exchange->object = im_str(record->type->rest_name);
        return CAUSE_NONE;
    }
    const struct im_object_type *near = im_object_type_near(name);
    return im_record_unknown_object(req, name, near ? near->rest_name : NULL);
}

static enum im_cause resource_locate(struct im_request *req, struct im_record *record)
{
    struct im_str rest = req->rest, application, name;
    if (!im_record_piece(req, &rest, &application) ||
        !im_record_piece(req, &rest, &name) || !im_record_piece(req, &rest, &record->key))
        return req->exchange->cause;
    if (rest.len)
        return im_refuse(
            req, CAUSE_PATH_UNKNOWN,
            "\"%.*s\": objects are addressed as {application}/{name}[/{key}]",
            IM_ARG(im_quote(req, req->rest)));
    struct im_str full = im_arena_format(req->arena, "%.*s%s%.*s", IM_ARG(application),
                                         name.len ? "/" : "", IM_ARG(name));
    return resource_find_type(req, full, record);
}

static const struct im_record_api resource_api = {
    .dialect = IM_DIALECT_REST,
    .locate = resource_locate,
};

/* ---- the answers ---- */

static enum im_objects_result resource_perform(struct im_objects *store,
                                               struct im_objects_call *call,
                                               const struct im_record *record)
{
    switch (record->action) {
    case IM_ACTION_CREATE: return im_objects_create(store, call, record->body);
    case IM_ACTION_UPDATE:
        return im_objects_patch(store, call, record->key, record->body);
    case IM_ACTION_DELETE: return im_objects_delete(store, call, record->key);
    case IM_ACTION_READ: break;
    }
    return record->key.len ? im_objects_get(store, call, record->key)
                           : im_objects_list(store, call, &record->page);
}

static void resource_finish(const struct im_record *record, struct im_objects_call *call,
                            struct im_response *res)
{
    if (record->action == IM_ACTION_DELETE) {
        im_response_clear(res);
        res->status = 204;
    } else if (record->action == IM_ACTION_READ && !record->key.len) {
        im_rest_end_page(call->out, &call->meta);
    } else {
        im_rest_end(call->out, 1);
    }
}

enum im_cause im_endpoint_resource(struct im_authority *authority, struct im_request *req,
                                   struct im_response *res)
{
    struct im_record record = {0};
    enum im_cause cause = im_record_admit(authority, req, &resource_api, &record);
    if (cause)
        return cause;
    struct im_json_out out;
    im_rest_begin(res, record.action == IM_ACTION_CREATE ? 201 : 200, &out);
    struct im_objects_call call = {
        .type = record.type,
        .entity = record.access.entity,
        .now_ms = req->now_ms,
        .out = &out,
        .name = IM_REST_RESULT,
        .idempotency_key =
            record.action == IM_ACTION_CREATE || record.action == IM_ACTION_UPDATE
                ? im_str_trim(im_request_header(req, "Idempotency-Key"))
                : IM_STR(""),
        .idempotency_call = im_call_hash(req),
        .repeat_refused = !im_authority_policy(authority).idempotent_repeat,
    };
    if (im_batch_asked(&record))
        return im_batch_answer(authority, req, res, &record, &call);
    struct im_objects *store =
        im_authority_objects(authority, &record.access.principal.company);
    enum im_objects_result result = resource_perform(store, &call, &record);
    if (result != IM_OBJECTS_OK)
        return im_record_refuse(req, result, &call);
    /* a repeated create is answered as the first one was, but creates nothing */
    req->exchange->created = record.action == IM_ACTION_CREATE && !call.repeated;
    resource_finish(&record, &call, res);
    return CAUSE_NONE;
}
