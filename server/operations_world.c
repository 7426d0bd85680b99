/* Changes of the world of a sandbox, by the table of effects that scenarios have (scenario/world.h): any
 * of them by its name, and those that have a call of their own. */
#include "operations.h"

#include "directory/account.h"

/* ---- any effect ---- */

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

/* ---- those with a call of their own ---- */

/* As im_sandbox_read_user; without '@' the built-in company. */
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
