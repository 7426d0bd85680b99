/* The table of causes as CAUSES.md and for a terminal; see cause_catalogue.h. Bodies are written by
 * refusal.c with sample ids, so they cannot differ from what is sent. */
#include "causes/cause_catalogue.h"

#include "base/json.h"
#include "causes/refusal.h"

/* ---- what both forms need ---- */

static void add_body(struct im_buf *buf, const struct im_wording *wording)
{
    struct im_json_out out;

    im_json_out_init(&out, buf);
    im_wording_write_sample(wording, &out, NULL);
}

/* ---- Markdown ---- */

static const char intro[] =
    "# Why an integration is turned away\n"
    "\n"
    "<!-- Written by `make docs` from server/causes/causes.def: change it there. -->\n"
    "\n"
    "Every refusal of this server has one of the causes below. Its id stands in the\n"
    "header `X-Intacct-Mock-Cause` and in the journal, with the evidence: which token,\n"
    "expired when, now when. Scenarios ask for a cause by the same id. Bodies never\n"
    "hold it: they are what an integration would get from the real service.\n"
    "\n"
    "A *natural* cause comes about by itself once the world is so: let a token expire,\n"
    "and it is refused as expired. Others come only when a scenario says so. A\n"
    "*warning* goes along with an answer and refuses nothing, unless a scenario\n"
    "refuses with it.\n"
    "\n"
    "**Over the wire** says what is sent, per place. The token endpoint (with its\n"
    "neighbours) and the API speak the dialect of Sage Intacct's REST API. *Article*\n"
    "is the dialect of the write-up on this 401 that this mock began with; it is close\n"
    "to Sage Accounting's and the same everywhere under its own addresses. A place\n"
    "that a cause does not word uses the wording of another. Where sources disagree, a\n"
    "switch of policy chooses; it is named behind *with*. Ids of support and requests,\n"
    "objects and fields are examples.\n"
    "\n"
    "**How sure** it is:\n"
    "\n"
    "| mark | meaning |\n"
    "|---|---|\n"
    "| documented | Sage's own documentation says so |\n"
    "| observed | seen in recorded traffic, or reported by developers who met it |\n"
    "| guessed | Sage has not said it: from an RFC, a neighbouring product, or this mock "
    "|\n"
    "\n"
    "The mark is that of the cause's core; the source says which part of it is less\n"
    "sure, down to a status that nobody has recorded.\n";

static char family_letter(enum im_family family)
{
    return "ABCDEFGH"[family];
}

static const char *cause_kind(const struct im_cause_row *row)
{
    return row->note ? "warning" : row->natural ? "natural" : "by scenario";
}

static void add_cell(struct im_buf *buf, const struct im_wording *wording)
{
    if (wording->envelope == IM_ENVELOPE_NONE)
        im_buf_addz(buf, " |");
    else
        im_buf_addf(buf, " %d `%s` |", wording->status, im_wording_code(wording));
}

static void add_table_row(struct im_buf *buf, const struct im_cause_row *row)
{
    im_buf_addf(buf, "| [%s](#%s) | %s |", row->id, row->id, cause_kind(row));
    add_cell(buf, &row->token);
    add_cell(buf, &row->api);
    add_cell(buf, &row->article);
    im_buf_addc(buf, '\n');
}

static void add_markdown_answer(struct im_buf *buf, const struct im_cause_answer *answer)
{
    im_buf_addf(buf, "- %s", answer->where);
    if (answer->when) {
        im_buf_addz(buf, ", with `");
        im_cause_answer_add_when(answer, buf);
        im_buf_addc(buf, '`');
    }
    im_buf_addf(buf, ": %d `", answer->wording->status);
    add_body(buf, answer->wording);
    im_buf_addz(buf, "`\n");
}

static void add_section(struct im_buf *buf, const struct im_cause_row *row)
{
    struct im_cause_answer answers[IM_CAUSE_ANSWERS_MAX];
    size_t n = im_cause_answers(row, answers);

    im_buf_addf(buf, "\n### %s\n\n%s\n\n**What to do:** %s\n\n**Over the wire:**\n\n",
                row->id, row->why, row->fix);
    for (size_t i = 0; i < n; i++)
        add_markdown_answer(buf, &answers[i]);
    if (row->redirect)
        im_buf_addf(
            buf,
            "- authorize, once the redirect URI is known to be sound: 302 to it with "
            "`error=%s`\n",
            row->redirect);
    im_buf_addf(buf, "\n**How sure:** %s. **Source:** %s.\n",
                im_confidence_name(row->confidence), row->source);
}

static void add_each(struct im_buf *buf, enum im_family family,
                     void (*add)(struct im_buf *, const struct im_cause_row *))
{
    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++) {
        const struct im_cause_row *row = im_cause_row((enum im_cause)i);
        if (row->family == family)
            add(buf, row);
    }
}

static void add_title(struct im_buf *buf, enum im_family family)
{
    const char *name = im_family_name(family);
    char first = name[0] >= 'a' && name[0] <= 'z' ? (char)(name[0] - 'a' + 'A') : name[0];

    im_buf_addf(buf, "%c. %c%s", family_letter(family), first, name + 1);
}

void im_cause_markdown(struct im_buf *buf)
{
    im_buf_addz(buf, intro);
    for (int i = IM_FAMILY_EXPIRED; i < IM_FAMILIES; i++) {
        enum im_family family = (enum im_family)i;
        im_buf_addz(buf, "\n## ");
        add_title(buf, family);
        im_buf_addz(buf, "\n\n| cause | | token endpoint | API | article |\n"
                         "|---|---|---|---|---|\n");
        add_each(buf, family, add_table_row);
        add_each(buf, family, add_section);
    }
}

/* ---- text for a terminal ---- */

static void add_paragraph(struct im_buf *buf, const char *heading, const char *text)
{
    im_buf_addf(buf, "\n%s\n", heading);
    im_buf_add_wrapped(buf, 2, im_str(text));
}

static void add_text_answer(struct im_buf *buf, const struct im_cause_answer *answer)
{
    im_buf_addf(buf, "  %s", answer->where);
    if (answer->when) {
        im_buf_addz(buf, ", with ");
        im_cause_answer_add_when(answer, buf);
    }
    im_buf_addf(buf, ": %d\n    ", answer->wording->status);
    add_body(buf, answer->wording);
    im_buf_addc(buf, '\n');
}

static void text_explain(struct im_buf *buf, const struct im_cause_row *row)
{
    struct im_cause_answer answers[IM_CAUSE_ANSWERS_MAX];
    size_t n = im_cause_answers(row, answers);

    im_buf_addf(buf, "%s (%s; %s)\n", row->id, im_family_name(row->family),
                cause_kind(row));
    add_paragraph(buf, "Why", row->why);
    add_paragraph(buf, "What to do", row->fix);
    im_buf_addz(buf, "\nOver the wire\n");
    for (size_t i = 0; i < n; i++)
        add_text_answer(buf, &answers[i]);
    if (row->redirect)
        im_buf_addf(buf, "  authorize: redirect with error=%s\n", row->redirect);
    im_buf_addf(buf, "\nHow sure: %s\n", im_confidence_name(row->confidence));
    im_buf_add_wrapped(buf, 2, im_str(row->source));
}

/* One wording must do for a line: that of the API, where most calls go. */
static const struct im_wording *usual_wording(const struct im_cause_row *row)
{
    if (row->api.envelope != IM_ENVELOPE_NONE)
        return &row->api;
    return row->token.envelope != IM_ENVELOPE_NONE ? &row->token : &row->article;
}

static void add_line(struct im_buf *buf, const struct im_cause_row *row)
{
    const struct im_wording *wording = usual_wording(row);

    im_buf_addf(buf, "  %-35s %d %-24s %s\n", row->id, wording->status,
                im_wording_code(wording), cause_kind(row));
}

static void text_list(struct im_buf *buf)
{
    for (int i = IM_FAMILY_EXPIRED; i < IM_FAMILIES; i++) {
        im_buf_addz(buf, i ? "\n" : "");
        add_title(buf, (enum im_family)i);
        im_buf_addc(buf, '\n');
        add_each(buf, (enum im_family)i, add_line);
    }
}

void im_cause_text(struct im_buf *buf, enum im_cause cause)
{
    if (cause == CAUSE_NONE)
        text_list(buf);
    else
        text_explain(buf, im_cause_row(cause));
}
