/* Start the server, tell where it is, wait for SIGTERM or SIGINT, stop. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "commands/command.h"
#include "intacct_mock.h"
#include "options.h"
#include "server.h"

extern char **environ;

static int help(void)
{
    struct im_arena arena;
    struct im_buf text;

    im_arena_init(&arena, 0);
    im_buf_init(&text, &arena, 0);
    im_options_help(&text);
    printf("intacct-mock [serve] [options]: start the server\n\n%.*s\n"
           "Each is also an environment variable, INTACCT_MOCK_<NAME> (--https-port:\n"
           "INTACCT_MOCK_HTTPS_PORT); a flag beats the environment beats the default.\n",
           IM_ARG(im_buf_str(&text)));
    im_arena_release(&arena);
    return IM_EXIT_FINE;
}

/* For the README, whose table is compared with this by a test. */
static int markdown(void)
{
    struct im_arena arena;
    struct im_buf text;

    im_arena_init(&arena, 0);
    im_buf_init(&text, &arena, 0);
    im_options_markdown(&text);
    printf("%.*s", IM_ARG(im_buf_str(&text)));
    im_arena_release(&arena);
    return IM_EXIT_FINE;
}

static const char *given(const char *text)
{
    return *text ? text : NULL;
}

static int control_port(const char *control)
{
    if (strcmp(control, "on") == 0)
        return 0;
    return im_options_port(control); /* "off" = IM_OFF */
}

static uint64_t number(const char *text)
{
    int64_t value = 0;

    return im_str_int(im_str(text), &value) ? (uint64_t)value : 0;
}

static int64_t duration(const char *text)
{
    int64_t ms = 0;

    return im_duration_parse(im_str(text), &ms) ? ms : 0;
}

static struct im_options to_library(const struct im_serve_options *from)
{
    int https_port = im_options_port(from->https_port);

    return (struct im_options){
        .bind = given(from->bind),
        .port = im_options_port(from->port),
        .https = https_port >= 0,
        .https_port = https_port,
        .cert_file = given(from->cert),
        .key_file = given(from->key),
        .cert_names = given(from->cert_name),
        .ca_file = given(from->ca_file),
        .ca_dir = given(from->ca_dir),
        .client_ca = given(from->client_ca),
        .control_port = control_port(from->control),
        .control_token = given(from->control_token),
        .public_url = given(from->public_url),
        .no_hints = strcmp(from->hints, "off") == 0,
        .no_cors = strcmp(from->cors, "off") == 0,
        .trust_proxy = strcmp(from->trust_proxy, "on") == 0,
        .seed = number(from->seed),
        .scenario = given(from->scenario),
        .scenarios_dir = given(from->scenarios),
        .journal = (size_t)number(from->journal),
        .sandboxes = (size_t)number(from->sandboxes),
        .sandbox_ttl_ms = duration(from->sandbox_ttl),
        .threads = (int)number(from->threads),
        .log = from->log,
        .log_level = from->log_level,
    };
}

/* ---- telling where it is ---- */

static void announce(struct im_server *server)
{
    struct im_arena arena;
    const char *url = *im_http_url(server) ? im_http_url(server) : im_https_url(server);

    printf("intacct-mock %s ready", im_version());
    if (*im_http_url(server))
        printf(" %s", im_http_url(server));
    if (*im_https_url(server))
        printf(" %s", im_https_url(server));
    im_arena_init(&arena, 0);
    printf(" scenario %.*s\n\n"
           "Get a token:\n"
           "  curl -d grant_type=client_credentials -d client_id=demo -d "
           "client_secret=demo-secret "
           "-d username=ws_user@acme %s/ia/api/v1/oauth2/token\n",
           IM_ARG(im_server_scenario(server, &arena)), url);
    im_arena_release(&arena);
    if (*im_control_url(server))
        printf("See what happened:\n  curl %s/__mock/sandboxes/default/requests\n",
               im_control_url(server));
    fflush(stdout);
}

static bool refuse_write(const char *option, const char *path, int why,
                         struct im_error *err)
{
    const char *cure =
        why == ENOSPC || why == EDQUOT ? "; make room there or name another place" : "";

    return im_error_set(err, "writing %s %s: %s%s", option, path, strerror(why), cure);
}

static bool write_file(const char *option, const char *path, struct im_str text,
                       struct im_error *err)
{
    FILE *file = fopen(path, "w");

    if (!file)
        return refuse_write(option, path, errno, err);
    bool written = fwrite(text.at, 1, text.len, file) == text.len && fflush(file) == 0;
    int why = errno;
    if (fclose(file) != 0 && written) {
        why = errno;
        written = false;
    }
    return written || refuse_write(option, path, why, err);
}

/* A device or a pipe (/dev/stdout): written to as it is, neither replaced nor removed. */
static bool is_special(const char *path)
{
    struct stat there;

    return stat(path, &there) == 0 && !S_ISREG(there.st_mode);
}

/* So that a place where it cannot be written is told now, and an old one is not taken for this. */
static bool clear_verdict(const char *path, struct im_error *err)
{
    return !*path || write_file("--verdict", path, IM_STR(""), err);
}

/* Atomically: whoever sees the file sees all of it. */
static bool replace_file(const char *path, struct im_str text, struct im_arena *arena,
                         struct im_error *err)
{
    struct im_str half = im_arena_format(arena, "%s.%ld", path, (long)getpid());

    if (!half.len)
        return im_error_set(err, "writing --port-file %s: out of memory", path);
    if (write_file("--port-file", half.at, text, err)) {
        if (rename(half.at, path) == 0)
            return true;
        refuse_write("--port-file", path, errno, err);
    }
    unlink(half.at);
    return false;
}

static bool write_port_file(struct im_server *server, const char *path,
                            struct im_error *err)
{
    struct im_arena arena;

    if (!*path)
        return true;
    im_arena_init(&arena, 0);
    struct im_str document = im_server_ready_document(server, &arena);
    bool done;
    if (arena.failed)
        done = im_error_set(err, "writing --port-file %s: out of memory", path);
    else if (is_special(path))
        done = write_file("--port-file", path, document, err);
    else
        done = replace_file(path, document, &arena, err);
    im_arena_release(&arena);
    return done;
}

static void remove_port_file(const char *path)
{
    if (*path && !is_special(path))
        unlink(path);
}

/* ---- the verdict at exit ---- */

/* The exit status it asks for. */
static int write_verdict(struct im_server *server, const struct im_serve_options *options)
{
    bool junit = im_str_ends(im_str(options->verdict), ".xml");
    enum im_outcome_of outcome = IM_NOT_MET;
    struct im_error err = {.text = ""};
    struct im_arena arena;

    if (!*options->verdict)
        return IM_EXIT_FINE;
    im_arena_init(&arena, 0);
    struct im_str text = im_server_verdict(server, junit, &arena, &outcome);
    bool written = text.len && !arena.failed
                       ? write_file("--verdict", options->verdict, text, &err)
                       : im_error_set(&err, "writing --verdict: out of memory");
    im_arena_release(&arena);
    if (!written)
        return im_command_fail(IM_EXIT_NO, "%s", err.text);
    bool all = strcmp(options->require_all, "on") == 0;
    bool fine = outcome == IM_MET || (outcome == IM_NOT_EXERCISED && !all);
    return fine ? IM_EXIT_FINE : IM_EXIT_NO;
}

/* ---- running ---- */

/* Blocked before any thread starts, so that every thread inherits it and only sigwait sees them. */
static void block_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* Until somebody wants it to end. A hang-up never does: it asks to read the scenarios again. */
static void wait_for_end(struct im_server *server, const sigset_t *signals)
{
    int caught;

    while (sigwait(signals, &caught) == 0 && caught == SIGHUP)
        im_server_reload(server);
}

static int serve(const struct im_serve_options *options)
{
    struct im_options library = to_library(options);
    struct im_error err = {.text = ""};
    char text[IM_ERROR_MAX];
    sigset_t signals;

    if (!library.https && library.port < 0)
        return im_command_fail(
            IM_EXIT_USAGE, "nothing to listen on: --port and --https-port are both none");
    block_signals(&signals);
    struct im_server *server = im_start(&library, text, sizeof(text));
    if (!server)
        return im_command_fail(IM_EXIT_START, "%s", text);
    if (!clear_verdict(options->verdict, &err) ||
        !write_port_file(server, options->port_file, &err)) {
        im_stop(server);
        return im_command_fail(IM_EXIT_START, "%s", err.text);
    }
    announce(server);
    wait_for_end(server, &signals);
    remove_port_file(options->port_file);
    int status = write_verdict(server, options);
    im_stop(server);
    return status;
}

static void print_warnings(const struct im_buf *warnings)
{
    struct im_str lines = im_buf_str(warnings);

    while (lines.len) {
        struct im_str line = im_str_cut(&lines, '\n');
        fprintf(stderr, "intacct-mock: warning: %.*s\n", IM_ARG(line));
    }
}

static int run(int argc, char **argv)
{
    struct im_serve_options options;
    struct im_arena arena;
    struct im_buf warnings;
    struct im_error err;

    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return help();
    if (argc == 1 && strcmp(argv[0], "--markdown") == 0)
        return markdown();
    im_arena_init(&arena, 0);
    im_buf_init(&warnings, &arena, 0);
    bool read = im_options_read(&options, argc, argv, environ, &warnings, &err);
    print_warnings(&warnings);
    im_arena_release(&arena);
    return read ? serve(&options) : im_command_fail(IM_EXIT_USAGE, "%s", err.text);
}

const struct im_command im_command_serve = {"serve", "[options]",
                                            "start the server (the default)", run};
