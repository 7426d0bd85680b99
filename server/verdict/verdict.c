/* A verdict written down: as JSON for programs, as text for people, as JUnit for
 * whatever shows test results. The sentences are verdict_say.c's. */
#include "verdict/verdict.h"

#include <stdlib.h>

#include "scenario/needs.h"
#include "verdict/junit.h"
#include "verdict/verdict_say.h"

/* ---- outcomes (rule 1) ---- */

static bool all_fired(const struct im_verdict *verdict)
{
    for (size_t i = 0; i < verdict->scenario->rule_count; i++)
        if (!im_verdict_has_fired(verdict, i))
            return false;
    return true;
}

enum im_outcome_of im_verdict_outcome_at(const struct im_verdict *verdict, size_t index)
{
    const struct im_judgement *judgement = &verdict->judgements[index];
    /* what was done wrong is wrong in any case; what was merely not seen is no fault of a client that
     * the scenario did not happen to (rule 1) */
    bool wrong = judgement->outcome == IM_NOT_MET && !judgement->is_fact;

    if (!im_verdict_came_about(verdict))
        return wrong ? IM_NOT_MET : IM_NOT_EXERCISED;
    if (judgement->is_fact && !all_fired(verdict))
        return IM_NOT_EXERCISED;
    /* what comes after a refusal is not to be had of a client that ends there (rule 2) */
    if (judgement->outcome == IM_NOT_EXERCISED && verdict->options->fail_fast &&
        verdict->scenario->expect.items[index].after.text.len && all_fired(verdict))
        return IM_INFORMATION;
    return judgement->outcome;
}

enum im_outcome_of im_verdict_outcome(const struct im_verdict *verdict)
{
    bool came_about = im_verdict_came_about(verdict);
    bool whole = all_fired(verdict), judged = false;

    if (came_about && verdict->exhausted)
        return IM_NOT_MET;
    /* passed wants something that was judged to be met, not only nothing that was unmet (rule 1) */
    for (size_t i = 0; i < verdict->scenario->expect.count; i++) {
        enum im_outcome_of outcome = im_verdict_outcome_at(verdict, i);
        if (outcome == IM_NOT_MET)
            return IM_NOT_MET;
        whole &= (outcome != IM_NOT_EXERCISED ||
                  verdict->scenario->expect.items[i].optional) &&
                 outcome != IM_PENDING && !im_verdict_is_doubted(verdict, i);
        judged |= outcome == IM_MET;
    }
    if (!came_about)
        return IM_NOT_EXERCISED;
    return whole && judged ? IM_MET : IM_PARTLY;
}

/* ---- JSON ---- */

static void write_rules(const struct im_verdict *verdict, struct im_json_out *out)
{
    im_json_open_array(out, "rules");
    for (size_t i = 0; i < verdict->scenario->rule_count; i++) {
        im_json_open_object(out, NULL);
        im_json_int(out, "rule", (int64_t)i + 1);
        im_json_int(out, "fits", (int64_t)verdict->rules[i].fits);
        im_json_int(out, "fired", (int64_t)verdict->rules[i].fired);
        im_json_int(out, "needs", im_needs_of(verdict->scenario, i));
        im_json_close_object(out);
    }
    im_json_close_array(out);
}

static void write_expectation(const struct im_verdict *verdict, size_t index,
                              struct im_json_out *out)
{
    im_json_open_object(out, NULL);
    im_json_str(out, "that", verdict->scenario->expect.items[index].that);
    im_json_strz(out, "outcome",
                 im_outcome_of_name(im_verdict_outcome_at(verdict, index)));
    im_json_str(out, "why", im_verdict_why(verdict, index, out->buf));
    im_json_open_array(out, "exchanges");
    for (size_t i = 0; i < im_verdict_shown_at(verdict, index); i++)
        im_json_int(out, NULL, (int64_t)verdict->judgements[index].shown[i]->id);
    im_json_close_array(out);
    im_json_close_object(out);
}

static int by_id(const void *a, const void *b)
{
    uint64_t left = (*(const struct im_exchange *const *)a)->id;
    uint64_t right = (*(const struct im_exchange *const *)b)->id;

    return (left > right) - (left < right);
}

/* Every exchange that any expectation shows, oldest first; each once, since several may show it. */
static const struct im_exchange **all_shown(const struct im_verdict *verdict,
                                            struct im_arena *arena, size_t *count)
{
    const struct im_exchange **all;
    size_t n = 0, kept = 0;

    for (size_t i = 0; i < verdict->scenario->expect.count; i++)
        n += im_verdict_shown_at(verdict, i);
    all = IM_ARENA_ARRAY(arena, const struct im_exchange *, n);
    *count = 0;
    if (!all)
        return NULL;
    n = 0;
    for (size_t i = 0; i < verdict->scenario->expect.count; i++)
        for (size_t k = 0; k < im_verdict_shown_at(verdict, i); k++)
            all[n++] = verdict->judgements[i].shown[k];
    qsort(all, n, sizeof(*all), by_id);
    for (size_t i = 0; i < n; i++)
        if (!kept || all[kept - 1]->id != all[i]->id)
            all[kept++] = all[i];
    *count = kept;
    return all;
}

static void write_shown(const struct im_verdict *verdict, struct im_json_out *out)
{
    size_t count;
    const struct im_exchange **all = all_shown(verdict, out->buf->arena, &count);

    im_json_open_array(out, "exchanges_shown");
    for (size_t i = 0; i < count; i++) {
        im_json_open_object(out, NULL);
        im_json_int(out, "id", (int64_t)all[i]->id);
        if (im_exchange_status(all[i]))
            im_json_int(out, "status", im_exchange_status(all[i]));
        im_json_str(out, "line", im_verdict_line(all[i], out->buf));
        im_json_close_object(out);
    }
    im_json_close_array(out);
    out->buf->failed |= !all;
}

/* The cause that says what to do about a failure (rule 8): the one that the scenario is named after, unless what
 * failed shows others alone, as where a client that loses refresh tokens meets a scenario about two at once. */
static enum im_cause cause_of(const struct im_verdict *verdict)
{
    enum im_cause named = verdict->scenario->cause, first = CAUSE_NONE;

    for (size_t i = 0; i < verdict->scenario->expect.count; i++) {
        const struct im_judgement *judgement = &verdict->judgements[i];
        if (im_verdict_outcome_at(verdict, i) != IM_NOT_MET)
            continue;
        for (size_t k = 0; k < judgement->shown_count; k++) {
            const struct im_exchange *shown = judgement->shown[k];
            if (named && im_history_has_cause(shown, named))
                return named;
            first = first ? first : shown->cause;
        }
    }
    return first ? first : named;
}

static void write_cause(const struct im_verdict *verdict, struct im_json_out *out)
{
    enum im_cause cause = cause_of(verdict);
    const struct im_cause_row *row = im_cause_row(cause);

    if (cause == CAUSE_NONE)
        return;
    im_json_open_object(out, "cause");
    im_json_strz(out, "id", row->id);
    im_json_strz(out, "why", row->why);
    im_json_strz(out, "fix", row->fix);
    im_json_close_object(out);
}

static void write_missing(const struct im_verdict *verdict, struct im_json_out *out)
{
    struct im_str missing = im_verdict_missing(verdict, out->buf);
    struct im_str needs = im_needs_text(verdict->scenario, out->buf->arena);
    struct im_str doubts = im_verdict_doubts(verdict, out->buf);

    if (needs.len)
        im_json_str(out, "needs", needs);
    if (missing.len)
        im_json_str(out, "missing", missing);
    if (doubts.len)
        im_json_str(out, "doubt", doubts);
}

static void write_baseline(const struct im_verdict *verdict, struct im_json_out *out)
{
    const struct im_history *baseline = verdict->options->baseline;

    im_json_strz(out, "client", verdict->options->fail_fast ? "fail-fast" : "resilient");
    if (!baseline)
        return;
    im_json_open_object(out, "baseline");
    im_json_int(out, "exchanges", (int64_t)baseline->count);
    im_json_int(out, "sign_ons", baseline->sign_ons);
    im_json_int(out, "refreshes", baseline->refreshes);
    im_json_int(out, "in_parallel", baseline->parallel);
    im_json_close_object(out);
}

void im_verdict_write_json(const struct im_verdict *verdict, struct im_json_out *out)
{
    struct im_str note = im_verdict_note(verdict, out->buf);

    im_json_open_object(out, NULL);
    im_json_str(out, "scenario", verdict->scenario->name);
    im_json_str(out, "sandbox", verdict->sandbox);
    im_json_strz(out, "outcome", im_outcome_of_name(im_verdict_outcome(verdict)));
    im_json_int(out, "exchanges", (int64_t)verdict->exchanges);
    im_json_int(out, "dropped", (int64_t)verdict->dropped);
    im_json_bool(out, "exhausted", verdict->exhausted);
    write_rules(verdict, out);
    im_json_open_array(out, "expect");
    for (size_t i = 0; i < verdict->scenario->expect.count; i++)
        write_expectation(verdict, i, out);
    im_json_close_array(out);
    write_shown(verdict, out);
    if (note.len)
        im_json_str(out, "note", note);
    write_cause(verdict, out);
    write_missing(verdict, out);
    write_baseline(verdict, out);
    im_json_close_object(out);
}

/* ---- text ---- */

static const char *outcome_mark(enum im_outcome_of outcome)
{
    switch (outcome) {
    case IM_MET: return "met          ";
    case IM_NOT_MET: return "NOT MET      ";
    case IM_PENDING: return "pending      ";
    case IM_INFORMATION: return "information  ";
    case IM_CANNOT_TELL: return "cannot tell  ";
    case IM_PARTLY:
    case IM_NOT_EXERCISED: break;
    }
    return "not exercised";
}

/* Lines come from clients: on a terminal control characters must be visible, not obeyed. */
static void text_lines(const struct im_judgement *judgement, struct im_buf *out)
{
    for (size_t i = 0; i < judgement->shown_count && i < IM_VERDICT_LINES; i++) {
        im_buf_addf(out, "                 %llu  ",
                    (unsigned long long)judgement->shown[i]->id);
        im_buf_add_visible(out, im_verdict_line(judgement->shown[i], out));
        im_buf_addc(out, '\n');
    }
    if (judgement->shown_count > IM_VERDICT_LINES)
        im_buf_addf(out, "                 … and %zu more\n",
                    judgement->shown_count - IM_VERDICT_LINES);
}

static void text_expectation(const struct im_verdict *verdict, size_t index,
                             struct im_buf *out)
{
    enum im_outcome_of outcome = im_verdict_outcome_at(verdict, index);

    im_buf_addf(out, "  %s  ", outcome_mark(outcome));
    im_buf_add_visible(out, verdict->scenario->expect.items[index].that);
    im_buf_addz(out, "\n                 ");
    im_buf_add_visible(out, im_verdict_why(verdict, index, out));
    im_buf_addc(out, '\n');
    if (outcome != IM_MET && outcome != IM_NOT_EXERCISED)
        text_lines(&verdict->judgements[index], out);
}

static void text_rules(const struct im_verdict *verdict, struct im_buf *out)
{
    for (size_t i = 0; i < verdict->scenario->rule_count; i++) {
        const struct im_rule_count *rule = &verdict->rules[i];
        im_buf_addf(out, "  rule %zu fitted %llu request%s and fired %llu time%s\n",
                    i + 1, (unsigned long long)rule->fits, rule->fits == 1 ? "" : "s",
                    (unsigned long long)rule->fired, rule->fired == 1 ? "" : "s");
    }
}

void im_verdict_write_text(const struct im_verdict *verdict, struct im_buf *out)
{
    struct im_str note = im_verdict_note(verdict, out);

    im_buf_addf(out, "%.*s: %s", IM_ARG(verdict->scenario->name),
                im_outcome_of_name(im_verdict_outcome(verdict)));
    im_buf_addf(out, "  (sandbox %.*s, %llu exchange%s)\n", IM_ARG(verdict->sandbox),
                (unsigned long long)verdict->exchanges,
                verdict->exchanges == 1 ? "" : "s");
    for (size_t i = 0; i < verdict->scenario->expect.count; i++)
        text_expectation(verdict, i, out);
    text_rules(verdict, out);
    if (im_verdict_outcome(verdict) == IM_NOT_MET && verdict->scenario->cause)
        im_buf_addf(out, "  %s: %s\n  what to do: %s\n",
                    im_cause_row(verdict->scenario->cause)->id,
                    im_cause_row(verdict->scenario->cause)->why,
                    im_cause_row(verdict->scenario->cause)->fix);
    if (note.len)
        im_buf_addf(out, "  note: %.*s\n", IM_ARG(note));
}

/* ---- JUnit ---- */

static const struct im_str none = {NULL, 0};

static void junit_expectation(const struct im_verdict *verdict, size_t index,
                              struct im_junit *suite)
{
    const struct im_judgement *judgement = &verdict->judgements[index];
    struct im_str that = verdict->scenario->expect.items[index].that;
    struct im_str why = im_verdict_why(verdict, index, &suite->body);
    struct im_buf lines;

    switch (im_verdict_outcome_at(verdict, index)) {
    case IM_MET: im_junit_case(suite, that, IM_JUNIT_PASSED, none, none); return;
    case IM_NOT_MET: break;
    /* information, pending, cannot tell: no failure of the client, and none of a build */
    default: im_junit_case(suite, that, IM_JUNIT_SKIPPED, why, none); return;
    }
    im_buf_init(&lines, suite->body.arena, 0);
    for (size_t i = 0; i < judgement->shown_count && i < IM_VERDICT_LINES; i++) {
        im_buf_addf(&lines, "%llu  ", (unsigned long long)judgement->shown[i]->id);
        im_exchange_line(judgement->shown[i], &lines);
        im_buf_addc(&lines, '\n');
    }
    if (judgement->shown_count > IM_VERDICT_LINES)
        im_buf_addf(&lines, "… and %zu more\n",
                    judgement->shown_count - IM_VERDICT_LINES);
    suite->body.failed |= lines.failed;
    im_junit_case(suite, that, IM_JUNIT_FAILURE, why, im_buf_str(&lines));
}

void im_verdict_write_junit(const struct im_verdict *verdict, struct im_buf *out)
{
    struct im_junit suite;
    struct im_buf said;

    im_junit_begin(&suite, out->arena, verdict->scenario->name, "");
    im_junit_property(&suite, "sandbox", verdict->sandbox);
    for (size_t i = 0; i < verdict->scenario->expect.count; i++)
        junit_expectation(verdict, i, &suite);
    /* a case of its own: otherwise a suite of which only a part was exercised would look passed */
    if (im_verdict_outcome(verdict) == IM_PARTLY || !verdict->scenario->expect.count)
        im_junit_case(&suite, IM_STR("the scenario is exercised"), IM_JUNIT_SKIPPED,
                      im_verdict_note(verdict, out), none);
    /* no expectation says so, and without a case that fails the suite would look passed */
    im_buf_init(&said, out->arena, 0);
    if (im_verdict_came_about(verdict) && verdict->exhausted) {
        im_verdict_say_exhausted(&said);
        im_junit_case(&suite, IM_STR("the scenario has a rule for every request"),
                      IM_JUNIT_FAILURE, im_buf_str(&said), none);
    }
    im_buf_init(&said, out->arena, 0);
    if (verdict->dropped) {
        im_verdict_say_dropped(verdict, &said);
        im_junit_output(&suite, im_buf_str(&said));
    }
    im_buf_addz(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    im_junit_end(&suite, -1, out);
}
