/* `intacct-mock completion`: what a shell offers where somebody presses TAB, made of the tables of commands,
 * options, scenarios, causes and effects. A script that holds the names needs no process at each TAB, as one would
 * that asks the program. */
#include <string.h>

#include "commands/command.h"
#include "scenario/catalogue.h"
#include "scenario/world.h"

/* ---- what may stand where ---- */

enum offer {
    OFFER_NOTHING,
    OFFER_WORDS,
    OFFER_SCENARIOS,
    OFFER_CAUSES,
    OFFER_EFFECTS,
    OFFER_FILES,
    OFFER_FOLDERS
};
enum { OFFERS = OFFER_FOLDERS + 1 };

/* By the name, where that is enough, else by what --help calls the value: tables say it once, for people. */
static enum offer offer_of_option(const struct im_option *row)
{
    if (row->words)
        return OFFER_WORDS;
    if (strcmp(row->flag, "scenario") == 0 || strcmp(row->flag, "sandbox") == 0)
        return OFFER_SCENARIOS;
    if (strcmp(row->flag, "cause") == 0)
        return OFFER_CAUSES;
    if (strstr(row->argument, "FILE"))
        return OFFER_FILES;
    return strcmp(row->argument, "DIR") == 0 ? OFFER_FOLDERS : OFFER_NOTHING;
}

static const char *words_of_option(const struct im_option *row)
{
    return row->kind == IM_OPTION_SWITCH || row->kind == IM_OPTION_CONTROL ? "on|off"
                                                                           : row->words;
}

/* By what the command's synopsis calls them. */
static enum offer offer_of_operands(const struct im_command *command)
{
    static const struct {
        const char *word;
        enum offer offer;
    } known[] = {
        {"SCENARIO", OFFER_SCENARIOS}, {"[NAME]", OFFER_SCENARIOS},
        {"[ID|", OFFER_CAUSES},        {"EFFECT", OFFER_EFFECTS},
        {"FILE", OFFER_FILES},
    };

    for (size_t i = 0; command->operands_max && i < sizeof(known) / sizeof(known[0]); i++)
        if (strstr(command->synopsis, known[i].word))
            return known[i].offer;
    return command->operand_words ? OFFER_WORDS : OFFER_NOTHING;
}

/* Is it offered names for its first operand alone? What follows an effect are its arguments. */
static bool names_one(const struct im_command *command)
{
    enum offer offer = offer_of_operands(command);

    return offer == OFFER_EFFECTS ||
           (command->operands_max == 1 && offer != OFFER_NOTHING && offer < OFFER_FILES);
}

static void add_words(struct im_buf *out, const char *words)
{
    for (struct im_str rest = im_str(words); rest.len;) {
        im_buf_add(out, im_str_cut(&rest, '|'));
        im_buf_addz(out, rest.len ? " " : "");
    }
}

/* "access-token-expired access-token-revoked …" */
static bool add_scenarios(struct im_buf *out, struct im_error *err)
{
    size_t count = 0;
    struct im_catalogue *catalogue = im_catalogue_new(NULL, NULL, err);
    struct im_listed *listed =
        catalogue ? im_catalogue_list(catalogue, out->arena, &count) : NULL;

    for (size_t i = 0; i < count; i++)
        im_buf_addf(out, "%s%.*s", i ? " " : "", IM_ARG(listed[i].scenario->name));
    if (listed)
        im_catalogue_unlist(listed, count);
    if (catalogue)
        im_catalogue_free(catalogue);
    return count > 0;
}

/* As assignments, each name a word of a text. */
static bool add_names(struct im_buf *out, struct im_error *err)
{
    im_buf_addz(out, "scenarios='");
    if (!add_scenarios(out, err))
        return false;
    im_buf_addz(out, "' causes='");
    for (int i = 1; i < CAUSE_COUNT; i++)
        im_buf_addf(out, "%s%s", i > 1 ? " " : "", im_cause_row((enum im_cause)i)->id);
    im_buf_addz(out, "' effects='");
    for (size_t i = 0; i < im_effect_count; i++)
        im_buf_addf(out, "%s%s", i ? " " : "", im_effects[i].name);
    im_buf_addz(out, "'\n");
    return true;
}

/* ---- bash ---- */

/* What a case of the script does for an offer. Where nothing can be known the script returns, so that bash does not offer
 * options in the place of a value. */
static void bash_add_offer(struct im_buf *out, enum offer offer, const char *words)
{
    static const char *const actions[OFFERS] = {
        [OFFER_NOTHING] = "return",
        [OFFER_SCENARIOS] = "words=$scenarios",
        [OFFER_CAUSES] = "words=$causes",
        [OFFER_EFFECTS] = "words=$effects",
        [OFFER_FILES] = "mapfile -t COMPREPLY < <(compgen -f -- \"$word\") && return",
        [OFFER_FOLDERS] = "mapfile -t COMPREPLY < <(compgen -d -- \"$word\") && return"};

    im_buf_addz(out, ") ");
    if (offer == OFFER_WORDS) {
        im_buf_addz(out, "words='");
        add_words(out, words);
        im_buf_addz(out, "'");
    } else {
        im_buf_addz(out, actions[offer]);
    }
    im_buf_addz(out, " ;;\n");
}

struct bash_parts {
    struct im_buf values, options, operands; /* cases of the script */
    struct im_buf single; /* "causes|do": commands whose operand is offered once */
};

static void bash_add_command(struct bash_parts *parts, const struct im_command *command)
{
    struct im_buf *values = &parts->values, *options = &parts->options;
    struct im_buf *operands = &parts->operands, *single = &parts->single;

    im_buf_addf(options, "        %s) words='--help", command->name);
    for (const struct im_option *row = command->options; row && row->flag; row++) {
        im_buf_addf(options, " --%s", row->flag);
        if (!row->argument)
            continue;
        im_buf_addf(values, "    %s:--%s", command->name, row->flag);
        enum offer offer = words_of_option(row) ? OFFER_WORDS : offer_of_option(row);
        bash_add_offer(values, offer, words_of_option(row));
    }
    im_buf_addz(options, "' ;;\n");
    if (offer_of_operands(command) == OFFER_NOTHING)
        return;
    im_buf_addf(operands, "        %s", command->name);
    bash_add_offer(operands, offer_of_operands(command), command->operand_words);
    if (names_one(command))
        im_buf_addf(single, "%s%s", single->len ? "|" : "", command->name);
}

static const char bash_head[] =
    "# shellcheck shell=bash\n"
    "# Completion of intacct-mock " IM_VERSION
    " for bash, made by `intacct-mock completion bash`.\n"
    "_intacct_mock() {\n"
    "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} "
    "command=serve words='' i\n"
    "    local ";
static const char bash_looks[] =
    "    COMPREPLY=()\n"
    "    # --option=value: to bash the sign is a word of its own\n"
    "    if [[ $word == = ]]; then\n"
    "        word=''\n"
    "    elif [[ $before == = ]]; then\n"
    "        before=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    fi\n"
    "    [[ $COMP_CWORD -gt 1 && ${COMP_WORDS[1]} != -* ]] && command=${COMP_WORDS[1]}\n"
    "    for ((i = 2; i < COMP_CWORD; i++)); do\n"
    "        [[ ${COMP_WORDS[i]} == -- ]] || continue\n"
    "        mapfile -t COMPREPLY < <(compgen -c -f -- \"$word\")\n"
    "        return\n"
    "    done\n"
    "    case $command:$before in\n";

static bool bash_write(struct im_buf *out, struct im_error *err)
{
    struct bash_parts parts;

    im_buf_init(&parts.values, out->arena, 0);
    im_buf_init(&parts.options, out->arena, 0);
    im_buf_init(&parts.operands, out->arena, 0);
    im_buf_init(&parts.single, out->arena, 0);
    im_buf_addz(out, bash_head);
    if (!add_names(out, err))
        return false;
    im_buf_addz(out, bash_looks);
    for (const struct im_command *const *at = im_commands; *at; at++)
        bash_add_command(&parts, *at);
    im_buf_add(out, im_buf_str(&parts.values));
    im_buf_addz(out, "    *)\n        if [[ $word == -* ]]; then\n"
                     "        case $command in\n");
    im_buf_add(out, im_buf_str(&parts.options));
    im_buf_addz(out, "        esac\n        elif [[ $COMP_CWORD -eq 1 ]]; then\n"
                     "        words='");
    for (const struct im_command *const *at = im_commands; *at; at++)
        im_buf_addf(out, "%s%s", at == im_commands ? "" : " ", (*at)->name);
    im_buf_addz(out, "'\n        else\n        case $command in\n");
    im_buf_add(out, im_buf_str(&parts.operands));
    im_buf_addf(out,
                "        esac\n        case $command in\n        %.*s)\n"
                "        for i in \"${COMP_WORDS[@]:2:COMP_CWORD-2}\"; do\n"
                "            [[ \" $words \" == *\" $i \"* ]] && words=''\n"
                "        done ;;\n        esac\n",
                IM_ARG(im_buf_str(&parts.single)));
    im_buf_addz(out,
                "        fi\n        ;;\n    esac\n"
                "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n}\n"
                "complete -F _intacct_mock intacct-mock\n");
    return true;
}

/* ---- zsh ---- */

/* Text inside a word in single quotes, and inside the brackets of a specification of _arguments (zshcompsys(1)). */
static void zsh_add_text(struct im_buf *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("[]\\:", *text))
            im_buf_addc(out, '\\');
        if (*text == '\'')
            im_buf_addz(out, "'\\''");
        else
            im_buf_addc(out, *text);
    }
}

static void zsh_add_offer(struct im_buf *out, enum offer offer, const char *words)
{
    static const char *const actions[OFFERS] = {[OFFER_NOTHING] = " ",
                                                [OFFER_SCENARIOS] = "'\"($scenarios)\"'",
                                                [OFFER_CAUSES] = "'\"($causes)\"'",
                                                [OFFER_EFFECTS] = "'\"($effects)\"'",
                                                [OFFER_FILES] = "_files",
                                                [OFFER_FOLDERS] = "_files -/"};

    if (offer != OFFER_WORDS) {
        im_buf_addz(out, actions[offer]);
        return;
    }
    im_buf_addc(out, '(');
    add_words(out, words);
    im_buf_addc(out, ')');
}

static void zsh_add_option(struct im_buf *out, const struct im_option *row)
{
    im_buf_addf(out, " \\\n            '%s--%s%s[",
                row->kind == IM_OPTION_TEXTS ? "*" : "", row->flag,
                row->argument ? "=" : "");
    zsh_add_text(out, row->help);
    im_buf_addc(out, ']');
    if (row->argument) {
        im_buf_addc(out, ':');
        zsh_add_text(out, row->argument);
        im_buf_addc(out, ':');
        zsh_add_offer(out, words_of_option(row) ? OFFER_WORDS : offer_of_option(row),
                      words_of_option(row));
    }
    im_buf_addc(out, '\'');
}

static void zsh_add_command(struct im_buf *out, const struct im_command *command)
{
    im_buf_addf(out, "    %s)\n        _arguments '--help[print this]'", command->name);
    for (const struct im_option *row = command->options; row && row->flag; row++)
        zsh_add_option(out, row);
    /* "*": any number of them, as in `check FILE…` */
    if (command->operands_max && offer_of_operands(command) != OFFER_NOTHING) {
        bool one = names_one(command) || command->operands_max == 1;
        im_buf_addf(out, " \\\n            '%s:operand:", one ? "1" : "*");
        zsh_add_offer(out, offer_of_operands(command), command->operand_words);
        im_buf_addc(out, '\'');
    }
    im_buf_addz(out, "\n        ;;\n");
}

static bool zsh_write(struct im_buf *out, struct im_error *err)
{
    im_buf_addz(out, "#compdef intacct-mock\n# Completion of intacct-mock " IM_VERSION
                     " for zsh, made by `intacct-mock completion zsh`.\n"
                     "_intacct_mock() {\n    local command=serve behind=${words[(i)--]}\n"
                     "    local -a commands\n    local ");
    if (!add_names(out, err))
        return false;
    im_buf_addz(out, "    commands=(\n");
    for (const struct im_command *const *at = im_commands; *at; at++) {
        im_buf_addf(out, "        '%s:", (*at)->name);
        zsh_add_text(out, (*at)->about);
        im_buf_addz(out, "'\n");
    }
    im_buf_addz(out,
                "    )\n"
                "    if ((CURRENT == 2)) && [[ $words[2] != -* ]]; then\n"
                "        _describe command commands\n        return\n    fi\n"
                "    if [[ $words[2] != -* ]]; then\n        command=$words[2]\n"
                "        if ((behind < CURRENT)); then\n"
                "            shift $behind words\n            ((CURRENT -= behind))\n"
                "            _normal\n            return\n        fi\n"
                "        shift words\n        ((CURRENT--))\n    fi\n"
                "    case $command in\n");
    for (const struct im_command *const *at = im_commands; *at; at++)
        zsh_add_command(out, *at);
    im_buf_addz(out, "    esac\n}\n_intacct_mock \"$@\"\n");
    return true;
}

static int completion_run(const struct im_args *args)
{
    struct im_error err = {.text = "out of memory"};
    struct im_buf text;
    bool bash = strcmp(args->operands[0], "bash") == 0;

    if (!bash && strcmp(args->operands[0], "zsh") != 0)
        return im_command_fail(IM_EXIT_USAGE,
                               "there is completion for bash and zsh, not for \"%.40s\"",
                               args->operands[0]);
    im_buf_init(&text, args->arena, 0);
    if (!(bash ? bash_write : zsh_write)(&text, &err))
        return im_command_fail(IM_EXIT_NO, "listing the scenarios: %s", err.text);
    return im_command_print(&text);
}

const struct im_command im_command_completion = {
    .name = "completion",
    .synopsis = "bash|zsh",
    .about = "print a shell's completion of this program",
    .more =
        "It knows commands, options and the names of scenarios, causes and effects.\n"
        "bash: eval \"$(intacct-mock completion bash)\" in ~/.bashrc; zsh: into a file\n"
        "_intacct-mock in a folder of $fpath. `make install` puts both in place.\n",
    .operands_min = 1,
    .operands_max = 1,
    .operand_words = "bash|zsh",
    .run = completion_run,
};
