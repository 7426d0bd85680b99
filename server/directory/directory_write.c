/* Who exists now, as JSON, for people who look for the reason of a refusal. Members have the
 * names that they have in a world, so that parts can be copied into a scenario. Passwords are
 * left out; secrets are fingerprints, which can be compared with those in evidence. */
#include "base/crypto.h"
#include "directory/directory_world.h"

static void write_texts(struct im_json_out *out, const char *name, struct im_list list)
{
    im_json_open_array(out, name);
    for (size_t i = 0; i < list.count; i++)
        im_json_str(out, NULL, list.items[i]);
    im_json_close_array(out);
}

static void write_company(struct im_json_out *out, const struct im_company *company)
{
    im_json_str(out, "id", company->id);
    im_json_str(out, "key", company->key);
    im_json_str(out, "title", company->title);
    im_json_bool(out, "production", company->production);
    im_json_bool(out, "active", company->active);
    im_json_bool(out, "web_services", company->web_services);
    write_texts(out, "entities", company->entities);
    write_texts(out, "modules", company->modules);
    write_texts(out, "clients", company->clients);
    write_texts(out, "senders", company->senders);
}

static void write_user(struct im_json_out *out, const struct im_user *user)
{
    im_json_str(out, "id", user->id);
    im_json_str(out, "company", user->company);
    im_json_str(out, "key", user->key);
    im_json_str(out, "name", user->name);
    im_json_bool(out, "web_services", user->web_services);
    im_json_bool(out, "admin", user->admin);
    im_json_bool(out, "active", user->active);
    im_json_bool(out, "locked", user->locked);
    im_json_bool(out, "password_expired", user->password_expired);
    im_json_bool(out, "top_level", user->top_level);
    write_texts(out, "entities", user->entities);
    write_texts(out, "roles", user->roles);
}

static void write_role(struct im_json_out *out, const struct im_role *role)
{
    im_json_str(out, "name", role->name);
    write_texts(out, "permissions", role->permissions);
    /* beside them, not taken out of them: both are globs (directory.c) */
    write_texts(out, "denied", role->denied);
}

static void write_client(struct im_json_out *out, const struct im_secrets *secrets,
                         const struct im_client *client)
{
    struct im_arena *arena = out->buf->arena;

    im_json_str(out, "id", client->id);
    im_json_str(out, "name", client->name);
    if (client->secret.len)
        im_json_str(out, "secret_fingerprint",
                    im_fingerprint(secrets, arena, client->secret));
    im_json_open_array(out, "old_secret_fingerprints");
    for (size_t i = 0; i < client->old_secrets.count; i++)
        im_json_str(out, NULL,
                    im_fingerprint(secrets, arena, client->old_secrets.items[i]));
    im_json_close_array(out);
    im_json_str(out, "sender_id", client->sender_id);
    im_json_bool(out, "active", client->active);
    im_json_bool(out, "production", client->production);
    write_texts(out, "grants", client->grants);
    write_texts(out, "redirect_uris", client->redirect_uris);
    write_texts(out, "scopes", client->scopes);
}

static void write_thing(const struct im_directory *directory, struct im_json_out *out,
                        enum im_collection_kind which, size_t i)
{
    const void *items = directory->world.collection[which].items;

    im_json_open_object(out, NULL);
    switch (which) {
    case IM_COMPANIES: write_company(out, (const struct im_company *)items + i); break;
    case IM_USERS: write_user(out, (const struct im_user *)items + i); break;
    case IM_ROLES: write_role(out, (const struct im_role *)items + i); break;
    default:
        write_client(out, directory->secrets, (const struct im_client *)items + i);
        break;
    }
    im_json_close_object(out);
}

void im_directory_write(struct im_directory *directory, struct im_json_out *out)
{
    static const struct {
        enum im_collection_kind which;
        const char *name;
    } parts[] = {{IM_COMPANIES, "companies"},
                 {IM_USERS, "users"},
                 {IM_ROLES, "roles"},
                 {IM_CLIENTS, "clients"}};

    /* all under one lock, so that the parts fit together; what is written is text in memory */
    pthread_mutex_lock(&directory->lock);
    for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++) {
        const struct im_collection *all = &directory->world.collection[parts[p].which];
        im_json_open_array(out, parts[p].name);
        for (size_t i = 0; i < all->count; i++)
            write_thing(directory, out, parts[p].which, i);
        im_json_close_array(out);
    }
    pthread_mutex_unlock(&directory->lock);
}

/* Web Services users are for programs: no person signs in as one. */
struct im_user *im_directory_people(struct im_directory *directory,
                                    struct im_arena *arena, size_t *count)
{
    pthread_mutex_lock(&directory->lock);
    const struct im_collection *all = &directory->world.collection[IM_USERS];
    const struct im_user *items = all->items;
    struct im_user *copy = IM_ARENA_ARRAY(arena, struct im_user, all->count);

    *count = 0;
    for (size_t i = 0; copy && i < all->count; i++)
        if (!items[i].web_services)
            copy[(*count)++] = items[i];
    pthread_mutex_unlock(&directory->lock);
    return copy;
}

struct im_company *im_directory_companies(struct im_directory *directory,
                                          struct im_arena *arena, size_t *count)
{
    pthread_mutex_lock(&directory->lock);
    const struct im_collection *all = &directory->world.collection[IM_COMPANIES];
    const struct im_company *items = all->items;
    struct im_company *copy = IM_ARENA_ARRAY(arena, struct im_company, all->count);

    *count = copy ? all->count : 0;
    for (size_t i = 0; i < *count; i++)
        copy[i] = items[i];
    pthread_mutex_unlock(&directory->lock);
    return copy;
}
