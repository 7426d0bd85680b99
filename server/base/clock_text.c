/* Durations, and dates as RFC 3339 and RFC 9110 section 5.6.7 write them. Computed here,
 * not by the C library, whose functions depend on the locale, on the time zone or on more
 * than POSIX. */
#include "base/clock.h"

#include <string.h>

#include "base/buf.h"

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

/* ---- durations ---- */

struct unit {
    struct im_str name;
    int64_t ms;
};

/* Smallest first: of two spellings equally short, that without a decimal point wins. */
static const struct unit units[] = {
    {IM_STR_INIT("ms"), 1},        {IM_STR_INIT("m"), MINUTE_MS},
    {IM_STR_INIT("s"), SECOND_MS}, {IM_STR_INIT("d"), DAY_MS},
    {IM_STR_INIT("h"), HOUR_MS},
};

enum { UNITS = sizeof(units) / sizeof(units[0]) };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Takes the digits at the front of *rest: false when there are none. */
static bool take_digits(struct im_str *rest, struct im_str *digits)
{
    size_t n = 0;

    while (n < rest->len && is_digit(rest->at[n]))
        n++;
    *digits = im_str_slice(*rest, 0, n);
    *rest = im_str_slice(*rest, n, rest->len);
    return n > 0;
}

/* 0.digits of a unit, in ms; what is below a millisecond is cut. */
static int64_t fraction_ms(struct im_str digits, int64_t unit_ms)
{
    int64_t value = 0, ten = 1;

    /* nine digits are exact to less than a ms of a day, and cannot overflow */
    for (size_t i = 0; i < digits.len && i < 9; i++, ten *= 10)
        value = value * 10 + (digits.at[i] - '0');
    return value * unit_ms / ten;
}

static int64_t unit_named(struct im_str name)
{
    for (size_t i = 0; i < UNITS; i++)
        if (im_str_eq(units[i].name, name))
            return units[i].ms;
    return 0;
}

bool im_duration_parse(struct im_str text, int64_t *ms)
{
    struct im_str rest = text, whole, fraction = {NULL, 0};
    bool negative = rest.len && rest.at[0] == '-';
    int64_t count;

    rest = im_str_slice(rest, negative, rest.len);
    if (!take_digits(&rest, &whole) || !im_str_int(whole, &count))
        return false;
    if (im_str_starts(rest, ".")) {
        rest = im_str_slice(rest, 1, rest.len);
        if (!take_digits(&rest, &fraction))
            return false;
    }
    int64_t unit_ms = unit_named(rest);
    /* compared by division, since the product may overflow */
    if (unit_ms == 0 || count > IM_DURATION_MAX / unit_ms)
        return false;
    int64_t sum = count * unit_ms + fraction_ms(fraction, unit_ms);
    if (sum > IM_DURATION_MAX)
        return false;
    *ms = negative ? -sum : sum;
    return true;
}

/* "1.5h" into out; false when three decimals are not enough to be exact. */
static bool duration_spell(char *out, size_t size, uint64_t ms, const struct unit *unit)
{
    struct im_buf buf;
    uint64_t unit_ms = (uint64_t)unit->ms, rest = ms % unit_ms * 1000;
    unsigned thousandths = (unsigned)(rest / unit_ms);
    int digits = 3;

    if (rest % unit_ms)
        return false;
    while (digits > 0 && thousandths % 10 == 0) {
        thousandths /= 10;
        digits--;
    }
    im_buf_init_fixed(&buf, out, size);
    im_buf_addf(&buf, "%llu", (unsigned long long)(ms / unit_ms));
    if (digits)
        im_buf_addf(&buf, ".%0*u", digits, thousandths);
    im_buf_add(&buf, unit->name);
    im_buf_addc(&buf, '\0');
    return !buf.failed;
}

struct im_str im_duration_text(struct im_arena *arena, int64_t ms)
{
    uint64_t size = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
    char best[40] = "0s", now[40]; /* no unit spells 0: its text is given */

    for (size_t i = 0; size && i < UNITS; i++) {
        if (!duration_spell(now, sizeof(now), size, &units[i]))
            continue;
        if (im_str_is(im_str(best), "0s") || strlen(now) < strlen(best))
            memcpy(best, now, sizeof(now));
    }
    return im_arena_format(arena, "%s%s", ms < 0 ? "-" : "", best);
}

/* ---- dates ---- */

int64_t im_time_clamp(int64_t ms)
{
    return ms < IM_TIME_MIN ? IM_TIME_MIN : ms > IM_TIME_MAX ? IM_TIME_MAX : ms;
}

/* A moment of the Gregorian calendar, in UTC. */
struct civil {
    int64_t year;
    unsigned month, day, hour, minute, second, ms; /* month and day from 1 */
    unsigned weekday;                              /* 0 = Sunday */
};

/* Days since 1970-01-01. The year is counted from March, so that the leap day is its
 * last, and in eras of 400 years, which all have the same 146097 days. */
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
    if (month <= 2)
        year--;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
           day_of_year - 719468;
}

/* The inverse of days_of(), by the same years from March and eras of 400 years; 153 days
 * are the five months of 31, 30, 31, 30 and 31 days that repeat from March on. */
static void set_date(struct civil *civil, int64_t days)
{
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day = shifted - era * 146097;
    int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    int64_t day_of_year = day - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * day_of_year + 2) / 153;

    civil->day = (unsigned)(day_of_year - (153 * month + 2) / 5 + 1);
    civil->month = (unsigned)(month < 10 ? month + 3 : month - 9);
    civil->year = year + era * 400 + (civil->month <= 2);
    civil->weekday = (unsigned)(((days + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
}

static struct civil civil_of(int64_t ms)
{
    struct civil civil;
    int64_t bounded = im_time_clamp(ms);
    /* rounded down also before 1970, where C's division rounds towards 0 */
    int64_t days = (bounded - (bounded < 0 ? DAY_MS - 1 : 0)) / DAY_MS;
    int64_t left = bounded - days * DAY_MS;

    set_date(&civil, days);
    civil.hour = (unsigned)(left / HOUR_MS);
    civil.minute = (unsigned)(left / MINUTE_MS % 60);
    civil.second = (unsigned)(left / SECOND_MS % 60);
    civil.ms = (unsigned)(left % SECOND_MS);
    return civil;
}

static unsigned days_in(int64_t year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/* Takes a number of exactly n digits, between low and high. */
static bool take_number(struct im_str *rest, size_t n, unsigned low, unsigned high,
                        unsigned *value)
{
    unsigned sum = 0;

    if (rest->len < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!is_digit(rest->at[i]))
            return false;
        sum = sum * 10 + (unsigned)(rest->at[i] - '0');
    }
    *rest = im_str_slice(*rest, n, rest->len);
    *value = sum;
    return sum >= low && sum <= high;
}

/* Takes one character that must be one of `any`. */
static bool take_mark(struct im_str *rest, const char *any)
{
    if (rest->len == 0 || !im_str_has(im_str(any), rest->at[0]))
        return false;
    *rest = im_str_slice(*rest, 1, rest->len);
    return true;
}

/* "Z" or "+01:30"; *offset_ms is what local time is ahead of UTC. */
static bool take_offset(struct im_str *rest, int64_t *offset_ms)
{
    unsigned hours, minutes;

    *offset_ms = 0;
    if (take_mark(rest, "Zz"))
        return true;
    bool behind = im_str_starts(*rest, "-");
    if (!take_mark(rest, "+-") || !take_number(rest, 2, 0, 23, &hours) ||
        !take_mark(rest, ":") || !take_number(rest, 2, 0, 59, &minutes))
        return false;
    *offset_ms = hours * HOUR_MS + minutes * MINUTE_MS;
    if (behind)
        *offset_ms = -*offset_ms;
    return true;
}

bool im_time_parse(struct im_str text, int64_t *ms)
{
    struct im_str rest = text, fraction = {NULL, 0};
    unsigned year, month, day, hour, minute, second;
    int64_t offset_ms;

    if (!take_number(&rest, 4, 0, 9999, &year) || !take_mark(&rest, "-") ||
        !take_number(&rest, 2, 1, 12, &month) || !take_mark(&rest, "-") ||
        !take_number(&rest, 2, 1, days_in(year, month), &day) || !take_mark(&rest, "Tt"))
        return false;
    /* a second of 60, a leap second, is the first of the next minute: POSIX time has
     * none */
    if (!take_number(&rest, 2, 0, 23, &hour) || !take_mark(&rest, ":") ||
        !take_number(&rest, 2, 0, 59, &minute) || !take_mark(&rest, ":") ||
        !take_number(&rest, 2, 0, 60, &second))
        return false;
    if (take_mark(&rest, ".") && !take_digits(&rest, &fraction))
        return false;
    if (!take_offset(&rest, &offset_ms) || rest.len)
        return false;

    int64_t utc = days_of(year, month, day) * DAY_MS + hour * HOUR_MS +
                  minute * MINUTE_MS + second * SECOND_MS +
                  fraction_ms(fraction, SECOND_MS) - offset_ms;
    if (utc != im_time_clamp(utc)) /* the offset led out of the range */
        return false;
    *ms = utc;
    return true;
}

static void add_time_of_day(struct im_buf *buf, const struct civil *c)
{
    im_buf_add_number(buf, c->hour, 2);
    im_buf_addc(buf, ':');
    im_buf_add_number(buf, c->minute, 2);
    im_buf_addc(buf, ':');
    im_buf_add_number(buf, c->second, 2);
}

size_t im_time_put(char out[IM_TIME_ROOM], int64_t ms)
{
    struct civil c = civil_of(ms);
    struct im_buf buf;

    im_buf_init_fixed(&buf, out, IM_TIME_ROOM);
    im_buf_add_number(&buf, c.year, 4);
    im_buf_addc(&buf, '-');
    im_buf_add_number(&buf, c.month, 2);
    im_buf_addc(&buf, '-');
    im_buf_add_number(&buf, c.day, 2);
    im_buf_addc(&buf, 'T');
    add_time_of_day(&buf, &c);
    if (c.ms) {
        im_buf_addc(&buf, '.');
        im_buf_add_number(&buf, c.ms, 3);
    }
    im_buf_addc(&buf, 'Z');
    out[buf.len] = '\0';
    return buf.len;
}

struct im_str im_time_rfc3339(struct im_arena *arena, int64_t ms)
{
    char text[IM_TIME_ROOM];
    size_t len = im_time_put(text, ms);
    return im_arena_copy(arena, (struct im_str){text, len});
}

/* English names whatever the locale is (RFC 9110: IMF-fixdate), so no strftime. */
struct im_str im_time_http(struct im_arena *arena, int64_t ms)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct civil c = civil_of(ms);
    char text[IM_TIME_ROOM];
    struct im_buf buf;

    im_buf_init_fixed(&buf, text, sizeof(text));
    im_buf_add(&buf, (struct im_str){days + 3 * (size_t)c.weekday, 3});
    im_buf_addz(&buf, ", ");
    im_buf_add_number(&buf, c.day, 2);
    im_buf_addc(&buf, ' ');
    im_buf_add(&buf, (struct im_str){months + 3 * (size_t)(c.month - 1), 3});
    im_buf_addc(&buf, ' ');
    im_buf_add_number(&buf, c.year, 4);
    im_buf_addc(&buf, ' ');
    add_time_of_day(&buf, &c);
    im_buf_addz(&buf, " GMT");
    return im_arena_copy(arena, im_buf_str(&buf));
}

struct im_str im_time_words(struct im_arena *arena, int64_t seconds)
{
    static const struct {
        const char *name;
        int64_t seconds;
    } spans[] = {{"day", 86400}, {"hour", 3600}, {"minute", 60}, {"second", 1}};
    size_t i = 0;

    while (i + 1 < sizeof spans / sizeof *spans && seconds < spans[i].seconds)
        i++;
    int64_t n = seconds / spans[i].seconds;
    return im_arena_format(arena, "%lld %s%s", (long long)n, spans[i].name,
                           n == 1 ? "" : "s");
}
