/* From what is known of a token to the cause of a refusal and the evidence for it.
 * Why a token ended (enum im_end_reason) is a fact about the token; what a client is
 * told about it depends on the kind of token that it presents. No sentence holds a
 * secret. */
#ifndef IM_OAUTH_TOKEN_REFUSAL_H
#define IM_OAUTH_TOKEN_REFUSAL_H

#include "oauth/tokens.h"

/* Why a token of this kind, ended for this reason, is refused; CAUSE_NONE for
 * IM_NOT_ENDED. */
enum im_cause im_ended_cause(enum im_end_reason reason, enum im_token_kind kind);
/* The same of the token itself: CAUSE_NONE = it is live. */
enum im_cause im_token_cause(const struct im_token *token);
/* Why a client may not use, nor revoke, a token of this kind that another client was
 * given (RFC 6749 section 5.2, RFC 7009 section 2.1). */
enum im_cause im_other_client_cause(enum im_token_kind kind);

/* One sentence about token->ended: what happened, when, and what time it is now.
 * Lifetime: the arena's. */
struct im_str im_ended_evidence(struct im_arena *arena, const struct im_token *token,
                                int64_t now_ms);
/* One sentence about a token text that nothing is known of: what its looks betray
 * (blanks, percent escapes, quotes …), or empty. Lifetime: static. */
struct im_str im_looks_evidence(struct im_str text);

#endif
