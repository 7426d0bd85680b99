/* Creates and changes that come twice: which record each Idempotency-Key was about. Expects the store's lock. Source:
 * Sage Intacct REST API, "HTTP headers": remembered for 48 hours, 409 for another call. */
#ifndef IM_OBJECTS_IDEMPOTENCY_H
#define IM_OBJECTS_IDEMPOTENCY_H

#include "objects/table.h"

/* Was the Idempotency-Key of the call sent before? Then the call is answered: with the row that the key
 * made or changed (call->repeated), or with the refusal *result when it came with another call. Not when that
 * row was deleted since: the call is then carried out anew. */
bool im_idempotency_answer_locked(struct im_objects *store, struct im_objects_call *call,
                                  enum im_objects_result *result);
/* Remembers that call->idempotency_key made or changed the row of this key. Without memory it is forgotten: the
 * call stands. */
void im_idempotency_add_locked(struct im_objects *store,
                               const struct im_objects_call *call, int64_t key);
void im_idempotency_forget(struct im_objects *store);

#endif
