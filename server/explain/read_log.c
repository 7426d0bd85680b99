/* Reading logs, and stack traces that quote an answer: prose with pieces of HTTP in it,
 * one line or many. A line with a method and an address, or with what only a request
 * has, begins an exchange; a status, JSON and codes belong to the exchange before, as
 * long as that has no answer. */
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/sanitize.h"
#include "explain/log_piece.h"
#include "http/redact_parts.h"

enum { LINE_MAX_BYTES = 64 * 1024 };

/* The length of the JSON value that begins at the head of the text with { or [, judged by its
 * brackets alone; 0 when it does not end. A text of brackets that do not close would be searched from
 * each of them: the trace has so many bytes to search, and then JSON is no longer looked for. */
static size_t json_extent(struct im_trace *trace, struct im_str text)
{
    size_t depth = 0;
    bool quoted = false;

    text = im_str_slice(text, 0, LINE_MAX_BYTES);
    for (size_t i = 0; i < text.len && trace->json_budget; i++, trace->json_budget--) {
        char c = text.at[i];
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '['))
            depth++;
        else if (!quoted && (c == '}' || c == ']') && --depth == 0)
            return i + 1;
    }
    return 0;
}

/* ---- JSON within the line ---- */

static const struct im_json *log_member(const struct im_json *object,
                                        const char *const *names)
{
    for (; *names; names++) {
        const struct im_json *found = im_json_get(object, *names);
        if (found)
            return found;
    }
    return NULL;
}

static void log_take_json_text(const struct im_json *object, const char *const *names,
                               struct im_str *into)
{
    const struct im_json *found = log_member(object, names);

    if (found && found->type == IM_JSON_STRING && !into->len)
        *into = found->text;
}

/* An entry of a log that is JSON, or the options of a request as HTTP libraries print
 * them. */
static void log_take_json(struct im_trace *trace, const struct im_json *object,
                          struct im_log_piece *piece, int depth)
{
    static const char *const methods[] = {"method", "http_method", "verb", NULL};
    static const char *const urls[] = {"url", "uri", "path", "target", "endpoint", NULL};
    static const char *const states[] = {"status", "statusCode", "status_code",
                                         "http_status", NULL};
    static const char *const times[] = {"time", "timestamp", "@timestamp", "ts", NULL};
    static const char *const forms[] = {"form", "request_body", "requestBody", NULL};
    static const char *const inners[] = {"req",  "request", "config",  "response", "res",
                                         "http", "headers", "context", "error",    NULL};
    static const char *const prose[] = {"msg", "message", NULL};
    struct im_str method = {NULL, 0}, url = {NULL, 0}, time = {NULL, 0}, said = {NULL, 0};

    log_take_json_text(object, methods, &method);
    log_take_json_text(object, urls, &url);
    log_take_json_text(object, times, &time);
    log_take_json_text(object, forms, &piece->form);
    log_take_json_text(object, prose, &said);
    if (im_is_method(method))
        piece->method = method;
    if (url.len && (im_is_log_address(url) || im_str_starts(url, "/")))
        piece->url = url;
    const struct im_json *status = log_member(object, states);
    if (status && status->is_whole && status->whole >= 200 && status->whole <= 599)
        piece->status = (int)status->whole;
    if (time.len && !piece->has_time)
        piece->has_time = im_read_time(time, &piece->at_ms) > 0;
    im_log_find_authorization(said, piece);
    log_take_json_text(object,
                       (const char *const[]){"authorization", "Authorization", NULL},
                       &piece->status_text);
    im_log_find_authorization(piece->status_text, piece);
    for (size_t i = 0; inners[i] && depth < 4; i++) {
        const struct im_json *inner = im_json_get(object, inners[i]);
        if (inner && inner->type == IM_JSON_OBJECT)
            log_take_json(trace, inner, piece, depth + 1);
    }
}

/* "{\"error\":…}": JSON that was written into a string. */
static struct im_str without_backslashes(struct im_trace *trace, struct im_str text)
{
    struct im_buf plain;

    im_buf_init(&plain, trace->arena, 0);
    for (size_t i = 0; i < text.len && trace->json_budget; i++, trace->json_budget--) {
        if (text.at[i] == '\\' && i + 1 < text.len)
            i++;
        im_buf_addc(&plain, text.at[i]);
    }
    return im_buf_str(&plain);
}

static void find_json(struct im_trace *trace, struct im_str line,
                      struct im_log_piece *piece)
{
    struct im_json_error ignored;

    for (size_t i = 0; i < line.len; i++) {
        if (line.at[i] != '{' && line.at[i] != '[')
            continue;
        struct im_str rest = im_str_slice(line, i, line.len);
        if (im_str_starts(rest, "{\\\""))
            rest = without_backslashes(trace, rest);
        size_t n = json_extent(trace, rest);
        struct im_str text = im_str_slice(rest, 0, n);
        const struct im_json *json =
            n ? im_json_parse_repeated(trace->arena, text, &ignored) : NULL;
        if (n && !json && rest.at[0] == '{') {
            text = im_inspected_json(trace, text);
            json = im_json_parse_repeated(trace->arena, text, &ignored);
        }
        if (!json)
            continue;
        if (json->type == IM_JSON_OBJECT)
            log_take_json(trace, json, piece, 0);
        piece->object |= json->type == IM_JSON_OBJECT;
        im_words_add_json(trace, &piece->words, json);
        if (!piece->body.len)
            piece->body = text;
        i += rest.at == line.at + i ? n - 1 : line.len;
    }
}

/* ---- lines ---- */

static bool has_request_piece(const struct im_log_piece *piece)
{
    return piece->url.len || piece->bearer.len || piece->form.len || piece->scheme.len;
}

static bool has_answer_piece(const struct im_log_piece *piece)
{
    return piece->status || im_words_any(&piece->words) || piece->ended;
}

static void fill_request(struct im_trace *trace, struct im_observed *one,
                         const struct im_log_piece *piece)
{
    one->has_request |= has_request_piece(piece);
    if (piece->method.len && !one->req.method.len)
        one->req.method = piece->method;
    if (piece->url.len && !one->url.len)
        im_observed_set_url(one, piece->url);
    if (piece->bearer.len)
        im_request_add_header(
            &one->req, IM_STR("Authorization"),
            im_arena_format(trace->arena, "Bearer %.*s", IM_ARG(piece->bearer)));
    else if (piece->scheme.len)
        im_request_add_header(&one->req, IM_STR("Authorization"), piece->scheme);
    if (piece->form.len && !one->req.body.len)
        one->req.body = piece->form;
    if (piece->has_time && !one->has_time) {
        one->has_time = true;
        one->at_ms = piece->at_ms;
    }
}

static void fill_answer(struct im_observed *one, const struct im_log_piece *piece)
{
    if (!one->status)
        one->status = piece->status;
    if (!one->words.code_count && !one->words.message_count)
        one->words = piece->words;
    if (!one->answer_body.len && im_words_any(&piece->words))
        one->answer_body = piece->body;
    one->lost |= piece->ended && !one->status;
    im_observed_end(one, piece->ended);
}

/* The line tells the answer of the call at hand, and names that call again: OkHttp's "<-- 401
 * https://…", "POST … -> 200" behind "POST …". */
static bool closes_call(const struct im_observed *last, const struct im_log_piece *piece)
{
    enum { CLIENT_WAIT_MS = 120000 }; /* longer than clients wait */
    bool open = !last->status && !last->ended && !im_words_any(&last->words);
    bool late =
        last->has_time && piece->has_time && piece->at_ms - last->at_ms > CLIENT_WAIT_MS;
    bool method = !piece->method.len || !last->req.method.len ||
                  im_str_eq(piece->method, last->req.method);

    return open && !late && method && im_str_eq(last->url, piece->url) &&
           (has_answer_piece(piece) || piece->echo);
}

/* Does the piece belong to the exchange at hand? */
static bool goes_on(const struct im_observed *last, const struct im_log_piece *piece)
{
    bool silent = !im_words_any(&last->words);
    bool open = silent && !last->status;
    bool again = piece->url.len && last->url.len;
    /* a stack trace tells the status first, and the body further down */
    bool more = silent && im_words_any(&piece->words) && !has_request_piece(piece) &&
                !(piece->prose && last->status < 400) &&
                (!piece->status || piece->status == last->status);
    /* an error of axios has its headline first, and what was asked in its config */
    bool headline = silent && last->status && !last->has_request && !last->has_time &&
                    piece->object && !piece->has_time &&
                    (!piece->status || piece->status == last->status);
    /* a body that cannot be read is that of the answer before; a stack trace repeats
     * its error */
    bool of_body = last->status && !last->ended && piece->ended &&
                   im_transport_is_of_body(piece->ended) && !piece->url.len;
    bool repeated = last->ended && piece->ended && !piece->has_time &&
                    im_str_eq(last->url, piece->url);

    if (again)
        return repeated || closes_call(last, piece);
    return open || more || headline || of_body;
}

static void log_take_piece(struct im_trace *trace, const struct im_log_piece *piece)
{
    struct im_observed *last = im_trace_last(trace);

    if (!has_request_piece(piece) && !has_answer_piece(piece))
        return;
    /* what only a request has begins an exchange, unless the one at hand lacks just
     * that */
    if (!last || !goes_on(last, piece)) {
        if (piece->echo && !has_request_piece(piece))
            return;
        last = im_trace_add(trace);
        if (!last)
            return;
        last->loosely = true;
        last->in_passing = piece->in_passing;
    }
    trace->addressed |= piece->url.len > 0;
    fill_request(trace, last, piece);
    fill_answer(last, piece);
}

/* .NET's factory of clients tells each call twice: by its outer handler and by its inner one. */
static bool is_echo(struct im_str line)
{
    return im_str_find_nocase(line, "Sending HTTP request ") < line.len ||
           im_str_find_nocase(line, "End processing HTTP request ") < line.len;
}

/* In the dump of a request the host stands some lines below the path. */
static bool log_take_host(struct im_trace *trace, struct im_str line)
{
    struct im_observed *last = im_trace_last(trace);
    struct im_str host = im_log_host_line(line);

    if (!host.len || !last || last->status || last->host.len ||
        !im_str_starts(last->url, "/"))
        return false;
    im_observed_set_url(last, im_log_url_of(trace, host, last->url));
    return true;
}

/* Words of an error without a call in the line: a memo or a customer's name may have them as well. */
static void find_end(struct im_trace *trace, struct im_str line,
                     struct im_log_piece *piece)
{
    piece->ended =
        im_transport_find(trace, line, piece->url.len ? IM_IN_CALL : IM_IN_TEXT);
    if (!piece->ended)
        return;
    piece->url = im_transport_url(trace, line, piece->url);
    if (piece->url.len)
        return;
    const struct im_transport_words *formed = im_transport_find(trace, line, IM_IN_FORM);
    piece->in_passing = !formed;
    if (trace->addressed || im_log_is_calm(line))
        piece->ended = formed;
}

/* The same of codes and messages; but what stands behind a refusal tells of that. */
static void find_prose(struct im_trace *trace, struct im_str line,
                       struct im_log_piece *piece)
{
    const struct im_observed *last = im_trace_last(trace);

    piece->prose = im_words_add_prose(trace, &piece->words, line);
    if (!piece->prose || piece->url.len || piece->status)
        return;
    bool refused = last && last->status >= 400;
    bool open = last && !last->status && !last->ended;
    bool failure = im_log_tells_failure(line);
    bool nobodys =
        !refused && (im_log_is_calm(line) || (trace->addressed && !open && !failure));
    piece->in_passing |= !refused && !open && !failure;
    if (nobodys || im_log_counts(line, &piece->words))
        piece->words = (struct im_words){.code_count = 0};
}

static void log_read_line(struct im_trace *trace, struct im_str line)
{
    struct im_log_piece piece = {.echo = is_echo(line)};

    if (log_take_host(trace, line))
        return;
    /* a time stands at the head of a line; further on it is somebody's data */
    for (size_t i = 0; i < line.len && i < 40 && !piece.has_time; i++)
        piece.has_time = im_read_time(im_str_slice(line, i, line.len), &piece.at_ms) > 0;
    im_log_find_address(trace, line, &piece);
    im_log_find_form(line, &piece);
    im_log_find_authorization(line, &piece);
    find_json(trace, line, &piece);
    find_end(trace, line, &piece);
    /* the status that a proxy refuses with is no answer of the host's */
    if (!piece.ended || piece.ended->kind != IM_TRANSPORT_PROXY_REFUSED)
        im_log_find_status(line, &piece);
    if (!im_words_any(&piece.words))
        find_prose(trace, line, &piece);
    log_take_piece(trace, &piece);
}

/* A JSON value may go on over several lines. */
static struct im_str log_whole_line(struct im_trace *trace, struct im_str *rest)
{
    struct im_str all = *rest, line = im_str_cut(rest, '\n');
    size_t brace = im_str_find(line, '{');
    size_t n =
        brace < line.len ? json_extent(trace, im_str_slice(all, brace, all.len)) : 0;

    if (n && brace + n > line.len) {
        size_t end = brace + n;
        end += im_str_find(im_str_slice(all, end, all.len), '\n');
        *rest = im_str_slice(all, end + 1, all.len);
        return im_str_slice(all, 0, end);
    }
    if (im_str_ends(line, "\r"))
        line.len--;
    return line;
}

static size_t lines_in(struct im_str text)
{
    size_t n = 0;

    for (size_t i = 0; i < text.len; i++)
        n += text.at[i] == '\n';
    return n;
}

static bool is_stack_trace(struct im_str text)
{
    return im_str_find_nocase(text, "Traceback (most recent call last)") < text.len ||
           im_str_find_nocase(text, "\n\tat ") < text.len ||
           im_str_find_nocase(text, "\n    at ") < text.len ||
           im_str_find_nocase(text, "\ngoroutine ") < text.len;
}

/* Does it say anything of Sage's interfaces? What stands alone is asked about. */
static bool is_of_interest(const struct im_observed *one, bool alone)
{
    /* an access log has the pages of its own server as paths without a host */
    bool own_page = one->url.len && !one->host.len;
    bool wrong = one->status >= 400 || im_observed_is_broken(one);

    return one->endpoint != IM_ENDPOINT_NONE || im_words_any(&one->words) ||
           one->req.header_count ||
           (wrong && !own_page && (alone || !im_observed_is_elsewhere(one))) ||
           im_str_find_nocase(one->req.query, "code=") < one->req.query.len;
}

bool im_read_log(struct im_trace *trace, struct im_str text)
{
    enum { SEARCHES = 16 }; /* of each byte, on average */

    trace->json_budget = SEARCHES * text.len;
    trace->addressed = false;
    for (struct im_str rest = text; rest.len && im_trace_goes_on(trace);) {
        if (trace->count == IM_OBSERVED_MAX) {
            trace->beyond = 1 + lines_in(im_str_trim(rest));
            break;
        }
        struct im_str line = log_whole_line(trace, &rest);
        log_read_line(trace, im_str_slice(line, 0, LINE_MAX_BYTES));
    }
    /* what says nothing of Sage's interfaces is no exchange */
    size_t kept = 0;
    for (size_t i = 0; i < trace->count; i++) {
        struct im_observed *one = trace->items[i];
        im_observed_complete(trace, one);
        bool ours = is_of_interest(one, trace->count == 1);
        /* where calls are told with their addresses, one without is told by more than a word */
        bool word = trace->addressed && one->in_passing && !one->has_request;
        trace->foreign += !ours && !word;
        if (!ours || word)
            continue;
        trace->items[kept++] = one;
        one->number = kept; /* lines between, which are no exchanges, do not count */
    }
    trace->count = kept;
    trace->form = is_stack_trace(text) ? IM_FORM_STACK_TRACE : IM_FORM_LOG;
    /* a status alone, in a text that has nothing else, may be any number */
    for (size_t i = 0; i < trace->count; i++)
        if (trace->items[i]->has_request || im_words_any(&trace->items[i]->words) ||
            trace->items[i]->status || trace->items[i]->ended)
            return true;
    return false;
}
