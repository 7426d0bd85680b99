/* Reading a curl command as a shell has it (POSIX quoting, and $'…' as browsers copy
 * it), with what it printed behind it, if that was pasted too. */
#include <string.h>

#include "base/crypto.h"
#include "base/json.h"
#include "causes/diagnosis.h"
#include "explain/curl_options.h"
#include "explain/transport.h"

/* A shell command that is being cut into words. */
struct shell {
    struct im_str rest;
    struct im_buf word;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static char shell_take_char(struct shell *shell)
{
    char c = shell->rest.at[0];

    shell->rest = im_str_slice(shell->rest, 1, shell->rest.len);
    return c;
}

/* What \n and the like mean within $'…'. */
static char ansi_c_unescaped(char c)
{
    return (char)(c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c);
}

/* Behind the opening quote. Within '…' nothing is escaped, within "…" the four of POSIX 2.2.3, within
 * $'…' what C escapes. A quote that is not closed takes the rest, as a shell would wait for more. */
static void shell_take_quoted(struct shell *shell, char quote, bool dollar)
{
    while (shell->rest.len) {
        char c = shell_take_char(shell);
        if (c == quote)
            return;
        bool escapes = c == '\\' && shell->rest.len && (quote == '"' || dollar);
        if (escapes) {
            char next = shell_take_char(shell);
            if (dollar)
                next = ansi_c_unescaped(next);
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
static bool shell_goes_on(const struct shell *shell)
{
    return shell->rest.len > 1 && strchr("\\^`", shell->rest.at[0]) &&
           (shell->rest.at[1] == '\n' || shell->rest.at[1] == '\r');
}

static void shell_skip_blanks(struct shell *shell)
{
    while (shell->rest.len && (is_blank(shell->rest.at[0]) || shell_goes_on(shell))) {
        bool line = shell_goes_on(shell);
        shell_take_char(shell);
        while (line && shell->rest.len && strchr("\r\n", shell->rest.at[0]))
            shell_take_char(shell);
    }
}

/* The next word; false at the end of the command. */
static bool shell_next_word(struct im_trace *trace, struct shell *shell,
                            struct im_str *word)
{
    shell_skip_blanks(shell);
    if (!shell->rest.len || strchr("\n\r;|&", shell->rest.at[0]))
        return false;
    im_buf_init(&shell->word, trace->arena, 0);
    while (shell->rest.len && !is_blank(shell->rest.at[0]) && !shell_goes_on(shell) &&
           !strchr("\n\r;|&", shell->rest.at[0])) {
        char c = shell_take_char(shell);
        bool dollar = c == '$' && shell->rest.len && shell->rest.at[0] == '\'';
        if (dollar)
            c = shell_take_char(shell);
        if (c == '\'' || c == '"')
            shell_take_quoted(shell, c, dollar);
        else if (c == '\\' && shell->rest.len)
            im_buf_addc(&shell->word, shell_take_char(shell));
        else
            im_buf_addc(&shell->word, c);
    }
    *word = im_buf_str(&shell->word);
    return true;
}

/* ---- options ---- */

/* What the options have said so far. */
struct curl {
    struct im_trace *trace;
    struct im_observed *one;
    struct im_buf data;
    bool get;
    bool
        doubtful; /* the word before was an option of which it is not known what it takes */
};

static void curl_add_header(struct curl *curl, struct im_str line)
{
    struct im_str value = line, name = im_str_cut(&value, ':');

    if (name.len < line.len)
        im_request_add_header(&curl->one->req, im_str_trim(name), im_str_trim(value));
}

/* --data-urlencode: only what is behind the first = is encoded; without one, all of it. */
static void curl_add_encoded(struct curl *curl, struct im_str value)
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

static void curl_add_authorization(struct curl *curl, const char *scheme,
                                   struct im_str credentials)
{
    im_request_add_header(
        &curl->one->req, IM_STR("Authorization"),
        im_arena_format(curl->trace->arena, "%s %.*s", scheme, IM_ARG(credentials)));
}

static void curl_take_data(struct curl *curl, enum im_curl_meaning meaning,
                           struct im_str value)
{
    /* curl joins several of --data by &, and several of --json by nothing */
    im_buf_addz(&curl->data, curl->data.len && meaning != IM_CURL_JSON ? "&" : "");
    if (meaning == IM_CURL_DATA_ENCODED)
        curl_add_encoded(curl, value);
    else
        im_buf_add(&curl->data, value);
    if (meaning == IM_CURL_JSON)
        im_request_add_header(&curl->one->req, IM_STR("Content-Type"),
                              IM_STR("application/json"));
}

/* The secret of an option that says nothing of the request: a server or a log may repeat it. */
static struct im_str curl_secret_of(enum im_curl_meaning meaning, struct im_str value)
{
    struct im_str behind = value;
    size_t at = im_str_find(value, '@');

    switch (meaning) {
    case IM_CURL_SECRET: return value;
    case IM_CURL_PASSWORD: im_str_cut(&behind, ':'); return behind;
    case IM_CURL_ASSIGNED: im_str_cut(&behind, '='); return behind;
    case IM_CURL_PROXY:
        behind = im_str_slice(value, 0, at < value.len ? at : 0);
        while (im_str_has(behind, ':')) /* that of the scheme, that of the user */
            im_str_cut(&behind, ':');
        return behind;
    default: return (struct im_str){NULL, 0};
    }
}

static void curl_take_option(struct curl *curl, enum im_curl_meaning meaning,
                             struct im_str value)
{
    switch (meaning) {
    case IM_CURL_METHOD: curl->one->req.method = value; break;
    case IM_CURL_HEADER: curl_add_header(curl, value); break;
    case IM_CURL_JSON:
    case IM_CURL_DATA:
    case IM_CURL_DATA_ENCODED: curl_take_data(curl, meaning, value); break;
    case IM_CURL_USER:
        curl_add_authorization(curl, "Basic",
                               im_base64(curl->trace->arena, value.at, value.len));
        break;
    case IM_CURL_BEARER: curl_add_authorization(curl, "Bearer", value); break;
    case IM_CURL_URL: im_observed_set_url(curl->one, value); break;
    case IM_CURL_GET: curl->get = true; break;
    /* --cookie takes what a Cookie header has, or the name of a file */
    case IM_CURL_COOKIE:
        im_request_add_header(&curl->one->req, IM_STR("Cookie"), value);
        break;
    default: im_trace_keep_secret(curl->trace, curl_secret_of(meaning, value)); break;
    }
}

static void curl_take_argument(struct curl *curl, struct shell *shell,
                               enum im_curl_meaning meaning, struct im_str value)
{
    if (value.len || shell_next_word(curl->trace, shell, &value))
        curl_take_option(curl, meaning, value);
}

/* -sSX POST, -XPOST: flags may stand before the letter that takes a value. */
static void curl_take_letters(struct curl *curl, struct shell *shell, struct im_str word)
{
    for (size_t i = 1; i < word.len; i++) {
        const struct im_curl_option *known = im_curl_option_of_letter(word.at[i]);
        if (known && known->meaning != IM_CURL_GET) {
            curl_take_argument(curl, shell, known->meaning,
                               im_str_slice(word, i + 1, word.len));
            return;
        }
        curl->get |= known != NULL;
    }
}

/* --request POST; and --request=POST, which curl does not take and people write. */
static void curl_take_name(struct curl *curl, struct shell *shell, struct im_str word)
{
    struct im_str value = im_str_slice(word, 2, word.len);
    struct im_str name = im_str_cut(&value, '=');
    const struct im_curl_option *known = im_curl_option_find(name);

    if (known && known->meaning == IM_CURL_GET)
        curl->get = true;
    else if (known)
        curl_take_argument(curl, shell, known->meaning, value);
    else
        curl->doubtful = true;
}

/* Behind an option that is not known a word is only an address if it says so itself: else it may
 * be that option's argument, and a secret. */
static bool is_curl_address(const struct curl *curl, struct im_str word)
{
    static const char *const begins[] = {"localhost",    "127.0.0.1", "[::1]",
                                         "api.intacct.", "{{",        "$"};

    if (im_str_find_nocase(word, "://") < word.len)
        return true;
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        if (im_str_starts(word, begins[i]))
            return true;
    return !curl->doubtful && (im_str_has(word, '.') || im_str_has(word, '/'));
}

static void curl_read_words(struct curl *curl, struct shell *shell)
{
    struct im_str word;

    while (shell_next_word(curl->trace, shell, &word)) {
        if (im_str_starts(word, "--")) {
            curl->doubtful = false;
            curl_take_name(curl, shell, word);
            continue;
        }
        if (im_str_starts(word, "-"))
            curl_take_letters(curl, shell, word);
        else if (!curl->one->url.len && is_curl_address(curl, word))
            im_observed_set_url(curl->one, word);
        curl->doubtful = false;
    }
}

static void curl_finish_request(struct curl *curl)
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
static void curl_read_printed(struct curl *curl, struct im_str rest)
{
    /* a trace of its own: what was printed is the answer to this command, and no exchange beside it */
    struct im_trace printed = {.arena = curl->trace->arena,
                               .secrets = curl->trace->secrets,
                               .lexicon = curl->trace->lexicon,
                               .transport_index = curl->trace->transport_index};
    const struct im_observed *answer;

    rest = im_str_trim(rest);
    if (im_read_http(&printed, rest) && (answer = im_trace_last(&printed))) {
        curl->one->status = answer->status;
        curl->one->answer_headers = answer->answer_headers;
        curl->one->answer_header_count = answer->answer_header_count;
        curl->one->answer_body = answer->answer_body;
        curl->one->lost = answer->lost;
        /* whose page it is, is judged beside what was asked */
        curl->one->ended = answer->lost ? answer->ended : NULL;
        curl->one->ended_late = answer->ended_late;
        curl->one->words = answer->words;
    } else {
        curl->one->answer_body = rest;
        im_observed_end(curl->one, im_transport_find(curl->trace, rest, IM_IN_CALL));
        curl->one->lost = curl->one->ended != NULL;
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
    if (!im_str_starts(trimmed, "curl") || !shell_next_word(trace, &shell, &word) ||
        (!im_str_is(word, "curl") && !im_str_is(word, "curl.exe")))
        return false;
    curl.one = im_trace_add(trace);
    if (!curl.one)
        return false;
    im_buf_init(&curl.data, trace->arena, 0);
    curl_read_words(&curl, &shell);
    curl_finish_request(&curl);
    curl_read_printed(&curl, shell.rest);
    im_observed_complete(trace, curl.one);
    trace->form = IM_FORM_CURL_COMMAND;
    return true;
}
