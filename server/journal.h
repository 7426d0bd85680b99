/* What was asked, what was answered, the cause of a refusal and its evidence: a bounded ring of
 * exchanges per sandbox, newest last. One of the three doors of state: every verb is atomic.
 * Memory holds the exchange as it was on the wire; whatever is written out of here goes through
 * redaction (journal_write.c), so that no secret leaves: fingerprints only. Thread-safe. */
#ifndef IM_JOURNAL_H
#define IM_JOURNAL_H

#include <pthread.h>

#include "base/json.h"
#include "base/waker.h"
#include "causes/exchange.h"

struct im_journal; /* lifetime: sandbox */

/* Which exchanges: every field that is given must match. */
struct im_journal_filter {
    struct im_str endpoint; /* or a group: "api", "oauth", "read" */
    struct im_str method, grant, client_id, user;
    struct im_str path;  /* glob over path and query below the base URL */
    enum im_cause cause; /* refused for it, or warned of it */
    struct im_status_range status;
    uint64_t since; /* ids above this */
    int refused;    /* 1 = only what was refused, 2 = only what was not */
    uint64_t last;  /* of those that match, the newest so many; 0 = all. For lists */
};

/* The memory that several journals have together: beyond it the oldest exchange of all
 * goes first, each journal's newest excepted. Their lock, too. Lifetime: longer than
 * theirs. */
struct im_journal_memory {
    pthread_mutex_t lock;
    size_t max, used; /* bytes */
    struct im_kept *oldest, *newest;
};
void im_journal_memory_init(struct im_journal_memory *memory, size_t max);
void im_journal_memory_release(struct im_journal_memory *memory);

/* keep: exchanges at most, at least 1. memory: NULL = its own, without a bound. NULL when
 * memory is short. */
struct im_journal *im_journal_new(size_t keep, struct im_journal_memory *memory);
void im_journal_free(struct im_journal *journal);
void im_journal_clear(struct im_journal *journal);

/* Appends a copy; the oldest is dropped when the ring is full. When memory is short the exchange is
 * counted as dropped. Returns its id. */
uint64_t im_journal_add(struct im_journal *journal, const struct im_exchange *exchange);

/* The exchange of that id, if it is still there, was delivered at this time, monotonic; to a client that
 * was there to hear it, or not. */
void im_journal_delivered(struct im_journal *journal, uint64_t id, int64_t at_us,
                          bool heard);

/* Matching exchanges, oldest first; *count of them. NULL when there are none or memory is short
 * (then arena->failed). */
struct im_exchange *im_journal_select(struct im_journal *journal, struct im_arena *arena,
                                      const struct im_journal_filter *filter,
                                      size_t *count);
/* One by id; NULL when it is not there (any more). */
const struct im_exchange *im_journal_get(struct im_journal *journal,
                                         struct im_arena *arena, uint64_t id);

/* An exchange that stays as long as it is referred to, whatever the journal forgets.
 * Lifetime: counted. */
struct im_kept;
/* As im_journal_select, but the exchanges are not copied: each is the caller's until
 * im_kept_unref. */
struct im_kept **im_journal_keep(struct im_journal *journal, struct im_arena *arena,
                                 const struct im_journal_filter *filter, size_t *count);
/* As it is known now; its texts live as long as the reference. */
struct im_exchange im_journal_look(struct im_journal *journal,
                                   const struct im_kept *kept);
void im_kept_unref(struct im_kept *kept);

/* One that waits for exchanges without a thread. Lifetime: from im_journal_watch until
 * im_journal_unwatch, and so long its filter's texts. */
struct im_journal_watch {
    struct im_journal_filter filter;
    struct im_waker *waker; /* called under the lock; NULL = it looks for itself */
    size_t missing;         /* the journal's own, like what follows */
    struct im_journal_watch *next, *previous;
};
/* From now on the waker is called when at least `count` exchanges match and with each
 * that matches then, and when the journal is interrupted. False when it need not wait:
 * so many match already, or the journal was interrupted. */
bool im_journal_watch(struct im_journal *journal, struct im_journal_watch *watch,
                      size_t count);
void im_journal_unwatch(struct im_journal *journal, struct im_journal_watch *watch);
/* Wakes every watch, now and from now on: the server stops. */
void im_journal_interrupt(struct im_journal *journal);
bool im_journal_interrupted(struct im_journal *journal);
uint64_t im_journal_dropped(struct im_journal *journal);
/* How many there were since it began or was cleared, those that were dropped included. */
uint64_t im_journal_total(struct im_journal *journal);
/* The id of the exchange that was added last; 0 before the first. */
uint64_t im_journal_newest(struct im_journal *journal);

/* ---- written out, redacted (journal_write.c) ---- */

/* The exchange as a JSON object: request, response, cause, evidence, notes. */
void im_exchange_write(const struct im_exchange *exchange, struct im_json_out *out);
/* The same as a text of one line. Redaction copies what it reads: all of that memory is the scratch
 * arena's, to be released after each one. */
struct im_str im_exchange_text(const struct im_exchange *exchange,
                               struct im_arena *scratch);
/* The same as an entry of an HTTP Archive 1.2 document, which begins with what
 * im_har_write_head writes; after the entries comes IM_HAR_TAIL. */
void im_har_write_entry(const struct im_exchange *exchange, struct im_json_out *out);
void im_har_write_head(struct im_buf *text);
#define IM_HAR_TAIL "]}}"

#endif
