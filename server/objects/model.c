/* What a type looks like, as services/core/model describes it. Shape: the core.model OpenAPI
 * file and its department example; which HTTP methods and whether idempotence is
 * supported are the example's, for all types alike. */
#include "objects/render.h"

#define METHODS "OPTIONS,GET,POST,DELETE,PATCH"

/* The words of an enum are the `about` of its field, with spaces between. */
static void write_enum(const struct im_object_field *field, struct im_json_out *out)
{
    struct im_str rest = im_str(field->about);
    im_json_open_array(out, "enum");
    while (rest.len)
        im_json_str(out, NULL, im_str_cut(&rest, ' '));
    im_json_close_array(out);
}

/* decimal-precision-2 is how the documentation formats amounts that travel as strings. */
static const char *json_format(enum im_object_kind kind)
{
    switch (kind) {
    case IM_FIELD_CREATED:
    case IM_FIELD_MODIFIED: return "date-time";
    case IM_FIELD_DATE: return "date";
    case IM_FIELD_DECIMAL: return "decimal-precision-2";
    default: return NULL;
    }
}

/* `name` may be the field's own name without its group. */
static void write_field(const struct im_object_field *field, const char *name,
                        struct im_json_out *out)
{
    bool read_only = field->flags & IM_FIELD_READ_ONLY;
    im_json_open_object(out, name);
    im_json_strz(out, "type",
                 field->kind == IM_FIELD_NUMBER ? "number"
                 : field->kind == IM_FIELD_BOOL ? "boolean"
                                                : "string");
    if (json_format(field->kind))
        im_json_strz(out, "format", json_format(field->kind));
    if (field->kind == IM_FIELD_ENUM)
        write_enum(field, out);
    im_json_bool(out, "mutable", !read_only && !(field->flags & IM_FIELD_FIXED));
    im_json_bool(out, "nullable", !(field->flags & IM_FIELD_REQUIRED) && !field->initial);
    im_json_bool(out, "readOnly", read_only);
    im_json_bool(out, "writeOnly", field->flags & IM_FIELD_WRITE_ONLY);
    im_json_bool(out, "required", false); /* documented: always false in the model */
    im_json_close_object(out);
}

/* A member of a reference: it is described like a field, though no table has it. */
static void write_part(bool read_only, const char *name, struct im_json_out *out)
{
    const struct im_object_field part = {name, IM_FIELD_TEXT,
                                         read_only ? IM_FIELD_READ_ONLY : 0, NULL, NULL};
    write_field(&part, name, out);
}

static void write_ref(const struct im_object_field *field, const char *name,
                      struct im_json_out *out)
{
    const struct im_object_type *target = im_object_target(field);
    bool read_only = field->flags & IM_FIELD_READ_ONLY;
    im_json_open_object(out, name);
    im_json_strz(out, "apiObject", target->rest_name);
    im_json_open_object(out, "fields");
    write_part(read_only, "key", out);
    write_part(read_only, "id", out);
    if (im_object_field_index(target, IM_STR("name")) < target->n_fields)
        write_part(true, "name", out);
    write_part(true, "href", out);
    im_json_close_object(out);
    im_json_close_object(out);
}

/* The plain fields, or the references, of one group ("" = of no group). */
static void write_members(const struct im_object_type *type, struct im_str group,
                          bool refs, struct im_json_out *out)
{
    im_json_open_object(out, refs ? "refs" : "fields");
    for (size_t i = 0; i < type->n_fields; i++) {
        const struct im_object_field *field = &type->fields[i];
        const char *own_name = field->name + (group.len ? group.len + 1 : 0);
        bool is_ref = field->kind == IM_FIELD_REF || field->kind == IM_FIELD_ENTITY;
        struct im_str own_group = {field->name, im_object_group_len(field)};
        if (!im_str_eq(own_group, group) || is_ref != refs ||
            field->kind == IM_FIELD_LIST)
            continue;
        if (refs)
            write_ref(field, own_name, out);
        else
            write_field(field, own_name, out);
    }
    im_json_close_object(out);
}

/* The fields of a group stand next to each other in types.def, so a new name begins a new group. */
static void write_groups(const struct im_object_type *type, struct im_json_out *out)
{
    struct im_str last = {NULL, 0};
    im_json_open_object(out, "groups");
    for (size_t i = 0; i < type->n_fields; i++) {
        struct im_str group = {type->fields[i].name,
                               im_object_group_len(&type->fields[i])};
        if (!group.len || im_str_eq(group, last))
            continue;
        im_object_open_group(group, out);
        write_members(type, group, false, out);
        write_members(type, group, true, out);
        im_json_close_object(out);
        last = group;
    }
    im_json_close_object(out);
}

/* The real model describes the lines' own object here as well; this one names it and says
 * no more (guess): it is a type of its own. */
static void write_lists(const struct im_object_type *type, struct im_json_out *out)
{
    im_json_open_object(out, "lists");
    for (size_t i = 0; i < type->n_fields; i++) {
        if (type->fields[i].kind != IM_FIELD_LIST)
            continue;
        im_json_open_object(out, type->fields[i].name);
        im_json_strf(out, "apiObject", "%s-line", type->rest_name);
        im_json_close_object(out);
    }
    im_json_close_object(out);
}

static void write_links(const struct im_object_type *type, struct im_json_out *out)
{
    im_json_strf(out, "apiObject", "objects/%s", type->rest_name);
    im_json_strz(out, "type", "rootObject");
    im_json_strz(out, "httpMethods", METHODS);
    im_json_strf(out, "href", "/services/core/model?version=v1&name=objects/%s",
                 type->rest_name);
}

void im_object_model(const struct im_object_type *type, struct im_json_out *out,
                     const char *name)
{
    im_json_open_object(out, name);
    write_members(type, IM_STR(""), false, out);
    write_groups(type, out);
    write_members(type, IM_STR(""), true, out);
    write_lists(type, out);
    im_json_bool(out, "idempotenceSupported", true); /* see idempotency.c */
    write_links(type, out);
    im_json_close_object(out);
}

void im_object_models(struct im_json_out *out, const char *name)
{
    im_json_open_array(out, name);
    for (size_t i = 0; i < im_object_type_count(); i++) {
        im_json_open_object(out, NULL);
        write_links(im_object_type_at(i), out);
        im_json_close_object(out);
    }
    im_json_close_array(out);
}

size_t im_object_dimensions(struct im_json_out *out, const char *name)
{
    static const struct {
        const char *name, *label, *object;
    } dimensions[] = {
        {"LOCATION", "Location", "company-config/location"},
        {"DEPARTMENT", "Department", "company-config/department"},
        {"CUSTOMER", "Customer", "accounts-receivable/customer"},
        {"VENDOR", "Vendor", "accounts-payable/vendor"},
        {"EMPLOYEE", "Employee", "company-config/employee"},
        {"PROJECT", "Project", "projects/project"},
        {"ITEM", "Item", "inventory-control/item"},
    };
    size_t n = sizeof dimensions / sizeof *dimensions;
    im_json_open_array(out, name);
    for (size_t i = 0; i < n; i++) {
        im_json_open_object(out, NULL);
        im_json_strz(out, "dimensionName", dimensions[i].name);
        im_json_strz(out, "dimensionLabel", dimensions[i].label);
        im_json_strz(out, "termName", dimensions[i].label);
        im_json_bool(out, "isUserDefinedDimension", false);
        im_json_bool(out, "isEnabledInGL", true);
        im_json_strf(out, "dimensionEndpoint", "/objects/%s", dimensions[i].object);
        im_json_close_object(out);
    }
    im_json_close_array(out);
    return n;
}
