/* What a path without a route was meant to be: the slips that base URL and path make together (one ends in
 * a slash and the other begins with one, the version's front is missing or stands there twice), then
 * slips of the pen. Sage's gateway answers 404 to all of them; only the hint tells them apart. */
#include "router.h"
#include "router_parts.h"

#define FRONT "/ia/api/v1"

/* The article's API takes any path below its own, so a path that only fits there proves nothing. */
static bool path_is_real(struct im_str path)
{
    const struct im_route *route;
    struct im_str rest;

    for (size_t i = 0; (route = im_route_at(i)) != NULL; i++)
        if (im_route_matches(route, path, &rest) && !im_str_starts(path, "/api/"))
            return true;
    return false;
}

static struct im_str without_doubled_slashes(struct im_arena *arena, struct im_str path)
{
    struct im_buf buf;

    im_buf_init(&buf, arena, path.len);
    for (size_t i = 0; i < path.len; i++)
        if (path.at[i] != '/' || !i || path.at[i - 1] != '/')
            im_buf_addc(&buf, path.at[i]);
    return im_buf_str(&buf);
}

/* The path with as much of FRONT before it as makes it real; empty when none does. */
static struct im_str with_its_front(struct im_arena *arena, struct im_str path)
{
    struct im_str front = IM_STR(FRONT);

    for (size_t n = front.len; n > 0; n--) {
        if (n < front.len && front.at[n] != '/')
            continue;
        struct im_str whole = im_arena_format(
            arena, "%.*s%.*s", IM_ARG(im_str_slice(front, 0, n)), IM_ARG(path));
        if (path_is_real(whole))
            return whole;
    }
    return IM_STR("");
}

/* What of the path is real without that which stands in front of it. */
static struct im_str without_its_front(struct im_str path)
{
    for (size_t at = 1; at < path.len; at++)
        if (path.at[at] == '/' && path_is_real(im_str_slice(path, at, path.len)))
            return im_str_slice(path, at, path.len);
    return IM_STR("");
}

/* As many segments of the path as `front` has, with the slash behind them. */
static struct im_str segments_like(struct im_str front, struct im_str path)
{
    size_t left = 0, n = 0;

    for (size_t i = 0; i < front.len; i++)
        left += front.at[i] == '/';
    while (n < path.len && left)
        left -= path.at[n++] == '/';
    return im_str_slice(path, 0, n);
}

/* "objects" of "/ia/api/v1/objects/" */
static struct im_str last_segment(struct im_str front)
{
    size_t end = front.len - im_str_ends(front, "/"), from = end;

    while (from > 0 && front.at[from - 1] != '/')
        from--;
    return im_str_slice(front, from, end);
}

static bool is_near(struct im_str sent, struct im_str real)
{
    struct im_str last = last_segment(real);

    /* what all addresses begin with would make "services" and "objects" near */
    return im_str_nearest(sent, &real, 1) == 0 &&
           (!im_str_ends(real, "/") || im_str_nearest(last_segment(sent), &last, 1) == 0);
}

/* A slip of the pen away. Of a route with a wildcard only the front is compared, and what the wildcard
 * stands for is kept. */
static struct im_str nearest_path(struct im_arena *arena, struct im_str path)
{
    const struct im_route *route;
    struct im_str nearest = IM_STR("");
    unsigned best = 0;

    for (size_t i = 0; (route = im_route_at(i)) != NULL; i++) {
        struct im_str real = im_str(route->path), kept = IM_STR(""), sent = path;
        if (im_str_ends(real, "*")) {
            struct im_str front = im_str_slice(real, 0, real.len - 1);
            sent = segments_like(front, path);
            kept = im_str_slice(path, sent.len, path.len);
            real = kept.len ? front : real;
        }
        unsigned distance = im_str_distance(sent, real);
        if (is_near(sent, real) && (!nearest.len || distance < best)) {
            best = distance;
            nearest = im_arena_format(arena, "%.*s%.*s", IM_ARG(real), IM_ARG(kept));
        }
    }
    return nearest;
}

struct im_path_meant im_path_meant(const struct im_request *req)
{
    struct im_str path = without_doubled_slashes(req->arena, req->path);

    if (path.len < req->path.len && path_is_real(path))
        return (struct im_path_meant){
            path, ": a slash stands twice, as where a base URL ends in one"};
    struct im_str whole = with_its_front(req->arena, path);
    if (whole.len)
        return (struct im_path_meant){whole, ": its front is missing"};
    whole = without_its_front(path);
    if (whole.len)
        return (struct im_path_meant){whole, ": something stands in front of it"};
    return (struct im_path_meant){nearest_path(req->arena, path), ""};
}
