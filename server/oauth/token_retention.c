/* How long records stay, and what is kept of those that have left. A record that has
 * ended stays for an hour of real time, so that listings and refusals can still say all
 * about it; a bound on the number of records holds even when none has ended. Of a record
 * that has left, a short note stays: that there was such a token, and how it ended. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "oauth/token_store.h"

enum {
    GONE_MAX = 200000,      /* notes kept: as many as records */
    SEARCHED_FOR_DEAD = 64, /* how many of the oldest are searched when one must leave */
    PAUSE_OF_SEARCH = 32, /* how many leave without a search after one that was in vain */
    ROUND_MS =
        IM_TOKENS_LINGER_MS / 8 /* from one look at a record to the next, at least */
};

/* ---- what has left ---- */

const struct im_gone *im_gone_find_locked(const struct im_tokens *tokens,
                                          const unsigned char digest[32])
{
    struct im_table_link *link =
        im_table_first(&tokens->gone, im_token_digest_hash(digest));

    for (; link; link = im_table_next(link)) {
        void *found = link;
        const struct im_gone *gone = found;
        if (!memcmp(gone->digest, digest, sizeof(gone->digest)))
            return gone;
    }
    return NULL;
}

static void gone_forget_oldest(struct im_tokens *tokens)
{
    struct im_gone *gone = tokens->gone_oldest;

    im_table_remove(&tokens->gone, &gone->link);
    im_token_index_remove(tokens->index, &gone->entry);
    tokens->gone_oldest = gone->newer;
    free(gone);
}

void im_gone_free_all(struct im_tokens *tokens)
{
    while (tokens->gone_oldest)
        gone_forget_oldest(tokens);
    im_table_release(&tokens->gone);
}

/* Without memory for its note the record leaves all the same: the bound comes first. */
static void record_leave_locked(struct im_tokens *tokens, struct im_token_record *record,
                                struct im_ended ended)
{
    struct im_gone *gone =
        im_table_reserve(&tokens->gone, 1) ? calloc(1, sizeof(*gone)) : NULL;

    if (gone) {
        memcpy(gone->digest, record->digest, sizeof(gone->digest));
        gone->grant = record->grant->id;
        gone->kind = record->kind;
        gone->ended = ended;
        im_table_add(&tokens->gone, &gone->link, im_token_digest_hash(record->digest));
        im_token_index_add(tokens->index, &gone->entry, gone->link.hash, &tokens->owner);
        if (tokens->gone_oldest)
            tokens->gone_newest->newer = gone;
        else
            tokens->gone_oldest = gone;
        tokens->gone_newest = gone;
        if (tokens->gone.count > GONE_MAX)
            gone_forget_oldest(tokens);
    }
    im_store_drop_locked(tokens, record);
}

/* ---- when records leave ---- */

/* The oldest of the dead, as long as it is found near the oldest record: a search through
 * all of them would make issuing slow when the store is full. So would 64 looks at live
 * ones for each that leaves, all of them far apart in memory: a search in vain is not
 * repeated at once. */
static struct im_token_record *search_for_dead_locked(struct im_tokens *tokens,
                                                      const struct im_eval_context *eval)
{
    struct im_token_record *record = tokens->oldest;

    if (tokens->searches_paused) {
        tokens->searches_paused--;
        return NULL;
    }
    for (int i = 0; i < SEARCHED_FOR_DEAD && record; i++, record = record->newer)
        if (!im_token_is_live_locked(record, eval))
            return record;
    tokens->searches_paused = PAUSE_OF_SEARCH;
    return NULL;
}

void im_retention_shed_locked(struct im_tokens *tokens,
                              const struct im_eval_context *eval)
{
    struct im_token_record *dead = search_for_dead_locked(tokens, eval);
    struct im_token_record *leaves = dead ? dead : tokens->oldest;

    assert(leaves); /* the store is over its bound, so it holds a record */
    record_leave_locked(tokens, leaves, im_token_status_locked(leaves, eval));
    tokens->dropped++;
}

static void round_begin_locked(struct im_tokens *tokens, int64_t real_ms)
{
    tokens->next_look = tokens->oldest;
    tokens->next_round_ms = real_ms + ROUND_MS;
}

/* Goes on with the next `n`, round and round, with a pause between the rounds: what leaves
 * after an hour needs no look with every token that is issued, and each look reads memory
 * that no cache holds. A record that lives again, because the clock of its sandbox was set
 * back, begins anew. */
void im_retention_look_locked(struct im_tokens *tokens,
                              const struct im_eval_context *eval, int64_t real_ms,
                              size_t n)
{
    if (!tokens->next_look && real_ms >= tokens->next_round_ms)
        round_begin_locked(tokens, real_ms);
    while (n-- && tokens->next_look) {
        struct im_token_record *record = tokens->next_look;
        struct im_ended ended = im_token_status_locked(record, eval);
        tokens->next_look = record->newer;
        if (!ended.reason)
            record->dead_since_ms = 0;
        else if (!record->dead_since_ms)
            record->dead_since_ms = real_ms;
        else if (real_ms - record->dead_since_ms >= IM_TOKENS_LINGER_MS)
            record_leave_locked(tokens, record, ended);
    }
}

void im_tokens_sweep(struct im_tokens *tokens, const struct im_eval_context *eval,
                     int64_t real_ms)
{
    pthread_mutex_lock(&tokens->lock);
    round_begin_locked(tokens, real_ms);
    im_retention_look_locked(tokens, eval, real_ms, tokens->by_digest.count);
    pthread_mutex_unlock(&tokens->lock);
}
