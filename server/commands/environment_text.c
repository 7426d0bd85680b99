/* The variables of an environment as text: lines for shells, for files that are read by tools, for GitHub
 * Actions. A value may hold any byte but NUL; each format either says it exactly or refuses. */
#include <string.h>

#include "base/json.h"
#include "commands/environment.h"

/* Adds the text in single quotes, with `escape` before each byte of `special`. */
static void add_quoted(struct im_buf *out, struct im_str text, const char *special,
                       char escape)
{
    im_buf_addc(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (strchr(special, text.at[i]))
            im_buf_addc(out, escape);
        im_buf_addc(out, text.at[i]);
    }
    im_buf_addc(out, '\'');
}

/* POSIX shell command language, section 2.2.2 */
static bool write_sh(struct im_buf *out, const struct im_variable *variable)
{
    im_buf_addf(out, variable->unset ? "unset %s\n" : "export %s=", variable->name);
    if (variable->unset)
        return true;
    im_buf_add_shell(out, variable->value);
    im_buf_addc(out, '\n');
    return true;
}

static bool write_fish(struct im_buf *out, const struct im_variable *variable)
{
    im_buf_addf(out, variable->unset ? "set -e %s\n" : "set -gx %s ", variable->name);
    if (variable->unset)
        return true;
    add_quoted(out, variable->value, "'\\", '\\');
    im_buf_addc(out, '\n');
    return true;
}

/* PowerShell takes the typographic quotes U+2018 to U+201B for the plain one too (about_Quoting_Rules), so each
 * of them is doubled. Its strings are UTF-16: what is no UTF-8 cannot be said. */
static bool write_powershell(struct im_buf *out, const struct im_variable *variable)
{
    struct im_str text = variable->value;

    if (variable->unset) {
        im_buf_addf(out, "Remove-Item Env:%s -ErrorAction SilentlyContinue\n",
                    variable->name);
        return true;
    }
    if (!im_str_utf8(text))
        return false;
    im_buf_addf(out, "$env:%s = '", variable->name);
    for (size_t i = 0, n; i < text.len; i += n) {
        n = im_utf8_step(text.at + i, text.len - i);
        bool quote =
            text.at[i] == '\'' || (n == 3 && memcmp(text.at + i, "\xE2\x80", 2) == 0 &&
                                   text.at[i + 2] >= '\x98' && text.at[i + 2] <= '\x9B');
        for (int times = quote ? 2 : 1; times > 0; times--)
            im_buf_add(out, im_str_slice(text, i, i + n));
    }
    im_buf_addz(out, "'\n");
    return true;
}

/* There is no standard. Readers (Docker, python-dotenv, dotenv of Node, dotenv of Ruby) agree on a bare value of plain
 * characters, and all but Docker on what stands in single quotes without a quote, backslash or newline. */
static bool write_dotenv(struct im_buf *out, const struct im_variable *variable)
{
    struct im_str text = variable->value;
    bool bare = true, quoted = true;

    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        bare = bare && c > ' ' && c < 0x7F && !strchr("'\"`#$\\", c);
        quoted = quoted && c >= ' ' && c != 0x7F && !strchr("'\\", c);
    }
    im_buf_addf(out, "%s=", variable->name);
    im_buf_addz(out, bare ? "" : "'");
    im_buf_add(out, text);
    im_buf_addz(out, bare ? "\n" : "'\n");
    return bare || (quoted && im_str_utf8(text));
}

/* What is appended to $GITHUB_ENV: NAME=VALUE, or between two lines that the value does not have. A carriage
 * return ends a line there too. */
static bool write_github(struct im_buf *out, const struct im_variable *variable)
{
    struct im_str rest = variable->value;
    size_t longest = 0;

    if (im_str_has(rest, '\r') || !im_str_utf8(rest))
        return false;
    if (!im_str_has(rest, '\n')) {
        im_buf_addf(out, "%s=%.*s\n", variable->name, IM_ARG(rest));
        return true;
    }
    while (rest.len) { /* a line longer than each of the value's is none of them */
        struct im_str line = im_str_cut(&rest, '\n');
        longest = line.len > longest ? line.len : longest;
    }
    struct im_buf end;
    im_buf_init(&end, out->arena, 0);
    for (size_t i = 0; i <= longest; i++)
        im_buf_addc(&end, 'E');
    im_buf_addf(out, "%s<<%.*s\n%.*s\n%.*s\n", variable->name, IM_ARG(im_buf_str(&end)),
                IM_ARG(variable->value), IM_ARG(im_buf_str(&end)));
    return true;
}

static bool write_json(const struct im_environment *environment, struct im_buf *out,
                       struct im_error *err)
{
    struct im_json_out json;

    im_json_out_init(&json, out);
    im_json_open_object(&json, NULL);
    for (size_t i = 0; i < environment->count; i++) {
        const struct im_variable *variable = &environment->items[i];
        if (variable->unset)
            im_json_null(&json, variable->name);
        else if (im_str_utf8(variable->value))
            im_json_str(&json, variable->name, variable->value);
        else
            return im_error_set(err, "--format json cannot say %s: it is no UTF-8",
                                variable->name);
    }
    im_json_close_object(&json);
    im_buf_addc(out, '\n');
    return true;
}

bool im_environment_write(const struct im_environment *environment, const char *format,
                          struct im_buf *out, struct im_error *err)
{
    static const struct {
        const char *format;
        bool (*write)(struct im_buf *out, const struct im_variable *variable);
    } writers[] = {
        {"sh", write_sh},
        {"fish", write_fish},
        {"powershell", write_powershell},
        {"dotenv", write_dotenv},
        {"github", write_github},
    };
    bool (*write)(struct im_buf * out, const struct im_variable *variable) = NULL;

    for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++)
        if (strcmp(format, writers[i].format) == 0)
            write = writers[i].write;
    if (!write)
        return write_json(environment, out, err);
    for (size_t i = 0; i < environment->count; i++)
        if (!write(out, &environment->items[i]))
            return im_error_set(
                err, "--format %s has no way to say %s: its value has %s", format,
                environment->items[i].name,
                im_str_utf8(environment->items[i].value)
                    ? "a character that its readers take in different ways"
                    : "bytes that are no UTF-8");
    return !out->failed || im_error_set(err, "out of memory");
}
