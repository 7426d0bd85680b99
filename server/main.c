/* argv → command table; no logic. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "commands/command.h"

static const struct im_command *const commands[] = {
    &im_command_serve,  &im_command_run,   &im_command_check,   &im_command_scenarios,
    &im_command_causes, &im_command_ready, &im_command_version,
};
enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

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

static int help(void)
{
    puts("intacct-mock: a mock Sage Intacct OAuth server for testing (not affiliated "
         "with Sage)\n");
    for (size_t i = 0; i < COMMANDS; i++)
        printf("  intacct-mock %-8s%-27s %s\n", commands[i]->name, commands[i]->usage,
               commands[i]->about);
    puts("\n`intacct-mock COMMAND --help` tells more. Without a command it serves.");
    return IM_EXIT_FINE;
}

static int unknown(const char *name)
{
    struct im_str known[COMMANDS];

    for (size_t i = 0; i < COMMANDS; i++)
        known[i] = im_str(commands[i]->name);
    int nearest = im_str_nearest(im_str(name), known, COMMANDS);
    return im_command_fail(
        IM_EXIT_USAGE, "unknown command \"%.60s\"; %s%s%s", name,
        nearest < 0 ? "intacct-mock --help lists them" : "did you mean \"",
        nearest < 0 ? "" : commands[nearest]->name, nearest < 0 ? "" : "\"?");
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return im_command_serve.run(0, argv + 1);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
        return help();
    if (strcmp(argv[1], "--version") == 0)
        return im_command_version.run(0, argv + 2);
    if (argv[1][0] == '-')
        return im_command_serve.run(argc - 1, argv + 1);
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(argv[1], commands[i]->name) == 0)
            return commands[i]->run(argc - 2, argv + 2);
    return unknown(argv[1]);
}
