/* Batches: each item is one call to the store, whose results and failures follow each other
 * in one array. The store is locked for the whole batch only where it is a transaction. See batch.h. */
#include "endpoints/batch.h"

#include <inttypes.h>

#include "causes/refusal.h"
#include "endpoints/endpoint.h"
#include "endpoints/rest_envelope.h"

/* One batch under way. */
struct batch {
    struct im_authority *authority;
    struct im_objects *store;
    struct im_request *req;
    struct im_json_out out;
    int64_t good, bad;
};

bool im_batch_asked(const struct im_record *record)
{
    if (record->action == IM_ACTION_CREATE)
        return record->body && record->body->type == IM_JSON_ARRAY;
    return record->action == IM_ACTION_READ && im_str_has(record->key, ',');
}

static size_t batch_count_keys(struct im_str keys)
{
    size_t n = 0;
    for (; keys.len; n++)
        (void)im_str_cut(&keys, ',');
    return n;
}

/* Counts the item, and writes its refusal when it failed. */
static void item_end(struct batch *batch, const struct im_objects_call *call,
                     enum im_objects_result result)
{
    if (result == IM_OBJECTS_OK) {
        batch->good++;
        return;
    }
    if (result == IM_OBJECTS_NO_MEMORY)
        batch->req->arena->failed = true; /* the pipeline then answers 500 */
    /* a note, since the request itself is answered: only the item is refused */
    enum im_cause cause = im_record_cause(result);
    batch->bad++;
    im_note(batch->req, cause, "item %" PRId64 " of the batch: %s",
            batch->good + batch->bad, call->refusal.text);
    im_json_open_object(&batch->out, NULL);
    im_refusal_write_item(batch->req, cause,
                          im_arena_copy(batch->req->arena, im_str(call->refusal.field)),
                          &batch->authority->rng, &batch->out);
    im_json_close_object(&batch->out);
}

static struct im_objects_call item_call(struct batch *batch,
                                        const struct im_objects_call *whole)
{
    struct im_objects_call call = *whole;
    call.out = &batch->out;
    call.name = NULL;
    return call;
}

/* Each item has an Idempotency-Key of its own, so that a batch of which a part was created
 * may be repeated as a whole. */
static struct im_objects_call item_call_of_create(struct batch *batch,
                                                  const struct im_objects_call *whole,
                                                  int64_t index)
{
    struct im_objects_call call = item_call(batch, whole);
    if (call.idempotency_key.len)
        call.idempotency_key = im_arena_format(batch->req->arena, "%.*s #%" PRId64,
                                               IM_ARG(whole->idempotency_key), index);
    return call;
}

static void batch_create(struct batch *batch, const struct im_objects_call *whole,
                         const struct im_json *body)
{
    for (const struct im_json *item = body->first; item; item = item->next) {
        struct im_objects_call call =
            item_call_of_create(batch, whole, batch->good + batch->bad);
        enum im_objects_result result = im_objects_create(batch->store, &call, item);
        batch->req->exchange->created |= result == IM_OBJECTS_OK && !call.repeated;
        item_end(batch, &call, result);
    }
}

/* Both spellings stand in Sage's documentation; which of them the server reads is not known. */
static bool batch_is_transaction(const struct im_request *req)
{
    static const char *const names[] = {"X-IA-API-Param-Transaction",
                                        "X-IA-API-ParamTransaction"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (im_str_eq_nocase(im_str_trim(im_request_header(req, names[i])),
                             IM_STR("true")))
            return true;
    return false;
}

/* All items or none (documented); the first refusal is the answer to the whole (a guess). */
static enum im_cause batch_create_all(struct batch *batch,
                                      const struct im_objects_call *whole,
                                      const struct im_json *body)
{
    struct im_objects_call *calls =
        IM_ARENA_ARRAY(batch->req->arena, struct im_objects_call, body->count);
    size_t done;
    if (!calls)
        return CAUSE_INTERNAL;
    for (size_t i = 0; i < body->count; i++)
        calls[i] = item_call_of_create(batch, whole, (int64_t)i);
    enum im_objects_result result =
        im_objects_create_all(batch->store, calls, body, &done);
    if (result) {
        enum im_cause cause = im_record_refuse(batch->req, result, &calls[done]);
        im_note(batch->req, cause,
                "item %zu of the batch was refused; it is a transaction, so none was "
                "created",
                done + 1);
        return cause;
    }
    batch->good = (int64_t)done;
    for (size_t i = 0; i < done; i++)
        batch->req->exchange->created |= !calls[i].repeated;
    return CAUSE_NONE;
}

static void batch_read(struct batch *batch, const struct im_objects_call *whole,
                       struct im_str keys)
{
    while (keys.len) {
        struct im_objects_call call = item_call(batch, whole);
        struct im_str key = im_str_cut(&keys, ',');
        item_end(batch, &call, im_objects_get(batch->store, &call, key));
    }
}

enum im_cause im_batch_answer(struct im_authority *authority, struct im_request *req,
                              struct im_response *res, const struct im_record *record,
                              const struct im_objects_call *call)
{
    bool create = record->action == IM_ACTION_CREATE;
    size_t n = create ? record->body->count : batch_count_keys(record->key);
    struct batch batch = {
        .authority = authority,
        .store = im_authority_objects(authority, &record->access.principal.company),
        .req = req};
    /* before the first item, so that nothing has been created when the rest is refused */
    if (n > IM_BATCH_MAX)
        return im_refuse(req, CAUSE_REQUEST_TOO_LARGE,
                         "the batch has %zu items, at most %d are taken", n,
                         IM_BATCH_MAX);
    if (!n)
        return im_refuse(req, CAUSE_API_PAYLOAD_MALFORMED,
                         "the batch is an array without items; one is wanted at least");
    im_rest_begin(res, create ? 201 : 200, &batch.out);
    im_json_open_array(&batch.out, IM_REST_RESULT);
    if (create && batch_is_transaction(req)) {
        enum im_cause cause = batch_create_all(&batch, call, record->body);
        if (cause)
            return cause;
    } else if (create) {
        batch_create(&batch, call, record->body);
    } else {
        batch_read(&batch, call, record->key);
    }
    im_json_close_array(&batch.out);
    im_rest_end_batch(&batch.out, batch.good, batch.bad);
    if (batch.bad)
        res->status = 207;
    return CAUSE_NONE;
}
