/* The format of a scenario in tables, and reading a text by them. What its parts may say is
 * with the parts: when.c, wire.c, world.c, expect.c, policy.def and the directory. */
#include "scenario/scenario_file.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A text of a megabyte may be half a million values, most of them refused by a bound that has a
 * name; only then is there a tree of that size. */
#define TREE_MAX ((size_t)256 * IM_SCENARIO_MAX)

/* ---- rules ---- */

static bool take_step(struct im_json_reader *r, const struct im_json *value, void *into)
{
    struct im_step *step = into;
    bool object = value->type == IM_JSON_OBJECT;

    step->json = value;
    step->effect = im_effect_find(object ? im_json_get_str(value, "do") : value->text);
    return im_effect_check(r, step->effect, value, IM_ARGS_OF_REQUEST);
}

static bool note_wire(struct im_json_reader *r, const struct im_json *value, void *into)
{
    (void)r;
    (void)value;
    ((struct im_rule *)into)->has_wire = true;
    return true;
}

static bool check_rule(struct im_json_reader *r, const struct im_json *value, void *into)
{
    const struct im_rule *rule = into;

    return rule->refuse == CAUSE_NONE || !rule->has_wire ||
           rule->wire.fault < IM_FAULT_HTML || !im_wire_replaces(&rule->wire) ||
           im_json_fault(r, value,
                         "\"refuse\" and a wire that replaces the answer contradict each "
                         "other");
}

static const struct im_json_row step_forms[] = {
    {NULL, IM_READ_WORD, .names = &im_effect_names},
    {NULL, IM_READ_OBJECT, IM_READ_INTO(struct im_step, args), .table = &im_effect_table},
};
static const struct im_json_row step = {NULL,
                                        IM_READ_EITHER,
                                        IM_READ_ROWS(step_forms),
                                        .schema = "step",
                                        .size = sizeof(struct im_step),
                                        .check = take_step};

static const struct im_json_row then_rows[] = {
    {"world", IM_READ_LIST, IM_READ_ALONE, IM_READ_INTO(struct im_rule, steps), .min = 1,
     .max = INT64_MAX, .rows = &step,
     .wanted = "an effect's name, or an object with \"do\": the name, and its arguments, "
               "or a list of these"},
    {"refuse", IM_READ_WORD, IM_READ_INTO(struct im_rule, refuse), .min = 1,
     .names = &im_cause_names},
    {"wire", IM_READ_EITHER, IM_READ_INTO(struct im_rule, wire), .rows = im_wire_forms,
     .count = IM_WIRE_FORMS, .schema = "wire", .check = note_wire,
     .wanted = "a fault's name or an object"},
};
static const struct im_json_table then_table = {.where = "then",
                                                IM_READ_ROWS(then_rows),
                                                .least = 1};

static const struct im_json_row when_rows[] = {
    {NULL, IM_READ_PART, .table = &im_when_shared},
    {NULL, IM_READ_PART, .table = &im_when_chance},
};
static const struct im_json_table when_table = {.name = "when",
                                                .where = "when",
                                                IM_READ_ROWS(when_rows)};

static const struct im_json_row rule_rows[] = {
    {"when", IM_READ_OBJECT, IM_READ_INTO(struct im_rule, when), .table = &when_table},
    {"then", IM_READ_OBJECT, IM_READ_REQUIRED, .table = &then_table},
    {"times", IM_READ_WHOLE, IM_READ_INTO(struct im_rule, times), .min = 1,
     .max = INT64_MAX},
};
static const struct im_rule blank_rule = {.when = {.rate = -1}};
static const struct im_json_table rule_table = {.name = "rule",
                                                .where = "rules",
                                                IM_READ_ROWS(rule_rows),
                                                .size = sizeof(blank_rule),
                                                .blank = &blank_rule,
                                                .check = check_rule};

/* ---- world ---- */

static bool has_company(struct im_str text)
{
    return im_str_has(text, '@');
}

#define SCENARIO(member) IM_READ_INTO(struct im_scenario, member)

static const struct im_json_row world_rows[] = {
    {NULL, IM_READ_PART, .table = &im_directory_part},
    {"signed_in", IM_READ_TEXT, SCENARIO(signed_in), .sound = has_company, .pattern = "@",
     .wanted = "\"USER@COMPANY\"",
     .about =
         "USER@COMPANY: authorize answers at once, as if this person had signed in and "
         "accepted"},
    {NULL, IM_READ_PART, SCENARIO(policy), .table = &im_policy_table},
};
static const struct im_json_table world_table = {
    .name = "world",
    .where = "world",
    IM_READ_ROWS(world_rows),
    .about = "what is so from the start; added to what is built in"};

/* Whoever lives in it is read anew for each sandbox: see directory.h. */
static bool keep_world(struct im_json_reader *r, const struct im_json *value, void *into)
{
    (void)r;
    ((struct im_scenario *)into)->world = value;
    return true;
}

/* ---- the whole ---- */

#define NAME(flag)                                                                       \
    {                                                                                    \
        "name", IM_READ_TEXT, flag, SCENARIO(name),                                      \
            .sound = im_scenario_name_is_sound, .pattern = "^[a-z0-9][a-z0-9_-]{0,63}$", \
            .about = "what it is called; no dot",                                        \
            .wanted =                                                                    \
                "1 to 64 of a-z, 0-9, '-' and '_', beginning with a letter or digit"     \
    }

static const struct im_json_row members[] = {
    {"$schema", IM_READ_TEXT, IM_READ_EMPTY, .size = 0},
    {"about", IM_READ_TEXT, IM_READ_EMPTY, SCENARIO(about),
     .about = "what happens, for somebody who has never met it"},
    {"cause", IM_READ_WORD, SCENARIO(cause), .min = 1, .names = &im_cause_names},
    {"world", IM_READ_OBJECT, .table = &world_table, .check = keep_world},
    {"rules", IM_READ_LIST, SCENARIO(rules), .table = &rule_table, .max = IM_RULES_MAX},
    {"exhausted", IM_READ_WORD, SCENARIO(exhausted_fails), .words = "pass|fail"},
    {NULL, IM_READ_PART, SCENARIO(expect), .table = &im_expect_part},
};
static const struct im_json_table members_table = {IM_READ_ROWS(members)};
static const struct im_json_row file[] = {
    NAME(IM_READ_REQUIRED),
    {NULL, IM_READ_PART, .table = &members_table},
};
const struct im_json_table im_scenario_table = {.where = "scenario", IM_READ_ROWS(file)};
static const struct im_json_row inline_rows[] = {
    NAME(0),
    {NULL, IM_READ_PART, .table = &members_table},
};
const struct im_json_table im_scenario_inline_table = {.name = "Scenario",
                                                       .where = "scenario",
                                                       IM_READ_ROWS(inline_rows)};

bool im_scenario_name_is_sound(struct im_str name)
{
    if (!name.len || name.len > 64 || name.at[0] == '-' || name.at[0] == '_')
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-_", name.at[i]) || !name.at[i])
            return false;
    return true;
}

static struct im_scenario *scenario_new(struct im_str text)
{
    struct im_arena arena;

    im_arena_init(&arena, TREE_MAX);
    struct im_scenario *scenario = IM_ARENA_NEW(&arena, struct im_scenario);
    if (!scenario)
        return NULL;
    atomic_init(&scenario->refs, 1);
    scenario->arena = arena;
    scenario->text = im_arena_copy(&scenario->arena, text);
    im_policy_init(&scenario->policy);
    return scenario;
}

/* Reads scenario->text. False with *fault at a value, or with *syntax when it is no JSON. */
static bool scenario_read(struct im_scenario *scenario, bool named,
                          struct im_json_fault *fault, struct im_json_error *syntax)
{
    struct im_json_reader r = {.arena = &scenario->arena, .faults = fault, .room = 1};
    const struct im_json *json = im_json_parse(&scenario->arena, scenario->text, syntax);

    if (!json)
        return false;
    bool fine = im_json_read(&r, named ? &im_scenario_inline_table : &im_scenario_table,
                             json, scenario) &&
                im_scenario_try(&r, scenario, json);
    if (!scenario->arena.failed)
        return fine;
    r.count = 0;
    r.where = NULL;
    return im_json_no_memory(&r, json);
}

struct im_scenario *im_scenario_parse(struct im_str text, struct im_str fallback_name,
                                      struct im_scenario_error *error)
{
    struct im_json_fault fault = {.at = NULL};
    struct im_json_error syntax;

    *error = (struct im_scenario_error){.line = 1, .column = 1};
    if (text.len > IM_SCENARIO_MAX) {
        snprintf(error->what, sizeof(error->what),
                 "%zu bytes are too many for a scenario; at most %d are read", text.len,
                 IM_SCENARIO_MAX);
        return NULL;
    }
    struct im_scenario *scenario = scenario_new(text);
    if (!scenario) {
        snprintf(error->what, sizeof(error->what), "out of memory");
        return NULL;
    }
    scenario->name = im_arena_copy(&scenario->arena, fallback_name);
    if (scenario_read(scenario, fallback_name.len > 0, &fault, &syntax))
        return scenario;
    if (fault.at) {
        im_json_place(text, fault.at->name_offset, &error->line, &error->column);
        snprintf(error->what, sizeof(error->what), "%.399s", fault.err.text);
    } else {
        error->line = syntax.line;
        error->column = syntax.column;
        snprintf(error->what, sizeof(error->what), "%s", syntax.what);
    }
    im_scenario_unref(scenario);
    return NULL;
}
