/* Reading what a scenario's world is from the start, and trying it out. */
#include "directory/account.h"
#include "scenario/load.h"

static bool is_collection(struct im_str name)
{
    return im_str_is(name, "companies") || im_str_is(name, "users") ||
           im_str_is(name, "roles") || im_str_is(name, "clients");
}

/* The members of `world` for the directory, or those for the policy, as an object of their own. */
static const struct im_json *part_of(struct im_load *load, const struct im_json *world,
                                     bool shelves)
{
    struct im_json *part = IM_ARENA_NEW(load->arena, struct im_json);
    const struct im_json **tail = part ? &part->first : NULL;

    if (!part)
        return NULL;
    *part = (struct im_json){.type = IM_JSON_OBJECT,
                             .offset = world->offset,
                             .name_offset = world->name_offset};
    for (const struct im_json *member = world->first; member; member = member->next) {
        if (im_str_is(member->name, "signed_in") ||
            is_collection(member->name) != shelves)
            continue;
        struct im_json *copy = IM_ARENA_NEW(load->arena, struct im_json);
        if (!copy)
            return NULL;
        *copy = *member;
        copy->next = NULL;
        *tail = copy;
        tail = &copy->next;
        part->count++;
    }
    return part;
}

static bool read_world_members(struct im_load *load, const struct im_json *world)
{
    struct im_scenario *scenario = load->scenario;
    const struct im_json *signed_in = im_json_get(world, "signed_in");

    if (!im_load_want_type(load, "world", "an object", IM_JSON_OBJECT))
        return false;
    if (signed_in &&
        (signed_in->type != IM_JSON_STRING || !im_str_has(signed_in->text, '@')))
        return im_load_fail(load, signed_in, "world: signed_in must be \"USER@COMPANY\"");
    scenario->signed_in = im_json_get_str(world, "signed_in");
    scenario->world = part_of(load, world, true);
    scenario->policy = part_of(load, world, false);
    return (scenario->world && scenario->policy) || im_load_no_memory(load);
}

/* A misspelled switch may have been meant for one of the members that are no switches. */
static bool check_policy(struct im_load *load)
{
    struct im_policy policy;

    im_policy_init(&policy);
    if (!load->scenario->policy ||
        im_policy_set_all(&policy, load->scenario->policy, &load->at, &load->err))
        return true;
    static const struct im_str others[] = {IM_STR_INIT("companies"), IM_STR_INIT("users"),
                                           IM_STR_INIT("roles"), IM_STR_INIT("clients"),
                                           IM_STR_INIT("signed_in")};
    if (!im_policy_find(load->at->name) && im_str_nearest(load->at->name, others, 5) >= 0)
        return im_load_unknown(load, "world", load->at->name, others, 5);
    return false;
}

bool im_load_world(struct im_load *load)
{
    return read_world_members(load, load->at) && check_policy(load);
}

/* ---- does the world bear what the rules do to it? Tried on one that nobody sees ---- */

static bool try_step(struct im_load *load, struct im_authority *authority,
                     const struct im_rule *rule, const struct im_step *step)
{
    const struct im_exchange fitting = {.user = rule->when.user,
                                        .client_id = rule->when.client};
    struct im_effect_args args = step->args;
    size_t affected;

    if (step->effect == im_effect_find(IM_STR("rotate-keys")))
        return true; /* needs nobody, and takes long */
    load->at = step->json;
    im_effect_complete(step->effect, &fitting, &args);
    return im_world_apply(authority, step->effect, &args, 0, &affected, &load->err);
}

static bool try_steps(struct im_load *load, struct im_authority *authority)
{
    for (size_t i = 0; i < load->scenario->rule_count; i++) {
        const struct im_rule *rule = &load->scenario->rules[i];
        for (size_t n = 0; n < rule->step_count; n++)
            if (!try_step(load, authority, rule, &rule->steps[n]))
                return false;
    }
    return true;
}

static bool check_signed_in(struct im_load *load, struct im_authority *authority)
{
    struct im_account account = im_account_read(load->scenario->signed_in);
    struct im_user found;

    if (!load->scenario->signed_in.len)
        return true;
    return im_directory_user(authority->directory, account.company, account.user,
                             &found) ||
           im_error_set(&load->err, "world: signed_in: there is no user \"%.*s\"",
                        IM_ARG(im_str_slice(load->scenario->signed_in, 0, 60)));
}

bool im_load_try(struct im_load *load, const struct im_json *json)
{
    struct im_authority *authority = im_authority_new(1, IM_STR("check"), 0, &load->err);
    const struct im_json *world = im_json_get(json, "world");
    bool fine = authority != NULL;

    load->at = world ? world : json;
    if (fine && load->scenario->world)
        fine = im_directory_load(authority->directory, load->scenario->world, &load->at,
                                 &load->err);
    if (fine && world) {
        load->at =
            im_json_get(world, "signed_in") ? im_json_get(world, "signed_in") : world;
        fine = check_signed_in(load, authority);
    }
    fine = fine && try_steps(load, authority);
    im_authority_free(authority);
    return fine;
}
