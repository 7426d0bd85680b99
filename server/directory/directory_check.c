/* What can be checked only once all of a world is read, since its members come in any order:
 * what must exist for what, and who authorizes whom (directory.h has the rules). */
#include <stdio.h>

#include "directory/directory_world.h"
#include "http/callback.h"

/* ---- what must exist ---- */

/* The value load->at is wrong. True = the check goes on, since all mistakes are wanted. */
static bool loading_fault(struct im_loading *load, const char *what, const char *then)
{
    im_error_set(load->err, "%s \"%.*s\"%s", what,
                 IM_ARG(im_str_slice(load->at->text, 0, 60)), then);
    if (!load->all)
        return false;
    im_json_fault_of(load->all, load->at, load->err);
    return true;
}

/* Of what is not there the nearest is named. It is looked for only then: looking costs more
 * than all else that loading a world does, and each new sandbox loads one. */
static bool must_exist(struct im_loading *load, const char *what, const void *found,
                       enum im_collection_kind which)
{
    return found ||
           loading_fault(
               load, what,
               im_world_hint(load->world, which, IM_STR(""), load->at->text).text);
}

typedef bool reference_check(struct im_loading *load, const struct im_json *owner);

static bool role_exists(struct im_loading *load, const struct im_json *owner)
{
    (void)owner;
    return must_exist(load, "there is no role",
                      im_world_role(load->world, load->at->text), IM_ROLES);
}

static bool client_exists(struct im_loading *load, const struct im_json *owner)
{
    (void)owner;
    return must_exist(load, "there is no client",
                      im_world_client(load->world, load->at->text), IM_CLIENTS);
}

static bool entity_exists(struct im_loading *load, const struct im_json *owner)
{
    /* without a company there are no entities; that it is missing is refused by itself */
    const struct im_company *company =
        im_world_company(load->world, im_json_get_str(owner, "company"));
    struct im_list entities = company ? company->entities : (struct im_list){NULL, 0};

    return im_list_has(entities, load->at->text) ||
           loading_fault(
               load, "there is no entity",
               im_hint_or_all(load->at->text, entities.items, entities.count).text);
}

/* "OBJECT-GLOB:ACTION,…" with actions that exist */
static bool permission_is_sound(struct im_loading *load, const struct im_json *owner)
{
    struct im_str rest = load->at->text;
    bool sound = false;

    (void)owner;
    while (im_str_has(rest, ':')) /* the last one divides: object names may have some */
        im_str_cut(&rest, ':');
    while (rest.len && rest.len < load->at->text.len) {
        struct im_str word = im_str_cut(&rest, ',');
        sound = im_action_known(word);
        if (!sound)
            break;
    }
    return sound ||
           loading_fault(load, "permission",
                         ": must be \"OBJECT-GLOB:ACTION,…\" with the actions read, "
                         "create, update, delete or *");
}

static bool address_is_sound(struct im_loading *load, const struct im_json *owner)
{
    const char *flaw = im_redirect_uri_flaw(load->at->text);
    char then[200];

    (void)owner;
    if (!flaw)
        return true;
    snprintf(then, sizeof then, ": %s", flaw);
    return loading_fault(load, "redirect URI", then);
}

static const struct {
    enum im_collection_kind which;
    const char *field;
    reference_check *sound;
} references[] = {
    {IM_ROLES, "permissions", permission_is_sound},
    {IM_CLIENTS, "redirect_uris", address_is_sound},
    {IM_COMPANIES, "clients", client_exists},
    {IM_USERS, "roles", role_exists},
    {IM_USERS, "entities", entity_exists},
};

bool im_loading_check(struct im_loading *load, enum im_collection_kind which,
                      const struct im_json *thing)
{
    for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++) {
        const struct im_json *list = im_json_get(thing, references[i].field);
        if (references[i].which != which || !list)
            continue;
        for (load->at = list->first; load->at; load->at = load->at->next)
            if (!references[i].sound(load, thing))
                return false;
    }
    if (which != IM_USERS)
        return true;
    /* required, so the table has found it: only whether it exists is open */
    load->at = im_json_get(thing, "company");
    return must_exist(load, "there is no company",
                      im_world_company(load->world, load->at->text), IM_COMPANIES);
}

/* ---- who authorizes whom ---- */

/* Company and clients of one environment, of which at least one is new: so a client that a
 * test withdrew stays withdrawn when another world is loaded. A world that names the list
 * has said what it wants. */
static bool company_authorize_new(struct im_loading *load, size_t c,
                                  const struct im_json *says)
{
    struct im_company *company =
        (struct im_company *)load->world->collection[IM_COMPANIES].items + c;
    struct im_client *clients = load->world->collection[IM_CLIENTS].items;
    bool new_company = c >= load->known[IM_COMPANIES];
    bool done = true;

    for (size_t i = 0; i < load->world->collection[IM_CLIENTS].count; i++) {
        if (company->production != clients[i].production ||
            !(new_company || i >= load->known[IM_CLIENTS]))
            continue;
        if (!im_json_get(says, "clients"))
            done = done && im_list_add(load->arena, &company->clients, clients[i].id);
        if (!im_json_get(says, "senders") && clients[i].sender_id.len)
            done =
                done && im_list_add(load->arena, &company->senders, clients[i].sender_id);
    }
    return done || im_error_no_memory(load->err, "loading the world");
}

static const struct im_json *company_json(const struct im_json *world, struct im_str id)
{
    const struct im_json *companies = im_json_get(world, "companies");

    for (const struct im_json *one = companies ? companies->first : NULL; one;
         one = one->next)
        if (im_str_eq(im_json_get_str(one, "id"), id))
            return one;
    return NULL;
}

bool im_loading_introduce(struct im_loading *load)
{
    const struct im_company *companies = load->world->collection[IM_COMPANIES].items;

    for (size_t c = 0; c < load->world->collection[IM_COMPANIES].count; c++)
        if (!company_authorize_new(load, c, company_json(load->json, companies[c].id)))
            return false;
    return true;
}
