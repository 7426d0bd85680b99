/* Requests that are refused before an endpoint is asked: wrong path, wrong method, no HTTP. */
#include <string.h>

#include "base/crypto.h"
#include "http/redact.h"
#include "journal.h"
#include "oauth/credentials.h"
#include "router.h"
#include "router_parts.h"

/* Sage's own documentation prints one address without its /ia (a slip). The article's API lies
 * under the same /api/v1/, and would take "oauth2" for the name of an object. */
bool im_path_lacks_ia(struct im_str path)
{
    return im_str_starts(path, "/api/v1/oauth2/") ||
           im_str_starts(path, "/api/v1/objects/") ||
           im_str_starts(path, "/api/v1/services/");
}

enum im_place im_place_of(struct im_str path)
{
    if (im_str_starts(path, "/identity/") || im_str_starts(path, "/api/"))
        return IM_PLACE_ARTICLE;
    return im_str_starts(path, OAUTH) ? IM_PLACE_TOKEN : IM_PLACE_API;
}

/* The real path that this one is a slip of the pen away from; NULL when there is none. */
static const char *nearest_path(struct im_str path)
{
    enum { ROUTES_MAX = 64 };
    struct im_str known[ROUTES_MAX];
    const char *methods, *endpoint, *route;
    size_t n = 0;

    while (n < ROUTES_MAX && (route = im_route_path(n, &methods, &endpoint)) != NULL)
        known[n++] = im_str(route);
    int nearest = im_str_nearest(path, known, n);
    return nearest < 0 ? NULL : known[nearest].at;
}

enum im_cause im_refuse_path(struct im_request *req)
{
    struct im_str bearer = im_credentials(req)->bearer_token;

    /* a token that was sent where none belongs is evidence */
    if (bearer.len)
        req->exchange->token = im_fingerprint(req->arena, bearer);
    if (im_path_lacks_ia(req->path))
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
static struct im_str comma_separated(struct im_arena *arena, const char *words)
{
    struct im_str rest = im_str(words);
    struct im_buf list;

    im_buf_init(&list, arena, 0);
    while (rest.len) {
        im_buf_add(&list, im_str_cut(&rest, ' '));
        im_buf_addz(&list, rest.len ? ", " : "");
    }
    return im_buf_str(&list);
}

enum im_cause im_refuse_method(struct im_request *req, const struct im_route *route)
{
    req->exchange->allow = comma_separated(req->arena, route->methods);
    return im_refuse(req, CAUSE_METHOD_NOT_ALLOWED, "%.*s was sent to %s, which takes %s",
                     IM_ARG(req->method), route->path, route->methods);
}

/* Requests that never became HTTP, or are too large to be looked at. */
enum im_cause im_refuse_flaw(struct im_request *req)
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
void im_note_host(struct im_request *req)
{
    struct im_str host = im_request_header(req, "host");
    struct im_str name = im_str_slice(host, 0, im_str_find(host, ':'));

    if (name.len + 2 >= strlen(SAGES_HOST) && name.len <= strlen(SAGES_HOST) + 2 &&
        !im_str_is(name, SAGES_HOST) && im_str_distance(name, IM_STR(SAGES_HOST)) <= 2)
        im_note(req, CAUSE_HOST_MISSPELLED, "Host says \"%.*s\"; Sage's is " SAGES_HOST,
                IM_ARG(name));
}
