/* One running mock: the sandboxes and the listener in front of them. Implements the public
 * header; the command line is one more user of it. */
#include "server.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "control/control.h"
#include "http/tls.h"
#include "intacct_mock.h"
#include "listener/listener.h"
#include "router.h"
#include "server_inside.h"

enum {
    GRACE_MS = 400,  /* for what is under way: a stop takes less than a second */
    KNOWN_MS = 1000, /* for requests that come before the addresses are known */
    CERT_NAMES_MAX = 64
};

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
    if (!im_server_settings(server, options, &settings, err) ||
        !im_sandboxes_init(&server->sandboxes, &settings, err) ||
        !server_make_tls(server, options, err) || !server_listen(server, options, err)) {
        server_free(server);
        return NULL;
    }
    return server;
}

struct im_server *im_start(const struct im_options *options, char *error,
                           size_t error_size)
{
    struct im_error err = {.text = ""};
    struct im_options read;
    struct im_server *server =
        im_options_read(options, &read, &err) ? server_start(&read, &err) : NULL;

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
