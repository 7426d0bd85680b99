/* What was handed out: grants, sessions, and the codes, access and refresh tokens of
 * each. One of the three doors of state: every verb is atomic under one lock, nothing
 * points inside (what comes out is copied, its texts into the caller's arena). Token
 * texts are not kept, only their SHA-256 digests. What has ended leaves an hour of real
 * time later, whatever the clock of the sandbox says; how it ended stays known for the
 * 200,000 that left last. Bounded: past the bound the oldest dead one (among the 64
 * oldest), else the oldest, leaves.
 *
 * A token is live when it is unexpired, not consumed, not ended itself, and neither its
 * grant nor (access tokens) its session was ended. Ending a grant therefore also ends
 * tokens that are being minted for it at the same time. */
#ifndef IM_OAUTH_TOKENS_H
#define IM_OAUTH_TOKENS_H

#include <stdatomic.h>

#include "causes/exchange.h"
#include "oauth/dialect.h"

struct im_tokens;

enum im_token_kind { IM_TOKEN_CODE, IM_TOKEN_ACCESS, IM_TOKEN_REFRESH };
enum { IM_TOKEN_KINDS = IM_TOKEN_REFRESH + 1 };
const char *im_token_kind_name(enum im_token_kind kind); /* "code", "access", "refresh" */

/* The reason why a token is not live (any more): an attribute of the token.
 * token_refusal.h says which cause a client is then refused for. */
enum im_end_reason {
    IM_NOT_ENDED,
    IM_ENDED_EXPIRED,
    IM_ENDED_USED_UP,           /* a code or refresh token, redeemed */
    IM_ENDED_REVOKED,           /* itself, or its grant */
    IM_ENDED_CODE_REUSED,       /* its grant, because the code was redeemed twice */
    IM_ENDED_REFRESH_REUSED,    /* its grant, because a refresh token was */
    IM_ENDED_REVOKED_ELSEWHERE, /* with another token of its user and company */
    IM_ENDED_SUPERSEDED,        /* by a second authorization */
    IM_ENDED_SESSION_EXPIRED,
    IM_ENDED_SIGN_IN, /* its user signed in to the web UI */
    IM_ENDED_PASSWORD_CHANGED,
    IM_ENDED_CONSENT_WITHDRAWN
};

struct im_token {
    enum im_token_kind kind;
    enum im_dialect_id dialect;
    unsigned char digest[32];
    uint64_t serial; /* 1, 2, … in order of issue */
    uint64_t grant;  /* the grant it belongs to */
    struct im_str grant_type;
    struct im_str client_id, user, company, entity, scopes;
    struct im_str user_key, company_key, entity_key;
    struct im_str session; /* session id, 56 characters */
    struct im_str jti;     /* all but REST access tokens */
    int64_t issued_ms, expires_ms, not_before_ms;
    unsigned key_generation;
    /* codes only */
    struct im_str redirect_uri, challenge, nonce;
    bool challenge_plain;
    int64_t auth_time_s; /* codes: as in im_issue */
    /* its state */
    bool consumed; /* code or refresh token used up */
    int64_t consumed_ms;
    uint64_t consumed_at; /* serial of arrival of the request that used it */
    enum im_end_reason
        ended; /* at the time asked about; of itself, its grant or session */
    int64_t ended_ms;
};

/* What a live session says about itself. */
struct im_session {
    struct im_str id, client_id, user, company, entity;
    int64_t started_ms, expires_ms;
};

enum im_end_kind {
    IM_END_ACCESS = 1,
    IM_END_REFRESH = 2,
    IM_END_CODE = 4,
    IM_END_ALL = 7
};

/* Which tokens: every field that is given must match. */
struct im_token_selector {
    unsigned kinds;      /* of IM_END_…; 0 = all */
    struct im_str token; /* a token's text */
    uint64_t grant;      /* that it belongs to; 0 = any */
    struct im_str client_id, user, company;
    struct im_str grant_type; /* "authorization_code", … */
    bool whole_grant;         /* end the grants of those tokens, not only the tokens */
    bool sessions; /* end the sessions of those tokens (their access tokens die) */
};

/* ---- the verbs; authority.h is how the rest of the program speaks them ---- */

/* When, and by which rules, a question is asked. */
struct im_eval_context {
    int64_t now_ms;
    const struct im_policy *policy;
};

enum { IM_TOKENS_MAX = 200000, IM_TOKEN_BATCH_MAX = 2 };

/* max: records kept. NULL with err when memory is short. Empty, it holds under 1 KiB. */
struct im_tokens *im_tokens_new(size_t max, struct im_error *err);
void im_tokens_free(struct im_tokens *tokens);
/* From now on this index has what is handed out here, as owner's. Before anything is; the index
 * must outlive the store. False when memory is short. */
struct im_token_index;
bool im_tokens_join(struct im_tokens *tokens, struct im_token_index *index,
                    struct im_str owner);

/* What is handed out together: a code, or an access token and perhaps a refresh token.
 * They share grant type, client, user, company, entity, scopes and keys; those of
 * items[0] count. */
struct im_token_batch {
    struct im_token items[IM_TOKEN_BATCH_MAX];
    size_t count;
    uint64_t grant; /* continue this grant; 0, or one long forgotten = open a new one */
    int64_t session_expires_ms; /* of items[0].session, when that is a new one */
};

/* Remembers them; gives their grant, or 0 with err. The first access token of a grant of
 * type authorization_code supersedes the other such grants of its user and company, as
 * policy says. A token text that is handed out once more (the same session in the same
 * second) is one record, the newest. */
uint64_t im_tokens_add(struct im_tokens *tokens, const struct im_token_batch *batch,
                       const struct im_eval_context *eval, struct im_error *err);

bool im_tokens_find(struct im_tokens *tokens, const unsigned char digest[32],
                    const struct im_eval_context *eval, struct im_arena *arena,
                    struct im_token *out);

/* Was there one whose record has left, and how did it end? Fills in kind, ended and ended_ms alone. */
bool im_tokens_gone(struct im_tokens *tokens, const unsigned char digest[32],
                    struct im_token *out);
/* Forgets every record that ended long enough ago; real_ms: the monotonic clock. Handing
 * out does so bit by bit. */
enum { IM_TOKENS_LINGER_MS = 3600 * 1000 };
void im_tokens_sweep(struct im_tokens *tokens, const struct im_eval_context *eval,
                     int64_t real_ms);

/* One attempt to use up a code or a refresh token. */
struct im_redemption {
    enum im_token_kind kind;
    enum im_dialect_id dialect;
    unsigned char digest[32];
    struct im_str client_id;
    uint64_t arrived;               /* serial of arrival of the request … */
    atomic_uint_fast64_t *arrivals; /* … and where the next one comes from */
    /* codes */
    struct im_str redirect_uri;
    struct im_str verifier;      /* the PKCE verifier as sent … */
    struct im_str verifier_s256; /* … and base64url(SHA-256) of it; empty = none */
};

/* Judges and, if nothing is against it, uses it up, in one. *out is what is known of the
 * token (serial 0: nothing) as it was before. */
enum im_cause im_tokens_redeem(struct im_tokens *tokens,
                               const struct im_redemption *redemption,
                               const struct im_eval_context *eval, struct im_arena *arena,
                               struct im_token *out);

/* The reason for which matching live tokens end; IM_NOT_ENDED: they expire now.
 * digest: of which->token, looked at only when that is given. Returns how many live
 * tokens died. */
struct im_ending {
    const struct im_token_selector *which;
    unsigned char digest[32];
    enum im_end_reason reason;
};
size_t im_tokens_end(struct im_tokens *tokens, const struct im_ending *ending,
                     const struct im_eval_context *eval);
/* RFC 7009, with Intacct's cascade (documented): see im_authority_revoke. */
size_t im_tokens_revoke(struct im_tokens *tokens, const unsigned char digest[32],
                        const struct im_eval_context *eval);

bool im_tokens_session(struct im_tokens *tokens, struct im_str id, int64_t now_ms,
                       struct im_arena *arena, struct im_session *out);
/* Those whose serial is above `after` (0 = all) and that are there when it begins, oldest
 * first, until visit returns false. A few at a time are copied under the lock and visited
 * without it, so each is as it was a moment ago, and nobody waits for a long list. The view
 * lives only during the call. False when memory is short. */
bool im_tokens_each(struct im_tokens *tokens, const struct im_eval_context *eval,
                    uint64_t after,
                    bool (*visit)(void *context, const struct im_token *token),
                    void *context);
/* How many records the bound has cost so far. */
uint64_t im_tokens_dropped(struct im_tokens *tokens);

#endif
