/* Sockets and TLS sessions as one kind of byte stream. What OpenSSL reports stays in its
 * thread's queue of errors, so each call begins with an empty one. */
#include "listener/channel.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

static bool again(int why)
{
    return why == EAGAIN || why == EWOULDBLOCK || why == EINTR;
}

static ssize_t ssl_result(struct im_channel *channel, int ret)
{
    switch (SSL_get_error(channel->ssl, ret)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return IM_CHANNEL_AGAIN;
    case SSL_ERROR_ZERO_RETURN: return IM_CHANNEL_END;
    default: channel->open = false; return IM_CHANNEL_BROKEN;
    }
}

ssize_t im_channel_read(struct im_channel *channel, char *to, size_t size)
{
    if (channel->ssl) {
        ERR_clear_error();
        int n = SSL_read(channel->ssl, to, (int)size);
        return n > 0 ? n : ssl_result(channel, n);
    }
    ssize_t n = recv(channel->fd, to, size, 0);
    return n >= 0 ? n : again(errno) ? IM_CHANNEL_AGAIN : IM_CHANNEL_BROKEN;
}

ssize_t im_channel_write(struct im_channel *channel, struct im_str bytes)
{
    if (channel->ssl) {
        ERR_clear_error();
        int n = SSL_write(channel->ssl, bytes.at, (int)bytes.len);
        return n > 0 ? n : ssl_result(channel, n);
    }
    ssize_t n = send(channel->fd, bytes.at, bytes.len, MSG_NOSIGNAL);
    return n >= 0 ? n : again(errno) ? IM_CHANNEL_AGAIN : IM_CHANNEL_BROKEN;
}

/* A buffer that begins with what was read already, before the socket. */
static bool put_before(SSL *ssl, char *read_already, size_t len)
{
    BIO *buffer = BIO_new(BIO_f_buffer()), *socket = SSL_get_rbio(ssl);

    if (!buffer || BIO_set_buffer_read_data(buffer, read_already, (long)len) != 1) {
        BIO_free(buffer);
        return false;
    }
    BIO_up_ref(socket);
    SSL_set0_rbio(ssl, BIO_push(buffer, socket));
    return true;
}

bool im_channel_secure(struct im_channel *channel, void *ssl_ctx, char *read_already,
                       size_t len)
{
    SSL *ssl = SSL_new(ssl_ctx);

    if (!ssl || SSL_set_fd(ssl, channel->fd) != 1 ||
        (len && !put_before(ssl, read_already, len))) {
        SSL_free(ssl);
        return false;
    }
    SSL_set_accept_state(ssl);
    channel->ssl = ssl;
    return true;
}

void im_channel_meet(struct im_channel *channel, void *hello)
{
    SSL_set_app_data((SSL *)channel->ssl, hello);
}

/* Alerts by which a client says that it does not take our certificate (RFC 8446 section
 * 6.2). For people: OpenSSL's words are not enough to know what to do. */
static void explain_alert(unsigned long error, struct im_error *err)
{
    char openssl[160];
    const char *alert = NULL;

    switch (ERR_GET_REASON(error)) {
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA: alert = "unknown_ca"; break;
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN: alert = "certificate_unknown"; break;
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE: alert = "bad_certificate"; break;
    default: break;
    }
    ERR_error_string_n(error, openssl, sizeof(openssl));
    if (alert)
        im_error_set(
            err,
            "the client does not trust our CA (TLS alert %s): set SSL_CERT_FILE, or "
            "what its runtime reads instead, to a file with our CA; see "
            "certs/README.md",
            alert);
    else
        im_error_set(err, "%s", openssl);
}

int im_channel_handshake(struct im_channel *channel, struct im_error *err)
{
    ERR_clear_error();
    int ret = SSL_accept(channel->ssl);
    channel->open = ret == 1;
    if (channel->open)
        return 1;
    int why = SSL_get_error(channel->ssl, ret);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
        return IM_CHANNEL_AGAIN;
    err->text[0] = '\0';
    if (why == SSL_ERROR_SSL)
        explain_alert(ERR_peek_error(), err);
    return IM_CHANNEL_BROKEN;
}

bool im_channel_gone(const struct im_channel *channel)
{
    char byte;
    ssize_t n = recv(channel->fd, &byte, 1, MSG_PEEK);

    return n == 0 || (n < 0 && !again(errno));
}

bool im_channel_discard(const struct im_channel *channel, size_t *room)
{
    char waste[8192];
    ssize_t n;

    while ((n = recv(channel->fd, waste, sizeof(waste), 0)) > 0) {
        if ((size_t)n > *room)
            return false;
        *room -= (size_t)n;
    }
    return n < 0 && again(errno);
}

void im_channel_finish(const struct im_channel *channel)
{
    if (channel->ssl && channel->open) {
        ERR_clear_error();
        SSL_shutdown(channel->ssl);
    }
    shutdown(channel->fd, SHUT_WR);
}

void im_channel_keep_little(const struct im_channel *channel, int bytes)
{
    setsockopt(channel->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

void im_channel_reset(struct im_channel *channel)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    setsockopt(channel->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    channel->open = false; /* no farewell of TLS either */
}

void im_channel_close(struct im_channel *channel)
{
    if (channel->ssl) {
        ERR_clear_error();
        if (channel->open)
            SSL_shutdown(channel->ssl);
        SSL_free(channel->ssl);
    }
    close(channel->fd);
    *channel = (struct im_channel){.fd = -1};
}
