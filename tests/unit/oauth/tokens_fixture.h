/* What the tests of the store of tokens share: one store with a bound that is easily reached, tokens to add to it, and
 * what there is to be asked about them. */
#ifndef IM_TESTS_UNIT_OAUTH_TOKENS_FIXTURE_H
#define IM_TESTS_UNIT_OAUTH_TOKENS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "oauth/token_refusal.h"

/* So few tokens that a test can fill the store. */
enum { MAX = 100 };

struct fixture {
    struct im_tokens *tokens;
    struct im_arena arena;
    struct im_policy policy;
    struct im_eval_context eval;
    struct im_token_batch batch;
    struct im_token out;
    struct im_error err;
    atomic_uint_fast64_t arrivals;
    unsigned made; /* so that every token has another text */
};

static inline int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof(*f));

    im_arena_init(&f->arena, 0);
    im_policy_init(&f->policy);
    f->eval = (struct im_eval_context){1000, &f->policy};
    f->tokens = im_tokens_new(MAX, &f->err);
    *state = f;
    return f->tokens ? 0 : -1;
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;

    im_tokens_free(f->tokens);
    im_arena_release(&f->arena);
    test_free(f);
    return 0;
}

static inline struct im_token token_of(struct fixture *f, enum im_token_kind kind,
                                       const char *user)
{
    struct im_token token = {.kind = kind,
                             .grant_type = IM_STR("client_credentials"),
                             .client_id = IM_STR("demo"),
                             .user = im_str(user),
                             .company = IM_STR("acme"),
                             .scopes = IM_STR("openid"),
                             .issued_ms = f->eval.now_ms,
                             .not_before_ms = f->eval.now_ms,
                             .expires_ms = f->eval.now_ms + 1000};

    im_sha256(im_arena_format(&f->arena, "token %u", ++f->made), token.digest);
    if (kind == IM_TOKEN_ACCESS)
        token.session = im_arena_format(&f->arena, "session %u", f->made);
    else
        token.jti = im_arena_format(&f->arena, "jti %u", f->made);
    return token;
}

static inline uint64_t add(struct fixture *f)
{
    uint64_t grant = im_tokens_add(f->tokens, &f->batch, &f->eval, &f->err);

    if (!grant)
        fail_msg("%s", f->err.text);
    return grant;
}

/* An access and a refresh token of one grant; they stay in f->batch. */
static inline uint64_t add_pair(struct fixture *f, const char *user,
                                const char *grant_type)
{
    f->batch = (struct im_token_batch){.count = 2, .session_expires_ms = 500000};
    f->batch.items[0] = token_of(f, IM_TOKEN_ACCESS, user);
    f->batch.items[1] = token_of(f, IM_TOKEN_REFRESH, user);
    f->batch.items[0].grant_type = f->batch.items[1].grant_type = im_str(grant_type);
    return add(f);
}

/* The access token of such a pair. */
static inline struct im_token add_access(struct fixture *f, const char *user,
                                         const char *grant_type)
{
    add_pair(f, user, grant_type);
    return f->batch.items[0];
}

/* As many tokens of this user as the store holds. */
static inline void fill(struct fixture *f, const char *user)
{
    for (int i = 0; i < MAX / 2; i++)
        add_pair(f, user, "client_credentials");
}

static inline struct im_token *find(struct fixture *f, const struct im_token *token)
{
    bool found = im_tokens_find(f->tokens, token->digest, &f->eval, &f->arena, &f->out);
    return found ? &f->out : NULL;
}

static inline void is(struct fixture *f, const struct im_token *token,
                      enum im_cause cause)
{
    assert_non_null(find(f, token));
    if (im_token_cause(&f->out) != cause)
        fail_msg("it is %s, not %s", im_cause_row(im_token_cause(&f->out))->id,
                 im_cause_row(cause)->id);
}

static inline enum im_cause redeem(struct fixture *f, const struct im_token *token,
                                   struct im_redemption how)
{
    how.kind = token->kind;
    how.client_id = IM_STR("demo");
    how.arrivals = &f->arrivals;
    memcpy(how.digest, token->digest, sizeof(how.digest));
    return im_tokens_redeem(f->tokens, &how, &f->eval, &f->arena, &f->out);
}

/* by a request that arrives only now */
static inline enum im_cause redeem_now(struct fixture *f, const struct im_token *token)
{
    struct im_redemption how = {.arrived = atomic_fetch_add(&f->arrivals, 1)};
    return redeem(f, token, how);
}

static inline size_t end(struct fixture *f, struct im_token_selector which,
                         enum im_end_reason reason)
{
    struct im_ending ending = {.which = &which, .reason = reason};

    if (which.token.len)
        im_sha256(which.token, ending.digest);
    return im_tokens_end(f->tokens, &ending, &f->eval);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
