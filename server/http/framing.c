/* How long a request's body is (RFC 9112 section 6), whether its connection stays open
 * (section 9.3), and what in its headers is refused. Wherever two readers could see
 * different lengths (two Content-Lengths, one beside chunked, "5x"), the request is
 * refused: a proxy in front that reads it the other way would take a part of the body for
 * the next request. CivetWeb lets all of these pass. */
#include "http/framing.h"

#include <stdarg.h>
#include <stdio.h>

enum { FLAW_TEXT_MAX = 200 };

bool im_request_refuse(struct im_request *req, enum im_request_flaw flaw,
                       const char *format, ...)
{
    char text[FLAW_TEXT_MAX];
    va_list args;

    va_start(args, format);
    if (vsnprintf(text, sizeof(text), format, args) < 0)
        text[0] = '\0';
    va_end(args);
    /* the text quotes the request: only printable ASCII of it reaches journal and log */
    for (char *c = text; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
    req->flaw = flaw;
    req->flaw_text = im_arena_copy(req->arena, im_str(text));
    return false;
}

/* RFC 9110 section 5.6.2 */
static bool is_token(struct im_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        bool alnum =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alnum && !im_str_has(IM_STR("!#$%&'*+-.^_`|~"), c))
            return false;
    }
    return text.len > 0;
}

bool im_header_name_check(struct im_request *req, struct im_str name)
{
    return is_token(name) ||
           im_request_refuse(req, IM_REQUEST_MALFORMED,
                             "the header name \"%.*s\" has a character that no header "
                             "name may have",
                             IM_ARG(name));
}

/* RFC 9112 section 3.2: exactly one with HTTP/1.1. */
static bool framing_check_host(struct im_request *req, struct im_str version)
{
    size_t n = im_request_header_count(req, "Host");

    if (n > 1)
        return im_request_refuse(req, IM_REQUEST_MALFORMED, "%zu Host headers", n);
    if (n == 0 && im_str_is(version, "1.1"))
        return im_request_refuse(req, IM_REQUEST_MALFORMED,
                                 "no Host header: HTTP/1.1 demands one");
    return true;
}

static bool framing_read_encoding(struct im_request *req, struct im_framing *framing)
{
    size_t n = im_request_header_count(req, "Transfer-Encoding");
    struct im_str value = im_request_header(req, "Transfer-Encoding");

    if (n == 0)
        return true;
    if (n > 1)
        return im_request_refuse(req, IM_REQUEST_MALFORMED,
                                 "%zu Transfer-Encoding headers", n);
    if (!im_str_eq_nocase(value, IM_STR("chunked")))
        return im_request_refuse(req, IM_REQUEST_MALFORMED,
                                 "Transfer-Encoding: %.*s; only chunked is spoken here",
                                 IM_ARG(value));
    if (im_request_header_count(req, "Content-Length"))
        return im_request_refuse(
            req, IM_REQUEST_MALFORMED,
            "a chunked body and a Content-Length: which one holds is "
            "anyone's guess");
    framing->chunked = true;
    return true;
}

/* Digits alone: strtol's "5x", " 5" and "+5" are no lengths. A number that is too large
 * for an int64_t stops growing far above IM_BODY_MAX, and is refused as too large. */
static bool parse_length(struct im_str text, int64_t *length)
{
    *length = 0;
    if (text.len == 0)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        if (*length <= INT64_MAX / 100)
            *length = *length * 10 + (text.at[i] - '0');
    }
    return true;
}

static bool framing_read_length(struct im_request *req, struct im_framing *framing)
{
    size_t n = im_request_header_count(req, "Content-Length");
    struct im_str value = im_request_header(req, "Content-Length");

    if (n == 0)
        return true;
    if (n > 1)
        return im_request_refuse(req, IM_REQUEST_MALFORMED, "%zu Content-Length headers",
                                 n);
    if (!parse_length(value, &framing->length))
        return im_request_refuse(req, IM_REQUEST_MALFORMED,
                                 "Content-Length: \"%.*s\" is not a number of bytes",
                                 IM_ARG(value));
    if (framing->length > IM_BODY_MAX)
        return im_request_refuse(req, IM_REQUEST_BODY_TOO_LARGE,
                                 "a body of %.*s bytes; at most %d are taken",
                                 IM_ARG(value), IM_BODY_MAX);
    return true;
}

bool im_request_is_plain(struct im_request *req)
{
    struct im_str encoding = im_request_header(req, "Content-Encoding");

    return encoding.len == 0 || im_str_eq_nocase(encoding, IM_STR("identity")) ||
           im_request_refuse(req, IM_REQUEST_ENCODED,
                             "Content-Encoding: %.*s; a body is taken as it is, without",
                             IM_ARG(encoding));
}

bool im_header_list_has(struct im_str list, struct im_str word)
{
    while (list.len)
        if (im_str_eq_nocase(im_str_trim(im_str_cut(&list, ',')), word))
            return true;
    return false;
}

/* RFC 9112 section 9.3. Only the first Connection header can keep a connection open, and
 * one that asks for an upgrade does not. */
static bool keeps_alive(const struct im_request *req, struct im_str version)
{
    bool alive = im_str_is(version, "1.1");

    if (im_request_header_count(req, "Connection"))
        alive = im_header_list_has(im_request_header(req, "Connection"),
                                   IM_STR("keep-alive"));
    for (size_t i = 0; i < req->header_count; i++) {
        const struct im_header *header = &req->headers[i];
        if (im_str_eq_nocase(header->name, IM_STR("Connection")) &&
            (im_header_list_has(header->value, IM_STR("close")) ||
             im_header_list_has(header->value, IM_STR("upgrade"))))
            alive = false;
    }
    return alive;
}

bool im_framing_read(struct im_request *req, struct im_str version,
                     struct im_framing *framing)
{
    *framing = (struct im_framing){0};
    if (!framing_check_host(req, version) || !framing_read_encoding(req, framing) ||
        !framing_read_length(req, framing))
        return false;
    framing->keep_alive = keeps_alive(req, version);
    framing->takes_chunks = im_str_is(version, "1.1");
    /* HTTP/1.0 has no 100 Continue, and without a body there is nothing to wait for (RFC
     * 9110 section 10.1.1) */
    framing->expects_continue =
        im_str_is(version, "1.1") && (framing->chunked || framing->length) &&
        im_str_eq_nocase(im_request_header(req, "Expect"), IM_STR("100-continue"));
    return (!framing->chunked && !framing->length) || im_request_is_plain(req);
}
