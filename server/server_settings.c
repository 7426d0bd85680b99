/* The options of the public header become the settings of a server: read as the caller's version of the
 * struct has them, checked, completed by defaults, and kept where they outlive the caller. */
#include <stddef.h>
#include <string.h>

#include "control/origin.h"
#include "http/proxy.h"
#include "server.h"
#include "server_inside.h"

enum {
    JOURNAL_KEEP = 1000,
    SANDBOXES_MAX = 10000,
    WAITING_MAX = 20000,
    SANDBOX_TTL_MS = 3600 * 1000
};

/* Of all journals together: 10,000 sandboxes of 1,000 exchanges would take more. */
#define JOURNAL_MEMORY ((size_t)1 << 30)

/* ---- the struct ---- */

/* Callers know the struct as it was when they were compiled: it may have fewer members than ours, or
 * more. What an older one does not have is zero, its default; what only a newer one has must be zero. */
bool im_options_read(const struct im_options *given, struct im_options *options,
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

/* ---- what it says ---- */

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

/* It becomes the issuer and the beginning of each link: nothing may follow the path (OpenID Connect
 * Discovery 1.0 section 3). */
static bool public_url_check(struct im_str url, struct im_error *err)
{
    size_t scheme = im_str_starts(url, "http://")    ? 7
                    : im_str_starts(url, "https://") ? 8
                                                     : 0;
    struct im_authority_part part;
    bool sound = scheme > 0;

    struct im_str rest = im_str_slice(url, scheme, url.len);
    for (size_t i = 0; i < rest.len; i++)
        sound = sound && rest.at[i] > ' ' && rest.at[i] < 0x7f &&
                !strchr("?#\"<>\\", rest.at[i]);
    sound = sound && im_authority_part_read(im_str_slice(rest, 0, im_str_find(rest, '/')),
                                            80, &part, NULL);
    return !url.len || sound ||
           im_error_set(err,
                        "--public-url must be http://HOST:PORT or https://HOST:PORT, "
                        "perhaps with a path, not \"%.*s\"",
                        IM_ARG(im_str_front(url, 200)));
}

bool im_server_options_check(const struct im_options *options, struct im_error *err)
{
    struct im_str origins = im_str(options->control_origin);
    struct im_str hosts = im_str(options->intercept);
    const char *flaw = im_control_origins_flaw(origins);

    if (flaw)
        return im_error_set(err, "reading the control origins \"%.*s\": %s",
                            IM_ARG(im_str_front(origins, 100)), flaw);
    flaw = options->intercept ? im_hosts_flaw(hosts) : NULL;
    if (flaw)
        return im_error_set(err, "reading the hosts to intercept \"%.*s\": %s",
                            IM_ARG(im_str_front(hosts, 100)), flaw);
    return ports_check(options, err) &&
           public_url_check(im_str(options->public_url), err);
}

bool im_server_settings(struct im_server *server, const struct im_options *options,
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
    return im_server_options_check(options, err) &&
           /* a seed that was not chosen is drawn, so that tokens of two runs differ */
           (settings->seed || im_rng_random_seed(&settings->seed, err)) &&
           log_read_settings(options, &settings->log, err);
}
