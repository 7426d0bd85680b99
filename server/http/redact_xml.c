/* Redaction of XML, which no endpoint here reads but clients send (the older API of Intacct is XML):
 * tag by tag, without a parser, since what is malformed must not leak either. Namespace prefixes
 * do not count; CDATA is text. */
#include <string.h>

#include "http/redact_parts.h"

/* "ns:password" → "password" */
static struct im_str local_name(struct im_str name)
{
    size_t colon = im_str_find(name, ':');

    return colon < name.len ? im_str_slice(name, colon + 1, name.len) : name;
}

static size_t word_length(struct im_str text)
{
    size_t n = 0;

    while (n < text.len &&
           (im_redact_is_word(text.at[n]) || im_redact_is_of(text.at[n], "_-.:")))
        n++;
    return n;
}

/* Where the tag at the head ends; a '>' within quotes is text. */
static size_t tag_length(struct im_str text)
{
    char quote = 0;
    size_t n = 0;

    for (; n < text.len; n++) {
        char c = text.at[n];
        if (quote)
            quote = c == quote ? 0 : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '>')
            return n + 1;
    }
    return n;
}

/* One attribute: `name = "value"`. False when there is no more; *before is what stands in front. */
static bool next_attribute(struct im_str *rest, struct im_str *before,
                           struct im_str *name, struct im_str *value)
{
    size_t at = 0;

    while (at < rest->len && !im_redact_is_word(rest->at[at]))
        at++;
    size_t name_end = at + word_length(im_str_slice(*rest, at, rest->len));
    size_t from = name_end;
    while (from < rest->len && im_redact_is_of(rest->at[from], " \t\r\n=\"'"))
        from++;
    char last = from > name_end ? rest->at[from - 1] : ' ';
    bool quoted = last == '"' || last == '\'';
    size_t to = from;
    while (to < rest->len &&
           (quoted ? rest->at[to] != last : !strchr(" \t\r\n/>", rest->at[to])))
        to++;
    *name = im_str_slice(*rest, at, name_end);
    *before = im_str_slice(*rest, 0, from);
    *value = im_str_slice(*rest, from, to);
    *rest = im_str_slice(*rest, to, rest->len);
    return name->len > 0;
}

/* <param name="client_secret" …>: what the tag holds is what that attribute names. */
static bool attribute_names_secret(struct im_str attributes)
{
    struct im_str before, name, value;

    while (next_attribute(&attributes, &before, &name, &value))
        if (im_redact_names_another(local_name(name)) &&
            im_redact_is_secret_parameter(value))
            return true;
    return false;
}

static void redact_attributes(struct im_redaction *out, struct im_str attributes,
                              bool secret)
{
    struct im_str before, name, value;

    while (next_attribute(&attributes, &before, &name, &value)) {
        bool says_which = im_redact_names_another(local_name(name)) &&
                          im_redact_is_secret_parameter(value);
        im_buf_add(&out->buf, before);
        if (im_redact_is_secret(local_name(name)) || (secret && !says_which))
            im_redact_add_fingerprint(out, value);
        else
            im_redact_loosely(out, value, false);
    }
    im_buf_add(&out->buf, before);
}

/* Text up to the next tag, CDATA included. */
static struct im_str redact_content(struct im_redaction *out, struct im_str text,
                                    bool secret)
{
    bool cdata = im_str_starts(text, "<![CDATA[");
    size_t from = cdata ? strlen("<![CDATA[") : 0, to = from;

    while (to < text.len &&
           (cdata ? !im_str_starts(im_str_slice(text, to, text.len), "]]>")
                  : text.at[to] != '<'))
        to++;
    struct im_str value = im_str_slice(text, from, to);
    im_buf_add(&out->buf, im_str_slice(text, 0, from));
    if (secret && im_str_trim(value).len)
        im_redact_add_fingerprint(out, value);
    else
        im_redact_loosely(out, value, false);
    return im_str_slice(text, to, text.len);
}

void im_redact_xml(struct im_redaction *out, struct im_str text)
{
    struct im_str within = {NULL, 0}; /* the element whose text is secret */

    while (text.len) {
        if (text.at[0] != '<' || im_str_starts(text, "<![CDATA[")) {
            text = redact_content(out, text, within.len > 0);
            continue;
        }
        size_t tag = tag_length(text);
        bool closes = im_str_starts(text, "</"), question = im_str_starts(text, "<?");
        size_t from = closes || question ? 2 : 1;
        if (tag <= from || text.at[tag - 1] != '>') { /* no tag at all */
            im_redact_loosely(out, text, true);
            return;
        }
        struct im_str inside = im_str_slice(text, from, tag);
        struct im_str name = im_str_slice(inside, 0, word_length(inside));
        struct im_str attributes = im_str_slice(inside, name.len, inside.len);
        bool secret = im_redact_is_secret_parameter(local_name(name)) ||
                      attribute_names_secret(attributes);
        bool empty = tag >= 2 && text.at[tag - 2] == '/';
        im_buf_add(&out->buf, im_str_slice(text, 0, from));
        im_redact_loosely(out, name, false);
        redact_attributes(out, attributes, secret || within.len);
        if (closes && im_str_eq(name, within))
            within = (struct im_str){NULL, 0};
        else if (!closes && !empty && secret && !within.len)
            within = name;
        text = im_str_slice(text, tag, text.len);
    }
}
