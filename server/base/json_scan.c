/* The strict reading of JSON that comes before cJSON's. Recursive descent over RFC
 * 8259's grammar, at most IM_JSON_DEPTH_MAX deep; and numbers read from their digits,
 * since strtod and cJSON go by the host's locale. */
#include "base/json_scan.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scan {
    struct im_arena *arena;
    struct im_str text;
    size_t at; /* offset of the next byte */
    unsigned depth;
    struct im_json_mark *first, **tail;
    struct im_json_error *error;
};

void im_json_fail_memory(struct im_json_error *error)
{
    if (error)
        *error = (struct im_json_error){.line = 1,
                                        .column = 1,
                                        .what = "out of memory while reading JSON",
                                        .no_memory = true};
}

void im_json_fail(struct im_json_error *error, struct im_str whole, size_t offset,
                  const char *format, ...)
{
    if (!error)
        return;

    char text[sizeof(error->what)] = "";
    struct im_buf what;
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    error->no_memory = false;
    error->offset = offset;
    im_json_place(whole, offset, &error->line, &error->column);

    /* one line, and no half of a character where it was cut */
    im_buf_init_fixed(&what, error->what, sizeof(error->what));
    im_buf_add_visible(&what, im_str_front(im_str(text), sizeof(text) - 2));
    error->what[what.len] = '\0';
}

/* Names what stands at the current place, for "expected …, found …". */
static const char *scan_found(const struct scan *s, char room[40])
{
    struct im_str rest = im_str_slice(s->text, s->at, s->text.len);
    size_t step = im_utf8_step(rest.at, rest.len);

    if (rest.len == 0)
        return "the end of the text";
    if (im_str_starts(rest, "\xEF\xBB\xBF"))
        return "a byte-order mark";
    if (step == 0 || (unsigned char)rest.at[0] < ' ' || rest.at[0] == 0x7F)
        snprintf(room, 40, "byte 0x%02X", (unsigned char)rest.at[0]);
    else
        snprintf(room, 40, "'%.*s'", (int)step, rest.at);
    return room;
}

/* What other formats allow at this place and people carry over; "" = nothing of the kind. */
static const char *scan_habit(const struct scan *s)
{
    struct im_str rest = im_str_slice(s->text, s->at, s->text.len);

    if (im_str_starts(rest, "//") || im_str_starts(rest, "/*") ||
        im_str_starts(rest, "#"))
        return "; JSON has no comments";
    if (!im_str_starts(rest, "}") && !im_str_starts(rest, "]"))
        return "";
    size_t before = s->at;
    while (before && strchr(" \t\r\n", s->text.at[before - 1]))
        before--;
    return before && s->text.at[before - 1] == ','
               ? "; JSON takes no comma behind the last one"
               : "";
}

static bool scan_refuse(struct scan *s, const char *expected)
{
    char room[40];

    im_json_fail(s->error, s->text, s->at, "%s was expected, found %s%s", expected,
                 scan_found(s, room), scan_habit(s));
    return false;
}

static bool scan_ended(const struct scan *s)
{
    return s->at == s->text.len;
}

static bool scan_next_is(const struct scan *s, char c)
{
    return !scan_ended(s) && s->text.at[s->at] == c;
}

static bool scan_next_within(const struct scan *s, char low, char high)
{
    return !scan_ended(s) && s->text.at[s->at] >= low && s->text.at[s->at] <= high;
}

static bool scan_take(struct scan *s, char c)
{
    if (!scan_next_is(s, c))
        return false;
    s->at++;
    return true;
}

static void scan_space(struct scan *s)
{
    while (scan_next_is(s, ' ') || scan_next_is(s, '\n') || scan_next_is(s, '\r') ||
           scan_next_is(s, '\t'))
        s->at++;
}

/* ---- strings ---- */

/* The four hexadecimal digits behind \u; -1 when there are not four. */
static long scan_hex(struct scan *s)
{
    long value = 0;

    for (int i = 0; i < 4; i++) {
        int digit = scan_ended(s) ? -1 : im_hex_digit(s->text.at[s->at]);
        if (digit < 0)
            return -1;
        s->at++;
        value = value * 16 + digit;
    }
    return value;
}

static bool scan_fail_at(struct scan *s, size_t offset, const char *what)
{
    im_json_fail(s->error, s->text, offset, "%s", what);
    return false;
}

/* Behind "\u"; `start` is the backslash. */
static bool scan_unicode(struct scan *s, size_t start)
{
    static const char lone[] = "half of a surrogate pair stands alone: "
                               "it is no character and has no UTF-8";
    long unit = scan_hex(s);

    if (unit < 0)
        return scan_refuse(s, "a hexadecimal digit (four of them behind \\u)");
    if (unit == 0)
        return scan_fail_at(s, start, "\\u0000 is refused: no text here may hold a NUL");
    if (unit < 0xD800 || unit > 0xDFFF)
        return true;
    if (unit > 0xDBFF || !scan_take(s, '\\') || !scan_take(s, 'u'))
        return scan_fail_at(s, start, lone);
    unit = scan_hex(s);
    return (unit >= 0xDC00 && unit <= 0xDFFF) || scan_fail_at(s, start, lone);
}

static bool scan_escape(struct scan *s)
{
    size_t start = s->at++;

    /* strchr() finds a NUL as well: it ends the list */
    if (scan_ended(s) || !strchr("\"\\/bfnrtu", s->text.at[s->at]) ||
        scan_next_is(s, '\0'))
        return scan_refuse(s, "one of \" \\ / b f n r t u behind the backslash");
    return s->text.at[s->at++] != 'u' || scan_unicode(s, start);
}

/* One character that is no escape. */
static bool scan_character(struct scan *s)
{
    size_t step = im_utf8_step(s->text.at + s->at, s->text.len - s->at);
    char room[40];

    if (step == 0) {
        im_json_fail(s->error, s->text, s->at, "%s begins no well-formed UTF-8 character",
                     scan_found(s, room));
        return false;
    }
    if ((unsigned char)s->text.at[s->at] < ' ') {
        im_json_fail(s->error, s->text, s->at,
                     "%s is a control character, which a string must write as an escape",
                     scan_found(s, room));
        return false;
    }
    s->at += step;
    return true;
}

/* Only the form: cJSON decodes it. */
static bool scan_string(struct scan *s)
{
    size_t start = s->at++;

    while (!scan_take(s, '"')) {
        if (scan_ended(s))
            return scan_fail_at(s, start, "this string has no closing quote");
        if (scan_next_is(s, '\\') ? !scan_escape(s) : !scan_character(s))
            return false;
    }
    return true;
}

/* ---- numbers and words ---- */

static bool scan_digits(struct scan *s, const char *where)
{
    size_t start = s->at;

    while (scan_next_within(s, '0', '9'))
        s->at++;
    return s->at > start || scan_refuse(s, where);
}

static bool scan_number(struct scan *s)
{
    scan_take(s, '-');
    bool zero = scan_next_is(s, '0');
    size_t start = s->at;

    if (!scan_digits(s, "a digit behind the minus"))
        return false;
    if (zero && s->at > start + 1)
        return scan_fail_at(s, start, "a number must not begin with 0 and a digit");
    if (scan_take(s, '.') && !scan_digits(s, "a digit behind the decimal point"))
        return false;
    if (!scan_take(s, 'e') && !scan_take(s, 'E'))
        return true;
    if (!scan_take(s, '+'))
        scan_take(s, '-');
    return scan_digits(s, "a digit of the exponent");
}

/* A longer word ("trueish") is refused by whoever expects a comma or an end behind it. */
static bool scan_word(struct scan *s)
{
    static const char *const words[] = {"true", "false", "null"};
    struct im_str rest = im_str_slice(s->text, s->at, s->text.len);

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!im_str_starts(rest, words[i]))
            continue;
        s->at += strlen(words[i]);
        return true;
    }
    return scan_refuse(s, "a JSON value");
}

/* ---- objects, arrays, values ---- */

static bool scan_value(struct scan *s, size_t name_offset);

static bool scan_member(struct scan *s)
{
    size_t name_offset = s->at;

    if (!scan_next_is(s, '"'))
        return scan_refuse(s, "a member's name in double quotes");
    if (!scan_string(s))
        return false;
    scan_space(s);
    if (!scan_take(s, ':'))
        return scan_refuse(s, "':' behind the member's name");
    scan_space(s);
    return scan_value(s, name_offset);
}

static bool scan_items(struct scan *s, char close)
{
    bool object = close == '}';

    s->at++;
    scan_space(s);
    if (scan_take(s, close))
        return true;
    for (;;) {
        if (object ? !scan_member(s) : !scan_value(s, s->at))
            return false;
        scan_space(s);
        if (scan_take(s, close))
            return true;
        if (!scan_take(s, ','))
            return scan_refuse(s, object ? "',' or '}'" : "',' or ']'");
        scan_space(s);
    }
}

static bool scan_container(struct scan *s, char close)
{
    /* this scan, cJSON and the conversion recurse: the bound keeps all three within a
     * worker's stack */
    if (s->depth == IM_JSON_DEPTH_MAX) {
        im_json_fail(s->error, s->text, s->at,
                     "objects and arrays stand in each other more "
                     "than %d deep",
                     IM_JSON_DEPTH_MAX);
        return false;
    }
    s->depth++;
    bool fine = scan_items(s, close);
    s->depth--;
    return fine;
}

static bool scan_kind(struct scan *s)
{
    if (scan_next_is(s, '{'))
        return scan_container(s, '}');
    if (scan_next_is(s, '['))
        return scan_container(s, ']');
    if (scan_next_is(s, '"'))
        return scan_string(s);
    if (scan_next_is(s, '-') || scan_next_within(s, '0', '9'))
        return scan_number(s);
    return scan_word(s);
}

static bool scan_value(struct scan *s, size_t name_offset)
{
    struct im_json_mark *mark = IM_ARENA_NEW(s->arena, struct im_json_mark);

    if (!mark) {
        im_json_fail_memory(s->error);
        return false;
    }
    /* marked before its children are scanned: the list must be in pre-order, as json.c
     * goes through cJSON's tree */
    mark->offset = s->at;
    mark->name_offset = name_offset;
    *s->tail = mark;
    s->tail = &mark->next;
    if (!scan_kind(s))
        return false;
    mark->end = s->at;
    return true;
}

const struct im_json_mark *im_json_scan(struct im_arena *arena, struct im_str text,
                                        struct im_json_error *error)
{
    struct scan s = {.arena = arena, .text = text, .error = error};

    s.tail = &s.first;
    scan_space(&s);
    if (!scan_value(&s, s.at))
        return NULL;
    scan_space(&s);
    if (!scan_ended(&s)) {
        scan_refuse(&s, "nothing more");
        return NULL;
    }
    return s.first;
}

/* ---- the value of a number ---- */

/* A number is taken apart into an integer and a power of ten, in which no decimal point
 * is left for a locale to spell: 0.00120e5 is 12 (its digits without zeros around them)
 * and the power 1. */
struct decimal {
    bool negative;
    char *digits; /* room for all of the number's text, then NUL */
    size_t len;
    int64_t power; /* of ten; at most a text's length away from the exponent as written */
};

/* As large as makes every number that a text can hold 0 or infinite. */
#define POWER_MAX INT64_C(1000000000000000)

/* Behind the 'e'. Stops counting at POWER_MAX, so that no exponent overflows. */
static int64_t number_power(struct im_str text)
{
    bool negative = im_str_starts(text, "-");
    int64_t power = 0;

    for (size_t i = 0; i < text.len && power < POWER_MAX; i++)
        if (text.at[i] >= '0' && text.at[i] <= '9')
            power = power * 10 + (text.at[i] - '0');
    return negative ? -power : power;
}

static void number_trim_zeros(struct decimal *d)
{
    size_t zeros = 0;

    while (zeros < d->len && d->digits[zeros] == '0')
        zeros++;
    d->digits += zeros;
    d->len -= zeros;
    while (d->len && d->digits[d->len - 1] == '0') {
        d->len--;
        d->power++;
    }
    d->digits[d->len] = '\0';
}

static struct decimal number_take_apart(struct im_str text, char *room)
{
    struct decimal d = {.negative = im_str_starts(text, "-"), .digits = room};
    bool behind_point = false;

    for (size_t i = d.negative; i < text.len; i++) {
        if (text.at[i] == 'e' || text.at[i] == 'E') {
            d.power += number_power(im_str_slice(text, i + 1, text.len));
            break;
        }
        if (text.at[i] == '.') {
            behind_point = true;
            continue;
        }
        room[d.len++] = text.at[i];
        d.power -= behind_point;
    }
    number_trim_zeros(&d);
    return d;
}

/* Fills in `whole` when the number is an int64: exactly, where a double is exact to 2⁵³
 * only (ids are larger). 1.0 and 10e-1 are whole too. */
static bool number_whole(const struct decimal *d, int64_t *whole)
{
    char text[24] = "-";
    size_t at = d->negative;

    *whole = 0;
    if (d->len == 0)
        return true;
    /* an int64 has at most 19 digits */
    if (d->power < 0 || d->power > 19 || d->len + (size_t)d->power > 19)
        return false;
    memcpy(text + at, d->digits, d->len);
    memset(text + at + d->len, '0', (size_t)d->power);
    return im_str_int((struct im_str){text, at + d->len + (size_t)d->power}, whole);
}

/* "12e1" is read alike in every locale. */
static double number_double(const struct decimal *d, struct im_arena *arena)
{
    struct im_str text = im_arena_format(arena, "%s%se%lld", d->negative ? "-" : "",
                                         d->len ? d->digits : "0", (long long)d->power);
    return text.at ? strtod(text.at, NULL) : 0;
}

bool im_json_read_number(struct im_arena *arena, struct im_json *value)
{
    char *room = im_arena_alloc(arena, value->text.len + 1);

    if (!room)
        return true; /* json_parse() looks at the arena's mark */
    struct decimal d = number_take_apart(value->text, room);
    value->is_whole = number_whole(&d, &value->whole);
    /* 0 goes the long way, which keeps the sign of -0 */
    value->number =
        value->is_whole && value->whole ? (double)value->whole : number_double(&d, arena);
    return isfinite(value->number) != 0;
}
