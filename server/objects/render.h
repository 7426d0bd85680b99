/* Rows as JSON. All expect the store's lock; times take memory from the writer's
 * arena. */
#ifndef IM_OBJECTS_RENDER_H
#define IM_OBJECTS_RENDER_H

#include "objects/path.h"

/* {"key", "id", "href"} */
void im_object_write_link(const struct im_object_type *type,
                          const struct im_object_row *row, struct im_json_out *out,
                          const char *name);
/* All fields, groups nested, references with key, id, name and href. */
void im_object_write_row_locked(struct im_objects *store,
                                const struct im_object_type *type,
                                const struct im_object_row *row, struct im_json_out *out,
                                const char *name);
/* Begins the object of a group ("currency"), which is a view of a field's name. */
void im_object_open_group(struct im_str group, struct im_json_out *out);
/* One member of a query's row, under the path's name. */
void im_object_write_path_locked(struct im_objects *store,
                                 const struct im_object_path *path,
                                 const struct im_object_row *row,
                                 struct im_json_out *out);

#endif
