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

/* What the method does to a record or a collection; method-not-allowed with the Allow
 * header. */
enum im_cause im_record_method(struct im_request *req, struct im_record *record);
/* What a permitted call brings along: the payload of a create or update, the page of a
 * list. */
enum im_cause im_record_read(struct im_request *req, struct im_record *record);

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
