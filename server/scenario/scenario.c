/* A scenario's references, its progress in one sandbox, and the plan it has for one request. Counting
 * is one step under one lock, so of N parallel requests exactly one is the nth. */
#include "scenario/scenario.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/attributes.h"

struct im_scenario_state {
    struct im_scenario *scenario;
    pthread_mutex_t lock;
    bool ran_out;
    struct im_progress progress[];
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

    /* companies first: records belong to them */
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
                      scenario->rule_count * sizeof(scenario_state->progress[0]));

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
        counts[i] = (struct im_rule_count){scenario_state->progress[i].fits,
                                           scenario_state->progress[i].fired};
    bool ran_out = scenario_state->ran_out;
    pthread_mutex_unlock(&scenario_state->lock);
    return ran_out;
}

/* ---- planning ---- */

bool im_rule_takes_request(const struct im_rule *rule)
{
    return rule->refuse != CAUSE_NONE || rule->has_wire || rule->tls != IM_FAULT_NONE;
}

bool im_rule_needs_proxy(const struct im_rule *rule)
{
    return im_when_is_proxy(&rule->when);
}

bool im_scenario_needs_proxy(const struct im_scenario *scenario)
{
    for (size_t i = 0; i < scenario->rule_count; i++)
        if (im_rule_needs_proxy(&scenario->rules[i]))
            return true;
    return false;
}

/* Does its time begin when it fires first? Then `nth` says when that is. */
static bool begins_by_firing(const struct im_rule *rule)
{
    return rule->schedule.for_ms && !im_schedule_waits_for_event(&rule->schedule);
}

/* How often the rule can fire at all; 0 = without end. */
static uint64_t bound_of(const struct im_rule *rule)
{
    if (rule->times)
        return (uint64_t)rule->times;
    return rule->when.nth && !begins_by_firing(rule) ? 1 : 0;
}

static bool is_spent(const struct im_rule *rule, const struct im_progress *progress,
                     int64_t now_ms)
{
    return (bound_of(rule) && progress->fired >= bound_of(rule)) ||
           im_schedule_is_over(&rule->schedule, progress, now_ms);
}

/* One rule is asked; may it have the request, nothing above having taken it? */
static bool fires_locked(const struct im_rule *rule, struct im_progress *progress,
                         struct im_plan *plan, int64_t now_ms)
{
    struct im_when when = rule->when;

    /* both count whether the rule fires or not: `when` and the quota are about all that fits */
    progress->fits++;
    if (begins_by_firing(rule) && progress->begun)
        when.nth =
            0; /* nth said when its time begins; until it ends all that fits meets it */
    bool exceeds = im_schedule_exceeds(&rule->schedule, progress, now_ms, &plan->quota);
    if ((im_rule_takes_request(rule) && plan->taken) || !exceeds ||
        is_spent(rule, progress, now_ms) || !im_when_counts(&when, progress->fits))
        return false;
    if (begins_by_firing(rule) && !progress->begun) {
        progress->begun = true;
        progress->begun_ms = now_ms;
    }
    progress->fired++;
    return true;
}

static void plan_add(struct im_plan *plan, const struct im_rule *rule)
{
    if (rule->step_count)
        plan->world[plan->world_count++] = rule;
    if (im_rule_takes_request(rule))
        plan->taken = rule;
}

/* Every rule that fits is counted, in order, in one step. */
static void ask_rules(struct im_scenario_state *scenario_state, struct im_plan *plan,
                      int64_t now_ms)
{
    const struct im_scenario *scenario = scenario_state->scenario;
    size_t fitting = 0, spent = 0;

    pthread_mutex_lock(&scenario_state->lock);
    for (size_t i = 0; i < scenario->rule_count; i++) {
        const struct im_rule *rule = &scenario->rules[i];
        struct im_progress *progress = &scenario_state->progress[i];
        if (im_schedule_is_ahead(&rule->schedule, progress) ||
            !im_when_fits(&rule->when, plan->asked))
            continue;
        fitting++;
        /* before it fires: the request that uses it up is not the one too many */
        spent += is_spent(rule, progress, now_ms);
        if (fires_locked(rule, progress, plan, now_ms))
            plan_add(plan, rule);
    }
    if (scenario->exhausted_fails && fitting && spent == fitting) {
        plan->refuse = CAUSE_SCENARIO_EXHAUSTED;
        scenario_state->ran_out = true;
    }
    pthread_mutex_unlock(&scenario_state->lock);
}

/* Exhaustion goes before the rule that took the request: "fail" is to be loud. */
static void plan_reason(struct im_plan *plan, struct im_arena *arena)
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
        plan->evidence =
            plan->brought ? IM_STR("its header X-Intacct-Mock-Refuse asks for it")
                          : im_arena_format(arena, "rule %zu of scenario %.*s refuses it",
                                            (size_t)(plan->taken - scenario->rules) + 1,
                                            IM_ARG(scenario->name));
    }
}

void im_scenario_plan(struct im_scenario_state *scenario_state,
                      struct im_authority *authority, struct im_request *req,
                      const struct im_rule *brought, struct im_plan *plan)
{
    struct im_scenario *scenario = scenario_state->scenario;

    *plan = (struct im_plan){.refuse = CAUSE_NONE};
    if (!scenario->rule_count && !brought)
        return;
    plan->world =
        IM_ARENA_ARRAY(req->arena, const struct im_rule *, scenario->rule_count);
    plan->asked = IM_ARENA_NEW(req->arena, struct im_exchange);
    if (!plan->world || !plan->asked)
        return;
    /* the sandbox may be given another scenario while this request waits */
    plan->scenario = im_scenario_ref(scenario);
    plan->token = im_attributes_read(authority, req, plan->asked);
    if (scenario->asks_content) { /* few do, and the header lines are a copy */
        plan->asked->target = req->target;
        plan->asked->request_body = req->body;
        plan->asked->request_headers = im_exchange_header_lines(req);
    }
    plan->taken = brought; /* set first, so that no rule of the scenario can take it */
    plan->brought = brought != NULL;
    ask_rules(scenario_state, plan, req->now_ms);
    plan_reason(plan, req->arena);
}

void im_plan_release(struct im_plan *plan)
{
    im_scenario_unref(plan->scenario);
    plan->scenario = NULL;
}

/* ---- what came of it ---- */

static bool has_fired(const struct im_plan *plan, const struct im_rule *rule)
{
    bool fired = plan->taken == rule;

    for (size_t i = 0; i < plan->world_count; i++)
        fired |= plan->world[i] == rule;
    return fired;
}

static bool has_changed(const struct im_plan *plan, const char *effect)
{
    for (size_t i = 0; i < plan->world_count; i++)
        if (im_rule_does(plan->world[i], effect))
            return true;
    return false;
}

static bool has_caused(const struct im_exchange *exchange, enum im_cause cause)
{
    bool caused = exchange->cause == cause;

    for (size_t i = 0; i < exchange->note_count; i++)
        caused |= exchange->notes[i].cause == cause;
    return caused;
}

bool im_rule_does(const struct im_rule *rule, const char *effect)
{
    for (size_t i = 0; i < rule->step_count; i++)
        if (strcmp(rule->steps[i].effect->name, effect) == 0)
            return true;
    return false;
}

void im_scenario_note(struct im_scenario_state *scenario_state,
                      const struct im_plan *plan, const struct im_exchange *exchange,
                      int64_t now_ms)
{
    const struct im_scenario *scenario = scenario_state->scenario;

    /* numbers of rules mean nothing where the scenario was replaced in the meantime */
    if (!scenario->has_events || plan->scenario != scenario)
        return;
    pthread_mutex_lock(&scenario_state->lock);
    for (size_t i = 0; i < scenario->rule_count; i++) {
        const struct im_schedule *schedule = &scenario->rules[i].schedule;
        const struct im_event *after = &schedule->after;
        if ((after->rule && has_fired(plan, &scenario->rules[after->rule - 1])) ||
            (after->cause && has_caused(exchange, after->cause)) ||
            (after->effect && has_changed(plan, after->effect)))
            im_schedule_arm(schedule, &scenario_state->progress[i], now_ms);
    }
    pthread_mutex_unlock(&scenario_state->lock);
}

/* ---- carrying it out ---- */

static bool take_step(const struct im_step *step, const struct im_plan *plan,
                      struct im_authority *authority, int64_t now_ms,
                      struct im_error *err)
{
    struct im_effect_args args = step->args;
    struct im_error why = {.text = ""};
    size_t affected;

    /* whose token, client or user: the request's own, where the scenario names none */
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

enum im_fault im_plan_tls(const struct im_plan *plan)
{
    return plan->taken ? plan->taken->tls : IM_FAULT_NONE;
}

const char *im_plan_effect(const struct im_plan *plan)
{
    return plan->world_count ? plan->world[0]->steps[0].effect->name : NULL;
}

unsigned im_plan_rule(const struct im_plan *plan)
{
    const struct im_rule *first = plan->world_count ? plan->world[0] : plan->taken;

    if (plan->brought) /* no rule of the scenario can be told from it */
        return IM_RULE_BROUGHT;
    if (first && plan->taken && plan->taken < first)
        first = plan->taken;
    return first ? (unsigned)(first - plan->scenario->rules) + 1 : 0;
}
