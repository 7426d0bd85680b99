/* `intacct-mock world`: who and what there is before anybody does anything, without a
 * server; a running one tells the same of each sandbox at GET …/world. */
#include "base/json_schema.h"
#include "commands/command.h"
#include "oauth/authority.h"
#include "scenario/catalogue.h"

struct world_options {
    const char *folder;
};

static const struct im_option world_table[] = {
    {"scenarios", "DIR", IM_OPTION_TEXT, offsetof(struct world_options, folder),
     .help = "scenarios of that folder too"},
    {.flag = NULL},
};

static int print_world(struct im_authority *authority, struct im_arena *arena)
{
    struct im_json_out out;
    struct im_buf compact, text;

    im_buf_init(&compact, arena, 0);
    im_buf_init(&text, arena, 0);
    im_json_out_init(&out, &compact);
    im_authority_write_world(authority, &out, NULL);
    im_json_pretty(im_buf_str(&compact), &text);
    text.failed |= compact.failed;
    return im_command_print(&text);
}

static int show_world(struct im_scenario *scenario, struct im_arena *arena)
{
    struct im_error err = {.text = ""};
    struct im_authority *authority = im_authority_new(1, IM_STR("world"), 0, &err);
    int status = IM_EXIT_NO;

    if (authority && im_scenario_set_up(scenario, authority, &err))
        status = print_world(authority, arena);
    else
        im_command_fail(IM_EXIT_NO, "making the world: %s", err.text);
    im_authority_free(authority);
    return status;
}

static int world_run(const struct im_args *args)
{
    const struct world_options *wanted = args->options;
    const char *name = args->operand_count ? args->operands[0] : "happy-path";
    struct im_error err = {.text = ""};
    struct im_catalogue *catalogue = im_catalogue_new(wanted->folder, NULL, &err);
    struct im_scenario *scenario =
        catalogue ? im_catalogue_get_file(catalogue, name, &err) : NULL;
    int status = scenario ? show_world(scenario, args->arena)
                          : im_command_fail(IM_EXIT_NO, "%s", err.text);

    im_scenario_unref(scenario);
    if (catalogue)
        im_catalogue_free(catalogue);
    return status;
}

const struct im_command im_command_world = {
    .name = "world",
    .synopsis = "[SCENARIO]",
    .about = "show who and what exists at the start",
    .more = "As JSON: companies, users, roles, clients (secrets as fingerprints) and the "
            "keys of\nrecords, of what is built in and what SCENARIO (a name or a file) "
            "adds. What a running\nserver has now: GET /__mock/sandboxes/NAME/world.\n",
    .options = world_table,
    .size = sizeof(struct world_options),
    .operands_max = 1,
    .run = world_run,
};
