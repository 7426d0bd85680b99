/* services/core/query (Sage's "Query service" guide, core.query OpenAPI file). The body
 * becomes a plan without the lock: all refusals of the client happen there. The plan then
 * runs under the lock and can only run out of memory. The body is not read by
 * base/json_read, because clients know the real service's wording of its faults. */
#include <stdlib.h>

#include "base/clock.h"
#include "objects/expression.h"
#include "objects/filter.h"
#include "objects/outcome.h"
#include "objects/page.h"
#include "objects/render.h"

/* Bounds against bodies that would keep the lock for long; real queries name a few. */
#define FIELDS_ASKED_MAX 200
#define CONDITIONS_MAX   200
#define ORDERS_MAX       16

struct query_order {
    struct im_object_path path;
    bool descending;
};

/* Lifetime: request. */
struct query_plan {
    struct im_objects_call *call;
    struct im_objects *store;
    struct im_object_filter_settings settings;
    struct im_object_path *fields;
    size_t n_fields;
    struct im_object_condition *conditions;
    size_t n_conditions;
    struct im_object_expression expression;
    struct query_order *orders;
    size_t n_orders;
};

/* A row that matches, and the plan beside it because qsort hands nothing else through. */
struct query_hit {
    const struct im_object_row *row;
    const struct query_plan *plan;
};

static enum im_objects_result query_wrong(struct query_plan *plan, const char *member,
                                          const char *what)
{
    return im_objects_refuse(&plan->call->refusal, IM_OBJECTS_QUERY_WRONG, im_str(member),
                             "%s %s.", member, what);
}

static enum im_objects_result query_no_memory(struct query_plan *plan)
{
    return im_objects_refuse(&plan->call->refusal, IM_OBJECTS_NO_MEMORY, IM_STR(""),
                             "Out of memory.");
}

/* ---- reading ---- */

/* A member of the query, or NULL: a member that is null counts as absent (a published SDK
 * sends one with every query). */
static const struct im_json *query_member(const struct im_json *object, const char *name)
{
    const struct im_json *member = im_json_get(object, name);
    return member && member->type != IM_JSON_NULL ? member : NULL;
}

static enum im_objects_result query_missing(struct query_plan *plan, const char *member,
                                            const char *wanted)
{
    return im_objects_refuse(&plan->call->refusal, IM_OBJECTS_QUERY_MISSING,
                             im_str(member), "%s is missing: %s.", member, wanted);
}

/* Strict, as the real service is observed to be: a misspelt "filters" would otherwise find all rows. */
static enum im_objects_result query_check_members(struct query_plan *plan,
                                                  const struct im_json *object,
                                                  const struct im_str *known, size_t n)
{
    for (const struct im_json *member = object->first; member; member = member->next) {
        size_t i = 0;
        struct im_str name = im_objects_quote(member->name);
        while (i < n && !im_str_eq(known[i], member->name))
            i++;
        if (i == n) /* the wording is observed */
            return im_objects_refuse(&plan->call->refusal, IM_OBJECTS_QUERY_UNKNOWN, name,
                                     "Unrecognized key %.*s in query payload",
                                     IM_ARG(name));
    }
    return IM_OBJECTS_OK;
}

static enum im_objects_result query_check_body(struct query_plan *plan,
                                               const struct im_json *body)
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
        return im_objects_refuse(&plan->call->refusal, IM_OBJECTS_PAYLOAD_MISSING,
                                 IM_STR(""), "The request has no body.");
    if (body->type != IM_JSON_OBJECT)
        return im_objects_refuse(&plan->call->refusal, IM_OBJECTS_PAYLOAD_WRONG,
                                 IM_STR(""), "The body is %s, not an object.",
                                 im_json_type_name(body->type));
    return query_check_members(plan, body, known, sizeof known / sizeof *known);
}

static enum im_objects_result refuse_object(struct query_plan *plan, struct im_str name)
{
    const struct im_object_type *near = im_object_type_near(name);
    struct im_str shown = im_objects_quote(name);
    return im_objects_refuse(&plan->call->refusal, IM_OBJECTS_TYPE_UNKNOWN,
                             IM_STR("object"), "There is no object \"%.*s\"%s",
                             IM_ARG(shown),
                             near ? im_hint_of(near->rest_name).text : ".");
}

static enum im_objects_result query_read_object(struct query_plan *plan,
                                                const struct im_json *body)
{
    const struct im_json *object = query_member(body, "object");
    if (!object)
        return query_missing(plan, "object",
                             "name one, such as \"accounts-payable/vendor\"");
    if (object->type != IM_JSON_STRING)
        return query_wrong(plan, "object",
                           "is a string such as \"accounts-payable/vendor\"");
    const struct im_object_type *type = im_object_type_find(object->text);
    if (!type)
        return refuse_object(plan, object->text);
    if (plan->call->type && plan->call->type != type)
        return query_wrong(plan, "object", "names another object than the one asked for");
    plan->call->type = type;
    plan->settings.type = type;
    return IM_OBJECTS_OK;
}

/* *flag stays when the member is absent. */
static enum im_objects_result query_read_flag(struct query_plan *plan,
                                              const struct im_json *object,
                                              const char *name, bool *flag)
{
    const struct im_json *member = query_member(object, name);
    if (!member)
        return IM_OBJECTS_OK;
    if (member->type != IM_JSON_BOOL)
        return query_wrong(plan, name, "is true or false");
    *flag = member->boolean;
    return IM_OBJECTS_OK;
}

static enum im_objects_result query_read_as_of_date(struct query_plan *plan,
                                                    const struct im_json *object)
{
    const struct im_json *date = query_member(object, "asOfDate");
    if (!date)
        return IM_OBJECTS_OK;
    if (date->type != IM_JSON_STRING || !im_object_date(date->text))
        return query_wrong(plan, "asOfDate", "is a date such as \"2026-03-31\"");
    plan->settings.today = date->text;
    return IM_OBJECTS_OK;
}

/* Everything here is visible from the top level, so includePrivate changes nothing. */
static enum im_objects_result query_read_parameters(struct query_plan *plan,
                                                    const struct im_json *body)
{
    static const struct im_str known[] = {
        IM_STR_INIT("asOfDate"), IM_STR_INIT("includeHierarchyFields"),
        IM_STR_INIT("caseSensitiveComparison"), IM_STR_INIT("includePrivate")};
    const struct im_json *object = query_member(body, "filterParameters");
    bool taken = false, sensitive = true;
    if (!object)
        return IM_OBJECTS_OK;
    if (object->type != IM_JSON_OBJECT)
        return query_wrong(plan, "filterParameters", "is an object");
    enum im_objects_result result =
        query_check_members(plan, object, known, sizeof known / sizeof *known);
    if (!result)
        result = query_read_flag(plan, object, "includeHierarchyFields", &taken);
    if (!result)
        result = query_read_flag(plan, object, "includePrivate", &taken);
    if (!result)
        result = query_read_flag(plan, object, "caseSensitiveComparison", &sensitive);
    plan->settings.fold_case = !sensitive;
    return result ? result : query_read_as_of_date(plan, object);
}

static bool asked_already(const struct query_plan *plan, struct im_str name)
{
    for (size_t i = 0; i < plan->n_fields; i++)
        if (im_str_eq(plan->fields[i].name, name))
            return true;
    return false;
}

static enum im_objects_result query_read_fields(struct query_plan *plan,
                                                const struct im_json *body)
{
    const struct im_json *fields = query_member(body, "fields");
    enum im_objects_result result = IM_OBJECTS_OK;
    if (!fields)
        return query_missing(plan, "fields", "name at least one in an array");
    if (fields->type != IM_JSON_ARRAY || !fields->count)
        return query_wrong(plan, "fields", "is an array that names at least one field");
    if (fields->count > FIELDS_ASKED_MAX)
        return query_wrong(plan, "fields", "names too many fields");
    plan->fields =
        IM_ARENA_ARRAY(plan->settings.arena, struct im_object_path, fields->count);
    if (!plan->fields)
        return query_no_memory(plan);
    for (const struct im_json *item = fields->first; item && !result; item = item->next) {
        if (item->type != IM_JSON_STRING)
            return query_wrong(plan, "fields", "is an array of strings");
        /* members of an answer are unique, so a field named twice counts once */
        if (asked_already(plan, item->text))
            continue;
        result = im_object_query_field(&plan->settings, item->text,
                                       &plan->fields[plan->n_fields]);
        plan->n_fields++;
    }
    return result;
}

static enum im_objects_result query_read_filters(struct query_plan *plan,
                                                 const struct im_json *body)
{
    const struct im_json *filters = query_member(body, "filters");
    enum im_objects_result result = IM_OBJECTS_OK;
    if (!filters)
        return IM_OBJECTS_OK;
    if (filters->type != IM_JSON_ARRAY)
        return query_wrong(plan, "filters", "is an array of filters");
    if (filters->count > CONDITIONS_MAX)
        return query_wrong(plan, "filters", "holds too many filters");
    plan->conditions =
        IM_ARENA_ARRAY(plan->settings.arena, struct im_object_condition, filters->count);
    if (!plan->conditions)
        return query_no_memory(plan);
    for (const struct im_json *item = filters->first; item && !result; item = item->next)
        result = im_object_condition_read(&plan->conditions[plan->n_conditions++],
                                          &plan->settings, item);
    return result;
}

static enum im_objects_result query_read_expression(struct query_plan *plan,
                                                    const struct im_json *body)
{
    const struct im_json *text = query_member(body, "filterExpression");
    if (text && text->type != IM_JSON_STRING)
        return query_wrong(plan, "filterExpression",
                           "is a string such as \"1 and (2 or 3)\"");
    return im_object_expression_parse(&plan->expression, plan->settings.arena,
                                      text ? text->text : IM_STR(""), plan->n_conditions,
                                      &plan->call->refusal);
}

static enum im_objects_result query_read_order(struct query_plan *plan,
                                               const struct im_json *item)
{
    struct query_order *order = &plan->orders[plan->n_orders++];
    if (item->type != IM_JSON_OBJECT || item->count != 1)
        return query_wrong(plan, "orderBy",
                           "is an array of objects such as {\"name\": \"asc\"}");
    /* one field in each object, since members of an object have no order (RFC 8259 section 4) */
    order->descending = im_str_is(item->first->text, "desc");
    if (!order->descending && !im_str_is(item->first->text, "asc"))
        return query_wrong(plan, "orderBy", "takes \"asc\" or \"desc\"");
    return im_object_filter_field(&plan->settings, item->first->name, &order->path);
}

static enum im_objects_result query_read_orders(struct query_plan *plan,
                                                const struct im_json *body)
{
    const struct im_json *orders = query_member(body, "orderBy");
    enum im_objects_result result = IM_OBJECTS_OK;
    if (!orders)
        return IM_OBJECTS_OK;
    if (orders->type != IM_JSON_ARRAY)
        return query_wrong(plan, "orderBy",
                           "is an array of objects such as {\"name\": \"asc\"}");
    if (orders->count > ORDERS_MAX)
        return query_wrong(plan, "orderBy", "names too many fields");
    plan->orders =
        IM_ARENA_ARRAY(plan->settings.arena, struct query_order, orders->count);
    if (!plan->orders)
        return query_no_memory(plan);
    for (const struct im_json *item = orders->first; item && !result; item = item->next)
        result = query_read_order(plan, item);
    return result;
}

static enum im_objects_result query_read_page(struct query_plan *plan,
                                              const struct im_json *body)
{
    const struct im_json *start = query_member(body, "start");
    const struct im_json *size = query_member(body, "size");
    if (start && !start->is_whole)
        return query_wrong(plan, "start", "is a whole number");
    if (size && !size->is_whole)
        return query_wrong(plan, "size", "is a whole number");
    return im_objects_page_check(plan->call, start ? start->whole : 1,
                                 size ? size->whole : IM_OBJECTS_PAGE_DEFAULT);
}

/* The object first: fields, filters and orders are read against its type; parameters before filters,
 * whose dates and words they are about. */
static enum im_objects_result plan_read(struct query_plan *plan,
                                        const struct im_json *body)
{
    static enum im_objects_result (*const parts[])(struct query_plan *,
                                                   const struct im_json *) = {
        query_check_body,  query_read_object,  query_read_parameters,
        query_read_fields, query_read_filters, query_read_expression,
        query_read_orders, query_read_page};
    enum im_objects_result result = IM_OBJECTS_OK;
    for (size_t i = 0; i < sizeof parts / sizeof *parts && !result; i++)
        result = parts[i](plan, body);
    if (!result && plan->settings.arena->failed)
        return query_no_memory(plan);
    return result;
}

/* ---- running ---- */

static bool hit_satisfies(const void *context, size_t i)
{
    const struct query_hit *hit = context;
    return im_object_condition_holds_locked(&hit->plan->conditions[i],
                                            hit->plan->settings.fold_case,
                                            hit->plan->store, hit->row);
}

/* All that match, not one page of them: totalCount counts them, and a page can only be cut from rows that
 * are in order. */
static struct query_hit *plan_collect(struct query_plan *plan)
{
    const struct im_objects_table *table =
        im_objects_table_locked(plan->store, plan->call->type);
    struct query_hit *hits =
        IM_ARENA_ARRAY(plan->settings.arena, struct query_hit, table->n);
    for (size_t i = 0; i < table->n && hits; i++) {
        struct query_hit hit = {table->rows[i], plan};
        if (im_object_visible(hit.row, plan->call->entity) &&
            im_object_expression_holds(&plan->expression, hit_satisfies, &hit))
            hits[plan->call->meta.total++] = hit;
    }
    return hits;
}

/* Rows that are equal in every order stay in the order of their keys: the same call gives
 * the same bytes. */
static int compare_hits(const void *left, const void *right)
{
    const struct query_hit *a = left, *b = right;
    const struct query_plan *plan = a->plan;
    for (size_t i = 0; i < plan->n_orders; i++) {
        const struct query_order *order = &plan->orders[i];
        int difference = im_object_compare(
            im_object_path_cell_locked(&order->path, plan->store, a->row),
            im_object_path_cell_locked(&order->path, plan->store, b->row),
            plan->settings.fold_case);
        if (difference)
            return order->descending ? -difference : difference;
    }
    return (a->row->key > b->row->key) - (a->row->key < b->row->key);
}

static void plan_write_hit(const struct query_plan *plan, const struct im_object_row *row)
{
    struct im_json_out *out = plan->call->out;
    im_json_open_object(out, NULL);
    for (size_t i = 0; i < plan->n_fields; i++)
        im_object_write_path_locked(plan->store, &plan->fields[i], row, out);
    im_json_close_object(out);
}

static enum im_objects_result plan_run_locked(struct query_plan *plan)
{
    struct im_objects_meta *meta = &plan->call->meta;
    struct query_hit *hits =
        im_objects_touch_locked(plan->store) ? plan_collect(plan) : NULL;
    if (!hits)
        return query_no_memory(plan);
    /* without an order the rows are collected in that of their keys already */
    if (plan->n_orders)
        qsort(hits, (size_t)meta->total, sizeof(*hits), compare_hits);
    im_json_open_array(plan->call->out, plan->call->name);
    /* start counts from 1; subtracted, since start + size of a client's numbers may overflow */
    for (int64_t i = meta->start; i <= meta->total && i - meta->start < meta->size; i++)
        plan_write_hit(plan, hits[i - 1].row);
    im_json_close_array(plan->call->out);
    im_objects_page_neighbours(meta);
    return IM_OBJECTS_OK;
}

enum im_objects_result im_objects_query(struct im_objects *store,
                                        struct im_objects_call *call,
                                        const struct im_json *body)
{
    struct im_arena *arena = call->out->buf->arena;
    struct query_plan plan = {.call = call, .store = store};
    plan.settings.arena = arena;
    plan.settings.refusal = &call->refusal;
    /* the sandbox's day, so that "today" moves with its clock */
    plan.settings.today = im_str_slice(im_time_rfc3339(arena, call->now_ms), 0, 10);
    if (!store)
        return query_no_memory(&plan);
    enum im_objects_result result = plan_read(&plan, body);
    if (result)
        return result;
    pthread_mutex_lock(&store->lock);
    result = plan_run_locked(&plan);
    pthread_mutex_unlock(&store->lock);
    return result;
}
