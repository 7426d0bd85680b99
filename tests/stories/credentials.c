/* Family C: invalid credentials, and everything else that the token endpoint refuses. */
#include "stories/story.h"

#define CC       "grant_type=client_credentials&"
#define USERNAME "&username=ws_user@acme"

static void then_oauth_error(struct story *s, int status, const char *error)
{
    then_status(s, status);
    then_json(s, "error", error);
}

static void then_gateway_error(struct story *s, const char *error_code)
{
    then_json(s, "ia::error/code", error_code);
    then(s, json_of(s, "ia::error/details/requestId") != NULL, "with a request id");
}

/* ---- who the client is ---- */

STORY(unknown_client, "an unknown client gets 401 invalid_client")
{
    when_posted(s, TOKEN_PATH, CC "client_id=nobody&client_secret=x" USERNAME);
    then_oauth_error(s, 401, "invalid_client");
    then_refused(s, CAUSE_CLIENT_UNKNOWN);
}

STORY(wrong_secret, "a wrong secret gets 401 invalid_client")
{
    when_posted(s, TOKEN_PATH, CC "client_id=demo&client_secret=wrong" USERNAME);
    then_oauth_error(s, 401, "invalid_client");
    then_refused(s, CAUSE_CLIENT_SECRET_WRONG);
}

STORY(wrong_secret_may_be_400, "with invalid_client_style 400-rest it gets 400 REST-1216")
{
    given_policy(s, "{\"invalid_client_style\":\"400-rest\"}");
    when_posted(s, TOKEN_PATH, CC "client_id=demo&client_secret=wrong" USERNAME);
    then_status(s, 400);
    then_body_has(s, "REST-1216");
    then_refused(s, CAUSE_CLIENT_SECRET_WRONG);
}

STORY(article_wrong_secret, "in the article's dialect a wrong secret gets a 401")
{
    when_posted(s, ARTICLE_TOKEN_PATH, CC "client_id=demo&client_secret=wrong" USERNAME);
    then_status(s, 401);
    then_refused(s, CAUSE_CLIENT_SECRET_WRONG);
}

STORY(no_secret_is_printed, "the evidence of a wrong secret does not hold the secret")
{
    when_posted(s, TOKEN_PATH, CC "client_id=demo&client_secret=hush-hush-42" USERNAME);
    when_controlled(s, "GET", "/requests", NULL);
    then_body_lacks(s, "hush-hush-42");
    then_body_has(s, "hmac:");
}

STORY(secret_missing, "a request without a secret is told that it has none")
{
    when_posted(s, TOKEN_PATH, CC "client_id=demo" USERNAME);
    then_oauth_error(s, 401, "invalid_client");
    then_refused(s, CAUSE_CLIENT_SECRET_MISSING);
}

STORY(secret_with_newline, "a secret with a newline at its end is told from a wrong one")
{
    when_posted(s, TOKEN_PATH, CC "client_id=demo&client_secret=demo-secret%0A" USERNAME);
    then_oauth_error(s, 401, "invalid_client");
    then_refused(s, CAUSE_CLIENT_SECRET_PADDED);
}

STORY(yesterdays_secret, "yesterday's secret is told from a wrong one")
{
    given_world(s, "{\"do\":\"rotate-client-secret\",\"client_id\":\"demo\","
                   "\"value\":\"new-secret\"}");
    when_posted(s, TOKEN_PATH, CC "client_id=demo&client_secret=new-secret" USERNAME);
    then_fine(s);
    when_posted(s, TOKEN_PATH, CREDENTIALS);
    then_oauth_error(s, 401, "invalid_client");
    then_refused(s, CAUSE_CLIENT_SECRET_ROTATED);
}

STORY(inactive_client, "a deactivated client gets GW-0011")
{
    given_world(s, "{\"do\":\"deactivate-client\",\"client_id\":\"demo\"}");
    when_posted(s, TOKEN_PATH, CREDENTIALS);
    then_gateway_error(s, "GW-0011");
    then_refused(s, CAUSE_CLIENT_INACTIVE);
}

STORY(client_not_authorized,
      "a client that the company has not authorized gets REST-1216")
{
    when_controlled(s, "POST", "/withdraw", "{\"client_id\":\"demo\"}");
    when_posted(s, TOKEN_PATH, CREDENTIALS);
    then_body_has(s, "REST-1216");
    then_refused(s, CAUSE_CLIENT_NOT_AUTHORIZED_BY_COMPANY);
}

STORY(non_production_key, "a non-production key does not work for a production company")
{
    when_posted(s, TOKEN_PATH,
                CC "client_id=demo-sandbox&client_secret=demo-sandbox-secret" USERNAME);
    then_refused(s, CAUSE_CLIENT_WRONG_ENVIRONMENT);
}

STORY(sender_withdrawn, "a company that has not authorized the sender id answers GW-0011")
{
    given_world(s, "{\"do\":\"withdraw-sender\",\"client_id\":\"demo\","
                   "\"company\":\"acme\"}");
    when_posted(s, TOKEN_PATH, CREDENTIALS);
    then_gateway_error(s, "GW-0011");
    then_refused(s, CAUSE_SENDER_NOT_AUTHORIZED);
}

STORY(client_id_missing, "a request without client_id gets GW-0037")
{
    when_posted(s, TOKEN_PATH, CC "client_secret=demo-secret" USERNAME);
    then_gateway_error(s, "GW-0037");
    then_refused(s, CAUSE_CLIENT_ID_MISSING);
}

STORY(client_id_twice, "client_id twice gets GW-0038")
{
    when_posted(s, TOKEN_PATH, CREDENTIALS "&client_id=demo");
    then_gateway_error(s, "GW-0038");
    then_refused(s, CAUSE_CLIENT_ID_REPEATED);
}

STORY(parameter_twice, "any other parameter twice is refused as RFC 6749 says")
{
    when_posted(s, TOKEN_PATH, CREDENTIALS "&grant_type=client_credentials");
    then_refused(s, CAUSE_PARAMETER_REPEATED);
}

STORY(basic_on_refresh, "HTTP Basic on a refresh gets 400 invalid_client")
{
    when_connected(s);
    when_sent(s, "POST", TOKEN_PATH,
              "Content-Type: application/x-www-form-urlencoded\n"
              "Authorization: Basic ZGVtbzpkZW1vLXNlY3JldA==\n",
              text(s, "grant_type=refresh_token&refresh_token=%s", refresh_token(s)));
    then_oauth_error(s, 400, "invalid_client");
    then_refused(s, CAUSE_CLIENT_AUTH_IN_HEADER_ON_REFRESH);
}

STORY(basic_may_work_everywhere, "with basic_auth everywhere it works there too")
{
    given_policy(s, "{\"basic_auth\":\"everywhere\"}");
    when_connected(s);
    when_sent(s, "POST", TOKEN_PATH,
              "Content-Type: application/x-www-form-urlencoded\n"
              "Authorization: Basic ZGVtbzpkZW1vLXNlY3JldA==\n",
              text(s, "grant_type=refresh_token&refresh_token=%s", refresh_token(s)));
    then_fine(s);
}

STORY(basic_may_never_work, "with basic_auth never it works nowhere")
{
    given_policy(s, "{\"basic_auth\":\"never\"}");
    when_sent(s, "POST", TOKEN_PATH,
              "Content-Type: application/x-www-form-urlencoded\n"
              "Authorization: Basic ZGVtbzpkZW1vLXNlY3JldA==\n",
              CC "username=ws_user@acme");
    then_refused(s, CAUSE_CLIENT_AUTH_METHOD_REFUSED);
}

STORY(two_ways_to_authenticate, "two different ways to authenticate at once are refused")
{
    when_sent(s, "POST", TOKEN_PATH,
              "Content-Type: application/x-www-form-urlencoded\n"
              "Authorization: Basic ZGVtbzpkZW1vLXNlY3JldA==\n",
              CC "client_id=demo&client_secret=other" USERNAME);
    then_refused(s, CAUSE_CLIENT_AUTH_REPEATED);
}

STORY(public_client_credentials, "a public client may not use client_credentials")
{
    when_posted(s, TOKEN_PATH, CC "client_id=demo-public" USERNAME);
    then_oauth_error(s, 400, "unauthorized_client");
    then_refused(s, CAUSE_CLIENT_GRANT_NOT_ALLOWED);
}

STORY(introspection_wants_credentials, "introspection without credentials is refused")
{
    when_posted(s, INTROSPECT_PATH, "token=x");
    then_refused(s, CAUSE_CLIENT_AUTH_MISSING);
}

STORY(revoke_wants_a_token, "a revocation without a token is refused")
{
    when_posted(s, REVOKE_PATH, DEMO);
    then_refused(s, CAUSE_TOKEN_MISSING);
}

/* ---- what is asked ---- */

STORY(no_body, "a token request without a body gets GW-0035")
{
    when_sent(s, "POST", TOKEN_PATH, "Content-Type: application/x-www-form-urlencoded\n",
              "");
    then_gateway_error(s, "GW-0035");
    then_refused(s, CAUSE_PAYLOAD_MISSING);
}

STORY(broken_json, "broken JSON gets GW-0032")
{
    when_posted_json(s, TOKEN_PATH, "{\"grant_type\":");
    then_gateway_error(s, "GW-0032");
    then_refused(s, CAUSE_PAYLOAD_MALFORMED);
}

STORY(broken_form, "a form with a broken escape gets GW-0032")
{
    when_posted(s, TOKEN_PATH, CREDENTIALS "&x=%zz");
    then_gateway_error(s, "GW-0032");
    then_refused(s, CAUSE_PAYLOAD_MALFORMED);
}

STORY(no_grant_type, "a request without grant_type is told so")
{
    when_posted(s, TOKEN_PATH, DEMO USERNAME);
    then_refused(s, CAUSE_GRANT_TYPE_MISSING);
}

STORY(unknown_grant_type, "an unknown grant_type is refused")
{
    when_posted(s, TOKEN_PATH, "grant_type=magic&" DEMO);
    then_refused(s, CAUSE_GRANT_TYPE_UNSUPPORTED);
}

/* ---- who the user is ---- */

STORY(no_username, "client credentials without a username get GW-0012")
{
    when_posted(s, TOKEN_PATH, CC DEMO);
    then_refused(s, CAUSE_USERNAME_MISSING);
}

STORY(empty_username, "an empty username gets GW-0036")
{
    when_posted(s, TOKEN_PATH, CC DEMO "&username=");
    then_gateway_error(s, "GW-0036");
    then_refused(s, CAUSE_USERNAME_EMPTY);
}

STORY(username_twice, "username twice gets GW-0039")
{
    when_posted(s, TOKEN_PATH, CREDENTIALS "&username=ws_user@acme");
    then_gateway_error(s, "GW-0039");
    then_refused(s, CAUSE_USERNAME_REPEATED);
}

STORY(username_without_company,
      "a username without @company gets 400 with the observed words")
{
    when_posted(s, TOKEN_PATH, CC DEMO "&username=ws_user");
    then_status(s, 400);
    then_body_has(s, "The username format is invalid (expected user@company)");
    then_refused(s, CAUSE_USERNAME_WITHOUT_COMPANY);
}

STORY(unknown_user, "an unknown user gets invalid_grant")
{
    when_posted(s, TOKEN_PATH, CC DEMO "&username=nobody@acme");
    then_refused(s, CAUSE_USER_UNKNOWN);
}

STORY(wrong_case, "a user id in the wrong case is told from an unknown one")
{
    when_posted(s, TOKEN_PATH, CC DEMO "&username=WS_User@acme");
    then_refused(s, CAUSE_USER_WRONG_CASE);
}

STORY(person_in_username, "a person is no Web Services user")
{
    when_posted(s, TOKEN_PATH, CC DEMO "&username=jdoe@acme");
    then_refused(s, CAUSE_USER_NOT_WEB_SERVICES);
}

STORY(locked_user, "a locked user gets no token")
{
    given_world(s, "{\"do\":\"lock-user\",\"user\":\"ws_user@acme\"}");
    when_posted(s, TOKEN_PATH, CREDENTIALS);
    then_refused(s, CAUSE_USER_LOCKED);
}

STORY(inactive_user, "an inactive user gets no token")
{
    given_world(s, "{\"do\":\"deactivate-user\",\"user\":\"ws_user@acme\"}");
    when_posted(s, TOKEN_PATH, CREDENTIALS);
    then_refused(s, CAUSE_USER_INACTIVE);
}

STORY(unknown_company, "an unknown company is told")
{
    when_posted(s, TOKEN_PATH, CC DEMO "&username=ws_user@nowhere");
    then_refused(s, CAUSE_COMPANY_UNKNOWN);
}

STORY(inactive_company, "an inactive company gets GW-0011")
{
    given_world(s, "{\"do\":\"deactivate-company\",\"company\":\"acme\"}");
    when_posted(s, TOKEN_PATH, CREDENTIALS);
    then_gateway_error(s, "GW-0011");
    then_refused(s, CAUSE_COMPANY_INACTIVE);
}

STORY(web_services_off,
      "without the Web Services subscription the credentials are invalid")
{
    given_world(s, "{\"do\":\"web-services-off\",\"company\":\"acme\"}");
    when_posted(s, TOKEN_PATH, CREDENTIALS);
    then_json(s, "error", "invalid_grant");
    then_json(s, "error_description", "The provided credentials are invalid");
    then_refused(s, CAUSE_WEB_SERVICES_OFF);
}

STORY(unknown_entity, "an entity that does not exist is told")
{
    when_posted(s, TOKEN_PATH, CREDENTIALS "%7C999");
    then_refused(s, CAUSE_ENTITY_UNKNOWN);
}

STORY(unknown_session, "a made-up session id gets no token")
{
    when_posted(s, TOKEN_PATH, CC DEMO "&session_id=made-up");
    then_refused(s, CAUSE_SESSION_UNKNOWN);
}

/* ---- the sign-in page ---- */

static void when_signed_in(struct story *s, const char *user, const char *password)
{
    when_posted(s, AUTHORIZE_PATH,
                text(s,
                     "response_type=code&client_id=demo&state=x&redirect_uri=" CALLBACK
                     "&company_id=acme&user_id=%s&password=%s",
                     user, password));
}

STORY(wrong_password, "a wrong password keeps the person on the sign-in page")
{
    when_signed_in(s, "jdoe", "wrong");
    then_body_has(s, "<form");
    then_refused(s, CAUSE_PASSWORD_WRONG);
}

STORY(expired_password, "an expired password is told")
{
    given_world(s, "{\"do\":\"expire-password\",\"user\":\"jdoe@acme\"}");
    when_signed_in(s, "jdoe", "secret");
    then_refused(s, CAUSE_PASSWORD_EXPIRED);
}

STORY(right_password, "the right password leads to the consent page")
{
    when_signed_in(s, "jdoe", "secret");
    then_status(s, 303);
    when_got(s, text(s, "%s%s", AUTHORIZE_PATH, header_of(s, "Location")), NULL);
    then_status(s, 200);
    then_body_has(s, "Accept");
}

/* ---- the code ---- */

STORY(made_up_code, "a made-up code gets 400 invalid_grant")
{
    when_code_is_exchanged(s, "made-up", "");
    then_oauth_error(s, 400, "invalid_grant");
    then_refused(s, CAUSE_CODE_UNKNOWN);
}

STORY(code_missing, "an exchange without a code is told")
{
    when_posted(s, TOKEN_PATH,
                "grant_type=authorization_code&" DEMO "&redirect_uri=" CALLBACK);
    then_refused(s, CAUSE_CODE_MISSING);
}

STORY(late_code, "a code past its 60 seconds gets 400 invalid_grant")
{
    when_asked_to_authorize(s, "");
    const char *late = code(s);
    when_time_passes(s, "60s");
    when_code_is_exchanged(s, late, "");
    then_oauth_error(s, 400, "invalid_grant");
    then_refused(s, CAUSE_CODE_EXPIRED);
}

STORY(code_works_once, "a code works once; the second use kills what it had given")
{
    when_asked_to_authorize(s, "");
    const char *once = code(s);
    when_code_is_exchanged(s, once, "");
    const char *token = access_token(s);
    when_code_is_exchanged(s, once, "");
    then_oauth_error(s, 400, "invalid_grant");
    then_refused(s, CAUSE_CODE_REUSED);
    when_got(s, VENDORS, token);
    then_status(s, 401);
}

STORY(code_of_another_client, "a code is good for the client it was given to")
{
    when_asked_to_authorize(s, "");
    when_posted(s, TOKEN_PATH,
                text(s,
                     "grant_type=authorization_code&client_id=demo-sandbox&client_secret="
                     "demo-sandbox-secret&redirect_uri=" CALLBACK "&code=%s",
                     code(s)));
    then_refused(s, CAUSE_CODE_OF_ANOTHER_CLIENT);
}

STORY(other_redirect_uri, "the exchange must name the redirect URI of the authorization")
{
    when_asked_to_authorize(s, "");
    when_posted(s, TOKEN_PATH,
                text(s,
                     "grant_type=authorization_code&" DEMO
                     "&redirect_uri=https://app.example/callback&code=%s",
                     code(s)));
    then_oauth_error(s, 400, "invalid_grant");
    then_refused(s, CAUSE_REDIRECT_URI_MISMATCH);
}

#define CHALLENGE                                                                        \
    "&code_challenge=manPXpjp75EFeofO-YWtY3gIPp0S6_CJ-ciRJyYIonw&code_challenge_method=" \
    "S256"

STORY(verifier_missing, "a code with a challenge wants its verifier")
{
    when_asked_to_authorize(s, CHALLENGE);
    when_code_is_exchanged(s, code(s), "");
    then_refused(s, CAUSE_PKCE_VERIFIER_MISSING);
}

STORY(verifier_wrong, "a wrong PKCE verifier gets invalid_grant")
{
    when_asked_to_authorize(s, CHALLENGE);
    when_code_is_exchanged(s, code(s),
                           "&code_verifier=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    then_oauth_error(s, 400, "invalid_grant");
    then_refused(s, CAUSE_PKCE_VERIFIER_WRONG);
}

STORY(challenge_that_is_none,
      "a code_challenge that is no SHA-256 digest is told at once")
{
    when_asked_to_authorize(s, "&code_challenge=short&code_challenge_method=S256");
    then_header_has(s, "Location", "error=invalid_request");
    then_refused(s, CAUSE_PKCE_CHALLENGE_INVALID);
}

STORY(plain_challenge, "code_challenge_method=plain is not supported")
{
    when_asked_to_authorize(s, "&code_challenge=abc&code_challenge_method=plain");
    then_header_has(s, "Location", "error=invalid_request");
    then_refused(s, CAUSE_PKCE_METHOD_UNSUPPORTED);
}

/* ---- the refresh token ---- */

STORY(made_up_refresh_token, "a made-up refresh token gets 400 invalid_grant")
{
    when_refreshed_with(s, "made-up");
    then_oauth_error(s, 400, "invalid_grant");
    then_refused(s, CAUSE_REFRESH_TOKEN_UNKNOWN);
}

STORY(refresh_token_is_single_use, "a refresh token works once; the second use is named")
{
    when_connected(s);
    const char *once = refresh_token(s);
    when_refreshed_with(s, once);
    then_fine(s);
    when_refreshed_with(s, once);
    then_oauth_error(s, 400, "invalid_grant");
    then_refused(s, CAUSE_REFRESH_TOKEN_REUSED);
}

STORY(article_refresh_token_reused,
      "in the article's dialect a reused refresh token gets 401")
{
    when_connected_in_article(s);
    const char *form =
        text(s, "grant_type=refresh_token&" DEMO "&refresh_token=%s", refresh_token(s));
    when_posted(s, ARTICLE_TOKEN_PATH, form);
    then_fine(s);
    when_posted(s, ARTICLE_TOKEN_PATH, form);
    then_status(s, 401);
    then_body_is(s, "{\"error\":\"invalid_grant\"}");
}

STORY(reuse_may_kill_the_family,
      "with reuse revoke-family the second use kills the new tokens")
{
    given_policy(s, "{\"reuse\":\"revoke-family\"}");
    when_connected(s);
    const char *once = refresh_token(s);
    when_refreshed_with(s, once);
    const char *token = access_token(s);
    when_refreshed_with(s, once);
    when_got(s, VENDORS, token);
    then_status(s, 401);
}

STORY(rotation_may_keep,
      "with rotation keep the refresh token stays the same and goes on working")
{
    given_policy(s, "{\"rotation\":\"keep\"}");
    when_connected(s);
    const char *same = refresh_token(s);
    when_refreshed_with(s, same);
    then_json(s, "refresh_token", same);
    when_refreshed_with(s, same);
    then_fine(s);
}

STORY(rotation_may_be_graceful,
      "with rotation grace:5s the old refresh token works 5 s longer")
{
    given_policy(s, "{\"rotation\":\"grace:5s\"}");
    when_connected(s);
    const char *old = refresh_token(s);
    when_refreshed_with(s, old);
    when_time_passes(s, "4s");
    when_refreshed_with(s, old);
    then_fine(s);
    when_time_passes(s, "2s");
    when_refreshed_with(s, old);
    then_refused(s, CAUSE_REFRESH_TOKEN_REUSED);
}

STORY(revoked_refresh_token, "a revoked refresh token gets 400 invalid_grant")
{
    when_connected(s);
    const char *token = refresh_token(s);
    when_posted(s, REVOKE_PATH, text(s, DEMO "&token=%s", token));
    when_refreshed_with(s, token);
    then_oauth_error(s, 400, "invalid_grant");
    then_refused(s, CAUSE_REFRESH_TOKEN_REVOKED);
}

STORY(refresh_token_of_another_client, "a refresh token is good for its own client")
{
    when_connected(s);
    when_posted(s, TOKEN_PATH,
                text(s, "grant_type=refresh_token&client_id=demo-public&refresh_token=%s",
                     refresh_token(s)));
    then_refused(s, CAUSE_REFRESH_TOKEN_OF_ANOTHER_CLIENT);
}

STORY(access_token_of_another_client, "a client cannot revoke another's access token")
{
    when_connected(s);
    const char *token = access_token(s);
    when_posted(s, REVOKE_PATH, text(s, "client_id=demo-public&token=%s", token));
    then_oauth_error(s, 400, "invalid_grant");
    then_refused(s, CAUSE_TOKEN_OF_ANOTHER_CLIENT);
    when_got(s, VENDORS, token);
    then_fine(s);
}

STORY(revoking_refresh_token_of_another,
      "a client cannot revoke another's refresh token either")
{
    when_connected(s);
    const char *token = refresh_token(s);
    when_posted(s, REVOKE_PATH, text(s, "client_id=demo-public&token=%s", token));
    then_oauth_error(s, 400, "invalid_grant");
    then_refused(s, CAUSE_REFRESH_TOKEN_OF_ANOTHER_CLIENT);
    when_refreshed_with(s, token);
    then_fine(s);
}

STORY(invalid_grant_may_be_401,
      "with invalid_grant_status 401 invalid_grant comes as 401")
{
    given_policy(s, "{\"invalid_grant_status\":401}");
    when_refreshed_with(s, "made-up");
    then_oauth_error(s, 401, "invalid_grant");
}

/* They are held until all are there, so that each is in flight with the others. */
STORY(parallel_refresh, "of eight refreshes with one token at once exactly one wins")
{
    given_scenario(s, "'rules':[{'when':{'endpoint':'token','grant':'refresh_token'},"
                      "'then':{'wire':{'hold':{'until':8,'for':'1m'}}}}]");
    when_connected(s);
    int won = when_refreshed_in_parallel(s, refresh_token(s), 8);
    then(s, won == 1, "exactly one wins (%d did)", won);
    then(s, was_refused(s, CAUSE_PARALLEL_REFRESH),
         "a loser is told that it ran in parallel");
}

STORIES(credentials) = {
    &story_unknown_client,
    &story_wrong_secret,
    &story_wrong_secret_may_be_400,
    &story_article_wrong_secret,
    &story_no_secret_is_printed,
    &story_secret_missing,
    &story_secret_with_newline,
    &story_yesterdays_secret,
    &story_inactive_client,
    &story_client_not_authorized,
    &story_non_production_key,
    &story_sender_withdrawn,
    &story_client_id_missing,
    &story_client_id_twice,
    &story_parameter_twice,
    &story_basic_on_refresh,
    &story_basic_may_work_everywhere,
    &story_basic_may_never_work,
    &story_two_ways_to_authenticate,
    &story_public_client_credentials,
    &story_introspection_wants_credentials,
    &story_revoke_wants_a_token,
    &story_no_body,
    &story_broken_json,
    &story_broken_form,
    &story_no_grant_type,
    &story_unknown_grant_type,
    &story_no_username,
    &story_empty_username,
    &story_username_twice,
    &story_username_without_company,
    &story_unknown_user,
    &story_wrong_case,
    &story_person_in_username,
    &story_locked_user,
    &story_inactive_user,
    &story_unknown_company,
    &story_inactive_company,
    &story_web_services_off,
    &story_unknown_entity,
    &story_unknown_session,
    &story_wrong_password,
    &story_expired_password,
    &story_right_password,
    &story_made_up_code,
    &story_code_missing,
    &story_late_code,
    &story_code_works_once,
    &story_code_of_another_client,
    &story_other_redirect_uri,
    &story_verifier_missing,
    &story_verifier_wrong,
    &story_challenge_that_is_none,
    &story_plain_challenge,
    &story_made_up_refresh_token,
    &story_refresh_token_is_single_use,
    &story_article_refresh_token_reused,
    &story_reuse_may_kill_the_family,
    &story_rotation_may_keep,
    &story_rotation_may_be_graceful,
    &story_revoked_refresh_token,
    &story_refresh_token_of_another_client,
    &story_access_token_of_another_client,
    &story_revoking_refresh_token_of_another,
    &story_invalid_grant_may_be_401,
    &story_parallel_refresh,
    NULL,
};
