/* Which files have stories, and how one is told. */
#include "stories/files.h"

#define FILES(X)                                                                         \
    X(clock)                                                                             \
    X(connect)                                                                           \
    X(control)                                                                           \
    X(credentials)                                                                       \
    X(expired)                                                                           \
    X(openid)                                                                            \
    X(permissions)                                                                       \
    X(protocol)                                                                          \
    X(revoked)                                                                           \
    X(sandboxes)                                                                         \
    X(scenarios)                                                                         \
    X(slips)

#define DECLARE(file) extern const struct story_entry *const stories_##file[];
FILES(DECLARE)

#define NAME(file) stories_##file,
const struct story_entry *const *const stories_files[] = {FILES(NAME) NULL};

bool story_tell(struct story *s, const struct story_entry *entry)
{
    volatile bool well = false;

    im_arena_release(&s->arena); /* of the story before */
    if (setjmp(s->out) == 0) {
        story_begin(s);
        entry->tell(s);
        well = true;
    }
    return well;
}
