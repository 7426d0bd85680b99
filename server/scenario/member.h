/* Reading one member of a scenario's JSON: what it must be, and the sentence when it is not. */
#ifndef IM_SCENARIO_MEMBER_H
#define IM_SCENARIO_MEMBER_H

#include "base/json.h"

/* Sets err to `"nth" must be WANTED, not "x"` (or the number, or the type) and returns false. */
bool im_member_wrong(const struct im_json *member, const char *wanted,
                     struct im_error *err);
/* A whole number, `least` or more. */
bool im_member_whole(const struct im_json *member, int64_t least, int64_t *value,
                     struct im_error *err);
/* A string with something in it, copied into the arena. */
bool im_member_text(const struct im_json *member, struct im_arena *arena,
                    struct im_str *value, struct im_error *err);
/* `; did you mean "X"?`, or nothing when none of the candidates is near. Lifetime: arena's. */
struct im_str im_member_hint(struct im_arena *arena, struct im_str word,
                             const struct im_str *candidates, size_t n);

#endif
