/* Scenarios as their user sees them: rules, faults of delivery, and the verdict. */
#include "stories/story.h"

#include <stdlib.h>
#include <string.h>

#define REFRESH "'when':{'endpoint':'token','grant':'refresh_token'}"
#define NOT_HAMMERED                                                                     \
    "'expect':[{'that':'a dead token is not hammered',"                                  \
    "'cause':'access-token-expired','at_most':1}]"

/* A connection, in a sandbox whose API is damaged once by this `wire`. */
static const char *given_wire(struct story *s, const char *wire)
{
    given_scenario(
        s, text(s, "'rules':[{'when':{'endpoint':'api','nth':1},'then':{'wire':%s}}]",
                wire));
    when_connected(s);
    return access_token(s);
}

static void when_asked(struct story *s, const char *token, int status)
{
    when_got(s, VENDORS, token);
    then_status(s, status);
}

/* ---- rules ---- */

STORY(the_nth_alone, "a rule with nth meets that request and no other")
{
    given_scenario(s, "'rules':[{'when':{'endpoint':'api','nth':2},"
                      "'then':{'refuse':'gateway-error'}}]");
    when_connected(s);
    const char *token = access_token(s);
    when_asked(s, token, 200);
    when_asked(s, token, 500);
    when_asked(s, token, 200);
}

STORY(one_after_the_other, "rules that fire once each make a list of answers")
{
    given_scenario(
        s,
        "'rules':[{'when':{'endpoint':'api'},'then':{'refuse':'internal'},'times':1},"
        "{'when':{'endpoint':'api'},'then':{'wire':{'status':503}},'times':1},"
        "{'when':{'endpoint':'api'},'then':{'refuse':'access-token-revoked'},'times':1},"
        "{'when':{'endpoint':'api'},'then':{'refuse':'rate-limited'},'times':1}]");
    when_connected(s);
    const char *token = access_token(s);
    static const int statuses[] = {500, 503, 401, 429, 200, 200};
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
        when_asked(s, token, statuses[i]);
}

STORY(every_second, "a rule with every meets each of those")
{
    given_scenario(s, "'rules':[{'when':{'endpoint':'api','every':2},"
                      "'then':{'refuse':'service-unavailable'}}]");
    when_connected(s);
    const char *token = access_token(s);
    for (int i = 1; i <= 6; i++)
        when_asked(s, token, i % 2 ? 200 : 503);
}

STORY(outage_for_a_time, "an outage lasts for a time, however often one asks")
{
    given_scenario(s, "'rules':[{'when':{'endpoint':'api','nth':2},'for':'30s',"
                      "'then':{'refuse':'service-unavailable'}}]");
    when_connected(s);
    const char *token = access_token(s);
    when_asked(s, token, 200);
    for (int i = 0; i < 4; i++)
        when_asked(s, token, 503);
    when_time_passes(s, "29s");
    when_asked(s, token, 503);
    when_time_passes(s, "2s");
    when_asked(s, token, 200);
}

STORY(fault_after_a_refusal, "a rule may wait until the client was refused")
{
    given_scenario(
        s,
        "'rules':[{'after':'access-token-revoked','when':{'endpoint':'token'},"
        "'then':{'refuse':'internal'},'times':1},"
        "{'name':'the end','when':{'endpoint':'api','nth':2},"
        "'then':{'world':'revoke-access-token'}},"
        "{'after':'the end','when':{'endpoint':'revoke'},'then':{'refuse':'internal'}}]");
    when_connected(s);
    const char *token = access_token(s), *refresh = refresh_token(s);
    when_asked(s, token, 200);
    when_asked(s, token, 401);
    when_refreshed_with(s, refresh);
    then_status(s, 500);
    when_refreshed_with(s, refresh);
    then_status(s, 200);
    when_asked(s, access_token(s), 200);
}

STORY(quota_by_the_minute, "a quota is told, kept, and recovers by the sandbox's clock")
{
    given_scenario(s, "'rules':[{'when':{'endpoint':'api'},"
                      "'limit':{'requests':2,'per':'1m'},"
                      "'then':{'refuse':'rate-limited'}}]");
    when_connected(s);
    const char *token = access_token(s);
    when_asked(s, token, 200);
    then_header_has(s, "X-IA-Minute-Rate-Limit", "2");
    then_header_has(s, "X-IA-Minute-Rate-Limit-Remaining", "1");
    when_asked(s, token, 200);
    when_time_passes(s, "20s");
    when_asked(s, token, 429);
    then_refused(s, CAUSE_RATE_LIMITED);
    then_header_has(s, "Retry-After", "40");
    when_time_passes(s, "41s");
    when_asked(s, token, 200);
    then_header_has(s, "X-IA-Minute-Rate-Limit-Remaining", "1");
}

STORY(picked_by_content, "a rule may ask for a header, a query parameter and the body")
{
    given_scenario(
        s, "'rules':[{'when':{'query':{'size':'7'}},'then':{'refuse':'rate-limited'}},"
           "{'when':{'header':{'Authorization':'Bearer *'},'endpoint':'model'},"
           "'then':{'refuse':'internal'}},"
           "{'when':{'body':{'grant_type':'refresh_*','client_id':'demo*'}},"
           "'then':{'refuse':'service-unavailable'}}]");
    when_connected(s);
    const char *token = access_token(s);
    const char *refresh = refresh_token(s);
    when_asked(s, token, 200);
    when_got(s, VENDORS "?size=7", token);
    then_status(s, 429);
    when_got(s, "/ia/api/v1/services/core/model", token);
    then_status(s, 500);
    when_refreshed_with(s, refresh);
    then_status(s, 503);
}

STORY(truth_changes,
      "a rule changes the world, and the ordinary rules refuse what is dead")
{
    given_scenario(s, "'rules':[{'when':{'endpoint':'api','nth':2},"
                      "'then':{'world':'revoke-access-token'}}]");
    when_connected(s);
    const char *token = access_token(s);
    when_asked(s, token, 200);
    when_asked(s, token, 401);
    then_refused(s, CAUSE_ACCESS_TOKEN_REVOKED);
    when_asked(s, token, 401);
    when_connected(s);
    when_asked(s, access_token(s), 200);
}

STORY(world_lets_pass,
      "a rule that changes the world lets the request go on to the next rule")
{
    given_scenario(
        s, "'rules':[{'when':{'endpoint':'api','nth':1},'then':{'world':"
           "{'do':'advance-clock','by':'13h'}}},"
           "{'when':{'endpoint':'api'},'then':{'refuse':'rate-limited'},'times':1}]");
    when_connected(s);
    const char *token = access_token(s);
    when_asked(s, token, 429);
    when_asked(s, token, 401);
    then_refused(s, CAUSE_ACCESS_TOKEN_EXPIRED);
}

STORY(worded_for_the_api, "a refusal by name at the API has the API's wording")
{
    given_scenario(s, "'rules':[{'when':{'endpoint':'api'},"
                      "'then':{'refuse':'access-token-expired'}}]");
    when_connected(s);
    when_asked(s, access_token(s), 401);
    then_refused(s, CAUSE_ACCESS_TOKEN_EXPIRED);
    then_body_has(s, "GW-0040");
    then_header_has(s, "X-Intacct-Mock-Evidence", "rule 1 of scenario told");
}

STORY(worded_for_the_token, "a refusal by name at the token endpoint has OAuth's wording")
{
    given_scenario(s,
                   "'rules':[{" REFRESH ",'then':{'refuse':'refresh-token-expired'}}]");
    when_connected(s);
    when_refreshed_with(s, refresh_token(s));
    then_status(s, 400);
    then_refused(s, CAUSE_REFRESH_TOKEN_EXPIRED);
    then_json(s, "error", "invalid_grant");
}

STORY(worded_for_the_article,
      "a refusal by name in the article's dialect has its wording")
{
    given_scenario(s, "'rules':[{'when':{'endpoint':'token'},"
                      "'then':{'refuse':'client-secret-wrong'}}]");
    when_posted(s, ARTICLE_TOKEN_PATH, CREDENTIALS);
    then_status(s, 401);
    then_refused(s, CAUSE_CLIENT_SECRET_WRONG);
}

STORY(takes_no_effect, "a refusal by name takes no effect: the refresh token stays good")
{
    given_scenario(s,
                   "'rules':[{" REFRESH ",'then':{'refuse':'gateway-error'},'times':1}]");
    when_connected(s);
    const char *token = refresh_token(s);
    when_refreshed_with(s, token);
    then_status(s, 500);
    when_refreshed_with(s, token);
    then_fine(s);
}

STORY(refused_by_redirect, "a refusal at authorize redirects with error and state")
{
    given_scenario(s, "'rules':[{'when':{'endpoint':'authorize'},"
                      "'then':{'refuse':'consent-denied'}}]");
    when_asked_to_authorize(s, "");
    then_status(s, 302);
    then_header_has(s, "Location", CALLBACK "?");
    then_header_has(s, "Location", "error=access_denied");
    then_header_has(s, "Location", "state=xyz");
    then_refused(s, CAUSE_CONSENT_DENIED);
}

STORY(running_out_is_loud, "a list that has run out fails, and so does the verdict")
{
    given_scenario(s, "'exhausted':'fail','rules':[{'when':{'endpoint':'api','nth':1},"
                      "'then':{'wire':{'status':503}}}],'expect':[{'that':"
                      "'the client comes','endpoint':'api'}]");
    when_connected(s);
    const char *token = access_token(s);
    when_asked(s, token, 503);
    when_asked(s, token, 500);
    then_refused(s, CAUSE_SCENARIO_EXHAUSTED);
    when_judged(s, "application/json");
    then_json(s, "outcome", "not-met");
    then_json(s, "exhausted", "true");
}

STORY(person_at_hand, "signed_in lets an unattended client take the code grant")
{
    given_scenario(s, "'world':{'signed_in':'jdoe@acme'}");
    when_got(s,
             AUTHORIZE_PATH "?response_type=code&client_id=demo&state=xyz&"
                            "redirect_uri=http%3A%2F%2F127.0.0.1%2Fcallback",
             NULL);
    then_status(s, 302);
    when_code_is_exchanged(s, code(s), "");
    then_fine(s);
}

/* ---- faults of delivery ---- */

STORY(dropped, "a dropped answer is an empty reply, and the next one is fine")
{
    const char *token = given_wire(s, "'drop'");
    expecting_loss(s, LOST_EMPTY);
    when_got(s, VENDORS, token);
    when_asked(s, token, 200);
    when_controlled(s, "GET", "/requests?path=*vendor*", NULL);
    then_json(s, "count", "2");
}

STORY(reset_on_the_way, "a reset answer is a connection that breaks")
{
    const char *token = given_wire(s, "'reset'");
    expecting_loss(s, LOST_RESET);
    when_got(s, VENDORS, token);
    when_asked(s, token, 200);
}

STORY(truncated,
      "of a truncated answer half the body comes, and headers that promise all")
{
    const char *token = given_wire(s, "'truncate'");
    expecting_loss(s, LOST_PARTLY);
    when_got(s, VENDORS, token);
    size_t half = strlen(body_of(s));
    then_header_has(s, "Content-Length", "");
    long promised = strtol(header_of(s, "Content-Length"), NULL, 10);
    then(s, promised / 2 == (long)half, "half of %ld comes: %zu", promised, half);
    when_asked(s, token, 200);
}

STORY(stalled, "of a stalled answer the headers come and the body never does")
{
    const char *token = given_wire(s, "'stall'");
    expecting_loss(s, LOST_WAITING);
    when_asked(s, token, 200);
    then_body_is(s, "");
    when_asked(s, token, 200);
    then_body_has(s, "ia::result");
}

STORY(broken_json, "malformed JSON comes with status 200 and cannot be read")
{
    const char *token = given_wire(s, "'malformed-json'");
    when_asked(s, token, 200);
    then_header_has(s, "Content-Type", "application/json");
    then(s, !json_of(s, ""), "it is no JSON");
    when_asked(s, token, 200);
    then(s, json_of(s, "") != NULL, "the next is");
}

STORY(wrong_type, "JSON of the wrong type is right but says that it is HTML")
{
    const char *token = given_wire(s, "'wrong-type'");
    when_asked(s, token, 200);
    then_header_has(s, "Content-Type", "text/html");
    then(s, json_of(s, "ia::result") != NULL, "it is JSON all the same");
}

STORY(login_page, "a proxy's login page comes with status 200")
{
    const char *token = given_wire(s, "'html'");
    when_asked(s, token, 200);
    then_header_has(s, "Content-Type", "text/html");
    then_body_has(s, "<form");
}

STORY(status_and_advice, "a status of its own comes with its body and the advice to wait")
{
    const char *token =
        given_wire(s, "{'status':503,'retry_after':'1500ms','body':{'down':true}}");
    when_asked(s, token, 503);
    then_header_has(s, "Retry-After", "2");
    then_json(s, "down", "true");
}

STORY(refused_with_advice, "retry_after goes with a refusal too")
{
    given_scenario(s, "'rules':[{'when':{'endpoint':'token'},'then':{'refuse':"
                      "'rate-limited','wire':{'retry_after':'7s'}}}]");
    when_posted(s, TOKEN_PATH, CREDENTIALS);
    then_status(s, 429);
    then_header_has(s, "Retry-After", "7");
}

STORY(sent_elsewhere, "a redirect sends the client to another address")
{
    const char *token = given_wire(s, "{'redirect':'https://proxy.example/sign-in'}");
    when_asked(s, token, 302);
    then_header_has(s, "Location", "https://proxy.example/sign-in");
}

STORY(late, "a delayed answer comes late and is right")
{
    const char *token = given_wire(s, "{'delay':'60ms'}");
    when_asked(s, token, 200);
    then(s, took_ms(s) >= 60, "it took 60 ms at least, not %lld", (long long)took_ms(s));
    then_fine(s);
}

STORY(held_in_vain, "a request that nobody joins is held for its time and then answered")
{
    const char *token = given_wire(s, "{'hold':{'until':2,'for':'60ms'}}");
    when_asked(s, token, 200);
    then(s, took_ms(s) >= 60, "it took 60 ms at least, not %lld", (long long)took_ms(s));
}

STORY(lost_before,
      "a request that is dropped before it takes effect leaves its token good")
{
    given_scenario(s, "'rules':[{" REFRESH ",'then':{'wire':'drop'},'times':1}]");
    when_connected(s);
    const char *token = refresh_token(s);
    expecting_loss(s, LOST_EMPTY);
    when_refreshed_with(s, token);
    when_refreshed_with(s, token);
    then_fine(s);
}

STORY(lost_after, "an answer lost after the refresh took effect costs the refresh token")
{
    given_scenario(s, "'rules':[{" REFRESH
                      ",'then':{'wire':{'drop':true,'at':'after'}},'times':1}]");
    when_connected(s);
    const char *token = refresh_token(s);
    expecting_loss(s, LOST_EMPTY);
    when_refreshed_with(s, token);
    when_refreshed_with(s, token);
    then_refused(s, CAUSE_REFRESH_TOKEN_REUSED);
    when_connected(s);
}

STORY(held_until_all_are_there, "refreshes that are held until four are there: one wins")
{
    given_scenario(s, "'rules':[{" REFRESH ",'then':{'wire':{'hold':4}}}]");
    when_connected(s);
    int won = when_refreshed_in_parallel(s, refresh_token(s), 4);
    then(s, won == 1, "one of four wins, not %d", won);
}

STORY(held_until_released,
      "refreshes that are held go on when they are released: one wins")
{
    given_scenario(s, "'rules':[{" REFRESH ",'then':{'wire':{'hold':{'for':'60s'}}}}]");
    when_connected(s);
    int won = when_refreshed_while_held(s, refresh_token(s), 4);
    then(s, won == 1, "one of four wins, not %d", won);
}

/* ---- asked for by the request itself ---- */

static void when_asked_with(struct story *s, const char *token, const char *header)
{
    when_sent(s, "GET", VENDORS, text(s, "Authorization: Bearer %s\n%s\n", token, header),
              NULL);
}

STORY(refused_on_request,
      "a call that asks to be refused is refused so, and the next one is not")
{
    when_connected(s);
    const char *token = access_token(s);
    when_asked_with(s, token, "X-Intacct-Mock-Refuse: access-token-revoked");
    then_status(s, 401);
    then_refused(s, CAUSE_ACCESS_TOKEN_REVOKED);
    when_controlled(s, "GET", "/requests?refused=true&last=1", NULL);
    then_json(s, "requests/0/scenario/rule", "header");
    when_asked(s, token, 200);
    when_sent(s, "POST", TOKEN_PATH,
              "X-Intacct-Mock-Refuse: client-secret-wrong\n"
              "Content-Type: application/x-www-form-urlencoded\n",
              CREDENTIALS);
    then_refused(s, CAUSE_CLIENT_SECRET_WRONG);
}

STORY(damaged_on_request, "a call that asks to be damaged is damaged so")
{
    when_connected(s);
    const char *token = access_token(s);
    when_asked_with(s, token, "X-Intacct-Mock-Wire: malformed-json");
    then_status(s, 200);
    then(s, !json_of(s, "ia::result/0/id"), "the JSON is broken");
    when_asked_with(s, token,
                    "X-Intacct-Mock-Wire: {\"status\":503,\"retry_after\":\"7s\"}");
    then_status(s, 503);
    then_header_has(s, "Retry-After", "7");
    expecting_loss(s, LOST_EMPTY);
    when_asked_with(s, token, "X-Intacct-Mock-Wire: drop");
    when_controlled(s, "GET", "/requests?last=1", NULL);
    then_json(s, "requests/0/scenario/wire", "drop");
}

STORY(request_before_scenario,
      "what a call asks for goes before what its scenario does, which waits")
{
    given_scenario(s, "'rules':[{'when':{'endpoint':'api'},'then':{'refuse':"
                      "'rate-limited'},'times':1}]");
    when_connected(s);
    const char *token = access_token(s);
    when_asked_with(s, token, "X-Intacct-Mock-Refuse: gateway-error");
    then_refused(s, CAUSE_GATEWAY_ERROR);
    when_asked(s, token, 429);
    when_asked(s, token, 200);
}

STORY(unknown_on_request, "a call that asks for what is not known is told the nearest")
{
    when_connected(s);
    const char *token = access_token(s);
    when_asked_with(s, token, "X-Intacct-Mock-Refuse: access-token-expird");
    then_status(s, 400);
    then_refused(s, CAUSE_TRIGGER_UNKNOWN);
    then_header_has(s, "X-Intacct-Mock-Evidence", "access-token-expired");
    when_asked_with(s, token, "X-Intacct-Mock-Wire: dorp");
    then_header_has(s, "X-Intacct-Mock-Evidence", "drop");
    when_asked_with(s, token, "X-Intacct-Mock-Wire: {\"dleay\":\"1s\"}");
    then_header_has(s, "X-Intacct-Mock-Evidence", "delay");
    when_asked_with(s, token, "X-Intacct-Mock-Wire: {");
    then_header_has(s, "X-Intacct-Mock-Evidence", "JSON");
}

/* ---- the verdict ---- */

STORY(verdict_met, "a client that does as expected meets the expectation")
{
    given_scenario(s, "'rules':[{'when':{'endpoint':'api','nth':1},'then':{'refuse':"
                      "'access-token-expired'}}]," NOT_HAMMERED);
    when_connected(s);
    when_asked(s, access_token(s), 401);
    then_verdict(s, "met");
    then_json(s, "rules/0/fired", "1");
    then_json(s, "exchanges", "2");
}

STORY(verdict_not_met,
      "a client that hammers does not meet it, and the exchanges are shown")
{
    given_scenario(s, "'rules':[{'when':{'endpoint':'api'},'then':{'refuse':"
                      "'access-token-expired'},'times':2}]," NOT_HAMMERED);
    when_connected(s);
    const char *token = access_token(s);
    when_asked(s, token, 401);
    when_asked(s, token, 401);
    then_verdict(s, "not-met");
    then_json(s, "expect/0/exchanges/0", "2");
    then_json(s, "expect/0/exchanges/1", "3");
    then_json(s, "exchanges_shown/1/id", "3");
    then_body_has(s, "401 access-token-expired");
}

STORY(verdict_not_exercised, "a scenario whose rules never fired is not exercised")
{
    given_scenario(s, "'rules':[{'when':{'endpoint':'api','nth':1},'then':{'refuse':"
                      "'access-token-expired'}}]," NOT_HAMMERED);
    when_connected(s);
    then_verdict(s, "not-exercised");
    then_body_has(s, "rule 1 waits for an API call; the client made none");
}

STORY(verdict_for_all_readers,
      "the verdict comes as text for people and as JUnit for machines")
{
    given_scenario(s, "'rules':[{'when':{'endpoint':'api'},'then':{'refuse':"
                      "'access-token-expired'},'times':2}]," NOT_HAMMERED);
    when_connected(s);
    const char *token = access_token(s);
    when_asked(s, token, 401);
    when_asked(s, token, 401);
    when_judged(s, "text/plain");
    then_body_has(s, "NOT MET        a dead token is not hammered");
    then_body_has(s, "→ 401 access-token-expired");
    when_judged(s, "application/xml");
    then_body_has(s, "<testsuite name=\"told\" tests=\"1\" failures=\"1\"");
    then_body_has(s, "→ 401 access-token-expired");
}

STORY(lost_is_no_success, "an answer that was lost counts as no success in the verdict")
{
    given_scenario(s, "'rules':[{'when':{'endpoint':'api'},'then':{'wire':'truncate'},"
                      "'times':1}],'expect':[{'that':'it succeeds after all',"
                      "'endpoint':'api','status':'2xx'}]");
    when_connected(s);
    const char *token = access_token(s);
    expecting_loss(s, LOST_PARTLY);
    when_got(s, VENDORS, token);
    then_verdict(s, "not-met");
    when_asked(s, token, 200);
    then_verdict(s, "met");
}

STORIES(scenarios) = {
    &story_the_nth_alone,
    &story_one_after_the_other,
    &story_every_second,
    &story_outage_for_a_time,
    &story_fault_after_a_refusal,
    &story_quota_by_the_minute,
    &story_picked_by_content,
    &story_truth_changes,
    &story_world_lets_pass,
    &story_worded_for_the_api,
    &story_worded_for_the_token,
    &story_worded_for_the_article,
    &story_takes_no_effect,
    &story_refused_by_redirect,
    &story_running_out_is_loud,
    &story_person_at_hand,
    &story_dropped,
    &story_reset_on_the_way,
    &story_truncated,
    &story_stalled,
    &story_broken_json,
    &story_wrong_type,
    &story_login_page,
    &story_status_and_advice,
    &story_refused_with_advice,
    &story_sent_elsewhere,
    &story_late,
    &story_held_in_vain,
    &story_lost_before,
    &story_lost_after,
    &story_held_until_all_are_there,
    &story_held_until_released,
    &story_refused_on_request,
    &story_damaged_on_request,
    &story_request_before_scenario,
    &story_unknown_on_request,
    &story_verdict_met,
    &story_verdict_not_met,
    &story_verdict_not_exercised,
    &story_verdict_for_all_readers,
    &story_lost_is_no_success,
    NULL,
};
