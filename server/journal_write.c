/* Exchanges written out for people and tools: JSON and HTTP Archive 1.2. All that a client sent passes
 * http/redact.h here, and only here: the journal holds it as it was on the wire, since a secret may be
 * registered after the exchange. Evidence and notes were cleaned when they were recorded. */
#include "base/clock.h"
#include "http/redact.h"
#include "journal.h"

/* As pairs, because a name may occur twice, which is a cause of its own. */
static void exchange_write_headers(struct im_json_out *out, const struct im_exchange *e,
                                   struct im_str lines)
{
    im_json_open_array(out, "headers");
    while (lines.len) {
        struct im_str value = im_str_cut(&lines, '\n');
        struct im_str header = im_str_cut(&value, ':');
        im_json_open_object(out, NULL);
        im_json_str(out, "name", header);
        im_json_str(
            out, "value",
            im_redact_header(e->secrets, out->buf->arena, header, im_str_trim(value)));
        im_json_close_object(out);
    }
    im_json_close_array(out);
}

static void exchange_write_body(struct im_json_out *out, const struct im_exchange *e,
                                struct im_str body, size_t whole)
{
    im_json_str(out, "body", im_redact_text(e->secrets, out->buf->arena, body));
    /* only the beginning of a long one is kept: the reader must see that it was cut */
    if (whole > body.len)
        im_json_int(out, "body_bytes", (int64_t)whole);
}

static void exchange_write_text(struct im_json_out *out, const struct im_exchange *e,
                                const char *name, struct im_str value)
{
    if (value.len)
        im_json_str(out, name, im_redact_quote(e->secrets, out->buf->arena, value));
}

static void exchange_write_refusal(struct im_json_out *out, const struct im_exchange *e)
{
    if (e->cause != CAUSE_NONE) {
        im_json_strz(out, "cause", im_cause_row(e->cause)->id);
        if (e->worded_as != e->cause)
            im_json_strz(out, "worded_as", im_cause_row(e->worded_as)->id);
        im_json_str(out, "evidence", e->evidence);
        /* the general words too: a reader of a build's log has nowhere to look them up */
        im_json_strz(out, "why", im_cause_row(e->cause)->why);
        im_json_strz(out, "fix", im_cause_row(e->cause)->fix);
    } else {
        im_json_null(out, "cause");
    }
    im_json_open_array(out, "notes");
    for (size_t i = 0; i < e->note_count; i++) {
        im_json_open_object(out, NULL);
        im_json_strz(out, "cause", im_cause_row(e->notes[i].cause)->id);
        im_json_str(out, "text", e->notes[i].text);
        im_json_close_object(out);
    }
    im_json_close_array(out);
}

static void exchange_write_scenario(struct im_json_out *out, const struct im_exchange *e)
{
    if (!e->rule)
        return;
    im_json_open_object(out, "scenario");
    if (e->rule == IM_RULE_BROUGHT)
        im_json_strz(out, "rule", "header");
    else
        im_json_int(out, "rule", e->rule);
    if (e->effect)
        im_json_strz(out, "world", e->effect);
    if (e->fault)
        im_json_strz(out, "wire", im_fault_name(e->fault));
    im_json_close_object(out);
}

static void exchange_write_attributes(struct im_json_out *out,
                                      const struct im_exchange *e)
{
    im_json_strz(out, "endpoint", im_endpoint_name(e->endpoint));
    exchange_write_text(out, e, "grant", e->grant);
    exchange_write_text(out, e, "client_id", e->client_id);
    exchange_write_text(out, e, "user", e->user);
    exchange_write_text(out, e, "entity", e->entity);
    exchange_write_text(out, e, "scope", e->scope);
    exchange_write_text(out, e, "token", e->token);
    exchange_write_text(out, e, "issued", e->issued);
    exchange_write_text(out, e, "object", e->object);
    exchange_write_text(out, e, "field", e->field);
    if (e->tls)
        im_json_strz(out, "tls", im_fault_tls_word(e->tls));
}

void im_exchange_write(const struct im_exchange *e, struct im_json_out *out)
{
    struct im_arena *arena = out->buf->arena;

    im_json_open_object(out, NULL);
    im_json_int(out, "id", (int64_t)e->id);
    im_json_str(out, "at", im_time_rfc3339(arena, e->at_ms));
    im_json_str(out, "at_real", im_time_rfc3339(arena, e->real_ms));
    im_json_int(out, "duration_us", e->duration_us);
    exchange_write_attributes(out, e);
    im_json_int(out, "status", e->status);
    exchange_write_refusal(out, e);
    exchange_write_scenario(out, e);
    im_json_open_object(out, "request");
    im_json_str(out, "method", im_redact_quote(e->secrets, arena, e->method));
    im_json_str(out, "target", im_redact_url(e->secrets, arena, e->target));
    exchange_write_text(out, e, "peer", e->peer);
    exchange_write_headers(out, e, e->request_headers);
    exchange_write_body(out, e, e->request_body, e->request_body_len);
    im_json_close_object(out);
    im_json_open_object(out, "response");
    im_json_int(out, "status", e->status);
    exchange_write_headers(out, e, e->response_headers);
    exchange_write_body(out, e, e->response_body, e->response_body_len);
    im_json_close_object(out);
    im_json_close_object(out);
}

struct im_str im_exchange_text(const struct im_exchange *exchange,
                               struct im_arena *scratch)
{
    struct im_json_out out;
    struct im_buf text;

    im_buf_init(&text, scratch, 0);
    im_json_out_init(&out, &text);
    im_exchange_write(exchange, &out);
    if (text.failed)
        scratch->failed = true;
    return im_buf_str(&text);
}

/* ---- HTTP Archive 1.2 ---- */

static struct im_str header_value(struct im_str lines, const char *name)
{
    while (lines.len) {
        struct im_str value = im_str_cut(&lines, '\n');
        struct im_str header = im_str_cut(&value, ':');
        if (im_str_eq_nocase(header, im_str(name)))
            return im_str_trim(value);
    }
    return (struct im_str){0};
}

/* -1: "not available" of the format; header bytes are not counted. bodySize is that of the whole body, of
 * which the journal may have the beginning only. */
static void har_write_sizes(struct im_json_out *out, size_t body)
{
    im_json_int(out, "headersSize", -1);
    im_json_int(out, "bodySize", (int64_t)body);
}

static void har_write_query(struct im_json_out *out, struct im_str query)
{
    im_str_cut(&query, '?');
    im_json_open_array(out, "queryString");
    while (query.len) {
        struct im_str value = im_str_cut(&query, '&');
        struct im_str name = im_str_cut(&value, '=');
        im_json_open_object(out, NULL);
        im_json_str(out, "name", name);
        im_json_str(out, "value", value);
        im_json_close_object(out);
    }
    im_json_close_array(out);
}

static void har_write_request(struct im_json_out *out, const struct im_exchange *e)
{
    struct im_arena *arena = out->buf->arena;
    struct im_str host = header_value(e->request_headers, "host");

    im_json_open_object(out, "request");
    im_json_str(out, "method", im_redact_quote(e->secrets, arena, e->method));
    /* the format wants an absolute URL; whether it came over TLS is not recorded */
    im_json_strf(
        out, "url", "http://%.*s%.*s",
        IM_ARG(host.len ? im_redact_quote(e->secrets, arena, host) : im_str("localhost")),
        IM_ARG(im_redact_url(e->secrets, arena, e->target)));
    im_json_strz(out, "httpVersion", "HTTP/1.1");
    im_json_open_array(out, "cookies"); /* required; nothing here reads cookies */
    im_json_close_array(out);
    exchange_write_headers(out, e, e->request_headers);
    har_write_query(out, im_redact_url(e->secrets, arena, e->target));
    if (e->request_body_len) {
        im_json_open_object(out, "postData");
        im_json_str(out, "mimeType",
                    im_redact_quote(e->secrets, arena,
                                    header_value(e->request_headers, "content-type")));
        im_json_str(out, "text", im_redact_text(e->secrets, arena, e->request_body));
        im_json_close_object(out);
    }
    har_write_sizes(out, e->request_body_len);
    im_json_close_object(out);
}

static void har_write_response(struct im_json_out *out, const struct im_exchange *e)
{
    struct im_arena *arena = out->buf->arena;
    struct im_str type = header_value(e->response_headers, "content-type");

    im_json_open_object(out, "response");
    im_json_int(out, "status", e->status);
    im_json_strz(out, "statusText", im_status_phrase(e->status));
    im_json_strz(out, "httpVersion", "HTTP/1.1");
    im_json_open_array(out, "cookies");
    im_json_close_array(out);
    exchange_write_headers(out, e, e->response_headers);
    im_json_open_object(out, "content");
    im_json_int(out, "size", (int64_t)e->response_body_len);
    im_json_str(out, "mimeType", type.len ? type : im_str("x-unknown"));
    im_json_str(out, "text", im_redact_text(e->secrets, arena, e->response_body));
    im_json_close_object(out);
    im_json_str(
        out, "redirectURL",
        im_redact_url(e->secrets, arena, header_value(e->response_headers, "location")));
    har_write_sizes(out, e->response_body_len);
    im_json_close_object(out);
}

void im_har_write_entry(const struct im_exchange *e, struct im_json_out *out)
{
    double ms = (double)e->duration_us / 1000.0;

    im_json_open_object(out, NULL);
    im_json_str(out, "startedDateTime", im_time_rfc3339(out->buf->arena, e->at_ms));
    im_json_double(out, "time", ms);
    har_write_request(out, e);
    har_write_response(out, e);
    im_json_open_object(out, "cache");
    im_json_close_object(out);
    /* send, wait and receive are required; only the time until the answer is decided is measured */
    im_json_open_object(out, "timings");
    im_json_int(out, "send", 0);
    im_json_double(out, "wait", ms);
    im_json_int(out, "receive", 0);
    im_json_close_object(out);
    if (e->cause != CAUSE_NONE)
        im_json_strf(out, "comment", "%s: %.*s", im_cause_row(e->cause)->id,
                     IM_ARG(e->evidence));
    im_json_close_object(out);
}

void im_har_write_head(struct im_buf *text)
{
    im_buf_addz(text,
                "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"intacct-mock\","
                "\"version\":\"" IM_VERSION "\"},\"entries\":[");
}
