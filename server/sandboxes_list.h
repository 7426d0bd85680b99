/* Which sandboxes there are, for sandboxes.c alone. All expect the lock. */
#ifndef IM_SANDBOXES_LIST_H
#define IM_SANDBOXES_LIST_H

#include "sandboxes.h"

struct im_sandbox *im_sandbox_list_find_locked(struct im_sandboxes *sandboxes,
                                               struct im_str name);
/* Moves it to the newest, and counts one more user. */
void im_sandbox_list_use_locked(struct im_sandboxes *sandboxes, struct im_sandbox *box);
/* With one user. The table must have room. */
void im_sandbox_list_add_locked(struct im_sandboxes *sandboxes, struct im_sandbox *box);
/* It is not found any more. Returns it when it is to be freed, after the lock; NULL when it has users,
 * of which the last frees it. */
struct im_sandbox *im_sandbox_list_remove_locked(struct im_sandboxes *sandboxes,
                                                 struct im_sandbox *box);
/* Removes those that were idle for too long, once a second at most. Returns them, to be freed after
 * the lock: the first, and the rest by `older`. */
struct im_sandbox *im_sandbox_list_sweep_locked(struct im_sandboxes *sandboxes);
/* Makes room for one more: the oldest without a user go, and are put before *surplus. True when there
 * are too many all the same: twice the bound, since in a burst all may be in use for a short time. */
bool im_sandbox_list_full_locked(struct im_sandboxes *sandboxes,
                                 struct im_sandbox **surplus);

#endif
