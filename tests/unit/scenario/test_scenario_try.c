/* scenario_try.c: the changes of the world are tried before anybody plays the scenario. */
#include "sheet.h"

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
    wrong(RULES("{'then':{'wire':'drop'}},\n {'then':{'world':['rotate-keys',"
                "^{'do':'remove-role','role':'king'}]}}"),
          "removing a role: there is no role \"king\"; there are \"all\", \"read-only\"");
}

static void a_step_is_tried_on_whom_its_rule_is_about(void **state)
{
    (void)state;
    wrong(RULES("{'when':{'user':'nobody@acme'},'then':{^'world':'lock-user'}}"),
          "locking a user: company \"acme\" has no user \"nobody\""
          "; there are \"ws_user\", \"jdoe\", \"admin\"");
    wrong(RULES("{'when':{'client':'nobody'},"
                "'then':{^'world':'deactivate-client'}}"),
          "deactivating a client: there is no client \"nobody\"; there are \"demo\", "
          "\"demo-public\", \"demo-sandbox\"");
}

static void a_step_for_somebody_of_its_own_world_is_fine(void **state)
{
    (void)state;
    is_sound(PLAY("'world':{'users':[{'id':'ann','company':'acme'}]},"
                  "'rules':[{'then':{'world':{'do':'lock-user','user':'ann@acme'}}}]"));
}

static void a_step_is_tried_although_another_rule_is_wrong(void **state)
{
    struct im_scenario_error errors[4];
    (void)state;
    assert_int_equal(all_wrong(RULES("{'then':{'wire':'dorp'}},{'then':{'world':"
                                     "{'do':'lock-user','user':'nobody@acme'}}}"),
                               errors, 4),
                     2);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_step_for_nobody_is_refused),
    cmocka_unit_test(a_step_is_tried_on_whom_its_rule_is_about),
    cmocka_unit_test(a_step_for_somebody_of_its_own_world_is_fine),
    cmocka_unit_test(a_step_is_tried_although_another_rule_is_wrong),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
