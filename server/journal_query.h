/* Which exchanges of a journal somebody asks for, as a query string says it: "endpoint=token&since=7".
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
/* Waits as the query has it, then writes what matches: {"count", "dropped", "requests"}. */
void im_journal_query_answer(struct im_journal *journal,
                             const struct im_journal_query *query, struct im_arena *arena,
                             struct im_json_out *out);

#endif
