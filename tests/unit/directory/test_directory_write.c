/* directory_write.c: who exists now, as JSON and as copies. */
#include "directory_fixture.h"

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

static const struct CMUnitTest tests[] = {
    TEST(what_is_written_of_a_user_is_how_it_stands),
    TEST(each_part_that_is_written_has_its_own_members),
    TEST(lists_are_written_whole),
    TEST(companies_are_copied_in_their_order),
    TEST(people_are_all_users_but_those_of_web_services),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
