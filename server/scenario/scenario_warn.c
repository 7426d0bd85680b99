/* What a scenario may say, and surely does not mean: rules that never get a request, anchors that
 * nothing brings about, a name that hides another scenario. Each warning is certain; what a client or
 * a test could still bring about is not warned of. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/embedded.h"
#include "scenario/scenario_file.h"

/* The warnings so far. Those that have no room are left out. */
struct warnings {
    struct im_str text; /* of the scenario */
    struct im_scenario_error *items;
    size_t room, count;
};

static void warn(struct warnings *w, const struct im_json *at, const char *format, ...)
    IM_PRINTF(3, 4);

static void warn(struct warnings *w, const struct im_json *at, const char *format, ...)
{
    va_list args;

    if (w->count == w->room || !at)
        return;
    struct im_scenario_error *next = &w->items[w->count++];
    im_json_place(w->text, at->name_offset, &next->line, &next->column);
    va_start(args, format);
    vsnprintf(next->what, sizeof(next->what), format, args);
    va_end(args);
}

/* ---- the whole ---- */

static void warn_of_shadow(struct warnings *w, const struct im_scenario *scenario,
                           const struct im_json *json)
{
    if (im_scenario_shadows(scenario))
        warn(w, im_json_get(json, "name"),
             "name: \"%.*s\" is a built-in scenario's; where both are known, this one "
             "hides it",
             IM_ARG(scenario->name));
}

static void warn_of_no_expectations(struct warnings *w,
                                    const struct im_scenario *scenario,
                                    const struct im_json *json)
{
    const struct im_json *expect = im_json_get(json, "expect");

    if (!scenario->expect.count)
        warn(w, expect ? expect : json,
             "scenario: without \"expect\" nothing is judged: it is never passed");
}

/* ---- rules ---- */

static bool covers_text(struct im_str wide, struct im_str narrow)
{
    return !wide.len || im_str_eq(wide, narrow);
}

static bool covers_endpoint(struct im_str wide, struct im_str narrow)
{
    enum im_endpoint endpoint = im_endpoint_find(narrow);

    return covers_text(wide, narrow) ||
           (endpoint &&
            im_str_is(wide, im_endpoint_group_name(im_endpoint_group(endpoint))));
}

/* Does whatever fits `narrow` fit `wide`? False where that cannot be told, as with two globs. */
static bool when_covers(const struct im_when *wide, const struct im_when *narrow)
{
    return !im_when_asks_content(wide) &&
           covers_endpoint(wide->endpoint, narrow->endpoint) &&
           covers_text(wide->grant, narrow->grant) &&
           covers_text(wide->client, narrow->client) &&
           covers_text(wide->user, narrow->user) &&
           covers_text(wide->method, narrow->method) &&
           (im_str_is(wide->path, "*") || covers_text(wide->path, narrow->path)) &&
           covers_text(wide->scope, narrow->scope);
}

/* Whatever counts, waits or ends leaves some requests to the rules behind it. */
static bool takes_always(const struct im_rule *rule)
{
    return im_rule_takes_request(rule) && !rule->times && rule->when.nth <= 0 &&
           rule->when.every <= 0 && rule->when.rate < 0 && !rule->schedule.for_ms &&
           !rule->schedule.limit && !im_schedule_waits_for_event(&rule->schedule);
}

static void warn_of_unreachable(struct warnings *w, const struct im_scenario *scenario,
                                const struct im_json *json)
{
    const struct im_json *rules = im_json_get(json, "rules");
    const struct im_json *at = rules ? rules->first : NULL;

    for (size_t i = 0; i < scenario->rule_count && at; i++, at = at->next) {
        const struct im_rule *rule = &scenario->rules[i];
        for (size_t k = 0; k < i && im_rule_takes_request(rule); k++) {
            if (!takes_always(&scenario->rules[k]) ||
                !when_covers(&scenario->rules[k].when, &rule->when))
                continue;
            warn(w, at,
                 "rules: rule %zu never fires: rule %zu takes every request that fits it",
                 i + 1, k + 1);
            break;
        }
    }
}

/* ---- anchors ---- */

/* A natural cause may come about by the client's own mistake; but a token that nothing ends is not
 * refused. */
static bool may_happen(const struct im_scenario *scenario, enum im_cause cause)
{
    const struct im_cause_row *row = im_cause_row(cause);
    bool of_tokens = row->family == IM_FAMILY_EXPIRED || row->family == IM_FAMILY_REVOKED;

    if (cause == CAUSE_SCENARIO_EXHAUSTED)
        return scenario->exhausted_fails;
    return row->natural && (!of_tokens || scenario->rule_count || scenario->world);
}

/* Does a rule refuse, damage or change so, or may it happen without one? */
static bool brings_about(const struct im_scenario *scenario, enum im_cause cause,
                         enum im_fault fault, const char *effect)
{
    if (cause && may_happen(scenario, cause))
        return true;
    for (size_t i = 0; i < scenario->rule_count; i++) {
        const struct im_rule *rule = &scenario->rules[i];
        if ((cause && rule->refuse == cause) ||
            (fault && rule->has_wire && im_wire_fault(&rule->wire) == fault) ||
            (fault && rule->tls == fault) || (effect && im_rule_does(rule, effect)))
            return true;
    }
    return false;
}

static void warn_of_anchors(struct warnings *w, const struct im_scenario *scenario,
                            const struct im_json *json)
{
    const struct im_json *list = im_json_get(json, "rules");
    const struct im_json *at = list ? list->first : NULL;

    for (size_t i = 0; i < scenario->rule_count && at; i++, at = at->next) {
        const struct im_event *after = &scenario->rules[i].schedule.after;
        if (after->text.len && !after->rule &&
            !brings_about(scenario, after->cause, IM_FAULT_NONE, after->effect))
            warn(w, im_json_get(at, "after"),
                 "rules: nothing in this file brings about \"%.*s\", so rule %zu never "
                 "fires",
                 IM_ARG(im_str_front(after->text, 60)), i + 1);
    }
    list = im_json_get(json, "expect");
    at = list ? list->first : NULL;
    for (size_t i = 0; i < scenario->expect.count && at; i++, at = at->next) {
        const struct im_anchor *after = &scenario->expect.items[i].after;
        if (after->text.len && after->expectation < 0 &&
            !brings_about(scenario, after->cause, after->fault, after->effect))
            warn(w, im_json_get(at, "after"),
                 "expect: nothing in this file brings about \"%.*s\", so the expectation "
                 "is never judged",
                 IM_ARG(im_str_front(after->text, 60)));
    }
}

/* ---- outside ---- */

bool im_scenario_shadows(const struct im_scenario *scenario)
{
    for (size_t i = 0; i < im_scenario_file_count; i++) {
        const struct im_embedded *in = &im_scenario_files[i];
        /* an unchanged copy of a built-in file hides nothing */
        if (im_str_is(scenario->name, in->name))
            return !im_str_eq(scenario->text, (struct im_str){in->text, in->len});
    }
    return false;
}

size_t im_scenario_warn(const struct im_scenario *scenario,
                        struct im_scenario_error *warnings, size_t room)
{
    struct warnings w = {.text = scenario->text, .items = warnings, .room = room};
    struct im_json_error ignored;
    struct im_arena arena;

    im_arena_init(&arena, 0);
    const struct im_json *json = im_json_parse(&arena, scenario->text, &ignored);
    if (json) {
        warn_of_shadow(&w, scenario, json);
        warn_of_unreachable(&w, scenario, json);
        warn_of_no_expectations(&w, scenario, json);
        warn_of_anchors(&w, scenario, json);
    }
    im_arena_release(&arena);
    return w.count;
}
