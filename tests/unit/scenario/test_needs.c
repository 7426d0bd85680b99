/* What a client has to do for a scenario, worked out from its rules. */
#include "unit/scenario/quoted.h"

#include "scenario/needs.h"
#include "scenario/scenario_file.h"

static struct im_scenario *scenario_of(const char *text)
{
    struct im_arena arena;
    struct im_scenario_error error;

    im_arena_init(&arena, 0);
    struct im_scenario *scenario =
        im_scenario_parse(with_quotes(&arena, text), IM_STR("told"), &error);
    im_arena_release(&arena);
    if (!scenario)
        fail_msg("%s", text);
    return scenario;
}

static void needs(const char *text, const char *wanted)
{
    struct im_arena arena;
    struct im_scenario *scenario = scenario_of(text);

    im_arena_init(&arena, 0);
    struct im_str said = im_needs_text(scenario, &arena);
    if (!im_str_is(said, wanted))
        fail_msg("%s: %.*s", text, IM_ARG(said));
    im_arena_release(&arena);
    im_scenario_unref(scenario);
}

#define ROTATE "'then':{'world':'rotate-keys'}"
#define DELAY  "'then':{'wire':{'delay':'1s'}}"

static void the_rule_that_wants_most_of_the_same_is_said(void **state)
{
    (void)state;
    needs("{'name':'n'}", "");
    needs("{'name':'n','rules':[{'when':{'endpoint':'api','nth':2}," ROTATE "},"
          "{'when':{'endpoint':'api','nth':8}," ROTATE "}]}",
          "8 API calls");
    needs("{'name':'n','rules':[{'when':{'endpoint':'read'}," ROTATE ",'times':9}]}",
          "a read");
    needs("{'name':'n','rules':[{'when':{'endpoint':'query','every':3}," ROTATE
          ",'needs':2}]}",
          "6 queries");
    needs("{'name':'n','rules':[{'when':{'method':'POST','path':'/x/*'}," ROTATE "}]}",
          "a request by POST to /x/*");
    needs("{'name':'n','rules':[{'when':{'endpoint':'token','grant':'refresh_token'}"
          "," ROTATE "},{'when':{'endpoint':'introspect'}," ROTATE "}]}",
          "grant refresh_token, an introspection");
}

static void what_only_supports_others_is_not_needed(void **state)
{
    (void)state;
    needs("{'name':'n','rules':[{'when':{'endpoint':'api','nth':2}," ROTATE "},"
          "{'when':{'endpoint':'read'}," DELAY "}]}",
          "2 API calls");
    needs("{'name':'n','rules':[{'when':{'endpoint':'read'}," DELAY "}]}", "a read");
    needs("{'name':'n','rules':[{'when':{'endpoint':'read'}," DELAY ",'needs':6}]}",
          "6 reads");
    needs("{'name':'n','rules':[{'when':{'endpoint':'api'}," ROTATE ",'optional':true}]}",
          "");
}

static void what_must_not_be_seen_has_to_have_a_chance(void **state)
{
    (void)state;
    needs("{'name':'n','expect':[{'that':'t','endpoint':'authorize','cause':'state-"
          "missing',"
          "'count':0}]}",
          "an authorize request");
    needs("{'name':'n','expect':[{'that':'t','endpoint':'api','at_most':3}]}", "");
    needs("{'name':'n','expect':[{'that':'t','endpoint':'authorize','after':'drop',"
          "'count':0}]}",
          "");
}

static void a_world_has_to_be_met(void **state)
{
    (void)state;
    needs("{'name':'n','cause':'user-locked','world':{'access_token_ttl':'1h'}}",
          "a request that is refused with user-locked");
    /* what the expectation about it asks for says more */
    needs("{'name':'n','cause':'user-locked','world':{'access_token_ttl':'1h'},'expect':["
          "{'that':'a','endpoint':'api','after':'user-locked','count':0},"
          "{'that':'b','endpoint':'token','grant':'client_credentials',"
          "'cause':'user-locked','at_most':2}]}",
          "grant client_credentials");
    needs("{'name':'n','cause':'user-locked','world':{'access_token_ttl':'1h'},'expect':["
          "{'that':'a','endpoint':'authorize','cause':'user-locked','at_most':2}]}",
          "an authorize request");
    needs("{'name':'n','cause':'state-missing','world':{'access_token_ttl':'1h'}}", "");
}

static void missing(const char *text, const char *grants, int64_t fits,
                    const char *wanted)
{
    struct im_arena arena;
    struct im_buf out;
    struct im_scenario *scenario = scenario_of(text);
    const struct im_needs_seen seen = {"CMD", fits, im_str(grants)};

    im_arena_init(&arena, 0);
    im_buf_init(&out, &arena, 0);
    im_needs_say_missing(&scenario->rules[0].when, im_needs_of(scenario, 0), &seen, &out);
    if (!im_str_is(im_buf_str(&out), wanted))
        fail_msg("%s: %.*s", text, IM_ARG(im_buf_str(&out)));
    im_arena_release(&arena);
    im_scenario_unref(scenario);
}

static void what_is_missing_is_said_of_the_client(void **state)
{
    (void)state;
    missing("{'name':'n','rules':[{'when':{'endpoint':'api','nth':8}," ROTATE "}]}", "",
            4, " waits for the 8th API call; CMD made 4");
    missing("{'name':'n','rules':[{'when':{'endpoint':'api','nth':22}," ROTATE "}]}", "",
            0, " waits for the 22nd API call; CMD made none");
    missing("{'name':'n','rules':[{'when':{'endpoint':'api','nth':11}," ROTATE "}]}", "",
            1, " waits for the 11th API call; CMD made 1");
    missing("{'name':'n','rules':[{'when':{'endpoint':'token','grant':'authorization_"
            "code'}," ROTATE "}]}",
            "client_credentials", 0,
            " waits for a token request with grant authorization_code; CMD sent "
            "client_credentials");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rule_that_wants_most_of_the_same_is_said),
        cmocka_unit_test(what_only_supports_others_is_not_needed),
        cmocka_unit_test(what_must_not_be_seen_has_to_have_a_chance),
        cmocka_unit_test(a_world_has_to_be_met),
        cmocka_unit_test(what_is_missing_is_said_of_the_client),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
