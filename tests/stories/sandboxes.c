/* Sandboxes: made by being touched, with nothing in common, and found by what they handed out. */
#include "stories/story.h"

#include <string.h>

#define DISCOVERY "/.well-known/openid-configuration"
#define SESSION   "/ia/api/v1/services/core/session/id"
#define SUFFIXED(name)                                                                   \
    "grant_type=client_credentials&client_id=demo~" name                                 \
    "&client_secret=demo-secret&username=ws_user@acme"

/* The sandbox's journal holds so many exchanges. */
static void then_exchanges(struct story *s, const char *sandbox, const char *count)
{
    given_sandbox(s, sandbox);
    when_controlled(s, "GET", "/requests", NULL);
    then_json(s, "count", count);
}

STORY(touched_is_made, "a sandbox is made by the first request to its path")
{
    given_sandbox(s, "happy-path.touched");
    when_connected(s);
    when_controlled(s, "GET", "", NULL);
    then_json(s, "name", "happy-path.touched");
    then_json(s, "scenario", "happy-path");
    then_json(s, "exchanges", "1");
}

STORY(tokens_stay_home, "a token of one sandbox is worth nothing at another's base URL")
{
    given_sandbox(s, "happy-path.home");
    when_connected(s);
    const char *token = access_token(s);
    const char *refresh = refresh_token(s);
    given_sandbox(s, "happy-path.abroad");
    when_got(s, VENDORS, token);
    then_refused(s, CAUSE_TOKEN_BAD_SIGNATURE);
    when_refreshed_with(s, refresh);
    then_refused(s, CAUSE_REFRESH_TOKEN_UNKNOWN);
}

STORY(clocks_are_apart, "time that passes in one sandbox does not pass in another")
{
    given_sandbox(s, "happy-path.slow");
    when_controlled(s, "POST", "/clock", "{\"freeze\":true,\"advance\":\"1h\"}");
    given_sandbox(s, "happy-path.fast");
    when_time_passes(s, "36h");
    when_controlled(s, "GET", "/clock", NULL);
    then_json(s, "offset_s", "129600");
    given_sandbox(s, "happy-path.slow");
    when_controlled(s, "GET", "/clock", NULL);
    then_json(s, "frozen", "true");
    then_json(s, "offset_s", "3600");
}

STORY(journals_are_apart, "what one sandbox is asked is not in another's journal")
{
    given_sandbox(s, "happy-path.busy");
    when_connected(s);
    then_exchanges(s, "happy-path.quiet", "0");
    then_exchanges(s, "default", "0");
    then_exchanges(s, "happy-path.busy", "1");
}

STORY(keys_are_apart, "two sandboxes sign with keys of their own")
{
    given_sandbox(s, "happy-path.key-a");
    when_got(s, "/.well-known/jwks.json", NULL);
    const char *first = body_of(s);
    given_sandbox(s, "happy-path.key-b");
    when_got(s, "/.well-known/jwks.json", NULL);
    then_status(s, 200);
    then(s, strcmp(first, body_of(s)) != 0, "the keys differ");
}

STORY(progress_is_apart, "how far a scenario has come is each sandbox's own affair")
{
    static const char *const names[] = {"rate-limited.a", "rate-limited.b"};
    for (size_t i = 0; i < 2; i++) {
        given_sandbox(s, names[i]);
        when_connected(s);
        const char *token = access_token(s);
        when_got(s, VENDORS, token);
        then_fine(s);
        when_got(s, VENDORS, token);
        then_refused(s, CAUSE_RATE_LIMITED);
    }
}

STORY(worlds_are_apart, "a user who is locked in one sandbox signs in at another")
{
    given_sandbox(s, "happy-path.locked");
    given_world(s, "{\"do\":\"lock-user\",\"user\":\"ws_user@acme\"}");
    when_posted(s, TOKEN_PATH, CREDENTIALS);
    then_refused(s, CAUSE_USER_LOCKED);
    given_sandbox(s, "happy-path.open");
    when_connected(s);
}

STORY(suffix_in_a_form,
      "demo~NAME as client id in a form leads to the sandbox of that name")
{
    when_posted(s, TOKEN_PATH, SUFFIXED("happy-path.form"));
    then_fine(s);
    then_exchanges(s, "happy-path.form", "1");
    then_exchanges(s, "default", "0");
}

STORY(suffix_encoded, "so it does when the ~ comes percent-encoded")
{
    when_posted(s, TOKEN_PATH,
                "grant_type=client_credentials&client_id=demo%7Ehappy-path.encoded&"
                "client_secret=demo-secret&username=ws_user@acme");
    then_fine(s);
    then_exchanges(s, "happy-path.encoded", "1");
}

STORY(name_encoded, "a base URL whose name comes percent-encoded leads to that sandbox")
{
    when_got(s, "/s/happy%2Dpath.encoded-url/.well-known/openid-configuration", NULL);
    then_fine(s);
    then_exchanges(s, "happy-path.encoded-url", "1");
}

STORY(suffix_in_json, "demo~NAME as client id in JSON leads there too")
{
    when_posted_json(s, TOKEN_PATH,
                     "{\"grant_type\":\"client_credentials\",\"client_id\":\"demo~"
                     "happy-path.json\",\"client_secret\":\"demo-secret\","
                     "\"username\":\"ws_user@acme\"}");
    then_fine(s);
    then_exchanges(s, "happy-path.json", "1");
}

STORY(suffix_in_basic, "demo~NAME as the user of HTTP Basic leads there too")
{
    when_sent(s, "POST", TOKEN_PATH,
              "Authorization: Basic ZGVtb35oYXBweS1wYXRoLmJhc2ljOmRlbW8tc2VjcmV0\n"
              "Content-Type: application/x-www-form-urlencoded\n",
              "grant_type=client_credentials&username=ws_user@acme");
    then_fine(s);
    then_exchanges(s, "happy-path.basic", "1");
}

STORY(suffix_at_authorize, "demo~NAME at the authorize address leads there too")
{
    when_got(s,
             AUTHORIZE_PATH "?response_type=code&client_id=demo~happy-path.asked&"
                            "redirect_uri=http%3A%2F%2F127.0.0.1%2Fcallback&state=xyz&"
                            "mock_user=jdoe%40acme",
             NULL);
    then_status(s, 302);
    when_code_is_exchanged(s, code(s), "");
    then_fine(s);
    then_exchanges(s, "happy-path.asked", "2");
}

STORY(token_finds_home, "at the plain base URL a token finds the sandbox that made it")
{
    given_sandbox(s, "happy-path.token");
    when_connected(s);
    const char *token = access_token(s);
    const char *refresh = refresh_token(s);
    given_sandbox(s, "default");
    when_got(s, VENDORS, token);
    then_fine(s);
    when_refreshed_with(s, refresh);
    then_fine(s);
    then_exchanges(s, "happy-path.token", "3");
}

STORY(code_finds_home, "at the plain base URL a code finds the sandbox that made it")
{
    given_sandbox(s, "happy-path.code");
    when_asked_to_authorize(s, "");
    const char *given = code(s);
    given_sandbox(s, "default");
    when_code_is_exchanged(s, given, "");
    then_fine(s);
    then_exchanges(s, "happy-path.code", "2");
}

STORY(session_finds_home,
      "at the plain base URL a session id finds the sandbox of its token")
{
    given_sandbox(s, "happy-path.session");
    when_connected(s);
    when_got(s, SESSION, access_token(s));
    const char *session = json_of(s, "ia::result/sessionId");
    then(s, session != NULL, "there is a session id");
    given_sandbox(s, "default");
    when_posted(s, TOKEN_PATH,
                text(s, "grant_type=client_credentials&" DEMO "&session_id=%s", session));
    then_exchanges(s, "default", "0");
    then_exchanges(s, "happy-path.session", "3");
}

STORY(strange_tokens_stay, "a token that nobody knows is refused by the default sandbox")
{
    given_sandbox(s, "happy-path.other");
    when_connected(s);
    given_sandbox(s, "default");
    when_refreshed_with(s, "nobody-made-this");
    then_refused(s, CAUSE_REFRESH_TOKEN_UNKNOWN);
}

STORY(discovery_says_where, "discovery names addresses below the sandbox's base URL")
{
    given_sandbox(s, "happy-path.links");
    when_got(s, DISCOVERY, NULL);
    const char *issuer = json_of(s, "issuer");
    then(s, issuer && strstr(issuer, "/s/happy-path.links"), "the issuer is its own");
    then(s, strstr(json_of(s, "token_endpoint"), "/s/happy-path.links" TOKEN_PATH),
         "the token endpoint is its own");
    given_sandbox(s, "default");
    when_got(s, DISCOVERY, NULL);
    then_body_lacks(s, "/s/");
}

STORY(ordered, "a sandbox can be ordered, and all that a client needs comes back")
{
    when_control_called(s, "POST", "/sandboxes",
                        "{\"name\":\"access-token-expired.mine\"}");
    then_status(s, 201);
    then_json(s, "client_id", "demo~access-token-expired.mine");
    then_json(s, "scenario", "access-token-expired");
    const char *url = json_of(s, "base_url");
    then(s, url && strstr(url, "/s/access-token-expired.mine"), "with its base URL");
    when_control_called(s, "GET", "/sandboxes", NULL);
    then_body_has(s, "access-token-expired.mine");
}

STORY(ordered_once, "a name that is taken is refused with 409")
{
    when_control_called(s, "POST", "/sandboxes", "{\"name\":\"happy-path.twice\"}");
    then_status(s, 201);
    when_control_called(s, "POST", "/sandboxes", "{\"name\":\"happy-path.twice\"}");
    then_status(s, 409);
    then_json(s, "field", "name");
    when_control_called(s, "POST", "/sandboxes",
                        "{\"name\":\"default\",\"scenario\":\"happy-path\"}");
    then_status(s, 409);
    /* no scenario has such a name, and it is taken all the same */
    when_control_called(s, "POST", "/sandboxes", "{\"name\":\"default\"}");
    then_status(s, 409);
}

STORY(deleted, "a sandbox that is deleted is forgotten; touched again it is new")
{
    given_sandbox(s, "happy-path.gone");
    when_connected(s);
    const char *refresh = refresh_token(s);
    when_controlled(s, "DELETE", "", NULL);
    then_status(s, 204);
    when_control_called(s, "DELETE", "/sandboxes/happy-path.gone", NULL);
    then_status(s, 404);
    when_refreshed_with(s, refresh);
    then_refused(s, CAUSE_REFRESH_TOKEN_UNKNOWN);
}

STORY(default_stays, "the default sandbox cannot be deleted")
{
    when_control_called(s, "DELETE", "/sandboxes/default", NULL);
    then_status(s, 400);
    then_body_has(s, "reset");
}

STORY(swapped_scenario_state, "another scenario takes over and the tokens stay")
{
    given_sandbox(s, "happy-path.swapped");
    when_connected(s);
    const char *token = access_token(s);
    when_controlled(s, "PUT", "/scenario", "{\"name\":\"rate-limited\"}");
    then_json(s, "scenario", "rate-limited");
    when_got(s, VENDORS, token);
    then_fine(s);
    when_got(s, VENDORS, token);
    then_refused(s, CAUSE_RATE_LIMITED);
}

STORY(swapped_strictly,
      "a scenario that is wrong changes nothing, and the place is named")
{
    given_sandbox(s, "happy-path.strict");
    when_control_called(s, "PUT", "/sandboxes/happy-path.strict/scenario",
                        "{\"name\":\"x\",\"about\":\"X.\",\n\"rulez\":[]}");
    then_status(s, 400);
    then_body_has(s, "line 2");
    then_body_has(s, "rules");
    when_controlled(s, "GET", "", NULL);
    then_json(s, "scenario", "happy-path");
}

STORY(reset_begins_anew, "a reset begins the scenario anew and forgets the tokens")
{
    given_sandbox(s, "rate-limited.reset");
    for (int round = 0; round < 2; round++) {
        when_connected(s);
        const char *token = access_token(s);
        when_got(s, VENDORS, token);
        then_fine(s);
        when_got(s, VENDORS, token);
        then_refused(s, CAUSE_RATE_LIMITED);
        when_controlled(s, "POST", "/reset", NULL);
        then_json(s, "exchanges", "0");
    }
}

STORY(same_seed_same_box, "two sandboxes of one name and seed hand out the same tokens")
{
    const char *first = NULL;
    for (int round = 0; round < 2; round++) {
        when_control_called(s, "POST", "/sandboxes",
                            "{\"name\":\"happy-path.seeded\",\"seed\":7,"
                            "\"now\":\"2026-01-01T00:00:00Z\"}");
        given_sandbox(s, "happy-path.seeded");
        when_controlled(s, "POST", "/clock",
                        "{\"set\":\"2026-01-01T00:00:00Z\",\"freeze\":true}");
        when_connected(s);
        first = first ? first : body_of(s);
        then_body_is(s, first);
        when_controlled(s, "DELETE", "", NULL);
    }
}

STORY(nobody_held, "a release where nobody is held lets nobody go")
{
    when_controlled(s, "POST", "/release", NULL);
    then_json(s, "affected", "0");
}

STORY(scenario_unknown,
      "a sandbox of an unknown scenario is refused, and the nearest named")
{
    when_got(s, "/s/hapy-path.x" VENDORS, NULL);
    then_status(s, 404);
    then_refused(s, CAUSE_SCENARIO_UNKNOWN);
    then_header_has(s, "X-Intacct-Mock-Evidence", "happy-path");
    when_posted(s, TOKEN_PATH, SUFFIXED("hapy-path"));
    then_refused(s, CAUSE_SCENARIO_UNKNOWN);
    when_control_called(s, "GET", "/sandboxes/hapy-path", NULL);
    then_status(s, 404);
    then_body_has(s, "happy-path");
}

STORY(name_unsound,
      "a name that no sandbox can have is refused, and says what one may be")
{
    when_got(s, "/s/Happy-Path" VENDORS, NULL);
    then_refused(s, CAUSE_SCENARIO_UNKNOWN);
    then_header_has(s, "X-Intacct-Mock-Evidence", "a-z");
    when_got(s, "/s/", NULL);
    then_refused(s, CAUSE_SCENARIO_UNKNOWN);
}

STORY(companies_have_keys_of_their_own,
      "the records of two companies have different keys, so a mix-up shows")
{
    when_posted(s, TOKEN_PATH,
                "grant_type=client_credentials&client_id=demo-sandbox&"
                "client_secret=demo-sandbox-secret&username=ws_user@acme-sandbox");
    const char *token = access_token(s);
    when_got(s, VENDORS, token);
    then_json(s, "ia::result/0/key", "1043");
    when_got(s, VENDORS "/43", token);
    then_refused(s, CAUSE_RECORD_NOT_FOUND);
    when_connected(s);
    when_got(s, VENDORS "/43", access_token(s));
    then_fine(s);
}

STORY(records_of_a_scenario, "a scenario's world has records of its own")
{
    given_scenario(s, "'world':{'records':[{'company':'acme','object':"
                      "'accounts-payable/vendor','entity':'100','fields':"
                      "{'id':'V-900','name':'Declared'}}]}");
    when_connected(s);
    when_got(s, VENDORS, access_token(s));
    then_json(s, "ia::result/5/id", "V-900");
}

STORY(the_world_is_told, "the world is told as it is now, without its secrets")
{
    given_world(s, "{\"do\":\"lock-user\",\"user\":\"ws_user@acme\"}");
    given_world(s, "{\"do\":\"remove-permission\",\"user\":\"jdoe@acme\","
                   "\"permission\":\"*:delete\"}");
    when_controlled(s, "GET", "/world", NULL);
    then_json(s, "companies/1/id", "acme-sandbox");
    then_json(s, "users/0/locked", "true");
    then_json(s, "roles/0/denied/0", "*:delete");
    then_body_has(s, "\"accounts-payable/vendor\":[\"43\",");
    then_body_has(s, "\"secret_fingerprint\":");
    then_body_lacks(s, "demo-secret\"");
    then_body_lacks(s, "password\":");
}

STORIES(sandboxes) = {
    &story_touched_is_made,
    &story_tokens_stay_home,
    &story_clocks_are_apart,
    &story_journals_are_apart,
    &story_keys_are_apart,
    &story_progress_is_apart,
    &story_worlds_are_apart,
    &story_suffix_in_a_form,
    &story_suffix_encoded,
    &story_name_encoded,
    &story_suffix_in_json,
    &story_suffix_in_basic,
    &story_suffix_at_authorize,
    &story_token_finds_home,
    &story_code_finds_home,
    &story_session_finds_home,
    &story_strange_tokens_stay,
    &story_discovery_says_where,
    &story_ordered,
    &story_ordered_once,
    &story_deleted,
    &story_default_stays,
    &story_swapped_scenario_state,
    &story_swapped_strictly,
    &story_reset_begins_anew,
    &story_same_seed_same_box,
    &story_nobody_held,
    &story_scenario_unknown,
    &story_name_unsound,
    &story_companies_have_keys_of_their_own,
    &story_records_of_a_scenario,
    &story_the_world_is_told,
    NULL,
};
