#include <stdio.h>

#include "commands/command.h"
#include "intacct_mock.h"

static int run(int argc, char **argv)
{
    (void)argv;
    if (argc)
        return im_command_fail(IM_EXIT_USAGE, "version takes no arguments");
    printf("intacct-mock %s\n", im_version());
    return IM_EXIT_FINE;
}

const struct im_command im_command_version = {"version", "", "print the version", run};
