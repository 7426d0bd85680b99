/* Rows as JSON, in the shapes of the REST API reference: groups nested, references as
 * objects, audit times in UTC. A query's rows have flat members instead ("vendor.id",
 * observed). */
#include "objects/render.h"

#include <string.h>

#include "base/clock.h"

static void write_href(const struct im_object_type *type, int64_t key,
                       struct im_json_out *out, const char *name)
{
    char text[160]; /* names of types are short and static */
    struct im_buf href;

    im_buf_init_fixed(&href, text, sizeof(text));
    im_buf_addz(&href, "/objects/");
    im_buf_addz(&href, type->rest_name);
    im_buf_addc(&href, '/');
    im_buf_add_number(&href, key, 1);
    im_json_str(out, name, im_buf_str(&href));
}

static void write_text(struct im_str value, struct im_json_out *out, const char *name)
{
    if (value.at)
        im_json_str(out, name, value);
    else
        im_json_null(out, name);
}

static void write_time(int64_t ms, struct im_json_out *out, const char *name)
{
    im_json_str(out, name, im_time_rfc3339(out->buf->arena, ms));
}

/* Any field but references. */
static void write_value(const struct im_object_type *type,
                        const struct im_object_row *row, size_t i,
                        struct im_json_out *out, const char *name)
{
    enum im_object_kind kind = type->fields[i].kind;
    struct im_str value = row->values[i];

    if (kind == IM_FIELD_HREF)
        write_href(type, row->key, out, name);
    else if (kind == IM_FIELD_CREATED)
        write_time(row->created_ms, out, name);
    else if (kind == IM_FIELD_MODIFIED)
        write_time(row->modified_ms, out, name);
    else if (kind == IM_FIELD_LIST) /* kept as the JSON it came as */
        im_json_raw(out, name, value.at ? value : IM_STR("[]"));
    else if (!value.at)
        im_json_null(out, name);
    else if (
        kind ==
        IM_FIELD_NUMBER) /* kept as it is written: payload.c has put it in one form */
        im_json_raw(out, name, value);
    else if (kind == IM_FIELD_BOOL)
        im_json_bool(out, name, im_str_is(value, "true"));
    else
        im_json_str(out, name, value);
}

static size_t id_field(const struct im_object_type *type)
{
    return im_object_field_index(type, IM_STR("id"));
}

void im_object_write_link(const struct im_object_type *type,
                          const struct im_object_row *row, struct im_json_out *out,
                          const char *name)
{
    im_json_open_object(out, name);
    im_json_str(out, "key", row->values[im_object_field_index(type, IM_STR("key"))]);
    write_text(row->values[id_field(type)], out, "id");
    write_href(type, row->key, out, "href");
    im_json_close_object(out);
}

/* An empty reference prints nulls (documented for bill.entity and term). */
static void write_ref(struct im_objects *store, const struct im_object_type *type,
                      const struct im_object_row *row, size_t i, struct im_json_out *out,
                      const char *name)
{
    const struct im_object_type *target = im_object_target(&type->fields[i]);
    const struct im_object_row *end = im_object_follow_locked(store, type, row, i);
    const struct im_str none = {NULL, 0};
    size_t named = im_object_field_index(target, IM_STR("name"));
    size_t key = im_object_field_index(target, IM_STR("key"));
    im_json_open_object(out, name);
    write_text(end ? end->values[key] : none, out, "key");
    write_text(end ? end->values[id_field(target)]
                   : im_object_foreign_entity(&type->fields[i], row),
               out, "id");
    if (named < target->n_fields)
        write_text(end ? end->values[named] : none, out, "name");
    if (end) /* an empty reference has no href, not a null one */
        write_href(target, end->key, out, "href");
    im_json_close_object(out);
}

static void write_field(struct im_objects *store, const struct im_object_type *type,
                        const struct im_object_row *row, size_t i,
                        struct im_json_out *out)
{
    const struct im_object_field *field = &type->fields[i];
    size_t group = im_object_group_len(field);
    const char *name = field->name + (group ? group + 1 : 0);
    if (field->flags & IM_FIELD_WRITE_ONLY)
        return;
    if (field->kind == IM_FIELD_REF || field->kind == IM_FIELD_ENTITY)
        write_ref(store, type, row, i, out, name);
    else
        write_value(type, row, i, out, name);
}

static struct im_str group_of(const struct im_object_type *type, size_t i)
{
    if (i >= type->n_fields)
        return IM_STR("");
    return (struct im_str){type->fields[i].name, im_object_group_len(&type->fields[i])};
}

void im_object_open_group(struct im_str group, struct im_json_out *out)
{
    /* the writer wants a NUL behind a name; names of groups are short and static */
    char name[64];
    size_t len = group.len < sizeof name ? group.len : sizeof name - 1;
    if (group.at)
        memcpy(name, group.at, len);
    name[len] = '\0';
    im_json_open_object(out, name);
}

void im_object_write_row_locked(struct im_objects *store,
                                const struct im_object_type *type,
                                const struct im_object_row *row, struct im_json_out *out,
                                const char *name)
{
    struct im_str open = IM_STR("");
    im_json_open_object(out, name);
    for (size_t i = 0; i < type->n_fields; i++) {
        /* the fields of a group stand next to each other in types.def */
        struct im_str group = group_of(type, i);
        if (group.len && !im_str_eq(group, open))
            im_object_open_group(group, out);
        open = group;
        write_field(store, type, row, i, out);
        if (group.len && !im_str_eq(group, group_of(type, i + 1)))
            im_json_close_object(out);
    }
    im_json_close_object(out);
}

void im_object_write_path_locked(struct im_objects *store,
                                 const struct im_object_path *path,
                                 const struct im_object_row *row, struct im_json_out *out)
{
    const struct im_object_row *end = im_object_path_follow_locked(path, store, row);
    /* an empty reference on the way leaves nothing to show, unless it is an entity without a row */
    if (end)
        write_value(path->type, end, path->field, out, path->name.at);
    else
        write_text(im_object_path_foreign_entity_locked(path, store, row), out,
                   path->name.at);
}
