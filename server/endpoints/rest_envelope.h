/* The envelope around every answer of the REST API that is not a refusal:
 * {"ia::result": …, "ia::meta": …} (observed). */
#ifndef IM_ENDPOINTS_REST_ENVELOPE_H
#define IM_ENDPOINTS_REST_ENVELOPE_H

#include "http/response.h"
#include "objects/objects.h"

/* The name under which the result is written between begin and end. */
#define IM_REST_RESULT "ia::result"

/* Begins the answer: status, Content-Type, the opening brace. */
void im_rest_begin(struct im_response *res, int status, struct im_json_out *out);
/* "ia::meta":{"totalCount":n,"totalSuccess":n,"totalError":0} and the closing brace. */
void im_rest_end(struct im_json_out *out, int64_t count);
/* The same for one page of a list:
 * {"totalCount":508,"start":1,"pageSize":100,"next":101,"previous":null} */
void im_rest_end_page(struct im_json_out *out, const struct im_objects_meta *page);

/* The end of a batch in which `bad` items failed. */
void im_rest_end_batch(struct im_json_out *out, int64_t good, int64_t bad);

#endif
