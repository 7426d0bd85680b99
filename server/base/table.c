/* The one hash table and the one hash of the program. uthash was weighed and not taken:
 * its macros allocate when a thing is added, while a table here has its room before the
 * change it belongs to begins, so that the change itself cannot fail half way; and it
 * would be one more thing to install for a hundred lines. */
#include "base/table.h"

#include <stdlib.h>

enum { FIRST_ROOM = 16 };

/* Room is a power of two, and twice what is needed, for each link of a chain that is passed by
 * is one more read of memory that no cache holds. The multiplication (Fibonacci hashing)
 * spreads small numbers. */
static struct im_table_link **table_slot(const struct im_table *table, uint64_t hash)
{
    uint64_t spread = hash * UINT64_C(0x9E3779B97F4A7C15);
    return &table->slots[(size_t)(spread >> 32) & (table->room - 1)];
}

static void table_put(struct im_table *table, struct im_table_link *link)
{
    struct im_table_link **slot = table_slot(table, link->hash);

    link->next = *slot;
    *slot = link;
}

bool im_table_reserve(struct im_table *table, size_t more)
{
    size_t room = table->room ? table->room : FIRST_ROOM;
    struct im_table old = *table;

    while (room < 2 * (table->count + more))
        room *= 2;
    if (room == table->room)
        return true;
    struct im_table_link **slots = calloc(room, sizeof(struct im_table_link *));
    if (!slots)
        return false;
    /* the things are moved by their links: nothing is allocated, so nothing can fail */
    table->slots = slots;
    table->room = room;
    for (size_t i = 0; i < old.room; i++) {
        for (struct im_table_link *next, *link = old.slots[i]; link; link = next) {
            next = link->next;
            table_put(table, link);
        }
    }
    free(old.slots);
    return true;
}

void im_table_add(struct im_table *table, struct im_table_link *link, uint64_t hash)
{
    link->hash = hash;
    table_put(table, link);
    table->count++;
}

void im_table_remove(struct im_table *table, struct im_table_link *link)
{
    struct im_table_link **at = table_slot(table, link->hash);

    while (*at && *at != link)
        at = &(*at)->next;
    if (!*at)
        return;
    *at = link->next;
    table->count--;
}

static struct im_table_link *link_with_hash(struct im_table_link *link, uint64_t hash)
{
    while (link && link->hash != hash)
        link = link->next;
    return link;
}

struct im_table_link *im_table_first(const struct im_table *table, uint64_t hash)
{
    return table->room ? link_with_hash(*table_slot(table, hash), hash) : NULL;
}

struct im_table_link *im_table_next(const struct im_table_link *link)
{
    return link_with_hash(link->next, link->hash);
}

void im_table_release(struct im_table *table)
{
    free(table->slots);
    *table = (struct im_table){NULL, 0, 0};
}

uint64_t im_table_hash(uint64_t start, struct im_str text)
{
    uint64_t hash = start ^ UINT64_C(0xCBF29CE484222325);

    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.at[i]) * UINT64_C(0x100000001B3);
    return hash;
}
