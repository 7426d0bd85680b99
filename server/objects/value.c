/* Amounts are whole numbers of 1/10000: in binary fractions, 0.1 + 0.2 would not be 0.3,
 * and the sum of a bill's lines would not be what its reader adds up. Text is compared by
 * bytes; folding the case is for ASCII letters alone. */
#include "objects/value.h"

#include <string.h>

#include "base/clock.h"

/* 18 digits in all fit into 64 bits. */
#define WHOLE_DIGITS    14
#define FRACTION_DIGITS 4
#define SCALE           10000

static bool all_digits(struct im_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
    return true;
}

static int64_t digits_value(struct im_str digits)
{
    int64_t value = 0;
    for (size_t i = 0; i < digits.len; i++)
        value = value * 10 + (digits.at[i] - '0');
    return value;
}

bool im_object_decimal(struct im_str text, int64_t *scaled)
{
    bool negative = im_str_starts(text, "-");
    struct im_str rest = im_str_slice(text, negative, text.len);
    bool pointed = im_str_has(rest, '.');
    struct im_str whole = im_str_cut(&rest, '.');
    /* more than four decimals are refused, not rounded: a total must be what its reader adds up */
    if (!whole.len || whole.len > WHOLE_DIGITS || rest.len > FRACTION_DIGITS)
        return false;
    if ((pointed && !rest.len) || !all_digits(whole) || !all_digits(rest))
        return false;
    int64_t fraction = digits_value(rest);
    for (size_t i = rest.len; i < FRACTION_DIGITS; i++)
        fraction *= 10;
    *scaled = digits_value(whole) * SCALE + fraction;
    if (negative)
        *scaled = -*scaled;
    return true;
}

struct im_str im_object_decimal_text(struct im_arena *arena, int64_t scaled)
{
    int64_t size = scaled < 0 ? -scaled : scaled;
    struct im_str text =
        im_arena_format(arena, "%s%lld.%04lld", scaled < 0 ? "-" : "",
                        (long long)(size / SCALE), (long long)(size % SCALE));
    /* two decimals always: "68400.00" (observed) */
    for (int spare = FRACTION_DIGITS - 2; spare && im_str_ends(text, "0"); spare--)
        text.len--;
    return text;
}

/* The calendar is that of base/clock.h: a midnight that exists is a day that exists. */
bool im_object_date(struct im_str text)
{
    static const char midnight[] = "T00:00:00Z";
    char stamp[10 + sizeof midnight];
    int64_t ms;
    if (text.len != 10)
        return false;
    memcpy(stamp, text.at, 10);
    memcpy(stamp + 10, midnight, sizeof midnight);
    return im_time_parse(im_str(stamp), &ms);
}

static unsigned char folded(char c, bool fold_case)
{
    unsigned char byte = (unsigned char)c;
    return fold_case && byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte | 0x20U) : byte;
}

static int compare_text(struct im_str a, struct im_str b, bool fold_case)
{
    for (size_t i = 0; i < a.len && i < b.len; i++) {
        int difference = folded(a.at[i], fold_case) - folded(b.at[i], fold_case);
        if (difference)
            return difference;
    }
    return (a.len > b.len) - (a.len < b.len);
}

/* Nothing, text, number in that order: a field that is empty must stand somewhere in a sorted list. */
int im_object_compare(struct im_object_cell a, struct im_object_cell b, bool fold_case)
{
    if (a.form != b.form)
        return (a.form > b.form) - (a.form < b.form);
    if (a.form == IM_CELL_NUMBER)
        return (a.number > b.number) - (a.number < b.number);
    return a.form == IM_CELL_TEXT ? compare_text(a.text, b.text, fold_case) : 0;
}

static bool stands_at(struct im_str text, size_t at, struct im_str part, bool fold_case)
{
    return compare_text(im_str_slice(text, at, at + part.len), part, fold_case) == 0;
}

bool im_object_contains(struct im_str text, struct im_str part, bool fold_case)
{
    for (size_t at = 0; at + part.len <= text.len; at++)
        if (stands_at(text, at, part, fold_case))
            return true;
    return false;
}

bool im_object_starts(struct im_str text, struct im_str part, bool fold_case)
{
    return part.len <= text.len && stands_at(text, 0, part, fold_case);
}

bool im_object_ends(struct im_str text, struct im_str part, bool fold_case)
{
    return part.len <= text.len && stands_at(text, text.len - part.len, part, fold_case);
}
