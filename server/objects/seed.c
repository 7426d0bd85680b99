/* The built-in rows (seed.def), made at a store's first operation; in the store of another
 * company their keys are moved, and with them all references among them. */
#include "objects/table.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 2026-02-16T09:00:00Z, a fixed time: the same bytes in every run, and before anything that
 * an incremental export asks for. */
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

#define MOVED  24  /* room for a key that was moved */
#define NAMED  128 /* room for a name that says the company */
#define LISTED 512 /* room for a list */

/* Texts of one row that are not as the table has them. */
struct moved {
    char keys[IM_FIELDS_MAX][MOVED];
    char name[NAMED];
    char list[LISTED];
};

/* Whose keys are moved; an entity's is its place in the company's list (see
 * oauth/authority_issue.c). */
static int64_t key_shift(const struct im_objects *store,
                         const struct im_object_type *type)
{
    return strcmp(type->rest_name, "company-config/entity") == 0 ? 0 : store->shift;
}

static bool name_says_company(const struct im_object_type *type)
{
    return strcmp(type->rest_name, "accounts-payable/vendor") == 0 ||
           strcmp(type->rest_name, "accounts-receivable/customer") == 0;
}

/* Lists are kept as JSON text; a key in one is written "@440" and becomes 1440. */
static struct im_str seed_move_list(struct im_str list, int64_t shift, char room[LISTED])
{
    size_t len = 0;
    for (size_t at = 0; at < list.len && len + MOVED < LISTED; at++) {
        int64_t key = 0;
        if (list.at[at] != '@') {
            room[len++] = list.at[at];
            continue;
        }
        for (; at + 1 < list.len && list.at[at + 1] >= '0' && list.at[at + 1] <= '9';
             at++)
            key = key * 10 + (list.at[at + 1] - '0');
        len += (size_t)snprintf(room + len, MOVED, "%" PRId64, key + shift);
    }
    return (struct im_str){room, len};
}

static void seed_move_value(const struct im_objects *store,
                            const struct im_object_type *type, size_t i,
                            struct im_str *value, struct moved *moved)
{
    const struct im_object_field *field = &type->fields[i];
    int64_t key;
    if (field->kind == IM_FIELD_REF && im_str_int(*value, &key)) {
        snprintf(moved->keys[i], MOVED, "%" PRId64,
                 key + key_shift(store, im_object_target(field)));
        *value = im_str(moved->keys[i]);
    } else if (strcmp(field->name, "name") == 0 && name_says_company(type)) {
        snprintf(moved->name, NAMED, "%.*s (%.*s)", IM_ARG(*value),
                 IM_ARG(im_str_front(store->company, NAMED / 2)));
        *value = im_str(moved->name);
    }
}

static void seed_read_values(const struct im_objects *store,
                             const struct im_object_type *type, const char *text,
                             struct im_str *values, struct moved *moved)
{
    struct im_str rest = im_str(text);
    for (size_t i = 0; i < type->n_fields; i++)
        values[i] = im_str(type->fields[i].initial);
    while (rest.len) {
        struct im_str value = im_str_cut(&rest, '|');
        size_t i = im_object_field_index(type, im_str_cut(&value, '='));
        assert(i < type->n_fields);
        values[i] = value;
        if (type->fields[i].kind == IM_FIELD_LIST)
            values[i] = seed_move_list(values[i], store->shift, moved->list);
        else if (store->shift)
            seed_move_value(store, type, i, &values[i], moved);
    }
}

static bool seed_plant(const struct im_objects *store, struct im_objects_table *tables,
                       const struct seed *seed)
{
    const struct im_object_type *type = im_object_type_find(im_str(seed->rest_name));
    struct im_str values[IM_FIELDS_MAX];
    struct moved moved;
    assert(type);
    seed_read_values(store, type, seed->values, values, &moved);
    struct im_object_row *row = im_object_row_new(
        &(struct im_object_draft_row){type, seed->key + key_shift(store, type), SEEDED_MS,
                                      SEEDED_MS, im_str(seed->entity), values});
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
    /* the store gets them when they are complete: a store with a part of its rows would answer 404 for the others */
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        if (!seed_plant(store, tables, &seeds[i])) {
            im_objects_free_tables(tables);
            return false;
        }
    }
    store->tables = tables;
    return true;
}
