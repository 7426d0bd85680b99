/* The input is an Authorization header (RFC 6750, RFC 7617), and a token (RFC 7519) that is shown to
 * introspection and to the token endpoint. Nothing was handed out, so nothing may be accepted. */
#include "fuzz/request.h"

#include "oauth/jwt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct im_sandboxes sandboxes;

static int status_of(struct im_arena *arena, const char *method, const char *target,
                     struct im_str authorization, struct im_str body)
{
    struct im_request req = {.local_base = IM_STR("http://127.0.0.1:8080"),
                             .arena = arena,
                             .method = im_str(method),
                             .target = im_str(target),
                             .body = body};
    struct im_response res;

    if (authorization.len)
        im_request_add_header(&req, IM_STR("Authorization"), authorization);
    if (body.len)
        im_request_add_header(&req, IM_STR("Content-Type"),
                              IM_STR("application/x-www-form-urlencoded"));
    fuzz_answer(&sandboxes, &req, &res);
    return res.status;
}

static struct im_str form(struct im_arena *arena, const char *start, struct im_str token)
{
    struct im_buf buf;

    im_buf_init(&buf, arena, 0);
    im_buf_addz(&buf, start);
    im_buf_add_url(&buf, token);
    return im_buf_str(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct im_str text = {(const char *)data, size}, none = {NULL, 0};
    struct im_arena arena;
    struct im_jwt jwt;
    struct im_error err;

    fuzz_open(&sandboxes);
    im_arena_init(&arena, 64 * 1024 * 1024);
    if (im_jwt_decode(&arena, text, &jwt, &err) && !jwt.header)
        abort();
    if (status_of(&arena, "GET", "/ia/api/v1/objects/accounts-payable/vendor",
                  im_str_trim(text), none) < 400)
        abort();
    if (status_of(&arena, "GET", "/api/v1/Vendor",
                  im_arena_format(&arena, "Bearer %.*s", IM_ARG(text)), none) < 400)
        abort();
    if (status_of(&arena, "POST", "/ia/api/v1/oauth2/token", none,
                  form(&arena,
                       "grant_type=refresh_token&client_id=demo&client_secret=demo-secret"
                       "&refresh_token=",
                       text)) < 400)
        abort();
    status_of(&arena, "POST", "/ia/api/v1/oauth2/introspect", none,
              form(&arena, "client_id=demo&client_secret=demo-secret&token=", text));
    im_arena_release(&arena);
    return 0;
}
