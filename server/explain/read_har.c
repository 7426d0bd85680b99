/* Reading a HAR file (HTTP Archive 1.2): browsers, proxies and HTTP libraries write it,
 * and so does this program's journal. Exchanges with paths that are none of Sage's are
 * counted and left out. */
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/json.h"
#include "explain/transport.h"

static int64_t whole_of(const struct im_json *object, const char *name)
{
    const struct im_json *value = im_json_get(object, name);

    if (!value || value->type != IM_JSON_NUMBER)
        return 0;
    if (value->is_whole)
        return value->whole;
    return value->number > -1e15 && value->number < 1e15 ? (int64_t)value->number : 0;
}

static void har_read_headers(struct im_trace *trace, struct im_observed *one,
                             const struct im_json *list, bool of_request)
{
    for (const struct im_json *at = list ? list->first : NULL; at; at = at->next) {
        struct im_str name = im_json_get_str(at, "name");
        struct im_str value = im_str_trim(im_json_get_str(at, "value"));
        if (!of_request)
            im_observed_add_answer_header(trace, one, name, value);
        else if (!im_str_starts(name, ":")) /* pseudo-headers of HTTP/2 */
            im_request_add_header(&one->req, name, value);
    }
}

/* They stand in the headers too, but not where a tool has cleaned these. */
static void har_keep_cookies(struct im_trace *trace, const struct im_json *list)
{
    for (const struct im_json *at = list ? list->first : NULL; at; at = at->next)
        im_trace_keep_secret(trace, im_json_get_str(at, "value"));
}

/* postData has its text, or its parameters one by one. */
static struct im_str har_body(struct im_trace *trace, const struct im_json *data)
{
    struct im_str text = im_json_get_str(data, "text");
    const struct im_json *params = im_json_get(data, "params");
    struct im_buf form;

    /* HAR 1.2 says that the two exclude each other; where both stand, the text is what was sent */
    if (text.len || !params)
        return text;
    im_buf_init(&form, trace->arena, 0);
    for (const struct im_json *at = params->first; at; at = at->next) {
        im_buf_addz(&form, form.len ? "&" : "");
        im_buf_add_url(&form, im_json_get_str(at, "name"));
        im_buf_addc(&form, '=');
        im_buf_add_url(&form, im_json_get_str(at, "value"));
    }
    return im_buf_str(&form);
}

static struct im_str har_content(struct im_trace *trace, const struct im_json *response)
{
    const struct im_json *content = im_json_get(response, "content");
    struct im_str text = im_json_get_str(content, "text"), plain;

    if (im_str_is(im_json_get_str(content, "encoding"), "base64") &&
        im_base64_decode(trace->arena, text, &plain))
        return plain;
    return text;
}

/* Why no answer came: Chromium's member, Playwright's, and what HAR has for anything. */
static void har_read_error(struct im_trace *trace, struct im_observed *one,
                           const struct im_json *response)
{
    static const char *const names[] = {"_error", "_failureText", "comment", NULL};

    for (size_t i = 0; names[i]; i++)
        im_observed_end(one, im_transport_find(trace, im_json_get_str(response, names[i]),
                                               IM_IN_CALL));
}

static void har_read_entry(struct im_trace *trace, const struct im_json *entry,
                           size_t number)
{
    const struct im_json *request = im_json_get(entry, "request");
    const struct im_json *response = im_json_get(entry, "response");
    struct im_observed *one = im_trace_add(trace);

    if (!one)
        return;
    one->number = number;
    one->has_request = true;
    one->req.method = im_json_get_str(request, "method");
    im_observed_set_url(one, im_json_get_str(request, "url"));
    har_read_headers(trace, one, im_json_get(request, "headers"), true);
    har_keep_cookies(trace, im_json_get(request, "cookies"));
    har_keep_cookies(trace, im_json_get(response, "cookies"));
    one->has_headers = one->req.header_count > 0;
    one->req.body = har_body(trace, im_json_get(request, "postData"));
    /* browsers write 0 where no answer came */
    int64_t status = whole_of(response, "status");
    one->status = status > 0 && status < 1000 ? (int)status : 0;
    one->lost = one->status == 0;
    har_read_error(trace, one, response);
    har_read_headers(trace, one, im_json_get(response, "headers"), false);
    one->answer_body = har_content(trace, response);
    one->duration_ms = whole_of(entry, "time");
    one->has_time = im_time_parse(im_json_get_str(entry, "startedDateTime"), &one->at_ms);
    im_observed_complete(trace, one);
    /* an application's own callback tells of a code or of an error */
    bool callback = im_str_has(one->req.query, '=') &&
                    (im_str_glob(IM_STR("*code=*"), one->req.query) ||
                     im_str_glob(IM_STR("*error=*"), one->req.query));
    if (one->endpoint == IM_ENDPOINT_NONE && !callback && !one->words.code_count) {
        trace->count--;
        trace->foreign++;
    }
}

bool im_read_har(struct im_trace *trace, struct im_str text)
{
    struct im_json_error ignored;
    struct im_str trimmed = im_str_trim(text);

    if (!im_str_starts(trimmed, "{") || !im_str_glob(IM_STR("*\"entries\"*"), trimmed))
        return false;
    const struct im_json *json = im_json_parse_repeated(trace->arena, trimmed, &ignored);
    const struct im_json *entries = im_json_get(im_json_get(json, "log"), "entries");
    if (!entries || entries->type != IM_JSON_ARRAY)
        return false;
    size_t number = 0;
    for (const struct im_json *at = entries->first; at && im_trace_goes_on(trace);
         at = at->next)
        if (trace->count < IM_OBSERVED_MAX)
            har_read_entry(trace, at, ++number);
        else
            trace->beyond++;
    trace->form = IM_FORM_HAR;
    return true;
}
