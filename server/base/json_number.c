/* Numbers read from their digits. The text is taken apart into an integer and a power of
 * ten, in which no decimal point is left for a locale to spell. */
#include "base/json_scan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* 0.00120e5 is 12 (its digits without zeros around them) and the power 1. */
struct decimal {
    bool negative;
    char *digits; /* room for all of the number's text, then NUL */
    size_t len;
    int64_t power; /* of ten; at most a text's length away from the exponent as written */
};

/* As large as makes every number that a text can hold 0 or infinite. */
#define POWER_MAX INT64_C(1000000000000000)

static int64_t read_power(struct im_str text)
{
    bool negative = im_str_starts(text, "-");
    int64_t power = 0;

    for (size_t i = 0; i < text.len && power < POWER_MAX; i++)
        if (text.at[i] >= '0' && text.at[i] <= '9')
            power = power * 10 + (text.at[i] - '0');
    return negative ? -power : power;
}

static void trim_zeros(struct decimal *d)
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

static struct decimal take_apart(struct im_str text, char *room)
{
    struct decimal d = {.negative = im_str_starts(text, "-"), .digits = room};
    bool behind_point = false;

    for (size_t i = d.negative; i < text.len; i++) {
        if (text.at[i] == 'e' || text.at[i] == 'E') {
            d.power += read_power(im_str_slice(text, i + 1, text.len));
            break;
        }
        if (text.at[i] == '.') {
            behind_point = true;
            continue;
        }
        room[d.len++] = text.at[i];
        d.power -= behind_point;
    }
    trim_zeros(&d);
    return d;
}

/* Fills in `whole` when the number is an int64. */
static bool read_whole(const struct decimal *d, int64_t *whole)
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
static double read_double(const struct decimal *d, struct im_arena *arena)
{
    struct im_str text = im_arena_format(arena, "%s%se%lld", d->negative ? "-" : "",
                                         d->len ? d->digits : "0", (long long)d->power);
    return text.at ? strtod(text.at, NULL) : 0;
}

bool im_json_read_number(struct im_arena *arena, struct im_json *value)
{
    char *room = im_arena_alloc(arena, value->text.len + 1);

    if (!room)
        return true; /* the arena's mark tells it */
    struct decimal d = take_apart(value->text, room);
    value->is_whole = read_whole(&d, &value->whole);
    value->number =
        value->is_whole && value->whole ? (double)value->whole : read_double(&d, arena);
    return isfinite(value->number) != 0;
}
