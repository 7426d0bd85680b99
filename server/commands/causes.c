/* `intacct-mock causes`: the catalogue of causes on a terminal; --markdown makes
 * server/CAUSES.md. */
#include "causes/cause_catalogue.h"
#include "commands/command.h"

struct causes_options {
    bool markdown;
};

static const struct im_option causes_table[] = {
    {"markdown", NULL, IM_OPTION_FLAG, offsetof(struct causes_options, markdown),
     .help = "print all of it as Markdown"},
    {.flag = NULL},
};

static int causes_run(const struct im_args *args)
{
    const struct causes_options *wanted = args->options;
    const char *id = args->operand_count ? args->operands[0] : NULL;
    enum im_cause cause = id ? im_cause_find(im_str(id)) : CAUSE_NONE;
    struct im_buf text;

    if (id && cause == CAUSE_NONE) {
        struct im_hint hint = im_cause_hint(im_str(id));
        return im_command_fail(IM_EXIT_NO, "there is no cause \"%.60s\"%s", id,
                               hint.text[0] ? hint.text
                                            : "; intacct-mock causes lists them");
    }
    im_buf_init(&text, args->arena, 0);
    if (wanted->markdown)
        im_cause_markdown(&text);
    else
        im_cause_text(&text, cause);
    return im_command_print(&text);
}

const struct im_command im_command_causes = {
    .name = "causes",
    .synopsis = "[ID]",
    .about = "list the causes, or explain one",
    .options = causes_table,
    .size = sizeof(struct causes_options),
    .operands_max = 1,
    .run = causes_run,
};
