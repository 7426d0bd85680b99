/* The state of tokens, and the verbs that judge and change it in one step under one
 * lock: handing out, redeeming (RFC 6749 sections 4.1.3 and 6, RFC 7636
 * section 4.6). token_end.c ends them before their time. */
#include "oauth/tokens.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "oauth/token_refusal.h"
#include "oauth/token_store.h"

enum { LOOKED_AT_WITH_EACH_BATCH = 16 };

const char *im_token_kind_name(enum im_token_kind kind)
{
    static const char *const names[] = {"code", "access", "refresh"};
    return names[kind];
}

struct im_tokens *im_tokens_new(size_t max, struct im_error *err)
{
    struct im_tokens *tokens = calloc(1, sizeof(*tokens));

    if (!tokens) {
        im_error_no_memory(err, "making the token store");
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
    im_gone_free_all(tokens);
    im_table_release(&tokens->by_digest);
    im_table_release(&tokens->grants);
    im_table_release(&tokens->sessions);
    im_table_release(&tokens->subjects);
    pthread_mutex_destroy(&tokens->lock);
    im_str_free(&tokens->owner);
    free(tokens);
}

bool im_tokens_join(struct im_tokens *tokens, struct im_token_index *index,
                    struct im_str owner)
{
    if (!im_str_duplicate(owner, &tokens->owner))
        return false;
    tokens->index = index;
    return true;
}

/* ---- the state of a token ---- */

/* A used refresh token goes on working for a while under rotation `grace`. */
static bool is_used_up(const struct im_token_record *record,
                       const struct im_eval_context *eval)
{
    const struct im_policy *policy = eval->policy;

    return record->consumed &&
           !(record->kind == IM_TOKEN_REFRESH && policy->rotation == IM_ROTATION_GRACE &&
             eval->now_ms < record->consumed_ms + policy->rotation_grace);
}

/* Several reasons may hold at once. A second use comes first, since it is what the client
 * has to put right; then expiry, which would have come anyway; then what ended the token
 * before its time: itself, its grant, its session. */
struct im_ended im_token_status_locked(const struct im_token_record *record,
                                       const struct im_eval_context *eval)
{
    const struct im_grant_state *grant = record->grant;
    const struct im_session_state *session = record->session;

    if (is_used_up(record, eval))
        return (struct im_ended){IM_ENDED_USED_UP, record->consumed_ms};
    if (eval->now_ms >= record->expires_ms + eval->policy->skew)
        return (struct im_ended){IM_ENDED_EXPIRED, record->expires_ms};
    if (record->ended.reason)
        return record->ended;
    if (grant->ended[record->kind].reason)
        return grant->ended[record->kind];
    if (session && session->ended.reason)
        return session->ended;
    if (session && eval->policy->session_ends_tokens &&
        eval->now_ms >= session->expires_ms)
        return (struct im_ended){IM_ENDED_SESSION_EXPIRED, session->expires_ms};
    return (struct im_ended){IM_NOT_ENDED, 0};
}

bool im_token_is_live_locked(const struct im_token_record *record,
                             const struct im_eval_context *eval)
{
    return im_token_status_locked(record, eval).reason == IM_NOT_ENDED;
}

void im_token_report_locked(const struct im_token_record *record,
                            const struct im_eval_context *eval, struct im_arena *arena,
                            struct im_token *out)
{
    struct im_ended status = im_token_status_locked(record, eval);

    im_token_record_copy(record, arena, out);
    out->ended = status.reason;
    out->ended_ms = status.since_ms;
}

/* ---- handing out ---- */

/* Observed: a second authorization of the same user and company ends the refresh token
 * of the first at once; whether its access token lives on is a switch. It counts from
 * the first access token on: a code that is never redeemed supersedes nothing. Grants of
 * client_credentials stay. */
static void supersede_locked(const struct im_token_record *added,
                             const struct im_eval_context *eval)
{
    struct im_grant_state *grant = added->grant;

    if (added->kind != IM_TOKEN_ACCESS || grant->started)
        return;
    grant->started = true;
    if (!grant->by_code || !eval->policy->one_grant_per_user)
        return;
    for (struct im_grant_state *other = grant->subject->grants; other;
         other = other->next) {
        if (other == grant || !other->by_code || !other->started)
            continue;
        im_ended_set(&other->ended[IM_TOKEN_REFRESH], IM_ENDED_SUPERSEDED, eval);
        if (eval->policy->supersede_ends_access)
            im_ended_set(&other->ended[IM_TOKEN_ACCESS], IM_ENDED_SUPERSEDED, eval);
    }
}

/* The records of a batch. Their texts are packed before the lock is taken, since packing
 * allocates and copies, and every request waits for this lock. */
static bool make_records(const struct im_token_batch *batch,
                         struct im_token_record *records[IM_TOKEN_BATCH_MAX])
{
    bool made = true;

    for (size_t i = 0; i < batch->count; i++) {
        records[i] = im_token_record_new(&batch->items[i],
                                         i && records[0] ? records[0]->who : NULL);
        made = made && records[i];
    }
    return made;
}

uint64_t im_tokens_add(struct im_tokens *tokens, const struct im_token_batch *batch,
                       const struct im_eval_context *eval, struct im_error *err)
{
    struct im_token_record *records[IM_TOKEN_BATCH_MAX] = {NULL, NULL};
    uint64_t grant = 0;
    bool made = make_records(batch, records);
    int64_t real_ms = im_clock_monotonic_ms();

    pthread_mutex_lock(&tokens->lock);
    if (made && im_store_add_locked(tokens, batch, records)) {
        grant = records[0]->grant->id;
        supersede_locked(records[0], eval);
        im_retention_look_locked(tokens, eval, real_ms, LOOKED_AT_WITH_EACH_BATCH);
        while (tokens->by_digest.count > tokens->max)
            im_retention_shed_locked(tokens, eval);
    }
    pthread_mutex_unlock(&tokens->lock);
    if (grant)
        return grant;
    im_token_record_free(records[1]);
    im_token_record_free(records[0]);
    im_error_no_memory(err, "remembering a token");
    return 0;
}

/* ---- asking ---- */

bool im_tokens_find(struct im_tokens *tokens, const unsigned char digest[32],
                    const struct im_eval_context *eval, struct im_arena *arena,
                    struct im_token *out)
{
    pthread_mutex_lock(&tokens->lock);
    const struct im_token_record *record = im_token_record_find_locked(tokens, digest);
    if (record)
        im_token_report_locked(record, eval, arena, out);
    pthread_mutex_unlock(&tokens->lock);
    return record;
}

static void gone_report(const struct im_gone *gone, struct im_token *out)
{
    *out = (struct im_token){.kind = gone->kind,
                             .ended = gone->ended.reason,
                             .ended_ms = gone->ended.since_ms};
}

bool im_tokens_gone(struct im_tokens *tokens, const unsigned char digest[32],
                    struct im_token *out)
{
    pthread_mutex_lock(&tokens->lock);
    const struct im_gone *gone = im_gone_find_locked(tokens, digest);
    bool ended = gone && gone->ended.reason;
    if (ended)
        gone_report(gone, out);
    pthread_mutex_unlock(&tokens->lock);
    return ended;
}

bool im_tokens_session(struct im_tokens *tokens, struct im_str id, int64_t now_ms,
                       struct im_arena *arena, struct im_session *out)
{
    pthread_mutex_lock(&tokens->lock);
    const struct im_session_state *session = im_session_find_locked(tokens, id);
    bool live = session && !session->ended.reason && now_ms < session->expires_ms;
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

uint64_t im_tokens_dropped(struct im_tokens *tokens)
{
    pthread_mutex_lock(&tokens->lock);
    uint64_t dropped = tokens->dropped;
    pthread_mutex_unlock(&tokens->lock);
    return dropped;
}

/* ---- redeeming ---- */

/* RFC 6749 section 4.1.3 and RFC 7636 section 4.6. A code that is refused here is
 * not used up: the client may put the request right and try again (a guess). */
static enum im_cause judge_code_locked(const struct im_token_record *record,
                                       const struct im_redemption *redemption)
{
    struct im_str challenge = im_token_record_challenge(record);
    struct im_str answer =
        record->challenge_plain ? redemption->verifier : redemption->verifier_s256;

    if (!im_str_eq(im_token_record_redirect_uri(record), redemption->redirect_uri))
        return CAUSE_REDIRECT_URI_MISMATCH;
    if (!challenge.len)
        return CAUSE_NONE;
    if (!redemption->verifier_s256.len)
        return CAUSE_PKCE_VERIFIER_MISSING;
    return im_secret_eq(challenge, answer) ? CAUSE_NONE : CAUSE_PKCE_VERIFIER_WRONG;
}

static enum im_cause judge_locked(const struct im_token_record *record,
                                  const struct im_redemption *redemption,
                                  const struct im_eval_context *eval)
{
    bool code = redemption->kind == IM_TOKEN_CODE;

    if (!record || record->kind != redemption->kind ||
        record->dialect != redemption->dialect)
        return code ? CAUSE_CODE_UNKNOWN : CAUSE_REFRESH_TOKEN_UNKNOWN;
    if (!im_str_eq(im_packed_client(record->who), redemption->client_id))
        return im_other_client_cause(record->kind);

    enum im_end_reason reason = im_token_status_locked(record, eval).reason;
    /* this request was on its way before another one used the token: the client raced
       itself, which is another mistake than using a token again */
    if (!code && reason == IM_ENDED_USED_UP && redemption->arrived < record->consumed_at)
        return CAUSE_PARALLEL_REFRESH;
    if (reason)
        return im_ended_cause(reason, record->kind);
    return code ? judge_code_locked(record, redemption) : CAUSE_NONE;
}

/* Using a code twice ends what it gave (RFC 6749 section 4.1.2); using a refresh token
 * twice does when policy says so (RFC 9700 section 4.14.2). Losing a race is not using
 * it twice. */
static void revoke_on_reuse_locked(struct im_grant_state *grant, enum im_cause cause,
                                   const struct im_eval_context *eval)
{
    if (cause == CAUSE_CODE_REUSED)
        im_grant_end_locked(grant, IM_ENDED_CODE_REUSED, eval);
    if (cause == CAUSE_REFRESH_TOKEN_REUSED &&
        eval->policy->reuse == IM_REUSE_REVOKE_FAMILY)
        im_grant_end_locked(grant, IM_ENDED_REFRESH_REUSED, eval);
}

/* The record has left, but how it ended is known, and its grant may live on. */
static enum im_cause judge_gone_locked(const struct im_tokens *tokens,
                                       const struct im_redemption *redemption,
                                       const struct im_eval_context *eval,
                                       struct im_token *out)
{
    const struct im_gone *gone = im_gone_find_locked(tokens, redemption->digest);

    if (!gone || gone->kind != redemption->kind || !gone->ended.reason)
        return judge_locked(NULL, redemption, eval);
    enum im_cause cause = im_ended_cause(gone->ended.reason, gone->kind);
    struct im_grant_state *grant = im_grant_find_locked(tokens, gone->grant);
    if (grant)
        revoke_on_reuse_locked(grant, cause, eval);
    gone_report(gone, out);
    return cause;
}

static void use_up_locked(struct im_token_record *record,
                          const struct im_redemption *redemption,
                          const struct im_eval_context *eval)
{
    int64_t rotation = eval->policy->rotation;
    /* under these two a refresh token works until it expires */
    bool stays = record->kind == IM_TOKEN_REFRESH &&
                 (rotation == IM_ROTATION_KEEP || rotation == IM_ROTATION_ROTATE_KEEP);

    if (stays || record->consumed) /* consumed, and used again within the grace */
        return;
    record->consumed = true;
    record->consumed_ms = eval->now_ms;
    record->consumed_at = atomic_fetch_add(redemption->arrivals, 1) + 1;
}

enum im_cause im_tokens_redeem(struct im_tokens *tokens,
                               const struct im_redemption *redemption,
                               const struct im_eval_context *eval, struct im_arena *arena,
                               struct im_token *out)
{
    *out = (struct im_token){.serial = 0};
    pthread_mutex_lock(&tokens->lock);
    struct im_token_record *record =
        im_token_record_find_locked(tokens, redemption->digest);
    enum im_cause cause = record ? judge_locked(record, redemption, eval)
                                 : judge_gone_locked(tokens, redemption, eval, out);
    if (record) {
        im_token_report_locked(record, eval, arena, out);
        if (!cause)
            use_up_locked(record, redemption, eval);
        else
            revoke_on_reuse_locked(record->grant, cause, eval);
    }
    pthread_mutex_unlock(&tokens->lock);
    return cause;
}
