/* The mock of `run`, in this process: which scenarios there are, a sandbox for each, its verdict. */
#ifndef IM_COMMANDS_RUN_MOCK_H
#define IM_COMMANDS_RUN_MOCK_H

#include "commands/client.h"
#include "operations.h"

/* What goes first: all others are judged by what CMD does where nothing goes wrong. */
#define IM_RUN_BASELINE "happy-path"

struct im_run_scenario {
    struct im_str name, about;
    struct im_str cause; /* that it is about, or empty */
    bool only_baseline;  /* not chosen: played, but not scored */
    bool needs_proxy;    /* it is about connections through the proxy */
};

/* One in use: it stays until it is closed, whoever deletes it meanwhile. */
struct im_run_sandbox {
    struct im_sandbox *box;  /* NULL = it is another process's */
    struct im_str name;      /* the arena's */
    struct im_str base_url;  /* the arena's */
    struct im_str proxy_url; /* of its own proxy, the arena's; empty = it has none */
};

/* What a sandbox is made for. */
struct im_run_order {
    struct im_str scenario;
    size_t serial; /* from 1 */
    bool proxy;    /* with a proxy of its own */
};

/* Where the sandboxes come from: im_run_mock_of, im_run_remote_of, or a test. */
struct im_run_mock {
    struct im_sandboxes *sandboxes;
    void *context; /* of a mock that is elsewhere, or a test's */
    uint64_t seed; /* of every sandbox; 0 = the mock's own choice */
    struct im_str
        intercept; /* the hosts that its proxies answer for, as --intercept names them */
    /* How verdicts judge. */
    bool fail_fast;                        /* CMD may end when it is refused */
    const struct im_run_sandbox *baseline; /* in which nothing went wrong; NULL = none */
    /* A fresh one, SCENARIO.run-SERIAL. That of the baseline holds each call for a moment, so that it
     * shows whether CMD works in parallel even where the machine is slow. False with err. */
    bool (*open)(const struct im_run_mock *mock, struct im_run_sandbox *sandbox,
                 const struct im_run_order *order, struct im_arena *arena,
                 struct im_error *err);
    /* Its verdict as a JSON document; NULL with err. */
    const struct im_json *(*verdict)(const struct im_run_mock *mock,
                                     const struct im_run_sandbox *sandbox,
                                     struct im_arena *arena, struct im_error *err);
    /* All that its journal holds, as the control API answers it: the exchanges, or a HAR. Empty when
     * memory is short. Lifetime: the arena's. */
    struct im_str (*journal)(const struct im_run_mock *mock,
                             const struct im_run_sandbox *sandbox, bool har,
                             struct im_arena *arena);
    /* What became of CMD's connections, where no request came of them: the evidence of the newest that
     * the proxy refused or that failed, or empty. NULL = the mock cannot say. Lifetime: the arena's. */
    struct im_str (*refused)(const struct im_run_sandbox *sandbox,
                             struct im_arena *arena);
    void (*close)(const struct im_run_mock *mock, const struct im_run_sandbox *sandbox);
};

struct im_run_mock im_run_mock_of(struct im_sandboxes *sandboxes, uint64_t seed);
/* Every scenario there is, in the catalogue's order; NULL with err. */
struct im_run_scenario *im_run_mock_scenarios(const struct im_run_mock *mock,
                                              struct im_arena *arena, size_t *count,
                                              struct im_error *err);
/* The text of the baseline's scenario with a rule that shows who works in parallel: of two calls that are
 * there at once both are held until the other has come. Empty when it has rules of its own (then it is
 * played as it is), or when memory is short. */
struct im_str im_run_baseline_text(struct im_str scenario, struct im_arena *arena);

/* ---- run_remote.c: a mock that runs already ---- */

/* `at` must outlive it. Its sandboxes are made by its control API and deleted there again. */
struct im_run_mock im_run_remote_of(struct im_client_target *at, uint64_t seed);
/* As im_run_mock_scenarios. */
struct im_run_scenario *im_run_remote_scenarios(const struct im_run_mock *mock,
                                                struct im_arena *arena, size_t *count,
                                                struct im_error *err);
/* Learns which hosts its proxies answer for, which an environment with a proxy is made by. False with err. */
bool im_run_remote_take_hosts(struct im_run_mock *mock, struct im_arena *arena,
                              struct im_error *err);

#endif
