/* Matching: which exchanges an expectation is about. Its `when` and its filters are separate, because
 * nth and every count whatever fits `when`, whatever became of it. */
#include "verdict/match.h"

#include "verdict/history.h"

static bool passes_filters(const struct im_expectation *expectation,
                           const struct im_exchange *exchange)
{
    if (expectation->cause && !im_history_has_cause(exchange, expectation->cause))
        return false;
    if (expectation->fault && exchange->fault != expectation->fault)
        return false;
    /* what has no token belongs to no token's bound */
    if (expectation->per == IM_PER_TOKEN && !exchange->token.len)
        return false;
    if (expectation->created && !exchange->created)
        return false;
    if (expectation->without_token && !im_history_token_refused(exchange))
        return false;
    return im_status_fits(&expectation->status, im_exchange_status(exchange));
}

/* A browser asks whether its page may (204; any other OPTIONS is refused): that is no call of the
 * integration's, unless an expectation is about just that. */
static bool is_preflight(const struct im_expectation *expectation,
                         const struct im_exchange *exchange)
{
    return im_exchange_status(exchange) == 204 &&
           im_str_is(exchange->method, "OPTIONS") && !expectation->when.method.len;
}

enum im_match im_match(const struct im_expectation *expectation,
                       const struct im_exchange *exchange)
{
    if (!im_when_fits(&expectation->when, exchange) ||
        is_preflight(expectation, exchange))
        return IM_MATCH_NONE;
    return passes_filters(expectation, exchange) ? IM_MATCH_ALL : IM_MATCH_WHEN;
}

bool im_match_same_group(enum im_per per, const struct im_exchange *a,
                         const struct im_exchange *b)
{
    if (per == IM_PER_TOKEN)
        return im_str_eq(a->token, b->token);
    return per != IM_PER_CALL || a->call == b->call;
}
