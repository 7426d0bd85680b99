/* OpenID Connect at the authorization endpoint, and what else a browser brings there. */
#include <string.h>

#include "base/crypto.h"
#include "stories/story.h"
#include "stories/teller.h"

#define PAGE                                                                             \
    AUTHORIZE_PATH "?response_type=code&client_id=demo&state=x&redirect_uri=" CALLBACK

static void then_told_by(struct story *s, const char *error, enum im_cause cause)
{
    then_status(s, 302);
    then_header_has(s, "Location", text(s, "?error=%s&", error));
    then_header_has(s, "Location", "&state=x");
    then_refused(s, cause);
}

STORY(prompt_none, "prompt=none without anybody signed in sends back login_required")
{
    when_got(s, PAGE "&prompt=none", NULL);
    then_told_by(s, "login_required", CAUSE_PROMPT_NONE_LOGIN_REQUIRED);
}

STORY(prompt_none_signed_in, "prompt=none with somebody signed in gives a code")
{
    when_got(s, PAGE "&prompt=none&mock_user=jdoe@acme", NULL);
    then_header_has(s, "Location", "?code=");
}

STORY(prompt_none_and_more, "prompt=none with another word is refused")
{
    when_got(s, PAGE "&prompt=none%20login", NULL);
    then_told_by(s, "invalid_request", CAUSE_AUTHORIZE_PARAMETER_INVALID);
}

static struct im_str id_token_claims(struct story *s)
{
    struct im_str payload, rest = im_str(json_of(s, "id_token"));

    im_str_cut(&rest, '.');
    then(s, im_base64url_decode(&s->arena, im_str_cut(&rest, '.'), &payload),
         "the id_token has a payload");
    return im_arena_copy(&s->arena, payload);
}

STORY(max_age, "max_age puts auth_time into the id_token; without it there is none")
{
    when_asked_to_authorize(s, "&scope=openid&max_age=3600");
    when_code_is_exchanged(s, code(s), "");
    then_fine(s);
    then(s, strstr(id_token_claims(s).at, "\"auth_time\":1767225600") != NULL,
         "auth_time is the moment of the sign-in");
    when_asked_to_authorize(s, "&scope=openid");
    when_code_is_exchanged(s, code(s), "");
    then(s, !strstr(id_token_claims(s).at, "auth_time"), "auth_time only when asked for");
}

STORY(max_age_wrong, "a max_age that is no number of seconds is refused")
{
    static const char *const values[] = {"-1", "soon", "", "1.5"};

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        when_got(s, text(s, PAGE "&max_age=%s", values[i]), NULL);
        then_told_by(s, "invalid_request", CAUSE_AUTHORIZE_PARAMETER_INVALID);
    }
}

STORY(request_object, "request and request_uri are refused by the errors made for them")
{
    when_got(s, PAGE "&request=eyJhbGciOiJub25lIn0.e30.", NULL);
    then_told_by(s, "request_not_supported", CAUSE_REQUEST_OBJECT_UNSUPPORTED);
    when_got(s, PAGE "&request_uri=https%3A%2F%2Fx%2Fr", NULL);
    then_told_by(s, "request_uri_not_supported", CAUSE_REQUEST_OBJECT_UNSUPPORTED);
}

STORY(response_mode_fragment,
      "response_mode=fragment sends code and errors in the fragment")
{
    when_got(s, PAGE "&response_mode=fragment&mock_user=jdoe@acme", NULL);
    then_status(s, 302);
    then_header_has(s, "Location", CALLBACK "#code=");
    when_got(s, PAGE "&response_mode=fragment&mock_consent=deny", NULL);
    then_header_has(s, "Location", CALLBACK "#error=access_denied&");
}

STORY(response_mode_form_post, "response_mode=form_post sends a form that posts itself")
{
    when_got(s, PAGE "&response_mode=form_post&mock_user=jdoe@acme", NULL);
    then_status(s, 200);
    then_body_has(s, "<form method=\"post\" action=\"" CALLBACK "\">");
    then_body_has(s, "name=\"code\" value=\"eyJ");
    then_body_has(s, "name=\"state\" value=\"x\"");
    then_header_has(s, "Content-Security-Policy", "script-src 'sha256-");
    when_got(s, PAGE "&response_mode=form_post&mock_consent=deny", NULL);
    then_body_has(s, "name=\"error\" value=\"access_denied\"");
    then_refused(s, CAUSE_CONSENT_DENIED);
}

STORY(response_mode_other,
      "another response_mode is refused, not ignored; discovery has them")
{
    when_got(s, PAGE "&response_mode=web_message", NULL);
    then_told_by(s, "invalid_request", CAUSE_RESPONSE_MODE_UNSUPPORTED);
    when_got(s, "/.well-known/openid-configuration", NULL);
    then_json(s, "response_modes_supported/1", "fragment");
}

STORY(redirect_uri_with_fragment, "a redirect URI with a fragment is refused on a page")
{
    when_got(s, PAGE "%23part", NULL);
    then_status(s, 400);
    then_refused(s, CAUSE_REDIRECT_URI_UNREGISTERED);
    then_header_has(s, "X-Intacct-Mock-Evidence",
                    "has no fragment (RFC 6749 section 3.1.2)");
}

STORY(redirect_uri_not_ascii,
      "neither world nor authorize takes a redirect URI beyond ASCII")
{
    when_control_called(s, "POST", "/sandboxes",
                        "{\"scenario\":{\"name\":\"x\",\"world\":{\"clients\":[{\"id\":"
                        "\"demo\",\"redirect_uris\":[\"https://x/\xc3\xbc\"]}]}}}");
    then_status(s, 400);
    then_body_has(s, "ASCII");
    when_got(s, PAGE "%C3%BC", NULL);
    then_refused(s, CAUSE_REDIRECT_URI_UNREGISTERED);
}

STORY(hints_are_ascii, "evidence in a header is ASCII, whatever it quotes")
{
    when_posted(s, TOKEN_PATH,
                "grant_type=client_credentials&client_id=J%C3%BCrgen%F0%9F%98%80&client_"
                "secret=x&username=ws_user@acme");
    then_header_has(s, "X-Intacct-Mock-Evidence", "J\\u00fcrgen\\ud83d\\ude00");
    then_refused(s, CAUSE_CLIENT_UNKNOWN);
}

STORY(password_is_answered_by_redirect,
      "a password that was posted is answered by a redirect to the consent page")
{
    when_posted(s, AUTHORIZE_PATH,
                "response_type=code&client_id=demo&state=x&redirect_uri=" CALLBACK
                "&company_id=acme&user_id=jdoe&password=secret");
    then_status(s, 303);
    then_header_has(s, "Location", "?response_type=code&client_id=demo&");
    then_header_has(s, "Location", "&ticket=");
}

STORY(pages_are_not_framed, "no page of another origin may show the sign-in in a frame")
{
    when_got(s, PAGE, NULL);
    then_header_has(s, "Content-Security-Policy", "frame-ancestors 'none'");
}

STORIES(openid) = {
    &story_prompt_none,
    &story_prompt_none_signed_in,
    &story_prompt_none_and_more,
    &story_max_age,
    &story_max_age_wrong,
    &story_request_object,
    &story_response_mode_fragment,
    &story_response_mode_form_post,
    &story_response_mode_other,
    &story_redirect_uri_with_fragment,
    &story_redirect_uri_not_ascii,
    &story_hints_are_ascii,
    &story_password_is_answered_by_redirect,
    &story_pages_are_not_framed,
    NULL,
};
