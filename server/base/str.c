/* Views of text, UTF-8 (Unicode, section 3.9), patterns, and the search for the word that
 * was meant. All of ASCII here is spelled out: <ctype.h> depends on the locale. */
#include "base/str.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *im_str_heap(struct im_str text)
{
    char *memory = malloc(text.len + 1);

    if (!memory)
        return NULL;
    if (text.len)
        memcpy(memory, text.at, text.len);
    memory[text.len] = '\0';
    return memory;
}

bool im_str_duplicate(struct im_str text, struct im_str *copy)
{
    char *memory = im_str_heap(text);

    *copy = (struct im_str){memory, memory ? text.len : 0};
    return memory != NULL;
}

void im_str_free(struct im_str *copy)
{
    void *memory;

    memcpy(&memory, &copy->at, sizeof(memory)); /* the view is const; the copy is not */
    free(memory);
    *copy = (struct im_str){0};
}

static char ascii_lower(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    return c;
}

bool im_str_eq_nocase(struct im_str a, struct im_str b)
{
    if (a.len != b.len)
        return false;
    /* a byte that is the same needs no folding, and nearly all are */
    for (size_t i = 0; i < a.len; i++)
        if (a.at[i] != b.at[i] && ascii_lower(a.at[i]) != ascii_lower(b.at[i]))
            return false;
    return true;
}

int im_str_compare(struct im_str a, struct im_str b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.at, b.at, common) : 0;

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

bool im_str_has(struct im_str a, char c)
{
    return im_str_find(a, c) < a.len;
}

static bool is_white(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct im_str im_str_trim(struct im_str a)
{
    size_t from = 0, to = a.len;

    while (from < to && is_white(a.at[from]))
        from++;
    while (to > from && is_white(a.at[to - 1]))
        to--;
    return im_str_slice(a, from, to);
}

struct im_str im_str_cut(struct im_str *rest, char separator)
{
    struct im_str whole = *rest;
    size_t at = im_str_find(whole, separator);

    *rest = im_str_slice(whole, at + 1, whole.len);
    return im_str_slice(whole, 0, at);
}

size_t im_str_find(struct im_str a, char c)
{
    const char *found = a.len ? memchr(a.at, c, a.len) : NULL;
    return found ? (size_t)(found - a.at) : a.len;
}

size_t im_str_find_piece(struct im_str a, struct im_str piece)
{
    char first =
        (char)(piece.len ? piece.at[0] | 0x20 : 0); /* others are compared below */

    for (size_t i = 0; i + piece.len <= a.len; i++)
        if (!piece.len || ((char)(a.at[i] | 0x20) == first &&
                           im_str_eq_nocase(im_str_slice(a, i, i + piece.len), piece)))
            return i;
    return a.len;
}

bool im_str_int(struct im_str a, int64_t *value)
{
    bool negative = a.len && a.at[0] == '-';
    int64_t sum = 0;

    if (a.len == (negative ? 1 : 0))
        return false;
    for (size_t i = negative; i < a.len; i++) {
        if (a.at[i] < '0' || a.at[i] > '9')
            return false;
        int digit = a.at[i] - '0';
        /* summed up below zero, where there is one number more */
        if (sum < (INT64_MIN + digit) / 10)
            return false;
        sum = sum * 10 - digit;
    }
    if (!negative && sum == INT64_MIN)
        return false;
    *value = negative ? sum : -sum;
    return true;
}

/* The table of well-formed sequences: Unicode, table 3-7. What follows the second byte is
 * always 80..BF; the second is bounded more closely after E0, ED, F0 and F4. */
size_t im_utf8_step(const char *at, size_t len)
{
    const unsigned char *byte = (const unsigned char *)at;
    unsigned low = 0x80, high = 0xBF;
    size_t need;

    if (len == 0)
        return 0;
    if (byte[0] < 0x80)
        return 1;
    if (byte[0] < 0xC2 || byte[0] > 0xF4)
        return 0;

    need = byte[0] < 0xE0 ? 2 : byte[0] < 0xF0 ? 3 : 4;
    if (byte[0] == 0xE0)
        low = 0xA0; /* below: overlong */
    else if (byte[0] == 0xED)
        high = 0x9F; /* above: surrogates */
    else if (byte[0] == 0xF0)
        low = 0x90; /* below: overlong */
    else if (byte[0] == 0xF4)
        high = 0x8F; /* above: over U+10FFFF */
    if (len < need || byte[1] < low || byte[1] > high)
        return 0;
    for (size_t i = 2; i < need; i++)
        if ((byte[i] & 0xC0) != 0x80)
            return 0;
    return need;
}

struct im_str im_str_front(struct im_str a, size_t max)
{
    size_t end = max;

    if (a.len <= max)
        return a;
    /* back to the first byte of the character that `max` falls into; none has over
     * four */
    while (end > 0 && max - end < 3 && ((unsigned char)a.at[end] & 0xC0) == 0x80)
        end--;
    return im_str_slice(a, 0, end);
}

bool im_str_utf8(struct im_str a)
{
    size_t step;

    for (size_t i = 0; i < a.len; i += step) {
        step = im_utf8_step(a.at + i, a.len - i);
        if (step == 0 || a.at[i] == '\0')
            return false;
    }
    return true;
}

bool im_str_in_list(struct im_str list, struct im_str word)
{
    if (word.len == 0)
        return false;
    while (list.len)
        if (im_str_eq(im_str_cut(&list, ' '), word))
            return true;
    return false;
}

/* The index behind the character that starts at i; a byte that starts none counts as
 * one. */
static size_t next_char(struct im_str text, size_t i)
{
    size_t step = im_utf8_step(text.at + i, text.len - i);
    return i + (step ? step : 1);
}

bool im_str_glob(struct im_str pattern, struct im_str text)
{
    size_t p = 0, t = 0;
    size_t star = SIZE_MAX; /* behind the last '*' seen … */
    size_t held = 0;        /* … which holds the text up to here */

    while (t < text.len) {
        if (p < pattern.len && pattern.at[p] == '*') {
            star = ++p;
            held = t;
        } else if (p < pattern.len && pattern.at[p] == '?') {
            p++;
            t = next_char(text, t);
        } else if (p < pattern.len && pattern.at[p] == text.at[t]) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            /* the last star takes one more: stars before it never need to */
            p = star;
            t = held = next_char(text, held);
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.at[p] == '*')
        p++;
    return p == pattern.len;
}

enum { DISTANCE_MAX = 63 };

/* Spellings that people confuse count as equal: client-id, client id, Client_Id. */
static char fold_spelling(char c)
{
    if (c == '-' || c == ' ')
        return '_';
    return ascii_lower(c);
}

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* One row of the table of distances (optimal string alignment), from the two rows above
 * it. */
static void fill_row(struct im_str a, struct im_str b, size_t i,
                     unsigned rows[3][DISTANCE_MAX + 1])
{
    unsigned *row = rows[i % 3];
    const unsigned *above = rows[(i + 2) % 3], *second = rows[(i + 1) % 3];

    row[0] = (unsigned)i;
    for (size_t j = 1; j <= b.len; j++) {
        char x = fold_spelling(a.at[i - 1]), y = fold_spelling(b.at[j - 1]);
        row[j] = smaller(smaller(above[j], row[j - 1]) + 1, above[j - 1] + (x != y));
        bool swapped = i > 1 && j > 1 && x == fold_spelling(b.at[j - 2]) &&
                       y == fold_spelling(a.at[i - 2]);
        if (swapped)
            row[j] = smaller(row[j], second[j - 2] + 1);
    }
}

unsigned im_str_distance(struct im_str a, struct im_str b)
{
    unsigned rows[3][DISTANCE_MAX + 1];

    /* rows of a fixed length, on the stack; the work grows with the product of the
     * lengths */
    if (a.len > DISTANCE_MAX || b.len > DISTANCE_MAX)
        return UINT_MAX;
    memset(rows, 0, sizeof(rows));
    for (size_t j = 0; j <= b.len; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a.len; i++)
        fill_row(a, b, i, rows);
    return rows[a.len % 3][b.len];
}

/* Of each text at most `front` bytes are compared. A short word may differ by one edit, a
 * longer one by a third: more would offer words that have nothing to do with it. Of
 * equally near candidates the first is taken. */
static int nearest_by_front(struct im_str word, const struct im_str *candidates, size_t n,
                            size_t front)
{
    struct im_str meant = im_str_front(word, front);
    size_t best = meant.len < 6 ? 1 : meant.len / 3;
    int nearest = -1;

    for (size_t i = 0; i < n && i < INT_MAX; i++) {
        unsigned distance = im_str_distance(meant, im_str_front(candidates[i], front));
        if (distance < best || (distance == best && nearest < 0)) {
            best = distance;
            nearest = (int)i;
        }
    }
    return nearest;
}

int im_str_nearest(struct im_str word, const struct im_str *candidates, size_t n)
{
    return nearest_by_front(word, candidates, n, SIZE_MAX);
}

static struct im_hint hint_to(struct im_str name)
{
    struct im_hint hint = {.text = ""};
    struct im_str front = im_str_front(name, sizeof(hint.text) - 20);

    if (front.len)
        snprintf(hint.text, sizeof(hint.text), "; did you mean \"%.*s\"?", IM_ARG(front));
    return hint;
}

struct im_hint im_hint(struct im_str word, const struct im_str *candidates, size_t n)
{
    /* candidates may be sentences, longer than im_str_distance() compares */
    int nearest = nearest_by_front(word, candidates, n, DISTANCE_MAX);

    return hint_to(nearest < 0 ? IM_STR("") : candidates[nearest]);
}

struct im_hint im_hint_list(const struct im_str *names, size_t count)
{
    enum { AROUND = sizeof("; did you mean ?") };
    struct im_hint hint = count == 1 ? hint_to(names[0]) : (struct im_hint){.text = ""};
    size_t fits = 0, len = AROUND;

    while (fits < count &&
           (len += names[fits].len + sizeof("\"\" or ")) <= sizeof(hint.text))
        fits++;
    if (count < 2 || !fits)
        return hint;
    len = (size_t)snprintf(hint.text, sizeof(hint.text), "; did you mean ");
    for (size_t i = 0; i < fits; i++)
        len += (size_t)snprintf(hint.text + len, sizeof(hint.text) - len, "%s\"%.*s\"",
                                i == 0         ? ""
                                : i + 1 < fits ? ", "
                                               : " or ",
                                IM_ARG(names[i]));
    snprintf(hint.text + len, sizeof(hint.text) - len, "?");
    return hint;
}

struct im_hint im_hint_of(const char *nearest)
{
    return hint_to(im_str(nearest));
}

struct im_hint im_hint_or_all(struct im_str word, const struct im_str *candidates,
                              size_t n)
{
    struct im_hint hint = im_hint(word, candidates, n);
    size_t len = 0;

    if (hint.text[0] || !n || n > IM_HINT_FEW)
        return hint;
    for (size_t i = 0; i < n; i++) {
        int more = snprintf(hint.text + len, sizeof(hint.text) - len, "%s\"%.*s\"",
                            i       ? ", "
                            : n > 1 ? "; there are "
                                    : "; there is ",
                            IM_ARG(candidates[i]));
        len += (size_t)more;
        if (len >= sizeof(hint.text)) /* a part of them would look like all */
            return (struct im_hint){.text = ""};
    }
    return hint;
}
