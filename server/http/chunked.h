/* Chunked bodies, piece by piece (RFC 9112 section 7.1), and strictly: what two readers
 * could take for different bodies is refused. */
#ifndef IM_HTTP_CHUNKED_H
#define IM_HTTP_CHUNKED_H

#include "base/buf.h"

/* All zero at first. */
struct im_chunked {
    int state;
    size_t left;       /* of the chunk's bytes */
    size_t digits;     /* of its size */
    size_t extra;      /* bytes of extensions and trailers so far */
    bool colon;        /* seen in this trailer line */
    bool done;         /* the body is whole */
    const char *wrong; /* what is; NULL = nothing so far */
};

/* Takes bytes and adds those of the body to it. Gives the number taken, which is less
 * than there were only when it is done or something is wrong. */
size_t im_chunked_read(struct im_chunked *chunked, struct im_str bytes,
                       struct im_buf *body);

#endif
