/* The index from a token's hash to the name of its sandbox. What is found is a name, not a
 * sandbox: the sandbox may end as soon as the lock is released, and a name can be looked up
 * again by whoever may find out that it is gone. */
#include "oauth/token_index.h"

#include <string.h>

#include "base/crypto.h"

bool im_token_index_init(struct im_token_index *index)
{
    *index = (struct im_token_index){.table = {NULL, 0, 0}};
    /* the first slots, so that adding always has somewhere to put an entry */
    if (!im_table_reserve(&index->table, 1))
        return false;
    pthread_mutex_init(&index->lock, NULL);
    return true;
}

void im_token_index_release(struct im_token_index *index)
{
    if (!index->table.room) /* never initialized, or released already */
        return;
    im_table_release(&index->table);
    pthread_mutex_destroy(&index->lock);
}

void im_token_index_add(struct im_token_index *index, struct im_token_entry *entry,
                        uint64_t hash, const struct im_str *owner)
{
    if (!index)
        return;
    entry->owner = owner;
    pthread_mutex_lock(&index->lock);
    (void)im_table_reserve(&index->table, 1);
    im_table_add(&index->table, &entry->link, hash);
    pthread_mutex_unlock(&index->lock);
}

void im_token_index_remove(struct im_token_index *index, struct im_token_entry *entry)
{
    if (!index)
        return;
    pthread_mutex_lock(&index->lock);
    im_table_remove(&index->table, &entry->link);
    pthread_mutex_unlock(&index->lock);
}

/* A SHA-256 digest is as good as random, so its first bytes are the hash. */
uint64_t im_token_digest_hash(const unsigned char digest[32])
{
    uint64_t hash;

    memcpy(&hash, digest, sizeof(hash));
    return hash;
}

static struct im_str owner_find_locked(const struct im_token_index *index, uint64_t hash)
{
    void *found = im_table_first(&index->table, hash);
    const struct im_token_entry *entry = found;

    return entry ? *entry->owner : (struct im_str){NULL, 0};
}

struct im_str im_token_index_owner(struct im_token_index *index, struct im_str token,
                                   struct im_arena *arena)
{
    unsigned char digest[IM_SHA256_LEN];

    im_sha256(token, digest);
    uint64_t session = im_table_hash(0, token);
    pthread_mutex_lock(&index->lock);
    struct im_str owner = owner_find_locked(index, im_token_digest_hash(digest));
    if (!owner.len)
        owner = owner_find_locked(index, session);
    if (owner.len)
        owner = im_arena_copy(arena, owner);
    pthread_mutex_unlock(&index->lock);
    return owner;
}
