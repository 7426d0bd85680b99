#include "commands/run_junit.h"

/* One <testsuite> in the making: its head counts what its body holds, so the body comes first. */
struct suite {
    struct im_buf body;
    struct im_str name;
    size_t tests, failures, skipped;
};

/* ---- text ---- */

static bool is_allowed(struct im_str character)
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
    case '\r': im_buf_addz(xml, "&#13;"); return;
    case '\n': im_buf_addz(xml, attribute ? "&#10;" : "\n"); return;
    default: im_buf_add(xml, character);
    }
}

/* What XML cannot say, and what is no UTF-8, becomes U+FFFD. */
static void add_text(struct im_buf *xml, struct im_str text, bool attribute)
{
    while (text.len) {
        size_t step = im_utf8_step(text.at, text.len);
        struct im_str character = im_str_slice(text, 0, step ? step : 1);
        if (step && is_allowed(character))
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

/* ---- test cases ---- */

enum kind { PASSED, FAILURE, SKIPPED };

static void add_case(struct suite *suite, struct im_str name, enum kind kind,
                     struct im_str why, struct im_str lines)
{
    static const char *const elements[] = {"", "failure", "skipped"};
    struct im_buf *xml = &suite->body;

    suite->tests++;
    suite->failures += kind == FAILURE;
    suite->skipped += kind == SKIPPED;
    im_buf_addz(xml, "    <testcase");
    add_attribute(xml, "name", name);
    add_attribute(xml, "classname", suite->name);
    if (kind == PASSED) {
        im_buf_addz(xml, "/>\n");
        return;
    }
    im_buf_addf(xml, ">\n      <%s", elements[kind]);
    add_attribute(xml, "message", why);
    im_buf_addc(xml, '>');
    add_text(xml, lines, false);
    im_buf_addf(xml, "</%s>\n    </testcase>\n", elements[kind]);
}

static void add_ran(struct suite *suite, const struct im_run_result *result,
                    const struct im_run_rules *rules)
{
    bool fine = result->end == IM_RUN_EXITED && !(rules->exit_zero && result->code);
    struct im_buf how;

    im_buf_init(&how, suite->body.arena, 0);
    im_buf_addz(&how, "CMD ");
    im_run_report_end_of(&how, result, rules);
    if (result->end == IM_RUN_NOT_STARTED)
        im_buf_addf(&how, ": %.*s", IM_ARG(result->trouble));
    add_case(suite, IM_STR("CMD ran"), fine ? PASSED : FAILURE, im_buf_str(&how),
             (struct im_str){NULL, 0});
}

/* An expectation is a failure only where the scenario is. */
static enum kind kind_of(const struct im_json *value, bool exercised, bool require_all)
{
    struct im_str outcome = im_json_get_str(value, "outcome");

    if (im_str_is(outcome, "met"))
        return PASSED;
    if (require_all)
        return FAILURE;
    return im_str_is(outcome, "not-exercised") || !exercised ? SKIPPED : FAILURE;
}

/* The scenario's outcome in a case of its own, where no expectation's case says it. */
static void add_whole(struct suite *suite, const struct im_run_result *result,
                      enum kind kind)
{
    add_case(suite, IM_STR("the scenario is exercised"), kind,
             kind == FAILURE && im_run_report_note(result).len
                 ? im_run_report_note(result)
                 : im_run_report_idle(result),
             (struct im_str){NULL, 0});
}

static void add_expectations(struct suite *suite, const struct im_run_result *result,
                             const struct im_run_rules *rules)
{
    struct im_str outcome = im_json_get_str(result->verdict, "outcome");
    bool exercised = !im_str_is(outcome, "not-exercised");
    enum kind whole = kind_of(result->verdict, exercised, rules->require_all);
    const struct im_json *list = im_json_get(result->verdict, "expect");
    bool said = false;

    for (list = list ? list->first : NULL; list; list = list->next) {
        enum kind kind = kind_of(list, exercised, rules->require_all);
        struct im_buf lines;
        im_buf_init(&lines, suite->body.arena, 0);
        im_run_report_exchanges(&lines, result->verdict, list, "");
        add_case(suite, im_json_get_str(list, "that"), kind, im_json_get_str(list, "why"),
                 im_buf_str(&lines));
        said = said || kind == whole;
    }
    if (!said)
        add_whole(suite, result, whole);
}

/* ---- suites ---- */

static void add_suite(struct im_buf *xml, const struct suite *suite, int64_t took_ms)
{
    im_buf_addz(xml, "  <testsuite");
    add_attribute(xml, "name", suite->name);
    im_buf_addf(xml,
                " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" "
                "time=\"%lld.%03d\">\n",
                suite->tests, suite->failures, suite->skipped,
                (long long)(took_ms / 1000), (int)(took_ms % 1000));
    im_buf_add(xml, im_buf_str(&suite->body));
    im_buf_addz(xml, "  </testsuite>\n");
}

void im_run_junit_begin(struct im_buf *xml)
{
    im_buf_addz(xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                     "<testsuites name=\"intacct-mock run\">\n");
}

void im_run_junit_add(struct im_buf *xml, const struct im_run_result *result,
                      const struct im_run_rules *rules)
{
    struct im_arena arena;
    struct suite suite = {.name = result->scenario};

    im_arena_init(&arena, 0);
    im_buf_init(&suite.body, &arena, 0);
    add_ran(&suite, result, rules);
    if (result->verdict)
        add_expectations(&suite, result, rules);
    else if (result->end != IM_RUN_NOT_STARTED)
        add_case(&suite, IM_STR("the scenario is exercised"), FAILURE, result->trouble,
                 (struct im_str){NULL, 0});
    if (result->output.len && im_run_judge(result, rules) == IM_RUN_FAILED) {
        im_buf_addz(&suite.body, "    <system-out>");
        add_text(&suite.body, result->output, false);
        im_buf_addz(&suite.body, "</system-out>\n");
    }
    add_suite(xml, &suite, result->took_ms);
    xml->failed = xml->failed || suite.body.failed;
    im_arena_release(&arena);
}

void im_run_junit_end(struct im_buf *xml)
{
    im_buf_addz(xml, "</testsuites>\n");
}
