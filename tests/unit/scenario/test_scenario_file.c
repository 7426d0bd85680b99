/* scenario_file.c: a text becomes a scenario as a whole, or is refused with its places; bounds; damage. */
#include "sheet.h"

/* ---- what is sound ---- */

static const char full[] =
    "{'$schema':'./schema.json',\n"
    " 'name':'my-play_2', 'about':'What happens.', 'cause':'access-token-revoked',\n"
    " 'world':{'access_token_ttl':'11h','signed_in':'ann@initech',\n"
    "   'companies':[{'id':'initech','clients':['mine']}],\n"
    "   'users':[{'id':'ann','company':'initech','roles':['clerk']}],\n"
    "   'roles':[{'name':'clerk','permissions':['*:read']}],\n"
    "   'clients':[{'id':'mine','secret':'s'}]},\n"
    " 'rules':[\n"
    "   {'when':{'endpoint':'api','nth':3},\n"
    "    'then':{'world':['revoke-access-token',{'do':'advance-clock','by':'13h'}]}},\n"
    "   {'when':{'endpoint':'token','rate':0.5,'seed':1},'times':4,\n"
    "    'then':{'refuse':'rate-limited','wire':{'retry_after':'2s'}}},\n"
    "   {'then':{'world':{'do':'lock-user','user':'ann@initech'}}}],\n"
    " 'exhausted':'fail',\n"
    " 'expect':[{'that':'it asks again','endpoint':'token','at_least':1},\n"
    "   {'that':'it goes on','after':'it asks again','status':'2xx'}]}\n";

static void a_full_scenario_is_read(void **state)
{
    struct im_scenario *s = sound(full);
    (void)state;
    assert_true(im_str_is(s->name, "my-play_2"));
    assert_true(im_str_is(s->about, "What happens."));
    assert_int_equal(s->cause, CAUSE_ACCESS_TOKEN_REVOKED);
    assert_true(im_str_is(s->signed_in, "ann@initech"));
    assert_true(s->exhausted_fails);
    assert_int_equal(s->rule_count, 3);
    assert_int_equal(s->expect.count, 2);
    assert_int_equal(s->text.len, strlen(full));
    assert_int_equal(s->path.len, 0);
    assert_false(s->listed);
    im_scenario_unref(s);
}

static void world_is_parted_into_people_and_policy(void **state)
{
    struct im_scenario *s = sound(full);
    (void)state;
    assert_non_null(im_json_get(s->world, "clients"));
    assert_int_equal(s->policy.access_token_ttl, 39600000);
    im_scenario_unref(s);
}

static void every_rule_is_as_it_was_written(void **state)
{
    struct im_scenario *s = sound(full);
    const struct im_rule *rule = s->rules;
    (void)state;
    assert_int_equal(rule[0].when.nth, 3);
    assert_int_equal(rule[0].step_count, 2);
    assert_string_equal(rule[0].steps[0].effect->name, "revoke-access-token");
    assert_int_equal(rule[0].steps[1].args.by_ms, 46800000);
    assert_int_equal(rule[0].times, 0);
    assert_int_equal(rule[1].times, 4);
    assert_int_equal(rule[1].refuse, CAUSE_RATE_LIMITED);
    assert_true(rule[1].has_wire && rule[1].wire.retry_after_s == 2);
    assert_true(im_str_is(rule[2].steps[0].args.user, "ann"));
    assert_true(im_str_is(rule[2].steps[0].args.company, "initech"));
    im_scenario_unref(s);
}

static void a_name_is_enough(void **state)
{
    struct im_scenario *s = sound("{'name':'x'}");
    (void)state;
    assert_int_equal(s->rule_count, 0);
    assert_int_equal(s->cause, CAUSE_NONE);
    assert_false(s->exhausted_fails);
    im_scenario_unref(s);
    is_sound("{'rules':[],'expect':[],'name':'x','world':{},'exhausted':'pass'}");
}

static void an_inline_one_has_the_name_it_is_given(void **state)
{
    struct im_scenario_error error;
    struct im_scenario *s = im_scenario_parse(IM_STR("{}"), IM_STR("inline"), &error);
    (void)state;
    assert_true(im_str_is(s->name, "inline"));
    im_scenario_unref(s);
    s = im_scenario_parse(IM_STR("{\"name\":\"mine\"}"), IM_STR("inline"), &error);
    assert_true(im_str_is(s->name, "mine"));
    im_scenario_unref(s);
}

static void without_expectations_it_is_warned(void **state)
{
    struct im_scenario *s = sound("{'name':'x'}");
    struct im_scenario_error warnings[2];
    (void)state;
    assert_int_equal(im_scenario_warn(s, warnings, 2), 1);
    assert_non_null(strstr(warnings[0].what, "never passed"));
    assert_int_equal(im_scenario_warn(s, warnings, 0), 0);
    assert_false(im_scenario_shadows(s));
    im_scenario_unref(s);
}

/* ---- the text ---- */

static void what_is_no_json_is_told_with_its_place(void **state)
{
    struct im_scenario_error error;
    (void)state;
    assert_null(parse("", &error));
    assert_true(error.line == 1 && error.column == 1 && strlen(error.what) > 0);
    assert_null(parse("{'name':'play',\n  'about' 'x'}", &error));
    assert_int_equal(error.line, 2);
    assert_null(parse("\xEF\xBB\xBF{'name':'play'}", &error));
    assert_non_null(strstr(error.what, "byte-order mark"));
    assert_null(parse("{'name':'play'} {}", &error));
    assert_int_equal(error.column, 17);
}

static void a_name_that_stands_twice_is_refused(void **state)
{
    struct im_scenario_error error;
    (void)state;
    assert_null(parse("{'name':'play',\n 'about':'x',\n 'about':'y'}", &error));
    assert_int_equal(error.line, 3);
    assert_string_equal(error.what, "name \"about\" stands twice in one object");
}

static void nesting_has_an_end(void **state)
{
    struct im_scenario_error error;
    char text[400] = "{'name':'play','x':";
    (void)state;
    size_t len = strlen(text);
    memset(text + len, '[', 100);
    memset(text + len + 100, ']', 100);
    strcpy(text + len + 200, "}");
    assert_null(parse(text, &error));
    assert_non_null(strstr(error.what, "deep"));
}

static void too_many_bytes_are_not_read(void **state)
{
    enum { LEN = 10 * 1024 * 1024 };
    struct im_scenario_error error;
    char *text = malloc(LEN);
    (void)state;
    memset(text, ' ', LEN);
    memcpy(text, "{\"name\":\"x\"}", 12);
    assert_null(im_scenario_parse((struct im_str){text, LEN}, IM_STR(""), &error));
    assert_string_equal(
        error.what,
        "10485760 bytes are too many for a scenario; at most 1048576 are read");
    assert_true(error.line == 1 && error.column == 1);
    struct im_scenario *s =
        im_scenario_parse((struct im_str){text, IM_SCENARIO_MAX}, IM_STR(""), &error);
    assert_non_null(s);
    im_scenario_unref(s);
    free(text);
}

static void long_words_are_shown_in_part(void **state)
{
    struct im_scenario_error error;
    char text[4000] = "{'name':'play','";
    (void)state;
    size_t len = strlen(text);
    memset(text + len, 'x', 3000);
    strcpy(text + len + 3000, "':1}");
    assert_null(parse(text, &error));
    /* 60 bytes of it */
    assert_string_equal(error.what,
                        "scenario: unknown field \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"" MEMBERS);
}

static void all_that_is_wrong_is_told_by_place(void **state)
{
    static const char text[] = PLAY("'rules':[{'when':{'nth':0},'then':{}}],\n"
                                    "'expect':[{'that':'a','after':'b'}],\n'cause':'x'");
    struct im_scenario_error errors[4];
    (void)state;
    assert_int_equal(all_wrong(text, errors, 4), 4);
    assert_int_equal(errors[0].line, 2);
    assert_true(im_str_starts(im_str(errors[0].what), "when: \"nth\" must be"));
    assert_int_equal(errors[1].line, 2);
    assert_true(im_str_starts(im_str(errors[1].what), "then: says nothing"));
    assert_int_equal(errors[2].line, 3);
    assert_true(im_str_starts(im_str(errors[2].what), "expect: \"after\" must be"));
    assert_int_equal(errors[3].line, 4);
    assert_int_equal(all_wrong(text, errors, 2), 2);
}

/* ---- all or nothing: a text that ends anywhere, or has any byte wrong, costs nothing ---- */

static void no_damage_is_taken_and_none_leaks(void **state)
{
    struct sheet sheet = sheet_of(full);
    struct im_scenario_error error;
    (void)state;
    for (size_t i = 0; i + 2 < sheet.len; i++) {
        struct im_str text = {sheet.bytes, i};
        assert_null(im_scenario_parse(text, IM_STR(""), &error));
        assert_true(error.line > 0 && error.column > 0 && error.what[0]);
        char was = sheet.bytes[i];
        sheet.bytes[i] = '\x01';
        text.len = sheet.len;
        im_scenario_unref(im_scenario_parse(text, IM_STR(""), &error));
        sheet.bytes[i] = was;
    }
    free(sheet.bytes);
}

/* ---- bounds ---- */

/* A scenario with so many of something; # stands for the number of each. */
static struct im_scenario *parse_many(const char *before, const char *one, size_t n,
                                      const char *after, struct im_scenario_error *error)
{
    size_t room = strlen(before) + n * (strlen(one) + 8) + strlen(after) + 1, len;
    char *text = malloc(room);
    len = (size_t)snprintf(text, room, "%s", before);
    for (size_t i = 0; i < n; i++) {
        if (i)
            text[len++] = ',';
        for (const char *at = one; *at; at++)
            if (*at == '#')
                len += (size_t)snprintf(text + len, room - len, "%zu", i + 1);
            else
                text[len++] = *at;
    }
    snprintf(text + len, room - len, "%s", after);
    struct im_scenario *scenario = im_scenario_parse(im_str(text), IM_STR(""), error);
    free(text);
    return scenario;
}

static void bounds_have_names_and_numbers(void **state)
{
    static const struct {
        const char *before, *one, *after, *name;
        size_t bound;
    } cases[] = {
        {"{\"name\":\"x\",\"rules\":[",
         "{\"when\":{\"nth\":#},\"then\":{\"wire\":\"drop\"}}", "]}", "rules", 5000},
        {"{\"name\":\"x\",\"world\":{\"users\":[", "{\"id\":\"u#\",\"company\":\"acme\"}",
         "]}}", "users", 5000},
        {"{\"name\":\"x\",\"world\":{\"clients\":[", "{\"id\":\"c#\",\"secret\":\"s\"}",
         "]}}", "clients", 1000},
        {"{\"name\":\"x\",\"world\":{\"companies\":[", "{\"id\":\"c#\"}", "]}}",
         "companies", 1000},
        {"{\"name\":\"x\",\"world\":{\"roles\":[", "{\"name\":\"r#\"}", "]}}", "roles",
         1000},
    };
    struct im_scenario_error error;
    char wanted[80];
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct im_scenario *most = parse_many(cases[i].before, cases[i].one,
                                              cases[i].bound, cases[i].after, &error);
        if (!most)
            fail_msg("%s: %s", cases[i].name, error.what);
        im_scenario_unref(most);
        for (size_t n = cases[i].bound + 1; n <= 20000; n += 14999) {
            assert_null(
                parse_many(cases[i].before, cases[i].one, n, cases[i].after, &error));
            snprintf(wanted, sizeof(wanted), "\"%s\" may hold at most %zu, not %zu",
                     cases[i].name, cases[i].bound, n);
            assert_non_null(strstr(error.what, wanted));
        }
    }
}

/* Values as many as a megabyte can hold. */
static void a_megabyte_is_never_out_of_memory(void **state)
{
    struct im_scenario_error error;
    (void)state;
    assert_null(parse_many("{\"name\":\"x\",\"rules\":[", "[]", 349000, "]}", &error));
    assert_non_null(strstr(error.what, "may hold at most 5000"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_full_scenario_is_read),
    cmocka_unit_test(world_is_parted_into_people_and_policy),
    cmocka_unit_test(every_rule_is_as_it_was_written),
    cmocka_unit_test(a_name_is_enough),
    cmocka_unit_test(an_inline_one_has_the_name_it_is_given),
    cmocka_unit_test(what_is_no_json_is_told_with_its_place),
    cmocka_unit_test(a_name_that_stands_twice_is_refused),
    cmocka_unit_test(nesting_has_an_end),
    cmocka_unit_test(too_many_bytes_are_not_read),
    cmocka_unit_test(no_damage_is_taken_and_none_leaks),
    cmocka_unit_test(long_words_are_shown_in_part),
    cmocka_unit_test(all_that_is_wrong_is_told_by_place),
    cmocka_unit_test(without_expectations_it_is_warned),
    cmocka_unit_test(bounds_have_names_and_numbers),
    cmocka_unit_test(a_megabyte_is_never_out_of_memory),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
