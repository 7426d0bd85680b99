/* What a sound client would have done: a scenario's expectations, judged over the exchanges of its
 * sandbox. Knows nothing of the journal: it is handed the exchanges. */
#ifndef IM_VERDICT_JUDGE_H
#define IM_VERDICT_JUDGE_H

#include "causes/exchange.h"
#include "scenario/expect.h"

enum im_outcome_of { IM_MET, IM_NOT_MET, IM_NOT_EXERCISED };
const char *im_outcome_of_name(enum im_outcome_of outcome); /* "met", "not-met", … */

/* Judgement of one expectation. Lifetime: the arena's. */
struct im_judgement {
    enum im_outcome_of outcome;
    struct im_str
        why; /* "wanted at most 1, saw 3"; always a sentence a newcomer understands */
    const struct im_exchange **shown; /* the exchanges that show it, oldest first */
    size_t shown_count;
};

/* Judges all of them over the exchanges (oldest first). judgements: expectations->count of them. False
 * when memory is short. */
bool im_expect_judge(const struct im_expectations *expectations,
                     const struct im_exchange *exchanges, size_t exchange_count,
                     struct im_arena *arena, struct im_judgement *judgements);

#endif
