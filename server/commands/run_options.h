/* The options of `run`. One table in run_options.c. */
#ifndef IM_COMMANDS_RUN_OPTIONS_H
#define IM_COMMANDS_RUN_OPTIONS_H

#include "base/buf.h"

enum { IM_RUN_JOBS_MAX = 256 };

/* Lifetime: argv's, and the arena's. */
struct im_run_options {
    struct im_str *globs; /* --scenario; none = all */
    size_t glob_count;
    const char *scenarios_dir; /* NULL = built in */
    const char *junit;         /* NULL = none */
    uint64_t seed;             /* 0 = random */
    int64_t timeout_ms;
    int jobs;
    bool require_all, exit_zero, show_output, list, help;
    char *const *command; /* CMD [ARG]... NULL; NULL = none given */
};

/* Reads argv (what follows the command; NULL at its end). False with err: unknown option with
 * "did you mean", missing argument, bad value, no CMD. */
bool im_run_options_read(struct im_run_options *options, int argc, char **argv,
                         struct im_arena *arena, struct im_error *err);
void im_run_options_help(struct im_buf *help);

#endif
