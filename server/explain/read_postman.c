/* Reading what is copied out of Postman's console: a line with method and address, one
 * with the status, and sections "Request Headers", "Request Body", "Response Headers",
 * "Response Body". */
#include <string.h>

#include "causes/diagnosis.h"
#include "explain/transport.h"

enum section {
    SECTION_NONE,
    SECTION_REQUEST_HEADERS,
    SECTION_REQUEST_BODY,
    SECTION_RESPONSE_HEADERS,
    SECTION_RESPONSE_BODY,
    SECTION_OTHER
};

static struct im_str without_bullets(struct im_str line)
{
    static const char *const bullets[] = {"▼", "▶", "▾", "▸", "↵", "→"};

    line = im_str_trim(line);
    for (size_t i = 0; i < sizeof bullets / sizeof *bullets; i++)
        if (im_str_starts(line, bullets[i]))
            line = im_str_trim(im_str_slice(line, strlen(bullets[i]), line.len));
    return line;
}

static enum section postman_section_of(struct im_str line)
{
    static const struct {
        const char *title;
        enum section section;
    } titles[] = {{"Request Headers", SECTION_REQUEST_HEADERS},
                  {"Request Body", SECTION_REQUEST_BODY},
                  {"Response Headers", SECTION_RESPONSE_HEADERS},
                  {"Response Body", SECTION_RESPONSE_BODY},
                  {"Network", SECTION_OTHER}};

    if (im_str_ends(line, ":"))
        line.len--;
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        if (im_str_eq_nocase(line, im_str(titles[i].title)))
            return titles[i].section;
    return SECTION_NONE;
}

struct postman {
    struct im_trace *trace;
    struct im_observed *one;
    enum section section;
    struct im_buf request, response; /* bodies */
};

/* The exchange at hand stands: a body is only whole when the next title comes. */
static void postman_end(struct postman *at)
{
    if (!at->one)
        return;
    at->one->req.body = im_buf_str(&at->request);
    at->one->answer_body = im_str_trim(im_buf_str(&at->response));
    im_observed_complete(at->trace, at->one);
    at->one = NULL;
}

/* An address may be a variable ("{{base}}/token") that the console shows as it stands. */
static bool postman_begins_exchange(struct im_str line, struct im_str *method,
                                    struct im_str *url)
{
    *url = line;
    *method = im_str_cut(url, ' ');
    *url = im_str_trim(*url);
    return im_is_method(*method) && (im_str_starts(*url, "http") ||
                                     im_str_starts(*url, "{{") || im_str_has(*url, '/'));
}

/* `grant_type: "refresh_token"`, as the console shows the fields of a form. */
static void postman_add_field(struct postman *at, struct im_str line)
{
    struct im_str value = line, name = im_str_cut(&value, ':');

    value = im_str_trim(value);
    if (name.len == line.len || im_str_starts(line, "{")) {
        im_buf_add(&at->request, line);
        return;
    }
    if (value.len >= 2 && im_str_starts(value, "\"") && im_str_ends(value, "\""))
        value = im_str_slice(value, 1, value.len - 1);
    im_buf_addz(&at->request, at->request.len ? "&" : "");
    im_buf_add_url(&at->request, im_str_trim(name));
    im_buf_addc(&at->request, '=');
    im_buf_add_url(&at->request, value);
}

static void postman_take_status(struct postman *at, struct im_str line)
{
    int64_t status = 0;
    struct im_str rest = line;
    struct im_str word = im_str_cut(&rest, ' ');

    if (!at->one->status && word.len == 3 && im_str_int(word, &status) && status >= 100 &&
        status <= 599)
        at->one->status = (int)status;
    const struct im_transport_words *ended =
        im_transport_find(at->trace, line, IM_IN_CALL);
    at->one->lost |= ended != NULL;
    im_observed_end(at->one, ended);
}

static void postman_take_in_section(struct postman *at, struct im_str line)
{
    struct im_str value = line, name = im_str_cut(&value, ':');

    switch (at->section) {
    case SECTION_REQUEST_HEADERS:
        if (name.len < line.len)
            im_request_add_header(&at->one->req, im_str_trim(name), im_str_trim(value));
        at->one->has_headers = true;
        break;
    case SECTION_RESPONSE_HEADERS:
        if (name.len < line.len)
            im_observed_add_answer_header(at->trace, at->one, name, value);
        break;
    case SECTION_REQUEST_BODY: postman_add_field(at, line); break;
    case SECTION_RESPONSE_BODY:
        im_buf_add(&at->response, line);
        im_buf_addc(&at->response, '\n');
        break;
    case SECTION_NONE:
    case SECTION_OTHER: postman_take_status(at, line); break;
    }
}

static void postman_take_line(struct postman *at, struct im_str line)
{
    struct im_str method, url;
    enum section section;

    line = without_bullets(line);
    section = postman_section_of(line);
    if (postman_begins_exchange(line, &method, &url) &&
        at->section != SECTION_RESPONSE_BODY) {
        postman_end(at);
        at->one = im_trace_add(at->trace);
        if (!at->one)
            return;
        at->one->has_request = true;
        at->one->req.method = method;
        im_observed_set_url(at->one, im_str_cut(&url, ' '));
        at->section = SECTION_NONE;
        im_buf_init(&at->request, at->trace->arena, 0);
        im_buf_init(&at->response, at->trace->arena, 0);
    } else if (at->one && section != SECTION_NONE) {
        at->section = section;
    } else if (at->one && line.len) {
        postman_take_in_section(at, line);
    }
}

bool im_read_postman(struct im_trace *trace, struct im_str text)
{
    struct im_str rest = im_str_trim(text), method, url;
    struct im_str first = without_bullets(im_str_cut(&rest, '\n'));
    struct postman at = {.trace = trace};
    bool titled = false;

    /* a line "GET https://…" begins many a text: only a section's title makes it Postman's */
    for (struct im_str lines = rest; lines.len;)
        titled |=
            postman_section_of(without_bullets(im_str_cut(&lines, '\n'))) != SECTION_NONE;
    if (!titled || !postman_begins_exchange(first, &method, &url))
        return false;
    for (rest = im_str_trim(text); rest.len;)
        postman_take_line(&at, im_str_cut(&rest, '\n'));
    postman_end(&at);
    trace->form = IM_FORM_POSTMAN;
    return trace->count > 0;
}
