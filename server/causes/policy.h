/* The switches of policy as a plain value; the rows are in policy.def. */
#ifndef IM_CAUSES_POLICY_H
#define IM_CAUSES_POLICY_H

#include "base/json_read.h"

enum im_rotation {
    IM_ROTATION_ROTATE,
    IM_ROTATION_ROTATE_KEEP,
    IM_ROTATION_KEEP,
    IM_ROTATION_GRACE
};
#define IM_ROTATIONS "rotate|rotate-keep|keep|grace" /* the enum in words */
enum im_reuse { IM_REUSE_REFUSE, IM_REUSE_REVOKE_FAMILY };
enum im_scope_excess { IM_SCOPE_REFUSE, IM_SCOPE_NARROW };
enum im_basic_auth { IM_BASIC_NOT_ON_REFRESH, IM_BASIC_EVERYWHERE, IM_BASIC_NEVER };

/* One member per row: durations in ms, booleans 0 or 1, choices as index. */
struct im_policy {
#define IM_POLICY(name, kind, initial, choices, confidence, about) int64_t name;
#include "causes/policy.def"
#undef IM_POLICY
};

enum im_policy_kind {
    IM_POLICY_DURATION,
    IM_POLICY_BOOL,
    IM_POLICY_CHOICE,
    IM_POLICY_ROTATION = IM_POLICY_CHOICE /* a choice that may carry a duration */
};
enum im_confidence { IM_DOCUMENTED, IM_OBSERVED, IM_GUESSED };

struct im_policy_row {
    const char *name;
    enum im_policy_kind kind;
    int64_t initial;
    const char *choices; /* words separated by '|', NULL unless CHOICE */
    enum im_confidence confidence;
    const char *about;
    size_t offset; /* of the member in struct im_policy */
};

extern const struct im_policy_row im_policy_rows[];
extern const size_t im_policy_row_count;

const char *im_confidence_name(enum im_confidence confidence); /* "documented", … */
void im_policy_init(struct im_policy *policy);                 /* the built-in values */
const struct im_policy_row *im_policy_find(
    struct im_str name); /* NULL when there is none */
int64_t im_policy_value(const struct im_policy *policy, const struct im_policy_row *row);
/* The word of a CHOICE at this index, "400-rest"; empty when there is none. */
struct im_str im_policy_choice(const struct im_policy_row *row, int64_t index);
/* The same rows as members of a JSON object, read into a struct im_policy: durations as
 * "12h", booleans, choices as word or, for statuses, a number; rotation also "grace:5s". */
extern const struct im_json_table im_policy_table;
/* Sets the switches that the object names. False with err, and *at is the value at fault:
 * then nothing has changed. */
bool im_policy_set_all(struct im_policy *policy, const struct im_json *object,
                       const struct im_json **at, struct im_error *err);
/* Every switch as a JSON object member, in the words that im_policy_set_all takes. */
void im_policy_write(const struct im_policy *policy, struct im_json_out *out);

#endif
