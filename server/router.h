/* The pipeline: which sandbox, which route, what its scenario does to it, which answer; then worded,
 * hinted and recorded. Every request passes it, also one that CivetWeb finds unsound. */
#ifndef IM_ROUTER_H
#define IM_ROUTER_H

#include "endpoints/endpoint.h"
#include "sandboxes.h"

/* Answers one request: the control API under /__mock/, everything else in its sandbox. *date_ms
 * is the Date that the answer shows: the sandbox's clock, real time for the control API. The listener,
 * or im_handle, calls res->delivered when the answer is delivered. */
void im_answer(struct im_sandboxes *sandboxes, struct im_request *req,
               struct im_response *res, int64_t *date_ms);

/* The routes of the integration's side, in table order, for the tests that compare documentation with
 * code. NULL past the end. */
const struct im_route *im_route_at(size_t index);

#endif
