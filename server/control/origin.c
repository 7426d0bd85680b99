/* Origin, Host and whatever else distinguishes a browser from a program (RFC 6454, the Fetch standard,
 * W3C Fetch Metadata). A browser carries the user behind it to any address that a page names; a
 * program calls only what its author chose. */
#include "control/origin.h"

#include <string.h>

/* Node's fetch sends Sec-Fetch-Mode as well, and PowerShell calls itself Mozilla: neither is a
 * browser, so neither counts by that alone. */
static bool request_is_of_browser(const struct im_request *req)
{
    static const char *const marks[] = {"origin", "referer", "sec-fetch-site",
                                        "sec-fetch-dest", "sec-fetch-user"};
    struct im_str agent = im_request_header(req, "user-agent");

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        if (im_request_header_count(req, marks[i]))
            return true;
    return im_str_glob(IM_STR("*Mozilla/*"), agent) &&
           !im_str_glob(IM_STR("*PowerShell*"), agent);
}

/* ---- the Host ---- */

static bool name_is_address(struct im_str name)
{
    size_t dots = 0;

    if (im_str_starts(name, "["))
        return true;
    for (size_t i = 0; i < name.len; i++) {
        if (name.at[i] != '.' && (name.at[i] < '0' || name.at[i] > '9'))
            return false;
        dots += name.at[i] == '.';
    }
    return dots == 3;
}

static bool name_ends_in(struct im_str name, const char *suffix)
{
    size_t len = strlen(suffix);

    return name.len > len &&
           im_str_eq_nocase(im_str_slice(name, name.len - len, name.len), im_str(suffix));
}

/* Names that no attacker can make lead here (DNS rebinding): they are resolved on this machine or
 * network alone, or were given as options at the start. */
static bool name_is_own(const struct im_settings *settings, struct im_str name)
{
    static const char *const suffixes[] = {".localhost", ".local", ".internal", ".test"};
    struct im_str named = settings->cert_names;

    if (!im_str_has(name, '.') || name_is_address(name))
        return true;
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
        if (name_ends_in(name, suffixes[i]))
            return true;
    while (named.len)
        if (im_str_eq_nocase(im_str_trim(im_str_cut(&named, ',')), name))
            return true;
    return settings->public_url.len &&
           im_str_eq_nocase(im_authority_host(im_url_authority(settings->public_url)),
                            name);
}

/* ---- the origin ---- */

static struct im_str url_origin(struct im_str url)
{
    struct im_str authority = im_url_authority(url);

    return im_str_slice(url, 0, (size_t)(authority.at - url.at) + authority.len);
}

static bool origin_is_allowed(const struct im_sandboxes *sandboxes,
                              const struct im_request *req, struct im_str origin)
{
    struct im_str named = sandboxes->settings.control_origin;
    struct im_str host = im_request_header(req, "host");
    const struct im_str own[] = {
        im_arena_format(req->arena, "%s://%.*s", req->tls ? "https" : "http",
                        IM_ARG(host)),
        url_origin(req->server_url),
    };

    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (im_str_eq_nocase(origin, own[i]))
            return true;
    while (named.len) {
        struct im_str one = im_str_trim(im_str_cut(&named, ','));
        if (im_str_is(one, "*") || im_str_eq_nocase(one, origin))
            return true;
    }
    return false;
}

/* A browser sends Origin with every method but GET and HEAD, and with requests of scripts. A request
 * without it is a link that a person follows, which shows the answer to that person alone, or part of
 * another page (an image, a frame): Sec-Fetch-* distinguishes the two. */
static bool request_is_part_of_page(const struct im_request *req)
{
    struct im_str site = im_request_header(req, "sec-fetch-site");

    return (im_str_is(site, "cross-site") || im_str_is(site, "same-site")) &&
           !im_str_is(im_request_header(req, "sec-fetch-mode"), "navigate");
}

/* The page that asks: its Origin, or where an old browser sends none, what its Referer says. */
static struct im_str request_origin(const struct im_request *req)
{
    struct im_str origin = im_request_header(req, "origin");
    struct im_str referer = im_request_header(req, "referer");

    if (im_request_header_count(req, "origin"))
        return origin.len ? origin : IM_STR("null");
    if (request_is_part_of_page(req))
        return referer.len ? url_origin(referer) : IM_STR("null");
    bool reads = im_str_is(req->method, "GET") || im_str_is(req->method, "HEAD");
    return !reads && referer.len ? url_origin(referer) : (struct im_str){NULL, 0};
}

struct im_str im_control_origin_refusal(const struct im_sandboxes *sandboxes,
                                        const struct im_request *req)
{
    struct im_str name = im_authority_host(im_request_header(req, "host"));
    struct im_str origin = request_origin(req);

    if (!request_is_of_browser(req))
        return (struct im_str){NULL, 0};
    if (!name_is_own(&sandboxes->settings, name))
        return im_arena_format(req->arena,
                               "a browser asks for the control API under the name "
                               "\"%.*s\", which anybody may "
                               "have made lead here; use localhost or the address, or "
                               "name it in --public-url "
                               "or --cert-name",
                               IM_ARG(im_str_front(name, 100)));
    if (!origin.at || origin_is_allowed(sandboxes, req, origin))
        return (struct im_str){NULL, 0};
    return im_arena_format(
        req->arena,
        "a page of the origin \"%.*s\" may not use the control API; start the mock with "
        "--control-origin and that origin to let it in",
        IM_ARG(im_str_front(origin, 100)));
}

/* ---- the option ---- */

const char *im_control_origins_flaw(struct im_str origins)
{
    while (origins.len) {
        struct im_str one = im_str_trim(im_str_cut(&origins, ','));
        size_t scheme = im_str_starts(one, "http://")    ? strlen("http://")
                        : im_str_starts(one, "https://") ? strlen("https://")
                                                         : 0;
        struct im_str host = im_str_slice(one, scheme, one.len);
        if (im_str_is(one, "*") || im_str_is(one, "null"))
            continue;
        if (!scheme || !host.len || im_str_has(host, '/') || im_str_has(host, '*'))
            return "an origin is SCHEME://HOST[:PORT] without a path, such as "
                   "http://localhost:5173; several are separated by commas, * is any";
    }
    return NULL;
}
