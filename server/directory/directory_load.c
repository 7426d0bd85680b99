/* JSON → companies, users, roles, clients. One table per kind says which fields there
 * are; the rest of the file is about who starts with what, and who must exist for
 * whom. */
#include <stddef.h>
#include <string.h>

#include "directory/directory_world.h"

enum field_type { TEXT, BOOL, LIST };

struct field {
    const char *name;
    enum field_type type;
    size_t offset;
};

#define FIELD(type, kind, member)                                                        \
    {                                                                                    \
#member, kind, offsetof(struct type, member)                                     \
    }
#define FIELDS(table) table, sizeof(table) / sizeof((table)[0])

static const struct field role_fields[] = {
    FIELD(im_role, TEXT, name),
    FIELD(im_role, LIST, permissions),
};
static const struct field client_fields[] = {
    FIELD(im_client, TEXT, id),          FIELD(im_client, TEXT, secret),
    FIELD(im_client, LIST, old_secrets), FIELD(im_client, LIST, redirect_uris),
    FIELD(im_client, LIST, scopes),      FIELD(im_client, LIST, grants),
    FIELD(im_client, TEXT, sender_id),   FIELD(im_client, BOOL, active),
    FIELD(im_client, BOOL, production),
};
static const struct field company_fields[] = {
    FIELD(im_company, TEXT, id),       FIELD(im_company, TEXT, key),
    FIELD(im_company, TEXT, title),    FIELD(im_company, BOOL, production),
    FIELD(im_company, BOOL, active),   FIELD(im_company, BOOL, web_services),
    FIELD(im_company, LIST, entities), FIELD(im_company, LIST, modules),
    FIELD(im_company, LIST, clients),  FIELD(im_company, LIST, senders),
};
static const struct field user_fields[] = {
    FIELD(im_user, TEXT, id),        FIELD(im_user, TEXT, key),
    FIELD(im_user, TEXT, company),   FIELD(im_user, TEXT, name),
    FIELD(im_user, TEXT, password),  FIELD(im_user, BOOL, web_services),
    FIELD(im_user, BOOL, admin),     FIELD(im_user, BOOL, active),
    FIELD(im_user, BOOL, locked),    FIELD(im_user, BOOL, password_expired),
    FIELD(im_user, BOOL, top_level), FIELD(im_user, LIST, entities),
    FIELD(im_user, LIST, roles),
};

struct kind {
    const char *plural, *id; /* members: of the world; of the thing, what names it */
    const struct field *fields;
    size_t field_count;
    size_t size;
};

static const struct kind kinds[IM_COLLECTIONS] = {
    [IM_ROLES] = {"roles", "name", FIELDS(role_fields), sizeof(struct im_role)},
    [IM_CLIENTS] = {"clients", "id", FIELDS(client_fields), sizeof(struct im_client)},
    [IM_COMPANIES] = {"companies", "id", FIELDS(company_fields),
                      sizeof(struct im_company)},
    [IM_USERS] = {"users", "id", FIELDS(user_fields), sizeof(struct im_user)},
};

bool im_directory_member(size_t collection, size_t index,
                         struct im_directory_member *member)
{
    static const char *const types[] = {
        [TEXT] = "string", [BOOL] = "boolean", [LIST] = "array"};

    if (collection >= IM_COLLECTIONS || index >= kinds[collection].field_count)
        return false;
    const struct field *field = &kinds[collection].fields[index];
    *member = (struct im_directory_member){kinds[collection].plural, kinds[collection].id,
                                           field->name, types[field->type]};
    return true;
}

static bool no_memory(struct im_loading *load)
{
    return im_error_set(load->err, "loading the world: out of memory");
}

/* ---- fields ---- */

static bool unknown_field(struct im_loading *load, const struct kind *kind)
{
    struct im_str names[16];

    for (size_t i = 0; i < kind->field_count; i++)
        names[i] = im_str(kind->fields[i].name);
    int near = im_str_nearest(load->at->name, names, kind->field_count);
    if (near < 0)
        return im_error_set(load->err, "%s: unknown field \"%.*s\"", kind->plural,
                            IM_ARG(im_str_slice(load->at->name, 0, 60)));
    return im_error_set(load->err, "%s: unknown field \"%.*s\"; did you mean \"%.*s\"?",
                        kind->plural, IM_ARG(im_str_slice(load->at->name, 0, 60)),
                        IM_ARG(names[near]));
}

static bool wrong_type(struct im_loading *load, const struct kind *kind,
                       const char *field, const char *wanted)
{
    return im_error_set(load->err, "%s: \"%s\" must be %s, not %s", kind->plural, field,
                        wanted, im_json_type_name(load->at->type));
}

static bool read_list(struct im_loading *load, const struct kind *kind,
                      const struct field *field, struct im_list *list)
{
    const struct im_json *array = load->at;
    struct im_str *items;
    size_t n = 0;

    if (array->type != IM_JSON_ARRAY)
        return wrong_type(load, kind, field->name, "a list of strings");
    items = IM_ARENA_ARRAY(load->arena, struct im_str, array->count);
    if (!items)
        return no_memory(load);
    for (const struct im_json *item = array->first; item; item = item->next) {
        load->at = item;
        if (item->type != IM_JSON_STRING)
            return wrong_type(load, kind, field->name, "a list of strings");
        items[n++] = im_arena_copy(load->arena, item->text);
    }
    *list = (struct im_list){items, n};
    return !load->arena->failed || no_memory(load);
}

static bool read_text(struct im_loading *load, const struct kind *kind,
                      const struct field *field, struct im_str *text)
{
    if (load->at->type != IM_JSON_STRING)
        return wrong_type(load, kind, field->name, "a string");
    *text = im_arena_copy(load->arena, load->at->text);
    return text->at || no_memory(load);
}

static const struct field *field_named(const struct kind *kind, struct im_str name)
{
    for (size_t i = 0; i < kind->field_count; i++)
        if (im_str_is(name, kind->fields[i].name))
            return &kind->fields[i];
    return NULL;
}

/* The member load->at goes into its place in the thing. */
static bool read_field(struct im_loading *load, const struct kind *kind,
                       unsigned char *thing)
{
    const struct field *field = field_named(kind, load->at->name);

    if (!field)
        return unknown_field(load, kind);
    void *place = thing + field->offset;
    if (field->type == TEXT)
        return read_text(load, kind, field, place);
    if (field->type == LIST)
        return read_list(load, kind, field, place);
    if (load->at->type != IM_JSON_BOOL)
        return wrong_type(load, kind, field->name, "true or false");
    memcpy(place, &load->at->boolean, sizeof(bool));
    return true;
}

/* ---- who is new, and what they start with ---- */

static void *find(const struct im_world *world, enum im_collection_kind which,
                  const struct im_json *thing)
{
    struct im_str id = im_json_get_str(thing, kinds[which].id);

    switch (which) {
    case IM_ROLES: return im_world_role(world, id);
    case IM_CLIENTS: return im_world_client(world, id);
    case IM_COMPANIES: return im_world_company(world, id);
    default: return im_world_user(world, im_json_get_str(thing, "company"), id);
    }
}

static void start_client(struct im_loading *load, struct im_client *client)
{
    const struct im_client *like = im_world_client(load->world, IM_STR("demo"));

    if (like)
        *client = (struct im_client){.redirect_uris = like->redirect_uris,
                                     .scopes = like->scopes,
                                     .grants = like->grants};
    client->sender_id = IM_STR("demo-sender");
    client->active = client->production = true;
}

static void start_company(struct im_loading *load, struct im_company *company,
                          size_t index)
{
    static const struct im_str modules[] = {
        IM_STR_INIT("accounts-payable"), IM_STR_INIT("accounts-receivable"),
        IM_STR_INIT("general-ledger"),   IM_STR_INIT("cash-management"),
        IM_STR_INIT("purchasing"),       IM_STR_INIT("order-entry"),
        IM_STR_INIT("company-config"),
    };

    company->modules = (struct im_list){modules, sizeof(modules) / sizeof(modules[0])};
    company->key = im_arena_format(load->arena, "%zu", 100001 + index);
    company->production = company->active = company->web_services = true;
}

static void start_user(struct im_loading *load, struct im_user *user, size_t index)
{
    static const struct im_str roles[] = {IM_STR_INIT("all")};

    user->roles = (struct im_list){roles, 1};
    user->key = im_arena_format(load->arena, "%zu", 444 + index);
    user->password = IM_STR("secret");
    user->active = user->top_level = true;
}

/* A new thing at the end of its collection, which has room for it. */
static void *start(struct im_loading *load, enum im_collection_kind which)
{
    struct im_collection *collection = &load->world->collection[which];
    size_t index = collection->count++;
    void *thing = (unsigned char *)collection->items + index * kinds[which].size;

    if (which == IM_CLIENTS)
        start_client(load, thing);
    else if (which == IM_COMPANIES)
        start_company(load, thing, index);
    else if (which == IM_USERS)
        start_user(load, thing, index);
    return thing;
}

/* What a company or user is called when nobody says. */
static void name_after_id(enum im_collection_kind which, void *thing)
{
    struct im_company *company = thing;
    struct im_user *user = thing;

    if (which == IM_COMPANIES && !company->title.len)
        company->title = company->id;
    if (which == IM_USERS && !user->name.len)
        user->name = user->id;
}

static bool load_thing(struct im_loading *load, enum im_collection_kind which)
{
    const struct kind *kind = &kinds[which];
    const struct im_json *json = load->at;

    if (json->type != IM_JSON_OBJECT)
        return wrong_type(load, kind, kind->plural, "a list of objects");
    if (!im_json_get_str(json, kind->id).len)
        return im_error_set(load->err,
                            "%s: each needs \"%s\", a string with something in it",
                            kind->plural, kind->id);
    if (which == IM_USERS && !im_json_get_str(json, "company").len)
        return im_error_set(load->err, "users: each needs \"company\", the id of one");

    void *thing = find(load->world, which, json);
    if (!thing)
        thing = start(load, which);
    for (const struct im_json *member = json->first; member; member = member->next) {
        load->at = member;
        if (!read_field(load, kind, thing))
            return false;
    }
    name_after_id(which, thing);
    return true;
}

/* ---- the load ---- */

/* A copy of the collection with room for `more`: what is loaded must not show before all of
 * it is. */
static bool make_room(struct im_loading *load, enum im_collection_kind which, size_t more)
{
    struct im_collection *collection = &load->world->collection[which];
    size_t size = kinds[which].size;
    void *items = im_arena_array(load->arena, size, collection->count + more);

    if (!items)
        return no_memory(load);
    if (collection->count)
        memcpy(items, collection->items, collection->count * size);
    load->known[which] = collection->count;
    collection->items = items;
    return true;
}

static bool each(struct im_loading *load, enum im_collection_kind which, bool checking)
{
    const struct im_json *array = im_json_get(load->json, kinds[which].plural);
    const struct im_json *thing = array ? array->first : NULL;
    bool sound = true;

    for (; sound && thing; thing = thing->next) {
        load->at = thing;
        sound = checking ? im_loading_check(load, which, thing) : load_thing(load, which);
    }
    return sound;
}

static bool load_collection(struct im_loading *load, enum im_collection_kind which)
{
    const struct im_json *array = im_json_get(load->json, kinds[which].plural);

    load->at = array;
    if (array && array->type != IM_JSON_ARRAY)
        return wrong_type(load, &kinds[which], kinds[which].plural, "a list of objects");
    return make_room(load, which, array ? array->count : 0) && each(load, which, false);
}

bool im_world_load(struct im_world *world, struct im_arena *arena,
                   const struct im_json *json, const struct im_json **at,
                   struct im_error *err)
{
    struct im_loading load = {.world = world, .arena = arena, .json = json, .err = err};
    bool sound = true;

    for (unsigned which = 0; sound && which < IM_COLLECTIONS; which++)
        sound = load_collection(&load, which);
    for (unsigned which = 0; sound && which < IM_COLLECTIONS; which++)
        sound = each(&load, which, true);
    sound = sound && im_loading_introduce(&load);
    *at = load.at ? load.at : json;
    return sound;
}
