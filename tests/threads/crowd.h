/* What the tests with many threads share: requests without a socket, and threads that start
 * together. */
#ifndef THREADS_CROWD_H
#define THREADS_CROWD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define NO_ANSWER() abort()
#include "support/ask.h"

#define CREDENTIALS                                                                      \
    "grant_type=client_credentials&client_id=demo&client_secret=demo-secret&"            \
    "username=ws_user@acme"
#define FORM      "Content-Type: application/x-www-form-urlencoded\n"
#define TOKEN     "/ia/api/v1/oauth2/token"
#define DISCOVERY "/.well-known/openid-configuration"

enum { CROWD = 8, PATIENCE_MS = 20000 };

/* Is this part of the answer, within patience? Asks again and again. */
static inline bool comes_to(struct im_server *mock, const char *target, const char *part)
{
    int64_t until_ms = im_clock_monotonic_ms() + PATIENCE_MS;
    bool there = false;

    while (!there && im_clock_monotonic_ms() < until_ms) {
        struct im_reply reply = ask(mock, "GET", target, NULL, NULL);
        there = strstr(reply.body, part) != NULL;
        im_reply_release(&reply);
    }
    return there;
}

static inline void follow(struct im_server *mock, const char *sandbox, const char *rules)
{
    char target[128];
    char json[1024];

    snprintf(target, sizeof(target), "/__mock/sandboxes/%s/scenario", sandbox);
    snprintf(json, sizeof(json), "{\"name\":\"told\",\"about\":\"Told.\",\"rules\":[%s]}",
             rules);
    assert_int_equal(status_of(mock, "PUT", target, NULL, json), 200);
}

#endif
