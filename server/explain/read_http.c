/* Reading HTTP as it stands on the wire (RFC 9112): messages one after another, a bare
 * body of one, and the output of curl -v, which puts "> ", "< " and "* " before its
 * lines. Lines may end in LF. */
#include <string.h>

#include "base/json.h"
#include "causes/diagnosis.h"
#include "explain/transport.h"
#include "http/chunked.h"
#include "http/head.h"

bool im_is_method(struct im_str word)
{
    static const char *const methods[] = {"GET",    "POST", "PUT",     "PATCH",
                                          "DELETE", "HEAD", "OPTIONS", NULL};

    for (size_t i = 0; methods[i]; i++)
        if (im_str_is(word, methods[i]))
            return true;
    return false;
}

/* How far the reader has come. */
struct wire {
    struct im_trace *trace;
    struct im_observed *one; /* at hand; NULL before the first */
    enum { BETWEEN, REQUEST_HEAD, REQUEST_BODY, ANSWER_HEAD, ANSWER_BODY } state;
    struct im_buf body;
    bool curl; /* lines have marks */
};

static void wire_body_end(struct wire *wire)
{
    struct im_str body = im_buf_str(&wire->body);

    if (!wire->one)
        return;
    if (wire->state == REQUEST_BODY)
        wire->one->req.body = im_str_trim(body);
    if (wire->state == ANSWER_BODY) {
        struct im_str coding = im_observed_answer_header(wire->one, "transfer-encoding");
        struct im_chunked chunked = {.state = 0};
        struct im_buf plain;
        im_buf_init(&plain, wire->trace->arena, 0);
        wire->one->answer_body = im_str_trim(body);
        /* a capture may have the chunks, or what is in them */
        if (im_str_eq_nocase(coding, IM_STR("chunked"))) {
            im_chunked_read(&chunked, body, &plain);
            if (chunked.done)
                wire->one->answer_body = im_buf_str(&plain);
        }
    }
    im_buf_init(&wire->body, wire->trace->arena, 0);
}

static void wire_message_end(struct wire *wire)
{
    wire_body_end(wire);
    if (wire->one)
        im_observed_complete(wire->trace, wire->one);
    wire->one = NULL;
    wire->state = BETWEEN;
}

/* "POST /path HTTP/1.1" */
static bool begins_request(struct im_str line, struct im_str *method,
                           struct im_str *target)
{
    struct im_str version;

    im_head_first_line(line, method, target, &version);
    return im_is_method(*method) && target->len && im_str_starts(version, "HTTP/");
}

/* "HTTP/1.1 401 Unauthorized" */
static int status_of_line(struct im_str line)
{
    int64_t status = 0;

    if (!im_str_starts(line, "HTTP/"))
        return 0;
    im_str_cut(&line, ' ');
    line = im_str_trim(line);
    struct im_str word = im_str_cut(&line, ' ');
    return word.len == 3 && im_str_int(word, &status) && status >= 100 ? (int)status : 0;
}

static void wire_take_first_line(struct wire *wire, struct im_str line)
{
    struct im_str method, target;
    int status = status_of_line(line);

    if (begins_request(line, &method, &target)) {
        wire_message_end(wire);
        wire->one = im_trace_add(wire->trace);
        if (!wire->one)
            return;
        wire->one->has_request = wire->one->has_headers = true;
        wire->one->req.method = method;
        im_observed_set_url(wire->one, target);
        wire->state = REQUEST_HEAD;
        return;
    }
    if (status / 100 == 1) /* 100 Continue: the answer is yet to come */
        return;
    if (wire->one && wire->state >= ANSWER_HEAD)
        wire_message_end(wire);
    else
        wire_body_end(wire);
    if (!wire->one)
        wire->one = im_trace_add(wire->trace);
    if (!wire->one)
        return;
    wire->one->status = status;
    wire->state = ANSWER_HEAD;
}

static void wire_take_header(struct wire *wire, struct im_str line)
{
    struct im_str value = line, name = im_str_cut(&value, ':');

    if (name.len == line.len)
        return;
    name = im_arena_copy(wire->trace->arena, im_str_trim(name));
    value = im_arena_copy(wire->trace->arena, im_str_trim(value));
    if (wire->state == ANSWER_HEAD)
        im_observed_add_answer_header(wire->trace, wire->one, name, value);
    else
        im_request_add_header(&wire->one->req, name, value);
}

/* "* Could not resolve host: api.intacct.con" and the like: there was no answer. */
static void wire_take_remark(struct wire *wire, struct im_str line)
{
    const struct im_transport_words *ended =
        im_transport_find(wire->trace, line, IM_IN_CALL);

    if (ended && !wire->one)
        wire->one = im_trace_add(wire->trace);
    if (!ended || !wire->one)
        return;
    struct im_str url = im_transport_url(wire->trace, line, wire->one->url);
    if (url.len && !wire->one->url.len)
        im_observed_set_url(wire->one, url);
    wire->one->has_request |= url.len > 0;
    wire->one->lost = true;
    im_observed_end(wire->one, ended);
    wire->one->ended_late |= wire->one->status != 0;
}

/* Behind the mark of curl, "> "; empty lines have a mark alone. */
static struct im_str without_curl_mark(struct im_str line)
{
    return im_str_slice(line, line.len > 1 && line.at[1] == ' ' ? 2 : 1, line.len);
}

static void wire_take_line(struct wire *wire, struct im_str line)
{
    struct im_str method, target;
    bool marked = wire->curl && line.len && strchr("<>", line.at[0]) &&
                  (line.len == 1 || line.at[1] == ' ');
    bool head = wire->state == REQUEST_HEAD || wire->state == ANSWER_HEAD;

    if (wire->curl && (im_str_starts(line, "* ") || im_str_starts(line, "curl: ("))) {
        wire_take_remark(wire, line);
        return;
    }
    if (wire->curl && (im_str_starts(line, "{ [") || im_str_starts(line, "} [")))
        return;
    if (marked)
        line = without_curl_mark(line);
    /* some tools show what was sent behind this mark */
    if (wire->curl && wire->state == REQUEST_BODY && im_str_starts(line, "} "))
        line = without_curl_mark(line);
    if (begins_request(line, &method, &target) || status_of_line(line)) {
        wire_take_first_line(wire, line);
    } else if (head && !im_str_trim(line).len) {
        wire->state = wire->state == REQUEST_HEAD ? REQUEST_BODY : ANSWER_BODY;
    } else if (head && wire->one) {
        wire_take_header(wire, line);
    } else if (wire->state == REQUEST_BODY || wire->state == ANSWER_BODY) {
        im_buf_add(&wire->body, line);
        im_buf_addc(&wire->body, '\n');
    }
}

static struct im_str next_line(struct im_str *rest)
{
    struct im_str line = im_str_cut(rest, '\n');

    line.len -= im_str_ends(line, "\r");
    return line;
}

static void read_wire(struct im_trace *trace, struct im_str text, bool curl)
{
    struct wire wire = {.trace = trace, .curl = curl};

    im_buf_init(&wire.body, trace->arena, 0);
    while (text.len && im_trace_goes_on(trace)) {
        wire_take_line(&wire, next_line(&text));
    }
    wire_message_end(&wire);
}

static bool has_marks(struct im_str text)
{
    bool any = false;

    while (text.len) {
        struct im_str line = next_line(&text), method, target;
        if (im_str_starts(line, "> "))
            any |= begins_request(im_str_slice(line, 2, line.len), &method, &target);
        if (im_str_starts(line, "< ") && status_of_line(im_str_slice(line, 2, line.len)))
            any = true;
        if (im_str_starts(line, "* Could not resolve host"))
            any = true;
    }
    return any;
}

bool im_read_http(struct im_trace *trace, struct im_str text)
{
    struct im_str rest = im_str_trim(text), method, target;
    struct im_str line = next_line(&rest);
    bool curl = has_marks(text);

    if (!curl && !status_of_line(line) && !begins_request(line, &method, &target))
        return false;
    read_wire(trace, im_str_trim(text), curl);
    trace->form = curl ? IM_FORM_CURL_TRACE : IM_FORM_HTTP;
    return trace->count > 0;
}

/* ---- a body alone ---- */

/* A line of a log that is JSON holds more than a body. */
static bool is_log_entry(const struct im_json *json)
{
    return im_json_get(json, "level") || im_json_get(json, "severity") ||
           im_json_get(json, "msg") || im_json_get(json, "@timestamp");
}

bool im_read_body(struct im_trace *trace, struct im_str text)
{
    struct im_str trimmed = im_str_trim(text);
    struct im_json_error ignored;
    const struct im_json *json = NULL;

    if (im_str_starts(trimmed, "{") || im_str_starts(trimmed, "["))
        json = im_json_parse_repeated(trace->arena, trimmed, &ignored);
    if (!json || is_log_entry(json))
        return false;
    struct im_observed *one = im_trace_add(trace);
    if (!one)
        return false;
    one->answer_body = trimmed;
    im_observed_complete(trace, one);
    trace->form = IM_FORM_BODY;
    /* a token response has no word of refusal, and is one of Sage's all the same */
    return im_words_any(&one->words) || im_json_get_str(json, "access_token").len;
}

bool im_read_xml(struct im_trace *trace, struct im_str text)
{
    struct im_str trimmed = im_str_trim(text);

    if (!im_str_starts(trimmed, "<") ||
        im_str_find_nocase(trimmed, "<errorno>") == trimmed.len)
        return false;
    struct im_observed *one = im_trace_add(trace);
    if (!one)
        return false;
    one->answer_body = trimmed;
    im_observed_complete(trace, one);
    trace->form = IM_FORM_XML;
    return true;
}

/* Does the title say that something stands in the way? Any other page may be about anything. */
static bool is_page_in_the_way(struct im_str page)
{
    static const char *const words[] = {"sign in", "signin", "log in", "login",
                                        "sign-in", "denied", "block",  "forbidden",
                                        "captive", "proxy",  "error",  NULL};

    return im_has_any(im_page_title(page), words);
}

bool im_read_page(struct im_trace *trace, struct im_str text)
{
    struct im_str trimmed = im_str_trim(text);
    struct im_words words = {.code_count = 0};

    if (!im_is_page(trimmed))
        return false;
    int status = im_page_status(trimmed);
    /* one that quotes an answer, as a mock's does, is read for that */
    if (!im_page_of_proxy(trimmed) && (im_words_add_prose(trace, &words, trimmed) ||
                                       !(status || is_page_in_the_way(trimmed))))
        return false;
    struct im_observed *one = im_trace_add(trace);
    if (!one)
        return false;
    one->status = status;
    one->answer_body = trimmed;
    im_observed_complete(trace, one);
    trace->form = IM_FORM_PAGE;
    return one->ended || status;
}
