/* The mock of `run`, in this process: which scenarios there are, a sandbox for each, its verdict. */
#ifndef IM_COMMANDS_RUN_MOCK_H
#define IM_COMMANDS_RUN_MOCK_H

#include "operations.h"

struct im_run_scenario {
    struct im_str name, about;
};

/* One in use: it stays until it is closed, whoever deletes it meanwhile. */
struct im_run_sandbox {
    struct im_sandbox *box;
    struct im_str base_url; /* the arena's */
};

/* What a sandbox is made for. */
struct im_run_order {
    struct im_str scenario;
    size_t serial; /* from 1 */
};

/* Where the sandboxes come from: im_run_mock_of, or a test. */
struct im_run_mock {
    struct im_sandboxes *sandboxes;
    uint64_t seed; /* of every sandbox; 0 = the mock's own choice */
    /* A fresh one, SCENARIO.run-SERIAL. False with err. */
    bool (*open)(const struct im_run_mock *mock, struct im_run_sandbox *sandbox,
                 const struct im_run_order *order, struct im_arena *arena,
                 struct im_error *err);
    /* Its verdict as a JSON document; NULL with err. */
    const struct im_json *(*verdict)(const struct im_run_mock *mock,
                                     const struct im_run_sandbox *sandbox,
                                     struct im_arena *arena, struct im_error *err);
    void (*close)(const struct im_run_mock *mock, const struct im_run_sandbox *sandbox);
};

struct im_run_mock im_run_mock_of(struct im_sandboxes *sandboxes, uint64_t seed);
/* Every scenario there is, in the catalogue's order; NULL with err. */
struct im_run_scenario *im_run_mock_scenarios(const struct im_run_mock *mock,
                                              struct im_arena *arena, size_t *count,
                                              struct im_error *err);

#endif
