/* A field named through references: "name", "currency.txnCurrency",
 * "vendor.contacts.primary.email1". */
#ifndef IM_OBJECTS_PATH_H
#define IM_OBJECTS_PATH_H

#include "objects/table.h"
#include "objects/value.h"

#define IM_PATH_STEPS_MAX 4

struct im_object_path {
    struct im_str name;                /* as asked for, followed by a NUL */
    const struct im_object_type *from; /* where it begins */
    size_t steps[IM_PATH_STEPS_MAX];   /* references to follow, field indexes */
    size_t n_steps;
    const struct im_object_type *type; /* where it ends … */
    size_t field;                      /* … and the field there */
};

/* False when there is no such field, or more references than IM_PATH_STEPS_MAX. */
bool im_object_path_find(const struct im_object_type *type, struct im_str name,
                         struct im_object_path *path);
const struct im_object_field *im_object_path_field(const struct im_object_path *path);
/* References, lists and write-only fields cannot be used in a query. */
bool im_object_path_queryable(const struct im_object_path *path);

/* The row the path ends at, seen from `row`; NULL when a reference on the way is
 * empty. */
const struct im_object_row *im_object_path_follow_locked(
    const struct im_object_path *path, struct im_objects *store,
    const struct im_object_row *row);
/* The id of an entity of which this store has no row (a scenario's world may add entities):
 * it is in the row that belongs to the entity. Nothing for other references and for shared
 * rows. */
struct im_str im_object_foreign_entity(const struct im_object_field *field,
                                       const struct im_object_row *row);
/* The same for a path that ends at such an entity's id: "entity.id",
 * "vendor.entity.id". */
struct im_str im_object_path_foreign_entity_locked(const struct im_object_path *path,
                                                   struct im_objects *store,
                                                   const struct im_object_row *row);
/* The value there, to be compared. Its text points into the row. */
struct im_object_cell im_object_path_cell_locked(const struct im_object_path *path,
                                                 struct im_objects *store,
                                                 const struct im_object_row *row);

#endif
