/* The ways in which a working integration stops working: every effect of scenario/world.h by
 * name, and shorter words for the common ones. */
#include <string.h>

#include "control/control.h"
#include "directory/account.h"
#include "scenario/world.h"

static void answer_affected(struct im_call *call, size_t affected)
{
    im_control_begin(call, 200);
    im_json_open_object(&call->out, NULL);
    im_json_int(&call->out, "affected", (int64_t)affected);
    im_json_close_object(&call->out);
}

/* The field that names what is not there; what else can be wrong is the effect's own argument. */
static const char *field_at_fault(const struct im_call *call,
                                  struct im_directory *directory,
                                  const struct im_effect *effect,
                                  const struct im_effect_args *args)
{
    struct im_company company;
    struct im_client client;
    struct im_user user;

    if (args->company.len && !im_directory_company(directory, args->company, &company))
        return im_json_get(call->body, "company") ? "company" : "user";
    if (args->user.len && im_json_get(call->body, "user") &&
        !im_directory_user(directory, args->company, args->user, &user))
        return "user";
    if (args->client_id.len && !im_directory_client(directory, args->client_id, &client))
        return "client_id";
    switch (effect->value) {
    case IM_ARG_ROLE: return "role";
    case IM_ARG_PERMISSION: return "permission";
    case IM_ARG_MODULE: return "module";
    case IM_ARG_ENTITY: return "entity";
    default: return NULL;
    }
}

/* Applies the effect and adds to *affected; false when it has refused. */
static bool apply(struct im_call *call, const char *name,
                  const struct im_effect_args *args, size_t *affected)
{
    struct im_authority *authority = im_sandbox_enter(call->box);
    const struct im_effect *effect = im_effect_find(im_str(name));
    struct im_error err;
    size_t touched = 0;
    bool done = im_world_apply(authority, effect, args,
                               im_clock_now_ms(&authority->clock), &touched, &err);
    const char *field =
        done ? NULL : field_at_fault(call, authority->directory, effect, args);

    im_sandbox_leave(call->box);
    *affected += touched;
    if (!done)
        im_control_refuse(call, 400, field, "%s", err.text);
    return done;
}

/* ---- POST …/world: any effect ---- */

static void answer_world(struct im_call *call)
{
    const struct im_effect_args *args = call->params;
    const struct im_effect *effect = im_effect_find(im_json_get_str(call->body, "do"));
    struct im_json_fault fault = {.at = NULL};
    struct im_json_reader r = {.faults = &fault, .room = 1};
    size_t affected = 0;

    if (!im_effect_check(&r, effect, call->body, 0))
        im_control_refuse_fault(call, &fault);
    else if (apply(call, effect->name, args, &affected))
        answer_affected(call, affected);
}

/* "jdoe@acme" into user and company; false when it has refused. */
static bool read_user(struct im_call *call, struct im_str text,
                      struct im_effect_args *args)
{
    struct im_account account = im_account_read(text);

    args->user = account.user;
    args->company = account.company;
    if (!account.entity.at)
        return true;
    im_control_refuse(call, 400, "user",
                      "\"user\" must be \"USER@COMPANY\", without an entity");
    return false;
}

/* ---- POST …/expire, …/revoke ---- */

static const char *const expiries[] = {"expire-access-token", "expire-refresh-token",
                                       "expire-code"};
static const char *const revocations[] = {"revoke-access-token", "revoke-refresh-token",
                                          "revoke-code"};
enum { KINDS = 3 };

struct end_tokens {
    struct im_effect_args args;
    struct im_str user;
    int kind; /* index of the effect; KINDS = all of them */
};

static const struct im_json_row end_tokens_rows[] = {
    {"kind", IM_READ_WORD, IM_READ_REQUIRED, IM_READ_INTO(struct end_tokens, kind),
     .words = "access|refresh|code|all"},
    {"token", IM_READ_TEXT, IM_READ_INTO(struct end_tokens, args.token),
     .about = "this one only: its text"},
    {"client_id", IM_READ_TEXT, IM_READ_INTO(struct end_tokens, args.client_id)},
    {"user", IM_READ_TEXT, IM_READ_INTO(struct end_tokens, user),
     .about = "USER@COMPANY; without @ of every company"},
};
static const struct im_json_table end_tokens_table = {.name = "EndTokens",
                                                      IM_READ_ROWS(end_tokens_rows),
                                                      .size = sizeof(struct end_tokens)};

static void end_tokens(struct im_call *call, const char *const effects[KINDS])
{
    struct end_tokens *params = call->params;
    size_t affected = 0;

    if (!read_user(call, params->user, &params->args))
        return;
    for (int i = 0; i < KINDS; i++)
        if ((params->kind == i || params->kind == KINDS) &&
            !apply(call, effects[i], &params->args, &affected))
            return;
    answer_affected(call, affected);
}

static void answer_expire(struct im_call *call)
{
    end_tokens(call, expiries);
}

static void answer_revoke(struct im_call *call)
{
    end_tokens(call, revocations);
}

/* ---- POST …/sign-in, …/withdraw, …/keys/rotate ---- */

/* The same; without '@' the built-in company. */
static bool read_user_of_company(struct im_call *call, struct im_str text,
                                 struct im_effect_args *args)
{
    bool sound = read_user(call, text, args);

    if (!args->company.len)
        args->company = IM_STR("acme");
    return sound;
}

/* One struct for both: what is not in a call's table stays empty. */
struct change_of_user {
    struct im_effect_args args;
    struct im_str user, company;
};

#define CHANGE(member) IM_READ_TEXT, IM_READ_INTO(struct change_of_user, member)

static const struct im_json_row sign_in_rows[] = {
    {"user", IM_READ_TEXT, IM_READ_REQUIRED, IM_READ_INTO(struct change_of_user, user),
     .about = "USER@COMPANY; without @ the company is acme"},
};
static const struct im_json_table sign_in_table = {.name = "SignIn",
                                                   IM_READ_ROWS(sign_in_rows),
                                                   .size = sizeof(struct change_of_user)};

static const struct im_json_row withdraw_rows[] = {
    {"client_id", CHANGE(args.client_id)},
    {"role", CHANGE(args.role)},
    {"permission", CHANGE(args.permission), .about = "OBJECT or OBJECT:ACTION"},
    {"module", CHANGE(args.module)},
    {"user", CHANGE(user), .about = "USER@COMPANY; when not given ws_user@acme"},
    {"company", CHANGE(company), .about = "when not given the user's"},
};
static const struct im_json_table withdraw_table = {.name = "Withdrawal",
                                                    IM_READ_ROWS(withdraw_rows),
                                                    .size = sizeof(struct change_of_user),
                                                    .least = 1};

static void answer_sign_in(struct im_call *call)
{
    struct change_of_user *params = call->params;
    size_t affected = 0;

    if (read_user_of_company(call, params->user, &params->args) &&
        apply(call, "sign-in", &params->args, &affected))
        answer_affected(call, affected);
}

/* What is withdrawn follows from what is named; NULL when that is not one thing. */
static const char *withdrawal(const struct im_effect_args *args, bool user_given)
{
    int named = (args->permission.len > 0) + (args->role.len > 0) +
                (args->module.len > 0) + (args->client_id.len > 0);

    if (named != 1)
        return NULL;
    if (args->permission.len)
        return "remove-permission";
    if (args->role.len)
        return "remove-role";
    if (args->module.len)
        return "unsubscribe-module";
    return user_given ? "withdraw-consent" : "withdraw-client-authorization";
}

static void answer_withdraw(struct im_call *call)
{
    struct change_of_user *params = call->params;
    struct im_str user = params->user.len ? params->user : IM_STR("ws_user@acme");
    const char *effect = withdrawal(&params->args, params->user.len > 0);
    size_t affected = 0;

    if (!effect) {
        im_control_refuse(
            call, 400, NULL,
            "say what to withdraw: \"client_id\" (with \"user\": that user's consent), "
            "\"role\", \"permission\" or \"module\"");
        return;
    }
    if (!read_user_of_company(call, user, &params->args))
        return;
    if (params->company.len)
        params->args.company = params->company;
    if (apply(call, effect, &params->args, &affected))
        answer_affected(call, affected);
}

static void answer_rotate_keys(struct im_call *call)
{
    struct im_effect_args args = {.by_ms = 0};
    size_t affected = 0;

    if (apply(call, "rotate-keys", &args, &affected))
        answer_affected(call, affected);
}

const struct im_control_route im_control_change_routes[] = {
    {"POST", "/sandboxes/{name}/expire", answer_expire, false,
     "tokens reach their end now", &end_tokens_table},
    {"POST", "/sandboxes/{name}/revoke", answer_revoke, false, "tokens are revoked now",
     &end_tokens_table},
    {"POST", "/sandboxes/{name}/sign-in", answer_sign_in, false,
     "a user signs in to the web UI", &sign_in_table},
    {"POST", "/sandboxes/{name}/withdraw", answer_withdraw, false,
     "an authorization, role, permission, module or consent is withdrawn",
     &withdraw_table},
    {"POST", "/sandboxes/{name}/keys/rotate", answer_rotate_keys, false,
     "the signing keys are rotated", &im_control_nothing},
    {"POST", "/sandboxes/{name}/world", answer_world, false,
     "any change of the world: {\"do\": EFFECT, …}", &im_effect_table},
};
const size_t im_control_change_route_count =
    sizeof(im_control_change_routes) / sizeof(im_control_change_routes[0]);
