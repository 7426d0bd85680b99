/* To which sandbox a token, code or session belongs, for requests that name no sandbox:
 * an index that the token stores of one server share. It owns no memory of its own but
 * its slots: an entry stands in the record, note or session that it is about, from when
 * that is added until it leaves. Thread-safe; its lock is taken by the stores while they
 * hold theirs, and nothing is called under it. */
#ifndef IM_OAUTH_TOKEN_INDEX_H
#define IM_OAUTH_TOKEN_INDEX_H

#include <pthread.h>

#include "base/arena.h"
#include "base/table.h"

struct im_token_index {
    pthread_mutex_t lock;
    struct im_table table;
};

struct im_token_entry {
    struct im_table_link link;  /* by the hash under which it was added */
    const struct im_str *owner; /* NULL = it is in no index */
};

/* False when memory is short; then there is nothing to release. */
bool im_token_index_init(struct im_token_index *index);
/* When no entry is in it any more. */
void im_token_index_release(struct im_token_index *index);

/* The entry is new; *owner must live until it is removed. With index NULL nothing is done, by
 * either. Cannot fail: without memory for more slots it gets slower. */
void im_token_index_add(struct im_token_index *index, struct im_token_entry *entry,
                        uint64_t hash, const struct im_str *owner);
void im_token_index_remove(struct im_token_index *index, struct im_token_entry *entry);

/* The hash of a token or code, by the SHA-256 of its text. Sessions have that of their id
 * (im_table_hash). */
uint64_t im_token_digest_hash(const unsigned char digest[32]);
/* The owner of the token, code or session of this text; empty = there is none. Two texts may
 * have one hash: who needs to be sure asks the owner. Lifetime: the arena's. */
struct im_str im_token_index_owner(struct im_token_index *index, struct im_str token,
                                   struct im_arena *arena);

#endif
