/* Why a token is dead, told with the facts: what happened, when, and what time it is
 * now. Never holds a secret. */
#ifndef IM_OAUTH_EVIDENCE_H
#define IM_OAUTH_EVIDENCE_H

#include "oauth/tokens.h"

/* One sentence about token->ended_because. Lifetime: the arena's. */
struct im_str im_evidence_dead(struct im_arena *arena, const struct im_token *token,
                               int64_t now_ms);
/* One sentence about a token text that nothing is known of: what its looks betray
 * (blanks, percent escapes, quotes …), or empty. */
struct im_str im_evidence_text(struct im_arena *arena, struct im_str text);

#endif
