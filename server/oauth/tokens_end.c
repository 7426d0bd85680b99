/* Ending tokens before their time: by selector, and by revocation. */
#include <string.h>

#include "oauth/token_store.h"

static unsigned kind_bit(enum im_token_kind kind)
{
    static const unsigned bits[] = {IM_END_CODE, IM_END_ACCESS, IM_END_REFRESH};
    return bits[kind];
}

/* Calls back for each record of the holder, or of everybody. */
static void walk_locked(struct im_tokens *tokens, const struct im_subject *subject,
                        void (*visit)(struct im_record *record, void *context),
                        void *context)
{
    struct im_record *record;

    if (!subject) {
        for (record = tokens->oldest; record; record = record->newer)
            visit(record, context);
        return;
    }
    for (struct im_grant_state *grant = subject->grants; grant; grant = grant->next)
        for (record = grant->records; record; record = record->next)
            visit(record, context);
}

struct counting {
    const struct im_eval_context *eval;
    size_t live;
};

static void count_one_locked(struct im_record *record, void *context)
{
    struct counting *counting = context;
    counting->live += im_record_is_live_locked(record, counting->eval);
}

static size_t count_live_locked(struct im_tokens *tokens,
                                const struct im_subject *subject,
                                const struct im_eval_context *eval)
{
    struct counting counting = {eval, 0};

    walk_locked(tokens, subject, count_one_locked, &counting);
    return counting.live;
}

struct ending {
    const struct im_ending *how;
    const struct im_eval_context *eval;
};

static bool agrees(struct im_str wanted, struct im_str is)
{
    return !wanted.len || im_str_eq(wanted, is);
}

static bool matches(const struct im_record *record, const struct im_ending *how)
{
    const struct im_token_selector *which = how->which;

    return (!which->kinds || (which->kinds & kind_bit(record->kind))) &&
           (!which->token.len ||
            !memcmp(record->digest, how->digest, sizeof(how->digest))) &&
           (!which->grant || which->grant == record->grant->id) &&
           agrees(which->client_id, im_packed_client(record->who)) &&
           agrees(which->user, im_packed_user(record->who)) &&
           agrees(which->company, im_packed_company(record->who)) &&
           agrees(which->grant_type, im_packed_grant_type(record->who));
}

static void end_one_locked(struct im_record *record, void *context)
{
    const struct ending *ending = context;
    const struct im_token_selector *which = ending->how->which;
    const struct im_eval_context *eval = ending->eval;
    enum im_cause cause = ending->how->cause;

    if (!matches(record, ending->how) || !im_record_is_live_locked(record, eval))
        return;
    if (!cause) {
        record->expires_ms = eval->now_ms - eval->policy->skew;
        return;
    }
    if (which->whole_grant)
        im_grant_end_locked(record->grant, cause, eval);
    if (which->sessions && record->session)
        im_ended_set(&record->session->ended, cause, eval);
    if (!which->whole_grant && !which->sessions)
        im_ended_set(&record->ended, cause, eval);
}

/* Whose records must be looked at: NULL = everybody's. */
static struct im_subject *whose_locked(const struct im_tokens *tokens,
                                       const struct im_ending *ending)
{
    const struct im_record *record =
        ending->which->token.len ? im_record_find_locked(tokens, ending->digest) : NULL;

    if (record)
        return record->grant->subject;
    return im_subject_find_locked(tokens, ending->which->user, ending->which->company);
}

size_t im_tokens_end(struct im_tokens *tokens, const struct im_ending *ending,
                     const struct im_eval_context *eval)
{
    struct ending context = {ending, eval};

    pthread_mutex_lock(&tokens->lock);
    const struct im_subject *subject = whose_locked(tokens, ending);
    size_t before = count_live_locked(tokens, subject, eval);
    walk_locked(tokens, subject, end_one_locked, &context);
    size_t after = count_live_locked(tokens, subject, eval);
    pthread_mutex_unlock(&tokens->lock);
    return before - after;
}

static void revoke_locked(struct im_record *record, const struct im_eval_context *eval)
{
    struct im_grant_state *grant = record->grant->subject->grants;

    im_ended_set(&record->ended,
                 record->kind == IM_TOKEN_ACCESS ? CAUSE_ACCESS_TOKEN_REVOKED
                                                 : CAUSE_REFRESH_TOKEN_REVOKED,
                 eval);
    for (; eval->policy->revoke_cascades && grant; grant = grant->next)
        im_grant_end_locked(grant, CAUSE_GRANT_REVOKED_ELSEWHERE, eval);
}

size_t im_tokens_revoke(struct im_tokens *tokens, const unsigned char digest[32],
                        const struct im_eval_context *eval)
{
    size_t died = 0;

    pthread_mutex_lock(&tokens->lock);
    struct im_record *record = im_record_find_locked(tokens, digest);
    if (record && im_record_is_live_locked(record, eval)) {
        const struct im_subject *subject = record->grant->subject;
        died = count_live_locked(tokens, subject, eval);
        revoke_locked(record, eval);
        died -= count_live_locked(tokens, subject, eval);
    }
    pthread_mutex_unlock(&tokens->lock);
    return died;
}
