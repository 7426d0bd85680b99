/* The verbs for one sandbox of a running server: `clock`, `expire`, `revoke`, `reset`, `verdict`, and
 * `sandboxes` for all of them. Each is one call of the control API. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "commands/remote.h"

/* ---- clock ---- */

/* "32d 17h 1m 1s": exact like the one unit of im_duration_text, and readable without dividing. */
static void add_span(struct im_buf *text, int64_t seconds)
{
    static const struct {
        int64_t s;
        char unit;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (seconds >= units[i].s)
            im_buf_addf(text, " %lld%c", (long long)(seconds / units[i].s),
                        units[i].unit);
        seconds %= units[i].s;
    }
}

static int print_clock(const struct im_remote *remote)
{
    const struct im_json *json = im_remote_read(remote);
    const struct im_json *offset = im_json_get(json, "offset_s");
    const struct im_json *frozen = im_json_get(json, "frozen");
    const struct im_json *scale = im_json_get(json, "scale");
    int64_t offset_s = offset && offset->is_whole ? offset->whole : 0;
    struct im_buf span;

    if (remote->json)
        return im_remote_print(remote);
    if (!json)
        return IM_EXIT_NO;
    printf("%.*s", IM_ARG(im_json_get_str(json, "now")));
    im_buf_init(&span, remote->client.arena, 0);
    add_span(&span, offset_s < 0 ? -offset_s : offset_s);
    if (offset_s)
        printf(",%.*s %s", IM_ARG(im_buf_str(&span)), offset_s < 0 ? "behind" : "ahead");
    if (scale && scale->number != 1)
        printf(", %.*s times as fast", IM_ARG(scale->text));
    puts(frozen && frozen->boolean ? ", frozen" : "");
    return IM_EXIT_FINE;
}

/* A change of the clock that one word says, or two, and the member that it becomes. */
struct clock_word {
    const char *member; /* NULL: the words say none */
    size_t count;       /* of words */
    struct im_str text; /* the member's value, unless it is that of "freeze" */
};

/* Durations are read here, since what is none may be a misspelt verb; times are the server's to judge, which says what
 * one must look like. */
static struct clock_word clock_read_word(const char *const *words, size_t count,
                                         struct im_arena *arena)
{
    static const struct clock_word none = {NULL, 0, {NULL, 0}};
    struct im_str word = im_str(words[0]), next = im_str(count > 1 ? words[1] : NULL);
    struct im_json_error flaw;
    int64_t ms;

    if (im_str_is(word, "freeze") || im_str_is(word, "unfreeze"))
        return (struct clock_word){"freeze", 1, word};
    if (count > 1 && im_str_is(word, "set"))
        return (struct clock_word){"set", 2, next};
    if (count > 1 && im_str_is(word, "scale")) {
        const struct im_json *number = im_json_parse(arena, next, &flaw);
        return number && number->type == IM_JSON_NUMBER
                   ? (struct clock_word){"scale", 2, next}
                   : none;
    }
    bool forward = im_str_starts(word, "+");
    word = im_str_slice(word, forward, word.len);
    return (forward && im_str_starts(word, "-")) || !im_duration_parse(word, &ms)
               ? none
               : (struct clock_word){"advance", 1, word};
}

static void clock_add_word(struct im_json_out *out, const struct clock_word *word)
{
    if (strcmp(word->member, "freeze") == 0)
        im_json_bool(out, word->member, im_str_is(word->text, "freeze"));
    else if (strcmp(word->member, "scale") == 0)
        im_json_raw(out, word->member, word->text);
    else
        im_json_str(out, word->member, word->text);
}

static int clock_run(const struct im_args *args)
{
    struct im_remote_change change;
    struct im_remote remote;
    struct clock_word word;

    if (!im_remote_init(&remote, args->options, args->arena))
        return IM_EXIT_USAGE;
    im_remote_change_begin(&change, args->arena);
    for (size_t i = 0; i < args->operand_count; i += word.count) {
        word = clock_read_word(args->operands + i, args->operand_count - i, args->arena);
        if (!word.member)
            return im_command_fail(
                IM_EXIT_USAGE,
                "\"%.60s\" is no change of the clock: say +12h, -5m, freeze, unfreeze, "
                "set 2027-01-01T00:00:00Z or scale 60",
                args->operands[i]);
        if (!im_remote_change_names(&change, word.member, args->operands[i]))
            return IM_EXIT_USAGE;
        clock_add_word(&change.out, &word);
    }
    bool done = args->operand_count ? im_remote_change_send(&remote, &change, "/clock")
                                    : im_remote_ask(&remote, "GET", "/clock", IM_STR(""));
    return done ? print_clock(&remote) : IM_EXIT_NO;
}

const struct im_command im_command_clock = {
    .name = "clock",
    .synopsis = "[CHANGE…]",
    .about = "show or move the clock of a running server's sandbox",
    .more =
        "CHANGE is +12h or -5m, freeze, unfreeze, set TIME, or scale N (times as fast).\n"
        "Several are made at one moment: clock set 2027-01-01T00:00:00Z freeze.\n"
        "\n" IM_REMOTE_MORE,
    .options = im_remote_table,
    .size = sizeof(struct im_remote_options),
    .operands_max = IM_REMOTE_WORDS_MAX,
    .operand_words = "freeze|unfreeze|set|scale",
    .run = clock_run,
};

/* ---- expire, revoke ---- */

static const char *const narrowings[] = {"token", "client_id", "user"};
enum { NARROWINGS = sizeof(narrowings) / sizeof(narrowings[0]) };

/* The member that the word is about, and its value: a kind of tokens, or "user=jdoe@acme". By name alone: a token, a
 * client and a user look alike. NULL = it is neither. */
static const char *end_member(struct im_str word, struct im_str *value)
{
    static const char *const kinds[] = {"access", "refresh", "code", "all", NULL};
    struct im_str name;

    *value = word;
    for (const char *const *kind = kinds; *kind; kind++)
        if (im_str_is(word, *kind))
            return "kind";
    name = im_str_cut(value, '=');
    for (size_t i = 0; i < NARROWINGS; i++)
        if (im_str_is(name, narrowings[i]) && value->len)
            return narrowings[i];
    return NULL;
}

/* "client=demo" gets the name that is meant; what is neither kind nor NAME=VALUE, all that may be said. */
static int refuse_end_word(const char *word)
{
    struct im_str names[NARROWINGS], value = im_str(word), name = im_str_cut(&value, '=');
    bool known = false;

    for (size_t i = 0; i < NARROWINGS; i++) {
        names[i] = im_str(narrowings[i]);
        known |= im_str_eq(names[i], name);
    }
    if (known || name.len == strlen(word))
        return im_command_fail(
            IM_EXIT_USAGE,
            "\"%.60s\" names no tokens: say access, refresh, code or all, and which "
            "of them by user=U@COMPANY, client_id=ID or token=TEXT",
            word);
    return im_command_fail(
        IM_EXIT_USAGE, "\"%.60s\" names no tokens: there is no name \"%.*s\"%s", word,
        IM_ARG(im_str_front(name, 60)), im_hint_or_all(name, names, NARROWINGS).text);
}

static int end_tokens(const struct im_args *args, const char *done, const char *below)
{
    struct im_remote_change change;
    struct im_remote remote;

    if (!im_remote_init(&remote, args->options, args->arena))
        return IM_EXIT_USAGE;
    im_remote_change_begin(&change, args->arena);
    bool kind_given = false;
    for (size_t i = 0; i < args->operand_count; i++) {
        struct im_str value;
        const char *member = end_member(im_str(args->operands[i]), &value);
        if (!member)
            return refuse_end_word(args->operands[i]);
        if (!im_remote_change_names(&change, member, args->operands[i]))
            return IM_EXIT_USAGE;
        kind_given |= strcmp(member, "kind") == 0;
        im_json_str(&change.out, member, value);
    }
    if (!kind_given) /* as in the library, where a NULL is all of them */
        im_json_strz(&change.out, "kind", "all");
    return im_remote_change_send(&remote, &change, below)
               ? im_remote_change_print(&remote, done, "token", "tokens")
               : IM_EXIT_NO;
}

static int expire_run(const struct im_args *args)
{
    return end_tokens(args, "expired", "/expire");
}

static int revoke_run(const struct im_args *args)
{
    return end_tokens(args, "revoked", "/revoke");
}

#define END_SYNOPSIS "[KIND] [NAME=VALUE…]"
#define END_MORE                                                                         \
    "KIND is access, refresh, code or all (the default). Fewer by user=USER@COMPANY,\n"  \
    "client_id=ID or token=TEXT.\n\n" IM_REMOTE_MORE

const struct im_command im_command_expire = {
    .name = "expire",
    .synopsis = END_SYNOPSIS,
    .about = "tokens of a running server reach their end now",
    .more = END_MORE,
    .options = im_remote_table,
    .size = sizeof(struct im_remote_options),
    .operands_max = IM_REMOTE_WORDS_MAX,
    .operand_words = "access|refresh|code|all|user=|client_id=|token=",
    .run = expire_run,
};

const struct im_command im_command_revoke = {
    .name = "revoke",
    .synopsis = END_SYNOPSIS,
    .about = "tokens of a running server are revoked now",
    .more = END_MORE,
    .options = im_remote_table,
    .size = sizeof(struct im_remote_options),
    .operands_max = IM_REMOTE_WORDS_MAX,
    .operand_words = "access|refresh|code|all|user=|client_id=|token=",
    .run = revoke_run,
};

/* ---- reset ---- */

static int reset_run(const struct im_args *args)
{
    struct im_remote remote;

    if (!im_remote_init(&remote, args->options, args->arena))
        return IM_EXIT_USAGE;
    if (!im_remote_ask(&remote, "POST", "/reset", IM_STR("")))
        return IM_EXIT_NO;
    if (remote.json)
        return im_remote_print(&remote);
    printf("%.*s is as freshly made\n", IM_ARG(remote.sandbox));
    return IM_EXIT_FINE;
}

const struct im_command im_command_reset = {
    .name = "reset",
    .synopsis = "[options]",
    .about = "make a running server's sandbox as new",
    .more = IM_REMOTE_MORE,
    .options = im_remote_table,
    .size = sizeof(struct im_remote_options),
    .run = reset_run,
};

/* ---- verdict ---- */

struct verdict_options {
    struct im_remote_options remote;
    const char *format, *client;
    bool require_all;
};

#define AT(member) offsetof(struct verdict_options, member)
static const struct im_option verdict_table[] = {
    {"format", "text|json|junit", IM_OPTION_WORD, AT(format), .initial = "text",
     .words = "text|json|junit", .help = "how it is printed; --json is the same as json"},
    {"client", "KIND", IM_OPTION_WORD, AT(client), .initial = "resilient",
     .words = "resilient|fail-fast",
     .help = "fail-fast: the client may end when it is refused"},
    {"require-all", NULL, IM_OPTION_FLAG, AT(require_all),
     .help = "not exercised, or only partly, is a failure too"},
    IM_REMOTE_ROWS(struct verdict_options, remote.),
    {.flag = NULL},
};

static int verdict_run(const struct im_args *args)
{
    const struct verdict_options *options = args->options;
    const char *format = options->remote.json ? "json" : options->format;
    struct im_client_request request = {.method = "GET"};
    struct im_error err = {.text = ""};
    struct im_remote remote;

    if (!im_remote_init(&remote, &options->remote, args->arena))
        return IM_EXIT_USAGE;
    request.path = im_remote_path(&remote, strcmp(options->client, "fail-fast") == 0
                                               ? "/verdict?client=fail-fast"
                                               : "/verdict");
    request.accept = strcmp(format, "text") == 0    ? "text/plain"
                     : strcmp(format, "junit") == 0 ? "application/xml"
                                                    : "application/json";
    if (!im_client_ask(&remote.client, &request, &remote.answer, &err) ||
        remote.answer.status != 200)
        return im_remote_fail(&remote, &err);
    im_remote_print(&remote);
    /* of the header, because the outcome has another place in each form */
    struct im_str outcome = im_client_header(&remote.answer, "x-intacct-mock-outcome");
    return im_str_is(outcome, "not-met") ||
                   (options->require_all && !im_str_is(outcome, "met"))
               ? IM_EXIT_NO
               : IM_EXIT_FINE;
}

const struct im_command im_command_verdict = {
    .name = "verdict",
    .synopsis = "[options]",
    .about = "did the client of a running server's sandbox do what is expected?",
    .more = "Exit 0 unless an expectation is not met.\n\n" IM_REMOTE_MORE,
    .options = verdict_table,
    .size = sizeof(struct verdict_options),
    .run = verdict_run,
};

/* ---- sandboxes ---- */

static int sandboxes_run(const struct im_args *args)
{
    struct im_remote remote;
    int width = 7;

    if (!im_remote_init(&remote, args->options, args->arena))
        return IM_EXIT_USAGE;
    if (!im_remote_ask(&remote, "GET", "/__mock/sandboxes", IM_STR("")))
        return IM_EXIT_NO;
    if (remote.json)
        return im_remote_print(&remote);
    const struct im_json *list = im_json_get(im_remote_read(&remote), "sandboxes");
    for (const struct im_json *at = list ? list->first : NULL; at; at = at->next)
        if ((int)im_json_get_str(at, "name").len > width)
            width = (int)im_json_get_str(at, "name").len;
    for (const struct im_json *at = list ? list->first : NULL; at; at = at->next) {
        struct im_str name = im_json_get_str(at, "name");
        const struct im_json *exchanges = im_json_get(at, "exchanges");
        printf("%.*s%*s  %.*s exchange%s  %.*s\n", IM_ARG(name), width - (int)name.len,
               "", IM_ARG(exchanges ? exchanges->text : IM_STR("?")),
               exchanges && exchanges->whole == 1 ? "" : "s",
               IM_ARG(im_json_get_str(at, "base_url")));
    }
    return list ? IM_EXIT_FINE : IM_EXIT_NO;
}

static const struct im_option sandboxes_table[] = {
    IM_REMOTE_ALL_ROWS(struct im_remote_options, ),
    {.flag = NULL},
};

const struct im_command im_command_sandboxes = {
    .name = "sandboxes",
    .synopsis = "[options]",
    .about = "list the sandboxes of a running server",
    .more = IM_REMOTE_MORE,
    .options = sandboxes_table,
    .size = sizeof(struct im_remote_options),
    .run = sandboxes_run,
};
