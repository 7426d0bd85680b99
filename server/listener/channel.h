/* The bytes of one connection, plain or through TLS, never waiting. One thread at a time.
 */
#ifndef IM_LISTENER_CHANNEL_H
#define IM_LISTENER_CHANNEL_H

#include <sys/types.h>

#include "base/error.h"
#include "base/str.h"

struct im_channel {
    int fd;    /* non-blocking */
    void *ssl; /* NULL = plain */
    bool open; /* TLS: the handshake is done, and nothing has gone wrong since */
};

enum { IM_CHANNEL_END = 0, IM_CHANNEL_AGAIN = -1, IM_CHANNEL_BROKEN = -2 };

/* Bytes read (> 0), or one of the three above. */
ssize_t im_channel_read(struct im_channel *channel, char *to, size_t size);
/* Bytes taken (> 0), AGAIN or BROKEN. The rest of what was not taken must come next. */
ssize_t im_channel_write(struct im_channel *channel, struct im_str bytes);

/* TLS from here on, as ssl_ctx says; `read_already` was read before and belongs to it. */
bool im_channel_secure(struct im_channel *channel, void *ssl_ctx, char *read_already,
                       size_t len);
/* Before the handshake: what is known of it (http/tls.h); NULL = nothing. */
void im_channel_meet(struct im_channel *channel, void *hello);
/* Goes on with the handshake: 1 when it is done, AGAIN, or BROKEN with the reason in err,
 * empty when the peer has just left. */
int im_channel_handshake(struct im_channel *channel, struct im_error *err);

/* True when the peer sends no more, and nothing of it is left to read. */
bool im_channel_gone(const struct im_channel *channel);
/* Throws away what has come, at most *room bytes, which it lessens. False when the peer
 * has ended, or has sent more. */
bool im_channel_discard(const struct im_channel *channel, size_t *room);
/* The peer gets no more, but what it sends can still be taken. */
void im_channel_finish(const struct im_channel *channel);
/* The system keeps about so many bytes for a peer that reads slowly, and no more: else it
 * is megabytes. */
void im_channel_keep_little(const struct im_channel *channel, int bytes);
/* The next close is a reset. */
void im_channel_reset(struct im_channel *channel);
void im_channel_close(struct im_channel *channel);

#endif
