/* The page skeleton. The one style sheet stands in the page: it works without any further request, wherever
 * the sandbox lies and whoever may reach the control API. */
#include "http/html.h"

#include "base/crypto.h"
#include "base/embedded.h"

struct im_str im_html_file(struct im_str name)
{
    for (size_t i = 0; i < im_page_file_count; i++)
        if (im_str_is(name, im_page_files[i].name))
            return (struct im_str){im_page_files[i].text, im_page_files[i].len};
    return (struct im_str){NULL, 0};
}

/* Shared with the pages of the control API. */
static struct im_str html_style(void)
{
    return im_html_file(IM_STR("base.css"));
}

void im_html_policy(struct im_response *res, const char *script)
{
    unsigned char digest[IM_SHA256_LEN];

    im_sha256(html_style(), digest);
    struct im_str hash = im_base64(res->arena, digest, sizeof(digest));
    /* The digest of the style sheet lets in that one and no other: a `style` that slips through
     * unescaped does nothing. No frames: a click on Allow must be one on this page (RFC 6749
     * section 10.13). No form-action: browsers apply it to the redirects behind a form as well,
     * and those go to the client's redirect URI, whatever its scheme. */
    im_response_headerf(res, "Content-Security-Policy",
                        "default-src 'none'; style-src 'sha256-%.*s'; img-src data:; "
                        "script-src %s; base-uri 'none'; frame-ancestors 'none'",
                        IM_ARG(hash), script);
}

static void html_add_headers(struct im_response *res)
{
    im_html_policy(res, "'none'");
    im_response_header(res, "Cache-Control", IM_STR("no-store"));
    im_response_header(res, "Referrer-Policy", IM_STR("no-referrer"));
    im_response_header(res, "X-Content-Type-Options", IM_STR("nosniff"));
}

struct im_buf *im_html_begin(struct im_response *res, int status, struct im_str title)
{
    struct im_buf *buf = im_response_begin(res, status, "text/html; charset=utf-8");

    html_add_headers(res);
    im_buf_addz(buf,
                "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<meta name=\"viewport\" content=\"width=device-width, "
                "initial-scale=1\">\n<title>");
    im_buf_add_html(buf, title);
    im_buf_addz(buf,
                " – intacct-mock</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>");
    im_buf_add(buf, html_style());
    im_buf_addz(
        buf,
        "</style>\n</head>\n<body class=\"card\">\n<header>\n<p class=\"mock\"><strong>"
        "A test double for Sage Intacct sign-in</strong> — intacct-mock, for "
        "tests only, not affiliated with Sage.</p>\n</header>\n<main>\n<h1>");
    im_buf_add_html(buf, title);
    im_buf_addz(buf, "</h1>\n");
    return buf;
}

void im_html_end(struct im_response *res)
{
    im_buf_addz(&res->body, "</main>\n</body>\n</html>\n");
}

void im_html_hidden(struct im_buf *buf, const char *name, struct im_str value)
{
    im_buf_addz(buf, "<input type=\"hidden\" name=\"");
    im_buf_add_html(buf, im_str(name));
    im_buf_addz(buf, "\" value=\"");
    im_buf_add_html(buf, value);
    im_buf_addz(buf, "\">\n");
}
