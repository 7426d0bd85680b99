/* The answer that goes to a client's redirect URI by way of the browser: RFC 6749 section 4.1.2, and
 * the response modes of OAuth 2.0 Multiple Response Type Encoding Practices section 2.1 and OAuth
 * 2.0 Form Post Response Mode. */
#ifndef IM_HTTP_CALLBACK_H
#define IM_HTTP_CALLBACK_H

#include "http/response.h"

enum im_response_mode {
    IM_RESPONSE_QUERY, /* the default of response_type code */
    IM_RESPONSE_FRAGMENT,
    IM_RESPONSE_FORM_POST,
    IM_RESPONSE_MODES
};

const char *im_response_mode_name(enum im_response_mode mode); /* NULL past the end */

struct im_callback {
    struct im_str redirect_uri; /* its own query is kept */
    enum im_response_mode mode;
    bool posted; /* the browser came by POST, with a password or a ticket: see below */
};
struct im_callback_param {
    const char *name;
    struct im_str value; /* empty = left out */
};

/* Sends the browser there with these parameters, up to the one without a name. A request that came
 * by POST is answered by 303, so that no browser repeats what it posted (RFC 9700 section 4.12). */
void im_callback_answer(struct im_response *res, const struct im_callback *to,
                        const struct im_callback_param *params);

/* Is this an absolute URI in ASCII without a fragment (RFC 3986 section 4.3, RFC 6749 section
 * 3.1.2)? NULL when it is, else what is wrong with it; static. */
const char *im_redirect_uri_flaw(struct im_str uri);

#endif
