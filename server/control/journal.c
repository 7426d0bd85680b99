/* The journal over HTTP: read, waited for, exported, forgotten, and as it grows: one server-sent event
 * for each exchange (WHATWG HTML, section 9.2). The listener asks again and again for what is new, and
 * thereby notices a peer that left. */
#include "control/control.h"
#include "journal_query.h"

enum { PIECE_MAX = 256 * 1024 };

static bool read_query(struct im_call *call, bool waits, struct im_journal_query *query)
{
    struct im_json_fault fault;

    if (im_journal_query_read(call->req->query, waits, call->req->arena, query, &fault))
        return true;
    im_control_refuse_fault(call, &fault);
    return false;
}

static void answer_requests(struct im_call *call)
{
    struct im_journal_query query;

    if (!read_query(call, true, &query))
        return;
    im_control_begin(call, 200);
    im_journal_query_answer(call->box->journal, &query, call->req->arena, &call->out);
}

static void answer_request(struct im_call *call)
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
        return;
    }
    im_control_begin(call, 200);
    im_exchange_write(exchange, &call->out);
}

static void answer_requests_har(struct im_call *call)
{
    struct im_journal_query query;
    size_t count;

    if (!read_query(call, false, &query))
        return;
    const struct im_exchange *found =
        im_journal_select(call->box->journal, call->req->arena, &query.filter, &count);
    im_control_begin(call, 200);
    im_exchange_write_har(found, count, &call->out);
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

/* A large journal goes out in several pieces. What does not match is not looked at again. */
static void events_write_news(struct im_events *events, uint64_t newest,
                              struct im_buf *piece)
{
    struct im_arena arena;
    size_t count;

    im_arena_init(&arena, 0);
    const struct im_exchange *news =
        im_journal_select(events->box->journal, &arena, &events->filter, &count);
    piece->failed |= arena.failed;
    for (size_t i = 0; i < count && piece->len < PIECE_MAX; i++) {
        events_write_one(&news[i], piece);
        events->filter.since = news[i].id;
    }
    if (count == 0 && !arena.failed)
        events->filter.since = newest;
    im_arena_release(&arena);
}

static bool events_next_piece(void *context, struct im_buf *piece)
{
    struct im_events *events = context;
    int64_t now_ms = im_clock_monotonic_ms();
    /* asked first, so that what was written down before the end is still told */
    bool over = im_journal_interrupted(events->box->journal);
    uint64_t newest = im_journal_newest(events->box->journal);

    if (newest > events->filter.since)
        events_write_news(events, newest, piece);
    if (!piece->len && now_ms - events->spoke_ms >= IM_EVENTS_SILENCE_MS)
        im_buf_addz(piece, ": alive\n\n");
    if (piece->len)
        events->spoke_ms = now_ms;
    return !over && !piece->failed;
}

/* The stream outlives the call, and the sandbox must not go before it. */
static void events_end(void *context)
{
    struct im_events *events = context;

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

static void answer_events(struct im_call *call)
{
    struct im_events *events = IM_ARENA_NEW(call->req->arena, struct im_events);
    struct im_journal_query query;
    uint64_t newest = im_journal_newest(call->box->journal);

    if (!events || !read_query(call, false, &query))
        return;
    if (query.since < 0)
        query.filter.since = newest;
    if (!read_last_seen(call, newest, &query.filter.since))
        return;
    *events = (struct im_events){call->sandboxes, call->box, query.filter,
                                 im_clock_monotonic_ms()};
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
