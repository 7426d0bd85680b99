/* The built-in scenarios on a terminal; `--markdown` and `--schema` make the documents in
 * scenarios/. */
#include <stdio.h>
#include <string.h>

#include "commands/command.h"
#include "scenario/catalogue.h"
#include "scenario/scenario_doc.h"

static int help(void)
{
    puts("intacct-mock scenarios [--scenarios DIR] [NAME]\n\n"
         "List the scenarios, or show one as its file has it.");
    return IM_EXIT_FINE;
}

static int show(struct im_catalogue *catalogue, const char *name)
{
    struct im_error err = {.text = ""};
    struct im_scenario *scenario = im_catalogue_get(catalogue, im_str(name), &err);

    if (!scenario)
        return im_command_fail(IM_EXIT_NO, "%s; intacct-mock scenarios lists them",
                               err.text);
    printf("%.*s", IM_ARG(scenario->text));
    im_scenario_unref(scenario);
    return IM_EXIT_FINE;
}

static int print(struct im_catalogue *catalogue,
                 void (*write)(const struct im_listed *listed, size_t count,
                               struct im_buf *text))
{
    struct im_arena arena;
    struct im_buf text;
    size_t count;

    im_arena_init(&arena, 0);
    im_buf_init(&text, &arena, 0);
    struct im_listed *listed = im_catalogue_list(catalogue, &arena, &count);
    write(listed, count, &text);
    bool whole = !text.failed && !arena.failed;
    printf("%.*s", IM_ARG(im_buf_str(&text)));
    im_catalogue_unlist(listed, count);
    im_arena_release(&arena);
    return whole ? IM_EXIT_FINE
                 : im_command_fail(IM_EXIT_NO, "listing the scenarios: out of memory");
}

static int answer(struct im_catalogue *catalogue, const char *what)
{
    if (!what)
        return print(catalogue, im_scenarios_text);
    if (strcmp(what, "--markdown") == 0)
        return print(catalogue, im_scenarios_markdown);
    if (strcmp(what, "--schema") == 0)
        return print(catalogue, im_scenarios_schema);
    return show(catalogue, what);
}

static int run(int argc, char **argv)
{
    const char *folder = NULL;
    struct im_error err;

    if (argc == 1 && strcmp(argv[0], "--help") == 0)
        return help();
    if (argc >= 2 && strcmp(argv[0], "--scenarios") == 0) {
        folder = argv[1];
        argc -= 2;
        argv += 2;
    }
    if (argc > 1)
        return im_command_fail(IM_EXIT_USAGE, "scenarios takes one name at most");
    struct im_catalogue *catalogue = im_catalogue_new(folder, NULL, &err);
    if (!catalogue)
        return im_command_fail(IM_EXIT_NO, "%s", err.text);
    int status = answer(catalogue, argc ? argv[0] : NULL);
    im_catalogue_free(catalogue);
    return status;
}

const struct im_command im_command_scenarios = {"scenarios", "[NAME]",
                                                "list the scenarios, or show one", run};
