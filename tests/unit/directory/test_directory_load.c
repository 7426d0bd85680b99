/* directory_load.c, directory_check.c: what a world may say, and what is refused in it. */
#include "directory_fixture.h"

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

static void refused(struct fixture *f, const char *text, const char *why)
{
    assert_false(load_text(f, text));
    assert_non_null(f->at);
    if (!strstr(f->err.text, why))
        fail_msg("\"%s\" does not say \"%s\"", f->err.text, why);
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

static const struct CMUnitTest tests[] = {
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
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
