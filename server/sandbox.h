/* Everything behind one base URL: the authority (clients, users, tokens, keys, clock, objects), how
 * far the scenario has come, and the journal. Two sandboxes share nothing. */
#ifndef IM_SANDBOX_H
#define IM_SANDBOX_H

#include "base/table.h"
#include "journal.h"
#include "scenario/barrier.h"
#include "scenario/scenario.h"
#include "verdict/verdict.h"

struct im_sandbox_options {
    struct im_str name;           /* "default" */
    struct im_scenario *scenario; /* the sandbox takes a reference of its own */
    uint64_t seed;                /* together with the name: everything that is drawn */
    int64_t start_ms;             /* where the clock starts; < 0 = the real time */
    size_t journal_keep;          /* exchanges */
    struct im_journal_memory *journal_memory; /* shared with others; NULL = unbounded */
    struct im_token_index *token_index; /* shared too: what is handed out; NULL = none */
};

struct im_sandbox {
    struct im_table_link by_name; /* sandboxes.c's; the first member, as im_table asks */
    struct im_str name;
    uint64_t seed;
    int64_t start_ms;
    struct im_journal *journal;
    struct im_token_index *token_index; /* the server's; NULL = none */
    struct im_secrets
        *secrets; /* its authorities', the present one and those before a reset */
    struct im_barrier *barrier; /* where requests wait on purpose */
    atomic_size_t open; /* requests that have come and are not in the journal yet */
    /* Readers decide requests; the one writer is a reset, which swaps the authority. Taken before
     * every other lock, never held while something is delivered or waited for. */
    pthread_rwlock_t swap;
    pthread_mutex_t
        turnstile; /* on the way to `swap`: a thread that waits to write holds it, so that
                                  readers cannot keep a reset waiting for ever */
    struct im_authority *authority;
    struct im_scenario_state *scenario_state; /* swapped with it, or alone */

    /* sandboxes.c's, behind its lock */
    struct im_sandbox *newer, *older; /* by last use */
    size_t users;                     /* requests and calls that use it now */
    bool gone;                        /* the last user frees it */
    struct im_proxy_port *proxy;      /* its own; NULL = none */
    struct im_str proxy_url;          /* where that is; the listener's text */
    int64_t used_ms;                  /* monotonic */
};

struct im_sandbox *im_sandbox_new(const struct im_sandbox_options *options,
                                  struct im_error *err);
void im_sandbox_free(struct im_sandbox *box);

/* The authority, kept from being swapped until im_sandbox_leave. */
struct im_authority *im_sandbox_enter(struct im_sandbox *box);
void im_sandbox_leave(struct im_sandbox *box);

/* As freshly made: same seed, same keys, nothing handed out, an empty journal, the clock back at
 * its start, the scenario at its beginning (in this wording of it: its file may have changed).
 * False with err when memory is short; then nothing has changed. */
bool im_sandbox_reset(struct im_sandbox *box, struct im_scenario *scenario,
                      struct im_error *err);
/* Another scenario state from now on, and its world; what was handed out stays. False with err, and
 * nothing has changed. */
bool im_sandbox_follow(struct im_sandbox *box, struct im_scenario *scenario,
                       struct im_error *err);
/* The scenario it follows, with a reference for the caller. */
struct im_scenario *im_sandbox_scenario(struct im_sandbox *box);
/* Waits until the journal holds every request that has come, but for those that wait on purpose; at
 * most so long. */
void im_sandbox_settle(struct im_sandbox *box, int64_t at_most_ms);
/* Judges its client by all that the journal holds. Fills *verdict, whose views are the arena's, those
 * of the options and the scenario's, which is returned with a reference for the caller; NULL when
 * memory is short. */
struct im_scenario *im_sandbox_judge(struct im_sandbox *box,
                                     const struct im_judge_options *options,
                                     struct im_arena *arena, struct im_verdict *verdict);
/* What its journal says of its client, for a baseline. False when it does not hold all any more, or
 * memory is short. */
bool im_sandbox_history(struct im_sandbox *box, struct im_arena *arena,
                        struct im_history *history);
/* Wakes every request that waits in it, now and from now on. */
void im_sandbox_interrupt(struct im_sandbox *box);

#endif
