/* A scenario's references, its progress in one sandbox, and the plan it has for one request. */
#include "scenario/scenario.h"

#include <pthread.h>
#include <stdlib.h>

#include "scenario/attributes.h"

struct im_scenario_state {
    struct im_scenario *scenario;
    pthread_mutex_t lock;
    bool ran_out;
    struct im_rule_count counts[];
};

/* ---- the scenario itself ---- */

struct im_scenario *im_scenario_ref(struct im_scenario *scenario)
{
    atomic_fetch_add(&scenario->refs, 1);
    return scenario;
}

void im_scenario_unref(struct im_scenario *scenario)
{
    if (!scenario || atomic_fetch_sub(&scenario->refs, 1) != 1)
        return;
    struct im_arena arena = scenario->arena; /* the scenario lies in it */
    im_arena_release(&arena);
}

bool im_scenario_set_up(const struct im_scenario *scenario,
                        struct im_authority *authority, struct im_error *err)
{
    const struct im_json *at;

    if (scenario->world &&
        !im_directory_load(authority->directory, scenario->world, &at, err))
        return false;
    if (scenario->world &&
        !im_authority_load_records(authority, scenario->world, &at, err))
        return false;
    im_authority_set_policy(authority, &scenario->policy);
    im_authority_set_signed_in(authority, scenario->signed_in);
    return true;
}

/* ---- progress ---- */

struct im_scenario_state *im_scenario_state_new(struct im_scenario *scenario)
{
    struct im_scenario_state *scenario_state =
        calloc(1, sizeof(*scenario_state) +
                      scenario->rule_count * sizeof(scenario_state->counts[0]));

    if (!scenario_state)
        return NULL;
    scenario_state->scenario = im_scenario_ref(scenario);
    pthread_mutex_init(&scenario_state->lock, NULL);
    return scenario_state;
}

void im_scenario_state_free(struct im_scenario_state *scenario_state)
{
    if (!scenario_state)
        return;
    im_scenario_unref(scenario_state->scenario);
    pthread_mutex_destroy(&scenario_state->lock);
    free(scenario_state);
}

struct im_scenario *im_scenario_state_scenario(
    const struct im_scenario_state *scenario_state)
{
    return scenario_state->scenario;
}

bool im_scenario_state_counts(struct im_scenario_state *scenario_state,
                              struct im_rule_count *counts)
{
    pthread_mutex_lock(&scenario_state->lock);
    for (size_t i = 0; i < scenario_state->scenario->rule_count; i++)
        counts[i] = scenario_state->counts[i];
    bool ran_out = scenario_state->ran_out;
    pthread_mutex_unlock(&scenario_state->lock);
    return ran_out;
}

/* ---- planning ---- */

bool im_rule_takes_request(const struct im_rule *rule)
{
    return rule->refuse != CAUSE_NONE || rule->has_wire;
}

/* How often the rule can fire at all; 0 = without end. */
static uint64_t bound_of(const struct im_rule *rule)
{
    return rule->times ? (uint64_t)rule->times : rule->when.nth ? 1 : 0;
}

static bool is_spent(const struct im_rule *rule, const struct im_rule_count *count)
{
    return bound_of(rule) && count->fired >= bound_of(rule);
}

/* One rule is asked; may it have the request, nothing above having taken it? */
static bool fires_locked(const struct im_rule *rule, struct im_rule_count *count,
                         const struct im_plan *plan)
{
    count->fits++;
    if ((im_rule_takes_request(rule) && plan->taken) || is_spent(rule, count) ||
        !im_when_counts(&rule->when, count->fits))
        return false;
    count->fired++;
    return true;
}

static void enlist(struct im_plan *plan, const struct im_rule *rule)
{
    if (rule->step_count)
        plan->world[plan->world_count++] = rule;
    if (im_rule_takes_request(rule))
        plan->taken = rule;
}

/* Every rule that fits is counted, in order, in one step. */
static void ask_rules(struct im_scenario_state *scenario_state, struct im_plan *plan)
{
    const struct im_scenario *scenario = scenario_state->scenario;
    size_t fitting = 0, spent = 0;

    pthread_mutex_lock(&scenario_state->lock);
    for (size_t i = 0; i < scenario->rule_count; i++) {
        const struct im_rule *rule = &scenario->rules[i];
        struct im_rule_count *count = &scenario_state->counts[i];
        if (!im_when_fits(&rule->when, plan->asked))
            continue;
        fitting++;
        spent += is_spent(rule, count);
        if (fires_locked(rule, count, plan))
            enlist(plan, rule);
    }
    if (scenario->exhausted_fails && fitting && spent == fitting) {
        plan->refuse = CAUSE_SCENARIO_EXHAUSTED;
        scenario_state->ran_out = true;
    }
    pthread_mutex_unlock(&scenario_state->lock);
}

static void find_evidence(struct im_plan *plan, struct im_arena *arena)
{
    const struct im_scenario *scenario = plan->scenario;

    if (plan->refuse == CAUSE_SCENARIO_EXHAUSTED) {
        plan->evidence = im_arena_format(
            arena,
            "every rule of scenario %.*s that fits this request is used up, and "
            "\"exhausted\" says \"fail\"",
            IM_ARG(scenario->name));
    } else if (plan->taken && plan->taken->refuse != CAUSE_NONE) {
        plan->refuse = plan->taken->refuse;
        plan->evidence = im_arena_format(arena, "rule %zu of scenario %.*s refuses it",
                                         (size_t)(plan->taken - scenario->rules) + 1,
                                         IM_ARG(scenario->name));
    }
}

void im_scenario_plan(struct im_scenario_state *scenario_state,
                      struct im_authority *authority, struct im_request *req,
                      struct im_plan *plan)
{
    struct im_scenario *scenario = scenario_state->scenario;

    *plan = (struct im_plan){.refuse = CAUSE_NONE};
    if (!scenario->rule_count)
        return;
    plan->world =
        IM_ARENA_ARRAY(req->arena, const struct im_rule *, scenario->rule_count);
    plan->asked = IM_ARENA_NEW(req->arena, struct im_exchange);
    if (!plan->world || !plan->asked)
        return;
    plan->scenario = im_scenario_ref(scenario);
    plan->token = im_attributes_read(authority, req, plan->asked);
    ask_rules(scenario_state, plan);
    find_evidence(plan, req->arena);
}

void im_plan_release(struct im_plan *plan)
{
    im_scenario_unref(plan->scenario);
    plan->scenario = NULL;
}

/* ---- carrying it out ---- */

static bool take_step(const struct im_step *step, const struct im_plan *plan,
                      struct im_authority *authority, int64_t now_ms,
                      struct im_error *err)
{
    struct im_effect_args args = step->args;
    struct im_error why = {.text = ""};
    size_t affected;

    im_effect_complete(step->effect, plan->asked, &args);
    return im_world_apply(authority, step->effect, &args, now_ms, &affected, &why) ||
           im_error_set(err, "scenario %.*s: %s: %s", IM_ARG(plan->scenario->name),
                        step->effect->name, why.text);
}

bool im_plan_change_world(const struct im_plan *plan, struct im_authority *authority,
                          int64_t now_ms, struct im_error *err)
{
    for (size_t i = 0; i < plan->world_count; i++)
        for (size_t n = 0; n < plan->world[i]->step_count; n++)
            if (!take_step(&plan->world[i]->steps[n], plan, authority, now_ms, err))
                return false;
    return true;
}

const struct im_wire *im_plan_wire(const struct im_plan *plan)
{
    return plan->taken && plan->taken->has_wire ? &plan->taken->wire : NULL;
}

const char *im_plan_effect(const struct im_plan *plan)
{
    return plan->world_count ? plan->world[0]->steps[0].effect->name : NULL;
}

unsigned im_plan_rule(const struct im_plan *plan)
{
    const struct im_rule *first = plan->world_count ? plan->world[0] : plan->taken;

    if (first && plan->taken && plan->taken < first)
        first = plan->taken;
    return first ? (unsigned)(first - plan->scenario->rules) + 1 : 0;
}
