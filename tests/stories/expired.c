/* Family A: the access token, or what it hangs on, has expired. */
#include "stories/story.h"

STORY(expired_token_is_gateway_401, "an access token past its end gets 401 GW-0040")
{
    when_connected(s);
    const char *token = access_token(s);
    when_time_passes(s, "12h");
    when_got(s, VENDORS, token);
    then_status(s, 401);
    then_json(s, "ia::error/code", "GW-0040");
    then_json(s, "ia::error/message", "Expired token");
    then_refused(s, CAUSE_ACCESS_TOKEN_EXPIRED);
}

STORY(token_lives_to_its_last_second,
      "a second before its end the access token still works")
{
    when_connected(s);
    const char *token = access_token(s);
    when_time_passes(s, "43199s");
    when_got(s, VENDORS, token);
    then_fine(s);
}

STORY(expired_token_may_be_400,
      "with expired_style 400-rest it gets 400 REST-1206 instead")
{
    given_policy(s, "{\"expired_style\":\"400-rest\"}");
    when_connected(s);
    const char *token = access_token(s);
    when_time_passes(s, "12h");
    when_got(s, VENDORS, token);
    then_status(s, 400);
    then_json(s, "ia::result/ia::error/errorId", "REST-1206");
    then_refused(s, CAUSE_ACCESS_TOKEN_EXPIRED);
}

STORY(article_expired_token,
      "in the article's dialect it gets 401 invalid_grant after 5 minutes")
{
    when_connected_in_article(s);
    const char *token = access_token(s);
    when_time_passes(s, "5m");
    when_got(s, ARTICLE_VENDORS, token);
    then_status(s, 401);
    then_body_is(s, "{\"error\":\"invalid_grant\"}");
    then_refused(s, CAUSE_ACCESS_TOKEN_EXPIRED);
}

STORY(refresh_mends_expiry, "a refresh mends an expired access token")
{
    when_connected(s);
    const char *refresh = refresh_token(s);
    when_time_passes(s, "13h");
    when_refreshed_with(s, refresh);
    when_got(s, VENDORS, access_token(s));
    then_fine(s);
}

STORY(refresh_token_expires, "a refresh token past its end gets 400 invalid_grant")
{
    when_connected(s);
    const char *token = refresh_token(s);
    when_time_passes(s, "30d");
    when_refreshed_with(s, token);
    then_status(s, 400);
    then_body_is(s, "{\"error\":\"invalid_grant\"}");
    then_refused(s, CAUSE_REFRESH_TOKEN_EXPIRED);
}

STORY(no_offline_access_no_refresh_token,
      "without offline_access there is no refresh token, and the journal says why")
{
    when_asked_to_authorize(s, "");
    when_code_is_exchanged(s, code(s), "");
    then_status(s, 200);
    then(s, json_of(s, "refresh_token") == NULL, "there is none");
    then_warned(s, CAUSE_REFRESH_TOKEN_MISSING);
}

STORY(refresh_without_a_token, "a refresh without a refresh token is named")
{
    when_posted(s, TOKEN_PATH, "grant_type=refresh_token&" DEMO "&refresh_token=");
    then_refused(s, CAUSE_REFRESH_TOKEN_MISSING);
}

STORY(session_outlived_by_its_token,
      "a session ends after 6 hours, its token goes on for 12")
{
    when_connected(s);
    const char *token = access_token(s);
    when_time_passes(s, "7h");
    when_got(s, VENDORS, token);
    then_fine(s);
}

STORY(session_may_end_its_token,
      "with session_ends_tokens the token ends with its session")
{
    given_policy(s, "{\"session_ends_tokens\":true}");
    when_connected(s);
    const char *token = access_token(s);
    when_time_passes(s, "7h");
    when_got(s, VENDORS, token);
    then_status(s, 401);
    then_json(s, "ia::result/ia::error/errorId", "REST-2102");
    then_refused(s, CAUSE_SESSION_EXPIRED);
}

STORIES(expired) = {
    &story_expired_token_is_gateway_401,
    &story_token_lives_to_its_last_second,
    &story_expired_token_may_be_400,
    &story_article_expired_token,
    &story_refresh_mends_expiry,
    &story_refresh_token_expires,
    &story_no_offline_access_no_refresh_token,
    &story_refresh_without_a_token,
    &story_session_outlived_by_its_token,
    &story_session_may_end_its_token,
    NULL,
};
