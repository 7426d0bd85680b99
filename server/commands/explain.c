/* `intacct-mock explain`: a failing response, log, HAR, token or code, and what it
 * means. Reads a file, standard input or the argument itself; nothing is stored,
 * nothing is sent anywhere. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "commands/client.h"
#include "commands/command.h"
#include "explain/explain.h"

struct explain_options {
    struct im_client_options server; /* its URL alone */
    bool json;
    const char *jwks, *scenario;
};

static const struct im_option explain_table[] = {
    {"json", NULL, IM_OPTION_FLAG, offsetof(struct explain_options, json),
     .help = "as JSON"},
    {"jwks", "FILE", IM_OPTION_TEXT, offsetof(struct explain_options, jwks),
     .help = "check signatures of tokens with the keys of this JWKS (RFC 7517)"},
    {"scenario", "FILE", IM_OPTION_TEXT, offsetof(struct explain_options, scenario),
     .help = "write a scenario that refuses at the same places"},
    {"url", "URL", IM_OPTION_TEXT, offsetof(struct explain_options, server.url),
     .variable = "url",
     .help = "the mock that the command to see it again asks (default: this machine)"},
    {.flag = NULL},
};

/* All of the stream, which may be a pipe; at most IM_EXPLAIN_MAX bytes. */
static bool read_stream(FILE *stream, const char *name, struct im_arena *arena,
                        struct im_str *text, struct im_error *err)
{
    char piece[16 * 1024];
    struct im_buf buf;
    size_t n;

    im_buf_init(&buf, arena, IM_EXPLAIN_MAX);
    while ((n = fread(piece, 1, sizeof piece, stream)) > 0)
        im_buf_add(&buf, (struct im_str){piece, n});
    *text = im_buf_str(&buf);
    if (ferror(stream))
        return im_error_set(err, "reading %s: %s", name, strerror(errno));
    return !buf.failed || im_error_set(err, "reading %s: it has more than %d MB", name,
                                       IM_EXPLAIN_MAX / 1024 / 1024);
}

static bool read_file(const char *path, struct im_arena *arena, struct im_str *text,
                      struct im_error *err)
{
    struct im_error why = {.text = ""};
    FILE *file = im_file_open(path, &why);

    if (!file)
        return im_error_set(err, "reading %s: %s", path, why.text);
    bool fine = read_stream(file, path, arena, text, err);
    fclose(file);
    return fine;
}

/* "trace.har", "out/answer.json": was meant to be a file, and is none of the texts that are
 * explained. An address ends so too, and is one. */
static bool names_file(struct im_str operand)
{
    static const char *const ends[] = {".har", ".gz",   ".json", ".txt", ".log", ".xml",
                                       ".jwt", ".http", ".out",  ".md",  ".curl"};

    if (im_str_has(operand, ' ') || im_str_find_nocase(operand, "://") < operand.len)
        return false;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (im_str_ends(operand, ends[i]))
            return true;
    return false;
}

/* A word that is no file may be what is to be explained: a code, a token, an address. */
static bool read_operand(const char *operand, struct im_arena *arena, struct im_str *text,
                         struct im_error *err)
{
    FILE *file;
    struct im_error why = {.text = ""};

    if (!operand || strcmp(operand, "-") == 0)
        return read_stream(stdin, "standard input", arena, text, err);
    file = im_file_open(operand, &why);
    int reason = errno;
    bool absent = reason == ENOENT || reason == ENAMETOOLONG || reason == ENOTDIR;
    if (!file && absent && names_file(im_str(operand)))
        return im_error_set(
            err,
            "reading %s: there is no such file; give the path of a file, - "
            "for standard input, or the text itself",
            operand);
    if (!file && absent) {
        *text = im_str(operand);
        return true;
    }
    if (file)
        fclose(file);
    return read_file(operand, arena, text, err);
}

static bool read_jwks(const char *path, struct im_arena *arena,
                      const struct im_json **jwks, struct im_error *err)
{
    struct im_json_error where;
    struct im_str text = {NULL, 0};

    if (!path)
        return true;
    if (!read_file(path, arena, &text, err))
        return false;
    *jwks = im_json_parse(arena, text, &where);
    if (!*jwks)
        return im_error_set(err, "reading --jwks %s: line %u, column %u: %s", path,
                            where.line, where.column, where.what);
    return im_json_get(*jwks, "keys") ||
           im_error_set(err, "reading --jwks %s: there are no \"keys\" in it", path);
}

/* The name of a scenario, of that of its file: "out/My trace.json" → "my-trace". */
static struct im_str scenario_name(struct im_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct im_str base = im_str(slash ? slash + 1 : path);
    struct im_buf name;

    if (im_str_ends(base, ".json"))
        base.len -= strlen(".json");
    im_buf_init(&name, arena, 0);
    for (size_t i = 0; i < base.len && i < 40; i++) {
        char c = base.at[i];
        c = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
        bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
        if (fine || name.len)
            im_buf_addc(&name, fine ? c : '-');
    }
    return name.len ? im_buf_str(&name) : IM_STR("recorded");
}

static int write_scenario(struct im_explanation *explanation, const char *path,
                          struct im_arena *arena)
{
    struct im_error err = {.text = ""};
    struct im_buf removed;

    im_buf_init(&removed, arena, 0);
    struct im_str text =
        im_explanation_scenario(explanation, scenario_name(arena, path), &removed, &err);
    if (!text.len)
        return im_command_fail(IM_EXIT_NO, "writing a scenario: %s", err.text);
    FILE *file = fopen(path, "w");
    bool fine = file && fwrite(text.at, 1, text.len, file) == text.len;
    if (file && fclose(file) != 0)
        fine = false;
    if (!fine)
        return im_command_fail(IM_EXIT_NO, "writing the scenario to %s: %s", path,
                               strerror(errno));
    printf("%s: written. Taken out of it:\n%.*s", path, IM_ARG(im_buf_str(&removed)));
    return IM_EXIT_FINE;
}

static int say(struct im_explanation *explanation, const struct explain_options *wanted,
               struct im_arena *arena)
{
    bool recognised = im_explanation_is_recognised(explanation);

    if (wanted->scenario && recognised)
        return write_scenario(explanation, wanted->scenario, arena);
    struct im_str text = wanted->json ? im_explanation_json(explanation)
                                      : im_explanation_text(explanation);
    fwrite(text.at, 1, text.len, stdout);
    if (arena->failed)
        return im_command_fail(IM_EXIT_NO, "explaining: out of memory");
    return recognised ? IM_EXIT_FINE : IM_EXIT_NO;
}

static int explain(const struct im_args *args)
{
    const struct explain_options *wanted = args->options;
    const char *operand = args->operand_count ? args->operands[0] : NULL;
    struct im_explain_options options = {.now_ms = im_clock_real_ms()};
    struct im_error err = {.text = ""};
    struct im_client_target mock;
    struct im_str input = {NULL, 0};

    if (!im_client_find(&mock, &wanted->server, args->arena, &err))
        return im_command_fail(IM_EXIT_USAGE, "%s", err.text);
    options.url = mock.base;
    if (!read_jwks(wanted->jwks, args->arena, &options.jwks, &err) ||
        !read_operand(operand, args->arena, &input, &err))
        return im_command_fail(IM_EXIT_NO, "%s", err.text);
    struct im_explanation *explanation = im_explain(&options, args->arena, input, &err);
    if (!explanation)
        return im_command_fail(IM_EXIT_NO, "%s", err.text);
    int status = say(explanation, wanted, args->arena);
    im_explanation_end(explanation);
    return status;
}

const struct im_command im_command_explain = {
    .name = "explain",
    .synopsis = "[options] [FILE|-|TEXT]",
    .about = "say why a request was refused: of a response, log, HAR, token, code",
    .more =
        "Reads whatever you have and recognises what it is: an HTTP response or its\n"
        "body, the output of curl -v, a curl command, a HAR file (also gzipped), a JWT,\n"
        "a log, Postman's console, a stack trace, an XML answer, a code (REST-1206),\n"
        "the error of a client that got no answer (ECONNRESET, an expired certificate).\n"
        "No secret of it is printed, nothing is stored, nothing is sent anywhere.\n"
        "Exit 1 when it is not recognised.\n",
    .options = explain_table,
    .size = sizeof(struct explain_options),
    .operands_max = 1,
    .run = explain,
};
