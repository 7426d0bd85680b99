/* What is wrong with JSON, in sentences: the only place that words it. */
#include "base/json_fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

enum {
    SHOWN_MAX = 60,   /* bytes of what was written, in a sentence */
    EXAMPLES_MAX = 6, /* members named in a sentence as examples */
    LIST_BYTES = 296  /* of all their names: a scenario's fault has room for 400 */
};

/* The next fault, with `where` before its sentence; NULL when there is no room. */
static struct im_json_fault *fault_begin(struct im_json_reader *r,
                                         const struct im_json *at, struct im_str field,
                                         struct im_buf *text)
{
    if (r->count >= r->room)
        return NULL;
    struct im_json_fault *fault = &r->faults[r->count++];
    *fault = (struct im_json_fault){.at = at, .field = field};
    im_buf_init_fixed(text, fault->err.text, sizeof(fault->err.text));
    if (r->where)
        im_buf_addf(text, "%s: ", r->where);
    return fault;
}

bool im_json_fault(struct im_json_reader *r, const struct im_json *at, const char *format,
                   ...)
{
    char sentence[sizeof(((struct im_error *)NULL)->text)];
    struct im_buf text;
    va_list args;

    if (!fault_begin(r, at, at->name, &text))
        return false;
    va_start(args, format);
    vsnprintf(sentence, sizeof(sentence), format, args);
    va_end(args);
    im_buf_add(&text, im_str_front(im_str(sentence), text.room - text.len - 1));
    return false;
}

bool im_json_fault_of(struct im_json_reader *r, const struct im_json *at,
                      const struct im_error *err)
{
    size_t n = r->count;

    im_json_fault(r, at, "%s", err->text);
    if (r->count > n)
        r->faults[n].err.kind = err->kind;
    return false;
}

bool im_json_no_memory(struct im_json_reader *r, const struct im_json *at)
{
    struct im_error err = {.text = "out of memory", .kind = IM_ERROR_INTERNAL};

    return im_json_fault_of(r, at, &err);
}

/* `label`: the name of the value, or of the list that it is in. */
static bool wrong_as(struct im_json_reader *r, const struct im_json *value,
                     struct im_str label, const char *wanted, struct im_hint hint)
{
    struct im_str shown = im_str_front(value->text, SHOWN_MAX);
    struct im_buf text;

    if (!fault_begin(r, value, label, &text))
        return false;
    if (label.len)
        im_buf_addf(&text, "\"%.*s\" ", IM_ARG(im_str_front(label, SHOWN_MAX)));
    else if (r->where)
        text.at[--text.len - 1] = ' '; /* not "scenario: must be" */
    im_buf_addf(&text, "must be %s, not ", wanted);
    if (value->type == IM_JSON_STRING)
        im_buf_addf(&text, "\"%.*s\"", IM_ARG(shown));
    else if (value->type == IM_JSON_NUMBER)
        im_buf_add(&text, shown);
    else if (value->type == IM_JSON_BOOL)
        im_buf_addz(&text, value->boolean ? "true" : "false");
    else
        im_buf_addz(&text, im_json_type_name(value->type));
    im_buf_addz(&text, hint.text);
    return false;
}

bool im_json_wrong(struct im_json_reader *r, const struct im_json *value,
                   const char *wanted)
{
    return wrong_as(r, value, value->name, wanted, (struct im_hint){.text = ""});
}

bool im_json_lacks(struct im_json_reader *r, const struct im_json *object,
                   const char *who, const char *name)
{
    struct im_buf text;

    if (fault_begin(r, object, im_str(name), &text))
        im_buf_addf(&text, "%s needs \"%s\"", who, name);
    return false;
}

void im_json_missing(struct im_json_reader *r, const struct im_json *object,
                     const struct im_json_row *row)
{
    struct im_buf text;

    if (!fault_begin(r, object, im_str(row->name), &text))
        return;
    im_buf_addf(&text, "\"%s\" is missing", row->name);
    if (row->about)
        im_buf_addf(&text, ": %s", row->about);
}

/* "pass", "fail" or "maybe" */
static void add_words(struct im_buf *text, const struct im_str *words, size_t count,
                      const char *last)
{
    for (size_t i = 0; i < count; i++)
        im_buf_addf(text, "%s\"%.*s\"",
                    i == 0          ? ""
                    : i + 1 < count ? ", "
                                    : last,
                    IM_ARG(words[i]));
}

bool im_json_no_such(struct im_json_reader *r, const struct im_json *value,
                     const struct im_json_names *names)
{
    struct im_str known[IM_READ_WORDS_MAX];
    struct im_buf text;
    size_t n = 0;

    for (; n < IM_READ_WORDS_MAX && names->word(n); n++)
        known[n] = im_str(names->word(n));
    if (!fault_begin(r, value, value->name, &text))
        return false;
    im_buf_addf(&text, "there is no %s \"%.*s\"", names->what,
                IM_ARG(im_str_front(value->text, SHOWN_MAX)));
    struct im_hint hint =
        names->hint ? names->hint(value->text) : im_hint(value->text, known, n);
    if (hint.text[0])
        im_buf_addz(&text, hint.text);
    else if (names->lister)
        im_buf_addf(&text, "; %s", names->lister);
    else {
        im_buf_addz(&text, "; there are ");
        add_words(&text, known, n, " and ");
    }
    return false;
}

void im_json_says_nothing(struct im_json_reader *r, const struct im_json *object,
                          const struct im_str *names, size_t count)
{
    bool all = count <= EXAMPLES_MAX;
    struct im_buf text;

    if (!fault_begin(r, object, object->name, &text))
        return;
    if (!r->where) /* else that is the subject: "then: says nothing" */
        im_buf_addz(&text, "the object ");
    im_buf_addz(&text, "says nothing; give ");
    add_words(&text, names, all ? count : EXAMPLES_MAX, all ? " or " : ", ");
    im_buf_addz(&text, all ? "" : ", …");
}

/* ---- what a row wants, in words ---- */

struct im_str im_json_row_word(const struct im_json_row *row, size_t index)
{
    struct im_str rest = im_str(row->words), word = {0};

    if (row->names)
        return im_str(row->names->word(index));
    do
        word = im_str_cut(&rest, '|');
    while (index-- && word.len);
    return word;
}

size_t im_json_row_words(const struct im_json_row *row,
                         struct im_str words[IM_READ_WORDS_MAX])
{
    size_t n = 0;

    while (n < IM_READ_WORDS_MAX && (words[n] = im_json_row_word(row, n)).len)
        n++;
    return n;
}

static void add_duration(struct im_buf *text, const struct im_json_row *row)
{
    bool limited = row->max && row->max < INT64_MAX;
    struct im_arena arena;

    im_buf_addz(text, "a duration");
    if (row->min == 1)
        im_buf_addz(text, " above 0");
    else if (row->max)
        im_buf_addz(text, " of 0 or more");
    if (limited) {
        im_arena_init(&arena, 0);
        im_buf_addf(text, ", at most %.*s", IM_ARG(im_duration_text(&arena, row->max)));
        im_arena_release(&arena);
    }
    im_buf_addf(text, "%s such as \"%s\"", row->max ? "," : "", limited ? "2s" : "12h");
}

static void add_number(struct im_buf *text, const struct im_json_row *row)
{
    long long min = row->min, max = row->max;

    im_buf_addz(text, row->kind == IM_READ_WHOLE ? "a whole number" : "a number");
    if (row->flags & IM_READ_ABOVE)
        im_buf_addf(text, " above %lld, at most %lld", min, max);
    else if (row->max == INT64_MAX)
        im_buf_addf(text, ", %lld or more", min);
    else if (row->min || row->max)
        im_buf_addf(text, " from %lld to %lld", min, max);
}

static void add_wanted(struct im_buf *text, const struct im_json_row *row)
{
    struct im_str words[IM_READ_WORDS_MAX];

    if (row->wanted) {
        im_buf_addz(text, row->wanted);
        return;
    }
    if (row->names) {
        im_buf_addf(text, "the name of %s %s",
                    strchr("aeiou", row->names->what[0]) ? "an" : "a", row->names->what);
        return;
    }
    switch (row->kind) {
    case IM_READ_BOOL: im_buf_addz(text, "true or false"); break;
    case IM_READ_TRUE: im_buf_addz(text, "true, or be left out"); break;
    case IM_READ_WHOLE:
    case IM_READ_NUMBER: add_number(text, row); break;
    case IM_READ_DURATION: add_duration(text, row); break;
    case IM_READ_TIME:
        im_buf_addz(text, "a time such as \"2027-01-01T00:00:00Z\"");
        break;
    case IM_READ_WORD:
        add_words(text, words, im_json_row_words(row, words), " or ");
        break;
    case IM_READ_OBJECT:
    case IM_READ_MAP: im_buf_addz(text, "an object"); break;
    case IM_READ_LIST:
        im_buf_addz(text, im_json_item(row).kind == IM_READ_TEXT ? "a list of strings"
                                                                 : "a list of objects");
        break;
    default:
        im_buf_addz(text, row->flags & IM_READ_EMPTY ? "a string"
                                                     : "a string with something in it");
    }
}

bool im_json_wrong_by(struct im_json_reader *r, const struct im_json_row *row,
                      const struct im_json *value, struct im_str label)
{
    bool one_of = row->kind == IM_READ_WORD && value->type == IM_JSON_STRING &&
                  !row->names && !row->wanted;
    char wanted[300] = "";
    struct im_str words[IM_READ_WORDS_MAX];
    struct im_buf text;

    im_buf_init_fixed(&text, wanted, sizeof(wanted));
    add_wanted(&text, row);
    wrong_as(r, value, label, wanted,
             one_of ? im_hint(value->text, words, im_json_row_words(row, words))
                    : (struct im_hint){.text = ""});
    return false;
}

/* All names, or as many as there is room for: what a wire or an expectation takes is long,
 * but who guessed a name wrong has nothing else to go by. */
static void add_names(struct im_buf *text, const struct im_str *names, size_t count)
{
    size_t fits = 0, len = 0;

    while (fits < count && (len += names[fits].len + sizeof("\"\", ") - 1) <= LIST_BYTES)
        fits++;
    im_buf_addz(text, count > 1 ? "; there are " : "; there is ");
    add_words(text, names, fits, fits < count ? ", " : " and ");
    im_buf_addz(text, fits < count ? ", …" : "");
}

bool im_json_unknown(struct im_json_reader *r, const struct im_json *member,
                     const char *home, const struct im_str *names, size_t count)
{
    struct im_str shown = im_str_front(member->name, SHOWN_MAX);
    struct im_buf text;

    if (!fault_begin(r, member, member->name, &text))
        return false;
    im_buf_addf(&text, "unknown %s \"%.*s\"", r->member ? r->member : "field",
                IM_ARG(shown));
    struct im_hint hint = im_hint(member->name, names, count);
    if (home)
        im_buf_addf(&text, "; it belongs inside \"%s\": {\"%.*s\": …}", home,
                    IM_ARG(shown));
    else if (hint.text[0] || !count)
        im_buf_addz(&text, hint.text);
    else
        add_names(&text, names, count);
    return false;
}
