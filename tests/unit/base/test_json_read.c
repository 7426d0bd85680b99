/* base/json_read.c: every kind of value is read by its row, and what is wrong is told with
 * its place, its field and what would be right. */
#include "unit/base/base_test.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"

/* ---- a table with everything in it ---- */

struct point {
    int64_t x, y;
};

enum colour { NO_COLOUR, RED, GREEN };

struct thing {
    struct im_str text, empty, host, kind;
    bool yes;
    int tri; /* -1 = not given */
    int64_t whole;
    int small;
    double rate, scale;
    int64_t wait_ms, any_ms, at_ms;
    enum colour colour;
    int64_t style;
    struct point point;
    struct im_json_list points, words;
    int64_t number;
    struct im_str name; /* either number or name */
    const struct im_json *json;
    struct point part;
    int checks;
};

static const char *colour_word(size_t index)
{
    static const char *const words[] = {"red", "green", NULL};
    return index < 3 ? words[index] : NULL;
}

static const struct im_json_names colours = {.what = "colour", .word = colour_word};
static const struct im_json_names kinds = {.what = "element",
                                           .word = colour_word,
                                           .lister = "somebody lists them"};

static bool is_host(struct im_str text)
{
    return !im_str_has(text, '/');
}

static bool count_check(struct im_json_reader *r, const struct im_json *value, void *into)
{
    struct thing *thing = into;

    assert_ptr_equal(r->context, thing);
    thing->checks++;
    return im_str_is(value->text, "9") ? im_json_fault(r, value, "nine is one too many")
                                       : true;
}

#define INTO(member) IM_READ_INTO(struct thing, member)

static const struct im_json_row point_rows[] = {
    {"x", IM_READ_WHOLE, IM_READ_REQUIRED, IM_READ_INTO(struct point, x),
     .about = "how far to the right"},
    {"y", IM_READ_WHOLE, IM_READ_INTO(struct point, y)},
};
static const struct point blank_point = {.y = -7};
static const struct im_json_table point = {.where = "point",
                                           IM_READ_ROWS(point_rows),
                                           .size = sizeof(struct point),
                                           .blank = &blank_point};
static const struct im_json_row either[] = {
    {NULL, IM_READ_WHOLE, INTO(number), .min = 1, .max = 5},
    {NULL, IM_READ_TEXT, INTO(name), .sound = is_host},
    {NULL, IM_READ_WORD, .words = "a/b|c/d"},
};
static const struct im_json_row part_rows[] = {
    {"part_x", IM_READ_WHOLE, IM_READ_INTO(struct point, x)},
};
static const struct im_json_table part = {IM_READ_ROWS(part_rows)};

static const struct im_json_row rows[] = {
    {"text", IM_READ_TEXT, INTO(text)},
    {"empty", IM_READ_TEXT, IM_READ_EMPTY, INTO(empty)},
    {"host", IM_READ_TEXT, INTO(host), .sound = is_host, .wanted = "a host"},
    {"kind", IM_READ_TEXT, INTO(kind), .names = &kinds},
    {"yes", IM_READ_BOOL, INTO(yes)},
    {"tri", IM_READ_BOOL, INTO(tri)},
    {"flag", IM_READ_TRUE, .size = 0},
    {"whole", IM_READ_WHOLE, INTO(whole), .min = 1, .max = INT64_MAX},
    {"small", IM_READ_WHOLE, INTO(small), .min = 200, .max = 599, .check = count_check},
    {"rate", IM_READ_NUMBER, INTO(rate), .max = 1},
    {"scale", IM_READ_NUMBER, IM_READ_ABOVE, INTO(scale), .max = 10},
    {"wait", IM_READ_DURATION, INTO(wait_ms), .min = 1, .max = 600000},
    {"any", IM_READ_DURATION, INTO(any_ms)},
    {"at", IM_READ_TIME, INTO(at_ms)},
    {"colour", IM_READ_WORD, INTO(colour), .min = RED, .names = &colours},
    {"style", IM_READ_WORD, INTO(style), .words = "plain|400|401"},
    {"point", IM_READ_OBJECT, INTO(point), .table = &point},
    {"points", IM_READ_LIST, INTO(points), .min = 1, .max = 3, .table = &point},
    {"words", IM_READ_LIST, IM_READ_ALONE, INTO(words)},
    {"either", IM_READ_EITHER, IM_READ_ROWS(either), .check = count_check,
     .wanted = "a number or a host"},
    {"json", IM_READ_JSON, INTO(json)},
    {NULL, IM_READ_PART, INTO(part), .table = &part},
    {"hidden", IM_READ_JSON, IM_READ_HIDDEN, .size = 0},
};
static const struct im_json_table things = {IM_READ_ROWS(rows),
                                            .size = sizeof(struct thing)};

/* ---- reading ---- */

struct reading {
    struct im_arena arena;
    struct thing thing;
    struct im_json_fault faults[4];
    struct im_json_reader r;
};

static int begin(void **state)
{
    new_fixture(state, sizeof(struct reading));
    return 0;
}

/* ' stands for a quotation mark */
static const struct im_json *parse(struct reading *f, const char *text)
{
    struct im_str copy = im_arena_copy(&f->arena, im_str(text));
    struct im_json_error why;

    for (size_t i = 0; i < copy.len; i++)
        if (copy.at[i] == '\'')
            ((char *)copy.at)[i] = '"';
    const struct im_json *json = im_json_parse(&f->arena, copy, &why);
    if (!json)
        fail_msg("%s: %s", text, why.what);
    return json;
}

static bool reads(struct reading *f, const char *text, size_t room)
{
    f->thing = (struct thing){.tri = -1};
    f->r = (struct im_json_reader){
        .arena = &f->arena, .context = &f->thing, .faults = f->faults, .room = room};
    return im_json_read(&f->r, &things, parse(f, text), &f->thing);
}

static const struct thing *read_well(struct reading *f, const char *text)
{
    if (!reads(f, text, 1))
        fail_msg("%s: %s", text, f->faults[0].err.text);
    assert_int_equal(f->r.count, 0);
    return &f->thing;
}

/* Refused with the sentence, at the value behind the last `:` or `[` before ^. */
static void refused(struct reading *f, const char *text, const char *sentence)
{
    char plain[200];
    size_t len = strcspn(text, "^");

    snprintf(plain, sizeof(plain), "%.*s%s", (int)len, text,
             text[len] ? text + len + 1 : "");
    if (reads(f, plain, 1))
        fail_msg("%s is taken", text);
    assert_int_equal(f->r.count, 1);
    assert_string_equal(f->faults[0].err.text, sentence);
    if (text[len])
        assert_int_equal(f->faults[0].at->offset, len);
}

static void texts_and_flags_are_read(void **state)
{
    const struct thing *t = read_well(
        *state, "{'text':'a','empty':'','host':'h','kind':'green','yes':true,'tri':false,"
                "'flag':true}");
    assert_true(im_str_is(t->text, "a") && im_str_is(t->host, "h"));
    assert_true(im_str_is(t->kind, "green") && t->empty.len == 0 && t->empty.at);
    assert_true(t->yes && t->tri == 0);
    assert_int_equal(read_well(*state, "{'tri':true}")->tri, 1);
    assert_int_equal(read_well(*state, "{}")->tri, -1);
}

static void numbers_and_times_are_read(void **state)
{
    const struct thing *t =
        read_well(*state, "{'whole':9007199254740993,'small':200,'rate':0.5,'scale':10,"
                          "'wait':'10m','any':'-2s','at':'1970-01-01T00:00:01Z'}");
    assert_int_equal(t->whole, 9007199254740993);
    assert_int_equal(t->small, 200);
    assert_true(t->rate > 0.4 && t->rate < 0.6 && t->scale > 9.9);
    assert_true(t->wait_ms == 600000 && t->any_ms == -2000 && t->at_ms == 1000);
    assert_int_equal(t->checks, 1);
}

static void words_become_numbers(void **state)
{
    const struct thing *t = read_well(*state, "{'colour':'green','style':'401'}");
    assert_int_equal(t->colour, GREEN);
    assert_int_equal(t->style, 2);
    assert_int_equal(read_well(*state, "{'style':400}")->style, 1);
    assert_int_equal(read_well(*state, "{'style':'plain'}")->style, 0);
}

static void objects_and_lists_are_read(void **state)
{
    const struct thing *t =
        read_well(*state, "{'point':{'x':1,'y':2},'points':[{'x':3},{'x':4,'y':5}],"
                          "'words':['a','b'],'part_x':6,'json':[1,2],'hidden':1}");
    const struct point *points = t->points.items;
    const struct im_str *words = t->words.items;
    assert_true(t->point.x == 1 && t->point.y == 2 && t->part.x == 6);
    assert_int_equal(t->points.count, 2);
    assert_true(points[0].x == 3 && points[0].y == -7 && points[1].y == 5);
    assert_true(t->words.count == 2 && im_str_is(words[1], "b"));
    assert_int_equal(t->json->count, 2);
}

static void one_item_may_stand_alone_where_it_may(void **state)
{
    struct reading *f = *state;
    const struct thing *t = read_well(f, "{'words':'a'}");
    assert_true(t->words.count == 1 && im_str_is(*(struct im_str *)t->words.items, "a"));
    refused(f, "{'points':^{'x':1}}",
            "\"points\" must be a list of objects, not an object");
    refused(f, "{'words':^7}", "\"words\" must be a list of strings, not 7");
}

static void the_first_form_that_suits_is_taken(void **state)
{
    struct reading *f = *state;
    assert_int_equal(read_well(f, "{'either':3}")->number, 3);
    assert_true(im_str_is(read_well(f, "{'either':'h'}")->name, "h"));
    assert_int_equal(read_well(f, "{'either':'a/b'}")->checks, 1);
    refused(f, "{'either':^[]}", "\"either\" must be a number or a host, not an array");
    refused(f, "{'either':^6}", "\"either\" must be a whole number from 1 to 5, not 6");
    refused(f, "{'either':^'x/y'}", "\"either\" must be \"a/b\" or \"c/d\", not \"x/y\"");
}

/* ---- what is wrong ---- */

static void wrong_types_are_told_with_what_is_wanted(void **state)
{
    static const char *const wrong[][2] = {
        {"{'text':^7}", "\"text\" must be a string with something in it, not 7"},
        {"{'text':^''}", "\"text\" must be a string with something in it, not \"\""},
        {"{'text':^null}", "\"text\" must be a string with something in it, not null"},
        {"{'empty':^[]}", "\"empty\" must be a string, not an array"},
        {"{'host':^'a/b'}", "\"host\" must be a host, not \"a/b\""},
        {"{'host':^{}}", "\"host\" must be a host, not an object"},
        {"{'yes':^'true'}", "\"yes\" must be true or false, not \"true\""},
        {"{'tri':^1}", "\"tri\" must be true or false, not 1"},
        {"{'flag':^false}", "\"flag\" must be true, or be left out, not false"},
        {"{'flag':^1}", "\"flag\" must be true, or be left out, not 1"},
        {"{'whole':^'1'}", "\"whole\" must be a whole number, 1 or more, not \"1\""},
        {"{'whole':^1.5}", "\"whole\" must be a whole number, 1 or more, not 1.5"},
        {"{'rate':^true}", "\"rate\" must be a number from 0 to 1, not true"},
        {"{'wait':^2}",
         "\"wait\" must be a duration above 0, at most 10m, such as \"2s\", not 2"},
        {"{'any':^'2'}", "\"any\" must be a duration such as \"12h\", not \"2\""},
        {"{'at':^'now'}",
         "\"at\" must be a time such as \"2027-01-01T00:00:00Z\", not \"now\""},
        {"{'colour':^7}", "\"colour\" must be the name of a colour, not 7"},
        {"{'kind':^7}", "\"kind\" must be the name of an element, not 7"},
        {"{'style':^null}", "\"style\" must be \"plain\", \"400\" or \"401\", not null"},
        {"{'point':^[]}", "\"point\" must be an object, not an array"},
        {"{'points':^7}", "\"points\" must be a list of objects, not 7"},
        {"{'points':[{'x':1},^7]}", "\"points\" must be a list of objects, not 7"},
        {"{'words':['a',^{}]}", "\"words\" must be a list of strings, not an object"},
        {"^[]", "must be an object, not an array"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        refused(*state, wrong[i][0], wrong[i][1]);
}

static void bounds_hold(void **state)
{
    static const char *const wrong[][2] = {
        {"{'whole':^0}", "\"whole\" must be a whole number, 1 or more, not 0"},
        {"{'small':^199}", "\"small\" must be a whole number from 200 to 599, not 199"},
        {"{'small':^600}", "\"small\" must be a whole number from 200 to 599, not 600"},
        {"{'rate':^1.01}", "\"rate\" must be a number from 0 to 1, not 1.01"},
        {"{'rate':^-0.1}", "\"rate\" must be a number from 0 to 1, not -0.1"},
        {"{'scale':^0}", "\"scale\" must be a number above 0, at most 10, not 0"},
        {"{'scale':^10.5}", "\"scale\" must be a number above 0, at most 10, not 10.5"},
        {"{'wait':^'0s'}",
         "\"wait\" must be a duration above 0, at most 10m, such as \"2s\", not \"0s\""},
        {"{'wait':^'11m'}",
         "\"wait\" must be a duration above 0, at most 10m, such as \"2s\", not \"11m\""},
        {"{'points':^[]}", "\"points\" must not be an empty list"},
        {"{'points':^[1,2,3,4]}", "\"points\" may hold at most 3, not 4"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        refused(*state, wrong[i][0], wrong[i][1]);
}

static void unknown_words_are_told_with_the_nearest(void **state)
{
    refused(*state, "{'colour':^'gren'}",
            "there is no colour \"gren\"; did you mean \"green\"?");
    refused(*state, "{'colour':^'black'}",
            "there is no colour \"black\"; there are \"red\" and \"green\"");
    refused(*state, "{'kind':^'black'}",
            "there is no element \"black\"; somebody lists them");
    refused(
        *state, "{'style':^'plaine'}",
        "\"style\" must be \"plain\", \"400\" or \"401\", not \"plaine\"; did you mean "
        "\"plain\"?");
}

/* All but what is hidden. */
#define THERE_ARE                                                                        \
    "; there are \"text\", \"empty\", \"host\", \"kind\", \"yes\", \"tri\", \"flag\", "  \
    "\"whole\", \"small\", \"rate\", \"scale\", \"wait\", \"any\", \"at\", \"colour\", " \
    "\"style\", \"point\", \"points\", \"words\", \"either\", \"json\" and \"part_x\""

static void unknown_members_are_told_with_the_nearest(void **state)
{
    struct reading *f = *state;
    refused(f, "{'txet':^1}", "unknown field \"txet\"; did you mean \"text\"?");
    refused(f, "{'part_y':^1}", "unknown field \"part_y\"; did you mean \"part_x\"?");
    refused(f, "{'hiden':^1}", "unknown field \"hiden\"" THERE_ARE);
    refused(f, "{'':^1}", "unknown field \"\"" THERE_ARE);
    assert_true(im_str_is(f->faults[0].field, ""));
    refused(f, "{'y':^1}",
            "unknown field \"y\"; it belongs inside \"point\": {\"y\": …}");
}

static void a_nested_fault_has_its_place_and_its_surroundings(void **state)
{
    struct reading *f = *state;
    refused(f, "{'points':[{'x':1},{'x':2,'y':^'a'}]}",
            "point: \"y\" must be a whole number, not \"a\"");
    assert_true(im_str_is(f->faults[0].field, "y"));
    refused(f, "{'point':{'x':1,'zzz':^1}}",
            "point: unknown field \"zzz\"; there are \"x\" and \"y\"");
    refused(f, "{'point':^{}}", "point: \"x\" is missing: how far to the right");
    assert_true(im_str_is(f->faults[0].field, "x"));
}

static void a_check_may_refuse_what_the_row_takes(void **state)
{
    struct reading *f = *state;
    assert_false(reads(f, "{'either':'9'}", 1));
    assert_string_equal(f->faults[0].err.text, "nine is one too many");
    assert_false(reads(f, "{'either':[]}", 1));
    assert_int_equal(f->thing.checks, 0); /* not asked about what cannot be read */
}

static void an_object_may_have_to_say_something(void **state)
{
    struct reading *f = *state;
    struct im_json_table few = {.where = "part", IM_READ_ROWS(part_rows), .least = 1};
    struct im_json_table many = {IM_READ_ROWS(rows), .least = 1};
    f->r = (struct im_json_reader){.arena = &f->arena, .faults = f->faults, .room = 2};
    assert_false(im_json_read(&f->r, &few, parse(f, "{}"), &f->thing.part));
    assert_string_equal(f->faults[0].err.text, "part: says nothing; give \"part_x\"");
    assert_false(im_json_read(&f->r, &many, parse(f, "{}"), &f->thing));
    assert_string_equal(
        f->faults[1].err.text,
        "the object says nothing; give \"text\", \"empty\", \"host\", \"kind\", \"yes\", "
        "\"tri\", …");
    assert_false(im_json_read(&f->r, &few, parse(f, "[]"), &f->thing));
}

static void one_pass_finds_every_fault_there_is_room_for(void **state)
{
    static const char text[] = "{'text':1,'txet':2,'points':[{'y':'a'},7],'yes':3}";
    struct reading *f = *state;
    assert_false(reads(f, text, 4));
    assert_int_equal(f->r.count, 4);
    assert_true(im_str_is(f->faults[0].field, "text"));
    assert_true(im_str_is(f->faults[1].field, "txet"));
    assert_true(im_str_is(f->faults[2].field, "y"));
    assert_string_equal(f->faults[3].err.text,
                        "point: \"x\" is missing: how far to the right");
    assert_false(reads(f, "{'text':1,'yes':true,'whole':0}", 4));
    assert_int_equal(f->r.count, 2);
    assert_true(f->thing.yes); /* what is right has been read */
}

static void long_names_and_values_are_cut_between_characters(void **state)
{
    struct reading *f = *state;
    struct im_buf text;
    im_buf_init(&text, &f->arena, 0);
    im_buf_addz(&text, "{'host':'/");
    for (int i = 0; i < 900; i++)
        im_buf_addz(&text, "ä");
    im_buf_addz(&text, "'}");
    im_buf_addc(&text, '\0');
    assert_false(reads(f, text.at, 1));
    assert_true(strlen(f->faults[0].err.text) < 120);
    assert_true(im_str_utf8(im_str(f->faults[0].err.text)));
}

static void a_new_struct_begins_as_the_table_says(void **state)
{
    struct reading *f = *state;
    f->r = (struct im_json_reader){.arena = &f->arena, .faults = f->faults, .room = 1};
    const struct point *made = im_json_read_new(&f->r, &point, parse(f, "{'x':1}"));
    assert_true(made && made->x == 1 && made->y == -7);
    assert_null(im_json_read_new(&f->r, &point, parse(f, "{}")));
}

/* Every allocation of a reading that needs several is refused once. */
static void without_memory_it_is_said_and_nothing_breaks(void **state)
{
    struct reading *f = *state;
    const struct im_json *json =
        parse(f, "{'text':'a','points':[{'x':1},{'x':2}],'words':['b','c']}");
    bool done = false;
    for (size_t limit = 1; !done && limit < 100000; limit += 8) {
        struct im_arena small;
        im_arena_init(&small, limit);
        struct im_json_reader r = {
            .arena = &small, .context = &f->thing, .faults = f->faults, .room = 1};
        done = im_json_read(&r, &things, json, &f->thing);
        if (!done)
            assert_string_equal(f->faults[0].err.text, "out of memory");
        im_arena_release(&small);
    }
    assert_true(done);
    struct im_arena none;
    im_arena_init(&none, 1);
    struct im_json_reader r = {.arena = &none, .faults = f->faults, .room = 1};
    assert_null(im_json_read_new(&r, &point, parse(f, "{'x':1}")));
    im_arena_release(&none);
}

#define READING(test) cmocka_unit_test_setup_teardown(test, begin, drop_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        READING(texts_and_flags_are_read),
        READING(numbers_and_times_are_read),
        READING(words_become_numbers),
        READING(objects_and_lists_are_read),
        READING(one_item_may_stand_alone_where_it_may),
        READING(the_first_form_that_suits_is_taken),
        READING(wrong_types_are_told_with_what_is_wanted),
        READING(bounds_hold),
        READING(unknown_words_are_told_with_the_nearest),
        READING(unknown_members_are_told_with_the_nearest),
        READING(a_nested_fault_has_its_place_and_its_surroundings),
        READING(a_check_may_refuse_what_the_row_takes),
        READING(an_object_may_have_to_say_something),
        READING(one_pass_finds_every_fault_there_is_room_for),
        READING(long_names_and_values_are_cut_between_characters),
        READING(a_new_struct_begins_as_the_table_says),
        READING(without_memory_it_is_said_and_nothing_breaks),
    };
    return cmocka_run_group_tests_name("json_read", tests, NULL, NULL);
}
