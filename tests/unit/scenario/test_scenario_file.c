#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scenario/scenario_file.h"

/* ---- texts: ' stands for a quotation mark, ^ before what is at fault ---- */

struct sheet {
    char *bytes;
    size_t len;
    unsigned line, column; /* of ^; 1:1 without */
};

static struct sheet sheet_of(const char *text)
{
    struct sheet sheet = {.bytes = malloc(strlen(text) + 1), .line = 1, .column = 1};
    unsigned line = 1, column = 1;

    for (; *text; text++) {
        if (*text == '^') {
            sheet.line = line;
            sheet.column = column;
            continue;
        }
        column = *text == '\n' ? 1 : column + 1;
        line += *text == '\n';
        sheet.bytes[sheet.len++] = *text == '\'' ? '"' : *text;
    }
    return sheet;
}

static struct im_scenario *parse(const char *text, struct im_scenario_error *error)
{
    struct sheet sheet = sheet_of(text);
    struct im_str json = {sheet.bytes, sheet.len};
    struct im_scenario *scenario = im_scenario_parse(json, IM_STR(""), error);

    free(sheet.bytes); /* what was read needs the text no longer */
    return scenario;
}

static struct im_scenario *sound(const char *text)
{
    struct im_scenario_error error;
    struct im_scenario *scenario = parse(text, &error);

    if (!scenario)
        fail_msg("%s\n%u:%u: %s", text, error.line, error.column, error.what);
    return scenario;
}

static void is_sound(const char *text)
{
    im_scenario_unref(sound(text));
}

static void wrong(const char *text, const char *what)
{
    struct sheet sheet = sheet_of(text);
    struct im_scenario_error error;
    struct im_scenario *scenario = parse(text, &error);

    free(sheet.bytes);
    if (scenario)
        fail_msg("%s is taken", text);
    if (error.line != sheet.line || error.column != sheet.column ||
        strcmp(error.what, what) != 0)
        fail_msg("%s\n%u:%u: %s", text, error.line, error.column, error.what);
}

/* A member of an otherwise sound scenario. */
#define PLAY(rest)  "{'name':'play',\n " rest "}"
#define WHEN(rest)  PLAY("'rules':[{'when':{" rest "},'then':{'wire':'drop'}}]")
#define THEN(rest)  PLAY("'rules':[{'then':{" rest "}}]")
#define WORLD(rest) PLAY("'world':{" rest "}")

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

/* ---- the whole ---- */

static void a_scenario_is_an_object(void **state)
{
    (void)state;
    wrong("^[]", "scenario must be an object, not an array");
    wrong("\n ^'x'", "scenario must be an object, not \"x\"");
    wrong("^null", "scenario must be an object, not null");
}

#define MEMBERS                                                                          \
    "; there are \"name\", \"$schema\", \"about\", \"cause\", \"world\", \"rules\", "    \
    "\"exhausted\" and \"expect\""

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

/* ---- rules ---- */

static void a_rule_is_an_object_with_then(void **state)
{
    (void)state;
    wrong(PLAY("'rules':[^7]"), "scenario: \"rules\" must be a list of objects, not 7");
    wrong(PLAY("'rules':[^{}]"), "rules: \"then\" is missing");
    wrong(PLAY("'rules':[{'then':{'wire':'drop'}},\n  ^{'when':{}}]"),
          "rules: \"then\" is missing");
    wrong(PLAY("'rules':[{^'whn':{}}]"),
          "rules: unknown field \"whn\"; did you mean \"when\"?");
    wrong(PLAY("'rules':[{^'zzzzzz':{}}]"),
          "rules: unknown field \"zzzzzz\"; there are \"when\", \"then\", \"times\", "
          "\"needs\", \"optional\", \"name\", \"after\", \"for\" and \"limit\"");
}

static void times_is_a_whole_number(void **state)
{
#define TIMES "rules: \"times\" must be a whole number, 1 or more, not "
    (void)state;
    wrong(PLAY("'rules':[{'then':{'wire':'drop'},^'times':0}]"), TIMES "0");
    wrong(PLAY("'rules':[{'then':{'wire':'drop'},^'times':-1}]"), TIMES "-1");
    wrong(PLAY("'rules':[{'then':{'wire':'drop'},^'times':1.5}]"), TIMES "1.5");
    wrong(PLAY("'rules':[{'then':{'wire':'drop'},^'times':'2'}]"), TIMES "\"2\"");
    is_sound(PLAY("'rules':[{'then':{'wire':'drop'},'times':9007199254740993}]"));
}

static void when_is_refused_by_its_member(void **state)
{
    (void)state;
    wrong(PLAY("'rules':[{^'when':[],'then':{'wire':'drop'}}]"),
          "rules: \"when\" must be an object, not an array");
    wrong(WHEN("^'endpont':'api'"),
          "when: unknown field \"endpont\"; did you mean \"endpoint\"?");
    wrong(
        WHEN("'nth':1,^'zzzzzz':1"),
        "when: unknown field \"zzzzzz\"; there are \"endpoint\", \"grant\", \"client\", "
        "\"user\", \"method\", \"path\", \"scope\", \"header\", \"query\", "
        "\"body\", "
        "\"nth\", "
        "\"every\", \"rate\" and \"seed\"");
    wrong(WHEN("^'endpoint':'tokn'"),
          "when: there is no endpoint \"tokn\"; did you mean \"token\"?");
    wrong(WHEN("^'nth':0"), "when: \"nth\" must be a whole number, 1 or more, not 0");
    wrong(WHEN("^'rate':2"), "when: \"rate\" must be a number from 0 to 1, not 2");
}

static void then_is_refused_by_its_member(void **state)
{
    (void)state;
    wrong(PLAY("'rules':[{^'then':'drop'}]"),
          "rules: \"then\" must be an object, not \"drop\"");
    wrong(PLAY("'rules':[{^'then':{}}]"),
          "then: says nothing; give \"world\", \"refuse\", \"wire\" or \"tls\"");
    wrong(THEN("^'wir':'drop'"), "then: unknown field \"wir\"; did you mean \"wire\"?");
    wrong(THEN("^'zzzzzz':1"),
          "then: unknown field \"zzzzzz\"; there are \"world\", \"refuse\", \"wire\" "
          "and \"tls\"");
    wrong(THEN("'wire':'drop',^'at':'after'"),
          "then: unknown field \"at\"; it belongs inside \"wire\": {\"at\": …}");
    wrong(THEN("^'delay':'2s'"),
          "then: unknown field \"delay\"; it belongs inside \"wire\": {\"delay\": …}");
    wrong(THEN("^'refuse':7"), "then: \"refuse\" must be the name of a cause, not 7");
    wrong(THEN("^'refuse':'rate-limted'"),
          "then: there is no cause \"rate-limted\"; did you mean \"rate-limited\"?");
}

static void tls_is_about_a_connection_alone(void **state)
{
    (void)state;
    wrong(THEN("^'tls':'expird'"),
          "then: there is no fault of TLS \"expird\"; did you mean \"expired\"?");
    wrong(THEN("^'wire':'tls-expired'"),
          "then: there is no fault \"tls-expired\"; there are \"delay\", \"hold\", "
          "\"bandwidth\", \"stall\", \"drop\", \"reset\", \"truncate\", "
          "\"malformed-json\", \"wrong-type\", \"html\", \"status\" and \"redirect\"");
    wrong(PLAY("'rules':[{'when':{^'path':'/x'},'then':{'tls':'expired'}}]"),
          "rules: \"tls\" spoils a connection, before there is a request: of \"when\" it "
          "takes \"nth\", \"every\", \"rate\" and \"seed\"");
    wrong(PLAY("'rules':[{'when':{^'endpoint':'api'},'then':{'tls':'expired'}}]"),
          "rules: \"tls\" spoils a connection, before there is a request: of \"when\" it "
          "takes \"nth\", \"every\", \"rate\" and \"seed\"");
    wrong(PLAY("'rules':[{^'then':{'tls':'expired','wire':'drop'}}]"),
          "rules: \"tls\" contradicts \"refuse\" and \"wire\": it spoils a connection, "
          "they "
          "a request");
}

static void damage_is_refused_by_its_member(void **state)
{
    (void)state;
    wrong(THEN("^'wire':'dorp'"),
          "then: there is no fault \"dorp\"; did you mean \"drop\"?");
    wrong(THEN("'wire':{\n  ^'dela':'2s'}"),
          "wire: unknown field \"dela\"; did you mean \"delay\"?");
    wrong(THEN("'wire':{^'delay':'2'}"), "wire: \"delay\" must be a duration above 0, at "
                                         "most 10m, such as \"2s\", not \"2\"");
    wrong(THEN("'wire':{'drop':true,\n ^'reset':true}"),
          "wire: \"drop\" and \"reset\" contradict each other");
}

static void a_change_of_the_world_is_refused_by_what_is_wrong(void **state)
{
#define SHAPE                                                                            \
    "then: \"world\" must be an effect's name, or an object with \"do\": the name, and " \
    "its "                                                                               \
    "arguments, or a list of these, not "

    (void)state;
    wrong(THEN("^'world':7"), SHAPE "7");
    wrong(THEN("^'world':{'user':'x@y'}"), "then: \"do\" is missing");
    wrong(THEN("'world':['lock-user',^7]"), SHAPE "7");
    wrong(THEN("'world':{^'do':7}"), "then: \"do\" must be the name of an effect, not 7");
    wrong(THEN("^'world':[]"), "then: \"world\" must not be an empty list");
    wrong(THEN("^'world':'lock-usr'"),
          "then: there is no effect \"lock-usr\"; did you mean \"lock-user\"?");
    wrong(THEN("'world':{^'do':'zzzzzz'}"),
          "then: there is no effect \"zzzzzz\"; GET /__mock/effects lists them");
}

static void arguments_of_a_change_are_those_it_takes(void **state)
{
    (void)state;
    wrong(THEN("^'world':'advance-clock'"), "then: advance-clock needs \"by\"");
    wrong(THEN("'world':{'do':'advance-clock',^'by':'13'}"),
          "then: \"by\" must be a duration such as \"12h\", not \"13\"");
    wrong(THEN("'world':{'do':'lock-user',^'by':'13h'}"),
          "then: lock-user does not take \"by\"");
    wrong(THEN("'world':{'do':'lock-user',^'user':'jdoe'}"),
          "then: \"user\" must be \"USER@COMPANY\", not \"jdoe\"");
    wrong(THEN("'world':{'do':'lock-user',^'user':7}"),
          "then: \"user\" must be \"USER@COMPANY\", not 7");
}

static void a_replaced_answer_cannot_be_a_refusal_too(void **state)
{
    static const char what[] =
        "rules: \"refuse\" and a wire that replaces the answer contradict each other";
    (void)state;
    wrong(PLAY("'rules':[^{'then':{'refuse':'rate-limited','wire':{'status':503}}}]"),
          what);
    wrong(PLAY("'rules':[^{'then':{'wire':'html','refuse':'rate-limited'}}]"), what);
    is_sound(THEN("'refuse':'rate-limited','wire':'truncate'"));
    is_sound(THEN("'refuse':'rate-limited','wire':{'delay':'1s'}"));
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

/* ---- tried before anybody plays it ---- */

static void a_step_for_nobody_is_refused(void **state)
{
    (void)state;
    wrong(THEN("^'world':{'do':'lock-user','user':'nobody@acme'}"),
          "locking a user: company \"acme\" has no user \"nobody\""
          "; there are \"ws_user\", \"jdoe\", \"admin\"");
    wrong(THEN("^'world':{'do':'deactivate-client','client_id':'nobody'}"),
          "deactivating a client: there is no client \"nobody\"; there are \"demo\", "
          "\"demo-public\", \"demo-sandbox\"");
    wrong(THEN("^'world':{'do':'remove-role','role':'king'}"),
          "removing a role: there is no role \"king\"; there are \"all\", \"read-only\"");
    wrong(PLAY("'rules':[{'then':{'wire':'drop'}},\n {'then':{'world':['rotate-keys',"
               "^{'do':'remove-role','role':'king'}]}}]"),
          "removing a role: there is no role \"king\"; there are \"all\", \"read-only\"");
}

static void a_step_is_tried_on_whom_its_rule_is_about(void **state)
{
    (void)state;
    wrong(PLAY("'rules':[{'when':{'user':'nobody@acme'},'then':{^'world':'lock-user'}}]"),
          "locking a user: company \"acme\" has no user \"nobody\""
          "; there are \"ws_user\", \"jdoe\", \"admin\"");
    wrong(PLAY("'rules':[{'when':{'client':'nobody'},"
               "'then':{^'world':'deactivate-client'}}]"),
          "deactivating a client: there is no client \"nobody\"; there are \"demo\", "
          "\"demo-public\", \"demo-sandbox\"");
}

static void a_step_for_somebody_of_its_own_world_is_fine(void **state)
{
    (void)state;
    is_sound(PLAY("'world':{'users':[{'id':'ann','company':'acme'}]},"
                  "'rules':[{'then':{'world':{'do':'lock-user','user':'ann@acme'}}}]"));
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

/* ---- after, for, limit ---- */

#define RULES(rest) PLAY("'rules':[" rest "]")

static void what_a_rule_comes_after_is_there(void **state)
{
    (void)state;
    is_sound(RULES("{'after':'access-token-revoked','then':{'wire':'drop'}}"));
    is_sound(RULES("{'after':'lock-user','then':{'wire':'drop'}}"));
    is_sound(RULES(
        "{'after':'b','then':{'wire':'drop'}},{'name':'b','then':{'wire':'drop'}}"));
    wrong(RULES("{^'after':'revoke-grnat','then':{'wire':'drop'}}"),
          "rules: \"after\" must be a cause, an effect or another rule's name or number, "
          "and there is none \"revoke-grnat\"; did you mean \"revoke-grant\"?");
    wrong(RULES("{^'after':2,'then':{'wire':'drop'}}"),
          "rules: \"after\" names rule 2, and there are 1");
    wrong(RULES("{^'after':0,'then':{'wire':'drop'}}"),
          "rules: \"after\" must be a cause, an effect, or another rule by its name or "
          "number, not 0");
    wrong(RULES("{^'after':1,'then':{'wire':'drop'}}"),
          "rules: rule 1 waits for itself, so it never fires");
    wrong(RULES("{'name':'a',^'after':2,'then':{'wire':'drop'}},"
                "{'after':'a','then':{'wire':'drop'}}"),
          "rules: rule 1 waits for itself, so it never fires");
    wrong(
        RULES("{'name':'a','then':{'wire':'drop'}},{^'name':'a','then':{'wire':'drop'}}"),
        "rules: \"name\" must be unique, and \"a\" stands twice");
}

static void times_and_quotas_are_sound(void **state)
{
    (void)state;
    is_sound(
        RULES("{'for':'30s','limit':{'requests':1,'per':'1m'},'then':{'wire':'drop'}}"));
    wrong(RULES("{^'for':'0s','then':{'wire':'drop'}}"),
          "rules: \"for\" must be a duration above 0, such as \"12h\", not \"0s\"");
    wrong(RULES("{'limit':{^'requests':0,'per':'1m'},'then':{'wire':'drop'}}"),
          "limit: \"requests\" must be a whole number, 1 or more, not 0");
    wrong(RULES("{^'limit':{'requests':9},'then':{'wire':'drop'}}"),
          "limit: \"per\" is missing: in which time, such as \"1m\"");
    wrong(RULES("{'when':{'nth':2},^'limit':{'requests':9,'per':'1m'},'then':{'wire':'"
                "drop'}}"),
          "rules: \"limit\" counts all that fits \"when\", so it contradicts \"nth\", "
          "\"every\" and \"rate\"");
}

/* ---- all at once ---- */

static void all_that_is_wrong_is_told_by_place(void **state)
{
    struct sheet sheet =
        sheet_of(PLAY("'rules':[{'when':{'nth':0},'then':{}}],\n"
                      "'expect':[{'that':'a','after':'b'}],\n'cause':'x'"));
    struct im_scenario_error errors[4];
    size_t count = 0;
    (void)state;
    assert_null(im_scenario_parse_all((struct im_str){sheet.bytes, sheet.len}, IM_STR(""),
                                      errors, 4, &count));
    assert_int_equal(count, 4);
    assert_int_equal(errors[0].line, 2);
    assert_true(im_str_starts(im_str(errors[0].what), "when: \"nth\" must be"));
    assert_int_equal(errors[1].line, 2);
    assert_true(im_str_starts(im_str(errors[1].what), "then: says nothing"));
    assert_int_equal(errors[2].line, 3);
    assert_true(im_str_starts(im_str(errors[2].what), "expect: \"after\" must be"));
    assert_int_equal(errors[3].line, 4);
    assert_null(im_scenario_parse_all((struct im_str){sheet.bytes, sheet.len}, IM_STR(""),
                                      errors, 2, &count));
    assert_int_equal(count, 2);
    free(sheet.bytes);
}

static void the_missing_sentence_may_be_the_one_meant(void **state)
{
    (void)state;
    wrong(PLAY("'expect':[^{'endpoint':'api'},{'that':'b','after':'a'}]"),
          "expect: \"that\" is missing: a true sentence about a sound client");
}

static void a_step_is_tried_although_another_rule_is_wrong(void **state)
{
    struct sheet sheet =
        sheet_of(PLAY("'rules':[{'then':{'wire':'dorp'}},{'then':{'world':"
                      "{'do':'lock-user','user':'nobody@acme'}}}]"));
    struct im_scenario_error errors[4];
    size_t count = 0;
    (void)state;
    assert_null(im_scenario_parse_all((struct im_str){sheet.bytes, sheet.len}, IM_STR(""),
                                      errors, 4, &count));
    assert_int_equal(count, 2);
    free(sheet.bytes);
}

static void each_mistake_of_a_world_is_told_once(void **state)
{
    struct sheet sheet = sheet_of(WORLD("'users':[{'id':'u','company':'nowhere'},"
                                        "{'id':'v','company':'acme','roles':['none']}]"));
    struct im_scenario_error errors[6];
    size_t count = 0;
    (void)state;
    assert_null(im_scenario_parse_all((struct im_str){sheet.bytes, sheet.len}, IM_STR(""),
                                      errors, 6, &count));
    assert_int_equal(count, 2);
    assert_non_null(strstr(errors[0].what, "nowhere"));
    assert_non_null(strstr(errors[1].what, "none"));
    free(sheet.bytes);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_scenario_is_read),
        cmocka_unit_test(world_is_parted_into_people_and_policy),
        cmocka_unit_test(every_rule_is_as_it_was_written),
        cmocka_unit_test(a_name_is_enough),
        cmocka_unit_test(an_inline_one_has_the_name_it_is_given),
        cmocka_unit_test(what_is_no_json_is_told_with_its_place),
        cmocka_unit_test(a_name_that_stands_twice_is_refused),
        cmocka_unit_test(nesting_has_an_end),
        cmocka_unit_test(too_many_bytes_are_not_read),
        cmocka_unit_test(a_scenario_is_an_object),
        cmocka_unit_test(unknown_members_are_named_with_the_nearest),
        cmocka_unit_test(a_scenario_has_a_name),
        cmocka_unit_test(names_are_sound),
        cmocka_unit_test(a_name_with_a_nul_is_not_sound),
        cmocka_unit_test(members_have_their_types),
        cmocka_unit_test(an_unknown_cause_is_named_with_the_nearest),
        cmocka_unit_test(a_rule_is_an_object_with_then),
        cmocka_unit_test(times_is_a_whole_number),
        cmocka_unit_test(when_is_refused_by_its_member),
        cmocka_unit_test(then_is_refused_by_its_member),
        cmocka_unit_test(tls_is_about_a_connection_alone),
        cmocka_unit_test(damage_is_refused_by_its_member),
        cmocka_unit_test(a_change_of_the_world_is_refused_by_what_is_wrong),
        cmocka_unit_test(arguments_of_a_change_are_those_it_takes),
        cmocka_unit_test(a_replaced_answer_cannot_be_a_refusal_too),
        cmocka_unit_test(a_switch_is_refused_by_its_name),
        cmocka_unit_test(a_switch_has_a_value_of_its_kind),
        cmocka_unit_test(people_are_refused_by_what_is_wrong),
        cmocka_unit_test(signed_in_is_somebody),
        cmocka_unit_test(a_step_for_nobody_is_refused),
        cmocka_unit_test(a_step_is_tried_on_whom_its_rule_is_about),
        cmocka_unit_test(a_step_for_somebody_of_its_own_world_is_fine),
        cmocka_unit_test(expectations_are_refused_with_their_place),
        cmocka_unit_test(no_damage_is_taken_and_none_leaks),
        cmocka_unit_test(long_words_are_shown_in_part),
        cmocka_unit_test(all_that_is_wrong_is_told_by_place),
        cmocka_unit_test(the_missing_sentence_may_be_the_one_meant),
        cmocka_unit_test(a_step_is_tried_although_another_rule_is_wrong),
        cmocka_unit_test(each_mistake_of_a_world_is_told_once),
        cmocka_unit_test(without_expectations_it_is_warned),
        cmocka_unit_test(what_a_rule_comes_after_is_there),
        cmocka_unit_test(times_and_quotas_are_sound),
        cmocka_unit_test(bounds_have_names_and_numbers),
        cmocka_unit_test(a_megabyte_is_never_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
