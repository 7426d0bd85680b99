/* directory.c, builtin.c: who is there from the start, what roles permit, which secrets are told, and lists. */
#include "directory_fixture.h"

/* ---- the built-in world ---- */

static void acme_is_there_with_all_it_needs(void **state)
{
    struct im_company *acme = company(*state, "acme");

    assert_non_null(acme);
    assert_true(acme->active && acme->production && acme->web_services);
    assert_true(im_str_is(acme->key, "100001"));
    assert_true(has(acme->entities, "100") && has(acme->entities, "200"));
    assert_true(has(acme->modules, "accounts-payable"));
    assert_true(has(acme->clients, "demo") && has(acme->clients, "demo-public"));
    assert_false(has(acme->clients, "demo-sandbox"));
}

static void the_sandbox_company_has_its_own_client(void **state)
{
    struct im_company *sandbox = company(*state, "acme-sandbox");

    assert_non_null(sandbox);
    assert_false(sandbox->production);
    assert_true(has(sandbox->clients, "demo-sandbox"));
    assert_false(has(sandbox->clients, "demo"));
    assert_false(client(*state, "demo-sandbox")->production);
}

static void the_three_users_are_who_they_should_be(void **state)
{
    struct im_user *ws = user(*state, "ws_user");

    assert_non_null(ws);
    assert_true(ws->web_services && ws->active && ws->top_level && !ws->admin);
    assert_true(im_str_is(ws->key, "444"));
    assert_true(im_str_is(user(*state, "jdoe")->password, "secret"));
    assert_false(user(*state, "jdoe")->web_services || user(*state, "jdoe")->admin);
    assert_true(user(*state, "admin")->admin);
}

static void demo_is_authorized_with_its_sender(void **state)
{
    struct im_client *demo = client(*state, "demo");

    assert_non_null(demo);
    assert_true(im_str_is(demo->secret, "demo-secret"));
    assert_true(demo->active && demo->production);
    assert_true(has(demo->grants, "client_credentials"));
    assert_true(has(demo->redirect_uris, "http://127.0.0.1/callback"));
    assert_true(has(demo->scopes, "offline_access"));
    assert_true(has(company(*state, "acme")->senders, "demo-sender"));
    assert_true(im_str_is(demo->sender_id, "demo-sender"));
}

static void the_public_client_has_no_secret(void **state)
{
    struct im_client *app = client(*state, "demo-public");

    assert_non_null(app);
    assert_int_equal(app->secret.len, 0);
    assert_false(has(app->grants, "client_credentials"));
}

static void ids_are_case_sensitive_and_slips_can_be_told(void **state)
{
    struct fixture *f = *state;

    assert_null(user(f, "WS_USER"));
    assert_true(im_directory_user_nocase(f->directory, IM_STR("Acme"), IM_STR("WS_User"),
                                         &f->user));
    assert_true(im_str_is(f->user.id, "ws_user"));
    assert_false(im_directory_user_nocase(f->directory, IM_STR("acme"), IM_STR("nobody"),
                                          &f->user));
    assert_null(company(f, "ACME"));
    assert_null(client(f, "Demo"));
}

static void whom_there_is_not_has_no_id_and_is_inactive(void **state)
{
    struct fixture *f = *state;
    struct im_principal who;

    memset(&who, 0xff, sizeof who);
    im_directory_principal(f->directory, IM_STR("none"), IM_STR("none"), IM_STR("none"),
                           &who);
    assert_int_equal(who.client.id.len + who.company.id.len + who.user.id.len, 0);
    assert_false(who.client.active || who.company.active || who.user.active);
    im_directory_principal(f->directory, IM_STR("demo"), IM_STR("acme"),
                           IM_STR("ws_user"), &who);
    assert_true(who.client.active && who.company.active && who.user.active);
}

/* ---- permissions ---- */

static enum im_permit permit(struct fixture *f, const char *object, enum im_action action)
{
    return im_directory_permit(f->directory, user(f, "jdoe"), im_str(object), action);
}

static void give(struct fixture *f, const char *permission)
{
    struct im_str text = im_arena_format(
        &f->arena,
        "{\"roles\":[{\"name\":\"r\",\"permissions\":[\"%s\"]}],"
        "\"users\":[{\"id\":\"jdoe\",\"company\":\"acme\",\"roles\":[\"r\"]}]}",
        permission);
    load(f, text.at);
}

static void a_permission_is_a_glob_and_actions(void **state)
{
    struct fixture *f = *state;

    give(f, "accounts-payable/*:read,create");
    assert_int_equal(permit(f, "accounts-payable/bill", IM_ACTION_READ), IM_PERMIT_YES);
    assert_int_equal(permit(f, "accounts-payable/bill", IM_ACTION_CREATE), IM_PERMIT_YES);
    assert_int_equal(permit(f, "accounts-payable/bill", IM_ACTION_DELETE),
                     IM_PERMIT_NO_ACTION);
    assert_int_equal(permit(f, "general-ledger/account", IM_ACTION_READ),
                     IM_PERMIT_NO_OBJECT);
}

static void without_roles_nothing_is_permitted(void **state)
{
    struct fixture *f = *state;

    change(f, IM_CHANGE_REMOVE_ROLE, "jdoe", "", "");
    assert_int_equal(permit(f, "a/b", IM_ACTION_READ), IM_PERMIT_NO_ROLE);
}

static void one_role_among_several_can_be_removed(void **state)
{
    struct fixture *f = *state;

    load(f, "{\"users\":[{\"id\":\"jdoe\",\"company\":\"acme\","
            "\"roles\":[\"all\",\"read-only\"]}]}");
    change(f, IM_CHANGE_REMOVE_ROLE, "jdoe", "", "all");
    assert_int_equal(permit(f, "a/b", IM_ACTION_READ), IM_PERMIT_YES);
    assert_int_equal(permit(f, "a/b", IM_ACTION_CREATE), IM_PERMIT_NO_ACTION);
}

static void a_removed_permission_leaves_the_others(void **state)
{
    struct fixture *f = *state;

    change(f, IM_CHANGE_REMOVE_PERMISSION, "jdoe", "", "accounts-payable/vendor:create");
    assert_int_equal(permit(f, "accounts-payable/vendor", IM_ACTION_CREATE),
                     IM_PERMIT_NO_ACTION);
    assert_int_equal(permit(f, "accounts-payable/vendor", IM_ACTION_READ), IM_PERMIT_YES);
    change(f, IM_CHANGE_REMOVE_PERMISSION, "jdoe", "", "accounts-payable/vendor");
    assert_int_equal(permit(f, "accounts-payable/vendor", IM_ACTION_READ),
                     IM_PERMIT_NO_OBJECT);
    assert_int_equal(permit(f, "accounts-payable/bill", IM_ACTION_CREATE), IM_PERMIT_YES);
}

/* ---- secrets ---- */

static bool hides(struct fixture *f, const char *text)
{
    struct im_str hidden =
        im_secrets_hide(im_directory_secrets(f->directory), &f->arena, im_str(text));

    return !im_str_is(hidden, text);
}

static void every_secret_is_told_and_nothing_else(void **state)
{
    static const unsigned char key[IM_SECRET_KEY_LEN] = {1};
    struct fixture *f = *state;
    struct im_secrets *secrets = im_secrets_new(key);

    load(f, "{\"users\":[{\"id\":\"ws_user\",\"company\":\"acme\","
            "\"password\":\"first-of-users-77\"}],"
            "\"clients\":[{\"id\":\"demo\",\"secret\":\"first-of-clients-77\"},"
            "{\"id\":\"last\",\"secret\":\"last-of-clients-77\","
            "\"old_secrets\":[\"old-of-clients-77\"]}]}");
    assert_true(im_directory_tell_secrets(f->directory, secrets));
    assert_true(hides(f, "first-of-users-77") && hides(f, "first-of-clients-77") &&
                hides(f, "last-of-clients-77") && hides(f, "old-of-clients-77"));
    change(f, IM_CHANGE_REMOVE_PERMISSION, "jdoe", "", "accounts-payable/vendor");
    assert_false(hides(f, "accounts-payable/vendor"));
    change(f, IM_CHANGE_PASSWORD, "jdoe", "", "new-of-users-77");
    change(f, IM_CHANGE_CLIENT_SECRET, "", "demo", "new-of-clients-77");
    assert_true(hides(f, "new-of-users-77") && hides(f, "new-of-clients-77"));
    assert_true(hides(f, "first-of-clients-77"));
    im_secrets_unref(secrets);
}

/* ---- lists ---- */

static void a_word_is_removed_wherever_it_stands_and_the_rest_keeps_its_order(
    void **state)
{
    struct fixture *f = *state;
    struct im_list list = {0};
    static const char *const words[] = {"a", "x", "b", "x"};

    for (size_t i = 0; i < 4; i++)
        assert_true(im_list_add(&f->arena, &list, im_str(words[i])));
    assert_true(im_list_remove(&f->arena, &list, IM_STR("x")));
    assert_int_equal(list.count, 2);
    assert_true(im_str_is(list.items[0], "a") && im_str_is(list.items[1], "b"));
    assert_true(im_list_remove(&f->arena, &list, IM_STR("none")));
    assert_int_equal(list.count, 2);
}

static void without_memory_a_list_stays_as_it_is(void **state)
{
    struct fixture *f = *state;
    struct im_list list = {0};
    struct im_arena full;
    bool added = false;

    assert_true(im_list_add(&f->arena, &list, IM_STR("a")));
    im_arena_init(&full, 1);
    assert_false(im_list_remove(&full, &list, IM_STR("a")));
    assert_true(list.count == 1 && im_str_is(list.items[0], "a"));
    im_arena_release(&full);
    /* first there is no room, then room for the word alone, then for the list as well */
    for (size_t room = 1; !added; room++) {
        im_arena_init(&full, room);
        added = im_list_add(&full, &list, IM_STR("b"));
        assert_int_equal(list.count, added ? 2 : 1);
        assert_true(im_str_is(list.items[0], "a"));
        assert_true(!added || im_str_is(list.items[1], "b"));
        im_arena_release(&full);
    }
}

static const struct CMUnitTest tests[] = {
    TEST(acme_is_there_with_all_it_needs),
    TEST(the_sandbox_company_has_its_own_client),
    TEST(the_three_users_are_who_they_should_be),
    TEST(demo_is_authorized_with_its_sender),
    TEST(the_public_client_has_no_secret),
    TEST(ids_are_case_sensitive_and_slips_can_be_told),
    TEST(whom_there_is_not_has_no_id_and_is_inactive),
    TEST(a_permission_is_a_glob_and_actions),
    TEST(without_roles_nothing_is_permitted),
    TEST(one_role_among_several_can_be_removed),
    TEST(a_removed_permission_leaves_the_others),
    TEST(a_word_is_removed_wherever_it_stands_and_the_rest_keeps_its_order),
    TEST(without_memory_a_list_stays_as_it_is),
    TEST(every_secret_is_told_and_nothing_else),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
