/* What `run` says: the lines of the scorecard, and the same as JUnit. */
#include "commands/run_report.h"

#include <string.h>

#include "base/clock.h"
#include "verdict/junit.h"
#include "verdict/verdict.h"

enum { LINES = 12 }; /* of the exchanges of one expectation; who loops sends thousands */

/* ---- judging ---- */

static bool was_stopped(const struct im_run_result *result)
{
    return result->end != IM_RUN_EXITED;
}

static bool is_outcome(const struct im_json *value, const char *outcome)
{
    return im_str_is(im_json_get_str(value, "outcome"), outcome);
}

enum im_run_outcome im_run_judge(const struct im_run_result *result,
                                 const struct im_run_rules *rules)
{
    if (was_stopped(result) || !result->verdict ||
        (rules->exit_zero && result->code != 0))
        return IM_RUN_FAILED;
    if (is_outcome(result->verdict, "met"))
        return IM_RUN_PASSED;
    if (rules->require_all || is_outcome(result->verdict, "not-met"))
        return IM_RUN_FAILED;
    return is_outcome(result->verdict, "partly") ? IM_RUN_PARTLY : IM_RUN_SKIPPED;
}

static int64_t exchanges(const struct im_run_result *result)
{
    const struct im_json *count = im_json_get(result->verdict, "exchanges");

    return count && count->is_whole ? count->whole : 0;
}

/* Did all come about, and only some of it cannot be told? */
static bool is_doubted_alone(const struct im_run_result *result)
{
    return im_json_get_str(result->verdict, "doubt").len &&
           !im_json_get_str(result->verdict, "missing").len;
}

/* Did it end with an error before it came to what is missing? Doing more is no advice then. */
static bool ended_early(const struct im_run_result *result)
{
    return result->end == IM_RUN_EXITED && result->code != 0 &&
           im_json_get_str(result->verdict, "missing").len;
}

/* Is all that it lacks that it ended, with an error, when it was refused? */
static bool gave_up(const struct im_run_result *result, const struct im_run_rules *rules)
{
    return result->end == IM_RUN_EXITED && result->code != 0 && !rules->exit_zero &&
           im_json_get(result->verdict, "recovery_alone");
}

/* ---- coverage (rule 9 of scenarios/README.md) ---- */

enum { NAMES_SHOWN = 3 };

static void tally_group(struct im_run_tally *tally, struct im_str way,
                        struct im_str scenario)
{
    struct im_run_group **group = &tally->groups;

    while (*group && !im_str_eq((*group)->way, way))
        group = &(*group)->next;
    if (!*group) {
        *group = IM_ARENA_NEW(tally->arena, struct im_run_group);
        if (!*group)
            return;
        (*group)->way = im_arena_copy(tally->arena, way);
    }
    if ((*group)->count++ < NAMES_SHOWN)
        (*group)->names =
            im_arena_format(tally->arena, "%.*s%s%.*s", IM_ARG((*group)->names),
                            (*group)->names.len ? ", " : "", IM_ARG(scenario));
}

/* What it takes that the cause is met. */
static struct im_str way_to_meet(struct im_run_tally *tally,
                                 const struct im_run_result *result)
{
    struct im_str needs = im_json_get_str(result->verdict, "needs");

    if (is_outcome(result->verdict, "not-met") || !result->verdict)
        return IM_STR("once what failed is mended");
    if (is_doubted_alone(result))
        return IM_STR("once it can be told");
    return im_arena_format(tally->arena, "with %.*s",
                           IM_ARG(needs.len ? needs : IM_STR("more than CMD did")));
}

static void tally_cause(struct im_run_tally *tally, const struct im_run_result *result,
                        enum im_run_outcome outcome)
{
    if (!result->cause.len)
        return;
    tally->causes++;
    tally->causes_met += outcome == IM_RUN_PASSED;
    if (outcome != IM_RUN_PASSED)
        tally_group(tally, way_to_meet(tally, result), result->scenario);
}

bool im_run_covers(const struct im_run_tally *tally, const struct im_run_rules *rules)
{
    return tally->causes_met * 100 >= tally->causes * (size_t)rules->min_percent;
}

static void add_coverage(struct im_buf *text, const struct im_run_tally *tally,
                         const struct im_run_rules *rules)
{
    if (!tally->causes)
        return;
    im_buf_addf(text, "%zu of %zu causes met%s\n", tally->causes_met, tally->causes,
                im_run_covers(tally, rules) ? "" : ", fewer than --min-coverage wants");
    for (const struct im_run_group *group = tally->groups; group; group = group->next) {
        im_buf_addf(text, "  %zu more %.*s: %.*s%s\n", group->count, IM_ARG(group->way),
                    IM_ARG(group->names), group->count > NAMES_SHOWN ? ", …" : "");
    }
}

void im_run_tally_add(struct im_run_tally *tally, const struct im_run_result *result,
                      const struct im_run_rules *rules)
{
    enum im_run_outcome outcome = im_run_judge(result, rules);

    tally_cause(tally, result, outcome);

    tally->passed += outcome == IM_RUN_PASSED;
    tally->failed += outcome == IM_RUN_FAILED;
    tally->partly += outcome == IM_RUN_PARTLY;
    tally->skipped += outcome == IM_RUN_SKIPPED;
    tally->intercepted |= result->unreached.len > 0;
    tally->ended_early |=
        (outcome == IM_RUN_SKIPPED || outcome == IM_RUN_PARTLY) && ended_early(result);
    tally->gave_up += outcome == IM_RUN_FAILED && gave_up(result, rules);
    tally->silent += outcome == IM_RUN_SKIPPED && exchanges(result) == 0;
}

/* ---- one scenario ---- */

static void add_label(struct im_buf *text, enum im_run_outcome outcome, bool colour)
{
    static const char *const words[] = {"passed ", "FAILED ", "partly ", "skipped"};
    static const char *const colours[] = {"\033[32m", "\033[31m", "\033[33m", "\033[33m"};

    im_buf_addf(text, "%s%s%s", colour ? colours[outcome] : "", words[outcome],
                colour ? "\033[0m" : "");
}

/* Behind "CMD ". */
static void add_how_it_ended(struct im_buf *text, const struct im_run_result *result,
                             const struct im_run_rules *rules)
{
    switch (result->end) {
    case IM_RUN_NOT_STARTED: im_buf_addz(text, "could not be started"); return;
    case IM_RUN_EXITED: im_buf_addf(text, "exited with status %d", result->code); return;
    case IM_RUN_SIGNALLED:
        im_buf_addf(text, "was ended by signal %d (%s)", result->code,
                    strsignal(result->code));
        return;
    case IM_RUN_TIMED_OUT:
        im_buf_addf(text, "did not end within %.*s (--timeout)",
                    IM_ARG(im_duration_text(text->arena, rules->timeout_ms)));
        return;
    case IM_RUN_INTERRUPTED: im_buf_addz(text, "was interrupted"); return;
    }
}

static const struct im_json *exchange_of(const struct im_json *verdict, int64_t id)
{
    const struct im_json *shown = im_json_get(verdict, "exchanges_shown");

    for (shown = shown ? shown->first : NULL; shown; shown = shown->next) {
        const struct im_json *own = im_json_get(shown, "id");
        if (own && own->is_whole && own->whole == id)
            return shown;
    }
    return NULL;
}

/* The exchanges that show an expectation, a line each, behind `indent`. */
static void add_exchanges(struct im_buf *text, const struct im_json *verdict,
                          const struct im_json *expectation, const char *indent)
{
    const struct im_json *ids = im_json_get(expectation, "exchanges");
    size_t n = 0;

    for (const struct im_json *id = ids ? ids->first : NULL; id; id = id->next) {
        /* looked for as long as one is to be written, since each time costs the length of the list */
        const struct im_json *shown = n < LINES ? exchange_of(verdict, id->whole) : NULL;
        if (n >= LINES || shown)
            n++;
        if (!shown)
            continue;
        im_buf_addf(text, "%s#%lld ", indent, (long long)id->whole);
        im_buf_add_visible(text, im_json_get_str(shown, "line"));
        im_buf_addc(text, '\n');
    }
    if (n > LINES)
        im_buf_addf(text, "%sand %zu more\n", indent, n - LINES);
}

static void add_unmet(struct im_buf *text, const struct im_json *verdict)
{
    const struct im_json *list = im_json_get(verdict, "expect");

    for (list = list ? list->first : NULL; list; list = list->next)
        if (is_outcome(list, "not-met")) {
            im_buf_addf(text, "  not met: %.*s\n    %.*s\n",
                        IM_ARG(im_json_get_str(list, "that")),
                        IM_ARG(im_json_get_str(list, "why")));
            add_exchanges(text, verdict, list, "      ");
        }
}

/* What the verdict says beside its expectations, or empty. */
static struct im_str note_of(const struct im_run_result *result)
{
    return im_json_get_str(result->verdict, "note");
}

/* Why it was not exercised, or only partly. */
static struct im_str reason_of_skip(const struct im_run_result *result)
{
    const struct im_json *list = im_json_get(result->verdict, "expect");

    if (exchanges(result) == 0)
        return result->unreached.len ? result->unreached
                                     : IM_STR("CMD sent nothing to the mock");
    if (im_json_get_str(result->verdict, "doubt").len) /* the note says both */
        return note_of(result);
    if (im_json_get_str(result->verdict, "missing").len)
        return im_json_get_str(result->verdict, "missing");
    if (note_of(result).len)
        return note_of(result);
    for (list = list ? list->first : NULL; list; list = list->next)
        if (!is_outcome(list, "met") && !is_outcome(list, "information") &&
            im_json_get_str(list, "why").len)
            return im_json_get_str(list, "why");
    return IM_STR("none of its rules came to bear");
}

static void add_output(struct im_buf *text, struct im_str output)
{
    while (output.len) {
        struct im_str line = im_str_cut(&output, '\n');
        im_buf_addf(text, "    | %.*s\n", IM_ARG(line));
    }
}

/* What it means, and what the maker of CMD does about it (rule 8). */
static void add_advice_of(struct im_buf *text, const struct im_json *advice)
{
    const struct im_json *rule = im_json_get(advice, "played_by");

    if (!advice)
        return;
    im_buf_addf(text, "  %.*s", IM_ARG(im_json_get_str(advice, "id")));
    if (rule && rule->is_whole)
        im_buf_addf(text, IM_VERDICT_PLAYED, (unsigned)rule->whole, "CMD");
    im_buf_addf(text, ": %.*s\n  what to do: %.*s\n",
                IM_ARG(im_json_get_str(advice, "why")),
                IM_ARG(im_json_get_str(advice, "fix")));
}

static void add_what_to_do(struct im_buf *text, const struct im_run_result *result)
{
    const struct im_json *stalled = im_json_get(result->verdict, "stalled");

    if (is_outcome(result->verdict, "not-met")) {
        add_advice_of(text, im_json_get(result->verdict, "cause"));
        add_advice_of(text, im_json_get(result->verdict, "fault"));
    }
    if (result->end == IM_RUN_TIMED_OUT && stalled && stalled->is_whole)
        im_buf_addf(text,
                    "  the last exchange to end is %lld, whose answer never comes to an "
                    "end (fault: stall): a request without a time limit of its own waits "
                    "for it for ever\n",
                    (long long)stalled->whole);
}

static void add_what_failed(struct im_buf *text, const struct im_run_result *result,
                            const struct im_run_rules *rules)
{
    if (result->trouble.len)
        im_buf_addf(text, "  %.*s\n", IM_ARG(result->trouble));
    add_unmet(text, result->verdict);
    if (is_outcome(result->verdict, "not-met") && note_of(result).len)
        im_buf_addf(text, "  %.*s\n", IM_ARG(note_of(result)));
    if (is_outcome(result->verdict, "not-exercised") ||
        is_outcome(result->verdict, "partly"))
        im_buf_addf(text, "  %s%s: %.*s\n",
                    is_doubted_alone(result)                ? "cannot be told"
                    : is_outcome(result->verdict, "partly") ? "partly exercised"
                                                            : "not exercised",
                    rules->require_all ? " (--require-all)" : "",
                    IM_ARG(reason_of_skip(result)));
    add_what_to_do(text, result);
    if (rules->again.len)
        im_buf_addf(text, "  alone: %.*s --scenario %.*s%s -- %.*s\n",
                    IM_ARG(rules->where), IM_ARG(result->scenario),
                    rules->client && strcmp(rules->client, "fail-fast") == 0
                        ? " --client fail-fast"
                        : "",
                    IM_ARG(rules->again));
    if (result->end == IM_RUN_NOT_STARTED)
        return;
    im_buf_addz(text, "  CMD ");
    add_how_it_ended(text, result, rules);
    if (rules->exit_zero && result->end == IM_RUN_EXITED && result->code != 0)
        im_buf_addz(text, ", which --exit-zero does not allow");
    im_buf_addz(text, result->output.len ? "; its output:\n" : "; it printed nothing\n");
}

void im_run_report_add(struct im_buf *text, const struct im_run_result *result,
                       const struct im_run_rules *rules)
{
    enum im_run_outcome outcome = im_run_judge(result, rules);

    add_label(text, outcome, rules->colour);
    im_buf_addf(text, " %.*s", IM_ARG(result->scenario));
    if (outcome != IM_RUN_FAILED && result->code != 0)
        im_buf_addf(text, " (exit status %d)", result->code);
    if (outcome == IM_RUN_SKIPPED || outcome == IM_RUN_PARTLY)
        im_buf_addf(text, ": %.*s", IM_ARG(reason_of_skip(result)));
    if ((outcome == IM_RUN_SKIPPED || outcome == IM_RUN_PARTLY) && ended_early(result) &&
        exchanges(result))
        im_buf_addf(text, "; it ended with status %d before that", result->code);
    im_buf_addc(text, '\n');
    if (outcome == IM_RUN_FAILED)
        add_what_failed(text, result, rules);
    if (outcome == IM_RUN_FAILED || rules->show_output)
        add_output(text, result->output);
}

/* ---- the end ---- */

static void add_advice(struct im_buf *text, const struct im_run_tally *tally)
{
    if (!tally->passed && !tally->failed && !tally->partly &&
        tally->silent == tally->skipped)
        im_buf_addz(text,
                    tally->intercepted
                        ? "CMD never spoke to the mock; certs/README.md has what each "
                          "runtime reads of a proxy and a CA.\n"
                        : "CMD never spoke to the mock; does it use INTACCT_BASE_URL? A "
                          "program that has Sage's\nhost built in is led here by "
                          "--intercept.\n");
    else
        im_buf_addz(text,
                    "Skipped or partly: CMD did not do what the scenario waits for, or "
                    "it cannot be told, as its\nline says. Let it do that, or choose "
                    "those that concern it by --scenario;\n--require-all makes them "
                    "failures.\n");
    if (tally->ended_early)
        im_buf_addz(text,
                    "Where CMD ended with another status than 0, look first at why: "
                    "--show-output.\n");
}

void im_run_report_end(struct im_buf *text, const struct im_run_tally *tally,
                       const struct im_run_rules *rules)
{
    const char *colour = tally->failed || !tally->passed ? "\033[31m" : "\033[32m";

    if (tally->skipped || tally->partly)
        add_advice(text, tally);
    if (tally->gave_up)
        im_buf_addf(
            text,
            "In %zu of the failed nothing is missing but that CMD gets over it; it "
            "ended with an error. Where\nthat is meant to be, and something starts "
            "it anew, say --client fail-fast.\n",
            tally->gave_up);
    add_coverage(text, tally, rules);
    if (rules->left_out)
        im_buf_addf(text, "%zu more are about connections and take --intercept\n",
                    rules->left_out);
    im_buf_addf(text, "%s%zu passed, %zu failed, %zu partly, %zu skipped%s\n",
                rules->colour ? colour : "", tally->passed, tally->failed, tally->partly,
                tally->skipped, rules->colour ? "\033[0m" : "");
}

/* ---- JUnit ---- */

static const struct im_str none = {NULL, 0};

static void add_ran(struct im_junit *suite, const struct im_run_result *result,
                    const struct im_run_rules *rules)
{
    bool fine = result->end == IM_RUN_EXITED && !(rules->exit_zero && result->code);
    struct im_buf how;

    im_buf_init(&how, suite->body.arena, 0);
    im_buf_addz(&how, "CMD ");
    add_how_it_ended(&how, result, rules);
    if (result->end == IM_RUN_NOT_STARTED)
        im_buf_addf(&how, ": %.*s", IM_ARG(result->trouble));
    im_junit_case(suite, IM_STR("CMD ran"), fine ? IM_JUNIT_PASSED : IM_JUNIT_FAILURE,
                  im_buf_str(&how), none);
}

/* An expectation is a failure only where the scenario is. */
static enum im_junit_kind kind_of(const struct im_json *value, bool exercised,
                                  bool require_all)
{
    struct im_str outcome = im_json_get_str(value, "outcome");

    if (im_str_is(outcome, "met"))
        return IM_JUNIT_PASSED;
    if (im_str_is(outcome, "not-met") && exercised)
        return IM_JUNIT_FAILURE;
    bool missing = !exercised || im_str_is(outcome, "not-exercised") ||
                   im_str_is(outcome, "partly") || im_str_is(outcome, "pending");
    return missing && require_all ? IM_JUNIT_FAILURE : IM_JUNIT_SKIPPED;
}

/* The scenario's outcome in a case of its own, where no expectation's case says it. */
static void add_whole(struct im_junit *suite, const struct im_run_result *result,
                      enum im_junit_kind kind)
{
    im_junit_case(suite, IM_STR("the scenario is exercised"), kind,
                  kind == IM_JUNIT_FAILURE && note_of(result).len
                      ? note_of(result)
                      : reason_of_skip(result),
                  none);
}

static void add_expectations(struct im_junit *suite, const struct im_run_result *result,
                             const struct im_run_rules *rules)
{
    struct im_str outcome = im_json_get_str(result->verdict, "outcome");
    bool exercised = !im_str_is(outcome, "not-exercised");
    enum im_junit_kind whole = kind_of(result->verdict, exercised, rules->require_all);
    const struct im_json *list = im_json_get(result->verdict, "expect");
    bool said = false;

    for (list = list ? list->first : NULL; list; list = list->next) {
        enum im_junit_kind kind = kind_of(list, exercised, rules->require_all);
        struct im_buf lines;
        im_buf_init(&lines, suite->body.arena, 0);
        add_exchanges(&lines, result->verdict, list, "");
        im_junit_case(suite, im_json_get_str(list, "that"), kind,
                      im_json_get_str(list, "why"), im_buf_str(&lines));
        said = said || kind == whole;
    }
    if (!said)
        add_whole(suite, result, whole);
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
    struct im_junit suite;

    im_arena_init(&arena, 0);
    im_junit_begin(&suite, &arena, result->scenario, "  ");
    add_ran(&suite, result, rules);
    if (result->verdict)
        add_expectations(&suite, result, rules);
    else if (result->end != IM_RUN_NOT_STARTED)
        im_junit_case(&suite, IM_STR("the scenario is exercised"), IM_JUNIT_FAILURE,
                      result->trouble, none);
    if (result->output.len && im_run_judge(result, rules) == IM_RUN_FAILED)
        im_junit_output(&suite, result->output);
    im_junit_end(&suite, result->took_ms, xml);
    im_arena_release(&arena);
}

void im_run_junit_end(struct im_buf *xml)
{
    im_buf_addz(xml, "</testsuites>\n");
}
