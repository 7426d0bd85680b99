/* A hash table of things that carry their own link: adding one takes no memory but for
 * the slots, and those are reserved beforehand. An empty table holds nothing. Not
 * thread-safe. */
#ifndef IM_BASE_TABLE_H
#define IM_BASE_TABLE_H

#include "base/str.h"

/* The first member of what stands in a table. */
struct im_table_link {
    struct im_table_link *next;
    uint64_t hash;
};

struct im_table {
    struct im_table_link **slots;
    size_t room, count;
};

/* Room for `more` things; false when memory is short. */
bool im_table_reserve(struct im_table *table, size_t more);
/* The table must have room. Several things may have the same hash. */
void im_table_add(struct im_table *table, struct im_table_link *link, uint64_t hash);
void im_table_remove(struct im_table *table, struct im_table_link *link);
/* The first with this hash, and the next; NULL = no more. Newest first. */
struct im_table_link *im_table_first(const struct im_table *table, uint64_t hash);
struct im_table_link *im_table_next(const struct im_table_link *link);
/* Frees the slots, not what stands in them. */
void im_table_release(struct im_table *table);

/* FNV-1a. Begin with start 0; the hash of several texts begins each with that of those
 * before. */
uint64_t im_table_hash(uint64_t start, struct im_str text);

#endif
