/* A scenario and requests that meet its rules: the input is scenario, requests, each behind a line of
 * "---". The rules' effects, refusals and damage must never crash or answer without a status, and the
 * verdict can always be said. */
#include "fuzz/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct im_str next_part(struct im_str *rest)
{
    static const char line[] = "\n---\n";
    size_t at = 0;

    while (at < rest->len && !im_str_starts(im_str_slice(*rest, at, rest->len), line))
        at++;
    struct im_str part = im_str_slice(*rest, 0, at);
    *rest = im_str_slice(*rest, at + sizeof(line) - 1, rest->len);
    return part;
}

static int answer(struct im_sandboxes *sandboxes, struct im_request req)
{
    struct im_response res;
    struct im_arena arena;

    im_arena_init(&arena, 8 * 1024 * 1024);
    req.arena = &arena;
    req.local_base = IM_STR("http://127.0.0.1:8080");
    fuzz_answer(sandboxes, &req, &res);
    int status = res.status;
    im_arena_release(&arena);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct im_sandboxes sandboxes;
    struct im_str rest = {(const char *)data, size};
    struct im_request scenario = {.method = IM_STR("PUT"),
                                  .target = IM_STR("/__mock/sandboxes/default/scenario")};
    struct im_request reset = {.method = IM_STR("POST"),
                               .target = IM_STR("/__mock/sandboxes/default/reset")};
    struct im_request verdict = {.method = IM_STR("GET"),
                                 .target = IM_STR("/__mock/sandboxes/default/verdict")};

    fuzz_open(&sandboxes);
    scenario.body = next_part(&rest);
    if (answer(&sandboxes, scenario) != 200)
        return 0;
    while (rest.len) {
        struct im_request req = {.method = IM_STR("")};
        struct im_arena arena;
        im_arena_init(&arena, 1024 * 1024);
        req.arena = &arena;
        fuzz_read_message(&req, next_part(&rest));
        answer(&sandboxes, req);
        im_arena_release(&arena);
    }
    if (answer(&sandboxes, verdict) != 200 || answer(&sandboxes, reset) != 200)
        abort();
    return 0;
}
