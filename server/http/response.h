/* One response before it becomes bytes. Lifetime: request. */
#ifndef IM_HTTP_RESPONSE_H
#define IM_HTTP_RESPONSE_H

#include "base/arena.h"
#include "base/buf.h"
#include "http/fault.h"

struct im_request;

enum {
    IM_RESPONSE_HEADERS_MAX = 32,
    IM_PIECE_BYTES = 32 * 1024 /* of a stream: about so much at a time */
};

struct im_response_header {
    const char *name;
    struct im_str value;
};

/* How delivery is damaged on purpose; all zero = delivered as it is. Filled by a
 * scenario, obeyed by the listener. */
struct im_damage {
    bool stall;    /* headers, then silence until the peer leaves or the server stops */
    bool drop;     /* close without a byte */
    bool reset;    /* TCP RST */
    bool truncate; /* half the body, Content-Length of the whole, then close */
    int64_t bytes_per_s; /* of the body; 0 = as fast as it goes */
};

/* A connection to somebody else's server that an answer waits for (a proxy that passes on).
 * Made by whoever answers, carried out by the listener, which sets `state` and calls
 * im_response.resume. Lifetime: request. */
struct im_dial {
    struct im_str host; /* a name or an address without brackets */
    int port;
    bool local; /* it may lead to this machine: the client is on it too */
    struct im_str
        never; /* patterns: not to these, also not by another name of theirs; the server's */
    enum im_dial_state { IM_DIAL_WANTED, IM_DIAL_DONE, IM_DIAL_FAILED } state;
    struct im_error err; /* why it failed */
    struct im_str first; /* what is sent there first; then no answer of ours is sent */
};

struct im_response {
    struct im_arena *arena;
    int status;          /* 0 until somebody answered */
    size_t header_count; /* of `headers`, below */
    struct im_buf body;
    struct im_damage damage;
    bool close; /* close the connection afterwards */

    /* An answer that waits on purpose, and is not ready yet: `resume` goes on with it, on
     * any thread, at resume_ms (monotonic), when the request's waker was called, or when
     * the client has left (resume_if_gone). It may come earlier, and may set `resume`
     * anew. NULL = the answer is ready. */
    void (*resume)(void *context);
    void *resume_context;
    int64_t resume_ms;
    bool resume_if_gone;
    bool abandoned; /* nobody can hear it any more: `resume` must come to an end */

    /* After the answer the connection is a tunnel (CONNECT). Its other end is here: TLS, or
     * plain HTTP, begins. */
    bool start_tls;
    struct im_str tunnel_host; /* whom the client means; empty = any name of ours */
    enum im_fault tls_fault;   /* how its TLS is spoilt on purpose */
    /* Or its other end is somebody else. */
    struct im_dial *dial;

    /* When the listener began to write what it wrote last, monotonic; 0 = it wrote nothing yet. What the
     * client sends upon this answer cannot arrive before. */
    int64_t written_us;

    /* Called once delivery is over, however it ended; NULL = nobody wants to know. */
    void (*delivered)(void *context);
    void *delivered_context;

    /* A body that is written piece by piece, behind what `body` has of it: called again and
     * again until it returns false; NULL for ordinary answers. When it has nothing to say it
     * is asked again at stream_again_ms (monotonic) or when the request's waker was
     * called; 0 = then alone. */
    bool (*stream)(void *context, struct im_buf *piece);
    int64_t stream_again_ms;
    bool
        stream_ends; /* by itself and soon: more than an endless one is taken the trouble for */
    void (*stream_end)(void *context);
    void *stream_context;

    struct im_response_header
        headers[IM_RESPONSE_HEADERS_MAX]; /* last: beyond the count nothing is set */
};

void im_response_init(struct im_response *res, struct im_arena *arena);
/* Sets (replaces) a header; the name is a literal. CR, LF and NUL in the value become
 * spaces. */
void im_response_header(struct im_response *res, const char *name, struct im_str value);
void im_response_headerf(struct im_response *res, const char *name, const char *format,
                         ...) IM_PRINTF(3, 4);
struct im_str im_response_get_header(const struct im_response *res, const char *name);
/* Forgets body and headers, keeps the arena: an answer is replaced by another. */
void im_response_clear(struct im_response *res);
/* Status, Content-Type and an empty body to fill. */
struct im_buf *im_response_begin(struct im_response *res, int status,
                                 const char *content_type);
/* 303/302 with Location. */
void im_response_redirect(struct im_response *res, int status, struct im_str location);
/* "Unauthorized" for 401; "Unknown" for a status without a registered phrase. */
const char *im_status_phrase(int status);
/* Status line, headers and body as the bytes on the wire (HTTP/1.1), Content-Length and
 * `Date` (from date_ms) included; without the body when `head` (HEAD, 204, 304 rules
 * kept). */
struct im_str im_response_bytes(const struct im_response *res, int64_t date_ms, bool head,
                                bool keep_alive);

#endif
