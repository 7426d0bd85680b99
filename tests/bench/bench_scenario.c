/* What a scenario costs: requests per second without a socket, as ratios to the default sandbox of a
 * mock that has no other, measured in turns within one run. And what ten thousand sandboxes take in
 * time and memory. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "intacct_mock.h"

enum { TURNS = 5, TURN_MS = 400, RULES = 20, BOXES = 10000, FEW = 100 };

#define PATH "/ia/api/v1/oauth2/token"
#define FORM                                                                             \
    "grant_type=client_credentials&client_id=demo&client_secret=demo-secret&"            \
    "username=ws_user@acme"

struct contest {
    const char *name, *target;
    struct im_server *mock;
    double best;
};

static int send_to(struct im_server *mock, const char *method, const char *target,
                   const char *headers, const char *body)
{
    struct im_message message = {method, target, headers, body, body ? strlen(body) : 0};
    struct im_reply reply;

    if (im_handle(mock, &message, &reply) != 0)
        return 0;
    int status = reply.status;
    im_reply_release(&reply);
    return status;
}

static double per_second(const struct contest *c)
{
    int64_t began_us = im_clock_monotonic_us();
    int64_t took_us = 0;
    long n = 0;

    while (took_us < TURN_MS * 1000) {
        for (int i = 0; i < 16; i++, n++)
            if (send_to(c->mock, "POST", c->target,
                        "Content-Type: application/x-www-form-urlencoded\n", FORM) != 200)
                fprintf(stderr, "%s is refused\n", c->target);
        took_us = im_clock_monotonic_us() - began_us;
    }
    return (double)n * 1e6 / (double)took_us;
}

/* Rules that must all be asked, and of which none fires. */
static void follow_rules(struct im_server *mock, const char *target)
{
    char json[4096];
    int len = snprintf(json, sizeof(json),
                       "{\"name\":\"many\",\"about\":\"Many rules.\","
                       "\"rules\":[");

    for (int i = 0; i < RULES; i++)
        len += snprintf(json + len, sizeof(json) - (size_t)len,
                        "%s{\"when\":{\"endpoint\":\"token\",\"client\":\"demo\","
                        "\"user\":\"ws_user@acme\",\"nth\":1000000000},"
                        "\"then\":{\"refuse\":\"rate-limited\"}}",
                        i ? "," : "");
    snprintf(json + len, sizeof(json) - (size_t)len, "]}");
    if (send_to(mock, "PUT", target, NULL, json) != 200)
        fprintf(stderr, "%s does not follow\n", target);
}

static long resident_kib(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (!file || fscanf(file, "%*d %ld", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void touch_many(struct im_server *mock, const char *what, const char *method,
                       const char *path, const char *body)
{
    long before_kib = resident_kib();
    int64_t began_us = im_clock_monotonic_us();
    char target[160];

    for (int i = 0; i < BOXES; i++) {
        snprintf(target, sizeof(target), "/s/happy-path.%d%s", i, path);
        send_to(mock, method, target,
                body ? "Content-Type: application/x-www-form-urlencoded\n" : NULL, body);
    }
    printf("%-44s %7.0f us, %6.1f KiB each\n", what,
           (double)(im_clock_monotonic_us() - began_us) / BOXES,
           (double)(resident_kib() - before_kib) / BOXES);
}

/* Looked for in all of them, and found in none. */
static void present_unknown(struct im_server *mock)
{
    int64_t began_us = im_clock_monotonic_us();

    for (int i = 0; i < FEW; i++)
        send_to(mock, "GET", "/ia/api/v1/objects/accounts-payable/vendor",
                "Authorization: Bearer nobody-made-this\n", NULL);
    printf("%-44s %7.0f us\n", "a token that none of them knows, at the plain URL",
           (double)(im_clock_monotonic_us() - began_us) / FEW);
}

/* First of all: what a server gave back before would be used again, and not be seen. */
static bool crowd(const struct im_options *options)
{
    struct im_server *mock = im_start(options, NULL, 0);

    if (!mock)
        return false;
    touch_many(mock, "10000 sandboxes, touched", "GET", "/nothing", NULL);
    touch_many(mock, "then a token of each", "POST", PATH, FORM);
    present_unknown(mock);
    im_stop(mock);
    return true;
}

int main(void)
{
    struct im_options options = {.seed = 7};
    bool crowded = crowd(&options);
    struct im_server *alone = im_start(&options, NULL, 0);
    struct im_server *mock = im_start(&options, NULL, 0);
    struct contest contests[] = {
        {"default sandbox, alone, no rules", PATH, alone, 0},
        {"default sandbox among others", PATH, mock, 0},
        {"/s/NAME, no rules", "/s/happy-path.bench" PATH, mock, 0},
        {"/s/NAME, 20 rules that do not fire", "/s/happy-path.rules" PATH, mock, 0}};
    enum { N = sizeof(contests) / sizeof(contests[0]) };

    if (!crowded || !alone || !mock)
        return 1;
    follow_rules(mock, "/__mock/sandboxes/happy-path.rules/scenario");
    for (int turn = 0; turn < TURNS; turn++)
        for (int i = 0; i < N; i++) {
            double speed = per_second(&contests[i]);
            contests[i].best = speed > contests[i].best ? speed : contests[i].best;
        }
    for (int i = 0; i < N; i++)
        printf("%-44s %7.0f /s, %.2f of the first\n", contests[i].name, contests[i].best,
               contests[i].best / contests[0].best);
    im_stop(mock);
    im_stop(alone);
    return 0;
}
