/* JSON Schema (2020-12) of the rows that read JSON: what base/json_read.h takes, an
 * editor that knows the schema takes as well. */
#ifndef IM_BASE_JSON_SCHEMA_H
#define IM_BASE_JSON_SCHEMA_H

#include "base/json_read.h"

enum { IM_SCHEMAS_MAX = 64 };

/* A document under way. What bears a name (a table, a vocabulary, durations and times) is
 * written once, among the definitions, and referred to. */
struct im_json_schema {
    struct im_json_out *out;
    const char *at; /* where the definitions are: "#/$defs/" */
    const struct im_json_table *tables[IM_SCHEMAS_MAX];
    size_t table_count;
    const struct im_json_row *forms[IM_SCHEMAS_MAX];
    size_t form_count;
    const struct im_json_names *names[IM_SCHEMAS_MAX];
    size_t name_count;
    bool duration, signed_duration, time; /* referred to */
};

/* The schema's members ("type", "properties", …) of the object that is open in `out`. */
void im_json_schema_table(struct im_json_schema *schema,
                          const struct im_json_table *table);
/* Puts a named table among the definitions. */
void im_json_schema_add(struct im_json_schema *schema, const struct im_json_table *table);
/* All definitions, as members of the object that is open in `out`. */
void im_json_schema_definitions(struct im_json_schema *schema);

/* JSON text with two blanks for each level, and a newline at the end. */
void im_json_pretty(struct im_str json, struct im_buf *text);

#endif
