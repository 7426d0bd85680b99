/* Where a request's head ends, and what in it is no HTTP. Lines end in CRLF; a bare LF is
 * taken for one as well (RFC 9112 section 2.2), a bare CR is not. Strict where two
 * readers could differ: an empty line too many, a blank too many, a line that goes on in
 * the next. */
#include "http/head.h"

#include <stdio.h>
#include <string.h>

/* A head that is too large is read this far, so that the refusal can say how large it
 * is. */
enum { LOOK_MAX = 4 * IM_HEADERS_SIZE_MAX };

static bool is_control(unsigned char c)
{
    return (c < ' ' && c != '\t' && c != '\r' && c != '\n') || c == 0x7f;
}

/* The line from its first byte on, without its end. */
static struct im_str head_line_at(struct im_str bytes, size_t from)
{
    struct im_str rest = im_str_slice(bytes, from, bytes.len);
    struct im_str line = im_str_cut(&rest, '\n');

    if (im_str_ends(line, "\r"))
        line.len--;
    return line;
}

static size_t head_line_begin(struct im_str bytes, size_t at)
{
    while (at > 0 && bytes.at[at - 1] != '\n')
        at--;
    return at;
}

/* At the end of a line: is it the empty one that ends the head? One before the head is
 * ignored, since old clients send CRLF behind a body (RFC 9112 section 2.2); a second one
 * is no HTTP. */
static void head_look_at_line(struct im_head_scan *scan, struct im_str bytes)
{
    size_t begin = scan->at; /* of the line, if it is empty */

    if (begin > 0 && bytes.at[begin - 1] == '\r')
        begin--;
    if (begin > 0 && bytes.at[begin - 1] != '\n')
        return;
    if (begin > scan->begin)
        scan->end = scan->at + 1;
    else if (scan->begin == 0 && scan->at == 1)
        scan->begin = 2;
    else
        scan->wrong = true;
}

/* How many bytes from `at` on are neither a control character nor part of a line's end.
 * Eight at a time: the top bit of a byte is set by the subtraction where it was below the
 * blank, perhaps also by the borrow of one below it, and by the sum where it is DEL; a byte
 * above 0x7F has it anyway and is looked at alone. */
static size_t head_plain_run(struct im_str bytes, size_t at)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    size_t start = at;
    uint64_t eight;

    for (; bytes.len - at >= sizeof(eight); at += sizeof(eight)) {
        memcpy(&eight, bytes.at + at, sizeof(eight));
        if (((eight - ones * ' ') | (eight + ones) | eight) & tops)
            break;
    }
    return at - start;
}

bool im_head_look(struct im_head_scan *scan, struct im_str bytes)
{
    while (scan->at < bytes.len && !scan->wrong && !scan->end) {
        unsigned char c = (unsigned char)bytes.at[scan->at];
        bool bare_cr = scan->at && bytes.at[scan->at - 1] == '\r' && c != '\n';
        if (c == '\n')
            head_look_at_line(scan, bytes);
        else
            scan->wrong = is_control(c) || bare_cr ||
                          (scan->at == scan->begin && c <= ' ' && c != '\r');
        scan->at += !scan->wrong;
        if (c > ' ' && !scan->wrong)
            scan->at += head_plain_run(bytes, scan->at);
    }
    return scan->wrong || scan->end || scan->at - scan->begin > LOOK_MAX;
}

void im_head_first_line(struct im_str line, struct im_str *method, struct im_str *target,
                        struct im_str *version)
{
    *method = im_str_cut(&line, ' ');
    *target = im_str_cut(&line, ' ');
    *version = line;
}

/* ---- a byte that cannot be there ---- */

static bool head_refuse_begin(struct im_request *req, unsigned char c)
{
    if (c == '\r' || c == '\n')
        return im_request_refuse(req, IM_REQUEST_MALFORMED,
                                 "an empty line where a request begins; one CRLF before "
                                 "it is ignored, anything else is no HTTP");
    if (c == ' ' || c == '\t')
        return im_request_refuse(req, IM_REQUEST_MALFORMED,
                                 "a blank where a request begins");
    return im_request_refuse(req, IM_REQUEST_MALFORMED,
                             "these bytes begin no HTTP request: the first is 0x%02x%s",
                             c,
                             c == 0x16 ? " (TLS at the HTTP port looks like this)" : "");
}

static bool head_refuse_byte(struct im_request *req, const struct im_head_scan *scan,
                             struct im_str bytes, size_t *sound)
{
    size_t begin = head_line_begin(bytes, scan->at);
    unsigned char c = (unsigned char)bytes.at[scan->at];
    const char *what =
        is_control(c) ? "a byte that no head may have" : "behind a CR without LF";
    struct im_str line = head_line_at(bytes, begin), value = line;
    struct im_str name = im_str_cut(&value, ':');

    *sound = begin > scan->begin ? begin - scan->begin : 0;
    if (scan->at == scan->begin || c == '\n')
        return head_refuse_begin(req, c);
    if (begin == scan->begin)
        return im_request_refuse(req, IM_REQUEST_MALFORMED,
                                 "%s, 0x%02x, in the first line, at its position %zu",
                                 what, c, scan->at - begin + 1);
    if (scan->at - begin <= name.len)
        return im_request_refuse(req, IM_REQUEST_MALFORMED,
                                 "%s, 0x%02x, in a header's name, at its position %zu",
                                 what, c, scan->at - begin + 1);
    return im_request_refuse(
        req, IM_REQUEST_MALFORMED,
        "%s, 0x%02x, in the header %.*s, at position %zu of its line", what, c,
        IM_ARG(name), scan->at - begin + 1);
}

/* ---- lines ---- */

/* "GET /path HTTP/1.1": a URI is ASCII, and has no blank (RFC 3986 section 2). */
static bool head_check_first_line(struct im_request *req, struct im_str line)
{
    struct im_str method, target, version;

    im_head_first_line(line, &method, &target, &version);
    if (im_str_is(line, "PRI * HTTP/2.0")) /* RFC 9113 section 3.4 */
        return im_request_refuse(req, IM_REQUEST_HTTP2,
                                 "the connection begins with the preface of HTTP/2; "
                                 "HTTP/1.1 is spoken here");
    if (!method.len || !target.len || !im_str_starts(version, "HTTP/"))
        return im_request_refuse(req, IM_REQUEST_MALFORMED,
                                 "the first line is no \"METHOD target HTTP/1.1\"%s",
                                 im_str_find(version, ' ') < version.len
                                     ? "; a blank in the target is written %20, and one "
                                       "stands between the words"
                                     : "");
    for (size_t i = 0; i < target.len; i++)
        if ((unsigned char)target.at[i] > '~' || target.at[i] == '\t')
            return im_request_refuse(req, IM_REQUEST_MALFORMED,
                                     "the byte 0x%02x in the target, at its position "
                                     "%zu; it is written %%%02X",
                                     (unsigned char)target.at[i], i + 1,
                                     (unsigned char)target.at[i]);
    return im_str_find(version, ' ') == version.len ||
           im_request_refuse(req, IM_REQUEST_MALFORMED,
                             "the first line goes on behind the version");
}

static bool head_check_header(struct im_request *req, struct im_str line,
                              struct im_str before)
{
    struct im_str value = line, name = im_str_cut(&value, ':');

    if (line.at[0] == ' ' || line.at[0] == '\t')
        return im_request_refuse(req, IM_REQUEST_MALFORMED,
                                 "the header %.*s goes on in the next line (obs-fold)",
                                 IM_ARG(before));
    if (name.len == line.len)
        return im_request_refuse(req, IM_REQUEST_MALFORMED,
                                 "a header line is not of the form \"Name: value\"");
    if (name.len == 0)
        return im_request_refuse(req, IM_REQUEST_MALFORMED,
                                 "the line behind the header %.*s is no header",
                                 IM_ARG(before));
    if (name.at[name.len - 1] == ' ' || name.at[name.len - 1] == '\t')
        return im_request_refuse(req, IM_REQUEST_MALFORMED,
                                 "a space between the header name %.*s and its colon",
                                 IM_ARG(im_str_trim(name)));
    return im_header_name_check(req, name);
}

static bool head_check_headers(struct im_request *req, struct im_str head, size_t *sound)
{
    struct im_str before = IM_STR("none"); /* the header above, to name a place by */

    for (size_t n = 0;; n++) {
        struct im_str line = head_line_at(head, *sound);
        if (line.len == 0)
            return true;
        if (n == IM_HEADERS_MAX)
            return im_request_refuse(req, IM_REQUEST_HEADERS_TOO_LARGE,
                                     "more than %d headers", IM_HEADERS_MAX);
        if (!head_check_header(req, line, before))
            return false;
        before = im_str_cut(&line, ':');
        *sound += im_str_find(im_str_slice(head, *sound, head.len), '\n') + 1;
    }
}

bool im_head_check(struct im_request *req, const struct im_head_scan *scan,
                   struct im_str bytes, size_t *sound)
{
    size_t size = (scan->end ? scan->end : scan->at) - scan->begin;
    struct im_str head = im_str_slice(bytes, scan->begin, scan->begin + size);

    *sound = 0;
    if (scan->wrong)
        return head_refuse_byte(req, scan, bytes, sound);
    if (size > IM_HEADERS_SIZE_MAX) {
        /* the first line is parsed all the same: journal and log show what was asked
         * for */
        *sound = head_line_at(head, 0).len < size ? im_str_find(head, '\n') + 1 : 0;
        return im_request_refuse(req, IM_REQUEST_HEADERS_TOO_LARGE,
                                 "headers of %s%zu bytes; at most %d are taken",
                                 scan->end ? "" : "more than ",
                                 scan->end ? size : LOOK_MAX, IM_HEADERS_SIZE_MAX);
    }
    if (!head_check_first_line(req, head_line_at(head, 0)))
        return false;
    *sound = im_str_find(head, '\n') + 1;
    if (!head_check_headers(req, head, sound))
        return false;
    *sound = size;
    return true;
}
