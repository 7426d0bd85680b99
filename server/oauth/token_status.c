/* What has become of a token, and how grants and sessions end. */
#include "oauth/token_store.h"

/* A used refresh token goes on working for a while under rotation `grace`. */
static bool is_used_up(const struct im_record *record, const struct im_eval_context *eval)
{
    const struct im_policy *policy = eval->policy;

    return record->consumed &&
           !(record->kind == IM_TOKEN_REFRESH && policy->rotation == IM_ROTATION_GRACE &&
             eval->now_ms < record->consumed_ms + policy->rotation_grace);
}

/* What ended it from outside: itself first, then its grant, then its session. */
static struct im_ended ended(const struct im_record *record,
                             const struct im_eval_context *eval)
{
    const struct im_grant_state *grant = record->grant;
    const struct im_session_state *session = record->session;

    if (record->ended.cause)
        return record->ended;
    if (grant->ended[record->kind].cause)
        return grant->ended[record->kind];
    if (session && session->ended.cause)
        return session->ended;
    if (session && eval->policy->session_ends_tokens &&
        eval->now_ms >= session->expires_ms)
        return (struct im_ended){CAUSE_SESSION_EXPIRED, session->expires_ms};
    return (struct im_ended){CAUSE_NONE, 0};
}

struct im_ended im_record_status_locked(const struct im_record *record,
                                        const struct im_eval_context *eval)
{
    static const enum im_cause used[] = {CAUSE_CODE_REUSED, CAUSE_NONE,
                                         CAUSE_REFRESH_TOKEN_REUSED};
    static const enum im_cause expired[] = {
        CAUSE_CODE_EXPIRED, CAUSE_ACCESS_TOKEN_EXPIRED, CAUSE_REFRESH_TOKEN_EXPIRED};

    if (is_used_up(record, eval))
        return (struct im_ended){used[record->kind], record->consumed_ms};
    if (eval->now_ms >= record->expires_ms + eval->policy->skew)
        return (struct im_ended){expired[record->kind], record->expires_ms};
    return ended(record, eval);
}

bool im_record_is_live_locked(const struct im_record *record,
                              const struct im_eval_context *eval)
{
    return !im_record_status_locked(record, eval).cause;
}

void im_record_tell_locked(const struct im_record *record,
                           const struct im_eval_context *eval, struct im_arena *arena,
                           struct im_token *out)
{
    struct im_ended status = im_record_status_locked(record, eval);

    im_record_copy(record, arena, out);
    out->ended_because = status.cause;
    out->ended_ms = status.since_ms;
}

/* The first reason stays. */
void im_ended_set(struct im_ended *ended, enum im_cause cause,
                  const struct im_eval_context *eval)
{
    if (!ended->cause)
        *ended = (struct im_ended){cause, eval->now_ms};
}

void im_grant_end_locked(struct im_grant_state *grant, enum im_cause cause,
                         const struct im_eval_context *eval)
{
    for (unsigned kind = 0; kind < IM_TOKEN_KINDS; kind++)
        im_ended_set(&grant->ended[kind], cause, eval);
}
