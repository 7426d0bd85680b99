/* What a test does to sandboxes: scenarios, new ones, the clock, policy, the world. No protocol: the
 * control API, the public C API and `run` are written in terms of this file. A fault names the
 * parameter, which each caller shows in its own way. */
#include "operations.h"

#include "directory/account.h"
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

struct im_sandbox *im_sandbox_create(struct im_sandboxes *sandboxes,
                                     const struct im_new_sandbox *params,
                                     struct im_arena *arena, struct im_problem *problem)
{
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
    if (made != IM_MADE_TAKEN)
        return NULL;
    problem->kind = IM_PROBLEM_TAKEN;
    problem->field = "name";
    im_error_set(&problem->err,
                 "there is a sandbox \"%.*s\" already; DELETE it or take another name",
                 IM_ARG(params->name));
    return NULL;
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

/* ---- changes of the world ---- */

/* The field that names what is not there; what else can be wrong is the effect's own argument. */
static const char *world_field_at_fault(struct im_directory *directory,
                                        const struct im_effect *effect,
                                        const struct im_effect_args *args, unsigned given)
{
    struct im_company company;
    struct im_client client;
    struct im_user user;

    if (args->company.len && !im_directory_company(directory, args->company, &company))
        return given & IM_ARG_COMPANY ? "company" : "user";
    if (args->user.len && (given & IM_ARG_USER) &&
        !im_directory_user(directory, args->company, args->user, &user))
        return "user";
    if (args->client_id.len && !im_directory_client(directory, args->client_id, &client))
        return "client_id";
    switch (effect->value) {
    case IM_ARG_ROLE: return "role";
    case IM_ARG_PERMISSION: return "permission";
    case IM_ARG_MODULE: return "module";
    case IM_ARG_ENTITY: return "entity";
    case IM_ARG_REDIRECT_URI: return "redirect_uri";
    default: return NULL;
    }
}

bool im_sandbox_apply(struct im_sandbox *box, const char *name,
                      const struct im_effect_args *args, unsigned given, size_t *affected,
                      struct im_problem *problem)
{
    struct im_authority *authority = im_sandbox_enter(box);
    const struct im_effect *effect = im_effect_find(im_str(name));
    size_t touched = 0;
    bool done =
        im_world_apply(authority, effect, args, im_clock_now_ms(&authority->clock),
                       &touched, &problem->err);

    if (!done)
        problem->field = world_field_at_fault(authority->directory, effect, args, given);
    im_sandbox_leave(box);
    *affected += touched;
    return done;
}

bool im_sandbox_change_world(struct im_sandbox *box, const struct im_json *object,
                             const struct im_effect_args *args, size_t *affected,
                             struct im_problem *problem)
{
    const struct im_effect *effect = im_effect_find(im_json_get_str(object, "do"));
    unsigned given = (im_json_get(object, "user") ? IM_ARG_USER : 0U) |
                     (im_json_get(object, "company") ? IM_ARG_COMPANY : 0U);
    struct im_json_fault fault = {.at = NULL};
    struct im_json_reader r = {.faults = &fault, .room = 1};

    *affected = 0;
    /* nothing is known beforehand: no request sets this off that could fill in the rest */
    if (im_effect_check(&r, effect, object, 0))
        return im_sandbox_apply(box, effect->name, args, given, affected, problem);
    /* the fault's field is one of the table's names */
    for (size_t i = 0; i < im_effect_table.count; i++)
        if (im_str_is(fault.field, im_effect_table.rows[i].name))
            problem->field = im_effect_table.rows[i].name;
    problem->err = fault.err;
    return false;
}

bool im_sandbox_read_user(struct im_str text, struct im_effect_args *args,
                          struct im_problem *problem)
{
    struct im_account account = im_account_read(text);

    args->user = account.user;
    args->company = account.company;
    if (!account.entity.at)
        return true;
    problem->field = "user";
    return im_error_set(&problem->err,
                        "\"user\" must be \"USER@COMPANY\", without an entity");
}

/* The same; without '@' the built-in company. */
static bool user_read_or_acme(struct im_str text, struct im_effect_args *args,
                              struct im_problem *problem)
{
    bool sound = im_sandbox_read_user(text, args, problem);

    if (!args->company.len) /* most tests know only the built-in company */
        args->company = IM_STR("acme");
    return sound;
}

static const struct im_json_row sign_in_rows[] = {
    {"user", IM_READ_TEXT, IM_READ_REQUIRED, IM_READ_INTO(struct im_sign_in, user),
     .about = "USER@COMPANY; without @ the company is acme"},
};
const struct im_json_table im_sign_in_table = {.name = "SignIn",
                                               IM_READ_ROWS(sign_in_rows),
                                               .size = sizeof(struct im_sign_in)};

bool im_sandbox_sign_in(struct im_sandbox *box, const struct im_sign_in *params,
                        size_t *affected, struct im_problem *problem)
{
    struct im_effect_args args = {.by_ms = 0};

    *affected = 0;
    return user_read_or_acme(params->user, &args, problem) &&
           im_sandbox_apply(box, "sign-in", &args, IM_ARG_USER, affected, problem);
}

#define WITHDRAWAL(member) IM_READ_TEXT, IM_READ_INTO(struct im_withdrawal, member)

static const struct im_json_row withdrawal_rows[] = {
    {"client_id", WITHDRAWAL(client_id)},
    {"role", WITHDRAWAL(role)},
    {"permission", WITHDRAWAL(permission), .about = "OBJECT or OBJECT:ACTION"},
    {"module", WITHDRAWAL(module)},
    {"user", WITHDRAWAL(user), .about = "USER@COMPANY; when not given ws_user@acme"},
    {"company", WITHDRAWAL(company), .about = "when not given the user's"},
};
const struct im_json_table im_withdrawal_table = {.name = "Withdrawal",
                                                  IM_READ_ROWS(withdrawal_rows),
                                                  .size = sizeof(struct im_withdrawal),
                                                  .least = 1};

/* NULL when not exactly one thing is named: which of two was meant could not be guessed. */
static const char *withdrawal_effect(const struct im_withdrawal *params)
{
    int named = (params->permission.len > 0) + (params->role.len > 0) +
                (params->module.len > 0) + (params->client_id.len > 0);

    if (named != 1)
        return NULL;
    if (params->permission.len)
        return "remove-permission";
    if (params->role.len)
        return "remove-role";
    if (params->module.len)
        return "unsubscribe-module";
    return params->user.len ? "withdraw-consent" : "withdraw-client-authorization";
}

bool im_sandbox_withdraw(struct im_sandbox *box, const struct im_withdrawal *params,
                         size_t *affected, struct im_problem *problem)
{
    struct im_effect_args args = {.client_id = params->client_id,
                                  .role = params->role,
                                  .permission = params->permission,
                                  .module = params->module};
    const char *effect = withdrawal_effect(params);
    unsigned given = (params->user.len ? IM_ARG_USER : 0U) |
                     (params->company.len ? IM_ARG_COMPANY : 0U);

    *affected = 0;
    if (!effect)
        return im_error_set(
            &problem->err,
            "say what to withdraw: \"client_id\" (with \"user\": that user's consent), "
            "\"role\", \"permission\" or \"module\"");
    if (!user_read_or_acme(params->user.len ? params->user : IM_STR("ws_user@acme"),
                           &args, problem))
        return false;
    if (params->company.len)
        args.company = params->company;
    return im_sandbox_apply(box, effect, &args, given, affected, problem);
}

static const struct im_json_row new_redirect_rows[] = {
    {"client_id", IM_READ_TEXT, IM_READ_INTO(struct im_new_redirect, client_id),
     .about = "when not given demo"},
    {"redirect_uri", IM_READ_TEXT, IM_READ_REQUIRED,
     IM_READ_INTO(struct im_new_redirect, redirect_uri),
     .about = "of a loopback address any port will do"},
};
const struct im_json_table im_new_redirect_table = {.name = "NewRedirectUri",
                                                    IM_READ_ROWS(new_redirect_rows),
                                                    .size =
                                                        sizeof(struct im_new_redirect)};

bool im_sandbox_add_redirect(struct im_sandbox *box, const struct im_new_redirect *params,
                             size_t *affected, struct im_problem *problem)
{
    const struct im_effect_args args = {.client_id = params->client_id,
                                        .redirect_uri = params->redirect_uri};

    *affected = 0;
    return im_sandbox_apply(box, "register-redirect-uri", &args, 0, affected, problem);
}

bool im_sandbox_rotate_keys(struct im_sandbox *box, size_t *affected,
                            struct im_problem *problem)
{
    const struct im_effect_args args = {.by_ms = 0};

    *affected = 0;
    return im_sandbox_apply(box, "rotate-keys", &args, 0, affected, problem);
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
