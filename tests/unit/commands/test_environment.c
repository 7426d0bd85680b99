#include "unit/base/base_test.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands/environment.h"
#include "http/tls.h"

/* execve, whose list this is, wants texts that are not const, and never changes them. */
#define VAR(text) ((char *)(uintptr_t)(text))

struct scene {
    struct im_arena arena;
    struct im_environment environment;
    struct im_trust_files files;
    struct im_error err;
};

static int begin(void **state)
{
    new_fixture(state, sizeof(struct scene));
    return 0;
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, begin, drop_fixture)

/* Its value in what a child would get; NULL = it is not there. */
static const char *value_in(char *const *list, const char *name)
{
    size_t len = strlen(name);

    for (; *list; list++)
        if (strncmp(*list, name, len) == 0 && (*list)[len] == '=')
            return *list + len + 1;
    return NULL;
}

static char **intercepted(struct scene *scene, char *const *inherited, const char *hosts)
{
    scene->files = (struct im_trust_files){.folder = IM_STR("/t"),
                                           .ca = IM_STR("/t/ca.pem"),
                                           .bundle = IM_STR("/t/ca-bundle.pem"),
                                           .store = IM_STR("/t/trust.p12"),
                                           .php_folder = IM_STR("/t/php")};
    im_environment_init(&scene->environment, &scene->arena, inherited);
    im_environment_add_interception(&scene->environment, IM_STR("http://127.0.0.1:4711"),
                                    im_str(hosts), &scene->files);
    char **list = im_environment_merge(&scene->environment);
    assert_non_null(list);
    return list;
}

static void what_is_set_replaces_what_was_inherited(void **state)
{
    struct scene *scene = *state;
    char *const inherited[] = {VAR("HOME=/h"), VAR("INTACCT_BASE_URL=https://x"),
                               VAR("INTACCT_BASE_URLS=kept"), NULL};

    im_environment_init(&scene->environment, &scene->arena, inherited);
    im_environment_add_client(&scene->environment, IM_STR("http://127.0.0.1:1/s/a"),
                              IM_STR("demo~a"));
    char **list = im_environment_merge(&scene->environment);
    assert_string_equal(value_in(list, "HOME"), "/h");
    assert_string_equal(value_in(list, "INTACCT_BASE_URLS"), "kept");
    assert_string_equal(value_in(list, "INTACCT_BASE_URL"), "http://127.0.0.1:1/s/a");
    assert_string_equal(value_in(list, "INTACCT_API_URL"),
                        "http://127.0.0.1:1/s/a/ia/api/v1");
    assert_string_equal(value_in(list, "INTACCT_CLIENT_ID"), "demo~a");
    assert_string_equal(value_in(list, "INTACCT_TOKEN_URL"),
                        "http://127.0.0.1:1/s/a/ia/api/v1/oauth2/token");
    for (char **one = list; *one; one++)
        assert_string_not_equal(*one, "INTACCT_BASE_URL=https://x");
}

static void proxies_of_both_cases_are_ours(void **state)
{
    char *const inherited[] = {
        VAR("https_proxy=http://corp:3128"), VAR("HTTP_PROXY=http://corp:3128"),
        VAR("ALL_PROXY=socks5://corp"), VAR("all_proxy=socks5://corp"), NULL};
    char **list = intercepted(*state, inherited, "api.intacct.com");

    assert_string_equal(value_in(list, "HTTPS_PROXY"), "http://127.0.0.1:4711");
    assert_string_equal(value_in(list, "https_proxy"), "http://127.0.0.1:4711");
    assert_string_equal(value_in(list, "HTTP_PROXY"), "http://127.0.0.1:4711");
    assert_string_equal(value_in(list, "http_proxy"), "http://127.0.0.1:4711");
    assert_null(value_in(list, "ALL_PROXY"));
    assert_null(value_in(list, "all_proxy"));
}

static void no_entry_of_no_proxy_leads_past(void **state)
{
    static const struct {
        const char *inherited, *hosts, *kept;
    } cases[] = {
        {"NO_PROXY=corp.example,10.0.0.0/8", "api.intacct.com",
         ",corp.example,10.0.0.0/8"},
        {"NO_PROXY=api.intacct.com, corp.example", "api.intacct.com", ",corp.example"},
        {"no_proxy=.intacct.com", "api.intacct.com", ""},
        {"NO_PROXY=*.INTACCT.com:443", "api.intacct.com", ""},
        {"NO_PROXY=intacct.com", "api.intacct.com", ""},
        {"NO_PROXY=com", "api.intacct.com", ""},
        {"NO_PROXY=*", "api.intacct.com", ""},
        {"NO_PROXY=tacct.com", "api.intacct.com", ",tacct.com"},
        {"NO_PROXY=eu.example.org", "api.intacct.com,*.example.org", ""},
        {"NO_PROXY=fe80::1,localhost", "api.intacct.com", ",fe80::1"},
    };
    struct scene *scene = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *const inherited[] = {VAR(cases[i].inherited), NULL};
        char **list = intercepted(scene, inherited, cases[i].hosts);
        char expected[128];
        snprintf(expected, sizeof(expected), "localhost,127.0.0.1,::1%s", cases[i].kept);
        assert_string_equal(value_in(list, "NO_PROXY"), expected);
        assert_string_equal(value_in(list, "no_proxy"), expected);
    }
}

static void what_java_and_php_had_stays_in_front(void **state)
{
    char *const inherited[] = {VAR("JAVA_TOOL_OPTIONS=-Xmx64m"),
                               VAR("PHP_INI_SCAN_DIR=/p"), NULL};
    char *const nothing[] = {NULL};
    char **list = intercepted(*state, inherited, "api.intacct.com");
    const char *java = value_in(list, "JAVA_TOOL_OPTIONS");

    assert_int_equal(strncmp(java, "-Xmx64m -D", 10), 0);
    assert_non_null(strstr(java, "-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=4711 "));
    assert_non_null(strstr(java, "-Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=4711 "));
    assert_non_null(strstr(java, "-Djavax.net.ssl.trustStore=/t/trust.p12 "));
    assert_string_equal(value_in(list, "PHP_INI_SCAN_DIR"), "/p:/t/php");
    list = intercepted(*state, nothing, "api.intacct.com");
    assert_string_equal(value_in(list, "PHP_INI_SCAN_DIR"), ":/t/php");
    assert_int_equal(strncmp(value_in(list, "JAVA_TOOL_OPTIONS"), "-D", 2), 0);
}

static void java_is_told_host_and_port_of_any_url(void **state)
{
    static const struct {
        const char *url, *told;
    } cases[] = {
        {"http://happy-path.a@127.0.0.1:1", "-Dhttps.proxyHost=127.0.0.1 "
                                            "-Dhttps.proxyPort=1 "},
        {"http://[::1]:22", "-Dhttps.proxyHost=::1 -Dhttps.proxyPort=22 "},
    };
    struct scene *scene = *state;
    char *const nothing[] = {NULL};

    for (size_t i = 0; i < 2; i++) {
        scene->files = (struct im_trust_files){.store = IM_STR("/a b/trust.p12")};
        im_environment_init(&scene->environment, &scene->arena, nothing);
        im_environment_add_interception(&scene->environment, im_str(cases[i].url),
                                        IM_STR("api.intacct.com"), &scene->files);
        char **list = im_environment_merge(&scene->environment);
        const char *java = value_in(list, "JAVA_TOOL_OPTIONS");
        assert_non_null(strstr(java, cases[i].told));
        assert_non_null(strstr(java, " \"-Djavax.net.ssl.trustStore=/a b/trust.p12\" "));
    }
}

static struct im_str ca_of_a_mock(struct scene *scene)
{
    static const struct im_tls_options options = {.log = NULL};
    struct im_tls *tls = im_tls_new(&options, &scene->err);

    assert_non_null(tls);
    struct im_str pem = im_arena_copy(&scene->arena, im_tls_ca_pem(tls));
    im_tls_free(tls);
    return pem;
}

static void files_come_and_go(void **state)
{
    struct scene *scene = *state;
    char *const inherited[] = {NULL};
    struct stat is;

    assert_true(im_trust_files_write(&scene->files, NULL, ca_of_a_mock(scene), inherited,
                                     &scene->arena, &scene->err));
    assert_true(scene->files.temporary);
    assert_int_equal(stat(scene->files.folder.at, &is), 0);
    assert_int_equal(is.st_mode & 0777, 0700);
    assert_int_equal(stat(scene->files.bundle.at, &is), 0);
    assert_int_equal(stat(scene->files.store.at, &is), 0);
    assert_true(is.st_size > 200);
    im_trust_files_remove(&scene->files);
    assert_int_equal(stat(scene->files.folder.at, &is), -1);
}

static void the_bundle_has_ones_own_roots_too(void **state)
{
    struct scene *scene = *state;
    struct im_str own = ca_of_a_mock(scene), ours = ca_of_a_mock(scene);
    char path[] = "/tmp/environment-test.XXXXXX", variable[128], text[16384];
    int fd = mkstemp(path);

    assert_int_equal(write(fd, own.at, own.len), (ssize_t)own.len);
    close(fd);
    snprintf(variable, sizeof(variable), "SSL_CERT_FILE=%s", path);
    char *const inherited[] = {variable, NULL};
    assert_true(im_trust_files_write(&scene->files, NULL, ours, inherited, &scene->arena,
                                     &scene->err));
    FILE *file = fopen(scene->files.bundle.at, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    assert_non_null(strstr(text, own.at));
    assert_non_null(strstr(text, ours.at));
    im_trust_files_remove(&scene->files);
    unlink(path);
}

static void failures_name_what_to_do(void **state)
{
    struct scene *scene = *state;
    char *const inherited[] = {NULL};

    assert_false(im_trust_files_write(&scene->files, "/dev/null/x", ca_of_a_mock(scene),
                                      inherited, &scene->arena, &scene->err));
    assert_non_null(strstr(scene->err.text, "/dev/null/x: Not a directory; name one"));
    assert_false(im_trust_files_write(&scene->files, NULL, IM_STR(""), inherited,
                                      &scene->arena, &scene->err));
    assert_non_null(strstr(scene->err.text, "has no CA"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(what_is_set_replaces_what_was_inherited),
        SCENE(proxies_of_both_cases_are_ours),
        SCENE(no_entry_of_no_proxy_leads_past),
        SCENE(what_java_and_php_had_stays_in_front),
        SCENE(java_is_told_host_and_port_of_any_url),
        SCENE(files_come_and_go),
        SCENE(the_bundle_has_ones_own_roots_too),
        SCENE(failures_name_what_to_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
