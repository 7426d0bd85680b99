/* Slips of the pen, templates that nobody filled in, and the challenges of a 401. */
#include <string.h>

#include "base/crypto.h"
#include "stories/story.h"
#include "stories/teller.h"

#define CC       "grant_type=client_credentials&"
#define USERNAME "&username=ws_user@acme"

STORY(wrong_client_is_challenged,
      "invalid_client carries WWW-Authenticate: Basic, unless policy challenge is off")
{
    when_posted(s, TOKEN_PATH, CC "client_id=demo&client_secret=wrong" USERNAME);
    then_status(s, 401);
    then_header_has(s, "WWW-Authenticate", "Basic realm=");
    given_policy(s, "{\"challenge\":false}");
    when_posted(s, TOKEN_PATH, CC "client_id=demo&client_secret=wrong" USERNAME);
    then_status(s, 401);
    then(s, !header_of(s, "WWW-Authenticate"), "no challenge is sent");
}

STORY(api_challenges,
      "a 401 of the API carries WWW-Authenticate, unless policy challenge is off")
{
    when_got(s, VENDORS, NULL);
    then_status(s, 401);
    then_header_has(s, "WWW-Authenticate", "Bearer realm=");
    given_policy(s, "{\"challenge\":false}");
    when_got(s, VENDORS, NULL);
    then_status(s, 401);
    then(s, !header_of(s, "WWW-Authenticate"), "no challenge is sent");
}

static void when_basic(struct story *s, const char *id, const char *secret)
{
    struct im_str pair = im_str(text(s, "%s:%s", id, secret));

    when_sent(s, "POST", TOKEN_PATH,
              text(s,
                   "Content-Type: application/x-www-form-urlencoded\n"
                   "Authorization: Basic %.*s\n",
                   IM_ARG(im_base64(&s->arena, pair.at, pair.len))),
              CC "username=ws_user@acme");
}

STORY(basic_is_challenged,
      "a client that tried HTTP Basic is challenged whatever policy challenge says")
{
    given_policy(s, "{\"challenge\":false}");
    when_basic(s, "demo", "wrong");
    then_status(s, 401);
    then_header_has(s, "WWW-Authenticate", "Basic realm=");
}

STORY(basic_unencoded, "a client id with + or % works by Basic, percent-encoded or not")
{
    given_scenario(s, "'world':{'clients':[{'id':'a+b%2Fc','secret':'p+q%2Fr-secret'}]}");
    when_basic(s, "a+b%2Fc", "p+q%2Fr-secret");
    then_fine(s);
    when_basic(s, "a%2Bb%252Fc", "p%2Bq%252Fr-secret");
    then_fine(s);
}

STORY(slips_are_named, "a lost plus, other case, quotes and a cut are named for every id")
{
    static const struct {
        const char *form, *says;
        enum im_cause cause;
    } slips[] = {
        {"client_id=DEMO&client_secret=x" USERNAME, "\"demo\": it differs only in case",
         CAUSE_CLIENT_UNKNOWN},
        {"client_id=%22demo%22&client_secret=x" USERNAME, "quotation marks",
         CAUSE_CLIENT_UNKNOWN},
        {DEMO "&username=ws_user@ACME", "\"acme\": it differs only in case",
         CAUSE_COMPANY_UNKNOWN},
        {DEMO "&username=ws_use@acme", "its end is missing", CAUSE_USER_UNKNOWN},
        {DEMO "&username='ws_user'@acme", "quotation marks", CAUSE_USER_UNKNOWN},
        {"client_id=demo&client_secret=Demo-Secret" USERNAME, "it differs only in case",
         CAUSE_CLIENT_SECRET_WRONG},
        {"client_id=demo&client_secret=demo-sec" USERNAME, "its end is missing",
         CAUSE_CLIENT_SECRET_WRONG},
    };

    for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++) {
        when_posted(s, TOKEN_PATH, text(s, CC "%s", slips[i].form));
        then_header_has(s, "X-Intacct-Mock-Evidence", slips[i].says);
        then_refused(s, slips[i].cause);
    }
}

STORY(slips_in_query, "a parameter that was sent in the query is looked for there")
{
    when_posted(s, TOKEN_PATH "?client_secret=demo-secret", CC "client_id=demo" USERNAME);
    then_header_has(s, "X-Intacct-Mock-Evidence", "client_secret was sent in the query");
    then_refused(s, CAUSE_CLIENT_SECRET_MISSING);
    when_posted(s, TOKEN_PATH "?username=ws_user@acme", CC DEMO);
    then_header_has(s, "X-Intacct-Mock-Evidence", "username was sent in the query");
}

STORY(slips_of_tokens, "quotes around a token, a doubled scheme and a cut are named")
{
    when_connected(s);
    const char *token = access_token(s), *cut = text(s, "%.30s", token);
    const char *const slips[][2] = {
        {text(s, "'%s'", token), "quotation marks"},
        {text(s, "b'%s'", token), "quotation marks"},
        {text(s, "\"%s\"", token), "quotation marks"},
        {text(s, "Bearer %s", token), "Bearer stands twice"},
        {text(s, "%s,", token), "comma"},
        {cut, "cut short: a token has three parts between dots, and this one has 1"},
        {text(s, "%s...", cut), "cut short: it ends in dots"},
    };

    for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++) {
        when_got(s, VENDORS, slips[i][0]);
        then_header_has(s, "X-Intacct-Mock-Evidence", slips[i][1]);
        then_refused(s, CAUSE_TOKEN_MALFORMED);
    }
}

STORY(a_cut_within_the_signature,
      "a token that was cut within its signature is said to be cut")
{
    when_connected(s);
    const char *token = access_token(s);
    when_got(s, VENDORS, text(s, "%.*s", (int)strlen(token) - 11, token));
    then_header_has(
        s, "X-Intacct-Mock-Evidence",
        "cut short, or altered: its signature has 24 bytes, and one by HS256 has 32");
    then_refused(s, CAUSE_TOKEN_BAD_SIGNATURE);
    /* one that is as long as it should be was not cut */
    const char *last = token + strlen(token) - 20;
    when_got(s, VENDORS,
             text(s, "%.*s%c%s", (int)(last - token), token, *last == 'A' ? 'B' : 'A',
                  last + 1));
    then_header_has(s, "X-Intacct-Mock-Evidence",
                    "the signature does not fit header and payload");
    then_refused(s, CAUSE_TOKEN_BAD_SIGNATURE);
}

STORY(templates_are_named, "a template that nobody filled in is named and quoted")
{
    static const char *const values[] = {
        "{{token}}",       "${TOKEN}",   "%TOKEN%", "<access_token>",
        "$(cat token)",    "undefined",  "null",    "None",
        "[object Object]", "YOUR_TOKEN", "****",    "$TOKEN"};

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        when_got(s, VENDORS, values[i]);
        then_status(s, 400);
        then_header_has(s, "X-Intacct-Mock-Evidence", values[i]);
        then_refused(s, CAUSE_CREDENTIAL_PLACEHOLDER);
    }
    when_posted(s, TOKEN_PATH, CC "client_id=demo&client_secret=YOUR_SECRET" USERNAME);
    then_status(s, 401);
    then_json(s, "error", "invalid_client");
    then_refused(s, CAUSE_CREDENTIAL_PLACEHOLDER);
    when_posted(s, TOKEN_PATH, CC "client_id={{client_id}}&client_secret=x" USERNAME);
    then_refused(s, CAUSE_CREDENTIAL_PLACEHOLDER);
    when_posted(s, TOKEN_PATH, CC DEMO "&username=${USER}@acme");
    then_status(s, 400);
    then_json(s, "error", "invalid_grant");
    then_refused(s, CAUSE_CREDENTIAL_PLACEHOLDER);
    when_posted(s, TOKEN_PATH, CC DEMO "&username=undefined");
    then_status(s, 400);
    then_json(s, "error", "invalid_request");
    then_refused(s, CAUSE_CREDENTIAL_PLACEHOLDER);
    when_posted(s, TOKEN_PATH, "grant_type=refresh_token&" DEMO "&refresh_token=null");
    then_status(s, 400);
    then_json(s, "error", "invalid_grant");
    then_refused(s, CAUSE_CREDENTIAL_PLACEHOLDER);
    when_posted(s, TOKEN_PATH, "grant_type=authorization_code&" DEMO "&code=<code>");
    then_refused(s, CAUSE_CREDENTIAL_PLACEHOLDER);
}

STORY(pkce_without_secret,
      "PKCE without the secret of a client that has one names demo-public")
{
    when_posted(s, TOKEN_PATH,
                "grant_type=authorization_code&client_id=demo&code=x&code_verifier=y");
    then_header_has(s, "X-Intacct-Mock-Evidence", "demo-public");
    then_refused(s, CAUSE_CLIENT_SECRET_MISSING);
}

STORY(introspecting_others,
      "introspection tells of other clients' tokens, unless policy says no")
{
    when_connected(s);
    const char *token = access_token(s);
    const char *form = text(
        s, "token=%s&client_id=demo-sandbox&client_secret=demo-sandbox-secret", token);
    when_posted(s, INTROSPECT_PATH, form);
    then_json(s, "active", "true");
    given_policy(s, "{\"introspect_any_client\":false}");
    when_posted(s, INTROSPECT_PATH, form);
    then_json(s, "active", "false");
    when_posted(s, INTROSPECT_PATH, text(s, "token=%s&" DEMO, token));
    then_json(s, "active", "true");
}

STORY(secret_as_id, "a secret that is sent as the id is not repeated")
{
    when_posted(s, TOKEN_PATH, CC "client_id=demo-secret&client_secret=demo" USERNAME);
    then_refused(s, CAUSE_CLIENT_UNKNOWN);
    when_controlled(s, "GET", "/requests", NULL);
    then_body_lacks(s, "demo-secret");
}

STORIES(slips) = {
    &story_wrong_client_is_challenged,
    &story_api_challenges,
    &story_basic_is_challenged,
    &story_basic_unencoded,
    &story_slips_are_named,
    &story_slips_in_query,
    &story_slips_of_tokens,
    &story_a_cut_within_the_signature,
    &story_templates_are_named,
    &story_pkce_without_secret,
    &story_introspecting_others,
    &story_secret_as_id,
    NULL,
};
