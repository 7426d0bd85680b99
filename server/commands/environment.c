/* Which variables point a program at a mock, and the files that they name. What each
 * runtime reads, and what it ignores, is told in certs/README.md, which the tests in
 * tests/interop/proxy hold to the real programs. */
#include "commands/environment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "http/tls_file.h"
#include "http/tls_store.h"

/* A trust store is no secret; this is what keytool and the JDK's own have. */
#define STORE_PASSWORD "changeit"

/* ---- the list ---- */

void im_environment_init(struct im_environment *environment, struct im_arena *arena,
                         char *const *inherited)
{
    *environment = (struct im_environment){.arena = arena, .inherited = inherited};
}

static void put_variable(struct im_environment *environment, struct im_variable variable)
{
    size_t at = 0;

    while (at < environment->count &&
           strcmp(environment->items[at].name, variable.name) != 0)
        at++;
    if (at == IM_VARIABLES_MAX) {
        environment->arena->failed = true;
        return;
    }
    environment->items[at] = variable;
    environment->count += at == environment->count;
}

void im_environment_set(struct im_environment *environment, const char *name,
                        struct im_str value)
{
    put_variable(environment, (struct im_variable){.name = name, .value = value});
}

void im_environment_unset(struct im_environment *environment, const char *name)
{
    put_variable(environment, (struct im_variable){.name = name, .unset = true});
}

/* What stands behind "NAME=", or NULL when this is another variable. */
static const char *value_of(const char *variable, const char *name)
{
    size_t len = strlen(name);

    return strncmp(variable, name, len) == 0 && variable[len] == '=' ? variable + len + 1
                                                                     : NULL;
}

struct im_str im_environment_inherited(char *const *inherited, const char *name)
{
    for (; *inherited; inherited++) {
        const char *value = value_of(*inherited, name);
        if (value)
            return im_str(value);
    }
    return (struct im_str){NULL, 0};
}

static bool is_listed(const struct im_environment *environment, const char *variable)
{
    for (size_t i = 0; i < environment->count; i++)
        if (value_of(variable, environment->items[i].name))
            return true;
    return false;
}

char **im_environment_merge(const struct im_environment *environment)
{
    struct im_arena *arena = environment->arena;
    size_t inherited = 0, n = 0;

    while (environment->inherited[inherited])
        inherited++;
    char **list = IM_ARENA_ARRAY(arena, char *, inherited + environment->count + 1);
    for (size_t i = 0; list && i < environment->count; i++) {
        const struct im_variable *variable = &environment->items[i];
        size_t room = strlen(variable->name) + variable->value.len + 2;
        if (variable->unset)
            continue;
        char *text = list[n++] = im_arena_alloc(arena, room);
        struct im_buf into;
        if (!text)
            break;
        im_buf_init_fixed(&into, text, room);
        im_buf_addf(&into, "%s=%.*s", variable->name, IM_ARG(variable->value));
    }
    for (size_t i = 0; list && i < inherited; i++)
        if (!is_listed(environment, environment->inherited[i]))
            list[n++] = environment->inherited[i];
    return arena->failed ? NULL : list;
}

/* ---- a client of a sandbox ---- */

void im_environment_add_client(struct im_environment *environment, struct im_str base_url,
                               struct im_str client_id)
{
    struct im_arena *arena = environment->arena;

    im_environment_set(environment, "INTACCT_BASE_URL", base_url);
    im_environment_set(environment, "INTACCT_API_URL",
                       im_arena_format(arena, "%.*s/ia/api/v1", IM_ARG(base_url)));
    im_environment_set(environment, "INTACCT_CLIENT_ID", client_id);
    im_environment_set(environment, "INTACCT_CLIENT_SECRET", IM_STR("demo-secret"));
    im_environment_set(environment, "INTACCT_USERNAME", IM_STR("ws_user@acme"));
    im_environment_set(
        environment, "INTACCT_TOKEN_URL",
        im_arena_format(arena, "%.*s/ia/api/v1/oauth2/token", IM_ARG(base_url)));
    im_environment_set(
        environment, "INTACCT_AUTHORIZE_URL",
        im_arena_format(arena, "%.*s/ia/api/v1/oauth2/authorize", IM_ARG(base_url)));
}

/* ---- files ---- */

static bool make_folder(struct im_trust_files *files, const char *folder,
                        char *const *inherited, struct im_arena *arena,
                        struct im_error *err)
{
    struct im_str tmp = im_environment_inherited(inherited, "TMPDIR");

    files->temporary = folder == NULL;
    struct im_str name = folder ? im_str(folder)
                                : im_arena_format(arena, "%.*s/intacct-mock.XXXXXX",
                                                  IM_ARG(tmp.len ? tmp : IM_STR("/tmp")));
    char *made = im_arena_alloc(arena, name.len + 1);
    if (!made || !name.len)
        return im_error_no_memory(err, "making a folder for certificates");
    memcpy(made, name.at, name.len);
    files->folder = (struct im_str){made, name.len};
    /* mkdtemp writes over the X; the folder is for us alone */
    if (folder ? mkdir(folder, 0777) == 0 || errno == EEXIST : mkdtemp(made) != NULL)
        return true;
    files->temporary = false; /* there is nothing to be removed */
    return im_error_set(err, "making the folder %.*s: %s; name one that can be written",
                        IM_ARG(files->folder), strerror(errno));
}

static struct im_str file_in(const struct im_trust_files *files, const char *name,
                             struct im_arena *arena)
{
    return im_arena_format(arena, "%.*s/%s", IM_ARG(files->folder), name);
}

static bool put_file(struct im_str path, struct im_str bytes, struct im_error *err)
{
    return bytes.len && path.len && im_tls_write_file("the file", path.at, bytes, err);
}

/* In a folder of its own: PHP reads every *.ini that lies there. */
static bool put_php(struct im_trust_files *files, struct im_arena *arena,
                    struct im_error *err)
{
    struct im_str file = file_in(files, "php/intacct-mock.ini", arena);
    struct im_str text =
        im_arena_format(arena, "curl.cainfo = \"%.*s\"\nopenssl.cafile = \"%.*s\"\n",
                        IM_ARG(files->bundle), IM_ARG(files->bundle));

    files->php_folder = file_in(files, "php", arena);
    if (files->php_folder.len && mkdir(files->php_folder.at, 0777) != 0 &&
        errno != EEXIST)
        return im_error_set(err, "making the folder %s: %s", files->php_folder.at,
                            strerror(errno));
    return put_file(file, text, err);
}

static bool write_all(struct im_trust_files *files, struct im_str ca_pem,
                      const char *roots, struct im_arena *arena, struct im_error *err)
{
    files->ca = file_in(files, "ca.pem", arena);
    files->bundle = file_in(files, "ca-bundle.pem", arena);
    files->store = file_in(files, "trust.p12", arena);
    struct im_str bundle = im_tls_bundle(roots, ca_pem, arena, err);
    return bundle.len && put_file(files->ca, ca_pem, err) &&
           put_file(files->bundle, bundle, err) &&
           put_file(files->store, im_tls_trust_store(bundle, STORE_PASSWORD, arena, err),
                    err) &&
           put_php(files, arena, err);
}

bool im_trust_files_write(struct im_trust_files *files, const char *folder,
                          struct im_str ca_pem, char *const *inherited,
                          struct im_arena *arena, struct im_error *err)
{
    struct im_str given = im_environment_inherited(inherited, "SSL_CERT_FILE");

    err->text[0] = '\0';
    if (!ca_pem.len)
        return im_error_set(err,
                            "making certificates to trust: the mock has no CA of its "
                            "own; start it with HTTPS or a proxy, and without --cert");
    if (make_folder(files, folder, inherited, arena, err) &&
        write_all(files, ca_pem, im_tls_roots_file(given.at), arena, err))
        return true;
    im_trust_files_remove(files);
    return err->text[0] ? false
                        : im_error_set(err, "writing certificates: out of memory");
}

void im_trust_files_remove(const struct im_trust_files *files)
{
    static const char *const names[] = {"ca.pem", "ca-bundle.pem", "trust.p12",
                                        "php/intacct-mock.ini", NULL};
    char path[4096];
    struct im_buf text;

    if (!files->temporary)
        return;
    for (const char *const *name = names; *name; name++) {
        im_buf_init_fixed(&text, path, sizeof(path));
        im_buf_addf(&text, "%.*s/%s", IM_ARG(files->folder), *name);
        unlink(path);
    }
    im_buf_init_fixed(&text, path, sizeof(path));
    im_buf_addf(&text, "%.*s/php", IM_ARG(files->folder));
    rmdir(path);
    rmdir(files->folder.at);
}

/* ---- interception ---- */

/* Is `host` the domain, or below it? */
static bool is_below(struct im_str host, struct im_str domain)
{
    if (im_str_eq_nocase(host, domain))
        return true;
    return domain.len && host.len > domain.len &&
           host.at[host.len - domain.len - 1] == '.' &&
           im_str_eq_nocase(im_str_slice(host, host.len - domain.len, host.len), domain);
}

/* "*.example.org" and ".example.org" → "example.org" */
static struct im_str domain_of(struct im_str pattern)
{
    if (im_str_starts(pattern, "*."))
        return im_str_slice(pattern, 2, pattern.len);
    return im_str_starts(pattern, ".") ? im_str_slice(pattern, 1, pattern.len) : pattern;
}

/* Would this entry of NO_PROXY ("intacct.com", ".intacct.com:443", "*") lead a program past
 * the proxy? Runtimes read entries in different ways, so whatever any of them may take for
 * an intercepted host counts. */
static bool leads_past(struct im_str entry, struct im_str hosts)
{
    struct im_str domain = domain_of(entry);
    size_t port = im_str_find(domain, ':');

    if (im_str_is(entry, "*"))
        return true;
    if (port < domain.len && !im_str_has(im_str_slice(domain, port + 1, domain.len), ':'))
        domain.len = port;
    while (hosts.len) {
        struct im_str host = im_str_trim(im_str_cut(&hosts, ','));
        if (is_below(domain_of(host), domain) ||
            (im_str_starts(host, "*.") && is_below(domain, domain_of(host))))
            return true;
    }
    return false;
}

/* The loopback is not asked for by the proxy, and then what was inherited and is harmless. */
static struct im_str no_proxy(struct im_environment *environment, struct im_str hosts)
{
    struct im_str rest = im_environment_inherited(environment->inherited, "NO_PROXY");
    struct im_buf list;

    if (!rest.len)
        rest = im_environment_inherited(environment->inherited, "no_proxy");
    im_buf_init(&list, environment->arena, 0);
    im_buf_addz(&list, "localhost,127.0.0.1,::1");
    while (rest.len) {
        struct im_str entry = im_str_trim(im_str_cut(&rest, ','));
        if (!entry.len || leads_past(entry, hosts) || im_str_is(entry, "localhost") ||
            im_str_is(entry, "127.0.0.1") || im_str_is(entry, "::1"))
            continue;
        im_buf_addc(&list, ',');
        im_buf_add(&list, entry);
    }
    return im_buf_str(&list);
}

static void add_proxies(struct im_environment *environment, struct im_str proxy_url,
                        struct im_str hosts)
{
    static const char *const proxies[] = {"HTTPS_PROXY", "https_proxy", "HTTP_PROXY",
                                          "http_proxy", NULL};
    struct im_str past = no_proxy(environment, hosts);

    for (const char *const *name = proxies; *name; name++)
        im_environment_set(environment, *name, proxy_url);
    im_environment_unset(environment, "ALL_PROXY");
    im_environment_unset(environment, "all_proxy");
    im_environment_set(environment, "NO_PROXY", past);
    im_environment_set(environment, "no_proxy", past);
}

/* Java knows no user of a proxy in a variable, so it must be given a sandbox's own port. The
 * last of two properties counts, so appending is enough, and what was there stays. */
static void add_java(struct im_environment *environment, struct im_str proxy_url,
                     const struct im_trust_files *files)
{
    struct im_str rest = proxy_url, host;
    struct im_str before =
        im_environment_inherited(environment->inherited, "JAVA_TOOL_OPTIONS");
    bool quoted = im_str_has(files->store, ' ');
    struct im_buf options;

    rest = im_str_slice(rest, strlen("http://"), rest.len);
    if (im_str_has(rest, '@'))
        im_str_cut(&rest, '@');
    size_t colon = rest.len;
    while (colon && rest.at[colon - 1] != ':')
        colon--;
    host = im_str_slice(rest, 0, colon ? colon - 1 : rest.len);
    if (im_str_starts(host, "[") && im_str_ends(host, "]"))
        host = im_str_slice(host, 1, host.len - 1);
    struct im_str port = im_str_slice(rest, colon, rest.len);
    im_buf_init(&options, environment->arena, 0);
    im_buf_addf(&options, "%.*s%s", IM_ARG(before), before.len ? " " : "");
    for (int i = 0; i < 2 && proxy_url.len; i++)
        im_buf_addf(&options, "-D%s.proxyHost=%.*s -D%s.proxyPort=%.*s ",
                    i ? "http" : "https", IM_ARG(host), i ? "http" : "https",
                    IM_ARG(port));
    if (proxy_url.len)
        im_buf_addz(&options, "-Dhttp.nonProxyHosts=localhost|127.*|[::1] "
                              "-Djdk.http.auth.tunneling.disabledSchemes= ");
    im_buf_addf(
        &options,
        "%s-Djavax.net.ssl.trustStore=%.*s%s -Djavax.net.ssl.trustStoreType=PKCS12 "
        "-Djavax.net.ssl.trustStorePassword=" STORE_PASSWORD,
        quoted ? "\"" : "", IM_ARG(files->store), quoted ? "\"" : "");
    im_environment_set(environment, "JAVA_TOOL_OPTIONS", im_buf_str(&options));
}

/* An empty first part stands for the folder that PHP was built with. */
static void add_php(struct im_environment *environment,
                    const struct im_trust_files *files)
{
    struct im_str before =
        im_environment_inherited(environment->inherited, "PHP_INI_SCAN_DIR");

    im_environment_set(environment, "PHP_INI_SCAN_DIR",
                       im_arena_format(environment->arena, "%.*s:%.*s", IM_ARG(before),
                                       IM_ARG(files->php_folder)));
}

/* An empty proxy_url: the CA alone. */
static void add_trust(struct im_environment *environment, struct im_str proxy_url,
                      const struct im_trust_files *files)
{
    static const char *const bundles[] = {"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE",
                                          "CURL_CA_BUNDLE", NULL};

    for (const char *const *name = bundles; *name; name++)
        im_environment_set(environment, *name, files->bundle);
    /* Node and Deno add these to the roots that they bring */
    im_environment_set(environment, "NODE_EXTRA_CA_CERTS", files->ca);
    im_environment_set(environment, "DENO_CERT", files->ca);
    add_java(environment, proxy_url, files);
    add_php(environment, files);
}

void im_environment_add_trust(struct im_environment *environment,
                              const struct im_trust_files *files)
{
    add_trust(environment, (struct im_str){NULL, 0}, files);
}

void im_environment_add_interception(struct im_environment *environment,
                                     struct im_str proxy_url, struct im_str hosts,
                                     const struct im_trust_files *files)
{
    add_proxies(environment, proxy_url, hosts);
    im_environment_set(environment, "NODE_USE_ENV_PROXY", IM_STR("1"));
    add_trust(environment, proxy_url, files);
}

/* ---- when it does not come ---- */

const char *im_environment_remedy(const char *program)
{
    static const char for_node[] =
        "Node reads HTTPS_PROXY from 22.21 and from 24 on (NODE_USE_ENV_PROXY), an older "
        "one needs undici's EnvHttpProxyAgent or axios";
    static const struct {
        const char *name, *remedy; /* the name is the beginning of the program's */
    } remedies[] = {
        {"node", for_node},
        {"npm", for_node},
        {"java",
         "a JVM that another program starts must inherit JAVA_TOOL_OPTIONS, and code "
         "that sets a proxy or a trust store itself goes past it"},
        {"mvn", "the JVM of the tests must inherit JAVA_TOOL_OPTIONS"},
        {"gradle", "a daemon that runs already has another environment: use --no-daemon"},
        {"python", "aiohttp reads HTTPS_PROXY with trust_env=True alone"},
        {"php", "PHP's curl reads HTTPS_PROXY, its streams (file_get_contents) do not"},
        {"ruby", "Net::HTTP reads HTTPS_PROXY unless it was given another proxy, or nil"},
        {"go", "a transport of one's own reads HTTPS_PROXY with Proxy: "
               "http.ProxyFromEnvironment alone"},
        {"dotnet", "HttpClient reads HTTPS_PROXY unless UseProxy is off"},
    };
    const char *slash = strrchr(program, '/'), *name = slash ? slash + 1 : program;

    for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++)
        if (strncmp(name, remedies[i].name, strlen(remedies[i].name)) == 0)
            return remedies[i].remedy;
    return "see whether its HTTP library reads HTTPS_PROXY (certs/README.md)";
}
