/* The sandboxes of a server besides the default one: a table by name, and a list by last use, in which
 * the oldest stands first when one must go. Freeing a sandbox takes time and other locks, so nothing is
 * freed here under the lock: what has been removed is returned. */
#include "sandboxes_list.h"

enum { SWEEP_EVERY_MS = 1000 }; /* each look-up asks, and the list may be long */

struct im_sandbox *im_sandbox_list_find_locked(struct im_sandboxes *sandboxes,
                                               struct im_str name)
{
    struct im_table_link *link =
        im_table_first(&sandboxes->by_name, im_table_hash(0, name));

    while (link && !im_str_eq(((struct im_sandbox *)link)->name, name))
        link = im_table_next(link);
    return (struct im_sandbox *)link;
}

static void unlink_use_locked(struct im_sandboxes *sandboxes, struct im_sandbox *box)
{
    if (box->newer)
        box->newer->older = box->older;
    else
        sandboxes->newest = box->older;
    if (box->older)
        box->older->newer = box->newer;
    else
        sandboxes->oldest = box->newer;
}

static void link_use_locked(struct im_sandboxes *sandboxes, struct im_sandbox *box)
{
    box->newer = NULL;
    box->older = sandboxes->newest;
    if (box->older)
        box->older->newer = box;
    else
        sandboxes->oldest = box;
    sandboxes->newest = box;
    box->used_ms = im_clock_monotonic_ms();
}

void im_sandbox_list_use_locked(struct im_sandboxes *sandboxes, struct im_sandbox *box)
{
    unlink_use_locked(sandboxes, box);
    link_use_locked(sandboxes, box);
    box->users++;
}

void im_sandbox_list_add_locked(struct im_sandboxes *sandboxes, struct im_sandbox *box)
{
    im_table_add(&sandboxes->by_name, &box->by_name, im_table_hash(0, box->name));
    link_use_locked(sandboxes, box);
    box->users = 1;
    atomic_fetch_add(&sandboxes->count, 1);
}

struct im_sandbox *im_sandbox_list_remove_locked(struct im_sandboxes *sandboxes,
                                                 struct im_sandbox *box)
{
    im_table_remove(&sandboxes->by_name, &box->by_name);
    unlink_use_locked(sandboxes, box);
    atomic_fetch_sub(&sandboxes->count, 1);
    box->gone = true;
    box->older = NULL;
    return box->users ? NULL : box;
}

struct im_sandbox *im_sandbox_list_sweep_locked(struct im_sandboxes *sandboxes)
{
    int64_t now_ms = im_clock_monotonic_ms();
    int64_t before_ms = now_ms - sandboxes->settings.sandbox_ttl_ms;
    struct im_sandbox *swept = NULL;
    struct im_sandbox *newer;

    if (now_ms - sandboxes->swept_ms < SWEEP_EVERY_MS)
        return NULL;
    sandboxes->swept_ms = now_ms;
    for (struct im_sandbox *box = sandboxes->oldest; box && box->used_ms <= before_ms;
         box = newer) {
        newer = box->newer;
        if (box->users) /* a request may take longer than the time to live */
            continue;
        im_sandbox_list_remove_locked(sandboxes, box);
        box->older = swept;
        swept = box;
    }
    return swept;
}

bool im_sandbox_list_full_locked(struct im_sandboxes *sandboxes,
                                 struct im_sandbox **surplus)
{
    size_t max = sandboxes->settings.sandboxes_max;
    struct im_sandbox *newer;

    for (struct im_sandbox *box = sandboxes->oldest;
         box && atomic_load(&sandboxes->count) >= max; box = newer) {
        newer = box->newer;
        if (box->users)
            continue;
        sandboxes->dropped++;
        im_sandbox_list_remove_locked(sandboxes, box);
        box->older = *surplus;
        *surplus = box;
    }
    /* sandboxes in use cannot go, so up to twice as many are let in; beyond that: mock-capacity */
    return atomic_load(&sandboxes->count) / 2 >= max;
}
