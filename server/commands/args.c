/* One parser for the options of all verbs.
 *
 * Why our own: popt and getopt_long replace the loop over argv, which is some thirty
 * lines here. What is behind it stays ours with either of them: values with bounds and
 * units, the environment, "did you mean", the table for the README. getopt_long also
 * takes any beginning of a name that is unique today (--scen), which the next option of
 * that beginning breaks, and keeps its place in a variable of the process; popt would be
 * one more library to link statically for each processor. */
#include "commands/args.h"

#include <string.h>

#include "base/clock.h"

#define ENV_PREFIX "INTACCT_MOCK_"

enum { WORD_SHOWN = 80 }; /* bytes of what was given, in an error */

/* Every verb has these; one without help is not listed. */
static const struct im_option common[] = {
    {"help", NULL, IM_OPTION_FLAG, offsetof(struct im_args, help), .help = "print this"},
    {"markdown", NULL, IM_OPTION_FLAG, offsetof(struct im_args, markdown), .help = NULL},
    {.flag = NULL},
};
static const struct im_option no_options[] = {{.flag = NULL}};

static const struct im_option *options_of(const struct im_command *command)
{
    return command->options ? command->options : no_options;
}

static const struct im_option *row_named(const struct im_option *rows, struct im_str flag)
{
    for (; rows->flag; rows++)
        if (im_str_is(flag, rows->flag))
            return rows;
    return NULL;
}

/* ---- values ---- */

static bool is_one_of(struct im_str word, const char *words)
{
    for (struct im_str rest = im_str(words); rest.len;)
        if (im_str_eq(im_str_cut(&rest, '|'), word))
            return true;
    return false;
}

static bool take_number(struct im_str text, int64_t least, int64_t most, int64_t *number)
{
    return im_str_int(text, number) && *number >= least && *number <= most;
}

/* Puts the value where the option has it in *options; false when it is not what is
 * wanted. */
static bool take_value(const struct im_option *option, const char *value, void *options)
{
    struct im_str text = im_str(value);
    void *to = (char *)options + option->offset;
    struct im_texts *texts = to;
    int64_t *number = to;

    switch (option->kind) {
    case IM_OPTION_FLAG: *(bool *)to = true; return true;
    case IM_OPTION_SWITCH:
        *(bool *)to = im_str_is(text, "on");
        return is_one_of(text, "on|off");
    case IM_OPTION_TEXT: *(const char **)to = value; return text.len > 0;
    case IM_OPTION_TEXTS: texts->items[texts->count++] = value; return text.len > 0;
    case IM_OPTION_WORD:
        *(const char **)to = value;
        return is_one_of(text, option->words);
    case IM_OPTION_NUMBER:
        return take_number(text, option->least, option->most ? option->most : INT64_MAX,
                           number);
    case IM_OPTION_PORT:
        *number = -1;
        return is_one_of(text, "none|off") || take_number(text, 0, 65535, number);
    case IM_OPTION_CONTROL:
        *number = im_str_is(text, "on") ? 0 : -1;
        return is_one_of(text, "on|off") || take_number(text, 1, 65535, number);
    case IM_OPTION_DURATION:
        return im_duration_parse(text, number) && *number >= option->least;
    }
    return false;
}

/* "text, json or xml" */
static void add_words(struct im_buf *out, const char *words)
{
    for (struct im_str rest = im_str(words); rest.len;) {
        im_buf_add(out, im_str_cut(&rest, '|'));
        if (rest.len)
            im_buf_addz(out, im_str_has(rest, '|') ? ", " : " or ");
    }
}

static void add_wanted(struct im_buf *out, const struct im_option *option)
{
    switch (option->kind) {
    case IM_OPTION_SWITCH: add_words(out, "on|off"); return;
    case IM_OPTION_WORD: add_words(out, option->words); return;
    case IM_OPTION_NUMBER:
        if (option->most)
            im_buf_addf(out, "%lld to %lld", (long long)option->least,
                        (long long)option->most);
        else
            im_buf_addf(out, "a whole number of at least %lld", (long long)option->least);
        return;
    case IM_OPTION_PORT: im_buf_addz(out, "0 to 65535, or none"); return;
    case IM_OPTION_CONTROL:
        im_buf_addz(out, "on, off, or a port from 1 to 65535");
        return;
    case IM_OPTION_DURATION:
        im_buf_addf(out, "a duration%s with its unit, such as %s",
                    option->least > 0 ? " above 0" : "",
                    option->initial ? option->initial : "10s");
        return;
    case IM_OPTION_FLAG:
    case IM_OPTION_TEXT:
    case IM_OPTION_TEXTS: im_buf_addz(out, "something"); return;
    }
}

static bool refuse_value(const struct im_option *option, const char *value,
                         struct im_error *err)
{
    char memory[128];
    struct im_buf wanted;

    im_buf_init_fixed(&wanted, memory, sizeof(memory));
    add_wanted(&wanted, option);
    return im_error_set(err, "--%s must be %.*s, not \"%.*s\"", option->flag,
                        IM_ARG(im_buf_str(&wanted)),
                        IM_ARG(im_str_front(im_str(value), WORD_SHOWN)));
}

/* ---- reading ---- */

struct reading {
    const struct im_command *command;
    struct im_args *args;
    void *options;
    struct im_error why; /* a variable's value cannot be */
    struct im_error *err;
};

/* ---- the environment ---- */

/* What takes no value, or several, is no variable. */
static bool is_variable(const struct im_command *command, const struct im_option *option)
{
    return option->variable ||
           (command->has_variables && option->kind != IM_OPTION_FLAG &&
            option->kind != IM_OPTION_TEXTS);
}

/* "https-port" is HTTPS_PORT. */
static void add_variable(struct im_buf *out, const char *flag)
{
    for (; *flag; flag++)
        im_buf_addc(out, (char)(*flag == '-'                   ? '_'
                                : *flag >= 'a' && *flag <= 'z' ? *flag - ('a' - 'A')
                                                               : *flag));
}

static const struct im_option *row_of_variable(const struct im_command *command,
                                               struct im_str name)
{
    char memory[64];
    struct im_buf variable;

    for (const struct im_option *row = options_of(command); row->flag; row++) {
        if (!is_variable(command, row))
            continue;
        im_buf_init_fixed(&variable, memory, sizeof(memory));
        add_variable(&variable, row->variable ? row->variable : row->flag);
        if (im_str_eq(im_buf_str(&variable), name))
            return row;
    }
    return NULL;
}

/* The name behind the prefix; empty when the variable is not for us. */
static struct im_str variable_name(const char *variable)
{
    struct im_str text = im_str(variable);
    size_t end = im_str_find(text, '=');

    if (!im_str_starts(text, ENV_PREFIX) || end == text.len)
        return (struct im_str){NULL, 0};
    return im_str_slice(text, strlen(ENV_PREFIX), end);
}

bool im_args_is_link(const char *variable, const char *value, struct im_buf *warnings)
{
    struct im_str text = im_str(value);

    if (!im_str_starts(text, "tcp://") && !im_str_starts(text, "udp://"))
        return false;
    if (warnings)
        im_buf_addf(warnings,
                    "%s=%.*s is ignored: that is the address of a service beside this "
                    "container, not a port\n",
                    variable, IM_ARG(im_str_front(text, WORD_SHOWN)));
    return true;
}

/* Of an option that is a port or may be one. */
static bool is_link(const struct im_option *row, const char *value,
                    struct im_buf *warnings)
{
    char memory[64];
    struct im_buf variable;

    if (!row || (row->kind != IM_OPTION_PORT && row->kind != IM_OPTION_CONTROL))
        return false;
    im_buf_init_fixed(&variable, memory, sizeof(memory));
    im_buf_addz(&variable, ENV_PREFIX);
    add_variable(&variable, row->flag);
    im_buf_addc(&variable, '\0');
    return im_args_is_link(memory, value, warnings);
}

/* An empty variable counts as not set, and so does a link. The first value that cannot be is told when the
 * words have been read: --help is answered whatever the environment says. */
static void read_environment(struct reading *r, char *const *environment)
{
    for (; *environment && !r->why.text[0]; environment++) {
        struct im_str name = variable_name(*environment);
        const struct im_option *row = row_of_variable(r->command, name);
        const char *value = strchr(*environment, '=');
        struct im_error why;

        if (!row || !value[1] || is_link(row, value + 1, NULL) ||
            take_value(row, value + 1, r->options))
            continue;
        refuse_value(row, value + 1, &why);
        im_error_set(&r->why, "%s%.*s: %s", ENV_PREFIX, IM_ARG(name), why.text);
    }
}

/* NULL when it is none of theirs. */
static const struct im_option *row_of_any(const struct im_command *const *commands,
                                          struct im_str name)
{
    const struct im_option *row = NULL;

    for (; *commands && !row; commands++)
        row = row_of_variable(*commands, name);
    return row;
}

static const char *nearest_flag(const struct im_option *const *tables, struct im_str word)
{
    const char *nearest = NULL;
    unsigned best = 0;

    for (; *tables; tables++)
        for (const struct im_option *row = *tables; row->flag; row++) {
            struct im_str flag = im_str(row->flag);
            unsigned distance = im_str_distance(word, flag);
            if (im_str_nearest(word, &flag, 1) == 0 && (!nearest || distance < best)) {
                nearest = row->flag;
                best = distance;
            }
        }
    return nearest;
}

void im_args_warn(const struct im_command *const *commands, char *const *environment,
                  struct im_buf *warnings)
{
    for (; *environment; environment++) {
        struct im_str name = variable_name(*environment);
        const struct im_option *row = row_of_any(commands, name);
        const char *nearest = NULL;

        if (row)
            is_link(row, strchr(*environment, '=') + 1, warnings);
        if (!name.len || row)
            continue;
        for (size_t i = 0; commands[i] && !nearest; i++) {
            const struct im_option *const tables[] = {options_of(commands[i]), NULL};
            nearest = commands[i]->has_variables ? nearest_flag(tables, name) : NULL;
        }
        im_buf_addf(warnings, "unknown environment variable " ENV_PREFIX "%.*s",
                    IM_ARG(name));
        if (nearest) {
            im_buf_addz(warnings, "; did you mean " ENV_PREFIX);
            add_variable(warnings, nearest);
            im_buf_addc(warnings, '?');
        }
        im_buf_addc(warnings, '\n');
    }
}

/* ---- argv ---- */

static bool refuse_option(const struct reading *r, struct im_str flag)
{
    const struct im_option *const tables[] = {options_of(r->command), common, NULL};
    const char *nearest = nearest_flag(tables, flag);

    flag = im_str_front(flag, WORD_SHOWN);
    if (nearest)
        return im_error_set(r->err, "unknown option --%.*s; did you mean --%s?",
                            IM_ARG(flag), nearest);
    return im_error_set(r->err,
                        "unknown option --%.*s; intacct-mock %s --help lists them",
                        IM_ARG(flag), r->command->name);
}

/* Takes the option at **argv, and moves *argv to the last word that belongs to it. */
static bool read_option(const struct reading *r, char *const **argv)
{
    struct im_str word = im_str(strcmp(**argv, "-h") == 0 ? "--help" : **argv);
    struct im_str flag = im_str_slice(word, 2, im_str_find(word, '='));
    const char *value = strchr(**argv, '=');
    void *to = r->options;

    if (!im_str_starts(word, "--"))
        return im_error_set(r->err, "unexpected argument \"%.*s\"; options begin with --",
                            IM_ARG(im_str_front(word, WORD_SHOWN)));
    const struct im_option *row = row_named(options_of(r->command), flag);
    if (!row) {
        row = row_named(common, flag);
        to = r->args;
    }
    if (!row)
        return refuse_option(r, flag);
    if (!row->argument) {
        take_value(row, "", to);
        return !value || im_error_set(r->err, "--%s takes no value", row->flag);
    }
    if (value)
        value++;
    else if ((*argv)[1] && strcmp((*argv)[1], "--") != 0)
        value = *++*argv;
    else
        return im_error_set(r->err, "--%s needs an argument: --%s %s", row->flag,
                            row->flag, row->argument);
    return take_value(row, value, to) || refuse_value(row, value, r->err);
}

static bool read_operand(const struct reading *r, const char *word)
{
    const struct im_command *command = r->command;
    struct im_str shown = im_str_front(im_str(word), WORD_SHOWN);

    if (r->args->operand_count < command->operands_max) {
        r->args->operands[r->args->operand_count++] = word;
        return true;
    }
    if (command->takes_command)
        return im_error_set(r->err,
                            "unexpected argument \"%.*s\"; the command stands behind --: "
                            "intacct-mock %s [options] -- %.*s",
                            IM_ARG(shown), command->name, IM_ARG(shown));
    return im_error_set(r->err, "unexpected argument \"%.*s\"; usage: intacct-mock %s %s",
                        IM_ARG(shown), command->name, command->synopsis);
}

static bool read_words(const struct reading *r, char *const *argv)
{
    const struct im_command *command = r->command;
    bool behind = false; /* --: no more options */

    for (; *argv; argv++) {
        /* "-" is an operand, and so is a negative number */
        bool is_option = !behind && argv[0][0] == '-' && argv[0][1] &&
                         !(argv[0][1] >= '0' && argv[0][1] <= '9');
        bool is_end = is_option && strcmp(*argv, "--") == 0 &&
                      (command->takes_command || command->operands_max);
        if (is_end && command->takes_command) {
            r->args->command = argv + 1;
            break;
        }
        if (is_end)
            behind = true;
        else if (is_option ? !read_option(r, &argv) : !read_operand(r, *argv))
            return false;
    }
    return r->args->help || r->args->markdown ||
           r->args->operand_count >= command->operands_min ||
           im_error_set(r->err, "an argument is missing; usage: intacct-mock %s %s",
                        command->name, command->synopsis);
}

bool im_args_read(const struct im_command *command, char *const *argv,
                  char *const *environment, struct im_args *args, struct im_error *err)
{
    struct reading r = {.command = command, .args = args, .err = err};
    struct im_arena *arena = args->arena;
    const char *program = args->program;
    size_t n = 0;

    while (argv[n])
        n++;
    r.options = im_arena_alloc(arena, command->size);
    *args = (struct im_args){.program = program, .arena = arena, .options = r.options};
    args->operands = IM_ARENA_ARRAY(arena, const char *, n + 1);
    for (const struct im_option *row = options_of(command); row->flag && r.options; row++)
        if (row->kind == IM_OPTION_TEXTS)
            ((struct im_texts *)(void *)((char *)r.options + row->offset))->items =
                IM_ARENA_ARRAY(arena, const char *, n + 1);
        else if (row->initial)
            take_value(row, row->initial, r.options);
    if (arena->failed)
        return im_error_set(err, "reading the options: out of memory");
    read_environment(&r, environment);
    if (!read_words(&r, argv))
        return false;
    bool told = r.why.text[0] && !args->help && !args->markdown;
    return !told || im_error_set(err, "%s", r.why.text);
}

/* ---- the table, printed ---- */

static size_t width_of(const struct im_option *row)
{
    return strlen(row->flag) + (row->argument ? strlen(row->argument) + 1 : 0);
}

void im_args_help(const struct im_command *command, struct im_buf *help)
{
    const struct im_option *const tables[] = {options_of(command), common, NULL};
    size_t width = 0;

    for (size_t i = 0; tables[i]; i++)
        for (const struct im_option *row = tables[i]; row->flag; row++)
            if (row->help && width_of(row) > width)
                width = width_of(row);
    im_buf_addf(help, "intacct-mock %s%s%s: %s\n\n", command->name,
                *command->synopsis ? " " : "", command->synopsis, command->about);
    for (size_t i = 0; tables[i]; i++)
        for (const struct im_option *row = tables[i]; row->flag; row++) {
            if (!row->help)
                continue;
            im_buf_addf(help, "  --%s%s%s%*s  %s", row->flag, row->argument ? " " : "",
                        row->argument ? row->argument : "", (int)(width - width_of(row)),
                        "", row->help);
            if (row->initial)
                im_buf_addf(help, " (default: %s)", row->initial);
            im_buf_addc(help, '\n');
        }
    if (command->more)
        im_buf_addf(help, "\n%s", command->more);
}

void im_args_markdown(const struct im_command *command, struct im_buf *table)
{
    im_buf_addz(table, "| option | default | meaning |\n|---|---|---|\n");
    for (const struct im_option *row = options_of(command); row->flag; row++) {
        im_buf_addf(table, "| `--%s%s", row->flag, row->argument ? " " : "");
        for (const char *c = row->argument ? row->argument : ""; *c; c++)
            im_buf_addf(table, *c == '|' ? "\\%c" : "%c", *c);
        im_buf_addf(table, "` | %s%s%s | %s |\n", row->initial ? "`" : "",
                    row->initial ? row->initial : "", row->initial ? "`" : "", row->help);
    }
}
