/* From what is known of a token to the cause of a refusal and the evidence for it. The
 * reason why a token ended (enum im_end_reason) is an attribute of the token; the cause
 * that a client gets depends also on the kind of token that it presents. No sentence
 * holds a secret. */
#ifndef IM_OAUTH_TOKEN_REFUSAL_H
#define IM_OAUTH_TOKEN_REFUSAL_H

#include "oauth/tokens.h"

/* The cause for a token of this kind that ended for this reason; CAUSE_NONE for
 * IM_NOT_ENDED. */
enum im_cause im_ended_cause(enum im_end_reason reason, enum im_token_kind kind);
/* The same of the token itself: CAUSE_NONE = it is live. */
enum im_cause im_token_cause(const struct im_token *token);
/* The cause when a client uses, or revokes, a token of this kind that was issued to
 * another client (RFC 6749 section 5.2, RFC 7009 section 2.1). */
enum im_cause im_other_client_cause(enum im_token_kind kind);

/* One sentence about token->ended: what happened, when, and what time it is now.
 * Lifetime: the arena's. */
struct im_str im_ended_evidence(struct im_arena *arena, const struct im_token *token,
                                int64_t now_ms);
/* One sentence about a token text that is unknown: what is wrong with its form (blanks,
 * percent escapes, quotes …), or empty. Lifetime: the arena's. */
struct im_str im_looks_evidence(struct im_arena *arena, struct im_str text);

/* A token that the real Sage Intacct issued: a JWT, not issued here, whose issuer (claim
 * iss) is a host of intacct.com. A test that sends one has mixed up the credentials of
 * the mock and of the real service. One sentence with the token's own times in words,
 * such as "issued by api.intacct.com, not by this mock; by its own claims it expired 10
 * days ago". Empty for any other text, and where this server answers as that host
 * itself: there a token of its own that was altered looks the same. Nothing in it is
 * verified. Lifetime: the arena's of the request. */
struct im_str im_real_service_evidence(const struct im_request *req, struct im_str text);
/* Is this URL (a claim iss) one of intacct.com? */
bool im_is_real_service(struct im_str issuer);

#endif
