/* `intacct-mock ready`: is the server ready? The container's HEALTHCHECK: works without
 * a shell and without resolving names, asks the open /__mock/ready over plain HTTP. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "commands/command.h"

enum { TRY_EVERY_MS = 20, ANSWER_WITHIN_S = 2 };

struct target {
    char host[64];
    int port;
};

struct ready_options {
    const char *url;
    int64_t wait_ms;
};

static const struct im_option ready_table[] = {
    {"wait", "D", IM_OPTION_DURATION, offsetof(struct ready_options, wait_ms),
     .help = "how long to wait for it (default: not at all)"},
    {"url", "URL", IM_OPTION_TEXT, offsetof(struct ready_options, url),
     .help = "where it is (default: 127.0.0.1 and INTACCT_MOCK_CONTROL or "
             "INTACCT_MOCK_PORT, else 8080)"},
    {.flag = NULL},
};

static bool connect_to_target(int fd, const struct target *target)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)target->port)};
    const char *host =
        strcmp(target->host, "localhost") == 0 ? "127.0.0.1" : target->host;

    return inet_pton(AF_INET, host, &v4.sin_addr) == 1 &&
           connect(fd, (const struct sockaddr *)&v4, sizeof(v4)) == 0;
}

static bool answers_200(int fd)
{
    static const char ask[] = "GET /__mock/ready HTTP/1.1\r\nHost: localhost\r\n"
                              "Connection: close\r\n\r\n";
    char line[16] = "";
    size_t have = 0;

    if (send(fd, ask, sizeof(ask) - 1, MSG_NOSIGNAL) != (ssize_t)(sizeof(ask) - 1))
        return false;
    while (have < sizeof(line) - 1) {
        ssize_t n = recv(fd, line + have, sizeof(line) - 1 - have, 0);
        if (n <= 0)
            break;
        have += (size_t)n;
    }
    return have >= 12 && memcmp(line, "HTTP/1.1 200", 12) == 0;
}

static bool target_is_ready(const struct target *target)
{
    struct timeval limit = {.tv_sec = ANSWER_WITHIN_S};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool ready = false;

    if (fd < 0)
        return false;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    if (connect_to_target(fd, target))
        ready = answers_200(fd);
    close(fd);
    return ready;
}

/* "http://HOST:PORT[/…]" */
static bool target_of_url(const char *url, struct target *target)
{
    struct im_str rest = im_str(url);
    int64_t port = 80;

    if (!im_str_starts(rest, "http://"))
        return false;
    rest = im_str_slice(rest, 7, rest.len);
    rest = im_str_slice(rest, 0, im_str_find(rest, '/'));
    struct im_str host = im_str_cut(&rest, ':');
    if (!host.len || host.len >= sizeof(target->host) ||
        (rest.len && (!im_str_int(rest, &port) || port < 1 || port > 65535)))
        return false;
    memcpy(target->host, host.at, host.len);
    target->host[host.len] = '\0';
    target->port = (int)port;
    return true;
}

/* Where serve listens in the same environment: on a control port of its own, else on the port. */
static struct target default_target(struct im_arena *arena)
{
    static const char *const variables[] = {"INTACCT_MOCK_CONTROL", "INTACCT_MOCK_PORT"};
    struct target target = {.host = "127.0.0.1", .port = 8080};
    struct im_buf warnings;
    bool found = false;

    im_buf_init(&warnings, arena, 0);
    for (size_t i = 0; i < 2 && !found; i++) {
        const char *value = getenv(variables[i]);
        int64_t number = 0;
        found = !im_args_is_link(variables[i], value, &warnings) &&
                im_str_int(im_str(value), &number);
        if (found)
            target.port = (int)number;
    }
    im_command_warn(&warnings);
    return target;
}

static int wait_until_ready(const struct target *target, int64_t wait_ms)
{
    int64_t deadline = im_clock_monotonic_ms() + wait_ms;

    while (!target_is_ready(target)) {
        if (im_clock_monotonic_ms() >= deadline)
            return im_command_fail(
                IM_EXIT_NO, "not ready: http://%s:%d/__mock/ready does not answer 200",
                target->host, target->port);
        poll(NULL, 0, TRY_EVERY_MS);
    }
    return IM_EXIT_FINE;
}

static int ready(const struct im_args *args)
{
    const struct ready_options *wanted = args->options;
    struct target target = {.port = 0};

    if (!wanted->url)
        target = default_target(args->arena);
    else if (!target_of_url(wanted->url, &target))
        return im_command_fail(IM_EXIT_USAGE,
                               "--url must be http://ADDRESS:PORT, not \"%.80s\"",
                               wanted->url);
    return wait_until_ready(&target, wanted->wait_ms);
}

const struct im_command im_command_ready = {
    .name = "ready",
    .synopsis = "[--wait 10s] [--url U]",
    .about = "exit 0 once the server is ready",
    .more = "Exit 0 once the server answers on /__mock/ready, 1 when it does not.\n",
    .options = ready_table,
    .size = sizeof(struct ready_options),
    .run = ready,
};
