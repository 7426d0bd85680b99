/* One condition of a query: {"$eq": {"status": "active"}}. */
#ifndef IM_OBJECTS_FILTER_H
#define IM_OBJECTS_FILTER_H

#include "objects/path.h"

#define IM_OPERAND_BYTES_MAX                                                             \
    1000 /* one value; keeps the search for a part of a text short */

struct im_object_operator;

/* Lifetime: request. */
struct im_object_condition {
    struct im_object_path path;
    const struct im_object_operator *operation;
    struct im_object_cell *values; /* what is compared with: one, two or many */
    size_t n_values;
};

/* What all conditions of a query share. */
struct im_object_filter_settings {
    const struct im_object_type *type;
    struct im_arena *arena;
    struct im_str today; /* "2026-03-31": the clock's, or filterParameters.asOfDate */
    bool fold_case;
    struct im_objects_refusal *refusal;
};

enum im_objects_result im_object_condition_read(
    struct im_object_condition *condition,
    const struct im_object_filter_settings *settings, const struct im_json *json);
bool im_object_condition_holds_locked(const struct im_object_condition *condition,
                                      bool fold_case, struct im_objects *store,
                                      const struct im_object_row *row);

/* The field a query names, or QUERY_FIELD. */
enum im_objects_result im_object_query_field(
    const struct im_object_filter_settings *settings, struct im_str name,
    struct im_object_path *path);
/* The same for filters and orderBy, where href is of no use (documented). */
enum im_objects_result im_object_filter_field(
    const struct im_object_filter_settings *settings, struct im_str name,
    struct im_object_path *path);

#endif
