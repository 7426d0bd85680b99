/* `intacct-mock do EFFECT [ARG]…`: any change of the world of a running server's sandbox, by the table of
 * effects that scenarios and the control API have (scenario/world.h). */
#include <stdio.h>

#include "commands/remote.h"
#include "scenario/world.h"

/* ---- which effects there are ---- */

/* " NAME" for each, between `before` and `behind`. */
static void add_arguments(struct im_buf *text, unsigned arguments, const char *before,
                          const char *behind)
{
    for (size_t i = 0; im_effect_arg_name(i); i++)
        if (arguments & 1U << i)
            im_buf_addf(text, " %s%s%s", before, im_effect_arg_name(i), behind);
}

static int list_effects(struct im_arena *arena)
{
    struct im_buf text;

    im_buf_init(&text, arena, 0);
    for (size_t i = 0; i < im_effect_count; i++) {
        const struct im_effect *effect = &im_effects[i];
        im_buf_addz(&text, effect->name);
        add_arguments(&text, effect->needs, "", "");
        add_arguments(&text, effect->takes, "[", "]");
        im_buf_addf(&text, "\n    %s\n", effect->about);
    }
    return im_command_print(&text);
}

/* ---- its arguments ---- */

/* Which argument a bare word is: with an @ the user, else the first that is still missing, of those that
 * the effect needs before those that it only takes. -1 = there is none left. */
static int argument_of_word(const struct im_effect *effect, unsigned given,
                            struct im_str word)
{
    const unsigned of[] = {effect->needs & ~given, effect->takes & ~given};
    bool user = im_str_has(word, '@') && ((of[0] | of[1]) & IM_ARG_USER);

    for (size_t k = 0; k < 2; k++)
        for (int i = 0; im_effect_arg_name((size_t)i); i++)
            if ((of[k] & 1U << i) && (!user || 1U << i == IM_ARG_USER))
                return i;
    return -1;
}

/* Which argument "NAME=VALUE" names, and its value. -1 = a bare word; a URL may have a "=" too. */
static int argument_named(struct im_str word, struct im_str *value)
{
    struct im_str rest = word, name = im_str_cut(&rest, '=');

    *value = word;
    for (int i = 0; im_effect_arg_name((size_t)i) && name.len < word.len; i++)
        if (im_str_is(name, im_effect_arg_name((size_t)i))) {
            *value = rest;
            return i;
        }
    return -1;
}

/* Adds the words to the change. First those with a name, wherever they stand: a bare word is then none of
 * theirs. NULL, or the word that is one too many. */
static const char *add_arguments_said(struct im_json_out *out,
                                      const struct im_effect *effect,
                                      const struct im_args *args)
{
    unsigned given = 0;

    for (int bare = 0; bare < 2; bare++)
        for (size_t i = 1; i < args->operand_count; i++) {
            struct im_str word = im_str(args->operands[i]), value;
            int at = argument_named(word, &value);
            if ((at < 0) != bare)
                continue;
            at = bare ? argument_of_word(effect, given, word) : at;
            if (at < 0 || (given & 1U << at))
                return args->operands[i];
            given |= 1U << at;
            im_json_str(out, im_effect_arg_name((size_t)at), value);
        }
    return NULL;
}

static int refuse_argument(const struct im_effect *effect, const char *word,
                           struct im_arena *arena)
{
    struct im_str value;
    struct im_buf takes;

    if (argument_named(im_str(word), &value) >= 0)
        return im_command_fail(IM_EXIT_USAGE, "%s: \"%.60s\" says twice what it names",
                               effect->name, word);
    im_buf_init(&takes, arena, 0);
    add_arguments(&takes, effect->needs, "", "=…");
    add_arguments(&takes, effect->takes, "[", "=…]");
    return im_command_fail(IM_EXIT_USAGE, "%s has no use for \"%.60s\"; it takes%.*s",
                           effect->name, word,
                           IM_ARG(takes.len ? im_buf_str(&takes) : IM_STR(" nothing")));
}

static int do_effect(const struct im_args *args, const struct im_effect *effect)
{
    struct im_remote_change change;
    struct im_remote remote;

    if (!im_remote_init(&remote, args->options, args->arena))
        return IM_EXIT_USAGE;
    im_remote_change_begin(&change, args->arena);
    im_json_strz(&change.out, "do", effect->name);
    const char *unused = add_arguments_said(&change.out, effect, args);
    if (unused)
        return refuse_argument(effect, unused, args->arena);
    return im_remote_change_send(&remote, &change, "/world")
               ? im_remote_change_print(&remote, effect->name, "affected", "affected")
               : IM_EXIT_NO;
}

static int do_run(const struct im_args *args)
{
    struct im_str names[64];
    size_t count = im_effect_count < 64 ? im_effect_count : 64;

    if (!args->operand_count)
        return list_effects(args->arena);
    const struct im_effect *effect = im_effect_find(im_str(args->operands[0]));
    if (effect)
        return do_effect(args, effect);
    for (size_t i = 0; i < count; i++)
        names[i] = im_str(im_effects[i].name);
    struct im_hint hint = im_hint(im_str(args->operands[0]), names, count);
    return im_command_fail(IM_EXIT_USAGE, "there is no effect \"%.60s\"%s",
                           args->operands[0],
                           hint.text[0] ? hint.text : "; intacct-mock do lists them");
}

const struct im_command im_command_do = {
    .name = "do",
    .synopsis = "[EFFECT [ARG]…]",
    .about = "change the world of a running server's sandbox",
    .more = "Without EFFECT it lists them, with what each takes. An ARG is a value, or\n"
            "NAME=VALUE: do lock-user ws_user@acme; do remove-role jdoe@acme role=all.\n"
            "\n" IM_REMOTE_MORE,
    .options = im_remote_table,
    .size = sizeof(struct im_remote_options),
    .operands_max = IM_REMOTE_WORDS_MAX,
    .run = do_run,
};
