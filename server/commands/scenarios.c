/* `intacct-mock scenarios`: the scenarios on a terminal; --markdown and --schema make
 * the documents in scenarios/. */
#include <stdio.h>

#include "commands/command.h"
#include "scenario/catalogue.h"
#include "scenario/needs.h"
#include "scenario/scenario_doc.h"

struct scenarios_options {
    const char *folder;
    bool markdown, schema;
};

#define AT(member) offsetof(struct scenarios_options, member)
static const struct im_option scenarios_table[] = {
    {"scenarios", "DIR", IM_OPTION_TEXT, AT(folder), .help = "those of that folder too"},
    {"markdown", NULL, IM_OPTION_FLAG, AT(markdown),
     .help = "print the reference of the format"},
    {"schema", NULL, IM_OPTION_FLAG, AT(schema), .help = "print its JSON Schema"},
    {.flag = NULL},
};

static int scenario_show(struct im_catalogue *catalogue, const char *name,
                         struct im_arena *arena)
{
    struct im_error err = {.text = ""};
    struct im_scenario *scenario = im_catalogue_get(catalogue, im_str(name), &err);

    if (!scenario)
        return im_command_fail(IM_EXIT_NO, "%s", err.text);
    struct im_str needs = im_needs_text(scenario, arena);
    printf("%.*s", IM_ARG(scenario->text));
    if (needs.len) /* beside the file, which can be piped into one */
        fprintf(stderr, "needs: %.*s\n", IM_ARG(needs));
    im_scenario_unref(scenario);
    return IM_EXIT_FINE;
}

static int scenarios_run(const struct im_args *args)
{
    const struct scenarios_options *wanted = args->options;
    struct im_error err = {.text = ""};
    struct im_buf text;
    size_t count;
    struct im_catalogue *catalogue = im_catalogue_new(wanted->folder, NULL, &err);

    if (!catalogue)
        return im_command_fail(IM_EXIT_NO, "%s", err.text);
    if (args->operand_count) {
        int status = scenario_show(catalogue, args->operands[0], args->arena);
        im_catalogue_free(catalogue);
        return status;
    }
    im_buf_init(&text, args->arena, 0);
    struct im_listed *listed = im_catalogue_list(catalogue, args->arena, &count);
    (wanted->markdown ? im_scenarios_markdown
     : wanted->schema ? im_scenarios_schema
                      : im_scenarios_text)(listed, count, &text);
    im_catalogue_unlist(listed, count);
    im_catalogue_free(catalogue);
    text.failed |= args->arena->failed;
    return im_command_print(&text);
}

const struct im_command im_command_scenarios = {
    .name = "scenarios",
    .synopsis = "[NAME]",
    .about = "list the scenarios, or show one",
    .more =
        "NAME is shown as its file has it; what a client must do to meet it is said on\n"
        "standard error, so that the file can be piped.\n",
    .options = scenarios_table,
    .size = sizeof(struct scenarios_options),
    .operands_max = 1,
    .run = scenarios_run,
};
