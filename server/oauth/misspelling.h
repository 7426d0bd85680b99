/* Parameters that were meant but not sent: `client secret`, `clientSecret`,
 * `refreshtoken`. A server ignores a name it does not know (RFC 6749 section 3.2), so
 * the answer only says that something is missing; the hint says which name was written
 * instead. */
#ifndef IM_OAUTH_MISSPELLING_H
#define IM_OAUTH_MISSPELLING_H

#include "causes/exchange.h"

/* The name among those sent that stands for `wanted`: a slip of the pen, or another
 * word for the same thing (`secret`, `user_id`). at == NULL when there is none. Names
 * that OAuth knows for something else are never taken for a slip. */
struct im_str im_misspelling_of(const struct im_params *params, const char *wanted);

/* Refuses because `wanted` was not sent, or sent without a value (which is the same,
 * RFC 6749 section 3.2): as `missing`; or, when another name stands for it, as
 * parameter-misspelled, worded like `missing`. */
enum im_cause im_refuse_missing(struct im_request *req, const struct im_params *params,
                                const char *wanted, enum im_cause missing);

/* Nothing was missing, but a name was sent that stands for an optional parameter which
 * was not: noted for each of `optional` (NULL-terminated). */
void im_note_misspelled(struct im_request *req, const struct im_params *params,
                        const char *const *optional);

/* Refuses the first of `names` (NULL-terminated) that was sent more than once (RFC
 * 6749 section 3.2): parameter-repeated. */
enum im_cause im_refuse_repeated(struct im_request *req, const struct im_params *params,
                                 const char *const *names);

#endif
