/* Signs in what came before an exchange: which grant its token is of, what was used
 * twice, who revoked, who connected again, and what the same client was allowed. Values
 * are compared, never shown. */
#include "base/clock.h"
#include "base/json.h"
#include "explain/match.h"

/* One token response of the trace. */
struct issue {
    size_t index;
    bool before; /* the trace does not show it: it was before */
    struct im_str access, refresh;
    struct im_token_owner owner;
    int64_t lives_s; /* expires_in; 0 = not said */
};

/* What the exchanges before the wrong one have issued. */
struct history {
    struct im_ranking *ranking;
    struct issue *issues;
    size_t count;
};

static struct im_observed *history_at(const struct history *history, size_t index)
{
    return history->ranking->trace->items[index];
}

static struct im_str ms_in_words(const struct history *history, int64_t ms)
{
    return im_time_words(history->ranking->trace->arena, ms / 1000);
}

static bool read_issue(struct im_trace *trace, size_t index, struct issue *issue)
{
    struct im_observed *one = trace->items[index];

    /* a log may say no more than that it succeeded */
    if (!im_is_token_endpoint(one) || !im_is_success(one))
        return false;
    const struct im_json *json = im_got(trace, one);
    *issue = (struct issue){.index = index,
                            .access = im_json_get_str(json, "access_token"),
                            .refresh = im_json_get_str(json, "refresh_token")};
    const struct im_json *lives = im_json_get(json, "expires_in");
    issue->lives_s = lives && lives->is_whole ? lives->whole : 0;
    issue->owner = im_token_owner(trace->arena, issue->access);
    return true;
}

static void read_history(struct history *history)
{
    struct im_trace *trace = history->ranking->trace;

    history->issues = IM_ARENA_ARRAY(trace->arena, struct issue, trace->count);
    for (size_t i = 0; history->issues && i < history->ranking->wrong; i++)
        if (read_issue(trace, i, &history->issues[history->count]))
            history->count++;
}

/* Do the two exchanges_overlap, so that neither knew of the other's answer? */
static bool exchanges_overlap(const struct im_observed *a, const struct im_observed *b)
{
    return a->has_time && b->has_time && a->duration_ms > 0 &&
           b->at_ms < a->at_ms + a->duration_ms && a->at_ms < b->at_ms + b->duration_ms;
}

/* ---- a refresh that was refused ---- */

/* Why the earlier use of a refresh token matters: it succeeded (rotation), it ran at the same time, or
 * its answer was lost, so that it may have taken effect unseen. */
static void used_before(struct history *history, struct im_observed *before)
{
    struct im_ranking *ranking = history->ranking;
    struct im_observed *one = ranking->one;
    /* logs have no durations: so close together nobody has waited for an answer */
    bool near = before->has_time && one->has_time && one->at_ms - before->at_ms < 100;

    if (exchanges_overlap(before, one) || (near && !before->duration_ms)) {
        im_sign(
            ranking, CAUSE_PARALLEL_REFRESH, IM_SIGN_STRONG + 40,
            "no. %zu sent the same refresh token %lld ms before, and was not answered "
            "yet",
            before->number, (long long)(one->at_ms - before->at_ms));
        im_sign(ranking, CAUSE_CLIENT_INTERMITTENT, IM_SIGN_GOOD,
                "refreshes run in parallel");
        im_lead(ranking, before, "the same refresh token is sent, at the same time");
    } else if (im_is_success(before)) {
        im_sign(ranking, CAUSE_REFRESH_TOKEN_REUSED, IM_SIGN_STRONG,
                "no. %zu has used the same refresh token before, and was answered %d",
                before->number, before->status);
        im_lead(ranking, before, "the refresh token is used for the first time");
    } else if (before->lost || !before->status) {
        im_sign(
            ranking, CAUSE_REFRESH_TOKEN_REUSED, IM_SIGN_STRONG,
            "no. %zu has sent the same refresh token before, and its answer was lost: "
            "it may have taken effect",
            before->number);
        im_lead(ranking, before, "the same refresh token is sent; the answer is lost");
    }
}

/* Values are compared as they stand: a fingerprint in a journal is as good as the token. */
static void look_for_reuse(struct history *history)
{
    struct im_ranking *ranking = history->ranking;
    struct im_str refresh = im_sent(ranking->one, "refresh_token");

    for (size_t i = 0; i < ranking->wrong; i++) {
        struct im_observed *before = history_at(history, i);
        if (im_is_token_endpoint(before) &&
            im_same_value(refresh, im_sent(before, "refresh_token")))
            used_before(history, before);
    }
    /* which of the two is refused is chance */
    for (size_t i = ranking->wrong + 1; i < ranking->trace->count; i++) {
        struct im_observed *other = history_at(history, i);
        if (im_is_token_endpoint(other) && exchanges_overlap(ranking->one, other) &&
            im_same_value(refresh, im_sent(other, "refresh_token")))
            used_before(history, other);
    }
}

/* Is the refresh token known, so that it can be compared? */
static bool is_token_told(struct im_observed *one)
{
    struct im_str refresh = im_sent(one, "refresh_token");

    return refresh.len &&
           (!im_is_hidden_value(refresh) || im_str_starts(refresh, "hmac:"));
}

/* A log seldom shows the tokens. Nobody needs a second refresh within a second of one that
 * succeeded: another worker has run, or the old token was sent again. */
static void look_for_hasty_refresh(struct history *history)
{
    enum { HASTE_MS = 1000 };
    struct im_ranking *ranking = history->ranking;
    struct im_observed *one = ranking->one;

    if (!im_is_token_endpoint(one) || !im_has_code(one, "invalid_grant") ||
        !im_str_is(im_grant(one), "refresh_token") || is_token_told(one))
        return;
    for (size_t i = 0; i < history->count; i++) {
        struct im_observed *before = history_at(history, history->issues[i].index);
        struct im_str client = im_sent(before, "client_id"),
                      mine = im_sent(one, "client_id");
        int64_t ago_ms = one->at_ms - before->at_ms;
        if (!before->has_time || !one->has_time || ago_ms < 0 || ago_ms > HASTE_MS ||
            !im_str_is(im_grant(before), "refresh_token") ||
            (client.len && mine.len && !im_str_eq(client, mine)))
            continue;
        im_sign(ranking, CAUSE_PARALLEL_REFRESH, IM_SIGN_GOOD,
                "no. %zu refreshed %lld ms before, and succeeded", before->number,
                (long long)ago_ms);
        im_sign(ranking, CAUSE_REFRESH_TOKEN_REUSED, IM_SIGN_GOOD,
                "no. %zu refreshed %lld ms before, and its answer ended the token "
                "that it had sent",
                before->number, (long long)ago_ms);
        im_lead(ranking, before, "a refresh succeeds");
    }
}

/* Where the log does not show the tokens: a refresh that is repeated, after its answer was lost, sends
 * the token again that the first one may have used up. */
static void look_for_lost_refresh(struct history *history)
{
    struct im_ranking *ranking = history->ranking;
    struct im_observed *one = ranking->one;
    struct im_str grant = im_grant(one), client = im_sent(one, "client_id");

    if (!im_is_token_endpoint(one) || !im_has_code(one, "invalid_grant") ||
        is_token_told(one) || (grant.len && !im_str_is(grant, "refresh_token")))
        return;
    for (size_t i = ranking->wrong; i-- > 0;) {
        struct im_observed *before = history_at(history, i);
        struct im_str other = im_sent(before, "client_id");
        if (!im_is_token_endpoint(before) || !im_str_eq(im_grant(before), grant) ||
            (client.len && other.len && !im_str_eq(client, other)))
            continue;
        /* behind one that succeeded there is another token */
        if (before->status || !before->lost)
            return;
        im_sign(ranking, CAUSE_REFRESH_TOKEN_REUSED, IM_SIGN_STRONG,
                grant.len ? "no. %zu, a refresh too, had no answer: it may have used the "
                            "refresh token up"
                          : "no. %zu, a token request too, had no answer: if both are "
                            "refreshes, it may have used the refresh token up",
                before->number);
        im_lead(ranking, before,
                grant.len ? "a refresh without an answer"
                          : "a token request without an answer");
        return;
    }
}

static void look_for_code(struct history *history)
{
    struct im_ranking *ranking = history->ranking;
    struct im_observed *one = ranking->one;
    struct im_str code = im_sent(one, "code");

    for (size_t i = 0; code.len && i < ranking->wrong; i++) {
        struct im_observed *before = history_at(history, i);
        bool same = im_same_value(code, im_sent(before, "code"));
        if (same && im_is_token_endpoint(before) && !im_observed_is_refused(before)) {
            im_sign(ranking, CAUSE_CODE_REUSED, IM_SIGN_STRONG,
                    "no. %zu has exchanged the same code before", before->number);
            im_lead(ranking, before, "the code is exchanged for the first time");
        } else if (same && before->has_time && one->has_time &&
                   one->at_ms - before->at_ms > 60000) {
            im_sign(ranking, CAUSE_CODE_EXPIRED, IM_SIGN_STRONG,
                    "the code came %.*s before it was exchanged (no. %zu)",
                    IM_ARG(ms_in_words(history, one->at_ms - before->at_ms)),
                    before->number);
            im_lead(ranking, before, "the browser brings the code");
        }
    }
}

/* What the authorize request said, and the token request must say again. */
static void look_at_sign_in(struct history *history)
{
    struct im_ranking *ranking = history->ranking;
    struct im_observed *one = ranking->one, *begun = NULL;

    for (size_t i = 0; i < ranking->wrong; i++)
        if (history_at(history, i)->endpoint == IM_ENDPOINT_AUTHORIZE)
            begun = history_at(history, i);
    if (!begun || !im_str_is(im_grant(one), "authorization_code"))
        return;
    struct im_str uri = im_sent(begun, "redirect_uri"),
                  now = im_sent(one, "redirect_uri");
    if (uri.len && now.len && !im_str_eq(uri, now))
        im_sign(ranking, CAUSE_REDIRECT_URI_MISMATCH, IM_SIGN_STRONG,
                "redirect_uri is %.*s here and was %.*s in no. %zu",
                IM_ARG(im_trace_quote(ranking->trace, now)),
                IM_ARG(im_trace_quote(ranking->trace, uri)), begun->number);
    if (im_sent(begun, "code_challenge").len && !im_sent(one, "code_verifier").len)
        im_sign(ranking, CAUSE_PKCE_VERIFIER_MISSING, IM_SIGN_STRONG,
                "no. %zu had a code_challenge, and this request has no code_verifier",
                begun->number);
    struct im_str client = im_sent(begun, "client_id"), id = im_sent(one, "client_id");
    if (client.len && id.len && !im_str_eq(client, id))
        im_sign(ranking, CAUSE_CODE_OF_ANOTHER_CLIENT, IM_SIGN_STRONG,
                "no. %zu had another client_id", begun->number);
}

/* ---- whose token it is, and what became of it ---- */

/* The token response that the wrong exchange's token is from; NULL = none in the trace. */
static const struct issue *issue_of(const struct history *history)
{
    struct im_observed *one = history->ranking->one;
    struct im_str bearer = im_credentials(&one->req)->bearer_token;
    struct im_str refresh = im_sent(one, "refresh_token");

    /* the newest first: a token that is not rotated comes back in later responses */
    for (size_t i = history->count; i-- > 0;) {
        const struct issue *issue = &history->issues[i];
        if (im_same_value(bearer, issue->access) ||
            im_same_value(refresh, issue->refresh))
            return issue;
    }
    return NULL;
}

/* Undocumented and reported: one authorization code grant lives per user and company, so a second
 * connection kills the first (Nango's write-up of July 2026). */
static void look_for_second_sign_on(struct history *history, const struct issue *mine)
{
    struct im_ranking *ranking = history->ranking;
    bool refresh = im_is_token_endpoint(ranking->one);

    for (size_t i = 0; i < history->count; i++) {
        const struct issue *later = &history->issues[i];
        struct im_observed *one = history_at(history, later->index);
        if ((!mine->before && later->index <= mine->index) ||
            !im_may_be_one_owner(&mine->owner, &later->owner) ||
            !im_str_is(im_grant(one), "authorization_code") ||
            im_str_eq(mine->access, later->access))
            continue;
        /* an opaque token from before may be anybody's */
        im_sign(
            ranking, CAUSE_GRANT_SUPERSEDED,
            mine->before && !mine->owner.user.len ? IM_SIGN_GOOD : IM_SIGN_STRONG,
            "no. %zu connected the same user and company again, after the %s token of "
            "this exchange was issued",
            one->number, refresh ? "refresh" : "access");
        im_lead(ranking, one, "a second authorization of the same user and company");
    }
}

/* Documented: revoking one token revokes all of that user and company. */
static void look_for_revocation(struct history *history, const struct issue *mine)
{
    struct im_ranking *ranking = history->ranking;
    bool refresh = im_is_token_endpoint(ranking->one);

    for (size_t i = 0; i < ranking->wrong; i++) {
        struct im_observed *one = history_at(history, i);
        struct im_str token = im_sent(one, "token");
        if (one->endpoint != IM_ENDPOINT_REVOKE || im_observed_is_refused(one))
            continue;
        bool own = mine && (im_same_value(token, mine->access) ||
                            im_same_value(token, mine->refresh));
        bool presented =
            im_same_value(token, im_credentials(&ranking->one->req)->bearer_token) ||
            im_same_value(token, im_sent(ranking->one, "refresh_token"));
        if (own || presented)
            im_sign(ranking,
                    refresh ? CAUSE_REFRESH_TOKEN_REVOKED : CAUSE_ACCESS_TOKEN_REVOKED,
                    IM_SIGN_STRONG, "no. %zu revoked a token of this grant", one->number);
        else
            im_sign(ranking, CAUSE_GRANT_REVOKED_ELSEWHERE, IM_SIGN_STRONG,
                    "no. %zu revoked another token", one->number);
        im_lead(ranking, one, "a token is revoked");
    }
}

static void look_at_age(struct history *history, const struct issue *mine)
{
    struct im_ranking *ranking = history->ranking;
    struct im_observed *issued = history_at(history, mine->index), *one = ranking->one;
    int64_t lives_s = mine->lives_s ? mine->lives_s : 43200;

    /* a refresh token's own life is not known, so its age says nothing */
    if (!issued->has_time || !one->has_time || im_is_token_endpoint(one))
        return;
    int64_t age_ms = one->at_ms - issued->at_ms;
    im_lead(ranking, issued, "the token is issued, for %.*s",
            IM_ARG(ms_in_words(history, lives_s * 1000)));
    if (age_ms >= lives_s * 1000)
        im_sign(ranking, CAUSE_ACCESS_TOKEN_EXPIRED, IM_SIGN_STRONG,
                "the token is %.*s old; it was issued by no. %zu for %.*s",
                IM_ARG(ms_in_words(history, age_ms)), issued->number,
                IM_ARG(ms_in_words(history, lives_s * 1000)));
    else
        im_sign_against(ranking, CAUSE_ACCESS_TOKEN_EXPIRED, IM_SIGN_GOOD,
                        "the token is %.*s old; it was issued by no. %zu for %.*s",
                        IM_ARG(ms_in_words(history, age_ms)), issued->number,
                        IM_ARG(ms_in_words(history, lives_s * 1000)));
}

/* No refresh token was given, and why. */
static void look_for_offline_access(struct history *history)
{
    struct im_ranking *ranking = history->ranking;
    struct im_str sent = im_sent(ranking->one, "refresh_token");
    bool lacks = im_is_token_endpoint(ranking->one) &&
                 im_str_is(im_grant(ranking->one), "refresh_token") &&
                 (!sent.len || im_is_placeholder(sent));
    const struct issue *last =
        history->count ? &history->issues[history->count - 1] : NULL;

    if (!lacks || !last || last->refresh.len || !last->access.len)
        return;
    im_sign(ranking, CAUSE_REFRESH_TOKEN_MISSING, IM_SIGN_CERTAIN + IM_SIGN_STRONG,
            "the token response of no. %zu has no refresh_token",
            history_at(history, last->index)->number);
    im_lead(ranking, history_at(history, last->index),
            "a token response without refresh_token");
    for (size_t i = 0; i < ranking->wrong; i++) {
        struct im_observed *one = history_at(history, i);
        struct im_str scope = im_sent(one, "scope");
        if (one->endpoint != IM_ENDPOINT_AUTHORIZE ||
            im_str_in_list(scope, IM_STR("offline_access")))
            continue;
        im_sign(ranking, CAUSE_REFRESH_TOKEN_MISSING, IM_SIGN_GOOD,
                "no. %zu did not ask for the scope offline_access", one->number);
        im_lead(ranking, one, "an authorize request without offline_access");
    }
}

/* The access token of the wrong exchange is another kind of credential. */
static void look_for_mixed_up(struct history *history)
{
    struct im_ranking *ranking = history->ranking;
    struct im_str bearer = im_credentials(&ranking->one->req)->bearer_token;

    for (size_t i = 0; i < history->count; i++)
        if (im_same_value(bearer, history->issues[i].refresh))
            im_sign(ranking, CAUSE_REFRESH_TOKEN_USED_AS_ACCESS_TOKEN, IM_SIGN_CERTAIN,
                    "it is the refresh_token of no. %zu",
                    history_at(history, history->issues[i].index)->number);
    for (size_t i = 0; i < ranking->wrong; i++)
        if (im_same_value(bearer, im_sent(history_at(history, i), "code")))
            im_sign(ranking, CAUSE_CODE_USED_AS_ACCESS_TOKEN, IM_SIGN_CERTAIN,
                    "it is the code of no. %zu", history_at(history, i)->number);
}

/* ---- the client ---- */

static void look_at_client_before(struct history *history)
{
    struct im_ranking *ranking = history->ranking;
    struct im_observed *one = ranking->one;
    struct im_str secret = im_sent(one, "client_secret");

    for (size_t i = 0; i < ranking->trace->count; i++) {
        struct im_observed *other = history_at(history, i);
        struct im_str used = im_sent(other, "client_secret");
        if (other == one || !im_is_token_endpoint(other) || !im_is_success(other) ||
            !im_same_value(im_sent(one, "client_id"), im_sent(other, "client_id")))
            continue;
        if (im_same_value(secret, used) && i > ranking->wrong)
            im_sign(ranking, CAUSE_CLIENT_INTERMITTENT, IM_SIGN_STRONG,
                    "no. %zu succeeds later with the same id and secret", other->number);
        else if (im_same_value(secret, used))
            im_sign(ranking, CAUSE_CLIENT_SECRET_ROTATED, IM_SIGN_WEAK + 20,
                    "no. %zu succeeded with the same id and secret", other->number);
        else if (secret.len && used.len)
            im_sign(ranking, CAUSE_CLIENT_SECRET_WRONG, IM_SIGN_GOOD,
                    "no. %zu succeeded with another secret", other->number);
        if (im_same_value(secret, used))
            im_sign_against(ranking, CAUSE_CLIENT_SECRET_WRONG, IM_SIGN_GOOD,
                            "no. %zu succeeds with the same id and secret",
                            other->number);
    }
}

static void look_at_hosts(struct history *history)
{
    struct im_ranking *ranking = history->ranking;
    struct im_observed *one = ranking->one;
    const struct issue *mine = issue_of(history);

    if (!mine || !one->host.len)
        return;
    struct im_str issuer = history_at(history, mine->index)->host;
    if (issuer.len && !im_str_eq_nocase(issuer, one->host))
        im_lead(ranking, history_at(history, mine->index),
                "the token is from %.*s, and is used at %.*s",
                IM_ARG(im_trace_quote_host(ranking->trace, issuer)),
                IM_ARG(im_trace_quote_host(ranking->trace, one->host)));
}

/* The redirect before a call without a header is what took it away. */
static void look_for_redirect(struct history *history)
{
    struct im_ranking *ranking = history->ranking;
    struct im_observed *before =
        ranking->wrong ? history_at(history, ranking->wrong - 1) : NULL;

    if (!before || before->status / 100 != 3 || !im_is_api(ranking->one) ||
        im_request_header(&ranking->one->req, "authorization").at ||
        !im_request_header(&before->req, "authorization").at)
        return;
    im_sign(ranking, CAUSE_AUTHORIZATION_HEADER_MISSING, IM_SIGN_GOOD,
            "no. %zu had the header and was redirected to another host", before->number);
    im_lead(ranking, before, "a redirect takes the Authorization header away");
}

void im_signs_of_sequence(struct im_ranking *ranking)
{
    struct history history = {.ranking = ranking};

    if (!ranking->one->has_request)
        return;
    read_history(&history);
    const struct issue *mine = issue_of(&history);
    struct issue earlier = {.before = true,
                            .access = im_credentials(&ranking->one->req)->bearer_token,
                            .refresh = im_sent(ranking->one, "refresh_token"),
                            .owner = ranking->one->owner};
    bool token = earlier.access.len || earlier.refresh.len;
    /* in no order: each adds its weight, and only the sum decides */
    look_for_offline_access(&history);
    look_at_sign_in(&history);
    look_for_code(&history);
    look_for_reuse(&history);
    look_for_hasty_refresh(&history);
    look_for_lost_refresh(&history);
    look_for_mixed_up(&history);
    if (mine || token)
        look_for_second_sign_on(&history, mine ? mine : &earlier);
    look_for_revocation(&history, mine);
    if (mine)
        look_at_age(&history, mine);
    if (im_is_token_endpoint(ranking->one))
        look_at_client_before(&history);
    im_signs_of_permissions(ranking);
    look_at_hosts(&history);
    look_for_redirect(&history);
}
