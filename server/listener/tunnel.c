/* What follows the answer to CONNECT (RFC 9110 section 9.3.6). Where the host is one that we
 * answer for, the tunnel ends here: the connection goes on as one of ours, with TLS by a
 * certificate for that host, or with plain HTTP if that is what comes. Where it is not,
 * bytes are moved both ways and nobody looks at them; what is on its way is bounded, and each
 * side may end before the other. */
#include <ctype.h>
#include <stdlib.h>

#include "base/clock.h"
#include "listener/upstream.h"

enum {
    RELAY_IDLE_MS = 5 * 60 * 1000,
    HANDSHAKE_RECORD = 0x16 /* the first byte of TLS, RFC 8446 section 5.1 */
};

/* ---- it ends here ---- */

bool im_tunnel_prepare(struct im_connection *c, const struct im_response *res)
{
    struct im_str host = res->tunnel_host;

    if (!c->hello)
        c->hello = calloc(1, sizeof(*c->hello));
    if (!c->hello || host.len > IM_HOST_MAX)
        return false;
    for (size_t i = 0; i < host.len; i++)
        c->hello->host[i] = (char)tolower((unsigned char)host.at[i]);
    c->hello->fault = res->tls_fault;
    c->at_proxy = false;
    c->on_control_port = c->now->req.on_control_port; /* that is where it leads */
    c->handled = 0; /* what comes now is a connection of its own */
    return true;
}

static enum im_step_result step_first_byte(struct im_connection *c)
{
    if (c->in_len == 0) {
        ssize_t n = im_connection_late(c) ? IM_CHANNEL_END : im_connection_fill(c);
        if (n == IM_CHANNEL_AGAIN)
            return im_listener_stopping(c->listener) ? IM_STEP_CLOSE : IM_STEP_WAIT;
        if (n <= 0)
            return IM_STEP_CLOSE;
    }
    return c->in[0] == HANDSHAKE_RECORD ? im_connection_secure(c)
                                        : im_connection_begin(c);
}

/* Some clients open one before they need it. */
enum im_step_result im_tunnel_begin(struct im_connection *c)
{
    c->until_ms = im_clock_monotonic_ms() + IM_KEEP_ALIVE_MS;
    c->step = step_first_byte;
    return IM_STEP_NEXT;
}

/* ---- it does not ---- */

/* Takes no more than it can give, so a side that reads slowly slows the other one down. The
 * number of bytes moved; IM_CHANNEL_BROKEN when either side is gone. */
static ssize_t pipe_move(struct im_pipe *pipe, struct im_channel *from,
                         struct im_channel *to)
{
    ssize_t moved = 0, n;

    for (;;) {
        if (pipe->len == 0 && !pipe->ended) {
            n = im_channel_read(from, pipe->bytes, sizeof(pipe->bytes));
            if (n == IM_CHANNEL_AGAIN || n == IM_CHANNEL_BROKEN)
                return n == IM_CHANNEL_AGAIN ? moved : n;
            pipe->ended = n == IM_CHANNEL_END;
            pipe->len = (size_t)n;
            pipe->at = 0;
        }
        if (pipe->len == 0) {
            if (!pipe->closed)
                im_channel_finish(to);
            pipe->closed = true;
            return moved;
        }
        struct im_str rest = {pipe->bytes + pipe->at, pipe->len};
        n = im_channel_write(to, rest);
        if (n < 0)
            return n == IM_CHANNEL_AGAIN ? moved : n;
        pipe->at += (size_t)n;
        pipe->len -= (size_t)n;
        moved += n;
    }
}

/* What was read before the tunnel began, or a request that is sent on. */
static ssize_t send_first(struct im_upstream *u)
{
    ssize_t moved = 0;

    while (u->first_len) {
        struct im_str rest = {u->first + u->first_at, u->first_len};
        ssize_t n = im_channel_write(&u->channel, rest);
        if (n < 0)
            return n == IM_CHANNEL_AGAIN ? moved : n;
        u->first_at += (size_t)n;
        u->first_len -= (size_t)n;
        moved += n;
    }
    return moved;
}

/* A reset on one side is one on the other: the client sees what the server did. */
static enum im_step_result relay_break(struct im_connection *c)
{
    im_channel_reset(&c->channel);
    im_channel_reset(&c->upstream->channel);
    return IM_STEP_CLOSE;
}

static enum im_step_result step_relay(struct im_connection *c)
{
    struct im_upstream *u = c->upstream;
    ssize_t first = send_first(u), there = 0, back;

    if (first == IM_CHANNEL_BROKEN || im_listener_stopping(c->listener))
        return relay_break(c);
    if (!u->first_len)
        there = pipe_move(&u->there, &c->channel, &u->channel);
    /* whoever broke off may have sent something before: that is still told */
    back = pipe_move(&u->back, &u->channel, &c->channel);
    if (there == IM_CHANNEL_BROKEN || back == IM_CHANNEL_BROKEN)
        return relay_break(c);
    if (u->there.closed && u->back.closed)
        return IM_STEP_CLOSE;
    if (first + there + back > 0)
        c->until_ms = im_clock_monotonic_ms() + RELAY_IDLE_MS;
    return im_connection_late(c) ? IM_STEP_CLOSE : IM_STEP_WAIT;
}

enum im_step_result im_relay_begin(struct im_connection *c)
{
    struct im_upstream *u = c->upstream;
    struct im_str first = c->now->res.dial->first;
    bool request = first.len > 0;

    if (!request)
        first = (struct im_str){c->in, c->in_len};
    u->first_at = u->first_len = 0;
    u->first = first.len ? im_str_heap(first) : NULL;
    if (first.len && !u->first)
        return IM_STEP_CLOSE;
    u->first_len = first.len;
    /* of a request that is sent on nothing may follow: the next may be for another host */
    u->there.ended = request;
    u->there.closed = request;
    c->in_len = 0;
    c->until_ms = im_clock_monotonic_ms() + RELAY_IDLE_MS;
    c->step = step_relay;
    return IM_STEP_NEXT;
}
