/* The journal as it grows: one server-sent event for each exchange (WHATWG HTML, section 9.2). The
 * journal wakes the stream when there is more to tell. */
#include "control/events.h"

#include "control/control.h"

static void write_event(const struct im_exchange *exchange, struct im_buf *piece)
{
    struct im_arena scratch;

    im_arena_init(&scratch, 0);
    im_buf_addf(piece,
                "id: %llu\nevent: exchange\ndata: ", (unsigned long long)exchange->id);
    /* one line: the writer makes no others */
    im_buf_add(piece, im_control_exchange(exchange, &scratch));
    im_buf_addz(piece, "\n\n");
    piece->failed |= scratch.failed;
    im_arena_release(&scratch);
}

/* A large journal goes out in several pieces. What does not match is not looked at again. */
static void write_news(struct im_events *events, uint64_t newest, struct im_buf *piece)
{
    struct im_journal *journal = events->box->journal;
    struct im_arena arena;
    size_t count;

    im_arena_init(&arena, 0);
    struct im_kept **news = im_journal_keep(journal, &arena, &events->filter, &count);
    piece->failed |= arena.failed;
    for (size_t i = 0; i < count; i++) {
        struct im_exchange exchange = im_journal_look(journal, news[i]);
        if (piece->len < IM_PIECE_BYTES) {
            write_event(&exchange, piece);
            events->filter.since = exchange.id;
        }
        im_kept_unref(news[i]);
    }
    if (count == 0 && !arena.failed)
        events->filter.since = newest;
    im_arena_release(&arena);
}

static bool next_piece(void *context, struct im_buf *piece)
{
    struct im_events *events = context;
    int64_t now_ms = im_clock_monotonic_ms();
    /* asked first, so that what was written down before the end is still told */
    bool over = im_journal_interrupted(events->box->journal);
    uint64_t newest = im_journal_newest(events->box->journal);

    if (newest > events->filter.since)
        write_news(events, newest, piece);
    if (!piece->len && now_ms - events->spoke_ms >= IM_EVENTS_SILENCE_MS)
        im_buf_addz(piece, ": alive\n\n");
    if (piece->len)
        events->spoke_ms = now_ms;
    events->res->stream_again_ms = events->spoke_ms + IM_EVENTS_SILENCE_MS;
    return !over && !piece->failed;
}

/* The stream outlives the call, and the sandbox must not go before it. */
static void end_stream(void *context)
{
    struct im_events *events = context;

    im_journal_unwatch(events->box->journal, &events->watch);
    im_sandboxes_waited(events->sandboxes);
    im_sandboxes_unref(events->sandboxes, events->box);
}

/* Where to go on: behind the event that the peer saw last, where that was one of this journal's. */
static bool read_last_seen(struct im_call *call, uint64_t newest, uint64_t *since)
{
    struct im_str text = im_request_header(call->req, "last-event-id");
    int64_t id;

    if (!text.len)
        return true;
    if (!im_str_int(text, &id) || id < 0) {
        im_control_refuse(call, 400, "Last-Event-ID",
                          "Last-Event-ID must be the id of an exchange, not \"%.*s\"",
                          IM_ARG(im_str_slice(text, 0, 60)));
        return false;
    }
    *since = (uint64_t)id <= newest ? (uint64_t)id : 0;
    return true;
}

void im_control_events(struct im_call *call)
{
    struct im_events *events = IM_ARENA_NEW(call->req->arena, struct im_events);
    struct im_question question;
    uint64_t newest = im_journal_newest(call->box->journal);

    if (!events || !im_control_question(call, false, &question))
        return;
    if (!question.has_since)
        question.filter.since = newest;
    if (!read_last_seen(call, newest, &question.filter.since))
        return;
    if (!im_sandboxes_may_wait(call->sandboxes)) {
        im_control_refuse_waiting(call);
        return;
    }
    *events = (struct im_events){call->sandboxes,
                                 call->box,
                                 call->res,
                                 question.filter,
                                 {.filter = question.filter, .waker = call->req->waker},
                                 im_clock_monotonic_ms()};
    im_journal_watch(call->box->journal, &events->watch, 0);
    im_sandboxes_ref(call->sandboxes, call->box);
    im_response_begin(call->res, 200, "text/event-stream");
    im_response_header(call->res, "Cache-Control", IM_STR("no-store"));
    im_response_header(call->res, "X-Accel-Buffering", IM_STR("no")); /* proxies */
    call->res->stream = next_piece;
    call->res->stream_end = end_stream;
    call->res->stream_context = events;
}
