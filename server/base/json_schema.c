/* JSON Schema (json-schema.org, draft 2020-12) of the rows by which base/json_read.c
 * reads, for scenarios/schema.json and the OpenAPI document. A schema cannot be stricter
 * than the reader, or an editor marks as wrong what the program takes; it may be laxer
 * where only a check in C can tell. */
#include "base/json_schema.h"

#include <string.h>

static void write_row(struct im_json_schema *schema, const char *name,
                      const struct im_json_row *row);

static void write_any_of(struct im_json_schema *schema, const struct im_json_row *row);

static void write_ref(struct im_json_schema *schema, const char *to)
{
    im_json_strf(schema->out, "$ref", "%s%s", schema->at, to);
}

/* ---- tables and vocabularies ---- */

void im_json_schema_add(struct im_json_schema *schema, const struct im_json_table *table)
{
    for (size_t i = 0; i < schema->table_count; i++)
        if (schema->tables[i] == table)
            return;
    if (schema->table_count < IM_SCHEMAS_MAX)
        schema->tables[schema->table_count++] = table;
}

static void schema_add_names(struct im_json_schema *schema,
                             const struct im_json_names *names)
{
    for (size_t i = 0; i < schema->name_count; i++)
        if (schema->names[i] == names)
            return;
    if (schema->name_count < IM_SCHEMAS_MAX)
        schema->names[schema->name_count++] = names;
}

void im_json_schema_table(struct im_json_schema *schema,
                          const struct im_json_table *table)
{
    struct im_json_out *out = schema->out;
    struct im_json_member members[IM_READ_MEMBERS_MAX];
    size_t n = im_json_members(table, members), required = 0;

    im_json_strz(out, "type", "object");
    if (table->about)
        im_json_strz(out, "description", table->about);
    /* the reader refuses unknown members; so an editor marks a misspelled one */
    im_json_bool(out, "additionalProperties", false);
    if (table->least)
        im_json_int(out, "minProperties", table->least);
    for (size_t i = 0; i < n; i++) {
        if (!(members[i].row->flags & IM_READ_REQUIRED))
            continue;
        if (!required++)
            im_json_open_array(out, "required");
        im_json_strz(out, NULL, members[i].row->name);
    }
    if (required)
        im_json_close_array(out);
    im_json_open_object(out, "properties");
    for (size_t i = 0; i < n; i++)
        if (!(members[i].row->flags & IM_READ_HIDDEN))
            write_row(schema, members[i].row->name, members[i].row);
    im_json_close_object(out);
}

static void write_names(struct im_json_out *out, const struct im_json_names *names)
{
    im_json_open_object(out, names->name);
    im_json_open_array(out, names->about ? "oneOf" : "enum");
    for (size_t i = 0; names->word(i); i++) {
        if (!names->about) {
            im_json_strz(out, NULL, names->word(i));
            continue;
        }
        /* an enum cannot describe its words; constants with descriptions can */
        im_json_open_object(out, NULL);
        im_json_strz(out, "const", names->word(i));
        im_json_strz(out, "description", names->about(i));
        im_json_close_object(out);
    }
    im_json_close_array(out);
    im_json_close_object(out);
}

static void write_pattern(struct im_json_out *out, const char *name, const char *pattern,
                          const char *about)
{
    im_json_open_object(out, name);
    im_json_strz(out, "type", "string");
    im_json_strz(out, "pattern", pattern);
    im_json_strz(out, "description", about);
    im_json_close_object(out);
}

void im_json_schema_definitions(struct im_json_schema *schema)
{
    struct im_json_out *out = schema->out;

    /* writing one adds others to either list, so both are read until neither grows */
    for (size_t t = 0, f = 0; t < schema->table_count || f < schema->form_count;) {
        bool table = t < schema->table_count;
        im_json_open_object(out,
                            table ? schema->tables[t]->name : schema->forms[f]->schema);
        if (table)
            im_json_schema_table(schema, schema->tables[t++]);
        else
            write_any_of(schema, schema->forms[f++]);
        im_json_close_object(out);
    }
    for (size_t i = 0; i < schema->name_count; i++)
        write_names(out, schema->names[i]);
    if (schema->duration)
        write_pattern(out, "duration", "^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$",
                      "a number with a unit: 250ms, 2s, 5m, 12h, 30d");
    if (schema->signed_duration)
        write_pattern(out, "signed_duration", "^-?[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$",
                      "a number with a unit; may be negative");
    if (!schema->time)
        return;
    im_json_open_object(out, "Time");
    im_json_strz(out, "type", "string");
    im_json_strz(out, "format", "date-time");
    im_json_strz(out, "description", "RFC 3339: 2027-01-01T00:00:00Z");
    im_json_close_object(out);
}

/* ---- rows ---- */

/* A pattern comes instead of a least length: it says more. */
static void write_text(struct im_json_schema *schema, const struct im_json_row *row)
{
    if (row->names) {
        schema_add_names(schema, row->names);
        write_ref(schema, row->names->name);
        return;
    }
    im_json_strz(schema->out, "type", "string");
    if (row->pattern)
        im_json_strz(schema->out, "pattern", row->pattern);
    else if (!(row->flags & IM_READ_EMPTY))
        im_json_int(schema->out, "minLength", 1);
}

static void write_number(struct im_json_out *out, const struct im_json_row *row)
{
    im_json_strz(out, "type", row->kind == IM_READ_WHOLE ? "integer" : "number");
    if (!row->min && !row->max)
        return;
    im_json_int(out, row->flags & IM_READ_ABOVE ? "exclusiveMinimum" : "minimum",
                row->min);
    if (row->max < INT64_MAX)
        im_json_int(out, "maximum", row->max);
}

/* Only a duration without bounds may be negative (to turn a clock back). The bounds
 * themselves cannot be written: to a schema a duration is a text. */
static void write_duration(struct im_json_schema *schema, const struct im_json_row *row)
{
    bool bounded = row->min || row->max;

    schema->duration |= bounded;
    schema->signed_duration |= !bounded;
    write_ref(schema, bounded ? "duration" : "signed_duration");
}

/* A word of digits may be written as a number too (read_word() in json_read.c). */
static void write_word(struct im_json_schema *schema, const struct im_json_row *row)
{
    struct im_json_out *out = schema->out;
    struct im_str word;
    int64_t number;

    if (row->names) {
        write_text(schema, row);
        return;
    }
    im_json_open_array(out, "enum");
    for (size_t i = 0; (word = im_json_row_word(row, i)).len; i++) {
        im_json_str(out, NULL, word);
        if (im_str_int(word, &number))
            im_json_int(out, NULL, number);
    }
    im_json_close_array(out);
}

static void write_object(struct im_json_schema *schema, const struct im_json_table *table)
{
    if (!table)
        return;
    if (!table->name) {
        im_json_schema_table(schema, table);
        return;
    }
    im_json_schema_add(schema, table);
    write_ref(schema, table->name);
}

static void write_map(struct im_json_out *out)
{
    im_json_strz(out, "type", "object");
    im_json_int(out, "minProperties", 1);
    im_json_open_object(out, "additionalProperties");
    im_json_open_array(out, "type");
    im_json_strz(out, NULL, "string");
    im_json_strz(out, NULL, "number");
    im_json_strz(out, NULL, "boolean");
    im_json_close_array(out);
    im_json_close_object(out);
}

static void write_list(struct im_json_schema *schema, const struct im_json_row *row)
{
    const struct im_json_row item = im_json_item(row);
    struct im_json_out *out = schema->out;

    im_json_strz(out, "type", "array");
    if (row->min)
        im_json_int(out, "minItems", row->min);
    if (row->max && row->max < INT64_MAX)
        im_json_int(out, "maxItems", row->max);
    write_row(schema, "items", row->rows ? row->rows : &item);
}

/* The forms that a value may have; a choice within a choice is flattened, unless it has a
 * definition of its own to refer to. */
static void write_forms(struct im_json_schema *schema, const struct im_json_row *rows,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].kind == IM_READ_EITHER && !rows[i].schema)
            write_forms(schema, rows[i].rows, rows[i].count);
        else
            write_row(schema, NULL, &rows[i]);
    }
}

static void write_any_of(struct im_json_schema *schema, const struct im_json_row *row)
{
    im_json_open_array(schema->out, "anyOf");
    write_forms(schema, row->rows, row->count);
    im_json_close_array(schema->out);
}

static void write_either(struct im_json_schema *schema, const struct im_json_row *row)
{
    size_t i = 0;

    if (!row->schema) {
        write_any_of(schema, row);
        return;
    }
    /* rows in different tables may share the forms: one definition for all of them */
    while (i < schema->form_count && schema->forms[i]->rows != row->rows)
        i++;
    if (i == schema->form_count && i < IM_SCHEMAS_MAX)
        schema->forms[schema->form_count++] = row;
    write_ref(schema, row->schema);
}

static void write_kind(struct im_json_schema *schema, const struct im_json_row *row)
{
    struct im_json_out *out = schema->out;

    switch (row->kind) {
    case IM_READ_TEXT: write_text(schema, row); break;
    case IM_READ_BOOL: im_json_strz(out, "type", "boolean"); break;
    case IM_READ_TRUE: im_json_bool(out, "const", true); break;
    case IM_READ_WHOLE:
    case IM_READ_NUMBER: write_number(out, row); break;
    case IM_READ_DURATION: write_duration(schema, row); break;
    case IM_READ_TIME:
        schema->time = true;
        write_ref(schema, "Time");
        break;
    case IM_READ_WORD: write_word(schema, row); break;
    case IM_READ_OBJECT:
    case IM_READ_JSON: write_object(schema, row->table); break;
    case IM_READ_LIST: write_list(schema, row); break;
    case IM_READ_EITHER: write_either(schema, row); break;
    case IM_READ_MAP: write_map(out); break;
    case IM_READ_PART: break;
    }
}

static void write_row(struct im_json_schema *schema, const char *name,
                      const struct im_json_row *row)
{
    struct im_json_out *out = schema->out;
    const struct im_json_row item = im_json_item(row);
    struct im_json_row list = *row;

    im_json_open_object(out, name);
    if (row->about)
        im_json_strz(out, "description", row->about);
    if (row->kind == IM_READ_LIST && (row->flags & IM_READ_ALONE)) {
        /* one item alone, or the same row as a list in the strict sense */
        list.flags &= ~(unsigned)IM_READ_ALONE;
        list.about = NULL;
        im_json_open_array(out, "anyOf");
        write_forms(schema, row->rows ? row->rows : &item, 1);
        write_row(schema, NULL, &list);
        im_json_close_array(out);
    } else {
        write_kind(schema, row);
    }
    im_json_close_object(out);
}

/* ---- for the eye ---- */

static void pretty_new_line(struct im_buf *text, size_t depth)
{
    im_buf_addc(text, '\n');
    while (depth--)
        im_buf_addz(text, "  ");
}

/* The text is well-formed, as the writer makes it; empty objects and arrays stay on one
 * line. */
void im_json_pretty(struct im_str json, struct im_buf *text)
{
    char last = ' '; /* that was added outside of strings */
    bool quoted = false;
    size_t depth = 0;

    for (size_t i = 0; i < json.len; i++) {
        char c = json.at[i];
        if (quoted) {
            im_buf_addc(text, c);
            if (c == '\\' && i + 1 < json.len) /* an escaped quote ends no string */
                im_buf_addc(text, json.at[++i]);
            quoted = c != '"';
            continue;
        }
        if (c == ' ' || c == '\n' || c == '\r' || c == '\t')
            continue;
        bool opened = last == '{' || last == '[', closes = c == '}' || c == ']';
        if (closes && depth)
            depth--;
        if (last == ',' || opened != closes)
            pretty_new_line(text, depth);
        im_buf_addc(text, c);
        if (c == ':')
            im_buf_addc(text, ' ');
        if (c == '{' || c == '[')
            depth++;
        quoted = c == '"';
        last = c;
    }
    im_buf_addc(text, '\n');
}
