/* The table of effects, and how each is applied. An effect changes the state of the authority and
 * nothing else: the refusal that follows is decided by the ordinary rules. Sources of what real Intacct
 * does are the rows of causes/causes.def that the changed state leads to. */
#include "scenario/world.h"

#include <stddef.h>
#include <string.h>

#include "directory/account.h"

/* ---- ways of applying ---- */

static struct im_token_selector select_tokens(const struct im_effect *effect,
                                              const struct im_effect_args *args)
{
    return (struct im_token_selector){.kinds = effect->kinds,
                                      .token = args->token,
                                      .grant = args->grant,
                                      .client_id = args->client_id,
                                      .user = args->user,
                                      .company = args->company,
                                      .whole_grant = effect->whole_grant,
                                      .sessions = effect->sessions};
}

static bool expire(const struct im_effect *effect, struct im_effect_context *context,
                   struct im_error *err)
{
    struct im_token_selector which = select_tokens(effect, context->args);

    (void)err;
    context->affected = im_authority_expire(context->authority, &which, context->now_ms);
    return true;
}

static bool end_tokens(const struct im_effect *effect, struct im_effect_context *context,
                       struct im_error *err)
{
    struct im_token_selector which = select_tokens(effect, context->args);

    (void)err;
    context->affected =
        im_authority_end(context->authority, &which, effect->reason, context->now_ms);
    return true;
}

static struct im_str value_of(const struct im_effect *effect,
                              const struct im_effect_args *args)
{
    switch (effect->value) {
    case IM_ARG_ROLE: return args->role;
    case IM_ARG_PERMISSION: return args->permission;
    case IM_ARG_MODULE: return args->module;
    case IM_ARG_ENTITY: return args->entity;
    case IM_ARG_REDIRECT_URI: return args->redirect_uri;
    /* nobody knows the new secret, so whatever the client has no longer works */
    default: return args->value.len ? args->value : IM_STR("changed-by-intacct-mock");
    }
}

static bool change_directory(const struct im_effect *effect,
                             struct im_effect_context *context, struct im_error *err)
{
    const struct im_effect_args *args = context->args;
    struct im_change_target target = {.company = args->company,
                                      .user = args->user,
                                      .client = args->client_id,
                                      .value = value_of(effect, args)};

    context->affected = 1;
    return im_directory_change(context->authority->directory, effect->change, &target,
                               err);
}

/* For the built-in client unless another is named: most integrations are configured with it. */
static bool register_redirect_uri(const struct im_effect *effect,
                                  struct im_effect_context *context, struct im_error *err)
{
    struct im_effect_args args = *context->args;
    struct im_effect_context own = *context;

    if (!args.client_id.len)
        args.client_id = IM_STR("demo");
    own.args = &args;
    bool done = change_directory(effect, &own, err);
    context->affected = own.affected;
    return done;
}

static bool change_and_end(const struct im_effect *effect,
                           struct im_effect_context *context, struct im_error *err)
{
    return change_directory(effect, context, err) && end_tokens(effect, context, err);
}

/* Effects that change no directory entry must not succeed for a user that does not exist. */
static bool check_user(const struct im_effect_context *context, struct im_error *err)
{
    const struct im_effect_args *args = context->args;
    struct im_user user;

    return im_directory_user(context->authority->directory, args->company, args->user,
                             &user) ||
           im_error_set(err, "company \"%.*s\" has no user \"%.*s\"%s",
                        IM_ARG(args->company), IM_ARG(args->user),
                        im_directory_hint(context->authority->directory, IM_USERS,
                                          args->company, args->user)
                            .text);
}

static bool sign_in(const struct im_effect *effect, struct im_effect_context *context,
                    struct im_error *err)
{
    struct im_policy policy = im_authority_policy(context->authority);

    if (!check_user(context, err))
        return false;
    return !policy.sign_in_ends_session || end_tokens(effect, context, err);
}

/* Somebody connects another application as the same user: what that does to the grants that are
 * there already is the authority's rule. */
static bool authorize_again(const struct im_effect *effect,
                            struct im_effect_context *context, struct im_error *err)
{
    const struct im_effect_args *args = context->args;
    struct im_arena arena;
    struct im_issued issued;
    struct im_client client;
    /* no request brings it about, so what one would say is filled in */
    struct im_issue issue = {.dialect = IM_DIALECT_REST,
                             .grant_type = IM_STR("authorization_code"),
                             .client_id =
                                 args->client_id.len ? args->client_id : IM_STR("demo"),
                             .user = args->user,
                             .company = args->company,
                             .scopes = IM_STR("offline_access"),
                             .issuer = IM_STR("https://api.intacct.com"),
                             .with_refresh = true};

    (void)effect;
    if (!check_user(context, err))
        return false;
    if (!im_directory_client(context->authority->directory, issue.client_id, &client))
        return im_error_set(err, "there is no client \"%.*s\"%s", IM_ARG(issue.client_id),
                            im_directory_hint(context->authority->directory, IM_CLIENTS,
                                              IM_STR(""), issue.client_id)
                                .text);
    im_arena_init(&arena, 0);
    bool done = im_authority_issue(context->authority, &arena, context->now_ms, &issue,
                                   &issued, err);
    im_arena_release(
        &arena); /* the other application's tokens are of no use to the test */
    context->affected = 1;
    return done;
}

static bool rotate_keys(const struct im_effect *effect, struct im_effect_context *context,
                        struct im_error *err)
{
    (void)effect;
    context->affected = 1;
    return im_keys_rotate(context->authority->keys, err);
}

static bool advance_clock(const struct im_effect *effect,
                          struct im_effect_context *context, struct im_error *err)
{
    (void)effect;
    (void)err;
    context->affected = 1;
    im_clock_advance(&context->authority->clock, context->args->by_ms);
    return true;
}

/* ---- the table ---- */

/* "expire" moves a token's end to now; "revoke" and the others end it for a reason, which decides
 * the cause that the client is refused for (oauth/token_refusal.c). */
enum {
    WHOSE = IM_ARG_TOKEN | IM_ARG_CLIENT | IM_ARG_USER,
    CLIENT_AT_COMPANY = IM_ARG_CLIENT | IM_ARG_COMPANY
};

const struct im_effect im_effects[] = {
    {"expire-access-token", "the access tokens reach their end", 0, WHOSE, expire,
     .kinds = IM_END_ACCESS},
    {"expire-refresh-token", "the refresh tokens reach their end", 0, WHOSE, expire,
     .kinds = IM_END_REFRESH},
    {"expire-code", "the authorization codes reach their end", 0, WHOSE, expire,
     .kinds = IM_END_CODE},
    {"end-session", "the Intacct sessions behind the access tokens end", 0, WHOSE,
     end_tokens, .kinds = IM_END_ACCESS, .sessions = true,
     .reason = IM_ENDED_SESSION_EXPIRED},
    {"revoke-access-token", "the access tokens are revoked", 0, WHOSE, end_tokens,
     .kinds = IM_END_ACCESS, .reason = IM_ENDED_REVOKED},
    {"revoke-refresh-token", "the refresh tokens are revoked", 0, WHOSE, end_tokens,
     .kinds = IM_END_REFRESH, .reason = IM_ENDED_REVOKED},
    {"revoke-code", "the authorization codes are withdrawn", 0, WHOSE, end_tokens,
     .kinds = IM_END_CODE, .reason = IM_ENDED_CONSENT_WITHDRAWN},
    {"revoke-grant", "the whole grants are revoked: access and refresh tokens", 0, WHOSE,
     end_tokens, .kinds = IM_END_ALL, .whole_grant = true, .reason = IM_ENDED_REVOKED},
    {"revoke-user", "a revocation elsewhere takes every token of the user and company",
     IM_ARG_USER, 0, end_tokens, .kinds = IM_END_ALL, .whole_grant = true,
     .reason = IM_ENDED_REVOKED_ELSEWHERE},
    {"withdraw-consent", "the user withdraws the consent given to the application",
     IM_ARG_USER | IM_ARG_CLIENT, 0, end_tokens, .kinds = IM_END_ALL, .whole_grant = true,
     .reason = IM_ENDED_CONSENT_WITHDRAWN},
    {"second-authorization", "the same user and company are connected a second time",
     IM_ARG_USER, IM_ARG_CLIENT, authorize_again, .kinds = 0},
    {"sign-in", "the user signs in to the web UI", IM_ARG_USER, 0, sign_in,
     .kinds = IM_END_ACCESS, .sessions = true, .reason = IM_ENDED_SIGN_IN},
    {"change-password", "the user changes the password", IM_ARG_USER, IM_ARG_VALUE,
     change_and_end, .change = IM_CHANGE_PASSWORD, .kinds = IM_END_ALL,
     .whole_grant = true, .reason = IM_ENDED_PASSWORD_CHANGED},
    {"expire-password", "the user's password expires", IM_ARG_USER, 0, change_directory,
     .change = IM_CHANGE_EXPIRE_PASSWORD},
    {"lock-user", "the user is locked out", IM_ARG_USER, 0, change_directory,
     .change = IM_CHANGE_LOCK_USER},
    {"deactivate-user", "the user is deactivated", IM_ARG_USER, 0, change_directory,
     .change = IM_CHANGE_DEACTIVATE_USER},
    {"deactivate-company", "the company is deactivated", IM_ARG_COMPANY, 0,
     change_directory, .change = IM_CHANGE_DEACTIVATE_COMPANY},
    {"deactivate-client", "the application is deactivated", IM_ARG_CLIENT, 0,
     change_directory, .change = IM_CHANGE_DEACTIVATE_CLIENT},
    {"rotate-client-secret", "the application gets a new secret", IM_ARG_CLIENT,
     IM_ARG_VALUE, change_directory, .change = IM_CHANGE_CLIENT_SECRET},
    {"register-redirect-uri", "the application gets one more redirect URI",
     IM_ARG_REDIRECT_URI, IM_ARG_CLIENT, register_redirect_uri,
     .change = IM_CHANGE_ADD_REDIRECT_URI, .value = IM_ARG_REDIRECT_URI},
    {"withdraw-client-authorization",
     "an administrator removes the application from Authorized client applications",
     CLIENT_AT_COMPANY, 0, change_directory, .change = IM_CHANGE_WITHDRAW_CLIENT},
    {"authorize-client", "an administrator adds it to Authorized client applications",
     CLIENT_AT_COMPANY, 0, change_directory, .change = IM_CHANGE_AUTHORIZE_CLIENT},
    {"withdraw-sender",
     "an administrator removes its sender id from Web Services authorizations",
     CLIENT_AT_COMPANY, 0, change_directory, .change = IM_CHANGE_WITHDRAW_SENDER},
    {"web-services-off", "the company's Web Services subscription is switched off",
     IM_ARG_COMPANY, 0, change_directory, .change = IM_CHANGE_WEB_SERVICES_OFF},
    {"unsubscribe-module", "the company unsubscribes a module",
     IM_ARG_COMPANY | IM_ARG_MODULE, 0, change_directory,
     .change = IM_CHANGE_UNSUBSCRIBE_MODULE, .value = IM_ARG_MODULE},
    {"remove-role", "the user loses a role, or all", IM_ARG_USER, IM_ARG_ROLE,
     change_directory, .change = IM_CHANGE_REMOVE_ROLE, .value = IM_ARG_ROLE},
    {"remove-permission", "the user's roles lose a permission, \"OBJECT:ACTION\"",
     IM_ARG_USER | IM_ARG_PERMISSION, 0, change_directory,
     .change = IM_CHANGE_REMOVE_PERMISSION, .value = IM_ARG_PERMISSION},
    {"restrict-to-entity", "the user may work in one entity only",
     IM_ARG_USER | IM_ARG_ENTITY, 0, change_directory,
     .change = IM_CHANGE_RESTRICT_TO_ENTITY, .value = IM_ARG_ENTITY},
    {"rotate-keys", "the signing keys are rotated", 0, 0, rotate_keys, .kinds = 0},
    {"advance-clock", "time passes", IM_ARG_BY, 0, advance_clock, .kinds = 0},
    {"skew", "the server's clock jumps, as one does that was wrong and is put right",
     IM_ARG_BY, 0, advance_clock, .kinds = 0},
};
const size_t im_effect_count = sizeof(im_effects) / sizeof(im_effects[0]);

static const char *effect_word(size_t index)
{
    return index < im_effect_count ? im_effects[index].name : NULL;
}

static const char *effect_about(size_t index)
{
    return im_effects[index].about;
}

const struct im_json_names im_effect_names = {.name = "effect",
                                              .what = "effect",
                                              .word = effect_word,
                                              .about = effect_about,
                                              .lister = "GET /__mock/effects lists them"};

const struct im_effect *im_effect_find(struct im_str name)
{
    for (size_t i = 0; i < im_effect_count; i++)
        if (im_str_is(name, im_effects[i].name))
            return &im_effects[i];
    return NULL;
}

bool im_world_apply(struct im_authority *authority, const struct im_effect *effect,
                    const struct im_effect_args *args, int64_t now_ms, size_t *affected,
                    struct im_error *err)
{
    struct im_effect_context context = {authority, args, now_ms, 0};
    bool done = effect->apply(effect, &context, err);

    *affected = done ? context.affected : 0;
    return done;
}

/* ---- reading the arguments ---- */

static bool split_user(struct im_json_reader *r, const struct im_json *value, void *into)
{
    struct im_effect_args *args = into;
    struct im_account account = im_account_read(args->user);

    args->user = account.user;
    args->company = account.company;
    return im_account_is_user(&account) || im_json_wrong(r, value, "\"USER@COMPANY\"");
}

#define ARG(member) IM_READ_TEXT, IM_READ_INTO(struct im_effect_args, member)

static const struct im_json_row arguments[] = {
    {"do", IM_READ_WORD, IM_READ_REQUIRED, .names = &im_effect_names},
    {"client_id", ARG(client_id)},
    {"user", ARG(user), .check = split_user, .wanted = "\"USER@COMPANY\"",
     .about = "USER@COMPANY"},
    {"company", ARG(company)},
    {"token", ARG(token), .about = "a token's text"},
    {"role", ARG(role)},
    {"permission", ARG(permission), .about = "OBJECT or OBJECT:ACTION"},
    {"module", ARG(module)},
    {"entity", ARG(entity)},
    {"value", ARG(value), .about = "the new password or client secret"},
    {"by", IM_READ_DURATION, IM_READ_INTO(struct im_effect_args, by_ms)},
    {"redirect_uri", ARG(redirect_uri)},
};
enum { ARGUMENTS = sizeof(arguments) / sizeof(arguments[0]) };

const struct im_json_table im_effect_table = {.name = "Change",
                                              IM_READ_ROWS(arguments),
                                              .size = sizeof(struct im_effect_args),
                                              .about = "a change of the world"};

const char *im_effect_arg_name(size_t index)
{
    return index + 1 < ARGUMENTS ? arguments[index + 1].name : NULL;
}

bool im_effect_check(struct im_json_reader *r, const struct im_effect *effect,
                     const struct im_json *object, unsigned known)
{
    /* the rows stand in the order of im_effect_arg's bits, behind "do" */
    for (size_t i = 1; i < ARGUMENTS; i++) {
        unsigned arg = 1U << (i - 1);
        const struct im_json *given = im_json_get(object, arguments[i].name);
        if (given && !((effect->needs | effect->takes) & arg))
            return im_json_fault(r, given, "%s does not take \"%s\"", effect->name,
                                 arguments[i].name);
        if (!given && (effect->needs & ~known & arg))
            return im_json_lacks(r, object, effect->name, arguments[i].name);
    }
    return true;
}

void im_effect_complete(const struct im_effect *effect, const struct im_exchange *asked,
                        struct im_effect_args *args)
{
    struct im_str user = asked->user.len ? asked->user : IM_STR("ws_user@acme");
    struct im_str client = asked->client_id.len ? asked->client_id : IM_STR("demo");
    struct im_account known = im_account_read(user);

    if (!args->user.len && (effect->needs & IM_ARG_USER)) {
        args->user = known.user;
        args->company = known.company;
    }
    if (!args->company.len && (effect->needs & IM_ARG_COMPANY))
        args->company = known.company.len ? known.company : IM_STR("acme");
    if (!args->client_id.len && (effect->needs & IM_ARG_CLIENT))
        args->client_id = client;
    /* only the request's own grant: another client in the same sandbox keeps its tokens */
    if ((effect->takes & IM_ARG_TOKEN) && !args->token.len && !args->client_id.len &&
        !args->user.len)
        args->grant = asked->grant_id;
}
