/* The static table of types and the look-ups in it. types.def is read twice: C has no way to
 * write an array inside a row of another array. */
#include "objects/types.h"

#include <assert.h>
#include <string.h>

#define RO    IM_FIELD_READ_ONLY
#define REQ   IM_FIELD_REQUIRED
#define FIX   IM_FIELD_FIXED
#define UNI   IM_FIELD_UNIQUE
#define WO    IM_FIELD_WRITE_ONLY
#define SUM   IM_FIELD_LINE_SUM
#define DRAFT IM_FIELD_DRAFT
#define OWN   IM_FIELD_OWNER

/* First reading: the fields of each type. */
#define TYPE(id, rest, article, module, always)
#define BEGIN(id) static const struct im_object_field fields_of_##id[] = {
#define FIELD(name, kind, flags, about, initial)                                         \
    {name, IM_FIELD_##kind, flags, about, initial},
#define END(id)                                                                          \
    }                                                                                    \
    ;
#include "objects/types.def"

/* Second reading: the types. */
#define TYPE(id, rest, article, module, always)                                          \
    {rest,   article,        module,                                                     \
     always, fields_of_##id, sizeof fields_of_##id / sizeof *fields_of_##id},
#define BEGIN(id)
#define FIELD(name, kind, flags, about, initial)
#define END(id)
static const struct im_object_type types[] = {
#include "objects/types.def"
};

#define TYPES (sizeof types / sizeof *types)
_Static_assert(TYPES <= IM_TYPES_MAX, "IM_TYPES_MAX is too small");

size_t im_object_type_count(void)
{
    return TYPES;
}

const struct im_object_type *im_object_type_at(size_t i)
{
    assert(i < TYPES);
    return &types[i];
}

size_t im_object_type_index(const struct im_object_type *type)
{
    return (size_t)(type - types);
}

/* The model service prints names with "objects/" before them. */
static struct im_str bare_name(struct im_str rest_name)
{
    if (!im_str_starts(rest_name, "objects/"))
        return rest_name;
    return im_str_slice(rest_name, strlen("objects/"), rest_name.len);
}

const struct im_object_type *im_object_type_find(struct im_str rest_name)
{
    struct im_str name = bare_name(rest_name);
    for (size_t i = 0; i < TYPES; i++)
        if (im_str_is(name, types[i].rest_name))
            return &types[i];
    return NULL;
}

const struct im_object_type *im_object_type_find_article(struct im_str name)
{
    for (size_t i = 0; i < TYPES; i++)
        if (types[i].article_name && im_str_is(name, types[i].article_name))
            return &types[i];
    for (size_t i = 0; i < TYPES; i++)
        if (types[i].article_name &&
            im_str_eq_nocase(name, im_str(types[i].article_name)))
            return &types[i];
    return NULL;
}

const struct im_object_type *im_object_type_near(struct im_str rest_name)
{
    struct im_str names[TYPES];
    for (size_t i = 0; i < TYPES; i++)
        names[i] = im_str(types[i].rest_name);
    int i = im_str_nearest(bare_name(rest_name), names, TYPES);
    return i < 0 ? NULL : &types[i];
}

const struct im_object_type *im_object_type_near_article(struct im_str name)
{
    struct im_str names[TYPES];
    size_t n = 0;
    for (size_t i = 0; i < TYPES; i++)
        if (types[i].article_name)
            names[n++] = im_str(types[i].article_name);
    int i = im_str_nearest(name, names, n);
    return i < 0 ? NULL : im_object_type_find_article(names[i]);
}

size_t im_object_field_index(const struct im_object_type *type, struct im_str name)
{
    size_t i = 0;
    while (i < type->n_fields && !im_str_is(name, type->fields[i].name))
        i++;
    return i;
}

size_t im_object_group_len(const struct im_object_field *field)
{
    const char *dot = strchr(field->name, '.');
    return dot ? (size_t)(dot - field->name) : 0;
}

bool im_object_group_known(const struct im_object_type *type, struct im_str group)
{
    for (size_t i = 0; i < type->n_fields; i++) {
        size_t len = im_object_group_len(&type->fields[i]);
        if (len && im_str_eq(group, (struct im_str){type->fields[i].name, len}))
            return true;
    }
    return false;
}

size_t im_object_field_near(const struct im_object_type *type, struct im_str name)
{
    struct im_str names[IM_FIELDS_MAX];
    assert(type->n_fields <= IM_FIELDS_MAX);
    for (size_t i = 0; i < type->n_fields; i++)
        names[i] = im_str(type->fields[i].name);
    int i = im_str_nearest(name, names, type->n_fields);
    return i < 0 ? type->n_fields : (size_t)i;
}

const struct im_object_type *im_object_target(const struct im_object_field *field)
{
    return im_object_type_find(im_str(field->about));
}
