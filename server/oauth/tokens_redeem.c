/* Using up codes and refresh tokens: judged and changed under one lock. */
#include "base/crypto.h"
#include "oauth/token_store.h"

static enum im_cause judge_code_locked(const struct im_record *record,
                                       const struct im_redemption *redemption)
{
    struct im_str challenge = im_record_challenge(record);
    struct im_str answer =
        record->challenge_plain ? redemption->verifier : redemption->verifier_s256;

    if (!im_str_eq(im_record_redirect_uri(record), redemption->redirect_uri))
        return CAUSE_REDIRECT_URI_MISMATCH;
    if (!challenge.len)
        return CAUSE_NONE;
    if (!redemption->verifier_s256.len)
        return CAUSE_PKCE_VERIFIER_MISSING;
    return im_secret_eq(challenge, answer) ? CAUSE_NONE : CAUSE_PKCE_VERIFIER_WRONG;
}

static enum im_cause judge_locked(const struct im_record *record,
                                  const struct im_redemption *redemption,
                                  const struct im_eval_context *eval)
{
    bool code = redemption->kind == IM_TOKEN_CODE;

    if (!record || record->kind != redemption->kind ||
        record->dialect != redemption->dialect)
        return code ? CAUSE_CODE_UNKNOWN : CAUSE_REFRESH_TOKEN_UNKNOWN;
    if (!im_str_eq(im_packed_client(record->who), redemption->client_id))
        return code ? CAUSE_CODE_OF_ANOTHER_CLIENT
                    : CAUSE_REFRESH_TOKEN_OF_ANOTHER_CLIENT;

    enum im_cause cause = im_record_status_locked(record, eval).cause;
    if (cause == CAUSE_REFRESH_TOKEN_REUSED && redemption->arrived < record->consumed_at)
        return CAUSE_PARALLEL_REFRESH;
    return cause || !code ? cause : judge_code_locked(record, redemption);
}

/* Using a code twice ends what it gave (RFC 6749 section 4.1.2); using a refresh token
 * twice does when policy says so (RFC 9700 section 4.14.2). Losing a race is not using
 * it twice. */
static void revoke_on_reuse_locked(struct im_record *record, enum im_cause cause,
                                   const struct im_eval_context *eval)
{
    if (cause == CAUSE_CODE_REUSED || (cause == CAUSE_REFRESH_TOKEN_REUSED &&
                                       eval->policy->reuse == IM_REUSE_REVOKE_FAMILY))
        im_grant_end_locked(record->grant, cause, eval);
}

static void use_up_locked(struct im_record *record,
                          const struct im_redemption *redemption,
                          const struct im_eval_context *eval)
{
    int64_t rotation = eval->policy->rotation;
    bool stays = record->kind == IM_TOKEN_REFRESH &&
                 (rotation == IM_ROTATION_KEEP || rotation == IM_ROTATION_ROTATE_KEEP);

    if (stays || record->consumed)
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
    struct im_record *record = im_record_find_locked(tokens, redemption->digest);
    enum im_cause cause = judge_locked(record, redemption, eval);
    if (record)
        im_record_tell_locked(record, eval, arena, out);
    if (!cause)
        use_up_locked(record, redemption, eval);
    else
        revoke_on_reuse_locked(record, cause, eval);
    pthread_mutex_unlock(&tokens->lock);
    return cause;
}
