/* The stores of a sandbox, one for each company, from their beginning to their end. store.c has the operations on
 * their rows. */
#include <stdlib.h>

#include "objects/idempotency.h"
#include "objects/table.h"

void im_objects_init(struct im_objects *store)
{
    *store = (struct im_objects){.tables = NULL};
    pthread_mutex_init(&store->lock, NULL);
}

void im_objects_release(struct im_objects *store)
{
    while (store->next) {
        struct im_objects *next = store->next;
        store->next = next->next;
        next->next = NULL; /* so that it releases only itself */
        im_objects_release(next);
        free(next);
    }
    im_str_free(&store->company);
    im_objects_free_tables(store->tables);
    im_idempotency_forget(store);
    store->tables = NULL;
    pthread_mutex_destroy(&store->lock);
}

/* The stores of a sandbox are few and live as long as it: a list behind the first's lock. */
static struct im_objects *company_store_add(struct im_objects *first,
                                            struct im_str company, int64_t shift)
{
    struct im_objects *store = malloc(sizeof *store);
    if (!store)
        return NULL;
    im_objects_init(store);
    if (!im_str_duplicate(company, &store->company)) {
        im_objects_release(store);
        free(store);
        return NULL;
    }
    store->shift = shift;
    store->next = first->next;
    first->next = store;
    return store;
}

struct im_objects *im_objects_of(struct im_objects *first, struct im_str company,
                                 int64_t shift)
{
    pthread_mutex_lock(&first->lock);
    struct im_objects *store = first->next;
    while (store && !im_str_eq(store->company, company))
        store = store->next;
    if (!store)
        store = company_store_add(first, company, shift);
    pthread_mutex_unlock(&first->lock);
    return store;
}

void im_objects_reset(struct im_objects *store)
{
    pthread_mutex_lock(&store->lock);
    im_objects_free_tables(store->tables);
    im_idempotency_forget(store);
    store->tables = NULL;
    pthread_mutex_unlock(&store->lock);
}
