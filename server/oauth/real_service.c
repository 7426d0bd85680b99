/* Recognises the tokens of the real Sage Intacct by their claims. Their form (HS256, iss
 * "https://api.intacct.com", iat, exp) was seen in one token of a public client. */
#include "oauth/real_service.h"

#include <string.h>

#include "oauth/jwt.h"

/* The host of "https://api.intacct.com:443/x". */
static struct im_str host_of(struct im_str url)
{
    static const char *const schemes[] = {"https://", "http://"};
    struct im_str rest = url;
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (im_str_starts(url, schemes[i]))
            rest = im_str_slice(url, strlen(schemes[i]), url.len);
    rest = im_str_cut(&rest, '/');
    return im_str_cut(&rest, ':');
}

static bool is_intacct(struct im_str host)
{
    return im_str_is(host, "intacct.com") || im_str_ends(host, ".intacct.com");
}

/* "10 days": the largest unit that is in it at least once. */
static struct im_str in_words(struct im_arena *arena, int64_t seconds)
{
    static const struct {
        const char *name;
        int64_t seconds;
    } units[] = {{"day", 86400}, {"hour", 3600}, {"minute", 60}, {"second", 1}};
    size_t i = 0;
    while (i + 1 < sizeof units / sizeof *units && seconds < units[i].seconds)
        i++;
    int64_t n = seconds / units[i].seconds;
    return im_arena_format(arena, "%lld %s%s", (long long)n, units[i].name,
                           n == 1 ? "" : "s");
}

static struct im_str times_of(const struct im_request *req, const struct im_json *payload)
{
    const struct im_json *exp = im_json_get(payload, "exp");
    int64_t now = req->now_ms / 1000;
    /* a number of more digits is no time, and must not overflow */
    if (!exp || !exp->is_whole || exp->whole < 0 || exp->whole > INT64_C(99999999999))
        return IM_STR("its claims do not say when it ends");
    if (exp->whole <= now)
        return im_arena_format(req->arena, "by its own claims it expired %.*s ago",
                               IM_ARG(in_words(req->arena, now - exp->whole)));
    return im_arena_format(req->arena, "by its own claims it is good for another %.*s",
                           IM_ARG(in_words(req->arena, exp->whole - now)));
}

struct im_str im_real_service_evidence(const struct im_request *req, struct im_str text)
{
    struct im_jwt jwt;
    struct im_error err;
    if (!im_jwt_decode(req->arena, text, &jwt, &err))
        return IM_STR("");
    struct im_str host = host_of(im_json_get_str(jwt.payload, "iss"));
    if (!is_intacct(host) || im_str_eq_nocase(host, host_of(req->base_url)))
        return IM_STR("");
    return im_arena_format(req->arena, "issued by %.*s, not by this mock; %.*s",
                           IM_ARG(im_quote(req, host)),
                           IM_ARG(times_of(req, jwt.payload)));
}
