/* A whole request walks the pipeline: the first line is method and target, then header lines, an
 * empty line, and the body. Nothing may crash, leak or answer without a status, unless a scenario
 * wants it so. */
#include <stdlib.h>

#include "router.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct im_sandboxes sandboxes;

static void open_once(void)
{
    struct im_settings settings = {.hints = true,
                                   .control = true,
                                   .seed = 42,
                                   .start_ms = 1767225600000,
                                   .journal_keep = 8,
                                   .sandboxes_max = 4,
                                   .sandbox_ttl_ms = 60000};
    struct im_error err;

    if (!sandboxes.standard && !im_sandboxes_init(&sandboxes, &settings, &err))
        abort();
}

static void read_message(struct im_request *req, struct im_str text)
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct im_request req = {.local_base = IM_STR("http://127.0.0.1:8080")};
    struct im_response res;
    struct im_arena arena;
    int64_t date_ms;

    open_once();
    im_arena_init(&arena, 8 * 1024 * 1024);
    req.arena = &arena;
    im_response_init(&res, &arena);
    read_message(&req, (struct im_str){(const char *)data, size});
    /* a request that waits would only keep the fuzzer waiting */
    if (im_str_glob(IM_STR("*wait=*"), req.target)) {
        im_arena_release(&arena);
        return 0;
    }
    im_answer(&sandboxes, &req, &res, &date_ms);
    bool silent = res.damage.drop || res.damage.reset;
    if (!silent && (res.status < 100 || res.status > 599))
        abort();
    if (res.stream_end)
        res.stream_end(res.stream_context);
    if (res.delivered)
        res.delivered(res.delivered_context);
    im_arena_release(&arena);
    return 0;
}
