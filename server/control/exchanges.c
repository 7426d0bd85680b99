/* What happened: the journal, read, waited for, exported, forgotten. */
#include "control/control.h"

/* ---- which exchanges ---- */

struct question {
    struct im_journal_filter filter;
    int64_t count, wait_ms;
};

static bool refuse_value(struct im_call *call, const char *name, struct im_str value,
                         const char *wanted)
{
    im_control_refuse(call, 400, name, "\"%s\" must be %s, not \"%.*s\"", name, wanted,
                      IM_ARG(im_str_slice(value, 0, 60)));
    return false;
}

static bool read_cause(struct im_call *call, struct im_str value, enum im_cause *cause)
{
    *cause = im_cause_find(value);
    return *cause != CAUSE_NONE ||
           refuse_value(call, "cause", value, "a cause (GET /__mock/causes lists them)");
}

static bool read_number(struct im_call *call, const char *name, struct im_str value,
                        int64_t *number)
{
    return (im_str_int(value, number) && *number >= 0) ||
           refuse_value(call, name, value, "a whole number, 0 or more");
}

static bool read_texts(const struct im_param *param, struct im_journal_filter *filter)
{
    const struct {
        const char *name;
        struct im_str *into;
    } texts[] = {
        {"endpoint", &filter->endpoint}, {"method", &filter->method},
        {"path", &filter->path},         {"grant", &filter->grant},
        {"client", &filter->client_id},  {"user", &filter->user},
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (im_str_is(param->name, texts[i].name)) {
            *texts[i].into = param->value;
            return true;
        }
    return false;
}

static bool read_param(struct im_call *call, const struct im_param *param,
                       struct question *question)
{
    struct im_str value = param->value;
    int64_t number = 0;

    if (read_texts(param, &question->filter))
        return true;
    if (im_str_is(param->name, "cause"))
        return read_cause(call, value, &question->filter.cause);
    if (im_str_is(param->name, "wait"))
        return (im_duration_parse(value, &question->wait_ms) && question->wait_ms >= 0 &&
                question->wait_ms <= 600000) ||
               refuse_value(call, "wait", value,
                            "a duration of at most 10m, such as \"5s\"");
    if (im_str_is(param->name, "count"))
        return read_number(call, "count", value, &question->count);
    if (im_str_is(param->name, "since")) {
        bool fine = read_number(call, "since", value, &number);
        question->filter.since = (uint64_t)number;
        return fine;
    }
    if (im_str_is(param->name, "status")) {
        bool fine = im_str_int(value, &number) && number >= 100 && number <= 599;
        question->filter.status = fine ? (int)number : 0;
        return fine || refuse_value(call, "status", value, "a status, 100 to 599");
    }
    im_control_refuse(
        call, 400, im_arena_copy(call->req->arena, param->name).at,
        "unknown parameter \"%.*s\"; there are endpoint, cause, status, grant, "
        "client, user, method, path, since, count and wait",
        IM_ARG(im_str_slice(param->name, 0, 60)));
    return false;
}

static bool read_question(struct im_call *call, struct question *question)
{
    struct im_params params;
    struct im_error err;

    *question = (struct question){.count = -1, .wait_ms = 0};
    if (!im_request_query(call->req, &params, &err)) {
        im_control_refuse(call, 400, NULL, "%s", err.text);
        return false;
    }
    for (size_t i = 0; i < params.count; i++)
        if (!read_param(call, &params.items[i], question))
            return false;
    return true;
}

/* ---- answers ---- */

/* Redaction copies what it looks at: that memory goes again after every exchange. */
static void write_exchange(struct im_call *call, const struct im_exchange *exchange)
{
    struct im_arena scratch;
    struct im_json_out out;
    struct im_buf text;

    im_arena_init(&scratch, 0);
    im_buf_init(&text, &scratch, 0);
    im_json_out_init(&out, &text);
    im_exchange_write(exchange, &out);
    if (text.failed || scratch.failed)
        call->res->body.failed = true;
    im_json_raw(&call->out, NULL, im_buf_str(&text));
    im_arena_release(&scratch);
}

static void answer_requests(struct im_call *call)
{
    struct im_journal *journal = call->box->journal;
    struct question question;
    size_t count;

    if (!read_question(call, &question))
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
    struct question question;
    size_t count;

    if (!read_question(call, &question))
        return;
    const struct im_exchange *found =
        im_journal_select(call->box->journal, call->req->arena, &question.filter, &count);
    im_control_begin(call, 200);
    im_exchanges_write_har(found, count, &call->out);
}

static void answer_forget(struct im_call *call)
{
    im_journal_clear(call->box->journal);
    call->res->status = 204;
}

const struct im_control_route im_control_journal_routes[] = {
    {"GET", "/sandboxes/{name}/requests", answer_requests, false,
     "the journal; ?endpoint= ?cause= ?status= ?since= ?count=N&wait=5s"},
    {"GET", "/sandboxes/{name}/requests/{id}", answer_one, false,
     "one exchange with evidence"},
    {"DELETE", "/sandboxes/{name}/requests", answer_forget, false, "forget them"},
    {"GET", "/sandboxes/{name}/requests.har", answer_har, false,
     "the journal as HTTP Archive"},
};
const size_t im_control_journal_route_count =
    sizeof(im_control_journal_routes) / sizeof(im_control_journal_routes[0]);
