/* Strict reading of JSON by tables: json_read.h says what a row means. The order is
 * always the same: first the type that the row takes, then its bounds or vocabulary, then
 * its check, which so need not look at either again. What is wrong is worded in
 * json_fault.c; JSON Schema is made of the same rows in json_schema.c. */
#include "base/json_read.h"

#include <string.h>

#include "base/clock.h"
#include "base/json_fault.h"

/* ---- the members of an object ---- */

size_t im_json_members(const struct im_json_table *table,
                       struct im_json_member members[IM_READ_MEMBERS_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < table->count && n < IM_READ_MEMBERS_MAX; i++) {
        const struct im_json_row *row = &table->rows[i];
        if (row->kind != IM_READ_PART) {
            members[n++] = (struct im_json_member){row, 0};
            continue;
        }
        /* a part is a struct inside the struct: its offsets begin where it lies */
        struct im_json_member part[IM_READ_MEMBERS_MAX];
        size_t more = im_json_members(row->table, part);
        for (size_t k = 0; k < more && n < IM_READ_MEMBERS_MAX; k++)
            members[n++] =
                (struct im_json_member){part[k].row, row->offset + part[k].base};
    }
    return n;
}

static bool read_members(struct im_json_reader *r, const struct im_json_table *table,
                         const struct im_json *object, char *into)
{
    struct im_json_member members[IM_READ_MEMBERS_MAX];
    struct im_str names[IM_READ_MEMBERS_MAX];
    size_t n = im_json_members(table, members), named = 0, before = r->count;

    /* the names that a hint may offer */
    for (size_t i = 0; i < n; i++)
        if (!(members[i].row->flags & IM_READ_HIDDEN))
            names[named++] = im_str(members[i].row->name);
    for (const struct im_json *value = object->first; value; value = value->next) {
        size_t i = 0;
        while (i < n && !im_str_is(value->name, members[i].row->name))
            i++;
        if (i < n)
            im_json_read_row(r, members[i].row, value, into + members[i].base);
        else
            im_json_unknown(r, value, names, named);
        if (r->count == r->room)
            return false;
    }
    /* what is missing comes after what is wrong: a misspelled name is both, and the fault
     * about its spelling is the one that helps */
    for (size_t i = 0; i < n; i++)
        if ((members[i].row->flags & IM_READ_REQUIRED) &&
            !im_json_get(object, members[i].row->name))
            im_json_missing(r, object, members[i].row);
    /* these look at the object as a whole, which means something only once its members
     * are right */
    if (r->count == before && object->count < table->least)
        im_json_says_nothing(r, object, names, named);
    if (r->count == before && table->check)
        table->check(r, object, into);
    return r->count == before;
}

bool im_json_read(struct im_json_reader *r, const struct im_json_table *table,
                  const struct im_json *object, void *into)
{
    const char *around = r->where; /* put back behind: tables stand in each other */

    if (table->where)
        r->where = table->where;
    bool fine = object->type == IM_JSON_OBJECT ? read_members(r, table, object, into)
                                               : im_json_wrong(r, object, "an object");
    r->where = around;
    return fine;
}

void *im_json_read_new(struct im_json_reader *r, const struct im_json_table *table,
                       const struct im_json *object)
{
    void *made = im_arena_alloc(r->arena, table->size);

    if (!made) {
        im_json_no_memory(r, object);
        return NULL;
    }
    if (table->blank)
        memcpy(made, table->blank, table->size);
    return im_json_read(r, table, object, made) ? made : NULL;
}

/* ---- values ---- */

struct im_json_row im_json_item(const struct im_json_row *list)
{
    if (list->rows)
        return list->rows[0];
    return (struct im_json_row){.kind = list->table ? IM_READ_OBJECT : IM_READ_TEXT,
                                .flags = list->flags & IM_READ_EMPTY,
                                .size = sizeof(struct im_str),
                                .table = list->table};
}

static bool row_wrong(struct im_json_reader *r, const struct im_json_row *row,
                      const struct im_json *value)
{
    return im_json_wrong_by(r, row, value, value->name);
}

/* Is it of a type that the row can take? */
static bool row_suits(const struct im_json_row *row, const struct im_json *value)
{
    bool text = value->type == IM_JSON_STRING;
    struct im_json_row item;

    switch (row->kind) {
    case IM_READ_BOOL:
    case IM_READ_TRUE: return value->type == IM_JSON_BOOL;
    case IM_READ_WHOLE: /* in a query a number is a string */
        return value->type == IM_JSON_NUMBER || (text && value->is_whole);
    case IM_READ_NUMBER: return value->type == IM_JSON_NUMBER;
    case IM_READ_TEXT:
        return text && (value->text.len || (row->flags & IM_READ_EMPTY)) &&
               (!row->sound || row->sound(value->text));
    case IM_READ_DURATION:
    case IM_READ_TIME: return text;
    case IM_READ_WORD: return text || (row->words && value->type == IM_JSON_NUMBER);
    case IM_READ_OBJECT: return value->type == IM_JSON_OBJECT;
    case IM_READ_LIST:
        if (value->type == IM_JSON_ARRAY || !(row->flags & IM_READ_ALONE))
            return value->type == IM_JSON_ARRAY;
        item = im_json_item(row);
        return row_suits(&item, value);
    case IM_READ_EITHER:
        for (size_t i = 0; i < row->count; i++)
            if (row_suits(&row->rows[i], value))
                return true;
        return false;
    case IM_READ_JSON: return !row->table || value->type == IM_JSON_OBJECT;
    case IM_READ_PART: break;
    }
    return true;
}

/* A whole number into a bool, an enum or an int64_t: the row knows its member's size, not
 * its type. By memcpy, since an enum and an int are no compatible types everywhere. Size
 * 0 stores nothing. */
static void put_whole(void *place, size_t size, int64_t value)
{
    int small = (int)value;
    bool yes = value != 0;

    if (size == sizeof(value))
        memcpy(place, &value, size);
    else if (size == sizeof(small))
        memcpy(place, &small, size);
    else if (size == sizeof(yes))
        memcpy(place, &yes, size);
}

static bool read_text(struct im_json_reader *r, const struct im_json_row *row,
                      const struct im_json *value, void *place)
{
    struct im_str copy;
    size_t i = 0;

    while (row->names && row->names->word(i) &&
           !im_str_is(value->text, row->names->word(i)))
        i++;
    if (row->names && !row->names->word(i))
        return im_json_no_such(r, value, row->names);
    if (!row->size)
        return true;
    copy = im_arena_copy(r->arena, value->text);
    if (!copy.at)
        return im_json_no_memory(r, value);
    memcpy(place, &copy, sizeof(copy));
    return true;
}

/* Bounds of 0 and 0 are none. */
static bool row_allows(const struct im_json_row *row, int64_t value)
{
    return (!row->min && !row->max) || (value >= row->min && value <= row->max);
}

static bool read_number(struct im_json_reader *r, const struct im_json_row *row,
                        const struct im_json *value, void *place)
{
    double number = value->number, min = (double)row->min, max = (double)row->max;
    bool bounded = row->min || row->max;
    bool above = row->flags & IM_READ_ABOVE ? number > min : number >= min;

    if (bounded && (!above || number > max))
        return row_wrong(r, row, value);
    if (row->size)
        memcpy(place, &number, sizeof(number));
    return true;
}

static bool read_whole(struct im_json_reader *r, const struct im_json_row *row,
                       const struct im_json *value, void *place)
{
    if (!value->is_whole || !row_allows(row, value->whole))
        return row_wrong(r, row, value);
    put_whole(place, row->size, value->whole);
    return true;
}

/* Both are texts that become ms; a bound of a time is one of a moment. */
static bool read_duration(struct im_json_reader *r, const struct im_json_row *row,
                          const struct im_json *value, void *place)
{
    int64_t ms;

    if (!(row->kind == IM_READ_TIME ? im_time_parse(value->text, &ms)
                                    : im_duration_parse(value->text, &ms)) ||
        !row_allows(row, ms))
        return row_wrong(r, row, value);
    put_whole(place, row->size, ms);
    return true;
}

/* A word of digits may be written as a number: its text is the same. */
static bool read_word(struct im_json_reader *r, const struct im_json_row *row,
                      const struct im_json *value, void *place)
{
    struct im_str words[IM_READ_WORDS_MAX];
    size_t n = im_json_row_words(row, words);

    for (size_t i = 0; i < n; i++)
        if (im_str_eq(value->text, words[i])) {
            put_whole(place, row->size, row->min + (int64_t)i);
            return true;
        }
    if (row->names)
        return im_json_no_such(r, value, row->names);

    return row_wrong(r, row, value);
}

/* Items are structs of the table's size, or values of the item's size, in one array. A
 * list goes on behind a fault in an item: each item that is wrong has a fault of its
 * own. */
static bool read_list(struct im_json_reader *r, const struct im_json_row *row,
                      const struct im_json *value, void *place)
{
    const struct im_json_row item = im_json_item(row);
    bool alone = value->type != IM_JSON_ARRAY;
    size_t size = item.table ? item.table->size : item.size, before = r->count;
    size_t count = alone ? 1 : value->count;
    struct im_json_list list = {.items = im_arena_array(r->arena, size, count)};

    if (row->max && count > (uint64_t)row->max)
        return im_json_fault(r, value, "\"%s\" may hold at most %lld, not %zu", row->name,
                             (long long)row->max, count);
    if (count < (uint64_t)row->min)
        return im_json_fault(r, value, "\"%s\" must not be an empty list", row->name);
    if (!list.items)
        return im_json_no_memory(r, value);
    const struct im_json *one = alone ? value : value->first;
    for (; list.count < count; one = one->next) {
        char *into = (char *)list.items + size * list.count++;
        if (item.table && item.table->blank)
            memcpy(into, item.table->blank, size);
        if (row_suits(&item, one))
            im_json_read_row(r, &item, one, into);
        else
            im_json_wrong_by(r, row, one, value->name);
        if (r->count == r->room)
            return false;
    }
    if (row->size)
        memcpy(place, &list, sizeof(list));
    return r->count == before;
}

/* The first form that suits decides, and its fault is the one reported: a sentence for
 * each form would say what was not meant. */
static bool read_either(struct im_json_reader *r, const struct im_json_row *row,
                        const struct im_json *value, void *into)
{
    for (size_t i = 0; i < row->count; i++)
        if (row_suits(&row->rows[i], value))
            return im_json_read_row(r, &row->rows[i], value, into);
    return row_wrong(r, row, value);
}

static bool read_kind(struct im_json_reader *r, const struct im_json_row *row,
                      const struct im_json *value, void *into)
{
    void *place = (char *)into + row->offset;

    if (!row_suits(row, value))
        return row_wrong(r, row, value);
    switch (row->kind) {
    case IM_READ_TEXT: return read_text(r, row, value, place);
    case IM_READ_BOOL: put_whole(place, row->size, value->boolean); return true;
    case IM_READ_TRUE: return value->boolean || row_wrong(r, row, value);
    case IM_READ_WHOLE: return read_whole(r, row, value, place);
    case IM_READ_NUMBER: return read_number(r, row, value, place);
    case IM_READ_DURATION:
    case IM_READ_TIME: return read_duration(r, row, value, place);
    case IM_READ_WORD: return read_word(r, row, value, place);
    case IM_READ_OBJECT: return im_json_read(r, row->table, value, place);
    case IM_READ_LIST: return read_list(r, row, value, place);
    case IM_READ_EITHER: return read_either(r, row, value, place);
    case IM_READ_JSON:
        if (row->size)
            memcpy(place, &value, sizeof(const struct im_json *));
        return true;
    case IM_READ_PART: break;
    }
    return false;
}

bool im_json_read_row(struct im_json_reader *r, const struct im_json_row *row,
                      const struct im_json *value, void *into)
{
    return read_kind(r, row, value, into) && (!row->check || row->check(r, value, into));
}
