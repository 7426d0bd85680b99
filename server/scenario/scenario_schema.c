/* scenarios/schema.json: every name that the loader takes is taken from the loader's own tables, so
 * that an editor offers what will be understood. */
#include <string.h>

#include "scenario/expect.h"
#include "scenario/scenario_doc.h"

#define DURATION "^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$"

/* ---- small pieces ---- */

static void typed(struct im_json_out *out, const char *name, const char *type,
                  const char *about)
{
    im_json_open_object(out, name);
    im_json_strz(out, "type", type);
    if (about)
        im_json_strz(out, "description", about);
    im_json_close_object(out);
}

static void patterned(struct im_json_out *out, const char *name, const char *pattern,
                      const char *about)
{
    im_json_open_object(out, name);
    im_json_strz(out, "type", "string");
    im_json_strz(out, "pattern", pattern);
    if (about)
        im_json_strz(out, "description", about);
    im_json_close_object(out);
}

static void whole(struct im_json_out *out, const char *name, int64_t least)
{
    im_json_open_object(out, name);
    im_json_strz(out, "type", "integer");
    im_json_int(out, "minimum", least);
    im_json_close_object(out);
}

static void refer(struct im_json_out *out, const char *name, const char *to)
{
    im_json_open_object(out, name);
    im_json_strf(out, "$ref", "#/$defs/%s", to);
    im_json_close_object(out);
}

static void open_closed_object(struct im_json_out *out, const char *name)
{
    im_json_open_object(out, name);
    im_json_strz(out, "type", "object");
    im_json_bool(out, "additionalProperties", false);
}

static void words(struct im_json_out *out, const char *name, const char *list)
{
    struct im_str rest = im_str(list);

    im_json_open_object(out, name);
    im_json_open_array(out, "enum");
    while (rest.len)
        im_json_str(out, NULL, im_str_cut(&rest, '|'));
    im_json_close_array(out);
    im_json_close_object(out);
}

static void require(struct im_json_out *out, const char *list)
{
    struct im_str rest = im_str(list);

    im_json_open_array(out, "required");
    while (rest.len)
        im_json_str(out, NULL, im_str_cut(&rest, '|'));
    im_json_close_array(out);
}

/* ---- the names there are ---- */

static void write_causes(struct im_json_out *out)
{
    im_json_open_object(out, "cause");
    im_json_open_array(out, "enum");
    for (int i = 1; i < CAUSE_COUNT; i++)
        im_json_strz(out, NULL, im_cause_row((enum im_cause)i)->id);
    im_json_close_array(out);
    im_json_close_object(out);
}

static void write_faults(struct im_json_out *out)
{
    im_json_open_object(out, "fault");
    im_json_open_array(out, "enum");
    for (int i = 1; i < IM_FAULTS; i++)
        im_json_strz(out, NULL, im_fault_name((enum im_fault)i));
    im_json_close_array(out);
    im_json_close_object(out);
}

static void write_effects(struct im_json_out *out)
{
    im_json_open_object(out, "effect");
    im_json_open_array(out, "oneOf");
    for (size_t i = 0; i < im_effect_count; i++) {
        im_json_open_object(out, NULL);
        im_json_strz(out, "const", im_effects[i].name);
        im_json_strz(out, "description", im_effects[i].about);
        im_json_close_object(out);
    }
    im_json_close_array(out);
    im_json_close_object(out);
}

static void write_endpoints(struct im_json_out *out)
{
    im_json_open_object(out, "endpoint");
    im_json_open_array(out, "enum");
    for (size_t i = 0; im_when_endpoint(i); i++)
        im_json_strz(out, NULL, im_when_endpoint(i));
    im_json_close_array(out);
    im_json_close_object(out);
}

/* ---- when ---- */

static void write_when_member(struct im_json_out *out, const char *name)
{
    if (strcmp(name, "endpoint") == 0)
        refer(out, name, "endpoint");
    else if (strcmp(name, "nth") == 0 || strcmp(name, "every") == 0)
        whole(out, name, 1);
    else if (strcmp(name, "seed") == 0)
        whole(out, name, 0);
    else if (strcmp(name, "rate") != 0)
        typed(out, name, "string", NULL);
    else {
        im_json_open_object(out, name);
        im_json_strz(out, "type", "number");
        im_json_int(out, "minimum", 0);
        im_json_int(out, "maximum", 1);
        im_json_close_object(out);
    }
}

static void write_when(struct im_json_out *out)
{
    open_closed_object(out, "when");
    im_json_open_object(out, "properties");
    for (size_t i = 0; im_when_field(i); i++)
        write_when_member(out, im_when_field(i));
    im_json_close_object(out);
    im_json_close_object(out);
}

/* ---- then ---- */

static void write_step(struct im_json_out *out)
{
    im_json_open_object(out, "step");
    im_json_open_array(out, "anyOf");
    refer(out, NULL, "effect");
    im_json_open_object(out, NULL);
    im_json_strz(out, "type", "object");
    require(out, "do");
    im_json_open_object(out, "properties");
    refer(out, "do", "effect");
    refer(out, "by", "signed_duration");
    im_json_close_object(out);
    im_json_open_object(out, "additionalProperties");
    im_json_strz(out, "type", "string");
    im_json_close_object(out);
    im_json_close_object(out);
    im_json_close_array(out);
    im_json_close_object(out);
}

static void write_hold(struct im_json_out *out)
{
    im_json_open_object(out, "hold");
    im_json_open_array(out, "anyOf");
    whole(out, NULL, 1);
    open_closed_object(out, NULL);
    im_json_open_object(out, "properties");
    whole(out, "until", 1);
    refer(out, "for", "duration");
    im_json_close_object(out);
    im_json_close_object(out);
    im_json_close_array(out);
    im_json_close_object(out);
}

static void write_fault_member(struct im_json_out *out, const char *name)
{
    if (strcmp(name, "hold") == 0)
        write_hold(out);
    else if (strcmp(name, "delay") == 0)
        refer(out, name, "duration");
    else if (strcmp(name, "status") == 0)
        whole(out, name, 200);
    else if (strcmp(name, "redirect") == 0)
        typed(out, name, "string", "the address to redirect to");
    else if (strcmp(name, "at") == 0)
        words(out, name, "before|after");
    else if (strcmp(name, "body") == 0 || strcmp(name, "html") == 0 ||
             strcmp(name, "retry_after") == 0) {
        im_json_open_object(out, name);
        im_json_close_object(out);
    } else {
        im_json_open_object(out, name);
        im_json_bool(out, "const", true);
        im_json_close_object(out);
    }
}

static void write_wire(struct im_json_out *out)
{
    im_json_open_object(out, "wire");
    im_json_open_array(out, "anyOf");
    refer(out, NULL, "fault");
    open_closed_object(out, NULL);
    im_json_open_object(out, "properties");
    for (size_t i = 0; im_wire_field(i); i++)
        write_fault_member(out, im_wire_field(i));
    im_json_close_object(out);
    im_json_close_object(out);
    im_json_close_array(out);
    im_json_close_object(out);
}

static void write_rule(struct im_json_out *out)
{
    open_closed_object(out, "rule");
    require(out, "then");
    im_json_open_object(out, "properties");
    refer(out, "when", "when");
    whole(out, "times", 1);
    whole(out, "needs", 1);
    typed(out, "optional", "boolean", NULL);
    open_closed_object(out, "then");
    im_json_int(out, "minProperties", 1);
    im_json_open_object(out, "properties");
    im_json_open_object(out, "world");
    im_json_open_array(out, "anyOf");
    refer(out, NULL, "step");
    im_json_open_object(out, NULL);
    im_json_strz(out, "type", "array");
    refer(out, "items", "step");
    im_json_close_object(out);
    im_json_close_array(out);
    im_json_close_object(out);
    refer(out, "refuse", "cause");
    refer(out, "wire", "wire");
    im_json_close_object(out);
    im_json_close_object(out);
    im_json_close_object(out);
    im_json_close_object(out);
}

/* ---- world ---- */

static void write_thing_member(struct im_json_out *out,
                               const struct im_directory_member *member)
{
    im_json_open_object(out, member->name);
    im_json_strz(out, "type", member->type);
    if (strcmp(member->type, "array") == 0)
        typed(out, "items", "string", NULL);
    im_json_close_object(out);
}

static void write_collection(struct im_json_out *out, size_t collection)
{
    struct im_directory_member member;

    if (!im_directory_member(collection, 0, &member))
        return;
    im_json_open_object(out, member.collection);
    im_json_strz(out, "type", "array");
    open_closed_object(out, "items");
    require(out, member.id);
    im_json_open_object(out, "properties");
    for (size_t i = 0; im_directory_member(collection, i, &member); i++)
        write_thing_member(out, &member);
    im_json_close_object(out);
    im_json_close_object(out);
    im_json_close_object(out);
}

static void write_choice(struct im_json_out *out, const struct im_policy_row *row)
{
    struct im_str rest = im_str(row->choices);
    int64_t status;

    im_json_open_array(out, "anyOf");
    im_json_open_object(out, NULL);
    im_json_open_array(out, "enum");
    while (rest.len) {
        struct im_str word = im_str_cut(&rest, '|');
        im_json_str(out, NULL, word);
        if (im_str_int(word, &status))
            im_json_int(out, NULL, status);
    }
    im_json_close_array(out);
    im_json_close_object(out);
    if (strcmp(row->name, "rotation") == 0)
        patterned(out, NULL, "^grace:[0-9]", NULL);
    im_json_close_array(out);
}

static void write_switch(struct im_json_out *out, const struct im_policy_row *row)
{
    im_json_open_object(out, row->name);
    im_json_strf(out, "description", "%s (%s)", row->about,
                 im_confidence_name(row->confidence));
    switch (row->kind) {
    case IM_POLICY_DURATION: im_json_strz(out, "$ref", "#/$defs/duration"); break;
    case IM_POLICY_BOOL: im_json_strz(out, "type", "boolean"); break;
    case IM_POLICY_CHOICE: write_choice(out, row); break;
    }
    im_json_close_object(out);
}

static void write_world(struct im_json_out *out)
{
    struct im_directory_member member;

    open_closed_object(out, "world");
    im_json_strz(out, "description",
                 "what is so from the start; added to what is built in");
    im_json_open_object(out, "properties");
    for (size_t collection = 0; im_directory_member(collection, 0, &member); collection++)
        write_collection(out, collection);
    patterned(out, "signed_in", "@",
              "USER@COMPANY: authorize answers at once, as if this person had signed in "
              "and accepted");
    for (size_t i = 0; i < im_policy_row_count; i++)
        write_switch(out, &im_policy_rows[i]);
    im_json_close_object(out);
    im_json_close_object(out);
}

/* ---- expect ---- */

/* 401, or "4xx" for all of its kind. */
static void write_status(struct im_json_out *out, const char *name)
{
    im_json_open_object(out, name);
    im_json_open_array(out, "anyOf");
    im_json_open_object(out, NULL);
    im_json_strz(out, "type", "integer");
    im_json_int(out, "minimum", 100);
    im_json_int(out, "maximum", 599);
    im_json_close_object(out);
    words(out, NULL, "1xx|2xx|3xx|4xx|5xx");
    im_json_close_array(out);
    im_json_close_object(out);
}

static void write_expect_member(struct im_json_out *out, const char *name)
{
    if (strcmp(name, "cause") == 0)
        refer(out, name, "cause");
    else if (strcmp(name, "wire") == 0)
        refer(out, name, "fault");
    else if (strcmp(name, "within") == 0)
        refer(out, name, "duration");
    else if (strcmp(name, "gaps") == 0)
        words(out, name, "growing");
    else if (strcmp(name, "per") == 0)
        words(out, name, "token|call");
    else if (strcmp(name, "same") == 0)
        words(out, name, "call");
    else if (strcmp(name, "refused_for") == 0)
        words(out, name, "token");
    else if (strcmp(name, "advice") == 0 || strcmp(name, "optional") == 0)
        typed(out, name, "boolean", NULL);
    else if (strcmp(name, "status") == 0)
        write_status(out, name);
    else if (strcmp(name, "that") == 0 || strcmp(name, "after") == 0)
        typed(out, name, "string", NULL);
    else
        whole(out, name, strcmp(name, "at_least") == 0 ? 1 : 0);
}

static bool is_for_rules(const char *name)
{
    return strcmp(name, "rate") == 0 || strcmp(name, "seed") == 0;
}

static void write_expectation(struct im_json_out *out)
{
    open_closed_object(out, "expectation");
    require(out, "that");
    im_json_open_object(out, "properties");
    for (size_t i = 0; im_when_field(i); i++)
        if (!is_for_rules(im_when_field(i)))
            write_when_member(out, im_when_field(i));
    for (size_t i = 0; im_expect_field(i); i++)
        write_expect_member(out, im_expect_field(i));
    im_json_close_object(out);
    im_json_close_object(out);
}

/* ---- the whole ---- */

static void write_list(struct im_json_out *out, const char *name, const char *of)
{
    im_json_open_object(out, name);
    im_json_strz(out, "type", "array");
    refer(out, "items", of);
    im_json_close_object(out);
}

static void write_properties(struct im_json_out *out)
{
    im_json_open_object(out, "properties");
    typed(out, "$schema", "string", NULL);
    patterned(out, "name", "^[a-z0-9][a-z0-9_-]{0,63}$", "what it is called; no dot");
    typed(out, "about", "string", "what happens, for somebody who has never met it");
    refer(out, "cause", "cause");
    refer(out, "world", "world");
    write_list(out, "rules", "rule");
    words(out, "exhausted", "pass|fail");
    write_list(out, "expect", "expectation");
    im_json_close_object(out);
}

static void write_definitions(struct im_json_out *out)
{
    im_json_open_object(out, "$defs");
    patterned(out, "duration", DURATION, "a number with a unit: 250ms, 2s, 5m, 12h, 30d");
    patterned(out, "signed_duration", "^-?[0-9]",
              "a number with a unit; may be negative");
    write_causes(out);
    write_faults(out);
    write_effects(out);
    write_endpoints(out);
    write_when(out);
    write_step(out);
    write_wire(out);
    write_rule(out);
    write_world(out);
    write_expectation(out);
    im_json_close_object(out);
}

void im_scenarios_schema(const struct im_listed *listed, size_t count,
                         struct im_buf *text)
{
    struct im_json_out out;

    (void)listed;
    (void)count;
    im_json_out_init(&out, text);
    im_json_open_object(&out, NULL);
    im_json_strz(&out, "$schema", "https://json-schema.org/draft/2020-12/schema");
    im_json_strz(&out, "title", "A scenario of intacct-mock");
    im_json_strz(&out, "type", "object");
    im_json_bool(&out, "additionalProperties", false);
    require(&out, "name");
    write_properties(&out);
    write_definitions(&out);
    im_json_close_object(&out);
    im_buf_addc(text, '\n');
}
