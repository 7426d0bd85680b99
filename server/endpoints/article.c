/* The article's protected API: /api/v1/{Object}[/{key}]. Scopes guard it, then the same
 * company, module and role rules as everywhere. Bodies are plain: one object, or
 * {"items":[…],"total":n}; both shapes are this mock's own, the article shows none. */
#include "endpoints/endpoint.h"
#include "endpoints/record.h"
#include "oauth/scope.h"

/* ---- which object, which record ---- */

static enum im_cause article_find_type(struct im_request *req, struct im_str name,
                                       struct im_record *record)
{
    record->type = im_object_type_find_article(name);
    if (record->type) {
        req->exchange->object = im_str(record->type->rest_name);
        return CAUSE_NONE;
    }
    const struct im_object_type *near = im_object_type_near_article(name);
    return im_record_unknown_object(req, name, near ? near->article_name : NULL);
}

static enum im_cause article_locate(struct im_request *req, struct im_record *record)
{
    struct im_str rest = req->rest, name;
    if (!im_record_piece(req, &rest, &name) || !im_record_piece(req, &rest, &record->key))
        return req->exchange->cause;
    if (rest.len)
        return im_refuse(req, CAUSE_PATH_UNKNOWN,
                         "\"%.*s\": objects are addressed as {Object}[/{key}]",
                         IM_ARG(im_quote(req, req->rest)));
    return article_find_type(req, name, record);
}

static enum im_cause article_check_scope(struct im_request *req,
                                         const struct im_record *record)
{
    struct im_str object = im_str(record->type->article_name);
    struct im_str granted = record->access.token.scopes;
    bool writes = record->action != IM_ACTION_READ;
    if (im_scope_allows(im_dialect(IM_DIALECT_ARTICLE), granted, object, writes))
        return CAUSE_NONE;
    req->exchange->bearer_challenge = true; /* RFC 6750 section 3.1: insufficient_scope */
    return im_refuse(req, CAUSE_SCOPE_INSUFFICIENT,
                     "the token's scopes (%.*s) do not allow to %s %s; %s:%s would",
                     IM_ARG(granted), im_action_name(record->action),
                     record->type->article_name, record->type->article_name,
                     writes ? "write" : "read");
}

static const struct im_record_api article_api = {
    .dialect = IM_DIALECT_ARTICLE,
    .locate = article_locate,
    .check_scope = article_check_scope,
};

/* ---- the answers ---- */

static enum im_objects_result article_list(struct im_objects *store,
                                           struct im_objects_call *call,
                                           const struct im_record *record)
{
    struct im_objects_page page = record->page;
    page.whole = true;
    im_json_open_object(call->out, NULL);
    call->name = "items";
    enum im_objects_result result = im_objects_list(store, call, &page);
    im_json_int(call->out, "total", call->meta.total);
    im_json_close_object(call->out);
    return result;
}

/* The store answers a change with {key, id, href}; this API shows the whole record, so the key is read
 * back from that answer. */
static enum im_objects_result article_change(struct im_objects *store,
                                             struct im_objects_call *call,
                                             struct im_record *record)
{
    struct im_json_out *answer = call->out, out;
    struct im_buf written;
    struct im_json_error ignored;
    im_buf_init(&written, answer->buf->arena, 0);
    im_json_out_init(&out, &written);
    call->out = &out;
    enum im_objects_result result =
        record->action == IM_ACTION_CREATE
            ? im_objects_create(store, call, record->body)
            : im_objects_patch(store, call, record->key, record->body);
    call->out = answer;
    if (result != IM_OBJECTS_OK)
        return result;
    const struct im_json *row =
        im_json_parse(answer->buf->arena, im_buf_str(&written), &ignored);
    return im_objects_get(store, call, im_json_get_str(row, "key"));
}

static enum im_objects_result article_perform(struct im_objects *store,
                                              struct im_objects_call *call,
                                              struct im_record *record)
{
    switch (record->action) {
    case IM_ACTION_CREATE:
    case IM_ACTION_UPDATE: return article_change(store, call, record);
    case IM_ACTION_DELETE: return im_objects_delete(store, call, record->key);
    case IM_ACTION_READ: break;
    }
    return record->key.len ? im_objects_get(store, call, record->key)
                           : article_list(store, call, record);
}

enum im_cause im_endpoint_article(struct im_authority *authority, struct im_request *req,
                                  struct im_response *res)
{
    struct im_record record = {0};
    enum im_cause cause = im_record_admit(authority, req, &article_api, &record);
    if (cause)
        return cause;
    struct im_json_out out;
    int status = record.action == IM_ACTION_CREATE ? 201 : 200;
    im_json_out_init(&out, im_response_begin(res, status, "application/json"));
    struct im_objects_call call = {
        .type = record.type,
        .entity = record.access.entity,
        .now_ms = req->now_ms,
        .out = &out,
    };
    enum im_objects_result result =
        article_perform(im_authority_objects(authority, &record.access.principal.company),
                        &call, &record);
    if (result != IM_OBJECTS_OK)
        return im_record_refuse(req, result, &call);
    if (record.action == IM_ACTION_DELETE) {
        im_response_clear(res);
        res->status = 204;
    }
    return CAUSE_NONE;
}
