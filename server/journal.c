/* The ring of exchanges, behind one lock. An exchange is one allocation: the struct, followed by its
 * texts. */
#include "journal.h"

#include <assert.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/table.h"

struct im_journal {
    pthread_mutex_t lock;
    pthread_cond_t added;
    struct im_exchange **ring; /* grows up to `keep` */
    size_t room, keep;
    size_t first, count;
    uint64_t last_id, dropped;
    bool interrupted;
};

struct im_journal *im_journal_new(size_t keep)
{
    struct im_journal *journal = calloc(1, sizeof(*journal));

    if (!journal)
        return NULL;
    journal->keep = keep ? keep : 1;
    pthread_mutex_init(&journal->lock, NULL);
    im_cond_init(&journal->added);
    return journal;
}

static struct im_exchange *ring_at_locked(const struct im_journal *journal, size_t index)
{
    return journal->ring[(journal->first + index) % journal->room];
}

static void ring_empty_locked(struct im_journal *journal)
{
    for (size_t i = 0; i < journal->count; i++)
        free(ring_at_locked(journal, i));
    journal->first = journal->count = 0;
}

void im_journal_free(struct im_journal *journal)
{
    if (!journal)
        return;
    ring_empty_locked(journal);
    free(journal->ring);
    pthread_cond_destroy(&journal->added);
    pthread_mutex_destroy(&journal->lock);
    free(journal);
}

void im_journal_clear(struct im_journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    ring_empty_locked(journal);
    journal->dropped = 0;
    pthread_mutex_unlock(&journal->lock);
}

/* ---- packing ---- */

/* Every text of an exchange, beside those of its notes. */
static const size_t texts[] = {
#define TEXT(member) offsetof(struct im_exchange, member)
    TEXT(method),
    TEXT(target),
    TEXT(peer),
    TEXT(path),
    TEXT(request_headers),
    TEXT(request_body),
    TEXT(grant),
    TEXT(client_id),
    TEXT(user),
    TEXT(scope),
    TEXT(token),
    TEXT(issued),
    TEXT(object),
    TEXT(field),
    TEXT(evidence),
    TEXT(redirect_uri),
    TEXT(state),
    TEXT(allow),
    TEXT(response_headers),
    TEXT(response_body),
#undef TEXT
};
enum { TEXTS = sizeof(texts) / sizeof(texts[0]) };

static size_t exchange_packed_size(const struct im_exchange *exchange)
{
    size_t size = sizeof(*exchange);

    for (size_t i = 0; i < TEXTS; i++)
        size += ((const struct im_str *)(const void *)((const char *)exchange + texts[i]))
                    ->len;
    for (size_t i = 0; i < exchange->note_count; i++)
        size += exchange->notes[i].text.len;
    return size;
}

/* Copies the text to `at` and points it there; returns what is behind. */
static char *exchange_pack_text(struct im_str *text, char *at)
{
    if (text->len)
        memcpy(at, text->at, text->len);
    text->at = at;
    return at + text->len;
}

/* Copies the exchange into `memory` (struct, then texts), which has room for it. */
static struct im_exchange *exchange_pack(void *memory, const struct im_exchange *from)
{
    struct im_exchange *copy = memory;
    char *at = (char *)memory + sizeof(*copy);

    *copy = *from;
    for (size_t i = 0; i < TEXTS; i++)
        at = exchange_pack_text((struct im_str *)(void *)((char *)copy + texts[i]), at);
    for (size_t i = 0; i < copy->note_count; i++)
        at = exchange_pack_text(&copy->notes[i].text, at);
    return copy;
}

/* ---- adding ---- */

/* Room for one more: the ring grows by doubling until it holds `keep`, then the oldest goes. */
static bool ring_make_room_locked(struct im_journal *journal)
{
    if (journal->count < journal->room)
        return true;
    if (journal->room == journal->keep) {
        free(ring_at_locked(journal, 0));
        journal->first = (journal->first + 1) % journal->room;
        journal->count--;
        journal->dropped++;
        return true;
    }
    size_t room = journal->room ? journal->room * 2 : 16;
    if (room > journal->keep)
        room = journal->keep;
    struct im_exchange **ring = malloc(room * sizeof(struct im_exchange *));
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

uint64_t im_journal_add(struct im_journal *journal, const struct im_exchange *exchange)
{
    /* copied before the lock is taken: the others wait for a pointer, not for texts */
    void *memory = malloc(exchange_packed_size(exchange));
    struct im_exchange *copy = memory ? exchange_pack(memory, exchange) : NULL;

    pthread_mutex_lock(&journal->lock);
    uint64_t id = ++journal->last_id;
    if (copy && ring_make_room_locked(journal)) {
        copy->id = id;
        journal->ring[(journal->first + journal->count++) % journal->room] = copy;
        copy = NULL;
        pthread_cond_broadcast(&journal->added);
    } else {
        journal->dropped++;
    }
    pthread_mutex_unlock(&journal->lock);
    free(copy);
    return id;
}

/* Ids ascend, with gaps where memory was short, so the place of one is found by halving. */
static struct im_exchange *ring_find_locked(const struct im_journal *journal, uint64_t id)
{
    size_t low = 0, high = journal->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ring_at_locked(journal, middle)->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < journal->count && ring_at_locked(journal, low)->id == id
               ? ring_at_locked(journal, low)
               : NULL;
}

void im_journal_delivered(struct im_journal *journal, uint64_t id, int64_t at_us)
{
    pthread_mutex_lock(&journal->lock);
    struct im_exchange *exchange = ring_find_locked(journal, id);
    if (exchange)
        exchange->delivered_us = at_us;
    pthread_mutex_unlock(&journal->lock);
}

/* ---- looking ---- */

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

/* The target without /s/NAME; where nothing stands behind that, the path is all there is. */
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
    return e->id > f->since && (!f->status || f->status == e->status) &&
           (f->cause == CAUSE_NONE || f->cause == e->cause ||
            exchange_warned_of(e, f->cause)) &&
           (!f->endpoint || f->endpoint == e->endpoint) &&
           filter_takes(f->method, e->method) && filter_takes(f->grant, e->grant) &&
           filter_takes(f->client_id, e->client_id) && filter_takes(f->user, e->user) &&
           (!f->path.len || im_str_glob(f->path, target_below_base(e)));
}

static size_t filter_count_locked(const struct im_journal *journal,
                                  const struct im_journal_filter *f)
{
    size_t n = 0;

    for (size_t i = 0; i < journal->count; i++)
        n += filter_matches(ring_at_locked(journal, i), f);
    return n;
}

/* Copies what matches into `found`; returns how many memory was enough for. */
static size_t filter_copy_locked(const struct im_journal *journal, struct im_arena *arena,
                                 const struct im_journal_filter *filter,
                                 struct im_exchange *found)
{
    size_t n = 0;

    for (size_t i = 0; i < journal->count; i++) {
        const struct im_exchange *e = ring_at_locked(journal, i);
        if (!filter_matches(e, filter))
            continue;
        void *memory = im_arena_alloc(arena, exchange_packed_size(e));
        if (!memory)
            break;
        found[n++] = *exchange_pack(memory, e);
    }
    return n;
}

const struct im_exchange *im_journal_select(struct im_journal *journal,
                                            struct im_arena *arena,
                                            const struct im_journal_filter *filter,
                                            size_t *count)
{
    struct im_exchange *found;
    size_t n = 0;

    pthread_mutex_lock(&journal->lock);
    *count = filter_count_locked(journal, filter);
    found = *count ? IM_ARENA_ARRAY(arena, struct im_exchange, *count) : NULL;
    if (found)
        n = filter_copy_locked(journal, arena, filter, found);
    pthread_mutex_unlock(&journal->lock);
    if (n < *count)
        found = NULL; /* all or none: memory was short */
    *count = found ? n : 0;
    return found;
}

const struct im_exchange *im_journal_get(struct im_journal *journal,
                                         struct im_arena *arena, uint64_t id)
{
    const struct im_exchange *found = NULL;

    pthread_mutex_lock(&journal->lock);
    const struct im_exchange *kept = ring_find_locked(journal, id);
    void *memory = kept ? im_arena_alloc(arena, exchange_packed_size(kept)) : NULL;
    if (memory)
        found = exchange_pack(memory, kept);
    pthread_mutex_unlock(&journal->lock);
    return found;
}

size_t im_journal_wait(struct im_journal *journal, const struct im_journal_filter *filter,
                       size_t count, int64_t timeout_ms)
{
    struct timespec deadline = im_cond_deadline(timeout_ms);
    size_t n;

    pthread_mutex_lock(&journal->lock);
    while ((n = filter_count_locked(journal, filter)) < count && !journal->interrupted)
        if (pthread_cond_timedwait(&journal->added, &journal->lock, &deadline))
            break;
    pthread_mutex_unlock(&journal->lock);
    return n;
}

void im_journal_interrupt(struct im_journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    journal->interrupted = true;
    pthread_cond_broadcast(&journal->added);
    pthread_mutex_unlock(&journal->lock);
}

bool im_journal_interrupted(struct im_journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    bool interrupted = journal->interrupted;
    pthread_mutex_unlock(&journal->lock);
    return interrupted;
}

uint64_t im_journal_newest(struct im_journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    uint64_t newest = journal->last_id;
    pthread_mutex_unlock(&journal->lock);
    return newest;
}

uint64_t im_journal_total(struct im_journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    uint64_t total = journal->count + journal->dropped;
    pthread_mutex_unlock(&journal->lock);
    return total;
}

uint64_t im_journal_dropped(struct im_journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    uint64_t dropped = journal->dropped;
    pthread_mutex_unlock(&journal->lock);
    return dropped;
}
