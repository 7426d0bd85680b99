/* Chunked bodies (RFC 9112 section 7.1). A machine that takes a byte at a time, since a
 * body comes in pieces that may end anywhere, but the chunks' own bytes at once.
 * Extensions and trailers are read past; their form is checked, and their size bounded,
 * since nothing else would end them. */
#include "http/chunked.h"

enum {
    SIZE,      /* its digits */
    EXTENSION, /* from the first ';' or blank to the CR */
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER_BEGIN,
    TRAILER,
    TRAILER_LF,
    LAST_LF
};
/* Eight digits hold every size that is taken (IM_BODY_MAX), and cannot overflow. */
enum { EXTRA_MAX = 64 * 1024, SIZE_DIGITS_MAX = 8 };

static bool chunk_wrong(struct im_chunked *c, const char *what)
{
    c->wrong = what;
    return false;
}

static bool chunk_read_size(struct im_chunked *c, char byte)
{
    int digit = im_hex_digit(byte);

    if (digit >= 0 && c->digits == SIZE_DIGITS_MAX)
        return chunk_wrong(c, "a chunk of the body has a size that is too large");
    if (digit >= 0) {
        c->left = c->left * 16 + (size_t)digit;
        c->digits++;
        return true;
    }
    if (c->digits == 0)
        return chunk_wrong(c, "a chunk of the body has no size, or not the size it says");
    if (byte != '\r' && byte != ';' && byte != ' ' && byte != '\t')
        return chunk_wrong(c, byte == '\n' ? "a chunk of the body has a size whose line "
                                             "ends without CR"
                                           : "a chunk of the body has a size that is no "
                                             "hexadecimal number");
    c->state = byte == '\r' ? SIZE_LF : EXTENSION;
    return true;
}

/* A byte of a line that is read past: an extension or a trailer. A bare LF is refused: a
 * proxy in front may take it for the end of the line, and would then see another body. */
static bool chunk_pass(struct im_chunked *c, char byte, int after_cr)
{
    if (byte == '\n')
        return chunk_wrong(c,
                           c->state == EXTENSION
                               ? "a chunk of the body has an extension whose line ends "
                                 "without CR"
                               : "a trailer of the body ends without CR");
    if (++c->extra > EXTRA_MAX)
        return chunk_wrong(c,
                           "a chunk of the body has extensions or trailers of more than "
                           "65536 bytes in all");
    c->colon |= byte == ':';
    if (byte == '\r')
        c->state = after_cr;
    return true;
}

static bool chunk_expect(struct im_chunked *c, char byte, char wanted, int next)
{
    if (byte != wanted)
        return chunk_wrong(c,
                           c->state == DATA_CR || c->state == DATA_LF
                               ? "a chunk of the body is longer than the size it says"
                               : "a chunk of the body or a trailer has a CR without LF");
    c->state = next;
    return true;
}

/* A line that begins with a blank would go on the one before (obs-fold, RFC 9112 section
 * 5.2): refused, as in the head. */
static bool chunk_begin_trailer(struct im_chunked *c, char byte)
{
    if (byte == ':' || byte == ' ' || byte == '\t' || byte == '\n')
        return chunk_wrong(c, "a trailer of the body is not of the form \"Name: value\"");
    c->colon = false;
    c->state = byte == '\r' ? LAST_LF : TRAILER;
    return true;
}

static bool chunk_take(struct im_chunked *c, char byte)
{
    switch (c->state) {
    case SIZE: return chunk_read_size(c, byte);
    case EXTENSION: return chunk_pass(c, byte, SIZE_LF);
    case SIZE_LF: return chunk_expect(c, byte, '\n', c->left ? DATA : TRAILER_BEGIN);
    case DATA_CR: return chunk_expect(c, byte, '\r', DATA_LF);
    case DATA_LF: c->digits = 0; return chunk_expect(c, byte, '\n', SIZE);
    case TRAILER_BEGIN: return chunk_begin_trailer(c, byte);
    case TRAILER: return chunk_pass(c, byte, TRAILER_LF);
    case TRAILER_LF:
        if (!c->colon)
            return chunk_wrong(
                c, "a trailer of the body is not of the form \"Name: value\"");
        return chunk_expect(c, byte, '\n', TRAILER_BEGIN);
    default: return c->done = chunk_expect(c, byte, '\n', LAST_LF);
    }
}

size_t im_chunked_read(struct im_chunked *c, struct im_str bytes, struct im_buf *body)
{
    size_t at = 0;

    while (at < bytes.len && !c->done) {
        if (c->state != DATA) {
            if (!chunk_take(c, bytes.at[at]))
                break;
            at++;
            continue;
        }
        struct im_str piece = im_str_slice(bytes, at, at + c->left);
        im_buf_add(body, piece);
        at += piece.len;
        c->left -= piece.len;
        if (c->left == 0)
            c->state = DATA_CR;
    }
    return at;
}
