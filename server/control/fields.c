/* Strict bodies: what a call takes is a table; everything else in the body is refused by name. */
#include "control/control.h"

static struct im_control_field *field_named(struct im_control_field *fields,
                                            struct im_str name)
{
    for (struct im_control_field *field = fields; field->name; field++)
        if (im_str_is(name, field->name))
            return field;
    return NULL;
}

static bool refuse_unknown(struct im_call *call, const struct im_control_field *fields,
                           struct im_str name)
{
    struct im_str known[16];
    size_t n = 0;
    struct im_str shown = im_str_slice(name, 0, 60);
    const char *field = im_arena_copy(call->req->arena, shown).at;

    for (; n < 16 && fields[n].name; n++)
        known[n] = im_str(fields[n].name);
    int nearest = im_str_nearest(name, known, n);
    if (nearest >= 0)
        im_control_refuse(call, 400, field,
                          "unknown field \"%.*s\"; did you mean \"%.*s\"?", IM_ARG(shown),
                          IM_ARG(known[nearest]));
    else
        im_control_refuse(call, 400, field, "unknown field \"%.*s\"", IM_ARG(shown));
    return false;
}

static bool refuse_type(struct im_call *call, const struct im_control_field *field,
                        const char *wanted, const struct im_json *value)
{
    if (value->type == IM_JSON_STRING)
        im_control_refuse(call, 400, field->name, "\"%s\" must be %s, not \"%.*s\"",
                          field->name, wanted, IM_ARG(im_str_slice(value->text, 0, 60)));
    else
        im_control_refuse(call, 400, field->name, "\"%s\" must be %s, not %s",
                          field->name, wanted, im_json_type_name(value->type));
    return false;
}

static bool read_field(struct im_call *call, struct im_control_field *field,
                       const struct im_json *value)
{
    bool text = value->type == IM_JSON_STRING;

    field->given = true;
    switch (field->type) {
    case IM_TAKE_TEXT:
        *(struct im_str *)field->into = value->text;
        return (text && value->text.len) ||
               refuse_type(call, field, "a string with something in it", value);
    case IM_TAKE_BOOL:
        *(int *)field->into = value->boolean;
        return value->type == IM_JSON_BOOL ||
               refuse_type(call, field, "true or false", value);
    case IM_TAKE_NUMBER:
        *(double *)field->into = value->number;
        return value->type == IM_JSON_NUMBER ||
               refuse_type(call, field, "a number", value);
    case IM_TAKE_DURATION:
        return (text && im_duration_parse(value->text, field->into)) ||
               refuse_type(call, field, "a duration such as \"250ms\", \"5m\" or \"12h\"",
                           value);
    case IM_TAKE_TIME:
        return (text && im_time_parse(value->text, field->into)) ||
               refuse_type(call, field, "a time such as \"2027-01-01T00:00:00Z\"", value);
    case IM_TAKE_JSON: *(const struct im_json **)field->into = value; return true;
    }
    return false;
}

bool im_control_fields(struct im_call *call, struct im_control_field *fields)
{
    const struct im_json *member = call->body ? call->body->first : NULL;

    for (; member; member = member->next) {
        struct im_control_field *field = field_named(fields, member->name);
        if (!field)
            return refuse_unknown(call, fields, member->name);
        if (!read_field(call, field, member))
            return false;
    }
    for (const struct im_control_field *field = fields; field->name; field++)
        if (field->required && !field->given) {
            im_control_refuse(call, 400, field->name, "\"%s\" is missing", field->name);
            return false;
        }
    return true;
}
