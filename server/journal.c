/* The ring. An exchange is one allocation: the struct, followed by its texts. */
#include "journal.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/table.h"

struct im_journal {
    pthread_mutex_t lock;
    pthread_cond_t added;
    struct im_recorded **ring; /* grows up to `keep` */
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

static struct im_recorded *at_locked(const struct im_journal *journal, size_t index)
{
    return journal->ring[(journal->first + index) % journal->room];
}

static void empty_locked(struct im_journal *journal)
{
    for (size_t i = 0; i < journal->count; i++)
        free(at_locked(journal, i));
    journal->first = journal->count = 0;
}

void im_journal_free(struct im_journal *journal)
{
    if (!journal)
        return;
    empty_locked(journal);
    free(journal->ring);
    pthread_cond_destroy(&journal->added);
    pthread_mutex_destroy(&journal->lock);
    free(journal);
}

void im_journal_clear(struct im_journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    empty_locked(journal);
    journal->dropped = 0;
    pthread_mutex_unlock(&journal->lock);
}

/* ---- packing: every text of an exchange, visited in one order ---- */

enum { TEXTS = 17 + IM_NOTES_MAX };

static size_t texts_of(struct im_recorded *e, struct im_str **texts)
{
    struct im_str *all[] = {
        &e->method,   &e->target,    &e->peer,   &e->request_headers,  &e->request_body,
        &e->grant,    &e->client_id, &e->user,   &e->response_headers, &e->response_body,
        &e->scope,    &e->token,     &e->issued, &e->object,           &e->field,
        &e->evidence, &e->path,
    };
    size_t n = sizeof(all) / sizeof(all[0]);

    memcpy(texts, all, sizeof(all));
    for (size_t i = 0; i < e->note_count; i++)
        texts[n++] = &e->notes[i].text;
    return n;
}

/* Copies the exchange into `memory` (struct, then texts), which has room for it. */
static struct im_recorded *pack(void *memory, const struct im_recorded *from)
{
    struct im_recorded *copy = memory;
    struct im_str *texts[TEXTS];
    char *at = (char *)memory + sizeof(*copy);

    *copy = *from;
    size_t n = texts_of(copy, texts);
    for (size_t i = 0; i < n; i++) {
        if (texts[i]->len)
            memcpy(at, texts[i]->at, texts[i]->len);
        texts[i]->at = at;
        at += texts[i]->len;
    }
    return copy;
}

static size_t packed_size(const struct im_recorded *exchange)
{
    struct im_recorded copy = *exchange;
    struct im_str *texts[TEXTS];
    size_t size = sizeof(copy);
    size_t n = texts_of(&copy, texts);

    for (size_t i = 0; i < n; i++)
        size += texts[i]->len;
    return size;
}

/* ---- adding ---- */

static struct im_str request_header_lines(const struct im_request *req)
{
    struct im_buf lines;

    im_buf_init(&lines, req->arena, IM_JOURNAL_BODY_MAX);
    for (size_t i = 0; i < req->header_count; i++) {
        im_buf_add(&lines, req->headers[i].name);
        im_buf_addz(&lines, ": ");
        im_buf_add(&lines, req->headers[i].value);
        im_buf_addc(&lines, '\n');
    }
    return im_buf_str(&lines);
}

static struct im_str response_header_lines(const struct im_response *res)
{
    struct im_buf lines;

    im_buf_init(&lines, res->arena, IM_JOURNAL_BODY_MAX);
    for (size_t i = 0; i < res->header_count; i++) {
        im_buf_addz(&lines, res->headers[i].name);
        im_buf_addz(&lines, ": ");
        im_buf_add(&lines, res->headers[i].value);
        im_buf_addc(&lines, '\n');
    }
    return im_buf_str(&lines);
}

static uint64_t hash_call(const struct im_request *req)
{
    uint64_t hash = im_table_hash(im_table_hash(0, req->method), req->target);

    return im_table_hash(hash, req->body);
}

static struct im_recorded describe(const struct im_request *req,
                                   const struct im_response *res)
{
    const struct im_exchange *exchange = req->exchange;
    struct im_str answer = im_buf_str(&res->body);
    struct im_recorded e = {
        .at_ms = req->now_ms,
        .real_ms = im_clock_real_ms(),
        .method = req->method,
        .target = req->target,
        .peer = req->peer,
        .path = req->path,
        .connection = req->connection,
        .connection_us = req->connection_us,
        .began_us = req->began_us,
        .ended_us = im_clock_monotonic_us() + exchange->delay_ms * 1000,
        .rule = exchange->rule,
        .effect = exchange->effect,
        .fault = exchange->fault,
        .call = hash_call(req),
        .request_headers = request_header_lines(req),
        .request_body = im_str_slice(req->body, 0, IM_JOURNAL_BODY_MAX),
        .request_body_len = req->body.len,
        .status = res->status,
        .response_headers = response_header_lines(res),
        .response_body = im_str_slice(answer, 0, IM_JOURNAL_BODY_MAX),
        .response_body_len = answer.len,
        .endpoint = exchange->endpoint ? exchange->endpoint : "unknown",
        .grant = exchange->grant,
        .client_id = exchange->client_id,
        .user = exchange->user,
        .scope = exchange->scope,
        .token = exchange->token,
        .issued = exchange->issued,
        .object = exchange->object,
        .field = exchange->field,
        .cause = exchange->cause,
        .worded_as = exchange->worded_as,
        .evidence = exchange->evidence,
        .note_count = exchange->note_count,
    };

    memcpy(e.notes, exchange->notes, sizeof(e.notes));
    return e;
}

/* Room for one more: the ring grows by doubling until it holds `keep`, then the oldest goes. */
static bool make_room_locked(struct im_journal *journal)
{
    if (journal->count < journal->room)
        return true;
    if (journal->room == journal->keep) {
        free(at_locked(journal, 0));
        journal->first = (journal->first + 1) % journal->room;
        journal->count--;
        journal->dropped++;
        return true;
    }
    size_t room = journal->room ? journal->room * 2 : 16;
    if (room > journal->keep)
        room = journal->keep;
    struct im_recorded **ring = malloc(room * sizeof(struct im_recorded *));
    if (!ring)
        return false;
    assert(journal->room || !journal->count);
    for (size_t i = 0; i < journal->count; i++)
        ring[i] = at_locked(journal, i);
    free(journal->ring);
    journal->ring = ring;
    journal->room = room;
    journal->first = 0;
    return true;
}

uint64_t im_journal_add(struct im_journal *journal, const struct im_request *req,
                        const struct im_response *res, int64_t duration_us)
{
    struct im_recorded plain = describe(req, res);
    void *memory = malloc(packed_size(&plain));
    struct im_recorded *exchange = memory ? pack(memory, &plain) : NULL;

    pthread_mutex_lock(&journal->lock);
    uint64_t id = ++journal->last_id;
    if (exchange && make_room_locked(journal)) {
        exchange->id = id;
        exchange->duration_us = duration_us;
        journal->ring[(journal->first + journal->count++) % journal->room] = exchange;
        exchange = NULL;
        pthread_cond_broadcast(&journal->added);
    } else {
        journal->dropped++;
    }
    pthread_mutex_unlock(&journal->lock);
    free(exchange);
    return id;
}

void im_journal_left(struct im_journal *journal, uint64_t id)
{
    int64_t now_us = im_clock_monotonic_us();

    pthread_mutex_lock(&journal->lock);
    for (size_t i = 0; i < journal->count; i++)
        if (at_locked(journal, i)->id == id)
            at_locked(journal, i)->left_us = now_us;
    pthread_mutex_unlock(&journal->lock);
}

/* ---- looking ---- */

static bool warned_of(const struct im_recorded *e, enum im_cause cause)
{
    for (size_t i = 0; i < e->note_count; i++)
        if (e->notes[i].cause == cause)
            return true;
    return false;
}

static bool same_or_any(struct im_str wanted, struct im_str is)
{
    return !wanted.len || im_str_eq(wanted, is);
}

/* The target without /s/NAME; where nothing stands behind that, the path is all there is. */
static struct im_str below_base(const struct im_recorded *e)
{
    struct im_str whole = im_str_slice(e->target, 0, im_str_find(e->target, '?'));

    size_t base = whole.len - (e->path.len < whole.len ? e->path.len : whole.len);

    return im_str_eq(im_str_slice(whole, base, whole.len), e->path)
               ? im_str_slice(e->target, base, e->target.len)
               : e->path;
}

static bool matches(const struct im_recorded *e, const struct im_journal_filter *f)
{
    return e->id > f->since && (!f->status || f->status == e->status) &&
           (f->cause == CAUSE_NONE || f->cause == e->cause || warned_of(e, f->cause)) &&
           same_or_any(f->endpoint, im_str(e->endpoint)) &&
           same_or_any(f->method, e->method) && same_or_any(f->grant, e->grant) &&
           same_or_any(f->client_id, e->client_id) && same_or_any(f->user, e->user) &&
           (!f->path.len || im_str_glob(f->path, below_base(e)));
}

static size_t count_locked(const struct im_journal *journal,
                           const struct im_journal_filter *f)
{
    size_t n = 0;

    for (size_t i = 0; i < journal->count; i++)
        n += matches(at_locked(journal, i), f);
    return n;
}

/* Copies what matches into `found`; returns how many memory was enough for. */
static size_t copy_locked(const struct im_journal *journal, struct im_arena *arena,
                          const struct im_journal_filter *filter,
                          struct im_recorded *found)
{
    size_t n = 0;

    for (size_t i = 0; i < journal->count; i++) {
        const struct im_recorded *e = at_locked(journal, i);
        if (!matches(e, filter))
            continue;
        void *memory = im_arena_alloc(arena, packed_size(e));
        if (!memory)
            break;
        found[n++] = *pack(memory, e);
    }
    return n;
}

const struct im_recorded *im_journal_select(struct im_journal *journal,
                                            struct im_arena *arena,
                                            const struct im_journal_filter *filter,
                                            size_t *count)
{
    struct im_recorded *found;
    size_t n = 0;

    pthread_mutex_lock(&journal->lock);
    *count = count_locked(journal, filter);
    found = *count ? IM_ARENA_ARRAY(arena, struct im_recorded, *count) : NULL;
    if (found)
        n = copy_locked(journal, arena, filter, found);
    pthread_mutex_unlock(&journal->lock);
    if (n < *count)
        found = NULL; /* all or none: memory was short */
    *count = found ? n : 0;
    return found;
}

const struct im_recorded *im_journal_get(struct im_journal *journal,
                                         struct im_arena *arena, uint64_t id)
{
    const struct im_recorded *found = NULL;

    pthread_mutex_lock(&journal->lock);
    for (size_t i = 0; i < journal->count && !found; i++) {
        const struct im_recorded *e = at_locked(journal, i);
        void *memory = e->id == id ? im_arena_alloc(arena, packed_size(e)) : NULL;
        if (memory)
            found = pack(memory, e);
    }
    pthread_mutex_unlock(&journal->lock);
    return found;
}

size_t im_journal_wait(struct im_journal *journal, const struct im_journal_filter *filter,
                       size_t count, int64_t timeout_ms)
{
    struct timespec deadline = im_cond_deadline(timeout_ms);
    size_t n;

    pthread_mutex_lock(&journal->lock);
    while ((n = count_locked(journal, filter)) < count && !journal->interrupted)
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
