#include "router.h"

#include <string.h>

#include "base/crypto.h"
#include "base/sanitize.h"
#include "causes/refusal.h"
#include "control/control.h"
#include "endpoints/endpoint.h"
#include "http/redact.h"
#include "router_parts.h"

/* ---- the table ---- */

static const struct im_route routes[] = {
    /* Sage Intacct's REST API. The captured discovery document names /ia/authorize as well. */
    {OAUTH "token", "POST", IM_ENDPOINT_TOKEN, IM_PLACE_TOKEN, im_endpoint_token},
    {OAUTH "authorize", "GET POST", IM_ENDPOINT_AUTHORIZE, IM_PLACE_TOKEN,
     im_endpoint_authorize},
    {"/ia/authorize", "GET POST", IM_ENDPOINT_AUTHORIZE, IM_PLACE_TOKEN,
     im_endpoint_authorize},
    {OAUTH "revoke", "POST", IM_ENDPOINT_REVOKE, IM_PLACE_TOKEN, im_endpoint_revoke},
    {OAUTH "introspect", "POST", IM_ENDPOINT_INTROSPECT, IM_PLACE_TOKEN,
     im_endpoint_introspect},
    {"/.well-known/openid-configuration", "GET HEAD", IM_ENDPOINT_DISCOVERY,
     IM_PLACE_TOKEN, im_endpoint_discovery},
    {"/.well-known/jwks.json", "GET HEAD", IM_ENDPOINT_JWKS, IM_PLACE_TOKEN,
     im_endpoint_jwks},
    {API "objects/*", "GET POST PATCH DELETE", IM_ENDPOINT_RESOURCE, IM_PLACE_API,
     im_endpoint_resource},
    {API "services/core/query", "POST", IM_ENDPOINT_QUERY, IM_PLACE_API,
     im_endpoint_query},
    {API "services/core/model", "GET", IM_ENDPOINT_MODEL, IM_PLACE_API,
     im_endpoint_model},
    {API "services/core/session/id", "GET", IM_ENDPOINT_SESSION, IM_PLACE_API,
     im_endpoint_session},
    /* The article's dialect; its sample spells the token path twice. */
    {ARTICLE "oauth2/token", "POST", IM_ENDPOINT_TOKEN, IM_PLACE_ARTICLE,
     im_endpoint_token},
    {ARTICLE "oauth/token", "POST", IM_ENDPOINT_TOKEN, IM_PLACE_ARTICLE,
     im_endpoint_token},
    {ARTICLE "oauth2/authorize", "GET POST", IM_ENDPOINT_AUTHORIZE, IM_PLACE_ARTICLE,
     im_endpoint_authorize},
    {ARTICLE "oauth/authorize", "GET POST", IM_ENDPOINT_AUTHORIZE, IM_PLACE_ARTICLE,
     im_endpoint_authorize},
    {ARTICLE "oauth2/revoke", "POST", IM_ENDPOINT_REVOKE, IM_PLACE_ARTICLE,
     im_endpoint_revoke},
    {ARTICLE "oauth/revoke", "POST", IM_ENDPOINT_REVOKE, IM_PLACE_ARTICLE,
     im_endpoint_revoke},
    {"/api/v1/*", "GET POST PATCH DELETE", IM_ENDPOINT_RESOURCE, IM_PLACE_ARTICLE,
     im_endpoint_article},
};
enum { ROUTES = sizeof(routes) / sizeof(routes[0]) };

const char *im_route_path(size_t index, const char **methods, const char **endpoint)
{
    if (index >= ROUTES)
        return NULL;
    *methods = routes[index].methods;
    *endpoint = im_endpoint_name(routes[index].endpoint);
    return routes[index].path;
}

static bool route_matches(const struct im_route *route, struct im_str path,
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

static const struct im_route *route_of(struct im_request *req)
{
    if (im_path_lacks_ia(req->path))
        return NULL;
    for (size_t i = 0; i < ROUTES; i++)
        if (route_matches(&routes[i], req->path, &req->rest))
            return &routes[i];
    return NULL;
}

/* ---- the pipeline ---- */

/* One request on its way, and what its sandbox's scenario has in mind for it. */
struct walk {
    struct im_sandboxes *sandboxes;
    struct im_sandbox *box;
    struct im_request *req;
    struct im_response *res;
    struct im_authority *authority; /* while the sandbox is entered */
    const struct im_route *route;   /* NULL = there is no such path */
    struct im_plan plan;
};

static void warn(const struct walk *walk, const char *event, const char *why)
{
    const struct im_log *log = &walk->sandboxes->settings.log;
    const struct im_log_field fields[] = {
        {"sandbox", walk->box->name}, {"why", im_str(why)}, {NULL, {NULL, 0}}};

    if (im_log_wants(log, IM_LOG_WARN))
        im_log_line(log, IM_LOG_WARN, im_clock_real_ms(), event, fields);
}

/* Refused because a scenario says so. What the ordinary way would have learnt of who asks is in
 * the plan's facts. */
static enum im_cause refuse_by_name(const struct walk *walk)
{
    struct im_exchange *exchange = walk->req->exchange;
    const struct im_exchange *asked = walk->plan.asked;
    struct im_arena *arena = walk->req->arena;

    exchange->grant = im_sanitize(arena, asked->grant);
    exchange->client_id = im_sanitize(arena, asked->client_id);
    exchange->user = im_sanitize(arena, asked->user);
    exchange->scope = im_sanitize(arena, asked->scope);
    if (walk->plan.token.len)
        exchange->token = im_fingerprint(arena, walk->plan.token);
    if (walk->route && walk->route->answer == im_endpoint_authorize) {
        enum im_cause unsound = im_authorize_address(walk->authority, walk->req);
        if (unsound)
            return unsound;
    }
    exchange->bearer_challenge = exchange->place != IM_PLACE_TOKEN;
    return im_refuse(walk->req, walk->plan.refuse, "%.*s", IM_ARG(walk->plan.evidence));
}

/* The ordinary answer. */
static enum im_cause decide(const struct walk *walk)
{
    struct im_request *req = walk->req;
    const struct im_route *route = walk->route;

    if (req->flaw != IM_REQUEST_SOUND)
        return im_refuse_flaw(req);
    if (!route)
        return im_refuse_path(req);
    if (!im_str_in_list(im_str(route->methods), req->method))
        return im_refuse_method(req, route);
    return route->answer(walk->authority, req, walk->res);
}

/* First the truth changes, then the request meets it. A change that is not possible is one for a
 * client or user that the request makes up: it is refused for that in the ordinary way. */
static enum im_cause answer(const struct walk *walk)
{
    const struct im_wire *wire = im_plan_wire(&walk->plan);
    struct im_request *req = walk->req;
    struct im_error err;

    im_note_host(req);
    if (walk->plan.world_count) {
        if (!im_plan_change_world(&walk->plan, walk->authority, req->now_ms, &err))
            warn(walk, "a scenario's change of the world was not possible", err.text);
        req->now_ms = im_clock_now_ms(&walk->authority->clock);
    }
    if (walk->plan.refuse != CAUSE_NONE)
        return refuse_by_name(walk);
    return wire && im_wire_replaces(wire) ? CAUSE_NONE : decide(walk);
}

static void add_hints(const struct im_sandboxes *sandboxes, const struct im_request *req,
                      struct im_response *res)
{
    const struct im_settings *settings = &sandboxes->settings;
    const struct im_exchange *exchange = req->exchange;
    struct im_str base = settings->control ? req->server_url : settings->control_url;

    if (!settings->hints)
        return;
    if (exchange->cause != CAUSE_NONE) {
        const char *id = im_cause_row(exchange->cause)->id;
        im_response_header(res, "X-Intacct-Mock-Cause", im_str(id));
        im_response_header(res, "X-Intacct-Mock-Evidence", exchange->evidence);
        if (base.len)
            im_response_headerf(res, "Link", "<%.*s/__mock/causes/%s>; rel=\"help\"",
                                IM_ARG(base), id);
    }
    if (exchange->note_count)
        im_response_headerf(res, "X-Intacct-Mock-Note", "%s: %.*s",
                            im_cause_row(exchange->notes[0].cause)->id,
                            IM_ARG(exchange->notes[0].text));
}

/* Memory ran out on the way: whatever stands in res is not to be trusted. */
static void answer_internal(struct im_request *req, struct im_response *res,
                            struct im_authority *authority,
                            const struct im_policy *policy)
{
    struct im_exchange *exchange = req->exchange;

    exchange->cause = exchange->worded_as = CAUSE_INTERNAL;
    exchange->evidence = IM_STR("out of memory while answering");
    exchange->page = false;
    im_response_clear(res);
    im_refusal_render(req, res, policy, &authority->rng);
}

static void log_exchange(const struct im_log *log, enum im_log_level level,
                         const struct im_request *req, const struct im_response *res)
{
    const struct im_exchange *exchange = req->exchange;
    const char *cause =
        exchange->cause == CAUSE_NONE ? "" : im_cause_row(exchange->cause)->id;
    const struct im_log_field facts[] = {
        {"method", req->method},         {"path", im_redact_url(req->arena, req->path)},
        {"client", exchange->client_id}, {"user", exchange->user},
        {"grant", exchange->grant},      {"token", exchange->token},
        {"cause", im_str(cause)},        {"evidence", exchange->evidence},
    };
    enum { FACTS = sizeof(facts) / sizeof(facts[0]) };
    struct im_log_field known[FACTS + 2] = {{.name = NULL}};
    size_t n = 0;

    if (!im_log_wants(log, level))
        return;
    known[n++] =
        (struct im_log_field){"status", im_arena_format(req->arena, "%d", res->status)};
    for (size_t i = 0; i < FACTS; i++)
        if (facts[i].value.len)
            known[n++] = facts[i];
    im_log_line(log, level, im_clock_real_ms(),
                exchange->endpoint ? im_endpoint_name(exchange->endpoint) : "control",
                known);
}

static void enter(struct walk *walk)
{
    walk->authority = im_sandbox_enter(walk->box);
    walk->req->now_ms = im_clock_now_ms(&walk->authority->clock);
}

static void wait_on_purpose(const struct walk *walk, const struct im_wire *wire)
{
    if (wire->hold_until)
        im_barrier_wait(walk->box->barrier, walk->plan.taken, wire->hold_until,
                        wire->hold_ms);
    if (wire->delay_ms)
        im_barrier_wait(walk->box->barrier, walk->req, 0, wire->delay_ms);
}

/* Not when so many wait that others would not get a thread. */
static void wait_if_room(const struct walk *walk, const struct im_wire *wire)
{
    struct im_sandboxes *sandboxes = walk->sandboxes;

    if (atomic_fetch_add(&sandboxes->waiting, 1) < sandboxes->settings.waiting_max)
        wait_on_purpose(walk, wire);
    else
        warn(walk, "a request that should wait goes on at once",
             "half of the threads wait already; see --threads");
    atomic_fetch_sub(&sandboxes->waiting, 1);
}

static bool waits(const struct im_wire *wire, bool after)
{
    return wire && (wire->hold_until || wire->delay_ms) && wire->after == after;
}

/* A client waits for a stalled answer until it has had enough: only from then on is it a pause. */
struct open_end {
    struct im_sandboxes *sandboxes;
    struct im_sandbox *box; /* kept until then */
    uint64_t id;
};

static void close_end(void *context)
{
    const struct open_end *end = context;

    im_journal_delivered(end->box->journal, end->id);
    im_sandboxes_unref(end->sandboxes, end->box);
}

static void watch_end(const struct walk *walk, uint64_t id)
{
    struct open_end *end = IM_ARENA_NEW(walk->req->arena, struct open_end);

    if (!end)
        return;
    *end = (struct open_end){walk->sandboxes, walk->box, id};
    im_sandboxes_ref(walk->sandboxes, walk->box);
    walk->res->delivered = close_end;
    walk->res->delivered_context = end;
}

static const struct im_route *find_route(struct im_request *req)
{
    struct im_exchange *exchange = req->exchange;
    const struct im_route *route = route_of(req);

    exchange->place = route ? route->place : im_place_of(req->path);
    exchange->endpoint = route ? route->endpoint : IM_ENDPOINT_UNKNOWN;
    return route;
}

static void make_plan(struct walk *walk)
{
    struct im_exchange *exchange = walk->req->exchange;
    struct im_plan *plan = &walk->plan;

    walk->route = find_route(walk->req);
    im_scenario_plan(walk->box->scenario_state, walk->authority, walk->req, plan);
    const struct im_wire *wire = im_plan_wire(plan);
    exchange->rule = im_plan_rule(plan);
    exchange->effect = im_plan_effect(plan);
    exchange->grant_id = plan->asked ? plan->asked->grant_id : 0;
    if (wire)
        exchange->fault = im_wire_fault(wire);
    if (waits(wire, true))
        exchange->delay_ms = wire->delay_ms;
}

static void dispatch(struct im_sandboxes *sandboxes, struct im_sandbox *box,
                     struct im_request *req, struct im_response *res)
{
    struct walk walk = {.sandboxes = sandboxes, .box = box, .req = req, .res = res};
    int64_t began_us = im_clock_monotonic_us();

    atomic_fetch_add(&box->open, 1);
    enter(&walk);
    /* before it may be held: who was in flight together stays so */
    req->arrived = atomic_fetch_add(&walk.authority->arrivals, 1) + 1;
    make_plan(&walk);
    const struct im_wire *wire = im_plan_wire(&walk.plan);
    if (waits(wire, false)) {
        im_sandbox_leave(box);
        wait_if_room(&walk, wire);
        enter(&walk);
    }
    struct im_policy policy = im_authority_policy(walk.authority);
    enum im_cause cause = answer(&walk);
    if (cause != CAUSE_NONE)
        im_refusal_render(req, res, &policy, &walk.authority->rng);
    if (req->arena->failed || res->body.failed)
        answer_internal(req, res, walk.authority, &policy);
    add_hints(sandboxes, req, res);
    if (wire)
        im_wire_apply(wire, res);
    if (wire)
        im_wire_locate(wire, req->base_url, res);
    im_cors_allow(sandboxes, req, res);
    req->exchange->duration_us = im_clock_monotonic_us() - began_us;
    im_exchange_complete(req, res);
    uint64_t id = im_journal_add(box->journal, req->exchange);
    atomic_fetch_sub(&box->open, 1);
    if (res->damage.stall)
        watch_end(&walk, id);
    im_metrics_count(&sandboxes->metrics, req->exchange);
    /* before leaving: what the outcome names may live in the authority that a reset frees */
    log_exchange(&sandboxes->settings.log, IM_LOG_INFO, req, res);
    im_sandbox_leave(box);
    if (waits(wire, true))
        wait_if_room(&walk, wire);
    im_plan_release(&walk.plan);
}

/* ---- the way in ---- */

/* A sandbox that cannot be: refused in the default one, where its journal shows it. */
static void refuse_box(struct im_sandboxes *sandboxes, struct im_request *req,
                       struct im_response *res, const char *why)
{
    struct im_sandbox *box = sandboxes->standard;
    struct im_authority *authority = im_sandbox_enter(box);
    struct im_policy policy = im_authority_policy(authority);

    req->now_ms = im_clock_now_ms(&authority->clock);
    req->exchange->endpoint = IM_ENDPOINT_UNKNOWN;
    req->exchange->place = im_place_of(req->path);
    im_refuse(req, CAUSE_SCENARIO_UNKNOWN, "%s", why);
    im_refusal_render(req, res, &policy, &authority->rng);
    add_hints(sandboxes, req, res);
    im_cors_allow(sandboxes, req, res);
    im_exchange_complete(req, res);
    im_journal_add(box->journal, req->exchange);
    log_exchange(&sandboxes->settings.log, IM_LOG_INFO, req, res);
    im_sandbox_leave(box);
}

/* The browser asks, not the integration: no rule of a scenario counts it or meddles. */
static void answer_preflight(struct im_sandboxes *sandboxes, struct im_sandbox *box,
                             struct im_request *req, struct im_response *res)
{
    struct im_authority *authority = im_sandbox_enter(box);
    const struct im_route *route = find_route(req);

    req->now_ms = im_clock_now_ms(&authority->clock);
    im_cors_preflight(req, im_str(route ? route->methods : NULL), res);
    im_exchange_complete(req, res);
    im_journal_add(box->journal, req->exchange);
    im_metrics_count(&sandboxes->metrics, req->exchange);
    log_exchange(&sandboxes->settings.log, IM_LOG_INFO, req, res);
    im_sandbox_leave(box);
}

static void answer_control(struct im_sandboxes *sandboxes, struct im_request *req,
                           struct im_response *res)
{
    req->now_ms = im_clock_real_ms();
    if (im_cors_is_preflight(sandboxes, req)) {
        im_cors_preflight(req, im_control_methods(req), res);
    } else {
        im_control_answer(sandboxes, req, res);
        im_cors_allow(sandboxes, req, res);
    }
    log_exchange(&sandboxes->settings.log, IM_LOG_DEBUG, req, res);
}

void im_answer(struct im_sandboxes *sandboxes, struct im_request *req,
               struct im_response *res, int64_t *date_ms)
{
    struct im_exchange exchange = {.cause = CAUSE_NONE};
    struct im_error err = {.text = ""};

    req->exchange = &exchange;
    req->path = im_str_slice(req->target, 0, im_str_find(req->target, '?'));
    req->base_url = req->server_url = im_server_url(sandboxes, req);
    if (!req->began_us)
        req->began_us = im_clock_monotonic_us();
    if (im_control_owns(sandboxes, req)) {
        answer_control(sandboxes, req, res);
        *date_ms = req->now_ms;
    } else {
        im_warn_of_public_url(sandboxes, req);
        struct im_sandbox *box = im_find_box(sandboxes, req, &err);
        if (im_cors_is_preflight(sandboxes, req))
            answer_preflight(sandboxes, box ? box : sandboxes->standard, req, res);
        else if (box)
            dispatch(sandboxes, box, req, res);
        else
            refuse_box(sandboxes, req, res, err.text);
        im_sandboxes_unref(sandboxes, box);
        *date_ms = req->now_ms;
    }
    req->exchange = NULL;
}
