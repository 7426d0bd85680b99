/* Recursive descent over RFC 8259's grammar, at most IM_JSON_DEPTH_MAX deep. */
#include "base/json_scan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct scan {
    struct im_arena *arena;
    struct im_str text;
    size_t at; /* offset of the next byte */
    unsigned depth;
    struct im_json_mark *first, **tail;
    struct im_json_error *error;
};

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
    error->offset = offset;
    im_json_place(whole, offset, &error->line, &error->column);

    /* one line, and no half of a character where it was cut */
    im_buf_init_fixed(&what, error->what, sizeof(error->what));
    im_buf_add_visible(&what, im_str_front(im_str(text), sizeof(text) - 2));
    error->what[what.len] = '\0';
}

/* Names what stands at the current place, for "expected …, found …". */
static const char *found(const struct scan *s, char room[40])
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

static bool refuse(struct scan *s, const char *expected)
{
    char room[40];

    im_json_fail(s->error, s->text, s->at, "%s was expected, found %s", expected,
                 found(s, room));
    return false;
}

static bool ended(const struct scan *s)
{
    return s->at == s->text.len;
}

static bool next_is(const struct scan *s, char c)
{
    return !ended(s) && s->text.at[s->at] == c;
}

static bool next_within(const struct scan *s, char low, char high)
{
    return !ended(s) && s->text.at[s->at] >= low && s->text.at[s->at] <= high;
}

static bool take(struct scan *s, char c)
{
    if (!next_is(s, c))
        return false;
    s->at++;
    return true;
}

static void skip_space(struct scan *s)
{
    while (next_is(s, ' ') || next_is(s, '\n') || next_is(s, '\r') || next_is(s, '\t'))
        s->at++;
}

/* ---- strings ---- */

/* The four hexadecimal digits behind \u; -1 when there are not four. */
static long take_hex(struct scan *s)
{
    long value = 0;

    for (int i = 0; i < 4; i++) {
        int digit;
        if (next_within(s, '0', '9'))
            digit = s->text.at[s->at] - '0';
        else if (next_within(s, 'a', 'f'))
            digit = s->text.at[s->at] - 'a' + 10;
        else if (next_within(s, 'A', 'F'))
            digit = s->text.at[s->at] - 'A' + 10;
        else
            return -1;
        s->at++;
        value = value * 16 + digit;
    }
    return value;
}

static bool fail_at(struct scan *s, size_t offset, const char *what)
{
    im_json_fail(s->error, s->text, offset, "%s", what);
    return false;
}

/* Behind "\u"; `start` is the backslash. */
static bool take_unicode(struct scan *s, size_t start)
{
    static const char lone[] = "half of a surrogate pair stands alone: "
                               "it is no character and has no UTF-8";
    long unit = take_hex(s);

    if (unit < 0)
        return refuse(s, "a hexadecimal digit (four of them behind \\u)");
    if (unit == 0)
        return fail_at(s, start, "\\u0000 is refused: no text here may hold a NUL");
    if (unit < 0xD800 || unit > 0xDFFF)
        return true;
    if (unit > 0xDBFF || !take(s, '\\') || !take(s, 'u'))
        return fail_at(s, start, lone);
    unit = take_hex(s);
    return (unit >= 0xDC00 && unit <= 0xDFFF) || fail_at(s, start, lone);
}

static bool take_escape(struct scan *s)
{
    size_t start = s->at++;

    if (ended(s) || !strchr("\"\\/bfnrtu", s->text.at[s->at]) || next_is(s, '\0'))
        return refuse(s, "one of \" \\ / b f n r t u behind the backslash");
    return s->text.at[s->at++] != 'u' || take_unicode(s, start);
}

/* One character that is no escape. */
static bool take_character(struct scan *s)
{
    size_t step = im_utf8_step(s->text.at + s->at, s->text.len - s->at);
    char room[40];

    if (step == 0) {
        im_json_fail(s->error, s->text, s->at, "%s begins no well-formed UTF-8 character",
                     found(s, room));
        return false;
    }
    if ((unsigned char)s->text.at[s->at] < ' ') {
        im_json_fail(s->error, s->text, s->at,
                     "%s is a control character, which a string must write as an escape",
                     found(s, room));
        return false;
    }
    s->at += step;
    return true;
}

static bool scan_string(struct scan *s)
{
    size_t start = s->at++;

    while (!take(s, '"')) {
        if (ended(s))
            return fail_at(s, start, "this string has no closing quote");
        if (next_is(s, '\\') ? !take_escape(s) : !take_character(s))
            return false;
    }
    return true;
}

/* ---- numbers and words ---- */

static bool take_digits(struct scan *s, const char *where)
{
    size_t start = s->at;

    while (next_within(s, '0', '9'))
        s->at++;
    return s->at > start || refuse(s, where);
}

static bool scan_number(struct scan *s)
{
    take(s, '-');
    bool zero = next_is(s, '0');
    size_t start = s->at;

    if (!take_digits(s, "a digit behind the minus"))
        return false;
    if (zero && s->at > start + 1)
        return fail_at(s, start, "a number must not begin with 0 and a digit");
    if (take(s, '.') && !take_digits(s, "a digit behind the decimal point"))
        return false;
    if (!take(s, 'e') && !take(s, 'E'))
        return true;
    if (!take(s, '+'))
        take(s, '-');
    return take_digits(s, "a digit of the exponent");
}

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
    return refuse(s, "a JSON value");
}

/* ---- objects, arrays, values ---- */

static bool scan_value(struct scan *s, size_t name_offset);

static bool scan_member(struct scan *s)
{
    size_t name_offset = s->at;

    if (!next_is(s, '"'))
        return refuse(s, "a member's name in double quotes");
    if (!scan_string(s))
        return false;
    skip_space(s);
    if (!take(s, ':'))
        return refuse(s, "':' behind the member's name");
    skip_space(s);
    return scan_value(s, name_offset);
}

static bool scan_items(struct scan *s, char close)
{
    bool object = close == '}';

    s->at++;
    skip_space(s);
    if (take(s, close))
        return true;
    for (;;) {
        if (object ? !scan_member(s) : !scan_value(s, s->at))
            return false;
        skip_space(s);
        if (take(s, close))
            return true;
        if (!take(s, ','))
            return refuse(s, object ? "',' or '}'" : "',' or ']'");
        skip_space(s);
    }
}

static bool scan_container(struct scan *s, char close)
{
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

static struct im_json_mark *add_mark(struct scan *s, size_t name_offset)
{
    struct im_json_mark *mark = IM_ARENA_NEW(s->arena, struct im_json_mark);

    if (!mark) {
        fail_at(s, s->at, "out of memory while reading JSON");
        return NULL;
    }
    mark->offset = s->at;
    mark->name_offset = name_offset;
    *s->tail = mark;
    s->tail = &mark->next;
    return mark;
}

static bool scan_kind(struct scan *s)
{
    if (next_is(s, '{'))
        return scan_container(s, '}');
    if (next_is(s, '['))
        return scan_container(s, ']');
    if (next_is(s, '"'))
        return scan_string(s);
    if (next_is(s, '-') || next_within(s, '0', '9'))
        return scan_number(s);
    return scan_word(s);
}

static bool scan_value(struct scan *s, size_t name_offset)
{
    struct im_json_mark *mark = add_mark(s, name_offset);

    if (!mark || !scan_kind(s))
        return false;
    mark->end = s->at;
    return true;
}

const struct im_json_mark *im_json_scan(struct im_arena *arena, struct im_str text,
                                        struct im_json_error *error)
{
    struct scan s = {.arena = arena, .text = text, .error = error};

    s.tail = &s.first;
    skip_space(&s);
    if (!scan_value(&s, s.at))
        return NULL;
    skip_space(&s);
    if (!ended(&s)) {
        refuse(&s, "nothing more");
        return NULL;
    }
    return s.first;
}
