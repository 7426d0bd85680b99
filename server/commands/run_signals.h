/* Signals as bytes in a pipe, so that one poll() waits for children, output and signals alike. A
 * thread waits for them: a handler would need a global, and sigtimedwait is not everywhere. */
#ifndef IM_COMMANDS_RUN_SIGNALS_H
#define IM_COMMANDS_RUN_SIGNALS_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "base/error.h"

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
