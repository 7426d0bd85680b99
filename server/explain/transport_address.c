/* The address in a client's error: host, port, scheme and path, each as far as it is told; and the
 * addresses that are none of a call's, where libraries explain their errors. */
#include <string.h>

#include "explain/transport.h"
#include "http/redact_parts.h"

/* Host and port as clients write them in an error, each as far as it is told. */
struct told_host {
    struct im_str name, port;
    const char *scheme; /* "https:"; "" = not told */
};

/* ":443", ", port=443", " port 443": the digits. */
static struct im_str port_in(struct im_str text)
{
    static const char *const marks[] = {":", ", port=", " port ", "', port=", NULL};

    for (size_t i = 0; marks[i]; i++) {
        size_t from = strlen(marks[i]), end = from;
        while (im_str_starts(text, marks[i]) && im_has_digit_at(text, end) &&
               end - from < 5)
            end++;
        if (end > from)
            return im_str_slice(text, from, end);
    }
    return (struct im_str){NULL, 0};
}

/* host='api.intacct.con', getaddrinfo ENOTFOUND api.intacct.con, port 443 */
static struct told_host host_in(struct im_str line)
{
    static const char *const marks[] = {"host='",
                                        "ENOTFOUND ",
                                        "EAI_AGAIN ",
                                        "resolve host: ",
                                        "ECONNREFUSED ",
                                        "HostException: ",
                                        "lookup ",
                                        "resolve '",
                                        "connect to ",
                                        "attempted address: ",
                                        "host name '",
                                        "DNS name matching ",
                                        NULL};

    for (size_t i = 0; marks[i]; i++) {
        size_t from = im_str_find_nocase(line, marks[i]) + strlen(marks[i]);
        size_t end = from;
        while (end < line.len && (im_redact_is_word(line.at[end]) ||
                                  (line.at[end] && strchr("._-", line.at[end]))))
            end++;
        struct im_str host = im_str_slice(line, from, end);
        struct im_str pool = im_str_slice(line, 0, from);
        bool secure = im_str_ends(pool, "HTTPSConnectionPool(host='");
        bool plain = im_str_ends(pool, "HTTPConnectionPool(host='");
        while (im_str_ends(host, "."))
            host.len--;
        if (im_str_has(host, '.'))
            return (struct told_host){host, port_in(im_str_slice(line, end, line.len)),
                                      secure  ? "https:"
                                      : plain ? "http:"
                                              : ""};
    }
    return (struct told_host){.scheme = ""};
}

/* urllib3: "Max retries exceeded with url: /path (Caused by …" */
static struct im_str path_in(struct im_str line)
{
    static const char mark[] = "exceeded with url: ";
    size_t from = im_str_find_nocase(line, mark) + strlen(mark), end = from;

    while (end < line.len && line.at[end] > ' ')
        end++;
    struct im_str path = im_str_slice(line, from, end);
    return im_str_starts(path, "/") ? path : (struct im_str){NULL, 0};
}

struct im_str im_transport_url(struct im_trace *trace, struct im_str line,
                               struct im_str url)
{
    struct told_host host = host_in(line);
    struct im_str port = host.port;

    if (!host.name.len || (url.len && !im_str_starts(url, "/")))
        return url;
    /* the one that the scheme has anyway */
    if (strcmp(host.scheme, "https:") == 0 ? im_str_is(port, "443")
                                           : host.scheme[0] && im_str_is(port, "80"))
        port.len = 0;
    if (!url.len)
        url = path_in(line);
    return im_arena_format(trace->arena, "%s//%.*s%s%.*s%.*s", host.scheme,
                           IM_ARG(host.name), port.len ? ":" : "", IM_ARG(port),
                           IM_ARG(url));
}

bool im_transport_is_help(struct im_str url)
{
    /* curl, httpx, urllib3, .NET, Node.js, and the problem types of RFC 9457 */
    static const char *const pages[] = {"curl.se/",
                                        "curl.haxx.se/",
                                        "developer.mozilla.org/",
                                        "httpstatuses.com/",
                                        "urllib3.readthedocs.io/",
                                        "docs.python-requests.org/",
                                        "aka.ms/",
                                        "learn.microsoft.com/",
                                        "docs.microsoft.com/",
                                        "nodejs.org/",
                                        "go.dev/",
                                        "tools.ietf.org/",
                                        "datatracker.ietf.org/",
                                        "www.rfc-editor.org/"};
    struct im_str rest = im_str_slice(url, im_str_find_nocase(url, "://") + 3, url.len);

    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (im_str_starts(rest, pages[i]))
            return true;
    return false;
}
