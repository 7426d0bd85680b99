/* A call to one business record, or to all of its type, whichever API it came by: what
 * its method asks for, what its payload says, and what the store's refusals become. */
#ifndef IM_ENDPOINTS_RECORD_H
#define IM_ENDPOINTS_RECORD_H

#include "endpoints/access.h"

/* Lifetime: request. */
struct im_record {
    struct im_access access;
    const struct im_object_type *type;
    struct im_str key; /* empty: the collection */
    enum im_action action;
    const struct im_json *body;  /* create and update */
    struct im_objects_page page; /* reading the collection: ?start=…&size=… */
};

/* One piece of a path, decoded, up to the next '/' of *rest. False with a refusal
 * (request-malformed) when it is no sound percent-encoded text. */
bool im_record_piece(struct im_request *req, struct im_str *rest, struct im_str *piece);

/* How the two APIs with records differ before a call is admitted. */
struct im_record_api {
    enum im_dialect_id dialect;
    /* Type and key by the path; object-unknown, path-unknown, request-malformed. */
    enum im_cause (*locate)(struct im_request *req, struct im_record *record);
    /* scope-insufficient. NULL: tokens of this API have no scopes. */
    enum im_cause (*check_scope)(struct im_request *req, const struct im_record *record);
};

/* May the call be made, and what does it bring along: access, action, and the payload of a create or
 * update or the page of a list. The order decides which refusal a call with several mistakes gets:
 * first who and where, then what, then whether that is allowed, by the token before the user's
 * roles; a payload is not read before. */
enum im_cause im_record_admit(struct im_authority *authority, struct im_request *req,
                              const struct im_record_api *api, struct im_record *record);

/* A JSON payload: api-payload-missing, api-payload-malformed, xml-sent-to-rest,
 * content-type-unsupported. A body without Content-Type is taken for JSON (documented
 * default). */
enum im_cause im_record_payload(struct im_request *req, const struct im_json **body);

/* The cause that a refusal of the store is. */
enum im_cause im_record_cause(enum im_objects_result result);
/* A refusal of the store as a cause, with the store's evidence; IM_OBJECTS_OK is
 * CAUSE_NONE. */
enum im_cause im_record_refuse(struct im_request *req, enum im_objects_result result,
                               const struct im_objects_call *call);

/* "object-unknown", with the nearest name when there is one (near may be NULL). */
enum im_cause im_record_unknown_object(struct im_request *req, struct im_str name,
                                       const char *near);

#endif
