/* What form is it? The readers are asked in turn, the strictest first; a log is what is
 * left. Also the short forms: a token, an address, a code. */
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/sanitize.h"
#include "causes/diagnosis.h"
#include "explain/transport.h"
#include "oauth/jwt.h"

/* ---- times ---- */

/* "2026-03-02 10:00:00,123": RFC 3339 but for the blank, the comma and the missing
 * zone. */
static size_t read_date_time(struct im_str text, int64_t *ms)
{
    char plain[40];
    size_t n = 19;

    if (text.len < n || text.at[4] != '-' || text.at[7] != '-' || text.at[13] != ':' ||
        (text.at[10] != 'T' && text.at[10] != ' '))
        return 0;
    memcpy(plain, text.at, n);
    plain[10] = 'T';
    if (n < text.len && (text.at[n] == ',' || text.at[n] == '.'))
        for (plain[n] = '.', n++;
             n < 30 && n < text.len && text.at[n] >= '0' && text.at[n] <= '9'; n++)
            plain[n] = text.at[n];
    struct im_str zone = im_str_slice(text, n, n + 6);
    size_t taken = n;
    bool offset =
        zone.len == 6 && (zone.at[0] == '+' || zone.at[0] == '-') && zone.at[3] == ':';
    if (offset) {
        memcpy(plain + n, zone.at, 6);
        taken = n += 6;
    } else {
        plain[n++] = 'Z'; /* a log that names no zone is all of one: differences count */
        taken += zone.len && zone.at[0] == 'Z';
    }
    return im_time_parse((struct im_str){plain, n}, ms) ? taken : 0;
}

size_t im_read_time(struct im_str text, int64_t *ms)
{
    if (!text.len || text.at[0] < '0' || text.at[0] > '9')
        return 0;
    return read_date_time(text, ms);
}

/* ---- short forms ---- */

/* A terminal or a mail breaks long lines: a token that goes on in the next line is one. */
static struct im_str without_breaks(struct im_arena *arena, struct im_str text)
{
    struct im_buf whole;

    im_buf_init(&whole, arena, 0);
    for (size_t i = 0; i < text.len; i++)
        if (!strchr(" \t\r\n", text.at[i]) || !text.at[i])
            im_buf_addc(&whole, text.at[i]);
    return im_buf_str(&whole);
}

bool im_read_jwt(struct im_trace *trace, struct im_str text)
{
    struct im_str token = im_str_trim(text);

    if (im_str_eq_nocase(im_str_slice(token, 0, 14), IM_STR("authorization:")))
        token = im_str_trim(im_str_slice(token, 14, token.len));
    if (im_str_eq_nocase(im_str_slice(token, 0, 7), IM_STR("bearer ")))
        token = im_str_trim(im_str_slice(token, 7, token.len));
    while (token.len >= 2 && strchr("\"'`", token.at[0]) &&
           token.at[token.len - 1] == token.at[0])
        token = im_str_slice(token, 1, token.len - 1);
    if (im_str_starts(token, "eyJ") && im_str_has(token, '\n') && token.len < 8192)
        token = without_breaks(trace->arena, token);
    /* behind its claims, a mask or "<signature>" may stand for the signature */
    struct im_str rest = im_str_slice(token, im_jwt_length(token), token.len);
    if (rest.len == token.len ||
        (rest.len && !im_is_hidden_value(rest) && !im_is_placeholder(rest)))
        return false;
    im_secrets_add(trace->secrets, token);
    trace->jwt = token;
    trace->form = IM_FORM_JWT;
    return true;
}

bool im_read_url(struct im_trace *trace, struct im_str text)
{
    struct im_str url = im_str_trim(text);
    bool http = im_str_starts(url, "http://") || im_str_starts(url, "https://");

    /* a blank makes it a line of a log, in which more may stand */
    for (size_t i = 0; i < url.len; i++)
        if (url.at[i] <= ' ')
            return false;
    struct im_observed *one = http ? im_trace_add(trace) : NULL;
    if (!one)
        return false;
    one->has_request = true;
    one->req.method = IM_STR("GET");
    im_observed_set_url(one, url);
    im_observed_complete(trace, one);
    trace->form = IM_FORM_URL;
    return true;
}

/* "Unauthorized" alone; 0 when it is no such phrase (RFC 9110 section 15). */
static int status_of_phrase(struct im_str text)
{
    for (int status = 400; status <= 599; status++)
        if (im_is_status_phrase(status, text))
            return status;
    return 0;
}

/* A code, a status or both: what `intacct-mock causes` finds. */
bool im_read_code(struct im_trace *trace, struct im_str text)
{
    struct im_str word = im_str_trim(text), rest = word, first = im_str_cut(&rest, ' ');
    struct im_cause_hit *hits =
        IM_ARENA_ARRAY(trace->arena, struct im_cause_hit, CAUSE_COUNT);
    int64_t status = status_of_phrase(word);

    /* the words of a client are no code, though some have been searched for as one */
    if (word.len > 80 || im_str_has(word, '\n') || !hits ||
        im_transport_find(trace, word, IM_IN_TEXT))
        return false;
    if (status)
        word.len = 0;
    else if (first.len == 3 && im_str_int(first, &status) && status >= 400 &&
             status <= 599)
        word = im_is_status_phrase((int)status, rest) ? IM_STR("") : im_str_trim(rest);
    else
        status = 0;
    size_t found = word.len ? im_cause_search(word, hits) : 0;
    /* several words may be a sentence of a log, unless they are those by which a cause goes */
    if (word.len && (!found || (im_str_has(word, ' ') && !hits[0].by_name)))
        return false;
    struct im_observed *one = word.len || status ? im_trace_add(trace) : NULL;
    if (!one)
        return false;
    one->status = (int)status;
    one->loosely = true;
    bool known =
        im_words_add_prose(trace, &one->words, word) || !word.len || hits[0].by_name;
    if (!known)
        trace->count--;
    else if (word.len && hits[0].by_name)
        trace->query = word;
    else
        im_observed_judge_answerer(one); /* of 407 */
    trace->form = IM_FORM_CODE;
    return known;
}

/* ---- all forms ---- */

/* One answer, in many words and with nothing of a log about it: somebody has written it. */
static bool is_prose(const struct im_trace *trace, struct im_str text)
{
    enum { WORDS_MIN = 15 };
    const struct im_observed *one = trace->count == 1 ? trace->items[0] : NULL;
    size_t words = 0;

    for (size_t i = 1; i < text.len; i++)
        words += text.at[i] == ' ' && text.at[i - 1] > ' ';
    return one && !one->has_request && !one->has_time && !one->answer_body.len &&
           words >= WORDS_MIN;
}

/* One exchange, of which nothing is told but its end. */
static bool is_error(const struct im_trace *trace)
{
    const struct im_observed *one = trace->count == 1 ? trace->items[0] : NULL;

    return one && one->ended && !one->status && !one->req.method.len && !one->has_time;
}

bool im_trace_read(struct im_trace *trace, struct im_str text)
{
    /* The order decides: what begins with a mark of its own is asked before what takes nearly any text.
     * A curl command may have an HTTP message behind it, so it goes before that reader. */
    static im_trace_reader *const readers[] = {
        im_read_har,  im_read_jwt,     im_read_code, im_read_curl_command,
        im_read_http, im_read_postman, im_read_xml,  im_read_page,
        im_read_body, im_read_url,     im_read_log};

    trace->text = text;
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
        trace->count = trace->foreign = trace->beyond = 0;
        if (!readers[i](trace, text))
            continue;
        if (trace->form == IM_FORM_LOG && is_error(trace))
            trace->form = IM_FORM_ERROR;
        else if (trace->form == IM_FORM_LOG && is_prose(trace, text))
            trace->form = IM_FORM_PROSE;
        return true;
    }
    trace->count = 0;
    trace->form = IM_FORM_NONE;
    return false;
}
