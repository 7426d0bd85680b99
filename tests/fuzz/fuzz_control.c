/* A call of the control API: the first byte chooses one that takes a body, the rest is the body.
 * The answer is JSON, and one that refuses says why. */
#include "fuzz/request.h"

#include "base/json.h"
#include "control/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The n-th route that takes a body. */
static const struct im_control_route *route_with_body(unsigned n)
{
    const struct im_control_route *with_body[256];
    size_t count = 0;

    for (size_t t = 0; t < IM_CONTROL_TABLES; t++)
        for (size_t i = 0; i < *im_control_tables[t].count && count < 256; i++) {
            const struct im_control_route *route = &im_control_tables[t].routes[i];
            if (route->method[0] == 'P')
                with_body[count++] = route;
        }
    return with_body[n % count];
}

static void check_answer(struct im_arena *arena, const struct im_response *res)
{
    struct im_json_error error;
    bool is_json =
        im_str_starts(im_response_get_header(res, "Content-Type"), "application/json");
    const struct im_json *body =
        is_json ? im_json_parse(arena, im_buf_str(&res->body), &error) : NULL;

    if (arena->failed)
        return;
    if (is_json && !body)
        abort();
    if (res->status >= 400 && res->status != 500 && !im_json_get(body, "message"))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct im_sandboxes sandboxes;
    struct im_request req = {.local_base = IM_STR("http://127.0.0.1:8080")};
    struct im_response res;
    struct im_arena arena;
    struct im_buf target;

    if (!size)
        return 0;
    fuzz_open(&sandboxes);
    im_arena_init(&arena, 8 * 1024 * 1024);
    const struct im_control_route *route = route_with_body(data[0]);
    struct im_str path = im_str(route->path);
    im_buf_init(&target, &arena, 0);
    im_buf_addz(&target, "/__mock");
    im_buf_add(&target, im_str_slice(path, 0, im_str_find(path, '{')));
    if (im_str_has(path, '{'))
        im_buf_addz(&target, "default");
    im_buf_add(&target, im_str_slice(path, im_str_find(path, '}') + 1, path.len));
    req.arena = &arena;
    req.method = im_str(route->method);
    req.target = im_buf_str(&target);
    req.body = (struct im_str){(const char *)data + 1, size - 1};
    im_request_add_header(&req, IM_STR("Content-Type"), IM_STR("application/json"));
    fuzz_answer(&sandboxes, &req, &res);
    check_answer(&arena, &res);
    im_arena_release(&arena);
    return 0;
}
