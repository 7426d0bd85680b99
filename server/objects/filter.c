/* Conditions of a query: reading them against a type, and asking them of a row. Operands
 * are converted when they are read, so that asking 10,000 rows only compares. */
#include "objects/filter.h"

#include "base/clock.h"
#include "objects/outcome.h"

/* The operators of the core.query OpenAPI file, but $has: no field here is an array of
 * words. Half of them are the other half negated: $gt is "not less or equal". */
struct im_object_operator {
    const char *name;
    enum { EQUAL, LESS, LESS_EQUAL, WITHIN, BETWEEN, CONTAINS, STARTS, ENDS } how;
    bool negated;
    enum { ONE, PAIR, MANY } takes;
    bool text_only;
};

static const struct im_object_operator operators[] = {
    {"$eq", EQUAL, false, ONE, false},
    {"$ne", EQUAL, true, ONE, false},
    {"$lt", LESS, false, ONE, false},
    {"$lte", LESS_EQUAL, false, ONE, false},
    {"$gt", LESS_EQUAL, true, ONE, false},
    {"$gte", LESS, true, ONE, false},
    {"$in", WITHIN, false, MANY, false},
    {"$notIn", WITHIN, true, MANY, false},
    {"$between", BETWEEN, false, PAIR, false},
    {"$notBetween", BETWEEN, true, PAIR, false},
    {"$contains", CONTAINS, false, ONE, true},
    {"$notContains", CONTAINS, true, ONE, true},
    {"$startsWith", STARTS, false, ONE, true},
    {"$notStartsWith", STARTS, true, ONE, true},
    {"$endsWith", ENDS, false, ONE, true},
    {"$notEndsWith", ENDS, true, ONE, true},
};

#define OPERATORS (sizeof operators / sizeof *operators)

/* A condition that is being read. */
struct filter_reading {
    struct im_object_condition *condition;
    const struct im_object_filter_settings *settings;
};

/* ---- naming fields ---- */

/* The evidence alone: the observed wording ("The action field in … cannot be used in query
 * in version 1") comes from the table of causes. */
static enum im_objects_result refuse_field(
    const struct im_object_filter_settings *settings, struct im_str name,
    const char *reason)
{
    struct im_str shown = im_objects_quote(name);
    return im_objects_refuse(settings->refusal, IM_OBJECTS_QUERY_FIELD, shown,
                             "%.*s of %s cannot be used here: %s.", IM_ARG(shown),
                             settings->type->rest_name, reason);
}

static enum im_objects_result refuse_unknown_field(
    const struct im_object_filter_settings *settings, struct im_str name)
{
    size_t near = im_object_field_near(settings->type, name);
    struct im_str shown = im_objects_quote(name);
    if (im_str_has(name, ':')) /* "sum:totalEntered" */
        return refuse_field(settings, name, "aggregate functions are not offered");
    if (near == settings->type->n_fields)
        return refuse_field(settings, name, "there is no such field");
    return im_objects_refuse(settings->refusal, IM_OBJECTS_QUERY_FIELD, shown,
                             "%s has no field \"%.*s\"%s", settings->type->rest_name,
                             IM_ARG(shown),
                             im_hint_of(settings->type->fields[near].name).text);
}

enum im_objects_result im_object_query_field(
    const struct im_object_filter_settings *settings, struct im_str name,
    struct im_object_path *path)
{
    /* a copy, because the answer's member has this name and the writer wants a NUL behind it */
    struct im_str kept = im_arena_copy(settings->arena, name);
    if (!im_object_path_find(settings->type, kept, path))
        return refuse_unknown_field(settings, name);
    if (im_object_path_queryable(path))
        return IM_OBJECTS_OK;
    if (im_object_path_field(path)->flags & IM_FIELD_WRITE_ONLY)
        return refuse_field(settings, name, "it is write-only");
    if (im_object_path_field(path)->kind == IM_FIELD_LIST)
        return refuse_field(settings, name, "it is a list of owned objects");
    return refuse_field(settings, name,
                        "it is a reference; name a field behind it, such as "
                        "its id");
}

enum im_objects_result im_object_filter_field(
    const struct im_object_filter_settings *settings, struct im_str name,
    struct im_object_path *path)
{
    enum im_objects_result result = im_object_query_field(settings, name, path);
    if (!result && im_object_path_field(path)->kind == IM_FIELD_HREF)
        return refuse_field(settings, name,
                            "href is derived, it neither filters nor sorts");
    return result;
}

/* ---- reading values ---- */

static enum im_objects_result refuse_operand(const struct filter_reading *at,
                                             const char *wanted)
{
    struct im_str name = im_objects_quote(at->condition->path.name);
    return im_objects_refuse(at->settings->refusal, IM_OBJECTS_QUERY_WRONG, name,
                             "%s of %.*s takes %s.", at->condition->operation->name,
                             IM_ARG(name), wanted);
}

static enum im_objects_result operand_number(const struct filter_reading *at,
                                             struct im_object_cell *cell,
                                             const char *wanted)
{
    enum im_object_kind kind = im_object_path_field(&at->condition->path)->kind;
    /* keys are strings on the wire, but 9 comes before 10 */
    bool fine = kind == IM_FIELD_KEY ? im_str_int(cell->text, &cell->number)
                                     : im_object_decimal(cell->text, &cell->number);
    if (!fine)
        return refuse_operand(at, wanted);
    cell->form = IM_CELL_NUMBER;
    return IM_OBJECTS_OK;
}

static struct im_str day_text(const struct filter_reading *at, int64_t ms)
{
    return im_str_slice(im_time_rfc3339(at->settings->arena, ms), 0, 10);
}

/* "today" and "yesterday"; other relative dates are spans, which are not offered. */
static bool operand_relative_day(const struct filter_reading *at,
                                 struct im_object_cell *cell)
{
    int64_t ms = 0;
    struct im_str midnight = im_arena_format(at->settings->arena, "%.*sT00:00:00Z",
                                             IM_ARG(at->settings->today));
    if (!im_str_is(cell->text, "today") && !im_str_is(cell->text, "yesterday"))
        return false;
    if (!im_time_parse(midnight, &ms))
        return false;
    cell->text = day_text(at, im_str_is(cell->text, "today") ? ms : ms - 86400000);
    return true;
}

static enum im_objects_result operand_date(const struct filter_reading *at,
                                           struct im_object_cell *cell)
{
    if (im_object_date(cell->text) || operand_relative_day(at, cell))
        return IM_OBJECTS_OK;
    return refuse_operand(at,
                          "a date such as \"2026-03-31\", \"today\" or \"yesterday\"");
}

/* A day alone is its first millisecond. */
static enum im_objects_result operand_time(const struct filter_reading *at,
                                           struct im_object_cell *cell)
{
    struct im_str text = cell->text;
    if (im_object_date(text) || operand_relative_day(at, cell))
        text = im_arena_format(at->settings->arena, "%.*sT00:00:00Z", IM_ARG(cell->text));
    if (!im_time_parse(text, &cell->number))
        return refuse_operand(at, "a time such as \"2026-03-31T09:00:00Z\"");
    cell->form = IM_CELL_NUMBER;
    return IM_OBJECTS_OK;
}

static enum im_objects_result operand_word(const struct filter_reading *at,
                                           struct im_object_cell *cell)
{
    const struct im_object_field *field = im_object_path_field(&at->condition->path);
    struct im_str name = im_objects_quote(at->condition->path.name);
    struct im_str given = im_objects_quote(cell->text);
    /* with case folded any spelling may match, so no word is refused */
    if (im_str_in_list(im_str(field->about), cell->text) || at->settings->fold_case)
        return IM_OBJECTS_OK;
    return im_objects_refuse(at->settings->refusal, IM_OBJECTS_QUERY_WRONG, name,
                             "%.*s is one of: %s; not \"%.*s\".", IM_ARG(name),
                             field->about, IM_ARG(given));
}

static enum im_objects_result operand_bool(const struct filter_reading *at,
                                           const struct im_object_cell *cell)
{
    if (im_str_is(cell->text, "true") || im_str_is(cell->text, "false"))
        return IM_OBJECTS_OK;
    return refuse_operand(at, "true or false");
}

static enum im_objects_result operand_by_kind(const struct filter_reading *at,
                                              struct im_object_cell *cell)
{
    switch (im_object_path_field(&at->condition->path)->kind) {
    case IM_FIELD_KEY: return operand_number(at, cell, "a whole number");
    case IM_FIELD_NUMBER:
    case IM_FIELD_DECIMAL:
        return operand_number(at, cell, "an amount such as \"1000.00\"");
    case IM_FIELD_DATE: return operand_date(at, cell);
    case IM_FIELD_CREATED:
    case IM_FIELD_MODIFIED: return operand_time(at, cell);
    case IM_FIELD_ENUM: return operand_word(at, cell);
    case IM_FIELD_BOOL: return operand_bool(at, cell);
    default: return IM_OBJECTS_OK;
    }
}

/* Documented: strings, numbers, booleans, and null for $eq and $ne. */
static enum im_objects_result operand_read(const struct filter_reading *at,
                                           const struct im_json *json,
                                           struct im_object_cell *cell)
{
    const struct im_object_operator *operation = at->condition->operation;
    *cell = (struct im_object_cell){IM_CELL_TEXT, json->text, 0};
    if (json->type == IM_JSON_BOOL)
        cell->text = json->boolean ? IM_STR("true") : IM_STR("false");
    if (json->type == IM_JSON_ARRAY || json->type == IM_JSON_OBJECT)
        return refuse_operand(at, "a string, a number or a boolean");
    /* searching a part costs its length for each place of each row's text */
    if (cell->text.len > IM_OPERAND_BYTES_MAX)
        return refuse_operand(at, "a shorter value");
    /* a part of a word, an amount or a date need not look like one: "2026-03" */
    if (json->type != IM_JSON_NULL)
        return operation->text_only ? IM_OBJECTS_OK : operand_by_kind(at, cell);
    if (operation->how != EQUAL)
        return refuse_operand(at, "a value, not null");
    cell->form = IM_CELL_NOTHING;
    return IM_OBJECTS_OK;
}

static enum im_objects_result operand_array(const struct filter_reading *at,
                                            const struct im_json *json)
{
    bool pair = at->condition->operation->takes == PAIR;
    /* an empty list would hold for no row, and its negation for all: hardly what is meant (guess) */
    if (json->type != IM_JSON_ARRAY || (pair && json->count != 2) || !json->count)
        return refuse_operand(at, pair ? "an array of two values" : "an array of values");
    for (const struct im_json *item = json->first; item; item = item->next) {
        enum im_objects_result result =
            operand_read(at, item, &at->condition->values[at->condition->n_values++]);
        if (result)
            return result;
    }
    return IM_OBJECTS_OK;
}

static enum im_objects_result operands_read(const struct filter_reading *at,
                                            const struct im_json *json)
{
    struct im_object_condition *condition = at->condition;
    size_t n = json->count ? json->count : 1;
    condition->n_values = 0;
    condition->values = IM_ARENA_ARRAY(at->settings->arena, struct im_object_cell, n);
    if (!condition->values)
        return im_objects_refuse(at->settings->refusal, IM_OBJECTS_NO_MEMORY, IM_STR(""),
                                 "Out of memory.");
    if (condition->operation->takes != ONE)
        return operand_array(at, json);
    condition->n_values = 1;
    return operand_read(at, json, condition->values);
}

/* ---- reading the condition ---- */

static const struct im_object_operator *operator_find(struct im_str name)
{
    for (size_t i = 0; i < OPERATORS; i++)
        if (im_str_is(name, operators[i].name))
            return &operators[i];
    return NULL;
}

static enum im_objects_result refuse_operator(
    const struct im_object_filter_settings *settings, struct im_str name)
{
    struct im_str names[OPERATORS];
    struct im_str shown = im_objects_quote(name);
    for (size_t i = 0; i < OPERATORS; i++)
        names[i] = im_str(operators[i].name);
    struct im_hint hint = im_hint(name, names, OPERATORS);
    if (!hint.text[0])
        return im_objects_refuse(
            settings->refusal, IM_OBJECTS_QUERY_WRONG, IM_STR("filters"),
            "A filter has the form {\"$eq\": {\"status\": \"active\"}}; "
            "\"%.*s\" is no operator.",
            IM_ARG(shown));
    return im_objects_refuse(settings->refusal, IM_OBJECTS_QUERY_WRONG, IM_STR("filters"),
                             "\"%.*s\" is no operator%s", IM_ARG(shown), hint.text);
}

static enum im_objects_result condition_check_form(
    const struct im_object_filter_settings *settings, const struct im_json *json)
{
    if (json->type != IM_JSON_OBJECT || !json->count)
        return im_objects_refuse(
            settings->refusal, IM_OBJECTS_QUERY_WRONG, IM_STR("filters"),
            "A filter has the form {\"$eq\": {\"status\": \"active\"}}.");
    /* before the number of members: in the form {"field": …, "op": …} the operator is what is wrong */
    if (!operator_find(json->first->name))
        return refuse_operator(settings, json->first->name);
    if (json->count != 1 || json->first->type != IM_JSON_OBJECT ||
        json->first->count != 1)
        return im_objects_refuse(settings->refusal, IM_OBJECTS_QUERY_WRONG,
                                 IM_STR("filters"),
                                 "A filter has one operator with one field, as in "
                                 "{\"$eq\": {\"status\": \"active\"}}.");
    return IM_OBJECTS_OK;
}

enum im_objects_result im_object_condition_read(
    struct im_object_condition *condition,
    const struct im_object_filter_settings *settings, const struct im_json *json)
{
    const struct filter_reading at = {condition, settings};
    enum im_objects_result result = condition_check_form(settings, json);
    if (result)
        return result;
    const struct im_json *field = json->first->first;
    condition->operation = operator_find(json->first->name);
    result = im_object_filter_field(settings, field->name, &condition->path);
    if (result)
        return result;
    enum im_object_kind kind = im_object_path_field(&condition->path)->kind;
    /* they are kept as milliseconds, so they have no text that could be searched */
    if (condition->operation->text_only &&
        (kind == IM_FIELD_CREATED || kind == IM_FIELD_MODIFIED))
        return refuse_operand(&at, "text, and this field is a time");
    return operands_read(&at, field);
}

/* ---- asking ---- */

static bool cell_within(const struct im_object_condition *condition,
                        struct im_object_cell cell, bool fold_case)
{
    for (size_t i = 0; i < condition->n_values; i++)
        if (im_object_compare(cell, condition->values[i], fold_case) == 0)
            return true;
    return false;
}

static bool cell_between(const struct im_object_condition *condition,
                         struct im_object_cell cell, bool fold_case)
{
    return im_object_compare(cell, condition->values[0], fold_case) >= 0 &&
           im_object_compare(cell, condition->values[1], fold_case) <= 0;
}

static bool condition_answer(const struct im_object_condition *condition,
                             struct im_object_cell cell, bool fold_case)
{
    struct im_object_cell value = condition->values[0];
    switch (condition->operation->how) {
    case EQUAL: return im_object_compare(cell, value, fold_case) == 0;
    case LESS: return im_object_compare(cell, value, fold_case) < 0;
    case LESS_EQUAL: return im_object_compare(cell, value, fold_case) <= 0;
    case WITHIN: return cell_within(condition, cell, fold_case);
    case BETWEEN: return cell_between(condition, cell, fold_case);
    case CONTAINS: return im_object_contains(cell.text, value.text, fold_case);
    case STARTS: return im_object_starts(cell.text, value.text, fold_case);
    case ENDS: return im_object_ends(cell.text, value.text, fold_case);
    }
    return false;
}

/* A field with nothing in it is neither less nor more than anything, and differs from
 * every value: "not in", "not contains" hold (guess). */
static bool condition_answer_nothing(const struct im_object_condition *condition)
{
    const struct im_object_operator *operation = condition->operation;
    bool ordered = operation->how == LESS || operation->how == LESS_EQUAL;
    bool asked = operation->how == EQUAL && condition->values[0].form == IM_CELL_NOTHING;
    return ordered ? false : asked != operation->negated;
}

bool im_object_condition_holds_locked(const struct im_object_condition *condition,
                                      bool fold_case, struct im_objects *store,
                                      const struct im_object_row *row)
{
    struct im_object_cell cell = im_object_path_cell_locked(&condition->path, store, row);
    if (cell.form == IM_CELL_NOTHING)
        return condition_answer_nothing(condition);
    return condition_answer(condition, cell, fold_case) != condition->operation->negated;
}
