/* What a test does to sandboxes, typed: the verbs that the control API, the public C API and `run`
 * have in common. Each has a struct of parameters and the table that reads it from JSON; the callers
 * read parameters and write answers, the work is done here. Changes of the world are in
 * operations_world.c, what happens to tokens in operations_tokens.c. Thread-safe; texts that go in need to live during the call only. */
#ifndef IM_OPERATIONS_H
#define IM_OPERATIONS_H

#include "sandboxes.h"
#include "scenario/world.h"

/* ---- what can be wrong ---- */

enum im_problem_kind {
    IM_PROBLEM_INPUT,  /* a parameter is wrong */
    IM_PROBLEM_ABSENT, /* there is no such thing */
    IM_PROBLEM_TAKEN,  /* there is one already */
};

/* The reason why an operation has changed nothing. The caller begins with all zeros. `kind` counts
 * where the error's own kind is IM_ERROR_PLAIN; else the reason is ours, and the parameters may be
 * right. */
struct im_problem {
    enum im_problem_kind kind;
    const char
        *field; /* the parameter at fault; NULL = none of them. Lifetime: the arena's */
    struct im_error err;
};

/* Takes over what reading found. Returns false. */
bool im_problem_of_fault(struct im_problem *problem, const struct im_json_fault *fault,
                         struct im_arena *arena);

/* ---- scenarios ---- */

/* Which scenario: one of these is given. */
struct im_scenario_choice {
    struct im_str name;         /* one of the catalogue */
    struct im_str text;         /* a whole one as JSON */
    const struct im_json *json; /* a whole one, inside something else */
    const char *file;           /* a path, read now; never from the network */
};
/* Reads JSON: {"name": NAME} is one of the catalogue, anything more is a scenario itself. */
bool im_scenario_choice_read(struct im_str json, struct im_arena *arena,
                             struct im_scenario_choice *choice,
                             struct im_problem *problem);
/* Follows it from now on; what was handed out stays. */
bool im_sandbox_use_scenario(struct im_sandboxes *sandboxes, struct im_sandbox *box,
                             const struct im_scenario_choice *choice,
                             struct im_arena *arena, struct im_problem *problem);

/* ---- sandboxes: a new one, one less ---- */

struct im_new_sandbox {
    struct im_str name;                 /* empty = one is made up */
    struct im_scenario_choice scenario; /* none = that of the name, else happy-path */
    int64_t seed, now_ms;               /* < 0 = as the settings say */
    bool proxy;                         /* it gets a proxy port of its own */
};
extern const struct im_json_table im_new_sandbox_table;
/* The caller unrefs it. NULL with a problem. */
struct im_sandbox *im_sandbox_create(struct im_sandboxes *sandboxes,
                                     const struct im_new_sandbox *params,
                                     struct im_arena *arena, struct im_problem *problem);
bool im_sandbox_delete(struct im_sandboxes *sandboxes, struct im_str name,
                       struct im_problem *problem);

/* ---- the clock ---- */

/* Reads a struct im_clock_change. */
extern const struct im_json_table im_clock_table;
struct im_clock_state im_sandbox_clock(struct im_sandbox *box);
bool im_sandbox_change_clock(struct im_sandbox *box, const struct im_clock_change *change,
                             struct im_clock_state *state, struct im_problem *problem);

/* ---- policy ---- */

struct im_policy im_sandbox_policy(struct im_sandbox *box);
/* Sets the switches that the object names (im_policy_table), all or none. */
bool im_sandbox_change_policy(struct im_sandbox *box, const struct im_json *object,
                              struct im_arena *arena, struct im_problem *problem);

/* ---- changes of the world (operations_world.c); *affected: how many tokens, users or keys ---- */

/* Any effect: the object, and what im_effect_table has read of it. */
bool im_sandbox_change_world(struct im_sandbox *box, const struct im_json *object,
                             const struct im_effect_args *args, size_t *affected,
                             struct im_problem *problem);
/* A user signs in to the web UI. Without '@' the company is acme. */
struct im_sign_in {
    struct im_str user;
};
extern const struct im_json_table im_sign_in_table;
bool im_sandbox_sign_in(struct im_sandbox *box, const struct im_sign_in *params,
                        size_t *affected, struct im_problem *problem);
/* What is withdrawn follows from what is named: a client (with a user: the user's consent), or the
 * user's role or permission, or the company's module. */
struct im_withdrawal {
    struct im_str client_id, role, permission, module; /* one of them */
    struct im_str user;                                /* empty = ws_user@acme */
    struct im_str company;                             /* empty = the user's */
};
extern const struct im_json_table im_withdrawal_table;
bool im_sandbox_withdraw(struct im_sandbox *box, const struct im_withdrawal *params,
                         size_t *affected, struct im_problem *problem);
/* The client, demo unless another is named, gets one more redirect URI. */
struct im_new_redirect {
    struct im_str client_id, redirect_uri;
};
extern const struct im_json_table im_new_redirect_table;
bool im_sandbox_add_redirect(struct im_sandbox *box, const struct im_new_redirect *params,
                             size_t *affected, struct im_problem *problem);
bool im_sandbox_rotate_keys(struct im_sandbox *box, size_t *affected,
                            struct im_problem *problem);

/* ---- tokens (operations_tokens.c) ---- */

struct im_end_tokens {
    int kind; /* 0 access, 1 refresh, 2 code, 3 all of them */
    struct im_str token, client_id,
        user; /* empty = any; user: without '@' of every company */
};
extern const struct im_json_table im_end_tokens_table;
/* The tokens reach their end now. */
bool im_sandbox_expire(struct im_sandbox *box, const struct im_end_tokens *params,
                       size_t *affected, struct im_problem *problem);
bool im_sandbox_revoke(struct im_sandbox *box, const struct im_end_tokens *params,
                       size_t *affected, struct im_problem *problem);

struct im_mint {
    struct im_str user, client_id;
    struct im_str scopes, entity; /* empty = the dialect's, none */
    enum im_flaw flaw;
    enum im_dialect_id dialect;
    int64_t ttl_ms;       /* 0 = as policy says */
    struct im_str issuer; /* the base URL; no parameter */
};
extern const struct im_json_table im_mint_table;
/* Mints past every rule but one: user and client must exist. Writes the token response as a JSON
 * object. */
bool im_sandbox_mint(struct im_sandbox *box, const struct im_mint *params,
                     struct im_arena *arena, struct im_buf *response,
                     struct im_problem *problem);

/* ---- the verdict ---- */

/* As im_sandbox_judge, once what is on its way has been written down (at most 1 s). Unless it is said
 * whether the client is still at work, a request that is still being answered then shows that it
 * is. */
struct im_scenario *im_sandbox_verdict(struct im_sandbox *box,
                                       struct im_judge_options *options,
                                       struct im_arena *arena,
                                       struct im_verdict *verdict);

/* ---- for operations_*.c ---- */

/* Applies the effect of that name and adds to *affected. `given`, of IM_ARG_USER and IM_ARG_COMPANY:
 * which of the two the caller was given, and so may be at fault. */
bool im_sandbox_apply(struct im_sandbox *box, const char *effect,
                      const struct im_effect_args *args, unsigned given, size_t *affected,
                      struct im_problem *problem);
/* "jdoe@acme" into user and company; false with a problem. */
bool im_sandbox_read_user(struct im_str text, struct im_effect_args *args,
                          struct im_problem *problem);

#endif
