/* The switches of policy: policy.def as values, and as members of a JSON object. The file is
 * read once for each of the forms that a row has, so that no two of them can disagree. */
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

enum { ROW_COUNT = sizeof im_policy_rows / sizeof *im_policy_rows };

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
    int64_t value; /* each member is one (policy.h) */

    memcpy(&value, (const char *)policy + row->offset, sizeof value);
    return value;
}

void im_policy_init(struct im_policy *policy)
{
    *policy = (struct im_policy){
#define IM_POLICY(member, sort, value, words, sure, text) .member = (value),
#include "causes/policy.def"
#undef IM_POLICY
    };
}

const struct im_policy_row *im_policy_find(struct im_str name)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (im_str_is(name, im_policy_rows[i].name))
            return &im_policy_rows[i];
    return NULL;
}

struct im_str im_policy_choice(const struct im_policy_row *row, int64_t index)
{
    const struct im_json_row words = {.words = row->choices};

    return index < 0 ? IM_STR("") : im_json_row_word(&words, (size_t)index);
}

/* ---- setting ---- */

/* "grace:5s": a choice and its duration in one word. */
static bool text_is_grace(struct im_str text)
{
    return im_str_starts(text, "grace:");
}

static bool grace_take(struct im_json_reader *r, const struct im_json *value, void *into)
{
    struct im_policy *policy = into;
    struct im_str duration = value->text;
    int64_t ms;

    im_str_cut(&duration, ':');
    if (!im_duration_parse(duration, &ms) || ms < 0)
        return im_json_wrong(r, value, "\"grace:\" and a duration, such as \"grace:5s\"");
    policy->rotation = IM_ROTATION_GRACE;
    policy->rotation_grace = ms;
    return true;
}

static const struct im_json_row rotations[] = {
    {NULL, IM_READ_TEXT, .sound = text_is_grace, .check = grace_take,
     .pattern = "^grace:[0-9]"},
    {NULL, IM_READ_WORD, IM_READ_INTO(struct im_policy, rotation), .words = IM_ROTATIONS},
};

#define READ_DURATION(name, list) .kind = IM_READ_DURATION, .max = INT64_MAX, AT(name)
#define READ_BOOL(name, list)     .kind = IM_READ_BOOL, AT(name)
#define READ_CHOICE(name, list)   .kind = IM_READ_WORD, .words = (list), AT(name)
#define READ_ROTATION(name, list) .kind = IM_READ_EITHER, IM_READ_ROWS(rotations)
#define AT(name)                  IM_READ_INTO(struct im_policy, name)
#define SURE_DOCUMENTED           " (documented)"
#define SURE_OBSERVED             " (observed)"
#define SURE_GUESSED              " (guessed)"

static const struct im_json_row members[] = {
#define IM_POLICY(member, sort, value, words, sure, text)                                \
    {.name = #member, READ_##sort(member, words), .about = text SURE_##sure},
#include "causes/policy.def"
#undef IM_POLICY
};
const struct im_json_table im_policy_table = {.name = "Policy", IM_READ_ROWS(members)};

bool im_policy_set_all(struct im_policy *policy, const struct im_json *object,
                       const struct im_json **at, struct im_error *err)
{
    struct im_policy changed = *policy; /* a copy: all switches change or none */
    struct im_json_fault fault = {.at = NULL};
    struct im_json_reader r = {.where = "policy", .faults = &fault, .room = 1};

    *at = object;
    if (im_json_read(&r, &im_policy_table, object, &changed)) {
        *policy = changed;
        return true;
    }
    *at = fault.at;
    *err = fault.err;
    return false;
}

/* ---- writing ---- */

static void policy_write_choice(const struct im_policy_row *row, int64_t value,
                                struct im_json_out *out)
{
    struct im_str word = im_policy_choice(row, value);
    int64_t status;

    if (im_str_int(word,
                   &status)) /* "401" is read as a number, so it is written as one */
        im_json_int(out, row->name, status);
    else
        im_json_str(out, row->name, word);
}

static void policy_write_row(const struct im_policy *policy,
                             const struct im_policy_row *row, struct im_json_out *out)
{
    int64_t value = im_policy_value(policy, row);

    switch (row->kind) {
    case IM_POLICY_DURATION:
        im_json_str(out, row->name, im_duration_text(out->buf->arena, value));
        return;
    case IM_POLICY_BOOL: im_json_bool(out, row->name, value != 0); return;
    case IM_POLICY_CHOICE: break;
    }
    policy_write_choice(row, value, out);
}

void im_policy_write(const struct im_policy *policy, struct im_json_out *out)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        policy_write_row(policy, &im_policy_rows[i], out);
}
