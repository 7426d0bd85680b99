/* The journal as expectations see it: facts, times and causes, without the bodies. */
#include "journal.h"

/* What the client could take for an answer: none where delivery was damaged. */
static int status_of(const struct im_recorded *e, enum im_fault fault)
{
    bool honest = fault < IM_FAULT_STALL || fault > IM_FAULT_HTML;

    return honest ? e->status : 0;
}

static struct im_seen see(const struct im_recorded *e)
{
    enum im_fault fault = e->fault ? im_fault_find(im_str(e->fault)) : IM_FAULT_NONE;
    struct im_seen seen = {
        .id = e->id,
        .facts = {.endpoint = e->endpoint,
                  .grant = e->grant,
                  .client = e->client_id,
                  .user = e->user,
                  .method = e->method,
                  .path = e->path,
                  .scope = e->scope,
                  .token = e->token},
        .status = status_of(e, fault),
        .cause = e->cause,
        .note_count = e->note_count,
        .fault = fault,
        .effect = e->effect,
        .began_us = e->began_us,
        .ended_us = e->ended_us,
        .left_us = e->left_us,
        .at_ms = e->at_ms,
        .connection = e->connection,
        .connection_us = e->connection_us,
        .call = e->call,
        .evidence = e->evidence,
    };

    for (size_t i = 0; i < e->note_count; i++)
        seen.notes[i] = e->notes[i].cause;
    return seen;
}

const struct im_seen *im_journal_seen(struct im_journal *journal, struct im_arena *arena,
                                      size_t *count)
{
    static const struct im_journal_filter all = {.status = 0};
    size_t n;
    const struct im_recorded *exchanges = im_journal_select(journal, arena, &all, &n);
    struct im_seen *seen = n ? IM_ARENA_ARRAY(arena, struct im_seen, n) : NULL;

    *count = seen ? n : 0;
    for (size_t i = 0; seen && i < n; i++)
        seen[i] = see(&exchanges[i]);
    return seen;
}
