/* Creates and changes that come twice: which record each Idempotency-Key was about. Expects the store's lock. Source:
 * Sage Intacct REST API, "HTTP headers": remembered for 48 hours, 409 for another call. */
#ifndef IM_OBJECTS_IDEMPOTENCY_H
#define IM_OBJECTS_IDEMPOTENCY_H

#include "objects/table.h"

/* IM_OBJECTS_OK with *row: what call->idempotency_key made or changed before, NULL when that was nothing
 * that is still there. KEY_REUSED when it came with another call, or call->repeat_refused. */
enum im_objects_result im_idempotency_find_locked(struct im_objects *store,
                                                  struct im_objects_call *call,
                                                  const struct im_object_row **row);
/* Remembers that call->idempotency_key made or changed the row of this key. Without memory it is forgotten: the
 * call stands. */
void im_idempotency_add_locked(struct im_objects *store,
                               const struct im_objects_call *call, int64_t key);
void im_idempotency_forget(struct im_objects *store);

#endif
