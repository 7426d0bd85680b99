#include "oauth/tokens.h"

#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "oauth/token_store.h"

enum { LOOK_FOR_DEAD = 64 }; /* how many of the oldest are looked at when one must go */

const char *im_token_kind_name(enum im_token_kind kind)
{
    static const char *const names[] = {"code", "access", "refresh"};
    return names[kind];
}

static unsigned kind_bit(enum im_token_kind kind)
{
    static const unsigned bits[] = {IM_END_CODE, IM_END_ACCESS, IM_END_REFRESH};
    return bits[kind];
}

struct im_tokens *im_tokens_new(size_t max, struct im_error *err)
{
    struct im_tokens *tokens = calloc(1, sizeof(*tokens));

    if (!tokens) {
        im_error_set(err, "making the token store: out of memory");
        return NULL;
    }
    pthread_mutex_init(&tokens->lock, NULL);
    tokens->max = max;
    return tokens;
}

void im_tokens_free(struct im_tokens *tokens)
{
    if (!tokens)
        return;
    while (tokens->oldest)
        im_store_drop_locked(tokens, tokens->oldest);
    im_table_release(&tokens->by_digest);
    im_table_release(&tokens->grants);
    im_table_release(&tokens->sessions);
    im_table_release(&tokens->holders);
    pthread_mutex_destroy(&tokens->lock);
    free(tokens);
}

/* ---- what has become of a token ---- */

/* A used refresh token goes on working for a while under rotation `grace`. */
static bool is_used_up(const struct im_record *record, const struct im_moment *moment)
{
    const struct im_policy *policy = moment->policy;

    return record->consumed &&
           !(record->kind == IM_TOKEN_REFRESH && policy->rotation == IM_ROTATION_GRACE &&
             moment->now_ms < record->consumed_ms + policy->rotation_grace);
}

/* What ended it from outside: itself first, then its grant, then its session. */
static struct im_over ended(const struct im_record *record,
                            const struct im_moment *moment)
{
    const struct im_grant_state *grant = record->grant;
    const struct im_session_state *session = record->session;

    if (record->over.cause)
        return record->over;
    if (grant->over[record->kind].cause)
        return grant->over[record->kind];
    if (session && session->over.cause)
        return session->over;
    if (session && moment->policy->session_ends_tokens &&
        moment->now_ms >= session->expires_ms)
        return (struct im_over){CAUSE_SESSION_EXPIRED, session->expires_ms};
    return (struct im_over){CAUSE_NONE, 0};
}

static struct im_over fate_of(const struct im_record *record,
                              const struct im_moment *moment)
{
    static const enum im_cause used[] = {CAUSE_CODE_REUSED, CAUSE_NONE,
                                         CAUSE_REFRESH_TOKEN_REUSED};
    static const enum im_cause expired[] = {
        CAUSE_CODE_EXPIRED, CAUSE_ACCESS_TOKEN_EXPIRED, CAUSE_REFRESH_TOKEN_EXPIRED};

    if (is_used_up(record, moment))
        return (struct im_over){used[record->kind], record->consumed_ms};
    if (moment->now_ms >= record->expires_ms + moment->policy->skew)
        return (struct im_over){expired[record->kind], record->expires_ms};
    return ended(record, moment);
}

static bool is_live(const struct im_record *record, const struct im_moment *moment)
{
    return !fate_of(record, moment).cause;
}

static void copy_out(const struct im_record *record, const struct im_moment *moment,
                     struct im_arena *arena, struct im_token *out)
{
    struct im_over fate = fate_of(record, moment);

    im_record_copy(record, arena, out);
    out->ended_because = fate.cause;
    out->ended_ms = fate.since_ms;
}

/* The first reason stays. */
static void end(struct im_over *over, enum im_cause cause, const struct im_moment *moment)
{
    if (!over->cause)
        *over = (struct im_over){cause, moment->now_ms};
}

static void end_grant(struct im_grant_state *grant, enum im_cause cause,
                      const struct im_moment *moment)
{
    for (unsigned kind = 0; kind < IM_TOKEN_KINDS; kind++)
        end(&grant->over[kind], cause, moment);
}

/* ---- handing out ---- */

static void supersede(const struct im_grant_state *grant, const struct im_moment *moment)
{
    for (struct im_grant_state *other = grant->holder->grants; other;
         other = other->next) {
        if (other == grant || !other->by_code || !other->started)
            continue;
        end(&other->over[IM_TOKEN_REFRESH], CAUSE_GRANT_SUPERSEDED, moment);
        if (moment->policy->supersede_ends_access)
            end(&other->over[IM_TOKEN_ACCESS], CAUSE_GRANT_SUPERSEDED, moment);
    }
}

static void note_start(struct im_grant_state *grant, const struct im_moment *moment)
{
    if (grant->started)
        return;
    grant->started = true;
    if (grant->by_code && moment->policy->one_grant_per_user)
        supersede(grant, moment);
}

static void shed(struct im_tokens *tokens, const struct im_moment *moment)
{
    struct im_record *record = tokens->oldest;

    for (int i = 0; i < LOOK_FOR_DEAD && record && is_live(record, moment); i++)
        record = record->newer;
    if (!record || is_live(record, moment))
        record = tokens->oldest;
    im_store_drop_locked(tokens, record);
    tokens->dropped++;
}

/* The records of a batch; their texts are packed before the lock is taken. */
static bool make_records(const struct im_batch *batch,
                         struct im_record *records[IM_BATCH_MAX])
{
    bool made = true;

    for (size_t i = 0; i < batch->count; i++) {
        records[i] =
            im_record_new(&batch->items[i], i && records[0] ? records[0]->who : NULL);
        made = made && records[i];
    }
    return made;
}

uint64_t im_tokens_add(struct im_tokens *tokens, const struct im_batch *batch,
                       const struct im_moment *moment, struct im_error *err)
{
    struct im_record *records[IM_BATCH_MAX] = {NULL, NULL};
    uint64_t grant = 0;
    bool made = make_records(batch, records);

    pthread_mutex_lock(&tokens->lock);
    if (made && im_store_add_locked(tokens, batch, records)) {
        grant = records[0]->grant->id;
        if (records[0]->kind == IM_TOKEN_ACCESS)
            note_start(records[0]->grant, moment);
        while (tokens->by_digest.count > tokens->max)
            shed(tokens, moment);
    }
    pthread_mutex_unlock(&tokens->lock);
    if (grant)
        return grant;
    im_record_free(records[1]);
    im_record_free(records[0]);
    im_error_set(err, "remembering a token: out of memory");
    return 0;
}

/* ---- asking ---- */

bool im_tokens_find(struct im_tokens *tokens, const unsigned char digest[32],
                    const struct im_moment *moment, struct im_arena *arena,
                    struct im_token *out)
{
    pthread_mutex_lock(&tokens->lock);
    const struct im_record *record = im_record_find_locked(tokens, digest);
    if (record)
        copy_out(record, moment, arena, out);
    pthread_mutex_unlock(&tokens->lock);
    return record;
}

bool im_tokens_session(struct im_tokens *tokens, struct im_str id, int64_t now_ms,
                       struct im_arena *arena, struct im_session *out)
{
    pthread_mutex_lock(&tokens->lock);
    const struct im_session_state *session = im_session_find_locked(tokens, id);
    bool live = session && !session->over.cause && now_ms < session->expires_ms;
    if (live)
        *out = (struct im_session){
            .id = im_arena_copy(arena, id),
            .client_id = im_arena_copy(arena, im_packed_client(session->who)),
            .user = im_arena_copy(arena, im_packed_user(session->who)),
            .company = im_arena_copy(arena, im_packed_company(session->who)),
            .entity = im_arena_copy(arena, im_packed_entity(session->who)),
            .started_ms = session->started_ms,
            .expires_ms = session->expires_ms,
        };
    pthread_mutex_unlock(&tokens->lock);
    return live;
}

void im_tokens_each(struct im_tokens *tokens, const struct im_moment *moment,
                    bool (*visit)(void *context, const struct im_token *token),
                    void *context)
{
    struct im_token token;
    bool more = true;

    pthread_mutex_lock(&tokens->lock);
    for (struct im_record *record = tokens->oldest; more && record;
         record = record->newer) {
        copy_out(record, moment, NULL, &token);
        more = visit(context, &token);
    }
    pthread_mutex_unlock(&tokens->lock);
}

uint64_t im_tokens_dropped(struct im_tokens *tokens)
{
    pthread_mutex_lock(&tokens->lock);
    uint64_t dropped = tokens->dropped;
    pthread_mutex_unlock(&tokens->lock);
    return dropped;
}

/* ---- using up ---- */

static enum im_cause judge_code(const struct im_record *record,
                                const struct im_redemption *redemption)
{
    struct im_str challenge = im_record_challenge(record);
    struct im_str answer =
        record->challenge_plain ? redemption->verifier : redemption->verifier_s256;

    if (!im_str_eq(im_record_redirect_uri(record), redemption->redirect_uri))
        return CAUSE_REDIRECT_URI_MISMATCH;
    if (!challenge.len)
        return CAUSE_NONE;
    if (!redemption->verifier_s256.len)
        return CAUSE_PKCE_VERIFIER_MISSING;
    return im_secret_eq(challenge, answer) ? CAUSE_NONE : CAUSE_PKCE_VERIFIER_WRONG;
}

static enum im_cause judge(const struct im_record *record,
                           const struct im_redemption *redemption,
                           const struct im_moment *moment)
{
    bool code = redemption->kind == IM_TOKEN_CODE;

    if (!record || record->kind != redemption->kind ||
        record->dialect != redemption->dialect)
        return code ? CAUSE_CODE_UNKNOWN : CAUSE_REFRESH_TOKEN_UNKNOWN;
    if (!im_str_eq(im_packed_client(record->who), redemption->client_id))
        return code ? CAUSE_CODE_OF_ANOTHER_CLIENT
                    : CAUSE_REFRESH_TOKEN_OF_ANOTHER_CLIENT;

    enum im_cause cause = fate_of(record, moment).cause;
    if (cause == CAUSE_REFRESH_TOKEN_REUSED && redemption->arrived < record->consumed_at)
        return CAUSE_PARALLEL_REFRESH;
    return cause || !code ? cause : judge_code(record, redemption);
}

/* Using a code twice ends what it gave (RFC 6749 section 4.1.2); using a refresh token
 * twice does when policy says so (RFC 9700 section 4.14.2). Losing a race is not using
 * it twice. */
static void punish(struct im_record *record, enum im_cause cause,
                   const struct im_moment *moment)
{
    if (cause == CAUSE_CODE_REUSED || (cause == CAUSE_REFRESH_TOKEN_REUSED &&
                                       moment->policy->reuse == IM_REUSE_REVOKE_FAMILY))
        end_grant(record->grant, cause, moment);
}

static void use_up(struct im_record *record, const struct im_redemption *redemption,
                   const struct im_moment *moment)
{
    int64_t rotation = moment->policy->rotation;
    bool stays = record->kind == IM_TOKEN_REFRESH &&
                 (rotation == IM_ROTATION_KEEP || rotation == IM_ROTATION_ROTATE_KEEP);

    if (stays || record->consumed)
        return;
    record->consumed = true;
    record->consumed_ms = moment->now_ms;
    record->consumed_at = atomic_fetch_add(redemption->arrivals, 1) + 1;
}

enum im_cause im_tokens_redeem(struct im_tokens *tokens,
                               const struct im_redemption *redemption,
                               const struct im_moment *moment, struct im_arena *arena,
                               struct im_token *out)
{
    *out = (struct im_token){.serial = 0};
    pthread_mutex_lock(&tokens->lock);
    struct im_record *record = im_record_find_locked(tokens, redemption->digest);
    enum im_cause cause = judge(record, redemption, moment);
    if (record)
        copy_out(record, moment, arena, out);
    if (!cause)
        use_up(record, redemption, moment);
    else
        punish(record, cause, moment);
    pthread_mutex_unlock(&tokens->lock);
    return cause;
}

/* ---- ending ---- */

/* Calls back for each record of the holder, or of everybody. */
static void walk(struct im_tokens *tokens, const struct im_holder *holder,
                 void (*visit)(struct im_record *record, void *context), void *context)
{
    struct im_record *record;

    if (!holder) {
        for (record = tokens->oldest; record; record = record->newer)
            visit(record, context);
        return;
    }
    for (struct im_grant_state *grant = holder->grants; grant; grant = grant->next)
        for (record = grant->records; record; record = record->next)
            visit(record, context);
}

struct counting {
    const struct im_moment *moment;
    size_t live;
};

static void count_one(struct im_record *record, void *context)
{
    struct counting *counting = context;
    counting->live += is_live(record, counting->moment);
}

static size_t count_live(struct im_tokens *tokens, const struct im_holder *holder,
                         const struct im_moment *moment)
{
    struct counting counting = {moment, 0};

    walk(tokens, holder, count_one, &counting);
    return counting.live;
}

struct ending {
    const struct im_ending *how;
    const struct im_moment *moment;
};

static bool agrees(struct im_str wanted, struct im_str is)
{
    return !wanted.len || im_str_eq(wanted, is);
}

static bool matches(const struct im_record *record, const struct im_ending *how)
{
    const struct im_token_selector *which = how->which;

    return (!which->kinds || (which->kinds & kind_bit(record->kind))) &&
           (!which->token.len ||
            !memcmp(record->digest, how->digest, sizeof(how->digest))) &&
           agrees(which->client_id, im_packed_client(record->who)) &&
           agrees(which->user, im_packed_user(record->who)) &&
           agrees(which->company, im_packed_company(record->who)) &&
           agrees(which->grant_type, im_packed_grant_type(record->who));
}

static void end_one(struct im_record *record, void *context)
{
    const struct ending *ending = context;
    const struct im_token_selector *which = ending->how->which;
    const struct im_moment *moment = ending->moment;
    enum im_cause cause = ending->how->cause;

    if (!matches(record, ending->how) || !is_live(record, moment))
        return;
    if (!cause) {
        record->expires_ms = moment->now_ms - moment->policy->skew;
        return;
    }
    if (which->whole_grant)
        end_grant(record->grant, cause, moment);
    if (which->sessions && record->session)
        end(&record->session->over, cause, moment);
    if (!which->whole_grant && !which->sessions)
        end(&record->over, cause, moment);
}

/* Whose records must be looked at: NULL = everybody's. */
static struct im_holder *whose(const struct im_tokens *tokens,
                               const struct im_ending *ending)
{
    const struct im_record *record =
        ending->which->token.len ? im_record_find_locked(tokens, ending->digest) : NULL;

    if (record)
        return record->grant->holder;
    return im_holder_find_locked(tokens, ending->which->user, ending->which->company);
}

size_t im_tokens_end(struct im_tokens *tokens, const struct im_ending *ending,
                     const struct im_moment *moment)
{
    struct ending context = {ending, moment};

    pthread_mutex_lock(&tokens->lock);
    const struct im_holder *holder = whose(tokens, ending);
    size_t before = count_live(tokens, holder, moment);
    walk(tokens, holder, end_one, &context);
    size_t after = count_live(tokens, holder, moment);
    pthread_mutex_unlock(&tokens->lock);
    return before - after;
}

static void revoke_locked(struct im_record *record, const struct im_moment *moment)
{
    struct im_grant_state *grant = record->grant->holder->grants;

    end(&record->over,
        record->kind == IM_TOKEN_ACCESS ? CAUSE_ACCESS_TOKEN_REVOKED
                                        : CAUSE_REFRESH_TOKEN_REVOKED,
        moment);
    for (; moment->policy->revoke_cascades && grant; grant = grant->next)
        end_grant(grant, CAUSE_GRANT_REVOKED_ELSEWHERE, moment);
}

size_t im_tokens_revoke(struct im_tokens *tokens, const unsigned char digest[32],
                        const struct im_moment *moment)
{
    size_t died = 0;

    pthread_mutex_lock(&tokens->lock);
    struct im_record *record = im_record_find_locked(tokens, digest);
    if (record && is_live(record, moment)) {
        const struct im_holder *holder = record->grant->holder;
        died = count_live(tokens, holder, moment);
        revoke_locked(record, moment);
        died -= count_live(tokens, holder, moment);
    }
    pthread_mutex_unlock(&tokens->lock);
    return died;
}
