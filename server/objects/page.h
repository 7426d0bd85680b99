/* Which rows of a result are shown. */
#ifndef IM_OBJECTS_PAGE_H
#define IM_OBJECTS_PAGE_H

#include "objects/objects.h"

/* Start and size into call->meta, or QUERY_WRONG. */
enum im_objects_result im_objects_page_check(struct im_objects_call *call, int64_t start,
                                             int64_t size);
/* Sets next and previous, once total is known. */
void im_objects_page_neighbours(struct im_objects_meta *meta);

#endif
