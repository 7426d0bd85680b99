/* Which exchanges an expectation is about: of all, and in one window. */
#ifndef IM_VERDICT_MATCH_H
#define IM_VERDICT_MATCH_H

#include "verdict/window.h"

/* What one exchange is to an expectation. */
enum im_match {
    IM_MATCH_NONE,
    IM_MATCH_WHEN, /* it fits `when`, so nth and every count it */
    IM_MATCH_ALL   /* and all else: cause, status, wire, … */
};

/* Places of a history, in order. */
struct im_places {
    size_t *items, count;
};

/* Of one expectation. Lifetime: the arena's. */
struct im_matches {
    const struct im_history *history;
    const struct im_expectation *expectation;
    enum im_match *fits;      /* of each place */
    struct im_places fitting; /* `when`, whatever became of them */
    struct im_places better;  /* can be recovery */
    struct im_places inside;  /* match, in the window that was looked at last */
    bool *matched;            /* of each place: does it match, in any window? */
};

/* Makes room, to be used for one expectation after the other. When memory is short the arena has failed. */
void im_matches_init(struct im_matches *matches, const struct im_history *history,
                     struct im_arena *arena);
/* Begins with an expectation: what fits it, windows left aside. matched: room for all places, all false. */
void im_matches_find(struct im_matches *matches, const struct im_expectation *expectation,
                     bool *matched);
/* The index in a list of the first that arrived then or later. */
size_t im_matches_since(const struct im_matches *matches, const struct im_places *places,
                        int64_t us);
/* What matches in this window; what no longer counts there may be left aside. nth and every count what fits
 * `when` in it, whatever became of it. */
void im_matches_inside(struct im_matches *matches, const struct im_window *window);
/* Marks what matches in any of the windows, unless im_matches_by_number: im_matches_inside does it then, and
 * where there is no anchor. */
void im_matches_in_any(struct im_matches *matches, const struct im_windows *windows);
/* Is it about the nth of a window? */
bool im_matches_by_number(const struct im_expectation *expectation);
/* Does nothing else in a window matter once there is recovery in it? */
bool im_matches_only_recovery(const struct im_expectation *expectation);

#endif
