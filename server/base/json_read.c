/* Strict reading of JSON by tables. What is wrong is worded in json_fault.c. */
#include "base/json_read.h"

#include <string.h>

#include "base/clock.h"
#include "base/json_fault.h"

/* ---- the members of an object ---- */

size_t im_json_members(const struct im_json_table *table,
                       struct im_json_member members[IM_READ_MEMBERS_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < table->count; i++) {
        const struct im_json_row *row = &table->rows[i];
        size_t more = 0;
        if (row->kind != IM_READ_PART && n < IM_READ_MEMBERS_MAX) {
            members[n++] = (struct im_json_member){row, 0};
            continue;
        }
        struct im_json_member part[IM_READ_MEMBERS_MAX];
        more = im_json_members(row->table, part);
        for (size_t k = 0; k < more && n < IM_READ_MEMBERS_MAX; k++)
            members[n++] =
                (struct im_json_member){part[k].row, row->offset + part[k].base};
    }
    return n;
}

/* The names that a hint may offer. */
static size_t list_names(const struct im_json_member *members, size_t count,
                         struct im_str *names)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++)
        if (!(members[i].row->flags & IM_READ_HIDDEN))
            names[n++] = im_str(members[i].row->name);
    return n;
}

/* Is a member there that is none, and that this name is offered for? Then it is misspelled, not
 * missing. */
static bool is_misspelled(const struct im_json *object, const char *name,
                          const struct im_str *names, size_t count)
{
    for (const struct im_json *value = object->first; value; value = value->next) {
        int nearest = im_str_nearest(value->name, names, count);
        if (nearest >= 0 && im_str_is(names[nearest], name))
            return true;
    }
    return false;
}

/* The row's value, or one form of it, is an object that has a member of this name. */
static bool takes_member(const struct im_json_row *row, struct im_str name)
{
    struct im_json_member inside[IM_READ_MEMBERS_MAX];
    size_t n = row->kind == IM_READ_OBJECT ? im_json_members(row->table, inside) : 0;

    for (size_t i = 0; i < n; i++)
        if (!(inside[i].row->flags & IM_READ_HIDDEN) &&
            im_str_is(name, inside[i].row->name))
            return true;
    for (size_t i = 0; row->kind == IM_READ_EITHER && i < row->count; i++)
        if (takes_member(&row->rows[i], name))
            return true;
    return false;
}

/* Which member's object an unknown one belongs into, such as "at" beside "wire". NULL =
 * none, or several: then it cannot be told which is meant. */
static const char *home_of(struct im_str name, const struct im_json_member *members,
                           size_t count)
{
    const char *home = NULL;

    for (size_t i = 0; i < count; i++) {
        const struct im_json_row *row = members[i].row;
        if ((row->flags & IM_READ_HIDDEN) || !takes_member(row, name))
            continue;
        if (home)
            return NULL;
        home = row->name;
    }
    return home;
}

static bool read_members(struct im_json_reader *r, const struct im_json_table *table,
                         const struct im_json *object, char *into)
{
    struct im_json_member members[IM_READ_MEMBERS_MAX];
    struct im_str names[IM_READ_MEMBERS_MAX];
    size_t n = im_json_members(table, members), named = list_names(members, n, names);
    size_t before = r->count;

    for (const struct im_json *value = object->first; value; value = value->next) {
        size_t i = 0;
        while (i < n && !im_str_is(value->name, members[i].row->name))
            i++;
        if (i < n)
            im_json_read_row(r, members[i].row, value, into + members[i].base);
        else
            im_json_unknown(r, value, home_of(value->name, members, n), names, named);
        if (r->count == r->room)
            return false;
    }
    for (size_t i = 0; i < n; i++)
        if ((members[i].row->flags & IM_READ_REQUIRED) &&
            !im_json_get(object, members[i].row->name) &&
            !is_misspelled(object, members[i].row->name, names, named))
            im_json_missing(r, object, members[i].row);
    if (r->count == before && object->count < table->least)
        im_json_says_nothing(r, object, names, named);
    if (r->count == before && table->check)
        table->check(r, object, into);
    return r->count == before;
}

bool im_json_read(struct im_json_reader *r, const struct im_json_table *table,
                  const struct im_json *object, void *into)
{
    const char *around = r->where;

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

static bool wrong(struct im_json_reader *r, const struct im_json_row *row,
                  const struct im_json *value)
{
    return im_json_wrong_by(r, row, value, value->name);
}

/* Is it of a type that the row can take? */
static bool suits(const struct im_json_row *row, const struct im_json *value)
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
    case IM_READ_OBJECT:
    case IM_READ_MAP: return value->type == IM_JSON_OBJECT;
    case IM_READ_LIST:
        if (value->type == IM_JSON_ARRAY || !(row->flags & IM_READ_ALONE))
            return value->type == IM_JSON_ARRAY;
        item = im_json_item(row);
        return suits(&item, value);
    case IM_READ_EITHER:
        for (size_t i = 0; i < row->count; i++)
            if (suits(&row->rows[i], value))
                return true;
        return false;
    case IM_READ_JSON: return !row->table || value->type == IM_JSON_OBJECT;
    case IM_READ_PART: break;
    }
    return true;
}

/* A whole number into a bool, an enum or an int64_t. */
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

static bool within(const struct im_json_row *row, int64_t value)
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
        return wrong(r, row, value);
    if (row->size)
        memcpy(place, &number, sizeof(number));
    return true;
}

static bool read_whole(struct im_json_reader *r, const struct im_json_row *row,
                       const struct im_json *value, void *place)
{
    if (!value->is_whole || !within(row, value->whole))
        return wrong(r, row, value);
    put_whole(place, row->size, value->whole);
    return true;
}

static bool read_duration(struct im_json_reader *r, const struct im_json_row *row,
                          const struct im_json *value, void *place)
{
    int64_t ms;

    if (!(row->kind == IM_READ_TIME ? im_time_parse(value->text, &ms)
                                    : im_duration_parse(value->text, &ms)) ||
        !within(row, ms))
        return wrong(r, row, value);
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

    return wrong(r, row, value);
}

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
        if (suits(&item, one))
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

static bool read_map(struct im_json_reader *r, const struct im_json_row *row,
                     const struct im_json *value, void *place)
{
    struct im_json_list list = {
        .items = IM_ARENA_ARRAY(r->arena, struct im_json_pair, value->count + 1)};
    struct im_json_pair *pair = list.items;
    size_t before = r->count;

    if (!value->count)
        return im_json_fault(r, value, "\"%s\" says nothing", row->name);
    for (const struct im_json *one = value->first; one && pair; one = one->next) {
        bool word = one->type == IM_JSON_BOOL;
        if (!word && one->type != IM_JSON_STRING && one->type != IM_JSON_NUMBER) {
            im_json_wrong(r, one, "a string, a number, true or false");
            continue;
        }
        pair[list.count].name = im_arena_copy(r->arena, one->name);
        pair[list.count++].value = word ? im_str(one->boolean ? "true" : "false")
                                        : im_arena_copy(r->arena, one->text);
    }
    if (!pair)
        return im_json_no_memory(r, value);
    if (row->size)
        memcpy(place, &list, sizeof(list));
    return r->count == before;
}

static bool read_either(struct im_json_reader *r, const struct im_json_row *row,
                        const struct im_json *value, void *into)
{
    for (size_t i = 0; i < row->count; i++)
        if (suits(&row->rows[i], value))
            return im_json_read_row(r, &row->rows[i], value, into);
    return wrong(r, row, value);
}

static bool read_kind(struct im_json_reader *r, const struct im_json_row *row,
                      const struct im_json *value, void *into)
{
    void *place = (char *)into + row->offset;

    if (!suits(row, value))
        return wrong(r, row, value);
    switch (row->kind) {
    case IM_READ_TEXT: return read_text(r, row, value, place);
    case IM_READ_BOOL: put_whole(place, row->size, value->boolean); return true;
    case IM_READ_TRUE: return value->boolean || wrong(r, row, value);
    case IM_READ_WHOLE: return read_whole(r, row, value, place);
    case IM_READ_NUMBER: return read_number(r, row, value, place);
    case IM_READ_DURATION:
    case IM_READ_TIME: return read_duration(r, row, value, place);
    case IM_READ_WORD: return read_word(r, row, value, place);
    case IM_READ_OBJECT: return im_json_read(r, row->table, value, place);
    case IM_READ_LIST: return read_list(r, row, value, place);
    case IM_READ_EITHER: return read_either(r, row, value, place);
    case IM_READ_MAP: return read_map(r, row, value, place);
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
    bool fine = read_kind(r, row, value, into);
    bool whole = fine || ((row->flags & IM_READ_CHECK_ALWAYS) && suits(row, value) &&
                          r->count < r->room);

    return (!row->check || !whole || row->check(r, value, into)) && fine;
}
