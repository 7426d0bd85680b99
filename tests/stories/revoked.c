/* Family B: the access token was revoked, or never was one. */
#include "stories/story.h"

/* A token of the REST API with this flaw, minted by the control API. */
static const char *given_flawed_token(struct story *s, const char *flaw)
{
    when_controlled(
        s, "POST", "/tokens",
        text(s, "{\"user\":\"ws_user@acme\",\"client_id\":\"demo\",\"flaw\":\"%s\"}",
             flaw));
    return access_token(s);
}

static void then_token_is_not_valid(struct story *s, enum im_cause cause)
{
    then_status(s, 400);
    then_json(s, "ia::result/ia::error/errorId", "REST-1206");
    then_json(s, "ia::result/ia::error/message", "The token is not valid");
    then_refused(s, cause);
}

static void then_token_is_dead(struct story *s, enum im_cause cause)
{
    then_status(s, 401);
    then_json(s, "ia::result/ia::error/code", "tokenInvalid");
    then_json(s, "ia::result/ia::error/errorId", "REST-2102");
    then_json(s, "ia::result/ia::error/additionalInfo/messageId", "IA.TOKEN_IS_INVALID");
    then_refused(s, cause);
}

STORY(revoked_token_is_dead_at_once,
      "a revoked token is dead at once, at the API and introspected")
{
    when_connected(s);
    const char *token = access_token(s);
    when_posted(s, REVOKE_PATH, text(s, DEMO "&token=%s", token));
    then_body_is(s, "{\"revoked\":true}");
    when_got(s, VENDORS, token);
    then_token_is_dead(s, CAUSE_ACCESS_TOKEN_REVOKED);
    when_posted(s, INTROSPECT_PATH, text(s, DEMO "&token=%s", token));
    then_body_is(s, "{\"active\":false}");
}

STORY(article_revoked_token,
      "in the article's dialect a revoked token gets 401 invalid_grant")
{
    when_connected_in_article(s);
    const char *token = access_token(s);
    when_posted(s, "/identity/v2/oauth2/revoke", text(s, DEMO "&token=%s", token));
    then_body_is(s, "{\"success\":\"ok\"}");
    when_got(s, ARTICLE_VENDORS, token);
    then_status(s, 401);
    then_body_is(s, "{\"error\":\"invalid_grant\"}");
}

STORY(one_revoke_kills_all,
      "revoking one token kills every token of that user and company")
{
    when_connected(s);
    const char *mine = access_token(s);
    when_connected(s);
    when_posted(s, REVOKE_PATH, text(s, "token=%s", access_token(s)));
    when_got(s, VENDORS, mine);
    then_token_is_dead(s, CAUSE_GRANT_REVOKED_ELSEWHERE);
}

STORY(revoke_need_not_cascade, "without revoke_cascades the others live on")
{
    given_policy(s, "{\"revoke_cascades\":false}");
    when_connected(s);
    const char *mine = access_token(s);
    when_connected(s);
    when_posted(s, REVOKE_PATH, text(s, "token=%s", access_token(s)));
    when_got(s, VENDORS, mine);
    then_fine(s);
}

STORY(second_authorization_supersedes,
      "a second authorization of the same user kills the first one's tokens")
{
    when_authorized(s, "offline_access");
    const char *access = access_token(s);
    const char *refresh = refresh_token(s);
    when_authorized(s, "offline_access");
    when_got(s, VENDORS, access);
    then_token_is_dead(s, CAUSE_GRANT_SUPERSEDED);
    when_refreshed_with(s, refresh);
    then_status(s, 400);
    then_body_is(s, "{\"error\":\"invalid_grant\"}");
    then_refused(s, CAUSE_GRANT_SUPERSEDED);
}

STORY(two_connections_may_live, "without one_grant_per_user both authorizations live")
{
    given_policy(s, "{\"one_grant_per_user\":false}");
    when_authorized(s, "offline_access");
    const char *first = access_token(s);
    when_authorized(s, "offline_access");
    when_got(s, VENDORS, first);
    then_fine(s);
}

STORY(sign_in_ends_the_session, "the user signs in to the web UI, and the token is dead")
{
    when_connected(s);
    const char *token = access_token(s);
    const char *refresh = refresh_token(s);
    when_controlled(s, "POST", "/sign-in", "{\"user\":\"ws_user@acme\"}");
    when_got(s, VENDORS, token);
    then_token_is_dead(s, CAUSE_SESSION_ENDED_BY_SIGN_IN);
    when_refreshed_with(s, refresh);
    then_fine(s);
}

STORY(password_change_kills_tokens,
      "the user changes the password, and every token is dead")
{
    when_connected(s);
    const char *token = access_token(s);
    given_world(s, "{\"do\":\"change-password\",\"user\":\"ws_user@acme\"}");
    when_got(s, VENDORS, token);
    then_token_is_dead(s, CAUSE_PASSWORD_CHANGED);
}

STORY(withdrawn_consent, "the user withdraws consent, and the connection is dead")
{
    when_authorized(s, "offline_access");
    const char *refresh = refresh_token(s);
    when_controlled(s, "POST", "/withdraw",
                    "{\"client_id\":\"demo\",\"user\":\"jdoe@acme\"}");
    when_refreshed_with(s, refresh);
    then_status(s, 400);
    then_refused(s, CAUSE_USER_REVOKED_ACCESS);
}

STORY(no_authorization_header, "a call without Authorization gets 401 GW-0034")
{
    when_got(s, VENDORS, NULL);
    then_status(s, 401);
    then_json(s, "ia::error/code", "GW-0034");
    then_refused(s, CAUSE_AUTHORIZATION_HEADER_MISSING);
}

STORY(authorization_is_not_bearer, "Authorization without Bearer gets 401 GW-0034")
{
    when_sent(s, "GET", VENDORS, "Authorization: Token abc\n", NULL);
    then_status(s, 401);
    then_json(s, "ia::error/code", "GW-0034");
    then_refused(s, CAUSE_AUTHORIZATION_NOT_BEARER);
}

STORY(authorization_twice, "two Authorization headers are refused")
{
    when_sent(s, "GET", VENDORS, "Authorization: Bearer a\nAuthorization: Bearer b\n",
              NULL);
    then_refused(s, CAUSE_AUTHORIZATION_REPEATED);
}

STORY(rubbish_token, "a token that is no JWT gets 400 REST-1206")
{
    when_got(s, VENDORS, "rubbish");
    then_token_is_not_valid(s, CAUSE_TOKEN_MALFORMED);
}

STORY(rubbish_token_may_be_401, "with malformed_style 401-gateway it gets 401 GW-0031")
{
    given_policy(s, "{\"malformed_style\":\"401-gateway\"}");
    when_got(s, VENDORS, "rubbish");
    then_status(s, 401);
    then_json(s, "ia::error/code", "GW-0031");
}

STORY(altered_token, "a token whose signature does not fit is told from a dead one")
{
    when_got(s, VENDORS, given_flawed_token(s, "bad-signature"));
    then_token_is_not_valid(s, CAUSE_TOKEN_BAD_SIGNATURE);
}

/* {"iss":"https://api.intacct.com","iat":…,"exp":2025-12-22T00:00:00Z}, signed by nobody */
#define REAL_TOKEN                                                                       \
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."                                              \
    "eyJpc3MiOiJodHRwczovL2FwaS5pbnRhY2N0LmNvbSIsImlhdCI6MTc2NjI3"                       \
    "NTIwMCwiZXhwIjoxNzY2MzYxNjAwfQ"                                                     \
    ".c2lnbmF0dXJl"

STORY(real_token, "a token of the real service is told as such, with its own times")
{
    when_got(s, VENDORS, REAL_TOKEN);
    then_token_is_not_valid(s, CAUSE_TOKEN_OF_THE_REAL_SERVICE);
    then_header_has(s, "X-Intacct-Mock-Evidence",
                    "issued by api.intacct.com, not by this mock; by its own claims it "
                    "expired 10 days ago");
    when_refreshed_with(s, REAL_TOKEN);
    then_json(s, "error", "invalid_grant");
    then_refused(s, CAUSE_TOKEN_OF_THE_REAL_SERVICE);
}

STORY(token_of_an_unknown_key, "a token signed with a key that we never had")
{
    when_got(s, VENDORS, given_flawed_token(s, "unknown-key"));
    then_refused(s, CAUSE_TOKEN_UNKNOWN_KEY);
}

STORY(rotated_keys, "after a key rotation the tokens of the old key are dead")
{
    when_connected(s);
    const char *token = access_token(s);
    when_controlled(s, "POST", "/keys/rotate", NULL);
    when_got(s, VENDORS, token);
    then_refused(s, CAUSE_TOKEN_UNKNOWN_KEY);
}

STORY(alg_none, "a token with alg none is refused for its algorithm")
{
    when_got(s, VENDORS, "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJpc3MiOiJ4In0.");
    then_token_is_not_valid(s, CAUSE_TOKEN_WRONG_ALGORITHM);
}

STORY(token_of_another_issuer, "a token of another issuer is told")
{
    when_got(s, VENDORS, given_flawed_token(s, "wrong-issuer"));
    then_refused(s, CAUSE_TOKEN_WRONG_ISSUER);
}

STORY(token_from_the_future, "a token that is not valid yet: the clocks disagree")
{
    when_got(s, VENDORS, given_flawed_token(s, "not-yet-valid"));
    then_refused(s, CAUSE_TOKEN_NOT_YET_VALID);
}

STORY(token_of_another_company, "a token of another company gets REST-2102")
{
    when_got(s, VENDORS, given_flawed_token(s, "wrong-company"));
    then_token_is_dead(s, CAUSE_TOKEN_WRONG_COMPANY);
}

STORY(token_of_another_environment,
      "a token of a non-production key does not open a production company")
{
    when_controlled(s, "POST", "/tokens",
                    "{\"user\":\"ws_user@acme\",\"client_id\":\"demo-sandbox\"}");
    when_got(s, VENDORS, access_token(s));
    then_token_is_dead(s, CAUSE_TOKEN_WRONG_ENVIRONMENT);
}

STORY(refresh_token_is_no_access_token, "a refresh token does not open the API")
{
    when_connected(s);
    when_got(s, VENDORS, refresh_token(s));
    then_token_is_not_valid(s, CAUSE_REFRESH_TOKEN_USED_AS_ACCESS_TOKEN);
}

STORY(code_is_no_access_token, "an authorization code does not open the API")
{
    when_asked_to_authorize(s, "");
    when_got(s, VENDORS, code(s));
    then_token_is_not_valid(s, CAUSE_CODE_USED_AS_ACCESS_TOKEN);
}

STORY(forgotten_token,
      "after a reset a token is ours by signature, but nobody remembers it")
{
    when_connected(s);
    const char *token = access_token(s);
    when_controlled(s, "POST", "/reset", NULL);
    when_controlled(s, "POST", "/clock", "{\"set\":\"2026-01-01T01:00:00Z\"}");
    when_got(s, VENDORS, token);
    then_refused(s, CAUSE_ACCESS_TOKEN_UNKNOWN);
}

STORIES(revoked) = {
    &story_revoked_token_is_dead_at_once,
    &story_article_revoked_token,
    &story_one_revoke_kills_all,
    &story_revoke_need_not_cascade,
    &story_second_authorization_supersedes,
    &story_two_connections_may_live,
    &story_sign_in_ends_the_session,
    &story_password_change_kills_tokens,
    &story_withdrawn_consent,
    &story_no_authorization_header,
    &story_authorization_is_not_bearer,
    &story_authorization_twice,
    &story_rubbish_token,
    &story_rubbish_token_may_be_401,
    &story_altered_token,
    &story_real_token,
    &story_token_of_an_unknown_key,
    &story_rotated_keys,
    &story_alg_none,
    &story_token_of_another_issuer,
    &story_token_from_the_future,
    &story_token_of_another_company,
    &story_token_of_another_environment,
    &story_refresh_token_is_no_access_token,
    &story_code_is_no_access_token,
    &story_forgotten_token,
    NULL,
};
