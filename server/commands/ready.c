/* `intacct-mock ready`: is the server ready? The container's HEALTHCHECK: works without a shell, and
 * without resolving names where it is given an address; asks the open /__mock/ready. */
#include <poll.h>

#include "base/clock.h"
#include "commands/client.h"
#include "commands/command.h"

enum { TRY_EVERY_MS = 20, ANSWER_WITHIN_MS = 2000 };

struct ready_options {
    struct im_client_options server;
    int64_t wait_ms;
};

static const struct im_option ready_table[] = {
    {"wait", "D", IM_OPTION_DURATION, offsetof(struct ready_options, wait_ms),
     .help = "how long to wait for it (default: not at all)"},
    IM_CLIENT_URL(struct ready_options, server),
    IM_CLIENT_CA(struct ready_options, server),
    {.flag = NULL},
};

static int ready_run(const struct im_args *args)
{
    const struct im_client_request request = {.method = "GET", .path = IM_STR("/ready")};
    const struct ready_options *wanted = args->options;
    int64_t deadline_ms = im_clock_monotonic_ms() + wanted->wait_ms;
    struct im_error err = {.text = ""};
    struct im_client_answer answer;
    struct im_client_target client;
    struct im_arena arena; /* of one attempt: there may be many */

    if (!im_client_find(&client, &wanted->server, args->arena, &err))
        return im_command_fail(IM_EXIT_USAGE, "%s", err.text);
    client.patience_ms = ANSWER_WITHIN_MS;
    im_arena_init(&arena, 0);
    client.arena = &arena;
    for (;;) {
        err.text[0] = '\0';
        bool answered = im_client_ask(&client, &request, &answer, &err);
        im_arena_release(&arena);
        if (answered && answer.status == 200)
            return IM_EXIT_FINE;
        if (im_clock_monotonic_ms() >= deadline_ms)
            break;
        poll(NULL, 0, TRY_EVERY_MS);
    }
    if (err.text[0])
        return im_command_fail(IM_EXIT_NO, "not ready: %s", err.text);
    return im_command_fail(IM_EXIT_NO,
                           "not ready: %.*s/__mock/ready answers %d instead of 200",
                           IM_ARG(client.base), answer.status);
}

const struct im_command im_command_ready = {
    .name = "ready",
    .synopsis = "[--wait 10s] [--url U]",
    .about = "exit 0 once the server is ready",
    .more = "Exit 0 once the server answers on /__mock/ready, 1 when it does not.\n"
            "\n" IM_CLIENT_MORE,
    .options = ready_table,
    .size = sizeof(struct ready_options),
    .run = ready_run,
};
