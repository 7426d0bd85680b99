/* The operations on rows. Each takes the lock once, decides, changes and writes its answer,
 * so that no other operation comes between; whatever can refuse comes before the first
 * change, or that change is undone under the same lock. Rows are never altered but replaced as a whole. */
#include "objects/idempotency.h"
#include "objects/outcome.h"
#include "objects/page.h"
#include "objects/payload.h"
#include "objects/render.h"

static const struct im_str nowhere = {"", 0};

/* Of each type at most `most`: a test may have made thousands. */
bool im_objects_write_keys(struct im_objects *store, size_t most, struct im_json_out *out,
                           const char *name)
{
    pthread_mutex_lock(&store->lock);
    bool made = im_objects_touch_locked(store);
    im_json_open_object(out, name);
    for (size_t t = 0; made && t < im_object_type_count(); t++) {
        const struct im_object_type *type = im_object_type_at(t);
        const struct im_objects_table *table = im_objects_table_locked(store, type);
        size_t key = im_object_field_index(type, IM_STR("key"));
        if (!table->n)
            continue;
        im_json_open_array(out, type->rest_name);
        for (size_t i = 0; i < table->n && i < most; i++)
            im_json_str(out, NULL, table->rows[i]->values[key]);
        im_json_close_array(out);
    }
    im_json_close_object(out);
    pthread_mutex_unlock(&store->lock);
    return made;
}

static enum im_objects_result store_no_memory(struct im_objects_call *call)
{
    return im_objects_refuse(&call->refusal, IM_OBJECTS_NO_MEMORY, nowhere,
                             "Out of memory.");
}

/* Takes the lock, unless the call is refused at once. The tables are made here, at the first
 * operation: most sandboxes are never asked for business objects. */
static enum im_objects_result store_enter(struct im_objects *store,
                                          struct im_objects_call *call)
{
    if (!call->type)
        return im_objects_refuse(&call->refusal, IM_OBJECTS_TYPE_UNKNOWN, nowhere,
                                 "There is no object of this name.");
    if (!store)
        return store_no_memory(call);
    pthread_mutex_lock(&store->lock);
    if (im_objects_touch_locked(store))
        return IM_OBJECTS_OK;
    pthread_mutex_unlock(&store->lock);
    return store_no_memory(call);
}

static enum im_objects_result store_leave(struct im_objects *store,
                                          enum im_objects_result result)
{
    pthread_mutex_unlock(&store->lock);
    return result;
}

static struct im_objects_table *call_table(struct im_objects *store,
                                           const struct im_objects_call *call)
{
    return im_objects_table_locked(store, call->type);
}

/* The answer is the same 404; the evidence tells the developer which of the two it is. */
static void refuse_key(struct im_objects_call *call, struct im_str key, bool hidden)
{
    struct im_str shown = im_objects_quote(key);
    struct im_str entity = im_objects_quote(call->entity);
    if (hidden)
        im_objects_refuse(&call->refusal, IM_OBJECTS_NOT_FOUND, nowhere,
                          "%s %.*s belongs to another entity than \"%.*s\".",
                          call->type->rest_name, IM_ARG(shown), IM_ARG(entity));
    else
        im_objects_refuse(&call->refusal, IM_OBJECTS_NOT_FOUND, nowhere,
                          "There is no %s with the key \"%.*s\".", call->type->rest_name,
                          IM_ARG(shown));
}

/* Takes the lock and finds the visible row of this key; where either fails, the lock is not held any
 * more. */
static enum im_objects_result store_enter_at(struct im_objects *store,
                                             struct im_objects_call *call,
                                             struct im_str key,
                                             struct im_object_row **row)
{
    enum im_objects_result result = store_enter(store, call);
    int64_t number;

    *row = NULL;
    if (result)
        return result;
    /* a key that is no number is one that no row has: 404, not 400 */
    if (im_str_int(key, &number))
        *row = im_objects_by_key(call_table(store, call), number);
    if (*row && im_object_visible(*row, call->entity))
        return IM_OBJECTS_OK;
    refuse_key(call, key, *row);
    return store_leave(store, IM_OBJECTS_NOT_FOUND);
}

/* ---- list and get ---- */

static void write_list(struct im_objects *store, struct im_objects_call *call, bool whole)
{
    const struct im_objects_table *table = call_table(store, call);
    /* to the end even past the page, since totalCount counts all that are visible */
    im_json_open_array(call->out, call->name);
    for (size_t i = 0; i < table->n; i++) {
        const struct im_object_row *row = table->rows[i];
        if (!im_object_visible(row, call->entity))
            continue;
        call->meta.total++;
        if (call->meta.total < call->meta.start ||
            call->meta.total - call->meta.start >= call->meta.size)
            continue;
        if (whole)
            im_object_write_row_locked(store, call->type, row, call->out, NULL);
        else
            im_object_write_link(call->type, row, call->out, NULL);
    }
    im_json_close_array(call->out);
    im_objects_page_neighbours(&call->meta);
}

enum im_objects_result im_objects_list(struct im_objects *store,
                                       struct im_objects_call *call,
                                       const struct im_objects_page *page)
{
    enum im_objects_result result =
        im_objects_page_check(call, page->start ? page->start : 1,
                              page->size ? page->size : IM_OBJECTS_PAGE_DEFAULT);
    if (!result)
        result = store_enter(store, call);
    if (result)
        return result;
    write_list(store, call, page->whole);
    return store_leave(store, IM_OBJECTS_OK);
}

enum im_objects_result im_objects_get(struct im_objects *store,
                                      struct im_objects_call *call, struct im_str key)
{
    struct im_object_row *row;
    enum im_objects_result result = store_enter_at(store, call, key, &row);
    if (result)
        return result;
    im_object_write_row_locked(store, call->type, row, call->out, call->name);
    return store_leave(store, IM_OBJECTS_OK);
}

/* ---- create and patch ---- */

static bool reference_resolve(struct im_objects_table *table,
                              const struct im_object_type *target,
                              const struct im_objects_call *call,
                              struct im_object_payload *payload, size_t i)
{
    struct im_str given = payload->values[i];
    const struct im_object_row *row = NULL;
    int64_t key;
    if (payload->by_id[i])
        row = im_objects_by_value(table, im_object_field_index(target, IM_STR("id")),
                                  given);
    else if (im_str_int(given, &key))
        row = im_objects_by_key(table, key);
    /* what cannot be read from this entity cannot be referred to either */
    if (!row || !im_object_visible(row, call->entity))
        return false;
    payload->values[i] = row->values[im_object_field_index(target, IM_STR("key"))];
    return true;
}

/* Replaces ids by keys, which is how rows keep references, and refuses what does not exist
 * or is not visible. */
static enum im_objects_result references_resolve(struct im_objects *store,
                                                 struct im_objects_call *call,
                                                 struct im_object_payload *payload)
{
    for (size_t i = 0; i < call->type->n_fields; i++) {
        const struct im_object_field *field = &call->type->fields[i];
        if (field->kind != IM_FIELD_REF || !payload->named[i] || !payload->values[i].at)
            continue;
        const struct im_object_type *target = im_object_target(field);
        struct im_str given = im_objects_quote(payload->values[i]);
        if (reference_resolve(im_objects_table_locked(store, target), target, call,
                              payload, i))
            continue;
        return im_objects_refuse_at(
            &call->refusal, IM_OBJECTS_REFERENCE_UNKNOWN, im_str(field->name),
            "There is no %s with the %s \"%.*s\".", target->rest_name,
            payload->by_id[i] ? "id" : "key", IM_ARG(given));
    }
    return IM_OBJECTS_OK;
}

/* An id is taken in all entities, also where its row is not visible. The row itself may keep its id in a patch. */
static enum im_objects_result check_unique(const struct im_objects_table *table,
                                           struct im_objects_call *call,
                                           const struct im_object_draft_row *draft)
{
    for (size_t i = 0; i < call->type->n_fields; i++) {
        const struct im_object_field *field = &call->type->fields[i];
        if (!(field->flags & IM_FIELD_UNIQUE) || !draft->values[i].at)
            continue;
        const struct im_object_row *other =
            im_objects_by_value(table, i, draft->values[i]);
        struct im_str given = im_objects_quote(draft->values[i]);
        if (other && other->key != draft->key)
            return im_objects_refuse_at(
                &call->refusal, IM_OBJECTS_CONFLICT, im_str(field->name),
                "%s %lld already has the %s \"%.*s\".", call->type->rest_name,
                (long long)other->key, field->name, IM_ARG(given));
    }
    return IM_OBJECTS_OK;
}

/* The checks that create and patch share; the new row, not yet in the table, or NULL with
 * the reason in *result. */
static struct im_object_row *row_make(struct im_objects *store,
                                      struct im_objects_call *call,
                                      const struct im_object_draft_row *draft,
                                      enum im_objects_result *result)
{
    *result = check_unique(call_table(store, call), call, draft);
    if (*result)
        return NULL;
    if (im_object_row_bytes(draft) > IM_OBJECTS_ROW_BYTES_MAX) {
        *result = im_objects_refuse(&call->refusal, IM_OBJECTS_TOO_LARGE, nowhere,
                                    "The row would take more than %d bytes.",
                                    IM_OBJECTS_ROW_BYTES_MAX);
        return NULL;
    }
    struct im_object_row *row = im_object_row_new(draft);
    if (!row)
        *result = store_no_memory(call);
    return row;
}

/* Audit times have no fraction in the real API; rounded down, also before 1970. */
static int64_t whole_seconds(int64_t ms)
{
    return ms - (ms % 1000 + 1000) % 1000;
}

static enum im_objects_result row_add(struct im_objects *store,
                                      struct im_objects_call *call,
                                      const struct im_object_payload *payload)
{
    struct im_objects_table *table = call_table(store, call);
    int64_t now_ms = whole_seconds(call->now_ms);
    const struct im_object_draft_row draft = {
        call->type, table->last_key + 1, now_ms, now_ms, call->entity, payload->values};
    enum im_objects_result result;
    if (table->n >= IM_OBJECTS_ROWS_MAX)
        return im_objects_refuse(&call->refusal, IM_OBJECTS_FULL, nowhere,
                                 "There are %d of %s already; this store takes no more.",
                                 IM_OBJECTS_ROWS_MAX, call->type->rest_name);
    struct im_object_row *row = row_make(store, call, &draft, &result);
    if (!row)
        return result;
    if (!im_objects_append(table, row)) {
        im_object_row_free(row);
        return store_no_memory(call);
    }
    call->made = row->key;
    im_object_write_link(call->type, row, call->out, call->name);
    return IM_OBJECTS_OK;
}

static enum im_objects_result row_create(struct im_objects *store,
                                         struct im_objects_call *call,
                                         const struct im_json *body)
{
    enum im_objects_result result;
    /* before the body is looked at: whatever is unique in it is taken by now */
    if (im_idempotency_answer_locked(store, call, &result))
        return result;
    struct im_object_payload payload = {
        .type = call->type, .arena = call->out->buf->arena, .creating = true};
    result = im_object_payload_read(&payload, body, &call->refusal);
    if (!result)
        result = references_resolve(store, call, &payload);
    if (!result)
        result = row_add(store, call, &payload);
    return result;
}

/* Last, when nothing can fail any more: a refused create may be repeated with the same key. */
static void row_remember(struct im_objects *store, const struct im_objects_call *call)
{
    if (!call->repeated)
        im_idempotency_add_locked(store, call, call->made);
}

enum im_objects_result im_objects_create(struct im_objects *store,
                                         struct im_objects_call *call,
                                         const struct im_json *body)
{
    enum im_objects_result result = store_enter(store, call);
    if (result)
        return result;
    result = row_create(store, call, body);
    if (!result)
        row_remember(store, call);
    return store_leave(store, result);
}

enum im_objects_result im_objects_create_all(struct im_objects *store,
                                             struct im_objects_call *calls,
                                             const struct im_json *bodies, size_t *done)
{
    const struct im_json *body = bodies->first;
    enum im_objects_result result = store_enter(store, calls);

    *done = 0;
    if (result)
        return result;
    for (; body && !result; body = body->next) {
        result = row_create(store, &calls[*done], body);
        *done += !result;
    }
    for (size_t i = 0; i < *done; i++)
        if (!result)
            row_remember(store, &calls[i]);
        else if (!calls[i].repeated)
            im_objects_remove(call_table(store, calls), calls[i].made);
    return store_leave(store, result);
}

/* What the body does not name stays as it is. An id may be repeated, not changed. */
static enum im_objects_result row_merge(struct im_objects_call *call,
                                        struct im_object_payload *payload,
                                        const struct im_object_row *row)
{
    for (size_t i = 0; i < call->type->n_fields; i++) {
        const struct im_object_field *field = &call->type->fields[i];
        if (!payload->named[i])
            payload->values[i] = row->values[i];
        else if ((field->flags & IM_FIELD_FIXED) &&
                 !im_str_eq(payload->values[i], row->values[i]))
            return im_objects_refuse_at(
                &call->refusal, IM_OBJECTS_FIELD_READ_ONLY, im_str(field->name),
                "%s cannot be changed after create.", field->name);
    }
    return IM_OBJECTS_OK;
}

static enum im_objects_result row_change(struct im_objects *store,
                                         struct im_objects_call *call,
                                         struct im_object_payload *payload,
                                         const struct im_object_row *old)
{
    const struct im_object_draft_row draft = {
        call->type,  old->key,       old->created_ms, whole_seconds(call->now_ms),
        old->entity, payload->values};
    /* references first: a fixed one that is repeated by id is compared by its key */
    enum im_objects_result result = references_resolve(store, call, payload);
    if (!result)
        result = row_merge(call, payload, old);
    if (result)
        return result;
    struct im_object_row *row = row_make(store, call, &draft, &result);
    if (!row)
        return result;
    im_objects_replace(call_table(store, call), row);
    im_idempotency_add_locked(store, call, row->key);
    im_object_write_link(call->type, row, call->out, call->name);
    return IM_OBJECTS_OK;
}

enum im_objects_result im_objects_patch(struct im_objects *store,
                                        struct im_objects_call *call, struct im_str key,
                                        const struct im_json *body)
{
    struct im_object_row *row;
    enum im_objects_result result = store_enter_at(store, call, key, &row);
    if (result)
        return result;
    if (im_idempotency_answer_locked(store, call, &result))
        return store_leave(store, result);
    struct im_object_payload payload = {.type = call->type,
                                        .arena = call->out->buf->arena};
    result = im_object_payload_read(&payload, body, &call->refusal);
    if (!result)
        result = row_change(store, call, &payload, row);
    return store_leave(store, result);
}

/* ---- delete ---- */

/* A row of `type` that refers to `row` of call->type through field i, or NULL. */
static const struct im_object_row *row_referrer(struct im_objects *store,
                                                const struct im_objects_call *call,
                                                const struct im_object_type *type,
                                                size_t i, const struct im_object_row *row)
{
    const struct im_object_field *field = &type->fields[i];
    size_t key = im_object_field_index(call->type, IM_STR("key"));
    if (field->kind != IM_FIELD_REF || im_object_target(field) != call->type ||
        (field->flags & IM_FIELD_OWNER))
        return NULL;
    const struct im_object_row *found =
        im_objects_by_value(im_objects_table_locked(store, type), i, row->values[key]);
    return found == row ? NULL : found; /* a row that refers to itself can go */
}

/* Rows of every type are searched, since any may refer to it. */
static enum im_objects_result row_check_unused(struct im_objects *store,
                                               struct im_objects_call *call,
                                               const struct im_object_row *row)
{
    for (size_t t = 0; t < im_object_type_count(); t++) {
        const struct im_object_type *type = im_object_type_at(t);
        for (size_t i = 0; i < type->n_fields; i++) {
            const struct im_object_row *user = row_referrer(store, call, type, i, row);
            if (user)
                return im_objects_refuse(&call->refusal, IM_OBJECTS_IN_USE, nowhere,
                                         "%s %lld refers to it by %s.", type->rest_name,
                                         (long long)user->key, type->fields[i].name);
        }
    }
    return IM_OBJECTS_OK;
}

/* Rows that are parts of it (IM_FIELD_OWNER: the lines of a bill) are deleted with it, and so do not
 * count as referring to it. */
static void row_remove_parts(struct im_objects *store, const struct im_objects_call *call,
                             const struct im_object_row *owner)
{
    size_t key = im_object_field_index(call->type, IM_STR("key"));
    for (size_t t = 0; t < im_object_type_count(); t++) {
        const struct im_object_type *type = im_object_type_at(t);
        struct im_objects_table *table = im_objects_table_locked(store, type);
        for (size_t i = 0; i < type->n_fields; i++) {
            const struct im_object_row *part;
            if (!(type->fields[i].flags & IM_FIELD_OWNER) ||
                im_object_target(&type->fields[i]) != call->type)
                continue;
            /* searched anew, since removing moves the rows behind */
            while ((part = im_objects_by_value(table, i, owner->values[key])) != NULL)
                im_objects_remove(table, part->key);
        }
    }
}

enum im_objects_result im_objects_delete(struct im_objects *store,
                                         struct im_objects_call *call, struct im_str key)
{
    struct im_object_row *row;
    enum im_objects_result result = store_enter_at(store, call, key, &row);
    if (result)
        return result;
    result = row_check_unused(store, call, row);
    if (result)
        return store_leave(store, result);
    row_remove_parts(store, call, row);
    im_objects_remove(call_table(store, call), row->key);
    return store_leave(store, result);
}
