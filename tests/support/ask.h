/* A request without a socket, for the tests of the public library. */
#ifndef IM_TESTS_SUPPORT_ASK_H
#define IM_TESTS_SUPPORT_ASK_H

#include <string.h>

#include "intacct_mock.h"

/* What is done where there is no answer: of whoever includes this, since an assertion of cmocka
 * may fail in the test's own thread alone. */
#ifndef NO_ANSWER
#error "define NO_ANSWER() before"
#endif

/* The caller releases the reply. */
static inline struct im_reply ask(struct im_server *mock, const char *method,
                                  const char *target, const char *headers,
                                  const char *body)
{
    struct im_message message = {method, target, headers, body, body ? strlen(body) : 0};
    struct im_reply reply;

    if (im_handle(mock, &message, &reply) != 0)
        NO_ANSWER();
    return reply;
}

static inline int status_of(struct im_server *mock, const char *method,
                            const char *target, const char *headers, const char *body)
{
    struct im_reply reply = ask(mock, method, target, headers, body);
    int status = reply.status;

    im_reply_release(&reply);
    return status;
}

#endif
