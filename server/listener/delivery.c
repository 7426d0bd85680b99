/* The answer on its way out: whole, piece by piece, or damaged on purpose; and what is
 * left to do on the connection then. Nothing of it holds a thread while it waits. */
#include <string.h>

#include "base/clock.h"
#include "listener/inside.h"

enum {
    SLOW_PIECE_MS = 20,
    STREAM_KEPT = 4 * IM_PIECE_BYTES,
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
static enum im_step_result step_discard(struct im_connection *c)
{
    if (!im_channel_discard(&c->channel, &c->now->discard_max) || im_connection_late(c) ||
        im_listener_stopping(c->listener))
        return IM_STEP_CLOSE;
    return IM_STEP_WAIT;
}

static enum im_step_result discard_until(struct im_connection *c, int64_t until_ms,
                                         size_t max)
{
    c->now->discard_max = max;
    c->until_ms = until_ms;
    c->step = step_discard;
    return IM_STEP_NEXT;
}

/* Closing a socket with unread bytes resets the connection, and the peer may lose the
 * very answer that says what is wrong. So it gets a moment to read it. */
static enum im_step_result linger(struct im_connection *c)
{
    im_channel_finish(&c->channel);
    return discard_until(c, im_clock_monotonic_ms() + LINGER_MS, LINGER_MAX);
}

/* What comes after the answer; NULL when the connection goes on as before. */
static enum im_step_result (*after_answer(struct im_connection *c))(
    struct im_connection *c)
{
    const struct im_response *res = &c->now->res;

    if (res->dial && res->dial->state == IM_DIAL_DONE && c->upstream)
        return im_relay_begin;
    return res->start_tls && im_tunnel_prepare(c, res) ? im_tunnel_begin : NULL;
}

static enum im_step_result answer_sent(struct im_connection *c)
{
    bool keep_alive = c->now->keep_alive;

    if (c->now->req.flaw != IM_REQUEST_SOUND)
        return linger(c);
    enum im_step_result (*then)(struct im_connection * c) = after_answer(c);
    if (then == im_relay_begin) { /* it takes what is to be sent on out of the answer */
        enum im_step_result next = im_relay_begin(c);
        im_exchange_end(c);
        return next;
    }
    im_exchange_end(c);
    if (then)
        return then(c);
    return keep_alive ? im_exchange_begin(c) : IM_STEP_CLOSE;
}

/* ---- streams ---- */

/* In front of a piece, to be filled in; leading zeros are fine (RFC 9112 section 7.1). */
#define CHUNK_HEAD "00000000\r\n"

static void chunk_close(const struct im_transaction *t, struct im_buf *chunk)
{
    static const char hex[] = "0123456789abcdef";
    size_t len = chunk->len - strlen(CHUNK_HEAD);

    if (!t->chunked_out)
        return;
    if (len == 0) {
        chunk->len = 0;
    } else {
        for (size_t i = 8; i-- > 0 && !chunk->failed; len >>= 4)
            chunk->at[i] = hex[len & 15];
        im_buf_addz(chunk, "\r\n");
    }
    if (t->stream_over)
        im_buf_addz(chunk, "0\r\n\r\n");
}

static enum im_step_result stream_sent(struct im_connection *c);

/* One that has no end of its own ends with the server, or when its client says anything
 * at all but a little; so a peer that has left is noticed. */
static enum im_step_result step_stream(struct im_connection *c)
{
    struct im_transaction *t = c->now;
    struct im_response *res = &t->res;
    struct im_buf piece;

    t->discard_max = LINGER_MAX;
    if (atomic_load(&c->listener->closing) ||
        (!res->stream_ends && im_listener_stopping(c->listener)) ||
        (!t->chunked_out && !im_channel_discard(&c->channel, &t->discard_max)))
        return IM_STEP_CLOSE;
    im_arena_release(&t->piece_arena);
    im_buf_init(&piece, &t->piece_arena, 0);
    if (t->chunked_out)
        im_buf_addz(&piece, CHUNK_HEAD);
    t->stream_over = !res->stream(res->stream_context, &piece);
    chunk_close(t, &piece);
    if (piece.failed)
        return IM_STEP_CLOSE;
    if (piece.len)
        return im_connection_send(c, im_buf_str(&piece), stream_sent);
    c->until_ms = res->stream_again_ms ? res->stream_again_ms : INT64_MAX;
    return t->stream_over ? IM_STEP_CLOSE : IM_STEP_WAIT;
}

static enum im_step_result stream_sent(struct im_connection *c)
{
    c->step = step_stream;
    if (!c->now->stream_over)
        return IM_STEP_NEXT;
    return c->now->chunked_out ? answer_sent(c) : IM_STEP_CLOSE;
}

/* What the body has of it already is its first piece. */
static enum im_step_result stream_begin(struct im_connection *c, bool head)
{
    struct im_transaction *t = c->now;
    struct im_buf first;

    t->stream_over = head;
    im_channel_keep_little(&c->channel, STREAM_KEPT);
    if (t->chunked_out)
        im_response_header(&t->res, "Transfer-Encoding", IM_STR("chunked"));
    im_buf_init(&first, &t->arena, 0);
    im_buf_add(&first, answer_bytes(t, true));
    if (t->res.body.len && !head) {
        if (t->chunked_out)
            im_buf_addf(&first, "%zx\r\n", t->res.body.len);
        im_buf_add(&first, im_buf_str(&t->res.body));
        if (t->chunked_out)
            im_buf_addz(&first, "\r\n");
    }
    return first.failed ? IM_STEP_CLOSE
                        : im_connection_send(c, im_buf_str(&first), stream_sent);
}

/* ---- damage ---- */

static enum im_step_result stall(struct im_connection *c)
{
    return discard_until(c, INT64_MAX, SIZE_MAX);
}

/* What is due of the body by now, in pieces of a moment each; between them the connection waits like
 * any other. */
static enum im_step_result step_slow(struct im_connection *c)
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
static enum im_step_result send_slowly(struct im_connection *c, struct im_str bytes)
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
           (!t->res.stream || t->chunked_out) && !t->arena.failed && !damage->drop &&
           !damage->reset && !damage->stall && !damage->truncate &&
           !im_listener_stopping(c->listener);
}

enum im_step_result im_deliver(struct im_connection *c)
{
    struct im_transaction *t = c->now;
    const struct im_damage *damage = &t->res.damage;

    if (t->res.status == 0)
        t->res.status = 500;
    t->chunked_out = t->res.stream && t->res.stream_ends && t->framing.takes_chunks;
    t->keep_alive = may_keep_alive(c);
    if (t->keep_alive)
        im_response_header(&t->res, "Keep-Alive", IM_STR(IM_KEEP_ALIVE_TOLD));
    t->res.written_us = im_clock_monotonic_us();
    if (t->req.flaw == IM_REQUEST_TLS_FAILED) { /* nobody hears it */
        im_exchange_end(c);
        return im_connection_linger(c);
    }
    if (t->res.dial && t->res.dial->state == IM_DIAL_DONE && t->res.dial->first.len)
        return answer_sent(c); /* the answer comes from elsewhere */
    if (damage->reset)
        im_channel_reset(&c->channel);
    if (damage->reset || damage->drop)
        return IM_STEP_CLOSE;
    if (damage->stall)
        return im_connection_send(c, answer_bytes(t, true), stall);
    if (t->res.stream)
        return stream_begin(c, is_head(t));
    struct im_str bytes = answer_bytes(t, is_head(t));
    if (damage->truncate && !is_head(t) && bytes.len > t->res.body.len)
        bytes.len -= t->res.body.len - t->res.body.len / 2;
    if (damage->bytes_per_s && !is_head(t) && t->res.body.len &&
        bytes.len > t->res.body.len)
        return send_slowly(c, bytes);
    return im_connection_send(c, bytes, answer_sent);
}
