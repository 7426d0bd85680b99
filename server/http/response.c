/* A response, and the bytes it becomes (RFC 9112 sections 4 to 6). Head and body are one
 * text and one write: with a write for each header a server answers little more than half
 * as often. */
#include "http/response.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

void im_response_init(struct im_response *res, struct im_arena *arena)
{
    memset(res, 0, offsetof(struct im_response, headers));
    res->arena = arena;
    im_buf_init(&res->body, arena, 0);
}

/* ---- headers ---- */

/* Where the header stands; header_count when it is not there. */
static size_t header_index(const struct im_response *res, const char *name)
{
    struct im_str wanted = im_str(name);
    size_t i = 0;

    while (i < res->header_count &&
           !im_str_eq_nocase(im_str(res->headers[i].name), wanted))
        i++;
    return i;
}

static bool header_present(const struct im_response *res, const char *name)
{
    return header_index(res, name) < res->header_count;
}

/* A copy without what could end a header line early: values quote what clients sent, and
 * a line break would let them write headers of their own (response splitting). */
static struct im_str copy_one_line(struct im_arena *arena, struct im_str value)
{
    char *copy = im_arena_alloc(arena, value.len + 1);

    if (!copy)
        return (struct im_str){NULL, 0};
    for (size_t i = 0; i < value.len; i++) {
        char c = value.at[i];
        copy[i] = c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
    }
    return (struct im_str){copy, value.len};
}

void im_response_header(struct im_response *res, const char *name, struct im_str value)
{
    size_t at = header_index(res, name);

    /* no room: an answer must not lose a header silently */
    if (at == IM_RESPONSE_HEADERS_MAX) {
        res->arena->failed = true; /* the pipeline answers 500 for it */
        return;
    }
    if (at == res->header_count)
        res->header_count++;
    res->headers[at] =
        (struct im_response_header){name, copy_one_line(res->arena, value)};
}

void im_response_headerf(struct im_response *res, const char *name, const char *format,
                         ...)
{
    va_list args, again;

    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args); /* its length, for one allocation */
    char *text = len < 0 ? NULL : im_arena_alloc(res->arena, (size_t)len + 1);
    if (text) {
        vsnprintf(text, (size_t)len + 1, format, again);
        im_response_header(res, name, (struct im_str){text, (size_t)len});
    }
    va_end(again);
    va_end(args);
}

struct im_str im_response_get_header(const struct im_response *res, const char *name)
{
    size_t at = header_index(res, name);

    return at < res->header_count ? res->headers[at].value : (struct im_str){NULL, 0};
}

/* ---- answers ---- */

void im_response_clear(struct im_response *res)
{
    /* whoever streams holds something that only stream_end gives back */
    if (res->stream_end)
        res->stream_end(res->stream_context);
    res->stream = NULL;
    res->stream_end = NULL;
    res->stream_context = NULL;
    res->status = 0;
    res->header_count = 0;
    im_buf_init(&res->body, res->arena, 0);
}

struct im_buf *im_response_begin(struct im_response *res, int status,
                                 const char *content_type)
{
    res->status = status;
    im_buf_init(&res->body, res->arena, 0);
    im_response_header(res, "Content-Type", im_str(content_type));
    return &res->body;
}

/* A URI is ASCII (RFC 3986 section 2): what is not is percent-encoded. */
static struct im_str in_ascii(struct im_arena *arena, struct im_str uri)
{
    struct im_buf buf;
    bool ascii = true;

    for (size_t i = 0; i < uri.len; i++)
        ascii = ascii && uri.at[i] > ' ' && uri.at[i] <= '~';
    if (ascii)
        return uri;
    im_buf_init(&buf, arena, 0);
    for (size_t i = 0; i < uri.len; i++)
        if (uri.at[i] > ' ' && uri.at[i] <= '~')
            im_buf_addc(&buf, uri.at[i]);
        else
            im_buf_addf(&buf, "%%%02X", (unsigned)(unsigned char)uri.at[i]);
    return im_buf_str(&buf);
}

void im_response_redirect(struct im_response *res, int status, struct im_str location)
{
    res->status = status;
    im_buf_init(&res->body, res->arena, 0);
    im_response_header(res, "Location", in_ascii(res->arena, location));
}

/* RFC 9110 section 15, RFC 6585, RFC 7725. Those that most answers have come first, since
 * the search goes through the table from its beginning. */
static const struct {
    int status;
    const char *phrase;
} phrases[] = {
    {200, "OK"},
    {401, "Unauthorized"},
    {400, "Bad Request"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {303, "See Other"},
    {302, "Found"},
    {100, "Continue"},
    {101, "Switching Protocols"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {304, "Not Modified"},
    {305, "Use Proxy"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {402, "Payment Required"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {511, "Network Authentication Required"},
};

const char *im_status_phrase(int status)
{
    for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "Unknown";
}

/* ---- bytes ---- */

static void add_header_line(struct im_buf *buf, struct im_str name, struct im_str value)
{
    im_buf_add(buf, name);
    im_buf_add(buf, IM_STR(": "));
    im_buf_add(buf, value);
    im_buf_add(buf, IM_STR("\r\n"));
}

/* 1xx, 204 and 304 end with their head (RFC 9110 section 6.4.1); with 1xx and 204 even a
 * Content-Length is forbidden (section 8.6). */
static bool may_have_body(int status)
{
    return status >= 200 && status != 204 && status != 304;
}

static void add_response_head(struct im_buf *buf, const struct im_response *res,
                              int64_t date_ms, bool keep_alive)
{
    im_buf_add(buf, IM_STR("HTTP/1.1 "));
    im_buf_add_number(buf, res->status, 1);
    im_buf_addc(buf, ' ');
    im_buf_addz(buf, im_status_phrase(res->status));
    im_buf_add(buf, IM_STR("\r\n"));

    if (!header_present(res, "Date"))
        add_header_line(buf, IM_STR("Date"), im_time_http(res->arena, date_ms));
    for (size_t i = 0; i < res->header_count; i++)
        add_header_line(buf, im_str(res->headers[i].name), res->headers[i].value);
    /* neither of both may stand in an answer that opens a tunnel (RFC 9110 section 9.3.6) */
    bool tunnel = (res->start_tls || res->dial) && !res->body.len;
    if (may_have_body(res->status) && !res->stream && !tunnel &&
        !header_present(res, "Content-Length")) {
        im_buf_add(buf, IM_STR("Content-Length: "));
        im_buf_add_number(buf, (int64_t)res->body.len, 1);
        im_buf_add(buf, IM_STR("\r\n"));
    }
    if (!tunnel && !header_present(res, "Connection"))
        add_header_line(buf, IM_STR("Connection"),
                        keep_alive ? IM_STR("keep-alive") : IM_STR("close"));
    im_buf_add(buf, IM_STR("\r\n"));
}

struct im_str im_response_bytes(const struct im_response *res, int64_t date_ms, bool head,
                                bool keep_alive)
{
    struct im_buf buf;

    im_buf_init(&buf, res->arena, 0);
    add_response_head(&buf, res, date_ms, keep_alive);
    if (!head && may_have_body(res->status))
        im_buf_add(&buf, im_buf_str(&res->body));
    return buf.failed ? (struct im_str){NULL, 0} : im_buf_str(&buf);
}
