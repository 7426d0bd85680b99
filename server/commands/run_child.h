/* One child of `run`: CMD in a session of its own, its output kept, and everything it
 * started ended with it. Not for threads: the one thread of `run` starts, reads and
 * reaps. */
#ifndef IM_COMMANDS_RUN_CHILD_H
#define IM_COMMANDS_RUN_CHILD_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "base/arena.h"

/* Of a long output the beginning and the end are kept, this many bytes each. */
enum { IM_RUN_OUTPUT_KEPT = 32 * 1024 };

struct im_run_output {
    size_t total; /* bytes that came */
    char first[IM_RUN_OUTPUT_KEPT];
    char last[IM_RUN_OUTPUT_KEPT]; /* a ring: what follows `first` */
};

void im_run_output_add(struct im_run_output *output, struct im_str bytes);
/* What is kept; where something was cut it says so, and how much. Lifetime: the arena's. */
struct im_str im_run_output_text(const struct im_run_output *output,
                                 struct im_arena *arena);

/* What to start: found once, before there are children, because after fork() in a
 * process with threads next to nothing may be called. */
struct im_run_program {
    const char *path;        /* CMD as the search path finds it */
    char *const *argv;       /* CMD [ARG]... NULL */
    char *const *shell_argv; /* for a script without a #! line: sh PATH [ARG]... NULL */
};

/* Looks CMD up as a shell would. False with err when there is none. Lifetime: the
 * arena's. */
bool im_run_program_find(struct im_run_program *program, char *const *argv,
                         const char *search_path, struct im_arena *arena,
                         struct im_error *err);

enum im_run_end {
    IM_RUN_NOT_STARTED,
    IM_RUN_EXITED,    /* by itself, with `code` */
    IM_RUN_SIGNALLED, /* by the signal `code` */
    IM_RUN_TIMED_OUT,
    IM_RUN_INTERRUPTED /* because we were */
};

struct im_run_child {
    pid_t pid;            /* also of its session and process group; 0 = none */
    int fd;               /* where its output comes from; -1 = closed */
    int64_t began_ms;     /* monotonic */
    int64_t deadline_ms;  /* when it is told, or made, to end */
    enum im_run_end told; /* why it was told to end; IM_RUN_EXITED = it was not */
    enum im_run_end end;  /* once it has ended */
    int code;
    struct im_run_output output;
};

/* Starts the program with that environment, /dev/null as its input and that mask of
 * signals. False with err when it could not be executed; then nothing is left behind. */
bool im_run_child_start(struct im_run_child *child, const struct im_run_program *program,
                        char *const *environment, const sigset_t *mask,
                        struct im_error *err);
/* Takes what has been written, without waiting for more. */
void im_run_child_read(struct im_run_child *child);
/* Asks all of them to end, and sets the deadline behind which im_run_child_press kills. */
void im_run_child_tell(struct im_run_child *child, enum im_run_end why, int64_t now_ms);
/* What the deadline asks for, if it is over. */
void im_run_child_press(struct im_run_child *child, int64_t now_ms);
void im_run_child_kill(const struct im_run_child *child);
/* Has it ended? Then whatever it started is killed, the rest of its output taken, and
 * nothing of it is left. */
bool im_run_child_reap(struct im_run_child *child);

/* ---- signals ---- */

/* As bytes in a pipe. A thread waits for them: a handler would need a global, and
 * sigtimedwait is not everywhere. */
struct im_run_signals {
    int fd; /* each byte is the number of a signal: SIGCHLD, or one that asks us to end */
    int in;
    sigset_t watched;
    sigset_t before; /* the mask as we found it: for the children */
    struct sigaction child_before, pipe_before;
    atomic_bool over;
    pthread_t thread;
};

/* Before any other thread is made: they must inherit the mask. False with err. */
bool im_run_signals_begin(struct im_run_signals *signals, struct im_error *err);
/* The next signal that came, without waiting; 0 = none. */
int im_run_signals_next(struct im_run_signals *signals);
void im_run_signals_end(struct im_run_signals *signals);

#endif
