/* The directory itself: look-ups under its lock, lists, loading as a whole or not at all, and what roles
 * permit. Linear search throughout: a world has a few dozen entries, and the bounds of directory.h keep
 * the largest one searchable. What is handed out is a copy of the struct: its texts and lists stay as
 * long as the directory, but a change replaces them in the original. */
#include "directory/directory.h"

#include <stdlib.h>

#include "directory/directory_world.h"

/* ---- lists ---- */

bool im_list_has(struct im_list list, struct im_str word)
{
    for (size_t i = 0; i < list.count; i++)
        if (im_str_eq(list.items[i], word))
            return true;
    return false;
}

bool im_list_has_nocase(struct im_list list, struct im_str word)
{
    for (size_t i = 0; i < list.count; i++)
        if (im_str_eq_nocase(list.items[i], word))
            return true;
    return false;
}

/* Always a new array: requests may still read the old one (see directory.h). */
bool im_list_add(struct im_arena *arena, struct im_list *list, struct im_str word)
{
    if (im_list_has(*list, word))
        return true;

    struct im_str copy = im_arena_copy(arena, word);
    struct im_str *items = IM_ARENA_ARRAY(arena, struct im_str, list->count + 1);
    if (!items || !copy.at)
        return false;
    for (size_t i = 0; i < list->count; i++)
        items[i] = list->items[i];
    items[list->count] = copy;
    *list = (struct im_list){items, list->count + 1};
    return true;
}

bool im_list_remove(struct im_arena *arena, struct im_list *list, struct im_str word)
{
    struct im_str *items = IM_ARENA_ARRAY(arena, struct im_str, list->count);
    size_t kept = 0;

    if (!items)
        return false;
    for (size_t i = 0; i < list->count; i++)
        if (!im_str_eq(list->items[i], word))
            items[kept++] = list->items[i];
    *list = (struct im_list){items, kept};
    return true;
}

/* ---- look-ups; the caller holds the lock ---- */

struct im_role *im_world_role(const struct im_world *world, struct im_str name)
{
    struct im_role *roles = world->collection[IM_ROLES].items;

    for (size_t i = 0; i < world->collection[IM_ROLES].count; i++)
        if (im_str_eq(roles[i].name, name))
            return &roles[i];
    return NULL;
}

struct im_client *im_world_client(const struct im_world *world, struct im_str id)
{
    struct im_client *clients = world->collection[IM_CLIENTS].items;

    for (size_t i = 0; i < world->collection[IM_CLIENTS].count; i++)
        if (im_str_eq(clients[i].id, id))
            return &clients[i];
    return NULL;
}

struct im_company *im_world_company(const struct im_world *world, struct im_str id)
{
    struct im_company *companies = world->collection[IM_COMPANIES].items;

    for (size_t i = 0; i < world->collection[IM_COMPANIES].count; i++)
        if (im_str_eq(companies[i].id, id))
            return &companies[i];
    return NULL;
}

struct im_user *im_world_user(const struct im_world *world, struct im_str company,
                              struct im_str id)
{
    struct im_user *users = world->collection[IM_USERS].items;

    for (size_t i = 0; i < world->collection[IM_USERS].count; i++)
        if (im_str_eq(users[i].id, id) && im_str_eq(users[i].company, company))
            return &users[i];
    return NULL;
}

/* ---- the directory ---- */

/* At once, not tried before as other worlds are: on a failure the directory goes with it. */
static bool builtin_load(struct im_directory *directory, const char *text,
                         struct im_error *err)
{
    struct im_arena scratch;
    struct im_json_error where = {.what = "out of memory", .no_memory = true};
    struct im_loading load = {
        .err = err, .world = &directory->world, .arena = &directory->arena};

    im_arena_init(&scratch, 0);
    load.json = im_json_parse(&scratch, im_str(text), &where);
    bool loaded = load.json ? im_world_load(&load)
                            : im_json_error_as(err, &where, "reading the built-in world");
    im_arena_release(&scratch);
    return loaded;
}

struct im_directory *im_directory_new(struct im_error *err)
{
    struct im_directory *directory = calloc(1, sizeof(*directory));
    bool loaded = true;

    if (!directory) {
        im_error_no_memory(err, "making the directory");
        return NULL;
    }
    pthread_mutex_init(&directory->lock, NULL);
    im_arena_init(&directory->arena, 0);
    for (size_t i = 0; loaded && im_builtin_world[i]; i++)
        loaded = builtin_load(directory, im_builtin_world[i], err);
    if (loaded)
        return directory;
    im_directory_free(directory);
    return NULL;
}

void im_directory_free(struct im_directory *directory)
{
    if (!directory)
        return;
    im_arena_release(&directory->arena);
    pthread_mutex_destroy(&directory->lock);
    free(directory);
}

/* ---- what of it is secret ---- */

/* All secrets, in an array of the arena; NULL when memory is short. */
static struct im_str *secrets_copy_locked(const struct im_world *world,
                                          struct im_arena *arena, size_t *count)
{
    const struct im_client *clients = world->collection[IM_CLIENTS].items;
    const struct im_user *users = world->collection[IM_USERS].items;
    size_t n_clients = world->collection[IM_CLIENTS].count;
    size_t n_users = world->collection[IM_USERS].count, room = n_users + 1;

    for (size_t i = 0; i < n_clients; i++)
        room += 1 + clients[i].old_secrets.count;
    struct im_str *secrets = IM_ARENA_ARRAY(arena, struct im_str, room);
    *count = 0;
    if (!secrets)
        return NULL;
    for (size_t i = 0; i < n_clients; i++) {
        secrets[(*count)++] = clients[i].secret;
        for (size_t old = 0; old < clients[i].old_secrets.count; old++)
            secrets[(*count)++] = clients[i].old_secrets.items[old];
    }
    for (size_t i = 0; i < n_users; i++)
        secrets[(*count)++] = users[i].password;
    return secrets;
}

/* Added to the set outside of the lock, since the set has a lock of its own. The texts may
 * be used there: texts of the directory stay as long as it lives. */
bool im_directory_tell_secrets(struct im_directory *directory, struct im_secrets *secrets)
{
    struct im_arena scratch;
    size_t count;

    im_arena_init(&scratch, 0);
    pthread_mutex_lock(&directory->lock);
    directory->secrets = secrets;
    struct im_str *values = secrets_copy_locked(&directory->world, &scratch, &count);
    pthread_mutex_unlock(&directory->lock);
    bool added = values;
    for (size_t i = 0; added && i < count; i++)
        added = im_secrets_add(secrets, values[i]);
    im_arena_release(&scratch);
    return added;
}

struct im_secrets *im_directory_secrets(struct im_directory *directory)
{
    return directory->secrets;
}

/* Loaded into memory of its own first: a world with a mistake in it then leaves nothing in
 * the arena, which only grows. The second load cannot find a mistake, so the directory
 * changes as a whole or not at all. */
static bool world_load(struct im_directory *directory, struct im_loading *load)
{
    struct im_arena scratch;

    pthread_mutex_lock(&directory->lock);
    struct im_world next = directory->world;
    im_arena_init(&scratch, 0);
    /* cppcheck-suppress autoVariables ; unused after this */
    load->world = &next;
    /* cppcheck-suppress autoVariables ; replaced or unused after this */
    load->arena = &scratch;
    bool loaded = im_world_load(load) && (!load->all || load->all->count == 0);
    if (loaded) {
        next = directory->world;
        load->arena = &directory->arena;
        loaded = im_world_load(load);
    }
    im_arena_release(&scratch);
    if (loaded)
        directory->world = next;
    pthread_mutex_unlock(&directory->lock);
    if (!loaded || !directory->secrets)
        return loaded;
    return im_directory_tell_secrets(directory, directory->secrets) ||
           im_error_no_memory(load->err, "keeping the secrets of the world");
}

bool im_directory_load(struct im_directory *directory, const struct im_json *world,
                       const struct im_json **at, struct im_error *err)
{
    struct im_loading load = {.json = world, .err = err};
    bool loaded = world_load(directory, &load);

    *at = load.at ? load.at : world;
    return loaded;
}

bool im_directory_try(struct im_directory *directory, const struct im_json *world,
                      struct im_json_reader *r)
{
    size_t before = r->count;
    struct im_json_reader all = *r;
    struct im_error err = {.text = ""};
    struct im_loading load = {.json = world, .err = &err, .all = &all};

    /* only what is found here decides: faults of other parts of the scenario stand before */
    all.faults += before;
    all.room -= before;
    all.count = 0;
    if (!world_load(directory, &load) && all.count == 0)
        im_json_fault_of(&all, load.at ? load.at : world, &err);
    r->count += all.count;
    return r->count == before;
}

bool im_directory_company(struct im_directory *directory, struct im_str id,
                          struct im_company *out)
{
    pthread_mutex_lock(&directory->lock);
    const struct im_company *found = im_world_company(&directory->world, id);
    if (found)
        *out = *found;
    pthread_mutex_unlock(&directory->lock);
    return found;
}

bool im_directory_user(struct im_directory *directory, struct im_str company,
                       struct im_str id, struct im_user *out)
{
    pthread_mutex_lock(&directory->lock);
    const struct im_user *found = im_world_user(&directory->world, company, id);
    if (found)
        *out = *found;
    pthread_mutex_unlock(&directory->lock);
    return found;
}

/* One lock for all three, so that no change comes between two of the look-ups. */
void im_directory_principal(struct im_directory *directory, struct im_str client_id,
                            struct im_str company, struct im_str user,
                            struct im_principal *out)
{
    pthread_mutex_lock(&directory->lock);
    const struct im_world *world = &directory->world;
    const struct im_client *client =
        client_id.len ? im_world_client(world, client_id) : NULL;
    const struct im_company *its_company = im_world_company(world, company);
    const struct im_user *its_user = im_world_user(world, company, user);
    if (client_id.len) /* else the caller has the client already, as it authenticated */
        out->client = client ? *client : (struct im_client){.active = false};
    /* what is not there has an empty id and is inactive: callers look at the id first */
    out->company = its_company ? *its_company : (struct im_company){.active = false};
    out->user = its_user ? *its_user : (struct im_user){.active = false};
    pthread_mutex_unlock(&directory->lock);
}

/* For evidence alone: ids are case-sensitive, and no request is answered by this. */
bool im_directory_user_nocase(struct im_directory *directory, struct im_str company,
                              struct im_str id, struct im_user *out)
{
    bool found = false;

    pthread_mutex_lock(&directory->lock);
    const struct im_user *users = directory->world.collection[IM_USERS].items;
    for (size_t i = 0; i < directory->world.collection[IM_USERS].count && !found; i++) {
        found = im_str_eq_nocase(users[i].id, id) &&
                im_str_eq_nocase(users[i].company, company);
        if (found)
            *out = users[i];
    }
    pthread_mutex_unlock(&directory->lock);
    return found;
}

bool im_directory_client(struct im_directory *directory, struct im_str id,
                         struct im_client *out)
{
    pthread_mutex_lock(&directory->lock);
    const struct im_client *found = im_world_client(&directory->world, id);
    if (found)
        *out = *found;
    pthread_mutex_unlock(&directory->lock);
    return found;
}

/* ---- permissions ---- */

const char *im_action_name(enum im_action action)
{
    static const char *const names[] = {"read", "create", "update", "delete"};
    return names[action];
}

bool im_action_known(struct im_str word)
{
    for (unsigned action = IM_ACTION_READ; action <= IM_ACTION_DELETE; action++)
        if (im_str_is(word, im_action_name(action)))
            return true;
    return im_str_is(word, "*");
}

/* The glob ends at the last ':'; custom objects have colons in their names. */
static size_t actions_at(struct im_str permission)
{
    size_t at = permission.len;

    while (at && permission.at[at - 1] != ':')
        at--;
    return at;
}

bool im_permission_names(struct im_str permission, struct im_str object)
{
    size_t at = actions_at(permission);

    return at && im_str_glob(im_str_slice(permission, 0, at - 1), object);
}

bool im_permission_allows(struct im_str permission, enum im_action action)
{
    struct im_str rest = im_str_slice(permission, actions_at(permission), permission.len);

    while (rest.len) {
        struct im_str word = im_str_cut(&rest, ',');
        if (im_str_is(word, "*") || im_str_is(word, im_action_name(action)))
            return true;
    }
    return false;
}

/* What a test took away from a role is kept beside what it has, since both are globs: a
 * part of a glob cannot be cut out of it. */
static bool role_denies(const struct im_role *role, struct im_str object,
                        enum im_action action)
{
    for (size_t i = 0; i < role->denied.count; i++)
        if (im_permission_names(role->denied.items[i], object) &&
            im_permission_allows(role->denied.items[i], action))
            return true;
    return false;
}

/* Which actions this role allows on the object: one bit each. */
static unsigned role_allows(const struct im_role *role, struct im_str object)
{
    unsigned actions = 0;

    for (size_t i = 0; i < role->permissions.count; i++) {
        if (!im_permission_names(role->permissions.items[i], object))
            continue;
        for (unsigned action = IM_ACTION_READ; action <= IM_ACTION_DELETE; action++)
            if (im_permission_allows(role->permissions.items[i], action) &&
                !role_denies(role, object, action))
                actions |= 1U << action;
    }
    return actions;
}

enum im_permit im_directory_permit(struct im_directory *directory,
                                   const struct im_user *user, struct im_str object,
                                   enum im_action action)
{
    unsigned actions = 0;

    if (!user->roles.count)
        return IM_PERMIT_NO_ROLE;
    pthread_mutex_lock(&directory->lock);
    for (size_t i = 0; i < user->roles.count; i++) {
        const struct im_role *role =
            im_world_role(&directory->world, user->roles.items[i]);
        actions |= role ? role_allows(role, object) : 0;
    }
    pthread_mutex_unlock(&directory->lock);
    /* an object of which a role allows nothing does not exist for the user: another cause */
    if (!actions)
        return IM_PERMIT_NO_OBJECT;
    return actions & 1U << action ? IM_PERMIT_YES : IM_PERMIT_NO_ACTION;
}
