/* The authorization server with no HTTP in it: directory, keys, tokens, policy, clock
 * and chance of one sandbox. Endpoints and grants ask it; scenarios and the control API
 * change its state. Thread-safe; a reset makes a new one. */
#ifndef IM_OAUTH_AUTHORITY_H
#define IM_OAUTH_AUTHORITY_H

#include "base/clock.h"
#include "directory/directory.h"
#include "oauth/jwt.h"
#include "oauth/once.h"
#include "oauth/tokens.h"
#include "objects/objects.h"

struct im_authority {
    struct im_clock clock;
    struct im_rng rng;
    struct im_directory *directory;
    struct im_keys *keys;
    struct im_tokens *tokens;
    struct im_objects *objects;
    struct im_secrets *secrets; /* what must not leave; a reference of its own */
    struct im_once tickets;     /* of consent pages, that were used */
    struct im_policy policy;    /* behind policy_lock: use im_authority_policy() */
    struct im_str signed_in;    /* behind it too, in memory of its own */
    pthread_mutex_t policy_lock;
    atomic_uint_fast64_t arrivals; /* serials of arrival; see im_request.arrived */
};

/* seed and salt as in im_rng_init_seed; start_ms < 0 = the real time. */
struct im_authority *im_authority_new(uint64_t seed, struct im_str salt, int64_t start_ms,
                                      struct im_error *err);
void im_authority_free(struct im_authority *authority);
/* Adds its secrets to this set, and from now on each new one, instead of to its own: the
 * set of the authority before a reset, whose recorded exchanges are still searched for
 * old secrets. Takes a reference. False when memory is short. */
bool im_authority_keep_secrets(struct im_authority *authority,
                               struct im_secrets *secrets);
struct im_policy im_authority_policy(struct im_authority *authority); /* a copy */
void im_authority_set_policy(struct im_authority *authority,
                             const struct im_policy *policy);
/* Sets the switches that the object names (im_policy_set_all), all or none, in one
 * step: two changes at once lose nothing. */
bool im_authority_change_policy(struct im_authority *authority,
                                const struct im_json *object, const struct im_json **at,
                                struct im_error *err);

/* The user ("jdoe@acme") who counts as signed in at authorize and accepts every request,
 * as mock_user does: an unattended client can then take a code. Empty = none. Set:
 * false when memory is short; get: a copy in the arena. */
bool im_authority_set_signed_in(struct im_authority *authority, struct im_str user);
struct im_str im_authority_signed_in(struct im_authority *authority,
                                     struct im_arena *arena);

/* ---- business records ---- */

/* Those of this company; NULL when memory is short. */
struct im_objects *im_authority_objects(struct im_authority *authority,
                                        const struct im_company *company);
/* Creates what the world's `records` say, for companies that the directory has. One whose
 * id is there already stays as it is. False with err, and *at is the value at fault; those
 * before it are there. */
bool im_authority_load_records(struct im_authority *authority,
                               const struct im_json *world, const struct im_json **at,
                               struct im_error *err);
/* Who and what exists now, as an object: what im_directory_write says, and `records`: of each
 * company the keys of each object, at most IM_WORLD_KEYS_MAX of one. */
enum { IM_WORLD_KEYS_MAX = 100 };
void im_authority_write_world(struct im_authority *authority, struct im_json_out *out,
                              const char *name);
/* The member `records` of a world, for a table that has it among others: checked, but not
 * stored. */
extern const struct im_json_table im_records_part;

/* ---- handing out ---- */

/* The ways in which an access token can be wrong on purpose. What we would never
 * hand out (bad signature, unknown key, wrong issuer, wrong algorithm, malformed) is
 * not remembered either: the bearer check finds out by taking it apart. */
enum im_flaw {
    IM_FLAW_NONE,
    IM_FLAW_EXPIRED,
    IM_FLAW_NOT_YET_VALID,
    IM_FLAW_BAD_SIGNATURE,
    IM_FLAW_UNKNOWN_KEY,
    IM_FLAW_WRONG_ISSUER,
    IM_FLAW_WRONG_COMPANY,
    IM_FLAW_WRONG_ALGORITHM,
    IM_FLAW_MALFORMED
};
const char *im_flaw_name(enum im_flaw flaw);

struct im_issue {
    enum im_dialect_id dialect;
    struct im_str grant_type; /* of the grant: "authorization_code", … */
    struct im_str client_id, user, company, entity, scopes;
    /* User and company as they were looked up; NULL, or without ids = look them up. */
    const struct im_principal *principal;
    /* Continue this grant, that of the redeemed code or refresh token; 0 = open a new one
     * (client_credentials). */
    uint64_t grant;
    struct im_str session;      /* live in this session; empty = a new one */
    bool with_refresh;          /* hand out a refresh token too */
    struct im_str keep_refresh; /* rotation `keep`: hand out this same text again */
    bool with_id_token;         /* scope openid; RS256, shape guessed */
    struct im_str nonce;
    struct im_str issuer; /* base URL: `iss` of the REST dialect */
    int64_t ttl_ms;       /* of the access token; 0 = as policy says */
    enum im_flaw flaw;    /* of the access token */
    /* codes only */
    struct im_str redirect_uri, challenge;
    bool challenge_plain;
    int64_t
        auth_time_s; /* when its user signed in, for the id_token; 0 = not asked for */
};

struct im_issued {
    struct im_str access_token, refresh_token, id_token; /* refresh and id may be empty */
    struct im_str fingerprint; /* of the access token, unless that has a flaw */
    struct im_str scopes, user_key;
    int64_t expires_in_s, refresh_expires_in_s;
    uint64_t grant;
};

/* Mints and remembers; lifetime of the texts: the arena's. False with err (memory, key).
 * A new authorization_code grant supersedes older ones of the same user and company as
 * policy says. */
bool im_authority_issue(struct im_authority *authority, struct im_arena *arena,
                        int64_t now_ms, const struct im_issue *issue,
                        struct im_issued *issued, struct im_error *err);
/* An authorization code (a JWT whose payload begins with clientId); empty on failure. */
struct im_str im_authority_issue_code(struct im_authority *authority,
                                      struct im_arena *arena, int64_t now_ms,
                                      const struct im_issue *issue, struct im_error *err);

/* ---- taking back: each check-and-change is one atomic call ---- */

/* Uses the code up. Refuses (im_refuse on req, with evidence): code-missing is the
 * caller's; code-unknown, code-expired, code-reused (which ends what it had given),
 * code-of-another-client, redirect-uri-mismatch, pkce-verifier-missing,
 * pkce-verifier-wrong, and whatever ended its grant. A refused code that was presented
 * by the wrong client, with the wrong redirect URI or the wrong verifier is not used up
 * (a guess; RFC 6749 leaves it open). */
struct im_code_claim {
    enum im_dialect_id dialect;
    struct im_str code, client_id, redirect_uri, verifier;
    bool verifier_given;
};
enum im_cause im_authority_redeem_code(struct im_authority *authority,
                                       struct im_request *req,
                                       const struct im_code_claim *claim,
                                       struct im_token *out);

/* Uses the refresh token up as the rotation policy says: refresh-token-unknown,
 * -expired, -reused, parallel-refresh (the loser was in flight when the winner used it),
 * -revoked, -of-another-client, grant-superseded, password-changed, user-revoked-access
 * and so on. Key rotation does not touch refresh tokens (a guess): refreshing is the way
 * out of it. */
enum im_cause im_authority_redeem_refresh(struct im_authority *authority,
                                          struct im_request *req,
                                          enum im_dialect_id dialect, struct im_str token,
                                          struct im_str client_id, struct im_token *out);

/* The token of this text and its state (introspection, revocation, listings): false when
 * this authority has no record of it. out->ended is the reason why it is not live,
 * IM_NOT_ENDED = live at now_ms. Texts: the arena's. */
bool im_authority_find(struct im_authority *authority, struct im_arena *arena,
                       struct im_str token, int64_t now_ms, struct im_token *out);
/* Was there such a token, whose record has left? See im_tokens_gone. */
bool im_authority_gone(struct im_authority *authority, struct im_str token,
                       struct im_token *out);
/* Revokes this token; with policy revoke_cascades, and all of its user and company.
 * Returns how many tokens died; 0 when it is unknown or was dead. */
size_t im_authority_revoke(struct im_authority *authority, struct im_str token,
                           int64_t now_ms);

/* Session by id for the session_id grant and session/id: false when unknown or ended. */
bool im_authority_session(struct im_authority *authority, struct im_arena *arena,
                          struct im_str session, int64_t now_ms, struct im_session *out);

/* ---- changes of state by the control API and scenarios ---- */

/* Live tokens that match end now, for this reason; returns how many. */
size_t im_authority_end(struct im_authority *authority,
                        const struct im_token_selector *which, enum im_end_reason reason,
                        int64_t now_ms);
/* Live tokens that match reach their natural end now (their expiry becomes now). */
size_t im_authority_expire(struct im_authority *authority,
                           const struct im_token_selector *which, int64_t now_ms);

/* Every token that was issued after the one of this serial (0 = every one): see
 * im_tokens_each. */
bool im_authority_each_token(struct im_authority *authority, int64_t now_ms,
                             uint64_t after,
                             bool (*visit)(void *context, const struct im_token *token),
                             void *context);

#endif
