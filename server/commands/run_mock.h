/* What `run` asks of the mock, all of it over the control API. */
#ifndef IM_COMMANDS_RUN_MOCK_H
#define IM_COMMANDS_RUN_MOCK_H

#include "base/json.h"

struct im_server;

/* Who answers: a server in this process, or a test. */
struct im_run_mock {
    void *context;
    uint64_t seed; /* of every sandbox; 0 = the mock's own choice */
    /* How verdicts judge. */
    const char *client;     /* "resilient", "fail-fast"; NULL = the mock's own choice */
    struct im_str baseline; /* a sandbox in which nothing went wrong; empty = none */
    /* The status, with the body in *answer (the arena's); 0 when memory is short. body may be
     * NULL. */
    int (*ask)(void *context, const char *method, const char *target, const char *body,
               struct im_arena *arena, struct im_str *answer);
};

struct im_run_mock im_run_mock_of(struct im_server *server);

/* What goes first: all others are judged by what CMD does where nothing goes wrong. */
#define IM_RUN_BASELINE "happy-path"

struct im_run_scenario {
    struct im_str name, about;
    struct im_str cause; /* that it is about, or empty */
    bool only_baseline;  /* not chosen: played, but not scored */
};

struct im_run_sandbox {
    struct im_str name, base_url, client_secret, username;
};

/* Every scenario there is, in the catalogue's order; NULL with err. */
struct im_run_scenario *im_run_mock_scenarios(const struct im_run_mock *mock,
                                              struct im_arena *arena, size_t *count,
                                              struct im_error *err);
/* A fresh sandbox, SCENARIO.run-SERIAL. That of the baseline holds each call for a moment, so that it
 * shows whether CMD works in parallel even where the machine is slow. */
bool im_run_mock_open(const struct im_run_mock *mock, struct im_str scenario,
                      size_t serial, struct im_arena *arena,
                      struct im_run_sandbox *sandbox, struct im_error *err);
/* The sandbox's verdict, NULL with err. */
const struct im_json *im_run_mock_verdict(const struct im_run_mock *mock,
                                          const struct im_run_sandbox *sandbox,
                                          struct im_arena *arena, struct im_error *err);
/* The bytes that GET answers below /__mock/sandboxes/NAME: "requests.har". Empty with err. */
struct im_str im_run_mock_fetch(const struct im_run_mock *mock,
                                const struct im_run_sandbox *sandbox, const char *what,
                                struct im_arena *arena, struct im_error *err);
void im_run_mock_close(const struct im_run_mock *mock,
                       const struct im_run_sandbox *sandbox, struct im_arena *arena);

#endif
