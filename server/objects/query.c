/* services/core/query. The body becomes a plan without the lock; the plan runs under
 * it. */
#include <stdlib.h>

#include "base/clock.h"
#include "objects/expression.h"
#include "objects/filter.h"
#include "objects/page.h"
#include "objects/render.h"
#include "objects/why.h"

#define FIELDS_ASKED_MAX 200
#define CONDITIONS_MAX   200
#define ORDERS_MAX       16

struct order {
    struct im_object_path path;
    bool descending;
};

/* Lifetime: request. */
struct plan {
    struct im_objects_call *call;
    struct im_objects *store;
    struct im_object_filter_settings settings;
    struct im_object_path *fields;
    size_t n_fields;
    struct im_object_condition *conditions;
    size_t n_conditions;
    struct im_object_expression expression;
    struct order *orders;
    size_t n_params;
};

/* A row that matches, and the plan beside it because qsort hands nothing else through. */
struct hit {
    const struct im_object_row *row;
    const struct plan *plan;
};

static enum im_objects_result wrong(struct plan *plan, const char *member,
                                    const char *what)
{
    return im_objects_refuse(&plan->call->why, IM_OBJECTS_QUERY_WRONG, im_str(member),
                             "%s %s.", member, what);
}

static enum im_objects_result no_memory(struct plan *plan)
{
    return im_objects_refuse(&plan->call->why, IM_OBJECTS_NO_MEMORY, IM_STR(""),
                             "Out of memory.");
}

/* ---- reading ---- */

/* A member of the query, or NULL: null is as good as absent (a published SDK sends it
 * with every query). */
static const struct im_json *given(const struct im_json *object, const char *name)
{
    const struct im_json *member = im_json_get(object, name);
    return member && member->type != IM_JSON_NULL ? member : NULL;
}

static enum im_objects_result missing(struct plan *plan, const char *member,
                                      const char *wanted)
{
    return im_objects_refuse(&plan->call->why, IM_OBJECTS_QUERY_MISSING, im_str(member),
                             "%s is missing: %s.", member, wanted);
}

static enum im_objects_result check_members(struct plan *plan,
                                            const struct im_json *object,
                                            const struct im_str *known, size_t n)
{
    for (const struct im_json *member = object->first; member; member = member->next) {
        size_t i = 0;
        struct im_str name = im_objects_quote(member->name);
        while (i < n && !im_str_eq(known[i], member->name))
            i++;
        if (i == n) /* the wording was seen by a client */
            return im_objects_refuse(&plan->call->why, IM_OBJECTS_QUERY_UNKNOWN, name,
                                     "Unrecognized key %.*s in query payload",
                                     IM_ARG(name));
    }
    return IM_OBJECTS_OK;
}

static enum im_objects_result check_body(struct plan *plan, const struct im_json *body)
{
    static const struct im_str known[] = {
        IM_STR_INIT("object"),
        IM_STR_INIT("fields"),
        IM_STR_INIT("filters"),
        IM_STR_INIT("filterExpression"),
        IM_STR_INIT("filterParameters"),
        IM_STR_INIT("orderBy"),
        IM_STR_INIT("start"),
        IM_STR_INIT("size"),
    };
    if (!body)
        return im_objects_refuse(&plan->call->why, IM_OBJECTS_PAYLOAD_MISSING, IM_STR(""),
                                 "The request has no body.");
    if (body->type != IM_JSON_OBJECT)
        return im_objects_refuse(&plan->call->why, IM_OBJECTS_PAYLOAD_WRONG, IM_STR(""),
                                 "The body is %s, not an object.",
                                 im_json_type_name(body->type));
    return check_members(plan, body, known, sizeof known / sizeof *known);
}

static enum im_objects_result refuse_object(struct plan *plan, struct im_str name)
{
    const struct im_object_type *near = im_object_type_near(name);
    struct im_str shown = im_objects_quote(name);
    return im_objects_refuse(&plan->call->why, IM_OBJECTS_TYPE_UNKNOWN, IM_STR("object"),
                             "There is no object \"%.*s\"%s", IM_ARG(shown),
                             near ? im_hint_of(near->rest_name).text : ".");
}

static enum im_objects_result read_object(struct plan *plan, const struct im_json *body)
{
    const struct im_json *object = given(body, "object");
    if (!object)
        return missing(plan, "object", "name one, such as \"accounts-payable/vendor\"");
    if (object->type != IM_JSON_STRING)
        return wrong(plan, "object", "is a string such as \"accounts-payable/vendor\"");
    const struct im_object_type *type = im_object_type_find(object->text);
    if (!type)
        return refuse_object(plan, object->text);
    if (plan->call->type && plan->call->type != type)
        return wrong(plan, "object", "names another object than the one asked for");
    plan->call->type = type;
    plan->settings.type = type;
    return IM_OBJECTS_OK;
}

/* *flag stays when the member is absent. */
static enum im_objects_result read_flag(struct plan *plan, const struct im_json *object,
                                        const char *name, bool *flag)
{
    const struct im_json *member = given(object, name);
    if (!member)
        return IM_OBJECTS_OK;
    if (member->type != IM_JSON_BOOL)
        return wrong(plan, name, "is true or false");
    *flag = member->boolean;
    return IM_OBJECTS_OK;
}

static enum im_objects_result read_as_of_date(struct plan *plan,
                                              const struct im_json *object)
{
    const struct im_json *date = given(object, "asOfDate");
    if (!date)
        return IM_OBJECTS_OK;
    if (date->type != IM_JSON_STRING || !im_object_date(date->text))
        return wrong(plan, "asOfDate", "is a date such as \"2026-03-31\"");
    plan->settings.today = date->text;
    return IM_OBJECTS_OK;
}

/* Everything here is visible from the top level, so includePrivate changes nothing. */
static enum im_objects_result read_parameters(struct plan *plan,
                                              const struct im_json *body)
{
    static const struct im_str known[] = {
        IM_STR_INIT("asOfDate"), IM_STR_INIT("includeHierarchyFields"),
        IM_STR_INIT("caseSensitiveComparison"), IM_STR_INIT("includePrivate")};
    const struct im_json *object = given(body, "filterParameters");
    bool taken = false, sensitive = true;
    if (!object)
        return IM_OBJECTS_OK;
    if (object->type != IM_JSON_OBJECT)
        return wrong(plan, "filterParameters", "is an object");
    enum im_objects_result result =
        check_members(plan, object, known, sizeof known / sizeof *known);
    if (!result)
        result = read_flag(plan, object, "includeHierarchyFields", &taken);
    if (!result)
        result = read_flag(plan, object, "includePrivate", &taken);
    if (!result)
        result = read_flag(plan, object, "caseSensitiveComparison", &sensitive);
    plan->settings.fold_case = !sensitive;
    return result ? result : read_as_of_date(plan, object);
}

static bool asked_already(const struct plan *plan, struct im_str name)
{
    for (size_t i = 0; i < plan->n_fields; i++)
        if (im_str_eq(plan->fields[i].name, name))
            return true;
    return false;
}

static enum im_objects_result read_fields(struct plan *plan, const struct im_json *body)
{
    const struct im_json *fields = given(body, "fields");
    enum im_objects_result result = IM_OBJECTS_OK;
    if (!fields)
        return missing(plan, "fields", "name at least one in an array");
    if (fields->type != IM_JSON_ARRAY || !fields->count)
        return wrong(plan, "fields", "is an array that names at least one field");
    if (fields->count > FIELDS_ASKED_MAX)
        return wrong(plan, "fields", "names too many fields");
    plan->fields =
        IM_ARENA_ARRAY(plan->settings.arena, struct im_object_path, fields->count);
    if (!plan->fields)
        return no_memory(plan);
    for (const struct im_json *item = fields->first; item && !result; item = item->next) {
        if (item->type != IM_JSON_STRING)
            return wrong(plan, "fields", "is an array of strings");
        if (asked_already(plan, item->text))
            continue;
        result = im_object_query_field(&plan->settings, item->text,
                                       &plan->fields[plan->n_fields]);
        plan->n_fields++;
    }
    return result;
}

static enum im_objects_result read_filters(struct plan *plan, const struct im_json *body)
{
    const struct im_json *filters = given(body, "filters");
    enum im_objects_result result = IM_OBJECTS_OK;
    if (!filters)
        return IM_OBJECTS_OK;
    if (filters->type != IM_JSON_ARRAY)
        return wrong(plan, "filters", "is an array of filters");
    if (filters->count > CONDITIONS_MAX)
        return wrong(plan, "filters", "holds too many filters");
    plan->conditions =
        IM_ARENA_ARRAY(plan->settings.arena, struct im_object_condition, filters->count);
    if (!plan->conditions)
        return no_memory(plan);
    for (const struct im_json *item = filters->first; item && !result; item = item->next)
        result = im_object_condition_read(&plan->conditions[plan->n_conditions++],
                                          &plan->settings, item);
    return result;
}

static enum im_objects_result read_expression(struct plan *plan,
                                              const struct im_json *body)
{
    const struct im_json *text = given(body, "filterExpression");
    if (text && text->type != IM_JSON_STRING)
        return wrong(plan, "filterExpression", "is a string such as \"1 and (2 or 3)\"");
    return im_object_expression_parse(&plan->expression, plan->settings.arena,
                                      text ? text->text : IM_STR(""), plan->n_conditions,
                                      &plan->call->why);
}

static enum im_objects_result read_params(struct plan *plan, const struct im_json *item)
{
    struct order *order = &plan->orders[plan->n_params++];
    if (item->type != IM_JSON_OBJECT || item->count != 1)
        return wrong(plan, "orderBy",
                     "is an array of objects such as {\"name\": \"asc\"}");
    order->descending = im_str_is(item->first->text, "desc");
    if (!order->descending && !im_str_is(item->first->text, "asc"))
        return wrong(plan, "orderBy", "takes \"asc\" or \"desc\"");
    return im_object_filter_field(&plan->settings, item->first->name, &order->path);
}

static enum im_objects_result read_params_list(struct plan *plan,
                                               const struct im_json *body)
{
    const struct im_json *orders = given(body, "orderBy");
    enum im_objects_result result = IM_OBJECTS_OK;
    if (!orders)
        return IM_OBJECTS_OK;
    if (orders->type != IM_JSON_ARRAY)
        return wrong(plan, "orderBy",
                     "is an array of objects such as {\"name\": \"asc\"}");
    if (orders->count > ORDERS_MAX)
        return wrong(plan, "orderBy", "names too many fields");
    plan->orders = IM_ARENA_ARRAY(plan->settings.arena, struct order, orders->count);
    if (!plan->orders)
        return no_memory(plan);
    for (const struct im_json *item = orders->first; item && !result; item = item->next)
        result = read_params(plan, item);
    return result;
}

static enum im_objects_result read_page(struct plan *plan, const struct im_json *body)
{
    const struct im_json *start = given(body, "start");
    const struct im_json *size = given(body, "size");
    if (start && !start->is_whole)
        return wrong(plan, "start", "is a whole number");
    if (size && !size->is_whole)
        return wrong(plan, "size", "is a whole number");
    return im_objects_page_check(plan->call, start ? start->whole : 1,
                                 size ? size->whole : IM_OBJECTS_PAGE_DEFAULT);
}

static enum im_objects_result read_plan(struct plan *plan, const struct im_json *body)
{
    static enum im_objects_result (*const parts[])(struct plan *,
                                                   const struct im_json *) = {
        check_body,   read_object,     read_parameters,  read_fields,
        read_filters, read_expression, read_params_list, read_page};
    enum im_objects_result result = IM_OBJECTS_OK;
    for (size_t i = 0; i < sizeof parts / sizeof *parts && !result; i++)
        result = parts[i](plan, body);
    if (!result && plan->settings.arena->failed)
        return no_memory(plan);
    return result;
}

/* ---- running ---- */

static bool holds(const void *context, size_t i)
{
    const struct hit *hit = context;
    return im_object_condition_holds_locked(&hit->plan->conditions[i],
                                            hit->plan->settings.fold_case,
                                            hit->plan->store, hit->row);
}

static struct hit *collect(struct plan *plan)
{
    const struct im_objects_table *table =
        im_objects_table_locked(plan->store, plan->call->type);
    struct hit *hits = IM_ARENA_ARRAY(plan->settings.arena, struct hit, table->n);
    for (size_t i = 0; i < table->n && hits; i++) {
        struct hit hit = {table->rows[i], plan};
        if (im_object_visible(hit.row, plan->call->entity) &&
            im_object_expression_holds(&plan->expression, holds, &hit))
            hits[plan->call->meta.total++] = hit;
    }
    return hits;
}

/* Rows that are equal in every order stay in the order of their keys: the same call gives
 * the same bytes. */
static int compare_hits(const void *left, const void *right)
{
    const struct hit *a = left, *b = right;
    const struct plan *plan = a->plan;
    for (size_t i = 0; i < plan->n_params; i++) {
        const struct order *order = &plan->orders[i];
        int difference = im_object_compare(
            im_object_path_cell_locked(&order->path, plan->store, a->row),
            im_object_path_cell_locked(&order->path, plan->store, b->row),
            plan->settings.fold_case);
        if (difference)
            return order->descending ? -difference : difference;
    }
    return (a->row->key > b->row->key) - (a->row->key < b->row->key);
}

static void write_hit(const struct plan *plan, const struct im_object_row *row)
{
    struct im_json_out *out = plan->call->out;
    im_json_open_object(out, NULL);
    for (size_t i = 0; i < plan->n_fields; i++)
        im_object_write_path_locked(plan->store, &plan->fields[i], row, out);
    im_json_close_object(out);
}

static enum im_objects_result run_locked(struct plan *plan)
{
    struct im_objects_meta *meta = &plan->call->meta;
    struct hit *hits = im_objects_touch_locked(plan->store) ? collect(plan) : NULL;
    if (!hits)
        return no_memory(plan);
    if (plan->n_params)
        qsort(hits, (size_t)meta->total, sizeof(*hits), compare_hits);
    im_json_open_array(plan->call->out, plan->call->name);
    for (int64_t i = meta->start; i <= meta->total && i - meta->start < meta->size; i++)
        write_hit(plan, hits[i - 1].row);
    im_json_close_array(plan->call->out);
    im_objects_page_neighbours(meta);
    return IM_OBJECTS_OK;
}

enum im_objects_result im_objects_query(struct im_objects *store,
                                        struct im_objects_call *call,
                                        const struct im_json *body)
{
    struct im_arena *arena = call->out->buf->arena;
    struct plan plan = {.call = call, .store = store};
    plan.settings.arena = arena;
    plan.settings.why = &call->why;
    plan.settings.today = im_str_slice(im_time_rfc3339(arena, call->now_ms), 0, 10);
    if (!store)
        return no_memory(&plan);
    enum im_objects_result result = read_plan(&plan, body);
    if (result)
        return result;
    pthread_mutex_lock(&store->lock);
    result = run_locked(&plan);
    pthread_mutex_unlock(&store->lock);
    return result;
}
