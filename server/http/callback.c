/* Answers for a client's redirect URI, by redirect or as a form that posts itself; see callback.h. */
#include "http/callback.h"

#include <string.h>

#include "http/html.h"

const char *im_response_mode_name(enum im_response_mode mode)
{
    static const char *const names[IM_RESPONSE_MODES] = {
        [IM_RESPONSE_QUERY] = "query",
        [IM_RESPONSE_FRAGMENT] = "fragment",
        [IM_RESPONSE_FORM_POST] = "form_post"};

    return mode < IM_RESPONSE_MODES ? names[mode] : NULL;
}

static void redirect(struct im_response *res, const struct im_callback *to,
                     const struct im_callback_param *params)
{
    struct im_buf uri;
    char mark = to->mode == IM_RESPONSE_FRAGMENT    ? '#'
                : im_str_has(to->redirect_uri, '?') ? '&'
                                                    : '?';

    im_buf_init(&uri, res->arena, 0);
    im_buf_add(&uri, to->redirect_uri);
    for (; params->name; params++) {
        if (!params->value.len)
            continue;
        im_buf_addf(&uri, "%c%s=", mark, params->name);
        im_buf_add_url(&uri, params->value);
        mark = '&';
    }
    im_response_redirect(res, to->posted ? 303 : 302, im_buf_str(&uri));
}

/* The digest is that of the one script, which the page may run and no other. */
#define SUBMIT        "document.forms[0].submit()"
#define SUBMIT_DIGEST "'sha256-ePniVEkSivX/c7XWBGafqh8tSpiRrKiqYeqbG7N1TOE='"

static void post_form(struct im_response *res, const struct im_callback *to,
                      const struct im_callback_param *params)
{
    struct im_buf *page = im_html_begin(res, 200, IM_STR("Back to the application"));

    im_html_policy(res, SUBMIT_DIGEST);
    im_buf_addz(page, "<form method=\"post\" action=\"");
    im_buf_add_html(page, to->redirect_uri);
    im_buf_addz(page, "\">\n");
    for (; params->name; params++)
        if (params->value.len)
            im_html_hidden(page, params->name, params->value);
    im_buf_addz(page, "<button>Go on</button>\n</form>\n<script>" SUBMIT "</script>\n");
    im_html_end(res);
}

void im_callback_answer(struct im_response *res, const struct im_callback *to,
                        const struct im_callback_param *params)
{
    if (to->mode == IM_RESPONSE_FORM_POST)
        post_form(res, to, params);
    else
        redirect(res, to, params);
    im_response_header(res, "Cache-Control", IM_STR("no-store"));
}

const char *im_redirect_uri_flaw(struct im_str uri)
{
    size_t scheme = im_str_find(uri, ':');

    for (size_t i = 0; i < uri.len; i++)
        if (uri.at[i] <= ' ' || uri.at[i] > '~')
            return "a URI is written in ASCII without blanks: percent-encode the others "
                   "(RFC 3986 section 2)";
    if (!scheme || scheme + 1 >= uri.len)
        return "a redirect URI is absolute: SCHEME:REST (RFC 6749 section 3.1.2)";
    if (im_str_has(uri, '#'))
        return "a redirect URI has no fragment (RFC 6749 section 3.1.2)";
    return NULL;
}
