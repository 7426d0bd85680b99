/* `intacct-mock check`: are these scenario files right? Each wrong one gets its line:
 * where, what, what was meant. */
#include <stdio.h>

#include "commands/command.h"
#include "scenario/catalogue.h"

static int check(const struct im_args *args)
{
    int status = IM_EXIT_FINE;

    for (size_t i = 0; i < args->operand_count; i++) {
        const char *path = args->operands[i];
        struct im_error err = {.text = ""};
        struct im_scenario *scenario = im_scenario_read_file(path, &err);

        if (scenario) {
            printf("%s: fine: %.*s\n", path, IM_ARG(scenario->name));
        } else {
            fprintf(stderr, "%s\n", err.text);
            status = IM_EXIT_NO;
        }
        im_scenario_unref(scenario);
    }
    return status;
}

const struct im_command im_command_check = {
    .name = "check",
    .synopsis = "FILE…",
    .about = "validate scenario files",
    .more = "What is wrong is said as FILE:LINE:COLUMN: …; exit 1 if any is.\n",
    .operands_min = 1,
    .operands_max = SIZE_MAX,
    .run = check,
};
