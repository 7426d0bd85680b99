#include "verdict/verdict_say.h"

#define THE_SCENARIO_IS_EXERCISED "the scenario is exercised"
#define RULES_FOR_ALL             "the scenario has a rule for every request"

/* Bytes of the character of XML 1.0 that stands here (section 2.2); 0 when there is none. */
static size_t xml_step(struct im_str text)
{
    unsigned char c = (unsigned char)text.at[0];
    size_t step = im_utf8_step(text.at, text.len);
    bool noncharacter = step == 3 && c == 0xef && (unsigned char)text.at[1] == 0xbf &&
                        (unsigned char)text.at[2] >= 0xbe; /* U+FFFE, U+FFFF */

    if (step == 1 && c < ' ' && c != '\n' && c != '\t')
        return 0;
    return noncharacter ? 0 : step;
}

/* Safe in an attribute too: a parser would make a space of a line's end there. */
static void add_xml(struct im_buf *out, struct im_str text)
{
    size_t step;

    for (size_t i = 0; i < text.len; i += step ? step : 1) {
        struct im_str here = im_str_slice(text, i, text.len);
        step = xml_step(here);
        if (step == 1 && (*here.at == '\n' || *here.at == '\t'))
            im_buf_addz(out, *here.at == '\n' ? "&#10;" : "&#9;");
        else
            im_buf_add_html(out, im_str_slice(here, 0, step));
    }
}

static void xml_attribute(struct im_buf *out, const char *name, struct im_str value)
{
    im_buf_addf(out, " %s=\"", name);
    add_xml(out, value);
    im_buf_addc(out, '"');
}

static void open_case(const struct im_verdict *verdict, struct im_str name,
                      struct im_buf *out)
{
    im_buf_addz(out, "  <testcase");
    xml_attribute(out, "name", name);
    xml_attribute(out, "classname", verdict->scenario);
}

static void xml_lines(const struct im_judgement *judgement, struct im_buf *out)
{
    for (size_t i = 0; i < judgement->shown_count && i < IM_VERDICT_LINES; i++) {
        im_buf_addf(out, "%llu  ", (unsigned long long)judgement->shown[i]->id);
        add_xml(out, im_verdict_line(judgement->shown[i], out));
        im_buf_addc(out, '\n');
    }
    if (judgement->shown_count > IM_VERDICT_LINES)
        im_buf_addf(out, "… and %zu more\n", judgement->shown_count - IM_VERDICT_LINES);
}

static void close_case(const char *element, struct im_str why,
                       const struct im_judgement *judgement, struct im_buf *out)
{
    im_buf_addf(out, ">\n    <%s", element);
    xml_attribute(out, "message", why);
    if (judgement && judgement->shown_count) {
        im_buf_addc(out, '>');
        xml_lines(judgement, out);
        im_buf_addf(out, "</%s>\n  </testcase>\n", element);
    } else {
        im_buf_addz(out, "/>\n  </testcase>\n");
    }
}

static void xml_expectation(const struct im_verdict *verdict, size_t index,
                            struct im_buf *out)
{
    struct im_str why = im_verdict_why(verdict, index, out);

    open_case(verdict, verdict->expectations->items[index].that, out);
    switch (im_verdict_outcome_at(verdict, index)) {
    case IM_MET: im_buf_addz(out, "/>\n"); return;
    case IM_NOT_MET: close_case("failure", why, &verdict->judgements[index], out); return;
    case IM_NOT_EXERCISED: close_case("skipped", why, NULL, out); return;
    }
}

static void xml_exercised(const struct im_verdict *verdict, struct im_buf *out)
{
    open_case(verdict, IM_STR(THE_SCENARIO_IS_EXERCISED), out);
    if (verdict->triggered)
        im_buf_addz(out, "/>\n");
    else
        close_case("skipped", im_verdict_note(verdict, out), NULL, out);
}

static void xml_exhausted(const struct im_verdict *verdict, struct im_buf *out)
{
    char memory[256];
    struct im_buf why;

    im_buf_init_fixed(&why, memory, sizeof(memory));
    im_verdict_say_exhausted(&why);
    open_case(verdict, IM_STR(RULES_FOR_ALL), out);
    close_case("failure", im_buf_str(&why), NULL, out);
}

static size_t count_of(const struct im_verdict *verdict, enum im_outcome_of outcome)
{
    size_t n = 0;

    for (size_t i = 0; i < verdict->expectations->count; i++)
        n += im_verdict_outcome_at(verdict, i) == outcome;
    return n;
}

static void open_suite(const struct im_verdict *verdict, bool exhausted,
                       struct im_buf *out)
{
    size_t expected = verdict->expectations->count;

    im_buf_addz(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite");
    xml_attribute(out, "name", verdict->scenario);
    im_buf_addf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\">\n",
                (expected ? expected : 1) + exhausted,
                count_of(verdict, IM_NOT_MET) + exhausted,
                count_of(verdict, IM_NOT_EXERCISED) + (!expected && !verdict->triggered));
    im_buf_addz(out, "  <properties>\n    <property name=\"sandbox\"");
    xml_attribute(out, "value", verdict->sandbox);
    im_buf_addz(out, "/>\n  </properties>\n");
}

void im_verdict_write_junit(const struct im_verdict *verdict, struct im_buf *out)
{
    bool exhausted = verdict->triggered && verdict->exhausted;

    open_suite(verdict, exhausted, out);
    for (size_t i = 0; i < verdict->expectations->count; i++)
        xml_expectation(verdict, i, out);
    if (!verdict->expectations->count)
        xml_exercised(verdict, out);
    if (exhausted)
        xml_exhausted(verdict, out);
    if (verdict->dropped) {
        im_buf_addz(out, "  <system-out>");
        im_verdict_say_dropped(verdict, out);
        im_buf_addz(out, "</system-out>\n");
    }
    im_buf_addz(out, "</testsuite>\n");
}
