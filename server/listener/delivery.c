/* The answer on its way out: whole, piece by piece, or damaged on purpose; and what is
 * left to do on the connection then. Nothing of it holds a thread while it waits. */
#include "base/clock.h"
#include "listener/inside.h"

enum {
    IDLE_STREAM_MS = 100,
    SLOW_PIECE_MS = 20,
    LINGER_MS = 500, /* a peer that still sends may read its refusal for so long … */
    LINGER_MAX = IM_BODY_MAX /* … or until it has sent so much more */
};

static bool is_head(const struct im_transaction *t)
{
    return im_str_is(t->req.method, "HEAD");
}

static struct im_str answer_bytes(const struct im_transaction *t, bool head)
{
    struct im_str bytes = im_response_bytes(&t->res, t->date_ms, head, t->keep_alive);

    if (bytes.at)
        return bytes;
    return IM_STR("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n"
                  "Connection: close\r\n\r\n");
}

/* ---- afterwards ---- */

/* What the peer sends is thrown away. It has left, or the listener stops: the end. */
static enum im_step step_discard(struct im_connection *c)
{
    if (!im_channel_discard(&c->channel, &c->now->discard_max) || im_connection_late(c) ||
        im_listener_stopping(c->listener))
        return IM_STEP_CLOSE;
    return IM_STEP_WAIT;
}

static enum im_step discard_until(struct im_connection *c, int64_t until_ms, size_t max)
{
    c->now->discard_max = max;
    c->until_ms = until_ms;
    c->step = step_discard;
    return IM_STEP_NEXT;
}

/* Closing a socket with unread bytes resets the connection, and the peer may lose the
 * very answer that says what is wrong. So it gets a moment to read it. */
static enum im_step linger(struct im_connection *c)
{
    im_channel_finish(&c->channel);
    return discard_until(c, im_clock_monotonic_ms() + LINGER_MS, LINGER_MAX);
}

static enum im_step answer_sent(struct im_connection *c)
{
    bool flawed = c->now->req.flaw != IM_REQUEST_SOUND;
    bool keep_alive = c->now->keep_alive, start_tls = c->now->res.start_tls;

    if (flawed)
        return linger(c);
    im_exchange_end(c);
    if (start_tls)
        return im_connection_secure(c);
    return keep_alive ? im_exchange_begin(c) : IM_STEP_CLOSE;
}

/* ---- streams ---- */

static enum im_step step_stream(struct im_connection *c)
{
    struct im_transaction *t = c->now;
    struct im_buf piece;

    t->discard_max = LINGER_MAX;
    if (t->stream_over || im_listener_stopping(c->listener) ||
        !im_channel_discard(&c->channel, &t->discard_max))
        return IM_STEP_CLOSE;
    im_arena_release(&t->piece_arena);
    im_buf_init(&piece, &t->piece_arena, 0);
    t->stream_over = !t->res.stream(t->res.stream_context, &piece);
    if (piece.len)
        return im_connection_send(c, im_buf_str(&piece), step_stream);
    c->until_ms = im_clock_monotonic_ms() + IDLE_STREAM_MS;
    return t->stream_over ? IM_STEP_CLOSE : IM_STEP_WAIT;
}

/* ---- damage ---- */

static enum im_step stall(struct im_connection *c)
{
    return discard_until(c, INT64_MAX, SIZE_MAX);
}

/* What is due of the body by now, in pieces of a moment each; between them the connection waits like
 * any other. */
static enum im_step step_slow(struct im_connection *c)
{
    struct im_transaction *t = c->now;
    int64_t now_ms = im_clock_monotonic_ms(), rate = t->res.damage.bytes_per_s;

    if (im_listener_stopping(c->listener))
        return IM_STEP_CLOSE;
    if (!t->slow_began_ms)
        t->slow_began_ms = now_ms;
    /* in doubles: the rate may be as large as an int64 */
    double due =
        (double)(now_ms - t->slow_began_ms + SLOW_PIECE_MS) * (double)rate / 1000;
    size_t left = t->slow.len, n = left;
    if (due < (double)(t->slow_sent + left))
        n = due > (double)t->slow_sent ? (size_t)due - t->slow_sent : 0;
    if (!n) {
        c->until_ms = now_ms + SLOW_PIECE_MS;
        return IM_STEP_WAIT;
    }
    struct im_str piece = im_str_slice(t->slow, 0, n);
    t->slow = im_str_slice(t->slow, n, left);
    t->slow_sent += n;
    return im_connection_send(c, piece, t->slow.len ? step_slow : answer_sent);
}

/* The head at once, then the body. */
static enum im_step send_slowly(struct im_connection *c, struct im_str bytes)
{
    struct im_transaction *t = c->now;
    size_t head = bytes.len - t->res.body.len;

    t->slow = im_str_slice(bytes, head, bytes.len);
    t->slow_sent = 0;
    t->slow_began_ms = 0;
    return im_connection_send(c, im_str_slice(bytes, 0, head), step_slow);
}

/* ---- the way out ---- */

static bool may_keep_alive(const struct im_connection *c)
{
    const struct im_transaction *t = c->now;
    const struct im_damage *damage = &t->res.damage;

    return t->framing.keep_alive && t->req.flaw == IM_REQUEST_SOUND && !t->res.close &&
           !t->res.stream && !t->arena.failed && !damage->drop && !damage->reset &&
           !damage->stall && !damage->truncate && !im_listener_stopping(c->listener);
}

enum im_step im_deliver(struct im_connection *c)
{
    struct im_transaction *t = c->now;
    const struct im_damage *damage = &t->res.damage;

    if (t->res.status == 0)
        t->res.status = 500;
    t->keep_alive = may_keep_alive(c);
    t->res.written_us = im_clock_monotonic_us();
    if (damage->reset)
        im_channel_reset(&c->channel);
    if (damage->reset || damage->drop)
        return IM_STEP_CLOSE;
    if (damage->stall)
        return im_connection_send(c, answer_bytes(t, true), stall);
    if (t->res.stream) {
        t->stream_over = is_head(t);
        return im_connection_send(c, answer_bytes(t, true), step_stream);
    }
    struct im_str bytes = answer_bytes(t, is_head(t));
    if (damage->truncate && !is_head(t) && bytes.len > t->res.body.len)
        bytes.len -= t->res.body.len - t->res.body.len / 2;
    if (damage->bytes_per_s && !is_head(t) && t->res.body.len &&
        bytes.len > t->res.body.len)
        return send_slowly(c, bytes);
    return im_connection_send(c, bytes, answer_sent);
}
