/* `intacct-mock check`: are these scenario files right? A line for each thing that is wrong, and a
 * warning for each that can hardly be meant: where, what, what was meant. */
#include <stdio.h>

#include "commands/command.h"
#include "scenario/scenario_file.h"

struct check_options {
    bool strict;
};

static const struct im_option check_table[] = {
    {"strict", NULL, IM_OPTION_FLAG, offsetof(struct check_options, strict),
     .help = "a file with a warning is wrong too"},
    {.flag = NULL},
};

/* Says all that is to be said of the file; is it right? */
static bool check_file(const char *path, struct im_scenario_report *report, bool strict)
{
    struct im_error err = {.text = ""};

    if (im_scenario_is_schema(path)) { /* a glob over the folder names it too */
        printf("%s: skipped: the schema of scenario files, and no scenario\n", path);
        return true;
    }
    if (!im_scenario_check_file(path, report, &err)) {
        im_command_fail(IM_EXIT_NO, "%s", err.text);
        return false;
    }
    bool fine = report->scenario && !(strict && report->count);
    for (size_t i = 0; i < report->count; i++)
        fprintf(stderr, "%s:%u:%u: %s%s\n", path, report->items[i].line,
                report->items[i].column, report->scenario ? "warning: " : "",
                report->items[i].what);
    if (report->count == IM_SCENARIO_REMARKS_MAX)
        fprintf(stderr, "%s: there may be more; the first %d are shown\n", path,
                IM_SCENARIO_REMARKS_MAX);
    if (fine)
        printf("%s: fine: %.*s\n", path, IM_ARG(report->scenario->name));
    im_scenario_unref(report->scenario);
    return fine;
}

static int check_run(const struct im_args *args)
{
    const struct check_options *wanted = args->options;
    struct im_scenario_report *report =
        IM_ARENA_NEW(args->arena, struct im_scenario_report);
    int status = IM_EXIT_FINE;

    if (!report)
        return im_command_fail(IM_EXIT_NO, "checking scenarios: out of memory");
    for (size_t i = 0; i < args->operand_count; i++)
        if (!check_file(args->operands[i], report, wanted->strict))
            status = IM_EXIT_NO;
    return status;
}

const struct im_command im_command_check = {
    .name = "check",
    .synopsis = "[options] FILE…",
    .about = "validate scenario files",
    .more =
        "Every error in a file is printed, as FILE:LINE:COLUMN: …; exit 1 if there is\n"
        "one. What is valid but probably a mistake is a warning: no expectations, a\n"
        "built-in scenario's name, a rule behind one that takes every request, an\n"
        "\"after\" that nothing in the file brings about.\n",
    .options = check_table,
    .size = sizeof(struct check_options),
    .operands_min = 1,
    .operands_max = SIZE_MAX,
    .run = check_run,
};
