/* The control API: its routes searched as one, who may call, bodies read by tables, answers and refusals.
 * The calls are in the other files of this folder, thin above operations.h. */
#include "control/control.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "control/origin.h"

#define PREFIX "/__mock"

static bool path_is_control(struct im_str path)
{
    return im_str_is(path, PREFIX) || im_str_starts(path, PREFIX "/");
}

bool im_control_owns(const struct im_sandboxes *sandboxes, const struct im_request *req)
{
    /* a port of its own serves nothing else, so there a wrong path is this API's to refuse */
    return req->on_control_port ||
           (sandboxes->settings.control && path_is_control(req->path));
}

/* ---- the tables, searched as one ---- */

const struct im_control_table im_control_tables[IM_CONTROL_TABLES] = {
    {im_control_service_routes, &im_control_service_route_count},
    {im_control_sandbox_routes, &im_control_sandbox_route_count},
    {im_control_scenario_routes, &im_control_scenario_route_count},
    {im_control_explain_routes, &im_control_explain_route_count},
    {im_control_world_routes, &im_control_world_route_count},
    {im_control_journal_routes, &im_control_journal_route_count},
    {im_control_page_routes, &im_control_page_route_count},
};

/* Compares segment by segment; {name} and {id} take the segment at their place. */
static bool route_path_matches(const char *pattern, struct im_str path,
                               struct im_str *name, struct im_str *id)
{
    struct im_str wanted = im_str(pattern);

    while (wanted.len && path.len) {
        struct im_str want = im_str_cut(&wanted, '/');
        struct im_str have = im_str_cut(&path, '/');
        if (im_str_is(want, "{name}"))
            *name = have;
        else if (im_str_is(want, "{id}"))
            *id = have;
        else if (!im_str_eq(want, have))
            return false;
    }
    return !wanted.len && !path.len;
}

/* The route of this path and method; NULL when the path is unknown, or known but not by this
 * method: then `allow` lists those it has. */
static const struct im_control_route *control_route_of(const struct im_request *req,
                                                       struct im_str *name,
                                                       struct im_str *id,
                                                       struct im_buf *allow)
{
    struct im_str path = im_str_slice(req->path, strlen(PREFIX), req->path.len);

    if (!path_is_control(req->path))
        return NULL;
    /* RFC 9110 section 9.3.2: as GET; the listener sends no body */
    struct im_str method = im_str_is(req->method, "HEAD") ? IM_STR("GET") : req->method;

    if (!path.len)
        path = IM_STR("/");
    for (size_t t = 0; t < IM_CONTROL_TABLES; t++)
        for (size_t i = 0; i < *im_control_tables[t].count; i++) {
            const struct im_control_route *route = &im_control_tables[t].routes[i];
            if (!route_path_matches(route->path, path, name, id))
                continue;
            if (im_str_is(method, route->method))
                return route;
            im_buf_addf(allow, "%s%s", allow->len ? ", " : "", route->method);
        }
    return NULL;
}

struct im_str im_control_methods(const struct im_request *req)
{
    struct im_str name, id;
    struct im_buf list;

    im_buf_init(&list, req->arena, 0);
    control_route_of(req, &name, &id,
                     &list); /* no route has OPTIONS: all others are listed */
    return im_buf_str(&list);
}

/* ---- answering ---- */

void im_control_begin(struct im_call *call, int status)
{
    struct im_buf *body = im_response_begin(call->res, status, "application/json");

    /* each answer is the state at this time; a cache would show an older one */
    im_response_header(call->res, "Cache-Control", IM_STR("no-store"));
    im_json_out_init(&call->out, body);
}

static const char *status_error_code(int status)
{
    switch (status) {
    case 401: return "unauthorized";
    case 403: return "forbidden";
    case 404: return "not_found";
    case 405: return "method_not_allowed";
    case 409: return "conflict";
    case 500: return "internal";
    case 503: return "capacity";
    default: return "invalid_request";
    }
}

void im_control_refuse(struct im_call *call, int status, const char *field,
                       const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    im_control_begin(call, status);
    im_json_open_object(&call->out, NULL);
    im_json_strz(&call->out, "error", status_error_code(status));
    if (field)
        im_json_strz(&call->out, "field", field);
    im_json_strz(&call->out, "message", text);
    im_json_close_object(&call->out);
}

void im_control_refuse_waiting(struct im_call *call)
{
    im_control_refuse(call, 503, NULL, "%zu requests wait already; more are not let in",
                      call->sandboxes->settings.waiting_max);
}

/* Refuses for a lack of ours, memory or a bound; false when the failure is none. */
static bool control_refuse_ours(struct im_call *call, const struct im_error *err)
{
    if (err->kind == IM_ERROR_PLAIN)
        return false;
    im_control_refuse(call, err->kind == IM_ERROR_CAPACITY ? 503 : 500, NULL, "%s",
                      err->text);
    return true;
}

void im_control_refuse_fault(struct im_call *call, const struct im_json_fault *fault)
{
    const char *field =
        im_arena_copy(call->req->arena, im_str_front(fault->field, 60)).at;

    if (!control_refuse_ours(call, &fault->err))
        im_control_refuse(call, 400, field, "%s", fault->err.text);
}

void im_control_refuse_problem(struct im_call *call, const struct im_problem *problem)
{
    static const int status[] = {
        [IM_PROBLEM_INPUT] = 400, [IM_PROBLEM_ABSENT] = 404, [IM_PROBLEM_TAKEN] = 409};

    if (!control_refuse_ours(call, &problem->err))
        im_control_refuse(call, status[problem->kind], problem->field, "%s",
                          problem->err.text);
}

struct im_str im_control_api_url(const struct im_call *call)
{
    const struct im_settings *settings = &call->sandboxes->settings;

    if (settings->public_url.len || !call->req->on_control_port)
        return call->req->server_url;
    return settings->http_url.len ? settings->http_url : settings->https_url;
}

/* ---- before a handler runs ---- */

static bool call_has_token(const struct im_call *call)
{
    struct im_str wanted = call->sandboxes->settings.control_token;
    struct im_str given = im_request_header(call->req, "authorization");

    if (!wanted.len)
        return true;
    struct im_str scheme = im_str_cut(&given, ' ');
    /* in constant time: its duration must not tell how much of a guess is right */
    return im_str_eq_nocase(scheme, IM_STR("bearer")) &&
           im_secret_eq(im_str_trim(given), wanted);
}

static bool call_refuse_flaw(struct im_call *call)
{
    static const int status[] = {
        [IM_REQUEST_MALFORMED] = 400,      [IM_REQUEST_HEADERS_TOO_LARGE] = 431,
        [IM_REQUEST_BODY_TOO_LARGE] = 413, [IM_REQUEST_BODY_CUT] = 408,
        [IM_REQUEST_METHOD_UNKNOWN] = 501, [IM_REQUEST_ENCODED] = 415,
        [IM_REQUEST_HTTP2] = 505,          [IM_REQUEST_OVER_CAPACITY] = 503};

    if (call->req->flaw == IM_REQUEST_SOUND)
        return false;
    im_control_refuse(call, status[call->req->flaw], NULL, "%.*s",
                      IM_ARG(call->req->flaw_text));
    return true;
}

static bool call_read_body(struct im_call *call)
{
    struct im_json_error error;

    /* no body is the same as {}: many calls have nothing that must be said */
    if (!im_str_trim(call->req->body).len)
        return true;
    call->body = im_json_parse(call->req->arena, call->req->body, &error);
    if (!call->body) {
        im_control_refuse(call, 400, NULL, "the body is not JSON: line %u, column %u: %s",
                          error.line, error.column, error.what);
        return false;
    }
    if (call->body->type != IM_JSON_OBJECT) {
        im_control_refuse(call, 400, NULL, "the body must be a JSON object, not %s",
                          im_json_type_name(call->body->type));
        return false;
    }
    return true;
}

const struct im_json_table im_control_nothing = {
    .name = "Nothing",
    .size = 1,
    .about = "no field; no body at all is the same"};

const struct im_json_table im_control_any_text = {.name = "AnyText"};

static bool call_read_params(struct im_call *call, const struct im_json_table *table)
{
    static const struct im_json empty = {.type = IM_JSON_OBJECT};
    struct im_json_fault fault = {.at = NULL};
    struct im_json_reader r = {.arena = call->req->arena, .faults = &fault, .room = 1};

    if (!table || !table->size)
        return true;
    call->params = im_json_read_new(&r, table, call->body ? call->body : &empty);
    if (!call->params)
        im_control_refuse_fault(call, &fault);
    return call->params != NULL;
}

/* Ending a sandbox must not make it first. */
static bool route_ends_box(const struct im_control_route *route)
{
    return strcmp(route->method, "DELETE") == 0 && im_str_ends(im_str(route->path), "}");
}

/* Touching a sandbox makes it, here as at its base URL. */
static bool call_find_box(struct im_call *call, const struct im_control_route *route)
{
    struct im_str decoded;
    struct im_error err;

    if (!call->name.at)
        return true;
    if (im_url_decode(call->req->arena, call->name, false, &decoded))
        call->name = decoded;
    if (route_ends_box(route))
        return true;
    call->box = im_sandboxes_touch(call->sandboxes, call->name, &err);
    if (!call->box && !control_refuse_ours(call, &err))
        im_control_refuse(call, 404, NULL, "there is no sandbox \"%.*s\": %s",
                          IM_ARG(im_str_front(call->name, 80)), err.text);
    return call->box != NULL;
}

/* Strict, as all of this API: what only bodies say would be done to all where a query was to choose
 * (DELETE …/requests?endpoint=token), and of a parameter that stands twice one would be dropped. */
static bool call_check_query(struct im_call *call, const struct im_control_route *route)
{
    struct im_params params;
    struct im_error err;

    if (!im_request_query(call->req, &params, &err)) {
        im_control_refuse(call, 400, NULL, "the query cannot be read: %s", err.text);
        return false;
    }
    bool reads = strcmp(route->method, "GET") == 0;
    for (size_t i = 0; i < params.count; i++) {
        struct im_str name = params.items[i].name;
        const char *field = im_arena_copy(call->req->arena, name).at;
        if (reads && im_param_count(&params, field) == 1)
            continue;
        im_control_refuse(
            call, 400, field,
            reads ? "the parameter \"%.*s\" stands more than once in the query"
                  : "\"%.*s\": %s takes no parameters in its query; what it "
                    "takes goes into the body",
            IM_ARG(im_str_front(name, 60)), route->method);
        return false;
    }
    return true;
}

static void call_refuse_route(struct im_call *call, const struct im_buf *allow)
{
    if (!allow->len) {
        im_control_refuse(call, 404, NULL,
                          "there is no %.*s; GET " PREFIX "/ lists what there is",
                          IM_ARG(im_str_slice(call->req->path, 0, 120)));
        return;
    }
    im_control_refuse(call, 405, NULL, "%.*s does not take %.*s but %.*s",
                      IM_ARG(im_str_slice(call->req->path, 0, 120)),
                      IM_ARG(call->req->method), IM_ARG(im_buf_str(allow)));
    im_response_header(call->res, "Allow", im_buf_str(allow));
}

/* Origin and token before anything else is said, also before 404 and 405: a page of another origin and
 * a caller without the token learn nothing. Open routes (health, ready, CA) are for those who cannot
 * have the token yet. */
static void call_run(struct im_call *call)
{
    struct im_buf allow;

    if (call_refuse_flaw(call)) /* path and headers may be incomplete */
        return;
    im_buf_init(&allow, call->req->arena, 200);
    const struct im_control_route *route =
        control_route_of(call->req, &call->name, &call->id, &allow);
    struct im_str foreign = im_control_origin_refusal(call->sandboxes, call->req);
    bool open = route && route->open == IM_CONTROL_OPEN;

    if (!open && foreign.len) {
        im_control_refuse(call, 403, NULL, "%.*s", IM_ARG(foreign));
        return;
    }
    bool page =
        route && route->open == IM_CONTROL_PAGE && im_control_wants_page(call->req);

    if (!page && !open && !call_has_token(call)) {
        im_control_refuse(
            call, 401, NULL,
            "this control API wants Authorization: Bearer with the --control-token");
        im_response_header(call->res, "WWW-Authenticate",
                           IM_STR("Bearer realm=\"control\""));
        return;
    }
    if (page)
        im_control_answer_page(call);
    else if (!route)
        call_refuse_route(call, &allow);
    else if (call_check_query(call, route) && call_find_box(call, route) &&
             (route->body == &im_control_any_text ||
              (call_read_body(call) && call_read_params(call, route->body))))
        route->answer(call);
}

void im_control_end(struct im_call *call)
{
    struct im_response *res = call->res;

    im_sandboxes_unref(call->sandboxes, call->box);
    if (!call->req->arena->failed && !res->body.failed)
        return;
    /* the answer may lack a part: it is replaced as a whole; lists are what takes memory */
    im_response_clear(res);
    im_control_refuse(call, 500, NULL,
                      "out of memory while answering; ask for less, with ?since=");
}

void im_control_answer(struct im_sandboxes *sandboxes, struct im_request *req,
                       struct im_response *res)
{
    struct im_call *call = IM_ARENA_NEW(req->arena, struct im_call);

    if (!call) { /* no memory even for a body */
        res->status = 500;
        res->close = true;
        return;
    }
    *call = (struct im_call){.sandboxes = sandboxes, .req = req, .res = res};
    call_run(call);
    if (!res->resume)
        im_control_end(call);
}
