/* Reading JSON (RFC 8259). base/json_scan.c has looked at every byte before cJSON sees
 * the text, so what cJSON would let pass never gets here; cJSON decodes the strings and
 * builds the tree, which is then copied into the arena and deleted at once. Numbers are
 * blanked in the copy that cJSON reads: it would make doubles of them, in the host's
 * locale, out of at most 63 characters. (cJSON notes each parse in a global of its own,
 * which only cJSON_GetErrorPtr reads. We never call that.) */
#include "base/json.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_scan.h"

/* What turning one cJSON tree into ours needs. */
struct json_reading {
    struct im_arena *arena;
    struct im_str text;
    const struct im_json_mark *mark; /* of the next value */
    struct im_json_error *error;
    bool repeated; /* names may stand twice */
};

/* A copy of the text in which every number is a 0. */
static char *blank_numbers(struct im_arena *arena, struct im_str text,
                           const struct im_json_mark *mark)
{
    char *copy = im_arena_alloc(arena, text.len + 1);

    if (!copy)
        return NULL;
    memcpy(copy, text.at, text.len);
    for (; mark; mark = mark->next) {
        char first = text.at[mark->offset];
        if (first != '-' && (first < '0' || first > '9'))
            continue;
        memset(copy + mark->offset, ' ', mark->end - mark->offset);
        copy[mark->offset] = '0';
    }
    return copy;
}

/* ---- names that stand twice ---- */

/* By name, and of equal names in the order of the text: so the first of two is the good
 * one and the error points at the second. */
static int compare_names(const void *a, const void *b)
{
    const struct im_json *const *x = a, *const *y = b;
    int order = im_str_compare((*x)->name, (*y)->name);

    return order ? order : ((*x)->offset > (*y)->offset) - ((*x)->offset < (*y)->offset);
}

/* Sorted, since an object may have as many members as fit into a body of 1 MB: comparing
 * each with each would occupy a worker for long. Of several names that stand twice, the
 * one that comes first in the text is reported. */
static bool json_check_names(struct json_reading *r, const struct im_json *object)
{
    size_t n = 0;
    if (r->repeated || object->type != IM_JSON_OBJECT || object->count < 2)
        return true;

    const struct im_json **sorted =
        IM_ARENA_ARRAY(r->arena, const struct im_json *, object->count);
    if (!sorted)
        return false;
    for (const struct im_json *member = object->first; member; member = member->next)
        sorted[n++] = member;
    qsort(sorted, n, sizeof(const struct im_json *), compare_names);

    const struct im_json *twice = NULL;
    for (size_t i = 1; i < n; i++) {
        bool same = im_str_eq(sorted[i - 1]->name, sorted[i]->name);
        if (same && (!twice || sorted[i]->offset < twice->offset))
            twice = sorted[i];
    }
    if (!twice)
        return true;
    struct im_str name = im_str_front(twice->name, 64);
    im_json_fail(r->error, r->text, twice->name_offset,
                 "name \"%.*s\" stands twice in one object", IM_ARG(name));
    return false;
}

/* ---- cJSON's tree into ours ---- */

static struct im_json *json_convert(struct json_reading *r, const cJSON *item);

static bool json_convert_children(struct json_reading *r, const cJSON *item,
                                  struct im_json *value)
{
    const struct im_json **tail = &value->first;
    const cJSON *child;

    cJSON_ArrayForEach(child, item)
    {
        struct im_json *made = json_convert(r, child);
        if (!made)
            return false;
        *tail = made;
        tail = &made->next;
        value->count++;
    }
    return json_check_names(r, value);
}

static bool json_convert_number(struct json_reading *r, const struct im_json_mark *mark,
                                struct im_json *value)
{
    value->text = im_arena_copy(r->arena, im_str_slice(r->text, mark->offset, mark->end));
    if (im_json_read_number(r->arena, value))
        return true;
    im_json_fail(r->error, r->text, mark->offset,
                 "this number is too large: a double ends at 1.8e308");
    return false;
}

static enum im_json_type cjson_type(const cJSON *item)
{
    if (cJSON_IsObject(item))
        return IM_JSON_OBJECT;
    if (cJSON_IsArray(item))
        return IM_JSON_ARRAY;
    if (cJSON_IsString(item))
        return IM_JSON_STRING;
    if (cJSON_IsNumber(item))
        return IM_JSON_NUMBER;
    return cJSON_IsBool(item) ? IM_JSON_BOOL : IM_JSON_NULL;
}

static struct im_json *json_convert(struct json_reading *r, const cJSON *item)
{
    const struct im_json_mark *mark = r->mark;
    struct im_json *value = IM_ARENA_NEW(r->arena, struct im_json);
    bool fine = true;

    if (!value)
        return NULL;
    /* cJSON's tree knows no places in the text; the scan's marks have the same order */
    r->mark = mark->next;
    value->type = cjson_type(item);
    value->offset = mark->offset;
    value->name_offset = mark->name_offset;
    if (item->string)
        value->name = im_arena_copy(r->arena, im_str(item->string));

    switch (value->type) {
    case IM_JSON_NULL: break;
    case IM_JSON_BOOL: value->boolean = cJSON_IsTrue(item) != 0; break;
    case IM_JSON_STRING:
        value->text = im_arena_copy(r->arena, im_str(item->valuestring));
        break;
    case IM_JSON_NUMBER: fine = json_convert_number(r, mark, value); break;
    case IM_JSON_ARRAY:
    case IM_JSON_OBJECT: fine = json_convert_children(r, item, value); break;
    }
    return fine ? value : NULL;
}

bool im_json_error_as(struct im_error *err, const struct im_json_error *error,
                      const char *attempt)
{
    im_error_set(err, "%s: %s", attempt, error->what);
    return im_error_of(err, error->no_memory ? IM_ERROR_INTERNAL : IM_ERROR_PLAIN);
}

static const struct im_json *json_parse(struct json_reading *r)
{
    r->mark = im_json_scan(r->arena, r->text, r->error);
    if (!r->mark)
        return NULL;

    char *copy = blank_numbers(r->arena, r->text, r->mark);
    cJSON *tree = copy ? cJSON_ParseWithLength(copy, r->text.len) : NULL;
    const struct im_json *value = tree ? json_convert(r, tree) : NULL;
    /* the scan has found it well-formed, so that without a tree there was no memory for
     * one */
    if (!tree || r->arena->failed) {
        r->arena->failed = true;
        im_json_fail_memory(r->error);
        value = NULL;
    }
    cJSON_Delete(tree);
    return value;
}

const struct im_json *im_json_parse(struct im_arena *arena, struct im_str text,
                                    struct im_json_error *error)
{
    return json_parse(
        &(struct json_reading){.arena = arena, .text = text, .error = error});
}

const struct im_json *im_json_parse_repeated(struct im_arena *arena, struct im_str text,
                                             struct im_json_error *error)
{
    return json_parse(&(struct json_reading){
        .arena = arena, .text = text, .error = error, .repeated = true});
}

void im_json_place(struct im_str text, size_t offset, unsigned *line, unsigned *column)
{
    struct im_str rest = im_str_slice(text, 0, offset);

    *line = 1;
    while (im_str_has(rest, '\n')) {
        im_str_cut(&rest, '\n');
        ++*line;
    }
    *column = (unsigned)rest.len + 1;
}

const struct im_json *im_json_get_named(const struct im_json *object, struct im_str name)
{
    if (!object || object->type != IM_JSON_OBJECT)
        return NULL;

    const struct im_json *member = object->first;
    while (member && !im_str_eq(member->name, name))
        member = member->next;
    return member;
}

const struct im_json *im_json_get(const struct im_json *object, const char *name)
{
    return im_json_get_named(object, im_str(name));
}

struct im_str im_json_get_str(const struct im_json *object, const char *name)
{
    const struct im_json *member = im_json_get(object, name);
    bool is_string = member && member->type == IM_JSON_STRING;

    return is_string ? member->text : (struct im_str){NULL, 0};
}

const char *im_json_type_name(enum im_json_type type)
{
    switch (type) {
    case IM_JSON_NULL: return "null";
    case IM_JSON_BOOL: return "a boolean";
    case IM_JSON_NUMBER: return "a number";
    case IM_JSON_STRING: return "a string";
    case IM_JSON_ARRAY: return "an array";
    case IM_JSON_OBJECT: return "an object";
    }
    return "nothing";
}
