/* `intacct-mock version` */
#include <stdio.h>

#include "commands/command.h"
#include "intacct_mock.h"

static int version_run(const struct im_args *args)
{
    (void)args;
    printf("intacct-mock %s\n", im_version());
    return IM_EXIT_FINE;
}

const struct im_command im_command_version = {.name = "version",
                                              .synopsis = "",
                                              .about = "print the version",
                                              .run = version_run};
