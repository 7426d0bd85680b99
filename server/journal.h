/* What was asked, what was answered, why it was refused and with what evidence: a bounded ring of
 * exchanges per sandbox, newest last. One of the three doors of state: every verb is atomic.
 * Memory holds the exchange as it was on the wire; whatever is written out of here goes through
 * redaction (journal_write.c), so that no secret leaves: fingerprints only. Thread-safe. */
#ifndef IM_JOURNAL_H
#define IM_JOURNAL_H

#include "causes/cause.h"
#include "http/response.h"
#include "verdict/judge.h"

struct im_journal; /* lifetime: sandbox */

enum { IM_JOURNAL_BODY_MAX = 16 * 1024 }; /* bytes kept of each body */

/* One exchange. Lifetime: what im_journal_* hands out is copied into the caller's arena. */
struct im_recorded {
    uint64_t id;     /* 1, 2, … per sandbox, never reused */
    int64_t at_ms;   /* the sandbox's clock */
    int64_t real_ms; /* the system's clock: what gaps between retries are measured on */
    int64_t duration_us; /* from the first byte decided on to the answer handed over */
    int64_t began_us,
        ended_us;          /* monotonic: arrived; answered, delays on purpose included */
    int64_t left_us;       /* monotonic: a stalled client gave up; 0 = not known */
    uint64_t connection;   /* 0 = without a socket */
    int64_t connection_us; /* monotonic: when that began */
    struct im_str method, target, peer;
    struct im_str path; /* of the target, what is below the base URL, without the query */
    struct im_str request_headers, request_body; /* "Name: value\n" lines */
    size_t request_body_len; /* before it was cut to IM_JOURNAL_BODY_MAX */
    int status;
    struct im_str response_headers, response_body;
    size_t response_body_len;
    const char *endpoint;
    struct im_str grant, client_id, user, scope, token, issued, object, field;
    enum im_cause cause, worded_as;
    struct im_str evidence;
    struct im_note notes[IM_NOTES_MAX];
    size_t note_count;
    unsigned rule; /* what a scenario did to it: see struct im_exchange */
    const char *effect, *fault;
    uint64_t call; /* hash of method, target and body: the same call again has the same */
};

/* Which exchanges: every field that is given must match. */
struct im_journal_filter {
    struct im_str endpoint, method,
        path /* glob over path and query below the base URL */, grant, client_id, user;
    enum im_cause cause; /* refused for it, or warned of it */
    int status;          /* 0 = any */
    uint64_t since;      /* ids above this */
};

/* keep: exchanges at most, at least 1. NULL when memory is short. */
struct im_journal *im_journal_new(size_t keep);
void im_journal_free(struct im_journal *journal);
void im_journal_clear(struct im_journal *journal);

/* Appends; the oldest is dropped when the ring is full. When memory is short the exchange is
 * counted as dropped. Returns its id. */
uint64_t im_journal_add(struct im_journal *journal, const struct im_request *req,
                        const struct im_response *res, int64_t duration_us);

/* The client of a stalled exchange has left now. */
void im_journal_left(struct im_journal *journal, uint64_t id);

/* Matching exchanges, oldest first; *count of them. NULL when there are none or memory is short
 * (then arena->failed). */
const struct im_recorded *im_journal_select(struct im_journal *journal,
                                            struct im_arena *arena,
                                            const struct im_journal_filter *filter,
                                            size_t *count);
/* One by id; NULL when it is not there (any more). */
const struct im_recorded *im_journal_get(struct im_journal *journal,
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
/* What expectations ask of all of them, oldest first; *count of them. NULL when there are none or
 * memory is short (then arena->failed). */
const struct im_seen *im_journal_seen(struct im_journal *journal, struct im_arena *arena,
                                      size_t *count);
/* The id of the exchange that was added last; 0 before the first. */
uint64_t im_journal_newest(struct im_journal *journal);

/* ---- written out, redacted (journal_write.c) ---- */

/* The exchange as a JSON object: request, response, cause, evidence, notes. */
void im_recorded_write(const struct im_recorded *exchange, struct im_json_out *out);
/* The exchanges as an HTTP Archive 1.2 document. */
void im_recorded_write_har(const struct im_recorded *exchanges, size_t count,
                           struct im_json_out *out);

#endif
