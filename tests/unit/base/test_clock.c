#include <math.h>
#include <time.h>

#include "unit/base/base_test.h"

#include "support/clock.h"

#define NOON INT64_C(1795521600000) /* 2026-11-24T12:00:00Z */
#define DAY  INT64_C(86400000)

/* ---- the virtual clock. Frozen wherever a test could otherwise depend on its own speed.
 * ---- */

static void go_on(struct im_clock *clock, double scale)
{
    im_clock_change(clock, &(struct im_clock_change){.scale = scale, .has_frozen = true});
}

static void a_clock_starts_where_it_is_told(void **state)
{
    struct im_clock clock;
    im_clock_init(&clock, NOON);
    int64_t now = im_clock_now_ms(&clock);
    assert_in_range(now - NOON, 0, 60000);
    im_clock_release(&clock);
}

static void without_a_start_it_shows_the_real_time(void **state)
{
    struct im_clock clock;
    im_clock_init(&clock, -1);
    int64_t apart = im_clock_now_ms(&clock) - im_clock_real_ms();
    assert_true(apart > -60000 && apart < 60000);
    im_clock_release(&clock);
}

static void a_frozen_clock_stands_still_and_can_be_moved(void **state)
{
    struct im_clock clock;
    im_clock_init(&clock, NOON);
    stop_clock_at(&clock, NOON);
    im_clock_advance(&clock, 3600000);
    assert_true(im_clock_now_ms(&clock) == NOON + 3600000);
    im_clock_advance(&clock, -7200000);
    assert_true(im_clock_now_ms(&clock) == NOON - 3600000);
    assert_true(im_clock_state(&clock).frozen);
    im_clock_release(&clock);
}

static void a_thawed_clock_goes_on_from_where_it_stood(void **state)
{
    struct im_clock clock;
    im_clock_init(&clock, 0);
    stop_clock_at(&clock, NOON);
    go_on(&clock, 0);
    assert_in_range(im_clock_now_ms(&clock) - NOON, 0, 60000);
    assert_false(im_clock_state(&clock).frozen);
    im_clock_release(&clock);
}

/* Tried for so long that the system's clock ticks often while the change is being made. */
static void a_clock_set_and_frozen_in_one_change_stands_exactly_there(void **state)
{
    struct im_clock clock;
    im_clock_init(&clock, 0);
    int64_t until = im_clock_monotonic_ms() + 50;
    while (im_clock_monotonic_ms() < until) {
        go_on(&clock, 0);
        stop_clock_at(&clock, NOON);
        assert_true(im_clock_now_ms(&clock) == NOON);
    }
    im_clock_release(&clock);
}

static void a_change_gives_what_the_clock_shows_right_after_it(void **state)
{
    struct im_clock clock;
    im_clock_init(&clock, 0);
    const struct im_clock_change change = {
        .has_set = true, .set_ms = NOON, .advance_ms = DAY, .scale = 1e6};
    int64_t until = im_clock_monotonic_ms() + 50;
    while (im_clock_monotonic_ms() < until) {
        struct im_clock_state after = im_clock_change(&clock, &change);
        assert_true(after.now_ms == NOON + DAY);
        assert_false(after.frozen);
    }
    im_clock_release(&clock);
}

/* What a fast clock shows lies between what its scale makes of the time around the two
 * readings. */
static void a_scaled_clock_runs_as_fast_as_it_is_told(void **state)
{
    struct im_clock clock;
    im_clock_init(&clock, NOON);
    go_on(&clock, 1000);
    int64_t before_first = im_clock_monotonic_ms();
    int64_t first = im_clock_now_ms(&clock);
    int64_t after_first = im_clock_monotonic_ms();
    while (im_clock_monotonic_ms() < after_first + 5)
        ;
    int64_t before_second = im_clock_monotonic_ms();
    int64_t passed = im_clock_now_ms(&clock) - first;
    int64_t after_second = im_clock_monotonic_ms();
    assert_true(passed >= (before_second - after_first) * 1000);
    assert_true(passed <= (after_second - before_first) * 1000);
    im_clock_release(&clock);
}

static void senseless_scales_change_nothing(void **state)
{
    struct im_clock clock;
    im_clock_init(&clock, NOON);
    const double bad[] = {0, -1, 1e7, (double)NAN, (double)INFINITY};
    for (size_t i = 0; i < COUNT(bad); i++) {
        go_on(&clock, bad[i]);
        assert_true(fabs(im_clock_state(&clock).scale - 1) <= 0);
    }
    im_clock_release(&clock);
}

static void the_offset_is_what_is_ahead_of_the_real_time(void **state)
{
    struct im_clock clock;
    im_clock_init(&clock, -1);
    im_clock_advance(&clock, DAY);
    int64_t offset = im_clock_state(&clock).offset_ms - DAY;
    assert_true(offset > -60000 && offset < 60000);
    im_clock_release(&clock);
}

static void the_clock_stops_at_both_ends_of_the_calendar(void **state)
{
    struct im_clock clock;
    im_clock_init(&clock, NOON);
    stop_clock_at(&clock, NOON);
    im_clock_advance(&clock, INT64_MAX);
    assert_true(im_clock_now_ms(&clock) == IM_TIME_MAX);
    im_clock_advance(&clock, INT64_MIN);
    assert_true(im_clock_now_ms(&clock) == IM_TIME_MIN);
    stop_clock_at(&clock, INT64_MAX);
    go_on(&clock, 1e6);
    assert_true(im_clock_now_ms(&clock) == IM_TIME_MAX);
    im_clock_release(&clock);
}

static void the_monotonic_clock_never_goes_back(void **state)
{
    int64_t last = im_clock_monotonic_us();
    for (int i = 0; i < 10000; i++) {
        int64_t now = im_clock_monotonic_us();
        assert_true(now >= last);
        last = now;
    }
}

/* ---- durations ---- */

static void durations_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"250ms", 250},
        {"2s", 2000},
        {"5m", 300000},
        {"12h", 43200000},
        {"30d", 30 * DAY},
        {"0s", 0},
        {"1.5h", 5400000},
        {"0.25s", 250},
        {"-30m", -1800000},
        {"0.0005s", 0},
        {"1.9999ms", 1},
        {"-0.5d", -43200000},
        {"100000d", 100000 * DAY},
        {"-100000d", -100000 * DAY},
        {"007s", 7000},
        {"0.123456789123456789d", 10666666},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t ms = -1;
        assert_true(im_duration_parse(im_str(cases[i].text), &ms));
        assert_true(ms == cases[i].ms);
    }
}

static void what_is_no_duration_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "-",
        "5",
        "s",
        "ms",
        "5 s",
        " 5s",
        "5s ",
        "5S",
        "5sec",
        "1.s",
        ".5s",
        "1.5.5s",
        "+5s",
        "--5s",
        "1e3s",
        "5w",
        "1h30m",
        "100001d",
        "100000.1d",
        "99999999999999999999s",
        "9223372036854775807d",
        "8640000000001ms",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        int64_t ms = -1;
        assert_false(im_duration_parse(im_str(bad[i]), &ms));
        assert_true(ms == -1);
    }
}

static void durations_are_spelled_shortest(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {43200000, "12h"},  {0, "0s"},
        {250, "250ms"},     {1500, "1.5s"},
        {5400000, "90m"},   {86400000, "1d"},
        {30 * DAY, "30d"},  {60000, "1m"},
        {90000, "90s"},     {3600000, "1h"},
        {-1800000, "-30m"}, {1234567, "1234567ms"},
        {1, "1ms"},         {36 * 3600000, "36h"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_says(im_duration_text(*state, cases[i].ms), cases[i].text);
}

static void a_spelled_duration_reads_as_itself(void **state)
{
    uint64_t random = 11;
    for (int i = 0; i < 20000; i++) {
        int64_t ms = (int64_t)(next_random(&random) >> (next_random(&random) % 40 + 24)),
                back;
        if (ms > 100000 * DAY)
            continue;
        assert_true(im_duration_parse(im_duration_text(*state, ms), &back));
        assert_true(back == ms);
        assert_true(im_duration_parse(im_duration_text(*state, -ms), &back));
        assert_true(back == -ms);
    }
    assert_true(im_str_ends(im_duration_text(*state, INT64_MIN), "s"));
}

/* ---- dates ---- */

static void times_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-24T12:00:00Z", NOON},
        {"2026-11-24t12:00:00z", NOON},
        {"2026-11-24T14:00:00+02:00", NOON},
        {"2026-11-24T06:30:00-05:30", NOON},
        {"2026-11-24T12:00:00.25Z", NOON + 250},
        {"2026-11-24T12:00:00.123456789Z", NOON + 123},
        {"2026-11-24T11:59:60Z", NOON},
        {"1969-12-31T23:59:59.999Z", -1},
        {"2000-02-29T00:00:00Z", INT64_C(951782400000)},
        {"2024-02-29T00:00:00Z", INT64_C(1709164800000)},
        {"0000-01-01T00:00:00Z", IM_TIME_MIN},
        {"9999-12-31T23:59:59.999Z", IM_TIME_MAX},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t ms = 42;
        assert_true(im_time_parse(im_str(cases[i].text), &ms));
        assert_true(ms == cases[i].ms);
    }
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "2026",
        "2026-11-24",
        "2026-11-24 12:00:00Z",
        "2026-11-24T12:00:00",
        "2026-11-24T12:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-11-31T00:00:00Z",
        "2026-11-00T00:00:00Z",
        "2026-11-24T24:00:00Z",
        "2026-11-24T12:60:00Z",
        "2026-11-24T12:00:61Z",
        "2026-11-24T12:00:00.Z",
        "2026-11-24T12:00:00+0200",
        "2026-11-24T12:00:00+24:00",
        "2026-11-24T12:00:00+02:60",
        "2026-11-24T12:00:00ZZ",
        "2026-11-24T12:00:00Z ",
        "26-11-24T12:00:00Z",
        "+026-11-24T12:00:00Z",
        "0000-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        int64_t ms = 42;
        assert_false(im_time_parse(im_str(bad[i]), &ms));
        assert_true(ms == 42);
    }
}

static void times_are_written(void **state)
{
    assert_says(im_time_rfc3339(*state, NOON), "2026-11-24T12:00:00Z");
    assert_says(im_time_rfc3339(*state, NOON + 7), "2026-11-24T12:00:00.007Z");
    assert_says(im_time_rfc3339(*state, -1), "1969-12-31T23:59:59.999Z");
    assert_says(im_time_rfc3339(*state, INT64_MAX), "9999-12-31T23:59:59.999Z");
    assert_says(im_time_rfc3339(*state, INT64_MIN), "0000-01-01T00:00:00Z");
    assert_says(im_time_http(*state, NOON - DAY / 2), "Tue, 24 Nov 2026 00:00:00 GMT");
    /* the example of RFC 9110 section 5.6.7 */
    assert_says(im_time_http(*state, INT64_C(784111777000)),
                "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_says(im_time_http(*state, -1), "Wed, 31 Dec 1969 23:59:59 GMT");
}

/* All days of 400 years and a few beyond, against a calendar that only counts. */
static void every_day_of_the_calendar_is_right(void **state)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = 1899, month = 1, day = 1;
    for (int64_t days = -25932; year < 2305; days++) {
        char expected[64], got[IM_TIME_ROOM];
        int64_t ms;
        snprintf(expected, sizeof(expected), "%04d-%02d-%02dT00:00:00Z", year, month,
                 day);
        assert_int_equal(im_time_put(got, days * DAY), 20);
        assert_string_equal(got, expected);
        assert_true(im_time_parse(im_str(got), &ms) && ms == days * DAY);

        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        if (day++ < lengths[month - 1] + (month == 2 && leap))
            continue;
        day = 1;
        year += month == 12;
        month = month % 12 + 1;
    }
}

static void random_times_agree_with_the_c_library(void **state)
{
    uint64_t random = 5;
    for (int i = 0; i < 20000; i++) {
        int64_t s = (int64_t)(next_random(&random) % UINT64_C(253402300800));
        time_t seconds = (time_t)s;
        struct tm tm;
        char expected[64], got[IM_TIME_ROOM];
        gmtime_r(&seconds, &tm);
        strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%SZ", &tm);
        im_time_put(got, s * 1000);
        assert_string_equal(got, expected);
        if (i % 100)
            continue;
        strftime(expected, sizeof(expected), "%a, %d %b %Y %H:%M:%S GMT", &tm);
        assert_says(im_time_http(*state, s * 1000), expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_starts_where_it_is_told),
        cmocka_unit_test(without_a_start_it_shows_the_real_time),
        cmocka_unit_test(a_frozen_clock_stands_still_and_can_be_moved),
        cmocka_unit_test(a_thawed_clock_goes_on_from_where_it_stood),
        cmocka_unit_test(a_clock_set_and_frozen_in_one_change_stands_exactly_there),
        cmocka_unit_test(a_change_gives_what_the_clock_shows_right_after_it),
        cmocka_unit_test(a_scaled_clock_runs_as_fast_as_it_is_told),
        cmocka_unit_test(senseless_scales_change_nothing),
        cmocka_unit_test(the_offset_is_what_is_ahead_of_the_real_time),
        cmocka_unit_test(the_clock_stops_at_both_ends_of_the_calendar),
        cmocka_unit_test(the_monotonic_clock_never_goes_back),
        cmocka_unit_test(durations_are_read),
        cmocka_unit_test(what_is_no_duration_is_refused),
        TEST_IN_ARENA(durations_are_spelled_shortest),
        TEST_IN_ARENA(a_spelled_duration_reads_as_itself),
        cmocka_unit_test(times_are_read),
        cmocka_unit_test(what_is_no_time_is_refused),
        TEST_IN_ARENA(times_are_written),
        cmocka_unit_test(every_day_of_the_calendar_is_right),
        TEST_IN_ARENA(random_times_agree_with_the_c_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
