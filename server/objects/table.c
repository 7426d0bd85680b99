/* Rows and tables in memory; see table.h. A table is an array in the order of keys, which
 * count up: a new row goes to the end, and a key is found by halving. Values are searched
 * one by one, for at most 10,000 rows. */
#include "objects/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_TEXT 24 /* room for the digits of a key */

/* The value of a field, or, of the key, which the store gives, its digits. */
static struct im_str stored_value(const struct im_object_draft_row *draft, size_t i,
                                  struct im_str key_text)
{
    return draft->type->fields[i].kind == IM_FIELD_KEY ? key_text : draft->values[i];
}

static struct im_str key_digits(int64_t key, char room[KEY_TEXT])
{
    snprintf(room, KEY_TEXT, "%" PRId64, key);
    return im_str(room);
}

size_t im_object_row_bytes(const struct im_object_draft_row *draft)
{
    char room[KEY_TEXT];
    struct im_str key_text = key_digits(draft->key, room);
    size_t bytes = sizeof(struct im_object_row) + draft->entity.len;
    for (size_t i = 0; i < draft->type->n_fields; i++)
        bytes += sizeof(struct im_str) + stored_value(draft, i, key_text).len;
    return bytes;
}

/* Copies `text` to *at and moves *at behind it. An empty text stays different from
 * nothing. */
static struct im_str text_put(char **at, struct im_str text)
{
    struct im_str copy = {text.at ? *at : NULL, text.len};
    if (copy.at)
        memcpy(*at, text.at, text.len);
    *at += text.len;
    return copy;
}

struct im_object_row *im_object_row_new(const struct im_object_draft_row *draft)
{
    char room[KEY_TEXT];
    struct im_str key_text = key_digits(draft->key, room);
    size_t n = draft->type->n_fields;
    struct im_object_row *row = malloc(im_object_row_bytes(draft));
    if (!row)
        return NULL;
    /* the texts lie behind the values: one block is freed at once, and a row cannot be half made */
    char *at = (char *)&row->values[n];
    row->key = draft->key;
    row->created_ms = draft->created_ms;
    row->modified_ms = draft->modified_ms;
    row->entity = text_put(&at, draft->entity);
    for (size_t i = 0; i < n; i++)
        row->values[i] = text_put(&at, stored_value(draft, i, key_text));
    return row;
}

void im_object_row_free(struct im_object_row *row)
{
    free(row);
}

void im_objects_free_tables(struct im_objects_table *tables)
{
    if (!tables)
        return;
    for (size_t t = 0; t < im_object_type_count(); t++) {
        for (size_t i = 0; i < tables[t].n; i++)
            free(tables[t].rows[i]);
        free(tables[t].rows);
    }
    free(tables);
}

struct im_objects_table *im_objects_table_locked(struct im_objects *store,
                                                 const struct im_object_type *type)
{
    return &store->tables[im_object_type_index(type)];
}

static bool table_grow(struct im_objects_table *table)
{
    size_t room = table->room ? table->room * 2 : 8;
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers is meant */
    struct im_object_row **rows = realloc(table->rows, room * sizeof(*rows));
    if (!rows)
        return false;
    table->rows = rows;
    table->room = room;
    return true;
}

bool im_objects_append(struct im_objects_table *table, struct im_object_row *row)
{
    if (table->n == table->room && !table_grow(table))
        return false;
    table->rows[table->n++] = row;
    table->last_key =
        row->key; /* kept, also when the row goes: keys are never used again */
    return true;
}

/* Index of the first row whose key is not below `key`, or n. */
static size_t table_place(const struct im_objects_table *table, int64_t key)
{
    size_t low = 0, high = table->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table->rows[middle]->key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct im_object_row *im_objects_by_key(const struct im_objects_table *table, int64_t key)
{
    size_t i = table_place(table, key);
    return i < table->n && table->rows[i]->key == key ? table->rows[i] : NULL;
}

/* In place, since the key stays. */
void im_objects_replace(struct im_objects_table *table, struct im_object_row *row)
{
    size_t i = table_place(table, row->key);
    free(table->rows[i]);
    table->rows[i] = row;
}

void im_objects_remove(struct im_objects_table *table, int64_t key)
{
    size_t i = table_place(table, key);
    free(table->rows[i]);
    table->n--;
    for (; i < table->n; i++)
        table->rows[i] = table->rows[i + 1];
}

struct im_object_row *im_objects_by_value(const struct im_objects_table *table,
                                          size_t field, struct im_str value)
{
    for (size_t i = 0; i < table->n; i++)
        /* nothing is not the same as an empty text */
        if (table->rows[i]->values[field].at &&
            im_str_eq(table->rows[i]->values[field], value))
            return table->rows[i];
    return NULL;
}

/* From the top level everything, from an entity its own rows and the shared ones. */
bool im_object_visible(const struct im_object_row *row, struct im_str entity)
{
    return !entity.len || !row->entity.len || im_str_eq(row->entity, entity);
}

const struct im_object_row *im_object_follow_locked(struct im_objects *store,
                                                    const struct im_object_type *type,
                                                    const struct im_object_row *row,
                                                    size_t field)
{
    const struct im_object_type *target = im_object_target(&type->fields[field]);
    const struct im_objects_table *table = im_objects_table_locked(store, target);
    int64_t key;
    /* a row names its entity by id, all other rows by key */
    if (type->fields[field].kind == IM_FIELD_ENTITY)
        return row->entity.len
                   ? im_objects_by_value(
                         table, im_object_field_index(target, IM_STR("id")), row->entity)
                   : NULL;
    return im_str_int(row->values[field], &key) ? im_objects_by_key(table, key) : NULL;
}
