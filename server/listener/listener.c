/* CivetWeb in, our own requests and responses out. What is odd here is so because of it:
 * - It has two doors, begin_request for what it could parse and http_error for what it
 * could not. Both end in serve(). - It drops header lines that it does not understand, so
 * the raw lines are looked at again. - One connection holds one thread. When 80 % of the
 * threads are taken, connections are closed after their answer, or those that wait in the
 * queue would never get a byte. - It hands out no socket; listener/socket.h finds what is
 * needed. - mg_stop cuts what is in flight, so in-flight requests are counted and waited
 * for first. Not spoken: absolute-form targets that name another port than ours or have
 * no path. CivetWeb ends such a connection, as it does with `OPTIONS *`, before anything
 * of ours is asked. */
#include "listener/listener.h"

#include <civetweb.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/framing.h"
#include "http/tls.h"
#include "listener/watchdog.h"

enum {
    DEFAULT_THREADS = 64, /* start under 5 ms; the program asks for more */
    DEFAULT_TIMEOUT_MS = 5000,
    ARENA_MAX = 256 * 1024 * 1024, /* a request that takes more is a fault of ours */
    CHUNK = 16 * 1024,
    IDLE_STREAM_MS = 100,
    LINGER_MS = 500, /* a peer that still sends may read its refusal for so long … */
    LINGER_MAX = IM_BODY_MAX, /* … or until it has sent so much more */
    START_TRIES = 8
};

enum role { ROLE_HTTP, ROLE_HTTPS, ROLE_CONTROL, ROLES };

struct port {
    struct im_addresses addresses;
    int number; /* IM_PORT_NONE = off */
    struct im_str url;
};

struct im_listener {
    struct im_listener_options options;
    struct mg_context *mg;
    struct im_arena arena; /* URLs; used by the starting thread alone */
    struct port ports[ROLES];
    struct im_watchdog *watchdog;
    int wake[2];  /* a pipe whose reading end ends when we stop */
    int quiet[2]; /* see im_socket_quiet */
    atomic_int threads, connections, in_flight, stalled;
    atomic_uint_fast64_t serial; /* of connections */
    int begun;                   /* of CivetWeb's threads; under the lock */
    atomic_bool stopping;
    pthread_mutex_t lock;
    pthread_cond_t changed;  /* in_flight is 0, all have begun; by the monotonic clock */
    struct im_error trouble; /* what CivetWeb said while it was started */
};

/* What is known of a connection; made when it begins, filled at its first request. */
struct connection {
    bool known;
    uint64_t serial;
    int64_t began_us;
    struct im_link link;
    char peer[64], base[80];
};

/* One request on its way through. */
struct exchange {
    struct im_listener *listener;
    struct mg_connection *conn;
    const struct mg_request_info *info;
    struct connection *connection;
    struct im_arena arena;
    struct im_request req;
    struct im_response res;
    struct im_framing framing;
    bool keep_alive;
    int64_t date_ms;
};

/* ---- the request's head ---- */

static bool is_wildcard(const char *address)
{
    return strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0;
}

static const struct port *port_of(const struct im_listener *l, int number)
{
    for (int role = 0; role < ROLES; role++)
        if (l->ports[role].number == number)
            return &l->ports[role];
    return &l->ports[ROLE_HTTP];
}

/* The address the connection arrived at. Only where several would do is the socket
 * asked. */
static void find_local(const struct im_listener *l, const struct im_link *link,
                       char text[INET6_ADDRSTRLEN])
{
    const struct im_addresses *addresses = &port_of(l, link->local_port)->addresses;
    bool v6 = strchr(link->peer, ':') != NULL;
    const char *only = NULL;
    int n = 0;

    for (size_t i = 0; i < addresses->count; i++) {
        if (addresses->items[i].v6 != v6)
            continue;
        only = addresses->items[i].text;
        n++;
    }
    if (n == 1 && !is_wildcard(only))
        snprintf(text, INET6_ADDRSTRLEN, "%s", only);
    else if (!im_socket_local_address(link, text))
        snprintf(text, INET6_ADDRSTRLEN, "%s", v6 ? "::1" : "127.0.0.1");
}

static void know(const struct im_listener *l, struct connection *c,
                 const struct mg_request_info *info)
{
    char local[INET6_ADDRSTRLEN];
    bool v6 = strchr(info->remote_addr, ':') != NULL;
    int len = (int)strcspn(info->remote_addr, "%"); /* without an IPv6 zone */

    c->link =
        (struct im_link){.local_port = info->server_port, .peer_port = info->remote_port};
    snprintf(c->link.peer, sizeof(c->link.peer), "%.*s", len, info->remote_addr);
    find_local(l, &c->link, local);
    snprintf(c->peer, sizeof(c->peer), v6 ? "[%s]:%d" : "%s:%d", c->link.peer,
             info->remote_port);
    snprintf(c->base, sizeof(c->base), v6 ? "%s://[%s]:%d" : "%s://%s:%d",
             info->is_ssl ? "https" : "http", local, info->server_port);
    c->known = true;
}

/* CivetWeb ends the words of the first line with NULs, but only as far as it came. */
static struct im_str word(const char *at)
{
    size_t len = 0;

    while (at && (unsigned char)at[len] > ' ')
        len++;
    return (struct im_str){at, len};
}

/* What CivetWeb could not parse has no more than a request_uri: its local_uri_raw and its
 * query_string are the ones of the request before, in a buffer that was written over. */
static void fill_target(struct exchange *x, bool parsed)
{
    const struct mg_request_info *info = x->info;
    struct im_request *req = &x->req;

    req->target = word(parsed ? info->local_uri_raw : info->request_uri);
    if (!parsed) {
        req->query = req->target;
        im_str_cut(&req->query, '?');
    } else if (info->query_string) {
        req->query = word(info->query_string);
        req->target = im_arena_format(&x->arena, "%.*s?%.*s", IM_ARG(req->target),
                                      IM_ARG(req->query));
    }
}

static void fill_request(struct exchange *x, bool parsed)
{
    const struct mg_request_info *info = x->info;
    struct im_request *req = &x->req;
    int control = x->listener->ports[ROLE_CONTROL].number;

    req->arena = &x->arena;
    req->method = word(info->request_method);
    fill_target(x, parsed);
    for (int i = 0; i < info->num_headers; i++)
        im_request_add_header(req, im_str(info->http_headers[i].name),
                              im_str(info->http_headers[i].value));
    req->connection = x->connection->serial;
    req->connection_us = x->connection->began_us;
    req->began_us = im_clock_monotonic_us();
    req->peer = im_str(x->connection->peer);
    req->local_base = im_str(x->connection->base);
    req->tls = info->is_ssl;
    req->on_control_port = control != IM_PORT_NONE && info->server_port == control;
}

/* CivetWeb's list of headers ends without a word at the first line that it cannot
 * read, and after 64. What follows the last header in its buffer, where it has written
 * NULs over the ends of lines, tells: the first byte of such a line, or NULL when all
 * is well. */
static const char *dropped_line(const struct mg_request_info *info, const char *end)
{
    const char *version_end = info->http_version + strlen(info->http_version);
    bool bare_newlines = info->http_headers[0].name - version_end == 1;

    if (end[1] != '\0')
        return end[1] == '\r' ? NULL : end + 1;
    if (bare_newlines)
        return NULL;
    return end[2] == '\0' || end[2] == '\r' || end[2] == '\n' ? NULL : end + 2;
}

/* "Name : value" reached CivetWeb, which has blanked the space with a NUL as well. */
static bool space_before_colon(const struct mg_header *header)
{
    const char *end = header->name + strlen(header->name);

    return end[1] == '\0' && header->value > end + 1;
}

static bool check_lines(struct im_request *req, const struct mg_request_info *info)
{
    if (info->num_headers <= 0)
        return true;

    const struct mg_header *last = &info->http_headers[info->num_headers - 1];
    const char *end = last->value + strlen(last->value), *dropped;
    if (end - info->request_method > IM_HEADERS_SIZE_MAX)
        return im_request_refuse(req, IM_REQUEST_HEADERS_TOO_LARGE,
                                 "headers of %td bytes; at most %d are taken",
                                 end - info->request_method, IM_HEADERS_SIZE_MAX);
    dropped = dropped_line(info, end);
    if (dropped && (*dropped == ' ' || *dropped == '\t'))
        return im_request_refuse(req, IM_REQUEST_MALFORMED,
                                 "the header %s goes on in the next line (obs-fold)",
                                 last->name);
    if (dropped && info->num_headers == MG_MAX_HEADERS)
        return im_request_refuse(req, IM_REQUEST_HEADERS_TOO_LARGE,
                                 "more than %d headers", MG_MAX_HEADERS);
    if (dropped)
        return im_request_refuse(req, IM_REQUEST_MALFORMED,
                                 "the line behind the header %s is no header",
                                 last->name);
    for (int i = 0; i < info->num_headers; i++)
        if (space_before_colon(&info->http_headers[i]))
            return im_request_refuse(req, IM_REQUEST_MALFORMED,
                                     "a space between the header name %s and its colon",
                                     info->http_headers[i].name);
    return true;
}

static bool read_head(struct exchange *x)
{
    return check_lines(&x->req, x->info) &&
           im_framing_read(&x->req, im_str(x->info->http_version), &x->framing);
}

/* ---- the request's body ---- */

static bool body_cut(struct exchange *x, bool late, size_t got)
{
    if (late)
        return im_request_refuse(&x->req, IM_REQUEST_BODY_CUT,
                                 "the body was not there after %d ms: %zu bytes had come",
                                 x->listener->options.request_timeout_ms, got);
    return im_request_refuse(&x->req, IM_REQUEST_BODY_CUT,
                             "the body ended after %zu bytes", got);
}

static bool read_sized(struct exchange *x, size_t *got)
{
    size_t length = (size_t)x->framing.length;
    char *to = im_arena_alloc(&x->arena, length + 1);
    int n;

    if (!to)
        return false;
    while (*got < length && (n = mg_read(x->conn, to + *got, length - *got)) > 0)
        *got += (size_t)n;
    x->req.body = (struct im_str){to, *got};
    return *got == length;
}

static bool read_chunks(struct exchange *x, size_t *got)
{
    struct im_buf body;
    char chunk[CHUNK];
    int n;

    im_buf_init(&body, &x->arena, 0);
    while ((n = mg_read(x->conn, chunk, sizeof(chunk))) > 0) {
        im_buf_add(&body, (struct im_str){chunk, (size_t)n});
        *got = body.len;
        if (body.len > IM_BODY_MAX)
            return im_request_refuse(&x->req, IM_REQUEST_BODY_TOO_LARGE,
                                     "a chunked body of more than %d bytes", IM_BODY_MAX);
    }
    x->req.body = im_buf_str(&body);
    return n == 0;
}

/* Why a body could not be read whole. */
static bool refuse_body(struct exchange *x, bool late, size_t got)
{
    if (x->req.flaw != IM_REQUEST_SOUND)
        return false;
    if (late || !x->framing.chunked || im_socket_pending(&x->connection->link) < 0)
        return body_cut(x, late, got);
    return im_request_refuse(&x->req, IM_REQUEST_MALFORMED,
                             "a chunk of the body has no size, or not the size it says");
}

static bool read_body(struct exchange *x)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct im_watch watch;
    size_t got = 0;

    if (!x->framing.chunked && x->framing.length == 0)
        return true;
    if (x->framing.expects_continue)
        mg_write(x->conn, go_on, sizeof(go_on) - 1);
    im_watch_begin(x->listener->watchdog, &watch, &x->connection->link);
    bool fine = x->framing.chunked ? read_chunks(x, &got) : read_sized(x, &got);
    bool late = im_watch_end(x->listener->watchdog, &watch);
    return fine || refuse_body(x, late, got);
}

/* ---- delivery ---- */

static enum im_wait wait_for(const struct exchange *x, int fd, int64_t ms,
                             size_t discard_max)
{
    return im_socket_wait(fd, x->listener->wake[0], ms, discard_max);
}

static bool crowded(struct im_listener *l)
{
    return atomic_load(&l->connections) * 5 > atomic_load(&l->threads) * 4;
}

static bool send_all(const struct exchange *x, struct im_str bytes)
{
    return bytes.len == 0 || mg_write(x->conn, bytes.at, bytes.len) == (int)bytes.len;
}

static bool is_head(const struct exchange *x)
{
    return im_str_is(x->req.method, "HEAD");
}

static struct im_str bytes_of(const struct exchange *x, bool head)
{
    struct im_str bytes = im_response_bytes(&x->res, x->date_ms, head, x->keep_alive);

    if (bytes.at)
        return bytes;
    return IM_STR("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n"
                  "Connection: close\r\n\r\n");
}

static void deliver_stream(struct exchange *x)
{
    struct im_response *res = &x->res;
    int fd = im_socket_find(&x->connection->link);
    struct im_arena scratch;
    struct im_buf piece;
    bool more = send_all(x, bytes_of(x, true)) && !is_head(x);

    im_arena_init(&scratch, ARENA_MAX);
    while (more && !im_listener_stopping(x->listener)) {
        im_buf_init(&piece, &scratch, 0);
        more = res->stream(res->stream_context, &piece);
        if (piece.len)
            more = send_all(x, im_buf_str(&piece)) && more;
        else if (more)
            more = wait_for(x, fd, IDLE_STREAM_MS, LINGER_MAX) == IM_WAIT_TIME_UP;
        im_arena_release(&scratch);
    }
    im_arena_release(&scratch);
}

static void deliver_whole(struct exchange *x)
{
    struct im_str bytes = bytes_of(x, is_head(x));

    if (x->res.damage.truncate && !is_head(x) && bytes.len > x->res.body.len)
        bytes.len -= x->res.body.len - x->res.body.len / 2;
    send_all(x, bytes);
}

/* Every stalled answer holds a thread: past a quarter of them the connection just ends. */
static void stall(struct exchange *x, int fd)
{
    struct im_listener *l = x->listener;

    if ((atomic_fetch_add(&l->stalled, 1) + 1) * 4 <= atomic_load(&l->threads))
        wait_for(x, fd, -1, SIZE_MAX);
    atomic_fetch_sub(&l->stalled, 1);
}

static void deliver_damaged(struct exchange *x)
{
    int fd;

    if (x->res.damage.drop)
        return;
    fd = im_socket_find(&x->connection->link);
    if (x->res.damage.reset) {
        if (fd >= 0)
            im_socket_reset(fd, x->listener->quiet[0]);
        return;
    }
    if (send_all(x, bytes_of(x, true)))
        stall(x, fd);
}

static void deliver(struct exchange *x)
{
    const struct im_damage *damage = &x->res.damage;

    x->keep_alive = x->framing.keep_alive && x->req.flaw == IM_REQUEST_SOUND &&
                    !x->res.close && !x->res.stream && !x->arena.failed &&
                    !damage->drop && !damage->reset && !damage->stall &&
                    !damage->truncate && !crowded(x->listener) &&
                    !im_listener_stopping(x->listener);
    if (!x->keep_alive)
        mg_disable_connection_keep_alive(x->conn);

    if (damage->drop || damage->reset || damage->stall)
        deliver_damaged(x);
    else if (x->res.stream)
        deliver_stream(x);
    else
        deliver_whole(x);
}

/* Closing a socket with unread bytes resets the connection, and the peer may lose the
 * very answer that says what is wrong. So it gets a moment to read it. */
static void linger(const struct exchange *x)
{
    int fd = im_socket_find(&x->connection->link);

    if (fd < 0)
        return;
    if (!x->info->is_ssl)
        shutdown(fd, SHUT_WR);
    wait_for(x, fd, LINGER_MS, LINGER_MAX);
}

/* ---- both doors ---- */

static void enter(struct im_listener *l)
{
    atomic_fetch_add(&l->in_flight, 1);
}

static void leave(struct im_listener *l)
{
    if (atomic_fetch_sub(&l->in_flight, 1) != 1 || !im_listener_stopping(l))
        return;
    pthread_mutex_lock(&l->lock);
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->lock);
}

static void begin(struct exchange *x, struct mg_connection *conn, bool parsed)
{
    x->listener = mg_get_user_data(mg_get_context(conn));
    x->conn = conn;
    x->info = mg_get_request_info(conn);
    x->connection = mg_get_user_connection_data(conn);
    x->date_ms = im_clock_real_ms();
    im_arena_init(&x->arena, ARENA_MAX);
    im_response_init(&x->res, &x->arena);
    if (!x->connection->known)
        know(x->listener, x->connection, x->info);
    fill_request(x, parsed);
}

static int serve(struct exchange *x)
{
    struct im_listener *l = x->listener;
    struct im_response *res = &x->res;

    l->options.answer(l->options.context, &x->req, res, &x->date_ms);
    if (res->status == 0)
        res->status = 500;
    deliver(x);
    if (res->stream_end)
        res->stream_end(res->stream_context);
    if (res->delivered)
        res->delivered(res->delivered_context);
    if (x->req.flaw != IM_REQUEST_SOUND && !res->damage.drop && !res->damage.reset)
        linger(x);
    int status = res->status;
    im_arena_release(&x->arena);
    return status;
}

static int begin_request(struct mg_connection *conn)
{
    struct exchange x = {0};
    struct im_listener *l = mg_get_user_data(mg_get_context(conn));

    if (!mg_get_user_connection_data(conn))
        return 500; /* out of memory when it began */
    enter(l);
    begin(&x, conn, true);
    if (read_head(&x))
        read_body(&x);
    int status = serve(&x);
    leave(l);
    return status;
}

/* CivetWeb could not parse the head at all: what does its buffer, which we cannot see,
 * hold? */
static bool refuse_unparsed(struct exchange *x)
{
    int pending = im_socket_pending(&x->connection->link);

    if (pending > 0)
        return im_request_refuse(&x->req, IM_REQUEST_HEADERS_TOO_LARGE,
                                 "headers of more than %d bytes; at most %d are taken",
                                 4 * IM_HEADERS_SIZE_MAX, IM_HEADERS_SIZE_MAX);
    if (pending < 0)
        return im_request_refuse(&x->req, IM_REQUEST_MALFORMED,
                                 "the connection ended inside the request's headers");
    return im_request_refuse(
        &x->req, IM_REQUEST_MALFORMED,
        "these bytes begin no HTTP request (TLS at the HTTP port looks "
        "like this), or its headers did not end within %d ms",
        x->listener->options.request_timeout_ms);
}

static bool describe(struct exchange *x, int status, const char *message)
{
    const struct mg_request_info *info = x->info;
    struct im_request *req = &x->req;

    if (!info->request_method || !info->http_version)
        return info->request_method
                   ? im_request_refuse(req, IM_REQUEST_MALFORMED,
                                       "the first line is no \"METHOD target HTTP/1.1\"")
                   : refuse_unparsed(x);
    if (status == 505)
        return im_request_refuse(req, IM_REQUEST_MALFORMED,
                                 "HTTP/%s; HTTP/1.1 and HTTP/1.0 are spoken here",
                                 info->http_version);
    if (info->num_headers < 0)
        return im_request_refuse(req, IM_REQUEST_MALFORMED,
                                 "a header line is not of the form \"Name: value\"");
    if (strcmp(message, "Invalid URI") == 0)
        return im_request_refuse(req, IM_REQUEST_MALFORMED,
                                 "the target \"%.*s\" is no path", IM_ARG(req->target));
    if (info->num_headers == 0 && info->http_version[0] >= '0' &&
        info->http_version[0] <= '9')
        return im_request_refuse(req, IM_REQUEST_METHOD_UNKNOWN, "the method \"%.*s\"",
                                 IM_ARG(req->method));
    return read_head(x) ? im_request_refuse(req, IM_REQUEST_MALFORMED, "%s", message)
                        : false;
}

static int http_error(struct mg_connection *conn, int status, const char *message)
{
    struct exchange x = {0};
    struct im_listener *l = mg_get_user_data(mg_get_context(conn));

    if (!mg_get_user_connection_data(conn))
        return 1;
    enter(l);
    begin(&x, conn, false);
    describe(&x, status, message);
    serve(&x);
    leave(l);
    return 0;
}

/* ---- CivetWeb's other callbacks ---- */

static int init_connection(const struct mg_connection *conn, void **data)
{
    struct im_listener *l = mg_get_user_data(mg_get_context(conn));
    struct connection *connection = calloc(1, sizeof(*connection));

    *data = connection;
    if (!connection)
        return 0;
    connection->serial = atomic_fetch_add(&l->serial, 1) + 1;
    connection->began_us = im_clock_monotonic_us();
    atomic_fetch_add(&l->connections, 1);
    return 0;
}

static void *init_thread(const struct mg_context *mg, int type)
{
    struct im_listener *l = mg_get_user_data(mg);

    (void)type;
    pthread_mutex_lock(&l->lock);
    l->begun++;
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

/* Called for connections that never began as well: those whose TLS handshake failed. */
static void connection_close(const struct mg_connection *conn)
{
    struct im_listener *l = mg_get_user_data(mg_get_context(conn));
    struct connection *connection = mg_get_user_connection_data(conn);

    if (connection)
        atomic_fetch_sub(&l->connections, 1);
    free(connection);
}

static int init_ssl(void *ssl_ctx, void *context)
{
    struct im_listener *l = context;

    return im_tls_configure(l->options.tls, ssl_ctx, &l->trouble) ? 1 : -1;
}

static void log_words(const struct im_listener *l, enum im_log_level level,
                      const char *event, const char *words)
{
    struct im_log_field fields[] = {{"why", im_str(words)}, {NULL, {NULL, 0}}};

    if (l->options.log && im_log_wants(l->options.log, level))
        im_log_line(l->options.log, level, im_clock_real_ms(), event, fields);
}

/* Fewer threads than asked for: the system allows no more. We go on with those there
 * are. */
static void note_threads(struct im_listener *l, const char *number)
{
    int64_t n;
    struct im_str rest = im_str(number);

    if (im_str_int(im_str_cut(&rest, ':'), &n) && n > 1)
        atomic_store(&l->threads, (int)n - 1);
}

static int log_message(const struct mg_connection *conn, const char *message)
{
    static const char no_thread[] = "Cannot start worker thread ";
    static const char no_tls[] = "sslize error: ";
    struct im_listener *l = mg_get_user_data(mg_get_context(conn));

    if (!l)
        return 1;
    if (strncmp(message, no_thread, sizeof(no_thread) - 1) == 0) {
        note_threads(l, message + sizeof(no_thread) - 1);
        log_words(l, IM_LOG_WARN, "fewer connection threads than asked for", message);
    } else if (strncmp(message, no_tls, sizeof(no_tls) - 1) == 0) {
        log_words(l, IM_LOG_INFO, "TLS handshake failed", message + sizeof(no_tls) - 1);
    } else {
        log_words(l, IM_LOG_DEBUG, "CivetWeb", message);
    }
    pthread_mutex_lock(&l->lock);
    if (!l->mg && !l->trouble.text[0])
        im_error_set(&l->trouble, "%s", message);
    pthread_mutex_unlock(&l->lock);
    return 1;
}

/* ---- starting ---- */

/* CivetWeb prepares itself once in a process, and does not guard that: here it happens
 * before anybody can have a thread. */
__attribute__((constructor)) static void prepare_civetweb(void)
{
    mg_init_library(MG_FEATURES_TLS);
}

static bool refuse_start(const struct im_listener *l, struct im_error *err)
{
    return im_error_set(err, "starting to listen: %s",
                        l->trouble.text[0] ? l->trouble.text
                                           : "CivetWeb gives no reason");
}

static bool probe(struct im_listener *l, struct im_error *err)
{
    static const char *const options[] = {"--port", "--https-port", "--control"};
    const int wanted[] = {l->options.http_port, l->options.https_port,
                          l->options.control_port};

    for (int role = 0; role < ROLES; role++) {
        struct port *port = &l->ports[role];
        const char *bind = role == ROLE_CONTROL ? NULL : l->options.bind;
        port->number = wanted[role];
        if (port->number == IM_PORT_NONE)
            continue;
        if (!im_addresses_parse(bind, &port->addresses, err) ||
            !im_addresses_probe(&port->addresses, &port->number, options[role], err))
            return false;
    }
    return true;
}

/* CivetWeb's way of saying all that: "127.0.0.1:8080,[::1]:8080,127.0.0.1:8443s". */
static const char *listening_ports(struct im_listener *l)
{
    char text[IM_ENDPOINT_TEXT];
    struct im_buf buf;

    im_buf_init(&buf, &l->arena, 0);
    for (int role = 0; role < ROLES; role++) {
        const struct port *port = &l->ports[role];
        for (size_t i = 0; port->number != IM_PORT_NONE && i < port->addresses.count;
             i++) {
            im_address_text(&port->addresses, i, port->number, text);
            im_buf_addf(&buf, "%s%s%s", buf.len ? "," : "", text,
                        role == ROLE_HTTPS ? "s" : "");
        }
    }
    im_buf_addc(&buf, '\0');
    return buf.failed ? NULL : buf.at;
}

static struct mg_context *start_civetweb(struct im_listener *l, const char *ports)
{
    static const struct mg_callbacks callbacks = {.begin_request = begin_request,
                                                  .http_error = http_error,
                                                  .init_thread = init_thread,
                                                  .init_connection = init_connection,
                                                  .connection_close = connection_close,
                                                  .init_ssl = init_ssl,
                                                  .log_message = log_message};
    char threads[16], timeout[16], headers[16];
    const char *options[] = {"listening_ports",
                             ports,
                             "num_threads",
                             threads,
                             "request_timeout_ms",
                             timeout,
                             "max_request_size",
                             headers,
                             "listen_backlog",
                             "1024",
                             "connection_queue",
                             "512",
                             "enable_keep_alive",
                             "yes",
                             "keep_alive_timeout_ms",
                             "8000",
                             "tcp_nodelay",
                             "1",
                             "decode_url",
                             "no",
                             "enable_auth_domain_check",
                             "no",
                             NULL};

    snprintf(threads, sizeof(threads), "%d", l->options.threads);
    snprintf(timeout, sizeof(timeout), "%d", l->options.request_timeout_ms);
    snprintf(headers, sizeof(headers), "%d", 4 * IM_HEADERS_SIZE_MAX);
    return mg_start(&callbacks, l, options);
}

/* Signals belong to the host program's own threads, and SIGPIPE must not reach anybody
 * for a socket of ours: the threads inherit this mask. */
static void block_signals(sigset_t *before)
{
    sigset_t all;

    sigfillset(&all);
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGBUS);
    sigdelset(&all, SIGFPE);
    sigdelset(&all, SIGILL);
    sigdelset(&all, SIGABRT);
    pthread_sigmask(SIG_BLOCK, &all, before);
}

/* Every thread of CivetWeb sets SIGPIPE to be ignored, for the whole process, before
 * it does anything else. The host had it otherwise for a reason, and its children
 * would inherit it: so once all have begun it is put back. They do without: they have
 * it blocked. */
static struct mg_context *start_without_trace(struct im_listener *l, const char *ports)
{
    struct sigaction before;
    struct timespec when = im_cond_deadline(DEFAULT_TIMEOUT_MS);

    l->begun = 0;
    sigaction(SIGPIPE, NULL, &before);
    struct mg_context *mg = start_civetweb(l, ports);
    pthread_mutex_lock(&l->lock);
    l->mg = mg;
    while (mg &&
           l->begun <= atomic_load(&l->threads)) /* one more: the one that accepts */
        if (pthread_cond_timedwait(&l->changed, &l->lock, &when) == ETIMEDOUT)
            break;
    pthread_mutex_unlock(&l->lock);
    if ((before.sa_flags & SA_SIGINFO) || before.sa_handler != SIG_IGN)
        sigaction(SIGPIPE, &before, NULL);
    return mg;
}

/* Between probing and listening somebody else may take a port that was free. */
static bool listen_now(struct im_listener *l, struct im_error *err)
{
    bool any = l->options.http_port == 0 || l->options.https_port == 0 ||
               l->options.control_port == 0;

    for (int tries = 0; tries < (any ? START_TRIES : 1); tries++) {
        l->trouble.text[0] = '\0';
        if (!probe(l, err))
            return false;
        const char *ports = listening_ports(l);
        if (ports && start_without_trace(l, ports))
            return true;
    }
    return refuse_start(l, err);
}

static bool make_urls(struct im_listener *l, struct im_error *err)
{
    for (int role = 0; role < ROLES; role++) {
        struct port *port = &l->ports[role];
        if (port->number == IM_PORT_NONE)
            continue;
        bool v6 = port->addresses.items[0].v6;
        const char *host = port->addresses.items[0].text;
        if (is_wildcard(host))
            host = v6 ? "::1" : "127.0.0.1";
        port->url =
            im_arena_format(&l->arena, v6 ? "%s://[%s]:%d" : "%s://%s:%d",
                            role == ROLE_HTTPS ? "https" : "http", host, port->number);
    }
    return !l->arena.failed || im_error_set(err, "starting to listen: out of memory");
}

static bool make_descriptors(struct im_listener *l, struct im_error *err)
{
    if (!im_socket_quiet(l->quiet) || pipe(l->wake) != 0)
        return im_error_set(err, "starting to listen: making a pipe: %s",
                            strerror(errno));
    fcntl(l->wake[0], F_SETFD, FD_CLOEXEC);
    fcntl(l->wake[1], F_SETFD, FD_CLOEXEC);
    return true;
}

static bool start(struct im_listener *l, struct im_error *err)
{
    sigset_t before;
    bool fine;

    if (l->options.https_port != IM_PORT_NONE && !l->options.tls)
        return im_error_set(err, "starting to listen: HTTPS without a certificate");
    if (!make_descriptors(l, err))
        return false;
    block_signals(&before);
    l->watchdog = im_watchdog_new(l->options.request_timeout_ms, err);
    fine = l->watchdog && listen_now(l, err);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return fine && make_urls(l, err);
}

int im_listener_threads(int threads)
{
    return threads > 0 ? threads : DEFAULT_THREADS;
}

struct im_listener *im_listener_start(const struct im_listener_options *options,
                                      struct im_error *err)
{
    struct im_listener *l = calloc(1, sizeof(*l));

    if (!l) {
        im_error_set(err, "starting to listen: out of memory");
        return NULL;
    }
    l->options = *options;
    l->options.threads = im_listener_threads(options->threads);
    if (l->options.request_timeout_ms <= 0)
        l->options.request_timeout_ms = DEFAULT_TIMEOUT_MS;
    atomic_init(&l->threads, l->options.threads);
    l->quiet[0] = l->quiet[1] = l->wake[0] = l->wake[1] = -1;
    for (int role = 0; role < ROLES; role++)
        l->ports[role].number = IM_PORT_NONE;
    im_arena_init(&l->arena, 0);
    pthread_mutex_init(&l->lock, NULL);
    im_cond_init(&l->changed);
    if (start(l, err))
        return l;
    im_listener_stop(l, 0);
    return NULL;
}

/* ---- stopping ---- */

static void stop_accepting(struct im_listener *l)
{
    for (int role = 0; role < ROLES; role++)
        if (l->ports[role].number != IM_PORT_NONE)
            im_socket_stop_listening(&l->ports[role].addresses, l->ports[role].number,
                                     l->quiet[0]);
}

static void wait_idle(struct im_listener *l, int64_t grace_ms)
{
    struct timespec when = im_cond_deadline(grace_ms);

    pthread_mutex_lock(&l->lock);
    while (atomic_load(&l->in_flight) > 0)
        if (pthread_cond_timedwait(&l->changed, &l->lock, &when) == ETIMEDOUT)
            break;
    pthread_mutex_unlock(&l->lock);
}

/* CivetWeb forgets to close the connections that still wait in its queue. */
static void stop_civetweb(struct im_listener *l)
{
    struct im_links *links = NULL;

    for (int role = 0; role < ROLES; role++)
        if (l->ports[role].number != IM_PORT_NONE)
            links =
                im_socket_list(&l->ports[role].addresses, l->ports[role].number, links);
    send(l->quiet[1], "", 1, MSG_NOSIGNAL); /* its accepting thread need not sleep on */
    mg_stop(l->mg);
    im_socket_close_left(links);
    free(links);
}

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

void im_listener_stop(struct im_listener *l, int64_t grace_ms)
{
    if (!l)
        return;
    atomic_store(&l->stopping, true);
    close_if_open(l->wake[1]);
    if (l->mg) {
        stop_accepting(l);
        wait_idle(l, grace_ms);
        stop_civetweb(l);
    }
    im_watchdog_free(l->watchdog);
    close_if_open(l->wake[0]);
    close_if_open(l->quiet[0]);
    close_if_open(l->quiet[1]);
    pthread_cond_destroy(&l->changed);
    pthread_mutex_destroy(&l->lock);
    im_arena_release(&l->arena);
    free(l);
}

struct im_str im_listener_http_url(const struct im_listener *listener)
{
    return listener->ports[ROLE_HTTP].url;
}

struct im_str im_listener_https_url(const struct im_listener *listener)
{
    return listener->ports[ROLE_HTTPS].url;
}

struct im_str im_listener_control_url(const struct im_listener *listener)
{
    return listener->ports[ROLE_CONTROL].url;
}

bool im_listener_stopping(const struct im_listener *listener)
{
    return atomic_load(&listener->stopping);
}
