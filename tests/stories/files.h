/* All stories, for the programs that tell them. */
#ifndef STORIES_FILES_H
#define STORIES_FILES_H

#include "stories/teller.h"

/* The lists of the files, NULL at the end. */
extern const struct story_entry *const *const stories_files[];

/* False when something is not as the story says. What it allocated stays, with the last answer, until
 * the next story; the caller releases s->arena at the end. */
bool story_tell(struct story *s, const struct story_entry *entry);

#endif
