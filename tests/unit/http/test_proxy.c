#include "unit/base/base_test.h"

#include "http/proxy.h"

struct lines {
    struct im_arena arena;
    struct im_authority_part part;
    struct im_error err;
};

static int begin(void **state)
{
    new_fixture(state, sizeof(struct lines));
    return 0;
}

#define LINES(test) cmocka_unit_test_setup_teardown(test, begin, drop_fixture)

static void hosts_and_ports_are_read(void **state)
{
    static const struct {
        const char *text;
        int default_port;
        const char *host;
        int port;
    } cases[] = {
        {"api.intacct.com:443", 0, "api.intacct.com", 443},
        {"api.intacct.com", 80, "api.intacct.com", 80},
        {"api.intacct.com.:1", 0, "api.intacct.com", 1},
        {"127.0.0.1:65535", 0, "127.0.0.1", 65535},
        {"[::1]:443", 0, "::1", 443},
        {"[2001:db8::1]", 443, "2001:db8::1", 443},
        {"my_service:8080", 0, "my_service", 8080},
        {"localhost:00443", 0, "localhost", 443},
        /* containers are called by their ids, whose first digit may be one */
        {"3f2a1bc4d5e6:80", 0, "3f2a1bc4d5e6", 80},
        {"mock.3com", 80, "mock.3com", 80},
        {"0xyz", 80, "0xyz", 80},
    };
    struct lines *l = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (!im_authority_part_read(im_str(cases[i].text), cases[i].default_port,
                                    &l->part, &l->err))
            fail_msg("%s: %s", cases[i].text, l->err.text);
        assert_true(im_str_is(l->part.host, cases[i].host));
        assert_int_equal(l->part.port, cases[i].port);
    }
}

static void what_is_neither_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        ":443",
        "a",
        "a:",
        "a:0",
        "a:65536",
        "a:x",
        "a:-1",
        "a:+1",
        "a: 1",
        "a:1 ",
        "..:443",
        ".:443",
        "a..b:443",
        ".a:443",
        "a b:443",
        "a/b:443",
        "a@b:443",
        "[::1:443",
        "::1:443",
        "[zz]:443",
        "[::1]443",
        "[]:443",
        "0x7f.1:443",
        "127.1:1",
        "1:443",
        "1.2.3.4.5:1",
        "256.0.0.1:1",
        "0x7f000001:1",
        "0X7F.1:1",
        "0x:1",
        "a.0x1f:1",
        "2130706433:1",
        "[127.0.0.1]:1",
    };
    struct lines *l = *state;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        if (im_authority_part_read(im_str(wrong[i]), 0, &l->part, &l->err))
            fail_msg("%s is taken", wrong[i]);
    char *large = test_malloc(9000);
    memset(large, 'a', 8999);
    large[8999] = '\0';
    assert_false(im_authority_part_read(im_str(large), 443, &l->part, &l->err));
    assert_true(strlen(l->err.text) < 250);
    test_free(large);
}

static void patterns_match_hosts(void **state)
{
    const struct im_str patterns = IM_STR("api.intacct.com, *.example.org,fe80::1");

    (void)state;
    assert_true(im_hosts_match(patterns, IM_STR("api.intacct.com")));
    assert_true(im_hosts_match(patterns, IM_STR("API.INTACCT.COM.")));
    assert_true(im_hosts_match(patterns, IM_STR("a.example.org")));
    assert_true(im_hosts_match(patterns, IM_STR("a.b.example.org")));
    assert_true(im_hosts_match(patterns, IM_STR("fe80::1")));
    assert_false(im_hosts_match(patterns, IM_STR("example.org")));
    assert_false(im_hosts_match(patterns, IM_STR(".example.org")));
    assert_false(im_hosts_match(patterns, IM_STR("badexample.org")));
    assert_false(im_hosts_match(patterns, IM_STR("api.intacct.com.evil.test")));
    assert_false(im_hosts_match(patterns, IM_STR("")));
    assert_false(im_hosts_match(IM_STR(""), IM_STR("api.intacct.com")));
}

static void lists_of_hosts_are_checked(void **state)
{
    static const char *const wrong[] = {"",    " ",        ",",    "https://a.test",
                                        "a:1", "a.test/x", "*",    "*.",
                                        "a*b", "*.a.*",    "a..b", "a.test,,b.test"};

    (void)state;
    assert_null(im_hosts_flaw(IM_STR("api.intacct.com")));
    assert_null(im_hosts_flaw(IM_STR("a.test, *.b.test,::1,10.0.0.1")));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        if (!im_hosts_flaw(im_str(wrong[i])))
            fail_msg("\"%s\" is taken", wrong[i]);
}

static void the_loopback_is_known_by_all_its_names(void **state)
{
    static const char *const loopback[] = {"localhost", "LocalHost", "a.localhost",
                                           "127.0.0.1", "127.9.9.9", "::1"};
    static const char *const other[] = {"localhost.test", "128.0.0.1", "::2",
                                        "10.0.0.1",       "localhos",  ""};

    (void)state;
    for (size_t i = 0; i < sizeof(loopback) / sizeof(loopback[0]); i++)
        assert_true(im_host_is_loopback(im_str(loopback[i])));
    for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
        assert_false(im_host_is_loopback(im_str(other[i])));
}

static void the_user_is_the_sandbox(void **state)
{
    struct lines *l = *state;
    struct im_error err;
    struct im_str user;

    assert_true(
        im_proxy_user(IM_STR("Basic aGFwcHktcGF0aC50MTo="), &l->arena, &user, &err));
    assert_true(im_str_is(user, "happy-path.t1"));
    assert_true(im_proxy_user(IM_STR("basic  aGFwcHktcGF0aDp4"), &l->arena, &user, &err));
    assert_true(im_str_is(user, "happy-path"));
    assert_true(
        im_proxy_user(IM_STR("Basic eA=="), &l->arena, &user, &err)); /* no colon */
    assert_false(im_proxy_user(IM_STR("Basic Og=="), &l->arena, &user, &err));
    assert_false(im_proxy_user(IM_STR("Basic !"), &l->arena, &user, &err));
    assert_false(
        im_proxy_user(IM_STR("Bearer aGFwcHktcGF0aDo="), &l->arena, &user, &err));
    assert_false(im_proxy_user(IM_STR(""), &l->arena, &user, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LINES(hosts_and_ports_are_read),
        LINES(what_is_neither_is_refused),
        cmocka_unit_test(patterns_match_hosts),
        cmocka_unit_test(lists_of_hosts_are_checked),
        cmocka_unit_test(the_loopback_is_known_by_all_its_names),
        LINES(the_user_is_the_sandbox),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
