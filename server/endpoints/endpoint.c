/* What all endpoints share: the dialect they answer in, and the methods of their paths (RFC 9110
 * sections 10.2.1 and 15.5.6). */
#include "endpoints/endpoint.h"

#include <string.h>

enum im_dialect_id im_endpoint_dialect(const struct im_request *req)
{
    return req->exchange->place == IM_PLACE_ARTICLE ? IM_DIALECT_ARTICLE
                                                    : IM_DIALECT_REST;
}

/* Does the path name one record, rather than all of its type? The REST API names a type by
 * {application}/{name}, the article by one word; the key follows. */
static bool has_key(const struct im_request *req)
{
    struct im_str rest = req->rest;

    im_str_cut(&rest, '/');
    if (req->route->place != IM_PLACE_ARTICLE)
        im_str_cut(&rest, '/');
    return im_str_cut(&rest, '/').len > 0;
}

const char *im_route_methods(const struct im_request *req)
{
    const struct im_route *route = req->route;

    if (!route)
        return NULL;
    return route->record_methods && has_key(req) ? route->record_methods : route->methods;
}

bool im_method_in(const char *methods, struct im_str method)
{
    static const char between[] = ", ";

    for (; methods && *methods; methods += strspn(methods, between)) {
        size_t len = strcspn(methods, between);
        if (len == method.len && memcmp(methods, method.at, len) == 0)
            return true;
        methods += len;
    }
    return false;
}

enum im_cause im_route_refuse_method(struct im_request *req)
{
    const struct im_route *route = req->route;
    bool one = route->record_methods && has_key(req);
    const char *which = !route->record_methods ? ""
                        : one                  ? " (one record)"
                                               : " (no key in the path)";

    req->exchange->allow = im_str(one ? route->record_methods : route->methods);
    return im_refuse(req, CAUSE_METHOD_NOT_ALLOWED,
                     "%.*s was sent to %s%s, which takes %.*s", IM_ARG(req->method),
                     route->path, which, IM_ARG(req->exchange->allow));
}
