/* The switches of policy: one table, one setter per kind of value. */
#include "causes/policy.h"

#include <string.h>

#include "base/clock.h"

const struct im_policy_row im_policy_rows[] = {
#define IM_POLICY(member, sort, value, words, sure, text)                                \
    {.name = #member,                                                                    \
     .kind = IM_POLICY_##sort,                                                           \
     .initial = value,                                                                   \
     .choices = words,                                                                   \
     .confidence = IM_##sure,                                                            \
     .about = text,                                                                      \
     .offset = offsetof(struct im_policy, member)},
#include "causes/policy.def"
#undef IM_POLICY
};

const size_t im_policy_row_count = sizeof im_policy_rows / sizeof *im_policy_rows;

enum { ROW_COUNT = sizeof im_policy_rows / sizeof *im_policy_rows, CHOICES_MAX = 8 };

const char *im_confidence_name(enum im_confidence confidence)
{
    switch (confidence) {
    case IM_DOCUMENTED: return "documented";
    case IM_OBSERVED: return "observed";
    case IM_GUESSED: return "guessed";
    }
    return "unknown";
}

/* ---- members by row ---- */

int64_t im_policy_value(const struct im_policy *policy, const struct im_policy_row *row)
{
    int64_t value;

    memcpy(&value, (const char *)policy + row->offset, sizeof value);
    return value;
}

static bool put(struct im_policy *policy, const struct im_policy_row *row, int64_t value)
{
    memcpy((char *)policy + row->offset, &value, sizeof value);
    return true;
}

void im_policy_init(struct im_policy *policy)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        put(policy, &im_policy_rows[i], im_policy_rows[i].initial);
}

const struct im_policy_row *im_policy_find(struct im_str name)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (im_str_is(name, im_policy_rows[i].name))
            return &im_policy_rows[i];
    return NULL;
}

/* ---- choices ---- */

static size_t list_choices(const struct im_policy_row *row,
                           struct im_str words[CHOICES_MAX])
{
    struct im_str rest = im_str(row->choices);
    size_t n = 0;

    while (rest.len && n < CHOICES_MAX)
        words[n++] = im_str_cut(&rest, '|');
    return n;
}

struct im_str im_policy_choice(const struct im_policy_row *row, int64_t index)
{
    struct im_str words[CHOICES_MAX];
    size_t n = list_choices(row, words);

    return index >= 0 && (uint64_t)index < n ? words[index] : (struct im_str){NULL, 0};
}

/* "refuse, narrow" */
static void join(struct im_buf *buf, const struct im_str *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        im_buf_addz(buf, i ? ", " : "");
        im_buf_add(buf, words[i]);
    }
}

/* ---- setting one ---- */

/* The value as it was written, for the error's text. */
static struct im_str show(const struct im_json *value, char *memory, size_t size)
{
    struct im_buf buf;

    im_buf_init_fixed(&buf, memory, size);
    switch (value->type) {
    case IM_JSON_STRING:
        im_buf_addf(&buf, "\"%.*s\"", IM_ARG(im_str_slice(value->text, 0, 60)));
        break;
    case IM_JSON_NUMBER: im_buf_add(&buf, im_str_slice(value->text, 0, 60)); break;
    case IM_JSON_BOOL: im_buf_addz(&buf, value->boolean ? "true" : "false"); break;
    default: im_buf_addz(&buf, im_json_type_name(value->type)); break;
    }
    return im_buf_str(&buf);
}

static bool refuse(const struct im_policy_row *row, const struct im_json *value,
                   const char *wanted, struct im_error *err)
{
    char memory[80];
    struct im_str shown = show(value, memory, sizeof memory);

    return im_error_set(err, "policy %s: %.*s is not right here; write %s", row->name,
                        IM_ARG(shown), wanted);
}

static bool set_duration(struct im_policy *policy, const struct im_policy_row *row,
                         const struct im_json *value, struct im_error *err)
{
    int64_t ms;

    if (value->type != IM_JSON_STRING || !im_duration_parse(value->text, &ms))
        return refuse(row, value, "a duration, a number with its unit, such as \"12h\"",
                      err);
    if (ms < 0)
        return refuse(row, value, "a duration that is not negative, such as \"12h\"",
                      err);
    return put(policy, row, ms);
}

static bool set_bool(struct im_policy *policy, const struct im_policy_row *row,
                     const struct im_json *value, struct im_error *err)
{
    if (value->type != IM_JSON_BOOL)
        return refuse(row, value, "true or false, without quotes", err);
    return put(policy, row, value->boolean);
}

static bool refuse_choice(const struct im_policy_row *row, const struct im_json *value,
                          struct im_error *err)
{
    struct im_str words[CHOICES_MAX];
    size_t n = list_choices(row, words);
    int near = value->type == IM_JSON_STRING ? im_str_nearest(value->text, words, n) : -1;
    char memory[200] = ""; /* stays terminated: the builder leaves the last byte */
    struct im_buf wanted;

    im_buf_init_fixed(&wanted, memory, sizeof memory);
    im_buf_addz(&wanted, "one of ");
    join(&wanted, words, n);
    if (near >= 0)
        im_buf_addf(&wanted, "; did you mean \"%.*s\"?", IM_ARG(words[near]));
    return refuse(row, value, memory, err);
}

/* "grace:5s": a choice and its duration in one word. */
static bool set_grace(struct im_policy *policy, const struct im_policy_row *row,
                      const struct im_json *value, struct im_error *err)
{
    struct im_str duration = value->text;
    int64_t ms;

    im_str_cut(&duration, ':');
    if (!im_duration_parse(duration, &ms) || ms < 0)
        return refuse(row, value, "grace: and a duration, such as \"grace:5s\"", err);
    policy->rotation_grace = ms;
    return put(policy, row, IM_ROTATION_GRACE);
}

static bool set_choice(struct im_policy *policy, const struct im_policy_row *row,
                       const struct im_json *value, struct im_error *err)
{
    struct im_str words[CHOICES_MAX];
    size_t n = list_choices(row, words);
    bool word = value->type == IM_JSON_STRING;

    if (!word && value->type != IM_JSON_NUMBER)
        return refuse_choice(row, value, err);
    if (row->offset == offsetof(struct im_policy, rotation) && word &&
        im_str_starts(value->text, "grace:"))
        return set_grace(policy, row, value, err);
    for (size_t i = 0; i < n; i++)
        if (im_str_eq(value->text, words[i]))
            return put(policy, row, (int64_t)i);
    return refuse_choice(row, value, err);
}

bool im_policy_set(struct im_policy *policy, const struct im_policy_row *row,
                   const struct im_json *value, struct im_error *err)
{
    switch (row->kind) {
    case IM_POLICY_DURATION: return set_duration(policy, row, value, err);
    case IM_POLICY_BOOL: return set_bool(policy, row, value, err);
    case IM_POLICY_CHOICE: break;
    }
    return set_choice(policy, row, value, err);
}

/* ---- setting many ---- */

static bool refuse_name(struct im_str name, struct im_error *err)
{
    struct im_str names[ROW_COUNT], shown = im_str_slice(name, 0, 60);

    for (size_t i = 0; i < ROW_COUNT; i++)
        names[i] = im_str(im_policy_rows[i].name);
    int near = im_str_nearest(name, names, ROW_COUNT);
    if (near >= 0)
        return im_error_set(err,
                            "policy: there is no switch \"%.*s\"; did you mean \"%s\"?",
                            IM_ARG(shown), im_policy_rows[near].name);
    return im_error_set(err, "policy: there is no switch \"%.*s\"", IM_ARG(shown));
}

bool im_policy_set_all(struct im_policy *policy, const struct im_json *object,
                       const struct im_json **at, struct im_error *err)
{
    struct im_policy changed = *policy;

    *at = object;
    if (object->type != IM_JSON_OBJECT)
        return im_error_set(err, "policy: an object of switches is wanted, not %s",
                            im_json_type_name(object->type));
    for (const struct im_json *member = object->first; member; member = member->next) {
        const struct im_policy_row *row = im_policy_find(member->name);
        *at = member;
        if (!row)
            return refuse_name(member->name, err);
        if (!im_policy_set(&changed, row, member, err))
            return false;
    }
    *policy = changed;
    return true;
}

/* ---- telling ---- */

static void write_choice(const struct im_policy_row *row, int64_t value,
                         struct im_json_out *out)
{
    struct im_str word = im_policy_choice(row, value);
    int64_t status;

    if (im_str_int(word, &status))
        im_json_int(out, row->name, status);
    else
        im_json_str(out, row->name, word);
}

static void write_one(const struct im_policy *policy, const struct im_policy_row *row,
                      struct im_json_out *out)
{
    int64_t value = im_policy_value(policy, row);

    switch (row->kind) {
    case IM_POLICY_DURATION:
        im_json_str(out, row->name, im_duration_text(out->buf->arena, value));
        return;
    case IM_POLICY_BOOL: im_json_bool(out, row->name, value != 0); return;
    case IM_POLICY_CHOICE: break;
    }
    write_choice(row, value, out);
}

void im_policy_write(const struct im_policy *policy, struct im_json_out *out)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        write_one(policy, &im_policy_rows[i], out);
}
