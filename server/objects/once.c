#include "objects/once.h"

#include <stdlib.h>
#include <string.h>

#include "objects/why.h"

/* Lifetime: the store's, 48 hours of its clock at most. */
struct im_objects_once {
    char *text; /* the Idempotency-Key */
    size_t len;
    uint64_t call;
    const struct im_object_type *type;
    int64_t key, at_ms;
};

static void drop_oldest(struct im_objects *store)
{
    free(store->once[0].text);
    store->n_once--;
    memmove(store->once, store->once + 1, store->n_once * sizeof *store->once);
}

void im_objects_once_forget(struct im_objects *store)
{
    for (size_t i = 0; i < store->n_once; i++)
        free(store->once[i].text);
    free(store->once);
    store->once = NULL;
    store->n_once = store->once_room = 0;
}

enum im_objects_result im_objects_once_find_locked(struct im_objects *store,
                                                   struct im_objects_call *call,
                                                   const struct im_object_row **row)
{
    *row = NULL;
    if (!call->once.len)
        return IM_OBJECTS_OK;
    while (store->n_once && store->once[0].at_ms + IM_OBJECTS_ONCE_MS <= call->now_ms)
        drop_oldest(store);
    for (size_t i = 0; i < store->n_once; i++) {
        const struct im_objects_once *once = &store->once[i];
        if (!im_str_eq((struct im_str){once->text, once->len}, call->once))
            continue;
        if (once->call != call->once_call)
            return im_objects_refuse(&call->why, IM_OBJECTS_KEY_REUSED, IM_STR(""),
                                     "the Idempotency-Key came with another call before, "
                                     "which made %s %lld",
                                     once->type->rest_name, (long long)once->key);
        *row = im_objects_by_key(im_objects_table_locked(store, once->type), once->key);
    }
    return IM_OBJECTS_OK;
}

static bool make_room(struct im_objects *store)
{
    if (store->n_once == IM_OBJECTS_ONCE_MAX)
        drop_oldest(store);
    if (store->n_once < store->once_room)
        return true;
    size_t room = store->once_room ? store->once_room * 2 : 8;
    struct im_objects_once *once = realloc(store->once, room * sizeof *once);
    if (!once)
        return false;
    store->once = once;
    store->once_room = room;
    return true;
}

void im_objects_once_add_locked(struct im_objects *store,
                                const struct im_objects_call *call, int64_t key)
{
    if (!call->once.len || !make_room(store))
        return;
    char *text = malloc(call->once.len);
    if (!text)
        return;
    memcpy(text, call->once.at, call->once.len);
    store->once[store->n_once++] = (struct im_objects_once){
        text, call->once.len, call->once_call, call->type, key, call->now_ms};
}
