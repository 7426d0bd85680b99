/* Origin, Host and what else tells a browser from a program (RFC 6454, the Fetch standard, W3C Fetch
 * Metadata). */
#include "control/origin.h"

#include <string.h>

/* Node's fetch sends Sec-Fetch-Mode as well, and PowerShell calls itself Mozilla: neither is a
 * browser, so neither counts by that alone. */
static bool bears_marks_of_a_browser(const struct im_request *req)
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

/* "[::1]:8080" → "[::1]", "localhost:8080" → "localhost" */
static struct im_str without_port(struct im_str host)
{
    if (im_str_starts(host, "["))
        return im_str_slice(host, 0, im_str_find(host, ']') + 1);
    return im_str_slice(host, 0, im_str_find(host, ':'));
}

static bool is_address(struct im_str name)
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

static bool ends_in(struct im_str name, const char *suffix)
{
    size_t len = strlen(suffix);

    return name.len > len &&
           im_str_eq_nocase(im_str_slice(name, name.len - len, name.len), im_str(suffix));
}

/* "https://Mock.example:443/x" → "Mock.example" */
static struct im_str host_of(struct im_str url)
{
    size_t scheme = im_str_find(url, ':');
    struct im_str rest = im_str_slice(url, scheme + strlen("://"), url.len);

    return without_port(im_str_cut(&rest, '/'));
}

/* Names that no stranger can make lead here: they are resolved on this machine or network alone, or
 * whoever started the mock named them. */
static bool is_own_name(const struct im_settings *settings, struct im_str name)
{
    static const char *const suffixes[] = {".localhost", ".local", ".internal", ".test"};
    struct im_str named = settings->cert_names;

    if (!im_str_has(name, '.') || is_address(name))
        return true;
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
        if (ends_in(name, suffixes[i]))
            return true;
    while (named.len)
        if (im_str_eq_nocase(im_str_trim(im_str_cut(&named, ',')), name))
            return true;
    return settings->public_url.len &&
           im_str_eq_nocase(host_of(settings->public_url), name);
}

/* ---- the origin ---- */

static struct im_str origin_of(struct im_str url)
{
    size_t scheme = im_str_find(url, ':');
    struct im_str rest = im_str_slice(url, scheme + strlen("://"), url.len);

    return im_str_slice(url, 0, scheme + strlen("://") + im_str_find(rest, '/'));
}

static bool is_let_in(const struct im_sandboxes *sandboxes, const struct im_request *req,
                      struct im_str origin)
{
    struct im_str named = sandboxes->settings.control_origin;
    struct im_str host = im_request_header(req, "host");
    const struct im_str own[] = {
        im_arena_format(req->arena, "%s://%.*s", req->tls ? "https" : "http",
                        IM_ARG(host)),
        origin_of(req->server_url),
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

/* A browser sends Origin with all that is not GET or HEAD, and with what a script asks. What comes
 * without is a link that a person follows, which shows the page to that person alone, or part of
 * another page: Sec-Fetch-* tells the two apart. */
static bool is_part_of_another_page(const struct im_request *req)
{
    struct im_str site = im_request_header(req, "sec-fetch-site");

    return (im_str_is(site, "cross-site") || im_str_is(site, "same-site")) &&
           !im_str_is(im_request_header(req, "sec-fetch-mode"), "navigate");
}

static bool changes_something(const struct im_request *req)
{
    return !im_str_is(req->method, "GET") && !im_str_is(req->method, "HEAD");
}

/* The page that asks: its Origin, or where an old browser sends none, what its Referer says. */
static struct im_str asking_origin(const struct im_request *req)
{
    struct im_str origin = im_request_header(req, "origin");
    struct im_str referer = im_request_header(req, "referer");

    if (im_request_header_count(req, "origin"))
        return origin.len ? origin : IM_STR("null");
    if (is_part_of_another_page(req))
        return referer.len ? origin_of(referer) : IM_STR("null");
    return changes_something(req) && referer.len ? origin_of(referer)
                                                 : (struct im_str){NULL, 0};
}

struct im_str im_control_origin_refusal(const struct im_sandboxes *sandboxes,
                                        const struct im_request *req)
{
    struct im_str name = without_port(im_request_header(req, "host"));
    struct im_str origin = asking_origin(req);

    if (!bears_marks_of_a_browser(req))
        return (struct im_str){NULL, 0};
    if (!is_own_name(&sandboxes->settings, name))
        return im_arena_format(req->arena,
                               "a browser asks for the control API under the name "
                               "\"%.*s\", which anybody may "
                               "have made lead here; use localhost or the address, or "
                               "name it in --public-url "
                               "or --cert-name",
                               IM_ARG(im_str_front(name, 100)));
    if (!origin.at || is_let_in(sandboxes, req, origin))
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
