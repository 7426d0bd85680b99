/* Which exchange of a trace is explained: the first that was refused and that the client did not get
 * over, or what made a refusal final. */
#include "explain/match.h"
#include "explain/transport.h"

/* A refusal of the access token, which a refresh may mend. */
static bool is_token_refusal(const struct im_observed *one)
{
    return im_observed_is_refused(one) && !im_is_token_endpoint(one) &&
           (one->status == 401 || im_has_code(one, "REST-1206") ||
            im_has_code(one, "REST-2102") || im_has_code(one, "GW-0040") ||
            im_has_code(one, "GW-0031"));
}

static bool went_wrong(const struct im_observed *one)
{
    return im_observed_is_refused(one) || im_observed_is_broken(one) ||
           (one->lost && !one->status);
}

/* Did the client get over it? The same call of the same user succeeds later. */
static bool is_recovered(const struct im_trace *trace, size_t at)
{
    const struct im_observed *one = trace->items[at];

    if (!one->req.path.len)
        return false;
    for (size_t i = at + 1; i < trace->count; i++) {
        const struct im_observed *later = trace->items[i];
        /* an error may name the path alone */
        bool method =
            !one->req.method.len || im_str_eq(later->req.method, one->req.method);
        if (im_is_success(later) && method && im_str_eq(later->req.path, one->req.path) &&
            im_may_be_one_owner(&later->owner, &one->owner) &&
            (!im_is_token_endpoint(one) || im_str_eq(later->req.body, one->req.body)))
            return true;
    }
    return false;
}

/* A refused token is no more than the occasion when the refresh behind it fails. */
static size_t behind_occasion(const struct im_trace *trace, size_t at)
{
    if (!is_token_refusal(trace->items[at]))
        return at;
    for (size_t i = at + 1; i < trace->count; i++) {
        struct im_observed *later = trace->items[i];
        if (im_is_token_endpoint(later) && im_observed_is_refused(later))
            return i;
        if (im_is_token_endpoint(later) && im_is_success(later))
            return at;
    }
    return at;
}

size_t im_choose_wrong(struct im_ranking *ranking)
{
    const struct im_trace *trace = ranking->trace;
    size_t first = trace->count, lost = trace->count;

    ranking->first_wrong = ranking->occasion = trace->count;
    for (size_t i = 0; i < trace->count; i++) {
        bool refused = im_observed_is_refused(trace->items[i]);
        ranking->refused += refused;
        if (went_wrong(trace->items[i]) && ranking->first_wrong == trace->count)
            ranking->first_wrong = i;
        if (went_wrong(trace->items[i]) && !refused && lost == trace->count)
            lost = i;
        if (refused && first == trace->count)
            first = i;
    }
    /* a sound client is refused as well, and gets over it: that is not what somebody
     * asks about */
    for (size_t i = 0; i < trace->count; i++)
        if (im_observed_is_refused(trace->items[i]) && !is_recovered(trace, i)) {
            size_t wrong = behind_occasion(trace, i);
            ranking->occasion = wrong == i ? trace->count : i;
            return wrong;
        }
    for (size_t i = lost; i < trace->count; i++) {
        /* beside refusals only one whose address and reason are told: browsers cancel calls */
        bool told = first == trace->count || (im_observed_is_broken(trace->items[i]) &&
                                              trace->items[i]->req.path.len);
        if (told && went_wrong(trace->items[i]) && !is_recovered(trace, i))
            return i;
    }
    if (first < trace->count) {
        ranking->recovered = true;
        return first;
    }
    if (lost < trace->count) {
        ranking->recovered = true;
        return lost;
    }
    return trace->count ? trace->count - 1 : 0;
}
