/* services/core/model: which objects there are (no name), or the fields of one (name=…); and
 * services/company-config/dimensions/list. Any valid token will do: a model holds no data of
 * the company. */
#include "endpoints/access.h"
#include "endpoints/endpoint.h"
#include "endpoints/record.h"
#include "endpoints/rest_envelope.h"
#include "oauth/credentials.h"

static enum im_cause model_admit(struct im_authority *authority, struct im_request *req)
{
    struct im_access access;
    struct im_str fault = im_credentials(req)->query.fault;
    enum im_cause cause = im_access_check(authority, req, IM_DIALECT_REST, &access);
    if (cause || !fault.len)
        return cause;
    return im_refuse(req, CAUSE_QUERY_VALUE_INVALID, "the query of the address: %.*s",
                     IM_ARG(fault));
}

static enum im_cause model_answer_all(struct im_response *res)
{
    struct im_json_out out;
    im_rest_begin(res, 200, &out);
    im_object_models(&out, IM_REST_RESULT);
    im_rest_end(&out, (int64_t)im_object_type_count());
    return CAUSE_NONE;
}

/* Recorded: an unknown object is no error here, its model is an empty list. */
static enum im_cause model_answer_unknown(struct im_request *req, struct im_response *res,
                                          struct im_str name)
{
    const struct im_object_type *near = im_object_type_near(name);
    struct im_json_out out;
    im_note(req, CAUSE_OBJECT_UNKNOWN,
            "there is no object \"%.*s\", so its model is empty%s",
            IM_ARG(im_quote(req, name)), im_hint_of(near ? near->rest_name : NULL).text);
    im_rest_begin(res, 200, &out);
    im_json_open_array(&out, IM_REST_RESULT);
    im_json_close_array(&out);
    im_rest_end(&out, 0);
    return CAUSE_NONE;
}

static enum im_cause model_answer_one(struct im_request *req, struct im_response *res,
                                      struct im_str name)
{
    const struct im_object_type *type = im_object_type_find(name);
    struct im_json_out out;
    if (!type)
        return model_answer_unknown(req, res, name);
    req->exchange->object = im_str(type->rest_name);
    im_rest_begin(res, 200, &out);
    im_object_model(type, &out, IM_REST_RESULT);
    im_rest_end(&out, 1);
    return CAUSE_NONE;
}

enum im_cause im_endpoint_model(struct im_authority *authority, struct im_request *req,
                                struct im_response *res)
{
    enum im_cause cause = model_admit(authority, req);
    if (cause)
        return cause;
    /* an empty name is a name, of no object */
    struct im_str name = im_param(&im_credentials(req)->query.params, "name");
    return name.at ? model_answer_one(req, res, name) : model_answer_all(res);
}

enum im_cause im_endpoint_dimensions(struct im_authority *authority,
                                     struct im_request *req, struct im_response *res)
{
    enum im_cause cause = model_admit(authority, req);
    if (cause)
        return cause;
    struct im_json_out out;
    im_rest_begin(res, 200, &out);
    im_rest_end(&out, (int64_t)im_object_dimensions(&out, IM_REST_RESULT));
    return CAUSE_NONE;
}
