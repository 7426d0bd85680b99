/* The rows everybody starts with, made at a store's first operation. */
#include "objects/table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* 2026-02-16T09:00:00Z, a fixed moment: the same bytes in every run, and older than what
 * a client of an incremental export has seen last. */
#define SEEDED_MS 1771232400000

struct seed {
    const char *rest_name;
    int64_t key;
    const char *entity;
    const char *values; /* "name=value|name=value" */
};

#define SEED(rest_name, key, entity, values) {rest_name, key, entity, values},
static const struct seed seeds[] = {
#include "objects/seed.def"
};
#undef SEED

static void read_values(const struct im_object_type *type, const char *text,
                        struct im_str *values)
{
    struct im_str rest = im_str(text);
    for (size_t i = 0; i < type->n_fields; i++)
        values[i] = im_str(type->fields[i].initial);
    while (rest.len) {
        struct im_str value = im_str_cut(&rest, '|');
        size_t i = im_object_field_index(type, im_str_cut(&value, '='));
        assert(i < type->n_fields);
        values[i] = value;
    }
}

static bool plant(struct im_objects_table *tables, const struct seed *seed)
{
    const struct im_object_type *type = im_object_type_find(im_str(seed->rest_name));
    struct im_str values[IM_FIELDS_MAX];
    assert(type);
    read_values(type, seed->values, values);
    struct im_object_row *row = im_object_row_new(&(struct im_object_draft_row){
        type, seed->key, SEEDED_MS, SEEDED_MS, im_str(seed->entity), values});
    if (!row)
        return false;
    if (im_objects_append(&tables[im_object_type_index(type)], row))
        return true;
    im_object_row_free(row);
    return false;
}

bool im_objects_touch_locked(struct im_objects *store)
{
    if (store->tables)
        return true;
    struct im_objects_table *tables = calloc(im_object_type_count(), sizeof(*tables));
    if (!tables)
        return false;
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        if (!plant(tables, &seeds[i])) {
            im_objects_free_tables(tables);
            return false;
        }
    }
    store->tables = tables;
    return true;
}
