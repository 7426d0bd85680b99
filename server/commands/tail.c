/* What a running server was asked: `tail` shows each exchange as it comes (server-sent events, WHATWG HTML
 * section 9.2), `why` shows the last refusals whole. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/remote.h"
#include "verdict/verdict.h"

enum { SILENCE_MS = 60000 }; /* the server says every 15 s that it lives */

/* ---- an exchange as the control API writes it ---- */

static int64_t member_whole(const struct im_json *object, const char *name)
{
    const struct im_json *value = im_json_get(object, name);

    return value && value->is_whole ? value->whole : 0;
}

/* "/s/NAME/ia/…?x=y" → "/ia/…" */
static struct im_str path_below_base(struct im_str target)
{
    struct im_str path = im_str_slice(target, 0, im_str_find(target, '?'));

    if (!im_str_starts(path, "/s/"))
        return path;
    struct im_str rest = im_str_slice(path, 3, path.len);
    return im_str_slice(rest, im_str_find(rest, '/'), rest.len);
}

/* The line that verdicts have, behind the id. */
static void add_line(struct im_buf *text, const struct im_json *json)
{
    const struct im_json *request = im_json_get(json, "request");
    const struct im_json *notes = im_json_get(json, "notes");
    struct im_exchange exchange = {
        .method = im_json_get_str(request, "method"),
        .path = path_below_base(im_json_get_str(request, "target")),
        .grant = im_json_get_str(json, "grant"),
        .status = (int)member_whole(json, "status"),
        .cause = im_cause_find(im_json_get_str(json, "cause")),
        .evidence = im_json_get_str(json, "evidence"),
        .fault = im_fault_find(im_json_get_str(im_json_get(json, "scenario"), "wire")),
    };
    struct im_buf line;

    for (notes = notes ? notes->first : NULL; notes && exchange.note_count < IM_NOTES_MAX;
         notes = notes->next)
        exchange.notes[exchange.note_count++].cause =
            im_cause_find(im_json_get_str(notes, "cause"));
    im_buf_init(&line, text->arena, 0);
    im_exchange_line(&exchange, &line);
    im_buf_addf(text, "#%lld ", (long long)member_whole(json, "id"));
    im_buf_add_visible(text, im_buf_str(&line));
}

static bool wants_colour(void)
{
    const char *no_colour = getenv("NO_COLOR");

    return isatty(STDOUT_FILENO) && !(no_colour && *no_colour);
}

/* ---- tail ---- */

struct tail_options {
    struct im_remote_options remote;
    const char *cause, *endpoint, *status;
    int64_t since, count;
    bool refused;
};

#define AT(member) offsetof(struct tail_options, member)
static const struct im_option tail_table[] = {
    {"refused", NULL, IM_OPTION_FLAG, AT(refused), .help = "only what is refused"},
    {"cause", "ID", IM_OPTION_TEXT, AT(cause), .help = "only what has this cause"},
    {"endpoint", "NAME", IM_OPTION_TEXT, AT(endpoint),
     .help = "only this endpoint, such as token or resource"},
    {"status", "N", IM_OPTION_TEXT, AT(status),
     .help = "only this status, such as 401 or 4xx"},
    {"since", "ID", IM_OPTION_NUMBER, AT(since), .initial = "-1", .least = -1,
     .help = "begin behind this exchange; 0 = with the first that the journal holds, "
             "-1 = with the next that comes"},
    {"count", "N", IM_OPTION_NUMBER, AT(count), .least = 0,
     .help = "end after so many (default: when the server ends)"},
    IM_REMOTE_ROWS(struct tail_options, remote.),
    {.flag = NULL},
};

/* A stream of events on its way to the terminal. */
struct tail {
    const struct tail_options *options;
    struct im_arena lines; /* the line that is not whole yet */
    struct im_buf line;
    int64_t shown;
    bool colour;
};

/* Flushed line by line: whoever reads a pipe wants it as it happens, too. */
static void tail_show(struct tail *tail, struct im_str data)
{
    struct im_json_error flaw;
    struct im_arena arena;
    struct im_buf text;

    im_arena_init(&arena, 0);
    im_buf_init(&text, &arena, 0);
    const struct im_json *json = im_json_parse(&arena, data, &flaw);
    bool refused = im_json_get_str(json, "cause").len > 0;
    if (tail->options->remote.json) {
        im_buf_add(&text, data);
    } else if (json) {
        struct im_str at = im_json_get_str(json, "at");
        im_buf_addz(&text, !tail->colour ? "" : refused ? "\033[31m" : "\033[32m");
        im_buf_addf(&text, "%.*s ", IM_ARG(im_str_slice(at, 11, 19)));
        add_line(&text, json);
        im_buf_addz(&text, tail->colour ? "\033[0m" : "");
    }
    printf("%.*s\n", IM_ARG(im_buf_str(&text)));
    fflush(stdout);
    im_arena_release(&arena);
    tail->shown++;
}

/* Whole lines are looked at. False once enough is shown, or standard output has been closed. */
static bool tail_take(void *context, struct im_str piece)
{
    struct tail *tail = context;

    while (piece.len) {
        bool ends = im_str_has(piece, '\n');
        im_buf_add(&tail->line, im_str_cut(&piece, '\n'));
        if (!ends)
            break;
        struct im_str line = im_buf_str(&tail->line);
        if (im_str_starts(line, "data: "))
            tail_show(tail, im_str_slice(line, 6, line.len));
        tail->line.len = 0;
        if (ferror(stdout) ||
            (tail->options->count && tail->shown >= tail->options->count))
            return false;
    }
    return true;
}

static struct im_str tail_path(const struct im_remote *remote,
                               const struct tail_options *options)
{
    const struct {
        const char *name, *value;
    } filters[] = {{"refused", options->refused ? "true" : NULL},
                   {"cause", options->cause},
                   {"endpoint", options->endpoint},
                   {"status", options->status}};
    struct im_buf path;

    im_buf_init(&path, remote->client.arena, 0);
    im_buf_add(&path, im_remote_path(remote, "/events"));
    if (options->since >= 0)
        im_buf_addf(&path, "?since=%lld", (long long)options->since);
    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
        if (!filters[i].value)
            continue;
        im_buf_addf(&path, "%c%s=", im_str_has(im_buf_str(&path), '?') ? '&' : '?',
                    filters[i].name);
        im_buf_add_url(&path, im_str(filters[i].value));
    }
    return im_buf_str(&path);
}

static int tail_run(const struct im_args *args)
{
    struct tail tail = {.options = args->options, .colour = wants_colour()};
    struct im_client_request request = {.method = "GET", .accept = "text/event-stream"};
    struct im_error err = {.text = ""};
    struct im_remote remote;

    if (!im_remote_init(&remote, &tail.options->remote, args->arena))
        return IM_EXIT_USAGE;
    im_arena_init(&tail.lines, 0);
    im_buf_init(&tail.line, &tail.lines, 0);
    request.path = tail_path(&remote, tail.options);
    remote.client.patience_ms = SILENCE_MS;
    remote.client.watches_output = true;
    /* the end of the stream is the server's, which stops in order: that is no failure */
    bool done = im_client_stream(&remote.client, &request, &remote.answer, tail_take,
                                 &tail, &err);
    im_arena_release(&tail.lines);
    return done && remote.answer.status == 200 ? IM_EXIT_FINE
                                               : im_remote_fail(&remote, &err);
}

const struct im_command im_command_tail = {
    .name = "tail",
    .synopsis = "[options]",
    .about = "show what a running server is asked, as it happens",
    .more =
        "A line for each exchange: its time by the sandbox's clock, its number, what "
        "was\n"
        "asked and answered, the cause and the evidence. With --json each is a line of\n"
        "JSON.\n\n" IM_REMOTE_MORE,
    .options = tail_table,
    .size = sizeof(struct tail_options),
    .run = tail_run,
};

/* ---- why ---- */

static void add_message(struct im_buf *text, const char *mark,
                        const struct im_json *message)
{
    const struct im_json *at = im_json_get(message, "headers");
    struct im_str body = im_json_get_str(message, "body");

    for (at = at ? at->first : NULL; at; at = at->next) {
        im_buf_addf(text, "  %s ", mark);
        im_buf_add_visible(text, im_json_get_str(at, "name"));
        im_buf_addz(text, ": ");
        im_buf_add_visible(text, im_json_get_str(at, "value"));
        im_buf_addc(text, '\n');
    }
    if (body.len)
        im_buf_addf(text, "  %s\n", mark);
    while (body.len) {
        im_buf_addf(text, "  %s ", mark);
        im_buf_add_visible(text, im_str_trim(im_str_cut(&body, '\n')));
        im_buf_addc(text, '\n');
    }
}

static void add_labelled(struct im_buf *text, const char *label, struct im_str value)
{
    if (!value.len)
        return;
    im_buf_addf(text, "  %-11s ", label);
    im_buf_add_visible(text, value);
    im_buf_addc(text, '\n');
}

static void add_whole(struct im_buf *text, const struct im_json *json, bool colour)
{
    const struct im_json *request = im_json_get(json, "request");
    const struct im_json *response = im_json_get(json, "response");
    struct im_str cause = im_json_get_str(json, "cause");
    const struct im_json *rule = im_json_get(im_json_get(json, "scenario"), "rule");

    im_buf_addf(text, "%s#%lld %.*s%s  at %.*s\n", colour ? "\033[31m" : "",
                (long long)member_whole(json, "id"), IM_ARG(cause),
                colour ? "\033[0m" : "", IM_ARG(im_json_get_str(json, "at")));
    add_labelled(text, "evidence:", im_json_get_str(json, "evidence"));
    add_labelled(text, "why:", im_json_get_str(json, "why"));
    add_labelled(text, "what to do:", im_json_get_str(json, "fix"));
    if (rule)
        add_labelled(text, "rule:", rule->text);
    im_buf_addc(text, '\n');
    im_buf_addz(text, "  > ");
    im_buf_add_visible(text, im_json_get_str(request, "method"));
    im_buf_addc(text, ' ');
    im_buf_add_visible(text, im_json_get_str(request, "target"));
    im_buf_addc(text, '\n');
    add_message(text, ">", request);
    im_buf_addf(text, "  < %lld\n", (long long)member_whole(json, "status"));
    add_message(text, "<", response);
}

static int why_run(const struct im_args *args)
{
    struct im_remote remote;
    struct im_buf text;
    int64_t wanted = 1;

    if (args->operand_count &&
        (!im_str_int(im_str(args->operands[0]), &wanted) || wanted < 1))
        return im_command_fail(IM_EXIT_USAGE,
                               "\"%.60s\" is no number of refusals: say 1 or more",
                               args->operands[0]);
    if (!im_remote_init(&remote, args->options, args->arena))
        return IM_EXIT_USAGE;
    struct im_str below = im_arena_format(args->arena, "/requests?refused=true&last=%lld",
                                          (long long)wanted);
    if (!im_remote_ask(&remote, "GET", below.at, IM_STR("")))
        return IM_EXIT_NO;
    if (remote.json)
        return im_remote_print(&remote);
    const struct im_json *list = im_json_get(im_remote_read(&remote), "requests");
    if (!list || !list->count)
        return im_command_fail(IM_EXIT_NO,
                               "nothing was refused in sandbox %.*s, as far as its "
                               "journal goes",
                               IM_ARG(remote.sandbox));
    im_buf_init(&text, args->arena, 0);
    for (const struct im_json *at = list->first; at; at = at->next) {
        im_buf_addz(&text, at == list->first ? "" : "\n");
        add_whole(&text, at, wants_colour());
    }
    return im_command_print(&text);
}

const struct im_command im_command_why = {
    .name = "why",
    .synopsis = "[N]",
    .about = "show the last refusals of a running server, whole",
    .more =
        "The last refusal, or the last N, the newest at the end: cause, evidence, why,\n"
        "what to do, request and answer. Exit 1 when nothing was "
        "refused.\n\n" IM_REMOTE_MORE,
    .options = im_remote_table,
    .size = sizeof(struct im_remote_options),
    .operands_max = 1,
    .run = why_run,
};
