/* What a forward proxy decides (RFC 9110 sections 7.6 and 9.3.6): which tunnels end here, which lead
 * to somebody else, and which are refused. It is no open proxy: unless --proxy-others says pass, only
 * programs on this machine are passed on, and only to this machine. */
#include <string.h>

#include "base/clock.h"
#include "http/framing.h"
#include "http/proxy.h"
#include "router_parts.h"

enum { DIAL_MS = 10000 };

static bool is_intercepted(const struct im_sandboxes *sandboxes,
                           const struct im_request *req)
{
    return im_hosts_match(sandboxes->settings.intercept, req->host);
}

bool im_proxy_takes(const struct im_sandboxes *sandboxes, const struct im_request *req)
{
    if (req->flaw == IM_REQUEST_PROXY_USER || req->flaw == IM_REQUEST_TLS_FAILED)
        return true;
    if (!req->at_proxy || req->flaw != IM_REQUEST_SOUND)
        return false;
    /* our own address is answered in place, but not for who must not be led to it */
    return req->form == IM_TARGET_AUTHORITY ||
           (req->form == IM_TARGET_ABSOLUTE && !is_intercepted(sandboxes, req) &&
            !(req->to_us && req->from_loopback));
}

static enum im_cause open_tunnel(struct im_response *res, struct im_str host)
{
    res->status = 200;
    res->start_tls = true;
    res->tunnel_host = host;
    return CAUSE_NONE;
}

static enum im_cause refuse_host(const struct im_sandboxes *sandboxes,
                                 struct im_request *req, bool local)
{
    struct im_str hosts = sandboxes->settings.intercept;

    /* no host that somebody has named */
    if (im_str_ends(hosts, "," IM_ELSEWHERE_HOST))
        hosts.len -= strlen("," IM_ELSEWHERE_HOST);
    if (local)
        return im_refuse(
            req, CAUSE_PROXY_HOST_REFUSED,
            "%.*s is this machine, and is passed for clients on this machine "
            "alone",
            IM_ARG(req->host));
    return im_refuse(
        req, CAUSE_PROXY_HOST_REFUSED,
        "the proxy answers for %.*s and passes no other host on; to let %.*s "
        "through, start with --proxy-others pass, or take it out of the proxy "
        "with NO_PROXY",
        IM_ARG(im_str_front(hosts, 200)), IM_ARG(req->host));
}

/* A header that is for the proxy, or for this one connection, also because Connection names it (RFC 9110
 * section 7.6.1). The body's length is written anew: what came in chunks goes on as a whole. */
static bool is_hop_header(const struct im_request *req, struct im_str name)
{
    static const char *const hops[] = {
        "Connection", "Proxy-Connection",  "Proxy-Authorization", "Keep-Alive",
        "TE",         "Transfer-Encoding", "Content-Length",      "Upgrade",
        "Expect"};

    for (size_t i = 0; i < sizeof(hops) / sizeof(hops[0]); i++)
        if (im_str_eq_nocase(name, im_str(hops[i])))
            return true;
    for (size_t i = 0; i < req->header_count; i++)
        if (im_str_eq_nocase(req->headers[i].name, IM_STR("Connection")) &&
            im_header_list_has(req->headers[i].value, name))
            return !im_str_eq_nocase(name, IM_STR("Host")); /* each request needs that */
    return false;
}

/* The request as its server wants it: with a path for a target. One to a connection, for the next
 * request of this client may be for somebody else. */
static struct im_str request_to_send_on(const struct im_request *req)
{
    struct im_buf text;

    im_buf_init(&text, req->arena, 0);
    im_buf_addf(&text, "%.*s %.*s HTTP/1.1\r\n", IM_ARG(req->method),
                IM_ARG(req->target));
    for (size_t i = 0; i < req->header_count; i++)
        if (!is_hop_header(req, req->headers[i].name))
            im_buf_addf(&text, "%.*s: %.*s\r\n", IM_ARG(req->headers[i].name),
                        IM_ARG(req->headers[i].value));
    if (req->body.len || im_request_header_count(req, "Content-Length"))
        im_buf_addf(&text, "Content-Length: %zu\r\n", req->body.len);
    im_buf_addz(&text, "Connection: close\r\n\r\n");
    im_buf_add(&text, req->body);
    return im_buf_str(&text);
}

static enum im_cause pass_on(const struct im_sandboxes *sandboxes, struct im_request *req,
                             struct im_response *res)
{
    struct im_dial *dial = IM_ARENA_NEW(req->arena, struct im_dial);

    if (!dial)
        return CAUSE_NONE; /* the arena's mark says why */
    *dial = (struct im_dial){.host = im_arena_copy(req->arena, req->host),
                             .port = req->port,
                             .local = req->from_loopback,
                             .never = sandboxes->settings.intercept,
                             .state = IM_DIAL_WANTED};
    if (req->form == IM_TARGET_ABSOLUTE)
        dial->first = request_to_send_on(req);
    res->dial = dial;
    res->resume_ms = im_clock_monotonic_ms() + DIAL_MS;
    /* one that sends no more may still wait for the answer, and 10 s are soon over */
    res->resume_if_gone = false;
    return CAUSE_NONE;
}

enum im_cause im_proxy_answer(const struct im_sandboxes *sandboxes,
                              struct im_request *req, struct im_response *res)
{
    bool local = im_host_is_loopback(req->host);

    if (req->form == IM_TARGET_AUTHORITY && is_intercepted(sandboxes, req))
        return open_tunnel(res, req->host);
    if (local && !req->from_loopback)
        return refuse_host(sandboxes, req, true);
    if (req->to_us)
        return open_tunnel(res, IM_STR(""));
    if (!local && !sandboxes->settings.proxy_pass)
        return refuse_host(sandboxes, req, false);
    /* TLS is the client's own affair in a tunnel; without one we would have to speak it */
    if (req->form == IM_TARGET_ABSOLUTE && req->tls)
        return im_refuse(
            req, CAUSE_PROXY_HOST_REFUSED,
            "https://%.*s/ was asked for without a tunnel; a client that wants "
            "it passed on sends CONNECT %.*s:%d",
            IM_ARG(req->host), IM_ARG(req->host), req->port);
    return pass_on(sandboxes, req, res);
}

enum im_cause im_proxy_dialled(struct im_request *req, struct im_response *res)
{
    const struct im_dial *dial = res->dial;

    if (dial->state == IM_DIAL_DONE) {
        /* what is sent on is answered elsewhere, and the answer is not read here */
        res->status = dial->first.len ? 0 : 200;
        return CAUSE_NONE;
    }
    return im_refuse(req, CAUSE_PROXY_UNREACHABLE, "connecting to %.*s:%d: %s",
                     IM_ARG(dial->host), dial->port,
                     dial->state == IM_DIAL_FAILED ? dial->err.text
                                                   : "nothing came of it in 10 s");
}
