/* What is said where an id does not exist: the one that may have been meant, or all that there are, where
 * they are few. */
#include <stdio.h>

#include "base/near_miss.h"
#include "directory/directory_world.h"

/* The id of the i-th thing of this kind; empty: a user of another company. */
static struct im_str thing_name(enum im_collection_kind which, const void *items,
                                size_t i, struct im_str company)
{
    const struct im_user *user = (const struct im_user *)items + i;

    switch (which) {
    case IM_ROLES: return ((const struct im_role *)items)[i].name;
    case IM_CLIENTS: return ((const struct im_client *)items)[i].id;
    case IM_COMPANIES: return ((const struct im_company *)items)[i].id;
    default: return im_str_eq(user->company, company) ? user->id : IM_STR("");
    }
}

/* Where the company is missing, that is said instead of names of users. */
static struct im_hint hint_company(const struct im_world *world, struct im_str company)
{
    struct im_hint there = im_world_hint(world, IM_COMPANIES, IM_STR(""), company), hint;

    if (!company.len) {
        snprintf(hint.text, sizeof hint.text,
                 "; write USER@COMPANY, such as ws_user@acme");
        return hint;
    }
    struct im_str shown = im_str_front(company, 60);
    int len = snprintf(hint.text, sizeof hint.text, "; there is no company \"%.*s\"%s",
                       IM_ARG(shown), there.text);
    if (len < 0 || (size_t)len >= sizeof hint.text) /* without the list, not half of it */
        snprintf(hint.text, sizeof hint.text, "; there is no company \"%.*s\"",
                 IM_ARG(shown));
    return hint;
}

struct im_hint im_world_hint(const struct im_world *world, enum im_collection_kind which,
                             struct im_str company, struct im_str word)
{
    const struct im_collection *all = &world->collection[which];
    struct im_str few[IM_HINT_FEW], nearest = IM_STR("");
    size_t n = 0;

    if (which == IM_USERS && !im_world_company(world, company))
        return hint_company(world, company);
    for (size_t i = 0; i < all->count; i++) {
        struct im_str name = thing_name(which, all->items, i, company);
        if (!name.len)
            continue;
        if (n < IM_HINT_FEW)
            few[n] = name;
        n++;
        /* each by itself: an array of all names would need memory */
        if (im_str_nearest(word, &name, 1) == 0 &&
            (!nearest.len ||
             im_str_distance(word, name) < im_str_distance(word, nearest)))
            nearest = name;
    }
    if (nearest.len)
        return im_hint(word, &nearest, 1);
    return im_hint_or_all(word, few, n > IM_HINT_FEW ? 0 : n);
}

struct im_hint im_directory_hint(struct im_directory *directory,
                                 enum im_collection_kind which, struct im_str company,
                                 struct im_str word)
{
    pthread_mutex_lock(&directory->lock);
    struct im_hint hint = im_world_hint(&directory->world, which, company, word);
    pthread_mutex_unlock(&directory->lock);
    return hint;
}

struct im_near_miss im_directory_near(struct im_directory *directory,
                                      struct im_arena *arena,
                                      enum im_collection_kind which,
                                      struct im_str company, struct im_str id)
{
    const struct im_collection *all = &directory->world.collection[which];
    struct im_near_miss near = {.how = NULL};

    /* the whole comparison is under the lock: it happens only when a request is refused */
    pthread_mutex_lock(&directory->lock);
    for (size_t i = 0; i < all->count && !near.how; i++) {
        struct im_str name = thing_name(which, all->items, i, company);
        near.how = name.len ? im_near_miss(arena, id, name) : NULL;
        near.right = near.how ? name : IM_STR("");
    }
    pthread_mutex_unlock(&directory->lock);
    return near;
}
