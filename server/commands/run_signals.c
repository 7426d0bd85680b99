#include "commands/run_signals.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void *watch(void *context)
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
static void note(int number)
{
    (void)number;
}

static bool make_pipe(struct im_run_signals *signals)
{
    int ends[2];

    if (pipe(ends) != 0)
        return false;
    signals->fd = ends[0];
    signals->in = ends[1];
    for (int i = 0; i < 2; i++) {
        fcntl(ends[i], F_SETFD, FD_CLOEXEC);
        fcntl(ends[i], F_SETFL, O_NONBLOCK);
    }
    return true;
}

static void restore(struct im_run_signals *signals)
{
    sigaction(SIGCHLD, &signals->child_before, NULL);
    sigaction(SIGPIPE, &signals->pipe_before, NULL);
    pthread_sigmask(SIG_SETMASK, &signals->before, NULL);
}

/* Those that ask us to end; but whoever started us may have had them ignored (nohup), and then they
 * stay so. */
static void choose(sigset_t *watched)
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
    const struct sigaction noted = {.sa_handler = note, .sa_flags = SA_RESTART};
    const struct sigaction ignored = {.sa_handler = SIG_IGN};

    if (!make_pipe(signals))
        return im_error_set(err, "watching for signals: %s", strerror(errno));
    atomic_init(&signals->over, false);
    choose(&signals->watched);
    sigaction(SIGCHLD, &noted, &signals->child_before);
    sigaction(SIGPIPE, &ignored, &signals->pipe_before);
    pthread_sigmask(SIG_BLOCK, &signals->watched, &signals->before);
    int failed = pthread_create(&signals->thread, NULL, watch, signals);
    if (!failed)
        return true;
    restore(signals);
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
    restore(signals);
    close(signals->fd);
    close(signals->in);
}
