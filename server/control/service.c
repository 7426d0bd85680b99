/* Calls about the server itself: health, readiness, the CA, what Prometheus scrapes (text format 0.0.4),
 * and the catalogues of causes and effects; the index page and the description of this API (OpenAPI
 * 3.1). */
#include <string.h>
#include <unistd.h>

#include "base/json_schema.h"
#include "causes/diagnosis.h"
#include "control/control.h"
#include "control/openapi.h"
#include "http/html.h"
#include "scenario/world.h"

static void answer_health(struct im_call *call)
{
    im_control_begin(call, 200);
    im_json_open_object(&call->out, NULL);
    im_json_strz(&call->out, "status", "ok");
    im_json_strz(&call->out, "version", IM_VERSION);
    im_json_int(&call->out, "uptime_s",
                (im_clock_real_ms() - call->sandboxes->started_ms) / 1000);
    im_json_close_object(&call->out);
}

/* The ready document: all that a test needs to begin. The same as in --port-file. */
void im_control_write_ready(struct im_sandboxes *sandboxes, struct im_json_out *out)
{
    const struct im_settings *settings = &sandboxes->settings;
    struct im_scenario *scenario = im_sandbox_scenario(sandboxes->standard);
    struct im_str control = settings->control_url;

    im_json_open_object(out, NULL);
    im_json_strz(out, "version", IM_VERSION);
    im_json_int(out, "pid", (int64_t)getpid());
    im_json_str(out, "http", settings->http_url);
    im_json_str(out, "https", settings->https_url);
    im_json_strf(out, "control", "%.*s%s", IM_ARG(control), control.len ? "/__mock" : "");
    if (control.len && settings->ca_pem.len)
        im_json_strf(out, "ca", "%.*s/__mock/ca.pem", IM_ARG(control));
    else
        im_json_strz(out, "ca", "");
    if (settings->proxy_url.len)
        im_json_str(out, "proxy", settings->proxy_url);
    if (settings->proxies
            .open) /* of single sandboxes too, where --proxy opened none for all */
        im_json_str(out, "intercept", settings->intercept);
    im_json_str(out, "scenario", scenario->name);
    im_scenario_unref(scenario);
    im_json_strz(out, "client_id", "demo");
    im_json_strz(out, "client_secret", "demo-secret");
    im_json_strz(out, "username", "ws_user@acme");
    im_json_close_object(out);
}

static void answer_ready(struct im_call *call)
{
    im_control_begin(call, 200);
    im_control_write_ready(call->sandboxes, &call->out);
}

static void answer_ca(struct im_call *call)
{
    struct im_str pem = call->sandboxes->settings.ca_pem;

    if (!pem.len) {
        im_control_refuse(
            call, 404, NULL,
            "there is no CA: HTTPS and the proxy are off, or --cert was given");
        return;
    }
    im_buf_add(im_response_begin(call->res, 200, "application/x-pem-file"), pem);
}

/* ---- the catalogue of causes ---- */

/* ?q=: all that are worded so. */
static void answer_causes_worded(struct im_call *call, struct im_str query)
{
    struct im_cause_hit *hits =
        IM_ARENA_ARRAY(call->req->arena, struct im_cause_hit, CAUSE_COUNT);
    size_t count = hits ? im_cause_search(query, hits) : 0;

    im_control_begin(call, 200);
    im_json_open_object(&call->out, NULL);
    im_cause_hits_write(&call->out, query, hits, count);
    im_json_close_object(&call->out);
}

static void answer_causes(struct im_call *call)
{
    struct im_params params;
    struct im_error err = {.text = ""};

    if (!im_request_query(call->req, &params, &err)) {
        im_control_refuse(call, 400, NULL, "the query cannot be read: %s", err.text);
        return;
    }
    /* strict, as all of this API: a misspelt ?q= would answer the whole list */
    for (size_t i = 0; i < params.count; i++)
        if (!im_str_is(params.items[i].name, "q")) {
            im_control_refuse(call, 400,
                              im_arena_copy(call->req->arena, params.items[i].name).at,
                              "the list of causes has no parameter \"%.*s\"; there is q",
                              IM_ARG(im_str_front(params.items[i].name, 60)));
            return;
        }
    if (params.count) {
        answer_causes_worded(call, params.items[0].value);
        return;
    }
    im_control_begin(call, 200);
    im_json_open_object(&call->out, NULL);
    im_json_open_array(&call->out, "causes");
    for (int i = 1; i < CAUSE_COUNT; i++)
        im_cause_write((enum im_cause)i, &call->out, NULL);
    im_json_close_array(&call->out);
    im_json_close_object(&call->out);
}

static void answer_cause(struct im_call *call)
{
    enum im_cause cause = im_cause_find(call->id);

    if (cause == CAUSE_NONE) {
        im_control_refuse(call, 404, NULL, "there is no cause \"%.*s\"%s",
                          IM_ARG(im_str_front(call->id, 60)),
                          im_cause_hint(call->id).text);
        return;
    }
    im_control_begin(call, 200);
    im_cause_write(cause, &call->out, NULL);
}

static void answer_effects(struct im_call *call)
{
    im_control_begin(call, 200);
    im_json_open_object(&call->out, NULL);
    im_json_open_array(&call->out, "effects");
    for (size_t i = 0; i < im_effect_count; i++) {
        im_json_open_object(&call->out, NULL);
        im_json_strz(&call->out, "do", im_effects[i].name);
        im_json_strz(&call->out, "about", im_effects[i].about);
        im_json_close_object(&call->out);
    }
    im_json_close_array(&call->out);
    im_json_close_object(&call->out);
}

/* The schemas of what the calls take, by the tables that read it. */
static void openapi_write_schemas(struct im_json_out *out)
{
    struct im_json_schema schema = {.out = out, .at = "#/components/schemas/"};

    for (size_t t = 0; t < IM_CONTROL_TABLES; t++)
        for (size_t i = 0; i < *im_control_tables[t].count; i++)
            if (im_control_tables[t].routes[i].body &&
                im_control_tables[t].routes[i].body != &im_control_any_text)
                im_json_schema_add(&schema, im_control_tables[t].routes[i].body);
    im_json_schema_definitions(&schema);
}

/* openapi.json with those schemas before the written ones. The file is built in and has one "schemas";
 * the suite reads the result. */
static void answer_openapi(struct im_call *call)
{
    static const char before[] = "\"schemas\": {";
    size_t at =
        (size_t)(strstr(im_openapi_json, before) - im_openapi_json) + strlen(before);
    struct im_json_out out;
    struct im_buf document;

    im_buf_init(&document, call->req->arena, 0);
    im_buf_add(&document, (struct im_str){im_openapi_json, at});
    im_json_out_init(&out, &document);
    openapi_write_schemas(&out);
    im_buf_addc(&document, ',');
    im_buf_addz(&document, im_openapi_json + at);
    im_json_pretty(im_buf_str(&document),
                   im_response_begin(call->res, 200, "application/json"));
}

/* ---- metrics: what was counted, and what there is now ---- */

/* What there is in all sandboxes together: counted when it is asked for, not kept up to date by every
 * request. */
struct census {
    uint64_t sandboxes, dropped;
    uint64_t live[IM_TOKEN_REFRESH + 1]; /* tokens, by kind */
    int64_t now_ms;                      /* of the sandbox that is counted */
};

static bool census_count_token(void *context, const struct im_token *token)
{
    struct census *census = context;

    if (token->ended == IM_NOT_ENDED && !token->consumed &&
        census->now_ms < token->expires_ms)
        census->live[token->kind]++;
    return true;
}

/* False when memory is short. */
static bool census_count_box(struct census *census, struct im_sandbox *box)
{
    struct im_authority *authority = im_sandbox_enter(box);

    /* each by its own clock: a test may have advanced one of them */
    census->sandboxes++;
    census->dropped += im_journal_dropped(box->journal);
    census->now_ms = im_clock_now_ms(&authority->clock);
    bool counted =
        im_authority_each_token(authority, census->now_ms, 0, census_count_token, census);
    im_sandbox_leave(box);
    return counted;
}

static void census_take(struct im_call *call, struct census *census)
{
    size_t count;
    struct im_sandbox **all =
        im_sandboxes_list(call->sandboxes, call->req->arena, &count);

    /* each has a reference, so none goes while it is counted */
    for (size_t i = 0; i < count; i++) {
        if (!census_count_box(census, all[i]))
            call->req->arena->failed = true;
        im_sandboxes_unref(call->sandboxes, all[i]);
    }
}

static void metric_write_gauge(struct im_buf *out, const char *name, const char *help,
                               uint64_t value)
{
    im_buf_addf(out, "# HELP intacct_mock_%s %s\n# TYPE intacct_mock_%s gauge\n", name,
                help, name);
    im_buf_addf(out, "intacct_mock_%s %llu\n", name, (unsigned long long)value);
}

static void metric_write_tokens(struct im_buf *out, const struct census *census)
{
    im_buf_addz(out, "# HELP intacct_mock_tokens_live Tokens that are good now, by the "
                     "clock of their sandbox.\n"
                     "# TYPE intacct_mock_tokens_live gauge\n");
    for (int kind = 0; kind <= IM_TOKEN_REFRESH; kind++)
        im_buf_addf(out, "intacct_mock_tokens_live{kind=\"%s\"} %llu\n",
                    im_token_kind_name((enum im_token_kind)kind),
                    (unsigned long long)census->live[kind]);
}

/* Standard error may be a pipe that is not read; the server does not wait for it. */
static void metric_write_log_lines(struct im_buf *out, struct im_log_sink *sink)
{
    uint64_t dropped = sink ? atomic_load(&sink->dropped) : 0;

    im_buf_addf(
        out,
        "# HELP intacct_mock_log_lines_dropped_total Lines that standard error did "
        "not take at once.\n"
        "# TYPE intacct_mock_log_lines_dropped_total counter\n"
        "intacct_mock_log_lines_dropped_total %llu\n",
        (unsigned long long)dropped);
}

static void answer_metrics(struct im_call *call)
{
    struct im_buf *out =
        im_response_begin(call->res, 200, "text/plain; version=0.0.4; charset=utf-8");
    struct census census = {.sandboxes = 0};
    int64_t up_ms = im_clock_real_ms() - call->sandboxes->started_ms;

    im_response_header(call->res, "Cache-Control", IM_STR("no-store"));
    census_take(call, &census);
    im_buf_addz(out,
                "# HELP intacct_mock_build_info Always 1; what runs is in the labels.\n"
                "# TYPE intacct_mock_build_info gauge\n"
                "intacct_mock_build_info{version=\"" IM_VERSION "\"} 1\n");
    metric_write_gauge(out, "uptime_seconds", "Since the server started, in real time.",
                       up_ms > 0 ? (uint64_t)up_ms / 1000 : 0);
    metric_write_gauge(out, "sandboxes", "Sandboxes there are.", census.sandboxes);
    metric_write_gauge(out, "journal_dropped",
                       "Exchanges that the journals there are no longer hold.",
                       census.dropped);
    metric_write_tokens(out, &census);
    metric_write_log_lines(out, call->sandboxes->settings.log.sink);
    im_metrics_write(&call->sandboxes->metrics, out);
}

/* ---- the list of calls ---- */

static void page_add_routes(struct im_buf *page, const struct im_control_route *routes,
                            size_t count)
{
    for (size_t i = 0; i < count; i++) {
        /* a link can only GET, and {name} is for the reader to fill in */
        bool link = strcmp(routes[i].method, "GET") == 0 && !strchr(routes[i].path, '{');
        im_buf_addz(page, "<li>");
        if (link)
            im_buf_addf(page, "<a href=\"/__mock%s\">", routes[i].path);
        im_buf_addf(page, "<code>%s /__mock%s</code>%s ", routes[i].method,
                    routes[i].path, link ? "</a>" : "");
        im_buf_add_html(page, im_str(routes[i].summary));
        im_buf_addz(page, "</li>\n");
    }
}

static void answer_index(struct im_call *call)
{
    struct im_buf *page = im_html_begin(call->res, 200, IM_STR("The control API"));

    im_buf_addz(page, "<p><code>{name}</code> is a sandbox: "
                      "<code>default</code>, or SCENARIO.KEY, which is made when it is "
                      "first touched.</p>\n<ul>\n");
    for (size_t i = 0; i < IM_CONTROL_TABLES; i++)
        page_add_routes(page, im_control_tables[i].routes, *im_control_tables[i].count);
    im_buf_addz(page, "</ul>\n");
    im_html_end(call->res);
}

const struct im_control_route im_control_service_routes[] = {
    {"GET", "/", answer_index, IM_CONTROL_PAGE, "this list; to a browser the traffic",
     NULL},
    {"GET", "/calls", answer_index, false, "this list, to a browser too", NULL},
    {"GET", "/health", answer_health, true, "alive?", NULL},
    {"GET", "/ready", answer_ready, true, "ready? addresses and the built-in client",
     NULL},
    {"GET", "/ca.pem", answer_ca, true, "the CA to trust for HTTPS", NULL},
    {"GET", "/causes", answer_causes, IM_CONTROL_PAGE, "every reason for a refusal",
     NULL},
    {"GET", "/causes/{id}", answer_cause, IM_CONTROL_PAGE,
     "one of them: why, what to do, on the wire", NULL},
    {"GET", "/effects", answer_effects, false, "every change of the world", NULL},
    {"GET", "/metrics", answer_metrics, false, "for Prometheus: how many, how fast",
     NULL},
    {"GET", "/openapi.json", answer_openapi, false, "this API, described: OpenAPI 3.1",
     NULL},
};
const size_t im_control_service_route_count =
    sizeof(im_control_service_routes) / sizeof(im_control_service_routes[0]);
