/* Text we read: a view into memory that somebody else owns. Never assume a NUL behind
 * it. */
#ifndef IM_BASE_STR_H
#define IM_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct im_str {
    const char *at; /* NULL only when len is 0 */
    size_t len;     /* bytes */
};

/* A view of a string literal, usable in static tables as { … } with IM_STR_INIT. */
#define IM_STR(literal) ((struct im_str){"" literal, sizeof(literal) - 1})
#define IM_STR_INIT(literal)                                                             \
    {                                                                                    \
        "" literal, sizeof(literal) - 1                                                  \
    }
/* printf("%.*s", IM_ARG(s)) */
#define IM_ARG(s) (int)(s).len, ((s).at ? (s).at : "")

/* Of a C string; NULL gives the empty view. Inline, so that the length of a literal is
 * known when it is compiled. */
static inline struct im_str im_str(const char *text)
{
    return (struct im_str){text, text ? strlen(text) : 0};
}
/* The text as a C string on the heap, for free(); NULL when memory is short. */
char *im_str_heap(struct im_str text);
/* A copy on the heap, NUL-terminated, for im_str_free; false (and empty) when memory is
 * short. */
bool im_str_duplicate(struct im_str text, struct im_str *copy);
void im_str_free(struct im_str *copy); /* empty afterwards */
/* Inline, as those below: a request compares some hundred texts with literals, most of
 * another length. */
static inline bool im_str_eq(struct im_str a, struct im_str b)
{
    return a.len == b.len &&
           (a.len == 0 || (a.at && b.at && memcmp(a.at, b.at, a.len) == 0));
}
/* Equals this C string. */
static inline bool im_str_is(struct im_str a, const char *text)
{
    return im_str_eq(a, im_str(text));
}
bool im_str_eq_nocase(struct im_str a, struct im_str b); /* ASCII case folded */
int im_str_compare(struct im_str a, struct im_str b);    /* like memcmp, shorter first */
static inline bool im_str_starts(struct im_str a, const char *prefix)
{
    struct im_str p = im_str(prefix);
    return p.len <= a.len && (p.len == 0 || (a.at && memcmp(a.at, p.at, p.len) == 0));
}
static inline bool im_str_ends(struct im_str a, const char *suffix)
{
    struct im_str s = im_str(suffix);
    return s.len <= a.len &&
           (s.len == 0 || (a.at && memcmp(a.at + (a.len - s.len), s.at, s.len) == 0));
}
bool im_str_has(struct im_str a, char c);
/* Bytes from `from` up to but not including `to`; both are clamped to the text. */
static inline struct im_str im_str_slice(struct im_str a, size_t from, size_t to)
{
    if (!a.at)
        return (struct im_str){NULL, 0};
    if (to > a.len)
        to = a.len;
    if (from > to)
        from = to;
    return (struct im_str){a.at + from, to - from};
}
struct im_str im_str_trim(struct im_str a); /* without ASCII white space at both ends */
/* The text before the first `separator`; *rest becomes what follows it (empty when none).
 * To go through a list: while (rest.len) { item = im_str_cut(&rest, ' '); … } */
struct im_str im_str_cut(struct im_str *rest, char separator);
/* Index of the first `c`, or len when there is none. */
size_t im_str_find(struct im_str a, char c);
/* The value of a hexadecimal digit, -1 when it is none. Inline: decoding a form asks it
 * for each escape. */
static inline int im_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}
/* Index of the first such piece, ASCII case folded, or len when it is nowhere. */
size_t im_str_find_piece(struct im_str a, struct im_str piece);
static inline size_t im_str_find_nocase(struct im_str a, const char *piece)
{
    return im_str_find_piece(a, im_str(piece));
}
/* A whole decimal number with optional '-', nothing around it, in range; else false. */
bool im_str_int(struct im_str a, int64_t *value);
bool im_str_utf8(struct im_str a); /* well-formed UTF-8, no NUL */
/* Bytes (1 to 4) of the well-formed UTF-8 sequence at the start of these len bytes; 0
 * when there is none: overlong, a surrogate, over U+10FFFF, cut off, or len 0. */
size_t im_utf8_step(const char *at, size_t len);
/* At most `max` bytes of the front, not ending within a character of UTF-8. */
struct im_str im_str_front(struct im_str a, size_t max);
/* Does `word` occur in the space-separated `list`? (OAuth scopes) */
bool im_str_in_list(struct im_str list, struct im_str word);
/* `*` matches any run of characters, `?` any one (of UTF-8: all its bytes); the whole
 * text must match. At most pattern × text steps: only the last `*` is ever tried
 * again. */
bool im_str_glob(struct im_str pattern, struct im_str text);
/* Edits (insert, delete, replace, swap of neighbours) between the two, case, '-', '_' and
 * ' ' folded together; texts over 63 bytes count as far apart (UINT_MAX). For "did you
 * mean". */
unsigned im_str_distance(struct im_str a, struct im_str b);
/* The candidate nearest to `word`, or -1 when none is near enough to be a slip of the pen
 * (at most a third of the word's length, at least 1, distance). */
int im_str_nearest(struct im_str word, const struct im_str *candidates, size_t n);

/* What stands behind "there is no …", by value, so that it fits into one printf:
 * `; did you mean "X"?`, or nothing when no candidate is near. Of long words (sentences)
 * the front decides. */
struct im_hint {
    char text[200]; /* NUL-terminated */
};
struct im_hint im_hint(struct im_str word, const struct im_str *candidates, size_t n);
/* `; did you mean "X", "Y" or "Z"?`: as many of them as there is room for. */
struct im_hint im_hint_list(const struct im_str *names, size_t count);
struct im_hint im_hint_of(
    const char *nearest); /* the same when it is known; NULL: nothing */
/* The nearest; else all of them, where they are few: `; there are "a", "b"`. */
enum { IM_HINT_FEW = 6 };
struct im_hint im_hint_or_all(struct im_str word, const struct im_str *candidates,
                              size_t n);

#endif
