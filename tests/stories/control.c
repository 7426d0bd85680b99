/* The control API: live changes, strict input, and the journal. */
#include "stories/story.h"

STORY(health_and_ready, "health and ready answer, and ready tells where everything is")
{
    when_control_called(s, "GET", "/health", NULL);
    then_json(s, "status", "ok");
    when_control_called(s, "GET", "/ready", NULL);
    then_json(s, "client_id", "demo");
    then_json(s, "username", "ws_user@acme");
    then(s, json_of(s, "http") != NULL, "with the address");
}

STORY(causes_explain_themselves, "every cause explains itself")
{
    when_control_called(s, "GET", "/causes/access-token-expired", NULL);
    then_json(s, "id", "access-token-expired");
    then(s, json_of(s, "why") && json_of(s, "fix") && json_of(s, "confidence"),
         "with all parts");
}

STORY(unknown_cause, "an unknown cause is told the nearest one")
{
    when_control_called(s, "GET", "/causes/acces-token-expired", NULL);
    then_status(s, 404);
    then_body_has(s, "access-token-expired");
}

STORY(unknown_field_is_named, "an unknown field is refused, with the one that was meant")
{
    when_control_called(s, "POST", "/sandboxes/default/clock", "{\"advanse\":\"1h\"}");
    then_status(s, 400);
    then_json(s, "field", "advanse");
    then_body_has(s, "did you mean");
}

STORY(wrong_method, "a wrong method gets 405 with Allow")
{
    when_control_called(s, "DELETE", "/sandboxes/default/clock", NULL);
    then_status(s, 405);
    then_header_has(s, "Allow", "GET, POST");
}

STORY(broken_body, "a broken body is refused with its line and column")
{
    when_control_called(s, "POST", "/sandboxes/default/clock", "{\n  \"advance\" 1");
    then_status(s, 400);
    then_body_has(s, "line 2");
}

STORY(unknown_sandbox, "an unknown sandbox gets 404")
{
    when_control_called(s, "GET", "/sandboxes/nobody", NULL);
    then_status(s, 404);
}

STORY(expire_now, "expire ends the access tokens now, and only them")
{
    when_connected(s);
    const char *token = access_token(s);
    const char *refresh = refresh_token(s);
    when_controlled(s, "POST", "/expire", "{\"kind\":\"access\"}");
    then_json(s, "affected", "1");
    when_got(s, VENDORS, token);
    then_refused(s, CAUSE_ACCESS_TOKEN_EXPIRED);
    when_refreshed_with(s, refresh);
    then_fine(s);
}

STORY(revoke_now, "revoke kills what it names now")
{
    when_connected(s);
    const char *refresh = refresh_token(s);
    when_controlled(
        s, "POST", "/revoke",
        "{\"kind\":\"refresh\",\"client_id\":\"demo\",\"user\":\"ws_user@acme\"}");
    then_json(s, "affected", "1");
    when_refreshed_with(s, refresh);
    then_refused(s, CAUSE_REFRESH_TOKEN_REVOKED);
}

STORY(tokens_are_listed, "every token is listed with its state, by fingerprint only")
{
    when_connected(s);
    const char *token = access_token(s);
    when_controlled(s, "GET", "/tokens", NULL);
    then_json(s, "tokens/0/kind", "access");
    then_json(s, "tokens/0/state", "live");
    then_json(s, "tokens/0/user", "ws_user@acme");
    then_body_lacks(s, token);
}

STORY(tokens_are_listed_in_pages,
      "a listing with a limit says where the next one goes on")
{
    for (int i = 0; i < 2; i++)
        when_connected(s);
    when_controlled(s, "GET", "/tokens?limit=2", NULL);
    then_json(s, "tokens/1/grant", "1");
    const char *rest = text(s, "/tokens?limit=2&after=%s", json_of(s, "next"));
    when_controlled(s, "GET", rest, NULL);
    then_json(s, "tokens/0/grant", "2");
    then_body_lacks(s, "next");
    when_control_called(s, "GET", "/sandboxes/default/tokens?limt=2", NULL);
    then_json(s, "field", "limt");
    then_body_has(s, "did you mean \\\"limit\\\"?");
}

STORY(one_token_by_its_fingerprint,
      "one token is revoked by the fingerprint that a listing has")
{
    when_connected(s);
    const char *first = access_token(s);
    when_connected(s);
    const char *second = access_token(s);
    when_controlled(s, "POST", "/tokens",
                    "{\"user\":\"ws_user@acme\",\"client_id\":\"demo\"}");
    const char *third = access_token(s);
    when_controlled(s, "GET", "/tokens", NULL);
    const char *named = text(s, "{\"kind\":\"access\",\"token\":\"%s\"}",
                             json_of(s, "tokens/0/fingerprint"));
    when_controlled(s, "POST", "/revoke", named);
    then_json(s, "affected", "1");
    when_got(s, VENDORS, first);
    then_refused(s, CAUSE_ACCESS_TOKEN_REVOKED);
    when_got(s, VENDORS, second);
    then_fine(s);
    when_got(s, VENDORS, third);
    then_fine(s);
    when_controlled(s, "POST", "/revoke",
                    "{\"kind\":\"access\",\"token\":\"hmac:000000000000\"}");
    then_json(s, "affected", "0");
}

STORY(tokens_of_an_exchange, "the tokens of an exchange are decoded, at the time it had")
{
    when_connected(s);
    const char *token = access_token(s);
    when_controlled(s, "POST", "/clock", "{\"advance\":\"13h\"}");
    when_got(s, VENDORS, token);
    when_controlled(s, "GET", "/tokens", NULL);
    const char *fingerprint = json_of(s, "tokens/0/fingerprint");
    when_controlled(s, "GET", "/requests?status=401", NULL);
    const char *refused = json_of(s, "requests/0/id");
    when_controlled(s, "GET", text(s, "/requests/%s/tokens", refused), NULL);
    then_json(s, "tokens/0/fingerprint", fingerprint);
    then_json(s, "tokens/0/times", "expired 1 hour ago; lived 12 hours");
    then_json(s, "tokens/0/signature", "good");
    then_body_has(s, "\"userKey\"");
    then_body_lacks(s, token);
}

STORY(the_followed_scenario, "a sandbox tells the scenario that it follows")
{
    when_controlled(s, "PUT", "/scenario",
                    "{\"name\":\"mine\",\"about\":\"x\",\"rules\":[]}");
    when_controlled(s, "GET", "/scenario", NULL);
    then_json(s, "name", "mine");
}

STORY(minted_directly, "a token can be minted directly, with its own lifetime")
{
    when_controlled(s, "POST", "/tokens",
                    "{\"user\":\"ws_user@acme\",\"client_id\":\"demo\",\"ttl\":\"90s\"}");
    then_json(s, "expires_in", "90");
    when_got(s, VENDORS, access_token(s));
    then_fine(s);
}

STORY(minted_expired, "a token can be minted expired")
{
    when_controlled(
        s, "POST", "/tokens",
        "{\"user\":\"ws_user@acme\",\"client_id\":\"demo\",\"flaw\":\"expired\"}");
    when_got(s, VENDORS, access_token(s));
    then_refused(s, CAUSE_ACCESS_TOKEN_EXPIRED);
}

STORY(journal_holds_the_evidence,
      "the journal holds each exchange with its evidence, no secret")
{
    when_posted(s, TOKEN_PATH, CREDENTIALS);
    const char *token = access_token(s);
    when_controlled(s, "GET", "/requests?endpoint=token", NULL);
    then_json(s, "count", "1");
    then_json(s, "requests/0/grant", "client_credentials");
    then_json(s, "requests/0/user", "ws_user@acme");
    then_body_lacks(s, "demo-secret");
    then_body_lacks(s, token);
}

STORY(journal_can_be_waited_for, "the journal can be waited for")
{
    when_connected(s);
    when_controlled(s, "GET", "/requests?endpoint=token&count=1&wait=5s", NULL);
    then_json(s, "count", "1");
    when_controlled(s, "GET", "/requests?endpoint=token&count=2&wait=20ms", NULL);
    then_json(s, "count", "1");
}

STORY(journal_is_forgotten, "the journal can be forgotten")
{
    when_connected(s);
    when_controlled(s, "DELETE", "/requests", NULL);
    when_controlled(s, "GET", "/requests", NULL);
    then_json(s, "count", "0");
}

STORY(journal_as_har, "the journal can be had as HTTP Archive")
{
    when_connected(s);
    when_controlled(s, "GET", "/requests.har", NULL);
    then_json(s, "log/version", "1.2");
    then_json(s, "log/entries/0/response/status", "200");
    then_body_lacks(s, "demo-secret");
}

STORY(reset_is_a_fresh_start, "a reset forgets tokens, changes and journal")
{
    when_connected(s);
    given_world(s, "{\"do\":\"lock-user\",\"user\":\"ws_user@acme\"}");
    when_controlled(s, "POST", "/reset", NULL);
    when_controlled(s, "GET", "/tokens", NULL);
    then_body_is(s, "{\"tokens\":[]}");
    when_connected(s);
}

STORY(effects_are_strict, "an unknown effect is told the nearest one")
{
    when_control_called(s, "POST", "/sandboxes/default/world",
                        "{\"do\":\"lock-users\",\"user\":\"jdoe@acme\"}");
    then_status(s, 400);
    then_body_has(s, "lock-user");
}

STORY(withdrawals_are_strict,
      "a role, permission or module that does not exist is refused")
{
    static const char *const unknown[] = {
        "{\"role\":\"x\"}", "{\"permission\":\"x\"}", "{\"module\":\"x\"}",
        "{\"permission\":\"accounts-payable/vendor:fly\"}"};
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        when_control_called(s, "POST", "/sandboxes/default/withdraw", unknown[i]);
        then_status(s, 400);
    }
}

STORY(refusals_name_the_field, "a change of the world that cannot be is refused by field")
{
    when_control_called(s, "POST", "/sandboxes/default/world", "{\"do\":\"lock-user\"}");
    then_status(s, 400);
    then_json(s, "field", "user");
    when_control_called(s, "POST", "/sandboxes/default/world",
                        "{\"do\":\"deactivate-client\",\"client_id\":\"nobody\"}");
    then_json(s, "field", "client_id");
}

STORY(refusals_say_what_there_is, "who names a company, user, client, role, module or "
                                  "entity that is not there is told those that are")
{
    static const struct {
        const char *path, *body, *field, *said;
    } wrong[] = {
        {"tokens", "{\"user\":\"wsuser@acme\",\"client_id\":\"demo\"}", "user",
         "did you mean \\\"ws_user\\\"?"},
        {"tokens", "{\"user\":\"zz@acme\",\"client_id\":\"demo\"}", "user",
         "there are \\\"ws_user\\\", \\\"jdoe\\\", \\\"admin\\\""},
        {"tokens", "{\"user\":\"ws_user@acne\",\"client_id\":\"demo\"}", "user",
         "there is no company \\\"acne\\\"; did you mean \\\"acme\\\"?"},
        {"tokens", "{\"user\":\"ws_user\",\"client_id\":\"demo\"}", "user",
         "write USER@COMPANY, such as ws_user@acme"},
        {"tokens", "{\"user\":\"ws_user@acme\",\"client_id\":\"demmo\"}", "client_id",
         "did you mean \\\"demo\\\"?"},
        {"tokens", "{\"user\":\"ws_user@acme\",\"client_id\":\"zz\"}", "client_id",
         "there are \\\"demo\\\", \\\"demo-public\\\", \\\"demo-sandbox\\\""},
        {"sign-in", "{\"user\":\"ws_user@zz\"}", "user",
         "there are \\\"acme\\\", \\\"acme-sandbox\\\""},
        {"withdraw", "{\"role\":\"zz\"}", "role",
         "there are \\\"all\\\", \\\"read-only\\\""},
        {"withdraw", "{\"module\":\"account-payable\"}", "module",
         "did you mean \\\"accounts-payable\\\"?"},
        {"withdraw", "{\"client_id\":\"demo\",\"company\":\"zz\"}", "company",
         "there are \\\"acme\\\", \\\"acme-sandbox\\\""},
        {"world",
         "{\"do\":\"restrict-to-entity\",\"user\":\"ws_user@acme\",\"entity\":\"zz\"}",
         "entity", "there are \\\"100\\\", \\\"200\\\""},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const char *path = text(s, "/sandboxes/default/%s", wrong[i].path);
        when_control_called(s, "POST", path, wrong[i].body);
        then_status(s, 400);
        then_json(s, "field", wrong[i].field);
        then_body_has(s, wrong[i].said);
    }
}

STORY(endpoints_are_strict, "an unknown endpoint is told the nearest one")
{
    when_control_called(s, "GET", "/sandboxes/default/requests?endpoint=tokens", NULL);
    then_status(s, 400);
    then_json(s, "field", "endpoint");
    then_body_has(s, "did you mean");
}

STORY(parameters_are_strict,
      "a parameter that stands twice, or where none belongs, is refused")
{
    when_connected(s);
    when_control_called(s, "GET",
                        "/sandboxes/default/requests?endpoint=token&endpoint=api", NULL);
    then_status(s, 400);
    then_json(s, "field", "endpoint");
    when_control_called(s, "GET", "/causes?q=403&q=401", NULL);
    then_status(s, 400);
    then_json(s, "field", "q");
    when_control_called(s, "DELETE", "/sandboxes/default/requests?endpoint=api", NULL);
    then_status(s, 400);
    then_json(s, "field", "endpoint");
    when_controlled(s, "GET", "/requests", NULL);
    then_json(s, "count", "1");
    when_control_called(s, "POST", "/sandboxes/default/clock?advance=12h",
                        "{\"freeze\":true}");
    then_status(s, 400);
    then_json(s, "field", "advance");
}

STORY(names_may_be_encoded,
      "a sandbox's name may be percent-encoded, and is shown as it is meant")
{
    when_control_called(s, "GET", "/sandboxes/happy%2Dpath%2Eencoded", NULL);
    then_json(s, "name", "happy-path.encoded");
    when_control_called(s, "DELETE", "/sandboxes/happy%2Dpath%2Eencoded", NULL);
    then_status(s, 204);
    when_control_called(s, "GET", "/sandboxes/Bad%20Name", NULL);
    then_status(s, 404);
    then_body_has(s, "\\\"Bad Name\\\"");
}

STORY(journal_by_group_and_class, "the journal is asked by the same groups of endpoints "
                                  "and classes of statuses as rules")
{
    when_connected(s);
    const char *token = access_token(s);
    when_got(s, VENDORS, token);
    when_got(s, VENDORS "/no-such-key", token);
    static const struct {
        const char *query, *count;
    } asked[] = {{"endpoint=oauth", "1"}, {"endpoint=api", "2"},
                 {"endpoint=read", "2"},  {"endpoint=query", "0"},
                 {"status=2xx", "2"},     {"status=4xx", "1"},
                 {"status=404", "1"},     {"endpoint=api&status=2xx", "1"}};
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        when_controlled(s, "GET", text(s, "/requests?%s", asked[i].query), NULL);
        then_json(s, "count", asked[i].count);
    }
    when_control_called(s, "GET", "/sandboxes/default/requests?status=4x", NULL);
    then_status(s, 400);
    then_body_has(s, "2xx");
}

STORY(metrics_count, "the metrics count what was answered")
{
    when_connected(s);
    when_control_called(s, "GET", "/metrics", NULL);
    then_status(s, 200);
    then_body_has(s, "{endpoint=\"token\",status=\"200\",cause=\"\"}");
}

STORY(described, "the control API describes itself")
{
    when_control_called(s, "GET", "/openapi.json", NULL);
    then_json(s, "openapi", "3.1.0");
}

STORY(policy_is_strict, "an unknown switch of policy is told the nearest one")
{
    when_control_called(s, "PATCH", "/sandboxes/default/policy",
                        "{\"rotatoin\":\"keep\"}");
    then_status(s, 400);
    then_body_has(s, "rotation");
}

/* The user id has an '@' in it, as an e-mail address does. */
static void given_user_with_at(struct story *s, const char *world)
{
    given_scenario(s, text(s,
                           "'world':{'users':[{'id':'j@doe','company':'acme',"
                           "'web_services':true,'roles':['all']}]%s}",
                           world));
}

static void when_connected_as_user_with_at(struct story *s)
{
    when_posted(s, TOKEN_PATH,
                "grant_type=client_credentials&" DEMO "&username=j@doe@acme");
}

STORY(user_with_at_is_locked, "a user whose id has an @ in it can be locked")
{
    given_user_with_at(s, "");
    when_connected_as_user_with_at(s);
    then_fine(s);
    given_world(s, "{\"do\":\"lock-user\",\"user\":\"j@doe@acme\"}");
    when_connected_as_user_with_at(s);
    then_refused(s, CAUSE_USER_LOCKED);
}

STORY(user_with_at_is_revoked, "the tokens of a user with an @ in the id can be revoked")
{
    given_user_with_at(s, "");
    when_connected_as_user_with_at(s);
    const char *token = access_token(s);
    when_controlled(s, "POST", "/revoke",
                    "{\"kind\":\"access\",\"user\":\"j@doe@acme\"}");
    then_json(s, "affected", "1");
    when_got(s, VENDORS, token);
    then_refused(s, CAUSE_ACCESS_TOKEN_REVOKED);
}

STORY(user_with_at_is_minted_for, "a token can be minted for a user with an @ in the id")
{
    given_user_with_at(s, "");
    when_controlled(s, "POST", "/tokens",
                    "{\"user\":\"j@doe@acme\",\"client_id\":\"demo\"}");
    when_got(s, VENDORS, access_token(s));
    then_fine(s);
}

STORY(user_with_at_is_signed_in, "a user with an @ in the id can be signed in beforehand")
{
    given_user_with_at(s, ",'signed_in':'j@doe@acme'");
    when_sent(s, "GET",
              AUTHORIZE_PATH "?response_type=code&client_id=demo&state=x"
                             "&redirect_uri=" CALLBACK,
              NULL, NULL);
    when_code_is_exchanged(s, code(s), "");
    then_fine(s);
}

STORY(mock_user_names_entity, "mock_user may name an entity, which the token then is for")
{
    when_asked_to_authorize(s, "%7C100");
    when_code_is_exchanged(s, code(s), "");
    const char *token = access_token(s);
    when_posted(s, INTROSPECT_PATH, text(s, DEMO "&token=%s", token));
    then_json(s, "entity_id", "100");
    when_asked_to_authorize(s, "%7C999");
    then_refused(s, CAUSE_ENTITY_UNKNOWN);
}

STORY(user_with_at_in_journal, "the journal finds a user with an @ in the id")
{
    given_user_with_at(s, "");
    when_connected_as_user_with_at(s);
    when_controlled(s, "GET", "/requests?user=j%40doe%40acme", NULL);
    then_json(s, "count", "1");
    when_controlled(s, "GET", "/requests?user=j%40doe", NULL);
    then_json(s, "count", "0");
}

STORY(rules_ask_for_an_account,
      "a rule asks for all users of a company, or for those in one of its entities")
{
    given_scenario(s, "'rules':[{'when':{'endpoint':'api','user':'*@acme|200'},"
                      "'then':{'refuse':'service-unavailable'}},"
                      "{'when':{'endpoint':'api','user':'*@globex'},"
                      "'then':{'refuse':'internal'}}]");
    when_connected(s);
    const char *in =
        text(s, "Authorization: Bearer %s\nX-IA-API-Param-Entity: ", access_token(s));
    when_sent(s, "GET", VENDORS, text(s, "%s100\n", in), NULL);
    then_fine(s);
    when_sent(s, "GET", VENDORS, text(s, "%s200\n", in), NULL);
    then_refused(s, CAUSE_SERVICE_UNAVAILABLE);
    when_controlled(s, "GET", "/requests?status=503", NULL);
    then_json(s, "requests/0/user", "ws_user@acme");
    then_json(s, "requests/0/entity", "200");
}

STORY(user_with_at_in_rules, "a rule can lock the user with an @ in the id who asks")
{
    given_scenario(s, "'world':{'users':[{'id':'j@doe','company':'acme',"
                      "'web_services':true,'roles':['all']}]},"
                      "'rules':[{'when':{'endpoint':'token','user':'j@doe@acme','nth':2},"
                      "'then':{'world':'lock-user'}}]");
    when_connected_as_user_with_at(s);
    then_fine(s);
    when_connected_as_user_with_at(s);
    then_refused(s, CAUSE_USER_LOCKED);
}

STORIES(control) = {
    &story_health_and_ready,
    &story_causes_explain_themselves,
    &story_unknown_cause,
    &story_unknown_field_is_named,
    &story_wrong_method,
    &story_broken_body,
    &story_unknown_sandbox,
    &story_expire_now,
    &story_revoke_now,
    &story_tokens_are_listed,
    &story_tokens_are_listed_in_pages,
    &story_one_token_by_its_fingerprint,
    &story_tokens_of_an_exchange,
    &story_the_followed_scenario,
    &story_minted_directly,
    &story_minted_expired,
    &story_journal_holds_the_evidence,
    &story_journal_can_be_waited_for,
    &story_journal_is_forgotten,
    &story_journal_as_har,
    &story_reset_is_a_fresh_start,
    &story_effects_are_strict,
    &story_withdrawals_are_strict,
    &story_refusals_name_the_field,
    &story_refusals_say_what_there_is,
    &story_endpoints_are_strict,
    &story_parameters_are_strict,
    &story_names_may_be_encoded,
    &story_metrics_count,
    &story_described,
    &story_policy_is_strict,
    &story_user_with_at_is_locked,
    &story_user_with_at_is_revoked,
    &story_user_with_at_is_minted_for,
    &story_user_with_at_is_signed_in,
    &story_mock_user_names_entity,
    &story_user_with_at_in_journal,
    &story_rules_ask_for_an_account,
    &story_journal_by_group_and_class,
    &story_user_with_at_in_rules,
    NULL,
};
