/* A body read against a type: what it names, checked as far as that goes without the
 * store. */
#ifndef IM_OBJECTS_PAYLOAD_H
#define IM_OBJECTS_PAYLOAD_H

#include "objects/types.h"

/* Lifetime: request. */
struct im_object_payload {
    const struct im_object_type *type;
    struct im_arena *arena;
    bool creating;
    struct im_str values[IM_FIELDS_MAX]; /* `at` NULL = nothing */
    bool named[IM_FIELDS_MAX];           /* stands in the body, or follows from it */
    bool by_id[IM_FIELDS_MAX];           /* a reference that gave an id, not yet a key */
};

/* Fills in values, named and by_id; type, arena and creating are the caller's. On create,
 * what is not given gets its initial value and what is required must be there. */
enum im_objects_result im_object_payload_read(struct im_object_payload *payload,
                                              const struct im_json *body,
                                              struct im_objects_refusal *refusal);

#endif
