/* Redaction of text of unknown shape: what is assigned to a secret's name goes, what stands behind a
 * scheme of credentials, and what looks like a JWT. */
#include <string.h>

#include "base/sanitize.h"
#include "http/redact_parts.h"

/* Length of the run at the head that may be a name: words, with blanks and escapes between,
 * up to a token. */
static size_t name_length(struct im_str text)
{
    size_t n = 0;

    while (n < text.len &&
           (im_redact_is_word(text.at[n]) || im_redact_is_of(text.at[n], "_-. %+")) &&
           !im_jwt_length(im_str_slice(text, n, text.len)))
        n++;
    return n;
}

static bool separates(char c)
{
    return im_redact_is_of(c, "\"':=,[]({> \t\\");
}

size_t im_redact_with_brackets(struct im_str text, size_t n)
{
    enum { BRACKETS_MAX = 1024 }; /* room for a signature of any algorithm */
    struct im_str rest = im_str_slice(text, n, n + BRACKETS_MAX);
    size_t end = 0;

    if (!n || text.at[n - 1] != '.' || !im_str_starts(rest, "<") ||
        im_str_starts(rest, "</"))
        return n;
    while (end < rest.len && !im_redact_is_of(rest.at[end], ">\"\r\n"))
        end++;
    return n + end + (end < rest.len && rest.at[end] == '>');
}

/* Where the value at the head ends: at the quote that closes it, or where its place does. */
static size_t value_length(struct im_str text, char quote)
{
    size_t n = 0;

    for (; n < text.len; n++) {
        char c = text.at[n];
        if (quote && c == '\\')
            n++;
        else if (quote ? c == quote : im_redact_is_of(c, "\"'&,;}\r\n<"))
            break;
    }
    return n < text.len ? im_redact_with_brackets(text, n) : text.len;
}

/* PHP writes `s:13:"client_secret";s:6:"hidden";`: how long is what stands between the two? */
static size_t php_length(struct im_str text)
{
    size_t n = strlen(";s:");

    if (!im_str_starts(text, ";s:"))
        return 0;
    while (n < text.len && text.at[n] >= '0' && text.at[n] <= '9')
        n++;
    return im_str_starts(im_str_slice(text, n, text.len), ":\"") ? n + 2 : 0;
}

/* What stands between a name and its value: `": "`, ` = `, and in HTML `" value="`. */
static struct im_str separator_of(struct im_str text)
{
    size_t n = 0;

    while (n < text.len && separates(text.at[n]))
        n++;
    n += php_length(im_str_slice(text, n, text.len));
    if (im_str_starts(im_str_slice(text, n, text.len), "value=\""))
        n += strlen("value=\"");
    return im_str_slice(text, 0, n);
}

static bool assigns(struct im_str separator)
{
    return im_str_has(separator, '=') || im_str_has(separator, ':');
}

/* "The client secret 'hunter22' is wrong": prose quotes a value, and assigns it to nothing. Without
 * the blank the quote closes one, and the name itself was quoted. */
static bool quotes(struct im_str run, struct im_str separator)
{
    return im_str_ends(run, " ") &&
           (im_str_is(separator, "'") || im_str_is(separator, "\""));
}

/* Writes the separator and the fingerprint of the value behind it; returns what is left. */
static struct im_str redact_value_behind(struct im_redaction *out, struct im_str text)
{
    struct im_str separator = separator_of(text);
    char last = separator.len ? separator.at[separator.len - 1] : '\0';

    text = im_str_slice(text, separator.len, text.len);
    size_t n = value_length(text, last == '"' || last == '\'' ? last : '\0');
    im_buf_add(&out->buf, separator);
    im_redact_add_fingerprint(out, im_str_slice(text, 0, n));
    return im_str_slice(text, n, text.len);
}

/* The last words of a run: `client secret` is one name, a sentence in front of it is not. */
static struct im_str last_words(struct im_str run, unsigned words)
{
    size_t from;

    run = im_str_trim(run);
    for (from = run.len; from > 0; from--)
        if (run.at[from - 1] == ' ' && --words == 0)
            break;
    return im_str_slice(run, from, run.len);
}

static bool ends_in_secret_name(struct im_arena *arena, struct im_str run)
{
    return im_redact_is_secret_as_sent(arena, last_words(run, 1)) ||
           im_redact_is_secret_as_sent(arena, last_words(run, 2));
}

/* Not a word of a sentence such as "Basic credentials". */
static bool is_opaque(struct im_str word)
{
    for (size_t i = 1; i < word.len; i++)
        if ((word.at[i] >= '0' && word.at[i] <= '9') ||
            (word.at[i] >= 'A' && word.at[i] <= 'Z'))
            return word.len >= 8;
    return false;
}

/* "Basic ZGVtbzpkZW1v" in the run at the head of the text: up to where the credentials begin; 0 when
 * there are none. */
static size_t scheme_length(struct im_str run)
{
    for (size_t at = 0; at < run.len;) {
        struct im_str rest = im_str_slice(run, at, run.len);
        struct im_str word = im_str_cut(&rest, ' ');
        at += word.len + 1;
        if (im_redact_is_scheme(word) &&
            is_opaque(im_str_slice(rest, 0, im_str_find(rest, ' '))))
            return at;
    }
    return 0;
}

/* One run of words and what belongs to it; returns what is left. broken: this text was to have a
 * shape and has none, so what follows a secret's name goes even where nothing assigns it. */
static struct im_str redact_run(struct im_redaction *out, struct im_str text, bool broken)
{
    struct im_str run = im_str_slice(text, 0, name_length(text));
    struct im_str rest = im_str_slice(text, run.len, text.len);
    size_t end = broken ? im_redact_end_of_secret(run) : 0;
    size_t scheme = scheme_length(run);

    if (scheme) {
        size_t n = scheme;
        while (n < text.len && !im_redact_is_of(text.at[n], " \t\"'&,;}\r\n<"))
            n++;
        n = im_redact_with_brackets(text, n);
        im_buf_add(&out->buf, im_str_slice(text, 0, scheme));
        im_redact_add_fingerprint(out, im_str_slice(text, scheme, n));
        return im_str_slice(text, n, text.len);
    }
    if (end && !im_redact_is_open(run)) {
        im_buf_add(&out->buf, im_str_slice(run, 0, end));
        return redact_value_behind(out, im_str_slice(text, end, text.len));
    }
    /* behind a run alone, or a text of brackets would be searched from each of them */
    struct im_str separator = run.len ? separator_of(rest) : IM_STR("");
    if (run.len && (assigns(separator) || quotes(run, separator)) &&
        ends_in_secret_name(out->buf.arena, run)) {
        im_buf_add(&out->buf, run);
        return redact_value_behind(out, rest);
    }
    size_t n = run.len ? run.len : 1;
    im_buf_add(&out->buf, im_str_slice(text, 0, n));
    return im_str_slice(text, n, text.len);
}

void im_redact_loosely(struct im_redaction *out, struct im_str text, bool broken)
{
    while (text.len) {
        size_t token = im_redact_with_brackets(text, im_jwt_length(text)),
               slashes = im_redact_authority_mark(text);

        im_redact_add_fingerprint(out, im_str_slice(text, 0, token));
        im_buf_add(&out->buf, im_str_slice(text, 0, slashes));
        text = im_str_slice(text, token + slashes, text.len);
        if (slashes)
            text = im_redact_user_info(out, text);
        else if (!token)
            text = redact_run(out, text, broken);
    }
}
