/* Which exchanges of a journal are asked for, as a query string: "endpoint=token&since=7".
 * Read strictly, by a table, as bodies are. */
#ifndef IM_JOURNAL_QUERY_H
#define IM_JOURNAL_QUERY_H

#include "base/json_read.h"
#include "journal.h"

struct im_journal_query {
    struct im_journal_filter filter; /* texts: the arena's */
    int64_t count, since;            /* < 0 = not given */
    int64_t wait_ms;                 /* 0 = not at all */
};

/* With `waits` it may say count and wait. False with *fault, or when memory is short (then
 * arena->failed). */
bool im_journal_query_read(struct im_str text, bool waits, struct im_arena *arena,
                           struct im_journal_query *query, struct im_json_fault *fault);

/* ---- a list of exchanges, in pieces ---- */

/* Exchanges that are written one after the other, so that a long list takes little memory at a time.
 * The journal must outlive it; it refers to its exchanges until it ends. */
struct im_listing {
    struct im_journal *journal;
    struct im_kept **kept;
    size_t count, at;
    void (*write)(const struct im_exchange *exchange, struct im_json_out *out);
    const char *tail; /* what follows the last one */
};
/* What matches now, as {"count", "dropped", "requests"}; nothing is waited for. The beginning of the
 * document is written to `text`. What is kept is listed in the arena; when memory is short
 * arena->failed, and the list is empty. */
void im_listing_begin(struct im_listing *list, struct im_journal *journal,
                      const struct im_journal_filter *filter, struct im_arena *arena,
                      struct im_buf *text);
/* The same as an HTTP Archive 1.2 document. */
void im_listing_begin_har(struct im_listing *list, struct im_journal *journal,
                          const struct im_journal_filter *filter, struct im_arena *arena,
                          struct im_buf *text);
/* Writes about IM_PIECE_BYTES more. False after the last piece, or when memory is short
 * (then text->failed). */
bool im_listing_write(struct im_listing *list, struct im_buf *text);
/* Writes all that is left, and ends. */
void im_listing_write_all(struct im_listing *list, struct im_buf *text);
/* Unrefs the exchanges that were not written. */
void im_listing_end(struct im_listing *list);

#endif
