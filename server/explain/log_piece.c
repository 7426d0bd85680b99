/* The pieces of HTTP in one line of a log, in the notations of the libraries that write
 * them: urllib3, httpx, OkHttp, .NET, Faraday, Go's httputil, and the access logs of
 * servers (the common log format). */
#include "explain/log_piece.h"

#include <string.h>

#include "base/sanitize.h"
#include "causes/diagnosis.h"
#include "http/redact_parts.h"

static bool ends_word(char c)
{
    return c <= ' ' || strchr("\"'<>`,;)]}|", c) != NULL;
}

static struct im_str log_word_at(struct im_str text, size_t from)
{
    size_t end = from;

    while (end < text.len && !ends_word(text.at[end]))
        end++;
    return im_str_slice(text, from, end);
}

/* Does an address begin here, or a path of the API? */
static bool begins_address(struct im_str text)
{
    return im_str_starts(text, "http://") || im_str_starts(text, "https://") ||
           im_str_starts(text, "/ia/") || im_str_starts(text, "/identity/") ||
           im_str_starts(text, "/api/v1") || im_str_starts(text, "/oauth2/");
}

/* The application's own path, to which the browser comes back. */
static bool is_callback(struct im_str word)
{
    return im_str_starts(word, "/") && (im_str_find_nocase(word, "?code=") < word.len ||
                                        im_str_find_nocase(word, "?error=") < word.len);
}

bool im_is_log_address(struct im_str word)
{
    return begins_address(word) || is_callback(word);
}

/* The name of a host with its port at the head of the text; empty = there is none. */
static struct im_str host_at_head(struct im_str text)
{
    size_t end = 0;

    while (end < text.len && (im_redact_is_word(text.at[end]) ||
                              (text.at[end] && strchr("._-:[]", text.at[end]))))
        end++;
    return im_str_slice(text, 0, end);
}

/* "POST /path HTTP/1.1" anywhere in the line: RFC 9112 section 3. False = there is none; *begin is
 * where it begins. */
static bool find_request_line(struct im_str line, struct im_log_piece *piece,
                              struct im_str *target, size_t *begin)
{
    static const char mark[] = " HTTP/";

    for (size_t from = 0; from < line.len;) {
        size_t end = from + im_str_find_nocase(im_str_slice(line, from, line.len), mark);
        size_t at = end, word = 0;
        if (end == line.len)
            break;
        while (at > from && line.at[at - 1] > ' ')
            at--;
        word = at ? at - 1 : 0;
        while (word && line.at[word - 1] >= 'A' && line.at[word - 1] <= 'Z')
            word--;
        *target = im_str_slice(line, at, end);
        *begin = word;
        piece->method = im_str_slice(line, word, at ? at - 1 : 0);
        if (im_is_method(piece->method) &&
            (im_str_starts(*target, "/") || begins_address(*target)))
            return true;
        from = end + strlen(mark);
    }
    piece->method = (struct im_str){NULL, 0};
    return false;
}

/* "https://host:port" where it is the last address of the text and has no path; else empty. */
static struct im_str last_base(struct im_str text)
{
    struct im_str base = {NULL, 0};

    for (size_t at; (at = im_str_find_nocase(text, "://")) < text.len;) {
        bool secure = at >= 5 && im_str_starts(im_str_slice(text, at - 5, at), "https");
        size_t from = secure ? at - 5 : at >= 4 ? at - 4 : at;
        struct im_str host = host_at_head(im_str_slice(text, at + 3, text.len));
        base = im_str_slice(text, from, at + 3 + host.len);
        text = im_str_slice(text, at + 3 + host.len, text.len);
        if (!begins_address(base) || (text.len && strchr("/?@", text.at[0])))
            base.len = 0;
    }
    return base;
}

/* urllib3 has scheme and host before the request line; the dump of a request has the host in a
 * header behind it. */
static void set_target(struct im_trace *trace, struct im_str line, size_t begin,
                       struct im_str target, struct im_log_piece *piece)
{
    struct im_str base = last_base(im_str_slice(line, 0, begin));
    size_t header = im_str_find_nocase(line, "Host: ") + strlen("Host: ");

    if (!im_str_starts(target, "/"))
        piece->url = target;
    else if (base.len)
        piece->url =
            im_arena_format(trace->arena, "%.*s%.*s", IM_ARG(base), IM_ARG(target));
    else
        piece->url = im_log_url_of(
            trace, host_at_head(im_str_slice(line, header, line.len)), target);
}

struct im_str im_log_url_of(struct im_trace *trace, struct im_str host,
                            struct im_str target)
{
    /* RFC 3986 section 4.2: the scheme is not told */
    return host.len
               ? im_arena_format(trace->arena, "//%.*s%.*s", IM_ARG(host), IM_ARG(target))
               : target;
}

/* "Host: api.intacct.com" as a line of its own; empty = it is none. */
struct im_str im_log_host_line(struct im_str line)
{
    line = im_str_trim(line);
    return im_str_eq_nocase(im_str_slice(line, 0, 6), IM_STR("Host: "))
               ? host_at_head(im_str_slice(line, 6, line.len))
               : (struct im_str){NULL, 0};
}

void im_log_find_address(struct im_trace *trace, struct im_str line,
                         struct im_log_piece *piece)
{
    enum { METHOD_ROOM = 8 }; /* one byte more than the longest has */
    size_t searched = 0;      /* up to here no word is a callback */
    struct im_str target;
    size_t begin;

    if (find_request_line(line, piece, &target, &begin)) {
        set_target(trace, line, begin, target, piece);
        return;
    }
    for (size_t i = 0; i < line.len && !(piece->method.len && piece->url.len); i++) {
        if (i && !ends_word(line.at[i - 1]) && !strchr("=:(", line.at[i - 1]))
            continue;
        struct im_str rest = im_str_slice(line, i, line.len);
        struct im_str word = log_word_at(im_str_slice(rest, 0, METHOD_ROOM), 0);
        if (!piece->method.len && im_is_method(word))
            piece->method = word;
        /* the whole word is taken only where it may be one, so that a line of colons costs no
         * more than another */
        if (piece->url.len ||
            !(begins_address(rest) || (line.at[i] == '/' && i >= searched)))
            continue;
        word = log_word_at(line, i);
        searched = i + word.len;
        if (im_is_log_address(word) && !im_transport_is_help(word))
            piece->url = word;
    }
}

/* "status=401", "-> 401", "HTTP 401", "401 Unauthorized", "code 401", "(401)". */
static bool introduces_status(struct im_str before)
{
    static const char *const words[] = {
        "status",   "status_code", "statuscode", "http",     "->",         "=>",
        "returned", "code",        "got",        "answered", "response",   "http/2",
        "http/1.1", "with",        "error",      "failed",   "httpstatus", "respcode",
        "rc",       "http/2.0",    "http/1.0",   "<--"};

    /* .NET: "Received HTTP response headers after 12.3ms - 401" */
    if (im_str_ends(before, "ms - "))
        return true;

    /* none of the words is longer than this */
    struct im_str word = im_last_word(before, " =:\"'([", "{,([=\"'", 16);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (im_str_eq_nocase(word, im_str(words[i])))
            return true;
    return false;
}

static bool follows_status(struct im_str after, int status)
{
    const char *phrase = im_status_phrase(status);

    after = im_str_trim(after);
    return im_str_eq_nocase(im_str_slice(after, 0, strlen(phrase)), im_str(phrase)) ||
           im_str_starts(after, "error response") || im_str_starts(after, "Client Error");
}

void im_log_find_status(struct im_str line, struct im_log_piece *piece)
{
    for (size_t i = 0; i + 3 <= line.len && !piece->status; i++) {
        struct im_str three = im_str_slice(line, i, i + 3);
        int64_t status = 0;
        bool alone = (!i || !(im_redact_is_word(line.at[i - 1]) ||
                              strchr(".-", line.at[i - 1]))) &&
                     (i + 3 == line.len || !im_redact_is_word(line.at[i + 3])) &&
                     !im_str_starts(im_str_slice(line, i + 3, line.len), " bytes") &&
                     !im_str_starts(im_str_slice(line, i + 3, line.len), "-byte");
        if (!alone || !im_str_int(three, &status) || status < 200 || status > 599)
            continue;
        struct im_str after = im_str_slice(line, i + 3, line.len);
        bool last = !im_str_trim(after).len && piece->url.len && !piece->ended;
        if (introduces_status(im_str_slice(line, 0, i)) ||
            follows_status(after, (int)status) || last)
            piece->status = (int)status;
    }
}

/* "Bearer eyJ…", "Authorization: Basic …" */
void im_log_find_authorization(struct im_str line, struct im_log_piece *piece)
{
    size_t bearer = im_str_find_nocase(line, "bearer ");

    if (bearer < line.len) {
        struct im_str word = log_word_at(line, bearer + strlen("bearer "));
        bool template = im_str_starts(im_str_slice(line, bearer + 7, line.len), "<");
        if (template)
            word = im_str_slice(
                line, bearer + 7,
                bearer + 8 + im_str_find(im_str_slice(line, bearer + 7, line.len), '>'));
        /* not the prose of "Bearer token" and "bearer realm=" */
        if (im_jwt_length(word) || im_is_placeholder(word) || word.len > 20)
            piece->bearer = word;
    }
    size_t basic = im_str_find_nocase(line, "authorization");
    struct im_str rest = im_str_slice(line, basic, line.len);
    size_t at = im_str_find_nocase(rest, "basic ");
    if (at < 24 && at < rest.len)
        piece->scheme = im_str_slice(rest, at, at + 6 + log_word_at(rest, at + 6).len);
}

/* A run of name=value&name=value that has an OAuth parameter. */
void im_log_find_form(struct im_str line, struct im_log_piece *piece)
{
    static const char *const names[] = {
        "grant_type=", "refresh_token=", "client_id=", "token=", "client_secret=", NULL};

    for (size_t i = 0; names[i]; i++) {
        size_t at = im_str_find_nocase(line, names[i]);
        if (!line.at || at == line.len ||
            (piece->url.len && piece->url.at <= line.at + at &&
             line.at + at < piece->url.at + piece->url.len))
            continue;
        while (at && !ends_word(line.at[at - 1]))
            at--;
        struct im_str word = log_word_at(line, at);
        if (word.len > piece->form.len)
            piece->form = word;
    }
}

/* ---- what a line without a call is worth ---- */

/* Stands a level there? In capitals, or in small letters between marks, as "[info]" and
 * "level":"info"; a sentence may begin with such a word. */
static bool is_level_at(struct im_str line, size_t at, struct im_str level)
{
    struct im_str word = im_str_slice(line, at, at + level.len);
    char before = at ? line.at[at - 1] : '[';
    char after = at + level.len < line.len ? line.at[at + level.len] : ']';

    if (!im_str_eq_nocase(word, level) || im_redact_is_word(before) ||
        im_redact_is_word(after))
        return false;
    bool capitals = line.at[at] < 'a' && line.at[at + level.len - 1] < 'a';
    return capitals || (strchr("[\"':=<(|\t ", before) && strchr("]\"':,>)|", after));
}

bool im_log_is_calm(struct im_str line)
{
    static const struct {
        struct im_str name;
        bool calm;
    } levels[] = {{IM_STR_INIT("info"), true},      {IM_STR_INIT("debug"), true},
                  {IM_STR_INIT("trace"), true},     {IM_STR_INIT("notice"), true},
                  {IM_STR_INIT("error"), false},    {IM_STR_INIT("warn"), false},
                  {IM_STR_INIT("warning"), false},  {IM_STR_INIT("fatal"), false},
                  {IM_STR_INIT("critical"), false}, {IM_STR_INIT("err"), false}};

    /* the first one is the line's own */
    for (size_t i = 0; i < line.len; i++) {
        if (i && im_redact_is_word(line.at[i - 1]))
            continue;
        for (size_t k = 0; k < sizeof levels / sizeof *levels; k++)
            if (is_level_at(line, i, levels[k].name))
                return levels[k].calm;
    }
    return false;
}

bool im_log_counts(struct im_str line, const struct im_words *words)
{
    for (size_t i = 0; i < words->code_count; i++) {
        struct im_str code = words->codes[i];
        size_t at = 0;
        while (at < line.len &&
               !im_str_eq_nocase(im_str_slice(line, at, at + code.len), code))
            at++;
        struct im_str after = im_str_slice(line, at + code.len, line.len);
        bool set = im_str_starts(after, "=") && im_has_digit_at(after, 1);
        if (set || im_str_starts(after, " count") || im_str_starts(after, ": 0") ||
            im_str_starts(after, " 0"))
            return true;
    }
    return false;
}

bool im_log_tells_failure(struct im_str line)
{
    static const char *const words[] = {
        "error", "exception", "fail",     "refus",  "denied", "reject", "warn",
        "fatal", "caused",    "critical", "cannot", "unable", NULL};

    return im_has_any(line, words);
}
