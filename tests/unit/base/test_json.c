#include <locale.h>
#include <math.h>

#include "unit/base/base_test.h"

#include "base/json.h"

static const struct im_json *parse(struct im_arena *arena, struct im_str text)
{
    struct im_json_error error = {.what = ""};
    const struct im_json *value = im_json_parse(arena, text, &error);
    if (!value)
        print_error("%.*s\n%u:%u: %s\n", IM_ARG(text), error.line, error.column,
                    error.what);
    return value;
}

static struct im_str written(struct im_arena *arena, const struct im_json *value)
{
    struct im_buf buf;
    struct im_json_out out;
    im_buf_init(&buf, arena, 0);
    im_json_out_init(&out, &buf);
    im_json_value(&out, (struct im_str){NULL, 0}, value);
    return im_buf_str(&buf);
}

/* ---- reading: values ---- */

static void every_type_is_read(void **state)
{
    const struct im_json *object =
        parse(*state,
              IM_STR("{\"n\":null,\"t\":true,\"f\":false,\"i\":-12,\"d\":2.5,\"s\":\"x\","
                     "\"a\":[1,2,3],\"o\":{\"in\":{}}}"));
    assert_non_null(object);
    assert_int_equal(object->type, IM_JSON_OBJECT);
    assert_int_equal(object->count, 8);
    assert_int_equal(im_json_get(object, "n")->type, IM_JSON_NULL);
    assert_true(im_json_get(object, "t")->boolean);
    assert_int_equal(im_json_get(object, "f")->type, IM_JSON_BOOL);
    assert_false(im_json_get(object, "f")->boolean);
    assert_true(im_json_get(object, "i")->whole == -12);
    assert_true(fabs(im_json_get(object, "d")->number - 2.5) <= 0);
    assert_false(im_json_get(object, "d")->is_whole);
    assert_says(im_json_get_str(object, "s"), "x");
    assert_int_equal(im_json_get(object, "a")->count, 3);
    assert_true(im_json_get(object, "a")->first->next->whole == 2);
    assert_int_equal(im_json_get(im_json_get(object, "o"), "in")->count, 0);
}

static void members_keep_their_order_and_names_their_case(void **state)
{
    const struct im_json *object = parse(*state, IM_STR("{\"b\":1,\"B\":2,\"a\":3}"));
    assert_says(object->first->name, "b");
    assert_says(object->first->next->name, "B");
    assert_says(object->first->next->next->name, "a");
    assert_true(im_json_get(object, "B")->whole == 2);
}

static void looking_into_nothing_gives_nothing(void **state)
{
    assert_null(im_json_get(NULL, "a"));
    assert_null(im_json_get(parse(*state, IM_STR("[1]")), "a"));
    assert_null(im_json_get(parse(*state, IM_STR("{\"a\":1}")), "b"));
    assert_int_equal(im_json_get_str(parse(*state, IM_STR("{\"a\":1}")), "a").len, 0);
}

static void escapes_are_decoded(void **state)
{
    const struct im_json *text = parse(
        *state,
        IM_STR("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20AC\\ud83d\\ude00\""));
    assert_says(text->text, "\"\\/\b\f\n\r\tA\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
}

static void names_are_decoded_and_may_be_empty(void **state)
{
    const struct im_json *object = parse(*state, IM_STR("{\"\\u0061\":1,\"\":2}"));
    assert_true(im_json_get(object, "a")->whole == 1);
    assert_true(im_json_get(object, "")->whole == 2);
    assert_says(written(*state, object), "{\"a\":1,\"\":2}");
}

static void white_space_may_stand_around_everything(void **state)
{
    const struct im_json *value = parse(
        *state, IM_STR(" \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : { } , \"c\":[ ] } \n"));
    assert_says(written(*state, value), "{\"a\":[1,2],\"b\":{},\"c\":[]}");
}

static void the_text_needs_no_nul(void **state)
{
    char text[] = {'1', '2', '3', '4'};
    assert_true(parse(*state, (struct im_str){text, 2})->whole == 12);
}

static void the_tree_outlives_the_text(void **state)
{
    char text[] = "{\"name\":\"value\",\"n\":1.50}";
    const struct im_json *object = parse(*state, im_str(text));
    memset(text, 'x', sizeof(text));
    assert_says(written(*state, object), "{\"name\":\"value\",\"n\":1.50}");
}

static void values_know_where_they_stood(void **state)
{
    const struct im_json *object = parse(*state, IM_STR(" {\"a\": [10, {\"b\" :true}]}"));
    const struct im_json *array = im_json_get(object, "a");
    const struct im_json *inner = array->first->next;
    assert_int_equal(object->offset, 1);
    assert_int_equal(object->name_offset, 1);
    assert_int_equal(array->offset, 7);
    assert_int_equal(array->name_offset, 2);
    assert_int_equal(array->first->offset, 8);
    assert_int_equal(array->first->name_offset, 8);
    assert_int_equal(inner->offset, 12);
    assert_int_equal(inner->first->name_offset, 13);
    assert_int_equal(inner->first->offset, 18);
}

/* ---- reading: numbers ---- */

static void whole_numbers_are_exact(void **state)
{
    static const struct {
        const char *text;
        int64_t whole;
    } cases[] = {
        {"0", 0},
        {"-0", 0},
        {"9007199254740993", INT64_C(9007199254740993)},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
        {"1e3", 1000},
        {"1.0", 1},
        {"12.50e1", 125},
        {"-120e-1", -12},
        {"1e18", INT64_C(1000000000000000000)},
        {"0e999999999999999999999", 0},
        {"0.00", 0},
        {"1000000000000000000000000e-24", 1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct im_json *value = parse(*state, im_str(cases[i].text));
        assert_true(value->is_whole && value->whole == cases[i].whole);
        assert_says(value->text, cases[i].text);
    }
}

static void other_numbers_are_not_whole(void **state)
{
    static const char *const texts[] = {
        "0.5",   "1e-1", "9223372036854775808", "-9223372036854775809", "1e19",
        "1e300", "1.5"};
    for (size_t i = 0; i < COUNT(texts); i++)
        assert_false(parse(*state, im_str(texts[i]))->is_whole);
}

static void doubles_are_read_as_strtod_would(void **state)
{
    static const char *const texts[] = {
        "0.1",
        "-0.1",
        "1.7976931348623157e308",
        "5e-324",
        "2.2250738585072011e-308",
        "1e-400",
        "123456789012345678901234567890",
        "0.30000000000000004",
        "1E+2",
        "-1.5E-3",
        "1e22",
        "100000000000000000000000000000000000000000000000000000000000000000000000000000."
        "5e-70",
        "0."
        "000000000000000000000000000000000000000000000000000000000000000000000000001e75",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        double got = parse(*state, im_str(texts[i]))->number;
        assert_true(fabs(got - strtod(texts[i], NULL)) <= 0);
    }
    assert_true(signbit(parse(*state, IM_STR("-0"))->number));
}

static void random_doubles_survive_writing_and_reading(void **state)
{
    uint64_t random = 3;
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = next_random(&random);
        double value;
        memcpy(&value, &bits, sizeof(value));
        if (!isfinite(value))
            continue;
        struct im_buf buf;
        struct im_json_out out;
        im_buf_init(&buf, *state, 0);
        im_json_out_init(&out, &buf);
        im_json_double(&out, NULL, value);
        assert_true(fabs(parse(*state, im_buf_str(&buf))->number - value) <= 0);
    }
}

/* Decimal commas, where the machine has such a locale. */
static void the_locale_of_the_host_changes_nothing(void **state)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE",
                                        "fr_FR.UTF-8", "fr_FR.utf8", "ps_AF.UTF-8"};
    const char *set = NULL;
    for (size_t i = 0; i < COUNT(names) && !set; i++)
        set = setlocale(LC_ALL, names[i]);
    if (!set)
        skip();

    const struct im_json *value = parse(*state, IM_STR("[1.5,-2.25e-3]"));
    struct im_buf buf;
    struct im_json_out out;
    im_buf_init(&buf, *state, 0);
    im_json_out_init(&out, &buf);
    im_json_double(&out, NULL, -0.375);
    setlocale(LC_ALL, "C");
    assert_true(fabs(value->first->number - 1.5) <= 0);
    assert_true(fabs(value->first->next->number + 0.00225) <= 0);
    assert_says(im_buf_str(&buf), "-0.375");
}

/* ---- reading: what is refused ---- */

struct refusal {
    struct im_str text;
    size_t offset;
    const char *what; /* part of it */
};

static const struct refusal refusals[] = {
    {IM_STR_INIT(""), 0, "a JSON value was expected, found the end of the text"},
    {IM_STR_INIT(" \n "), 3, "the end of the text"},
    {IM_STR_INIT("\xEF\xBB\xBF{}"), 0, "a byte-order mark"},
    {IM_STR_INIT("{} x"), 3, "nothing more was expected, found 'x'"},
    {IM_STR_INIT("{}{}"), 2, "nothing more"},
    {IM_STR_INIT("1 \0"), 2, "byte 0x00"},
    {IM_STR_INIT("\v1"), 0, "byte 0x0B"},
    {IM_STR_INIT("\xC2\xA0"
                 "1"),
     0, "a JSON value"},
    {IM_STR_INIT("nul"), 0, "a JSON value"},
    {IM_STR_INIT("True"), 0, "found 'T'"},
    {IM_STR_INIT("truefalse"), 4, "nothing more"},
    {IM_STR_INIT("NaN"), 0, "a JSON value"},
    {IM_STR_INIT("// x\n1"), 0, "found '/'"},
    {IM_STR_INIT("'a'"), 0, "a JSON value"},
    {IM_STR_INIT("0123"), 0, "must not begin with 0"},
    {IM_STR_INIT("[1,-012]"), 4, "must not begin with 0"},
    {IM_STR_INIT("+1"), 0, "found '+'"},
    {IM_STR_INIT("-"), 1, "a digit behind the minus"},
    {IM_STR_INIT("-x"), 1, "a digit"},
    {IM_STR_INIT("1."), 2, "behind the decimal point"},
    {IM_STR_INIT(".5"), 0, "a JSON value"},
    {IM_STR_INIT("1e"), 2, "of the exponent"},
    {IM_STR_INIT("1e+"), 3, "of the exponent"},
    {IM_STR_INIT("1e400"), 0, "too large"},
    {IM_STR_INIT("[0,-1e400]"), 3, "too large"},
    {IM_STR_INIT("1e99999999999999999999"), 0, "too large"},
    {IM_STR_INIT("0x10"), 1, "nothing more"},
    {IM_STR_INIT("\"abc"), 0, "no closing quote"},
    {IM_STR_INIT("\"a\nb\""), 2, "control character"},
    {IM_STR_INIT("\"a\0b\""), 2, "byte 0x00 is a control character"},
    {IM_STR_INIT("\"a\xFF\""), 2, "byte 0xFF begins no well-formed UTF-8"},
    {IM_STR_INIT("\"\xED\xA0\x80\""), 1, "UTF-8"},
    {IM_STR_INIT("\"\xC0\x80\""), 1, "UTF-8"},
    {IM_STR_INIT("\"\xC3"), 1, "UTF-8"},
    {IM_STR_INIT("\"\\x41\""), 2, "behind the backslash"},
    {IM_STR_INIT("\"\\\0\""), 2, "behind the backslash"},
    {IM_STR_INIT("\"\\"), 2, "the end of the text"},
    {IM_STR_INIT("\"\\u12G4\""), 5, "hexadecimal digit"},
    {IM_STR_INIT("\"\\u12"), 5, "hexadecimal digit"},
    {IM_STR_INIT("\"a\\u0000\""), 2, "\\u0000"},
    {IM_STR_INIT("{\"\\u0000\":1}"), 2, "\\u0000"},
    {IM_STR_INIT("\"\\ud800\""), 1, "surrogate"},
    {IM_STR_INIT("\"\\udc00\""), 1, "surrogate"},
    {IM_STR_INIT("\"\\ud800\\n\""), 1, "surrogate"},
    {IM_STR_INIT("\"\\ud800\\u0041\""), 1, "surrogate"},
    {IM_STR_INIT("\"\\ud800\\ud800\""), 1, "surrogate"},
    {IM_STR_INIT("\"\\ud800\\u00"), 1, "surrogate"},
    {IM_STR_INIT("["), 1, "a JSON value"},
    {IM_STR_INIT("[1"), 2, "',' or ']' was expected"},
    {IM_STR_INIT("[1,]"), 3, "a JSON value was expected, found ']'"},
    {IM_STR_INIT("[1 2]"), 3, "',' or ']'"},
    {IM_STR_INIT("[1}"), 2, "',' or ']' was expected, found '}'"},
    {IM_STR_INIT("[1, ]"), 4, "found ']'; JSON takes no comma behind the last one"},
    {IM_STR_INIT("{\"a\":1,\n}"), 8,
     "found '}'; JSON takes no comma behind the last one"},
    {IM_STR_INIT("// x\n1"), 0, "found '/'; JSON has no comments"},
    {IM_STR_INIT("[1, /* x */ 2]"), 4, "found '/'; JSON has no comments"},
    {IM_STR_INIT("{\"a\":1 # x\n}"), 7, "found '#'; JSON has no comments"},
    {IM_STR_INIT("1 // x"), 2, "found '/'; JSON has no comments"},
    {IM_STR_INIT("{"), 1, "member's name"},
    {IM_STR_INIT("{a:1}"), 1, "double quotes was expected, found 'a'"},
    {IM_STR_INIT("{\"a\"}"), 4, "':'"},
    {IM_STR_INIT("{\"a\":}"), 5, "a JSON value"},
    {IM_STR_INIT("{\"a\":1,}"), 7, "member's name"},
    {IM_STR_INIT("{\"a\":1 \"b\":2}"), 7, "',' or '}'"},
    {IM_STR_INIT("{\"a\":1,\"b\":2,\"a\":3}"), 13,
     "name \"a\" stands twice in one object"},
    {IM_STR_INIT("{\"a\":1,\"\\u0061\":2}"), 7, "name \"a\" stands twice"},
    {IM_STR_INIT("{\"\":1,\"\":2}"), 6, "name \"\" stands twice"},
    {IM_STR_INIT("{\"x\":[{\"b\":0,\"a\":1,\"a\":2,\"b\":3}]}"), 19, "name \"a\""},
    {IM_STR_INIT("{\"a\\n\":1,\"a\\n\":2}"), 9, "name \"a?\" stands twice"},
};

static void every_refusal_names_its_place_and_reason(void **state)
{
    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct im_json_error error = {.what = ""};
        assert_null(im_json_parse(*state, refusals[i].text, &error));
        if (error.offset != refusals[i].offset || !strstr(error.what, refusals[i].what))
            fail_msg("%.*s: at %zu \"%s\"", IM_ARG(refusals[i].text), error.offset,
                     error.what);
        assert_null(im_json_parse(*state, refusals[i].text, NULL));
    }
    assert_false(((struct im_arena *)*state)->failed);
}

static void errors_give_line_and_column(void **state)
{
    struct im_json_error error;
    assert_null(im_json_parse(*state, IM_STR("{\n  \"a\": 1,\n  \"b\" 2\n}"), &error));
    assert_int_equal(error.line, 3);
    assert_int_equal(error.column, 7);
}

static void places_are_counted_from_one(void **state)
{
    unsigned line, column;
    im_json_place(IM_STR("ab\r\ncd"), 0, &line, &column);
    assert_true(line == 1 && column == 1);
    im_json_place(IM_STR("ab\r\ncd"), 5, &line, &column);
    assert_true(line == 2 && column == 2);
    im_json_place(IM_STR("ab\n"), 99, &line, &column);
    assert_true(line == 2 && column == 1);
}

static void long_names_are_cut_between_characters(void **state)
{
    char text[600];
    struct im_buf buf;
    struct im_json_error error;
    im_buf_init_fixed(&buf, text, sizeof(text));
    im_buf_addz(&buf, "{\"x");
    for (int i = 0; i < 60; i++)
        im_buf_addz(&buf, "\xC3\xA9");
    struct im_str name = im_str_slice(im_buf_str(&buf), 1, buf.len);
    im_buf_addz(&buf, "\":1,");
    im_buf_add(&buf, name);
    im_buf_addz(&buf, "\":1}");
    assert_null(im_json_parse(*state, im_buf_str(&buf), &error));
    assert_true(im_str_utf8(im_str(error.what)));
    assert_non_null(strstr(error.what, "stands twice"));
}

static void repeated_names_pass_where_they_are_asked_for(void **state)
{
    struct im_json_error error;
    const struct im_json *object =
        im_json_parse_repeated(*state, IM_STR("{\"a\":1,\"b\":2,\"a\":3}"), &error);
    assert_non_null(object);
    assert_int_equal(object->count, 3);
    assert_true(im_json_get(object, "a")->whole == 1);
    assert_null(im_json_parse_repeated(*state, IM_STR("{\"a\":01}"), &error));
}

static struct im_str nested(char *text, size_t depth)
{
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    return (struct im_str){text, 2 * depth};
}

static void nesting_ends_at_64(void **state)
{
    static char text[200000];
    struct im_json_error error;
    assert_non_null(im_json_parse(*state, nested(text, 64), &error));
    assert_null(im_json_parse(*state, nested(text, 65), &error));
    assert_int_equal(error.offset, 64);
    assert_non_null(strstr(error.what, "64"));
    assert_null(im_json_parse(*state, nested(text, 100000), &error));
}

static void large_objects_are_checked_fast(void **state)
{
    struct im_buf buf;
    struct im_json_error error;
    im_buf_init(&buf, *state, 0);
    for (unsigned i = 0; i < 100000; i++)
        im_buf_addf(&buf, "%c\"member-%u\":%u", i ? ',' : '{', i * 7919u % 100003u, i);
    im_buf_addz(&buf, "}");
    const struct im_json *object = im_json_parse(*state, im_buf_str(&buf), &error);
    assert_non_null(object);
    assert_int_equal(object->count, 100000);
}

/* Wherever memory ends, reading says so and leaves nothing behind (LeakSanitizer looks
 * on). */
static void a_want_of_memory_is_told(void **state)
{
    struct im_str text =
        IM_STR("{\"a\":[1,2.5,\"three\",{\"b\":null}],\"c\":{\"d\":true}}");
    bool done = false;
    size_t limit = 1;

    for (; !done; limit += 16) {
        struct im_arena arena;
        struct im_json_error error = {.what = ""};
        im_arena_init(&arena, limit);
        const struct im_json *value = im_json_parse(&arena, text, &error);
        done = value != NULL;
        assert_true(done != arena.failed);
        if (!done)
            assert_non_null(strstr(error.what, "memory"));
        im_arena_release(&arena);
    }
    assert_true(limit > 1000);
}

/* ---- writing ---- */

struct writing {
    struct im_buf buf;
    struct im_json_out out;
};

static struct im_json_out *start(struct writing *w, struct im_arena *arena)
{
    im_buf_init(&w->buf, arena, 0);
    im_json_out_init(&w->out, &w->buf);
    return &w->out;
}

static void commas_and_colons_are_the_writers(void **state)
{
    struct writing w;
    struct im_json_out *out = start(&w, *state);
    im_json_open_object(out, NULL);
    im_json_str(out, "s", IM_STR("x"));
    im_json_strz(out, "z", "y");
    im_json_strf(out, "f", "%d\"%s", 1, "q");
    im_json_int(out, "i", INT64_MIN);
    im_json_double(out, "d", 0.1);
    im_json_open_array(out, "a");
    im_json_bool(out, NULL, true);
    im_json_bool(out, NULL, false);
    im_json_null(out, NULL);
    im_json_open_object(out, NULL);
    im_json_close_object(out);
    im_json_close_array(out);
    im_json_raw(out, "r", IM_STR("[1]"));
    im_json_member(out, IM_STR("m"), IM_STR("n"));
    im_json_open_array(out, "e");
    im_json_close_array(out);
    im_json_close_object(out);
    assert_says(
        im_buf_str(&w.buf),
        "{\"s\":\"x\",\"z\":\"y\",\"f\":\"1\\\"q\",\"i\":-9223372036854775808,\"d\":0.1,"
        "\"a\":[true,false,null,{}],\"r\":[1],\"m\":\"n\",\"e\":[]}");
}

static void long_formatted_texts_are_whole(void **state)
{
    struct writing w;
    im_json_strf(start(&w, *state), NULL, "%2000d", 7);
    assert_int_equal(w.buf.len, 2002);
    im_json_strf(start(&w, *state), NULL, "%511d", 7);
    assert_int_equal(w.buf.len, 513);
    im_json_strf(start(&w, *state), NULL, "%512d", 7);
    assert_int_equal(w.buf.len, 514);
}

static void text_is_escaped(void **state)
{
    struct writing w;
    im_json_str(start(&w, *state), NULL,
                IM_STR("\"\\/\b\f\n\r\t\x01\x1F\x7F\0 \xC3\xA9\xF0\x9F\x98\x80"));
    assert_says(
        im_buf_str(&w.buf),
        "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7F\\u0000 \xC3\xA9\xF0\x9F\x98\x80\"");
}

static void what_is_no_utf8_is_replaced(void **state)
{
    struct writing w;
    im_json_str(start(&w, *state), NULL,
                IM_STR("a\xFF"
                       "b\xC3\xED\xA0\x80"));
#define R "\xEF\xBF\xBD"
    assert_says(im_buf_str(&w.buf), "\"a" R "b" R R R R "\"");
}

static void any_bytes_become_json_that_reads_back(void **state)
{
    uint64_t random = 99;
    for (int round = 0; round < 5000; round++) {
        char bytes[40];
        size_t len = next_random(&random) % sizeof(bytes);
        for (size_t i = 0; i < len; i++)
            bytes[i] = (char)(next_random(&random) % (round % 2 ? 256 : 128));
        struct im_str text = {bytes, len};
        struct writing w;
        im_json_str(start(&w, *state), NULL, text);
        if (im_str_has(text, '\0'))
            continue; /* written as \u0000, which our reader refuses */
        const struct im_json *value = parse(*state, im_buf_str(&w.buf));
        assert_non_null(value);
        if (im_str_utf8(text))
            assert_true(im_str_eq(value->text, text));
    }
}

static void doubles_are_written_shortest(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0.1, "0.1"},
                 {1.0, "1"},
                 {-2.5, "-2.5"},
                 {1e300, "1e+300"},
                 {0.1 + 0.2, "0.30000000000000004"},
                 {(double)NAN, "null"},
                 {-(double)INFINITY, "null"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct writing w;
        im_json_double(start(&w, *state), NULL, cases[i].value);
        assert_says(im_buf_str(&w.buf), cases[i].text);
    }
}

static void a_parsed_value_is_written_as_it_was_read(void **state)
{
    static const char text[] = "{\"big\":12345678901234567890123,\"f\":1.500,\"a\":[true,"
                               "false,null,\"\\n\"],\"o\":{}}";
    assert_says(written(*state, parse(*state, im_str(text))), text);
}

static void a_value_made_by_hand_can_be_written(void **state)
{
    struct im_json half = {.type = IM_JSON_NUMBER, .number = 0.5};
    struct im_json seven = {
        .type = IM_JSON_NUMBER, .is_whole = true, .whole = 7, .next = &half};
    struct im_json array = {.type = IM_JSON_ARRAY, .first = &seven, .count = 2};
    assert_says(written(*state, &array), "[7,0.5]");
}

static void types_have_names(void **state)
{
    assert_string_equal(im_json_type_name(IM_JSON_OBJECT), "an object");
    assert_string_equal(im_json_type_name(IM_JSON_NULL), "null");
    assert_string_equal(im_json_type_name(IM_JSON_STRING), "a string");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_ARENA(every_type_is_read),
        TEST_IN_ARENA(members_keep_their_order_and_names_their_case),
        TEST_IN_ARENA(looking_into_nothing_gives_nothing),
        TEST_IN_ARENA(escapes_are_decoded),
        TEST_IN_ARENA(names_are_decoded_and_may_be_empty),
        TEST_IN_ARENA(white_space_may_stand_around_everything),
        TEST_IN_ARENA(the_text_needs_no_nul),
        TEST_IN_ARENA(the_tree_outlives_the_text),
        TEST_IN_ARENA(values_know_where_they_stood),
        TEST_IN_ARENA(whole_numbers_are_exact),
        TEST_IN_ARENA(other_numbers_are_not_whole),
        TEST_IN_ARENA(doubles_are_read_as_strtod_would),
        TEST_IN_ARENA(random_doubles_survive_writing_and_reading),
        TEST_IN_ARENA(the_locale_of_the_host_changes_nothing),
        TEST_IN_ARENA(every_refusal_names_its_place_and_reason),
        TEST_IN_ARENA(errors_give_line_and_column),
        cmocka_unit_test(places_are_counted_from_one),
        TEST_IN_ARENA(long_names_are_cut_between_characters),
        TEST_IN_ARENA(repeated_names_pass_where_they_are_asked_for),
        TEST_IN_ARENA(nesting_ends_at_64),
        TEST_IN_ARENA(large_objects_are_checked_fast),
        cmocka_unit_test(a_want_of_memory_is_told),
        TEST_IN_ARENA(commas_and_colons_are_the_writers),
        TEST_IN_ARENA(long_formatted_texts_are_whole),
        TEST_IN_ARENA(text_is_escaped),
        TEST_IN_ARENA(what_is_no_utf8_is_replaced),
        TEST_IN_ARENA(any_bytes_become_json_that_reads_back),
        TEST_IN_ARENA(doubles_are_written_shortest),
        TEST_IN_ARENA(a_parsed_value_is_written_as_it_was_read),
        TEST_IN_ARENA(a_value_made_by_hand_can_be_written),
        cmocka_unit_test(types_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
