/* What happens to ids, secrets and tokens on their way: one recogniser for all of them. */
#ifndef IM_BASE_NEAR_MISS_H
#define IM_BASE_NEAR_MISS_H

#include "base/arena.h"

/* The text as it may have been meant, and what then happened to it: "a '+' in it arrived as a
 * blank: …". */
struct im_repair {
    struct im_str text;
    const char *how; /* static */
};
enum { IM_REPAIRS_MAX = 8 };
/* Fills in the repairs that change the text; returns how many. Lifetime: the arena's, or the
 * text's. */
size_t im_repairs(struct im_arena *arena, struct im_str sent,
                  struct im_repair repairs[IM_REPAIRS_MAX]);

/* What is different between the two, if it is a slip: a repair, other case, a part that is
 * missing. NULL = they have nothing to do with each other. Static. */
const char *im_near_miss(struct im_arena *arena, struct im_str sent, struct im_str right);

/* A template that nobody filled in: "{{token}}", "${TOKEN}", "undefined", "YOUR_CLIENT_ID", "****". */
bool im_is_placeholder(struct im_str text);

#endif
