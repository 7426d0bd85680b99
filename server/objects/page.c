/* Pages of a list or a query: `start` counts rows from 1 and need not be the first row of a
 * page, so the page before may begin at row 1 and overlap (documented: start, pageSize,
 * next, previous). */
#include "objects/page.h"

#include "objects/outcome.h"

enum im_objects_result im_objects_page_check(struct im_objects_call *call, int64_t start,
                                             int64_t size)
{
    if (start < 1)
        return im_objects_refuse(&call->refusal, IM_OBJECTS_QUERY_WRONG, IM_STR("start"),
                                 "start counts from 1.");
    if (size < 1 || size > IM_OBJECTS_PAGE_MAX)
        return im_objects_refuse(&call->refusal, IM_OBJECTS_QUERY_WRONG, IM_STR("size"),
                                 "size is a number from 1 to %d.", IM_OBJECTS_PAGE_MAX);
    call->meta = (struct im_objects_meta){.start = start, .size = size};
    return IM_OBJECTS_OK;
}

void im_objects_page_neighbours(struct im_objects_meta *meta)
{
    /* subtracted, since start + size of a client's numbers may overflow */
    bool more = meta->start <= meta->total - meta->size;
    int64_t before = meta->start - meta->size;
    meta->next = more ? meta->start + meta->size : 0;
    meta->previous = meta->start == 1 ? 0 : before > 1 ? before : 1;
}

static void number_or_null(struct im_json_out *out, const char *name, int64_t value)
{
    if (value)
        im_json_int(out, name, value);
    else
        im_json_null(out, name);
}

void im_objects_write_meta(const struct im_objects_meta *meta, struct im_json_out *out,
                           const char *name)
{
    im_json_open_object(out, name);
    im_json_int(out, "totalCount", meta->total);
    im_json_int(out, "start", meta->start);
    im_json_int(out, "pageSize", meta->size);
    number_or_null(out, "next", meta->next);
    number_or_null(out, "previous", meta->previous);
    im_json_close_object(out);
}
