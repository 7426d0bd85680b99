/* The tables of diagnosis, and searching causes by how they are worded: by the mock, and elsewhere, as by
 * the XML gateway. */
#include "causes/diagnosis.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "causes/refusal.h"

#define FIRST IM_FIRST
#define OFTEN IM_OFTEN
#define TOLD  IM_TOLD
#define RARE  IM_RARE

static const struct im_diagnosis diagnoses[CAUSE_COUNT] = {
#define IM_DIAGNOSIS(NAME, common, question, admin)                                      \
    [CAUSE_##NAME] = {common, question, admin},
#define IM_ONLY_FOR(NAME, grants)
#include "causes/diagnosis.def"
#undef IM_ONLY_FOR
#undef IM_DIAGNOSIS
};

/* A table of its own, since most causes suit every grant; the file is read once for each. */
static const char *const only_for[CAUSE_COUNT] = {
#define IM_DIAGNOSIS(NAME, common, question, admin)
#define IM_ONLY_FOR(NAME, grants) [CAUSE_##NAME] = grants,
#include "causes/diagnosis.def"
#undef IM_ONLY_FOR
#undef IM_DIAGNOSIS
};

bool im_cause_suits_grant(enum im_cause cause, struct im_str grant)
{
    const char *grants = only_for[cause];

    return !grants || im_str_in_list(im_str(grants), grant);
}

const struct im_other_words im_other_words[] = {
#define IM_OTHER_WORDS(NAME, status, code, text, confidence, source)                     \
    {CAUSE_##NAME, status, code, text, confidence, source},
#include "causes/other_words.def"
#undef IM_OTHER_WORDS
};
const size_t im_other_words_count = sizeof im_other_words / sizeof *im_other_words;

const struct im_diagnosis *im_diagnosis(enum im_cause cause)
{
    bool known = cause > CAUSE_NONE && cause < CAUSE_COUNT;

    return &diagnoses[known ? cause : CAUSE_NONE];
}

const char *im_common_text(enum im_common common)
{
    static const char *const texts[] = {
        [IM_RARE] = "no source tells of it",
        [IM_TOLD] = "a source tells of it",
        [IM_OFTEN] = "several sources tell of it",
        [IM_FIRST] = "sources name it first",
    };

    return texts[common];
}

/* ---- what fits ---- */

/* A query taken apart. */
struct wanted {
    int status;         /* 0 = any */
    struct im_str text; /* empty = any */
};

static struct wanted wanted_of(struct im_str query)
{
    struct im_str rest = im_str_trim(query), word = im_str_cut(&rest, ' ');
    int64_t status = 0;

    /* "401", "401 invalid_client": three digits in front are a status */
    if (word.len == 3 && im_str_int(word, &status) && status >= 100 && status <= 599)
        return (struct wanted){(int)status, im_str_trim(rest)};
    return (struct wanted){0, im_str_trim(query)};
}

static bool is_code(const char *code, struct im_str text)
{
    return code && im_str_eq_nocase(im_str(code), text);
}

/* The names that the error above a detail has. */
static const char *head_code(enum im_wording_head head)
{
    return head == IM_HEAD_PAYLOAD    ? "REST-1064"
           : head == IM_HEAD_BUSINESS ? "REST-7001"
                                      : NULL;
}

static bool wording_has_code(const struct im_wording *wording, struct im_str text)
{
    return is_code(wording->code, text) || is_code(wording->word, text) ||
           is_code(wording->message_id, text) || is_code(head_code(wording->head), text);
}

static bool has_piece(const char *text, struct im_str piece)
{
    return im_str_find_piece(im_str(text), piece) < im_str(text).len;
}

/* Does the word stand in the text, perhaps in two ("user name")? */
static bool has_word(struct im_str text, struct im_str word)
{
    for (size_t i = 0; i < text.len; i++) {
        size_t at = i, said = 0;
        if (i && text.at[i - 1] != ' ')
            continue;
        for (; at < text.len && said < word.len; at++)
            if ((char)(text.at[at] | 0x20) == word.at[said])
                said++;
            else if (!said || !strchr(" -_", text.at[at]))
                break;
        if (said == word.len && (at == text.len || strchr(" ,.:;!?-_", text.at[at])))
            return true;
    }
    return false;
}

/* All words of the id, in whatever order; an id of one word stands in any text. */
static bool has_words_of(struct im_str text, const char *id)
{
    struct im_str rest = im_str(id);

    if (!im_str_has(rest, '-') || !im_str_has(text, ' '))
        return false;
    while (rest.len)
        if (!has_word(text, im_str_cut(&rest, '-')))
            return false;
    return true;
}

/* As code, where any cause has it as such; else as a piece of the message. */
static bool wording_fits(const struct im_wording *wording, const struct wanted *wanted,
                         bool by_code)
{
    if (wanted->status && wording->status != wanted->status)
        return false;
    if (!wanted->text.len)
        return true;
    return by_code ? wording_has_code(wording, wanted->text)
                   : has_piece(wording->message, wanted->text);
}

static bool other_fits(const struct im_other_words *other, const struct wanted *wanted,
                       bool by_code)
{
    if (wanted->status && other->status && other->status != wanted->status)
        return false;
    if (!wanted->text.len)
        return wanted->status && other->status;
    return by_code ? is_code(other->code, wanted->text)
                   : has_piece(other->text, wanted->text);
}

static bool cause_fits(enum im_cause cause, const struct wanted *wanted, bool by_code,
                       struct im_cause_hit *hit)
{
    const struct im_cause_row *row = im_cause_row(cause);
    struct im_cause_answer answers[IM_CAUSE_ANSWERS_MAX];
    size_t n = im_cause_answers(row, answers);

    *hit = (struct im_cause_hit){.cause = cause};
    for (size_t i = 0; i < n; i++)
        if (wording_fits(answers[i].wording, wanted, by_code)) {
            hit->answer = answers[i];
            return true;
        }
    for (size_t i = 0; i < im_other_words_count; i++)
        if (im_other_words[i].cause == cause &&
            other_fits(&im_other_words[i], wanted, by_code)) {
            hit->other = &im_other_words[i];
            return true;
        }
    return wanted->text.len && !wanted->status &&
           (by_code ? is_code(row->redirect, wanted->text)
                    : has_piece(row->id, wanted->text));
}

/* ---- ranking ---- */

/* How often sources tell of a cause weighs most, then whether its wording needs no switch, then how sure
 * it is. The article's dialect and the mock's own causes come last. */
static int rank_of(const struct im_cause_hit *hit)
{
    const struct im_cause_row *row = im_cause_row(hit->cause);
    bool article = hit->answer.where && hit->answer.wording == &row->article;

    /* a mock's own affairs explain no answer of the real service */
    bool own = row->family == IM_FAMILY_MOCK || row->note;
    return (own ? -200 : 0) + (article ? -100 : 0) +
           10 * (int)im_diagnosis(hit->cause)->common -
           (int)(hit->other ? hit->other->confidence : row->confidence);
}

/* Equal ranks stay in the order of the tables: qsort is not stable. */
static int compare_hits(const void *a, const void *b)
{
    const struct im_cause_hit *left = a, *right = b;
    int by_rank = rank_of(right) - rank_of(left);

    if (!by_rank && left->other && right->other)
        return left->other < right->other ? -1 : 1;
    return by_rank ? by_rank : (int)left->cause - (int)right->cause;
}

static size_t search_by(const struct wanted *wanted, bool by_code,
                        struct im_cause_hit *hits)
{
    size_t n = 0;

    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++)
        n += cause_fits((enum im_cause)i, wanted, by_code, &hits[n]);
    return n;
}

size_t im_cause_search(struct im_str query, struct im_cause_hit hits[CAUSE_COUNT])
{
    struct wanted wanted = wanted_of(query);

    if (!wanted.status && !wanted.text.len)
        return 0;
    /* as a code first: "invalid_grant" means those with this code, not each message that has it in it */
    size_t n = search_by(&wanted, true, hits);
    if (!n)
        n = search_by(&wanted, false, hits);
    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT && !(n && !hits[0].by_name); i++)
        if (has_words_of(wanted.text, im_cause_row((enum im_cause)i)->id))
            hits[n++] = (struct im_cause_hit){.cause = (enum im_cause)i, .by_name = true};
    qsort(hits, n, sizeof *hits, compare_hits);
    return n;
}

/* ---- writing ---- */

static void add_wording(struct im_buf *buf, const struct im_cause_hit *hit)
{
    if (hit->answer.where) {
        const char *code = im_wording_code(hit->answer.wording);
        im_buf_addf(buf, "%s: %d %s", hit->answer.where, hit->answer.wording->status,
                    code ? code : "");
        if (hit->answer.when) {
            im_buf_addz(buf, ", with ");
            im_cause_answer_add_when(&hit->answer, buf);
        }
    } else if (hit->other) {
        im_buf_addf(buf, "elsewhere: %s%s%s", hit->other->code ? hit->other->code : "",
                    hit->other->code && hit->other->text ? " " : "",
                    hit->other->text ? hit->other->text : "");
    } else {
        im_buf_addz(buf, "by its name");
    }
}

void im_cause_hits_text(struct im_buf *buf, struct im_str query,
                        const struct im_cause_hit *hits, size_t count)
{
    im_buf_addf(buf, "%zu cause%s %s worded \"", count, count == 1 ? "" : "s",
                count == 1 ? "is" : "are");
    im_buf_add_visible(buf, im_str_front(query, 60));
    im_buf_addf(buf, "\"%s\n", count > 1 ? ", the likeliest first" : "");
    for (size_t i = 0; i < count; i++) {
        const struct im_cause_row *row = im_cause_row(hits[i].cause);
        const struct im_diagnosis *diagnosis = im_diagnosis(hits[i].cause);
        im_buf_addf(buf, "\n%s (", row->id);
        add_wording(buf, &hits[i]);
        im_buf_addf(buf, ")\n  %s; %s\n", im_confidence_name(row->confidence),
                    im_common_text(diagnosis->common));
        if (diagnosis->question)
            im_buf_add_wrapped(buf, 2, im_str(diagnosis->question));
    }
    if (count)
        im_buf_addz(buf, "\n`intacct-mock causes ID` tells all of one.\n");
}

static void write_hit(struct im_json_out *out, const struct im_cause_hit *hit)
{
    const struct im_cause_row *row = im_cause_row(hit->cause);
    const struct im_diagnosis *diagnosis = im_diagnosis(hit->cause);
    struct im_buf wording;

    im_buf_init(&wording, out->buf->arena, 0);
    add_wording(&wording, hit);
    im_json_open_object(out, NULL);
    im_json_strz(out, "id", row->id);
    im_json_strz(out, "family", im_family_name(row->family));
    im_json_str(out, "worded", im_buf_str(&wording));
    im_json_strz(out, "confidence", im_confidence_name(row->confidence));
    im_json_strz(out, "source", hit->other ? hit->other->source : row->source);
    im_json_strz(out, "common", im_common_text(diagnosis->common));
    if (diagnosis->question)
        im_json_strz(out, "question", diagnosis->question);
    im_json_strz(out, "why", row->why);
    im_json_close_object(out);
}

void im_cause_hits_write(struct im_json_out *out, struct im_str query,
                         const struct im_cause_hit *hits, size_t count)
{
    im_json_str(out, "query", query);
    im_json_open_array(out, "causes");
    for (size_t i = 0; i < count; i++)
        write_hit(out, &hits[i]);
    im_json_close_array(out);
}
