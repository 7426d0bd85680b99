/* The bounds of one expectation, held against the exchanges that it is about: how many, how many
 * at once, with what pauses; and the sentence that says so. */
#ifndef IM_VERDICT_BOUND_H
#define IM_VERDICT_BOUND_H

#include "verdict/judge.h"

/* One exchange in order of arrival. Lifetime: of one judging. */
struct im_try {
    const struct im_exchange *exchange;
    size_t place;                     /* in the order of arrival */
    const struct im_exchange *before; /* the one before it on its connection, or NULL */
};

/* What one bound is held against: the exchanges that match, of one window, and of one token or
 * call where the expectation says `per`. In order of arrival. */
struct im_tries {
    const struct im_try **items;
    size_t count;
    const struct im_exchange *anchor; /* what the window opened with, or NULL */
    int64_t *scratch;                 /* room for `count` times */
};

enum im_bound {
    IM_BOUND_HOLDS,
    IM_BOUND_AT_MOST,
    IM_BOUND_AT_LEAST,
    IM_BOUND_PARALLEL,
    IM_BOUND_GAPS
};

/* Between the end of one exchange and the arrival of the other, as the client saw it: real time,
 * or the sandbox's where that went further (a test advances the clock instead of sleeping). */
int64_t im_bound_elapsed_us(const struct im_exchange *from, const struct im_exchange *to);
/* Was it on its way before the client could know of the reference? It began before that was
 * answered, or another worker, on another connection, could not know yet. */
bool im_bound_in_flight(const struct im_exchange *reference, const struct im_try *try);
/* The first bound that these tries break. */
enum im_bound im_bound_broken(const struct im_expectation *expectation,
                              const struct im_tries *tries);
/* A sentence that says how the bound is broken, or that all hold. */
void im_bound_why(const struct im_expectation *expectation, const struct im_tries *tries,
                  enum im_bound broken, struct im_buf *why);
/* The exchanges that show it: into `shown`, which has room for tries->count and one more. Returns
 * how many. */
size_t im_bound_shown(const struct im_tries *tries, enum im_bound broken,
                      const struct im_exchange **shown);

#endif
