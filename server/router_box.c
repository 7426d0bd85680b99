/* Which sandbox a request is for: the one of its path, of its client id, or of what it presents. */
#include <string.h>

#include "oauth/credentials.h"
#include "router_parts.h"

/* ---- which sandbox ---- */

#define BOX_PREFIX "/s/"

/* "/s/NAME/ia/…" → NAME; path and base URL then are those of that sandbox. */
static struct im_str take_name(struct im_request *req)
{
    struct im_str rest = im_str_slice(req->path, strlen(BOX_PREFIX), req->path.len);
    size_t end = im_str_find(rest, '/');
    struct im_str name = im_str_slice(rest, 0, end);

    req->path = end < rest.len ? im_str_slice(rest, end, rest.len) : IM_STR("/");
    req->base_url = im_arena_format(req->arena, "%.*s" BOX_PREFIX "%.*s",
                                    IM_ARG(req->base_url), IM_ARG(name));
    return name;
}

/* Base URLs that cannot carry a path: the client id names the sandbox, or what is presented was
 * handed out there. */
static struct im_sandbox *find_by_credentials(struct im_sandboxes *sandboxes,
                                              struct im_request *req,
                                              struct im_error *err)
{
    const struct im_credentials *credentials = im_credentials(req);
    struct im_sandbox *owner;

    if (credentials->sandbox.len)
        return im_sandboxes_touch(sandboxes, credentials->sandbox, err);
    owner = atomic_load(&sandboxes->count)
                ? im_sandboxes_owner(sandboxes, req->arena, credentials->token)
                : NULL;
    return owner ? owner : sandboxes->standard;
}

struct im_sandbox *im_find_box(struct im_sandboxes *sandboxes, struct im_request *req,
                               struct im_error *err)
{
    if (im_str_starts(req->path, BOX_PREFIX))
        return im_sandboxes_touch(sandboxes, take_name(req), err);
    return find_by_credentials(sandboxes, req, err);
}
