/* A verdict as JSON and as text for a terminal; verdict_junit.c has the third form. */
#include "verdict/verdict.h"

#include <stdlib.h>

#include "verdict/verdict_say.h"

/* ---- outcomes ---- */

enum im_outcome_of im_verdict_outcome_at(const struct im_verdict *verdict, size_t index)
{
    return verdict->triggered ? verdict->judgements[index].outcome : IM_NOT_EXERCISED;
}

enum im_outcome_of im_verdict_outcome(const struct im_verdict *verdict)
{
    enum im_outcome_of worst = verdict->triggered ? IM_MET : IM_NOT_EXERCISED;

    if (verdict->triggered && verdict->exhausted)
        return IM_NOT_MET;
    for (size_t i = 0; i < verdict->expectations->count; i++) {
        enum im_outcome_of outcome = im_verdict_outcome_at(verdict, i);
        if (outcome == IM_NOT_MET)
            return IM_NOT_MET;
        if (outcome == IM_NOT_EXERCISED)
            worst = IM_NOT_EXERCISED;
    }
    return worst;
}

/* ---- JSON ---- */

static void write_rules(const struct im_verdict *verdict, struct im_json_out *out)
{
    im_json_open_array(out, "rules");
    for (size_t i = 0; i < verdict->rule_count; i++) {
        im_json_open_object(out, NULL);
        im_json_int(out, "rule", (int64_t)i + 1);
        im_json_int(out, "fits", (int64_t)verdict->fits[i]);
        im_json_int(out, "fired", (int64_t)verdict->fired[i]);
        im_json_close_object(out);
    }
    im_json_close_array(out);
}

static void write_expectation(const struct im_verdict *verdict, size_t index,
                              struct im_json_out *out)
{
    im_json_open_object(out, NULL);
    im_json_str(out, "that", verdict->expectations->items[index].that);
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

/* Every exchange that any expectation shows, once, oldest first. */
static const struct im_exchange **all_shown(const struct im_verdict *verdict,
                                            struct im_arena *arena, size_t *count)
{
    const struct im_exchange **all;
    size_t n = 0, kept = 0;

    for (size_t i = 0; i < verdict->expectations->count; i++)
        n += im_verdict_shown_at(verdict, i);
    all = IM_ARENA_ARRAY(arena, const struct im_exchange *, n);
    *count = 0;
    if (!all)
        return NULL;
    n = 0;
    for (size_t i = 0; i < verdict->expectations->count; i++)
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
        im_json_str(out, "line", im_verdict_line(all[i], out->buf));
        im_json_close_object(out);
    }
    im_json_close_array(out);
    out->buf->failed |= !all;
}

void im_verdict_write_json(const struct im_verdict *verdict, struct im_json_out *out)
{
    struct im_str note = im_verdict_note(verdict, out->buf);

    im_json_open_object(out, NULL);
    im_json_str(out, "scenario", verdict->scenario);
    im_json_str(out, "sandbox", verdict->sandbox);
    im_json_strz(out, "outcome", im_outcome_of_name(im_verdict_outcome(verdict)));
    if (note.len)
        im_json_str(out, "note", note);
    im_json_int(out, "exchanges", (int64_t)verdict->exchanges);
    im_json_int(out, "dropped", (int64_t)verdict->dropped);
    im_json_bool(out, "exhausted", verdict->exhausted);
    write_rules(verdict, out);
    im_json_open_array(out, "expect");
    for (size_t i = 0; i < verdict->expectations->count; i++)
        write_expectation(verdict, i, out);
    im_json_close_array(out);
    write_shown(verdict, out);
    im_json_close_object(out);
}

/* ---- text ---- */

/* A character that shows, or begins one: no controls (C0, DEL, C1), no broken UTF-8. */
static bool is_visible(struct im_str here, size_t step)
{
    unsigned char c = (unsigned char)here.at[0];

    if (step == 2 && c == 0xc2)
        return (unsigned char)here.at[1] >= 0xa0;
    return step > 1 || (step == 1 && c >= ' ' && c != 0x7f);
}

/* What a client sent may hold what moves a terminal's cursor. */
static void add_visible(struct im_buf *out, struct im_str text)
{
    size_t step;

    for (size_t i = 0; i < text.len; i += step ? step : 1) {
        struct im_str here = im_str_slice(text, i, text.len);
        step = im_utf8_step(here.at, here.len);
        if (is_visible(here, step))
            im_buf_add(out, im_str_slice(here, 0, step));
        else
            im_buf_addc(out, '?');
    }
}

static const char *mark(enum im_outcome_of outcome)
{
    switch (outcome) {
    case IM_MET: return "met          ";
    case IM_NOT_MET: return "NOT MET      ";
    case IM_NOT_EXERCISED: break;
    }
    return "not exercised";
}

static void text_lines(const struct im_judgement *judgement, struct im_buf *out)
{
    for (size_t i = 0; i < judgement->shown_count && i < IM_VERDICT_LINES; i++) {
        im_buf_addf(out, "                 %llu  ",
                    (unsigned long long)judgement->shown[i]->id);
        add_visible(out, im_verdict_line(judgement->shown[i], out));
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

    im_buf_addf(out, "  %s  ", mark(outcome));
    add_visible(out, verdict->expectations->items[index].that);
    im_buf_addz(out, "\n                 ");
    add_visible(out, im_verdict_why(verdict, index, out));
    im_buf_addc(out, '\n');
    if (outcome == IM_NOT_MET)
        text_lines(&verdict->judgements[index], out);
}

static void text_rules(const struct im_verdict *verdict, struct im_buf *out)
{
    for (size_t i = 0; i < verdict->rule_count; i++)
        im_buf_addf(
            out, "  rule %zu fitted %llu request%s and fired %llu time%s\n", i + 1,
            (unsigned long long)verdict->fits[i], verdict->fits[i] == 1 ? "" : "s",
            (unsigned long long)verdict->fired[i], verdict->fired[i] == 1 ? "" : "s");
}

void im_verdict_write_text(const struct im_verdict *verdict, struct im_buf *out)
{
    struct im_str note = im_verdict_note(verdict, out);

    im_buf_addf(out, "%.*s: %s", IM_ARG(verdict->scenario),
                im_outcome_of_name(im_verdict_outcome(verdict)));
    im_buf_addf(out, "  (sandbox %.*s, %llu exchange%s)\n", IM_ARG(verdict->sandbox),
                (unsigned long long)verdict->exchanges,
                verdict->exchanges == 1 ? "" : "s");
    for (size_t i = 0; i < verdict->expectations->count; i++)
        text_expectation(verdict, i, out);
    text_rules(verdict, out);
    if (note.len)
        im_buf_addf(out, "  note: %.*s\n", IM_ARG(note));
}
