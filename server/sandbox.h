/* Everything behind one base URL: the authority (clients, users, tokens, keys, clock, objects) and
 * the journal. Two sandboxes share nothing. */
#ifndef IM_SANDBOX_H
#define IM_SANDBOX_H

#include "journal.h"
#include "oauth/authority.h"

struct im_sandbox_options {
    struct im_str name;  /* "default" */
    uint64_t seed;       /* together with the name: everything that is drawn */
    int64_t start_ms;    /* where the clock starts; < 0 = the real time */
    size_t journal_keep; /* exchanges */
};

struct im_sandbox {
    struct im_str name;
    uint64_t seed;
    int64_t start_ms;
    struct im_journal *journal;
    /* Readers decide requests; the one writer is a reset, which swaps the authority. Taken before
     * every other lock, never held while something is delivered or waited for. */
    pthread_rwlock_t swap;
    pthread_mutex_t
        turnstile; /* on the way to `swap`: whoever waits to write holds it, so that
                                  readers cannot keep a reset waiting for ever */
    struct im_authority *authority;
};

struct im_sandbox *im_sandbox_new(const struct im_sandbox_options *options,
                                  struct im_error *err);
void im_sandbox_free(struct im_sandbox *box);

/* The authority, kept from being swapped until im_sandbox_leave. */
struct im_authority *im_sandbox_enter(struct im_sandbox *box);
void im_sandbox_leave(struct im_sandbox *box);

/* As freshly made: same seed, same keys, nothing handed out, an empty journal, the clock back at
 * its start. False with err when memory is short; then nothing has changed. */
bool im_sandbox_reset(struct im_sandbox *box, struct im_error *err);

#endif
