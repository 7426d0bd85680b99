/* The table of causes as people read it: a Markdown document and text for a terminal.
 * Both are made of causes.def alone, so they cannot say anything else than what the
 * server does. */
#ifndef IM_CAUSES_CAUSE_CATALOGUE_H
#define IM_CAUSES_CAUSE_CATALOGUE_H

#include "causes/cause.h"

/* The whole table as one Markdown document: server/CAUSES.md. */
void im_cause_markdown(struct im_buf *buf);
/* One cause explained, in lines of at most 80 columns; CAUSE_NONE: the list of all. */
void im_cause_text(struct im_buf *buf, enum im_cause cause);

#endif
