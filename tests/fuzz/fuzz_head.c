/* Bytes of a connection: the head of a request (RFC 9112 sections 2 to 5) and a chunked body
 * (section 7.1). Where the pieces are cut must make no difference. */
#include <stdlib.h>
#include <string.h>

#include "http/chunked.h"
#include "http/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct im_head_scan scan_by(struct im_str bytes, size_t step)
{
    struct im_head_scan scan = {0};
    size_t n = 0;

    do
        n = n + step < bytes.len ? n + step : bytes.len;
    while (!im_head_look(&scan, im_str_slice(bytes, 0, n)) && n < bytes.len);
    return scan;
}

static bool unchunk_by(struct im_str bytes, size_t step, struct im_buf *body)
{
    struct im_chunked chunked = {0};

    while (bytes.len && !chunked.done && !chunked.wrong)
        bytes = im_str_slice(
            bytes, im_chunked_read(&chunked, im_str_slice(bytes, 0, step), body),
            bytes.len);
    return chunked.done;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct im_str bytes = {(const char *)data, size};
    struct im_request req = {.method = IM_STR("")};
    struct im_framing framing;
    struct im_arena arena;
    struct im_buf whole, pieces;
    size_t sound;

    im_arena_init(&arena, 64 * 1024 * 1024);
    req.arena = &arena;
    struct im_head_scan scan = scan_by(bytes, size), slow = scan_by(bytes, 1);
    if (scan.wrong != slow.wrong || scan.end != slow.end || scan.begin != slow.begin)
        abort();
    if (im_head_check(&req, &scan, bytes, &sound) ? req.flaw != IM_REQUEST_SOUND
                                                  : req.flaw == IM_REQUEST_SOUND)
        abort();
    im_framing_read(&req, IM_STR("1.1"), &framing);

    im_buf_init(&whole, &arena, 0);
    im_buf_init(&pieces, &arena, 0);
    bool done = unchunk_by(bytes, size, &whole);
    if (done != unchunk_by(bytes, 1, &pieces) ||
        (done && !im_str_eq(im_buf_str(&whole), im_buf_str(&pieces))))
        abort();
    im_arena_release(&arena);
    return 0;
}
