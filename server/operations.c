/* What a test does to sandboxes: scenarios, new ones, the clock, policy, verdicts. No protocol: the
 * control API, the public C API and `run` are written in terms of this file. A fault names the
 * parameter, which each caller shows in its own way. */
#include "operations.h"

#include "scenario/scenario_file.h"

bool im_problem_of_fault(struct im_problem *problem, const struct im_json_fault *fault,
                         struct im_arena *arena)
{
    problem->field = im_arena_copy(arena, im_str_front(fault->field, 60)).at;
    problem->err = fault->err;
    return false;
}

/* ---- scenarios ---- */

bool im_scenario_choice_read(struct im_str json, struct im_arena *arena,
                             struct im_scenario_choice *choice,
                             struct im_problem *problem)
{
    struct im_json_error error;
    const struct im_json *object = im_json_parse(arena, json, &error);

    *choice = (struct im_scenario_choice){.file = NULL};
    if (!object && error.no_memory)
        return im_json_error_as(&problem->err, &error, "reading the scenario");
    if (!object)
        return im_error_set(&problem->err,
                            "the scenario is not JSON: line %u, column %u: %s",
                            error.line, error.column, error.what);
    if (object->type != IM_JSON_OBJECT || !object->count)
        return im_error_set(&problem->err,
                            "the body must be {\"name\": NAME} or a whole scenario");
    /* a name alone chooses one: a whole scenario of nothing but a name would do nothing */
    if (object->count == 1)
        choice->name = im_json_get_str(object, "name");
    if (!choice->name.len)
        choice->text = json;
    return true;
}

static struct im_scenario *scenario_parse(struct im_str text, bool inside,
                                          struct im_problem *problem)
{
    struct im_scenario_error error;
    struct im_scenario *scenario = im_scenario_parse(text, IM_STR("inline"), &error);

    if (scenario)
        return scenario;
    /* inside something else it was written anew: its lines are not those of the caller */
    if (inside && !error.no_memory)
        im_error_set(&problem->err, "%s", error.what);
    else if (inside)
        im_scenario_error_as(&problem->err, &error, "reading the scenario");
    else
        im_scenario_error_as(&problem->err, &error, "line %u, column %u", error.line,
                             error.column);
    problem->field = inside ? "scenario" : NULL;
    return NULL;
}

/* With a reference for the caller; NULL with a problem. */
static struct im_scenario *scenario_choose(struct im_catalogue *catalogue,
                                           const struct im_scenario_choice *choice,
                                           struct im_arena *arena,
                                           struct im_problem *problem)
{
    struct im_json_out out;
    struct im_buf text;

    if (choice->file)
        return im_catalogue_get_file(catalogue, choice->file, &problem->err);
    if (choice->text.len)
        return scenario_parse(choice->text, false, problem);
    if (!choice->json)
        return im_catalogue_get(catalogue, choice->name, &problem->err);
    /* inside something else: written as a text of its own, which a scenario keeps */
    im_buf_init(&text, arena, 0);
    im_json_out_init(&out, &text);
    im_json_value(&out, (struct im_str){0}, choice->json);
    return scenario_parse(im_buf_str(&text), true, problem);
}

bool im_sandbox_use_scenario(struct im_sandboxes *sandboxes, struct im_sandbox *box,
                             const struct im_scenario_choice *choice,
                             struct im_arena *arena, struct im_problem *problem)
{
    struct im_scenario *scenario =
        scenario_choose(sandboxes->catalogue, choice, arena, problem);

    if (!scenario) {
        if (choice->name.len)
            problem->field = "name";
        return false;
    }
    bool done = im_sandbox_follow(box, scenario, &problem->err);
    im_scenario_unref(scenario);
    return done;
}

/* ---- sandboxes: a new one, one less ---- */

static const struct im_json_row scenario_forms[] = {
    {NULL, IM_READ_TEXT, IM_READ_INTO(struct im_new_sandbox, scenario.name),
     .about = "the name of one"},
    {NULL, IM_READ_JSON, IM_READ_INTO(struct im_new_sandbox, scenario.json),
     .table = &im_scenario_inline_table},
};
static const struct im_json_row new_sandbox_rows[] = {
    {"name", IM_READ_TEXT, IM_READ_INTO(struct im_new_sandbox, name),
     .sound = im_sandbox_name_is_sound, .pattern = "^[a-z0-9][a-z0-9._-]{0,63}$",
     .wanted =
         "at most 64 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit",
     .about = "SCENARIO or SCENARIO.KEY"},
    {"scenario", IM_READ_EITHER, IM_READ_ROWS(scenario_forms),
     .wanted = "a scenario's name, or a whole scenario"},
    {"seed", IM_READ_WHOLE, IM_READ_INTO(struct im_new_sandbox, seed), .max = INT64_MAX,
     .about = "the same seed and the same requests give the same bytes"},
    {"now", IM_READ_TIME, IM_READ_INTO(struct im_new_sandbox, now_ms),
     .about = "where its clock starts"},
    {"proxy", IM_READ_BOOL, IM_READ_INTO(struct im_new_sandbox, proxy),
     .about = "with a forward proxy on a port of its own"},
};
static const struct im_new_sandbox new_sandbox_blank = {.seed = -1, .now_ms = -1};
const struct im_json_table im_new_sandbox_table = {.name = "NewSandbox",
                                                   IM_READ_ROWS(new_sandbox_rows),
                                                   .size = sizeof(new_sandbox_blank),
                                                   .blank = &new_sandbox_blank};

/* The scenario that was chosen, or that of the sandbox's name. */
static struct im_scenario *new_sandbox_scenario(struct im_sandboxes *sandboxes,
                                                const struct im_new_sandbox *params,
                                                struct im_arena *arena,
                                                struct im_problem *problem)
{
    struct im_scenario_choice choice = params->scenario;
    bool chosen = choice.name.len || choice.text.len || choice.json || choice.file;
    struct im_str name = params->name;

    /* "SCENARIO.KEY": the same rule as for a sandbox that its first request makes */
    if (!chosen)
        choice.name = name.len ? im_str_slice(name, 0, im_str_find(name, '.'))
                               : IM_STR("happy-path");
    struct im_scenario *scenario =
        scenario_choose(sandboxes->catalogue, &choice, arena, problem);
    if (!scenario)
        problem->field = chosen ? "scenario" : "name";
    return scenario;
}

static struct im_sandbox *new_sandbox_with_proxy(struct im_sandboxes *sandboxes,
                                                 struct im_sandbox *box,
                                                 struct im_problem *problem)
{
    if (im_sandboxes_open_proxy(sandboxes, box, &problem->err))
        return box;
    /* all or nothing: a test that asked for a proxy would go on without one */
    problem->field = "proxy";
    im_sandboxes_delete(sandboxes, box->name);
    im_sandboxes_unref(sandboxes, box);
    return NULL;
}

static struct im_sandbox *refuse_taken(struct im_str name, struct im_problem *problem)
{
    problem->kind = IM_PROBLEM_TAKEN;
    problem->field = "name";
    im_error_set(&problem->err,
                 "there is a sandbox \"%.*s\" already; DELETE it or take another name",
                 IM_ARG(name));
    return NULL;
}

struct im_sandbox *im_sandbox_create(struct im_sandboxes *sandboxes,
                                     const struct im_new_sandbox *params,
                                     struct im_arena *arena, struct im_problem *problem)
{
    /* first: the scenario of one's name may be known no more, or never was one ("default") */
    struct im_sandbox *there =
        params->name.len ? im_sandboxes_find(sandboxes, params->name) : NULL;
    im_sandboxes_unref(sandboxes, there);
    if (there)
        return refuse_taken(params->name, problem);
    struct im_scenario *scenario =
        new_sandbox_scenario(sandboxes, params, arena, problem);
    struct im_sandbox_params wanted = {.name = params->name,
                                       .scenario = scenario,
                                       .seeded = params->seed >= 0,
                                       .seed = (uint64_t)params->seed,
                                       .start_ms = params->now_ms};
    enum im_made made;

    if (!scenario)
        return NULL;
    struct im_sandbox *box = im_sandboxes_make(sandboxes, &wanted, &made, &problem->err);
    im_scenario_unref(scenario);
    if (box)
        return params->proxy ? new_sandbox_with_proxy(sandboxes, box, problem) : box;
    return made == IM_MADE_TAKEN ? refuse_taken(params->name, problem) : NULL;
}

bool im_sandbox_delete(struct im_sandboxes *sandboxes, struct im_str name,
                       struct im_problem *problem)
{
    /* requests that name no sandbox need it */
    if (im_str_eq(name, sandboxes->standard->name))
        return im_error_set(&problem->err,
                            "the default sandbox stays; POST …/reset makes it as new");
    if (im_sandboxes_delete(sandboxes, name))
        return true;
    problem->kind = IM_PROBLEM_ABSENT;
    return im_error_set(&problem->err, "there is no sandbox \"%.*s\"",
                        IM_ARG(im_str_front(name, 80)));
}

/* ---- the clock ---- */

/* 0 and false are values too, so what was given is noted beside the value. */
static bool clock_note_set(struct im_json_reader *r, const struct im_json *value,
                           void *into)
{
    (void)r;
    (void)value;
    ((struct im_clock_change *)into)->has_set = true;
    return true;
}

static bool clock_note_frozen(struct im_json_reader *r, const struct im_json *value,
                              void *into)
{
    (void)r;
    (void)value;
    ((struct im_clock_change *)into)->has_frozen = true;
    return true;
}

static const struct im_json_row clock_rows[] = {
    {"advance", IM_READ_DURATION, IM_READ_INTO(struct im_clock_change, advance_ms),
     .about = "may be negative"},
    {"set", IM_READ_TIME, IM_READ_INTO(struct im_clock_change, set_ms),
     .check = clock_note_set},
    {"freeze", IM_READ_BOOL, IM_READ_INTO(struct im_clock_change, frozen),
     .check = clock_note_frozen, .about = "false lets it go on from where it stands"},
    {"scale", IM_READ_NUMBER, IM_READ_ABOVE, IM_READ_INTO(struct im_clock_change, scale),
     .max = 1000000},
};
const struct im_json_table im_clock_table = {.name = "ClockChange",
                                             IM_READ_ROWS(clock_rows),
                                             .size = sizeof(struct im_clock_change),
                                             .least = 1};

struct im_clock_state im_sandbox_clock(struct im_sandbox *box)
{
    struct im_clock_state state = im_clock_state(&im_sandbox_enter(box)->clock);

    im_sandbox_leave(box);
    return state;
}

bool im_sandbox_change_clock(struct im_sandbox *box, const struct im_clock_change *change,
                             struct im_clock_state *state, struct im_problem *problem)
{
    if (change->advance_ms > IM_DURATION_MAX || change->advance_ms < -IM_DURATION_MAX) {
        problem->field = "advance";
        return im_error_set(&problem->err,
                            "\"advance\" must be at most 100000d, not %lldms",
                            (long long)change->advance_ms);
    }
    *state = im_clock_change(&im_sandbox_enter(box)->clock, change);
    im_sandbox_leave(box);
    return true;
}

/* ---- policy ---- */

struct im_policy im_sandbox_policy(struct im_sandbox *box)
{
    struct im_policy policy = im_authority_policy(im_sandbox_enter(box));

    im_sandbox_leave(box);
    return policy;
}

bool im_sandbox_change_policy(struct im_sandbox *box, const struct im_json *object,
                              struct im_arena *arena, struct im_problem *problem)
{
    const struct im_json *at = NULL;

    if (!object)
        return im_error_set(&problem->err, "the body must name a switch of policy");
    bool done =
        im_authority_change_policy(im_sandbox_enter(box), object, &at, &problem->err);
    im_sandbox_leave(box);
    if (!done && at)
        problem->field = im_arena_copy(arena, at->name).at;
    return done;
}

/* ---- the verdict ---- */

struct im_scenario *im_sandbox_verdict(struct im_sandbox *box,
                                       struct im_judge_options *options,
                                       struct im_arena *arena, struct im_verdict *verdict)
{
    enum { SETTLE_MS = 1000 }; /* for requests that are being answered */

    im_sandbox_settle(box, SETTLE_MS);
    /* a client that waits for an answer may still recover: pending, not failed (rule 3) */
    if (!options->running_known)
        options->running = atomic_load(&box->open) > 0;
    return im_sandbox_judge(box, options, arena, verdict);
}
