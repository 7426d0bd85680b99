/* directory_change.c: what can change while a test runs. */
#include "directory_fixture.h"

static void who_is_switched_off_is_off(void **state)
{
    change(*state, IM_CHANGE_DEACTIVATE_CLIENT, "", "demo", "");
    change(*state, IM_CHANGE_DEACTIVATE_USER, "jdoe", "", "");
    change(*state, IM_CHANGE_LOCK_USER, "jdoe", "", "");
    change(*state, IM_CHANGE_EXPIRE_PASSWORD, "jdoe", "", "");
    change(*state, IM_CHANGE_DEACTIVATE_COMPANY, "", "", "");
    change(*state, IM_CHANGE_WEB_SERVICES_OFF, "", "", "");
    assert_false(client(*state, "demo")->active);
    struct im_user *jdoe = user(*state, "jdoe");
    assert_true(!jdoe->active && jdoe->locked && jdoe->password_expired);
    assert_false(company(*state, "acme")->active ||
                 company(*state, "acme")->web_services);
}

static void a_new_password_is_not_expired(void **state)
{
    change(*state, IM_CHANGE_EXPIRE_PASSWORD, "jdoe", "", "");
    change(*state, IM_CHANGE_PASSWORD, "jdoe", "", "new");
    assert_true(im_str_is(user(*state, "jdoe")->password, "new"));
    assert_false(user(*state, "jdoe")->password_expired);
}

static void an_old_secret_is_remembered(void **state)
{
    change(*state, IM_CHANGE_CLIENT_SECRET, "", "demo", "second");
    change(*state, IM_CHANGE_CLIENT_SECRET, "", "demo", "third");
    struct im_client *demo = client(*state, "demo");
    assert_true(im_str_is(demo->secret, "third"));
    assert_int_equal(demo->old_secrets.count, 2);
    assert_true(im_str_is(demo->old_secrets.items[0], "demo-secret"));
    assert_true(im_str_is(demo->old_secrets.items[1], "second"));
}

static void the_newest_sixteen_old_secrets_are_remembered(void **state)
{
    struct fixture *f = *state;
    char secret[20];

    for (int i = 0; i < 20; i++) {
        snprintf(secret, sizeof secret, "secret-%d", i);
        change(f, IM_CHANGE_CLIENT_SECRET, "", "demo", secret);
    }
    assert_int_equal(client(f, "demo")->old_secrets.count, 16);
    for (int i = 0; i < 16; i++) { /* the one in force is secret-19 */
        snprintf(secret, sizeof secret, "secret-%d", i + 3);
        assert_true(im_str_is(f->client.old_secrets.items[i], secret));
    }
}

static void authorizations_can_be_withdrawn_and_given(void **state)
{
    change(*state, IM_CHANGE_WITHDRAW_CLIENT, "", "demo", "");
    assert_false(has(company(*state, "acme")->clients, "demo"));
    change(*state, IM_CHANGE_AUTHORIZE_CLIENT, "", "demo", "");
    assert_true(has(company(*state, "acme")->clients, "demo"));
    change(*state, IM_CHANGE_WITHDRAW_SENDER, "", "demo", "");
    assert_false(has(company(*state, "acme")->senders, "demo-sender"));
    change(*state, IM_CHANGE_UNSUBSCRIBE_MODULE, "", "", "accounts-payable");
    assert_false(has(company(*state, "acme")->modules, "accounts-payable"));
}

static void a_user_can_be_kept_to_one_entity(void **state)
{
    change(*state, IM_CHANGE_RESTRICT_TO_ENTITY, "jdoe", "", "100");
    struct im_user *jdoe = user(*state, "jdoe");
    assert_false(jdoe->top_level);
    assert_int_equal(jdoe->entities.count, 1);
    assert_true(has(jdoe->entities, "100"));
}

static void a_copy_taken_before_a_change_stays_as_it_was(void **state)
{
    struct im_company before = *company(*state, "acme");

    change(*state, IM_CHANGE_WITHDRAW_CLIENT, "", "demo", "");
    assert_true(has(before.clients, "demo"));
}

static void fails(struct fixture *f, enum im_change what, struct im_change_target target,
                  const char *why)
{
    assert_false(change_of(f, what, target));
    if (!strstr(f->err.text, why))
        fail_msg("\"%s\" does not say \"%s\"", f->err.text, why);
}

static void a_change_of_nobody_says_so(void **state)
{
    struct im_change_target target = {.company = IM_STR("acme")};

    fails(*state, IM_CHANGE_LOCK_USER, target, "locking a user: needs \"user\"");
    fails(*state, IM_CHANGE_DEACTIVATE_CLIENT, target, "needs \"client\"");
    fails(*state, IM_CHANGE_UNSUBSCRIBE_MODULE, target, "needs \"value\"");
    target.user = IM_STR("nobody");
    fails(*state, IM_CHANGE_LOCK_USER, target, "company \"acme\" has no user \"nobody\"");
    target.client = IM_STR("none");
    fails(*state, IM_CHANGE_DEACTIVATE_CLIENT, target, "there is no client \"none\"");
    target.company = IM_STR("nowhere");
    fails(*state, IM_CHANGE_DEACTIVATE_COMPANY, target,
          "there is no company \"nowhere\"");
}

static const struct CMUnitTest tests[] = {
    TEST(who_is_switched_off_is_off),
    TEST(a_new_password_is_not_expired),
    TEST(an_old_secret_is_remembered),
    TEST(the_newest_sixteen_old_secrets_are_remembered),
    TEST(authorizations_can_be_withdrawn_and_given),
    TEST(a_user_can_be_kept_to_one_entity),
    TEST(a_copy_taken_before_a_change_stays_as_it_was),
    TEST(a_change_of_nobody_says_so),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
