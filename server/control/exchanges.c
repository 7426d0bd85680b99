/* What happened: the journal, read, waited for, exported, forgotten. A long one is written
 * piece by piece, as fast as its reader takes it, so that slow readers cost neither memory
 * nor a thread. */
#include "control/control.h"

/* ---- answers ---- */

struct im_str im_control_exchange(const struct im_exchange *exchange,
                                  struct im_arena *scratch)
{
    struct im_json_out out;
    struct im_buf text;

    im_buf_init(&text, scratch, 0);
    im_json_out_init(&out, &text);
    im_exchange_write(exchange, &out);
    if (text.failed)
        scratch->failed = true;
    return im_buf_str(&text);
}

/* ---- a list of exchanges, in pieces ---- */

/* Lifetime: request. */
struct listing {
    struct im_sandboxes *sandboxes;
    struct im_sandbox *box; /* with a reference */
    struct im_kept **kept;
    size_t count, at;
    void (*write)(const struct im_exchange *exchange, struct im_json_out *out);
    const char *tail;
};

static void write_next(struct listing *list, struct im_buf *text)
{
    struct im_kept *kept = list->kept[list->at];
    struct im_exchange exchange = im_journal_look(list->box->journal, kept);
    struct im_arena scratch;
    struct im_json_out out;
    struct im_buf one;

    im_arena_init(&scratch, 0);
    im_buf_init(&one, &scratch, 0);
    im_json_out_init(&out, &one);
    list->write(&exchange, &out);
    if (list->at++)
        im_buf_addc(text, ',');
    im_buf_add(text, im_buf_str(&one));
    text->failed |= scratch.failed || one.failed;
    im_arena_release(&scratch);
    im_kept_unref(kept);
}

/* False after the last piece. */
static bool write_piece(void *context, struct im_buf *text)
{
    struct listing *list = context;
    size_t before = text->len;

    while (list->at < list->count && text->len - before < IM_PIECE_BYTES && !text->failed)
        write_next(list, text);
    if (list->at < list->count)
        return !text->failed;
    im_buf_addz(text, list->tail);
    return false;
}

static void listing_end(void *context)
{
    struct listing *list = context;

    while (list->at < list->count)
        im_kept_unref(list->kept[list->at++]);
    im_sandboxes_unref(list->sandboxes, list->box);
}

/* What fits in one piece is an ordinary answer. The head of the document stands in the
 * body. */
static void answer_listing(struct im_call *call, const struct listing *params)
{
    struct listing *list = IM_ARENA_NEW(call->req->arena, struct listing);
    struct im_response *res = call->res;

    if (!list) { /* the arena's mark tells it */
        for (size_t i = 0; i < params->count; i++)
            im_kept_unref(params->kept[i]);
        return;
    }
    *list = *params;
    list->sandboxes = call->sandboxes;
    list->box = call->box;
    im_sandboxes_ref(call->sandboxes, call->box);
    if (!write_piece(list, &res->body) || res->body.failed) {
        listing_end(list);
        return;
    }
    res->stream = write_piece;
    res->stream_ends = true;
    res->stream_end = listing_end;
    res->stream_context = list;
}

static void list_requests(struct im_call *call, const struct im_question *question)
{
    struct listing list = {.write = im_exchange_write, .tail = "]}"};
    struct im_journal *journal = call->box->journal;

    list.kept =
        im_journal_keep(journal, call->req->arena, &question->filter, &list.count);
    im_control_begin(call, 200);
    im_buf_addf(&call->res->body, "{\"count\":%zu,\"dropped\":%llu,\"requests\":[",
                list.count, (unsigned long long)im_journal_dropped(journal));
    answer_listing(call, &list);
}

static void answer_har(struct im_call *call)
{
    struct listing list = {.write = im_har_write_entry, .tail = IM_HAR_TAIL};
    struct im_question question;

    if (!im_control_question(call, false, &question))
        return;
    list.kept = im_journal_keep(call->box->journal, call->req->arena, &question.filter,
                                &list.count);
    im_control_begin(call, 200);
    im_har_write_head(&call->res->body);
    answer_listing(call, &list);
}

/* ---- waiting for exchanges, without a thread ---- */

/* Lifetime: request. */
struct wait {
    struct im_call *call;
    struct im_question question;
    struct im_journal_watch watch;
};

static void wait_resume(void *context);

/* True when it waits: `resume` is set then. */
static bool wait_begin(struct wait *wait)
{
    const struct im_question *question = &wait->question;
    struct im_response *res = wait->call->res;
    struct im_journal *journal = wait->call->box->journal;

    wait->watch = (struct im_journal_watch){.filter = question->filter,
                                            .waker = wait->call->req->waker};
    if (im_journal_watch(journal, &wait->watch,
                         question->count < 0 ? 1 : (size_t)question->count)) {
        res->resume = wait_resume;
        return true;
    }
    im_journal_unwatch(journal, &wait->watch);
    return false;
}

/* Enough match, or its time is over, or its client has gone, or the server stops; or it
 * was woken for nothing. */
static void wait_resume(void *context)
{
    struct wait *wait = context;
    struct im_response *res = wait->call->res;

    res->resume = NULL;
    im_journal_unwatch(wait->call->box->journal, &wait->watch);
    if (!res->abandoned && im_clock_monotonic_ms() < res->resume_ms && wait_begin(wait))
        return;
    im_sandboxes_waited(wait->call->sandboxes);
    if (!res->abandoned)
        list_requests(wait->call, &wait->question);
    im_control_end(wait->call);
}

static void answer_requests(struct im_call *call)
{
    struct wait *wait = IM_ARENA_NEW(call->req->arena, struct wait);
    struct im_response *res = call->res;

    if (!wait || !im_control_question(call, true, &wait->question))
        return;
    wait->call = call;
    res->resume_context = wait;
    res->resume_ms = im_clock_monotonic_ms() + wait->question.wait_ms;
    res->resume_if_gone = true;
    if (wait->question.wait_ms > 0 && !im_sandboxes_may_wait(call->sandboxes)) {
        im_control_refuse_waiting(call);
        return;
    }
    if (wait->question.wait_ms > 0 && wait_begin(wait))
        return;
    if (wait->question.wait_ms > 0)
        im_sandboxes_waited(call->sandboxes);
    list_requests(call, &wait->question);
}

/* ---- the rest ---- */

static void answer_one(struct im_call *call)
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

static void answer_forget(struct im_call *call)
{
    im_journal_clear(call->box->journal);
    call->res->status = 204;
}

const struct im_control_route im_control_journal_routes[] = {
    {"GET", "/sandboxes/{name}/requests", answer_requests, false,
     "the journal; ?endpoint= ?cause= ?status= ?since= ?count=N&wait=5s", NULL},
    {"GET", "/sandboxes/{name}/requests/{id}", answer_one, false,
     "one exchange with evidence", NULL},
    {"DELETE", "/sandboxes/{name}/requests", answer_forget, false, "forget them", NULL},
    {"GET", "/sandboxes/{name}/requests.har", answer_har, false,
     "the journal as HTTP Archive", NULL},
    {"GET", "/sandboxes/{name}/events", im_control_events, false,
     "the journal as it grows: server-sent events; filters as for requests", NULL},
};
const size_t im_control_journal_route_count =
    sizeof(im_control_journal_routes) / sizeof(im_control_journal_routes[0]);
