/* What happened: the journal, read, waited for, exported, forgotten. */
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

static void write_exchange(struct im_call *call, const struct im_exchange *exchange)
{
    struct im_arena scratch;

    im_arena_init(&scratch, 0);
    im_json_raw(&call->out, NULL, im_control_exchange(exchange, &scratch));
    call->res->body.failed |= scratch.failed;
    im_arena_release(&scratch);
}

static void answer_requests(struct im_call *call)
{
    struct im_journal *journal = call->box->journal;
    struct im_question question;
    size_t count;

    if (!im_control_question(call, true, &question))
        return;
    if (question.wait_ms > 0)
        im_journal_wait(journal, &question.filter,
                        question.count < 0 ? 1 : (size_t)question.count,
                        question.wait_ms);
    const struct im_exchange *found =
        im_journal_select(journal, call->req->arena, &question.filter, &count);
    im_control_begin(call, 200);
    im_json_open_object(&call->out, NULL);
    im_json_int(&call->out, "count", (int64_t)count);
    im_json_int(&call->out, "dropped", (int64_t)im_journal_dropped(journal));
    im_json_open_array(&call->out, "requests");
    for (size_t i = 0; i < count; i++)
        write_exchange(call, &found[i]);
    im_json_close_array(&call->out);
    im_json_close_object(&call->out);
}

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

static void answer_har(struct im_call *call)
{
    struct im_question question;
    size_t count;

    if (!im_control_question(call, false, &question))
        return;
    const struct im_exchange *found =
        im_journal_select(call->box->journal, call->req->arena, &question.filter, &count);
    im_control_begin(call, 200);
    im_exchange_write_har(found, count, &call->out);
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
