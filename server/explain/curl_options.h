/* The options of curl that take an argument, and what each means to an explanation. Inside explain/. */
#ifndef IM_EXPLAIN_CURL_OPTIONS_H
#define IM_EXPLAIN_CURL_OPTIONS_H

#include "base/str.h"

enum im_curl_meaning {
    IM_CURL_METHOD,
    IM_CURL_HEADER,
    IM_CURL_DATA,
    IM_CURL_DATA_ENCODED,
    IM_CURL_JSON,
    IM_CURL_USER,   /* user:password of HTTP Basic */
    IM_CURL_BEARER, /* an access token */
    IM_CURL_URL,
    IM_CURL_COOKIE,
    IM_CURL_GET, /* takes no argument */
    /* These say nothing of the request, and may hold a secret: */
    IM_CURL_SECRET,   /* all of it */
    IM_CURL_PASSWORD, /* what is behind the first colon: user:password, file:password */
    IM_CURL_ASSIGNED, /* what is behind the first =: name=value */
    IM_CURL_PROXY,    /* the user info of an address */
    IM_CURL_OTHER     /* none */
};

struct im_curl_option {
    const char *name; /* without its -- */
    char letter;      /* 0 = none */
    enum im_curl_meaning meaning;
};

/* NULL when no option of this name takes an argument: then it is a flag, or one of a newer curl. */
const struct im_curl_option *im_curl_option_find(struct im_str name);
const struct im_curl_option *im_curl_option_of_letter(char letter);

#endif
