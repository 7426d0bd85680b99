/* A whole request passes the pipeline: the first line is method and target, then header lines, an
 * empty line, and the body. Nothing may crash, leak or answer without a status. */
#include "fuzz/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct im_sandboxes sandboxes;
    struct im_request req = {.local_base = IM_STR("http://127.0.0.1:8080")};
    struct im_response res;
    struct im_arena arena;

    fuzz_open(&sandboxes);
    im_arena_init(&arena, 8 * 1024 * 1024);
    req.arena = &arena;
    fuzz_read_message(&req, (struct im_str){(const char *)data, size});
    fuzz_answer(&sandboxes, &req, &res);
    im_arena_release(&arena);
    return 0;
}
