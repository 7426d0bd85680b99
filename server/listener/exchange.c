/* Bytes become a request, and the request an answer. CivetWeb splits the head; what it
 * would let pass or get wrong is looked at before (http/head.h, http/framing.h), so that
 * each refusal says what is wrong and where. Whatever could be read of a refused request
 * goes with it. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "listener/civetweb.h"
#include "listener/inside.h"

enum {
    ARENA_MAX = 256 * 1024 * 1024 /* a request that takes more is a fault of ours */
};

/* ---- a transaction ---- */

static struct im_transaction *transaction_new(struct im_connection *c)
{
    struct im_transaction *t = malloc(sizeof(*t));

    if (!t)
        return NULL;
    /* all but the headers, which are most of it and counted */
    memset(t, 0, offsetof(struct im_transaction, req.headers));
    memset(&t->framing, 0, sizeof(*t) - offsetof(struct im_transaction, framing));
    im_arena_init(&t->arena, ARENA_MAX);
    im_arena_init(&t->piece_arena, ARENA_MAX);
    im_response_init(&t->res, &t->arena);
    t->date_ms = im_clock_real_ms();
    t->req.arena = &t->arena;
    t->req.method = t->req.target = t->req.query = IM_STR("");
    t->req.connection = c->serial;
    t->req.connection_us = c->began_us;
    t->req.began_us = im_clock_monotonic_us();
    t->req.waker = &c->waker;
    t->req.peer = im_str(c->peer);
    t->req.local_base = im_str(c->base);
    t->req.tls = c->channel.ssl != NULL;
    t->req.on_control_port = c->on_control_port;
    t->req.from_loopback = c->from_loopback;
    t->req.at_proxy = c->at_proxy;
    t->req.in_tunnel = c->hello != NULL;
    t->req.tls_fault = c->hello ? c->hello->fault : IM_FAULT_NONE;
    t->req.sandbox = im_str(c->sandbox);
    t->req.sandbox_must_be = c->sandbox_must_be;
    atomic_fetch_add(&c->listener->in_flight, 1);
    return t;
}

void im_exchange_end(struct im_connection *c)
{
    struct im_transaction *t = c->now;
    struct im_listener *l = c->listener;

    if (!t)
        return;
    c->now = NULL;
    if (t->res.resume) { /* what it holds on to must be let go */
        t->res.abandoned = true;
        t->res.resume(t->res.resume_context);
    }
    if (t->res.stream_end)
        t->res.stream_end(t->res.stream_context);
    if (t->res.delivered)
        t->res.delivered(t->res.delivered_context);
    im_arena_release(&t->piece_arena);
    im_arena_release(&t->arena);
    free(t);
    if (atomic_fetch_sub(&l->in_flight, 1) != 1 || !im_listener_stopping(l))
        return;
    pthread_mutex_lock(&l->lock);
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->lock);
}

/* ---- the answer ---- */

static void answer_probe(struct im_response *res)
{
    res->status = 204;
    res->close = true;
}

/* It waits on purpose until its time, until it is woken, or until nobody is there any
 * more to hear it. `resume` finds out what of that it was, and may let it wait on. */
static enum im_step_result step_pause(struct im_connection *c)
{
    struct im_response *res = &c->now->res;

    if (res->dial && res->dial->state == IM_DIAL_WANTED) {
        if (!c->upstream)
            im_dial_begin(c, res->dial);
        im_dial_look(c, res->dial);
        if (res->dial->state != IM_DIAL_WANTED)
            atomic_store(&c->woken, true);
    }
    if (res->resume) {
        bool gone = res->resume_if_gone &&
                    (atomic_load(&c->task.hung_up) || im_channel_gone(&c->channel));
        if (!atomic_exchange(&c->woken, false) && !gone && !im_connection_late(c))
            return IM_STEP_WAIT;
        res->abandoned = gone;
        void (*resume)(void *) = res->resume;
        res->resume = NULL;
        resume(res->resume_context);
        if (!res->resume && !gone) /* it is still answered, for who wants to know */
            res->abandoned = im_channel_gone(&c->channel);
    }
    c->until_ms = res->resume ? res->resume_ms : INT64_MAX;
    return res->resume ? IM_STEP_NEXT : im_deliver(c);
}

static enum im_step_result step_answer(struct im_connection *c)
{
    const struct im_listener_options *options = &c->listener->options;
    struct im_transaction *t = c->now;

    atomic_store(&c->woken, false);
    if (c->probe)
        answer_probe(&t->res);
    else
        options->answer(options->context, &t->req, &t->res, &t->date_ms);
    c->until_ms = t->res.resume ? t->res.resume_ms : INT64_MAX;
    c->step = step_pause;
    return IM_STEP_NEXT;
}

/* ---- the request's body ---- */

static bool body_cut(struct im_connection *c, bool late, size_t got)
{
    struct im_request *req = &c->now->req;

    if (late)
        return im_request_refuse(req, IM_REQUEST_BODY_CUT,
                                 "the body was not there after %d ms: %zu bytes had come",
                                 c->listener->options.request_timeout_ms, got);
    return im_request_refuse(req, IM_REQUEST_BODY_CUT, "the body ended after %zu bytes",
                             got);
}

/* Takes what is there. True when the body is whole, or refused. */
static bool take_sized(struct im_connection *c, struct im_transaction *t)
{
    size_t wanted = (size_t)t->framing.length - t->req.body.len;
    size_t n = c->in_len < wanted ? c->in_len : wanted;

    memcpy(t->sized + t->req.body.len, c->in, n);
    im_connection_use(c, n);
    t->req.body.len += n;
    return n == wanted;
}

static bool take_chunks(struct im_connection *c, struct im_transaction *t)
{
    struct im_str bytes = {c->in, c->in_len};

    im_connection_use(c, im_chunked_read(&t->chunked, bytes, &t->body));
    t->req.body = im_buf_str(&t->body);
    if (t->chunked.wrong)
        im_request_refuse(&t->req, IM_REQUEST_MALFORMED, "%s", t->chunked.wrong);
    else if (t->body.len > IM_BODY_MAX)
        im_request_refuse(&t->req, IM_REQUEST_BODY_TOO_LARGE,
                          "a chunked body of more than %d bytes", IM_BODY_MAX);
    return t->chunked.done || t->req.flaw;
}

static enum im_step_result step_body(struct im_connection *c)
{
    struct im_transaction *t = c->now;

    while (c->in_len == 0 || !(t->sized ? take_sized(c, t) : take_chunks(c, t))) {
        bool late = im_connection_late(c);
        ssize_t n = late ? IM_CHANNEL_AGAIN : im_connection_fill(c);
        if (n > 0)
            continue;
        if (n == IM_CHANNEL_AGAIN && !late)
            return IM_STEP_WAIT;
        body_cut(c, late, t->req.body.len);
        break;
    }
    c->until_ms = INT64_MAX;
    c->step = step_answer;
    return IM_STEP_NEXT;
}

static enum im_step_result begin_body(struct im_connection *c)
{
    c->until_ms = im_clock_monotonic_ms() + c->listener->options.request_timeout_ms;
    c->step = step_body;
    return IM_STEP_NEXT;
}

/* ---- the request's head ---- */

/* Whom the target names; default_port 0 = it must have one. The control port is on the loopback so that
 * other machines do not reach it; a proxy that they do reach must not lead them there. */
static bool target_take_host(const struct im_connection *c, struct im_request *req,
                             enum im_target_form form, struct im_str authority,
                             int default_port)
{
    struct im_authority_part part;
    struct im_error why;

    if (!im_authority_part_read(authority, default_port, &part, &why))
        return im_request_refuse(req, IM_REQUEST_MALFORMED, "the target%s: %s",
                                 form == IM_TARGET_AUTHORITY ? " of CONNECT" : "'s host",
                                 why.text);
    enum im_port_role role = im_ports_find(c->listener, part.host, part.port);
    req->form = form;
    req->host = part.host;
    req->port = part.port;
    req->to_us = role != IM_ROLES;
    req->on_control_port |= c->at_proxy && c->from_loopback && role == IM_ROLE_CONTROL;
    return true;
}

/* A whole URL, whose authority counts instead of the Host header (RFC 9112 section
 * 3.2.2). */
static bool read_absolute(struct im_connection *c, struct im_request *req, bool tls)
{
    size_t scheme = strlen(tls ? "https://" : "http://");
    struct im_str target = im_str_slice(req->target, scheme, req->target.len);
    size_t end = strcspn(target.at, "/?#");
    struct im_str authority = im_str_slice(target, 0, end);

    if (!target_take_host(c, req, IM_TARGET_ABSOLUTE, authority, tls ? 443 : 80))
        return false;
    req->tls |= tls && c->at_proxy;
    target = im_str_slice(target, end, target.len);
    if (!im_str_starts(target, "/"))
        target = im_arena_format(req->arena, "/%.*s", IM_ARG(target));
    for (size_t i = 0; i < req->header_count; i++)
        if (im_str_eq_nocase(req->headers[i].name, IM_STR("Host")))
            req->headers[i].value = authority;
    req->target = target;
    return true;
}

/* CONNECT, RFC 9110 section 9.3.6. Old clients leave the Host header out. */
static bool read_authority(struct im_connection *c, struct im_request *req)
{
    if (!c->at_proxy)
        return im_request_refuse(req, IM_REQUEST_MALFORMED,
                                 c->hello ? "CONNECT inside of a tunnel"
                                          : "CONNECT is for a proxy, and this port is "
                                            "none: --proxy opens one");
    if (!target_take_host(c, req, IM_TARGET_AUTHORITY, req->target, 0))
        return false;
    if (!im_request_header_count(req, "Host"))
        im_request_add_header(req, IM_STR("Host"), req->target);
    return true;
}

/* Who asks a proxy says so by a user name, which is that of a sandbox. It stays with the
 * connection: what comes through a tunnel does not say it again. A port of a sandbox's own
 * needs none. */
static bool read_proxy_user(struct im_connection *c, struct im_request *req)
{
    struct im_str header = im_request_header(req, "Proxy-Authorization"),
                  user = IM_STR("");
    size_t count = im_request_header_count(req, "Proxy-Authorization");
    struct im_error why = {.text = ""};

    if (!c->at_proxy || c->sandbox_must_be)
        return true;
    c->sandbox[0] = '\0';
    req->sandbox = IM_STR("");
    if (!count)
        return true;
    if (count > 1) /* of two users either could be meant */
        im_error_set(&why, "%zu Proxy-Authorization headers came, where one is read",
                     count);
    else if (im_proxy_user(header, req->arena, &user, &why) &&
             user.len >= sizeof(c->sandbox))
        im_error_set(&why,
                     "the user of Proxy-Authorization has %zu characters, and no sandbox "
                     "has a name of more than %zu",
                     user.len, sizeof(c->sandbox) - 1);
    if (why.text[0])
        return im_request_refuse(req, IM_REQUEST_PROXY_USER,
                                 "%s; the proxy's user is the name of a sandbox: "
                                 "http://SANDBOX@HOST:PORT",
                                 why.text);
    memcpy(c->sandbox, user.at, user.len);
    c->sandbox[user.len] = '\0';
    req->sandbox = im_str(c->sandbox);
    return true;
}

/* RFC 9112 section 3.2: a path, a whole URL, a host for CONNECT, or "*" for OPTIONS. */
static bool read_target(struct im_connection *c, struct im_request *req)
{
    struct im_str target = req->target;

    if (im_str_is(req->method, "CONNECT"))
        return read_authority(c, req);
    if (im_str_eq_nocase(im_str_slice(target, 0, 7), IM_STR("http://")) &&
        !read_absolute(c, req, false))
        return false;
    if (im_str_eq_nocase(im_str_slice(target, 0, 8), IM_STR("https://")) &&
        !read_absolute(c, req, true))
        return false;
    target = req->query = req->target;
    im_str_cut(&req->query, '?');
    return im_str_starts(target, "/") ||
           (im_str_is(target, "*") && im_str_is(req->method, "OPTIONS")) ||
           im_request_refuse(req, IM_REQUEST_MALFORMED, "the target \"%.*s\" is no path",
                             IM_ARG(target));
}

static bool check_version(struct im_request *req, struct im_str version)
{
    return im_str_is(version, "1.1") || im_str_is(version, "1.0") ||
           im_request_refuse(req, IM_REQUEST_MALFORMED,
                             "HTTP/%.*s; HTTP/1.1 and HTTP/1.0 are spoken here",
                             IM_ARG(version));
}

/* Parses the lines that are sound. Of a first line that is not, its words are taken as
 * they are. */
static struct im_str parse_head(struct im_request *req, struct im_str head, size_t sound)
{
    struct im_str version = IM_STR("");
    size_t blank_line = sound < head.len ? 2 : 0; /* the one it did not come to */
    char *copy = im_arena_alloc(req->arena, sound + blank_line + 1);

    if (!copy || !head.at)
        return version;
    memcpy(copy, head.at, sound);
    memcpy(copy + sound, "\r\n", blank_line);
    if (!sound || !im_civetweb_read_head(copy, sound + blank_line, req, &version)) {
        struct im_str line = im_str_slice(head, 0, im_str_find(head, '\n'));
        im_head_first_line(im_arena_copy(req->arena, im_str_trim(line)), &req->method,
                           &req->target, &version);
        version = im_str_slice(version, 5, version.len); /* behind "HTTP/" */
    }
    req->query = req->target;
    im_str_cut(&req->query, '?');
    return version;
}

/* Makes a request of the head; false when it has a flaw. */
static bool read_head(struct im_connection *c, struct im_transaction *t)
{
    struct im_request *req = &t->req;
    struct im_str bytes = {c->in, c->in_len};
    struct im_str head =
        im_str_slice(bytes, c->scan.begin, c->scan.end ? c->scan.end : bytes.len);
    size_t sound;

    bool fine = im_head_check(req, &c->scan, bytes, &sound);
    if (!fine && sound == 0 && im_str_find(head, '\n') == head.len)
        return false; /* not even a line */
    struct im_str version = parse_head(req, head, sound);
    if (!fine)
        return false;
    const char *method = im_arena_copy(req->arena, req->method).at;
    if (method && !im_civetweb_knows_method(method))
        return im_request_refuse(req, IM_REQUEST_METHOD_UNKNOWN, "the method \"%s\"",
                                 method);
    if (!check_version(req, version) || !read_target(c, req) ||
        !read_proxy_user(c, req) || !im_framing_read(req, version, &t->framing))
        return false;
    return !c->too_many ||
           im_request_refuse(req, IM_REQUEST_OVER_CAPACITY,
                             "%d connections are open, and no more are let in",
                             c->listener->options.connections);
}

static struct im_transaction *begin_transaction(struct im_connection *c)
{
    c->now = transaction_new(c);
    c->handled++;
    c->until_ms = INT64_MAX;
    c->step = step_answer;
    return c->now;
}

static enum im_step_result begin_request(struct im_connection *c)
{
    static const struct im_str go_on = {"HTTP/1.1 100 Continue\r\n\r\n", 25};
    struct im_transaction *t = begin_transaction(c);

    if (!t)
        return IM_STEP_CLOSE;
    bool fine = read_head(c, t);
    im_connection_use(c, c->scan.end);
    if (!fine || (!t->framing.chunked && t->framing.length == 0))
        return IM_STEP_NEXT;
    im_buf_init(&t->body, &t->arena, 0);
    if (!t->framing.chunked) {
        t->sized = im_arena_alloc(&t->arena, (size_t)t->framing.length + 1);
        t->req.body = (struct im_str){t->sized, 0};
        if (!t->sized)
            return IM_STEP_NEXT; /* the arena's mark says so */
    }
    return t->framing.expects_continue ? im_connection_send(c, go_on, begin_body)
                                       : begin_body(c);
}

/* A head that is not whole, and never will be. What lines there are go with the refusal.
 */
static enum im_step_result refuse_head(struct im_connection *c, bool late)
{
    struct im_transaction *t = begin_transaction(c);
    struct im_str head =
        im_str_slice((struct im_str){c->in, c->in_len}, c->scan.begin, c->in_len);
    size_t sound = head.len;

    if (!t)
        return IM_STEP_CLOSE;
    while (sound && head.at[sound - 1] != '\n')
        sound--;
    if (sound)
        parse_head(&t->req, head, sound);
    if (late)
        im_request_refuse(&t->req, IM_REQUEST_MALFORMED,
                          "the request's headers did not end within %d ms",
                          c->listener->options.request_timeout_ms);
    else
        im_request_refuse(&t->req, IM_REQUEST_MALFORMED,
                          "the connection ended inside the request's headers");
    return IM_STEP_NEXT;
}

enum im_step_result im_exchange_tls_failed(struct im_connection *c, const char *why)
{
    struct im_transaction *t = begin_transaction(c);

    if (!t)
        return IM_STEP_CLOSE;
    t->req.method = IM_STR("CONNECT");
    t->req.target = im_str(c->hello->host);
    im_request_refuse(&t->req, IM_REQUEST_TLS_FAILED, "%s", why);
    return IM_STEP_NEXT;
}

/* A tunnel whose handshake was fine, and then the client left: it has looked at the
 * certificate itself. */
static bool is_unused_tunnel(const struct im_connection *c)
{
    return c->hello && c->hello->host[0] && c->channel.ssl && !c->handled &&
           c->hello->fault == IM_FAULT_NONE && !im_listener_stopping(c->listener);
}

static enum im_step_result step_head(struct im_connection *c)
{
    for (;;) {
        if (im_head_look(&c->scan, (struct im_str){c->in, c->in_len}))
            return begin_request(c);
        bool late = im_connection_late(c), begun = c->in_len > c->scan.begin;
        ssize_t n = late ? IM_CHANNEL_AGAIN : im_connection_fill(c);
        if (n > 0 && !begun)
            c->until_ms =
                im_clock_monotonic_ms() + c->listener->options.request_timeout_ms;
        if (n > 0)
            continue;
        if (n == IM_CHANNEL_AGAIN && !late)
            return im_listener_stopping(c->listener) ? IM_STEP_CLOSE : IM_STEP_WAIT;
        if (!begun && n != IM_CHANNEL_AGAIN && is_unused_tunnel(c))
            return im_exchange_tls_failed(
                c, "the client left after the handshake without a request: it may have "
                   "opened the tunnel ahead of need, or take one certificate only "
                   "(pinning)");
        return begun && n != IM_CHANNEL_BROKEN ? refuse_head(c, late) : IM_STEP_CLOSE;
    }
}

enum im_step_result im_exchange_begin(struct im_connection *c)
{
    c->scan = (struct im_head_scan){0};
    if (c->handled)
        c->until_ms = im_clock_monotonic_ms() + IM_KEEP_ALIVE_MS;
    c->step = step_head;
    return IM_STEP_NEXT;
}
