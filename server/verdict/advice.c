/* What a failure means, and what to do about it (rule 8 of scenarios/README.md): looked for in what the
 * expectations that are not met show. The sentences are those of causes and faults. */
#include "verdict/advice.h"

#include "verdict/history.h"

/* ---- what failed ---- */

/* Is it the rule that refuses so, rather than the truth about the request? What is only warned of is never played. */
static bool is_played(const struct im_verdict *verdict,
                      const struct im_exchange *exchange, enum im_cause cause)
{
    return exchange->rule > 0 && exchange->rule <= verdict->scenario->rule_count &&
           cause && exchange->cause == cause &&
           verdict->scenario->rules[exchange->rule - 1].refuse == cause;
}

/* The exchange that has what the advice is about: the first of the named cause, else the first with any.
 * NULL = what failed shows none. */
static const struct im_exchange *telling_exchange(const struct im_verdict *verdict)
{
    enum im_cause named = verdict->scenario->cause;
    const struct im_exchange *first = NULL;

    for (size_t i = 0; i < verdict->scenario->expect.count; i++) {
        const struct im_judgement *judgement = &verdict->judgements[i];
        if (im_verdict_outcome_at(verdict, i) != IM_NOT_MET)
            continue;
        for (size_t k = 0; k < judgement->shown_count; k++) {
            const struct im_exchange *shown = judgement->shown[k];
            if (named && im_history_has_cause(shown, named))
                return shown;
            if (!first && shown->cause)
                first = shown;
        }
    }
    return first;
}

/* ---- a renewal in vain ---- */

const struct im_exchange *im_advice_refused(const struct im_verdict *verdict)
{
    const struct im_exchange *first = NULL;

    for (size_t i = 0; i < verdict->scenario->expect.count; i++) {
        const struct im_judgement *judgement = &verdict->judgements[i];
        if (judgement->outcome != IM_NOT_MET)
            continue;
        for (size_t k = 0; k < judgement->shown_count; k++)
            if (im_history_token_refused(judgement->shown[k]) &&
                (!first || im_history_compare_arrival(judgement->shown[k], first) < 0))
                first = judgement->shown[k];
    }
    return first;
}

/* Half of a damaged answer may hold a whole token: who uses it had it. */
static bool had_token(const struct im_verdict *verdict, const struct im_exchange *renewal)
{
    if (im_history_succeeded(renewal) && im_history_got_all(renewal))
        return true;
    for (size_t i = 0; renewal->issued.len && i < verdict->seen_count; i++)
        if (im_str_eq(verdict->seen[i].token, renewal->issued))
            return true;
    return false;
}

const struct im_exchange *im_advice_renewal(const struct im_verdict *verdict,
                                            const struct im_exchange *refused)
{
    const struct im_exchange *last = NULL;

    for (size_t i = 0; refused && i < verdict->seen_count; i++) {
        const struct im_exchange *exchange = &verdict->seen[i];
        if (exchange->endpoint != IM_ENDPOINT_TOKEN ||
            im_history_compare_arrival(refused, exchange) > 0 ||
            im_history_other_user(refused, exchange))
            continue;
        if (had_token(verdict, exchange))
            return exchange;
        if (!last || im_history_compare_arrival(last, exchange) < 0)
            last = exchange;
    }
    return last;
}

bool im_advice_in_vain(const struct im_verdict *verdict,
                       const struct im_exchange *refused,
                       const struct im_exchange *renewal)
{
    if (!renewal || had_token(verdict, renewal))
        return false;
    for (size_t i = 0; !renewal->user.len && i < verdict->seen_count; i++)
        if (im_history_other_user(refused, &verdict->seen[i]))
            return false;
    return true;
}

bool im_advice_is_last_request(const struct im_verdict *verdict,
                               const struct im_exchange *renewal)
{
    for (size_t i = 0; i < verdict->seen_count; i++)
        if (verdict->seen[i].endpoint == IM_ENDPOINT_TOKEN &&
            im_history_compare_arrival(renewal, &verdict->seen[i]) < 0)
            return false;
    return true;
}

bool im_advice_no_recovery(const struct im_verdict *verdict)
{
    for (size_t i = 0; i < verdict->scenario->expect.count; i++)
        if (verdict->judgements[i].outcome == IM_NOT_MET &&
            verdict->judgements[i].is_recovery)
            return true;
    return false;
}

bool im_advice_missed_400(const struct im_verdict *verdict)
{
    const struct im_exchange *refused = im_advice_refused(verdict);

    return refused && refused->status == 400 && im_advice_no_recovery(verdict) &&
           !im_advice_renewal(verdict, refused);
}

/* ---- the advice ---- */

/* What is played is nothing that the client can mend: what it lacks is to see it. */
static const char see_the_400[] = "Take a 400 whose code says that the token is no good "
                                  "like a 401: get a new token, and "
                                  "repeat the call once.";

struct im_advice im_advice_of_cause(const struct im_verdict *verdict)
{
    const struct im_exchange *telling = telling_exchange(verdict);
    const struct im_exchange *refused = im_advice_refused(verdict);
    const struct im_exchange *renewal = im_advice_renewal(verdict, refused);
    enum im_cause cause = verdict->scenario->cause;

    /* a client that did renew is stopped by what its renewal was refused for */
    if (im_advice_no_recovery(verdict) && im_advice_in_vain(verdict, refused, renewal) &&
        renewal->cause && !is_played(verdict, renewal, renewal->cause)) {
        cause = renewal->cause;
        telling = renewal;
    }
    /* a client that loses refresh tokens meets a scenario about two at once with another cause */
    if (telling && !(cause && im_history_has_cause(telling, cause)))
        cause = telling->cause;
    if (cause == CAUSE_NONE)
        return (struct im_advice){0};
    const struct im_cause_row *row = im_cause_row(cause);
    bool played = telling && is_played(verdict, telling, cause);
    return (struct im_advice){.id = row->id,
                              .why = row->why,
                              .fix = played && im_advice_missed_400(verdict) ? see_the_400
                                                                             : row->fix,
                              .played_by = played ? telling->rule : 0};
}

/* ---- damage on the way ---- */

/* What comes late, or under a wrong name, is there all the same. */
static enum im_fault damage_of(const struct im_exchange *exchange)
{
    return im_history_undamaged(exchange) ? IM_FAULT_NONE : exchange->fault;
}

static enum im_fault fault_shown(const struct im_verdict *verdict)
{
    for (size_t i = 0; i < verdict->scenario->expect.count; i++) {
        const struct im_judgement *judgement = &verdict->judgements[i];
        if (im_verdict_outcome_at(verdict, i) != IM_NOT_MET)
            continue;
        for (size_t k = 0; k < judgement->shown_count; k++)
            if (damage_of(judgement->shown[k]))
                return damage_of(judgement->shown[k]);
    }
    return IM_FAULT_NONE;
}

struct im_advice im_advice_of_fault(const struct im_verdict *verdict)
{
    enum im_fault fault = fault_shown(verdict);
    const struct im_exchange *refused = im_advice_refused(verdict);
    const struct im_exchange *renewal = im_advice_renewal(verdict, refused);

    if (!fault && im_advice_in_vain(verdict, refused, renewal))
        fault = damage_of(renewal);
    if (!fault)
        return (struct im_advice){0};
    return (struct im_advice){.id = im_fault_name(fault),
                              .why = im_fault_about(fault),
                              .fix = im_fault_fix(fault)};
}

const struct im_exchange *im_advice_stalled(const struct im_verdict *verdict)
{
    const struct im_exchange *last = NULL;

    for (size_t i = 0; i < verdict->seen_count; i++)
        if (!last ||
            im_history_delivered_us(&verdict->seen[i]) >= im_history_delivered_us(last))
            last = &verdict->seen[i];
    return last && last->fault == IM_FAULT_STALL ? last : NULL;
}
