/* The format of a scenario in tables, and reading a text by them. What its parts may say is
 * with the parts: when.c, wire.c, world.c, expect.c, policy.def and the directory. */
#include "scenario/scenario_file.h"

#include <stdarg.h>
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

/* The TLS of a connection is spoilt before there is a request, so the rule is about connections
 * through the proxy, and nothing that a request has can tell one from another. */
static bool take_tls(struct im_json_reader *r, const struct im_json *value, void *into)
{
    (void)r;
    (void)value;
    ((struct im_rule *)into)->when.endpoint = im_str(im_endpoint_name(IM_ENDPOINT_PROXY));
    return true;
}

static bool check_tls(struct im_json_reader *r, const struct im_json *value)
{
    static const char *const fine[] = {"nth", "every", "rate", "seed", NULL};
    const struct im_json *when = im_json_get(value, "when");

    for (const struct im_json *one = when ? when->first : NULL; one; one = one->next) {
        bool counts = im_str_is(one->name, "endpoint") && im_str_is(one->text, "proxy");
        for (const char *const *name = fine; *name; name++)
            counts = counts || im_str_is(one->name, *name);
        if (!counts)
            return im_json_fault(
                r, one,
                "\"tls\" spoils a connection, before there is a request: "
                "of \"when\" it takes \"nth\", \"every\", \"rate\" and "
                "\"seed\"");
    }
    return true;
}

/* A quota counts all that fits; picking some of it would leave open what is counted. */
static bool picks_some(const struct im_when *when)
{
    return when->nth || when->every || when->rate >= 0;
}

static bool check_rule(struct im_json_reader *r, const struct im_json *value, void *into)
{
    const struct im_rule *rule = into;
    const struct im_json *then = im_json_get(value, "then");
    int64_t most = rule->times ? rule->times : rule->when.nth > 0 ? 1 : INT64_MAX;

    if (rule->needs > most)
        return im_json_fault(r, im_json_get(value, "needs"),
                             "\"needs\" is more than the rule can fire, by its \"times\" "
                             "or \"nth\"");
    if (rule->needs && rule->optional)
        return im_json_fault(r, im_json_get(value, "optional"),
                             "\"optional\" and \"needs\" contradict each other");
    if (rule->schedule.limit && picks_some(&rule->when))
        return im_json_fault(r, im_json_get(value, "limit"),
                             "\"limit\" counts all that fits \"when\", so it contradicts "
                             "\"nth\", \"every\" and \"rate\"");
    if (rule->tls != IM_FAULT_NONE && (rule->refuse != CAUSE_NONE || rule->has_wire))
        return im_json_fault(r, then,
                             "\"tls\" contradicts \"refuse\" and \"wire\": it spoils a "
                             "connection, they a request");
    if (rule->tls != IM_FAULT_NONE && !check_tls(r, value))
        return false;
    /* `retry_after`, `delay` and `hold` go with a refusal; another answer in its place does not */
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
    {"tls", IM_READ_WORD, IM_READ_INTO(struct im_rule, tls), .min = IM_FAULT_TLS_EXPIRED,
     .names = &im_when_tls, .check = take_tls,
     .about =
         "the connection's TLS is spoilt so; for clients that come through the proxy"},
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
    {"needs", IM_READ_WHOLE, IM_READ_INTO(struct im_rule, needs), .min = 1,
     .max = INT64_MAX},
    {"optional", IM_READ_BOOL, IM_READ_INTO(struct im_rule, optional)},
    {"name", IM_READ_TEXT, IM_READ_INTO(struct im_rule, name),
     .about = "for the \"after\" of another rule"},
    {NULL, IM_READ_PART, IM_READ_INTO(struct im_rule, schedule),
     .table = &im_schedule_part},
};
static const struct im_rule blank_rule = {.when = {.rate = -1}};
static const struct im_json_table rule_table = {.name = "rule",
                                                .where = "rules",
                                                IM_READ_ROWS(rule_rows),
                                                .size = sizeof(blank_rule),
                                                .blank = &blank_rule,
                                                .check = check_rule};

/* ---- which rule comes after which ---- */

static int find_rule(const struct im_scenario *scenario, size_t count, struct im_str name)
{
    for (size_t i = 0; name.len && i < count; i++)
        if (im_str_eq(scenario->rules[i].name, name))
            return (int)i;
    return -1;
}

static bool unknown_event(struct im_json_reader *r, const struct im_json *after,
                          const struct im_scenario *scenario)
{
    size_t most = scenario->rule_count + CAUSE_COUNT + im_effect_count, n = 0;
    struct im_str *known = IM_ARENA_ARRAY(r->arena, struct im_str, most);

    if (!known)
        return im_json_no_memory(r, after);
    for (size_t i = 0; i < scenario->rule_count; i++)
        if (scenario->rules[i].name.len)
            known[n++] = scenario->rules[i].name;
    for (size_t i = 0; im_cause_names.word(i); i++)
        known[n++] = im_str(im_cause_names.word(i));
    for (size_t i = 0; im_effect_names.word(i); i++)
        known[n++] = im_str(im_effect_names.word(i));
    return im_json_fault(r, after,
                         "\"after\" must be a cause, an effect or another rule's name or "
                         "number, and there is none \"%.*s\"%s",
                         IM_ARG(im_str_front(after->text, 60)),
                         im_hint(after->text, known, n).text);
}

/* A rule's own name comes before a cause or effect that is called so. */
static bool resolve_event(struct im_json_reader *r, const struct im_json *json,
                          struct im_scenario *scenario, size_t index)
{
    struct im_event *after = &scenario->rules[index].schedule.after;
    const struct im_json *at = im_json_get(json, "after");

    if (!after->number && !after->text.len)
        return true;
    scenario->has_events = true;
    if (after->number > (int64_t)scenario->rule_count)
        return im_json_fault(r, at, "\"after\" names rule %lld, and there are %zu",
                             (long long)after->number, scenario->rule_count);
    after->rule = after->number
                      ? (int)after->number
                      : find_rule(scenario, scenario->rule_count, after->text) + 1;
    if (after->rule)
        return true;
    after->cause = im_cause_find(after->text);
    const struct im_effect *effect = after->cause ? NULL : im_effect_find(after->text);
    after->effect = effect ? effect->name : NULL;
    return after->cause || effect || unknown_event(r, at, scenario);
}

/* Does following `after` from here lead back here? */
static bool waits_for_itself(const struct im_scenario *scenario, size_t index)
{
    int at = scenario->rules[index].schedule.after.rule;

    for (size_t steps = 0; at && steps < scenario->rule_count; steps++) {
        if (at == (int)index + 1)
            return true;
        at = scenario->rules[at - 1].schedule.after.rule;
    }
    return false;
}

static bool check_rules(struct im_json_reader *r, const struct im_json *list, void *into)
{
    struct im_scenario *scenario = into;
    size_t before = r->count, i = 0;

    if (scenario->rule_count != list->count)
        return false; /* there was no room: the reader has reported that */
    r->where = rule_table.where;
    for (const struct im_json *one = list->first; one; one = one->next, i++) {
        if (find_rule(scenario, i, scenario->rules[i].name) >= 0)
            im_json_fault(r, im_json_get(one, "name"),
                          "\"name\" must be unique, and \"%.*s\" stands twice",
                          IM_ARG(im_str_front(scenario->rules[i].name, 60)));
        resolve_event(r, one, scenario, i);
        scenario->asks_content |= im_when_asks_content(&scenario->rules[i].when);
    }
    i = 0;
    for (const struct im_json *one = list->first; one; one = one->next, i++)
        if (waits_for_itself(scenario, i))
            return im_json_fault(r, im_json_get(one, "after"),
                                 "rule %zu waits for itself, so it never fires", i + 1);
    return r->count == before;
}

/* ---- world ---- */

static bool has_company(struct im_str text)
{
    return im_str_has(text, '@');
}

#define SCENARIO(member) IM_READ_INTO(struct im_scenario, member)

static const struct im_json_row world_rows[] = {
    {NULL, IM_READ_PART, .table = &im_directory_part},
    {NULL, IM_READ_PART, .table = &im_records_part},
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

/* Its companies, users and clients are read anew for each sandbox: see directory.h. */
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
    {"$schema", IM_READ_TEXT, IM_READ_EMPTY, .size = 0}, /* for editors */
    {"about", IM_READ_TEXT, IM_READ_EMPTY, SCENARIO(about),
     .about = "what happens, for somebody who has never met it"},
    {"cause", IM_READ_WORD, SCENARIO(cause), .min = 1, .names = &im_cause_names},
    {"world", IM_READ_OBJECT, .table = &world_table, .check = keep_world},
    {"rules", IM_READ_LIST, IM_READ_CHECK_ALWAYS, SCENARIO(rules), .table = &rule_table,
     .max = IM_RULES_MAX, .check = check_rules},
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

/* Reads scenario->text. False with faults in r, or with *syntax when it is no JSON. */
static bool scenario_read(struct im_scenario *scenario, bool named,
                          struct im_json_reader *r, struct im_json_error *syntax)
{
    const struct im_json *json = im_json_parse(&scenario->arena, scenario->text, syntax);

    if (!json)
        return false;
    im_json_read(r, named ? &im_scenario_inline_table : &im_scenario_table, json,
                 scenario);
    /* the trial makes a whole authority: not where its findings have no room */
    if (r->count < r->room)
        im_scenario_try(r, scenario, json);
    if (!scenario->arena.failed)
        return r->count == 0;
    /* faults found in a tree that lacks members are no faults of the file */
    r->count = 0;
    r->where = NULL;
    return im_json_no_memory(r, json);
}

/* Then by the text: qsort is not stable, and the order is to be the same everywhere. */
static int by_place(const void *a, const void *b)
{
    const struct im_json_fault *x = a, *y = b;

    if (x->at->name_offset != y->at->name_offset)
        return x->at->name_offset < y->at->name_offset ? -1 : 1;
    return strcmp(x->err.text, y->err.text);
}

static void place_faults(struct im_str text, struct im_json_reader *r,
                         struct im_scenario_error *errors)
{
    qsort(r->faults, r->count, sizeof(r->faults[0]), by_place);
    for (size_t i = 0; i < r->count; i++) {
        const struct im_json_fault *fault = &r->faults[i];
        im_json_place(text, fault->at->name_offset, &errors[i].line, &errors[i].column);
        snprintf(errors[i].what, sizeof(errors[i].what), "%.399s", fault->err.text);
        errors[i].no_memory = fault->err.kind == IM_ERROR_INTERNAL;
    }
}

bool im_scenario_error_as(struct im_error *err, const struct im_scenario_error *error,
                          const char *format, ...)
{
    struct im_error where, what;
    va_list args;

    va_start(args, format);
    vsnprintf(where.text, sizeof(where.text), format, args);
    va_end(args);
    im_error_set(&what, "%s", error->what);
    what.kind = error->no_memory ? IM_ERROR_INTERNAL : IM_ERROR_PLAIN;
    return im_error_because(err, &what, "%s", where.text);
}

struct im_scenario *im_scenario_parse_all(struct im_str text, struct im_str fallback_name,
                                          struct im_scenario_error *errors, size_t room,
                                          size_t *count)
{
    struct im_json_reader r = {.room = room};
    struct im_json_error syntax;

    *count = 1;
    *errors = (struct im_scenario_error){.line = 1, .column = 1};
    if (text.len > IM_SCENARIO_MAX) {
        snprintf(errors->what, sizeof(errors->what),
                 "%zu bytes are too many for a scenario; at most %d are read", text.len,
                 IM_SCENARIO_MAX);
        return NULL;
    }
    struct im_scenario *scenario = scenario_new(text);
    r.arena = scenario ? &scenario->arena : NULL;
    r.faults = scenario ? calloc(room, sizeof(*r.faults)) : NULL;
    if (!r.faults) {
        snprintf(errors->what, sizeof(errors->what), "out of memory");
        errors->no_memory = true;
        im_scenario_unref(scenario);
        return NULL;
    }
    scenario->name = im_arena_copy(&scenario->arena, fallback_name);
    bool fine = scenario_read(scenario, fallback_name.len > 0, &r, &syntax);
    *count = fine ? 0 : r.count ? r.count : 1;
    if (r.count) {
        place_faults(text, &r, errors);
    } else if (!fine) {
        errors->line = syntax.line;
        errors->column = syntax.column;
        snprintf(errors->what, sizeof(errors->what), "%s", syntax.what);
        errors->no_memory = syntax.no_memory;
    }
    free(r.faults);
    if (fine)
        return scenario;
    im_scenario_unref(scenario);
    return NULL;
}

struct im_scenario *im_scenario_parse(struct im_str text, struct im_str fallback_name,
                                      struct im_scenario_error *error)
{
    size_t count;

    return im_scenario_parse_all(text, fallback_name, error, 1, &count);
}
