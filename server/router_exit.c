/* The one exit of the pipeline: every answer is worded, hinted, damaged, opened to browsers, recorded,
 * counted and logged here, in this order, so that none can miss a step. Refusals before an endpoint is
 * asked, preflights and the control API pass it too. */
#include "causes/refusal.h"
#include "http/redact.h"
#include "router_parts.h"

/* A failed allocation leaves a mark only: this is the one place that looks. */
static bool ran_out_of_memory(const struct im_pipeline *p)
{
    return p->req->arena->failed || p->res->body.failed;
}

static void pipeline_render(const struct im_pipeline *p, enum im_cause cause)
{
    struct im_exchange *exchange = p->req->exchange;

    if (cause == CAUSE_NONE && !ran_out_of_memory(p))
        return;
    struct im_policy policy = im_authority_policy(p->authority);
    if (cause != CAUSE_NONE)
        im_refusal_render(p->req, p->res, &policy, &p->authority->rng);
    if (!ran_out_of_memory(p))
        return;
    /* the answer may lack a part: it is replaced as a whole */
    exchange->cause = exchange->worded_as = CAUSE_INTERNAL;
    exchange->evidence = IM_STR("out of memory while answering");
    exchange->page = false;
    im_response_clear(p->res);
    im_refusal_render(p->req, p->res, &policy, &p->authority->rng);
}

/* Many clients read a header as Latin-1, and some refuse to print what is not ASCII. */
static struct im_str in_ascii(struct im_arena *arena, struct im_str text)
{
    struct im_buf buf;
    size_t plain = 0;

    while (plain < text.len && (unsigned char)text.at[plain] < 128)
        plain++;
    if (plain == text.len)
        return text;
    im_buf_init(&buf, arena, 0);
    im_buf_add_ascii(&buf, text);
    return im_buf_str(&buf);
}

static void pipeline_add_hints(const struct im_settings *settings,
                               const struct im_request *req, struct im_response *res)
{
    const struct im_exchange *exchange = req->exchange;
    struct im_str base = req->control_url;

    if (!settings->hints)
        return;
    if (exchange->cause != CAUSE_NONE) {
        const char *id = im_cause_row(exchange->cause)->id;
        im_response_header(res, "X-Intacct-Mock-Cause", im_str(id));
        im_response_header(res, "X-Intacct-Mock-Evidence",
                           in_ascii(req->arena, exchange->evidence));
        if (base.len) { /* by parts: each refusal has it, and printf costs more */
            struct im_buf link;
            im_buf_init(&link, req->arena, 0);
            im_buf_addc(&link, '<');
            im_buf_add(&link, base);
            im_buf_addz(&link, "/__mock/causes/");
            im_buf_addz(&link, id);
            im_buf_addz(&link, ">; rel=\"help\"");
            im_response_header(res, "Link", im_buf_str(&link));
        }
    }
    if (exchange->note_count)
        im_response_headerf(res, "X-Intacct-Mock-Note", "%s: %.*s",
                            im_cause_row(exchange->notes[0].cause)->id,
                            IM_ARG(in_ascii(req->arena, exchange->notes[0].text)));
}

/* What is needed when an answer has been delivered, to record the time. */
struct delivery {
    struct im_sandboxes *sandboxes;
    struct im_sandbox *box; /* kept until then */
    uint64_t id;
    const struct im_response *res;
};

/* A stalled answer ends when its client gives up, every other with the last byte that was written. */
static void delivery_end(void *context)
{
    const struct delivery *delivery = context;
    bool written = delivery->res->written_us && !delivery->res->damage.stall;

    im_journal_delivered(delivery->box->journal, delivery->id,
                         written ? delivery->res->written_us : im_clock_monotonic_us(),
                         !delivery->res->abandoned);
    im_sandboxes_unref(delivery->sandboxes, delivery->box);
}

/* Passes the reference to the sandbox to the delivery, which outlives the pipeline. Without memory it
 * stays with the pipeline, and the time of delivery is unknown. */
static void delivery_begin(const struct im_pipeline *p, uint64_t id)
{
    struct delivery *delivery = IM_ARENA_NEW(p->req->arena, struct delivery);

    if (!delivery)
        return;
    *delivery = (struct delivery){p->sandboxes, p->box, id, p->res};
    p->res->delivered = delivery_end;
    p->res->delivered_context = delivery;
}

static void pipeline_record(const struct im_pipeline *p)
{
    struct im_exchange *exchange = p->req->exchange;

    exchange->duration_us = im_clock_monotonic_us() - p->began_us;
    im_exchange_complete(p->req, p->res);
    uint64_t id = im_journal_add(p->box->journal, exchange);
    atomic_fetch_sub(&p->box->open, 1);
    im_metrics_count(&p->sandboxes->metrics, exchange);
    delivery_begin(p, id);
}

/* Calls of the control API are no exchanges of the client: they are logged at level debug. */
static void pipeline_log(const struct im_pipeline *p)
{
    const struct im_log *log = &p->sandboxes->settings.log;
    enum im_log_level level = p->box ? IM_LOG_INFO : IM_LOG_DEBUG;
    const struct im_exchange *exchange = p->req->exchange;
    struct im_arena *arena = p->req->arena;

    if (!im_log_wants(log, level)) /* before anything is redacted or formatted */
        return;
    const char *cause = exchange->cause ? im_cause_row(exchange->cause)->id : "";
    const struct im_log_field fields[] = {
        {"status", im_arena_format(arena, "%d", p->res->status)},
        {"method", im_quote(p->req, p->req->method)},
        {"path", im_redact_url(p->sandboxes->standard->secrets, arena, p->req->path)},
        {"client", exchange->client_id},
        {"user", exchange->user},
        {"grant", exchange->grant},
        {"token", exchange->token},
        {"cause", im_str(cause)},
        {"evidence", exchange->evidence},
    };
    enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };
    struct im_log_field known[FIELDS + 1] = {{.name = NULL}};
    size_t n = 0;

    for (size_t i = 0; i < FIELDS; i++)
        if (fields[i].value.len)
            known[n++] = fields[i];
    im_log_line(log, level, im_clock_real_ms(),
                p->box ? im_endpoint_name(exchange->endpoint) : "control", known);
}

/* People and the client's library read what the proxy itself refuses, not its code for Sage: the
 * evidence says what to do. */
static void word_for_proxy(struct im_pipeline *p, enum im_cause cause)
{
    struct im_response *res = p->res;
    struct im_buf *body =
        im_response_begin(res, res->status, "text/plain; charset=utf-8");

    im_buf_addf(body, "intacct-mock: %.*s\n", IM_ARG(p->exchange.evidence));
    if (cause == CAUSE_PROXY_USER_INVALID)
        im_response_header(res, "Proxy-Authenticate",
                           IM_STR("Basic realm=\"intacct-mock sandbox\""));
    if (p->req->flaw == IM_REQUEST_TLS_FAILED)
        res->status = 0; /* the connection has ended */
}

/* Hints come before the damage, which may replace the answer and them with it. CORS comes after it:
 * a page must be able to read whatever is sent. Journal, metrics and log come last, since they show
 * what is sent. */
void im_pipeline_finish(struct im_pipeline *p, enum im_cause cause)
{
    if (p->box) /* the control API words its own refusals */
        pipeline_render(p, cause);
    if (p->by_proxy && cause != CAUSE_NONE)
        word_for_proxy(p, cause);
    pipeline_add_hints(&p->sandboxes->settings, p->req, p->res);
    const struct im_wire *wire = im_plan_wire(&p->plan);
    if (wire) {
        im_wire_apply(wire, p->res);
        im_wire_locate(wire, p->req->base_url, p->res);
        p->req->exchange->delay_ms += im_wire_takes_ms(wire, p->res);
    }
    im_quota_add_headers(&p->plan.quota, !wire || !wire->retry_after_s, p->res);
    im_cors_add_headers(p->sandboxes, p->req, p->res);
    if (p->box) {
        im_scenario_note(p->box->scenario_state, &p->plan, p->req->exchange,
                         p->req->now_ms);
        pipeline_record(p);
    }
    pipeline_log(p);
}
