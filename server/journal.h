/* What was asked, what was answered, why it was refused and with what evidence: a bounded ring of
 * exchanges per sandbox, newest last. One of the three doors of state: every verb is atomic.
 * Memory holds the exchange as it was on the wire; whatever is written out of here goes through
 * redaction (journal_write.c), so that no secret leaves: fingerprints only. Thread-safe. */
#ifndef IM_JOURNAL_H
#define IM_JOURNAL_H

#include "base/json.h"
#include "causes/exchange.h"

struct im_journal; /* lifetime: sandbox */

/* Which exchanges: every field that is given must match. */
struct im_journal_filter {
    enum im_endpoint endpoint;
    struct im_str method, grant, client_id, user;
    struct im_str path;  /* glob over path and query below the base URL */
    enum im_cause cause; /* refused for it, or warned of it */
    int status;          /* 0 = any */
    uint64_t since;      /* ids above this */
};

/* keep: exchanges at most, at least 1. NULL when memory is short. */
struct im_journal *im_journal_new(size_t keep);
void im_journal_free(struct im_journal *journal);
void im_journal_clear(struct im_journal *journal);

/* Appends a copy; the oldest is dropped when the ring is full. When memory is short the exchange is
 * counted as dropped. Returns its id. */
uint64_t im_journal_add(struct im_journal *journal, const struct im_exchange *exchange);

/* The exchange of that id, if it is still there, was delivered at this time, monotonic. */
void im_journal_delivered(struct im_journal *journal, uint64_t id, int64_t at_us);

/* Matching exchanges, oldest first; *count of them. NULL when there are none or memory is short
 * (then arena->failed). */
const struct im_exchange *im_journal_select(struct im_journal *journal,
                                            struct im_arena *arena,
                                            const struct im_journal_filter *filter,
                                            size_t *count);
/* One by id; NULL when it is not there (any more). */
const struct im_exchange *im_journal_get(struct im_journal *journal,
                                         struct im_arena *arena, uint64_t id);
/* Blocks until at least `count` exchanges match or timeout_ms of real time is over, or the
 * journal is interrupted. Returns how many match. */
size_t im_journal_wait(struct im_journal *journal, const struct im_journal_filter *filter,
                       size_t count, int64_t timeout_ms);
/* Wakes everybody who waits, now and from now on: the server stops. */
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
/* The same as a text of one line. Redaction copies what it looks at: all of that memory is the scratch
 * arena's, to be released after each one. */
struct im_str im_exchange_text(const struct im_exchange *exchange,
                               struct im_arena *scratch);
/* The exchanges as an HTTP Archive 1.2 document. */
void im_exchange_write_har(const struct im_exchange *exchanges, size_t count,
                           struct im_json_out *out);

#endif
