/* Reading a body against its type. What is refused, and for which member, follows the
 * errors REST-1043, 1050, 1064 of the real API (objects.h); the sentences are ours. What
 * needs other rows (references, ids that are taken) is checked by the store. */
#include "objects/payload.h"

#include <assert.h>
#include <string.h>

#include "objects/outcome.h"
#include "objects/value.h"

#define SUM_LIMIT INT64_C(1000000000000000000) /* what an amount can hold, in 1/10000 */

/* One member of the body on its way into the payload. */
struct payload_reading {
    struct im_object_payload *payload;
    struct im_objects_refusal *refusal;
    const struct im_json *member;
    struct im_str name; /* dotted: "currency.txnCurrency" */
    size_t i;           /* its field */
};

static const struct im_object_field *payload_field(const struct payload_reading *at)
{
    return &at->payload->type->fields[at->i];
}

static enum im_objects_result payload_wrong_type(const struct payload_reading *at,
                                                 const char *wanted)
{
    return im_objects_refuse_at(at->refusal, IM_OBJECTS_FIELD_WRONG_TYPE, at->name,
                                "%.*s takes %s, not %s.", IM_ARG(at->name), wanted,
                                im_json_type_name(at->member->type));
}

static enum im_objects_result payload_wrong_value(const struct payload_reading *at,
                                                  const char *wanted)
{
    struct im_str given = im_objects_quote(at->member->text);
    return im_objects_refuse_at(at->refusal, IM_OBJECTS_FIELD_WRONG_TYPE, at->name,
                                "%.*s takes %s, not \"%.*s\".", IM_ARG(at->name), wanted,
                                IM_ARG(given));
}

static enum im_objects_result payload_missing(struct im_objects_refusal *refusal,
                                              struct im_str name)
{
    return im_objects_refuse_at(refusal, IM_OBJECTS_FIELD_MISSING, name,
                                "%.*s is required.", IM_ARG(name));
}

static enum im_objects_result payload_accept(const struct payload_reading *at,
                                             struct im_str value)
{
    at->payload->values[at->i] = value;
    at->payload->named[at->i] = true;
    return IM_OBJECTS_OK;
}

static enum im_objects_result payload_text(const struct payload_reading *at)
{
    if (at->member->type != IM_JSON_STRING)
        return payload_wrong_type(at, "a string");
    /* an empty text is a value elsewhere, and different from null */
    if (!at->member->text.len && (payload_field(at)->flags & IM_FIELD_REQUIRED))
        return payload_missing(at->refusal, at->name);
    return payload_accept(at, at->member->text);
}

static enum im_objects_result payload_decimal(const struct payload_reading *at)
{
    int64_t scaled;
    if (at->member->type != IM_JSON_STRING && at->member->type != IM_JSON_NUMBER)
        return payload_wrong_type(at, "an amount such as \"68400.00\"");
    if (!im_object_decimal(at->member->text, &scaled))
        return payload_wrong_value(at, "an amount such as \"68400.00\"");
    /* in one form, however it was written: "68400" and 68400.0 are shown as "68400.00" */
    return payload_accept(at, im_object_decimal_text(at->payload->arena, scaled));
}

/* Kept without the zeros behind its point, as a JSON number is shown: 40000, 12.5. */
static enum im_objects_result payload_number(const struct payload_reading *at)
{
    int64_t scaled;
    if (at->member->type != IM_JSON_NUMBER)
        return payload_wrong_type(at, "a number such as 40000");
    if (!im_object_decimal(at->member->text, &scaled))
        return payload_wrong_value(at, "a number such as 40000");
    struct im_str text = im_object_decimal_text(at->payload->arena, scaled);
    while (im_str_ends(text, "0"))
        text.len--;
    if (im_str_ends(text, "."))
        text.len--;
    return payload_accept(at, text);
}

static enum im_objects_result payload_bool(const struct payload_reading *at)
{
    if (at->member->type != IM_JSON_BOOL)
        return payload_wrong_type(at, "true or false");
    return payload_accept(at, at->member->boolean ? IM_STR("true") : IM_STR("false"));
}

static enum im_objects_result payload_date(const struct payload_reading *at)
{
    if (at->member->type != IM_JSON_STRING)
        return payload_wrong_type(at, "a date such as \"2026-03-31\"");
    if (!im_object_date(at->member->text))
        return payload_wrong_value(at, "a date such as \"2026-03-31\"");
    return payload_accept(at, at->member->text);
}

static enum im_objects_result payload_enum(const struct payload_reading *at)
{
    if (at->member->type != IM_JSON_STRING)
        return payload_wrong_type(at, "a string");
    /* of the states of an invoice a payload may say "draft" alone (observed) */
    bool draft = payload_field(at)->flags & IM_FIELD_DRAFT;
    const char *words = draft ? "draft" : payload_field(at)->about;
    if (im_str_in_list(im_str(words), at->member->text))
        return payload_accept(at, at->member->text);
    struct im_str given = im_objects_quote(at->member->text);
    return im_objects_refuse_at(at->refusal, IM_OBJECTS_FIELD_WRONG_TYPE, at->name,
                                "%.*s is one of: %s; not \"%.*s\".", IM_ARG(at->name),
                                words, IM_ARG(given));
}

static struct im_str name_join(const struct payload_reading *at, struct im_str prefix,
                               struct im_str name)
{
    if (!prefix.len)
        return name;
    return im_arena_format(at->payload->arena, "%.*s.%.*s", IM_ARG(prefix), IM_ARG(name));
}

/* key and id lead to the other object; what else it has cannot be changed from here. */
static enum im_objects_result check_ref_members(const struct payload_reading *at)
{
    const struct im_object_type *target = im_object_target(payload_field(at));
    for (const struct im_json *part = at->member->first; part; part = part->next) {
        struct im_str name = name_join(at, at->name, part->name);
        if (im_str_is(part->name, "key") || im_str_is(part->name, "id"))
            continue;
        if (im_object_field_index(target, part->name) == target->n_fields)
            return im_objects_refuse_at(at->refusal, IM_OBJECTS_FIELD_UNKNOWN, name,
                                        "%s has no such field.", target->rest_name);
        return im_objects_refuse_at(at->refusal, IM_OBJECTS_FIELD_READ_ONLY, name,
                                    "A reference is made by \"key\" or \"id\" alone.");
    }
    return IM_OBJECTS_OK;
}

/* {"id": ""} is refused (observed: blank reference ids are rejected). {"id": null}
 * empties. */
static enum im_objects_result payload_ref(const struct payload_reading *at)
{
    if (at->member->type != IM_JSON_OBJECT)
        return payload_wrong_type(at, "an object such as {\"id\": \"…\"}");
    enum im_objects_result result = check_ref_members(at);
    if (result)
        return result;
    /* the key goes before the id where both are given: it is what rows keep */
    const struct im_json *key = im_json_get(at->member, "key");
    const struct im_json *given =
        key && key->type != IM_JSON_NULL ? key : im_json_get(at->member, "id");
    if (!given)
        return payload_wrong_type(at, "an object with \"key\" or \"id\"");
    if (given->type == IM_JSON_NULL && (payload_field(at)->flags & IM_FIELD_REQUIRED))
        return payload_missing(at->refusal, at->name);
    if (given->type == IM_JSON_NULL)
        return payload_accept(at, (struct im_str){NULL, 0});
    if (given->type != IM_JSON_STRING || !given->text.len)
        return im_objects_refuse_at(at->refusal, IM_OBJECTS_FIELD_WRONG_TYPE, at->name,
                                    "key and id are strings that are not empty.");
    at->payload->by_id[at->i] = given != key;
    return payload_accept(at, given->text);
}

/* Amounts of the lines, added up into the fields that are read-only sums. */
static enum im_objects_result payload_sum_lines(const struct payload_reading *at)
{
    const struct im_object_type *type = at->payload->type;
    int64_t sum = 0, amount;
    for (const struct im_json *line = at->member->first; line; line = line->next) {
        const struct im_json *given = im_json_get(line, "txnAmount");
        if (!given)
            continue;
        if (!im_object_decimal(given->text, &amount))
            return im_objects_refuse_at(
                at->refusal, IM_OBJECTS_FIELD_WRONG_TYPE,
                name_join(at, at->name, IM_STR("txnAmount")),
                "txnAmount takes an amount such as \"68400.00\".");
        sum += amount; /* both are below the limit, so this cannot overflow */
        if (sum >= SUM_LIMIT || sum <= -SUM_LIMIT)
            return payload_wrong_type(at, "lines with a smaller total");
    }
    for (size_t i = 0; i < type->n_fields; i++) {
        if (!(type->fields[i].flags & IM_FIELD_LINE_SUM))
            continue;
        at->payload->values[i] = im_object_decimal_text(at->payload->arena, sum);
        at->payload->named[i] = true;
    }
    return IM_OBJECTS_OK;
}

/* Lines are kept as they came: their own object (bill-line) is not offered here. */
static enum im_objects_result payload_list(const struct payload_reading *at)
{
    struct im_buf buf;
    struct im_json_out out;
    if (at->member->type != IM_JSON_ARRAY)
        return payload_wrong_type(at, "an array");
    for (const struct im_json *line = at->member->first; line; line = line->next)
        if (line->type != IM_JSON_OBJECT)
            return payload_wrong_type(at, "an array of objects");
    im_buf_init(&buf, at->payload->arena, IM_OBJECTS_ROW_BYTES_MAX);
    im_json_out_init(&out, &buf);
    im_json_value(&out, (struct im_str){NULL, 0}, at->member);
    if (buf.failed)
        return im_objects_refuse_at(at->refusal, IM_OBJECTS_TOO_LARGE, at->name,
                                    "%.*s is more than %d bytes long.", IM_ARG(at->name),
                                    IM_OBJECTS_ROW_BYTES_MAX);
    enum im_objects_result result = payload_sum_lines(at);
    return result ? result : payload_accept(at, im_buf_str(&buf));
}

static enum im_objects_result payload_null(const struct payload_reading *at)
{
    if (payload_field(at)->flags & IM_FIELD_REQUIRED)
        return payload_missing(at->refusal, at->name);
    if (payload_field(at)->initial) /* a row never lacks what has an initial value */
        return payload_wrong_type(at, "a value");
    return payload_accept(at, (struct im_str){NULL, 0});
}

/* /key on create is a cause of its own: it is what clients send that copy a record they have read. */
static enum im_objects_result payload_read_only(const struct payload_reading *at)
{
    bool key = im_str_is(at->name, "key") && at->payload->creating;
    return im_objects_refuse_at(
        at->refusal, key ? IM_OBJECTS_KEY_GIVEN : IM_OBJECTS_FIELD_READ_ONLY, at->name,
        "%.*s is given by the server.", IM_ARG(at->name));
}

static enum im_objects_result payload_field_read(const struct payload_reading *at)
{
    if (payload_field(at)->flags & IM_FIELD_READ_ONLY)
        return payload_read_only(at);
    if (at->member->type == IM_JSON_NULL)
        return payload_null(at);
    switch (payload_field(at)->kind) {
    case IM_FIELD_NUMBER: return payload_number(at);
    case IM_FIELD_DECIMAL: return payload_decimal(at);
    case IM_FIELD_BOOL: return payload_bool(at);
    case IM_FIELD_DATE: return payload_date(at);
    case IM_FIELD_ENUM: return payload_enum(at);
    case IM_FIELD_REF: return payload_ref(at);
    case IM_FIELD_LIST: return payload_list(at);
    default: return payload_text(at);
    }
}

static enum im_objects_result payload_unknown(const struct payload_reading *at)
{
    const struct im_object_type *type = at->payload->type;
    size_t near = im_object_field_near(type, at->name);
    struct im_str name = im_objects_quote(at->name);
    if (near < type->n_fields)
        return im_objects_refuse_at(at->refusal, IM_OBJECTS_FIELD_UNKNOWN, at->name,
                                    "%s has no field \"%.*s\" here%s", type->rest_name,
                                    IM_ARG(name),
                                    im_hint_of(type->fields[near].name).text);
    return im_objects_refuse_at(
        at->refusal, IM_OBJECTS_FIELD_UNKNOWN, at->name,
        "%s has no field \"%.*s\" here; the model service lists those "
        "it has.",
        type->rest_name, IM_ARG(name));
}

/* A group is entered once: groups stand at the top only, so the depth is two. A name with
 * a dot in it is no field, although a path in a query is written so. */
static enum im_objects_result payload_members(struct payload_reading at,
                                              const struct im_json *object,
                                              struct im_str group)
{
    enum im_objects_result result = IM_OBJECTS_OK;
    for (at.member = object->first; at.member && !result; at.member = at.member->next) {
        const struct im_object_type *type = at.payload->type;
        at.name = name_join(&at, group, at.member->name);
        at.i = im_str_has(at.member->name, '.') ? type->n_fields
                                                : im_object_field_index(type, at.name);
        if (at.i < type->n_fields)
            result = payload_field_read(&at);
        else if (group.len || !im_object_group_known(type, at.name))
            result = payload_unknown(&at);
        else if (at.member->type != IM_JSON_OBJECT)
            result = payload_wrong_type(&at, "an object");
        else
            result = payload_members(at, at.member, at.name);
    }
    return result;
}

/* "action" is taken and never shown: it decides the state of what is created
 * (documented). */
static void payload_apply_action(struct im_object_payload *payload)
{
    size_t action = im_object_field_index(payload->type, IM_STR("action"));
    size_t state = im_object_field_index(payload->type, IM_STR("state"));
    /* types without it, and bodies that leave it out, keep the initial state */
    if (action == payload->type->n_fields || !payload->values[action].at)
        return;
    bool draft = im_str_is(payload->values[action], "draft");
    payload->values[state] = draft ? IM_STR("draft") : IM_STR("posted");
    payload->named[state] = true;
    payload->values[action] = (struct im_str){NULL, 0}; /* write-only: it is not kept */
}

static enum im_objects_result payload_complete(struct im_object_payload *payload,
                                               struct im_objects_refusal *refusal)
{
    for (size_t i = 0; i < payload->type->n_fields; i++) {
        const struct im_object_field *field = &payload->type->fields[i];
        if (!payload->named[i])
            payload->values[i] = im_str(field->initial);
        if ((field->flags & IM_FIELD_REQUIRED) && !payload->values[i].at)
            return payload_missing(refusal, im_str(field->name));
    }
    return IM_OBJECTS_OK;
}

enum im_objects_result im_object_payload_read(struct im_object_payload *payload,
                                              const struct im_json *body,
                                              struct im_objects_refusal *refusal)
{
    struct payload_reading at = {.payload = payload, .refusal = refusal};
    assert(payload->type->n_fields <= IM_FIELDS_MAX);
    if (!body)
        return im_objects_refuse(refusal, IM_OBJECTS_PAYLOAD_MISSING, IM_STR(""),
                                 "The request has no body.");
    if (body->type != IM_JSON_OBJECT)
        return im_objects_refuse(refusal, IM_OBJECTS_PAYLOAD_WRONG, IM_STR(""),
                                 "The body is %s, not an object.",
                                 im_json_type_name(body->type));
    enum im_objects_result result = payload_members(at, body, IM_STR(""));
    if (result)
        return result;
    payload_apply_action(payload);
    if (payload->creating)
        result = payload_complete(payload, refusal);
    if (!result && payload->arena->failed)
        return im_objects_refuse(refusal, IM_OBJECTS_NO_MEMORY, IM_STR(""),
                                 "Out of memory.");
    return result;
}
