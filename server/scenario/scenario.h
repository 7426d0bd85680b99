/* A scenario: what is so from the start (world), what happens when (rules), and what a sound
 * client does about it (expect). The pipeline asks one question, im_scenario_plan(); endpoints
 * and grants never hear of any of this. */
#ifndef IM_SCENARIO_SCENARIO_H
#define IM_SCENARIO_SCENARIO_H

#include "scenario/expect.h"
#include "scenario/schedule.h"
#include "scenario/wire.h"
#include "scenario/world.h"

/* One change of the world that a rule sets off. */
struct im_step {
    const struct im_effect *effect;
    struct im_effect_args args;
    const struct im_json *json; /* where it is said */
};

/* when + then + times. Lifetime: of the scenario. */
struct im_rule {
    struct im_str name; /* for the `after` of another; empty = none */
    struct im_when when;
    struct im_schedule schedule; /* after, for, limit */
    struct im_step *steps;       /* then.world */
    size_t step_count;
    enum im_cause refuse; /* then.refuse; CAUSE_NONE = no */
    enum im_fault tls;    /* then.tls, of a connection; IM_FAULT_NONE = no */
    bool has_wire;        /* then.wire */
    struct im_wire wire;
    int64_t times; /* fires at most so often; 0 = as often as it fits */
    int64_t needs; /* has to fire so often for a verdict; 0 = not said */
    bool optional; /* nothing is missing where it does not fire */
};

/* Does it refuse or damage, so that the rules behind it that do so too leave the request alone? */
bool im_rule_takes_request(const struct im_rule *rule);
/* Is it about connections, so that it needs clients that come through the proxy? */
bool im_rule_needs_proxy(const struct im_rule *rule);
/* Does it change the world so? */
bool im_rule_does(const struct im_rule *rule, const char *effect);

/* What a file says. Never changed once it is read, shared by all sandboxes that follow it, and
 * freed with the last of them (counted references; thread-safe). */
struct im_scenario {
    atomic_size_t refs;
    struct im_arena arena; /* everything below */
    struct im_str name, about;
    enum im_cause cause;         /* the label; CAUSE_NONE = none */
    const struct im_json *world; /* companies, users, roles, clients; NULL = nothing */
    struct im_policy policy;
    struct im_str signed_in; /* "jdoe@acme"; empty = nobody */
    struct im_rule *rules;
    size_t rule_count; /* right behind its list, as im_json_list has it */
    bool exhausted_fails;
    bool has_events;   /* a rule is to come after something */
    bool asks_content; /* a rule asks for headers, query or body */
    struct im_expectations expect;
    struct im_str text; /* as it was read */
    struct im_str path; /* of the file; empty = built in, or inline */
    bool listed;        /* it is the catalogue's, which may have a newer wording of it */
};

struct im_scenario *im_scenario_ref(
    struct im_scenario *scenario);                    /* one more reference */
void im_scenario_unref(struct im_scenario *scenario); /* NULL is fine */
/* Has it a rule about connections, for clients that come through the proxy? */
bool im_scenario_needs_proxy(const struct im_scenario *scenario);
/* Makes the world of an authority that of the scenario: policy from its built-in values, then
 * `world`. False with err, and nothing has changed. */
bool im_scenario_set_up(const struct im_scenario *scenario,
                        struct im_authority *authority, struct im_error *err);

/* How far a sandbox has come in its scenario. One of the three doors of state: counting is
 * atomic, of N parallel requests exactly one is the nth. */
struct im_scenario_state;

struct im_scenario_state *im_scenario_state_new(
    struct im_scenario *scenario); /* takes a reference */
void im_scenario_state_free(struct im_scenario_state *scenario_state);
struct im_scenario *im_scenario_state_scenario(
    const struct im_scenario_state *scenario_state); /* the scenario state's */

struct im_rule_count {
    uint64_t fits, fired;
};
/* Copies the counts of all rules into `counts` (rule_count many); did "exhausted": "fail" strike? */
bool im_scenario_state_counts(struct im_scenario_state *scenario_state,
                              struct im_rule_count *counts);

/* What the scenario has in mind for one request. Lifetime: request. */
struct im_plan {
    struct im_scenario
        *scenario; /* holds a reference while the plan lives; NULL = no plan */
    struct im_exchange *asked; /* what the request says of itself; NULL = no plan */
    struct im_str
        token; /* the token or code it presents: a secret, to be fingerprinted */
    const struct im_rule **world; /* rules that change the world, in order */
    size_t world_count;
    const struct im_rule *taken; /* the rule that refuses or damages; NULL = none */
    bool brought;                /* that is the request's own */
    struct im_quota quota;       /* that the request fell under */
    enum im_cause refuse;        /* CAUSE_NONE = answer as usual */
    struct im_str evidence;      /* for that refusal */
};

/* The one question. Counts the request, whose exchange knows its endpoint. `brought` is a rule that the request
 * brings with it, which goes before those of the scenario that refuse or damage; NULL = none. */
void im_scenario_plan(struct im_scenario_state *scenario_state,
                      struct im_authority *authority, struct im_request *req,
                      const struct im_rule *brought, struct im_plan *plan);
void im_plan_release(struct im_plan *plan);
/* What came of the request, at the sandbox's time: rules that are to come after it are at work from now
 * on. */
void im_scenario_note(struct im_scenario_state *scenario_state,
                      const struct im_plan *plan, const struct im_exchange *exchange,
                      int64_t now_ms);
/* The world changes. False with err when a step cannot be done (a role that is not there). */
bool im_plan_change_world(const struct im_plan *plan, struct im_authority *authority,
                          int64_t now_ms, struct im_error *err);
/* What the plan does to delivery; NULL = nothing. */
const struct im_wire *im_plan_wire(const struct im_plan *plan);
/* How the plan spoils the TLS of the connection that is asked for. */
enum im_fault im_plan_tls(const struct im_plan *plan);
/* The first rule that fired, from 1; IM_RULE_BROUGHT; 0 = none. */
unsigned im_plan_rule(const struct im_plan *plan);
/* The first change of the world that it sets off, or NULL. */
const char *im_plan_effect(const struct im_plan *plan);

#endif
