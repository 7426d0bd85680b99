/* The rules of a scenario, and what is refused in them. What they do is with when.c, wire.c and world.c. */
#include "sheet.h"

static void a_rule_is_an_object_with_then(void **state)
{
    (void)state;
    wrong(RULES("^7"), "scenario: \"rules\" must be a list of objects, not 7");
    wrong(RULES("^{}"), "rules: \"then\" is missing");
    wrong(RULES("{'then':{'wire':'drop'}},\n  ^{'when':{}}"),
          "rules: \"then\" is missing");
    wrong(RULES("{^'whn':{}}"), "rules: unknown field \"whn\"; did you mean \"when\"?");
    wrong(RULES("{^'zzzzzz':{}}"),
          "rules: unknown field \"zzzzzz\"; there are \"when\", \"then\", \"times\", "
          "\"needs\", \"optional\", \"name\", \"after\", \"for\" and \"limit\"");
}

static void times_is_a_whole_number(void **state)
{
#define TIMES "rules: \"times\" must be a whole number, 1 or more, not "
    (void)state;
    wrong(RULES("{'then':{'wire':'drop'},^'times':0}"), TIMES "0");
    wrong(RULES("{'then':{'wire':'drop'},^'times':-1}"), TIMES "-1");
    wrong(RULES("{'then':{'wire':'drop'},^'times':1.5}"), TIMES "1.5");
    wrong(RULES("{'then':{'wire':'drop'},^'times':'2'}"), TIMES "\"2\"");
    is_sound(RULES("{'then':{'wire':'drop'},'times':9007199254740993}"));
}

static void when_is_refused_by_its_member(void **state)
{
    (void)state;
    wrong(RULES("{^'when':[],'then':{'wire':'drop'}}"),
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
    wrong(RULES("{^'then':'drop'}"), "rules: \"then\" must be an object, not \"drop\"");
    wrong(RULES("{^'then':{}}"),
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
    wrong(RULES("{'when':{^'path':'/x'},'then':{'tls':'expired'}}"),
          "rules: \"tls\" spoils a connection, before there is a request: of \"when\" it "
          "takes \"nth\", \"every\", \"rate\" and \"seed\"");
    wrong(RULES("{'when':{^'endpoint':'api'},'then':{'tls':'expired'}}"),
          "rules: \"tls\" spoils a connection, before there is a request: of \"when\" it "
          "takes \"nth\", \"every\", \"rate\" and \"seed\"");
    wrong(RULES("{^'then':{'tls':'expired','wire':'drop'}}"),
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
    wrong(RULES("^{'then':{'refuse':'rate-limited','wire':{'status':503}}}"), what);
    wrong(RULES("^{'then':{'wire':'html','refuse':'rate-limited'}}"), what);
    is_sound(THEN("'refuse':'rate-limited','wire':'truncate'"));
    is_sound(THEN("'refuse':'rate-limited','wire':{'delay':'1s'}"));
}

/* ---- after, for, limit ---- */

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

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_rule_is_an_object_with_then),
    cmocka_unit_test(times_is_a_whole_number),
    cmocka_unit_test(when_is_refused_by_its_member),
    cmocka_unit_test(then_is_refused_by_its_member),
    cmocka_unit_test(tls_is_about_a_connection_alone),
    cmocka_unit_test(damage_is_refused_by_its_member),
    cmocka_unit_test(a_change_of_the_world_is_refused_by_what_is_wrong),
    cmocka_unit_test(arguments_of_a_change_are_those_it_takes),
    cmocka_unit_test(a_replaced_answer_cannot_be_a_refusal_too),
    cmocka_unit_test(what_a_rule_comes_after_is_there),
    cmocka_unit_test(times_and_quotas_are_sound),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
