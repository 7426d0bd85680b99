/* One authorization server: making and freeing its parts, its switches, and the
 * questions and changes that need the policy and the time before the token store can
 * answer. */
#include "oauth/authority.h"

#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"

/* The directory adds its secrets before the old set is released: a secret is in one of
 * the two sets at every time. */
bool im_authority_keep_secrets(struct im_authority *authority, struct im_secrets *secrets)
{
    if (!im_directory_tell_secrets(authority->directory, secrets))
        return false;
    im_secrets_ref(secrets);
    im_secrets_unref(authority->secrets);
    authority->secrets = secrets;
    return true;
}

static bool make_parts(struct im_authority *authority, struct im_error *err)
{
    unsigned char key[IM_SECRET_KEY_LEN];

    authority->objects = calloc(1, sizeof(*authority->objects));
    if (!authority->objects)
        return im_error_no_memory(err, "making the business objects");
    im_objects_init(authority->objects);
    authority->directory = im_directory_new(err);
    if (!authority->directory)
        return false;
    /* from the seed, so that the same requests give the same fingerprints */
    im_rng_fixed(&authority->rng, "fingerprints", key, sizeof(key));
    authority->secrets = im_secrets_new(key);
    if (!authority->secrets ||
        !im_directory_tell_secrets(authority->directory, authority->secrets))
        return im_error_no_memory(err, "making the set of secrets");
    authority->keys = im_keys_new(&authority->rng, err);
    authority->tokens = authority->keys ? im_tokens_new(IM_TOKENS_MAX, err) : NULL;
    return authority->tokens;
}

struct im_authority *im_authority_new(uint64_t seed, struct im_str salt, int64_t start_ms,
                                      struct im_error *err)
{
    struct im_authority *authority = calloc(1, sizeof(*authority));

    if (!authority) {
        im_error_no_memory(err, "making the authorization server");
        return NULL;
    }
    im_clock_init(&authority->clock, start_ms);
    im_rng_init_seed(&authority->rng, seed, salt);
    im_policy_init(&authority->policy);
    pthread_mutex_init(&authority->policy_lock, NULL);
    im_once_init(&authority->tickets);
    atomic_init(&authority->arrivals, 0);
    if (make_parts(authority, err))
        return authority;
    im_authority_free(authority);
    return NULL;
}

void im_authority_free(struct im_authority *authority)
{
    if (!authority)
        return;
    im_tokens_free(authority->tokens);
    im_keys_free(authority->keys);
    im_directory_free(authority->directory);
    im_secrets_unref(authority->secrets);
    if (authority->objects)
        im_objects_release(authority->objects);
    free(authority->objects);
    im_str_free(&authority->signed_in);
    pthread_mutex_destroy(&authority->policy_lock);
    im_once_release(&authority->tickets);
    im_clock_release(&authority->clock);
    free(authority);
}

/* A copy, taken once a call: the control API may change the switches at any time, and one
 * decision must not be made by two versions of them. */
struct im_policy im_authority_policy(struct im_authority *authority)
{
    pthread_mutex_lock(&authority->policy_lock);
    struct im_policy policy = authority->policy;
    pthread_mutex_unlock(&authority->policy_lock);
    return policy;
}

void im_authority_set_policy(struct im_authority *authority,
                             const struct im_policy *policy)
{
    pthread_mutex_lock(&authority->policy_lock);
    authority->policy = *policy;
    pthread_mutex_unlock(&authority->policy_lock);
}

bool im_authority_change_policy(struct im_authority *authority,
                                const struct im_json *object, const struct im_json **at,
                                struct im_error *err)
{
    pthread_mutex_lock(&authority->policy_lock);
    bool done = im_policy_set_all(&authority->policy, object, at, err);
    pthread_mutex_unlock(&authority->policy_lock);
    return done;
}

bool im_authority_set_signed_in(struct im_authority *authority, struct im_str user)
{
    struct im_str copy = {0};

    if (user.len && !im_str_duplicate(user, &copy))
        return false;
    pthread_mutex_lock(&authority->policy_lock);
    struct im_str old = authority->signed_in; /* freed later: locks are leaves */
    authority->signed_in = copy;
    pthread_mutex_unlock(&authority->policy_lock);
    im_str_free(&old);
    return true;
}

struct im_str im_authority_signed_in(struct im_authority *authority,
                                     struct im_arena *arena)
{
    struct im_str user = {0};

    pthread_mutex_lock(&authority->policy_lock);
    if (authority->signed_in.len)
        user = im_arena_copy(arena, authority->signed_in);
    pthread_mutex_unlock(&authority->policy_lock);
    return user;
}

/* ---- asking: token texts are not kept, so they are looked up by their digest ---- */

bool im_authority_find(struct im_authority *authority, struct im_arena *arena,
                       struct im_str token, int64_t now_ms, struct im_token *out)
{
    struct im_policy policy = im_authority_policy(authority);
    struct im_eval_context eval = {now_ms, &policy};
    unsigned char digest[IM_SHA256_LEN];

    im_sha256(token, digest);
    return im_tokens_find(authority->tokens, digest, &eval, arena, out);
}

bool im_authority_gone(struct im_authority *authority, struct im_str token,
                       struct im_token *out)
{
    unsigned char digest[IM_SHA256_LEN];

    im_sha256(token, digest);
    return im_tokens_gone(authority->tokens, digest, out);
}

bool im_authority_session(struct im_authority *authority, struct im_arena *arena,
                          struct im_str session, int64_t now_ms, struct im_session *out)
{
    return im_tokens_session(authority->tokens, session, now_ms, arena, out);
}

bool im_authority_each_token(struct im_authority *authority, int64_t now_ms,
                             uint64_t after,
                             bool (*visit)(void *context, const struct im_token *token),
                             void *context)
{
    struct im_policy policy = im_authority_policy(authority);
    struct im_eval_context eval = {now_ms, &policy};

    return im_tokens_each(authority->tokens, &eval, after, visit, context);
}

/* ---- ending ---- */

size_t im_authority_revoke(struct im_authority *authority, struct im_str token,
                           int64_t now_ms)
{
    struct im_policy policy = im_authority_policy(authority);
    struct im_eval_context eval = {now_ms, &policy};
    unsigned char digest[IM_SHA256_LEN];

    im_sha256(token, digest);
    return im_tokens_revoke(authority->tokens, digest, &eval);
}

struct fingerprint_search {
    const struct im_secrets *secrets;
    struct im_str fingerprint;
    unsigned char *digest;
    bool found;
};

static bool compare_fingerprint(void *context, const struct im_token *token)
{
    struct fingerprint_search *search = context;
    struct im_arena scratch;

    im_arena_init(&scratch, 0);
    search->found = im_str_eq(im_fingerprint_of(search->secrets, &scratch, token->digest),
                              search->fingerprint);
    im_arena_release(&scratch);
    if (search->found)
        memcpy(search->digest, token->digest, IM_SHA256_LEN);
    return !search->found;
}

/* The digest of a token that is named by its text, or by the fingerprint that listings and the
 * journal have of it: who looks at those has nothing else. */
static bool find_named_token(struct im_authority *authority, struct im_str token,
                             int64_t now_ms, unsigned char digest[IM_SHA256_LEN])
{
    struct fingerprint_search search = {authority->secrets, token, digest, false};

    if (!im_str_starts(token, "hmac:")) {
        im_sha256(token, digest);
        return true;
    }
    im_authority_each_token(authority, now_ms, 0, compare_fingerprint, &search);
    return search.found;
}

size_t im_authority_end(struct im_authority *authority,
                        const struct im_token_selector *which, enum im_end_reason reason,
                        int64_t now_ms)
{
    struct im_policy policy = im_authority_policy(authority);
    struct im_eval_context eval = {now_ms, &policy};
    struct im_ending ending = {.which = which, .reason = reason};

    if (which->token.len &&
        !find_named_token(authority, which->token, now_ms, ending.digest))
        return 0;
    return im_tokens_end(authority->tokens, &ending, &eval);
}

size_t im_authority_expire(struct im_authority *authority,
                           const struct im_token_selector *which, int64_t now_ms)
{
    return im_authority_end(authority, which, IM_NOT_ENDED, now_ms);
}
