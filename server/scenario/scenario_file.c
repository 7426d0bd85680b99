#include "scenario/scenario_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/expect.h"
#include "scenario/load.h"

bool im_load_fail(struct im_load *load, const struct im_json *at, const char *what)
{
    load->at = at;
    return im_error_set(&load->err, "%s", what);
}

bool im_load_no_memory(struct im_load *load)
{
    return im_error_set(&load->err, "out of memory");
}

/* "there is no \"endpont\"; did you mean \"endpoint\"?" */
bool im_load_unknown(struct im_load *load, const char *where, struct im_str name,
                     const struct im_str *known, size_t count)
{
    int nearest = im_str_nearest(name, known, count);

    if (nearest < 0)
        return im_error_set(&load->err, "%s: there is no \"%.*s\"", where,
                            IM_ARG(im_str_slice(name, 0, 60)));
    return im_error_set(&load->err, "%s: there is no \"%.*s\"; did you mean \"%.*s\"?",
                        where, IM_ARG(im_str_slice(name, 0, 60)), IM_ARG(known[nearest]));
}

static bool wrong_type(struct im_load *load, const char *where, const char *wanted)
{
    return im_error_set(&load->err, "%s must be %s, not %s", where, wanted,
                        im_json_type_name(load->at->type));
}

bool im_load_want_type(struct im_load *load, const char *where, const char *wanted,
                       enum im_json_type type)
{
    return load->at->type == type || wrong_type(load, where, wanted);
}

/* ---- names ---- */

bool im_scenario_name_is_sound(struct im_str name)
{
    if (!name.len || name.len > 64 || name.at[0] == '-' || name.at[0] == '_')
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-_", name.at[i]) || !name.at[i])
            return false;
    return true;
}

bool im_load_find_cause(struct im_load *load, const char *where, enum im_cause *cause)
{
    if (!im_load_want_type(load, where, "a cause's id", IM_JSON_STRING))
        return false;
    *cause = im_cause_find(load->at->text);
    if (*cause != CAUSE_NONE)
        return true;
    enum im_cause nearest = im_cause_nearest(load->at->text);
    struct im_str known =
        nearest ? im_str(im_cause_row(nearest)->id) : (struct im_str){0};
    return im_load_unknown(load, where, load->at->text, &known, known.len > 0);
}

/* ---- the whole ---- */

static bool read_name(struct im_load *load)
{
    load->scenario->name = load->at->text;
    return (load->at->type == IM_JSON_STRING &&
            im_scenario_name_is_sound(load->at->text)) ||
           im_error_set(&load->err,
                        "name must be 1 to 64 of a-z, 0-9, '-' and '_', beginning "
                        "with a letter or digit");
}

static bool read_about(struct im_load *load)
{
    load->scenario->about = load->at->text;
    return im_load_want_type(load, "about", "a string", IM_JSON_STRING);
}

static bool read_cause(struct im_load *load)
{
    return im_load_find_cause(load, "cause", &load->scenario->cause);
}

static bool read_exhausted(struct im_load *load)
{
    load->scenario->exhausted_fails = im_str_is(load->at->text, "fail");
    return (load->at->type == IM_JSON_STRING &&
            (load->scenario->exhausted_fails || im_str_is(load->at->text, "pass"))) ||
           im_error_set(&load->err, "exhausted must be \"pass\" or \"fail\"");
}

static bool read_their_expectations(struct im_load *load)
{
    return im_expect_read(&load->scenario->expect, load->arena, load->at, &load->at,
                          &load->err);
}

static bool read_schema(struct im_load *load)
{
    return im_load_want_type(load, "$schema", "a string", IM_JSON_STRING);
}

static bool read_member(struct im_load *load, const struct im_json *member)
{
    static const struct {
        struct im_str name;
        bool (*read)(struct im_load *load);
    } members[] = {
        {IM_STR_INIT("$schema"), read_schema},
        {IM_STR_INIT("name"), read_name},
        {IM_STR_INIT("about"), read_about},
        {IM_STR_INIT("cause"), read_cause},
        {IM_STR_INIT("world"), im_load_world},
        {IM_STR_INIT("rules"), im_load_rules},
        {IM_STR_INIT("exhausted"), read_exhausted},
        {IM_STR_INIT("expect"), read_their_expectations},
    };
    enum { MEMBERS = sizeof(members) / sizeof(members[0]) };
    struct im_str known[MEMBERS];

    load->at = member;
    for (size_t i = 0; i < MEMBERS; i++) {
        if (im_str_eq(member->name, members[i].name))
            return members[i].read(load);
        known[i] = members[i].name;
    }
    return im_load_unknown(load, "scenario", member->name, known, MEMBERS);
}

static bool read_all(struct im_load *load, const struct im_json *json)
{
    load->at = json;
    if (!im_load_want_type(load, "a scenario", "an object", IM_JSON_OBJECT))
        return false;
    for (const struct im_json *member = json->first; member; member = member->next)
        if (!read_member(load, member))
            return false;
    if (!load->scenario->name.len)
        return im_load_fail(load, json, "a scenario needs \"name\"");
    return im_load_try(load, json);
}

static struct im_scenario *make(struct im_str text)
{
    struct im_arena arena;

    im_arena_init(&arena, (size_t)16 * IM_SCENARIO_MAX);
    struct im_scenario *scenario = IM_ARENA_NEW(&arena, struct im_scenario);
    if (!scenario)
        return NULL;
    atomic_init(&scenario->refs, 1);
    scenario->arena = arena;
    scenario->text = im_arena_copy(&scenario->arena, text);
    return scenario;
}

static void tell(const struct im_load *load, struct im_str text,
                 struct im_scenario_error *error)
{
    im_json_place(text, load->at ? load->at->name_offset : 0, &error->line,
                  &error->column);
    snprintf(error->what, sizeof(error->what), "%.399s", load->err.text);
}

struct im_scenario *im_scenario_parse(struct im_str text, struct im_str fallback_name,
                                      struct im_scenario_error *error)
{
    struct im_json_error syntax;

    *error = (struct im_scenario_error){.line = 1, .column = 1};
    if (text.len > IM_SCENARIO_MAX) {
        snprintf(error->what, sizeof(error->what),
                 "%zu bytes are too many for a scenario; at most %d are read", text.len,
                 IM_SCENARIO_MAX);
        return NULL;
    }
    struct im_scenario *scenario = make(text);
    if (!scenario) {
        snprintf(error->what, sizeof(error->what), "out of memory");
        return NULL;
    }
    struct im_load load = {.scenario = scenario, .arena = &scenario->arena};
    scenario->name = im_arena_copy(&scenario->arena, fallback_name);
    const struct im_json *json = im_json_parse(&scenario->arena, scenario->text, &syntax);
    if (json && read_all(&load, json) && !scenario->arena.failed)
        return scenario;
    if (json) {
        if (scenario->arena.failed)
            im_load_no_memory(&load);
        tell(&load, text, error);
    } else {
        error->line = syntax.line;
        error->column = syntax.column;
        snprintf(error->what, sizeof(error->what), "%s", syntax.what);
    }
    im_scenario_unref(scenario);
    return NULL;
}
