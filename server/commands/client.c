/* One HTTP client for all verbs, over OpenSSL's BIO.
 *
 * Why the BIO: OpenSSL is linked in any case. Its connect BIO looks names up, tries all addresses of one and
 * waits without blocking; with an SSL BIO above it the rest of this file is the same for http and https.
 * libcurl would do more than is needed (a dozen protocols and, in the static program, its own dependencies)
 * for requests of one kind to one server.
 *
 * RFC 9112 sections 2 to 6 for messages; every connection carries one request ("Connection: close"), so
 * that there is no state between two of them. */
#include "commands/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "commands/command.h"
#include "http/chunked.h"
#include "http/proxy.h"

enum { PATIENCE_MS = 30000, HEAD_MAX = 64 * 1024, PIECE = 16 * 1024 };

/* ---- where the server is ---- */

/* "http://HOST:PORT/PREFIX/s/NAME": whoever has only the base URL of a sandbox may give that. */
static bool client_read_url(struct im_client_target *client, struct im_str url)
{
    struct im_str scheme = im_str_slice(url, 0, im_str_find(url, ':'));
    struct im_str rest = im_str_slice(url, scheme.len, url.len);
    struct im_authority_part part;

    client->tls = im_str_eq_nocase(scheme, IM_STR("https"));
    if (!im_str_starts(rest, "://") ||
        (!client->tls && !im_str_eq_nocase(scheme, IM_STR("http"))))
        return false;
    rest = im_str_slice(rest, 3, rest.len);
    struct im_str authority = im_str_slice(rest, 0, im_str_find(rest, '/'));
    struct im_str path = im_str_slice(rest, authority.len, rest.len);
    if (im_str_has(path, '?') || im_str_has(path, '#') || im_str_has(path, ' '))
        return false;
    while (im_str_ends(path, "/"))
        path.len--;
    for (size_t i = 0; i + 3 <= path.len; i++)
        if (memcmp(path.at + i, "/s/", 3) == 0) {
            client->sandbox = im_str_slice(path, i + 3, path.len);
            client->sandbox.len = im_str_find(client->sandbox, '/');
            path.len = i;
        }
    client->prefix = path;
    client->base =
        im_arena_format(client->arena, "%s://%.*s%.*s", client->tls ? "https" : "http",
                        IM_ARG(authority), IM_ARG(path));
    if (!im_authority_part_read(authority, client->tls ? 443 : 80, &part, NULL))
        return false;
    client->host = part.host;
    client->port = part.port;
    return true;
}

/* Where serve listens in the same environment: on a control port of its own, else on the port. */
static struct im_str client_default_url(struct im_arena *arena)
{
    static const char *const variables[] = {"INTACCT_MOCK_CONTROL", "INTACCT_MOCK_PORT"};
    struct im_buf warnings;
    int64_t port = 8080, number = 0;
    bool found = false;

    im_buf_init(&warnings, arena, 0);
    for (size_t i = 0; i < 2 && !found; i++) {
        const char *value = getenv(variables[i]);
        found = !im_args_is_link(variables[i], value, &warnings) &&
                im_str_int(im_str(value), &number) && number > 0 && number < 65536;
        if (found)
            port = number;
    }
    im_command_warn(&warnings);
    return im_arena_format(arena, "http://127.0.0.1:%d", (int)port);
}

bool im_client_find(struct im_client_target *client,
                    const struct im_client_options *options, struct im_arena *arena,
                    struct im_error *err)
{
    struct im_str url = im_str(options->url);

    *client = (struct im_client_target){.arena = arena,
                                        .token = options->token,
                                        .ca_file = options->ca_file,
                                        .patience_ms = PATIENCE_MS};
    if (!url.len)
        url = client_default_url(arena);
    for (const char *at = options->token; at && *at; at++)
        if (*at <= ' ' || *at == 0x7F)
            return im_error_set(err, "--token must be printable, without blanks");
    if (client_read_url(client, url))
        return true;
    return im_error_set(err,
                        "--url (or INTACCT_MOCK_URL) must be http://HOST:PORT or "
                        "https://HOST:PORT, not \"%.*s\"",
                        IM_ARG(im_str_front(url, 80)));
}

/* ---- a connection ---- */

struct connection {
    const struct im_client_target *client;
    SSL_CTX *context; /* NULL = plain HTTP */
    SSL *ssl;
    BIO *bio;
    int64_t until_ms; /* monotonic */
    bool watched;     /* is standard output? Only while the body comes */
    bool unread;      /* its reader has gone */
    struct sigaction pipe_before;
};

/* Waits until the BIO can go on with what it could not finish, or nobody reads the output any
 * more. */
static bool connection_wait(struct connection *c)
{
    /* without events poll still tells POLLERR, which is a pipe's when its reader has gone; a
     * negative descriptor is passed over */
    struct pollfd on[2] = {
        {.fd = -1, .events = BIO_should_read(c->bio) ? POLLIN : POLLOUT},
        {.fd = c->watched ? STDOUT_FILENO : -1}};
    int64_t left_ms = c->until_ms - im_clock_monotonic_ms();

    BIO_get_fd(c->bio, &on[0].fd);
    errno = ETIMEDOUT;
    bool woken = BIO_should_retry(c->bio) && left_ms > 0 &&
                 poll(on, 2, left_ms > INT32_MAX ? INT32_MAX : (int)left_ms) > 0;
    c->unread = woken && (on[1].revents & (POLLERR | POLLHUP));
    return woken && !c->unread;
}

/* A file that is named is trusted alone, as with curl --cacert: reading the system's CAs takes longer than all
 * the rest of a request. */
static bool connection_trust(struct connection *c, struct im_error *err)
{
    const char *file = c->client->ca_file;

    SSL_CTX_set_verify(c->context, SSL_VERIFY_PEER, NULL);
    if (!file)
        SSL_CTX_set_default_verify_paths(c->context);
    return !file || SSL_CTX_load_verify_locations(c->context, file, NULL) == 1 ||
           im_error_set(err, "reading --ca-file %s: it holds no certificate in PEM",
                        file);
}

/* OpenSSL's macros cast the const away, which the compiler is told to refuse; the text is copied, not written. */
static char *text_for_openssl(struct im_str text)
{
    char *writable;

    memcpy(&writable, &text.at, sizeof(writable));
    return writable;
}

/* The certificate must be for the host that the URL names. */
static bool connection_expect_host(const struct connection *c)
{
    struct im_str host = im_arena_copy(c->client->arena, c->client->host);
    unsigned char address[16];
    bool numeric = host.at && (inet_pton(AF_INET, host.at, address) == 1 ||
                               inet_pton(AF_INET6, host.at, address) == 1);

    if (!host.at)
        return false;
    if (numeric)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(c->ssl), host.at) == 1;
    return SSL_set_tlsext_host_name(c->ssl, text_for_openssl(host)) == 1 &&
           SSL_set1_host(c->ssl, host.at) == 1;
}

static bool connection_make(struct connection *c, const char *host, struct im_error *err)
{
    struct im_str address = im_arena_format(
        c->client->arena, strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, c->client->port);

    if (c->client->tls) {
        c->context = SSL_CTX_new(TLS_client_method());
        if (c->context && !connection_trust(c, err))
            return false;
        c->bio = c->context ? BIO_new_ssl_connect(c->context) : NULL;
        if (c->bio)
            BIO_get_ssl(c->bio, &c->ssl);
        if (!c->ssl || !connection_expect_host(c))
            return im_error_set(err, "out of memory");
    } else {
        c->bio = BIO_new(BIO_s_connect());
    }
    if (!c->bio || !address.at ||
        BIO_set_conn_hostname(c->bio, text_for_openssl(address)) != 1)
        return im_error_set(err, "out of memory");
    BIO_set_nbio(c->bio, 1);
    return true;
}

/* What OpenSSL has to say, in words that help. */
static bool connection_explain(const struct connection *c, struct im_error *err)
{
    unsigned long code = ERR_peek_error();
    long verified = c->ssl ? SSL_get_verify_result(c->ssl) : X509_V_OK;
    const char *reason = ERR_reason_error_string(code), *data = NULL;
    int flags = 0;

    ERR_peek_error_data(&data, &flags);

    if (verified != X509_V_OK)
        return im_error_set(
            err,
            "its certificate is not trusted: %s. Name its CA with --ca-file: it is what "
            "serve --ca-file FILE writes, and GET /__mock/ca.pem by HTTP",
            X509_verify_cert_error_string(verified));
    if (code && ERR_GET_LIB(code) == ERR_LIB_SSL)
        return im_error_set(err, "TLS: %s (is it the port for https?)",
                            reason ? reason : "failed");
    if (code && ERR_SYSTEM_ERROR(code) && ERR_GET_REASON(code) == ECONNREFUSED)
        return im_error_set(err,
                            "%s; start intacct-mock there, or say with --url where it is",
                            strerror(ECONNREFUSED));
    if (code && ERR_SYSTEM_ERROR(code))
        return im_error_set(err, "%s", strerror(ERR_GET_REASON(code)));
    if (data && *data && (flags & ERR_TXT_STRING)) /* what looking the name up said */
        return im_error_set(err, "%s", data);
    return im_error_set(err, "%s", reason ? reason : strerror(errno ? errno : EPIPE));
}

static void connection_close(struct connection *c)
{
    BIO_free_all(c->bio);
    SSL_CTX_free(c->context);
    c->bio = NULL;
    c->context = NULL;
    c->ssl = NULL;
}

static bool connection_try(struct connection *c, const char *host, struct im_error *err)
{
    connection_close(c);
    ERR_clear_error();
    if (!connection_make(c, host, err))
        return false;
    while (BIO_do_connect(c->bio) <= 0) {
        if (BIO_should_retry(c->bio) && connection_wait(c))
            continue;
        return connection_explain(c, err);
    }
    return true;
}

/* The image that has nothing but this program has no /etc/hosts either, so localhost is known here. */
static bool connection_open(struct connection *c, struct im_error *err)
{
    struct im_str host = im_arena_copy(c->client->arena, c->client->host);

    if (!host.at)
        return im_error_set(err, "out of memory");
    if (!im_str_eq_nocase(host, IM_STR("localhost")) || c->client->tls)
        return connection_try(c, host.at, err);
    return connection_try(c, "127.0.0.1", err) || connection_try(c, "::1", err);
}

static bool connection_send(struct connection *c, struct im_str bytes,
                            struct im_error *err)
{
    while (bytes.len) {
        int n = BIO_write(c->bio, bytes.at, (int)bytes.len);
        if (n > 0)
            bytes = im_str_slice(bytes, (size_t)n, bytes.len);
        else if (!BIO_should_retry(c->bio) || !connection_wait(c))
            return connection_explain(c, err);
    }
    return true;
}

/* How many bytes came; 0 = the end, or with err->text what went wrong. */
static size_t connection_receive(struct connection *c, char bytes[PIECE],
                                 struct im_error *err)
{
    for (;;) {
        int n = BIO_read(c->bio, bytes, PIECE);
        if (n > 0)
            return (size_t)n;
        if (BIO_should_retry(c->bio) && connection_wait(c))
            continue;
        if (BIO_should_retry(c->bio) && !c->unread)
            im_error_set(err, "it did not answer in time");
        return 0;
    }
}

struct im_str im_client_header(const struct im_client_answer *answer, const char *name)
{
    for (struct im_str rest = answer->head; rest.len;) {
        struct im_str value = im_str_cut(&rest, '\n');
        if (im_str_eq_nocase(im_str_cut(&value, ':'), im_str(name)))
            return im_str_trim(value);
    }
    return (struct im_str){NULL, 0};
}

/* ---- one exchange ---- */

/* An answer on its way. */
struct incoming {
    struct im_client_answer *answer;
    struct im_buf head; /* and what came behind it in the same piece */
    struct im_buf body; /* kept, or the piece that is handed on */
    struct im_chunked chunks;
    bool headed, chunked, whole, refused; /* refused: no more is wanted */
    int64_t left;                         /* of the body; < 0 = to the end */
    im_client_taker *take;
    void *context;
};

static struct im_str exchange_text(const struct im_client_target *client,
                                   const struct im_client_request *request)
{
    struct im_buf text;

    im_buf_init(&text, client->arena, 0);
    im_buf_addf(&text, "%s %.*s/__mock%.*s HTTP/1.1\r\nHost: ", request->method,
                IM_ARG(client->prefix), IM_ARG(request->path));
    im_buf_addf(&text, im_str_has(client->host, ':') ? "[%.*s]:%d" : "%.*s:%d",
                IM_ARG(client->host), client->port);
    im_buf_addf(&text,
                "\r\nAccept: %s\r\nUser-Agent: intacct-mock/" IM_VERSION
                "\r\nConnection: close\r\n",
                request->accept ? request->accept : "application/json");
    if (client->token)
        im_buf_addf(&text, "Authorization: Bearer %s\r\n", client->token);
    if (request->event.len)
        im_buf_addf(&text, "Last-Event-ID: %.*s\r\n", IM_ARG(request->event));
    if (request->body.len)
        im_buf_addz(&text, "Content-Type: application/json\r\n");
    if (request->body.len || strcmp(request->method, "GET") != 0)
        im_buf_addf(&text, "Content-Length: %zu\r\n", request->body.len);
    im_buf_addz(&text, "\r\n");
    im_buf_add(&text, request->body);
    return text.failed ? (struct im_str){NULL, 0} : im_buf_str(&text);
}

/* Once the head is whole: what it says. False when it is none of HTTP. */
static bool incoming_read_head(struct incoming *in, size_t end)
{
    struct im_str head = im_str_slice(im_buf_str(&in->head), 0, end);
    struct im_str first = im_str_cut(&head, '\n');
    int64_t status = 0;

    if (!im_str_starts(first, "HTTP/1.") ||
        !im_str_int(im_str_slice(first, 9, 12), &status))
        return false;
    in->answer->status = (int)status;
    in->answer->head = head;
    in->chunked = im_str_eq_nocase(im_client_header(in->answer, "transfer-encoding"),
                                   IM_STR("chunked"));
    if (!im_str_int(im_client_header(in->answer, "content-length"), &in->left))
        in->left = -1;
    if (status == 204 || status == 304)
        in->left = 0;
    in->headed = true;
    in->whole = in->left == 0 && !in->chunked;
    return true;
}

/* Takes bytes of the body. False when they are no body, or no more is wanted. */
static bool incoming_take_body(struct incoming *in, struct im_str bytes)
{
    bool stream = in->take && in->answer->status == 200;

    if (stream)
        in->body.len = 0;
    if (in->chunked) {
        im_chunked_read(&in->chunks, bytes, &in->body);
        in->whole = in->chunks.done;
    } else {
        if (in->left >= 0)
            bytes = im_str_slice(bytes, 0, (size_t)in->left);
        im_buf_add(&in->body, bytes);
        in->left -= in->left >= 0 ? (int64_t)bytes.len : 0;
        in->whole = in->left == 0;
    }
    if (stream && in->body.len)
        in->refused = !in->take(in->context, im_buf_str(&in->body));
    return !in->chunks.wrong && !in->refused && !in->body.failed;
}

static bool incoming_take(struct incoming *in, struct im_str bytes, struct im_error *err)
{
    size_t end = 0;

    if (in->headed)
        return incoming_take_body(in, bytes);
    im_buf_add(&in->head, bytes);
    struct im_str head = im_buf_str(&in->head);
    for (size_t i = 0; i + 4 <= head.len && !end; i++)
        if (memcmp(head.at + i, "\r\n\r\n", 4) == 0)
            end = i + 4;
    if (!end)
        return head.len < HEAD_MAX;
    if (!incoming_read_head(in, end))
        return im_error_set(err, "what answers there is no HTTP server");
    bytes = im_str_slice(head, end, head.len);
    return in->whole || !bytes.len || incoming_take_body(in, bytes);
}

static bool exchange_run(struct connection *c, const struct im_client_request *request,
                         struct incoming *in, struct im_error *err)
{
    struct im_str text = exchange_text(c->client, request);
    char bytes[PIECE];
    size_t n;

    if (!text.len)
        return im_error_set(err, "out of memory");
    if (!connection_open(c, err) || !connection_send(c, text, err))
        return false;
    while (!in->whole && (n = connection_receive(c, bytes, err)) > 0) {
        if (!incoming_take(in, (struct im_str){bytes, n}, err))
            break;
        c->until_ms = im_clock_monotonic_ms() + c->client->patience_ms;
        c->watched = in->headed && c->client->watches_output;
    }
    if (c->unread || in->refused || in->whole ||
        (in->headed && in->left < 0 && !in->chunked))
        return !in->body.failed || im_error_set(err, "out of memory");
    return err->text[0] ? false : im_error_set(err, "the answer broke off");
}

bool im_client_stream(const struct im_client_target *client,
                      const struct im_client_request *request,
                      struct im_client_answer *answer, im_client_taker *take,
                      void *context, struct im_error *err)
{
    struct connection c = {.client = client,
                           .until_ms = im_clock_monotonic_ms() + client->patience_ms};
    struct incoming in = {.answer = answer, .take = take, .context = context, .left = -1};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct im_error why = {.text = ""};

    *answer = (struct im_client_answer){.status = 0};
    im_buf_init(&in.head, client->arena, 0);
    im_buf_init(&in.body, client->arena, 0);
    /* the BIO writes with write(), so a server that has gone would end this program */
    sigaction(SIGPIPE, &ignore, &c.pipe_before);
    bool done = exchange_run(&c, request, &in, &why);
    connection_close(&c);
    sigaction(SIGPIPE, &c.pipe_before, NULL);
    ERR_clear_error();
    answer->body = im_buf_str(&in.body);
    return done || im_error_set(err, "asking %.*s: %s", IM_ARG(client->base), why.text);
}

bool im_client_ask(const struct im_client_target *client,
                   const struct im_client_request *request,
                   struct im_client_answer *answer, struct im_error *err)
{
    return im_client_stream(client, request, answer, NULL, NULL, err);
}
