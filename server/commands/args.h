/* The options of the program's verbs. Each verb has one table of rows; it feeds the
 * parser, the environment (INTACCT_MOCK_<NAME>), --help and, by --markdown, the README
 * and the test that holds the manual page against it. */
#ifndef IM_COMMANDS_ARGS_H
#define IM_COMMANDS_ARGS_H

#include "base/buf.h"

/* What an option takes, and the type of the member of the verb's struct that it goes to. */
enum im_option_kind {
    IM_OPTION_FLAG,    /* bool; takes no value */
    IM_OPTION_SWITCH,  /* bool: on or off */
    IM_OPTION_TEXT,    /* const char *, not empty; NULL = not given */
    IM_OPTION_TEXTS,   /* struct im_texts: may be repeated */
    IM_OPTION_WORD,    /* const char *: one of `words` */
    IM_OPTION_NUMBER,  /* int64_t: least to most, most 0 = no bound */
    IM_OPTION_PORT,    /* int64_t: 0 to 65535; none or off = -1 */
    IM_OPTION_CONTROL, /* int64_t: on = 0, off = -1, or a port from 1 */
    IM_OPTION_DURATION /* int64_t, ms; least 0 or 1 */
};

struct im_option {
    const char *flag;     /* without the dashes; NULL ends a table */
    const char *argument; /* what --help calls its value; NULL = it takes none */
    enum im_option_kind kind;
    size_t offset;       /* of the member */
    const char *initial; /* the default, written as it would be given; NULL = zeros */
    const char *help;    /* one line */
    const char *words;   /* "text|json" */
    int64_t least, most;
    const char *variable; /* INTACCT_MOCK_<this> gives it too; NULL = as has_variables */
};

struct im_texts {
    const char **items;
    size_t count;
};

/* What was given. Lifetime: argv's, the environment's and the arena's. */
struct im_args {
    const char *program; /* as it was called: what to type to call it again */
    const void *options; /* the verb's struct */
    const char **operands;
    size_t operand_count;
    char *const *command; /* CMD [ARG]... NULL; NULL = there was no -- */
    bool help, markdown;  /* asked for instead; then the rest may be missing */
    struct im_arena *arena;
};

/* A verb of the program. */
struct im_command {
    const char *name;
    const char *synopsis; /* what follows the name: "[options] -- CMD [ARG]..." */
    const char *about;    /* one line, for `intacct-mock --help` */
    const char *more; /* paragraphs behind the options in `NAME --help`; NULL = none */
    const struct im_option *options; /* NULL = none but --help */
    size_t size;                     /* of the struct that they fill in */
    size_t operands_min,
        operands_max;          /* words that are no options; SIZE_MAX = any number */
    const char *operand_words; /* that are known: "bash|zsh"; for completion alone */
    bool has_variables;        /* each option is a variable of the environment too */
    bool takes_command;        /* CMD [ARG]... behind -- */
    int (*run)(const struct im_args *args); /* returns an im_exit */
};

/* Reads argv (what follows the verb; NULL ends it) over the environment over the
 * defaults. args->arena and program are the caller's. False with err: unknown option with "did you
 * mean", value missing or bad, too many or too few operands. */
bool im_args_read(const struct im_command *command, char *const *argv,
                  char *const *environment, struct im_args *args, struct im_error *err);
/* A container engine or Kubernetes gives INTACCT_MOCK_PORT=tcp://HOST:PORT to what runs beside a service
 * of that name. Such a value is no option: true with a line among the warnings, and the variable counts
 * as not set. */
bool im_args_is_link(const char *variable, const char *value, struct im_buf *warnings);
/* A line for each variable INTACCT_MOCK_* that is none of these verbs' (NULL ends them), or a link. */
void im_args_warn(const struct im_command *const *commands, char *const *environment,
                  struct im_buf *warnings);
/* `NAME --help`. */
void im_args_help(const struct im_command *command, struct im_buf *help);
/* The table for the README: option, default, meaning. */
void im_args_markdown(const struct im_command *command, struct im_buf *table);

#endif
