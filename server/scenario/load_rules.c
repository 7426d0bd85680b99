/* Reading a scenario's rules: when, then, times. */
#include "scenario/load.h"

/* ---- rules: then.world ---- */

static bool find_effect(struct im_load *load, struct im_str name,
                        const struct im_effect **effect)
{
    struct im_str known[64];

    *effect = im_effect_find(name);
    if (*effect)
        return true;
    for (size_t i = 0; i < im_effect_count; i++)
        known[i] = im_str(im_effects[i].name);
    return im_load_unknown(load, "then: world", name, known, im_effect_count);
}

/* The views of the arguments point into the JSON, whose strings live in the same arena. */
static bool read_step(struct im_load *load, const struct im_json *json,
                      struct im_step *step)
{
    static const struct im_json nothing = {.type = IM_JSON_OBJECT};
    bool object = json->type == IM_JSON_OBJECT;
    const struct im_json *name = object ? im_json_get(json, "do") : json;

    load->at = step->json = json;
    if (!name || name->type != IM_JSON_STRING)
        return im_error_set(&load->err,
                            "then: world must be an effect's name, or an object "
                            "with \"do\": the name, and its arguments");
    load->at = name;
    if (!find_effect(load, name->text, &step->effect))
        return false;
    const struct im_json *at = json;
    bool read = im_effect_read(step->effect, object ? json : &nothing, IM_ARGS_OF_REQUEST,
                               &step->args, &at, &load->err);
    load->at = at == &nothing ? json : at;
    return read;
}

static bool read_world(struct im_load *load, const struct im_json *json,
                       struct im_rule *rule)
{
    bool list = json->type == IM_JSON_ARRAY;
    const struct im_json *one = list ? json->first : json;
    size_t count = list ? json->count : 1;

    load->at = json;
    if (!count)
        return im_error_set(&load->err, "then: world: the list is empty");
    rule->steps = IM_ARENA_ARRAY(load->arena, struct im_step, count);
    if (!rule->steps)
        return im_load_no_memory(load);
    for (; one; one = list ? one->next : NULL)
        if (!read_step(load, one, &rule->steps[rule->step_count++]))
            return false;
    return true;
}

/* ---- rules ---- */

static bool read_then(struct im_load *load, const struct im_json *then,
                      struct im_rule *rule)
{
    static const struct im_str verbs[] = {IM_STR_INIT("world"), IM_STR_INIT("refuse"),
                                          IM_STR_INIT("wire")};
    load->at = then;
    if (!im_load_want_type(load, "then", "an object", IM_JSON_OBJECT))
        return false;
    if (!then->count)
        return im_load_fail(load, then,
                            "then: says nothing; give \"world\", \"refuse\" or \"wire\"");
    for (const struct im_json *member = then->first; member; member = member->next) {
        load->at = member;
        if (im_str_is(member->name, "world")) {
            if (!read_world(load, member, rule))
                return false;
        } else if (im_str_is(member->name, "refuse")) {
            if (!im_load_find_cause(load, "then: refuse", &rule->refuse))
                return false;
        } else if (im_str_is(member->name, "wire")) {
            rule->has_wire = true;
            if (!im_wire_read(&rule->wire, load->arena, member, &load->at, &load->err))
                return false;
        } else {
            return im_load_unknown(load, "then", member->name, verbs, 3);
        }
    }
    return true;
}

static bool refuse_when(struct im_load *load, struct im_str name)
{
    struct im_str known[32];
    size_t n = 0;

    for (; n < 32 && im_when_field(n); n++)
        known[n] = im_str(im_when_field(n));
    return im_load_unknown(load, "when", name, known, n);
}

static bool read_when(struct im_load *load, const struct im_json *when,
                      struct im_rule *rule)
{
    load->at = when;
    if (!im_load_want_type(load, "when", "an object", IM_JSON_OBJECT))
        return false;
    for (const struct im_json *member = when->first; member; member = member->next) {
        load->at = member;
        int taken = im_when_read(&rule->when, load->arena, member, &load->err);
        if (taken < 0)
            return false;
        if (!taken)
            return refuse_when(load, member->name);
    }
    return true;
}

static bool read_count(struct im_load *load, const char *name, int64_t *count)
{
    const struct im_json *json = load->at;

    if (json->type != IM_JSON_NUMBER || !json->is_whole || json->whole < 1)
        return im_error_set(&load->err, "%s must be a whole number, 1 or more", name);
    *count = json->whole;
    return true;
}

static bool read_optional(struct im_load *load, struct im_rule *rule)
{
    const struct im_json *json = load->at;

    if (json->type != IM_JSON_BOOL)
        return im_error_set(&load->err, "optional must be true or false");
    rule->optional = json->boolean;
    return true;
}

/* What the verbs mean together. */
static bool check_rule(struct im_load *load, const struct im_json *json,
                       const struct im_rule *rule)
{
    if (!im_json_get(json, "then"))
        return im_load_fail(load, json, "rules: a rule needs \"then\"");
    int64_t most = rule->times ? rule->times : rule->when.nth ? 1 : 0;
    if (most && rule->needs > most)
        return im_load_fail(load, im_json_get(json, "needs"),
                            "needs: more than the rule can fire, by its \"times\" or "
                            "\"nth\"");
    if (rule->needs && rule->optional)
        return im_load_fail(load, im_json_get(json, "optional"),
                            "optional: a rule that is needed is not optional");
    if (rule->refuse != CAUSE_NONE && rule->has_wire &&
        rule->wire.fault != IM_FAULT_NONE && im_wire_replaces(&rule->wire) &&
        rule->wire.fault >= IM_FAULT_HTML)
        return im_load_fail(load, json,
                            "then: \"refuse\" and a wire that replaces the answer "
                            "contradict each other");
    return true;
}

static bool read_rule(struct im_load *load, const struct im_json *json,
                      struct im_rule *rule)
{
    static const struct im_str names[] = {IM_STR_INIT("when"), IM_STR_INIT("then"),
                                          IM_STR_INIT("times"), IM_STR_INIT("needs"),
                                          IM_STR_INIT("optional")};
    im_when_init(&rule->when);
    load->at = json;
    if (!im_load_want_type(load, "rules: a rule", "an object", IM_JSON_OBJECT))
        return false;
    for (const struct im_json *member = json->first; member; member = member->next) {
        bool fine;
        load->at = member;
        if (im_str_is(member->name, "when"))
            fine = read_when(load, member, rule);
        else if (im_str_is(member->name, "then"))
            fine = read_then(load, member, rule);
        else if (im_str_is(member->name, "times"))
            fine = read_count(load, "times", &rule->times);
        else if (im_str_is(member->name, "needs"))
            fine = read_count(load, "needs", &rule->needs);
        else if (im_str_is(member->name, "optional"))
            fine = read_optional(load, rule);
        else
            fine = im_load_unknown(load, "rules", member->name, names, 5);
        if (!fine)
            return false;
    }
    return check_rule(load, json, rule);
}

bool im_load_rules(struct im_load *load)
{
    struct im_scenario *scenario = load->scenario;
    const struct im_json *json = load->at;

    if (!im_load_want_type(load, "rules", "a list of objects", IM_JSON_ARRAY))
        return false;
    scenario->rules = IM_ARENA_ARRAY(load->arena, struct im_rule, json->count);
    if (!scenario->rules)
        return im_load_no_memory(load);
    for (const struct im_json *rule = json->first; rule; rule = rule->next)
        if (!read_rule(load, rule, &scenario->rules[scenario->rule_count++]))
            return false;
    return true;
}
