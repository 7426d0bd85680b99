#include "oauth/tokens.h"

#include <stdlib.h>

#include "oauth/token_store.h"

enum { LOOK_FOR_DEAD = 64 }; /* how many of the oldest are looked at when one must go */

const char *im_token_kind_name(enum im_token_kind kind)
{
    static const char *const names[] = {"code", "access", "refresh"};
    return names[kind];
}

struct im_tokens *im_tokens_new(size_t max, struct im_error *err)
{
    struct im_tokens *tokens = calloc(1, sizeof(*tokens));

    if (!tokens) {
        im_error_set(err, "making the token store: out of memory");
        return NULL;
    }
    pthread_mutex_init(&tokens->lock, NULL);
    tokens->max = max;
    return tokens;
}

void im_tokens_free(struct im_tokens *tokens)
{
    if (!tokens)
        return;
    while (tokens->oldest)
        im_store_drop_locked(tokens, tokens->oldest);
    im_table_release(&tokens->by_digest);
    im_table_release(&tokens->grants);
    im_table_release(&tokens->sessions);
    im_table_release(&tokens->subjects);
    pthread_mutex_destroy(&tokens->lock);
    free(tokens);
}

/* ---- handing out ---- */

static void supersede_locked(const struct im_grant_state *grant,
                             const struct im_eval_context *eval)
{
    for (struct im_grant_state *other = grant->subject->grants; other;
         other = other->next) {
        if (other == grant || !other->by_code || !other->started)
            continue;
        im_ended_set(&other->ended[IM_TOKEN_REFRESH], CAUSE_GRANT_SUPERSEDED, eval);
        if (eval->policy->supersede_ends_access)
            im_ended_set(&other->ended[IM_TOKEN_ACCESS], CAUSE_GRANT_SUPERSEDED, eval);
    }
}

static void note_start_locked(struct im_grant_state *grant,
                              const struct im_eval_context *eval)
{
    if (grant->started)
        return;
    grant->started = true;
    if (grant->by_code && eval->policy->one_grant_per_user)
        supersede_locked(grant, eval);
}

static void shed_locked(struct im_tokens *tokens, const struct im_eval_context *eval)
{
    struct im_record *record = tokens->oldest;

    for (int i = 0; i < LOOK_FOR_DEAD && record && im_record_is_live_locked(record, eval);
         i++)
        record = record->newer;
    if (!record || im_record_is_live_locked(record, eval))
        record = tokens->oldest;
    im_store_drop_locked(tokens, record);
    tokens->dropped++;
}

/* The records of a batch; their texts are packed before the lock is taken. */
static bool make_records(const struct im_batch *batch,
                         struct im_record *records[IM_BATCH_MAX])
{
    bool made = true;

    for (size_t i = 0; i < batch->count; i++) {
        records[i] =
            im_record_new(&batch->items[i], i && records[0] ? records[0]->who : NULL);
        made = made && records[i];
    }
    return made;
}

uint64_t im_tokens_add(struct im_tokens *tokens, const struct im_batch *batch,
                       const struct im_eval_context *eval, struct im_error *err)
{
    struct im_record *records[IM_BATCH_MAX] = {NULL, NULL};
    uint64_t grant = 0;
    bool made = make_records(batch, records);

    pthread_mutex_lock(&tokens->lock);
    if (made && im_store_add_locked(tokens, batch, records)) {
        grant = records[0]->grant->id;
        if (records[0]->kind == IM_TOKEN_ACCESS)
            note_start_locked(records[0]->grant, eval);
        while (tokens->by_digest.count > tokens->max)
            shed_locked(tokens, eval);
    }
    pthread_mutex_unlock(&tokens->lock);
    if (grant)
        return grant;
    im_record_free(records[1]);
    im_record_free(records[0]);
    im_error_set(err, "remembering a token: out of memory");
    return 0;
}

/* ---- asking ---- */

bool im_tokens_find(struct im_tokens *tokens, const unsigned char digest[32],
                    const struct im_eval_context *eval, struct im_arena *arena,
                    struct im_token *out)
{
    pthread_mutex_lock(&tokens->lock);
    const struct im_record *record = im_record_find_locked(tokens, digest);
    if (record)
        im_record_tell_locked(record, eval, arena, out);
    pthread_mutex_unlock(&tokens->lock);
    return record;
}

bool im_tokens_session(struct im_tokens *tokens, struct im_str id, int64_t now_ms,
                       struct im_arena *arena, struct im_session *out)
{
    pthread_mutex_lock(&tokens->lock);
    const struct im_session_state *session = im_session_find_locked(tokens, id);
    bool live = session && !session->ended.cause && now_ms < session->expires_ms;
    if (live)
        *out = (struct im_session){
            .id = im_arena_copy(arena, id),
            .client_id = im_arena_copy(arena, im_packed_client(session->who)),
            .user = im_arena_copy(arena, im_packed_user(session->who)),
            .company = im_arena_copy(arena, im_packed_company(session->who)),
            .entity = im_arena_copy(arena, im_packed_entity(session->who)),
            .started_ms = session->started_ms,
            .expires_ms = session->expires_ms,
        };
    pthread_mutex_unlock(&tokens->lock);
    return live;
}

void im_tokens_each(struct im_tokens *tokens, const struct im_eval_context *eval,
                    bool (*visit)(void *context, const struct im_token *token),
                    void *context)
{
    struct im_token token;
    bool more = true;

    pthread_mutex_lock(&tokens->lock);
    for (struct im_record *record = tokens->oldest; more && record;
         record = record->newer) {
        im_record_tell_locked(record, eval, NULL, &token);
        more = visit(context, &token);
    }
    pthread_mutex_unlock(&tokens->lock);
}

uint64_t im_tokens_dropped(struct im_tokens *tokens)
{
    pthread_mutex_lock(&tokens->lock);
    uint64_t dropped = tokens->dropped;
    pthread_mutex_unlock(&tokens->lock);
    return dropped;
}
