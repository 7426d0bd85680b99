/* Indexes over a history, so that a question about one exchange does not look at all the others: a client
 * in a loop leaves tens of thousands, and what is asked of each must not grow with their number. A place is
 * an index into im_history.items; the exchanges that are asked about are the history's own. */
#ifndef IM_VERDICT_HISTORY_INDEX_H
#define IM_VERDICT_HISTORY_INDEX_H

#include "verdict/history.h"

/* What two exchanges have in common. */
enum im_alike {
    IM_ALIKE_CALL,  /* method, target and body */
    IM_ALIKE_TOKEN, /* the token presented; or that there was none */
    IM_ALIKE_BOTH,
    IM_ALIKES
};

#define IM_HISTORY_END SIZE_MAX /* no place */

/* Of a history whose items stand in order of arrival. False when memory is short. */
bool im_history_index_make(struct im_history *history, struct im_arena *arena);
/* Counts how often the baseline has what each exchange of the history does, for times_before of its call.
 * False when memory is short. */
bool im_history_index_compare(struct im_history *history,
                              const struct im_history *baseline, struct im_arena *arena);

size_t im_history_place(const struct im_history *history,
                        const struct im_exchange *exchange);
/* The first place that arrived then or later; the count where none did. */
size_t im_history_since(const struct im_history *history, int64_t us);
/* The first place that was not delivered before then, so that all earlier ones were. */
size_t im_history_delivered_since(const struct im_history *history, int64_t us);
/* The first place of those that are alike, and the next one behind a place; IM_HISTORY_END = no more. */
size_t im_history_first_alike(const struct im_history *history, enum im_alike alike,
                              size_t place);
size_t im_history_next_alike(const struct im_history *history, enum im_alike alike,
                             size_t place);

/* Those alike whose answers were delivered before an exchange arrived, the latest first. */
struct im_history_answered {
    const struct im_history *history;
    const struct im_exchange *exchange;
    enum im_alike alike;
    size_t rest; /* how many of the order are still to be looked at */
};
struct im_history_answered im_history_answered(const struct im_history *history,
                                               enum im_alike alike,
                                               const struct im_exchange *exchange);
/* NULL = there are no more. */
const struct im_exchange *im_history_answered_next(struct im_history_answered *answered);

/* What is known of all exchanges of one call: of the same method, target below the base URL, and body. */
struct im_history_call {
    size_t times;
    /* In the baseline; 0 where none was compared. A token or a date within a call makes it another one in each
     * run: then those at its address count that the history does not have. */
    size_t times_before;
    size_t created;            /* records that it made */
    bool overlaps;             /* two of them were open at once */
    bool refused_with_several; /* for one token and for another one */
};
/* All 0 where the history does not have the call. */
struct im_history_call im_history_call_of(const struct im_history *history,
                                          uint64_t call);
/* How many records were made by requests to the address of this one, which may be of another history. */
size_t im_history_created(const struct im_history *history,
                          const struct im_exchange *exchange);
/* The next place, that one included, whose exchange had success: a call or a token request, or only the
 * latter. IM_HISTORY_END = there is none. */
size_t im_history_next_success(const struct im_history *history, bool tokens,
                               size_t place);
/* When the first call came since then with a token that was handed out since; INT64_MAX = none did. */
int64_t im_history_first_use(const struct im_history *history, int64_t since_us);
/* The exchange that handed out the access token; NULL = none of these did. */
const struct im_exchange *im_history_issuer(const struct im_history *history,
                                            struct im_str token);

#endif
