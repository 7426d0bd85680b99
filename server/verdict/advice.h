/* What a failed verdict means and what the maker of the client does about it (rule 8 of
 * scenarios/README.md): the cause that was met, the damage on the way, the renewal that was in vain. */
#ifndef IM_VERDICT_ADVICE_H
#define IM_VERDICT_ADVICE_H

#include "verdict/verdict.h"

/* Static texts. */
struct im_advice {
    const char *id, *why, *fix; /* id NULL = there is none */
    /* the rule, from 1, that plays the cause whatever the client sent; 0 = it is real */
    unsigned played_by;
};

/* Of a cause: the one that the scenario is named after, unless what failed shows others alone. */
struct im_advice im_advice_of_cause(const struct im_verdict *verdict);
/* Of the damage that what failed shows, or that a renewal in vain met. */
struct im_advice im_advice_of_fault(const struct im_verdict *verdict);

/* The first call refused for its token of those that show what is not met; NULL = there is none. */
const struct im_exchange *im_advice_refused(const struct im_verdict *verdict);
/* Of the token requests behind that call, those of another user excepted, the first that brought a token, else
 * the last that arrived; NULL = it made none. */
const struct im_exchange *im_advice_renewal(const struct im_verdict *verdict,
                                            const struct im_exchange *refused);
/* Is the refusal one that a client may have missed, since it came as a 400 and no request for a token followed? */
bool im_advice_missed_400(const struct im_verdict *verdict);
/* Is it unmet that the client gets well again? */
bool im_advice_no_recovery(const struct im_verdict *verdict);
/* It certainly is a request for another token for the user of that call, and the client had none of it. renewal may
 * be NULL. */
bool im_advice_in_vain(const struct im_verdict *verdict,
                       const struct im_exchange *refused,
                       const struct im_exchange *renewal);
/* Did the client ask for no token after it, for whatever user? */
bool im_advice_is_last_request(const struct im_verdict *verdict,
                               const struct im_exchange *renewal);
/* The exchange that ended last, if its answer never came to an end (`stall`); else NULL. */
const struct im_exchange *im_advice_stalled(const struct im_verdict *verdict);

#endif
