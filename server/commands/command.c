/* Which verb is meant, and what all of them have in common: --help, errors, warnings. */
#include "commands/command.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* In the order of --help; the first is meant where none is named. */
const struct im_command *const im_commands[] = {
    &im_command_serve,   &im_command_run,       &im_command_explain,
    &im_command_check,   &im_command_scenarios, &im_command_causes,
    &im_command_world,   &im_command_env,       &im_command_tail,
    &im_command_why,     &im_command_do,        &im_command_clock,
    &im_command_expire,  &im_command_revoke,    &im_command_reset,
    &im_command_verdict, &im_command_sandboxes, &im_command_completion,
    &im_command_ready,   &im_command_version,   NULL,
};
enum { COMMANDS = sizeof(im_commands) / sizeof(im_commands[0]) - 1 };

int im_command_fail(int status, const char *format, ...)
{
    va_list args;

    fputs("intacct-mock: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return status;
}

int im_command_print(const struct im_buf *text)
{
    fwrite(text->at, 1, text->len, stdout);
    return text->failed ? im_command_fail(IM_EXIT_NO, "printing it: out of memory")
                        : IM_EXIT_FINE;
}

static int width_of(const struct im_command *command)
{
    int width = (int)strlen(command->name) + 1;

    /* columns, not bytes: there is an ellipsis among them */
    for (const char *at = command->synopsis; *at; at++)
        width += ((unsigned char)*at & 0xC0) != 0x80;
    return width;
}

static int help_print(void)
{
    int width = 0;

    for (size_t i = 0; i < COMMANDS; i++)
        width = width_of(im_commands[i]) > width ? width_of(im_commands[i]) : width;
    puts("intacct-mock: a mock Sage Intacct OAuth server for testing (not affiliated "
         "with Sage)\n");
    for (size_t i = 0; i < COMMANDS; i++)
        printf("  intacct-mock %s %s%*s  %s\n", im_commands[i]->name,
               im_commands[i]->synopsis, width - width_of(im_commands[i]), "",
               im_commands[i]->about);
    puts("\n`intacct-mock COMMAND --help` tells more. Without a command the server is "
         "started.");
    return IM_EXIT_FINE;
}

static int refuse_name(const char *name)
{
    struct im_str known[COMMANDS];

    for (size_t i = 0; i < COMMANDS; i++)
        known[i] = im_str(im_commands[i]->name);
    struct im_hint hint = im_hint(im_str(name), known, COMMANDS);
    return im_command_fail(IM_EXIT_USAGE, "unknown command \"%.60s\"%s", name,
                           hint.text[0] ? hint.text : "; intacct-mock --help lists them");
}

void im_command_warn(const struct im_buf *warnings)
{
    for (struct im_str rest = im_buf_str(warnings); rest.len;) {
        struct im_str line = im_str_cut(&rest, '\n');
        fprintf(stderr, "intacct-mock: warning: %.*s\n", IM_ARG(line));
    }
}

/* Every verb has an arena for as long as it runs, so that none needs to free what it makes. */
static int command_call(const struct im_command *command, const char *program,
                        char *const *argv, char *const *environment)
{
    struct im_arena arena;
    struct im_args args = {.program = program, .arena = &arena};
    struct im_error err = {.text = ""};
    struct im_buf text, warnings;
    int status;

    im_arena_init(&arena, 0);
    im_buf_init(&text, &arena, 0);
    im_buf_init(&warnings, &arena, 0);
    if (command->has_variables)
        im_args_warn(im_commands, environment, &warnings);
    im_command_warn(&warnings);
    if (!im_args_read(command, argv, environment, &args, &err)) {
        status = im_command_fail(IM_EXIT_USAGE, "%s", err.text);
    } else if (args.help || args.markdown) {
        (args.help ? im_args_help : im_args_markdown)(command, &text);
        status = im_command_print(&text);
    } else {
        status = command->run(&args);
    }
    im_arena_release(&arena);
    return status;
}

/* Otherwise the first sockets would take the place of those that are closed, and be
 * written to. */
static void take_standard_descriptors(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

int im_command_main(char *const *argv, char *const *environment)
{
    char *const *words = argv[0] ? argv + 1 : argv;
    const char *program = argv[0] ? argv[0] : "intacct-mock", *name = *words;

    take_standard_descriptors();
    if (!name)
        return command_call(im_commands[0], program, words, environment);
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ||
        strcmp(name, "help") == 0)
        return help_print();
    if (strcmp(name, "--version") == 0)
        name = im_command_version.name;
    else if (name[0] == '-')
        return command_call(im_commands[0], program, words, environment);
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(name, im_commands[i]->name) == 0)
            return command_call(im_commands[i], program, words + 1, environment);
    return refuse_name(name);
}
