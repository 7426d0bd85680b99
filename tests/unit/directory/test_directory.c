/* directory/.c: who is there from the start, what a world may say, what can
 * change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "directory/directory.h"
#include "directory/directory_world.h"

struct fixture {
    struct im_arena arena;
    struct im_directory *directory;
    struct im_company company;
    struct im_user user;
    struct im_client client;
    struct im_error err;
    const struct im_json *at;
};

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof(*f));

    im_arena_init(&f->arena, 0);
    f->directory = im_directory_new(&f->err);
    *state = f;
    if (!f->directory)
        print_error("%s\n", f->err.text);
    return f->directory ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    im_directory_free(f->directory);
    im_arena_release(&f->arena);
    test_free(f);
    return 0;
}

static struct im_company *company(struct fixture *f, const char *id)
{
    bool found = im_directory_company(f->directory, im_str(id), &f->company);
    return found ? &f->company : NULL;
}

static struct im_user *user(struct fixture *f, const char *id)
{
    bool found = im_directory_user(f->directory, IM_STR("acme"), im_str(id), &f->user);
    return found ? &f->user : NULL;
}

static struct im_client *client(struct fixture *f, const char *id)
{
    bool found = im_directory_client(f->directory, im_str(id), &f->client);
    return found ? &f->client : NULL;
}

static bool has(struct im_list list, const char *word)
{
    return im_list_has(list, im_str(word));
}

static bool load_text(struct fixture *f, const char *text)
{
    struct im_json_error where;
    const struct im_json *world = im_json_parse(&f->arena, im_str(text), &where);

    if (!world)
        fail_msg("%s: %s", text, where.what);
    f->at = NULL;
    return im_directory_load(f->directory, world, &f->at, &f->err);
}

static void load(struct fixture *f, const char *text)
{
    if (!load_text(f, text))
        fail_msg("%s", f->err.text);
}

static void refused(struct fixture *f, const char *text, const char *why)
{
    assert_false(load_text(f, text));
    assert_non_null(f->at);
    if (!strstr(f->err.text, why))
        fail_msg("\"%s\" does not say \"%s\"", f->err.text, why);
}

static bool change_of(struct fixture *f, enum im_change what,
                      struct im_change_target target)
{
    return im_directory_change(f->directory, what, &target, &f->err);
}

static void change(struct fixture *f, enum im_change what, const char *who,
                   const char *which, const char *value)
{
    struct im_change_target target = {IM_STR("acme"), im_str(who), im_str(which),
                                      im_str(value)};

    if (!change_of(f, what, target))
        fail_msg("%s", f->err.text);
}

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

static void a_slip_is_told_by_whichever_name_it_is_near(void **state)
{
    static const char *const slips[] = {"Demo", "Demo-Public", "Demo-Sandbox"};
    static const char *const names[] = {"demo", "demo-public", "demo-sandbox"};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct im_near_miss near = im_directory_near(f->directory, &f->arena, IM_CLIENTS,
                                                     IM_STR(""), im_str(slips[i]));
        assert_non_null(near.how);
        assert_true(im_str_is(near.right, names[i]));
    }
    assert_null(im_directory_near(f->directory, &f->arena, IM_CLIENTS, IM_STR(""),
                                  IM_STR("other"))
                    .how);
}

static void up_to_six_names_are_listed_and_of_more_none(void **state)
{
    struct fixture *f = *state;
    char text[80];
    struct im_hint hint = im_directory_hint(f->directory, IM_COMPANIES, IM_STR(""),
                                            IM_STR("something-else"));

    assert_non_null(strstr(hint.text, "acme"));
    assert_non_null(strstr(hint.text, "acme-sandbox"));
    for (int i = 2; i < 7; i++) {
        snprintf(text, sizeof text, "{\"companies\":[{\"id\":\"company-%d\"}]}", i);
        load(f, text);
        hint = im_directory_hint(f->directory, IM_COMPANIES, IM_STR(""),
                                 IM_STR("something-else"));
        snprintf(text, sizeof text, "company-%d", i);
        assert_true(!strstr(hint.text, text) == (i == 6));
    }
    assert_string_equal(hint.text, "");
}

/* ---- loading ---- */

static void what_is_not_named_stays_as_it_was(void **state)
{
    load(*state, "{\"clients\":[{\"id\":\"demo\",\"active\":false}]}");
    struct im_client *demo = client(*state, "demo");
    assert_false(demo->active);
    assert_true(im_str_is(demo->secret, "demo-secret"));
}

static void a_new_client_works_at_once(void **state)
{
    load(*state,
         "{\"clients\":[{\"id\":\"mine\",\"secret\":\"s\",\"sender_id\":\"me\"}]}");
    struct im_client *mine = client(*state, "mine");
    assert_true(mine->active && mine->production && mine->redirect_uris.count);
    assert_true(has(company(*state, "acme")->clients, "mine"));
    assert_true(has(company(*state, "acme")->senders, "me"));
    assert_false(has(company(*state, "acme-sandbox")->clients, "mine"));
}

static void a_company_that_names_its_clients_has_no_others(void **state)
{
    load(*state, "{\"clients\":[{\"id\":\"mine\"}],"
                 "\"companies\":[{\"id\":\"acme\",\"clients\":[\"demo\"]}]}");
    assert_false(has(company(*state, "acme")->clients, "mine"));
    assert_int_equal(company(*state, "acme")->clients.count, 1);
}

static void a_company_that_names_its_senders_has_no_others(void **state)
{
    struct fixture *f = *state;

    load(f, "{\"companies\":[{\"id\":\"b\"},{\"id\":\"c\",\"senders\":[]},"
            "{\"id\":\"d\",\"senders\":[\"own\"]}]}");
    assert_true(has(company(f, "b")->senders, "demo-sender"));
    assert_false(has(f->company.senders, ""));
    assert_int_equal(company(f, "c")->senders.count, 0);
    assert_int_equal(company(f, "d")->senders.count, 1);
    assert_true(has(f->company.senders, "own"));
}

static void a_client_without_a_sender_brings_none(void **state)
{
    struct fixture *f = *state;

    load(f, "{\"clients\":[{\"id\":\"bare\"}]}");
    assert_true(has(company(f, "acme")->clients, "bare"));
    assert_false(has(f->company.senders, ""));
}

static void a_new_company_and_user_have_keys_and_work(void **state)
{
    struct fixture *f = *state;

    load(f, "{\"companies\":[{\"id\":\"beta\"}],"
            "\"users\":[{\"id\":\"u\",\"company\":\"beta\"}]}");
    assert_true(company(f, "beta")->active && f->company.modules.count);
    assert_true(im_str_is(f->company.key, "100003")); /* the third */
    assert_true(has(f->company.clients, "demo"));
    assert_true(im_directory_user(f->directory, IM_STR("beta"), IM_STR("u"), &f->user));
    assert_true(f->user.active && f->user.roles.count);
    assert_true(im_str_is(f->user.key, "448")); /* the fifth */
}

static void one_load_may_refer_to_itself(void **state)
{
    load(*state,
         "{\"users\":[{\"id\":\"u\",\"company\":\"b\",\"roles\":[\"clerk\"],"
         "\"entities\":[\"9\"]}],\"companies\":[{\"id\":\"b\",\"clients\":[\"c\"],"
         "\"entities\":[\"9\"]}],\"clients\":[{\"id\":\"c\"}],"
         "\"roles\":[{\"name\":\"clerk\",\"permissions\":[\"*:read\"]}]}");
    assert_true(has(company(*state, "b")->clients, "c"));
}

static void other_members_of_a_world_are_not_looked_at(void **state)
{
    load(*state, "{\"access_token_ttl\":\"1h\"}");
}

static void mistakes_are_named(void **state)
{
    struct fixture *f = *state;

    refused(f, "{\"clients\":{}}", "must be a list of objects, not an object");
    refused(f, "{\"roles\":[{\"name\":\"r\",\"permissions\":[\"*:reed,read\"]}]}",
            "OBJECT-GLOB:ACTION");
    refused(f, "{\"roles\":[{\"name\":\"r\",\"permissions\":[\"*:read,reed\"]}]}",
            "OBJECT-GLOB:ACTION");
    refused(f, "{\"clients\":[1]}", "clients must be an object, not 1");
    refused(f, "{\"clients\":[{}]}", "\"id\" is missing");
    refused(f, "{\"roles\":[{\"id\":\"r\"}]}", "unknown field \"id\"");
    refused(f, "{\"clients\":[{\"id\":\"a\",\"secert\":\"x\"}]}",
            "did you mean \"secret\"?");
    refused(f, "{\"clients\":[{\"id\":\"a\",\"zzzzzz\":1}]}", "unknown field \"zzzzzz\"");
    refused(f, "{\"clients\":[{\"id\":\"a\",\"active\":\"yes\"}]}",
            "\"active\" must be true or false, not \"yes\"");
    refused(f, "{\"clients\":[{\"id\":\"a\",\"secret\":5}]}", "must be a string, not 5");
    refused(f, "{\"clients\":[{\"id\":\"a\",\"scopes\":\"x\"}]}",
            "must be a list of strings");
    refused(f, "{\"clients\":[{\"id\":\"a\",\"scopes\":[1]}]}",
            "must be a list of strings");
    refused(f, "{\"users\":[{\"id\":\"a\"}]}", "\"company\" is missing");
    refused(f, "{\"users\":[{\"id\":\"a\",\"company\":\"x\"}]}",
            "there is no company \"x\"");
    refused(f, "{\"users\":[{\"id\":\"jdoe\",\"company\":\"acme\",\"roles\":[\"x\"]}]}",
            "there is no role \"x\"");
    refused(f,
            "{\"users\":[{\"id\":\"jdoe\",\"company\":\"acme\",\"entities\":[\"9\"]}]}",
            "there is no entity \"9\"");
    refused(f, "{\"companies\":[{\"id\":\"acme\",\"clients\":[\"x\"]}]}",
            "there is no client \"x\"");
    refused(f, "{\"roles\":[{\"name\":\"r\",\"permissions\":[\"*:reed\"]}]}",
            "\"*:reed\"");
    refused(f, "{\"roles\":[{\"name\":\"r\",\"permissions\":[\"vendor\"]}]}",
            "OBJECT-GLOB");
}

static void the_value_at_fault_is_pointed_out(void **state)
{
    struct fixture *f = *state;
    const char *text = "{\"clients\":[{\"id\":\"a\",\"active\":7}]}";

    refused(f, text, "active");
    assert_int_equal(f->at->offset, strchr(text, '7') - text);
}

static void a_world_with_a_mistake_changes_nothing(void **state)
{
    struct fixture *f = *state;

    refused(f,
            "{\"clients\":[{\"id\":\"demo\",\"active\":false},{\"id\":\"new\"}],"
            "\"users\":[{\"id\":\"u\",\"company\":\"nowhere\"}]}",
            "nowhere");
    assert_true(client(f, "demo")->active);
    assert_null(client(f, "new"));
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

/* ---- changes ---- */

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

/* The directory as im_directory_write says it. */
static const struct im_json *written(struct fixture *f)
{
    struct im_json_error error;
    struct im_json_out out;
    struct im_buf text;

    im_buf_init(&text, &f->arena, 0);
    im_json_out_init(&out, &text);
    im_json_open_object(&out, NULL);
    im_directory_write(f->directory, &out);
    im_json_close_object(&out);
    const struct im_json *json = im_json_parse(&f->arena, im_buf_str(&text), &error);
    assert_non_null(json);
    return json;
}

static const struct im_json *thing(const struct im_json *world, const char *part,
                                   const char *name, const char *value)
{
    const struct im_json *one = im_json_get(world, part)->first;

    while (one && !im_str_is(im_json_get_str(one, name), value))
        one = one->next;
    assert_non_null(one);
    return one;
}

static void what_is_written_of_a_user_is_how_it_stands(void **state)
{
    static const char *const flags[] = {"locked", "password_expired", "active"};
    const struct im_json *before = written(*state), *after;
    change(*state, IM_CHANGE_LOCK_USER, "jdoe", "", "");
    change(*state, IM_CHANGE_EXPIRE_PASSWORD, "jdoe", "", "");
    change(*state, IM_CHANGE_DEACTIVATE_USER, "jdoe", "", "");
    after = written(*state);
    assert_true(im_str_is(im_json_get_str(thing(after, "users", "id", "jdoe"), "company"),
                          "acme"));
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        bool active = i == 2;
        assert_int_equal(
            im_json_get(thing(before, "users", "id", "jdoe"), flags[i])->boolean, active);
        assert_int_equal(
            im_json_get(thing(after, "users", "id", "jdoe"), flags[i])->boolean, !active);
    }
}

/* The names, with a blank behind each. */
static void has_members(const struct im_json *thing, const char *names)
{
    char found[300] = "";
    for (const struct im_json *at = thing->first; at; at = at->next)
        snprintf(found + strlen(found), sizeof found - strlen(found), "%.*s ",
                 IM_ARG(at->name));
    assert_string_equal(found, names);
}

static void each_part_that_is_written_has_its_own_members(void **state)
{
    const struct im_json *world = written(*state);

    has_members(world, "companies users roles clients ");
    has_members(thing(world, "companies", "id", "acme"),
                "id key title production active web_services entities modules clients "
                "senders ");
    has_members(thing(world, "users", "id", "jdoe"),
                "id company key name web_services admin active locked password_expired "
                "top_level entities roles ");
    has_members(thing(world, "roles", "name", "all"), "name permissions denied ");
    has_members(thing(world, "clients", "id", "demo"),
                "id name secret_fingerprint old_secret_fingerprints sender_id active "
                "production grants redirect_uris scopes ");
    has_members(thing(world, "clients", "id", "demo-public"),
                "id name old_secret_fingerprints sender_id active production grants "
                "redirect_uris scopes ");
}

static void lists_are_written_whole(void **state)
{
    struct fixture *f = *state;
    const struct im_json *uris =
        im_json_get(thing(written(f), "clients", "id", "demo"), "redirect_uris");
    const struct im_json *at = uris->first;

    assert_true(client(f, "demo")->redirect_uris.count > 1);
    assert_int_equal(uris->count, f->client.redirect_uris.count);
    for (size_t i = 0; i < f->client.redirect_uris.count; i++, at = at->next)
        assert_true(im_str_eq(at->text, f->client.redirect_uris.items[i]));
}

static void companies_are_copied_in_their_order(void **state)
{
    struct fixture *f = *state;
    size_t count = 0;

    load(f, "{\"companies\":[{\"id\":\"third\"}]}");
    const struct im_company *all =
        im_directory_companies(f->directory, &f->arena, &count);
    assert_int_equal(count, 3);
    assert_true(im_str_is(all[0].id, "acme") && im_str_is(all[1].id, "acme-sandbox") &&
                im_str_is(all[2].id, "third"));
}

static void people_are_all_users_but_those_of_web_services(void **state)
{
    struct fixture *f = *state;
    size_t count = 99, all = 0, web_services = 0;
    struct im_user *people = im_directory_people(f->directory, &f->arena, &count);

    for (const struct im_json *at = im_json_get(written(f), "users")->first; at;
         at = at->next) {
        all++;
        web_services += im_json_get(at, "web_services")->boolean;
    }
    assert_true(web_services > 0);
    assert_int_equal(count, all - web_services);
    for (size_t i = 0; i < count; i++)
        assert_true(people[i].id.len && !people[i].web_services);
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(acme_is_there_with_all_it_needs),
        TEST(the_sandbox_company_has_its_own_client),
        TEST(the_three_users_are_who_they_should_be),
        TEST(demo_is_authorized_with_its_sender),
        TEST(the_public_client_has_no_secret),
        TEST(ids_are_case_sensitive_and_slips_can_be_told),
        TEST(whom_there_is_not_has_no_id_and_is_inactive),
        TEST(a_slip_is_told_by_whichever_name_it_is_near),
        TEST(up_to_six_names_are_listed_and_of_more_none),
        TEST(what_is_not_named_stays_as_it_was),
        TEST(a_new_client_works_at_once),
        TEST(a_company_that_names_its_clients_has_no_others),
        TEST(a_company_that_names_its_senders_has_no_others),
        TEST(a_client_without_a_sender_brings_none),
        TEST(a_new_company_and_user_have_keys_and_work),
        TEST(one_load_may_refer_to_itself),
        TEST(other_members_of_a_world_are_not_looked_at),
        TEST(mistakes_are_named),
        TEST(the_value_at_fault_is_pointed_out),
        TEST(a_world_with_a_mistake_changes_nothing),
        TEST(a_permission_is_a_glob_and_actions),
        TEST(without_roles_nothing_is_permitted),
        TEST(one_role_among_several_can_be_removed),
        TEST(a_removed_permission_leaves_the_others),
        TEST(a_word_is_removed_wherever_it_stands_and_the_rest_keeps_its_order),
        TEST(without_memory_a_list_stays_as_it_is),
        TEST(who_is_switched_off_is_off),
        TEST(a_new_password_is_not_expired),
        TEST(an_old_secret_is_remembered),
        TEST(the_newest_sixteen_old_secrets_are_remembered),
        TEST(authorizations_can_be_withdrawn_and_given),
        TEST(a_user_can_be_kept_to_one_entity),
        TEST(a_copy_taken_before_a_change_stays_as_it_was),
        TEST(a_change_of_nobody_says_so),
        TEST(what_is_written_of_a_user_is_how_it_stands),
        TEST(each_part_that_is_written_has_its_own_members),
        TEST(lists_are_written_whole),
        TEST(every_secret_is_told_and_nothing_else),
        TEST(companies_are_copied_in_their_order),
        TEST(people_are_all_users_but_those_of_web_services),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
