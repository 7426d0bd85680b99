/* The pipeline: which sandbox, which route, what truth, which answer; then worded, hinted and
 * written down. Every request walks it, whether CivetWeb found it sound or not. */
#ifndef IM_ROUTER_H
#define IM_ROUTER_H

#include "sandboxes.h"

/* Answers one request: the control API under /__mock/, everything else in its sandbox. *date_ms
 * is the Date that the answer shows: the sandbox's clock, real time for the control API. */
void im_answer(struct im_sandboxes *sandboxes, struct im_request *req,
               struct im_response *res, int64_t *date_ms);

/* The paths of the integration's side, in table order, for hints and for the tests that compare
 * documentation with code. NULL past the end. */
const char *im_route_path(size_t index, const char **methods, const char **endpoint);

#endif
