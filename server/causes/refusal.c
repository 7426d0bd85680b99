/* From a cause to an answer: RFC 6749 section 5.2 envelopes, the gateway's and the
 * application's of Sage Intacct, the redirect of RFC 6749 section 4.1.2.1, or a page
 * for a person. */
#include "causes/refusal.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "http/html.h"

/* ---- which wording ---- */

static const struct im_wording *wording_choose(const struct im_wording *usual,
                                               const struct im_wording_switch *other,
                                               const struct im_policy *policy)
{
    const struct im_policy_row *row =
        policy && other->policy ? im_policy_find(im_str(other->policy)) : NULL;

    if (usual->envelope == IM_ENVELOPE_NONE)
        return NULL;
    return row && im_policy_value(policy, row) == other->value ? &other->wording : usual;
}

static const struct im_wording *wording_at(const struct im_cause_row *row,
                                           enum im_place place,
                                           const struct im_policy *policy)
{
    static const struct im_wording_switch none;

    switch (place) {
    case IM_PLACE_TOKEN: return wording_choose(&row->token, &row->token_switch, policy);
    case IM_PLACE_API: return wording_choose(&row->api, &row->api_switch, policy);
    case IM_PLACE_ARTICLE: break;
    }
    return wording_choose(&row->article, &none, policy);
}

const struct im_wording *im_wording(enum im_cause cause, enum im_place place,
                                    const struct im_policy *policy)
{
    static const enum im_place fallback[] = {IM_PLACE_TOKEN, IM_PLACE_API,
                                             IM_PLACE_ARTICLE};
    /* a refusal without a cause is a mistake of ours, and must be answered all the same */
    const struct im_cause_row *row =
        im_cause_row(cause == CAUSE_NONE ? CAUSE_INTERNAL : cause);
    const struct im_wording *wording = wording_at(row, place, policy);

    /* a scenario may refuse by any cause at any endpoint, also where the table has no words */
    for (size_t i = 0; !wording && i < sizeof fallback / sizeof *fallback; i++)
        wording = wording_at(row, fallback[i], policy);
    return wording ? wording : &im_cause_row(CAUSE_INTERNAL)->api;
}

/* ---- messages with placeholders ---- */

static struct im_str text_or(struct im_str text, const char *stand_in)
{
    return text.len ? text : im_str(stand_in);
}

static struct im_str placeholder_value(struct im_str name,
                                       const struct im_refusal_params *params)
{
    if (im_str_is(name, "FIELD"))
        return text_or(params->field, "unknown");
    if (im_str_is(name, "OBJECT"))
        return text_or(params->object, "unknown");
    if (im_str_is(name, "OPERATION"))
        return text_or(params->method, "POST");
    return IM_STR("1"); /* VERSION: that of the API */
}

/* Cuts the text before the next {NAME}, and the name; false when there is none. */
static bool placeholder_next(struct im_str *rest, struct im_str *before,
                             struct im_str *name)
{
    *before = im_str_cut(rest, '{');
    *name = im_str_cut(rest, '}');
    return name->len > 0;
}

static void write_message(const struct im_wording *wording,
                          const struct im_refusal_params *params, struct im_json_out *out)
{
    struct im_str rest = im_str(wording->message), before, name;
    struct im_buf text;

    if (!im_str_has(rest, '{')) {
        im_json_str(out, "message", rest);
        return;
    }
    im_buf_init(&text, out->buf->arena, 0);
    while (placeholder_next(&rest, &before, &name)) {
        im_buf_add(&text, before);
        im_buf_add(&text, placeholder_value(name, params));
    }
    im_buf_add(&text, before);
    im_json_str(out, "message", im_buf_str(&text));
}

/* ---- envelopes ---- */

static void write_oauth(const struct im_wording *wording, struct im_json_out *out,
                        const char *name)
{
    im_json_open_object(out, name);
    im_json_strz(out, "error", wording->code);
    if (wording->message)
        im_json_strz(out, "error_description", wording->message);
    im_json_close_object(out);
}

/* `details` is an object here, while it is a list in the application's errors (documented). */
static void write_gateway(const struct im_wording *wording,
                          const struct im_refusal_params *params, struct im_json_out *out,
                          const char *name)
{
    im_json_open_object(out, name);
    im_json_open_object(out, "ia::error");
    im_json_strz(out, "code", wording->code);
    im_json_strz(out, "message", wording->message);
    im_json_open_object(out, "details");
    im_json_str(out, "requestId", params->request_id);
    im_json_close_object(out);
    im_json_close_object(out);
    im_json_close_object(out);
}

static void write_info(const struct im_wording *wording,
                       const struct im_refusal_params *params, struct im_json_out *out)
{
    struct im_str rest = im_str(wording->message), before, name;

    im_json_open_object(out, "additionalInfo");
    if (wording->message_id)
        im_json_strz(out, "messageId", wording->message_id);
    im_json_open_object(out, "placeholders");
    while (placeholder_next(&rest, &before, &name))
        im_json_member(out, name, placeholder_value(name, params));
    im_json_close_object(out);
    im_json_open_object(out, "propertySet");
    im_json_close_object(out);
    im_json_close_object(out);
}

/* code, message and errorId in the order that was recorded; errorId only where one is
 * known. */
static void write_what(const struct im_wording *wording,
                       const struct im_refusal_params *params, struct im_json_out *out)
{
    im_json_strz(out, "code", wording->word);
    write_message(wording, params, out);
    if (wording->code)
        im_json_strz(out, "errorId", wording->code);
}

static void write_details(const struct im_wording *wording,
                          const struct im_refusal_params *params, struct im_json_out *out)
{
    im_json_open_array(out, "details");
    im_json_open_object(out, NULL);
    write_what(wording, params, out);
    im_json_str(out, "target", text_or(params->field, "unknown"));
    write_info(wording, params, out);
    im_json_close_object(out);
    im_json_close_array(out);
}

/* A refused call counts as one item that failed (recorded). */
static void write_meta(struct im_json_out *out)
{
    im_json_open_object(out, "ia::meta");
    im_json_int(out, "totalCount", 1);
    im_json_int(out, "totalSuccess", 0);
    im_json_int(out, "totalError", 1);
    im_json_close_object(out);
}

/* Errors of a payload and of business rules are `details` of a general one (observed). */
static const struct im_wording *head_of(const struct im_wording *wording)
{
    static const struct im_wording heads[] = {
        [IM_HEAD_PAYLOAD] = {.word = "invalidRequest",
                             .code = "REST-1064",
                             .message = "Payload contains errors",
                             .message_id = "IA.PAYLOAD_CONTAINS_ERRORS"},
        [IM_HEAD_BUSINESS] = {.word = "operationFailed",
                              .code = "REST-7001",
                              .message = "{OPERATION} request on objects/{OBJECT} "
                                         "object was unsuccessful"},
    };
    return wording->head == IM_HEAD_NONE ? wording : &heads[wording->head];
}

static void write_error(const struct im_wording *wording,
                        const struct im_refusal_params *params, struct im_json_out *out)
{
    const struct im_wording *head = head_of(wording);

    im_json_open_object(out, "ia::error");
    write_what(head, params, out);
    write_info(head, params, out);
    im_json_str(out, "supportId", params->support_id);
    if (head != wording)
        write_details(wording, params, out);
    im_json_close_object(out);
}

static void write_rest(const struct im_wording *wording,
                       const struct im_refusal_params *params, struct im_json_out *out,
                       const char *name)
{
    im_json_open_object(out, name);
    im_json_open_object(out, "ia::result");
    write_error(wording, params, out);
    im_json_close_object(out);
    write_meta(out);
    im_json_close_object(out);
}

void im_wording_write(const struct im_wording *wording,
                      const struct im_refusal_params *params, struct im_json_out *out,
                      const char *name)
{
    switch (wording->envelope) {
    case IM_ENVELOPE_NONE:
    case IM_ENVELOPE_OAUTH: write_oauth(wording, out, name); return;
    case IM_ENVELOPE_GATEWAY: write_gateway(wording, params, out, name); return;
    case IM_ENVELOPE_REST: break;
    }
    write_rest(wording, params, out, name);
}

void im_wording_write_sample(const struct im_wording *wording, struct im_json_out *out,
                             const char *name)
{
    const struct im_refusal_params sample = {
        .support_id = IM_STR("XfdSdWEB1773510525717%7Eabpa3P5w0-L44mZ-dmobZQAAABU"),
        .request_id = IM_STR("AC47C2BE:D9EE_63EBC07F.59"),
        .method = IM_STR("POST"),
        .object = IM_STR("accounts-payable/vendor"),
        .field =
            wording->head == IM_HEAD_PAYLOAD ? IM_STR("/newDate") : IM_STR("newDate"),
    };
    im_wording_write(wording, &sample, out, name);
}

/* ---- ids of support and requests, in the observed forms ---- */

/* 5 characters, WEB, 13 digits of milliseconds, %7E as it stands, 27 characters. */
static struct im_str draw_support_id(const struct im_request *req, struct im_rng *rng)
{
    struct im_str drawn = im_rng_text(rng, "support-id", req->arena, 5 + 27);
    char digits[24];
    struct im_buf now;

    im_buf_init_fixed(&now, digits, sizeof(digits));
    im_buf_add_number(&now, req->now_ms > 0 ? req->now_ms : 0, 13);
    return IM_ARENA_JOIN(req->arena, im_str_slice(drawn, 0, 5), IM_STR("WEB"),
                         im_buf_str(&now), IM_STR("%7E"),
                         im_str_slice(drawn, 5, drawn.len));
}

/* Address and port in hexadecimal, the seconds of now likewise, two digits. */
static struct im_str draw_request_id(const struct im_request *req, struct im_rng *rng)
{
    unsigned char bytes[7];

    im_rng_bytes(rng, "request-id", bytes, sizeof bytes);
    return im_arena_format(req->arena, "%02X%02X%02X%02X:%02X%02X_%08" PRIX32 ".%02d",
                           bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5],
                           (uint32_t)(req->now_ms / 1000), bytes[6] % 100);
}

static struct im_refusal_params params_gather(const struct im_request *req,
                                              const struct im_wording *wording,
                                              struct im_rng *rng)
{
    struct im_refusal_params params = {
        .method = req->method,
        .object = req->exchange->object,
        .field = req->exchange->field,
    };
    /* only what is shown is drawn: each draw is one of a counted series (base/rng.h) */
    if (wording->envelope == IM_ENVELOPE_REST)
        params.support_id = draw_support_id(req, rng);
    if (wording->envelope == IM_ENVELOPE_GATEWAY)
        params.request_id = draw_request_id(req, rng);
    return params;
}

void im_refusal_write_item(const struct im_request *req, enum im_cause cause,
                           struct im_str field, struct im_rng *rng,
                           struct im_json_out *out)
{
    /* no policy: its switches are about tokens, which are refused for the request as a whole */
    const struct im_wording *wording = im_wording(cause, IM_PLACE_API, NULL);
    struct im_refusal_params params = params_gather(req, wording, rng);

    params.field = field;
    write_error(wording, &params, out);
}

/* ---- headers ---- */

static bool is_oauth_endpoint(const struct im_exchange *exchange)
{
    return im_endpoint_group(exchange->endpoint) == IM_GROUP_OAUTH ||
           exchange->place == IM_PLACE_TOKEN || exchange->page;
}

/* RFC 6750 section 3.1: no error code when the request carried no token at all. */
static const char *bearer_error(const struct im_exchange *exchange,
                                const struct im_wording *wording)
{
    switch (exchange->cause) {
    case CAUSE_AUTHORIZATION_HEADER_MISSING:
    case CAUSE_AUTHORIZATION_NOT_BEARER: return NULL;
    case CAUSE_AUTHORIZATION_REPEATED: return "invalid_request";
    default: return wording->status == 403 ? "insufficient_scope" : "invalid_token";
    }
}

/* The REST API's answers were recorded without it; RFC 9110 section 15.5.2 demands it of every 401,
 * and Java's HttpClient throws when it is missing. So it is a switch. */
static bool wants_bearer(const struct im_exchange *exchange,
                         const struct im_wording *wording, const struct im_policy *policy)
{
    bool scope = wording->code && strcmp(wording->code, "insufficient_scope") == 0;

    if (im_endpoint_group(exchange->endpoint) == IM_GROUP_OAUTH)
        return false;
    if (exchange->place == IM_PLACE_ARTICLE && exchange->bearer_challenge)
        return wording->status == 401 || scope;
    return exchange->place != IM_PLACE_TOKEN && wording->status == 401 &&
           policy->challenge;
}

/* RFC 9110 section 15.5.2 demands a challenge of every 401, and policy `challenge` says
 * whether we obey: real Intacct is not observed to, and a client library such as
 * openid-client raises another error when there is one. RFC 6749 section 5.2 leaves no
 * choice where the client itself tried the Authorization header. */
static bool wants_basic(const struct im_request *req, const struct im_wording *wording,
                        const struct im_policy *policy)
{
    const struct im_exchange *exchange = req->exchange;

    return wording->status == 401 &&
           (im_endpoint_group(exchange->endpoint) == IM_GROUP_OAUTH ||
            exchange->place == IM_PLACE_TOKEN) &&
           (policy->challenge || im_request_header(req, "Authorization").len);
}

static void challenge_add(const struct im_request *req, struct im_response *res,
                          const struct im_wording *wording,
                          const struct im_policy *policy)
{
    const char *error = bearer_error(req->exchange, wording);

    if (wants_basic(req, wording, policy))
        im_response_header(res, "WWW-Authenticate",
                           IM_STR("Basic realm=\"intacct-mock\""));
    else if (wants_bearer(req->exchange, wording, policy) && error)
        im_response_headerf(res, "WWW-Authenticate",
                            "Bearer realm=\"intacct-mock\", error=\"%s\"", error);
    else if (wants_bearer(req->exchange, wording, policy))
        im_response_header(res, "WWW-Authenticate",
                           IM_STR("Bearer realm=\"intacct-mock\""));
}

static void refusal_add_headers(const struct im_request *req, struct im_response *res,
                                const struct im_wording *wording,
                                const struct im_policy *policy)
{
    const struct im_exchange *exchange = req->exchange;
    int64_t retry_after_s = exchange->retry_after_s
                                ? exchange->retry_after_s
                                : im_cause_row(exchange->worded_as)->retry_after_s;

    if (is_oauth_endpoint(
            exchange)) { /* RFC 6749 section 5.1; its examples of errors have them too */
        im_response_header(res, "Cache-Control", IM_STR("no-store"));
        im_response_header(res, "Pragma", IM_STR("no-cache"));
    }
    if (retry_after_s > 0)
        im_response_headerf(res, "Retry-After", "%" PRId64, retry_after_s);
    /* RFC 9110 section 15.5.6 demands it of a 405 */
    if (exchange->allow.len && wording->status == 405)
        im_response_header(res, "Allow", exchange->allow);
    challenge_add(req, res, wording, policy);
}

/* ---- the three forms of an answer ---- */

static void render_json(const struct im_request *req, struct im_response *res,
                        const struct im_wording *wording, struct im_rng *rng)
{
    struct im_refusal_params params = params_gather(req, wording, rng);
    struct im_json_out out;

    im_json_out_init(&out, im_response_begin(res, wording->status, "application/json"));
    im_wording_write(wording, &params, &out, NULL);
}

/* RFC 6749 section 4.1.2.1 allows %x20-21 / %x23-5B / %x5D-7E: no quote, no backslash, no UTF-8. */
static struct im_str description_of(struct im_arena *arena, const char *text)
{
    struct im_buf buf;

    im_buf_init(&buf, arena, 0);
    for (; *text; text++) {
        char c = *text == '"' || *text == '\\' ? '\'' : *text;
        im_buf_addc(&buf, c >= ' ' && c <= '~' ? c : '?');
    }
    return im_buf_str(&buf);
}

static void render_redirect(const struct im_request *req, struct im_response *res,
                            const char *error)
{
    const struct im_exchange *exchange = req->exchange;
    const struct im_callback to = {.redirect_uri = exchange->redirect_uri,
                                   .mode = exchange->response_mode,
                                   .posted = im_str_is(req->method, "POST")};
    const struct im_callback_param params[] = {
        {"error", im_str(exchange->redirect_error ? exchange->redirect_error : error)},
        {"error_description",
         description_of(res->arena, im_cause_row(exchange->cause)->why)},
        {"state", exchange->state},
        {NULL, {NULL, 0}}};

    im_callback_answer(res, &to, params);
}

static void page_add_part(struct im_buf *buf, const char *heading, struct im_str text)
{
    if (text.len == 0)
        return;
    im_buf_addf(buf, "<h2>%s</h2>\n<p>", heading);
    im_buf_add_html(buf, text);
    im_buf_addz(buf, "</p>\n");
}

static void render_page(const struct im_request *req, struct im_response *res, int status)
{
    const struct im_exchange *exchange = req->exchange;
    const struct im_cause_row *row = im_cause_row(exchange->cause);
    struct im_buf *buf = im_html_begin(res, status, IM_STR("The request was refused"));

    im_buf_addz(buf, "<p>Cause: ");
    /* the link leads nowhere where there is no control API */
    if (req->control_url.len) {
        im_buf_addz(buf, "<a href=\"");
        im_buf_add_html(buf, req->control_url);
        im_buf_addf(buf, "/__mock/causes/%s\"><code>%s</code></a>", row->id, row->id);
    } else {
        im_buf_addf(buf, "<code>%s</code>", row->id);
    }
    im_buf_addf(buf, " <span class=\"soft\">(%s)</span></p>\n",
                im_family_name(row->family));
    page_add_part(buf, "Why", im_str(row->why));
    page_add_part(buf, "What was seen", exchange->evidence);
    page_add_part(buf, "What to do", im_str(row->fix));
    im_html_end(res);
}

void im_refusal_render(const struct im_request *req, struct im_response *res,
                       const struct im_policy *policy, struct im_rng *rng)
{
    const struct im_exchange *exchange = req->exchange;
    const struct im_wording *wording =
        im_wording(exchange->worded_as, exchange->place, policy);
    const char *redirect = im_cause_row(exchange->worded_as)->redirect;

    req->exchange->code = head_of(wording)->code;
    /* an endpoint may have begun an answer before it refused; a page that is ready says the refusal
     * itself, such as the sign-in page with a wrong password */
    if (!exchange->page || !exchange->page_ready)
        im_response_clear(res);
    if (!exchange->page)
        render_json(req, res, wording, rng);
    else if (!exchange->page_ready && redirect && exchange->redirect_uri.len)
        render_redirect(req, res, redirect);
    else if (!exchange->page_ready)
        render_page(req, res, wording->status);
    refusal_add_headers(req, res, wording, policy);
}
