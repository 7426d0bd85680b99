/* Can a scenario's rules be carried out on its world? They are tried on an authority that no client
 * sees, so that `check` reports a role that is not there, not a warning in the middle of a test. */
#include "directory/account.h"
#include "scenario/scenario_file.h"

static bool is_within(const struct im_json *value, const struct im_json *at)
{
    if (value == at)
        return true;
    for (const struct im_json *child = value->first; child; child = child->next)
        if (is_within(child, at))
            return true;
    return false;
}

/* Was something in this value wrong already? Then the trial would report what follows from that. */
static bool is_faulty(const struct im_json_reader *r, const struct im_json *value)
{
    for (size_t i = 0; value && i < r->count; i++)
        if (is_within(value, r->faults[i].at))
            return true;
    return false;
}

static bool try_step(struct im_json_reader *r, struct im_authority *authority,
                     const struct im_rule *rule, const struct im_step *step)
{
    const struct im_exchange fitting = {.user = im_when_one_user(&rule->when),
                                        .client_id = rule->when.client};
    struct im_effect_args args = step->args;
    struct im_error err;
    size_t affected;

    if (step->effect == im_effect_find(IM_STR("rotate-keys")))
        return true; /* always possible, and a fresh key takes long to make */
    im_effect_complete(step->effect, &fitting, &args);
    return im_world_apply(authority, step->effect, &args, 0, &affected, &err) ||
           im_json_fault_of(r, step->json, &err);
}

static bool try_signed_in(struct im_json_reader *r, struct im_authority *authority,
                          const struct im_scenario *scenario)
{
    const struct im_json *at = im_json_get(scenario->world, "signed_in");
    struct im_account account = im_account_read(scenario->signed_in);
    struct im_user found;

    if (!at)
        return true;
    return im_directory_user(authority->directory, account.company, account.user,
                             &found) ||
           im_json_fault(r, at, "there is no user \"%.*s\"%s",
                         IM_ARG(im_str_front(at->text, 60)),
                         im_directory_hint(authority->directory, IM_USERS,
                                           account.company, account.user)
                             .text);
}

static bool try_records(struct im_json_reader *r, struct im_authority *authority,
                        const struct im_json *world)
{
    const struct im_json *at = world;
    struct im_error err;

    return im_authority_load_records(authority, world, &at, &err) ||
           im_json_fault_of(r, at ? at : world, &err);
}

static bool try_world(struct im_json_reader *r, struct im_authority *authority,
                      const struct im_scenario *scenario)
{
    const struct im_json *world = scenario->world;

    return !world ||
           (im_directory_try(authority->directory, world, r) &&
            try_records(r, authority, world) && try_signed_in(r, authority, scenario));
}

/* A step whose world is not known cannot be tried. */
static void try_all(struct im_json_reader *r, struct im_authority *authority,
                    const struct im_scenario *scenario, const struct im_json *json)
{
    const struct im_json *rules = im_json_get(json, "rules");

    if (is_faulty(r, im_json_get(json, "world")) || !try_world(r, authority, scenario) ||
        (rules && rules->count != scenario->rule_count))
        return;
    const struct im_json *at = rules ? rules->first : NULL;
    for (size_t i = 0; at && i < scenario->rule_count; i++, at = at->next) {
        const struct im_rule *rule = &scenario->rules[i];
        if (is_faulty(r, at))
            continue;
        for (size_t n = 0; n < rule->step_count; n++)
            try_step(r, authority, rule, &rule->steps[n]);
    }
}

bool im_scenario_try(struct im_json_reader *r, const struct im_scenario *scenario,
                     const struct im_json *json)
{
    struct im_error err;
    struct im_authority *authority = im_authority_new(1, IM_STR("check"), 0, &err);
    size_t before = r->count;

    if (!authority)
        return im_json_fault_of(r, json, &err);
    try_all(r, authority, scenario, json);
    im_authority_free(authority);
    return r->count == before;
}
