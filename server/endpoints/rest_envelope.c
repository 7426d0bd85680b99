/* The two braces around every answer of the REST API, and its counts; see rest_envelope.h.
 * The envelope of refusals is written by causes/refusal.c. */
#include "endpoints/rest_envelope.h"

#define META "ia::meta"

void im_rest_begin(struct im_response *res, int status, struct im_json_out *out)
{
    im_json_out_init(out, im_response_begin(res, status, "application/json"));
    im_json_open_object(out, NULL);
}

void im_rest_end_batch(struct im_json_out *out, int64_t good, int64_t bad)
{
    im_json_open_object(out, META);
    im_json_int(out, "totalCount", good + bad);
    im_json_int(out, "totalSuccess", good);
    im_json_int(out, "totalError", bad);
    im_json_close_object(out);
    im_json_close_object(out);
}

void im_rest_end(struct im_json_out *out, int64_t count)
{
    im_rest_end_batch(out, count, 0);
}

void im_rest_end_page(struct im_json_out *out, const struct im_objects_meta *page)
{
    im_objects_write_meta(page, out, META);
    im_json_close_object(out);
}
