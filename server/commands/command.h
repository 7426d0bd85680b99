/* The verbs of the program. A new one is a file here with its table of options (args.h),
 * a line below, and a row in command.c; help, errors and the manual page's test follow. */
#ifndef IM_COMMANDS_COMMAND_H
#define IM_COMMANDS_COMMAND_H

#include "commands/args.h"

enum im_exit {
    IM_EXIT_FINE = 0,
    IM_EXIT_NO = 1,    /* the answer is no: not ready, unknown cause, a scenario failed */
    IM_EXIT_USAGE = 2, /* wrong usage */
    IM_EXIT_START = 3  /* could not start */
};

extern const struct im_command im_command_serve;
extern const struct im_command im_command_run;
extern const struct im_command im_command_explain;
extern const struct im_command im_command_check;
extern const struct im_command im_command_scenarios;
extern const struct im_command im_command_causes;
extern const struct im_command im_command_ready;
extern const struct im_command im_command_world;
extern const struct im_command im_command_completion;
extern const struct im_command im_command_env;
extern const struct im_command im_command_tail;
extern const struct im_command im_command_why;
extern const struct im_command im_command_do;
extern const struct im_command im_command_clock;
extern const struct im_command im_command_expire;
extern const struct im_command im_command_revoke;
extern const struct im_command im_command_reset;
extern const struct im_command im_command_verdict;
extern const struct im_command im_command_sandboxes;
extern const struct im_command im_command_version;

/* All of them, in the order of --help; NULL ends it. The first is meant where none is named. */
extern const struct im_command *const im_commands[];

/* The whole program, as main() calls it; returns an im_exit. */
int im_command_main(char *const *argv, char *const *environment);

/* One line on standard error, "intacct-mock: …", and the status to return. */
int im_command_fail(int status, const char *format, ...) IM_PRINTF(2, 3);
/* Each line on standard error, as a warning. */
void im_command_warn(const struct im_buf *warnings);
/* The text on standard output, and the status: memory may have been short when it was
 * built. */
int im_command_print(const struct im_buf *text);

#endif
