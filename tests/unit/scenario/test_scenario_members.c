/* What a scenario says of itself, of its world and of its expectations: each member is refused by its name. */
#include "sheet.h"

/* ---- the whole ---- */

static void a_scenario_is_an_object(void **state)
{
    (void)state;
    wrong("^[]", "scenario must be an object, not an array");
    wrong("\n ^'x'", "scenario must be an object, not \"x\"");
    wrong("^null", "scenario must be an object, not null");
}

static void unknown_members_are_named_with_the_nearest(void **state)
{
    (void)state;
    wrong(PLAY("^'rulez':[]"),
          "scenario: unknown field \"rulez\"; did you mean \"rules\"?");
    wrong(PLAY("^'zzzzzz':1"), "scenario: unknown field \"zzzzzz\"" MEMBERS);
    wrong(PLAY("^'':1"), "scenario: unknown field \"\"" MEMBERS);
    wrong(PLAY("^'Name':'x'"),
          "scenario: unknown field \"Name\"; did you mean \"name\"?");
}

static void a_scenario_has_a_name(void **state)
{
    (void)state;
    wrong("^{'about':'x'}", "scenario: \"name\" is missing: what it is called; no dot");
    wrong("^{}", "scenario: \"name\" is missing: what it is called; no dot");
}

#define NAMES                                                                            \
    "scenario: \"name\" must be 1 to 64 of a-z, 0-9, '-' and '_', beginning with a "     \
    "letter or "                                                                         \
    "digit, not "
#define TEN "aaaaaaaaaa"

static void names_are_sound(void **state)
{
    (void)state;
    wrong("{^'name':''}", NAMES "\"\"");
    wrong("{^'name':'a.b'}", NAMES "\"a.b\"");
    wrong("{^'name':'Play'}", NAMES "\"Play\"");
    wrong("{^'name':'-a'}", NAMES "\"-a\"");
    wrong("{^'name':'_a'}", NAMES "\"_a\"");
    wrong("{^'name':'a/b'}", NAMES "\"a/b\"");
    wrong("{^'name':'a~b'}", NAMES "\"a~b\"");
    wrong("{^'name':'\xC3\xA4'}", NAMES "\"\xC3\xA4\"");
    wrong("{^'name':7}", NAMES "7");
    wrong("{^'name':null}", NAMES "null");
    wrong("{^'name':'" TEN TEN TEN TEN TEN TEN "aaaab'}",
          NAMES "\"" TEN TEN TEN TEN TEN TEN "\"");
    is_sound("{'name':'" TEN TEN TEN TEN TEN TEN "aaaa'}");
    is_sound("{'name':'0-_9'}");
}

static void a_name_with_a_nul_is_not_sound(void **state)
{
    (void)state;
    assert_false(im_scenario_name_is_sound((struct im_str){"a\0b", 3}));
    assert_false(im_scenario_name_is_sound((struct im_str){"\0", 1}));
    assert_true(im_scenario_name_is_sound(IM_STR("ab")));
}

static void members_have_their_types(void **state)
{
    (void)state;
    wrong(PLAY("^'about':7"), "scenario: \"about\" must be a string, not 7");
    wrong(PLAY("^'$schema':[]"), "scenario: \"$schema\" must be a string, not an array");
    wrong(PLAY("^'cause':true"),
          "scenario: \"cause\" must be the name of a cause, not true");
    wrong(PLAY("^'rules':{}"),
          "scenario: \"rules\" must be a list of objects, not an object");
    wrong(PLAY("^'world':[]"), "scenario: \"world\" must be an object, not an array");
    wrong(PLAY("^'exhausted':true"),
          "scenario: \"exhausted\" must be \"pass\" or \"fail\", not true");
    wrong(PLAY("^'exhausted':'loud'"),
          "scenario: \"exhausted\" must be \"pass\" or \"fail\", not \"loud\"");
}

static void an_unknown_cause_is_named_with_the_nearest(void **state)
{
    (void)state;
    wrong(PLAY("^'cause':'access-token-revokd'"),
          "scenario: there is no cause \"access-token-revokd\"; did you mean "
          "\"access-token-revoked\"?");
    wrong(PLAY("^'cause':'zzzzzz'"),
          "scenario: there is no cause \"zzzzzz\"; `intacct-mock causes` lists them");
    wrong(PLAY("^'cause':''"),
          "scenario: there is no cause \"\"; `intacct-mock causes` lists them");
}

/* ---- world ---- */

static void a_switch_is_refused_by_its_name(void **state)
{
    (void)state;
    wrong(WORLD("^'acess_token_ttl':'1h'"),
          "world: unknown field \"acess_token_ttl\"; did you mean "
          "\"access_token_ttl\"?");
    /* more than there is room for */
    wrong(WORLD("^'zzzzzz':1"),
          "world: unknown field \"zzzzzz\"; there are \"roles\", \"clients\", "
          "\"companies\", \"users\", \"records\", \"signed_in\", \"access_token_ttl\", "
          "\"refresh_token_ttl\", \"article_access_token_ttl\", "
          "\"article_refresh_token_ttl\", \"code_ttl\", \"session_ttl\", \"skew\", "
          "\"session_ends_tokens\", \"one_grant_per_user\", \"supersede_ends_access\", "
          "\"sign_in_ends_session\", …");
    wrong(WORLD("^'user':[]"), "world: unknown field \"user\"; did you mean \"users\"?");
    wrong(WORLD("^'signedin':'x'"),
          "world: unknown field \"signedin\"; did you mean \"signed_in\"?");
}

static void a_switch_has_a_value_of_its_kind(void **state)
{
    struct im_scenario_error error;
    (void)state;
    assert_null(parse(WORLD("'access_token_ttl':12"), &error));
    assert_non_null(strstr(error.what, "world: \"access_token_ttl\" must be a duration "
                                       "of 0 or more, such as \"12h\", not 12"));
    assert_true(error.line == 2 && error.column == 11);
    assert_null(parse(WORLD("'access_token_ttl':'12'"), &error));
    assert_non_null(strstr(error.what, "world: \"access_token_ttl\" must be"));
    assert_null(parse(WORLD("'rotation':'sometimes'"), &error));
    assert_non_null(strstr(error.what, "world: \"rotation\" must be"));
}

static void people_are_refused_by_what_is_wrong(void **state)
{
    (void)state;
    wrong(WORLD("^'users':{}"),
          "world: \"users\" must be a list of objects, not an object");
    wrong(WORLD("'users':[^{'id':'x'}]"), "users: \"company\" is missing");
    wrong(WORLD("'records':[^{'company':'acme'}]"),
          "records: \"object\" is missing: its name in the REST API, such as "
          "\"accounts-payable/vendor\"");
    wrong(WORLD("'records':[{'company':'acme',^'object':'accounts-payable/vendr',"
                "'fields':{}}]"),
          "there is no object \"accounts-payable/vendr\"; did you mean "
          "\"accounts-payable/vendor\"?");
    wrong(WORLD("'records':[{'company':'acme','object':'accounts-payable/vendor',"
                "^'fields':{'id':'V-1'}}]"),
          "/name: name is required.");
    wrong(WORLD("'users':[{'id':'x',^'company':'nowhere'}]"),
          "there is no company \"nowhere\"; there are \"acme\", \"acme-sandbox\"");
    wrong(WORLD("'users':[{'id':'x','company':'acme','roles':[^'king']}]"),
          "there is no role \"king\"; there are \"all\", \"read-only\"");
    wrong(WORLD("'users':[{'id':'x','company':'acme',^'lockd':true}]"),
          "users: unknown field \"lockd\"; did you mean \"locked\"?");
    wrong(WORLD("'companies':[{'id':'x','clients':[^'nobody']}]"),
          "there is no client \"nobody\"; there are \"demo\", \"demo-public\", "
          "\"demo-sandbox\"");
}

static void signed_in_is_somebody(void **state)
{
    (void)state;
    wrong(WORLD("^'signed_in':'jdoe'"),
          "world: \"signed_in\" must be \"USER@COMPANY\", not \"jdoe\"");
    wrong(WORLD("^'signed_in':7"),
          "world: \"signed_in\" must be \"USER@COMPANY\", not 7");
    wrong(WORLD("'users':[],^'signed_in':'nobody@acme'"),
          "there is no user \"nobody@acme\"; there are \"ws_user\", \"jdoe\", \"admin\"");
    is_sound(WORLD("'signed_in':'jdoe@acme'"));
}

static void each_mistake_of_a_world_is_told_once(void **state)
{
    struct im_scenario_error errors[6];
    (void)state;
    assert_int_equal(all_wrong(WORLD("'users':[{'id':'u','company':'nowhere'},"
                                     "{'id':'v','company':'acme','roles':['none']}]"),
                               errors, 6),
                     2);
    assert_non_null(strstr(errors[0].what, "nowhere"));
    assert_non_null(strstr(errors[1].what, "none"));
}

/* ---- expectations ---- */

static void expectations_are_refused_with_their_place(void **state)
{
    (void)state;
    wrong(PLAY("'expect':[\n  {'that':'x',^'cont':1}]"),
          "expect: unknown field \"cont\"; did you mean \"count\"?");
    wrong(PLAY("'expect':[{'that':'a',^'after':'b'},{'that':'b','after':'a'}]"),
          "expect: \"after\" goes round in a circle: \"a\" after \"b\" after \"a\"");
}

static void the_missing_sentence_may_be_the_one_meant(void **state)
{
    (void)state;
    wrong(PLAY("'expect':[^{'endpoint':'api'},{'that':'b','after':'a'}]"),
          "expect: \"that\" is missing: a true sentence about a sound client");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_scenario_is_an_object),
    cmocka_unit_test(unknown_members_are_named_with_the_nearest),
    cmocka_unit_test(a_scenario_has_a_name),
    cmocka_unit_test(names_are_sound),
    cmocka_unit_test(a_name_with_a_nul_is_not_sound),
    cmocka_unit_test(members_have_their_types),
    cmocka_unit_test(an_unknown_cause_is_named_with_the_nearest),
    cmocka_unit_test(a_switch_is_refused_by_its_name),
    cmocka_unit_test(a_switch_has_a_value_of_its_kind),
    cmocka_unit_test(people_are_refused_by_what_is_wrong),
    cmocka_unit_test(signed_in_is_somebody),
    cmocka_unit_test(expectations_are_refused_with_their_place),
    cmocka_unit_test(the_missing_sentence_may_be_the_one_meant),
    cmocka_unit_test(each_mistake_of_a_world_is_told_once),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
