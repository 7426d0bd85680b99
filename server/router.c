#include "router.h"

#include <string.h>

#include "base/crypto.h"
#include "control/control.h"
#include "endpoints/endpoint.h"
#include "oauth/refusal.h"

/* ---- the table ---- */

struct route {
    const char
        *path; /* under the base URL; a final '*' matches the rest, which is not empty */
    const char *methods; /* space-separated */
    const char *name;    /* the endpoint's name in the journal */
    enum im_place place;
    im_endpoint *answer;
};

#define OAUTH   "/ia/api/v1/oauth2/"
#define API     "/ia/api/v1/"
#define ARTICLE "/identity/v2/"

static const struct route routes[] = {
    /* Sage Intacct's REST API. The captured discovery document names /ia/authorize as well. */
    {OAUTH "token", "POST", "token", IM_PLACE_TOKEN, im_endpoint_token},
    {OAUTH "authorize", "GET POST", "authorize", IM_PLACE_TOKEN, im_endpoint_authorize},
    {"/ia/authorize", "GET POST", "authorize", IM_PLACE_TOKEN, im_endpoint_authorize},
    {OAUTH "revoke", "POST", "revoke", IM_PLACE_TOKEN, im_endpoint_revoke},
    {OAUTH "introspect", "POST", "introspect", IM_PLACE_TOKEN, im_endpoint_introspect},
    {"/.well-known/openid-configuration", "GET HEAD", "discovery", IM_PLACE_TOKEN,
     im_endpoint_discovery},
    {"/.well-known/jwks.json", "GET HEAD", "jwks", IM_PLACE_TOKEN, im_endpoint_jwks},
    {API "objects/*", "GET POST PATCH DELETE", "resource", IM_PLACE_API,
     im_endpoint_resource},
    {API "services/core/query", "POST", "query", IM_PLACE_API, im_endpoint_query},
    {API "services/core/model", "GET", "model", IM_PLACE_API, im_endpoint_model},
    {API "services/core/session/id", "GET", "session", IM_PLACE_API, im_endpoint_session},
    /* The article's dialect; its sample spells the token path twice. */
    {ARTICLE "oauth2/token", "POST", "token", IM_PLACE_ARTICLE, im_endpoint_token},
    {ARTICLE "oauth/token", "POST", "token", IM_PLACE_ARTICLE, im_endpoint_token},
    {ARTICLE "oauth2/authorize", "GET POST", "authorize", IM_PLACE_ARTICLE,
     im_endpoint_authorize},
    {ARTICLE "oauth/authorize", "GET POST", "authorize", IM_PLACE_ARTICLE,
     im_endpoint_authorize},
    {ARTICLE "oauth2/revoke", "POST", "revoke", IM_PLACE_ARTICLE, im_endpoint_revoke},
    {ARTICLE "oauth/revoke", "POST", "revoke", IM_PLACE_ARTICLE, im_endpoint_revoke},
    {"/api/v1/*", "GET POST PATCH DELETE", "resource", IM_PLACE_ARTICLE,
     im_endpoint_article},
};
enum { ROUTES = sizeof(routes) / sizeof(routes[0]) };

const char *im_route_path(size_t index, const char **methods, const char **endpoint)
{
    if (index >= ROUTES)
        return NULL;
    *methods = routes[index].methods;
    *endpoint = routes[index].name;
    return routes[index].path;
}

static bool route_matches(const struct route *route, struct im_str path,
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
static bool lacks_ia(struct im_str path)
{
    return im_str_starts(path, "/api/v1/oauth2/") ||
           im_str_starts(path, "/api/v1/objects/") ||
           im_str_starts(path, "/api/v1/services/");
}

static const struct route *route_of(struct im_request *req)
{
    if (lacks_ia(req->path))
        return NULL;
    for (size_t i = 0; i < ROUTES; i++)
        if (route_matches(&routes[i], req->path, &req->rest))
            return &routes[i];
    return NULL;
}

/* ---- where a request that has no route is answered, and what it probably meant ---- */

static enum im_place place_of(struct im_str path)
{
    if (im_str_starts(path, "/identity/") || im_str_starts(path, "/api/"))
        return IM_PLACE_ARTICLE;
    return im_str_starts(path, OAUTH) ? IM_PLACE_TOKEN : IM_PLACE_API;
}

/* The real path that this one is a slip of the pen away from; NULL when there is none. */
static const char *nearest_path(struct im_str path)
{
    struct im_str known[ROUTES];

    for (size_t i = 0; i < ROUTES; i++)
        known[i] = im_str(routes[i].path);
    int nearest = im_str_nearest(path, known, ROUTES);
    return nearest < 0 ? NULL : routes[nearest].path;
}

static enum im_cause refuse_path(struct im_request *req)
{
    if (lacks_ia(req->path))
        return im_refuse(req, CAUSE_PATH_UNKNOWN, "the path lacks its /ia: /ia%.*s",
                         IM_ARG(im_str_slice(req->path, 0, 120)));
    bool oauth = im_str_starts(req->path, OAUTH);
    struct im_str shown = im_str_slice(im_redact_url(req->arena, req->path), 0, 120);
    const char *nearest = nearest_path(req->path);

    return im_refuse(
        req, oauth ? CAUSE_TOKEN_ENDPOINT_UNKNOWN : CAUSE_PATH_UNKNOWN,
        nearest ? "there is no %.*s; the nearest real path is %s"
                : "there is no %.*s, nor a path like it; the token endpoint is %s",
        IM_ARG(shown), nearest ? nearest : OAUTH "token");
}

/* "GET POST" → "GET, POST": what an Allow header wants (RFC 9110 section 10.2.1). */
static const char *comma_separated(struct im_arena *arena, const char *words)
{
    struct im_str rest = im_str(words);
    struct im_buf list;

    im_buf_init(&list, arena, 0);
    while (rest.len) {
        im_buf_add(&list, im_str_cut(&rest, ' '));
        im_buf_addz(&list, rest.len ? ", " : "");
    }
    return im_arena_copy(arena, im_buf_str(&list)).at;
}

static enum im_cause refuse_method(struct im_request *req, const struct route *route)
{
    req->outcome->allow = comma_separated(req->arena, route->methods);
    return im_refuse(req, CAUSE_METHOD_NOT_ALLOWED, "%.*s was sent to %s, which takes %s",
                     IM_ARG(req->method), route->path, route->methods);
}

/* Requests that never became HTTP, or are too large to be looked at. */
static enum im_cause refuse_flaw(struct im_request *req)
{
    static const enum im_cause causes[] = {
        [IM_REQUEST_MALFORMED] = CAUSE_REQUEST_MALFORMED,
        [IM_REQUEST_HEADERS_TOO_LARGE] = CAUSE_HEADERS_TOO_LARGE,
        [IM_REQUEST_BODY_TOO_LARGE] = CAUSE_REQUEST_TOO_LARGE,
        [IM_REQUEST_BODY_CUT] = CAUSE_REQUEST_INCOMPLETE,
        [IM_REQUEST_METHOD_UNKNOWN] = CAUSE_METHOD_UNKNOWN,
    };

    return im_refuse(req, causes[req->flaw], "%.*s", IM_ARG(req->flaw_text));
}

#define SAGES_HOST "api.intacct.com"

/* The article's own sample mistypes the host, and a proxy or hosts file may carry that here. */
static void note_host(struct im_request *req)
{
    struct im_str host = im_request_header(req, "host");
    struct im_str name = im_str_slice(host, 0, im_str_find(host, ':'));

    if (name.len + 2 >= strlen(SAGES_HOST) && name.len <= strlen(SAGES_HOST) + 2 &&
        !im_str_is(name, SAGES_HOST) && im_str_distance(name, IM_STR(SAGES_HOST)) <= 2)
        im_note(req, CAUSE_HOST_MISSPELLED, "Host says \"%.*s\"; Sage's is " SAGES_HOST,
                IM_ARG(name));
}

/* ---- the corridor ---- */

static enum im_cause decide(struct im_authority *authority, struct im_request *req,
                            struct im_response *res)
{
    const struct route *route = route_of(req);
    struct im_outcome *outcome = req->outcome;

    outcome->place = route ? route->place : place_of(req->path);
    outcome->endpoint = route ? route->name : "unknown";
    note_host(req);
    if (req->flaw != IM_REQUEST_SOUND)
        return refuse_flaw(req);
    if (!route)
        return refuse_path(req);
    if (!im_str_in_list(im_str(route->methods), req->method))
        return refuse_method(req, route);
    return route->answer(authority, req, res);
}

static void add_hints(const struct im_sandboxes *sandboxes, const struct im_request *req,
                      struct im_response *res)
{
    const struct im_settings *settings = &sandboxes->settings;
    const struct im_outcome *outcome = req->outcome;
    struct im_str base = settings->control ? req->base_url : settings->control_url;

    if (!settings->hints)
        return;
    if (outcome->cause != CAUSE_NONE) {
        const char *id = im_cause_row(outcome->cause)->id;
        im_response_header(res, "X-Intacct-Mock-Cause", im_str(id));
        im_response_header(res, "X-Intacct-Mock-Evidence", outcome->evidence);
        if (base.len)
            im_response_headerf(res, "Link", "<%.*s/__mock/causes/%s>; rel=\"help\"",
                                IM_ARG(base), id);
    }
    if (outcome->note_count)
        im_response_headerf(res, "X-Intacct-Mock-Note", "%s: %.*s",
                            im_cause_row(outcome->notes[0].cause)->id,
                            IM_ARG(outcome->notes[0].text));
}

/* Memory ran out on the way: whatever stands in res is not to be trusted. */
static void answer_internal(struct im_request *req, struct im_response *res,
                            struct im_authority *authority,
                            const struct im_policy *policy)
{
    struct im_outcome *outcome = req->outcome;

    outcome->cause = outcome->worded_as = CAUSE_INTERNAL;
    outcome->evidence = IM_STR("out of memory while answering");
    outcome->page = false;
    im_response_clear(res);
    im_refusal_render(req, res, policy, &authority->rng);
}

static void log_exchange(const struct im_log *log, const struct im_request *req,
                         const struct im_response *res)
{
    const struct im_outcome *outcome = req->outcome;
    const char *cause =
        outcome->cause == CAUSE_NONE ? "" : im_cause_row(outcome->cause)->id;
    const struct im_log_field facts[] = {
        {"method", req->method},        {"path", im_redact_url(req->arena, req->path)},
        {"client", outcome->client_id}, {"user", outcome->user},
        {"grant", outcome->grant},      {"token", outcome->token},
        {"cause", im_str(cause)},       {"evidence", outcome->evidence},
    };
    enum { FACTS = sizeof(facts) / sizeof(facts[0]) };
    struct im_log_field known[FACTS + 2] = {{.name = NULL}};
    size_t n = 0;

    if (!im_log_wants(log, IM_LOG_INFO))
        return;
    known[n++] =
        (struct im_log_field){"status", im_arena_format(req->arena, "%d", res->status)};
    for (size_t i = 0; i < FACTS; i++)
        if (facts[i].value.len)
            known[n++] = facts[i];
    im_log_line(log, IM_LOG_INFO, im_clock_real_ms(), outcome->endpoint, known);
}

static void dispatch(struct im_sandboxes *sandboxes, struct im_sandbox *box,
                     struct im_request *req, struct im_response *res)
{
    int64_t began_us = im_clock_monotonic_us();
    struct im_authority *authority = im_sandbox_enter(box);
    struct im_policy policy = im_authority_policy(authority);

    req->now_ms = im_clock_now_ms(&authority->clock);
    req->arrived = atomic_fetch_add(&authority->arrivals, 1) + 1;
    enum im_cause cause = decide(authority, req, res);
    if (cause != CAUSE_NONE)
        im_refusal_render(req, res, &policy, &authority->rng);
    if (req->arena->failed || res->body.failed)
        answer_internal(req, res, authority, &policy);
    add_hints(sandboxes, req, res);
    im_journal_add(box->journal, req, res, im_clock_monotonic_us() - began_us);
    /* before leaving: what the outcome names may live in the authority that a reset frees */
    log_exchange(&sandboxes->settings.log, req, res);
    im_sandbox_leave(box);
}

/* ---- what the client believes our address is ---- */

static bool is_host(struct im_str host)
{
    for (size_t i = 0; i < host.len; i++)
        if (!strchr(
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]_",
                host.at[i]))
            return false;
    return host.len > 0 && host.len < 256;
}

static struct im_str base_url_of(const struct im_sandboxes *sandboxes,
                                 const struct im_request *req)
{
    struct im_str host = im_request_header(req, "host");

    if (sandboxes->settings.public_url.len)
        return sandboxes->settings.public_url;
    if (!is_host(host))
        return req->local_base;
    return im_arena_format(req->arena, "%s://%.*s", req->tls ? "https" : "http",
                           IM_ARG(host));
}

static struct im_str path_of(struct im_str target)
{
    return im_str_slice(target, 0, im_str_find(target, '?'));
}

void im_answer(struct im_sandboxes *sandboxes, struct im_request *req,
               struct im_response *res, int64_t *date_ms)
{
    struct im_outcome outcome = {.cause = CAUSE_NONE};

    req->outcome = &outcome;
    req->path = path_of(req->target);
    req->base_url = base_url_of(sandboxes, req);
    if (im_control_owns(sandboxes, req)) {
        *date_ms = req->now_ms = im_clock_real_ms();
        im_control_answer(sandboxes, req, res);
    } else {
        dispatch(sandboxes, sandboxes->standard, req, res);
        *date_ms = req->now_ms;
    }
    req->outcome = NULL;
}
