/* Recognises the tokens of the real Sage Intacct by their claims. Their form (HS256, iss
 * "https://api.intacct.com", iat, exp) was seen in one token of a public client. */
#include "oauth/real_service.h"

#include <string.h>

#include "base/clock.h"
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

bool im_is_real_service(struct im_str issuer)
{
    return is_intacct(host_of(issuer));
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
                               IM_ARG(im_time_words(req->arena, now - exp->whole)));
    return im_arena_format(req->arena, "by its own claims it is good for another %.*s",
                           IM_ARG(im_time_words(req->arena, exp->whole - now)));
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
