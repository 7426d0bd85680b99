/* Wording: a cause becomes status, headers and body, in one place for all endpoints. */
#ifndef IM_CAUSES_REFUSAL_H
#define IM_CAUSES_REFUSAL_H

#include "base/rng.h"
#include "causes/exchange.h"

/* The wording that this place and policy give the cause (never IM_ENVELOPE_NONE: a
 * place that does not word a cause falls back to the row's other wording). */
const struct im_wording *im_wording(enum im_cause cause, enum im_place place,
                                    const struct im_policy *policy);
/* What differs from one refusal to the next in the same wording; empty texts get
 * stand-ins. */
struct im_refusal_params {
    struct im_str support_id, request_id;
    struct im_str method; /* {OPERATION} */
    struct im_str object; /* {OBJECT} */
    struct im_str field;  /* {FIELD} */
};

/* The JSON body of a wording, byte for byte as it is sent; `name` as everywhere in
 * json.h. */
void im_wording_write(const struct im_wording *wording,
                      const struct im_refusal_params *params, struct im_json_out *out,
                      const char *name);
/* The same with made-up params, for people who look a cause up. */
void im_wording_write_sample(const struct im_wording *wording, struct im_json_out *out,
                             const char *name);
/* One error among the results of a batch: the member "ia::error" of the object that is open
 * in `out`. The cause is one of the REST envelope. `field` as in the exchange. */
void im_refusal_write_item(const struct im_request *req, enum im_cause cause,
                           struct im_str field, struct im_rng *rng,
                           struct im_json_out *out);
/* Replaces whatever is in res by the refusal that req->exchange records: JSON envelope,
 * HTML page or redirect. Draws supportId and requestId from rng. */
void im_refusal_render(const struct im_request *req, struct im_response *res,
                       const struct im_policy *policy, struct im_rng *rng);

#endif
