/* `intacct-mock causes`: the catalogue of causes on a terminal, one of them, or all that are worded
 * so; --markdown makes server/CAUSES.md. */
#include "causes/cause_catalogue.h"
#include "causes/diagnosis.h"
#include "commands/command.h"

struct causes_options {
    bool markdown;
};

static const struct im_option causes_table[] = {
    {"markdown", NULL, IM_OPTION_FLAG, offsetof(struct causes_options, markdown),
     .help = "print all of it as Markdown"},
    {.flag = NULL},
};

/* An id explains one cause; anything else is a wording. */
static int causes_worded(const struct im_args *args, struct im_str query)
{
    struct im_cause_hit *hits =
        IM_ARENA_ARRAY(args->arena, struct im_cause_hit, CAUSE_COUNT);
    size_t count = hits ? im_cause_search(query, hits) : 0;
    struct im_buf text;

    if (!count) {
        struct im_hint hint = im_cause_hint(query);
        return im_command_fail(IM_EXIT_NO, "there is no cause \"%.60s\"%s", query.at,
                               hint.text[0] ? hint.text
                                            : "; intacct-mock causes lists them");
    }
    im_buf_init(&text, args->arena, 0);
    im_cause_hits_text(&text, query, hits, count);
    return im_command_print(&text);
}

static int causes_run(const struct im_args *args)
{
    const struct causes_options *wanted = args->options;
    const char *id = args->operand_count ? args->operands[0] : NULL;
    enum im_cause cause = id ? im_cause_find(im_str(id)) : CAUSE_NONE;
    struct im_buf text;

    if (id && cause == CAUSE_NONE)
        return causes_worded(args, im_str(id));
    im_buf_init(&text, args->arena, 0);
    if (wanted->markdown)
        im_cause_markdown(&text);
    else
        im_cause_text(&text, cause);
    return im_command_print(&text);
}

const struct im_command im_command_causes = {
    .name = "causes",
    .synopsis = "[ID|CODE|TEXT]",
    .about = "list the causes, explain one, or find those that are worded so",
    .more = "CODE is a status or a code of any dialect (403, REST-1206, invalid_grant), "
            "TEXT a\n"
            "piece of a message (\"not valid\"). The likeliest stand first.\n",
    .options = causes_table,
    .size = sizeof(struct causes_options),
    .operands_max = 1,
    .run = causes_run,
};
