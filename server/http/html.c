/* The page skeleton. One style sheet, inline: the pages work without any further request.
 * Colours keep a contrast of at least 4.5:1 for text in both schemes (WCAG 2.2 AA). */
#include "http/html.h"

static const char style[] =
    ":root{color-scheme:light "
    "dark;--paper:#fff;--ink:#1c2430;--soft:#51606f;--line:#c9d1d9;"
    "--wash:#f3f6f9;--accent:#0b5cad;--on-accent:#fff;--bad:#a3211b;--good:#17653a}"
    "@media(prefers-color-scheme:dark){:root{--paper:#14191f;--ink:#e8edf2;--soft:#"
    "a5b3c1;"
    "--line:#3a4652;--wash:#1d242c;--accent:#7db8f5;--on-accent:#0d1a28;--bad:#ff9d94;"
    "--good:#7fd6a3}}"
    "*{box-sizing:border-box}"
    "body{margin:0;background:var(--paper);color:var(--ink);"
    "font:1rem/1.55 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}"
    "body>header,main,body>footer{max-width:44rem;margin:0 auto;padding:0 1.25rem}"
    "body>header{padding-top:1.25rem}"
    ".mock{margin:0;padding:.6rem .9rem;border:1px solid var(--line);border-radius:.5rem;"
    "background:var(--wash);color:var(--soft);font-size:.875rem}"
    ".mock strong{color:var(--ink)}"
    "main{padding-top:1rem;padding-bottom:3rem}"
    "h1{font-size:1.6rem;line-height:1.25;margin:.75rem 0 1rem}"
    "h2{font-size:1.15rem;margin:2rem 0 .5rem}"
    "a{color:var(--accent)}"
    ":focus-visible{outline:3px solid "
    "var(--accent);outline-offset:2px;border-radius:.25rem}"
    "code,pre,kbd{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;"
    "font-size:.9em}"
    "code{overflow-wrap:anywhere}"
    "pre{padding:.8rem 1rem;border:1px solid var(--line);border-radius:.5rem;"
    "background:var(--wash);overflow-x:auto}"
    "table{border-collapse:collapse;width:100%;font-size:.95rem}"
    "th,td{text-align:left;vertical-align:top;padding:.45rem .6rem .45rem 0;"
    "border-bottom:1px solid var(--line)}"
    "th{color:var(--soft);font-weight:600}"
    "dt{font-weight:600;margin-top:.75rem}dd{margin:0}"
    "form{margin:1.25rem 0}"
    "label{display:block;font-weight:600;margin:1rem 0 .3rem}"
    "input:not([type=hidden]):not([type=checkbox]):not([type=radio]),select{font:inherit;"
    "width:100%;padding:.6rem .7rem;color:inherit;background:var(--paper);"
    "border:1px solid var(--soft);border-radius:.4rem}"
    "button{font:inherit;font-weight:600;margin:1.25rem .5rem 0 0;padding:.6rem 1.2rem;"
    "min-height:2.75rem;border:1px solid var(--accent);border-radius:.4rem;"
    "background:var(--accent);color:var(--on-accent);cursor:pointer}"
    "button.second{background:transparent;color:var(--accent)}"
    ".error{color:var(--bad)}.fine{color:var(--good)}.soft{color:var(--soft)}";

static void html_add_headers(struct im_response *res)
{
    /* Nothing is loaded and no script runs, so text that slips through unescaped stays
     * text. No frames: a click on Allow must be one on this page (RFC 6749 section
     * 10.13). No form-action: browsers apply it to the redirects behind a form as well,
     * and those go to the client's redirect URI, whatever its scheme. */
    im_response_header(
        res, "Content-Security-Policy",
        IM_STR("default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
               "base-uri 'none'; frame-ancestors 'none'"));
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
    im_buf_add(buf, (struct im_str){style, sizeof(style) - 1});
    im_buf_addz(buf,
                "</style>\n</head>\n<body>\n<header>\n<p class=\"mock\"><strong>"
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
