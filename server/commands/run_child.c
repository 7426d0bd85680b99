/* The processes of `run`: what is started and how it ends (POSIX fork, exec, sessions),
 * what it prints, and signals as bytes in a pipe, so that one poll() waits for all of
 * it. */
#include "commands/run_child.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

enum {
    GRACE_MS = 2000, /* between asking and killing */
    READ_AT_ONCE =
        16, /* pieces, so that one child that writes does not starve the others */
    DESCRIPTORS = 4096 /* looked at, at most: what slips by is low */
};

/* Both ends are ours alone. */
static bool make_pipe(int ends[2])
{
    if (pipe(ends) != 0) {
        ends[0] = ends[1] = -1;
        return false;
    }
    return fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0 &&
           fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0;
}

/* ---- output ---- */

void im_run_output_add(struct im_run_output *output, struct im_str bytes)
{
    while (bytes.len) {
        bool front = output->total < IM_RUN_OUTPUT_KEPT;
        size_t at = output->total % IM_RUN_OUTPUT_KEPT;
        size_t n = IM_RUN_OUTPUT_KEPT - at;

        n = bytes.len < n ? bytes.len : n;
        memcpy((front ? output->first : output->last) + at, bytes.at, n);
        output->total += n;
        bytes = im_str_slice(bytes, n, bytes.len);
    }
}

struct im_str im_run_output_text(const struct im_run_output *output,
                                 struct im_arena *arena)
{
    const size_t kept = IM_RUN_OUTPUT_KEPT;
    size_t total = output->total, at = total % kept;
    struct im_buf text;

    im_buf_init(&text, arena, 0);
    im_buf_add(&text, (struct im_str){output->first, total < kept ? total : kept});
    if (total > 2 * kept) {
        im_buf_addf(&text, "\n[... %zu bytes cut ...]\n", total - 2 * kept);
        im_buf_add(&text, (struct im_str){output->last + at, kept - at});
    }
    if (total > kept)
        im_buf_add(&text, (struct im_str){output->last, total == 2 * kept ? kept : at});
    return im_buf_str(&text);
}

/* ---- finding the program ---- */

static bool is_program(const char *path)
{
    struct stat file;

    return stat(path, &file) == 0 && S_ISREG(file.st_mode) && access(path, X_OK) == 0;
}

static const char *search_program(const char *name, const char *search_path,
                                  struct im_arena *arena)
{
    struct im_str folders = im_str(search_path ? search_path : "/usr/bin:/bin");

    if (!name || strchr(name, '/'))
        return name;
    while (folders.len) {
        struct im_str folder = im_str_cut(&folders, ':');
        if (!folder.len)
            folder = IM_STR(".");
        struct im_str path = im_arena_format(arena, "%.*s/%s", IM_ARG(folder), name);
        if (path.len && is_program(path.at))
            return path.at;
    }
    return NULL;
}

/* "run -- 'python3 x.py'": a program whose name has a blank is rarer than that. */
static const char *quotes_hint(const char *name)
{
    return name && strchr(name, ' ')
               ? "; write the words without quotes around them: run -- CMD ARG…"
               : "";
}

bool im_run_program_find(struct im_run_program *program, char *const *argv,
                         const char *search_path, struct im_arena *arena,
                         struct im_error *err)
{
    size_t n = 0;

    while (argv[n])
        n++;
    char **shell = IM_ARENA_ARRAY(arena, char *, n + 2);
    const char *path = search_program(argv[0], search_path, arena);
    if (!shell || arena->failed)
        return im_error_set(err, "cannot run %.200s: out of memory", argv[0]);
    if (!path)
        return im_error_set(err, "cannot run \"%.200s\": not found in PATH%s", argv[0],
                            quotes_hint(argv[0]));
    *program = (struct im_run_program){.path = path, .argv = argv, .shell_argv = shell};
    memcpy(shell + 1, argv, (n + 1) * sizeof(*argv));
    shell[0] =
        im_arena_alloc(arena, sizeof("sh")); /* execve wants texts that are not const */
    shell[1] = im_arena_alloc(arena, strlen(path) + 1);
    if (!arena->failed) {
        memcpy(shell[0], "sh", sizeof("sh"));
        memcpy(shell[1], path, strlen(path) + 1);
    }
    return !arena->failed ||
           im_error_set(err, "cannot run %.200s: out of memory", argv[0]);
}

/* ---- starting ---- */

/* What joins us and the child until it runs CMD. */
struct passage {
    int output[2], report[2]; /* the report is errno of what failed, or the end */
};

static void passage_close(struct passage *passage)
{
    int *const fds[] = {&passage->output[0], &passage->output[1], &passage->report[0],
                        &passage->report[1]};

    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
        if (*fds[i] >= 0)
            close(*fds[i]);
}

/* From here to exec only what is async-signal-safe: other threads' locks stay locked for
 * ever in the copy of the process. */

static bool child_take_streams(const struct passage *passage)
{
    int null = open("/dev/null", O_RDONLY);

    if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
        dup2(passage->output[1], STDOUT_FILENO) < 0 ||
        dup2(passage->output[1], STDERR_FILENO) < 0)
        return false;
    if (null > STDERR_FILENO)
        close(null);
    return true;
}

/* Sockets that a thread was about to mark, and whatever we were given ourselves. */
static void child_keep_descriptors(void)
{
    long most = sysconf(_SC_OPEN_MAX);

    if (most < 0 || most > DESCRIPTORS)
        most = DESCRIPTORS;
    for (int fd = STDERR_FILENO + 1; fd < most; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void child_become(const struct im_run_program *program, char *const *environment,
                         const sigset_t *mask, const struct passage *passage)
{
    const struct sigaction ordinary = {.sa_handler = SIG_DFL};

    setsid();
    if (!child_take_streams(passage))
        return;
    child_keep_descriptors();
    sigaction(SIGPIPE, &ordinary, NULL);
    sigaction(SIGCHLD, &ordinary, NULL);
    sigprocmask(SIG_SETMASK, mask, NULL);
    execve(program->path, program->argv, environment);
    if (errno == ENOEXEC)
        execve("/bin/sh", program->shell_argv, environment);
}

static void report_failure(int fd)
{
    int reason = errno;
    ssize_t written = write(fd, &reason, sizeof(reason));

    _exit(written < 0 ? 126 : 127);
}

/* 0 once CMD runs, else why it does not. */
static int read_report(int fd)
{
    int reason = 0;
    ssize_t n;

    do
        n = read(fd, &reason, sizeof(reason));
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof(reason) ? reason : 0;
}

/* The pid, or -1 with the reason in errno. The ends that are the child's are closed. */
static pid_t fork_child(const struct im_run_program *program, char *const *environment,
                        const sigset_t *mask, struct passage *passage)
{
    pid_t pid = fork();

    if (pid == 0) {
        child_become(program, environment, mask, passage);
        report_failure(passage->report[1]);
    }
    if (pid < 0)
        return -1;
    close(passage->report[1]);
    passage->report[1] = -1;
    int reason = read_report(passage->report[0]);
    if (!reason)
        return pid;
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    errno = reason;
    return -1;
}

bool im_run_child_start(struct im_run_child *child, const struct im_run_program *program,
                        char *const *environment, const sigset_t *mask,
                        struct im_error *err)
{
    struct passage passage = {{-1, -1}, {-1, -1}};
    pid_t pid = -1;

    *child = (struct im_run_child){.fd = -1, .told = IM_RUN_EXITED};
    child->began_ms = im_clock_monotonic_ms();
    if (make_pipe(passage.output) && make_pipe(passage.report) &&
        fcntl(passage.output[0], F_SETFL, O_NONBLOCK) == 0)
        pid = fork_child(program, environment, mask, &passage);
    if (pid < 0)
        im_error_set(err, "cannot run \"%.200s\": %s%s", program->path, strerror(errno),
                     errno == ENOENT ? quotes_hint(program->path) : "");
    else {
        child->pid = pid;
        child->fd = passage.output[0];
        passage.output[0] = -1;
    }
    passage_close(&passage);
    return pid >= 0;
}

/* ---- running ---- */

void im_run_child_read(struct im_run_child *child)
{
    char piece[16 * 1024];

    for (int i = 0; i < READ_AT_ONCE && child->fd >= 0; i++) {
        ssize_t n = read(child->fd, piece, sizeof(piece));
        if (n > 0) {
            im_run_output_add(&child->output, (struct im_str){piece, (size_t)n});
        } else if (n < 0 && errno == EINTR) {
            continue;
        } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return;
        } else {
            close(child->fd);
            child->fd = -1;
        }
    }
}

void im_run_child_tell(struct im_run_child *child, enum im_run_end why, int64_t now_ms)
{
    if (child->told != IM_RUN_EXITED)
        return;
    child->told = why;
    child->deadline_ms = now_ms + GRACE_MS;
    kill(-child->pid, SIGTERM);
}

void im_run_child_kill(const struct im_run_child *child)
{
    kill(-child->pid, SIGKILL);
}

void im_run_child_press(struct im_run_child *child, int64_t now_ms)
{
    if (now_ms < child->deadline_ms)
        return;
    if (child->told == IM_RUN_EXITED) {
        im_run_child_tell(child, IM_RUN_TIMED_OUT, now_ms);
    } else {
        im_run_child_kill(child);
        child->deadline_ms = now_ms + GRACE_MS;
    }
}

/* A process that left the session may hold the pipe open and write for ever: take what
 * is there, not what comes. */
static void child_take_rest(struct im_run_child *child)
{
    for (int i = 0; i < 8; i++)
        im_run_child_read(child);
    if (child->fd >= 0)
        close(child->fd);
    child->fd = -1;
}

bool im_run_child_reap(struct im_run_child *child)
{
    siginfo_t info = {.si_pid = 0};
    int status = 0;

    /* while it is there to be waited for, nobody else can have its group's number */
    if (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        info.si_pid != child->pid)
        return false;
    im_run_child_kill(child);
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    child_take_rest(child);
    child->pid = 0;
    if (WIFSIGNALED(status)) {
        child->end = IM_RUN_SIGNALLED;
        child->code = WTERMSIG(status);
    } else {
        child->end = IM_RUN_EXITED;
        child->code = WEXITSTATUS(status);
    }
    if (child->told != IM_RUN_EXITED)
        child->end = child->told;
    return true;
}

/* ---- signals ---- */

static void *signals_watch(void *context)
{
    struct im_run_signals *signals = context;
    int caught;

    while (sigwait(&signals->watched, &caught) == 0 && !atomic_load(&signals->over)) {
        const unsigned char byte = (unsigned char)caught;
        /* a full pipe holds enough news already */
        if (write(signals->in, &byte, 1) < 0 && errno != EAGAIN && errno != EINTR)
            break;
    }
    return NULL;
}

/* Some systems forget a blocked signal that would be ignored; SIGCHLD is, by default. */
static void signal_note(int number)
{
    (void)number;
}

static void signals_restore(struct im_run_signals *signals)
{
    sigaction(SIGCHLD, &signals->child_before, NULL);
    sigaction(SIGPIPE, &signals->pipe_before, NULL);
    pthread_sigmask(SIG_SETMASK, &signals->before, NULL);
}

/* Those that ask us to end; but whoever started us may have had them ignored (nohup),
 * and then they stay so. */
static void signals_choose(sigset_t *watched)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction found;

    sigemptyset(watched);
    sigaddset(watched, SIGCHLD);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (sigaction(numbers[i], NULL, &found) != 0 || found.sa_handler != SIG_IGN)
            sigaddset(watched, numbers[i]);
}

bool im_run_signals_begin(struct im_run_signals *signals, struct im_error *err)
{
    const struct sigaction noted = {.sa_handler = signal_note, .sa_flags = SA_RESTART};
    const struct sigaction ignored = {.sa_handler = SIG_IGN};

    int ends[2];

    if (!make_pipe(ends) || fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0 ||
        fcntl(ends[1], F_SETFL, O_NONBLOCK) != 0)
        return im_error_set(err, "watching for signals: %s", strerror(errno));
    signals->fd = ends[0];
    signals->in = ends[1];
    atomic_init(&signals->over, false);
    signals_choose(&signals->watched);
    sigaction(SIGCHLD, &noted, &signals->child_before);
    sigaction(SIGPIPE, &ignored, &signals->pipe_before);
    pthread_sigmask(SIG_BLOCK, &signals->watched, &signals->before);
    int failed = pthread_create(&signals->thread, NULL, signals_watch, signals);
    if (!failed)
        return true;
    signals_restore(signals);
    close(signals->fd);
    close(signals->in);
    return im_error_set(err, "watching for signals: %s", strerror(failed));
}

int im_run_signals_next(struct im_run_signals *signals)
{
    unsigned char byte;
    ssize_t n;

    do
        n = read(signals->fd, &byte, 1);
    while (n < 0 && errno == EINTR);
    return n == 1 ? byte : 0;
}

void im_run_signals_end(struct im_run_signals *signals)
{
    atomic_store(&signals->over, true);
    pthread_kill(signals->thread, SIGCHLD);
    pthread_join(signals->thread, NULL);
    signals_restore(signals);
    close(signals->fd);
    close(signals->in);
}
