/* `intacct-mock env`: what points an integration at a sandbox of a running server, as lines for a shell or a
 * tool, or as the environment of CMD. */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands/environment.h"
#include "commands/remote.h"

extern char **environ;

struct env_options {
    struct im_remote_options remote; /* json is not ours: --format says it */
    const char *format, *folder;
    bool intercept;
};

#define AT(member) offsetof(struct env_options, member)
static const struct im_option env_table[] = {
    {"format", "FORMAT", IM_OPTION_WORD, AT(format), .initial = "sh",
     .words = IM_ENVIRONMENT_FORMATS,
     .help = "sh, fish, powershell, dotenv, json or github (for $GITHUB_ENV)"},
    {"sandbox", "NAME", IM_OPTION_TEXT, AT(remote.sandbox),
     .help = "which sandbox (default: that of the URL, else default)"},
    {"intercept", NULL, IM_OPTION_FLAG, AT(intercept),
     .help =
         "lead what is sent to the hosts that the server intercepts to its proxy too"},
    {"dir", "DIR", IM_OPTION_TEXT, AT(folder),
     .help = "where certificates go (default: a new private folder, removed after CMD)"},
    IM_CLIENT_URL(struct env_options, remote.server),
    IM_CLIENT_TOKEN(struct env_options, remote.server),
    IM_CLIENT_CA(struct env_options, remote.server),
    {.flag = NULL},
};

/* ---- CMD ---- */

/* Waits for it as a shell does: what asks us to end is for CMD, which decides. An interrupt of the terminal has
 * reached it already, being sent to all in the foreground. */
static int wait_for(pid_t pid, const sigset_t *watched)
{
    int number, how;

    for (;;) {
        if (sigwait(watched, &number) != 0)
            continue;
        if (number == SIGTERM || number == SIGHUP)
            kill(pid, number);
        if (number == SIGCHLD && waitpid(pid, &how, WNOHANG) == pid)
            return WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
    }
}

static int run_command(char *const *command, char *const *environment)
{
    static const int numbers[] = {SIGCHLD, SIGTERM, SIGHUP, SIGINT, SIGQUIT};
    struct sigaction usual = {.sa_handler = SIG_DFL}, before;
    sigset_t watched, mask;
    posix_spawnattr_t how;
    pid_t pid;

    sigemptyset(&watched);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        sigaddset(&watched, numbers[i]);
    /* where the end of children is ignored, which is inherited, there would be no status */
    sigaction(SIGCHLD, &usual, &before);
    sigprocmask(SIG_BLOCK, &watched, &mask); /* before there is a child that could end */
    posix_spawnattr_init(&how);
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&how, &mask);
    int failed = posix_spawnp(&pid, command[0], NULL, &how, command, environment);
    posix_spawnattr_destroy(&how);
    int status = failed ? im_command_fail(IM_EXIT_START, "starting %s: %s", command[0],
                                          strerror(failed))
                        : wait_for(pid, &watched);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    sigaction(SIGCHLD, &before, NULL);
    return status;
}

/* ---- what it is given ---- */

/* The paths that CMD is given must hold wherever it goes. */
static const char *absolute_folder(const char *folder, struct im_arena *arena)
{
    char here[4096];

    if (!folder || folder[0] == '/' || !getcwd(here, sizeof(here)))
        return folder;
    return im_arena_format(arena, "%s/%s", here, folder).at;
}

/* The files that name the server's CA, where it has one. */
static bool write_trust(struct im_remote *remote, struct im_trust_files *files,
                        const char *folder)
{
    struct im_error err = {.text = ""};
    struct im_arena *arena = remote->client.arena;
    struct im_str pem;

    if (!im_remote_ca(&remote->client, &pem, &err)) {
        im_command_fail(IM_EXIT_NO, "%s", err.text);
        return false;
    }
    if (!pem.len || im_trust_files_write(files, absolute_folder(folder, arena), pem,
                                         environ, arena, &err))
        return true;
    im_command_fail(IM_EXIT_START, "%s", err.text);
    return false;
}

/* The sandbox's own proxy where it has one, because many programs forget the user of a proxy; else the server's, to
 * which the user names the sandbox, with a password because urllib sends none without. Empty: that has been said. */
static struct im_str proxy_of(const struct im_remote *remote, const struct im_json *box,
                              const struct im_json *ready)
{
    struct im_str own = im_json_get_str(box, "proxy");
    struct im_str all = im_json_get_str(ready, "proxy");

    if (own.len)
        return own;
    if (!im_str_starts(all, "http://")) {
        im_command_fail(IM_EXIT_NO,
                        "--intercept: that server has no proxy; start it with --proxy 0");
        return own;
    }
    if (im_str_is(remote->sandbox, "default"))
        return all;
    return im_arena_format(remote->client.arena, "http://%.*s:x@%.*s",
                           IM_ARG(remote->sandbox),
                           IM_ARG(im_str_slice(all, strlen("http://"), all.len)));
}

/* --intercept: the proxy that CMD is to use, and whom to trust there. */
static bool add_interception(struct im_remote *remote, struct im_environment *environment,
                             struct im_trust_files *files,
                             const struct env_options *options, const struct im_json *box)
{
    if (!im_remote_ask(remote, "GET", "/__mock/ready", IM_STR("")))
        return false;
    const struct im_json *ready = im_remote_read(remote);
    struct im_str proxy = ready ? proxy_of(remote, box, ready) : IM_STR("");
    if (!proxy.len || !write_trust(remote, files, options->folder))
        return false;
    if (files->folder.len)
        im_environment_add_interception(environment, proxy,
                                        im_json_get_str(ready, "intercept"), files);
    return true;
}

/* What CMD needs to trust where it speaks HTTPS with the sandbox itself. */
static bool add_trust(struct im_remote *remote, struct im_environment *environment,
                      struct im_trust_files *files, const struct env_options *options)
{
    if (!remote->client.tls)
        return true;
    if (!write_trust(remote, files, options->folder))
        return false;
    if (files->folder.len)
        im_environment_add_trust(environment, files);
    return true;
}

static void add_sandbox(struct im_environment *environment, const struct im_json *box)
{
    im_environment_add_client(environment, im_json_get_str(box, "base_url"),
                              im_json_get_str(box, "client_id"));
    im_environment_set(environment, "INTACCT_SCENARIO", im_json_get_str(box, "scenario"));
}

static int print_environment(const struct im_environment *environment, const char *format,
                             const struct im_trust_files *files)
{
    struct im_error err = {.text = ""};
    struct im_buf text;

    im_buf_init(&text, environment->arena, 0);
    if (!im_environment_write(environment, format, &text, &err)) {
        im_trust_files_remove(files);
        return im_command_fail(IM_EXIT_NO, "%s", err.text);
    }
    if (files->temporary) /* beside the lines, which are read by a shell */
        fprintf(stderr,
                "intacct-mock: the certificates are in %.*s, which is yours to remove\n",
                IM_ARG(files->folder));
    return im_command_print(&text);
}

static int env_run(const struct im_args *args)
{
    const struct env_options *options = args->options;
    struct im_trust_files files = {.temporary = false};
    struct im_environment environment;
    struct im_remote remote;

    if (args->command && !*args->command)
        return im_command_fail(IM_EXIT_USAGE, "there is no command behind --");
    if (!im_remote_init(&remote, &options->remote, args->arena))
        return IM_EXIT_USAGE;
    if (!im_remote_ask(&remote, "GET", "", IM_STR("")))
        return IM_EXIT_NO;
    im_environment_init(&environment, args->arena, environ);
    const struct im_json *box = im_remote_read(&remote);
    add_sandbox(&environment, box);
    if (!(options->intercept
              ? add_interception(&remote, &environment, &files, options, box)
              : add_trust(&remote, &environment, &files, options)))
        return IM_EXIT_NO;
    if (!args->command)
        return print_environment(&environment, options->format, &files);
    char **merged = im_environment_merge(&environment);
    int status = merged ? run_command(args->command, merged)
                        : im_command_fail(IM_EXIT_START, "out of memory");
    im_trust_files_remove(&files);
    return status;
}

const struct im_command im_command_env = {
    .name = "env",
    .synopsis = "[options] [-- CMD [ARG]...]",
    .about = "print what points an integration at a running server",
    .more =
        "INTACCT_BASE_URL (without /ia/api/v1), INTACCT_API_URL (with it),\n"
        "INTACCT_TOKEN_URL, INTACCT_AUTHORIZE_URL, INTACCT_CLIENT_ID,\n"
        "INTACCT_CLIENT_SECRET, INTACCT_USERNAME and INTACCT_SCENARIO; over https also\n"
        "SSL_CERT_FILE and the like, which name the system's CAs and the server's:\n"
        "  eval \"$(intacct-mock env --sandbox happy-path.me)\"\n"
        "With CMD nothing is printed: CMD runs in that environment, and its exit status\n"
        "is ours (3 when it could not be started).\n\n" IM_REMOTE_MORE,
    .options = env_table,
    .size = sizeof(struct env_options),
    .takes_command = true,
    .run = env_run,
};
