/* Spoiling a token that was signed well; enum im_flaw and its names stand in authority.h. */
#ifndef IM_OAUTH_FLAW_H
#define IM_OAUTH_FLAW_H

#include "base/arena.h"

/* Another character in the middle of the signature: still base64url, no longer ours. */
struct im_str im_flaw_tamper(struct im_arena *arena, struct im_str token);
/* RFC 7519 section 6: "alg":"none" and nothing behind the last dot. */
struct im_str im_flaw_unsign(struct im_arena *arena, struct im_str token);

#endif
