/* The ways in which the directory changes while a test runs. One row per change: what it
 * needs, and the few lines that do it. A change alters what the ordinary checks judge; no
 * check knows that a test did it. Lists are replaced, never altered: a request may still
 * read the old. */
#include "directory/directory_world.h"
#include "http/callback.h"
#include "objects/objects.h"

enum need { COMPANY = 1, USER = 2, CLIENT = 4, VALUE = 8 };

/* What a change works on; NULL unless the change needs it. */
struct subject {
    struct im_world *world;
    struct im_arena *arena;
    struct im_company *company;
    struct im_user *user;
    struct im_client *client;
    struct im_str value;
};

static bool deactivate_client(struct subject *on)
{
    on->client->active = false;
    return true;
}

static bool deactivate_user(struct subject *on)
{
    on->user->active = false;
    return true;
}

static bool deactivate_company(struct subject *on)
{
    on->company->active = false;
    return true;
}

static bool lock_user(struct subject *on)
{
    on->user->locked = true;
    return true;
}

static bool expire_password(struct subject *on)
{
    on->user->password_expired = true;
    return true;
}

static bool change_password(struct subject *on)
{
    struct im_str password = im_arena_copy(on->arena, on->value);

    if (!password.at)
        return false;
    on->user->password = password;
    on->user->password_expired =
        false; /* changing it is how an expired one is put right */
    return true;
}

/* Kept so that a client which sends one is refused as client-secret-rotated, not as -wrong. */
enum { OLD_SECRETS_MAX = 16 };

static bool change_secret(struct subject *on)
{
    struct im_str secret = im_arena_copy(on->arena, on->value);
    struct im_list *old = &on->client->old_secrets;

    if (!secret.at)
        return false;
    if (old->count >= OLD_SECRETS_MAX) /* the newest are what a client may still send */
        *old = (struct im_list){old->items + 1, old->count - 1};
    if (on->client->secret.len &&
        !im_list_add(on->arena, &on->client->old_secrets, on->client->secret))
        return false;
    on->client->secret = secret;
    return true;
}

/* No role named: all of them, so that the user has none (permission-role-missing). */
static bool remove_role(struct subject *on)
{
    if (on->value.len)
        return im_list_remove(on->arena, &on->user->roles, on->value);
    on->user->roles = (struct im_list){NULL, 0};
    return true;
}

/* Permissions are globs, so what is taken away is noted rather than cut out. It is taken
 * from the role, so other users of the role lose it too. */
static bool remove_permission(struct subject *on)
{
    struct im_str denied = on->value;
    bool done = true;

    if (!im_str_has(denied, ':'))
        denied = im_arena_format(on->arena, "%.*s:*", IM_ARG(denied));
    for (size_t i = 0; denied.len && i < on->user->roles.count; i++) {
        struct im_role *role = im_world_role(on->world, on->user->roles.items[i]);
        done = done && (!role || im_list_add(on->arena, &role->denied, denied));
    }
    return done && denied.len;
}

/* Both: with the top level left, the user could still see every entity's records from there. */
static bool restrict_to_entity(struct subject *on)
{
    struct im_list one = {NULL, 0};

    if (!im_list_add(on->arena, &one, on->value))
        return false;
    on->user->entities = one;
    on->user->top_level = false;
    return true;
}

static bool unsubscribe_module(struct subject *on)
{
    return im_list_remove(on->arena, &on->company->modules, on->value);
}

static bool web_services_off(struct subject *on)
{
    on->company->web_services = false;
    return true;
}

static bool withdraw_client(struct subject *on)
{
    return im_list_remove(on->arena, &on->company->clients, on->client->id);
}

/* An administrator's Accept covers the application and its sender id (documented). */
static bool authorize_client(struct subject *on)
{
    return im_list_add(on->arena, &on->company->clients, on->client->id) &&
           (!on->client->sender_id.len ||
            im_list_add(on->arena, &on->company->senders, on->client->sender_id));
}

/* The client stays authorized: two lists, two causes. */
static bool withdraw_sender(struct subject *on)
{
    return im_list_remove(on->arena, &on->company->senders, on->client->sender_id);
}

static bool add_redirect_uri(struct subject *on)
{
    return im_list_add(on->arena, &on->client->redirect_uris, on->value);
}

static const struct {
    const char *attempt; /* for errors */
    unsigned needs;
    bool (*apply)(struct subject *on);
} changes[] = {
    [IM_CHANGE_DEACTIVATE_CLIENT] = {"deactivating a client", CLIENT, deactivate_client},
    [IM_CHANGE_DEACTIVATE_USER] = {"deactivating a user", COMPANY | USER,
                                   deactivate_user},
    [IM_CHANGE_DEACTIVATE_COMPANY] = {"deactivating a company", COMPANY,
                                      deactivate_company},
    [IM_CHANGE_LOCK_USER] = {"locking a user", COMPANY | USER, lock_user},
    [IM_CHANGE_EXPIRE_PASSWORD] = {"expiring a password", COMPANY | USER,
                                   expire_password},
    [IM_CHANGE_PASSWORD] = {"changing a password", COMPANY | USER | VALUE,
                            change_password},
    [IM_CHANGE_CLIENT_SECRET] = {"changing a client's secret", CLIENT | VALUE,
                                 change_secret},
    [IM_CHANGE_REMOVE_ROLE] = {"removing a role", COMPANY | USER, remove_role},
    [IM_CHANGE_REMOVE_PERMISSION] = {"removing a permission", COMPANY | USER | VALUE,
                                     remove_permission},
    [IM_CHANGE_RESTRICT_TO_ENTITY] = {"restricting a user to an entity",
                                      COMPANY | USER | VALUE, restrict_to_entity},
    [IM_CHANGE_UNSUBSCRIBE_MODULE] = {"unsubscribing a module", COMPANY | VALUE,
                                      unsubscribe_module},
    [IM_CHANGE_WEB_SERVICES_OFF] = {"switching Web Services off", COMPANY,
                                    web_services_off},
    [IM_CHANGE_WITHDRAW_CLIENT] = {"withdrawing a client's authorization",
                                   COMPANY | CLIENT, withdraw_client},
    [IM_CHANGE_AUTHORIZE_CLIENT] = {"authorizing a client", COMPANY | CLIENT,
                                    authorize_client},
    [IM_CHANGE_WITHDRAW_SENDER] = {"withdrawing a sender's authorization",
                                   COMPANY | CLIENT, withdraw_sender},
    [IM_CHANGE_ADD_REDIRECT_URI] = {"registering a redirect URI", CLIENT | VALUE,
                                    add_redirect_uri},
};

static bool param_missing(unsigned needs, enum need what, const char *name,
                          struct im_str given, struct im_error *err)
{
    if (!(needs & what) || given.len)
        return false;
    im_error_set(err, "needs \"%s\"", name);
    return true;
}

static bool params_given(unsigned needs, const struct im_change_target *target,
                         struct im_error *err)
{
    return !param_missing(needs, COMPANY, "company", target->company, err) &&
           !param_missing(needs, USER, "user", target->user, err) &&
           !param_missing(needs, CLIENT, "client", target->client, err) &&
           !param_missing(needs, VALUE, "value", target->value, err);
}

static bool subject_find(struct subject *on, unsigned needs,
                         const struct im_change_target *target, struct im_error *err)
{
    on->company = im_world_company(on->world, target->company);
    on->user = im_world_user(on->world, target->company, target->user);
    on->client = im_world_client(on->world, target->client);
    if ((needs & COMPANY) && !on->company)
        return im_error_set(
            err, "there is no company \"%.*s\"%s", IM_ARG(target->company),
            im_world_hint(on->world, IM_COMPANIES, IM_STR(""), target->company).text);
    if ((needs & USER) && !on->user)
        return im_error_set(
            err, "company \"%.*s\" has no user \"%.*s\"%s", IM_ARG(target->company),
            IM_ARG(target->user),
            im_world_hint(on->world, IM_USERS, target->company, target->user).text);
    if ((needs & CLIENT) && !on->client)
        return im_error_set(
            err, "there is no client \"%.*s\"%s", IM_ARG(target->client),
            im_world_hint(on->world, IM_CLIENTS, IM_STR(""), target->client).text);
    return true;
}

/* ---- values ----
 * A value that does not exist would change nothing, and the test would prove nothing: it is
 * refused. */

static bool module_exists(struct im_str name)
{
    for (size_t i = 0; i < im_object_type_count(); i++)
        if (im_str_is(name, im_object_type_at(i)->module))
            return true;
    return false;
}

/* "OBJECT-GLOB" or "OBJECT-GLOB:ACTION" */
static bool permission_names_object(struct im_str text)
{
    struct im_str action = text;
    struct im_str object = im_str_cut(&action, ':');

    if (im_str_has(text, ':') && !im_action_known(action))
        return false;
    for (size_t i = 0; i < im_object_type_count(); i++)
        if (im_str_glob(object, im_str(im_object_type_at(i)->rest_name)))
            return true;
    return false;
}

static bool value_exists(const struct subject *on, enum im_change change,
                         struct im_error *err)
{
    if (change == IM_CHANGE_REMOVE_ROLE && on->value.len &&
        !im_world_role(on->world, on->value))
        return im_error_set(
            err, "there is no role \"%.*s\"%s", IM_ARG(on->value),
            im_world_hint(on->world, IM_ROLES, IM_STR(""), on->value).text);
    if (change == IM_CHANGE_UNSUBSCRIBE_MODULE && !module_exists(on->value))
        return im_error_set(
            err, "there is no module \"%.*s\"%s", IM_ARG(on->value),
            im_hint(on->value, on->company->modules.items, on->company->modules.count)
                .text);
    if (change == IM_CHANGE_RESTRICT_TO_ENTITY &&
        !im_list_has(on->company->entities, on->value))
        return im_error_set(err, "company \"%.*s\" has no entity \"%.*s\"%s",
                            IM_ARG(on->company->id), IM_ARG(on->value),
                            im_hint_or_all(on->value, on->company->entities.items,
                                           on->company->entities.count)
                                .text);
    if (change == IM_CHANGE_REMOVE_PERMISSION && !permission_names_object(on->value))
        return im_error_set(err,
                            "\"%.*s\" is no permission; write OBJECT or OBJECT:ACTION, "
                            "such as accounts-payable/vendor:create",
                            IM_ARG(on->value));
    const char *flaw =
        change == IM_CHANGE_ADD_REDIRECT_URI ? im_redirect_uri_flaw(on->value) : NULL;
    return !flaw || im_error_set(err, "\"%.*s\": %s", IM_ARG(on->value), flaw);
}

bool im_directory_change(struct im_directory *directory, enum im_change change,
                         const struct im_change_target *target, struct im_error *err)
{
    struct im_error reason = {.text = "out of memory", .kind = IM_ERROR_INTERNAL};
    struct subject on = {
        .world = &directory->world, .arena = &directory->arena, .value = target->value};
    unsigned needs = changes[change].needs;
    bool secret = change == IM_CHANGE_PASSWORD || change == IM_CHANGE_CLIENT_SECRET;

    /* before the change, so that no exchange shows a new secret in clear */
    if (secret && directory->secrets &&
        !im_secrets_add(directory->secrets, target->value))
        return im_error_no_memory(err, "%s", changes[change].attempt);
    /* checking and changing is one step: nothing can go in between */
    pthread_mutex_lock(&directory->lock);
    bool done = params_given(needs, target, &reason) &&
                subject_find(&on, needs, target, &reason) &&
                value_exists(&on, change, &reason) && changes[change].apply(&on);
    pthread_mutex_unlock(&directory->lock);
    return done || im_error_because(err, &reason, "%s", changes[change].attempt);
}
