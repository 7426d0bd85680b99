/* Are these scenario files right? Each wrong one gets its line: where, what, what was meant. */
#include <stdio.h>
#include <string.h>

#include "commands/command.h"
#include "scenario/catalogue.h"

static int help(void)
{
    puts("intacct-mock check FILE…\n\n"
         "Validate scenario files. What is wrong is said as FILE:LINE:COLUMN: …; exit 1 "
         "if\n"
         "any is.");
    return IM_EXIT_FINE;
}

static bool check(const char *path)
{
    struct im_error err = {.text = ""};
    struct im_scenario *scenario = im_scenario_read_file(path, &err);

    if (scenario)
        printf("%s: fine: %.*s\n", path, IM_ARG(scenario->name));
    else
        fprintf(stderr, "%s\n", err.text);
    im_scenario_unref(scenario);
    return scenario != NULL;
}

static int run(int argc, char **argv)
{
    int wrong = 0;

    if (argc == 1 && strcmp(argv[0], "--help") == 0)
        return help();
    if (argc == 0)
        return im_command_fail(IM_EXIT_USAGE, "check takes the files to validate");
    for (int i = 0; i < argc; i++)
        wrong += !check(argv[i]);
    return wrong ? IM_EXIT_NO : IM_EXIT_FINE;
}

const struct im_command im_command_check = {"check", "FILE…", "validate scenario files",
                                            run};
