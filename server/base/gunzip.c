/* gzip, by zlib: the only file that includes zlib.h. zlib was chosen over an inflate of
 * our own (some 200 lines that would read bytes of strangers) and over miniz (no static
 * package): it is in every distribution, fuzzed for years, under a free licence, and
 * adds 40 kB to the static program. */
#include "base/gunzip.h"

#include <limits.h>
#define ZLIB_CONST /* what is read is const */
#include <zlib.h>

#include "base/buf.h"

bool im_is_gzip(struct im_str data)
{
    return im_str_starts(data, "\x1f\x8b");
}

/* Piece by piece, so that a small file cannot make us take much memory. */
static bool inflate_all(z_stream *stream, struct im_buf *out, size_t max,
                        struct im_error *err)
{
    unsigned char piece[32 * 1024];
    int state = Z_OK;

    while (state == Z_OK) {
        stream->next_out = piece;
        stream->avail_out = sizeof piece;
        state = inflate(stream, Z_NO_FLUSH);
        size_t made = sizeof piece - stream->avail_out;
        if (out->len + made > max) {
            im_error_set(err, "unpacking gzip: it holds more than %zu bytes", max);
            return im_error_of(err, IM_ERROR_CAPACITY);
        }
        im_buf_add(out, (struct im_str){(const char *)piece, made});
        if (state == Z_BUF_ERROR || (state == Z_OK && !made && !stream->avail_in))
            return im_error_set(err, "unpacking gzip: it is cut off");
    }
    return state == Z_STREAM_END ||
           im_error_set(err, "unpacking gzip: %s", stream->msg ? stream->msg : "damaged");
}

bool im_gunzip(struct im_arena *arena, struct im_str data, size_t max,
               struct im_str *plain, struct im_error *err)
{
    z_stream stream = {.next_in = NULL};
    struct im_buf out;

    if (data.len > UINT_MAX)
        return im_error_set(err, "unpacking gzip: too long");
    if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) /* 16: gzip, not zlib's own */
        return im_error_set(err, "unpacking gzip: out of memory");
    stream.next_in = (const Bytef *)data.at;
    stream.avail_in = (uInt)data.len;
    im_buf_init(&out, arena, 0);
    bool fine = inflate_all(&stream, &out, max, err);
    inflateEnd(&stream);
    *plain = im_buf_str(&out);
    if (fine && out.failed)
        return im_error_set(err, "unpacking gzip: out of memory");
    return fine;
}
