/* Recovery: repeats of calls, new tokens, and the doubts about both (rule 2 of scenarios/README.md). A
 * doubt is said before a client is blamed: a verdict may be incomplete, never wrong. */
#include "verdict/recovery.h"

#include "verdict/history_index.h"

bool im_recovery_is_repeat(const struct im_exchange *anchor,
                           const struct im_exchange *exchange,
                           const struct im_history *baseline)
{
    if (exchange->call == anchor->call)
        return true;
    return im_history_same_address(anchor, exchange) &&
           !(baseline && im_history_call_of(baseline, exchange->call).times);
}

/* Another worker may have renewed the token while the refusal was on its way, so for tokens the anchor's
 * arrival is what counts. */
bool im_recovery_can_be(const struct im_expectation *expectation,
                        const struct im_window *window,
                        const struct im_exchange *exchange,
                        const struct im_history *baseline)
{
    const struct im_exchange *anchor = window->anchor;
    int64_t since_us =
        im_window_is_on_tokens(expectation) ? anchor->began_us : window->opened_us;

    if (exchange == anchor || exchange->began_us < since_us ||
        im_history_other_user(anchor, exchange))
        return false;
    if (expectation->within_ms >= 0 && im_window_elapsed_us(anchor, exchange) / 1000 >=
                                           im_window_within_ms(expectation, anchor))
        return false;
    return !expectation->same_call || im_recovery_is_repeat(anchor, exchange, baseline);
}

/* Only where success is asked for: the token was good, or the answer would have been another. */
bool im_recovery_is_ordinary(const struct im_expectation *expectation,
                             const struct im_exchange *exchange)
{
    return expectation->status.min == 200 && im_history_is_call(exchange) &&
           exchange->cause != CAUSE_NONE && im_history_undamaged(exchange) &&
           im_cause_row(exchange->cause)->family == IM_FAMILY_DATA;
}

/* Had the client another token already when the answer came that the anchor's is dead? Then it may have
 * gone on with that one, and nothing shows that it noticed. */
static bool had_another_token(const struct im_history *history,
                              const struct im_exchange *anchor)
{
    const struct im_exchange *issuer = im_history_issuer(history, anchor->token);

    if (!im_history_token_refused(anchor) || !anchor->token.len)
        return false;
    for (size_t i = im_history_since(history, anchor->began_us); i > 0; i--) {
        const struct im_exchange *exchange = history->items[i - 1];
        if (issuer && exchange->began_us <= issuer->began_us)
            return false;
        if (exchange->endpoint == IM_ENDPOINT_TOKEN && im_history_succeeded(exchange) &&
            !im_history_other_user(anchor, exchange))
            return true;
    }
    return false;
}

/* Was a call refused with one token and its repeat with the next, one of them the anchor's? A client may
 * stop there, so that it does not go on for ever. */
static bool was_refused_twice(const struct im_history *history,
                              const struct im_exchange *anchor)
{
    size_t place = im_history_first_alike(history, IM_ALIKE_TOKEN,
                                          im_history_place(history, anchor));

    for (; place != IM_HISTORY_END;
         place = im_history_next_alike(history, IM_ALIKE_TOKEN, place))
        if (im_history_token_refused(history->items[place]) &&
            im_history_call_of(history, history->items[place]->call).refused_with_several)
            return true;
    return false;
}

/* Was it refused for how the client puts what identifies it, by the truth and not by a rule? The client alone
 * can mend that: a person who signs in again only puts it off until the next refresh. */
static bool is_put_wrong(const struct im_exchange *exchange)
{
    switch (exchange->cause) {
    case CAUSE_CLIENT_AUTH_IN_HEADER_ON_REFRESH:
    case CAUSE_CLIENT_AUTH_METHOD_REFUSED:
    case CAUSE_CLIENT_AUTH_REPEATED: return !exchange->rule;
    default: return false;
    }
}

/* Has the client no other way in than a person, whose last token or code was of no use? Then it may stop until that
 * person comes. The request for a token that was of no use, else NULL. */
static const struct im_exchange *waits_for_a_person(const struct im_history *history,
                                                    const struct im_exchange *anchor,
                                                    const struct im_history *baseline)
{
    const struct im_exchange *last = NULL; /* request for a token */

    if (history->other_sign_ons || !baseline || baseline->other_sign_ons)
        return NULL;
    for (size_t i = history->count; !last && i > 0; i--) {
        const struct im_exchange *exchange = history->items[i - 1];
        if (exchange->began_us < anchor->began_us)
            return NULL;
        if (exchange->endpoint == IM_ENDPOINT_TOKEN &&
            !im_history_other_user(anchor, exchange))
            last = exchange;
    }
    return last && !im_history_succeeded(last) && !is_put_wrong(last) ? last : NULL;
}

static void say_person(const struct im_exchange *last, struct im_buf *why)
{
    im_buf_addf(why,
                "cannot tell: it signs on by authorization code alone, and its last "
                "request for a token, exchange %llu, was of no use",
                (unsigned long long)last->id);
    if (last->cause)
        im_buf_addf(why, " (%s)", im_cause_row(last->cause)->id);
    else if (last->fault)
        im_buf_addf(why, " (fault: %s)", im_fault_name(last->fault));
    im_buf_addz(why, "; where a person has to sign in again, it may stop");
}

bool im_recovery_doubt(const struct im_expectation *expectation,
                       const struct im_window *window, const struct im_history *history,
                       const struct im_judge_options *options, struct im_buf *why)
{
    const struct im_exchange *anchor = window->anchor;
    size_t before = why->len;

    if (!anchor) {
        if (options->forgotten)
            im_buf_addz(why,
                        "cannot tell: older exchanges were dropped from the journal; "
                        "a larger --journal keeps more");
        return options->forgotten;
    }
    const struct im_exchange *last =
        waits_for_a_person(history, anchor, options->baseline);
    if (im_window_is_on_tokens(expectation) && had_another_token(history, anchor))
        im_buf_addz(why, "cannot tell: another token was had already when this one was "
                         "refused; a run with one worker shows it");
    else if (was_refused_twice(history, anchor))
        im_buf_addz(why, "cannot tell: a call was refused, and so was its repeat with a "
                         "new token; a client may stop there; a run with one worker "
                         "shows it");
    else if (last)
        say_person(last, why);
    return why->len > before;
}

/* Jobs are told apart by their tokens. Workers are not, so nothing is said of a client that has several. */
bool im_recovery_went_on(const struct im_expectation *expectation,
                         const struct im_window *window, const struct im_history *history,
                         const struct im_judge_options *options, struct im_buf *why)
{
    const struct im_exchange *anchor = window->anchor;

    if (!expectation->same_call || !im_history_is_call(anchor) ||
        !im_history_is_serial(history, options->baseline))
        return false;
    for (size_t place = im_history_place(history, anchor); place != IM_HISTORY_END;
         place = im_history_next_alike(history, IM_ALIKE_TOKEN, place)) {
        const struct im_exchange *next = history->items[place];
        if (!im_history_is_call(next) || next->began_us < window->opened_us ||
            next->call == anchor->call)
            continue;
        im_buf_addf(
            why,
            "cannot tell: %s went on with exchange %llu and did not repeat exchange "
            "%llu: it may have taken that answer for success, or done without it; a "
            "client that fails fast ends there",
            options->client ? options->client : "the client",
            (unsigned long long)next->id, (unsigned long long)anchor->id);
        return true;
    }
    return false;
}
