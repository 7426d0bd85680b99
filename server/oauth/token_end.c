/* Ending tokens before their time: those that a selector names, and revocation (RFC 7009). Each
 * verb is one step under one lock. */
#include <string.h>

#include "oauth/token_store.h"

void im_ended_set(struct im_ended *ended, enum im_end_reason reason,
                  const struct im_eval_context *eval)
{
    if (!ended->reason)
        *ended = (struct im_ended){reason, eval->now_ms};
}

void im_grant_end_locked(struct im_grant_state *grant, enum im_end_reason reason,
                         const struct im_eval_context *eval)
{
    for (unsigned kind = 0; kind < IM_TOKEN_KINDS; kind++)
        im_ended_set(&grant->ended[kind], reason, eval);
}

/* ---- which ones ---- */

static bool selector_agrees(struct im_str wanted, struct im_str is)
{
    return !wanted.len || im_str_eq(wanted, is);
}

/* Which records are looked at: those of one subject, or of all that have the user and the
 * company of `which`. */
struct record_span {
    const struct im_tokens *tokens;
    const struct im_subject *only; /* NULL = not one alone */
    const struct im_token_selector *which;
};

/* The first record of this subject, or of the next one in the span. A subject has at least
 * one grant and a grant one record, as token_store.h says. */
static struct im_token_record *span_enter_locked(const struct record_span *span,
                                                 const struct im_subject *subject)
{
    while (subject && !span->only && span->which &&
           !(selector_agrees(span->which->user, im_packed_user(subject->who)) &&
             selector_agrees(span->which->company, im_packed_company(subject->who))))
        subject = subject->older;
    return subject ? subject->grants->records : NULL;
}

static struct im_token_record *record_first_locked(const struct record_span *span)
{
    return span_enter_locked(span,
                             span->only ? span->only : span->tokens->subject_newest);
}

static struct im_token_record *record_next_locked(const struct im_token_record *record,
                                                  const struct record_span *span)
{
    if (record->next)
        return record->next;
    if (record->grant->next)
        return record->grant->next->records;
    return span->only ? NULL : span_enter_locked(span, record->grant->subject->older);
}

static size_t count_live_locked(const struct record_span *span,
                                const struct im_eval_context *eval)
{
    size_t live = 0;

    for (const struct im_token_record *record = record_first_locked(span); record;
         record = record_next_locked(record, span))
        live += im_token_is_live_locked(record, eval);
    return live;
}

static bool selector_matches(const struct im_token_record *record,
                             const struct im_ending *how)
{
    static const unsigned kind_bits[] = {IM_END_CODE, IM_END_ACCESS, IM_END_REFRESH};
    const struct im_token_selector *which = how->which;

    return (!which->kinds || (which->kinds & kind_bits[record->kind])) &&
           (!which->token.len ||
            !memcmp(record->digest, how->digest, sizeof(how->digest))) &&
           (!which->grant || which->grant == record->grant->id) &&
           selector_agrees(which->client_id, im_packed_client(record->who)) &&
           selector_agrees(which->user, im_packed_user(record->who)) &&
           selector_agrees(which->company, im_packed_company(record->who)) &&
           selector_agrees(which->grant_type, im_packed_grant_type(record->who));
}

static void record_end_locked(struct im_token_record *record, const struct im_ending *how,
                              const struct im_eval_context *eval)
{
    const struct im_token_selector *which = how->which;

    if (!how->reason) {
        record->expires_ms = eval->now_ms - eval->policy->skew;
        return;
    }
    if (which->whole_grant)
        im_grant_end_locked(record->grant, how->reason, eval);
    if (which->sessions && record->session)
        im_ended_set(&record->session->ended, how->reason, eval);
    if (!which->whole_grant && !which->sessions)
        im_ended_set(&record->ended, how->reason, eval);
}

/* Where the selector names a token or a grant, or both user and company: that subject alone
 * is looked at. False: there is nothing that could end. */
static bool span_narrow_locked(struct record_span *span, const struct im_ending *ending)
{
    const struct im_token_selector *which = ending->which;
    const struct im_token_record *record = NULL;
    const struct im_grant_state *grant = NULL;

    if (which->token.len) {
        record = im_token_record_find_locked(span->tokens, ending->digest);
        grant = record ? record->grant : NULL;
    } else if (which->grant) {
        grant = im_grant_find_locked(span->tokens, which->grant);
    } else if (which->user.len && which->company.len) {
        span->only = im_subject_find_locked(span->tokens, which->user, which->company);
        return span->only;
    } else {
        return true;
    }
    span->only = grant ? grant->subject : NULL;
    return grant;
}

/* Only the records of subjects that can match are looked at, not all 200,000 of a full store.
 * How many ended is counted as a difference, since one ending may take tokens that did not
 * match: those of the same grant or session. */
size_t im_tokens_end(struct im_tokens *tokens, const struct im_ending *ending,
                     const struct im_eval_context *eval)
{
    struct record_span span = {tokens, NULL, ending->which};
    size_t died = 0;

    pthread_mutex_lock(&tokens->lock);
    if (span_narrow_locked(&span, ending)) {
        size_t before = count_live_locked(&span, eval);
        for (struct im_token_record *record = record_first_locked(&span); record;
             record = record_next_locked(record, &span))
            if (selector_matches(record, ending) && im_token_is_live_locked(record, eval))
                record_end_locked(record, ending, eval);
        died = before - count_live_locked(&span, eval);
    }
    pthread_mutex_unlock(&tokens->lock);
    return died;
}

/* Documented for Intacct, beyond RFC 7009: revoking one token ends every token of its
 * user and company, of whatever grant. */
size_t im_tokens_revoke(struct im_tokens *tokens, const unsigned char digest[32],
                        const struct im_eval_context *eval)
{
    size_t died = 0;

    pthread_mutex_lock(&tokens->lock);
    struct im_token_record *record = im_token_record_find_locked(tokens, digest);
    if (record && im_token_is_live_locked(record, eval)) {
        const struct record_span span = {tokens, record->grant->subject, NULL};
        size_t before = count_live_locked(&span, eval);
        im_ended_set(&record->ended, IM_ENDED_REVOKED, eval);
        if (eval->policy->revoke_cascades)
            for (struct im_grant_state *grant = span.only->grants; grant;
                 grant = grant->next)
                im_grant_end_locked(grant, IM_ENDED_REVOKED_ELSEWHERE, eval);
        died = before - count_live_locked(&span, eval);
    }
    pthread_mutex_unlock(&tokens->lock);
    return died;
}
