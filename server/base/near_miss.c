/* Slips that public bug reports show again and again; see near_miss.h. */
#include "base/near_miss.h"

#include <string.h>

#include "base/buf.h"

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_word(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_';
}

/* ---- repairs ---- */

static struct im_str without_quotes(struct im_arena *arena, struct im_str text)
{
    static const char *const marks[][2] = {
        {"\"", "\""}, {"b'", "'"}, {"b\"", "\""},
        {"'", "'"},   {"`", "`"},  {"\xe2\x80\x9c", "\xe2\x80\x9d"}};

    (void)arena;
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        size_t begin = strlen(marks[i][0]), end = strlen(marks[i][1]);
        if (text.len > begin + end && im_str_starts(text, marks[i][0]) &&
            im_str_ends(text, marks[i][1]))
            return im_str_slice(text, begin, text.len - end);
    }
    return text;
}

static struct im_str without_scheme(struct im_arena *arena, struct im_str text)
{
    struct im_str rest = text;
    struct im_str word = im_str_cut(&rest, ' ');

    (void)arena;
    return im_str_eq_nocase(word, IM_STR("bearer")) ||
                   im_str_eq_nocase(word, IM_STR("bearer:"))
               ? im_str_trim(rest)
               : text;
}

static struct im_str with_plus(struct im_arena *arena, struct im_str text)
{
    struct im_buf buf;

    if (!im_str_has(text, ' '))
        return text;
    im_buf_init(&buf, arena, 0);
    for (size_t i = 0; i < text.len; i++)
        im_buf_addc(&buf, text.at[i] == ' ' ? '+' : text.at[i]);
    return im_buf_str(&buf);
}

static int hex(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;

    return at ? (int)(at - digits) : -1;
}

static struct im_str percent_decoded(struct im_arena *arena, struct im_str text)
{
    struct im_buf buf;

    if (!im_str_has(text, '%'))
        return text;
    im_buf_init(&buf, arena, 0);
    for (size_t i = 0; i < text.len; i++) {
        bool escape = text.at[i] == '%' && i + 2 < text.len && hex(text.at[i + 1]) >= 0 &&
                      hex(text.at[i + 2]) >= 0;
        im_buf_addc(&buf, escape ? (char)(hex(text.at[i + 1]) * 16 + hex(text.at[i + 2]))
                                 : text.at[i]);
        i += escape ? 2 : 0;
    }
    return im_buf_str(&buf);
}

static struct im_str trimmed(struct im_arena *arena, struct im_str text)
{
    (void)arena;
    return im_str_trim(text);
}

static struct im_str without_mark(struct im_arena *arena, struct im_str text)
{
    (void)arena;
    return im_str_ends(text, ",") || im_str_ends(text, ";")
               ? im_str_slice(text, 0, text.len - 1)
               : text;
}

static const struct {
    struct im_str (*mend)(struct im_arena *arena, struct im_str text);
    const char *how;
} mends[] = {
    {trimmed, "it has white space at an end"},
    {without_quotes, "it stands in quotation marks"},
    {without_scheme, "the word Bearer stands twice"},
    {with_plus, "a '+' in it arrived as a blank: percent-encode it as %2B"},
    {percent_decoded, "it is percent-encoded once too often"},
    {without_mark, "a comma or semicolon was copied with it"},
};
enum { MENDS = sizeof(mends) / sizeof(mends[0]) };

size_t im_repairs(struct im_arena *arena, struct im_str sent,
                  struct im_repair repairs[IM_REPAIRS_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < MENDS; i++) {
        struct im_str text = mends[i].mend(arena, sent);
        if (text.len && !im_str_eq(text, sent))
            repairs[n++] = (struct im_repair){text, mends[i].how};
    }
    return n;
}

const char *im_near_miss(struct im_arena *arena, struct im_str sent, struct im_str right)
{
    enum { CUT_MIN = 6 };
    struct im_repair repairs[IM_REPAIRS_MAX];
    size_t count = im_repairs(arena, sent, repairs);

    if (!sent.len || !right.len)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (im_str_eq(repairs[i].text, right))
            return repairs[i].how;
    if (im_str_eq_nocase(sent, right))
        return "it differs only in case";
    for (size_t i = 0; i < count; i++)
        if (im_str_eq_nocase(repairs[i].text, right))
            return repairs[i].how;
    if (sent.len >= CUT_MIN && sent.len * 2 >= right.len && sent.len < right.len &&
        memcmp(sent.at, right.at, sent.len) == 0)
        return "its end is missing";
    return NULL;
}

/* ---- placeholders ---- */

/* Between the two stand words alone: markup and JSON begin so as well. */
static bool stands_between(struct im_str text, const char *begin, const char *end)
{
    size_t from = strlen(begin), to = text.len - strlen(end);

    if (text.len <= from + strlen(end) || text.len > 80 || !im_str_starts(text, begin) ||
        !im_str_ends(text, end))
        return false;
    for (size_t i = from; i < to; i++)
        if (!is_word(text.at[i]) && !strchr(" .-:/", text.at[i]))
            return false;
    return true;
}

/* "%TOKEN%", "$TOKEN", ":token": the mark, and a name behind it */
static bool is_marked_name(struct im_str text, char mark, bool closed)
{
    size_t end = text.len - (closed ? 1 : 0);

    if (text.len < 3 || text.at[0] != mark || (closed && text.at[end] != mark))
        return false;
    for (size_t i = 1; i < end; i++)
        if (!is_word(text.at[i]))
            return false;
    return is_letter(text.at[1]) || text.at[1] == '_';
}

/* "****", "xxxxxxxx", "......": the same mark again and again, as where something was masked */
static bool is_masked(struct im_str text)
{
    static const char bullet[] = "\xe2\x80\xa2";

    if (im_str_starts(text, bullet))
        return text.len >= 4 * strlen(bullet) &&
               im_str_starts(im_str_slice(text, strlen(bullet), text.len), bullet);
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] != text.at[0])
            return false;
    return text.len >= 3 && strchr("*xX.#-_", text.at[0]);
}

bool im_is_placeholder(struct im_str text)
{
    static const char *const brackets[][2] = {{"{{", "}}"}, {"${", "}"}, {"$(", ")"},
                                              {"<", ">"},   {"{", "}"},  {"#{", "}"},
                                              {"<%", "%>"}, {"[", "]"},  {"__", "__"}};
    static const char *const words[] = {
        "undefined", "null",    "none",      "nil",        "nan",      "[object Object]",
        "changeme",  "todo",    "change_me", "replace_me", "redacted", "<nil>",
        "(null)",    "not_set", "tbd",       "placeholder"};
    static const char *const beginnings[] = {
        "your_", "your-", "your ", "my_client_", "insert_", "enter_your", "replace_with"};

    text = im_str_trim(text);
    /* what was sent is mostly a token or an id, and begins as none of these do */
    if (!text.len || !strchr("uncotremypi[({<$%:#*x.-_UNCOTREMYPIX\xe2", text.at[0]))
        return false;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (im_str_eq_nocase(text, im_str(words[i])))
            return true;
    for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
        struct im_str head = im_str_slice(text, 0, strlen(beginnings[i]));
        if (im_str_eq_nocase(head, im_str(beginnings[i])))
            return true;
    }
    for (size_t i = 0; i < sizeof(brackets) / sizeof(brackets[0]); i++)
        if (stands_between(text, brackets[i][0], brackets[i][1]))
            return true;
    return is_marked_name(text, '%', true) || is_marked_name(text, '$', false) ||
           is_marked_name(text, ':', false) || is_masked(text);
}
