/* One request as it arrived, and where the pipeline finds that it leads to.
 * Lifetime: request. The listener fills the first part; nothing here knows a socket. */
#ifndef IM_HTTP_REQUEST_H
#define IM_HTTP_REQUEST_H

#include "base/arena.h"
#include "http/fault.h"
#include "http/form.h"

struct im_exchange;    /* causes/exchange.h: what is known of it and of its answer */
struct im_credentials; /* oauth/credentials.h: who says it sends it */
struct im_route;       /* endpoints/endpoint.h: where it leads to */
struct im_waker;

struct im_header {
    struct im_str name, value; /* value without white space at both ends */
};

enum { IM_HEADERS_MAX = 64 };

/* What the listener found wrong before the pipeline could start; the pipeline words
 * it. */
enum im_request_flaw {
    IM_REQUEST_SOUND,
    IM_REQUEST_MALFORMED, /* not HTTP, two Content-Lengths, a bad chunk … */
    IM_REQUEST_HEADERS_TOO_LARGE,
    IM_REQUEST_BODY_TOO_LARGE, /* over IM_BODY_MAX */
    IM_REQUEST_BODY_CUT,       /* the peer closed or stalled inside the body */
    IM_REQUEST_METHOD_UNKNOWN,
    IM_REQUEST_ENCODED,       /* the body, by Content-Encoding */
    IM_REQUEST_HTTP2,         /* its preface, without having asked */
    IM_REQUEST_OVER_CAPACITY, /* sound, but we have too many connections to look at it */
    IM_REQUEST_PROXY_USER,    /* Proxy-Authorization names no sandbox */
    IM_REQUEST_TLS_FAILED /* none at all: a tunnel's handshake came to nothing, and it is told
                             like a request so that a journal has it. Nobody hears an answer */
};

/* How the request line names what it is for, RFC 9112 section 3.2. */
enum im_target_form {
    IM_TARGET_ORIGIN,   /* "/path" */
    IM_TARGET_ABSOLUTE, /* "http://host/path" */
    IM_TARGET_AUTHORITY /* "host:port", of CONNECT */
};

enum { IM_BODY_MAX = 1024 * 1024 }; /* bytes; the REST guides: a body of at most 1 MB */

struct im_request {
    struct im_arena *arena;
    struct im_str method;
    struct im_str target; /* as on the request line, undecoded, with the query */
    struct im_str query;  /* undecoded, without '?' */
    size_t header_count;  /* of `headers`, below */
    struct im_str body;
    struct im_str peer;       /* "127.0.0.1:54321" or empty */
    struct im_str local_base; /* "http://127.0.0.1:8080": the socket's own address */
    bool tls;
    uint64_t connection;   /* serial of the connection; 0 = there is none */
    int64_t connection_us; /* when that began, monotonic */
    int64_t began_us;      /* when this request did, monotonic; 0 = not known */
    bool
        on_control_port; /* arrived at the port that serves only /__mock, or is led there */
    enum im_target_form form;
    struct im_str host; /* that the target names; empty in IM_TARGET_ORIGIN */
    int port;
    bool to_us;         /* … which is an address of ours */
    bool at_proxy;      /* arrived at a proxy's port, not yet in a tunnel … */
    bool in_tunnel;     /* … or inside of one */
    bool from_loopback; /* the peer is on this machine */
    struct im_str
        sandbox; /* that the connection is for, by its proxy; empty = not said */
    bool
        sandbox_must_be; /* … and is not made anew when it is gone: the port was its own */
    enum im_fault
        tls_fault; /* of the connection: what a scenario has spoilt of its TLS */
    enum im_request_flaw flaw;
    struct im_str flaw_text; /* the evidence for it */
    struct im_waker
        *waker; /* ends a pause early (im_response.resume); NULL = nobody can */

    /* Set by the pipeline. */
    struct im_str
        path; /* under the sandbox's base, undecoded, no query: "/ia/api/v1/…" */
    struct im_str
        base_url; /* of the sandbox, no trailing '/': "http://h:p" or "http://h:p/s/x" */
    struct im_str server_url;     /* the same without the sandbox */
    struct im_str control_url;    /* where /__mock lies; empty = nowhere */
    const struct im_route *route; /* NULL = there is no such path */
    struct im_str rest; /* what the route's trailing wildcard matched, undecoded */
    int64_t now_ms;     /* the sandbox's clock, read once */
    uint64_t arrived; /* serial of arrival in the sandbox: who was in flight with whom */
    struct im_exchange *exchange;       /* never NULL inside the pipeline */
    struct im_credentials *credentials; /* NULL until read: use im_credentials() */

    struct im_header headers[IM_HEADERS_MAX]; /* last: beyond the count nothing is set */
};

/* Value of the first header of that name (case folded); at == NULL when absent. Inline,
 * so that only headers whose name is as long are compared. */
static inline struct im_str im_request_header(const struct im_request *req,
                                              const char *name)
{
    struct im_str wanted = im_str(name);

    for (size_t i = 0; i < req->header_count; i++)
        if (req->headers[i].name.len == wanted.len &&
            im_str_eq_nocase(req->headers[i].name, wanted))
            return req->headers[i].value;
    return (struct im_str){NULL, 0};
}
size_t im_request_header_count(const struct im_request *req, const char *name);
/* Does Content-Type say this media type (parameters ignored, case folded)? */
bool im_request_is(const struct im_request *req, const char *media_type);
/* Parses the query into params; false with err on bad escapes. */
bool im_request_query(const struct im_request *req, struct im_params *params,
                      struct im_error *err);
/* Adds a header; false when there are IM_HEADERS_MAX already. For embedded callers and
 * tests. */
bool im_request_add_header(struct im_request *req, struct im_str name,
                           struct im_str value);

/* "https://[::1]:8443/x" → "[::1]:8443"; what has no scheme begins with it: "a.test:80/x" →
 * "a.test:80". A view. */
struct im_str im_url_authority(struct im_str url);
/* "[::1]:8443" → "[::1]", "a.test:80" → "a.test" (RFC 3986 section 3.2.2). A view. */
struct im_str im_authority_host(struct im_str authority);

#endif
