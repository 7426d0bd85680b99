/* Several records in one call: an array as the body of a POST, or keys with commas between
 * in the path of a GET. Source: Sage Intacct REST API, batches of at most 500 and several
 * keys (documented); 207 when some of them fail is documented for bulk, that it answers here
 * and how the failures are written among the results are guesses. */
#ifndef IM_ENDPOINTS_BATCH_H
#define IM_ENDPOINTS_BATCH_H

#include "endpoints/record.h"

#define IM_BATCH_MAX 500 /* documented */

bool im_batch_asked(const struct im_record *record);
/* Answers all of it. Each item is created, or read, or refused independently of
 * the others, unless X-IA-API-Param-Transaction says that all are to be created or none (documented). `call` as for one record. */
enum im_cause im_batch_answer(struct im_authority *authority, struct im_request *req,
                              struct im_response *res, const struct im_record *record,
                              const struct im_objects_call *call);

#endif
