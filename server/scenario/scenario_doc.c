/* The lists and documents that are made from the tables that read scenarios, so that none of them can
 * differ from what is read: the list of `intacct-mock scenarios`, scenarios/README.md and
 * scenarios/schema.json (JSON Schema, draft 2020-12). */
#include "scenario/scenario_doc.h"

#include "base/embedded.h"
#include "base/json_schema.h"
#include "scenario/needs.h"
#include "scenario/scenario_file.h"

/* ---- by family, and within one by name ---- */

/* The family that a scenario is listed in; IM_FAMILIES = it has no cause. */
static int family_of(const struct im_scenario *scenario)
{
    return scenario->cause == CAUSE_NONE ? IM_FAMILIES
                                         : (int)im_cause_row(scenario->cause)->family;
}

static const char *title_of(int family)
{
    return family == IM_FAMILIES ? "delivery, and everyday"
                                 : im_family_name((enum im_family)family);
}

static bool any_of(const struct im_listed *listed, size_t count, int family)
{
    for (size_t i = 0; i < count; i++)
        if (family_of(listed[i].scenario) == family)
            return true;
    return false;
}

static void each_of(const struct im_listed *listed, size_t count, int family,
                    struct im_buf *text,
                    void (*write)(const struct im_scenario *scenario,
                                  struct im_buf *text))
{
    for (size_t i = 0; i < count; i++)
        if (family_of(listed[i].scenario) == family)
            write(listed[i].scenario, text);
}

/* ---- for a terminal ---- */

static void write_line(const struct im_scenario *scenario, struct im_buf *text)
{
    struct im_str needs = im_needs_text(scenario, text->arena);

    im_buf_addf(text, "  %-36.*s %.*s\n", IM_ARG(scenario->name),
                IM_ARG(scenario->about));
    if (needs.len)
        im_buf_addf(text, "  %-36s needs: %.*s\n", "", IM_ARG(needs));
}

void im_scenarios_text(const struct im_listed *listed, size_t count, struct im_buf *text)
{
    for (int family = 0; family <= IM_FAMILIES; family++) {
        if (!any_of(listed, count, family))
            continue;
        im_buf_addf(text, "%s\n", title_of(family));
        each_of(listed, count, family, text, write_line);
        im_buf_addc(text, '\n');
    }
}

/* ---- scenarios/README.md ---- */

static void write_effects(struct im_buf *text)
{
    im_buf_addz(text,
                "## Changes of the world\n\n| name | what has happened |\n|---|---|\n");
    for (size_t i = 0; i < im_effect_count; i++)
        im_buf_addf(text, "| `%s` | %s |\n", im_effects[i].name, im_effects[i].about);
    im_buf_addz(text, "\n## Damage to delivery\n\n| name | what happens |\n|---|---|\n");
    for (int i = 1; i < IM_FAULTS; i++)
        im_buf_addf(text, "| `%s` | %s |\n", im_fault_name((enum im_fault)i),
                    im_fault_about((enum im_fault)i));
}

/* How one would write the built-in value. */
static void write_value(const struct im_policy_row *row, struct im_buf *text)
{
    if (row->kind == IM_POLICY_DURATION)
        im_buf_add(text, im_duration_text(text->arena, row->initial));
    else if (row->kind == IM_POLICY_BOOL)
        im_buf_addz(text, row->initial ? "true" : "false");
    else
        im_buf_add(text, im_policy_choice(row, row->initial));
}

static void write_switches(struct im_buf *text)
{
    im_buf_addz(text,
                "\n## Switches of policy\n\n"
                "| switch | built in | what | how sure we are |\n|---|---|---|---|\n");
    for (size_t i = 0; i < im_policy_row_count; i++) {
        const struct im_policy_row *row = &im_policy_rows[i];
        im_buf_addf(text, "| `%s` | `", row->name);
        write_value(row, text);
        im_buf_addf(text, "` | %s | %s |\n", row->about,
                    im_confidence_name(row->confidence));
    }
}

static void write_row(const struct im_scenario *scenario, struct im_buf *text)
{
    im_buf_addf(text, "| [%.*s](%.*s.json) | %.*s | %.*s |\n", IM_ARG(scenario->name),
                IM_ARG(scenario->name), IM_ARG(scenario->about),
                IM_ARG(im_needs_text(scenario, text->arena)));
}

void im_scenarios_markdown(const struct im_listed *listed, size_t count,
                           struct im_buf *text)
{
    im_buf_add(text, (struct im_str){im_scenario_format, im_scenario_format_len});
    write_effects(text);
    write_switches(text);
    im_buf_addf(text, "\n## The catalogue (%zu)\n", count);
    for (int family = 0; family <= IM_FAMILIES; family++) {
        if (!any_of(listed, count, family))
            continue;
        const char *title = title_of(family); /* ASCII, in lower case */
        im_buf_addf(text,
                    "\n### %c%s\n\n| scenario | what happens | needs |\n|---|---|---|\n",
                    title[0] - ('a' - 'A'), title + 1);
        each_of(listed, count, family, text, write_row);
    }
}

/* ---- scenarios/schema.json ---- */

void im_scenarios_schema(const struct im_listed *listed, size_t count,
                         struct im_buf *text)
{
    struct im_json_out out;
    struct im_json_schema schema = {.out = &out, .at = "#/$defs/"};
    struct im_buf compact;

    (void)listed;
    (void)count;
    im_buf_init(&compact, text->arena, 0);
    im_json_out_init(&out, &compact);
    im_json_open_object(&out, NULL);
    im_json_strz(&out, "$schema", "https://json-schema.org/draft/2020-12/schema");
    im_json_strz(&out, "title", "A scenario of intacct-mock");
    im_json_schema_table(&schema, &im_scenario_table);
    im_json_open_object(&out, "$defs");
    im_json_schema_definitions(&schema);
    im_json_close_object(&out);
    im_json_close_object(&out);
    /* in lines: people read it, and see changes of it */
    im_json_pretty(im_buf_str(&compact), text);
    text->failed |= compact.failed;
}
