/* The ways in which an integration gets tokens and uses them. */
#include "stories/story.h"

STORY(client_credentials_give_a_token,
      "client credentials give a bearer token for 12 hours")
{
    when_posted(s, TOKEN_PATH, CREDENTIALS);
    then_fine(s);
    then_json(s, "token_type", "Bearer");
    then_json(s, "expires_in", "43200");
    then_header_has(s, "Content-Type", "application/json");
    then_header_has(s, "Cache-Control", "no-store");
}

STORY(token_response_has_four_keys,
      "the token response has exactly the four recorded keys, in their order")
{
    when_posted(s, TOKEN_PATH, CREDENTIALS);
    const char *expected = text(
        s,
        "{\"token_type\":\"Bearer\",\"access_token\":\"%s\",\"refresh_token\":\"%s\","
        "\"expires_in\":43200}",
        access_token(s), refresh_token(s));
    then_body_is(s, expected);
}

STORY(json_bodies_work_too, "a token request in JSON works like one in a form")
{
    when_posted_json(s, TOKEN_PATH,
                     "{\"grant_type\":\"client_credentials\",\"client_id\":\"demo\","
                     "\"client_secret\":\"demo-secret\",\"username\":\"ws_user@acme\"}");
    then_fine(s);
    then_json(s, "token_type", "Bearer");
}

STORY(extra_fields_are_ignored,
      "fields that nobody knows are ignored, as real clients need")
{
    when_posted(s, TOKEN_PATH, CREDENTIALS "&colour=blue&username_hint=1");
    then_fine(s);
}

STORY(nested_extras_are_ignored, "so are fields that are objects or arrays")
{
    when_posted_json(s, TOKEN_PATH,
                     "{\"grant_type\":\"client_credentials\",\"client_id\":\"demo\","
                     "\"client_secret\":\"demo-secret\",\"username\":\"ws_user@acme\","
                     "\"extra\":{\"a\":[1]}}");
    then_fine(s);
}

STORY(token_opens_the_api, "the access token opens the API")
{
    when_connected(s);
    when_got(s, VENDORS, access_token(s));
    then_fine(s);
    then(s, json_of(s, "ia::result/0/key") != NULL, "there are vendors");
    then(s, json_of(s, "ia::meta/totalCount") != NULL, "and a total");
}

STORY(code_gives_a_token, "a person's consent gives a code, and the code gives tokens")
{
    when_asked_to_authorize(s, "&scope=offline_access");
    then_status(s, 302);
    then_header_has(s, "Location", "http://127.0.0.1/callback?");
    then_header_has(s, "Location", "state=xyz");
    when_code_is_exchanged(s, code(s), "");
    then_fine(s);
    then(s, *refresh_token(s), "with a refresh token");
    when_got(s, VENDORS, access_token(s));
    then_fine(s);
}

STORY(
    pkce_replaces_the_secret,
    "a public client proves itself by PKCE: Sage's own sample verifier and challenge fit")
{
    when_got(s,
             AUTHORIZE_PATH
             "?response_type=code&client_id=demo-public&redirect_uri=" CALLBACK
             "&state=x&mock_user=jdoe@acme&code_challenge="
             "manPXpjp75EFeofO-YWtY3gIPp0S6_CJ-ciRJyYIonw"
             "&code_challenge_method=S256",
             NULL);
    when_posted(
        s, TOKEN_PATH,
        text(s,
             "grant_type=authorization_code&client_id=demo-public&redirect_uri=" CALLBACK
             "&code=%s&code_verifier="
             "zWiRBuiUcmnIbPBCoNqA5cWDFuaEZwZ7jLJJGJ4P3NQ",
             code(s)));
    then_fine(s);
}

STORY(refresh_gives_a_new_pair,
      "a refresh gives a new access token and a new refresh token")
{
    when_connected(s);
    const char *old_access = access_token(s);
    const char *old_refresh = refresh_token(s);
    when_refreshed_with(s, old_refresh);
    then_fine(s);
    then(s, !im_str_is(im_str(old_access), access_token(s)), "the access token is new");
    then(s, !im_str_is(im_str(old_refresh), refresh_token(s)), "so is the refresh token");
}

STORY(refresh_takes_an_entity, "a refresh with entity_id gives a token for that entity")
{
    when_connected(s);
    when_posted(s, TOKEN_PATH,
                text(s,
                     "grant_type=refresh_token&" DEMO "&entity_id=100&refresh_token=%s",
                     refresh_token(s)));
    then_fine(s);
    when_posted(s, INTROSPECT_PATH, text(s, DEMO "&token=%s", access_token(s)));
    then_json(s, "entity_id", "100");
}

STORY(username_names_an_entity,
      "username=user@company|entity gives a token for that entity")
{
    when_posted(s, TOKEN_PATH, CREDENTIALS "%7C100");
    then_fine(s);
    when_posted(s, INTROSPECT_PATH, text(s, DEMO "&token=%s", access_token(s)));
    then_json(s, "entity_id", "100");
}

STORY(session_id_is_as_good_as_a_username,
      "client credentials take the session id of a live session in place of a username")
{
    when_connected(s);
    when_got(s, "/ia/api/v1/services/core/session/id", access_token(s));
    then_json(s, "ia::result/expiresIn", "21600");
    const char *session = json_of(s, "ia::result/sessionId");
    when_posted(s, TOKEN_PATH,
                text(s, "grant_type=client_credentials&" DEMO "&session_id=%s", session));
    then_fine(s);
}

STORY(basic_works_for_the_code, "HTTP Basic works where the client exchanges a code")
{
    when_asked_to_authorize(s, "");
    when_sent(s, "POST", TOKEN_PATH,
              "Content-Type: application/x-www-form-urlencoded\n"
              "Authorization: Basic ZGVtbzpkZW1vLXNlY3JldA==\n",
              text(s, "grant_type=authorization_code&redirect_uri=" CALLBACK "&code=%s",
                   code(s)));
    then_fine(s);
}

STORY(openid_adds_an_id_token, "scope openid adds an id_token")
{
    when_authorized(s, "openid+offline_access");
    then(s, json_of(s, "id_token") != NULL, "there is an id_token");
}

STORY(introspection_tells, "introspection tells who a live token is for")
{
    when_connected(s);
    when_posted(s, INTROSPECT_PATH, text(s, DEMO "&token=%s", access_token(s)));
    then_fine(s);
    then_json(s, "active", "true");
    then_json(s, "client_id", "demo");
    then_json(s, "user_id", "ws_user");
    then_json(s, "cny_id", "acme");
}

STORY(introspection_takes_a_bearer, "introspection takes the token itself as credential")
{
    when_connected(s);
    const char *token = access_token(s);
    when_sent(s, "POST", INTROSPECT_PATH,
              text(s,
                   "Authorization: Bearer %s\n"
                   "Content-Type: application/x-www-form-urlencoded\n",
                   token),
              text(s, "token=%s", token));
    then_json(s, "active", "true");
    then(s, json_of(s, "company_key") == NULL, "with the basic set of fields only");
}

STORY(introspection_of_rubbish,
      "introspection of a made-up token says inactive, nothing else")
{
    when_posted(s, INTROSPECT_PATH, DEMO "&token=rubbish");
    then_body_is(s, "{\"active\":false}");
}

STORY(discovery_leads_to_the_endpoints,
      "discovery names the endpoints under our own address")
{
    when_got(s, "/.well-known/openid-configuration", NULL);
    then_fine(s);
    then(s, im_str_ends(im_str(json_of(s, "token_endpoint")), TOKEN_PATH),
         "the token endpoint");
    when_got(s, "/.well-known/jwks.json", NULL);
    then_json(s, "keys/0/kty", "RSA");
}

STORY(article_speaks_its_own_shape,
      "the article's endpoint answers in the article's shape")
{
    when_posted(s, ARTICLE_TOKEN_PATH, CREDENTIALS);
    then_fine(s);
    then_json(s, "token_type", "bearer");
    then_json(s, "expires_in", "300");
    then_json(s, "refresh_token_expires_in", "86400");
    then_json(s, "scopes", "full_access:read Contact:action");
    then(s, json_of(s, "requested_by_id") != NULL, "requested_by_id");
}

STORY(article_takes_json_and_both_spellings,
      "the article's endpoint takes JSON, and its path in both spellings")
{
    when_posted_json(s, "/identity/v2/oauth/token",
                     "{\"grant_type\":\"client_credentials\",\"client_id\":\"demo\","
                     "\"client_secret\":\"demo-secret\",\"username\":\"ws_user@acme\"}");
    then_fine(s);
    when_got(s, ARTICLE_VENDORS, access_token(s));
    then_fine(s);
}

STORY(article_refresh_as_printed, "the article's own refresh request gives new tokens")
{
    when_connected_in_article(s);
    when_posted(
        s, ARTICLE_TOKEN_PATH,
        text(s, "grant_type=refresh_token&refresh_token=%s&" DEMO, refresh_token(s)));
    then_fine(s);
    then(s, *refresh_token(s), "a new refresh token too");
}

STORY(objects_live, "what is created can be read, changed, queried and deleted")
{
    when_connected(s);
    const char *token = access_token(s);
    when_called(s, "POST", VENDORS, token, "{\"id\":\"V-900\",\"name\":\"Story Ltd\"}");
    then_status(s, 201);
    const char *path = text(s, VENDORS "/%s", json_of(s, "ia::result/key"));
    when_called(s, "PATCH", path, token, "{\"name\":\"Story plc\"}");
    then_fine(s);
    when_got(s, path, token);
    then_json(s, "ia::result/name", "Story plc");
    when_called(s, "POST", "/ia/api/v1/services/core/query", token,
                "{\"object\":\"accounts-payable/vendor\",\"fields\":[\"key\",\"id\"],"
                "\"filters\":[{\"$eq\":{\"id\":\"V-900\"}}]}");
    then_json(s, "ia::result/0/id", "V-900");
    then_json(s, "ia::meta/next", "null");
    when_called(s, "DELETE", path, token, NULL);
    then_status(s, 204);
}

STORY(dimensions_are_listed, "the list of dimensions leads to their objects")
{
    when_connected(s);
    const char *token = access_token(s);
    when_got(s, "/ia/api/v1/services/company-config/dimensions/list", token);
    then_fine(s);
    then_json(s, "ia::meta/totalCount", "7");
    then_json(s, "ia::result/1/dimensionName", "DEPARTMENT");
    const char *object = json_of(s, "ia::result/1/dimensionEndpoint");
    when_got(s, text(s, "/ia/api/v1%s", object), token);
    then_json(s, "ia::result/0/id", "SAL");
}

STORY(entity_header_narrows, "X-IA-API-Param-Entity shows that entity's data only")
{
    when_connected(s);
    const char *bearer = text(s, "Authorization: Bearer %s\n", access_token(s));
    when_sent(s, "GET", VENDORS, bearer, NULL);
    int64_t all = 0;
    int64_t some = 0;
    im_str_int(im_str(json_of(s, "ia::meta/totalCount")), &all);
    when_sent(s, "GET", VENDORS, text(s, "%sX-IA-API-Param-Entity: 100\n", bearer), NULL);
    then_fine(s);
    im_str_int(im_str(json_of(s, "ia::meta/totalCount")), &some);
    then(s, some < all, "there is less to see");
}

STORY(consent_page_is_for_people, "the authorize page asks a person to sign in")
{
    when_got(s,
             AUTHORIZE_PATH
             "?response_type=code&client_id=demo&state=x&redirect_uri=" CALLBACK,
             NULL);
    then_status(s, 200);
    then_header_has(s, "Content-Type", "text/html");
    then_body_has(s, "<form");
    then_body_has(s, "not affiliated with Sage");
}

STORIES(connect) = {
    &story_client_credentials_give_a_token,
    &story_token_response_has_four_keys,
    &story_json_bodies_work_too,
    &story_extra_fields_are_ignored,
    &story_nested_extras_are_ignored,
    &story_token_opens_the_api,
    &story_code_gives_a_token,
    &story_pkce_replaces_the_secret,
    &story_refresh_gives_a_new_pair,
    &story_refresh_takes_an_entity,
    &story_username_names_an_entity,
    &story_session_id_is_as_good_as_a_username,
    &story_basic_works_for_the_code,
    &story_openid_adds_an_id_token,
    &story_introspection_tells,
    &story_introspection_takes_a_bearer,
    &story_introspection_of_rubbish,
    &story_discovery_leads_to_the_endpoints,
    &story_article_speaks_its_own_shape,
    &story_article_takes_json_and_both_spellings,
    &story_article_refresh_as_printed,
    &story_objects_live,
    &story_dimensions_are_listed,
    &story_entity_header_narrows,
    &story_consent_page_is_for_people,
    NULL,
};
