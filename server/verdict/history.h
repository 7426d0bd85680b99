/* What the exchanges of a sandbox say about its client: in which order they came, how many were open
 * at once, how often it signed on. Of the same program in a run in which nothing goes wrong this is
 * the baseline. The rules that are referred to by number are those of scenarios/README.md. */
#ifndef IM_VERDICT_HISTORY_H
#define IM_VERDICT_HISTORY_H

#include "causes/exchange.h"

/* Lifetime: of the arena and of the exchanges. */
struct im_history {
    const struct im_exchange **items; /* in order of arrival */
    size_t count;
    const struct im_exchange *exchanges; /* as they were handed over … */
    size_t *places;                      /* … and where in items each of them stands */
    struct im_history_index *index;      /* history_index.h asks it */
    int64_t parallel; /* P: the most exchanges of one user that were open at once */
    /* The same, a call that is sent again while it is open counted once: who gives up waiting and
     * repeats the call does not work in parallel. */
    int64_t parallel_calls;
    int64_t sign_ons;  /* tokens that were had by another grant than refresh_token */
    int64_t refreshes; /* and by that */
    /* Requests for them, whatever became of them. Of a baseline the first is B (rule 5). */
    int64_t sign_on_tries, refresh_tries;
    /* Tries by another grant than authorization_code; a request that was lost before it was read has none. */
    int64_t other_sign_ons;
    int64_t unknown_codes; /* that were sent, but not handed out here */
};

/* Reads the history of these exchanges. False when memory is short. */
bool im_history_read(struct im_history *history, const struct im_exchange *exchanges,
                     size_t count, struct im_arena *arena);

/* P is 1, as far as was seen: a baseline, which may be NULL, may have seen more of the client. */
bool im_history_is_serial(const struct im_history *history,
                          const struct im_history *baseline);

/* When the client could know the answer; until then it is on its way. Real time. */
int64_t im_history_delivered_us(const struct im_exchange *exchange);
/* The client was still there when a slow answer came to its end; true of every other. */
bool im_history_got_all(const struct im_exchange *exchange);
/* The client can have read it as it was meant: it came late at most, or under a wrong label. */
bool im_history_undamaged(const struct im_exchange *exchange);
/* An undamaged 2xx. */
bool im_history_succeeded(const struct im_exchange *exchange);
/* Of the token endpoint. */
bool im_history_is_refresh(const struct im_exchange *exchange);
bool im_history_is_sign_on(const struct im_exchange *exchange); /* any other grant */
/* A call of the API. */
bool im_history_is_call(const struct im_exchange *exchange);
/* A call of the API that was refused for its access token. */
bool im_history_token_refused(const struct im_exchange *exchange);
/* Both users are known, and they differ. */
bool im_history_other_user(const struct im_exchange *a, const struct im_exchange *b);
bool im_history_same_address(const struct im_exchange *a,
                             const struct im_exchange *b); /* method and path */
/* Is it refused or warned of for this cause? */
bool im_history_has_cause(const struct im_exchange *exchange, enum im_cause cause);
/* Less than 0: a arrived first. By id in the end, for two may arrive in the same microsecond. */
int im_history_compare_arrival(const struct im_exchange *a, const struct im_exchange *b);

#endif
