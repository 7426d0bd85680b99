/* The one page skeleton: plain, accessible HTML that works without JavaScript and on a
 * phone. Callers add the content; everything variable goes through im_buf_add_html. */
#ifndef IM_HTTP_HTML_H
#define IM_HTTP_HTML_H

#include "http/response.h"

/* Begins a page in the response: head, style, one centred card with a line that says
 * this is a mock not affiliated with Sage, and <h1>title</h1>. */
struct im_buf *im_html_begin(struct im_response *res, int status, struct im_str title);
void im_html_end(struct im_response *res);
/* Its Content-Security-Policy again, with what of `script-src` may run: "'sha256-…'". */
void im_html_policy(struct im_response *res, const char *script);
/* A file of server/pages by its name with suffix; at NULL when there is none. Static. */
struct im_str im_html_file(struct im_str name);
/* <input type="hidden"> */
void im_html_hidden(struct im_buf *buf, const char *name, struct im_str value);

#endif
