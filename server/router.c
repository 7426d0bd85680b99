/* The map of the program: the route table, and the pipeline that each request passes. Beside it:
 * router_exit.c is the one exit of all answers, router_wait.c lets requests wait, router_address.c finds the sandbox and what the client
 * takes for our address, router_path.c tells what a path without a route was meant to be, router_proxy.c
 * decides what a forward proxy does, router_cors.c answers browsers. What is refused before an endpoint is asked, because the bytes,
 * the path or the method are wrong (RFC 9110 sections 15.5.5 and 15.5.6), is refused here. */
#include "router.h"

#include <string.h>

#include "control/control.h"
#include "control/origin.h"
#include "http/redact.h"
#include "oauth/credentials.h"
#include "router_parts.h"
#include "scenario/trigger.h"

#define OAUTH   "/ia/api/v1/oauth2/"
#define API     "/ia/api/v1/"
#define ARTICLE "/identity/v2/"

/* ---- the table ---- */

/* endpoint, place, handler */
#define TO(endpoint, place, handler)                                                     \
    IM_ENDPOINT_##endpoint, IM_PLACE_##place, im_endpoint_##handler

static const struct im_route routes[] = {
    /* Sage Intacct's REST API. The captured discovery document names /ia/authorize as well. */
    {OAUTH "token", TO(TOKEN, TOKEN, token), "POST", NULL},
    {OAUTH "authorize", TO(AUTHORIZE, TOKEN, authorize), "GET, POST", NULL},
    {"/ia/authorize", TO(AUTHORIZE, TOKEN, authorize), "GET, POST", NULL},
    {OAUTH "revoke", TO(REVOKE, TOKEN, revoke), "POST", NULL},
    {OAUTH "introspect", TO(INTROSPECT, TOKEN, introspect), "POST", NULL},
    {"/.well-known/openid-configuration", TO(DISCOVERY, TOKEN, discovery), "GET, HEAD",
     NULL},
    {"/.well-known/jwks.json", TO(JWKS, TOKEN, jwks), "GET, HEAD", NULL},
    {API "objects/*", TO(RESOURCE, API, resource), "GET, POST", "GET, PATCH, DELETE"},
    {API "services/core/query", TO(QUERY, API, query), "POST", NULL},
    {API "services/core/model", TO(MODEL, API, model), "GET", NULL},
    {API "services/company-config/dimensions/list", TO(MODEL, API, dimensions), "GET",
     NULL},
    {API "services/core/session/id", TO(SESSION, API, session), "GET", NULL},
    /* The article's dialect; its sample spells the token path twice. */
    {ARTICLE "oauth2/token", TO(TOKEN, ARTICLE, token), "POST", NULL},
    {ARTICLE "oauth/token", TO(TOKEN, ARTICLE, token), "POST", NULL},
    {ARTICLE "oauth2/authorize", TO(AUTHORIZE, ARTICLE, authorize), "GET, POST", NULL},
    {ARTICLE "oauth/authorize", TO(AUTHORIZE, ARTICLE, authorize), "GET, POST", NULL},
    {ARTICLE "oauth2/revoke", TO(REVOKE, ARTICLE, revoke), "POST", NULL},
    {ARTICLE "oauth/revoke", TO(REVOKE, ARTICLE, revoke), "POST", NULL},
    {"/api/v1/*", TO(RESOURCE, ARTICLE, article), "GET, POST", "GET, PATCH, DELETE"},
};
enum { ROUTES = sizeof(routes) / sizeof(routes[0]) };

const struct im_route *im_route_at(size_t index)
{
    return index < ROUTES ? &routes[index] : NULL;
}

bool im_route_matches(const struct im_route *route, struct im_str path,
                      struct im_str *rest)
{
    size_t len = strlen(route->path);

    if (route->path[len - 1] != '*')
        return im_str_is(path, route->path);
    if (path.len < len || memcmp(path.at, route->path, len - 1) != 0)
        return false;
    *rest = im_str_slice(path, len - 1, path.len);
    return true;
}

/* Sage's own documentation prints one address without its /ia (a slip). The article's API lies
 * under the same /api/v1/, and would take "oauth2" for the name of an object. */
static bool path_lacks_ia(struct im_str path)
{
    return im_str_starts(path, "/api/v1/oauth2/") ||
           im_str_starts(path, "/api/v1/objects/") ||
           im_str_starts(path, "/api/v1/services/");
}

/* Where a request that has no route is worded. */
static enum im_place place_of_path(struct im_str path)
{
    if (im_str_starts(path, "/identity/") || im_str_starts(path, "/api/"))
        return IM_PLACE_ARTICLE;
    return im_str_starts(path, OAUTH) ? IM_PLACE_TOKEN : IM_PLACE_API;
}

/* Sets the request's route, and what follows from it for the exchange. */
static void find_route(struct im_request *req)
{
    const struct im_route *route = NULL;
    size_t count = path_lacks_ia(req->path) ? 0 : ROUTES;

    for (size_t i = 0; i < count && !route; i++)
        if (im_route_matches(&routes[i], req->path, &req->rest))
            route = &routes[i];
    req->route = route;
    req->exchange->place = route ? route->place : place_of_path(req->path);
    req->exchange->endpoint = route ? route->endpoint : IM_ENDPOINT_UNKNOWN;
}

/* ---- refused before an endpoint is asked ---- */

static struct im_str path_show(const struct im_request *req, struct im_str path)
{
    return im_str_slice(im_redact_url(req->exchange->secrets, req->arena, path), 0, 120);
}

static enum im_cause refuse_path(struct im_request *req)
{
    struct im_str bearer = im_credentials(req)->bearer_token;

    /* a token that is sent where none belongs is evidence */
    if (bearer.len)
        req->exchange->token = im_fingerprint(req->exchange->secrets, req->arena, bearer);
    if (path_lacks_ia(req->path))
        return im_refuse(req, CAUSE_PATH_UNKNOWN, "the path lacks its /ia: /ia%.*s",
                         IM_ARG(im_quote(req, im_str_slice(req->path, 0, 120))));
    bool oauth = im_str_starts(req->path, OAUTH);
    struct im_path_meant meant = im_path_meant(req);
    struct im_str shown = path_show(req, req->path);

    return im_refuse(
        req, oauth ? CAUSE_TOKEN_ENDPOINT_UNKNOWN : CAUSE_PATH_UNKNOWN,
        meant.path.len
            ? "there is no %.*s; the nearest real path is %.*s%s"
            : "there is no %.*s, nor a path like it; the token endpoint is %.*s%s",
        IM_ARG(shown),
        IM_ARG(meant.path.len ? path_show(req, meant.path) : IM_STR(OAUTH "token")),
        meant.path.len ? meant.why : "");
}

/* What never became HTTP, or is too large to be read. */
static enum im_cause refuse_flaw(struct im_request *req)
{
    static const enum im_cause causes[] = {
        [IM_REQUEST_MALFORMED] = CAUSE_REQUEST_MALFORMED,
        [IM_REQUEST_HEADERS_TOO_LARGE] = CAUSE_HEADERS_TOO_LARGE,
        [IM_REQUEST_BODY_TOO_LARGE] = CAUSE_REQUEST_TOO_LARGE,
        [IM_REQUEST_BODY_CUT] = CAUSE_REQUEST_INCOMPLETE,
        [IM_REQUEST_METHOD_UNKNOWN] = CAUSE_METHOD_UNKNOWN,
        [IM_REQUEST_ENCODED] = CAUSE_CONTENT_ENCODING_UNSUPPORTED,
        [IM_REQUEST_HTTP2] = CAUSE_HTTP2_SPOKEN,
        [IM_REQUEST_OVER_CAPACITY] = CAUSE_MOCK_CAPACITY,
        [IM_REQUEST_PROXY_USER] = CAUSE_PROXY_USER_INVALID,
        [IM_REQUEST_TLS_FAILED] = CAUSE_TLS_HANDSHAKE_FAILED,
    };

    return im_refuse(req, causes[req->flaw], "%.*s", IM_ARG(req->flaw_text));
}

/* ---- the pipeline ---- */

static void pipeline_enter(struct im_pipeline *p)
{
    p->authority = im_sandbox_enter(p->box);
    p->req->now_ms = im_clock_now_ms(&p->authority->clock);
}

static void pipeline_warn(const struct im_pipeline *p, const char *event,
                          const char *reason)
{
    const struct im_log *log = &p->sandboxes->settings.log;
    const struct im_log_field fields[] = {
        {"sandbox", p->box->name}, {"why", im_str(reason)}, {NULL, {NULL, 0}}};

    if (im_log_wants(log, IM_LOG_WARN))
        im_log_line(log, IM_LOG_WARN, im_clock_real_ms(), event, fields);
}

/* Asks the scenario what it does to this request, which may bring a rule of its own. */
static void pipeline_plan(struct im_pipeline *p, const struct im_rule *brought)
{
    struct im_exchange *exchange = p->req->exchange;

    /* before it may be held: requests that were in flight together stay so */
    p->req->arrived = atomic_fetch_add(&p->authority->arrivals, 1) + 1;
    im_scenario_plan(p->box->scenario_state, p->authority, p->req, brought, &p->plan);
    exchange->rule = im_plan_rule(&p->plan);
    exchange->effect = im_plan_effect(&p->plan);
    exchange->grant_id = p->plan.asked ? p->plan.asked->grant_id : 0;
    p->res->tls_fault = exchange->fault = im_plan_tls(&p->plan);
    const struct im_wire *wire = im_plan_wire(&p->plan);
    if (!wire)
        return;
    exchange->fault = im_wire_fault(wire);
    if (im_pipeline_waits(p, true))
        exchange->delay_ms = wire->delay_ms;
}

/* First the world changes, then the request meets it. A change that is not possible is one for a
 * client or user that the request makes up: it is refused for that in the ordinary way. */
static void pipeline_change_world(struct im_pipeline *p)
{
    struct im_error err;

    if (!p->plan.world_count)
        return;
    if (!im_plan_change_world(&p->plan, p->authority, p->req->now_ms, &err))
        pipeline_warn(p, "a scenario's change of the world was not possible", err.text);
    p->req->now_ms = im_clock_now_ms(&p->authority->clock);
}

/* Refused because a scenario says so. The exchange takes grant, client, user and scope from what the
 * request says of itself, since no endpoint is asked. */
static enum im_cause refuse_by_name(const struct im_pipeline *p)
{
    struct im_exchange *exchange = p->req->exchange;
    const struct im_exchange *asked = p->plan.asked;
    struct im_arena *arena = p->req->arena;

    exchange->grant = im_quote(p->req, asked->grant);
    exchange->client_id = im_quote(p->req, asked->client_id);
    exchange->user = im_quote(p->req, asked->user);
    exchange->entity = im_quote(p->req, asked->entity);
    exchange->scope = im_quote(p->req, asked->scope);
    if (p->plan.token.len)
        exchange->token = im_fingerprint(exchange->secrets, arena, p->plan.token);
    if (exchange->endpoint == IM_ENDPOINT_AUTHORIZE) {
        enum im_cause unsound = im_authorize_address(p->authority, p->req);
        if (unsound)
            return unsound;
    }
    exchange->bearer_challenge = exchange->place != IM_PLACE_TOKEN;
    return im_refuse(p->req, p->plan.refuse, "%.*s", IM_ARG(p->plan.evidence));
}

/* The ordinary answer. A method that no path of this kind takes is refused before the caller is
 * known; one that only this path does not take, by the endpoint. */
static enum im_cause pipeline_decide(const struct im_pipeline *p)
{
    struct im_request *req = p->req;

    if (req->flaw != IM_REQUEST_SOUND)
        return refuse_flaw(req);
    if (p->by_proxy)
        return im_proxy_answer(p->sandboxes, req, p->res);
    if (!req->route)
        return refuse_path(req);
    if (!im_method_in(req->route->methods, req->method) &&
        !im_method_in(req->route->record_methods, req->method))
        return im_route_refuse_method(req);
    return req->route->answer(p->authority, req, p->res);
}

/* ---- the way in ---- */

/* The browser asks, not the integration: no rule of a scenario applies to it or counts it. */
static enum im_cause answer_preflight(struct im_pipeline *p, struct im_str methods)
{
    p->req->exchange->allow = methods;
    p->res->status = 204;
    return CAUSE_NONE;
}

static enum im_cause pipeline_answer(struct im_pipeline *p)
{
    const struct im_wire *wire = im_plan_wire(&p->plan);

    im_note_host(p->req);
    pipeline_change_world(p);
    if (p->plan.refuse != CAUSE_NONE)
        return refuse_by_name(p);
    return wire && im_wire_replaces(wire) ? CAUSE_NONE : pipeline_decide(p);
}

static enum im_cause refuse_sandbox(struct im_pipeline *p, const struct im_error *reason)
{
    static const enum im_cause causes[] = {[IM_ERROR_PLAIN] = CAUSE_SCENARIO_UNKNOWN,
                                           [IM_ERROR_INTERNAL] = CAUSE_INTERNAL,
                                           [IM_ERROR_CAPACITY] = CAUSE_MOCK_CAPACITY};

    p->req->exchange->place = place_of_path(p->req->path);
    p->req->exchange->endpoint = IM_ENDPOINT_UNKNOWN;
    return im_refuse(p->req, causes[reason->kind], "%.*s",
                     IM_ARG(im_quote(p->req, im_str(reason->text))));
}

static void pipeline_end(struct im_pipeline *p)
{
    im_plan_release(&p->plan);
    if (p->waits)
        im_sandboxes_waited(p->sandboxes);
    if (p->box && !p->res->delivered)
        im_sandboxes_unref(p->sandboxes, p->box);
    *p->date_ms = p->req->now_ms;
    p->req->exchange = NULL;
}

/* The answer is decided: it leaves through the one exit, now or after a delay. */
static void pipeline_conclude(struct im_pipeline *p, enum im_cause cause)
{
    im_pipeline_finish(p, cause);
    /* not before: what the exchange names may live in the authority, which a reset frees */
    im_sandbox_leave(p->box);
    if (im_pipeline_waits(p, true))
        im_pipeline_wait(p, pipeline_end);
    else
        pipeline_end(p);
}

static enum im_cause refuse_waiting(struct im_pipeline *p)
{
    p->plan.taken = NULL;
    return im_refuse(p->req, CAUSE_MOCK_CAPACITY,
                     "%zu requests wait already, for a scenario, for exchanges or for "
                     "events; more are not let in",
                     p->sandboxes->settings.waiting_max);
}

/* The listener has connected to whom the request is passed on to, or failed. */
static void dial_resume(void *context)
{
    struct im_pipeline *p = context;
    struct im_response *res = p->res;
    bool late = res->abandoned || im_clock_monotonic_ms() >= res->resume_ms;

    res->resume = NULL;
    if (res->dial->state == IM_DIAL_WANTED && !late) {
        res->resume = dial_resume;
        return;
    }
    pipeline_enter(p);
    pipeline_conclude(p, im_proxy_dialled(p->req, res));
}

/* Decides; what is passed on waits for that outside of the sandbox. */
static void pipeline_decide_all(struct im_pipeline *p)
{
    enum im_cause cause = pipeline_answer(p);

    if (!p->res->dial) {
        pipeline_conclude(p, cause);
    } else if (!p->waits && !im_sandboxes_may_wait(p->sandboxes)) {
        p->res->dial = NULL;
        pipeline_conclude(p, refuse_waiting(p));
    } else {
        p->waits = true;
        im_sandbox_leave(p->box);
        p->res->resume_context = p;
        p->res->resume = dial_resume;
    }
}

static void pipeline_go_on(struct im_pipeline *p)
{
    pipeline_enter(p);
    pipeline_decide_all(p);
}

static void dispatch_to_sandbox(struct im_pipeline *p)
{
    const struct im_rule *brought = NULL;
    enum im_cause unknown = CAUSE_NONE;
    struct im_error err = {.text = ""};
    struct im_sandbox *found = im_find_box(p->sandboxes, p->req, &err);
    bool preflight = im_cors_is_preflight(p->sandboxes, p->req);

    /* without a sandbox the default one answers, so that a journal shows the refusal */
    p->box = found ? found : p->sandboxes->standard;
    p->exchange.secrets = p->box->secrets;
    p->exchange.tls = p->req->tls_fault;
    p->began_us = im_clock_monotonic_us();
    atomic_fetch_add(&p->box->open, 1);
    pipeline_enter(p);
    if (!found && !preflight) {
        pipeline_conclude(p, refuse_sandbox(p, &err));
        return;
    }
    find_route(p->req);
    if (p->by_proxy)
        p->exchange.endpoint = IM_ENDPOINT_PROXY;
    if (preflight) {
        pipeline_conclude(p, answer_preflight(p, im_str(im_route_methods(p->req))));
        return;
    }
    if (p->sandboxes->settings.hints)
        unknown = im_trigger_read(p->req, &brought);
    if (unknown) {
        pipeline_conclude(p, unknown);
        return;
    }
    pipeline_plan(p, brought);
    p->waits = im_pipeline_waits(p, false) && im_sandboxes_may_wait(p->sandboxes);
    if (im_pipeline_waits(p, false) && !p->waits) {
        pipeline_conclude(p, refuse_waiting(p));
    } else if (p->waits) {
        im_sandbox_leave(p->box);
        im_pipeline_wait(p, pipeline_go_on);
    } else {
        pipeline_decide_all(p);
    }
}

static void control_resume(void *context);

/* The call has answered, or waits, which does not end its way through here. */
static void control_conclude(struct im_pipeline *p)
{
    struct im_response *res = p->res;

    if (res->resume) {
        p->control_resume = res->resume;
        p->control_context = res->resume_context;
        res->resume = control_resume;
        res->resume_context = p;
        return;
    }
    im_pipeline_finish(p, CAUSE_NONE);
    pipeline_end(p);
}

static void control_resume(void *context)
{
    struct im_pipeline *p = context;

    p->res->resume = NULL;
    p->res->resume_context = p->control_context;
    p->control_resume(p->control_context);
    control_conclude(p);
}

static void dispatch_to_control(struct im_pipeline *p)
{
    p->req->now_ms = im_clock_real_ms();
    if (im_cors_is_preflight(p->sandboxes, p->req) &&
        !im_control_origin_refusal(p->sandboxes, p->req).len)
        answer_preflight(p, im_control_methods(p->req));
    else
        im_control_answer(p->sandboxes, p->req, p->res);
    control_conclude(p);
}

/* What a browser asks for by itself, or a person by opening our address, is no call of the client
 * under test: no scenario counts it and no journal has it. */
static bool answer_browser(struct im_request *req, struct im_response *res)
{
    bool icon = im_str_is(req->path, "/favicon.ico") && im_str_is(req->method, "GET");
    struct im_str page = icon ? IM_STR("") : im_control_page_for(req);

    if (icon)
        im_control_answer_icon(res);
    else if (page.len)
        im_response_redirect(res, 302, page);
    req->now_ms = im_clock_real_ms();
    return icon || page.len;
}

void im_answer(struct im_sandboxes *sandboxes, struct im_request *req,
               struct im_response *res,
               int64_t *date_ms) /* NOLINT(readability-non-const-parameter) */
{
    struct im_pipeline *p = IM_ARENA_NEW(req->arena, struct im_pipeline);

    if (!p) { /* no memory even for that */
        res->status = 500;
        res->close = true;
        return;
    }
    *p = (struct im_pipeline){
        .sandboxes = sandboxes, .req = req, .res = res, .date_ms = date_ms};
    req->exchange = &p->exchange;
    req->path = im_str_slice(req->target, 0, im_str_find(req->target, '?'));
    req->base_url = req->server_url = im_server_url(sandboxes, req);
    /* a host that is intercepted has no pages of ours for a browser */
    bool own = !req->at_proxy && !req->in_tunnel;
    req->control_url = own && sandboxes->settings.control
                           ? req->server_url
                           : sandboxes->settings.control_url;
    if (!req->began_us)
        req->began_us = im_clock_monotonic_us();
    p->by_proxy = im_proxy_takes(sandboxes, req);
    if (own && answer_browser(req, res)) {
        control_conclude(p);
    } else if (!p->by_proxy && im_control_owns(sandboxes, req)) {
        dispatch_to_control(p);
    } else {
        im_warn_of_public_url(sandboxes, req);
        dispatch_to_sandbox(p);
    }
}
