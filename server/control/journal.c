/* The journal over HTTP: read, waited for, exported, forgotten, and as it grows: one server-sent event
 * for each exchange (WHATWG HTML, section 9.2). A long one is written piece by piece, as fast as its
 * reader takes it, and the journal wakes the calls that wait: slow readers cost neither memory nor a
 * thread. */
#include "control/control.h"
#include "journal_query.h"

static bool call_read_query(struct im_call *call, bool waits,
                            struct im_journal_query *query)
{
    struct im_json_fault fault;

    if (im_journal_query_read(call->req->query, waits, call->req->arena, query, &fault))
        return true;
    im_control_refuse_fault(call, &fault);
    return false;
}

/* ---- a list, in pieces ---- */

/* Lifetime: request. */
struct listing_stream {
    struct im_sandboxes *sandboxes;
    struct im_sandbox *box; /* with a reference */
    struct im_listing list;
};

static bool listing_stream_write(void *context, struct im_buf *text)
{
    struct listing_stream *stream = context;

    return im_listing_write(&stream->list, text);
}

static void listing_stream_end(void *context)
{
    struct listing_stream *stream = context;

    im_listing_end(&stream->list);
    im_sandboxes_unref(stream->sandboxes, stream->box);
}

/* What fits in one piece is an ordinary answer, with a Content-Length. The beginning of the document is
 * in the body already. */
static void answer_listing(struct im_call *call, struct im_listing *list)
{
    struct listing_stream *stream = IM_ARENA_NEW(call->req->arena, struct listing_stream);
    struct im_response *res = call->res;

    if (!stream) { /* the arena's mark makes it a 500 */
        im_listing_end(list);
        return;
    }
    *stream = (struct listing_stream){call->sandboxes, call->box, *list};
    im_sandboxes_ref(call->sandboxes, call->box);
    if (!listing_stream_write(stream, &res->body) || res->body.failed) {
        listing_stream_end(stream);
        return;
    }
    res->stream = listing_stream_write;
    res->stream_ends = true;
    res->stream_end = listing_stream_end;
    res->stream_context = stream;
}

static void answer_list(struct im_call *call, const struct im_journal_query *query)
{
    struct im_listing list;

    im_control_begin(call, 200);
    im_listing_begin(&list, call->box->journal, &query->filter, call->req->arena,
                     &call->res->body);
    answer_listing(call, &list);
}

static void answer_requests_har(struct im_call *call)
{
    struct im_journal_query query;
    struct im_listing list;

    if (!call_read_query(call, false, &query))
        return;
    im_control_begin(call, 200);
    im_listing_begin_har(&list, call->box->journal, &query.filter, call->req->arena,
                         &call->res->body);
    answer_listing(call, &list);
}

/* ---- waiting for exchanges, without a thread ---- */

/* Lifetime: request. */
struct exchanges_wait {
    struct im_call *call;
    struct im_journal_query query;
    struct im_journal_watch watch;
};

static void exchanges_wait_resume(void *context);

/* True when it waits: `resume` is set then. */
static bool exchanges_wait_begin(struct exchanges_wait *wait)
{
    const struct im_journal_query *query = &wait->query;
    struct im_response *res = wait->call->res;
    struct im_journal *journal = wait->call->box->journal;

    wait->watch = (struct im_journal_watch){.filter = query->filter,
                                            .waker = wait->call->req->waker};
    if (im_journal_watch(journal, &wait->watch,
                         query->count < 0 ? 1 : (size_t)query->count)) {
        res->resume = exchanges_wait_resume;
        return true;
    }
    im_journal_unwatch(journal, &wait->watch);
    return false;
}

/* Enough match, or its time is over, or its client has gone, or the server stops; or none of these: then
 * it waits again. */
static void exchanges_wait_resume(void *context)
{
    struct exchanges_wait *wait = context;
    struct im_response *res = wait->call->res;

    res->resume = NULL;
    im_journal_unwatch(wait->call->box->journal, &wait->watch);
    if (!res->abandoned && im_clock_monotonic_ms() < res->resume_ms &&
        exchanges_wait_begin(wait))
        return;
    im_sandboxes_waited(wait->call->sandboxes);
    if (!res->abandoned)
        answer_list(wait->call, &wait->query);
    im_control_end(wait->call);
}

static void answer_requests(struct im_call *call)
{
    struct exchanges_wait *wait = IM_ARENA_NEW(call->req->arena, struct exchanges_wait);
    struct im_response *res = call->res;

    if (!wait || !call_read_query(call, true, &wait->query))
        return;
    wait->call = call;
    res->resume_context = wait;
    res->resume_ms = im_clock_monotonic_ms() + wait->query.wait_ms;
    res->resume_if_gone = true;
    if (wait->query.wait_ms > 0 && !im_sandboxes_may_wait(call->sandboxes)) {
        im_control_refuse_waiting(call);
        return;
    }
    if (wait->query.wait_ms > 0 && exchanges_wait_begin(wait))
        return;
    if (wait->query.wait_ms > 0)
        im_sandboxes_waited(call->sandboxes);
    answer_list(call, &wait->query);
}

/* ---- the rest ---- */

const struct im_exchange *im_control_exchange(struct im_call *call)
{
    const struct im_exchange *exchange = NULL;
    int64_t id;

    if (im_str_int(call->id, &id) && id > 0)
        exchange = im_journal_get(call->box->journal, call->req->arena, (uint64_t)id);
    if (!exchange) {
        im_control_refuse(
            call, 404, NULL,
            "there is no exchange %.*s (any more); the journal keeps the newest %lld",
            IM_ARG(im_str_slice(call->id, 0, 30)),
            (long long)call->sandboxes->settings.journal_keep);
    }
    return exchange;
}

static void answer_request(struct im_call *call)
{
    const struct im_exchange *exchange = im_control_exchange(call);

    if (!exchange)
        return;
    im_control_begin(call, 200);
    im_exchange_write(exchange, &call->out);
}

static void answer_forget_requests(struct im_call *call)
{
    im_journal_clear(call->box->journal);
    call->res->status = 204;
}

/* ---- as it grows ---- */

static void events_write_one(const struct im_exchange *exchange, struct im_buf *piece)
{
    struct im_arena scratch;

    im_arena_init(&scratch, 0);
    im_buf_addf(piece,
                "id: %llu\nevent: exchange\ndata: ", (unsigned long long)exchange->id);
    /* one line: the writer makes no others */
    im_buf_add(piece, im_exchange_text(exchange, &scratch));
    im_buf_addz(piece, "\n\n");
    piece->failed |= scratch.failed;
    im_arena_release(&scratch);
}

/* A large journal is sent in several pieces. Exchanges that do not match are skipped the next time. */
static void events_write_news(struct im_events *events, uint64_t newest,
                              struct im_buf *piece)
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
            events_write_one(&exchange, piece);
            events->filter.since = exchange.id;
        }
        im_kept_unref(news[i]);
    }
    if (count == 0 && !arena.failed)
        events->filter.since = newest;
    im_arena_release(&arena);
}

static bool events_next_piece(void *context, struct im_buf *piece)
{
    struct im_events *events = context;
    int64_t now_ms = im_clock_monotonic_ms();
    /* asked first, so that what was recorded before the end is still sent */
    bool over = im_journal_interrupted(events->box->journal);
    uint64_t newest = im_journal_newest(events->box->journal);

    if (newest > events->filter.since)
        events_write_news(events, newest, piece);
    if (!piece->len && now_ms - events->spoke_ms >= IM_EVENTS_SILENCE_MS)
        im_buf_addz(piece, ": alive\n\n");
    if (piece->len)
        events->spoke_ms = now_ms;
    events->res->stream_again_ms = events->spoke_ms + IM_EVENTS_SILENCE_MS;
    return !over && !piece->failed;
}

/* The stream outlives the call, and the sandbox must not go before it. */
static void events_end(void *context)
{
    struct im_events *events = context;

    im_journal_unwatch(events->box->journal, &events->watch);
    im_sandboxes_waited(events->sandboxes);
    im_sandboxes_unref(events->sandboxes, events->box);
}

/* Where to go on: after the last event that the peer has received, if it is one of this journal. */
static bool call_read_last_event(struct im_call *call, uint64_t newest, uint64_t *since)
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

static void answer_events(struct im_call *call)
{
    struct im_events *events = IM_ARENA_NEW(call->req->arena, struct im_events);
    struct im_journal_query query;
    uint64_t newest = im_journal_newest(call->box->journal);

    if (!events || !call_read_query(call, false, &query))
        return;
    if (query.since < 0)
        query.filter.since = newest;
    if (!call_read_last_event(call, newest, &query.filter.since))
        return;
    if (!im_sandboxes_may_wait(call->sandboxes)) {
        im_control_refuse_waiting(call);
        return;
    }
    *events = (struct im_events){call->sandboxes,
                                 call->box,
                                 call->res,
                                 query.filter,
                                 {.filter = query.filter, .waker = call->req->waker},
                                 im_clock_monotonic_ms()};
    im_journal_watch(call->box->journal, &events->watch, 0);
    im_sandboxes_ref(call->sandboxes, call->box);
    im_response_begin(call->res, 200, "text/event-stream");
    im_response_header(call->res, "Cache-Control", IM_STR("no-store"));
    im_response_header(call->res, "X-Accel-Buffering", IM_STR("no")); /* proxies */
    call->res->stream = events_next_piece;
    call->res->stream_end = events_end;
    call->res->stream_context = events;
}

const struct im_control_route im_control_journal_routes[] = {
    {"GET", "/sandboxes/{name}/requests", answer_requests, false,
     "the journal; ?endpoint= ?cause= ?status= ?since= ?count=N&wait=5s", NULL},
    {"GET", "/sandboxes/{name}/requests/{id}", answer_request, false,
     "one exchange with evidence", NULL},
    {"DELETE", "/sandboxes/{name}/requests", answer_forget_requests, false, "forget them",
     NULL},
    {"GET", "/sandboxes/{name}/requests.har", answer_requests_har, false,
     "the journal as HTTP Archive", NULL},
    {"GET", "/sandboxes/{name}/events", answer_events, false,
     "the journal as it grows: server-sent events; filters as for requests", NULL},
};
const size_t im_control_journal_route_count =
    sizeof(im_control_journal_routes) / sizeof(im_control_journal_routes[0]);
