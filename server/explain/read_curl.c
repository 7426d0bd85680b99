/* Reading a curl command as a shell has it (POSIX quoting, and $'…' as browsers copy
 * it), with what it printed behind it, if that was pasted too. */
#include <string.h>

#include "base/crypto.h"
#include "base/json.h"
#include "causes/diagnosis.h"
#include "explain/trace.h"

/* A shell command that is being cut into words. */
struct shell {
    struct im_str rest;
    struct im_buf word;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static char take_char(struct shell *shell)
{
    char c = shell->rest.at[0];

    shell->rest = im_str_slice(shell->rest, 1, shell->rest.len);
    return c;
}

/* What \n and the like mean within $'…'. */
static char unescaped(char c)
{
    return (char)(c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c);
}

static void take_quoted(struct shell *shell, char quote, bool dollar)
{
    while (shell->rest.len) {
        char c = take_char(shell);
        if (c == quote)
            return;
        bool escapes = c == '\\' && shell->rest.len && (quote == '"' || dollar);
        if (escapes) {
            char next = take_char(shell);
            if (dollar)
                next = unescaped(next);
            else if (!strchr("\\\"$`\n", next))
                im_buf_addc(&shell->word, '\\');
            c = next;
            if (!dollar && c == '\n')
                continue;
        }
        im_buf_addc(&shell->word, c);
    }
}

/* The lines go on behind a backslash; ^ is that of Windows. */
static bool goes_on(const struct shell *shell)
{
    return shell->rest.len > 1 && strchr("\\^`", shell->rest.at[0]) &&
           (shell->rest.at[1] == '\n' || shell->rest.at[1] == '\r');
}

static void skip_blanks(struct shell *shell)
{
    while (shell->rest.len && (is_blank(shell->rest.at[0]) || goes_on(shell))) {
        bool line = goes_on(shell);
        take_char(shell);
        while (line && shell->rest.len && strchr("\r\n", shell->rest.at[0]))
            take_char(shell);
    }
}

/* The next word; false at the end of the command. */
static bool next_word(struct im_trace *trace, struct shell *shell, struct im_str *word)
{
    skip_blanks(shell);
    if (!shell->rest.len || strchr("\n\r;|&", shell->rest.at[0]))
        return false;
    im_buf_init(&shell->word, trace->arena, 0);
    while (shell->rest.len && !is_blank(shell->rest.at[0]) && !goes_on(shell) &&
           !strchr("\n\r;|&", shell->rest.at[0])) {
        char c = take_char(shell);
        bool dollar = c == '$' && shell->rest.len && shell->rest.at[0] == '\'';
        if (dollar)
            c = take_char(shell);
        if (c == '\'' || c == '"')
            take_quoted(shell, c, dollar);
        else if (c == '\\' && shell->rest.len)
            im_buf_addc(&shell->word, take_char(shell));
        else
            im_buf_addc(&shell->word, c);
    }
    *word = im_buf_str(&shell->word);
    return true;
}

/* ---- options ---- */

enum option {
    OPTION_NONE,
    OPTION_METHOD,
    OPTION_HEADER,
    OPTION_DATA,
    OPTION_DATA_ENCODED,
    OPTION_JSON,
    OPTION_USER,
    OPTION_URL,
    OPTION_GET,
    OPTION_OTHER /* takes a value that says nothing here */
};

static const struct curl_option {
    const char *longer;
    char letter;
    enum option option;
} curl_options[] = {
    {"--request", 'X', OPTION_METHOD},
    {"--header", 'H', OPTION_HEADER},
    {"--data", 'd', OPTION_DATA},
    {"--data-raw", 0, OPTION_DATA},
    {"--data-binary", 0, OPTION_DATA},
    {"--data-ascii", 0, OPTION_DATA},
    {"--data-urlencode", 0, OPTION_DATA_ENCODED},
    {"--json", 0, OPTION_JSON},
    {"--user", 'u', OPTION_USER},
    {"--url", 0, OPTION_URL},
    {"--get", 'G', OPTION_GET},
    {"--output", 'o', OPTION_OTHER},
    {"--user-agent", 'A', OPTION_OTHER},
    {"--cookie", 'b', OPTION_OTHER},
    {"--max-time", 'm', OPTION_OTHER},
    {"--referer", 'e', OPTION_OTHER},
    {"--write-out", 'w', OPTION_OTHER},
    {"--proxy", 'x', OPTION_OTHER},
    {"--cacert", 0, OPTION_OTHER},
    {"--connect-timeout", 0, OPTION_OTHER},
};

/* Which option, and what of the word is its value already: -XPOST, --request=POST. */
static enum option option_of(struct im_str word, struct im_str *value)
{
    *value = (struct im_str){NULL, 0};
    for (size_t i = 0; i < sizeof curl_options / sizeof *curl_options; i++) {
        const struct curl_option *known = &curl_options[i];
        struct im_str rest = word, name = im_str_cut(&rest, '=');
        if (im_str_is(word, known->longer))
            return known->option;
        if (im_str_is(name, known->longer) && name.len < word.len) {
            *value = rest;
            return known->option;
        }
        if (!known->letter || word.len < 2 || word.at[0] != '-' || word.at[1] == '-')
            continue;
        /* letters without a value may stand before it: -sSX POST */
        size_t at = 1;
        while (at < word.len && strchr("sSvikLfgG", word.at[at]) &&
               word.at[at] != known->letter)
            at++;
        if (at < word.len && word.at[at] == known->letter) {
            *value = im_str_slice(word, at + 1, word.len);
            return known->option;
        }
    }
    return OPTION_NONE;
}

/* What the options have said so far. */
struct curl {
    struct im_trace *trace;
    struct im_observed *one;
    struct im_buf data;
    bool get;
};

static void add_header(struct curl *curl, struct im_str line)
{
    struct im_str value = line, name = im_str_cut(&value, ':');

    if (name.len < line.len)
        im_request_add_header(&curl->one->req, im_str_trim(name), im_str_trim(value));
}

static void add_encoded(struct curl *curl, struct im_str value)
{
    struct im_str rest = value, name = im_str_cut(&rest, '=');

    if (name.len == value.len) {
        im_buf_add_url(&curl->data, value);
        return;
    }
    im_buf_add(&curl->data, name);
    im_buf_addz(&curl->data, name.len ? "=" : "");
    im_buf_add_url(&curl->data, rest);
}

static void take_option(struct curl *curl, enum option option, struct im_str value)
{
    struct im_request *req = &curl->one->req;

    switch (option) {
    case OPTION_METHOD: req->method = value; break;
    case OPTION_HEADER: add_header(curl, value); break;
    case OPTION_JSON:
        im_request_add_header(req, IM_STR("Content-Type"), IM_STR("application/json"));
        im_buf_add(&curl->data, value);
        break;
    case OPTION_DATA:
    case OPTION_DATA_ENCODED:
        im_buf_addz(&curl->data, curl->data.len ? "&" : "");
        if (option == OPTION_DATA_ENCODED)
            add_encoded(curl, value);
        else
            im_buf_add(&curl->data, value);
        break;
    case OPTION_USER:
        im_request_add_header(
            req, IM_STR("Authorization"),
            im_arena_format(curl->trace->arena, "Basic %.*s",
                            IM_ARG(im_base64(curl->trace->arena, value.at, value.len))));
        break;
    case OPTION_URL: im_observed_set_url(curl->one, value); break;
    case OPTION_GET: curl->get = true; break;
    case OPTION_NONE:
    case OPTION_OTHER: break;
    }
}

static void read_words(struct curl *curl, struct shell *shell)
{
    struct im_str word, value;

    while (next_word(curl->trace, shell, &word)) {
        enum option option = option_of(word, &value);
        if (option == OPTION_NONE && !im_str_starts(word, "-"))
            option = curl->one->url.len ? OPTION_OTHER : OPTION_URL, value = word;
        else if (option != OPTION_NONE && option != OPTION_GET && !value.len &&
                 !next_word(curl->trace, shell, &value))
            break;
        take_option(curl, option, value);
    }
}

static void finish_request(struct curl *curl)
{
    struct im_request *req = &curl->one->req;
    struct im_str data = im_buf_str(&curl->data);

    curl->one->has_request = curl->one->has_headers = true;
    if (curl->get)
        req->query = data;
    else
        req->body = data;
    if (!req->method.len)
        req->method = data.len && !curl->get ? IM_STR("POST") : IM_STR("GET");
    /* curl adds it by itself */
    if (data.len && !curl->get && !im_request_header(req, "content-type").at)
        im_request_add_header(req, IM_STR("Content-Type"),
                              IM_STR("application/x-www-form-urlencoded"));
}

/* What the command printed: an answer with its head, a body, or a few words. */
static void read_printed(struct curl *curl, struct im_str rest)
{
    struct im_trace printed = {.arena = curl->trace->arena,
                               .secrets = curl->trace->secrets,
                               .lexicon = curl->trace->lexicon};
    const struct im_observed *answer;

    rest = im_str_trim(rest);
    if (im_read_http(&printed, rest) && (answer = im_trace_last(&printed))) {
        curl->one->status = answer->status;
        curl->one->answer_headers = answer->answer_headers;
        curl->one->answer_header_count = answer->answer_header_count;
        curl->one->answer_body = answer->answer_body;
        curl->one->lost = answer->lost;
        curl->one->words = answer->words;
    } else {
        curl->one->answer_body = rest;
        curl->one->lost = im_str_find_nocase(rest, "could not resolve host") < rest.len;
    }
}

bool im_read_curl_command(struct im_trace *trace, struct im_str text)
{
    struct im_str trimmed = im_str_trim(text);
    struct curl curl = {.trace = trace};
    struct im_str word;

    if (im_str_starts(trimmed, "$ "))
        trimmed = im_str_slice(trimmed, 2, trimmed.len);
    struct shell shell = {.rest = trimmed};
    if (!im_str_starts(trimmed, "curl") || !next_word(trace, &shell, &word) ||
        (!im_str_is(word, "curl") && !im_str_is(word, "curl.exe")))
        return false;
    curl.one = im_trace_add(trace);
    if (!curl.one)
        return false;
    im_buf_init(&curl.data, trace->arena, 0);
    read_words(&curl, &shell);
    finish_request(&curl);
    read_printed(&curl, shell.rest);
    im_observed_complete(trace, curl.one);
    trace->form = IM_FORM_CURL_COMMAND;
    return true;
}
