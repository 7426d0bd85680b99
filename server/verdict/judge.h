/* What a sound client would have done: a scenario's expectations, judged over the exchanges that
 * its sandbox has seen. Knows nothing of the journal: it is handed a list of im_seen. */
#ifndef IM_VERDICT_JUDGE_H
#define IM_VERDICT_JUDGE_H

#include "scenario/expect.h"

/* One exchange, as far as expectations ask. Lifetime: of whoever made the list. */
struct im_seen {
    uint64_t id;           /* of the journal */
    struct im_facts facts; /* facts.token: the fingerprint, not the token */
    int status;
    enum im_cause cause;
    enum im_cause notes[IM_NOTES_MAX]; /* warned of */
    size_t note_count;
    struct im_str evidence;     /* of the refusal: never a secret; empty = none */
    enum im_fault fault;        /* how delivery was damaged; IM_FAULT_NONE = not */
    const char *effect;         /* the first change of the world it set off, or NULL */
    int64_t began_us, ended_us; /* real time: arrived; answered, delays included */
    int64_t left_us;            /* a stalled client had enough of it; 0 = not known */
    int64_t at_ms;              /* the sandbox's clock when it was decided */
    uint64_t connection;        /* which connection; 0 = without a socket */
    int64_t connection_us;      /* real time at which that began */
    uint64_t call; /* hash of method, target and body: the same call again has the same */
};

enum im_outcome_of { IM_MET, IM_NOT_MET, IM_NOT_EXERCISED };
const char *im_outcome_of_name(enum im_outcome_of outcome); /* "met", "not-met", … */

/* Judgement of one expectation. Lifetime: the arena's. */
struct im_judgement {
    enum im_outcome_of outcome;
    struct im_str
        why; /* "wanted at most 1, saw 3"; always a sentence a newcomer understands */
    const struct im_seen **shown; /* the exchanges that show it, oldest first */
    size_t shown_count;
};

/* Judges all of them over `seen` (oldest first). judgements: expectations->count of them. False
 * when memory is short. */
bool im_expect_judge(const struct im_expectations *expectations,
                     const struct im_seen *seen, size_t seen_count,
                     struct im_arena *arena, struct im_judgement *judgements);

#endif
