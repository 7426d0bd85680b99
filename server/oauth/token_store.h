/* What stands inside struct im_tokens, for tokens.c and token_*.c alone: records, and what they
 * belong to. Ownership: records hold their texts; grants, sessions and subjects live as long as
 * a record belongs to them.
 *
 *   subject (user, company) ─< grant ─< record >─ session */
#ifndef IM_OAUTH_TOKEN_STORE_H
#define IM_OAUTH_TOKEN_STORE_H

#include <pthread.h>

#include "base/table.h"
#include "oauth/token_index.h"
#include "oauth/tokens.h"

/* Some of the texts of a token, packed behind one another; shared by those handed out
 * together. */
struct im_packed {
    unsigned refs;
    unsigned count;
    uint32_t len[]; /* count lengths, then the characters */
};

struct im_subject {
    struct im_table_link link;
    struct im_subject *older, *newer;
    struct im_packed *who; /* its user and company */
    struct im_grant_state *grants;
};

/* The reason why something ended, and since when. */
struct im_ended {
    enum im_end_reason reason;
    int64_t since_ms;
};

struct im_grant_state {
    struct im_table_link link;
    uint64_t id;
    struct im_subject *subject;
    struct im_grant_state *next, *previous; /* of its subject */
    struct im_token_record *records;
    bool by_code;                          /* of type authorization_code */
    bool started;                          /* has had an access token */
    struct im_ended ended[IM_TOKEN_KINDS]; /* for its codes, access and refresh tokens */
};

struct im_session_state {
    struct im_table_link link;
    struct im_token_entry entry;
    unsigned refs;
    struct im_packed *who;
    int64_t started_ms, expires_ms;
    struct im_ended ended;
    size_t id_len;
    char id[];
};

struct im_token_record {
    struct im_table_link link; /* by digest */
    struct im_token_entry entry;
    struct im_token_record *older, *newer;
    struct im_grant_state *grant;
    struct im_token_record *next, *previous; /* of its grant */
    struct im_session_state *session;        /* NULL: refresh tokens and codes */
    struct im_packed *who; /* what it shares with the rest of its batch */
    struct im_packed *own; /* what it does not */
    enum im_token_kind kind;
    enum im_dialect_id dialect;
    unsigned char digest[32];
    uint64_t serial;
    int64_t issued_ms, expires_ms, not_before_ms;
    unsigned key_generation;
    bool challenge_plain, consumed;
    int64_t auth_time_s;
    int64_t consumed_ms;
    uint64_t consumed_at;
    struct im_ended ended; /* by itself; its grant and session have their own */
    int64_t
        dead_since_ms; /* monotonic: when it was first found to have ended; 0 = live */
};

/* Where a walk over all records goes on, which lets the lock go in between. */
struct im_token_cursor {
    struct im_token_record *at; /* moved on when that record leaves; NULL = the end */
    struct im_token_cursor *next;
};

/* What is known of a token whose record has left. */
struct im_gone {
    struct im_table_link link; /* by digest */
    struct im_token_entry entry;
    unsigned char digest[16]; /* the beginning of it */
    struct im_gone *newer;
    uint64_t grant;
    enum im_token_kind kind;
    struct im_ended ended;
};

struct im_tokens {
    pthread_mutex_t lock;
    size_t max;
    struct im_token_index *index; /* NULL = none */
    struct im_str owner; /* what the index says of what is here; its own memory */
    struct im_table by_digest, grants, sessions, subjects;
    struct im_token_record *oldest, *newest;
    struct im_subject *subject_newest;
    struct im_token_record
        *next_look;           /* whether it may leave; NULL = the round is over */
    int64_t next_round_ms;    /* of real time */
    unsigned searches_paused; /* how many more leave before the dead are searched again */
    struct im_token_cursor *cursors; /* of walks that are under way */
    struct im_table gone;
    struct im_gone *gone_oldest, *gone_newest;
    uint64_t serials, grant_ids, dropped;
};

/* ---- records and their texts ---- */

/* A record of the token, in no list yet. `who`: shared texts, NULL = of this token. NULL
 * when memory is short. */
struct im_token_record *im_token_record_new(const struct im_token *token,
                                            struct im_packed *who);
/* One that is in no list (any more). */
void im_token_record_free(struct im_token_record *record);

struct im_packed *im_packed_ref(struct im_packed *packed);
void im_packed_unref(struct im_packed *packed);
/* The text of a shared field; valid as long as `who`. */
struct im_str im_packed_user(const struct im_packed *who);
struct im_str im_packed_company(const struct im_packed *who);
struct im_str im_packed_client(const struct im_packed *who);
struct im_str im_packed_grant_type(const struct im_packed *who);
struct im_str im_packed_entity(const struct im_packed *who);

/* Copies out; texts into the arena, or, when that is NULL, views of the store's. Fills
 * in all but its status (ended, ended_ms). */
void im_token_record_copy(const struct im_token_record *record, struct im_arena *arena,
                          struct im_token *out);
/* One text: a field of `own`. */
struct im_str im_token_record_redirect_uri(const struct im_token_record *record);
struct im_str im_token_record_challenge(const struct im_token_record *record);

/* ---- where they are kept; these expect the lock ---- */

struct im_token_record *im_token_record_find_locked(const struct im_tokens *tokens,
                                                    const unsigned char digest[32]);
struct im_session_state *im_session_find_locked(const struct im_tokens *tokens,
                                                struct im_str id);
struct im_subject *im_subject_find_locked(const struct im_tokens *tokens,
                                          struct im_str user, struct im_str company);
/* The records of a batch go where they belong. False, and nothing done, when memory is
 * short. */
bool im_store_add_locked(struct im_tokens *tokens, const struct im_token_batch *batch,
                         struct im_token_record *const *records);
struct im_grant_state *im_grant_find_locked(const struct im_tokens *tokens, uint64_t id);
/* Forgets it, and what it alone kept. */
void im_store_drop_locked(struct im_tokens *tokens, struct im_token_record *record);

/* ---- its state, as policy and time have it (tokens.c); these expect the lock ---- */

struct im_ended im_token_status_locked(const struct im_token_record *record,
                                       const struct im_eval_context *eval);
bool im_token_is_live_locked(const struct im_token_record *record,
                             const struct im_eval_context *eval);
/* As im_token_record_copy, with its status. */
void im_token_report_locked(const struct im_token_record *record,
                            const struct im_eval_context *eval, struct im_arena *arena,
                            struct im_token *out);

/* ---- ending before their time (token_end.c); these expect the lock ---- */

/* Ends it now; the first reason stays. */
void im_ended_set(struct im_ended *ended, enum im_end_reason reason,
                  const struct im_eval_context *eval);
/* All that was and will be handed out under the grant. */
void im_grant_end_locked(struct im_grant_state *grant, enum im_end_reason reason,
                         const struct im_eval_context *eval);

/* ---- when they leave (token_retention.c); these expect the lock ---- */

/* One record leaves: an ended one if there is one among the oldest, else the oldest. */
void im_retention_shed_locked(struct im_tokens *tokens,
                              const struct im_eval_context *eval);
/* Looks at the next n records, and lets those leave that ended an hour ago. real_ms: the
 * monotonic clock. */
void im_retention_look_locked(struct im_tokens *tokens,
                              const struct im_eval_context *eval, int64_t real_ms,
                              size_t n);
/* The note of a token whose record has left; NULL = none. */
const struct im_gone *im_gone_find_locked(const struct im_tokens *tokens,
                                          const unsigned char digest[32]);
void im_gone_free_all(struct im_tokens *tokens);

#endif
