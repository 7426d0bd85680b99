/* Causes and evidence for tokens that are refused: the table [reason][kind], and
 * what a token's text betrays. Sources: RFC 6749 section 5.2, RFC 6750 section 3.1,
 * RFC 7009 section 2.1; field reports for sessions and for what one authorization
 * does to another. */
#include "oauth/token_refusal.h"

#include "base/clock.h"

#define EVERY_KIND(cause)                                                                \
    {                                                                                    \
        cause, cause, cause                                                              \
    }

/* What ended a whole grant is told in words that fit the token presented: a client
 * that comes with an access token has not used the code twice, and needs to know
 * only that its token was revoked. A code is handed out once and redeemed at once,
 * so one that was revoked was revoked by something done to another token of its
 * user. */
static const struct {
    enum im_cause cause[IM_TOKEN_KINDS]; /* code, access, refresh */
    const char *sentence;
} reasons[] = {
    [IM_ENDED_EXPIRED] = {{CAUSE_CODE_EXPIRED, CAUSE_ACCESS_TOKEN_EXPIRED,
                           CAUSE_REFRESH_TOKEN_EXPIRED},
                          "it expired"},
    [IM_ENDED_USED_UP] = {{CAUSE_CODE_REUSED, CAUSE_ACCESS_TOKEN_REVOKED,
                           CAUSE_REFRESH_TOKEN_REUSED},
                          "it was used up"},
    [IM_ENDED_REVOKED] = {{CAUSE_GRANT_REVOKED_ELSEWHERE, CAUSE_ACCESS_TOKEN_REVOKED,
                           CAUSE_REFRESH_TOKEN_REVOKED},
                          "it was revoked"},
    [IM_ENDED_CODE_REUSED] = {{CAUSE_CODE_REUSED, CAUSE_ACCESS_TOKEN_REVOKED,
                               CAUSE_REFRESH_TOKEN_REVOKED},
                              "the authorization code of its grant was used again, which "
                              "ended the grant"},
    [IM_ENDED_REFRESH_REUSED] = {{CAUSE_GRANT_REVOKED_ELSEWHERE,
                                  CAUSE_ACCESS_TOKEN_REVOKED,
                                  CAUSE_REFRESH_TOKEN_REVOKED},
                                 "a refresh token of its grant was used again, which "
                                 "ended the grant"},
    [IM_ENDED_REVOKED_ELSEWHERE] = {EVERY_KIND(CAUSE_GRANT_REVOKED_ELSEWHERE),
                                    "another token of its user and company was revoked, "
                                    "which ended them all"},
    [IM_ENDED_SUPERSEDED] = {EVERY_KIND(CAUSE_GRANT_SUPERSEDED),
                             "its user and company were authorized again, which "
                             "superseded its grant"},
    [IM_ENDED_SESSION_EXPIRED] = {EVERY_KIND(CAUSE_SESSION_EXPIRED),
                                  "the session behind it ended"},
    [IM_ENDED_SIGN_IN] = {EVERY_KIND(CAUSE_SESSION_ENDED_BY_SIGN_IN),
                          "its user signed in to the web UI, which ended its session"},
    [IM_ENDED_PASSWORD_CHANGED] = {EVERY_KIND(CAUSE_PASSWORD_CHANGED),
                                   "its user's password was changed"},
    [IM_ENDED_CONSENT_WITHDRAWN] = {EVERY_KIND(CAUSE_USER_REVOKED_ACCESS),
                                    "its user withdrew the consent"},
};

enum im_cause im_ended_cause(enum im_end_reason reason, enum im_token_kind kind)
{
    return reasons[reason].cause[kind];
}

enum im_cause im_token_cause(const struct im_token *token)
{
    return im_ended_cause(token->ended, token->kind);
}

enum im_cause im_other_client_cause(enum im_token_kind kind)
{
    static const enum im_cause causes[IM_TOKEN_KINDS] = {
        [IM_TOKEN_CODE] = CAUSE_CODE_OF_ANOTHER_CLIENT,
        [IM_TOKEN_ACCESS] = CAUSE_TOKEN_OF_ANOTHER_CLIENT,
        [IM_TOKEN_REFRESH] = CAUSE_REFRESH_TOKEN_OF_ANOTHER_CLIENT,
    };
    return causes[kind];
}

struct im_str im_ended_evidence(struct im_arena *arena, const struct im_token *token,
                                int64_t now_ms)
{
    int64_t age_ms = now_ms > token->ended_ms ? now_ms - token->ended_ms : 0;

    if (age_ms >= 1000) /* to the second, as the times beside it */
        age_ms = age_ms / 1000 * 1000;
    return im_arena_format(arena, "%s %.*s ago: %s %.*s, now %.*s",
                           reasons[token->ended].sentence,
                           IM_ARG(im_duration_text(arena, age_ms)),
                           token->ended == IM_ENDED_EXPIRED ? "exp" : "at",
                           IM_ARG(im_time_rfc3339(arena, token->ended_ms)),
                           IM_ARG(im_time_rfc3339(arena, now_ms)));
}

static bool has_white_space(struct im_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] == ' ' || (text.at[i] >= '\t' && text.at[i] <= '\r'))
            return true;
    return false;
}

struct im_str im_looks_evidence(struct im_str text)
{
    if (im_str_trim(text).len != text.len)
        return IM_STR("it has blanks or a newline around it");
    if (im_str_starts(text, "Bearer "))
        return IM_STR("the word Bearer stands twice");
    if (has_white_space(text))
        return IM_STR("it has blanks in it");
    if (im_str_starts(text, "\"") || im_str_ends(text, "\""))
        return IM_STR("it stands in quotation marks");
    if (im_str_has(text, '%'))
        return IM_STR("it is still percent-encoded");
    if (im_str_starts(text, "{") || im_str_starts(text, "["))
        return IM_STR("it is JSON: the whole response rather than the token in it");
    if (im_str_ends(text, "..."))
        return IM_STR("it was cut short: it ends in dots");
    return IM_STR("");
}
