/* Causes and evidence for tokens that are refused: the table [reason][kind], what an
 * unknown text looks like, and whether the real service issued it. Sources: RFC 6749
 * section 5.2, RFC 6750 section 3.1, RFC 7009 section 2.1; field reports for sessions
 * and for what one authorization does to another. */
#include "oauth/token_refusal.h"

#include "base/clock.h"
#include "base/near_miss.h"
#include "oauth/jwt.h"

#define EVERY_KIND(cause)                                                                \
    {                                                                                    \
        cause, cause, cause                                                              \
    }

/* What ended a whole grant is worded for the kind of token presented: a client that
 * presents an access token has not used the code twice, and needs to know only that
 * its token was revoked. A code is handed out once and redeemed at once, so a code that
 * was revoked was revoked by an act on another token of its user. */
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
    /* the clock of a sandbox can be set back behind the end of a token */
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

static bool text_has_white_space(struct im_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] == ' ' || (text.at[i] >= '\t' && text.at[i] <= '\r'))
            return true;
    return false;
}

struct im_str im_looks_evidence(struct im_arena *arena, struct im_str text)
{
    struct im_repair repairs[IM_REPAIRS_MAX];
    size_t count = im_repairs(arena, text, repairs), dots = 0;
    bool scheme = im_str_starts(im_str_trim(text), "Bearer");

    if (im_str_trim(text).len == text.len && !scheme && text_has_white_space(text))
        return IM_STR("it has blanks in it");
    if (count) /* a text that has to be repaired first was never a token as it stands */
        return im_str(repairs[0].how);
    if (im_str_starts(text, "{") || im_str_starts(text, "["))
        return IM_STR("it is JSON: the whole response rather than the token in it");
    if (im_str_starts(text, "\"") || im_str_ends(text, "\"") ||
        im_str_starts(text, "'") || im_str_ends(text, "'"))
        return IM_STR("a quotation mark was copied with it");
    if (im_str_ends(text, "...") || im_str_ends(text, "\xe2\x80\xa6"))
        return IM_STR("it was cut short: it ends in dots");
    for (size_t i = 0; i < text.len; i++)
        dots += text.at[i] == '.';
    if (im_str_starts(text, "eyJ") && (dots < 2 || im_str_ends(text, ".")))
        return im_arena_format(arena,
                               "it was cut short: a token has three parts between dots, "
                               "and this one has %zu",
                               dots + !im_str_ends(text, "."));
    return IM_STR("");
}

/* ---- tokens of the real service; their form (HS256, iss "https://api.intacct.com", iat,
 * exp) was observed in one token of a public client ---- */

bool im_is_real_service(struct im_str issuer)
{
    struct im_str host = im_authority_host(im_url_authority(issuer));

    return im_str_is(host, "intacct.com") || im_str_ends(host, ".intacct.com");
}

static struct im_str expiry_evidence(const struct im_request *req,
                                     const struct im_json *payload)
{
    const struct im_json *exp = im_json_get(payload, "exp");
    int64_t now = req->now_ms / 1000;
    /* unverified input: a number of more digits is no time, and would overflow */
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
    struct im_str issuer = im_json_get_str(jwt.payload, "iss");
    struct im_str host = im_authority_host(im_url_authority(issuer));
    /* the mock may answer as that host: then the token is one of its own, altered */
    if (!im_is_real_service(issuer) ||
        im_str_eq_nocase(host, im_authority_host(im_url_authority(req->base_url))))
        return IM_STR("");
    return im_arena_format(req->arena, "issued by %.*s, not by this mock; %.*s",
                           IM_ARG(im_quote(req, host)),
                           IM_ARG(expiry_evidence(req, jwt.payload)));
}
