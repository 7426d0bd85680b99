/* The catalogue of causes on a terminal; `--markdown` makes server/CAUSES.md. */
#include <stdio.h>
#include <string.h>

#include "causes/cause_catalogue.h"
#include "commands/command.h"

static int print_cause(enum im_cause cause, bool markdown)
{
    struct im_arena arena;
    struct im_buf text;

    im_arena_init(&arena, 0);
    im_buf_init(&text, &arena, 0);
    if (markdown)
        im_cause_markdown(&text);
    else
        im_cause_text(&text, cause);
    bool whole = !text.failed;
    printf("%.*s", IM_ARG(im_buf_str(&text)));
    im_arena_release(&arena);
    return whole ? IM_EXIT_FINE
                 : im_command_fail(IM_EXIT_NO, "listing the causes: out of memory");
}

static int unknown(const char *id)
{
    struct im_hint hint = im_cause_hint(im_str(id));

    return im_command_fail(IM_EXIT_NO, "there is no cause \"%.60s\"%s", id,
                           hint.text[0] ? hint.text : "; intacct-mock causes lists them");
}

static int run(int argc, char **argv)
{
    if (argc > 1)
        return im_command_fail(IM_EXIT_USAGE, "causes takes one id at most");
    if (argc == 0)
        return print_cause(CAUSE_NONE, false);
    if (strcmp(argv[0], "--markdown") == 0)
        return print_cause(CAUSE_NONE, true);
    if (strcmp(argv[0], "--help") == 0) {
        puts("intacct-mock causes [ID]\n\nList every reason for a refusal, or explain "
             "one.");
        return IM_EXIT_FINE;
    }
    enum im_cause cause = im_cause_find(im_str(argv[0]));
    return cause == CAUSE_NONE ? unknown(argv[0]) : print_cause(cause, false);
}

const struct im_command im_command_causes = {"causes", "[ID]",
                                             "list the causes, or explain one", run};
