/* The verbs of the program: one file and one row each. */
#ifndef IM_COMMANDS_COMMAND_H
#define IM_COMMANDS_COMMAND_H

enum im_exit {
    IM_EXIT_FINE = 0,
    IM_EXIT_NO = 1,    /* the answer is no: not ready, unknown cause, a scenario failed */
    IM_EXIT_USAGE = 2, /* wrong usage */
    IM_EXIT_START = 3  /* could not start */
};

struct im_command {
    const char *name;
    const char *usage;                 /* what follows the name */
    const char *about;                 /* one line */
    int (*run)(int argc, char **argv); /* what follows the name; returns an im_exit */
};

extern const struct im_command im_command_serve;
extern const struct im_command im_command_run;
extern const struct im_command im_command_causes;
extern const struct im_command im_command_check;
extern const struct im_command im_command_scenarios;
extern const struct im_command im_command_ready;
extern const struct im_command im_command_version;

/* One line on standard error, "intacct-mock: …", and the status to return. */
int im_command_fail(int status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
