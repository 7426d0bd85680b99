/* Paths: names are taken apart once, when a query is read, and followed for each row.
 * "currency.txnCurrency" is one field of a group, "vendor.id" is a
 * reference and a field behind it. */
#include "objects/path.h"

#include <string.h>

static bool field_is_reference(const struct im_object_field *field)
{
    return field->kind == IM_FIELD_REF || field->kind == IM_FIELD_ENTITY;
}

/* The reference whose name, with a dot behind it, begins `name`; n_fields when none
 * does. */
static size_t path_first_step(const struct im_object_type *type, struct im_str name)
{
    for (size_t i = 0; i < type->n_fields; i++) {
        size_t len = strlen(type->fields[i].name);
        if (field_is_reference(&type->fields[i]) &&
            im_str_starts(name, type->fields[i].name) && len < name.len &&
            name.at[len] == '.')
            return i;
    }
    return type->n_fields;
}

/* A whole name goes before a reference: "currency.txnCurrency" is one field, although it has a dot. */
bool im_object_path_find(const struct im_object_type *type, struct im_str name,
                         struct im_object_path *path)
{
    *path = (struct im_object_path){.name = name, .from = type, .type = type};
    struct im_str rest = name;
    while ((path->field = im_object_field_index(path->type, rest)) ==
           path->type->n_fields) {
        size_t step = path_first_step(path->type, rest);
        /* bounded: references may lead round in a circle, as a vendor's parent does */
        if (step == path->type->n_fields || path->n_steps == IM_PATH_STEPS_MAX)
            return false;
        path->steps[path->n_steps++] = step;
        rest = im_str_slice(rest, strlen(path->type->fields[step].name) + 1, rest.len);
        path->type = im_object_target(&path->type->fields[step]);
    }
    return true;
}

const struct im_object_field *im_object_path_field(const struct im_object_path *path)
{
    return &path->type->fields[path->field];
}

bool im_object_path_queryable(const struct im_object_path *path)
{
    const struct im_object_field *field = im_object_path_field(path);
    return !field_is_reference(field) && field->kind != IM_FIELD_LIST &&
           !(field->flags & IM_FIELD_WRITE_ONLY);
}

const struct im_object_row *im_object_path_follow_locked(
    const struct im_object_path *path, struct im_objects *store,
    const struct im_object_row *row)
{
    const struct im_object_type *type = path->from;
    for (size_t i = 0; i < path->n_steps && row; i++) {
        row = im_object_follow_locked(store, type, row, path->steps[i]);
        type = im_object_target(&type->fields[path->steps[i]]);
    }
    return row;
}

struct im_str im_object_foreign_entity(const struct im_object_field *field,
                                       const struct im_object_row *row)
{
    bool named = field->kind == IM_FIELD_ENTITY && row->entity.len;
    return named ? row->entity : (struct im_str){NULL, 0};
}

struct im_str im_object_path_foreign_entity_locked(const struct im_object_path *path,
                                                   struct im_objects *store,
                                                   const struct im_object_row *row)
{
    struct im_object_path before = *path; /* up to the row that belongs to the entity */
    const struct im_str none = {NULL, 0};
    const struct im_object_type *type = path->from;
    if (!path->n_steps || path->field != im_object_field_index(path->type, IM_STR("id")))
        return none;
    before.n_steps--;
    for (size_t i = 0; i < before.n_steps; i++)
        type = im_object_target(&type->fields[path->steps[i]]);
    const struct im_object_row *owner = im_object_path_follow_locked(&before, store, row);
    return owner ? im_object_foreign_entity(&type->fields[path->steps[before.n_steps]],
                                            owner)
                 : none;
}

static struct im_object_cell number_cell(struct im_str text, int64_t number)
{
    return (struct im_object_cell){IM_CELL_NUMBER, text, number};
}

/* Amounts are compared as numbers: as text "9.00" would come behind "10.00". */
static struct im_object_cell value_cell(enum im_object_kind kind, struct im_str text)
{
    int64_t number;
    if (!text.at)
        return (struct im_object_cell){.form = IM_CELL_NOTHING};
    bool number_kind = kind == IM_FIELD_DECIMAL || kind == IM_FIELD_NUMBER;
    if (number_kind && im_object_decimal(text, &number))
        return number_cell(text, number);
    return (struct im_object_cell){.form = IM_CELL_TEXT, .text = text};
}

struct im_object_cell im_object_path_cell_locked(const struct im_object_path *path,
                                                 struct im_objects *store,
                                                 const struct im_object_row *row)
{
    const struct im_object_row *end = im_object_path_follow_locked(path, store, row);
    enum im_object_kind kind = im_object_path_field(path)->kind;
    if (!end)
        return value_cell(kind, im_object_path_foreign_entity_locked(path, store, row));
    switch (kind) {
    case IM_FIELD_KEY: return number_cell(end->values[path->field], end->key);
    case IM_FIELD_CREATED: return number_cell(IM_STR(""), end->created_ms);
    case IM_FIELD_MODIFIED: return number_cell(IM_STR(""), end->modified_ms);
    default: return value_cell(kind, end->values[path->field]);
    }
}
