/* Family D: the token is fine, but its user, application or scope may not do this. */
#include "stories/story.h"

#define USER "\"user\":\"ws_user@acme\""

static void then_forbidden(struct story *s, enum im_cause cause)
{
    then_status(s, 403);
    then(s, json_of(s, "ia::result/ia::error/message") != NULL, "in the REST envelope");
    then_refused(s, cause);
}

STORY(no_role, "a token mints although its user has no role; the API answers 403")
{
    given_world(s, "{\"do\":\"remove-role\"," USER "}");
    when_connected(s);
    when_got(s, VENDORS, access_token(s));
    then_forbidden(s, CAUSE_PERMISSION_ROLE_MISSING);
}

STORY(role_withdrawn_meanwhile,
      "a role withdrawn between two calls shows in the next one")
{
    when_connected(s);
    const char *token = access_token(s);
    when_got(s, VENDORS, token);
    then_fine(s);
    given_world(s, "{\"do\":\"remove-role\"," USER "}");
    when_got(s, VENDORS, token);
    then_forbidden(s, CAUSE_PERMISSION_ROLE_MISSING);
}

STORY(object_denied, "a role without this object gets 403")
{
    given_world(s, "{\"do\":\"remove-permission\"," USER
                   ",\"permission\":\"accounts-payable/vendor\"}");
    when_connected(s);
    when_got(s, VENDORS, access_token(s));
    then_forbidden(s, CAUSE_PERMISSION_OBJECT_DENIED);
}

STORY(action_denied, "a role that may read but not create gets 403 on create")
{
    given_world(s, "{\"do\":\"remove-permission\"," USER
                   ",\"permission\":\"accounts-payable/vendor:create\"}");
    when_connected(s);
    const char *token = access_token(s);
    when_got(s, VENDORS, token);
    then_fine(s);
    when_called(s, "POST", VENDORS, token, "{\"id\":\"V-1\",\"name\":\"x\"}");
    then_forbidden(s, CAUSE_PERMISSION_ACTION_DENIED);
}

STORY(company_denied, "a user who works in one entity only gets 403 at company level")
{
    given_world(s, "{\"do\":\"restrict-to-entity\"," USER ",\"entity\":\"100\"}");
    when_connected(s);
    when_got(s, VENDORS, access_token(s));
    then_forbidden(s, CAUSE_PERMISSION_COMPANY_DENIED);
}

STORY(entity_denied, "and 403 in another entity")
{
    given_world(s, "{\"do\":\"restrict-to-entity\"," USER ",\"entity\":\"100\"}");
    when_connected(s);
    const char *bearer = text(s, "Authorization: Bearer %s\n", access_token(s));
    when_sent(s, "GET", VENDORS, text(s, "%sX-IA-API-Param-Entity: 100\n", bearer), NULL);
    then_fine(s);
    when_sent(s, "GET", VENDORS, text(s, "%sX-IA-API-Param-Entity: 200\n", bearer), NULL);
    then_forbidden(s, CAUSE_PERMISSION_ENTITY_DENIED);
}

STORY(app_withdrawn,
      "an application withdrawn by the administrator gets 403 with a live token")
{
    when_connected(s);
    const char *token = access_token(s);
    when_controlled(s, "POST", "/withdraw", "{\"client_id\":\"demo\"}");
    when_got(s, VENDORS, token);
    then_refused(s, CAUSE_APP_NOT_AUTHORIZED_BY_ADMIN);
}

STORY(app_needs_an_admin,
      "a person cannot connect an application that no administrator authorized")
{
    when_controlled(s, "POST", "/withdraw", "{\"client_id\":\"demo\"}");
    when_asked_to_authorize(s, "");
    then_refused(s, CAUSE_APP_NOT_AUTHORIZED_BY_ADMIN);
}

STORY(admin_authorizes_by_accepting,
      "an administrator who accepts authorizes the application")
{
    when_controlled(s, "POST", "/withdraw", "{\"client_id\":\"demo\"}");
    when_got(s,
             AUTHORIZE_PATH
             "?response_type=code&client_id=demo&state=x&redirect_uri=" CALLBACK
             "&mock_user=admin@acme",
             NULL);
    then_status(s, 302);
    when_code_is_exchanged(s, code(s), "");
    then_fine(s);
    when_connected(s);
}

STORY(admin_authorizes_the_sender, "and its sender id with it")
{
    given_world(s, "{\"do\":\"withdraw-sender\",\"client_id\":\"demo\","
                   "\"company\":\"acme\"}");
    when_controlled(s, "POST", "/world",
                    "{\"do\":\"authorize-client\",\"client_id\":\"demo\","
                    "\"company\":\"acme\"}");
    when_connected(s);
}

STORY(module_not_subscribed, "a module that the company has not subscribed gets 403")
{
    given_world(s, "{\"do\":\"unsubscribe-module\",\"company\":\"acme\","
                   "\"module\":\"accounts-payable\"}");
    when_connected(s);
    when_got(s, VENDORS, access_token(s));
    then_forbidden(s, CAUSE_MODULE_NOT_SUBSCRIBED);
}

STORY(scope_insufficient,
      "in the article's dialect a write without its scope gets 403 and is told")
{
    when_connected_in_article(s);
    when_called(s, "POST", ARTICLE_VENDORS, access_token(s),
                "{\"id\":\"V-1\",\"name\":\"x\"}");
    then_status(s, 403);
    then_json(s, "error", "insufficient_scope");
    then_header_has(s, "WWW-Authenticate", "insufficient_scope");
    then_refused(s, CAUSE_SCOPE_INSUFFICIENT);
}

STORY(scope_sufficient, "with the scope asked for it is written")
{
    when_posted(s, ARTICLE_TOKEN_PATH,
                CREDENTIALS "&scope=full_access:read+full_access:write");
    when_called(s, "POST", ARTICLE_VENDORS, access_token(s),
                "{\"id\":\"V-1\",\"name\":\"x\"}");
    then_status(s, 201);
}

STORY(scope_unknown, "an unlisted scope gets invalid_scope")
{
    when_posted(s, TOKEN_PATH, CREDENTIALS "&scope=everything");
    then_status(s, 400);
    then_json(s, "error", "invalid_scope");
    then_refused(s, CAUSE_SCOPE_UNKNOWN);
}

STORY(scope_denied, "a scope that the client may not have gets invalid_scope")
{
    when_asked_to_authorize(s, "&scope=sage/ai-agents");
    then_status(s, 302);
    then_header_has(s, "Location", "error=invalid_scope");
    then_refused(s, CAUSE_SCOPE_DENIED);
}

STORY(scope_may_be_narrowed, "with scope_excess narrow the rest is granted")
{
    given_policy(s, "{\"scope_excess\":\"narrow\"}");
    when_asked_to_authorize(s, "&scope=offline_access+sage/ai-agents");
    when_code_is_exchanged(s, code(s), "");
    then_fine(s);
    then(s, *refresh_token(s), "offline_access was granted");
}

STORY(consent_denied, "a person who denies sends the client error=access_denied")
{
    when_asked_to_authorize(s, "&mock_consent=deny");
    then_status(s, 302);
    then_header_has(s, "Location", "error=access_denied");
    then_header_has(s, "Location", "state=xyz");
    then_refused(s, CAUSE_CONSENT_DENIED);
}

STORY(entity_header_ignored,
      "an entity header with the wrong name is ignored: all data, a warning")
{
    when_connected(s);
    when_sent(
        s, "GET", VENDORS,
        text(s, "Authorization: Bearer %s\nSage-Param-Entity: 100\n", access_token(s)),
        NULL);
    then_status(s, 200);
    then_warned(s, CAUSE_ENTITY_HEADER_IGNORED);
}

STORIES(permissions) = {
    &story_no_role,
    &story_role_withdrawn_meanwhile,
    &story_object_denied,
    &story_action_denied,
    &story_company_denied,
    &story_entity_denied,
    &story_app_withdrawn,
    &story_app_needs_an_admin,
    &story_admin_authorizes_by_accepting,
    &story_admin_authorizes_the_sender,
    &story_module_not_subscribed,
    &story_scope_insufficient,
    &story_scope_sufficient,
    &story_scope_unknown,
    &story_scope_denied,
    &story_scope_may_be_narrowed,
    &story_consent_denied,
    &story_entity_header_ignored,
    NULL,
};
