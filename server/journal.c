/* The ring of exchanges of each journal, behind one lock for all journals that share their
 * memory: which must go first is known only where all are known. An exchange is one
 * allocation: the struct, followed by its texts. It is copied in before the lock is taken,
 * and read by reference, so that the lock is held for pointers, never for texts. */
#include "journal.h"

#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct im_kept {
    atomic_size_t refs;
    size_t size;
    struct im_journal *journal;    /* whose ring it is in */
    struct im_kept *older, *newer; /* of all that share the memory */
    struct im_exchange exchange;   /* last: its texts follow */
};

struct im_journal {
    struct im_journal_memory own, *memory;
    struct im_kept **ring; /* grows up to `keep` */
    size_t room, keep;
    size_t first, count;
    uint64_t last_id, dropped;
    struct im_journal_watch *watches;
    bool interrupted;
};

void im_journal_memory_init(struct im_journal_memory *memory, size_t max)
{
    *memory = (struct im_journal_memory){.max = max};
    pthread_mutex_init(&memory->lock, NULL);
}

void im_journal_memory_release(struct im_journal_memory *memory)
{
    pthread_mutex_destroy(&memory->lock);
}

struct im_journal *im_journal_new(size_t keep, struct im_journal_memory *memory)
{
    struct im_journal *journal = calloc(1, sizeof(*journal));

    if (!journal)
        return NULL;
    journal->keep = keep ? keep : 1;
    im_journal_memory_init(&journal->own,
                           SIZE_MAX); /* for one that shares with no other */
    journal->memory = memory ? memory : &journal->own;
    return journal;
}

static void journal_lock(struct im_journal *journal)
{
    pthread_mutex_lock(&journal->memory->lock);
}

static void journal_unlock(struct im_journal *journal)
{
    pthread_mutex_unlock(&journal->memory->lock);
}

void im_kept_unref(struct im_kept *kept)
{
    if (kept && atomic_fetch_sub(&kept->refs, 1) == 1)
        free(kept);
}

/* ---- the ring ---- */

static struct im_kept *ring_at_locked(const struct im_journal *journal, size_t index)
{
    return journal->ring[(journal->first + index) % journal->room];
}

static void ring_drop_oldest_locked(struct im_journal *journal)
{
    struct im_journal_memory *memory = journal->memory;
    struct im_kept *kept = ring_at_locked(journal, 0);

    if (kept->older)
        kept->older->newer = kept->newer;
    else
        memory->oldest = kept->newer;
    if (kept->newer)
        kept->newer->older = kept->older;
    else
        memory->newest = kept->older;
    memory->used -= kept->size;
    journal->first = (journal->first + 1) % journal->room;
    journal->count--;
    im_kept_unref(kept);
}

static void ring_empty_locked(struct im_journal *journal)
{
    while (journal->count)
        ring_drop_oldest_locked(journal);
}

void im_journal_free(struct im_journal *journal)
{
    if (!journal)
        return;
    journal_lock(journal);
    ring_empty_locked(journal);
    journal_unlock(journal);
    free(journal->ring);
    im_journal_memory_release(&journal->own);
    free(journal);
}

void im_journal_clear(struct im_journal *journal)
{
    journal_lock(journal);
    ring_empty_locked(journal);
    journal->dropped = 0; /* what is forgotten on purpose is not missing; ids go on */
    journal_unlock(journal);
}

/* ---- which of them ---- */

static bool exchange_warned_of(const struct im_exchange *e, enum im_cause cause)
{
    for (size_t i = 0; i < e->note_count; i++)
        if (e->notes[i].cause == cause)
            return true;
    return false;
}

static bool filter_takes(struct im_str wanted, struct im_str is)
{
    return !wanted.len || im_str_eq(wanted, is);
}

/* The target without /s/NAME. A target that does not end with the path ("/s/NAME" alone has the path
 * "/") is the path. */
static struct im_str target_below_base(const struct im_exchange *e)
{
    struct im_str whole = im_str_slice(e->target, 0, im_str_find(e->target, '?'));

    size_t base = whole.len - (e->path.len < whole.len ? e->path.len : whole.len);

    return im_str_eq(im_str_slice(whole, base, whole.len), e->path)
               ? im_str_slice(e->target, base, e->target.len)
               : e->path;
}

static bool filter_matches(const struct im_exchange *e, const struct im_journal_filter *f)
{
    return e->id > f->since && im_status_fits(&f->status, e->status) &&
           (!f->refused || (f->refused == 1) == (e->cause != CAUSE_NONE)) &&
           (f->cause == CAUSE_NONE || f->cause == e->cause ||
            exchange_warned_of(e, f->cause)) &&
           (!f->endpoint.len || im_exchange_goes_to(e, f->endpoint)) &&
           filter_takes(f->method, e->method) && filter_takes(f->grant, e->grant) &&
           filter_takes(f->client_id, e->client_id) && filter_takes(f->user, e->user) &&
           (!f->path.len || im_str_glob(f->path, target_below_base(e)));
}

/* ---- adding ---- */

static struct im_kept *kept_new(struct im_journal *journal,
                                const struct im_exchange *exchange)
{
    size_t size = offsetof(struct im_kept, exchange) + im_exchange_packed_size(exchange);
    /* the padding behind the struct may be more than all texts */
    struct im_kept *kept = malloc(size > sizeof(*kept) ? size : sizeof(*kept));

    if (!kept)
        return NULL;
    atomic_init(&kept->refs, 1);
    kept->size = size;
    kept->journal = journal;
    im_exchange_pack(&kept->exchange, exchange);
    return kept;
}

/* Room for one more: the ring grows by doubling until it holds `keep`, then the oldest goes. */
static bool ring_make_room_locked(struct im_journal *journal)
{
    if (journal->count < journal->room)
        return true;
    if (journal->room == journal->keep) {
        ring_drop_oldest_locked(journal);
        journal->dropped++;
        return true;
    }
    size_t room = journal->room ? journal->room * 2 : 16;
    if (room > journal->keep)
        room = journal->keep;
    struct im_kept **ring = malloc(room * sizeof(struct im_kept *));
    if (!ring)
        return false;
    assert(journal->room || !journal->count);
    for (size_t i = 0; i < journal->count; i++)
        ring[i] = ring_at_locked(journal, i);
    free(journal->ring);
    journal->ring = ring;
    journal->room = room;
    journal->first = 0;
    return true;
}

static void ring_add_locked(struct im_journal *journal, struct im_kept *kept)
{
    struct im_journal_memory *memory = journal->memory;

    journal->ring[(journal->first + journal->count++) % journal->room] = kept;
    kept->newer = NULL;
    kept->older = memory->newest;
    if (memory->newest)
        memory->newest->newer = kept;
    else
        memory->oldest = kept;
    memory->newest = kept;
    memory->used += kept->size;
    /* the oldest of all journals is the first of its ring */
    /* the one that was just added stays, however large it is */
    while (memory->used > memory->max && memory->oldest != memory->newest) {
        memory->oldest->journal->dropped++;
        ring_drop_oldest_locked(memory->oldest->journal);
    }
    for (struct im_journal_watch *watch = journal->watches; watch; watch = watch->next) {
        if (!filter_matches(&kept->exchange, &watch->filter))
            continue;
        /* a waker only says "look again", so it may be called under the lock */
        watch->missing -= watch->missing > 0;
        if (!watch->missing && watch->waker)
            watch->waker->wake(watch->waker);
    }
}

uint64_t im_journal_add(struct im_journal *journal, const struct im_exchange *exchange)
{
    struct im_kept *kept = kept_new(journal, exchange);

    journal_lock(journal);
    /* also where memory is short: the gap and `dropped` then show that one is missing */
    uint64_t id = ++journal->last_id;
    if (kept && ring_make_room_locked(journal)) {
        kept->exchange.id = id;
        ring_add_locked(journal, kept);
        kept = NULL;
    } else {
        journal->dropped++;
    }
    journal_unlock(journal);
    im_kept_unref(kept);
    return id;
}

/* Ids ascend by one but where memory was short. Without such a gap its place follows from the
 * newest id; with gaps it is at most as many places further on. */
static struct im_kept *ring_find_locked(const struct im_journal *journal, uint64_t id)
{
    uint64_t newer = journal->last_id - id;
    size_t at = newer < journal->count ? journal->count - 1 - (size_t)newer : 0;

    if (id > journal->last_id)
        return NULL;
    while (at < journal->count && ring_at_locked(journal, at)->exchange.id < id)
        at++;
    return at < journal->count && ring_at_locked(journal, at)->exchange.id == id
               ? ring_at_locked(journal, at)
               : NULL;
}

/* These two are the members that change later. */
void im_journal_delivered(struct im_journal *journal, uint64_t id, int64_t at_us,
                          bool heard)
{
    journal_lock(journal);
    struct im_kept *kept = ring_find_locked(journal, id);
    if (kept) {
        kept->exchange.delivered_us = at_us;
        kept->exchange.unheard = !heard;
    }
    journal_unlock(journal);
}

/* ---- reading ---- */

static size_t filter_count_locked(const struct im_journal *journal,
                                  const struct im_journal_filter *f)
{
    size_t n = 0;

    for (size_t i = 0; i < journal->count; i++)
        n += filter_matches(&ring_at_locked(journal, i)->exchange, f);
    return n;
}

struct im_kept **im_journal_keep(struct im_journal *journal, struct im_arena *arena,
                                 const struct im_journal_filter *filter, size_t *count)
{
    size_t n = 0;

    journal_lock(journal);
    /* counted first, for one array of the right size, and to know where the last ones begin */
    *count = filter_count_locked(journal, filter);
    size_t skip = filter->last && *count > filter->last ? *count - filter->last : 0;
    *count -= skip;
    struct im_kept **found =
        *count ? IM_ARENA_ARRAY(arena, struct im_kept *, *count) : NULL;
    for (size_t i = 0; found && n < *count; i++) {
        struct im_kept *kept = ring_at_locked(journal, i);
        if (!filter_matches(&kept->exchange, filter) || (skip && skip--))
            continue;
        atomic_fetch_add(&kept->refs, 1);
        found[n++] = kept;
    }
    journal_unlock(journal);
    *count = n;
    return found;
}

/* A copy of the struct, since im_journal_delivered may change it; its texts never change. */
struct im_exchange im_journal_look(struct im_journal *journal, const struct im_kept *kept)
{
    journal_lock(journal);
    struct im_exchange now = kept->exchange;
    journal_unlock(journal);
    return now;
}

/* Copied outside of the lock; takes over the reference. */
static const struct im_exchange *kept_copy(struct im_journal *journal,
                                           struct im_kept *kept, struct im_arena *arena)
{
    struct im_exchange now = im_journal_look(journal, kept);
    void *memory = im_arena_alloc(arena, im_exchange_packed_size(&now));
    const struct im_exchange *copy = memory ? im_exchange_pack(memory, &now) : NULL;

    im_kept_unref(kept);
    return copy;
}

struct im_exchange *im_journal_select(struct im_journal *journal, struct im_arena *arena,
                                      const struct im_journal_filter *filter,
                                      size_t *count)
{
    struct im_kept **kept = im_journal_keep(journal, arena, filter, count);
    struct im_exchange *found =
        kept ? IM_ARENA_ARRAY(arena, struct im_exchange, *count) : NULL;
    bool all = found != NULL;

    for (size_t i = 0; kept && i < *count; i++) {
        const struct im_exchange *copy = kept_copy(journal, kept[i], arena);
        all = all && copy;
        if (all)
            found[i] = *copy;
    }
    if (!all)
        *count = 0; /* all or none: memory was short */
    return all ? found : NULL;
}

const struct im_exchange *im_journal_get(struct im_journal *journal,
                                         struct im_arena *arena, uint64_t id)
{
    journal_lock(journal);
    struct im_kept *kept = ring_find_locked(journal, id);
    if (kept)
        atomic_fetch_add(&kept->refs, 1);
    journal_unlock(journal);
    return kept ? kept_copy(journal, kept, arena) : NULL;
}

/* ---- waiting ---- */

bool im_journal_watch(struct im_journal *journal, struct im_journal_watch *watch,
                      size_t count)
{
    journal_lock(journal);
    /* counting and watching are one step, so that no exchange comes in between unseen */
    size_t there = filter_count_locked(journal, &watch->filter);
    watch->missing = there < count ? count - there : 0;
    watch->previous = NULL;
    watch->next = journal->watches;
    if (watch->next)
        watch->next->previous = watch;
    journal->watches = watch;
    bool waits = watch->missing && !journal->interrupted;
    journal_unlock(journal);
    return waits;
}

void im_journal_unwatch(struct im_journal *journal, struct im_journal_watch *watch)
{
    journal_lock(journal);
    if (watch->next)
        watch->next->previous = watch->previous;
    if (watch->previous)
        watch->previous->next = watch->next;
    else
        journal->watches = watch->next;
    journal_unlock(journal);
}

void im_journal_interrupt(struct im_journal *journal)
{
    journal_lock(journal);
    journal->interrupted = true;
    for (struct im_journal_watch *watch = journal->watches; watch; watch = watch->next)
        if (watch->waker)
            watch->waker->wake(watch->waker);
    journal_unlock(journal);
}

bool im_journal_interrupted(struct im_journal *journal)
{
    journal_lock(journal);
    bool interrupted = journal->interrupted;
    journal_unlock(journal);
    return interrupted;
}

uint64_t im_journal_newest(struct im_journal *journal)
{
    journal_lock(journal);
    uint64_t newest = journal->last_id;
    journal_unlock(journal);
    return newest;
}

uint64_t im_journal_total(struct im_journal *journal)
{
    journal_lock(journal);
    uint64_t total = journal->count + journal->dropped;
    journal_unlock(journal);
    return total;
}

uint64_t im_journal_dropped(struct im_journal *journal)
{
    journal_lock(journal);
    uint64_t dropped = journal->dropped;
    journal_unlock(journal);
    return dropped;
}
