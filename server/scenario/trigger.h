/* Trouble that a request asks for itself: X-Intacct-Mock-Refuse: CAUSE and X-Intacct-Mock-Wire: FAULT are a rule
 * for just that call, for a client that can add a header but has no scenario. What follows is the ordinary plan. */
#ifndef IM_SCENARIO_TRIGGER_H
#define IM_SCENARIO_TRIGGER_H

#include "scenario/scenario.h"

/* *rule becomes the request's own rule, or NULL when it brings none. A name that is not known is refused with
 * trigger-unknown: then the request must not be answered as if it had not asked. Lifetime: request. */
enum im_cause im_trigger_read(struct im_request *req, const struct im_rule **rule);

#endif
