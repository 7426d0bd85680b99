/* Requests for the fuzzers that go through the whole pipeline, without a socket. */
#ifndef FUZZ_REQUEST_H
#define FUZZ_REQUEST_H

#include <stdlib.h>

#include "router.h"

/* Begins as freshly started: nothing was handed out, so no token is good. */
static inline void fuzz_open(struct im_sandboxes *sandboxes)
{
    struct im_settings settings = {.hints = true,
                                   .control = true,
                                   .seed = 42,
                                   .start_ms = 1767225600000,
                                   .journal_keep = 8,
                                   .sandboxes_max = 4,
                                   .sandbox_ttl_ms = 60000};
    struct im_error err;

    if (!sandboxes->standard && !im_sandboxes_init(sandboxes, &settings, &err))
        abort();
}

/* "METHOD target", header lines, an empty line, the body. */
static inline void fuzz_read_message(struct im_request *req, struct im_str text)
{
    struct im_str line = im_str_cut(&text, '\n');

    req->method = im_str_cut(&line, ' ');
    req->target = line;
    req->query = im_str_slice(line, im_str_find(line, '?') + 1, line.len);
    while (text.len) {
        struct im_str value = im_str_cut(&text, '\n');
        if (!value.len)
            break;
        struct im_str name = im_str_cut(&value, ':');
        im_request_add_header(req, name, im_str_trim(value));
    }
    req->body = text;
}

/* Answers to the end; a request that waits finds that its client has left. An answer has a
 * status, unless a scenario lets it be lost. */
static inline void fuzz_answer(struct im_sandboxes *sandboxes, struct im_request *req,
                               struct im_response *res)
{
    void (*resume)(void *);
    int64_t date_ms;

    im_response_init(res, req->arena);
    im_answer(sandboxes, req, res, &date_ms);
    while ((resume = res->resume) != NULL) {
        res->resume = NULL;
        res->abandoned = true;
        resume(res->resume_context);
    }
    bool silent = res->damage.drop || res->damage.reset || res->abandoned;
    if (!silent && (res->status < 100 || res->status > 599))
        abort();
    if (res->stream_end)
        res->stream_end(res->stream_context);
    if (res->delivered)
        res->delivered(res->delivered_context);
}

#endif
