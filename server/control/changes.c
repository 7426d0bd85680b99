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

static const struct im_effect *read_effect(struct im_call *call)
{
    const struct im_json *name = im_json_get(call->body, "do");
    const struct im_effect *effect =
        name && name->type == IM_JSON_STRING ? im_effect_find(name->text) : NULL;
    struct im_str known[64];

    if (effect)
        return effect;
    if (!name || name->type != IM_JSON_STRING) {
        im_control_refuse(call, 400, "do",
                          "\"do\" must name an effect; GET /__mock/effects lists them");
        return NULL;
    }
    for (size_t i = 0; i < im_effect_count && i < 64; i++)
        known[i] = im_str(im_effects[i].name);
    int nearest = im_str_nearest(name->text, known, im_effect_count);
    im_control_refuse(
        call, 400, "do", "there is no effect \"%.*s\"%s%s%s",
        IM_ARG(im_str_slice(name->text, 0, 60)),
        nearest < 0 ? "; GET /__mock/effects lists them" : "; did you mean \"",
        nearest < 0 ? "" : im_effects[nearest].name, nearest < 0 ? "" : "\"?");
    return NULL;
}

/* Where reading the arguments stopped: at a member, or at one that is missing. */
static const char *field_of(struct im_call *call, const struct im_effect *effect,
                            const struct im_json *at)
{
    if (at->name.at)
        return im_arena_copy(call->req->arena, im_str_slice(at->name, 0, 60)).at;
    return im_effect_lacks(effect, call->body);
}

static void answer_world(struct im_call *call)
{
    const struct im_effect *effect = read_effect(call);
    const struct im_json *at;
    struct im_effect_args args;
    struct im_error err;
    size_t affected = 0;

    if (!effect)
        return;
    if (!im_effect_read(effect, call->body, 0, &args, &at, &err)) {
        im_control_refuse(call, 400, field_of(call, effect, at), "%s", err.text);
        return;
    }
    if (apply(call, effect->name, &args, &affected))
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

struct kind_effects {
    const char *kind;
    const char *expire[3], *revoke[3]; /* effects, NULL-terminated by the room left */
};

static const struct kind_effects kinds[] = {
    {"access", {"expire-access-token"}, {"revoke-access-token"}},
    {"refresh", {"expire-refresh-token"}, {"revoke-refresh-token"}},
    {"code", {"expire-code"}, {"revoke-code"}},
    {"all",
     {"expire-access-token", "expire-refresh-token", "expire-code"},
     {"revoke-access-token", "revoke-refresh-token", "revoke-code"}},
};

static const struct kind_effects *kind_named(struct im_call *call, struct im_str name)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (im_str_is(name, kinds[i].kind))
            return &kinds[i];
    im_control_refuse(
        call, 400, "kind",
        "\"kind\" must be \"access\", \"refresh\", \"code\" or \"all\", not \"%.*s\"",
        IM_ARG(im_str_slice(name, 0, 60)));
    return NULL;
}

static void end_tokens(struct im_call *call, bool revoke)
{
    struct im_effect_args args = {.by_ms = 0};
    struct im_str kind_name = {0};
    struct im_str user = {0};
    struct im_control_field fields[] = {
        {.name = "kind", .type = IM_TAKE_TEXT, .into = &kind_name, .required = true},
        {.name = "token", .type = IM_TAKE_TEXT, .into = &args.token},
        {.name = "client_id", .type = IM_TAKE_TEXT, .into = &args.client_id},
        {.name = "user", .type = IM_TAKE_TEXT, .into = &user},
        {.name = NULL},
    };
    size_t affected = 0;

    if (!im_control_fields(call, fields))
        return;
    const struct kind_effects *kind = kind_named(call, kind_name);
    if (!kind || !read_user(call, user, &args))
        return;
    const char *const *effects = revoke ? kind->revoke : kind->expire;
    for (size_t i = 0; i < 3 && effects[i]; i++)
        if (!apply(call, effects[i], &args, &affected))
            return;
    answer_affected(call, affected);
}

static void answer_expire(struct im_call *call)
{
    end_tokens(call, false);
}

static void answer_revoke(struct im_call *call)
{
    end_tokens(call, true);
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

static void answer_sign_in(struct im_call *call)
{
    struct im_effect_args args = {.by_ms = 0};
    struct im_str user = {0};
    struct im_control_field fields[] = {
        {.name = "user", .type = IM_TAKE_TEXT, .into = &user, .required = true},
        {.name = NULL},
    };
    size_t affected = 0;

    if (im_control_fields(call, fields) && read_user_of_company(call, user, &args) &&
        apply(call, "sign-in", &args, &affected))
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
    struct im_effect_args args = {.by_ms = 0};
    struct im_str user = {0};
    struct im_str company = {0};
    struct im_control_field fields[] = {
        {.name = "client_id", .type = IM_TAKE_TEXT, .into = &args.client_id},
        {.name = "role", .type = IM_TAKE_TEXT, .into = &args.role},
        {.name = "permission", .type = IM_TAKE_TEXT, .into = &args.permission},
        {.name = "module", .type = IM_TAKE_TEXT, .into = &args.module},
        {.name = "user", .type = IM_TAKE_TEXT, .into = &user},
        {.name = "company", .type = IM_TAKE_TEXT, .into = &company},
        {.name = NULL},
    };
    size_t affected = 0;

    if (!im_control_fields(call, fields))
        return;
    const char *effect = withdrawal(&args, user.len > 0);
    if (!effect) {
        im_control_refuse(
            call, 400, NULL,
            "say what to withdraw: \"client_id\" (with \"user\": that user's consent), "
            "\"role\", \"permission\" or \"module\"");
        return;
    }
    if (!read_user_of_company(call, user.len ? user : IM_STR("ws_user@acme"), &args))
        return;
    if (company.len)
        args.company = company;
    if (apply(call, effect, &args, &affected))
        answer_affected(call, affected);
}

static void answer_rotate_keys(struct im_call *call)
{
    struct im_control_field none[] = {{.name = NULL}};
    struct im_effect_args args = {.by_ms = 0};
    size_t affected = 0;

    if (im_control_fields(call, none) && apply(call, "rotate-keys", &args, &affected))
        answer_affected(call, affected);
}

const struct im_control_route im_control_change_routes[] = {
    {"POST", "/sandboxes/{name}/expire", answer_expire, false,
     "tokens reach their end now"},
    {"POST", "/sandboxes/{name}/revoke", answer_revoke, false, "tokens are revoked now"},
    {"POST", "/sandboxes/{name}/sign-in", answer_sign_in, false,
     "a user signs in to the web UI"},
    {"POST", "/sandboxes/{name}/withdraw", answer_withdraw, false,
     "an authorization, role, permission, module or consent is withdrawn"},
    {"POST", "/sandboxes/{name}/keys/rotate", answer_rotate_keys, false,
     "the signing keys are rotated"},
    {"POST", "/sandboxes/{name}/world", answer_world, false,
     "any change of the world: {\"do\": EFFECT, …}"},
};
const size_t im_control_change_route_count =
    sizeof(im_control_change_routes) / sizeof(im_control_change_routes[0]);
