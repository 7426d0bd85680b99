/* What the other files of this folder ask the table of types. */
#ifndef IM_OBJECTS_TYPES_H
#define IM_OBJECTS_TYPES_H

#include "objects/objects.h"

#define IM_FIELDS_MAX 40 /* fields of one type; the unit tests hold the table to it */
#define IM_TYPES_MAX  24

/* Place in the table, for arrays with one item per type. */
size_t im_object_type_index(const struct im_object_type *type);

/* Index of the field of this exact name, or n_fields. */
size_t im_object_field_index(const struct im_object_type *type, struct im_str name);
/* Does any field stand in this group ("currency")? */
bool im_object_group_known(const struct im_object_type *type, struct im_str group);
/* Index of the field nearest to a mistyped name, or n_fields. */
size_t im_object_field_near(const struct im_object_type *type, struct im_str name);
/* The length of the group's name in front of a field's own ("currency" of
 * "currency.txnCurrency"); 0 when it stands in no group. */
size_t im_object_group_len(const struct im_object_field *field);

/* The type a reference or the entity field leads to. */
const struct im_object_type *im_object_target(const struct im_object_field *field);

#endif
