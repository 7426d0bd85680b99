#include "oauth/evidence.h"

#include "base/clock.h"

static const char *what_happened(enum im_cause cause)
{
    switch (cause) {
    case CAUSE_ACCESS_TOKEN_EXPIRED:
    case CAUSE_REFRESH_TOKEN_EXPIRED:
    case CAUSE_CODE_EXPIRED: return "it expired";
    case CAUSE_SESSION_EXPIRED: return "the session behind it ended";
    case CAUSE_SESSION_ENDED_BY_SIGN_IN:
        return "its user signed in to the web UI, which ended its session";
    case CAUSE_ACCESS_TOKEN_REVOKED:
    case CAUSE_REFRESH_TOKEN_REVOKED: return "it was revoked";
    case CAUSE_GRANT_REVOKED_ELSEWHERE:
        return "another token of its user and company was revoked, which ended them all";
    case CAUSE_GRANT_SUPERSEDED:
        return "its user and company were authorized again, which superseded its grant";
    case CAUSE_PASSWORD_CHANGED: return "its user's password was changed";
    case CAUSE_USER_REVOKED_ACCESS: return "its user withdrew the consent";
    case CAUSE_CODE_REUSED:
        return "the authorization code of its grant was used again, which ended the "
               "grant";
    case CAUSE_REFRESH_TOKEN_REUSED:
        return "a refresh token of its grant was used again, which ended the grant";
    default: return NULL;
    }
}

static struct im_str ago(struct im_arena *arena, int64_t since_ms, int64_t now_ms)
{
    int64_t age_ms = now_ms > since_ms ? now_ms - since_ms : 0;

    return im_duration_text(arena, age_ms < 1000 ? age_ms : age_ms / 1000 * 1000);
}

struct im_str im_evidence_dead(struct im_arena *arena, const struct im_token *token,
                               int64_t now_ms)
{
    bool expired = token->ended_because == CAUSE_ACCESS_TOKEN_EXPIRED ||
                   token->ended_because == CAUSE_REFRESH_TOKEN_EXPIRED ||
                   token->ended_because == CAUSE_CODE_EXPIRED;
    bool used = token->consumed && token->ended_ms == token->consumed_ms;
    const char *what = used ? "it was used up" : what_happened(token->ended_because);
    struct im_str since = im_time_rfc3339(arena, token->ended_ms);
    struct im_str now = im_time_rfc3339(arena, now_ms);

    if (!what)
        return im_arena_format(arena, "it was ended (%s) at %.*s, now %.*s",
                               im_cause_row(token->ended_because)->id, IM_ARG(since),
                               IM_ARG(now));
    return im_arena_format(arena, "%s %.*s ago: %s %.*s, now %.*s", what,
                           IM_ARG(ago(arena, token->ended_ms, now_ms)),
                           expired ? "exp" : "at", IM_ARG(since), IM_ARG(now));
}

static bool has_space(struct im_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] == ' ' || (text.at[i] >= '\t' && text.at[i] <= '\r'))
            return true;
    return false;
}

struct im_str im_evidence_text(struct im_arena *arena, struct im_str text)
{
    const char *looks = NULL;

    if (im_str_trim(text).len != text.len)
        looks = "it has blanks or a newline around it";
    else if (im_str_starts(text, "Bearer "))
        looks = "the word Bearer stands twice";
    else if (has_space(text))
        looks = "it has blanks in it";
    else if (im_str_starts(text, "\"") || im_str_ends(text, "\""))
        looks = "it stands in quotation marks";
    else if (im_str_has(text, '%'))
        looks = "it is still percent-encoded";
    else if (im_str_starts(text, "{") || im_str_starts(text, "["))
        looks = "it is JSON: the whole response rather than the token in it";
    else if (im_str_ends(text, "..."))
        looks = "it was cut short: it ends in dots";
    return looks ? im_arena_format(arena, "%s", looks) : (struct im_str){NULL, 0};
}
