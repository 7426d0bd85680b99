/* `intacct-mock serve`: start the server, tell where it is, wait for SIGTERM or SIGINT,
 * stop. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands/command.h"
#include "http/proxy.h"
#include "intacct_mock.h"
#include "server.h"

struct serve_options {
    const char *bind, *cert, *key, *cert_name, *ca_file, *ca_dir, *client_ca;
    const char *scenario, *scenarios, *public_url, *port_file, *control_token,
        *control_origin, *verdict, *intercept, *proxy_others;
    const char *log, *log_level;
    int64_t port, https_port, control, proxy; /* -1 = none, or off */
    int64_t seed, journal, journal_memory_mb, sandboxes, sandbox_ttl_ms, threads;
    bool trust_proxy, hints, cors, require_all;
};

enum { THREADS_MAX = 65536 };
#define KEPT_MAX INT64_C(1000000000000) /* of exchanges or sandboxes: beyond any memory */

#define AT(member) offsetof(struct serve_options, member)
static const struct im_option serve_table[] = {
    {"bind", "ADDR", IM_OPTION_TEXT, AT(bind),
     .help = "address to listen on (default: 127.0.0.1 and ::1)"},
    {"port", "N", IM_OPTION_PORT, AT(port), .initial = "8080",
     .help = "HTTP port; 0 = any free one; none = no HTTP"},
    {"https-port", "N", IM_OPTION_PORT, AT(https_port), .initial = "8443",
     .help = "HTTPS port; 0 = any free one; none = off"},
    {"cert", "FILE", IM_OPTION_TEXT, AT(cert),
     .help = "server certificate in PEM, with --key (default: a CA and a certificate "
             "made in memory)"},
    {"key", "FILE", IM_OPTION_TEXT, AT(key), .help = "its private key in PEM"},
    {"cert-name", "NAME,...", IM_OPTION_TEXT, AT(cert_name),
     .help = "further DNS names or addresses that the certificate made here is for"},
    {"ca-file", "FILE", IM_OPTION_TEXT, AT(ca_file),
     .help = "write the CA to be trusted (its certificate) there"},
    {"ca-dir", "DIR", IM_OPTION_TEXT, AT(ca_dir),
     .help = "keep the CA and its key there, to trust it once (default: a new one at "
             "each start)"},
    {"client-ca", "FILE", IM_OPTION_TEXT, AT(client_ca),
     .help = "demand a certificate of HTTPS clients, signed by a CA in this file"},
    {"scenario", "NAME|FILE", IM_OPTION_TEXT, AT(scenario), .initial = "happy-path",
     .help = "scenario of the default sandbox (intacct-mock scenarios lists them)"},
    {"scenarios", "DIR", IM_OPTION_TEXT, AT(scenarios),
     .help = "more scenarios, *.json; a changed file counts from the next sandbox or "
             "reset on"},
    {"proxy", "N", IM_OPTION_PORT, AT(proxy), .initial = "none",
     .help = "port of a forward proxy that answers for the hosts to intercept; 0 = any "
             "free one"},
    {"intercept", "HOST,...", IM_OPTION_TEXT, AT(intercept),
     .initial = IM_INTERCEPT_DEFAULT,
     .help = "the hosts that it answers for, with certificates by the CA made here; *. "
             "may stand in front"},
    {"proxy-others", "refuse|pass", IM_OPTION_WORD, AT(proxy_others), .initial = "refuse",
     .words = "refuse|pass",
     .help = "what the proxy does with every other host (to this machine it always "
             "passes the programs on it)"},
    {"public-url", "URL", IM_OPTION_TEXT, AT(public_url),
     .help = "what issuer and links say (default: from the request's Host)"},
    {"trust-proxy", "on|off", IM_OPTION_SWITCH, AT(trust_proxy), .initial = "off",
     .help = "issuer and links follow Forwarded, X-Forwarded-Proto, -Host and -Prefix"},
    {"port-file", "FILE", IM_OPTION_TEXT, AT(port_file),
     .help = "write the ready document there, remove it at exit"},
    {"control", "on|off|N", IM_OPTION_CONTROL, AT(control), .initial = "on",
     .help = "/__mock/ on the same ports, nowhere, or on a loopback port of its own"},
    {"control-token", "T", IM_OPTION_TEXT, AT(control_token),
     .help =
         "demand Authorization: Bearer T on /__mock/ (not for health, ready and the CA)"},
    {"control-origin", "ORIGIN,...", IM_OPTION_TEXT, AT(control_origin),
     .help = "pages of these origins may use /__mock/ too, such as http://localhost:5173 "
             "(* = any; default: none)"},
    {"hints", "on|off", IM_OPTION_SWITCH, AT(hints), .initial = "on",
     .help = "send the X-Intacct-Mock-* headers"},
    {"cors", "on|off", IM_OPTION_SWITCH, AT(cors), .initial = "on",
     .help = "let pages of other origins in: answer preflights, send Access-Control-*"},
    {"seed", "N", IM_OPTION_NUMBER, AT(seed),
     .help = "same seed + same requests = same tokens and ids, if the clock is set and "
             "frozen "
             "(default: random)",
     .least = 1},
    {"journal", "N", IM_OPTION_NUMBER, AT(journal), .initial = "1000",
     .help = "exchanges kept per sandbox", .least = 1, .most = KEPT_MAX},
    {"journal-memory", "MB", IM_OPTION_NUMBER, AT(journal_memory_mb), .initial = "1024",
     .help = "memory of the journals of all sandboxes together; past that the oldest "
             "exchanges go",
     .least = 1, .most = KEPT_MAX >> 20},
    {"sandboxes", "N", IM_OPTION_NUMBER, AT(sandboxes), .initial = "10000",
     .help = "sandboxes at most; when there are more, the one unused for longest is "
             "deleted",
     .least = 1, .most = KEPT_MAX},
    {"sandbox-ttl", "D", IM_OPTION_DURATION, AT(sandbox_ttl_ms), .initial = "1h",
     .help = "how long an idle sandbox stays", .least = 1},
    {"verdict", "FILE", IM_OPTION_TEXT, AT(verdict),
     .help = "at exit write the default sandbox's verdict there (.xml = JUnit, else "
             ".json), exit 1 if it failed"},
    {"require-all", "on|off", IM_OPTION_SWITCH, AT(require_all), .initial = "off",
     .help = "a verdict of not exercised, or partly, is a failure too"},
    {"threads", "N", IM_OPTION_NUMBER, AT(threads), .initial = "200",
     .help = "requests worked on at once", .least = 1, .most = THREADS_MAX},
    {"log", "text|json", IM_OPTION_WORD, AT(log), .initial = "text",
     .help = "log format on standard error", .words = "text|json"},
    {"log-level", "LEVEL", IM_OPTION_WORD, AT(log_level), .initial = "info",
     .help = "error, warn, info or debug", .words = "error|warn|info|debug"},
    {.flag = NULL},
};

static struct im_options to_library(const struct serve_options *from)
{
    return (struct im_options){
        .size = sizeof(struct im_options),
        .bind = from->bind,
        .port = (int)from->port,
        .https = from->https_port >= 0,
        .https_port = (int)from->https_port,
        .cert_file = from->cert,
        .key_file = from->key,
        .cert_names = from->cert_name,
        .ca_file = from->ca_file,
        .ca_dir = from->ca_dir,
        .client_ca = from->client_ca,
        .control_port = (int)from->control,
        .control_token = from->control_token,
        .control_origin = from->control_origin,
        .public_url = from->public_url,
        .no_hints = !from->hints,
        .no_cors = !from->cors,
        .trust_proxy = from->trust_proxy,
        .seed = (uint64_t)from->seed,
        .scenario = from->scenario,
        .scenarios_dir = from->scenarios,
        .proxy = from->proxy >= 0,
        .proxy_port = (int)from->proxy,
        .intercept = from->intercept,
        .proxy_pass = strcmp(from->proxy_others, "pass") == 0,
        .journal = (size_t)from->journal,
        .journal_memory = (size_t)from->journal_memory_mb << 20,
        .sandboxes = (size_t)from->sandboxes,
        .sandbox_ttl_ms = from->sandbox_ttl_ms,
        .threads = (int)from->threads,
        .log = from->log,
        .log_level = from->log_level,
    };
}

/* ---- telling where it is ---- */

static void serve_announce(struct im_server *server, struct im_arena *arena)
{
    const char *url = *im_http_url(server) ? im_http_url(server) : im_https_url(server);

    printf("intacct-mock %s ready", im_version());
    if (*im_http_url(server))
        printf(" %s", im_http_url(server));
    if (*im_https_url(server))
        printf(" %s", im_https_url(server));
    printf(" scenario %.*s\n\n"
           "Get a token:\n"
           "  curl -d grant_type=client_credentials -d client_id=demo -d "
           "client_secret=demo-secret "
           "-d username=ws_user@acme %s/ia/api/v1/oauth2/token\n",
           IM_ARG(im_server_scenario(server, arena)), url);
    if (*im_control_url(server))
        printf("See what happened:\n  curl %s/__mock/sandboxes/default/requests\n",
               im_control_url(server));
    if (*im_proxy_url(server))
        printf("Lead a program that has Sage's host built in here:\n"
               "  HTTPS_PROXY=%s (and trust our CA: certs/README.md)\n",
               im_proxy_url(server));
    fflush(stdout);
}

static bool refuse_write(const char *option, const char *path, int why,
                         struct im_error *err)
{
    const char *cure =
        why == ENOSPC || why == EDQUOT ? "; make room there or name another place" : "";

    return im_error_set(err, "writing %s %s: %s%s", option, path, strerror(why), cure);
}

/* `named` is what the option says, which is what an error tells of. */
static bool write_file(const char *option, const char *named, const char *path,
                       struct im_str text, struct im_error *err)
{
    FILE *file = fopen(path, "w");

    if (!file)
        return refuse_write(option, named, errno, err);
    bool written = fwrite(text.at, 1, text.len, file) == text.len && fflush(file) == 0;
    int why = errno;
    if (fclose(file) != 0 && written) {
        why = errno;
        written = false;
    }
    return written || refuse_write(option, named, why, err);
}

/* A device or a pipe (/dev/stdout): written to as it is, neither replaced nor removed. */
static bool is_special(const char *path)
{
    struct stat there;

    return stat(path, &there) == 0 && !S_ISREG(there.st_mode);
}

/* Atomically: whoever sees the file sees all of it. */
static bool replace_file(const char *path, struct im_str text, struct im_arena *arena,
                         struct im_error *err)
{
    struct im_str half = im_arena_format(arena, "%s.%ld", path, (long)getpid());

    if (!half.len)
        return im_error_set(err, "writing --port-file %s: out of memory", path);
    if (write_file("--port-file", path, half.at, text, err)) {
        if (rename(half.at, path) == 0)
            return true;
        refuse_write("--port-file", path, errno, err);
    }
    unlink(half.at);
    return false;
}

/* A server that started later may have replaced it by its own, which is needed still. */
static void remove_port_file(const char *path, const struct stat *written)
{
    struct stat there;

    if (stat(path, &there) == 0 && S_ISREG(there.st_mode) &&
        there.st_ino == written->st_ino && there.st_dev == written->st_dev)
        unlink(path);
}

static bool write_port_file(struct im_server *server, const char *path,
                            struct im_arena *arena, struct im_error *err)
{
    struct im_str document = im_server_ready_document(server, arena);

    if (arena->failed)
        return im_error_set(err, "writing --port-file %s: out of memory", path);
    return is_special(path) ? write_file("--port-file", path, path, document, err)
                            : replace_file(path, document, arena, err);
}

/* The verdict at exit; returns the exit status that it asks for. */
static int write_verdict(struct im_server *server, const struct serve_options *options,
                         struct im_arena *arena)
{
    bool junit = im_str_ends(im_str(options->verdict), ".xml");
    enum im_outcome_of outcome = IM_NOT_MET;
    struct im_error err = {.text = ""};
    struct im_str text = im_server_verdict(server, junit, arena, &outcome);
    bool written =
        text.len && !arena->failed
            ? write_file("--verdict", options->verdict, options->verdict, text, &err)
            : im_error_set(&err, "writing --verdict: out of memory");

    if (!written)
        return im_command_fail(IM_EXIT_NO, "%s", err.text);
    return outcome == IM_MET || (outcome == IM_NOT_EXERCISED && !options->require_all)
               ? IM_EXIT_FINE
               : IM_EXIT_NO;
}

/* ---- running ---- */

/* Each connection takes one, and many systems let a program begin with 1,024. */
static void raise_open_files(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == files.rlim_max)
        return;
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files); /* not every system lets it: it stays */
}

/* Nothing has been told and nothing written that is to be removed. A handler, for without
 * one process 1 of a container would not hear the signal at all. */
static void end_at_once(int number)
{
    _exit(128 + number);
}

/* While it starts, which may take long (a slow disk), SIGTERM and SIGINT end it. The
 * library's threads take no signals. */
static void open_signals(void)
{
    struct sigaction at_once = {.sa_handler = end_at_once};

    sigemptyset(&at_once.sa_mask);
    sigaction(SIGTERM, &at_once, NULL);
    sigaction(SIGINT, &at_once, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* From now on only sigwait sees them. A hang-up waits from the start until then. */
static void block_signals(sigset_t *signals, bool started)
{
    sigemptyset(signals);
    sigaddset(signals, SIGHUP);
    if (started) {
        sigaddset(signals, SIGTERM);
        sigaddset(signals, SIGINT);
    }
    pthread_sigmask(SIG_BLOCK, signals, NULL);
}

/* What is to be known before the first request: where it is, and that what is to be
 * written at exit can be. An old verdict goes now, so that it is not taken for this
 * one's. */
static bool tell_where(struct im_server *server, const struct serve_options *options,
                       struct im_arena *arena, struct im_error *err)
{
    if (options->verdict &&
        !write_file("--verdict", options->verdict, options->verdict, IM_STR(""), err))
        return false;
    if (options->port_file && !write_port_file(server, options->port_file, arena, err))
        return false;
    serve_announce(server, arena);
    return true;
}

static int serve_run(const struct im_args *args)
{
    const struct serve_options *options = args->options;
    struct im_options library = to_library(options);
    struct im_error err = {.text = ""};
    char text[IM_ERROR_MAX];
    struct stat port_file = {.st_ino = 0};
    sigset_t signals;
    int caught;

    if (!options->cert != !options->key)
        return im_command_fail(IM_EXIT_USAGE,
                               "--cert and --key go together; only --%s was given",
                               options->cert ? "cert" : "key");
    if (!library.https && library.port < 0)
        return im_command_fail(
            IM_EXIT_USAGE, "nothing to listen on: --port and --https-port are both none");
    if (!im_server_options_check(&library, &err))
        return im_command_fail(IM_EXIT_USAGE, "%s", err.text);
    raise_open_files();
    open_signals();
    block_signals(&signals, false);
    struct im_server *server = im_start(&library, text, sizeof(text));
    if (!server)
        return im_command_fail(IM_EXIT_START, "%s", text);
    block_signals(&signals, true);
    if (!tell_where(server, options, args->arena, &err)) {
        im_stop(server);
        return im_command_fail(IM_EXIT_START, "%s", err.text);
    }
    if (options->port_file)
        stat(options->port_file, &port_file);
    /* a hang-up does not end it: it asks to read the scenarios again */
    while (sigwait(&signals, &caught) == 0 && caught == SIGHUP)
        im_server_reload(server);
    if (options->port_file)
        remove_port_file(options->port_file, &port_file);
    im_server_close(server); /* first: the verdict is on all that was answered */
    int status =
        options->verdict ? write_verdict(server, options, args->arena) : IM_EXIT_FINE;
    im_stop(server);
    return status;
}

const struct im_command im_command_serve = {
    .name = "serve",
    .synopsis = "[options]",
    .about = "start the server (the default)",
    .more =
        "Each is also an environment variable, INTACCT_MOCK_<NAME> (--https-port:\n"
        "INTACCT_MOCK_HTTPS_PORT). An option goes before the variable, and the variable\n"
        "before the default.\n",
    .options = serve_table,
    .size = sizeof(struct serve_options),
    .has_variables = true,
    .run = serve_run,
};
