/* One running mock: the sandboxes and the listener in front of them. Implements the public
 * header; the command line is one more user of it. */
#include "server.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "control/control.h"
#include "control/origin.h"
#include "http/proxy.h"
#include "http/tls.h"
#include "intacct_mock.h"
#include "listener/listener.h"
#include "router.h"
#include "server_inside.h"

enum {
    GRACE_MS = 400,  /* for what is under way: a stop takes less than a second */
    KNOWN_MS = 1000, /* for requests that come before the addresses are known */
    JOURNAL_KEEP = 1000,
    SANDBOXES_MAX = 10000,
    WAITING_MAX = 20000,
    SANDBOX_TTL_MS = 3600 * 1000,
    CERT_NAMES_MAX = 64
};

/* Of all journals together: 10,000 sandboxes of 1,000 exchanges would take more. */
#define JOURNAL_MEMORY ((size_t)1 << 30)

/* ---- settings ---- */

static bool log_read_settings(const struct im_options *options, struct im_log *log,
                              struct im_error *err)
{
    static const char *const levels[] = {"error", "warn", "info", "debug"};

    log->level = IM_LOG_INFO;
    log->enabled = options->log != NULL;
    log->json = options->log && strcmp(options->log, "json") == 0;
    if (options->log && !log->json && strcmp(options->log, "text") != 0)
        return im_error_set(err, "the log must be \"text\" or \"json\", not \"%s\"",
                            options->log);
    if (!options->log_level)
        return true;
    for (int i = 0; i < 4; i++)
        if (strcmp(options->log_level, levels[i]) == 0) {
            log->level = (enum im_log_level)i;
            return true;
        }
    return im_error_set(err,
                        "the log level must be error, warn, info or debug, not \"%s\"",
                        options->log_level);
}

static bool port_check(const char *name, int port, struct im_error *err)
{
    return (port >= IM_OFF && port <= 65535) ||
           im_error_set(err, "the %s port must be 0 to 65535, or IM_OFF, not %d", name,
                        port);
}

static bool ports_check(const struct im_options *options, struct im_error *err)
{
    if (!port_check("HTTP", options->port, err) ||
        !port_check("HTTPS", options->https_port, err) ||
        !port_check("proxy", options->proxy_port, err) ||
        !port_check("control", options->control_port, err))
        return false;
    return options->port != IM_OFF || (options->https && options->https_port != IM_OFF) ||
           im_error_set(err,
                        "starting: both HTTP and HTTPS are off; one of them must be on");
}

/* A trailing slash would double in every address made from it. */
static struct im_str url_keep(struct im_server *server, const char *url)
{
    struct im_str text = im_str(url);

    while (im_str_ends(text, "/"))
        text.len--;
    return im_arena_copy(&server->texts, text);
}

/* Behind them the one that scenarios redirect to. */
static struct im_str keep_hosts(struct im_server *server, const char *hosts)
{
    return im_arena_format(&server->texts, "%s," IM_ELSEWHERE_HOST,
                           hosts ? hosts : IM_INTERCEPT_DEFAULT);
}

/* "HOST" or "[V6]", perhaps ":PORT" */
static bool authority_is_sound(struct im_str authority)
{
    bool v6 = im_str_starts(authority, "[");
    const char *marks = v6 ? "0123456789abcdefABCDEF:."
                           : "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "0123456789-._";
    int64_t port = 80;

    if (v6)
        im_str_cut(&authority, '[');
    struct im_str host = im_str_cut(&authority, v6 ? ']' : ':');
    if (v6 && authority.len && !im_str_starts(authority, ":"))
        return false;
    struct im_str number = v6 ? im_str_slice(authority, 1, authority.len) : authority;
    for (size_t i = 0; i < host.len; i++)
        if (!host.at[i] || !strchr(marks, host.at[i]))
            return false;
    return host.len &&
           (!number.len || (im_str_int(number, &port) && port >= 1 && port <= 65535));
}

/* It becomes the issuer and the beginning of each link: nothing may follow the path (OpenID Connect
 * Discovery 1.0 section 3). */
static bool public_url_check(struct im_str url, struct im_error *err)
{
    size_t scheme = im_str_starts(url, "http://")    ? 7
                    : im_str_starts(url, "https://") ? 8
                                                     : 0;
    bool sound = scheme > 0;

    struct im_str rest = im_str_slice(url, scheme, url.len);
    for (size_t i = 0; i < rest.len; i++)
        sound = sound && rest.at[i] > ' ' && rest.at[i] < 0x7f &&
                !strchr("?#\"<>\\", rest.at[i]);
    sound = sound && authority_is_sound(im_str_slice(rest, 0, im_str_find(rest, '/')));
    return !url.len || sound ||
           im_error_set(err,
                        "--public-url must be http://HOST:PORT or https://HOST:PORT, "
                        "perhaps with a path, not \"%.*s\"",
                        IM_ARG(im_str_front(url, 200)));
}

static bool settings_read(struct im_server *server, const struct im_options *options,
                          struct im_settings *settings, struct im_error *err)
{
    *settings = (struct im_settings){
        .log.sink = &server->log_sink,
        .hints = !options->no_hints,
        .no_cors = options->no_cors,
        .trust_proxy = options->trust_proxy,
        .control =
            options->control_port == 0, /* 0: on the ports of the API, not on its own */
        .control_token = im_arena_copy(&server->texts, im_str(options->control_token)),
        .control_origin = im_arena_copy(&server->texts, im_str(options->control_origin)),
        .cert_names = im_arena_copy(&server->texts, im_str(options->cert_names)),
        .public_url = url_keep(server, options->public_url),
        .seed = options->seed,
        .start_ms = options->start_ms ? options->start_ms : -1, /* 0: not given, so now */
        .journal_keep = options->journal ? options->journal : JOURNAL_KEEP,
        .waiting_max = WAITING_MAX,
        .journal_memory =
            options->journal_memory ? options->journal_memory : JOURNAL_MEMORY,
        .sandboxes_max = options->sandboxes ? options->sandboxes : SANDBOXES_MAX,
        .sandbox_ttl_ms =
            options->sandbox_ttl_ms > 0 ? options->sandbox_ttl_ms : SANDBOX_TTL_MS,
        .scenario = options->scenario,
        .scenarios = options->scenarios_dir,
        .proxy_pass = options->proxy_pass != 0,
        .intercept = keep_hosts(server, options->intercept),
    };
    if (server->texts.failed)
        return im_error_no_memory(err, "starting");
    const char *flaw = im_control_origins_flaw(settings->control_origin);
    if (flaw)
        return im_error_set(err, "reading the control origins \"%.*s\": %s",
                            IM_ARG(im_str_front(settings->control_origin, 100)), flaw);
    flaw = im_hosts_flaw(settings->intercept);
    if (flaw)
        return im_error_set(err, "reading the hosts to intercept \"%.*s\": %s",
                            IM_ARG(im_str_front(settings->intercept, 100)), flaw);
    return ports_check(options, err) &&
           public_url_check(im_str(options->public_url), err) &&
           /* a seed that was not chosen is drawn, so that tokens of two runs differ */
           (settings->seed || im_rng_random_seed(&settings->seed, err)) &&
           log_read_settings(options, &settings->log, err);
}

/* ---- starting ---- */

/* The listener answers before it has returned its addresses, which answers contain, so the first
 * requests wait for them. Not for ever: if the start fails after all, its threads must end. */
static void server_answer(void *context, struct im_request *req, struct im_response *res,
                          int64_t *date_ms)
{
    const struct timespec one_ms = {.tv_nsec = 1000000};
    struct im_server *server = context;

    for (int ms = 0; ms < KNOWN_MS && !atomic_load(&server->known); ms++)
        nanosleep(&one_ms, NULL);
    im_answer(&server->sandboxes, req, res, date_ms);
}

/* The names of --cert-name, and the host of --public-url, which clients will verify. */
static bool cert_names_list(struct im_server *server, const char *list,
                            const char *names[CERT_NAMES_MAX + 2], struct im_error *err)
{
    struct im_str rest = im_str(list);
    struct im_str host =
        im_authority_host(im_url_authority(server->sandboxes.settings.public_url));
    size_t n = 0;

    while (rest.len) {
        if (n == CERT_NAMES_MAX)
            return im_error_set(err, "making a certificate: at most %d names, please",
                                CERT_NAMES_MAX);
        struct im_str name = im_str_trim(im_str_cut(&rest, ','));
        names[n++] = im_arena_copy(&server->texts, name).at;
    }
    if (im_str_starts(host, "[")) /* certificates have addresses without brackets */
        host = im_str_slice(host, 1, host.len - 1);
    if (host.len)
        names[n++] = im_arena_copy(&server->texts, host).at;
    names[n] = NULL;
    return !server->texts.failed || im_error_no_memory(err, "starting");
}

static bool https_options_check(const struct im_options *options, struct im_error *err)
{
    const char *what = options->ca_file     ? "--ca-file"
                       : options->client_ca ? "--client-ca"
                                            : NULL;

    return !what || im_error_set(err,
                                 "starting: %s is about HTTPS, which is off; give "
                                 "--https-port a port, or leave it out",
                                 what);
}

static bool server_make_tls(struct im_server *server, const struct im_options *options,
                            struct im_error *err)
{
    const char *names[CERT_NAMES_MAX + 2];
    struct im_tls_options tls = {.cert_file = options->cert_file,
                                 .key_file = options->key_file,
                                 .names = names,
                                 .ca_dir = options->ca_dir,
                                 .client_ca = options->client_ca,
                                 .intercept = server->sandboxes.settings.intercept.at,
                                 .log = &server->sandboxes.settings.log};

    if (!options->https && !options->proxy)
        return https_options_check(options, err);
    /* the names of intercepted hosts cannot be in a certificate that was brought */
    if (options->proxy && options->cert_file)
        return im_error_set(
            err,
            "starting: --proxy shows certificates that are made here, but "
            "--cert %s brings one; leave one of the two out",
            options->cert_file);
    if (options->cert_names && options->cert_file)
        return im_error_set(err,
                            "starting: --cert-name is about the certificate that is made "
                            "here, but --cert %s brings one; leave one of the two out",
                            options->cert_file);
    if (!cert_names_list(server, options->cert_names, names, err))
        return false;
    server->tls = im_tls_new(&tls, err);
    return server->tls != NULL;
}

/* The addresses are complete before im_start returns them. */
static void server_set_addresses(struct im_server *server)
{
    struct im_settings *settings = &server->sandboxes.settings;
    const struct im_listener *listener = server->listener;

    settings->http_url = im_listener_http_url(listener);
    settings->https_url = im_listener_https_url(listener);
    settings->control_url = im_listener_control_url(listener);
    settings->proxy_url = im_listener_proxy_url(listener);
    /* without a port of its own the control API has the address of the API */
    if (settings->control)
        settings->control_url =
            settings->http_url.len ? settings->http_url : settings->https_url;
    if (server->tls)
        settings->ca_pem = im_tls_ca_pem(server->tls);
}

/* After the ports are open: if one is taken, the file may be that of the server which has it. */
static bool server_write_ca(struct im_server *server, const struct im_options *options,
                            struct im_error *err)
{
    if (!options->ca_file || im_tls_write_ca(server->tls, options->ca_file, err))
        return true;
    im_listener_stop(server->listener, 0);
    server->listener = NULL;
    return false;
}

static struct im_proxy_port *open_proxy(void *context, struct im_str sandbox,
                                        struct im_str *url, struct im_error *err)
{
    struct im_server *server = context;

    return im_listener_open_proxy(server->listener, sandbox, url, err);
}

/* Once the listener is gone, so are all its ports. */
static void close_proxy(void *context, struct im_proxy_port *port)
{
    struct im_server *server = context;

    if (server->listener)
        im_listener_close_proxy(server->listener, port);
}

static bool server_listen(struct im_server *server, const struct im_options *options,
                          struct im_error *err)
{
    struct im_settings *settings = &server->sandboxes.settings;
    struct im_listener_options listener = {
        .bind = options->bind,
        .http_port = options->port,
        .https_port = options->https ? options->https_port : IM_PORT_NONE,
        .control_port = options->control_port > 0 ? options->control_port : IM_PORT_NONE,
        .proxy_port = options->proxy ? options->proxy_port : IM_PORT_NONE,
        .proxy_dials = options->proxy_pass != 0,
        .threads = options->threads,
        .tls = server->tls,
        .log = &settings->log,
        .answer = server_answer,
        .context = server,
    };

    server->listener = im_listener_start(&listener, err);
    if (!server->listener || !server_write_ca(server, options, err))
        return false;
    if (server->tls && im_tls_can_intercept(server->tls))
        settings->proxies = (struct im_proxy_opener){open_proxy, close_proxy, server};
    server_set_addresses(server);
    atomic_store(&server->known, true);
    return true;
}

static void server_free(struct im_server *server)
{
    im_sandboxes_release(&server->sandboxes);
    im_tls_free(server->tls);
    im_log_close(&server->log_sink);
    im_arena_release(&server->texts);
    free(server);
}

static struct im_server *server_start(const struct im_options *options,
                                      struct im_error *err)
{
    struct im_server *server = calloc(1, sizeof(*server));
    struct im_settings settings;

    if (!server) {
        im_error_no_memory(err, "starting");
        return NULL;
    }
    /* the ports come last: the first client finds everything there */
    im_arena_init(&server->texts, 0);
    im_log_open(&server->log_sink, options->log ? STDERR_FILENO : -1);
    if (!settings_read(server, options, &settings, err) ||
        !im_sandboxes_init(&server->sandboxes, &settings, err) ||
        !server_make_tls(server, options, err) || !server_listen(server, options, err)) {
        server_free(server);
        return NULL;
    }
    return server;
}

/* Callers know the struct as it was when they were compiled: it may have fewer members than ours, or
 * more. What an older one does not have is zero, its default; what only a newer one has must be zero. */
static bool options_read(const struct im_options *given, struct im_options *options,
                         struct im_error *err)
{
    enum {
        FIRST = offsetof(struct im_options, log_level) + sizeof(options->log_level),
        MOST = 4096 /* more is no size: the member was not initialised */
    };
    const unsigned char *bytes = (const void *)given;
    size_t size = given && given->size ? given->size : FIRST;

    *options = (struct im_options){.size = sizeof(*options)};
    if (!given)
        return true;
    if (size < FIRST || size > MOST)
        return im_error_set(err,
                            "starting: the size of struct im_options cannot be %zu; set "
                            "it to sizeof(struct im_options), or to 0",
                            size);
    for (size_t i = sizeof(*options); i < size; i++)
        if (bytes[i])
            return im_error_set(err,
                                "starting: the options have a member that version %s "
                                "does not know; leave it out, or take the library that "
                                "belongs to the header",
                                IM_VERSION);
    memcpy(options, given, size < sizeof(*options) ? size : sizeof(*options));
    return true;
}

struct im_server *im_start(const struct im_options *options, char *error,
                           size_t error_size)
{
    struct im_error err = {.text = ""};
    struct im_options read;
    struct im_server *server =
        options_read(options, &read, &err) ? server_start(&read, &err) : NULL;

    if (error && error_size) {
        strncpy(error, err.text, error_size - 1);
        error[error_size - 1] = '\0';
    }
    return server;
}

/* The texts of the addresses belong to the listener and are freed with it. */
void im_server_close(struct im_server *server)
{
    struct im_settings *settings = &server->sandboxes.settings;

    /* first what waits on purpose, which the listener would wait for */
    im_sandboxes_interrupt(&server->sandboxes);
    im_listener_stop(server->listener, GRACE_MS);
    server->listener = NULL;
    settings->http_url = settings->https_url = settings->control_url =
        settings->proxy_url = IM_STR("");
    settings->proxies.open = NULL;
}

void im_stop(struct im_server *server)
{
    if (!server)
        return;
    im_server_close(server);
    server_free(server);
}

/* ---- asking a server ---- */

/* Never NULL: hosts print these without looking. */
static const char *text_or_empty(struct im_str text)
{
    return text.len ? text.at : "";
}

const char *im_http_url(const struct im_server *server)
{
    return server ? text_or_empty(server->sandboxes.settings.http_url) : "";
}

const char *im_https_url(const struct im_server *server)
{
    return server ? text_or_empty(server->sandboxes.settings.https_url) : "";
}

const char *im_control_url(const struct im_server *server)
{
    return server ? text_or_empty(server->sandboxes.settings.control_url) : "";
}

const char *im_proxy_url(const struct im_server *server)
{
    return server ? text_or_empty(server->sandboxes.settings.proxy_url) : "";
}

const char *im_ca_pem(const struct im_server *server)
{
    return server ? text_or_empty(server->sandboxes.settings.ca_pem) : "";
}

const char *im_version(void)
{
    return IM_VERSION;
}

struct im_str im_server_ready_document(struct im_server *server, struct im_arena *arena)
{
    struct im_json_out out;
    struct im_buf text;

    im_buf_init(&text, arena, 0);
    im_json_out_init(&out, &text);
    im_control_write_ready(&server->sandboxes, &out);
    im_buf_addc(&text, '\n');
    return im_buf_str(&text);
}

struct im_sandboxes *im_server_sandboxes(struct im_server *server)
{
    return &server->sandboxes;
}

struct im_str im_server_scenario(struct im_server *server, struct im_arena *arena)
{
    struct im_scenario *scenario = im_sandbox_scenario(server->sandboxes.standard);
    struct im_str name = im_arena_copy(arena, scenario->name);

    im_scenario_unref(scenario);
    return name;
}

void im_server_reload(struct im_server *server)
{
    struct im_error in_the_log;

    im_sandboxes_reload(&server->sandboxes, &in_the_log);
}

struct im_str im_server_verdict(struct im_server *server, bool junit,
                                struct im_arena *arena, enum im_outcome_of *outcome)
{
    struct im_verdict verdict;
    struct im_json_out out;
    struct im_buf text;
    struct im_sandbox *box = server->sandboxes.standard;
    static const struct im_judge_options options = {.baseline = NULL};

    struct im_scenario *scenario = im_sandbox_judge(box, &options, arena, &verdict);
    im_buf_init(&text, arena, 0);
    if (!scenario)
        return (struct im_str){0};
    *outcome = im_verdict_outcome(&verdict);
    if (junit) {
        im_verdict_write_junit(&verdict, &text);
    } else {
        im_json_out_init(&out, &text);
        im_verdict_write_json(&verdict, &out);
        im_buf_addc(&text, '\n');
    }
    im_scenario_unref(scenario);
    if (text.failed)
        return (struct im_str){0};
    return im_buf_str(&text);
}
