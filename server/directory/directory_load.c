/* JSON → companies, users, roles, clients. One table per kind says which fields there
 * are; the rest of the file says what a new thing starts with, and loads. */
#include <stddef.h>
#include <string.h>

#include "directory/directory_world.h"

/* ---- what may be said ---- */

#define MEMBER(kind, flags, type, member)                                                \
    {                                                                                    \
#member, IM_READ_##kind, flags, IM_READ_INTO(struct type, member)                \
    }
#define TEXT(type, member)   MEMBER(TEXT, IM_READ_EMPTY, type, member)
#define BOOL(type, member)   MEMBER(BOOL, 0, type, member)
#define LIST(type, member)   MEMBER(LIST, IM_READ_EMPTY, type, member)
#define NEEDED(type, member) MEMBER(TEXT, IM_READ_REQUIRED, type, member)

static const struct im_json_row role_rows[] = {
    NEEDED(im_role, name),
    LIST(im_role, permissions),
};
static const struct im_json_row client_rows[] = {
    NEEDED(im_client, id),        TEXT(im_client, name),          TEXT(im_client, secret),
    LIST(im_client, old_secrets), LIST(im_client, redirect_uris), LIST(im_client, scopes),
    LIST(im_client, grants),      TEXT(im_client, sender_id),     BOOL(im_client, active),
    BOOL(im_client, production),
};
static const struct im_json_row company_rows[] = {
    NEEDED(im_company, id),     TEXT(im_company, key),
    TEXT(im_company, title),    BOOL(im_company, production),
    BOOL(im_company, active),   BOOL(im_company, web_services),
    LIST(im_company, entities), LIST(im_company, modules),
    LIST(im_company, clients),  LIST(im_company, senders),
};
static const struct im_json_row user_rows[] = {
    NEEDED(im_user, id),      NEEDED(im_user, company),
    TEXT(im_user, key),       TEXT(im_user, name),
    TEXT(im_user, password),  BOOL(im_user, web_services),
    BOOL(im_user, admin),     BOOL(im_user, active),
    BOOL(im_user, locked),    BOOL(im_user, password_expired),
    BOOL(im_user, top_level), LIST(im_user, entities),
    LIST(im_user, roles),
};

static const struct im_json_table kinds[IM_COLLECTIONS] = {
    [IM_ROLES] = {.where = "roles",
                  IM_READ_ROWS(role_rows),
                  .size = sizeof(struct im_role)},
    [IM_CLIENTS] = {.where = "clients",
                    IM_READ_ROWS(client_rows),
                    .size = sizeof(struct im_client)},
    [IM_COMPANIES] = {.where = "companies",
                      IM_READ_ROWS(company_rows),
                      .size = sizeof(struct im_company)},
    [IM_USERS] = {.where = "users",
                  IM_READ_ROWS(user_rows),
                  .size = sizeof(struct im_user)},
};

static const struct im_json_row collections[IM_COLLECTIONS] = {
    [IM_ROLES] = {"roles", IM_READ_LIST, .table = &kinds[IM_ROLES], .max = IM_ROLES_MAX},
    [IM_CLIENTS] = {"clients", IM_READ_LIST, .table = &kinds[IM_CLIENTS],
                    .max = IM_CLIENTS_MAX},
    [IM_COMPANIES] = {"companies", IM_READ_LIST, .table = &kinds[IM_COMPANIES],
                      .max = IM_COMPANIES_MAX},
    [IM_USERS] = {"users", IM_READ_LIST, .table = &kinds[IM_USERS], .max = IM_USERS_MAX},
};
const struct im_json_table im_directory_part = {IM_READ_ROWS(collections)};

/* ---- what is new, and what it starts with ----
 * Whatever a world does not say works: a scenario then names only what it is about. */

static void *world_find(const struct im_world *world, enum im_collection_kind which,
                        const struct im_json *thing)
{
    struct im_str id = im_json_get_str(thing, kinds[which].rows[0].name);

    switch (which) {
    case IM_ROLES: return im_world_role(world, id);
    case IM_CLIENTS: return im_world_client(world, id);
    case IM_COMPANIES: return im_world_company(world, id);
    default: return im_world_user(world, im_json_get_str(thing, "company"), id);
    }
}

/* Redirect URIs, scopes and grants of the sample client: nothing to list for a test that
 * only needs another id. */
static void client_defaults(struct im_loading *load, struct im_client *client)
{
    const struct im_client *like = im_world_client(load->world, IM_STR("demo"));

    if (like)
        *client = (struct im_client){.redirect_uris = like->redirect_uris,
                                     .scopes = like->scopes,
                                     .grants = like->grants};
    client->sender_id = IM_STR("demo-sender");
    client->active = client->production = true;
}

static void company_defaults(struct im_loading *load, struct im_company *company,
                             size_t index)
{
    static const struct im_str modules[] = {
        IM_STR_INIT("accounts-payable"),  IM_STR_INIT("accounts-receivable"),
        IM_STR_INIT("general-ledger"),    IM_STR_INIT("cash-management"),
        IM_STR_INIT("purchasing"),        IM_STR_INIT("order-entry"),
        IM_STR_INIT("company-config"),    IM_STR_INIT("projects"),
        IM_STR_INIT("inventory-control"),
    };

    company->modules = (struct im_list){modules, sizeof(modules) / sizeof(modules[0])};
    /* by its place, so that the same world gives the same keys */
    company->key = im_arena_format(load->arena, "%zu", 100001 + index);
    company->production = company->active = company->web_services = true;
}

static void user_defaults(struct im_loading *load, struct im_user *user, size_t index)
{
    static const struct im_str roles[] = {IM_STR_INIT("all")};

    user->roles = (struct im_list){roles, 1};
    /* as the built-in ones, of which the first is 444; by its place, as a company's */
    user->key = im_arena_format(load->arena, "%zu", 444 + index);
    user->password = IM_STR("secret");
    user->active = user->top_level = true;
}

/* A new thing at the end of its collection, which has room for it. */
static void *thing_add(struct im_loading *load, enum im_collection_kind which)
{
    struct im_collection *collection = &load->world->collection[which];
    size_t index = collection->count++;
    void *thing = (unsigned char *)collection->items + index * kinds[which].size;

    if (which == IM_CLIENTS)
        client_defaults(load, thing);
    else if (which == IM_COMPANIES)
        company_defaults(load, thing, index);
    else if (which == IM_USERS)
        user_defaults(load, thing, index);
    return thing;
}

/* The name of a company or user that the world does not name. */
static void thing_name_after_id(enum im_collection_kind which, void *thing)
{
    struct im_company *company = thing;
    struct im_user *user = thing;

    if (which == IM_COMPANIES && !company->title.len)
        company->title = company->id;
    if (which == IM_USERS && !user->name.len)
        user->name = user->id;
}

/* Reads the thing load->at, which may exist already: then only what is named of it changes, so that a
 * scenario can lock a built-in user in one line. Without an id none is found, a new one
 * is added, and reading then finds the fault. */
static bool thing_load(struct im_loading *load, enum im_collection_kind which)
{
    const struct im_json *json = load->at;
    struct im_json_fault fault = {.at = NULL};
    struct im_json_reader r = {.arena = load->arena, .faults = &fault, .room = 1};
    void *thing = world_find(load->world, which, json);

    if (!thing)
        thing = thing_add(load, which);
    if (!im_json_read(&r, &kinds[which], json, thing)) {
        load->at = fault.at;
        *load->err = fault.err;
        return false;
    }
    thing_name_after_id(which, thing);
    return true;
}

/* ---- the load ---- */

/* A copy of the collection with room for `more`: requests must not see part of a load. */
static bool collection_copy(struct im_loading *load, enum im_collection_kind which,
                            size_t more)
{
    struct im_collection *collection = &load->world->collection[which];
    size_t size = kinds[which].size;
    void *items = im_arena_array(load->arena, size, collection->count + more);

    if (!items)
        return im_error_no_memory(load->err, "loading the world");
    if (collection->count)
        memcpy(items, collection->items, collection->count * size);
    load->known[which] =
        collection->count; /* so that im_loading_introduce knows what is new */
    collection->items = items;
    return true;
}

static bool collection_each(struct im_loading *load, enum im_collection_kind which,
                            bool checking)
{
    const struct im_json *array = im_json_get(load->json, collections[which].name);
    const struct im_json *thing = array ? array->first : NULL;
    bool sound = true;

    for (; sound && thing; thing = thing->next) {
        load->at = thing;
        sound = checking ? im_loading_check(load, which, thing) : thing_load(load, which);
    }
    return sound;
}

static bool collection_load(struct im_loading *load, enum im_collection_kind which)
{
    const struct im_json *array = im_json_get(load->json, collections[which].name);

    load->at = array;
    if (array && array->type != IM_JSON_ARRAY)
        return im_error_set(load->err, "\"%s\" must be a list of objects, not %s",
                            collections[which].name, im_json_type_name(array->type));
    return collection_copy(load, which, array ? array->count : 0) &&
           collection_each(load, which, false);
}

/* All is read before anything is checked: users may name companies that come after them. */
bool im_world_load(struct im_loading *load)
{
    bool sound = true;

    for (unsigned which = 0; sound && which < IM_COLLECTIONS; which++)
        sound = collection_load(load, which);
    for (unsigned which = 0; sound && which < IM_COLLECTIONS; which++)
        sound = collection_each(load, which, true);
    return sound && im_loading_introduce(load);
}
