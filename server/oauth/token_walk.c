/* Walks over all tokens of a store, for listings and counts. A full store has 200,000, which
 * take most of a second to list, and every request waits for the store's lock: so it is held
 * for a few records at a time, and a cursor marks where to go on. */
#include "base/arena.h"
#include "oauth/token_store.h"

enum {
    COPIED_AT_ONCE = 64,   /* some 20 us */
    SKIPPED_AT_ONCE = 4096 /* some 50 us: a step is one pointer */
};

static void cursor_enter_locked(struct im_tokens *tokens, struct im_token_cursor *cursor)
{
    cursor->next = tokens->cursors;
    tokens->cursors = cursor;
}

static void cursor_leave_locked(struct im_tokens *tokens,
                                const struct im_token_cursor *cursor)
{
    struct im_token_cursor **at = &tokens->cursors;

    while (*at != cursor)
        at = &(*at)->next;
    *at = cursor->next;
}

/* Moves the cursor to the first record above `after`, from whichever end is nearer by number. */
static void cursor_seek_locked(struct im_tokens *tokens, struct im_token_cursor *cursor,
                               uint64_t after)
{
    size_t steps = 0;
    bool forward = tokens->oldest &&
                   after < tokens->oldest->serial +
                               (tokens->newest->serial - tokens->oldest->serial) / 2;

    if (tokens->newest && after >= tokens->newest->serial) {
        cursor->at = NULL;
        return;
    }
    cursor->at = forward ? tokens->oldest : tokens->newest;
    while (cursor->at &&
           (forward ? cursor->at->serial <= after
                    : cursor->at->older && cursor->at->older->serial > after)) {
        cursor->at = forward ? cursor->at->newer : cursor->at->older;
        if (++steps % SKIPPED_AT_ONCE)
            continue;
        pthread_mutex_unlock(&tokens->lock);
        pthread_mutex_lock(&tokens->lock);
    }
}

struct walk {
    struct im_tokens *tokens;
    const struct im_eval_context *eval;
    struct im_token_cursor cursor;
    uint64_t
        last; /* serial; without an end a walk beside many requests would have none */
};

static void walk_begin(struct walk *walk, uint64_t after)
{
    pthread_mutex_lock(&walk->tokens->lock);
    walk->last = walk->tokens->serials;
    cursor_enter_locked(walk->tokens, &walk->cursor);
    cursor_seek_locked(walk->tokens, &walk->cursor, after);
    pthread_mutex_unlock(&walk->tokens->lock);
}

static void walk_end(struct walk *walk)
{
    pthread_mutex_lock(&walk->tokens->lock);
    cursor_leave_locked(walk->tokens, &walk->cursor);
    pthread_mutex_unlock(&walk->tokens->lock);
}

/* Copies the next few; returns how many. */
static size_t walk_copy(struct walk *walk, struct im_arena *arena,
                        struct im_token *copies)
{
    struct im_token_cursor *cursor = &walk->cursor;
    size_t n = 0;

    pthread_mutex_lock(&walk->tokens->lock);
    for (; n < COPIED_AT_ONCE && cursor->at && cursor->at->serial <= walk->last; n++) {
        im_token_report_locked(cursor->at, walk->eval, arena, &copies[n]);
        cursor->at = cursor->at->newer;
    }
    pthread_mutex_unlock(&walk->tokens->lock);
    return n;
}

bool im_tokens_each(struct im_tokens *tokens, const struct im_eval_context *eval,
                    uint64_t after,
                    bool (*visit)(void *context, const struct im_token *token),
                    void *context)
{
    struct walk walk = {.tokens = tokens, .eval = eval};
    bool more = true, failed = false;

    walk_begin(&walk, after);
    while (more && !failed) {
        struct im_arena arena;
        im_arena_init(&arena, 0);
        struct im_token *copies = IM_ARENA_ARRAY(&arena, struct im_token, COPIED_AT_ONCE);
        size_t n = copies ? walk_copy(&walk, &arena, copies) : 0;
        failed = arena.failed;
        more = n > 0;
        for (size_t i = 0; !failed && more && i < n; i++)
            more = visit(context, &copies[i]);
        im_arena_release(&arena);
    }
    walk_end(&walk);
    return !failed;
}
