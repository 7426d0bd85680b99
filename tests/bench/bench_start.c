/* What it costs a test to have a mock of its own: starting, stopping, and a reset instead. Best and
 * median of some rounds, in ms. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "intacct_mock.h"

enum { ROUNDS = 25 };

static double now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void say(const char *what, double took[ROUNDS])
{
    qsort(took, ROUNDS, sizeof(took[0]), by_size);
    printf("%-34s best %7.2f ms   median %7.2f ms   worst %7.2f ms\n", what, took[0],
           took[ROUNDS / 2], took[ROUNDS - 1]);
}

/* One exchange, so that there is something to be taken down. */
static void use(struct im_server *mock)
{
    struct im_message message = {.method = "GET",
                                 .target = "/ia/api/v1/objects/accounts-payable/vendor"};
    struct im_reply reply;

    if (im_handle(mock, &message, &reply) == 0)
        im_reply_release(&reply);
}

static bool measure(const char *name, const struct im_options *options)
{
    double starting[ROUNDS], stopping[ROUNDS], resetting[ROUNDS];
    char error[IM_ERROR_MAX], what[64];

    for (int i = 0; i < ROUNDS; i++) {
        double at = now_ms();
        struct im_server *mock = im_start(options, error, sizeof(error));
        if (!mock)
            return fprintf(stderr, "%s\n", error), false;
        starting[i] = now_ms() - at;
        use(mock);
        at = now_ms();
        im_reset(mock, NULL, NULL, 0);
        resetting[i] = now_ms() - at;
        at = now_ms();
        im_stop(mock);
        stopping[i] = now_ms() - at;
    }
    snprintf(what, sizeof(what), "im_start, %s", name);
    say(what, starting);
    snprintf(what, sizeof(what), "im_stop, %s", name);
    say(what, stopping);
    snprintf(what, sizeof(what), "im_reset, %s", name);
    say(what, resetting);
    return true;
}

int main(void)
{
    struct im_options defaults = {.port = 0}, https = {.https = 1};
    struct im_options few = {.threads = 8};

    return measure("HTTP", &defaults) && measure("HTTP, 8 threads", &few) &&
                   measure("HTTP and HTTPS", &https)
               ? 0
               : 1;
}
