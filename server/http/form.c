/* application/x-www-form-urlencoded as the URL standard has it, but strict where that one
 * guesses: a bad escape, invalid UTF-8 and NUL are refused instead of repaired, because
 * the real server's reading of them is unknown and a client that sends them is wrong. */
#include "http/form.h"

#include "base/json.h"

/* The byte that the escape at `at` stands for, or -1. */
static int escaped_byte(struct im_str text, size_t at)
{
    if (text.len - at < 3)
        return -1;

    int high = im_hex_digit(text.at[at + 1]), low = im_hex_digit(text.at[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool im_url_decode(struct im_arena *arena, struct im_str text, bool plus,
                   struct im_str *out)
{
    size_t len = 0;

    /* most values have nothing to decode: they stay where they are, without a copy */
    *out = text;
    if (!im_str_has(text, '%') && !(plus && im_str_has(text, '+')))
        return true;

    char *to = im_arena_alloc(arena, text.len + 1);
    if (!to)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        int byte = (unsigned char)text.at[i];
        if (byte == '%') {
            byte = escaped_byte(text, i);
            i += 2;
        } else if (byte == '+' && plus) {
            byte = ' ';
        }
        if (byte < 0)
            return false;
        to[len++] = (char)byte;
    }
    *out = (struct im_str){to, len};
    return true;
}

/* ---- forms ---- */

struct param_reading {
    struct im_arena *arena;
    struct im_str text;
    struct im_params *params;
    struct im_error *err;
};

static bool params_add(struct param_reading *r, struct im_str name, struct im_str value)
{
    struct im_params *params = r->params;

    if (params->count == IM_PARAMS_MAX)
        return im_error_set(r->err, "more than %d parameters", IM_PARAMS_MAX);
    params->items[params->count++] = (struct im_param){name, value};
    return true;
}

static size_t offset_of(const struct param_reading *r, struct im_str piece)
{
    return piece.at ? (size_t)(piece.at - r->text.at) : 0;
}

/* Says which escape is bad. Only the escape is shown: the rest may be a secret. */
static bool refuse_escape(struct param_reading *r, struct im_str piece)
{
    for (size_t i = 0; i < piece.len; i++) {
        if (piece.at[i] != '%' || escaped_byte(piece, i) >= 0)
            continue;
        size_t offset = offset_of(r, piece) + i;
        if (piece.len - i < 3)
            return im_error_set(r->err, "cut percent escape at byte %zu", offset);
        return im_error_set(
            r->err, "\"%%\" at byte %zu is not followed by two hex digits", offset);
    }
    return im_error_set(r->err, "out of memory");
}

static bool decode_piece(struct param_reading *r, struct im_str piece, struct im_str *out)
{
    if (!im_url_decode(r->arena, piece, true, out))
        return refuse_escape(r, piece);
    if (im_str_utf8(*out)) /* which is false for a NUL too */
        return true;
    if (im_str_has(*out, '\0'))
        return im_error_set(r->err, "a NUL in the parameter at byte %zu",
                            offset_of(r, piece));
    return im_error_set(r->err, "the parameter at byte %zu is not valid UTF-8",
                        offset_of(r, piece));
}

/* A body of another type (JSON, XML) under the wrong Content-Type would read as one
 * parameter without a value, and the refusal would name a parameter that is missing: the
 * type is what the client has to correct. */
static bool is_pair_list(struct param_reading *r)
{
    struct im_str start = im_str_trim(r->text);

    if (im_str_has(r->text, '=') && !im_str_starts(start, "{"))
        return true;
    if (start.len == 0 || !im_str_has(IM_STR("{[<\""), start.at[0]))
        return true;
    return im_error_set(r->err, "not a list of name=value: it begins with '%c'",
                        start.at[0]);
}

/* An upper bound, for one allocation. The bound on parameters is one on memory too: a
 * body of 1 MB may be a million '&'. */
static size_t count_pieces(struct im_str text)
{
    size_t n = 1;

    for (size_t i = 0; i < text.len; i++)
        n += text.at[i] == '&';
    return n < IM_PARAMS_MAX ? n : IM_PARAMS_MAX;
}

static bool make_room(struct param_reading *r, size_t n)
{
    *r->params =
        (struct im_params){.items = IM_ARENA_ARRAY(r->arena, struct im_param, n)};
    return r->params->items || im_error_set(r->err, "out of memory");
}

bool im_params_parse_form(struct im_arena *arena, struct im_str text,
                          struct im_params *params, struct im_error *err)
{
    struct param_reading r = {arena, text, params, err};
    struct im_str rest = text;

    if (!make_room(&r, count_pieces(text)) || !is_pair_list(&r))
        return false;
    while (rest.len) {
        struct im_str name, value = im_str_cut(&rest, '&');
        if (value.len == 0) /* "a=1&&b=2": the URL standard skips it as well */
            continue;
        /* cut first and decoded then: an escaped '&' or '=' belongs to its value */
        struct im_str raw_name = im_str_cut(&value, '=');
        if (!decode_piece(&r, raw_name, &name) || !decode_piece(&r, value, &value) ||
            !params_add(&r, name, value))
            return false;
    }
    return true;
}

/* ---- JSON ---- */

static bool add_member(struct param_reading *r, const struct im_json *member)
{
    switch (member->type) {
    case IM_JSON_NULL: return true;
    case IM_JSON_BOOL:
        return params_add(r, member->name, im_str(member->boolean ? "true" : "false"));
    case IM_JSON_NUMBER:
    case IM_JSON_STRING: return params_add(r, member->name, member->text);
    case IM_JSON_ARRAY:
    case IM_JSON_OBJECT:
    default:
        return true; /* no parameter is one: an extra field, which is to be ignored */
    }
}

bool im_params_parse_json(struct im_arena *arena, struct im_str text,
                          struct im_params *params, struct im_error *err)
{
    struct param_reading r = {arena, text, params, err};
    struct im_json_error bad = {0};

    if (im_str_trim(text).len == 0)
        return make_room(&r, 0);

    const struct im_json *object = im_json_parse_repeated(arena, text, &bad);
    if (!object)
        return im_error_set(err, "not JSON: line %u, column %u: %s", bad.line, bad.column,
                            bad.what[0] ? bad.what : "out of memory");
    if (object->type != IM_JSON_OBJECT)
        return im_error_set(err, "the JSON is %s, not an object",
                            im_json_type_name(object->type));

    if (!make_room(&r, object->count < IM_PARAMS_MAX ? object->count : IM_PARAMS_MAX))
        return false;
    for (const struct im_json *member = object->first; member; member = member->next)
        if (!add_member(&r, member))
            return false;
    return true;
}

/* ---- looking things up ---- */

struct im_str im_param(const struct im_params *params, const char *name)
{
    for (size_t i = 0; i < params->count; i++)
        if (im_str_is(params->items[i].name, name))
            return params->items[i].value;
    return (struct im_str){NULL, 0};
}

size_t im_param_count(const struct im_params *params, const char *name)
{
    size_t n = 0;

    for (size_t i = 0; i < params->count; i++)
        n += im_str_is(params->items[i].name, name);
    return n;
}

/* ---- a query, by a table ---- */

/* The parameters as members of an object: strings, of which some are numbers too. */
static struct im_json *object_of_params(struct im_arena *arena,
                                        const struct im_params *params)
{
    struct im_json *object = IM_ARENA_NEW(arena, struct im_json);
    struct im_json *members = IM_ARENA_ARRAY(arena, struct im_json, params->count);

    if (!object || !members)
        return NULL;
    *object = (struct im_json){.type = IM_JSON_OBJECT, .count = params->count};
    object->first = params->count ? members : NULL;
    for (size_t i = 0; i < params->count; i++) {
        struct im_str value = params->items[i].value;
        members[i] =
            (struct im_json){.type = IM_JSON_STRING,
                             .name = params->items[i].name,
                             .text = value,
                             .next = i + 1 < params->count ? &members[i + 1] : NULL};
        members[i].is_whole = im_str_int(value, &members[i].whole);
    }
    return object;
}

bool im_query_read(struct im_arena *arena, struct im_str text,
                   const struct im_json_table *table, void *into,
                   struct im_json_fault *fault)
{
    struct im_json_reader r = {
        .arena = arena, .faults = fault, .room = 1, .member = "parameter"};
    struct im_params params;

    *fault = (struct im_json_fault){.at = NULL};
    if (!im_params_parse_form(arena, text, &params, &fault->err))
        return false;
    const struct im_json *object = object_of_params(arena, &params);
    return object && im_json_read(&r, table, object, into);
}
