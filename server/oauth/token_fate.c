/* What has become of a token, and how grants and sessions end. */
#include "oauth/token_store.h"

/* A used refresh token goes on working for a while under rotation `grace`. */
static bool is_used_up(const struct im_record *record, const struct im_moment *moment)
{
    const struct im_policy *policy = moment->policy;

    return record->consumed &&
           !(record->kind == IM_TOKEN_REFRESH && policy->rotation == IM_ROTATION_GRACE &&
             moment->now_ms < record->consumed_ms + policy->rotation_grace);
}

/* What ended it from outside: itself first, then its grant, then its session. */
static struct im_over ended(const struct im_record *record,
                            const struct im_moment *moment)
{
    const struct im_grant_state *grant = record->grant;
    const struct im_session_state *session = record->session;

    if (record->over.cause)
        return record->over;
    if (grant->over[record->kind].cause)
        return grant->over[record->kind];
    if (session && session->over.cause)
        return session->over;
    if (session && moment->policy->session_ends_tokens &&
        moment->now_ms >= session->expires_ms)
        return (struct im_over){CAUSE_SESSION_EXPIRED, session->expires_ms};
    return (struct im_over){CAUSE_NONE, 0};
}

struct im_over im_record_fate_locked(const struct im_record *record,
                                     const struct im_moment *moment)
{
    static const enum im_cause used[] = {CAUSE_CODE_REUSED, CAUSE_NONE,
                                         CAUSE_REFRESH_TOKEN_REUSED};
    static const enum im_cause expired[] = {
        CAUSE_CODE_EXPIRED, CAUSE_ACCESS_TOKEN_EXPIRED, CAUSE_REFRESH_TOKEN_EXPIRED};

    if (is_used_up(record, moment))
        return (struct im_over){used[record->kind], record->consumed_ms};
    if (moment->now_ms >= record->expires_ms + moment->policy->skew)
        return (struct im_over){expired[record->kind], record->expires_ms};
    return ended(record, moment);
}

bool im_record_is_live_locked(const struct im_record *record,
                              const struct im_moment *moment)
{
    return !im_record_fate_locked(record, moment).cause;
}

void im_record_tell_locked(const struct im_record *record, const struct im_moment *moment,
                           struct im_arena *arena, struct im_token *out)
{
    struct im_over fate = im_record_fate_locked(record, moment);

    im_record_copy(record, arena, out);
    out->ended_because = fate.cause;
    out->ended_ms = fate.since_ms;
}

/* The first reason stays. */
void im_over_set(struct im_over *over, enum im_cause cause,
                 const struct im_moment *moment)
{
    if (!over->cause)
        *over = (struct im_over){cause, moment->now_ms};
}

void im_grant_end_locked(struct im_grant_state *grant, enum im_cause cause,
                         const struct im_moment *moment)
{
    for (unsigned kind = 0; kind < IM_TOKEN_KINDS; kind++)
        im_over_set(&grant->over[kind], cause, moment);
}
