/* Weighing exchanges: certain, unsure or free (rules 4 and 5 of scenarios/README.md). Whatever the client
 * may have had a good reason for, by what is known of it, does not count for certain. */
#include "verdict/count.h"

#include "verdict/history_index.h"
#include "verdict/recovery.h"

enum weight { FREE, UNSURE, COUNTS };

struct weighed {
    enum weight weight;
    enum im_doubt doubt;
};

static const struct weighed free_of_blame = {FREE, IM_DOUBT_NONE};
static const struct weighed counts = {COUNTS, IM_DOUBT_NONE};

/* ---- what is known of the client ---- */

static bool is_serial(const struct im_group *group)
{
    return im_history_is_serial(group->history, group->options->baseline);
}

/* B, of rule 5, is 1, or 0: each further one is then too many. Tries are counted, since a baseline in which they are
 * refused shows no less how many there are. */
static bool signs_on_once(const struct im_group *group)
{
    return group->options->baseline && group->options->baseline->sign_on_tries <= 1;
}

static int64_t refreshes_of(const struct im_group *group)
{
    return group->options->baseline ? group->options->baseline->refreshes : -1;
}

/* No more often than where nothing goes wrong: then there is none that is one too many. */
static bool signs_on_as_ever(const struct im_group *group)
{
    const struct im_history *baseline = group->options->baseline;

    return baseline && group->history->sign_on_tries <= baseline->sign_on_tries;
}

/* Who renews by the clock may have done just that. */
static struct weighed renews_by_the_clock(const struct im_group *group)
{
    const struct im_history *baseline = group->options->baseline;

    return baseline && group->history->refresh_tries <= baseline->refresh_tries
               ? free_of_blame
               : (struct weighed){UNSURE, IM_DOUBT_REFRESHES};
}

/* Who signs on several times may have come to do so for another job. */
static struct weighed signs_on_for_another(const struct im_group *group)
{
    if (signs_on_as_ever(group))
        return free_of_blame;
    return (struct weighed){UNSURE, group->options->baseline ? IM_DOUBT_SIGN_ONS
                                                             : IM_DOUBT_NO_BASELINE};
}

size_t im_count_times_before(const struct im_group *group,
                             const struct im_exchange *exchange)
{
    const struct im_history *baseline = group->options->baseline;

    if (!im_history_is_sign_on(exchange))
        return im_history_call_of(group->history, exchange->call).times_before;
    return baseline ? (size_t)baseline->sign_on_tries : 0;
}

bool im_count_calls_as_ever(const struct im_group *group,
                            const struct im_exchange *exchange)
{
    struct im_history_call call = im_history_call_of(group->history, exchange->call);

    return call.times <= call.times_before;
}

bool im_count_is_ambiguous(const struct im_group *group,
                           const struct im_exchange *exchange)
{
    struct im_history_call call = im_history_call_of(group->history, exchange->call);

    return call.overlaps || call.times_before > 1;
}

static struct weighed repeat_of(const struct im_group *group,
                                const struct im_exchange *exchange)
{
    if (im_count_calls_as_ever(group, exchange))
        return free_of_blame;
    return im_count_is_ambiguous(group, exchange)
               ? (struct weighed){UNSURE, IM_DOUBT_SAME_CALLS}
               : counts;
}

/* Is the access token of no more use? Some causes are about the user or the client, and take its tokens
 * along. */
static bool refuses_token(const struct im_group *group,
                          const struct im_exchange *exchange)
{
    enum im_cause cause = group->expectation->cause;

    return im_history_token_refused(exchange) ||
           (cause && im_history_is_call(exchange) && exchange->cause == cause &&
            group->expectation->per == IM_PER_TOKEN);
}

/* Did this very call go wrong before, by an answer that its worker had when it sent it again? With
 * `dead`: was it refused for the same access token? */
static bool is_own_repeat(const struct im_group *group,
                          const struct im_exchange *exchange, int64_t since_us, bool dead)
{
    struct im_history_answered answered = im_history_answered(
        group->history, dead ? IM_ALIKE_BOTH : IM_ALIKE_CALL, exchange);
    const struct im_exchange *before;

    while ((before = im_history_answered_next(&answered)) &&
           im_history_delivered_us(before) >= since_us)
        if (dead ? refuses_token(group, before) && im_history_got_all(before)
                 : !im_history_succeeded(before))
            return true;
    return false;
}

/* Was the access token refused, by an answer that the client had when it sent this? */
static bool is_known_dead(const struct im_group *group,
                          const struct im_exchange *exchange)
{
    struct im_history_answered answered =
        im_history_answered(group->history, IM_ALIKE_TOKEN, exchange);
    const struct im_exchange *before;

    while (exchange->token.len && (before = im_history_answered_next(&answered)))
        if (refuses_token(group, before) && im_history_got_all(before))
            return true;
    return false;
}

/* ---- requests for tokens (rule 5) ---- */

/* Was no token used that was had since the window opened? */
static bool is_redundant(const struct im_group *group, const struct im_exchange *exchange)
{
    return group->window->used_us >= exchange->began_us;
}

/* Was another refresh token refused right before, so that this is the way in from there? One that was not
 * asked for in vain, as by a client that gets one token after the other. */
static bool follows_a_later_refusal(const struct im_group *group,
                                    const struct im_exchange *exchange)
{
    const struct im_history *history = group->history;
    const struct im_exchange *last = NULL;

    /* the latest is near, so it is looked for backwards */
    for (size_t i = im_history_since(history, exchange->began_us + 1); !last && i > 0;
         i--) {
        const struct im_exchange *before = history->items[i - 1];
        if (before->endpoint == IM_ENDPOINT_TOKEN && before != exchange &&
            im_history_delivered_us(before) <= exchange->began_us)
            last = before;
    }
    return last && im_history_is_refresh(last) && last->cause != CAUSE_NONE &&
           last->began_us > group->window->closed_us &&
           !im_str_eq(last->token, group->window->anchor->token) &&
           !is_redundant(group, last);
}

/* Some libraries (MSAL) renew a token five minutes ahead: one that lives no longer is renewed before each call, and
 * once more behind the renewal that a refusal asked for. */
static bool renews_ahead(const struct im_group *group, const struct im_exchange *exchange)
{
    enum { AHEAD_S = 5 * 60 };
    const struct im_history *history = group->history;
    const struct im_exchange *last = NULL; /* request for a token before this one */
    size_t unused = 0;
    bool used = false; /* was there a call since? */

    if (!exchange->issued.len)
        return false;
    /* both are near, so they are looked for backwards */
    for (size_t i = im_history_since(history, exchange->began_us);
         i > 0 && unused <= 1 && !(used && last); i--) {
        const struct im_exchange *before = history->items[i - 1];
        used |= im_history_is_call(before);
        if (before->endpoint != IM_ENDPOINT_TOKEN ||
            im_history_other_user(before, exchange))
            continue;
        last = last ? last : before;
        unused += !used;
    }
    return last && last->issued_for_s > 0 && last->issued_for_s <= AHEAD_S && unused <= 1;
}

/* Are there more than all the sign-ons of the baseline together explain, each tried as often as the bound
 * says? Behind an anchor each may come there for the first time, too. The first of them count as well, so
 * that what is beyond breaks the bound. */
static bool is_beyond_all_jobs(const struct im_group *group, size_t index)
{
    const struct im_history *baseline = group->options->baseline;
    size_t at_most = (size_t)group->expectation->at_most;

    if (!baseline || !at_most)
        return false;
    size_t jobs = (size_t)baseline->sign_on_tries;
    return index < at_most ||
           index >= at_most * jobs + (group->window->anchor ? jobs : 0);
}

static struct weighed weigh_sign_on(const struct im_group *group, size_t index)
{
    const struct im_exchange *exchange = group->items[index];
    const struct im_window *window = group->window;
    bool late = window->anchor && exchange->began_us > window->closed_us;
    bool code = im_str_is(exchange->grant, "authorization_code");

    /* These count whichever worker of the client sends them: how many tokens were had in all, what must
     * never be seen, a code that is sent twice, a code that was never issued. */
    if ((!window->anchor &&
         (index == 0 || !group->expectation->cause || group->expectation->at_most == 0 ||
          group->expectation->per == IM_PER_TOKEN)) ||
        (window->anchor && code && !im_history_issuer(group->history, exchange->token)))
        return counts;
    if (signs_on_once(group))
        return late && (group->expectation->at_most == 0 ||
                        exchange->began_us >= window->next_us ||
                        follows_a_later_refusal(group, exchange))
                   ? free_of_blame
                   : counts;
    if (late)
        return free_of_blame;
    return !signs_on_as_ever(group) && is_beyond_all_jobs(group, index)
               ? counts
               : signs_on_for_another(group);
}

static struct weighed weigh_refresh_after(const struct im_group *group, size_t index)
{
    const struct im_exchange *exchange = group->items[index];
    const struct im_window *window = group->window;
    const struct im_exchange *anchor = window->anchor;
    int64_t refreshes = refreshes_of(group);

    /* another grant has tokens of its own, with lives of their own */
    if (anchor->grant_id && exchange->grant_id && anchor->grant_id != exchange->grant_id)
        return free_of_blame;
    if (exchange->began_us <= window->closed_us) {
        /* where a token was refused, that is the reason, and not the clock */
        return refreshes > 0 && !im_history_token_refused(anchor)
                   ? renews_by_the_clock(group)
                   : counts;
    }
    /* later work, or the answer to the next refusal; a client that never refreshes by itself has no
     * reason for one more (rule 5) */
    if (group->expectation->at_most == 0 || exchange->began_us >= window->next_us)
        return free_of_blame;
    if (refreshes != 0 && !is_redundant(group, exchange))
        return free_of_blame;
    /* who renews by the clock may do so right behind, too, before the new token is used */
    return refreshes > 0 ? (struct weighed){UNSURE, IM_DOUBT_REFRESHES} : counts;
}

static struct weighed weigh_refresh(const struct im_group *group, size_t index)
{
    const struct im_exchange *exchange = group->items[index];
    /* sent before the first refusal was there: in flight (rule 4) */
    bool on_its_way = group->expectation->cause &&
                      exchange->began_us < im_history_delivered_us(group->items[0]);

    if (group->window->anchor)
        return weigh_refresh_after(group, index);
    if (index > 0 && on_its_way)
        return free_of_blame;
    /* by token or by call they are all of one grant, whatever else the client refreshes */
    return index == 0 || group->expectation->at_most == 0 ||
                   group->expectation->per != IM_PER_ALL || refreshes_of(group) <= 1
               ? counts
               : renews_by_the_clock(group);
}

/* ---- calls (rule 4) ---- */

/* Sent before a pause was over that the anchor asked for: by the worker that was asked, or by another. Who
 * ends there and gives its tokens back (RFC 7009), or asks what became of them, tries nothing again. */
static struct weighed weigh_hasty(const struct im_group *group, size_t index)
{
    const struct im_exchange *exchange = group->items[index];
    const struct im_exchange *anchor = group->window->anchor;
    const struct im_history *baseline = group->options->baseline;
    bool again = exchange->call == anchor->call ||
                 (baseline && im_recovery_is_repeat(anchor, exchange, baseline)) ||
                 is_own_repeat(group, exchange, group->window->opened_us, false);
    bool other_token =
        im_history_is_call(exchange) && !im_str_eq(anchor->token, exchange->token);

    if (!im_history_is_call(exchange) && exchange->endpoint != anchor->endpoint)
        return free_of_blame;
    if (other_token && !signs_on_once(group))
        return signs_on_for_another(group);
    if (is_serial(group))
        return counts;
    return again ? repeat_of(group, exchange) : free_of_blame;
}

/* A client that renews by the clock renews during a pause, too. */
static struct weighed weigh_hasty_refresh(const struct im_group *group)
{
    return refreshes_of(group) > 0 ? renews_by_the_clock(group) : counts;
}

/* Was the call sent with this token more often than it is made where nothing goes wrong? Twice as often: each of
 * them may have been given up while it was under way, so that its client never saw the refusal. */
static bool is_beyond_its_calls(const struct im_group *group, size_t index)
{
    uint64_t call = group->items[index]->call;
    struct im_history_call all = im_history_call_of(group->history, call);
    size_t most = 2 * all.times_before, earlier = 0;

    if (all.times_before <= 1 || all.times <= most)
        return false;
    for (size_t i = 0; earlier < most && i < index; i++)
        earlier += group->items[i]->call == call;
    return earlier >= most;
}

/* A call with a token that was refused, or with none. */
static struct weighed weigh_dead_token(const struct im_group *group, size_t index)
{
    const struct im_exchange *exchange = group->items[index];

    if (is_serial(group))
        return is_known_dead(group, exchange) ? counts : free_of_blame;
    if (!is_own_repeat(group, exchange, INT64_MIN, true))
        return free_of_blame;
    return is_beyond_its_calls(group, index) ? counts : repeat_of(group, exchange);
}

static struct weighed weigh_without_token(const struct im_group *group, size_t index)
{
    const struct im_exchange *exchange = group->items[index];

    if (exchange->began_us > group->window->closed_us)
        return free_of_blame;
    /* it was never issued here, so no refusal on its way can excuse it */
    if (!im_history_issuer(group->history, exchange->token))
        return counts;
    return weigh_dead_token(group, index);
}

/* The same call may be made several times where nothing goes wrong; each of them may be tried as often as
 * the bound says. */
static struct weighed weigh_repeat(const struct im_group *group, size_t index)
{
    const struct im_exchange *exchange = group->items[index];
    size_t at_most = (size_t)group->expectation->at_most;
    size_t times = im_history_call_of(group->history, exchange->call).times_before;

    if (index < at_most || (times > 1 && index >= at_most * times))
        return counts;
    return repeat_of(group, exchange);
}

/* A client may make two records that are alike, and does so in the baseline then: what counts is one more than
 * there. */
static struct weighed weigh_created_again(const struct im_group *group, size_t index)
{
    uint64_t call = group->items[index]->call;
    const struct im_history *baseline = group->options->baseline;
    size_t ever = baseline ? im_history_call_of(baseline, call).created : 0;

    return ever && im_history_call_of(group->history, call).created <= ever
               ? free_of_blame
               : counts;
}

/* A record that is made again with another key or another body is another call, and so is the next record
 * that the client makes anyway. They are told apart by their number: more than where nothing goes wrong means
 * that one is there twice. */
static struct weighed weigh_created(const struct im_group *group, size_t index)
{
    const struct im_exchange *exchange = group->items[index];
    const struct im_history *baseline = group->options->baseline;

    if (exchange->began_us > group->window->closed_us)
        return free_of_blame;
    if (!baseline)
        return (struct weighed){UNSURE, IM_DOUBT_RECORDS};
    return im_history_created(group->history, exchange) >
                   im_history_created(baseline, exchange)
               ? counts
               : free_of_blame;
}

static struct weighed weigh_call(const struct im_group *group, size_t index)
{
    const struct im_expectation *expectation = group->expectation;
    const struct im_window *window = group->window;

    if (expectation->created && window->anchor)
        return expectation->same_call ? weigh_created_again(group, index)
                                      : weigh_created(group, index);
    if (expectation->without_token && window->anchor)
        return weigh_without_token(group, index);
    if (window->anchor && expectation->within_ms >= 0)
        return weigh_hasty(group, index);
    if (expectation->at_most == 0)
        return window->anchor && group->items[index]->began_us > window->closed_us
                   ? free_of_blame
                   : counts;
    /* what is counted for each call is counted with whichever token */
    if (index > 0 && expectation->per != IM_PER_CALL && group->items[index]->token.len &&
        refuses_token(group, group->items[index]))
        return weigh_dead_token(group, index);
    return expectation->per == IM_PER_CALL || expectation->same_call
               ? weigh_repeat(group, index)
               : counts;
}

/* ---- all of them ---- */

static struct weighed weigh_exchange(const struct im_group *group, size_t index)
{
    const struct im_exchange *exchange = group->items[index];
    bool waits = group->window->anchor && group->expectation->within_ms >= 0;
    struct weighed one;

    if (im_history_is_refresh(exchange))
        one = waits ? weigh_hasty_refresh(group) : weigh_refresh(group, index);
    else if (im_history_is_sign_on(exchange) ||
             exchange->endpoint == IM_ENDPOINT_AUTHORIZE)
        one = weigh_sign_on(group, index);
    else
        one = weigh_call(group, index);
    if (one.weight == COUNTS && index && group->window->anchor && !waits &&
        renews_ahead(group, exchange))
        return (struct weighed){UNSURE, IM_DOUBT_AHEAD};
    return one;
}

struct im_tally im_count(const struct im_group *group)
{
    struct im_tally tally = {.counted = 0};

    for (size_t i = 0; i < group->count; i++) {
        struct weighed one = weigh_exchange(group, i);
        tally.counted += one.weight == COUNTS;
        tally.unsure += one.weight == UNSURE;
        if (one.weight == UNSURE && !tally.doubt)
            tally.doubt = one.doubt;
    }
    return tally;
}

/* As the rules above have it for requests for tokens. Whoever is refused over and over has a window for each
 * token, and what comes later is then looked at once instead of once for each window. */
bool im_count_is_over(const struct im_expectation *expectation,
                      const struct im_window *window, const struct im_history *history,
                      int64_t us)
{
    return im_str_is(expectation->when.endpoint, "token") && expectation->within_ms < 0 &&
           !history->unknown_codes && us > window->closed_us && us >= window->next_us;
}

bool im_count_has(const struct im_group *group, size_t index)
{
    return weigh_exchange(group, index).weight != FREE;
}
