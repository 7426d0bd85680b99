/* The one writer of JUnit XML. There is no standard; this is what Jenkins, GitLab and
 * GitHub's readers agree on. */
#include "verdict/junit.h"

/* XML 1.0, section 2.2; `character` is one of UTF-8. What it forbids may not be written as a reference
 * either (section 4.1), so U+FFFD stands for it. */
static bool xml_allows(struct im_str character)
{
    unsigned char c = (unsigned char)character.at[0];

    if (character.len == 1)
        return c >= ' ' || c == '\t' || c == '\n' || c == '\r';
    /* U+FFFE and U+FFFF are UTF-8, but not XML */
    return !(c == 0xEF && (unsigned char)character.at[1] == 0xBF &&
             (unsigned char)character.at[2] >= 0xBE);
}

static void add_character(struct im_buf *xml, struct im_str character, bool attribute)
{
    switch (character.at[0]) {
    case '&': im_buf_addz(xml, "&amp;"); return;
    case '<': im_buf_addz(xml, "&lt;"); return;
    case '>': im_buf_addz(xml, "&gt;"); return;
    case '"': im_buf_addz(xml, "&quot;"); return;
    case '\'': im_buf_addz(xml, "&#39;"); return;
    case '\r': im_buf_addz(xml, "&#13;"); return;
    /* a parser would make a space of these in an attribute */
    case '\n': im_buf_addz(xml, attribute ? "&#10;" : "\n"); return;
    case '\t': im_buf_addz(xml, attribute ? "&#9;" : "\t"); return;
    default: im_buf_add(xml, character);
    }
}

static void add_text(struct im_buf *xml, struct im_str text, bool attribute)
{
    while (text.len) {
        size_t step = im_utf8_step(text.at, text.len);
        struct im_str character = {text.at, step ? step : 1};
        if (step && xml_allows(character))
            add_character(xml, character, attribute);
        else
            im_buf_addz(xml, "\xEF\xBF\xBD");
        text = im_str_slice(text, character.len, text.len);
    }
}

static void add_attribute(struct im_buf *xml, const char *name, struct im_str value)
{
    im_buf_addf(xml, " %s=\"", name);
    add_text(xml, value, true);
    im_buf_addc(xml, '"');
}

void im_junit_begin(struct im_junit *suite, struct im_arena *arena, struct im_str name,
                    const char *indent)
{
    *suite = (struct im_junit){.name = name, .indent = indent};
    im_buf_init(&suite->body, arena, 0);
}

void im_junit_property(struct im_junit *suite, const char *name, struct im_str value)
{
    im_buf_addf(&suite->body, "%s  <properties>\n%s    <property name=\"%s\"",
                suite->indent, suite->indent, name);
    add_attribute(&suite->body, "value", value);
    im_buf_addf(&suite->body, "/>\n%s  </properties>\n", suite->indent);
}

void im_junit_case(struct im_junit *suite, struct im_str name, enum im_junit_kind kind,
                   struct im_str why, struct im_str lines)
{
    static const char *const elements[] = {"", "failure", "skipped"};
    struct im_buf *xml = &suite->body;

    suite->tests++;
    suite->failures += kind == IM_JUNIT_FAILURE;
    suite->skipped += kind == IM_JUNIT_SKIPPED;
    im_buf_addf(xml, "%s  <testcase", suite->indent);
    add_attribute(xml, "name", name);
    add_attribute(xml, "classname", suite->name);
    if (kind == IM_JUNIT_PASSED) {
        im_buf_addz(xml, "/>\n");
        return;
    }
    im_buf_addf(xml, ">\n%s    <%s", suite->indent, elements[kind]);
    add_attribute(xml, "message", why);
    if (lines.len) {
        im_buf_addc(xml, '>');
        add_text(xml, lines, false);
        im_buf_addf(xml, "</%s>\n", elements[kind]);
    } else {
        im_buf_addz(xml, "/>\n");
    }
    im_buf_addf(xml, "%s  </testcase>\n", suite->indent);
}

void im_junit_output(struct im_junit *suite, struct im_str text)
{
    im_buf_addf(&suite->body, "%s  <system-out>", suite->indent);
    add_text(&suite->body, text, false);
    im_buf_addz(&suite->body, "</system-out>\n");
}

void im_junit_end(const struct im_junit *suite, int64_t took_ms, struct im_buf *out)
{
    im_buf_addf(out, "%s<testsuite", suite->indent);
    add_attribute(out, "name", suite->name);
    im_buf_addf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\"",
                suite->tests, suite->failures, suite->skipped);
    if (took_ms >= 0)
        im_buf_addf(out, " time=\"%lld.%03d\"", (long long)(took_ms / 1000),
                    (int)(took_ms % 1000));
    im_buf_addz(out, ">\n");
    im_buf_add(out, im_buf_str(&suite->body));
    im_buf_addf(out, "%s</testsuite>\n", suite->indent);
    out->failed = out->failed || suite->body.failed;
}
