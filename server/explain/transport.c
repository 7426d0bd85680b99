/* Recognising what ended an exchange before there was an answer, by the words of HTTP
 * clients (transport.def). A wrong recognition is worse than none: a name that stands in
 * options, in source code or in a list is not taken for an error that happened. */
#include "explain/transport.h"

#include <string.h>

#include "http/redact_parts.h"

/* So far around the words their line is looked at. */
enum { BEFORE_BYTES = 80, AFTER_BYTES = 250 };

/* Where the words count. */
enum how {
    PHRASE,    /* anywhere but in source code: nobody writes them but of an error */
    TOLD,      /* as the name or the reason of an error: "Error: connect ECONNRESET" */
    TOLD_LAST, /* the same, and they end the sentence */
    NAME,      /* the class of an exception: "requests.exceptions.ReadTimeout: …" */
    CALL,      /* in a line that has a call */
    CALL_TOLD_LAST /* both */
};

static const struct im_transport_row rows[] = {
    [IM_TRANSPORT_NONE] = {.id = "none"},
#define IM_TRANSPORT(NAME, ...) [IM_TRANSPORT_##NAME] = {__VA_ARGS__},
#include "explain/transport.def"
#undef IM_TRANSPORT
};

static const struct im_transport_words says[] = {
#define IM_SAYS(NAME, rank, how, text, beside)                                           \
    {IM_TRANSPORT_##NAME, IM_TRANSPORT_##rank, how, text, beside},
#include "explain/transport.def"
#undef IM_SAYS
};
enum { SAYS = sizeof says / sizeof *says };

/* The rows by their first letter, so that each byte of a text is compared with few. */
struct im_transport_index {
    unsigned short first[256], next[SAYS + 1]; /* numbers of rows from 1; 0 = end */
};

const struct im_transport_row *im_transport_row(enum im_transport kind)
{
    return &rows[kind];
}

static unsigned char lower_case(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static struct im_transport_index *index_make(struct im_arena *arena)
{
    struct im_transport_index *made = IM_ARENA_NEW(arena, struct im_transport_index);

    for (unsigned short i = SAYS; made && i > 0; i--) {
        unsigned short *first = &made->first[lower_case(says[i - 1].text[0])];
        made->next[i] = *first;
        *first = i;
    }
    return made;
}

/* ---- what stands around the words ---- */

struct surroundings {
    struct im_str before, after; /* of the same line, as far as it is near */
    bool alone;
    enum im_transport_in in;
};

static bool in_identifier(char c)
{
    return im_redact_is_word(c) || c == '_';
}

/* Source code, or an option: the error is handled there, and did not happen. */
static bool is_code(const struct surroundings *at)
{
    static const char *const anywhere[] = {"except ",  "except(", "catch (", "instanceof",
                                           "throws ",  "if (",    "==",      "errors.Is(",
                                           "case '",   "case \"", "retryOn", "retry_on",
                                           "retry on", "=~",      "expect(", ".info(",
                                           ".warn(",   ".error(", NULL};
    static const char *const first[] = {
        "import ",   "from ",  "def ",    "class ", "public class ", "//", "# ",
        "* throws ", "raise ", "assert ", "throw ", "rescue ",       NULL};
    struct im_str before = at->before;

    while (before.len && strchr(" \t=", before.at[0]))
        before = im_str_slice(before, 1, before.len);
    for (size_t i = 0; first[i]; i++)
        if (im_str_starts(before, first[i]))
            return true;
    return im_has_any(before, anywhere);
}

/* The word before, without quotes and brackets, says that an error follows. */
static bool is_told(const struct surroundings *at)
{
    static const char *const ends[] = {
        "error",   "errors", "exception", "failed",      "failure", "code",  "errno",
        "cause",   "caused", "reason",    "problem",     "connect", "read",  "write",
        "because", "send",   "recv",      "getaddrinfo", "fatal",   "panic", "syscall",
        "err",     "->",     ">",         "with",        "got",     "chain", "message",
        "msg",     "name",   "aborted",   "x509",        NULL};
    struct im_str before = at->before;

    if (at->alone || (at->in == IM_IN_ERROR && !before.len))
        return true;
    /* Go's errors of net/url: Post "https://…": EOF */
    if (im_str_ends(before, "\": "))
        return true;
    struct im_str word = im_last_word(before, " :=\"'`([\\", "{,([=:.\"'", 24);
    for (size_t i = 0; ends[i]; i++) {
        size_t n = strlen(ends[i]);
        struct im_str end = im_str_slice(word, word.len > n ? word.len - n : 0, word.len);
        /* "NetworkError", "SocketException"; of shorter words all must be it */
        if (im_str_eq_nocase(end, im_str(ends[i])) && (n > 4 || word.len == n))
            return !is_code(at);
    }
    return false;
}

static bool ends_sentence(const struct surroundings *at)
{
    struct im_str after = at->after;

    return !after.len || strchr("\"'`)]},.;\\\r", after.at[0]) != NULL;
}

/* "requests.exceptions.ReadTimeout: …", "RemoteDisconnected('…')". ReadTimeout and its
 * like are names of options as well, so that these need a qualified name. */
static bool is_name_of_error(const struct surroundings *at, const char *text)
{
    struct im_str after = at->after;
    bool option = strstr(text, "imeout") != NULL;
    bool qualified = at->before.len && strchr(".:", at->before.at[at->before.len - 1]);

    if (at->alone)
        return true;
    if (is_code(at))
        return false;
    if (im_str_starts(after, "("))
        return !option || !im_has_digit_at(after, 1);
    if (im_str_starts(after, ":"))
        return !im_str_starts(after, "::") &&
               !im_has_digit_at(im_str_trim(im_str_slice(after, 1, 9)), 0) &&
               (qualified || !option || is_told(at) || !im_str_trim(at->before).len);
    if (qualified && (!im_str_trim(after).len || im_str_starts(after, " (") ||
                      im_str_starts(after, " with #")))
        return true;
    /* Ruby: "… (Net::ReadTimeout)" */
    if (qualified && im_str_is(im_str_trim(after), ")"))
        return true;
    return is_told(at) && !im_str_starts(after, ".") && !im_str_starts(after, "=");
}

/* "no connection reset was seen", "retry on connection refused", "reset by peer=0", and what
 * curl --insecure goes on with */
static bool is_denied(const struct surroundings *at)
{
    static const char *const words[] = {"no ",       "not ",        "without ", "never ",
                                        "retry on ", "retries on ", "if ",      "unless ",
                                        "when ",     "0 ",          NULL};
    static const char *const articles[] = {"a ", "an ", "the ", NULL};
    struct im_str before = at->before;

    if (im_str_find_nocase(at->after, "continuing anyway") < at->after.len ||
        (im_str_starts(at->after, "=") && im_has_digit_at(at->after, 1)))
        return true;
    for (size_t i = 0; articles[i]; i++)
        if (im_str_ends(before, articles[i]))
            before.len -= strlen(articles[i]);
    for (size_t i = 0; words[i]; i++) {
        size_t n = strlen(words[i]);
        struct im_str end =
            im_str_slice(before, before.len > n ? before.len - n : 0, before.len);
        bool whole = before.len <= n || !in_identifier(before.at[before.len - n - 1]);
        if (whole && im_str_eq_nocase(end, im_str(words[i])))
            return true;
    }
    return false;
}

static bool has_port(struct im_str text, const char *port)
{
    for (size_t at; (at = im_str_find_nocase(text, port)) < text.len;) {
        text = im_str_slice(text, at + strlen(port), text.len);
        if (!im_has_digit_at(text, 0))
            return true;
    }
    return false;
}

/* Databases and the like are refused and reset in the same words, the C library's; pools of
 * connections and test runners have time limits, too. */
static bool is_of_other_service(const struct surroundings *at)
{
    static const char *const marks[] = {
        "psycopg", "postgres",  "mysql",    "redis",         "mongo",       "amqp",
        "kafka",   "smtp",      "ldap",     "jdbc",          "sqlalchemy",  "ssh:",
        "hikari",  "queuepool", "memcache", "elasticsearch", "async tests", NULL};
    static const char *const ports[] = {":5432", ":3306", ":6379",  ":5672",  ":9092",
                                        ":9200", ":1433", ":11211", ":27017", NULL};

    for (size_t i = 0; ports[i]; i++)
        if (has_port(at->before, ports[i]) || has_port(at->after, ports[i]))
            return true;
    return im_has_any(at->before, marks) || im_has_any(at->after, marks);
}

/* Behind a time at most, and of more words than the EOF that ends a script's text. */
static bool is_whole_line(const struct surroundings *at, const char *text)
{
    for (size_t i = 0; i < at->before.len; i++)
        if (lower_case(at->before.at[i]) >= 'a' && !strchr("TZ", at->before.at[i]))
            return false;
    return strchr(text, ' ') != NULL && !im_str_trim(at->after).len;
}

/* At the head of a line, behind its time, its level and the name of its logger at most. */
static bool begins_line(const struct surroundings *at)
{
    static const char *const calm[] = {"info", "debug", "trace", "notice", NULL};
    size_t words = 0;
    bool counted = false; /* the word at hand is */

    for (size_t i = 0; i < at->before.len; i++) {
        char c = at->before.at[i];
        bool small = c >= 'a' && c <= 'z';
        if (strchr("'\"`", c))
            return false;
        words += small && !counted;
        counted = c != ' ' && (counted || small);
    }
    return words <= 1 && !im_has_any(at->before, calm);
}

/* Where a client or a log puts an error, and not a name or a memo that has such words in it. */
static bool is_in_form(const struct im_transport_words *words,
                       const struct surroundings *at)
{
    /* in this case: "ERROR:" is a level */
    static const char *const marks[] = {"Error", "Exception", "rror:", "rrno",
                                        "ailed", "curl: (",   "dial",  "aused by"};

    if (words->beside || strpbrk(words->text, ":([_") || im_transport_is_of_body(words) ||
        is_told(at) || begins_line(at))
        return true;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        for (size_t k = 0; k < at->before.len; k++)
            if (im_str_starts(im_str_slice(at->before, k, at->before.len), marks[i]))
                return true;
    return false;
}

static bool is_told_so(const struct im_transport_words *words,
                       const struct surroundings *at)
{
    if (words->beside && im_str_find_nocase(at->after, words->beside) == at->after.len)
        return false;
    switch ((enum how)words->how) {
    case PHRASE:
        return !is_denied(at) && !is_code(at) &&
               (at->in != IM_IN_FORM || is_in_form(words, at));
    case TOLD: return is_told(at);
    case TOLD_LAST:
        return ((is_told(at) && !im_str_ends(at->before, "with ")) ||
                is_whole_line(at, words->text)) &&
               ends_sentence(at);
    case NAME: return is_name_of_error(at, words->text);
    case CALL: return at->in == IM_IN_CALL && !is_denied(at);
    case CALL_TOLD_LAST: return at->in == IM_IN_CALL && is_told(at) && ends_sentence(at);
    }
    return false;
}

/* ---- finding ---- */

static struct surroundings place_of(struct im_trace *trace, struct im_str text,
                                    size_t from, size_t end)
{
    size_t begin = from, last = end;

    while (begin && from - begin < BEFORE_BYTES && text.at[begin - 1] != '\n')
        begin--;
    while (last < text.len && last - end < AFTER_BYTES && text.at[last] != '\n')
        last++;
    return (struct surroundings){.before = im_str_slice(text, begin, from),
                                 .after = im_str_slice(text, end, last),
                                 .alone = im_str_trim(trace->text).len == end - from};
}

/* Do the words stand at this place as words of their own? */
static bool stand_at(struct im_str text, size_t at, const char *words)
{
    size_t n = strlen(words), end = at + n;

    return end <= text.len &&
           im_str_eq_nocase(im_str_slice(text, at, end), (struct im_str){words, n}) &&
           (!in_identifier(words[n - 1]) || end == text.len ||
            !in_identifier(text.at[end]));
}

const struct im_transport_words *im_transport_find(struct im_trace *trace,
                                                   struct im_str text,
                                                   enum im_transport_in in)
{
    const struct im_transport_words *best = NULL;

    if (!trace->transport_index)
        trace->transport_index = index_make(trace->arena);
    const struct im_transport_index *index = trace->transport_index;
    for (size_t i = 0; index && i < text.len; i++) {
        /* within a word none begins */
        if (i && in_identifier(text.at[i - 1]) && in_identifier(text.at[i]))
            continue;
        for (unsigned short row = index->first[lower_case(text.at[i])]; row;
             row = index->next[row]) {
            const struct im_transport_words *words = &says[row - 1];
            if ((best && words->rank <= best->rank) || !stand_at(text, i, words->text))
                continue;
            struct surroundings at = place_of(trace, text, i, i + strlen(words->text));
            at.in = in;
            if (is_told_so(words, &at) && !is_of_other_service(&at))
                best = words;
        }
    }
    return best;
}

/* ---- exchanges ---- */

bool im_transport_is_of_body(const struct im_transport_words *words)
{
    return words->kind == IM_TRANSPORT_BODY_CUT_SHORT ||
           words->kind == IM_TRANSPORT_BODY_NOT_JSON;
}

void im_observed_end(struct im_observed *one, const struct im_transport_words *words)
{
    if (words && (!one->ended || words->rank > one->ended->rank))
        one->ended = words;
}

bool im_observed_is_broken(const struct im_observed *one)
{
    if (!one->ended || im_words_any(&one->words))
        return false;
    /* of a damaged body the status is known; one that refuses tells more than that */
    bool in_body = one->ended_late || im_transport_is_of_body(one->ended);
    return !one->status || one->by_other || (in_body && one->status < 400);
}
