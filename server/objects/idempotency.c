/* What each Idempotency-Key made, so that a create that is sent again makes nothing new;
 * see idempotency.h. A list, oldest first: keys end in the order in which they came, and
 * at most IM_IDEMPOTENCY_MAX of them are searched. */
#include "objects/idempotency.h"

#include <stdlib.h>
#include <string.h>

#include "objects/outcome.h"
#include "objects/render.h"

/* Lifetime: the store's, 48 hours of its clock at most. */
struct im_idempotency {
    char *text; /* the Idempotency-Key */
    size_t len;
    uint64_t call;
    const struct im_object_type *type;
    int64_t key, at_ms;
};

static void idempotency_forget_oldest(struct im_objects *store)
{
    free(store->idempotency[0].text);
    store->n_idempotency--;
    memmove(store->idempotency, store->idempotency + 1,
            store->n_idempotency * sizeof *store->idempotency);
}

void im_idempotency_forget(struct im_objects *store)
{
    for (size_t i = 0; i < store->n_idempotency; i++)
        free(store->idempotency[i].text);
    free(store->idempotency);
    store->idempotency = NULL;
    store->n_idempotency = store->idempotency_room = 0;
}

static enum im_objects_result idempotency_find_locked(struct im_objects *store,
                                                      struct im_objects_call *call,
                                                      const struct im_object_row **row)
{
    *row = NULL;
    if (!call->idempotency_key.len)
        return IM_OBJECTS_OK;
    /* by the sandbox's clock, so a test can pass the 48 hours */
    while (store->n_idempotency &&
           store->idempotency[0].at_ms + IM_IDEMPOTENCY_MS <= call->now_ms)
        idempotency_forget_oldest(store);
    for (size_t i = 0; i < store->n_idempotency; i++) {
        const struct im_idempotency *known = &store->idempotency[i];
        if (!im_str_eq((struct im_str){known->text, known->len}, call->idempotency_key))
            continue;
        bool same = known->call == call->idempotency_call;
        if (!same || call->repeat_refused)
            return im_objects_refuse(&call->refusal, IM_OBJECTS_KEY_REUSED, IM_STR(""),
                                     "the Idempotency-Key came with %s before, "
                                     "which was about %s %lld",
                                     same ? "this very call" : "another call",
                                     known->type->rest_name, (long long)known->key);
        /* NULL when the record was deleted since: the create is then carried out anew */
        *row = im_objects_by_key(im_objects_table_locked(store, known->type), known->key);
    }
    return IM_OBJECTS_OK;
}

bool im_idempotency_answer_locked(struct im_objects *store, struct im_objects_call *call,
                                  enum im_objects_result *result)
{
    const struct im_object_row *before;

    *result = idempotency_find_locked(store, call, &before);
    call->repeated = before != NULL;
    if (before)
        im_object_write_link(call->type, before, call->out, call->name);
    return before || *result;
}

static bool idempotency_make_room(struct im_objects *store)
{
    /* bounded: a client that sends a new key with each create would fill the memory */
    if (store->n_idempotency == IM_IDEMPOTENCY_MAX)
        idempotency_forget_oldest(store);
    if (store->n_idempotency < store->idempotency_room)
        return true;
    size_t room = store->idempotency_room ? store->idempotency_room * 2 : 8;
    struct im_idempotency *known = realloc(store->idempotency, room * sizeof *known);
    if (!known)
        return false;
    store->idempotency = known;
    store->idempotency_room = room;
    return true;
}

void im_idempotency_add_locked(struct im_objects *store,
                               const struct im_objects_call *call, int64_t key)
{
    if (!call->idempotency_key.len || !idempotency_make_room(store))
        return;
    char *text = malloc(call->idempotency_key.len);
    if (!text)
        return;
    memcpy(text, call->idempotency_key.at, call->idempotency_key.len);
    store->idempotency[store->n_idempotency++] = (struct im_idempotency){
        text,        call->idempotency_key.len, call->idempotency_call, call->type, key,
        call->now_ms};
}
