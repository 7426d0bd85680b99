/* Unpacking gzip (RFC 1952). */
#ifndef IM_BASE_GUNZIP_H
#define IM_BASE_GUNZIP_H

#include "base/arena.h"

/* Does it begin as gzip does? */
bool im_is_gzip(struct im_str data);
/* Unpacks at most `max` bytes into the arena. False with err: damaged, cut off, or larger
 * (IM_ERROR_CAPACITY). */
bool im_gunzip(struct im_arena *arena, struct im_str data, size_t max,
               struct im_str *plain, struct im_error *err);

#endif
