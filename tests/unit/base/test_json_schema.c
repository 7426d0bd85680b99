/* base/json_schema.c: what the rows take, as JSON Schema; and JSON set out for the eye. */
#include "unit/base/base_test.h"

#include "base/json_schema.h"

static const char *word(size_t index)
{
    static const char *const words[] = {"red", "green", NULL};
    return index < 3 ? words[index] : NULL;
}

static const char *about(size_t index)
{
    return index ? "like grass" : "like fire";
}

static const struct im_json_names plain = {.name = "plain", .what = "word", .word = word};
static const struct im_json_names told = {.name = "told",
                                          .what = "word",
                                          .word = word,
                                          .about = about};

static const struct im_json_row inner_rows[] = {
    {"a", IM_READ_BOOL, IM_READ_REQUIRED, .about = "yes or no"},
};
static const struct im_json_table named = {.name = "named", IM_READ_ROWS(inner_rows)};
static const struct im_json_row part_rows[] = {{"b", IM_READ_BOOL, .size = 0}};
static const struct im_json_table part = {IM_READ_ROWS(part_rows)};
static const struct im_json_table bare = {IM_READ_ROWS(inner_rows), .least = 1};

/* The schema of one member, without the blanks; then the definitions. */
static void becomes(void **state, struct im_json_row row, const char *schema,
                    const char *definitions)
{
    struct im_arena *arena = *state;
    struct im_json_out out;
    struct im_json_schema made = {.out = &out, .at = "#/"};
    struct im_buf text;

    row.name = "m";
    const struct im_json_table table = {.rows = &row, .count = 1};
    im_buf_init(&text, arena, 0);
    im_json_out_init(&out, &text);
    im_json_open_object(&out, NULL);
    im_json_schema_table(&made, &table);
    im_json_close_object(&out);
    struct im_str wanted = im_arena_format(
        arena, "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{%s}}",
        schema);
    im_buf_addc(&text, '\0');
    for (char *c = (char *)wanted.at; *c; c++)
        if (*c == '\'')
            *c = '"';
    assert_string_equal(text.at, wanted.at);
    im_buf_init(&text, arena, 0);
    im_json_out_init(&out, &text);
    im_json_schema_definitions(&made);
    im_buf_addc(&text, '\0');
    wanted = im_arena_copy(arena, im_str(definitions));
    for (char *c = (char *)wanted.at; *c; c++)
        if (*c == '\'')
            *c = '"';
    assert_string_equal(text.at, wanted.at);
}

#define ROW(...) ((struct im_json_row){__VA_ARGS__})

static void plain_values_have_types_and_bounds(void **state)
{
    becomes(state, ROW(.kind = IM_READ_TEXT), "'m':{'type':'string','minLength':1}", "");
    becomes(state, ROW(.kind = IM_READ_TEXT, .flags = IM_READ_EMPTY),
            "'m':{'type':'string'}", "");
    becomes(state, ROW(.kind = IM_READ_TEXT, .pattern = "@", .about = "a user"),
            "'m':{'description':'a user','type':'string','pattern':'@'}", "");
    becomes(state, ROW(.kind = IM_READ_BOOL), "'m':{'type':'boolean'}", "");
    becomes(state, ROW(.kind = IM_READ_TRUE), "'m':{'const':true}", "");
    becomes(state, ROW(.kind = IM_READ_WHOLE), "'m':{'type':'integer'}", "");
    becomes(state, ROW(.kind = IM_READ_WHOLE, .min = 1, .max = INT64_MAX),
            "'m':{'type':'integer','minimum':1}", "");
    becomes(state, ROW(.kind = IM_READ_NUMBER, .max = 1),
            "'m':{'type':'number','minimum':0,'maximum':1}", "");
    becomes(state, ROW(.kind = IM_READ_NUMBER, .flags = IM_READ_ABOVE, .max = 9),
            "'m':{'type':'number','exclusiveMinimum':0,'maximum':9}", "");
    becomes(state, ROW(.kind = IM_READ_JSON), "'m':{}", "");
    becomes(state, ROW(.kind = IM_READ_JSON, .flags = IM_READ_HIDDEN), "", "");
}

static void words_are_listed_or_referred_to(void **state)
{
    becomes(state, ROW(.kind = IM_READ_WORD, .words = "a|401"),
            "'m':{'enum':['a','401',401]}", "");
    becomes(state, ROW(.kind = IM_READ_WORD, .names = &plain), "'m':{'$ref':'#/plain'}",
            "'plain':{'enum':['red','green']}");
    becomes(state, ROW(.kind = IM_READ_TEXT, .names = &told), "'m':{'$ref':'#/told'}",
            "'told':{'oneOf':[{'const':'red','description':'like fire'},"
            "{'const':'green','description':'like grass'}]}");
}

#define INNER                                                                            \
    "'type':'object','additionalProperties':false,'required':['a'],'properties':"        \
    "{'a':{'description':'yes or no','type':'boolean'}}"

static void objects_stand_in_place_or_are_referred_to(void **state)
{
    becomes(state, ROW(.kind = IM_READ_OBJECT, .table = &named), "'m':{'$ref':'#/named'}",
            "'named':{" INNER "}");
    becomes(state, ROW(.kind = IM_READ_OBJECT, .table = &bare),
            "'m':{'type':'object','additionalProperties':false,'minProperties':1,"
            "'required':['a'],'properties':{'a':{'description':'yes or no',"
            "'type':'boolean'}}}",
            "");
    becomes(state, ROW(.kind = IM_READ_PART, .table = &part), "'b':{'type':'boolean'}",
            "");
}

static void lists_say_what_is_in_them(void **state)
{
    becomes(state, ROW(.kind = IM_READ_LIST, .max = 3),
            "'m':{'type':'array','maxItems':3,'items':{'type':'string','minLength':1}}",
            "");
    becomes(state, ROW(.kind = IM_READ_LIST, .flags = IM_READ_ALONE, .table = &named),
            "'m':{'anyOf':[{'$ref':'#/named'},"
            "{'type':'array','items':{'$ref':'#/named'}}]}",
            "'named':{" INNER "}");
}

static void forms_are_alternatives(void **state)
{
    static const struct im_json_row inner[] = {{NULL, IM_READ_BOOL, .size = 0},
                                               {NULL, IM_READ_WHOLE, .size = 0}};
    static const struct im_json_row forms[] = {
        {NULL, IM_READ_TRUE, .size = 0}, {NULL, IM_READ_EITHER, IM_READ_ROWS(inner)}};
    becomes(state, ROW(.kind = IM_READ_EITHER, IM_READ_ROWS(forms)),
            "'m':{'anyOf':[{'const':true},{'type':'boolean'},{'type':'integer'}]}", "");
    becomes(state, ROW(.kind = IM_READ_EITHER, IM_READ_ROWS(inner), .schema = "forms"),
            "'m':{'$ref':'#/forms'}",
            "'forms':{'anyOf':[{'type':'boolean'},{'type':'integer'}]}");
}

static void json_is_set_out_with_two_blanks_a_level(void **state)
{
    struct im_buf text;

    im_buf_init(&text, *state, 0);
    im_json_pretty(IM_STR("{\"a\" :[1,{}, [] ,{\"b\":\"x:{\\\"[,\"}],\n\"c\":null}"),
                   &text);
    im_buf_addc(&text, '\0');
    assert_string_equal(text.at, "{\n  \"a\": [\n    1,\n    {},\n    [],\n    {\n"
                                 "      \"b\": \"x:{\\\"[,\"\n    }\n  ],\n"
                                 "  \"c\": null\n}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_ARENA(plain_values_have_types_and_bounds),
        TEST_IN_ARENA(words_are_listed_or_referred_to),
        TEST_IN_ARENA(objects_stand_in_place_or_are_referred_to),
        TEST_IN_ARENA(lists_say_what_is_in_them),
        TEST_IN_ARENA(forms_are_alternatives),
        TEST_IN_ARENA(json_is_set_out_with_two_blanks_a_level),
    };
    return cmocka_run_group_tests_name("json_schema", tests, NULL, NULL);
}
