/* Work without a socket, on the caller's thread: a request that is handed in is answered,
 * and exchanges are waited for. Here alone a thread waits for what waits on purpose. */
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "http/framing.h"
#include "journal_query.h"
#include "router.h"
#include "server_inside.h"

/* ---- to the end of an answer ---- */

/* A caller's thread that waits for an answer which waits on purpose. */
struct sleeper {
    struct im_waker waker; /* first: the waker is the sleeper */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool woken;
};

static void sleeper_wake(struct im_waker *waker)
{
    struct sleeper *sleeper = (struct sleeper *)(void *)waker;

    pthread_mutex_lock(&sleeper->lock);
    sleeper->woken = true;
    pthread_cond_signal(&sleeper->changed);
    pthread_mutex_unlock(&sleeper->lock);
}

static void sleeper_sleep_until(struct sleeper *sleeper, int64_t until_ms)
{
    int64_t for_ms = until_ms - im_clock_monotonic_ms();
    struct timespec when = im_cond_deadline(for_ms > 0 ? for_ms : 0);

    pthread_mutex_lock(&sleeper->lock);
    while (!sleeper->woken)
        if (pthread_cond_timedwait(&sleeper->changed, &sleeper->lock, &when))
            break;
    sleeper->woken = false;
    pthread_mutex_unlock(&sleeper->lock);
}

/* A stream that ends by itself becomes the body; of one that does not (events) the headers are all. */
static void stream_collect(struct im_response *res)
{
    while (res->stream && res->stream_ends && !res->body.failed &&
           res->stream(res->stream_context, &res->body))
        continue;
    if (res->stream_end)
        res->stream_end(res->stream_context);
    res->stream = NULL;
    res->stream_end = NULL;
}

static void sleeper_init(struct sleeper *sleeper)
{
    *sleeper = (struct sleeper){.waker.wake = sleeper_wake};
    pthread_mutex_init(&sleeper->lock, NULL);
    im_cond_init(&sleeper->changed);
}

static void sleeper_release(struct sleeper *sleeper)
{
    pthread_cond_destroy(&sleeper->changed);
    pthread_mutex_destroy(&sleeper->lock);
}

static void answer_to_the_end(struct im_server *server, struct im_request *req,
                              struct im_response *res, int64_t *date_ms)
{
    void (*resume)(void *);
    struct sleeper sleeper;

    sleeper_init(&sleeper);
    /* cppcheck-suppress autoVariables ; it is taken out again before this returns */
    req->waker = &sleeper.waker;
    im_answer(&server->sandboxes, req, res, date_ms);
    /* an answer may wait several times: held, then delayed */
    while ((resume = res->resume) != NULL) {
        sleeper_sleep_until(&sleeper, res->resume_ms);
        res->resume = NULL;
        resume(res->resume_context);
    }
    stream_collect(res);
    req->waker = NULL;
    sleeper_release(&sleeper);
}

void im_wait_for_exchanges(struct im_journal *journal,
                           const struct im_journal_query *query)
{
    int64_t until_ms = im_clock_monotonic_ms() + query->wait_ms;
    size_t wanted = query->count < 0 ? 1 : (size_t)query->count;
    struct sleeper sleeper;

    if (query->wait_ms <= 0)
        return;
    sleeper_init(&sleeper);
    /* a waker says no more than "look again", so what is there is counted anew each time */
    for (bool waits = true; waits && im_clock_monotonic_ms() < until_ms;) {
        struct im_journal_watch watch = {.filter = query->filter,
                                         .waker = &sleeper.waker};
        waits = im_journal_watch(journal, &watch, wanted);
        if (waits)
            sleeper_sleep_until(&sleeper, until_ms);
        im_journal_unwatch(journal, &watch);
    }
    sleeper_release(&sleeper);
}

/* ---- a request that is handed in ---- */

static void message_read_headers(struct im_request *req, struct im_str lines)
{
    while (lines.len) {
        struct im_str value = im_str_cut(&lines, '\n');
        struct im_str name = im_str_cut(&value, ':');
        if (name.len &&
            !im_request_add_header(req, im_str_trim(name), im_str_trim(value))) {
            req->flaw = IM_REQUEST_HEADERS_TOO_LARGE;
            req->flaw_text = IM_STR("more than 64 headers");
        }
    }
}

static void reply_write_headers(const struct im_response *res, struct im_buf *lines)
{
    for (size_t i = 0; i < res->header_count; i++)
        im_buf_addf(lines, "%s: %.*s\n", res->headers[i].name,
                    IM_ARG(res->headers[i].value));
}

/* As much of the body as would be delivered. A client on a socket sees by Content-Length that a part
 * is missing; so can this one. */
static struct im_str reply_body(struct im_response *res)
{
    struct im_str body = im_buf_str(&res->body);

    if (!res->damage.stall && !res->damage.truncate)
        return body;
    im_response_headerf(res, "Content-Length", "%zu", body.len);
    return im_str_slice(body, 0, res->damage.stall ? 0 : body.len / 2);
}

static bool reply_fill(struct im_response *res, struct im_reply *reply)
{
    struct im_str body = reply_body(res);
    struct im_buf lines;

    im_buf_init(&lines, res->arena, 0);
    reply_write_headers(res, &lines);
    reply->status = res->status;
    reply->headers = im_str_heap(im_buf_str(&lines));
    reply->body = im_str_heap(body);
    reply->body_len = body.len;
    if (reply->headers && reply->body && !lines.failed)
        return true;
    im_reply_release(reply);
    return false;
}

static struct im_request *message_read(const struct im_server *server,
                                       const struct im_message *message,
                                       struct im_arena *arena)
{
    const struct im_settings *settings = &server->sandboxes.settings;
    struct im_request *req = IM_ARENA_NEW(arena, struct im_request);

    if (!req)
        return NULL;
    req->arena = arena;
    req->method = im_str(message->method);
    req->target = im_str(message->target);
    size_t mark = im_str_find(req->target, '?');
    req->query = im_str_slice(req->target, mark + 1, req->target.len);
    req->body = (struct im_str){message->body, message->body ? message->body_len : 0};
    /* without a Host header and --public-url: where a socket would have been */
    req->local_base = settings->http_url.len ? settings->http_url : settings->https_url;
    message_read_headers(req, im_str(message->headers));
    if (req->body.len > IM_BODY_MAX) {
        req->flaw = IM_REQUEST_BODY_TOO_LARGE;
        req->flaw_text = IM_STR("the body is over 1 MiB");
    }
    if (req->body.len && req->flaw == IM_REQUEST_SOUND)
        im_request_is_plain(req);
    return req;
}

static bool message_answer(struct im_server *server, struct im_request *req,
                           struct im_reply *reply)
{
    struct im_response res;
    int64_t date_ms = 0;

    im_response_init(&res, req->arena);
    answer_to_the_end(server, req, &res, &date_ms);
    if (res.damage.drop || res.damage.reset)
        im_response_clear(&res); /* not a byte arrives, so there is no status either */
    else
        im_response_header(&res, "Date", im_time_http(req->arena, date_ms));
    bool done = reply_fill(&res, reply);
    /* the caller has it now; a verdict counts from here */
    if (res.delivered)
        res.delivered(res.delivered_context);
    return done;
}

int im_handle(struct im_server *server, const struct im_message *message,
              struct im_reply *reply)
{
    struct im_arena arena;

    if (!reply)
        return -1;
    *reply = (struct im_reply){.status =
                                   0}; /* so that im_reply_release is right in any case */
    if (!server || !message)
        return -1;
    im_arena_init(&arena, 0);
    struct im_request *req = message_read(server, message, &arena);
    bool done = req && message_answer(server, req, reply);
    im_arena_release(&arena);
    return done ? 0 : -1;
}

void im_reply_release(struct im_reply *reply)
{
    if (!reply)
        return;
    free(reply->headers);
    free(reply->body);
    *reply = (struct im_reply){.status = 0};
}
