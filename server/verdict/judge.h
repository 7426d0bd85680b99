/* Did the client do what a scenario expects of a sound one? Its expectations, judged over the exchanges
 * of its sandbox, by the nine rules of scenarios/README.md: a judgement may be incomplete, never
 * wrong. Knows nothing of the journal: it is handed the exchanges. */
#ifndef IM_VERDICT_JUDGE_H
#define IM_VERDICT_JUDGE_H

#include "scenario/expect.h"
#include "verdict/history.h"

enum im_outcome_of {
    IM_MET,
    IM_NOT_MET,
    IM_PENDING, /* recovery that can still come (rule 3) */
    IM_INFORMATION, /* not met, and not demanded: recovery of a client that fails fast (rule 2) */
    IM_CANNOT_TELL, /* the client may have had a good reason that does not show (rules 4, 5) */
    IM_NOT_EXERCISED, /* the client never came to the point */
    IM_PARTLY         /* of a whole scenario: some of it was met, some not exercised */
};
const char *im_outcome_of_name(enum im_outcome_of outcome); /* "met", "not-met", … */

/* What is known beside the exchanges; all zero = nothing. */
struct im_judge_options {
    const struct im_history
        *baseline;      /* of the same client where nothing goes wrong, or NULL */
    bool fail_fast;     /* the client may end when it is refused */
    bool running;       /* it may still be at work … */
    bool running_known; /* … and that was said, not concluded */
    bool forgotten; /* older exchanges are not among them, and may be what is missing */
    const char *client; /* what sentences call it; NULL = "the client" */
};

/* Judgement of one expectation. Lifetime: the arena's. */
struct im_judgement {
    enum im_outcome_of outcome;
    struct im_str
        why; /* "wanted at most 1, saw 3"; always a sentence a newcomer understands */
    const struct im_exchange **shown; /* all that bear on it, oldest first */
    size_t shown_count;
    bool is_fact;     /* not met because something was never seen that needs no anchor: no
                     fault of the client where the scenario did not come about (rule 1) */
    bool is_recovery; /* not met because nothing came of what an anchor asks for: no
                         fault of a client that may end when it is refused (rule 2) */
};

/* Judges all of them over the exchanges. judgements: expectations->count of them. False when memory is
 * short. */
bool im_expect_judge(const struct im_expectations *expectations,
                     const struct im_exchange *exchanges, size_t exchange_count,
                     const struct im_judge_options *options, struct im_arena *arena,
                     struct im_judgement *judgements);

#endif
