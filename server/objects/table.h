/* Rows and the tables that hold them: the only place of this folder that takes and frees
 * heap memory. Everything here expects the store's lock. */
#ifndef IM_OBJECTS_TABLE_H
#define IM_OBJECTS_TABLE_H

#include "objects/types.h"

/* One block of heap memory, text included; never changed, only replaced. */
struct im_object_row {
    int64_t key;
    int64_t created_ms, modified_ms; /* whole seconds, as the real API shows them */
    struct im_str entity;            /* "" = shared */
    struct im_str values[];          /* one per field; `at` NULL = nothing there */
};

struct im_objects_table {
    struct im_object_row **rows; /* by rising key */
    size_t n, room;
    int64_t last_key; /* keys count up and are never used again */
};

/* Makes the tables and the built-in rows, once. False: no memory, nothing
 * made. */
bool im_objects_touch_locked(struct im_objects *store);
void im_objects_free_tables(struct im_objects_table *tables);

struct im_objects_table *im_objects_table_locked(struct im_objects *store,
                                                 const struct im_object_type *type);

/* What a row is made of; the texts are copied. */
struct im_object_draft_row {
    const struct im_object_type *type;
    int64_t key, created_ms, modified_ms;
    struct im_str entity;
    const struct im_str *values; /* type->n_fields */
};

size_t im_object_row_bytes(const struct im_object_draft_row *draft);
struct im_object_row *im_object_row_new(const struct im_object_draft_row *draft);
void im_object_row_free(struct im_object_row *row); /* one that is in no table */

/* Takes over `row`, whose key is higher than every other. False: no memory, row
 * untouched. */
bool im_objects_append(struct im_objects_table *table, struct im_object_row *row);
/* The row of the same key is freed and `row` takes its place. */
void im_objects_replace(struct im_objects_table *table, struct im_object_row *row);
void im_objects_remove(struct im_objects_table *table, int64_t key);

bool im_object_visible(const struct im_object_row *row, struct im_str entity);
/* NULL when there is none. */
struct im_object_row *im_objects_by_key(const struct im_objects_table *table,
                                        int64_t key);
struct im_object_row *im_objects_by_value(const struct im_objects_table *table,
                                          size_t field, struct im_str value);

/* The row a reference or entity field of `row` leads to, or NULL. */
const struct im_object_row *im_object_follow_locked(struct im_objects *store,
                                                    const struct im_object_type *type,
                                                    const struct im_object_row *row,
                                                    size_t field);

#endif
