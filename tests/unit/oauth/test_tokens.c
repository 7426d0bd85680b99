/* oauth/tokens.c: the store by itself: bounds, grants, sessions, and what ends what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "oauth/token_refusal.h"

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

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof(*f));

    im_arena_init(&f->arena, 0);
    im_policy_init(&f->policy);
    f->eval = (struct im_eval_context){1000, &f->policy};
    f->tokens = im_tokens_new(MAX, &f->err);
    *state = f;
    return f->tokens ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    im_tokens_free(f->tokens);
    im_arena_release(&f->arena);
    test_free(f);
    return 0;
}

static struct im_token token_of(struct fixture *f, enum im_token_kind kind,
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

static uint64_t add(struct fixture *f)
{
    uint64_t grant = im_tokens_add(f->tokens, &f->batch, &f->eval, &f->err);

    if (!grant)
        fail_msg("%s", f->err.text);
    return grant;
}

/* An access and a refresh token of one grant; they stay in f->batch. */
static uint64_t add_pair(struct fixture *f, const char *user, const char *grant_type)
{
    f->batch = (struct im_token_batch){.count = 2, .session_expires_ms = 500000};
    f->batch.items[0] = token_of(f, IM_TOKEN_ACCESS, user);
    f->batch.items[1] = token_of(f, IM_TOKEN_REFRESH, user);
    f->batch.items[0].grant_type = f->batch.items[1].grant_type = im_str(grant_type);
    return add(f);
}

static struct im_token *find(struct fixture *f, const struct im_token *token)
{
    bool found = im_tokens_find(f->tokens, token->digest, &f->eval, &f->arena, &f->out);
    return found ? &f->out : NULL;
}

static void is(struct fixture *f, const struct im_token *token, enum im_cause cause)
{
    assert_non_null(find(f, token));
    if (im_token_cause(&f->out) != cause)
        fail_msg("it is %s, not %s", im_cause_row(im_token_cause(&f->out))->id,
                 im_cause_row(cause)->id);
}

static enum im_cause redeem(struct fixture *f, const struct im_token *token,
                            struct im_redemption how)
{
    how.kind = token->kind;
    how.client_id = IM_STR("demo");
    how.arrivals = &f->arrivals;
    memcpy(how.digest, token->digest, sizeof(how.digest));
    return im_tokens_redeem(f->tokens, &how, &f->eval, &f->arena, &f->out);
}

/* by a request that arrives only now */
static enum im_cause redeem_now(struct fixture *f, const struct im_token *token)
{
    struct im_redemption how = {.arrived = atomic_fetch_add(&f->arrivals, 1)};
    return redeem(f, token, how);
}

static size_t end(struct fixture *f, struct im_token_selector which,
                  enum im_end_reason reason)
{
    struct im_ending ending = {.which = &which, .reason = reason};

    if (which.token.len)
        im_sha256(which.token, ending.digest);
    return im_tokens_end(f->tokens, &ending, &f->eval);
}

/* ---- keeping ---- */

static size_t in_use(void)
{
#ifdef __GLIBC__
    return mallinfo2().uordblks;
#else
    return 0;
#endif
}

static void an_empty_store_is_small(void **state)
{
    struct im_error err;
    size_t before = in_use();
    struct im_tokens *tokens = im_tokens_new(IM_TOKENS_MAX, &err);

    (void)state;
    assert_true(in_use() - before < 1024);
    im_tokens_free(tokens);
}

static void what_was_added_is_found_with_all_its_facts(void **state)
{
    struct fixture *f = *state;
    uint64_t grant = add_pair(f, "ws_user", "client_credentials");
    struct im_token *found = find(f, &f->batch.items[0]);

    assert_non_null(found);
    assert_int_equal(found->grant, grant);
    assert_int_equal(found->serial, 1);
    assert_int_equal(found->expires_ms, 2000);
    assert_true(im_str_is(found->user, "ws_user"));
    assert_true(im_str_is(found->company, "acme"));
    assert_true(im_str_is(found->client_id, "demo"));
    assert_true(im_str_is(found->scopes, "openid"));
    assert_true(im_str_is(found->session, "session 1"));
    assert_int_equal(found->ended, IM_NOT_ENDED);
    assert_true(im_str_is(find(f, &f->batch.items[1])->jti, "jti 2"));
    assert_int_equal(f->out.session.len, 0);
}

static void what_was_never_added_is_not_found(void **state)
{
    struct fixture *f = *state;
    struct im_token token = token_of(f, IM_TOKEN_ACCESS, "x");

    assert_null(find(f, &token));
    add_pair(f, "x", "client_credentials");
    assert_null(find(f, &token));
}

static void what_comes_out_outlives_the_store(void **state)
{
    struct fixture *f = *state;

    add_pair(f, "ws_user", "client_credentials");
    find(f, &f->batch.items[0]);
    im_tokens_free(f->tokens);
    f->tokens = NULL;
    assert_true(im_str_is(f->out.user, "ws_user"));
    assert_true(im_str_is(f->out.session, "session 1"));
}

static void the_same_text_again_is_one_record(void **state)
{
    struct fixture *f = *state;

    add_pair(f, "ws_user", "client_credentials");
    f->eval.now_ms = 1500;
    f->batch.count = 1;
    f->batch.items[0].expires_ms = 9000;
    add(f);
    assert_int_equal(find(f, &f->batch.items[0])->expires_ms, 9000);
    assert_int_equal(f->out.serial, 3);
}

static void past_the_bound_the_oldest_dead_goes_first(void **state)
{
    struct fixture *f = *state;
    struct im_token first, second;

    add_pair(f, "ws_user", "client_credentials");
    first = f->batch.items[0];
    second = f->batch.items[1];
    f->policy.rotation = IM_ROTATION_ROTATE;
    assert_int_equal(redeem_now(f, &second), CAUSE_NONE);
    for (int i = 0; i < MAX / 2; i++)
        add_pair(f, "ws_user", "client_credentials");
    assert_null(find(f, &second)); /* used up, so dead */
    assert_null(find(f, &first));  /* and then the oldest */
    assert_int_equal(im_tokens_dropped(f->tokens), 2);
}

static void the_dead_are_searched_for_again_after_a_search_in_vain(void **state)
{
    struct fixture *f = *state;
    struct im_token dies;

    for (int i = 0; i <= MAX / 2; i++) {
        add_pair(f, "ws_user", "client_credentials");
        if (i == 35)
            dies = f->batch.items[1];
    }
    f->policy.rotation = IM_ROTATION_ROTATE;
    assert_int_equal(redeem_now(f, &dies), CAUSE_NONE);
    for (int i = 0; i < 16; i++)
        add_pair(f, "ws_user", "client_credentials");
    assert_int_equal(im_tokens_dropped(f->tokens), 34);
    assert_null(find(f, &dies)); /* 37 that live are older */
}

static void a_store_that_is_full_goes_on_working(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 5 * MAX; i++)
        add_pair(f, i % 3 ? "ws_user" : "jdoe", "authorization_code");
    is(f, &f->batch.items[0], CAUSE_NONE);
    assert_int_equal(im_tokens_dropped(f->tokens), 9 * MAX);
}

#define HOUR_MS IM_TOKENS_LINGER_MS

static struct im_token gone(struct fixture *f, const struct im_token *token)
{
    struct im_token out = {.serial = 7};
    assert_null(find(f, token));
    assert_true(im_tokens_gone(f->tokens, token->digest, &out));
    return out;
}

static void what_has_ended_leaves_an_hour_of_real_time_later(void **state)
{
    struct fixture *f = *state;
    struct im_token first, never = token_of(f, IM_TOKEN_ACCESS, "ws_user");
    add_pair(f, "ws_user", "client_credentials");
    first = f->batch.items[0];
    f->eval.now_ms += (int64_t)30 * 24 * HOUR_MS; /* its clock, not time */
    im_tokens_sweep(f->tokens, &f->eval, 5000);
    im_tokens_sweep(f->tokens, &f->eval, 5000 + HOUR_MS - 1);
    assert_int_equal(find(f, &first)->ended, IM_ENDED_EXPIRED);
    im_tokens_sweep(f->tokens, &f->eval, 5000 + HOUR_MS);
    struct im_token out = gone(f, &first);
    assert_int_equal(out.kind, IM_TOKEN_ACCESS);
    assert_int_equal(out.ended, IM_ENDED_EXPIRED);
    assert_int_equal(out.ended_ms, 2000);
    assert_false(im_tokens_gone(f->tokens, never.digest, &out));
}

static void what_lives_does_not_leave(void **state)
{
    struct fixture *f = *state;
    add_pair(f, "ws_user", "client_credentials");
    struct im_token first = f->batch.items[0];
    im_tokens_sweep(f->tokens, &f->eval, 5000);
    im_tokens_sweep(f->tokens, &f->eval, 5000 + 9 * HOUR_MS);
    is(f, &first, CAUSE_NONE);
    f->eval.now_ms = 3000; /* it has ended … */
    im_tokens_sweep(f->tokens, &f->eval, 5000 + 9 * HOUR_MS);
    f->eval.now_ms = 1500; /* … but its clock is set back */
    im_tokens_sweep(f->tokens, &f->eval, 6000 + 9 * HOUR_MS);
    f->eval.now_ms = 3000;
    im_tokens_sweep(f->tokens, &f->eval, 5000 + 10 * HOUR_MS);
    assert_non_null(find(f, &first));
}

static void one_that_has_left_is_refused_as_before(void **state)
{
    struct fixture *f = *state;
    f->policy.rotation = IM_ROTATION_ROTATE;
    f->policy.reuse = IM_REUSE_REVOKE_FAMILY;
    add_pair(f, "ws_user", "client_credentials");
    struct im_token access = f->batch.items[0], refresh = f->batch.items[1];
    assert_int_equal(redeem_now(f, &refresh), CAUSE_NONE);
    im_tokens_sweep(f->tokens, &f->eval, 5000);
    im_tokens_sweep(f->tokens, &f->eval, 5000 + HOUR_MS);
    gone(f, &refresh);
    is(f, &access, CAUSE_NONE);
    assert_int_equal(redeem_now(f, &refresh), CAUSE_REFRESH_TOKEN_REUSED);
    is(f, &access, CAUSE_ACCESS_TOKEN_REVOKED); /* its grant is still known */
}

/* As many tokens as a long run hands out, and an hour passes every now and then. */
static void handing_out_lets_go_what_ended_long_ago(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < MAX / 2; i++)
        add_pair(f, "ws_user", "client_credentials");
    f->eval.now_ms += 5000;
    im_tokens_sweep(f->tokens, &f->eval, im_clock_monotonic_ms() - HOUR_MS);
    for (int i = 0; i < 10; i++)
        add_pair(f, "jdoe", "client_credentials");
    assert_int_equal(im_tokens_dropped(f->tokens), 0);
}

/* ---- ends ---- */

static void a_token_ends_when_its_time_is_over(void **state)
{
    struct fixture *f = *state;

    add_pair(f, "ws_user", "client_credentials");
    f->eval.now_ms = 1999;
    is(f, &f->batch.items[0], CAUSE_NONE);
    f->eval.now_ms = 2000;
    is(f, &f->batch.items[0], CAUSE_ACCESS_TOKEN_EXPIRED);
    is(f, &f->batch.items[1], CAUSE_REFRESH_TOKEN_EXPIRED);
    f->policy.skew = 1;
    is(f, &f->batch.items[0], CAUSE_NONE);
}

static void a_session_ends_its_tokens_when_policy_says_so(void **state)
{
    struct fixture *f = *state;

    add_pair(f, "ws_user", "client_credentials");
    f->batch.items[0].expires_ms = 900000;
    add(f);
    f->eval.now_ms = 500000;
    is(f, &f->batch.items[0], CAUSE_NONE);
    f->policy.session_ends_tokens = true;
    is(f, &f->batch.items[0], CAUSE_SESSION_EXPIRED);
    assert_int_equal(f->out.ended_ms, 500000);
}

static void ending_one_token_leaves_its_sibling(void **state)
{
    struct fixture *f = *state;
    struct im_token_selector which = {.token = IM_STR("token 1")};

    add_pair(f, "ws_user", "client_credentials");
    assert_int_equal(end(f, which, IM_ENDED_REVOKED), 1);
    is(f, &f->batch.items[0], CAUSE_ACCESS_TOKEN_REVOKED);
    is(f, &f->batch.items[1], CAUSE_NONE);
    assert_int_equal(end(f, which, IM_ENDED_REVOKED), 0);
}

static void ending_a_grant_ends_all_of_it_and_what_is_minted_later(void **state)
{
    struct fixture *f = *state;
    struct im_token_selector which = {.token = IM_STR("token 1"), .whole_grant = true};
    uint64_t grant = add_pair(f, "ws_user", "client_credentials");

    assert_int_equal(end(f, which, IM_ENDED_CONSENT_WITHDRAWN), 2);
    is(f, &f->batch.items[1], CAUSE_USER_REVOKED_ACCESS);
    f->batch.items[0] = token_of(f, IM_TOKEN_ACCESS, "ws_user");
    f->batch.grant = grant;
    f->batch.count = 1;
    assert_int_equal(add(f), grant);
    is(f, &f->batch.items[0], CAUSE_USER_REVOKED_ACCESS);
}

static void ending_sessions_ends_access_tokens_alone(void **state)
{
    struct fixture *f = *state;
    struct im_token_selector which = {
        .user = IM_STR("ws_user"), .company = IM_STR("acme"), .sessions = true};

    add_pair(f, "ws_user", "client_credentials");
    assert_int_equal(end(f, which, IM_ENDED_SIGN_IN), 1);
    is(f, &f->batch.items[0], CAUSE_SESSION_ENDED_BY_SIGN_IN);
    is(f, &f->batch.items[1], CAUSE_NONE);
}

static void a_selector_matches_on_every_field(void **state)
{
    struct fixture *f = *state;

    add_pair(f, "jdoe", "client_credentials");
    add_pair(f, "ws_user", "client_credentials");
    assert_int_equal(end(f, (struct im_token_selector){.client_id = IM_STR("other")},
                         IM_ENDED_REVOKED),
                     0);
    assert_int_equal(
        end(f,
            (struct im_token_selector){.user = IM_STR("jdoe"), .kinds = IM_END_REFRESH},
            IM_ENDED_REVOKED),
        1);
    assert_int_equal(
        end(f, (struct im_token_selector){.grant_type = IM_STR("client_credentials")},
            IM_ENDED_REVOKED),
        3);
}

static void expiring_is_ending_now_whatever_the_skew(void **state)
{
    struct fixture *f = *state;

    f->policy.skew = 60000;
    add_pair(f, "ws_user", "client_credentials");
    assert_int_equal(
        end(f, (struct im_token_selector){.kinds = IM_END_ACCESS}, IM_NOT_ENDED), 1);
    is(f, &f->batch.items[0], CAUSE_ACCESS_TOKEN_EXPIRED);
    is(f, &f->batch.items[1], CAUSE_NONE);
}

static void the_first_reason_stays(void **state)
{
    struct fixture *f = *state;
    struct im_token_selector all = {.whole_grant = true};

    add_pair(f, "ws_user", "client_credentials");
    end(f, all, IM_ENDED_PASSWORD_CHANGED);
    end(f, all, IM_ENDED_CONSENT_WITHDRAWN);
    is(f, &f->batch.items[0], CAUSE_PASSWORD_CHANGED);
}

/* ---- revocation ---- */

static void revoking_one_takes_all_of_the_user_and_company(void **state)
{
    struct fixture *f = *state;
    struct im_token other, mine;

    add_pair(f, "jdoe", "client_credentials");
    other = f->batch.items[0];
    add_pair(f, "ws_user", "client_credentials");
    mine = f->batch.items[0];
    add_pair(f, "ws_user", "authorization_code");
    assert_int_equal(im_tokens_revoke(f->tokens, mine.digest, &f->eval), 4);
    is(f, &mine, CAUSE_ACCESS_TOKEN_REVOKED);
    is(f, &f->batch.items[1], CAUSE_GRANT_REVOKED_ELSEWHERE);
    is(f, &other, CAUSE_NONE);
}

static void without_the_cascade_one_token_dies(void **state)
{
    struct fixture *f = *state;

    f->policy.revoke_cascades = false;
    add_pair(f, "ws_user", "client_credentials");
    assert_int_equal(im_tokens_revoke(f->tokens, f->batch.items[1].digest, &f->eval), 1);
    is(f, &f->batch.items[1], CAUSE_REFRESH_TOKEN_REVOKED);
    is(f, &f->batch.items[0], CAUSE_NONE);
}

static void revoking_the_dead_or_unknown_does_nothing(void **state)
{
    struct fixture *f = *state;
    struct im_token unknown = token_of(f, IM_TOKEN_ACCESS, "x");

    add_pair(f, "ws_user", "client_credentials");
    im_tokens_revoke(f->tokens, f->batch.items[0].digest, &f->eval);
    assert_int_equal(im_tokens_revoke(f->tokens, f->batch.items[0].digest, &f->eval), 0);
    assert_int_equal(im_tokens_revoke(f->tokens, unknown.digest, &f->eval), 0);
}

/* ---- superseding ---- */

static void a_second_authorization_supersedes_the_first(void **state)
{
    struct fixture *f = *state;
    struct im_token access, renewal;

    add_pair(f, "jdoe", "authorization_code");
    access = f->batch.items[0];
    renewal = f->batch.items[1];
    add_pair(f, "jdoe", "authorization_code");
    is(f, &access, CAUSE_GRANT_SUPERSEDED);
    is(f, &renewal, CAUSE_GRANT_SUPERSEDED);
    is(f, &f->batch.items[0], CAUSE_NONE);
}

static void superseding_may_leave_the_access_token(void **state)
{
    struct fixture *f = *state;
    struct im_token access, renewal;

    f->policy.supersede_ends_access = false;
    add_pair(f, "jdoe", "authorization_code");
    access = f->batch.items[0];
    renewal = f->batch.items[1];
    add_pair(f, "jdoe", "authorization_code");
    is(f, &access, CAUSE_NONE);
    is(f, &renewal, CAUSE_GRANT_SUPERSEDED);
}

static void client_credentials_neither_supersede_nor_are_superseded(void **state)
{
    struct fixture *f = *state;
    struct im_token by_code, by_credentials;

    add_pair(f, "jdoe", "client_credentials");
    by_credentials = f->batch.items[0];
    add_pair(f, "jdoe", "authorization_code");
    by_code = f->batch.items[0];
    add_pair(f, "jdoe", "client_credentials");
    is(f, &by_code, CAUSE_NONE);
    is(f, &by_credentials, CAUSE_NONE);
}

static void a_refresh_does_not_supersede_anything(void **state)
{
    struct fixture *f = *state;
    struct im_token first;
    uint64_t grant;

    f->policy.one_grant_per_user = false;
    grant = add_pair(f, "jdoe", "authorization_code");
    add_pair(f, "jdoe", "authorization_code");
    first = f->batch.items[0];
    f->policy.one_grant_per_user = true;
    f->batch.items[0] = token_of(f, IM_TOKEN_ACCESS, "jdoe");
    f->batch.items[1] = token_of(f, IM_TOKEN_REFRESH, "jdoe");
    f->batch.grant = grant;
    add(f);
    is(f, &first, CAUSE_NONE);
}

/* ---- using up ---- */

static void a_refresh_token_is_used_up_once(void **state)
{
    struct fixture *f = *state;

    add_pair(f, "jdoe", "client_credentials");
    assert_int_equal(redeem_now(f, &f->batch.items[1]), CAUSE_NONE);
    assert_false(f->out.consumed); /* as it was before */
    assert_int_equal(redeem_now(f, &f->batch.items[1]), CAUSE_REFRESH_TOKEN_REUSED);
    is(f, &f->batch.items[0], CAUSE_NONE);
}

static void a_request_already_in_flight_lost_a_race(void **state)
{
    struct fixture *f = *state;
    struct im_redemption early = {.arrived = atomic_fetch_add(&f->arrivals, 1)};

    add_pair(f, "jdoe", "client_credentials");
    redeem_now(f, &f->batch.items[1]);
    assert_int_equal(redeem(f, &f->batch.items[1], early), CAUSE_PARALLEL_REFRESH);
}

static void reuse_may_revoke_the_family(void **state)
{
    struct fixture *f = *state;

    f->policy.reuse = IM_REUSE_REVOKE_FAMILY;
    add_pair(f, "jdoe", "client_credentials");
    redeem_now(f, &f->batch.items[1]);
    is(f, &f->batch.items[0], CAUSE_NONE);
    redeem_now(f, &f->batch.items[1]);
    is(f, &f->batch.items[0], CAUSE_ACCESS_TOKEN_REVOKED);
}

static void losing_a_race_does_not_revoke_the_family(void **state)
{
    struct fixture *f = *state;
    struct im_redemption early = {.arrived = atomic_fetch_add(&f->arrivals, 1)};

    f->policy.reuse = IM_REUSE_REVOKE_FAMILY;
    add_pair(f, "jdoe", "client_credentials");
    redeem_now(f, &f->batch.items[1]);
    redeem(f, &f->batch.items[1], early);
    is(f, &f->batch.items[0], CAUSE_NONE);
}

static void a_kept_refresh_token_works_again_and_again(void **state)
{
    struct fixture *f = *state;

    add_pair(f, "jdoe", "client_credentials");
    for (int64_t rotation = IM_ROTATION_ROTATE_KEEP; rotation <= IM_ROTATION_KEEP;
         rotation++) {
        f->policy.rotation = rotation;
        assert_int_equal(redeem_now(f, &f->batch.items[1]), CAUSE_NONE);
        assert_int_equal(redeem_now(f, &f->batch.items[1]), CAUSE_NONE);
    }
}

static void grace_is_over_when_it_is_over(void **state)
{
    struct fixture *f = *state;

    f->policy.rotation = IM_ROTATION_GRACE;
    f->policy.rotation_grace = 500;
    add_pair(f, "jdoe", "client_credentials");
    redeem_now(f, &f->batch.items[1]);
    f->eval.now_ms += 499;
    assert_int_equal(redeem_now(f, &f->batch.items[1]), CAUSE_NONE);
    f->eval.now_ms += 1;
    assert_int_equal(redeem_now(f, &f->batch.items[1]), CAUSE_REFRESH_TOKEN_REUSED);
}

static struct im_token add_code(struct fixture *f, bool plain)
{
    f->batch = (struct im_token_batch){.count = 1};
    f->batch.items[0] = token_of(f, IM_TOKEN_CODE, "jdoe");
    f->batch.items[0].redirect_uri = IM_STR("https://app.example/callback");
    f->batch.items[0].challenge = IM_STR("challenge");
    f->batch.items[0].challenge_plain = plain;
    add(f);
    return f->batch.items[0];
}

static void a_code_that_is_wrongly_presented_is_not_used_up(void **state)
{
    struct fixture *f = *state;
    struct im_token code = add_code(f, false);
    struct im_redemption how = {.redirect_uri = IM_STR("https://app.example/")};

    assert_int_equal(redeem(f, &code, how), CAUSE_REDIRECT_URI_MISMATCH);
    how.redirect_uri = code.redirect_uri;
    assert_int_equal(redeem(f, &code, how), CAUSE_PKCE_VERIFIER_MISSING);
    how.verifier = IM_STR("challenge");
    how.verifier_s256 = IM_STR("something else");
    assert_int_equal(redeem(f, &code, how), CAUSE_PKCE_VERIFIER_WRONG);
    how.verifier_s256 = IM_STR("challenge");
    assert_int_equal(redeem(f, &code, how), CAUSE_NONE);
}

static void a_plain_challenge_is_the_verifier_itself(void **state)
{
    struct fixture *f = *state;
    struct im_token code = add_code(f, true);
    struct im_redemption how = {.redirect_uri = code.redirect_uri,
                                .verifier = IM_STR("wrong"),
                                .verifier_s256 = IM_STR("challenge")};

    assert_int_equal(redeem(f, &code, how), CAUSE_PKCE_VERIFIER_WRONG);
    how.verifier = IM_STR("challenge");
    assert_int_equal(redeem(f, &code, how), CAUSE_NONE);
}

static void a_token_of_another_kind_or_dialect_is_unknown(void **state)
{
    struct fixture *f = *state;
    struct im_token code = add_code(f, false);
    struct im_redemption article = {.dialect = IM_DIALECT_ARTICLE};

    assert_int_equal(redeem(f, &code, article), CAUSE_CODE_UNKNOWN);
    code.kind = IM_TOKEN_REFRESH;
    assert_int_equal(redeem_now(f, &code), CAUSE_REFRESH_TOKEN_UNKNOWN);
    assert_int_equal(f->out.serial, 1); /* what it really is can be told */
}

/* ---- sessions and listings ---- */

static void a_session_tells_whose_it_is_until_it_is_over(void **state)
{
    struct fixture *f = *state;
    struct im_session session;
    struct im_str id = IM_STR("session 1");

    add_pair(f, "jdoe", "client_credentials");
    assert_true(im_tokens_session(f->tokens, id, 499999, &f->arena, &session));
    assert_true(im_str_is(session.user, "jdoe"));
    assert_int_equal(session.started_ms, 1000);
    assert_int_equal(session.expires_ms, 500000);
    assert_false(im_tokens_session(f->tokens, id, 500000, &f->arena, &session));
    assert_false(
        im_tokens_session(f->tokens, IM_STR("session 9"), 1000, &f->arena, &session));
    end(f, (struct im_token_selector){.sessions = true}, IM_ENDED_SESSION_EXPIRED);
    assert_false(im_tokens_session(f->tokens, id, 1000, &f->arena, &session));
}

static void tokens_may_share_a_session(void **state)
{
    struct fixture *f = *state;
    struct im_token first;

    add_pair(f, "jdoe", "client_credentials");
    first = f->batch.items[0];
    f->batch.count = 1;
    f->batch.items[0] = token_of(f, IM_TOKEN_ACCESS, "jdoe");
    f->batch.items[0].session = first.session;
    add(f);
    assert_int_equal(
        end(f, (struct im_token_selector){.token = IM_STR("token 1"), .sessions = true},
            IM_ENDED_SESSION_EXPIRED),
        2);
    is(f, &f->batch.items[0], CAUSE_SESSION_EXPIRED);
}

struct visits {
    uint64_t last;
    int count, stop_after;
};

static bool count_visit(void *context, const struct im_token *token)
{
    struct visits *visits = context;

    assert_true(token->serial > visits->last);
    visits->last = token->serial;
    return ++visits->count != visits->stop_after;
}

static void a_listing_is_in_order_and_can_be_stopped(void **state)
{
    struct fixture *f = *state;
    struct visits all = {0, 0, 0}, some = {0, 0, 2};

    add_pair(f, "jdoe", "client_credentials");
    add_pair(f, "ws_user", "client_credentials");
    im_tokens_each(f->tokens, &f->eval, 0, count_visit, &all);
    im_tokens_each(f->tokens, &f->eval, 0, count_visit, &some);
    assert_int_equal(all.count, 4);
    assert_int_equal(some.count, 2);
}

static void a_listing_goes_on_after_any_serial(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < MAX / 2; i++)
        add_pair(f, "jdoe", "client_credentials");
    for (int after = 0; after <= MAX; after++) {
        struct visits rest = {(uint64_t)after, 0, 0};
        assert_true(
            im_tokens_each(f->tokens, &f->eval, (uint64_t)after, count_visit, &rest));
        assert_int_equal(rest.count, MAX - after);
    }
}

struct intrusion {
    struct fixture *f;
    int visited;
};

/* The store is full, so each pair that is added makes the two oldest leave: also the one at which
 * the listing is to go on, since it has copied a few dozen. */
static bool add_more(void *context, const struct im_token *token)
{
    struct intrusion *intrusion = context;

    (void)token;
    if (intrusion->visited++ < MAX / 2)
        add_pair(intrusion->f, "ws_user", "client_credentials");
    return true;
}

static void a_listing_does_without_what_leaves_and_comes_meanwhile(void **state)
{
    struct fixture *f = *state;
    struct intrusion intrusion = {f, 0};

    for (int i = 0; i < MAX / 2; i++)
        add_pair(f, "jdoe", "client_credentials");
    assert_true(im_tokens_each(f->tokens, &f->eval, 0, add_more, &intrusion));
    assert_int_equal(intrusion.visited, 64); /* as many as it copies at once */
    assert_int_equal(im_tokens_dropped(f->tokens), MAX);
}

static void an_end_by_company_alone_takes_all_its_users_and_no_others(void **state)
{
    struct fixture *f = *state;
    struct im_token theirs;

    add_pair(f, "jdoe", "client_credentials");
    add_pair(f, "ws_user", "client_credentials");
    f->batch.items[0] = theirs = token_of(f, IM_TOKEN_ACCESS, "jdoe");
    f->batch.items[0].company = theirs.company = IM_STR("other");
    f->batch.count = 1;
    f->batch.grant = 0;
    add(f);
    struct im_token_selector acme = {.company = IM_STR("acme")};
    struct im_token_selector jdoe = {.user = IM_STR("jdoe")};
    struct im_token_selector absent = {.user = IM_STR("admin"),
                                       .company = IM_STR("acme")};
    struct im_token_selector grant = {.grant = 1, .user = IM_STR("ws_user")};
    assert_int_equal(end(f, absent, IM_ENDED_REVOKED), 0);
    assert_int_equal(end(f, grant, IM_ENDED_REVOKED), 0);
    assert_int_equal(end(f, acme, IM_ENDED_REVOKED), 4);
    is(f, &theirs, CAUSE_NONE);
    assert_int_equal(end(f, jdoe, IM_ENDED_REVOKED), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* ---- from an end to a cause ---- */

static void every_end_of_every_kind_has_a_cause(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < IM_TOKEN_KINDS; kind++) {
        assert_int_equal(im_ended_cause(IM_NOT_ENDED, kind), CAUSE_NONE);
        for (unsigned reason = IM_NOT_ENDED + 1; reason <= IM_ENDED_CONSENT_WITHDRAWN;
             reason++)
            assert_int_not_equal(im_ended_cause(reason, kind), CAUSE_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_store_is_small),
        TEST(what_was_added_is_found_with_all_its_facts),
        TEST(what_was_never_added_is_not_found),
        TEST(what_comes_out_outlives_the_store),
        TEST(the_same_text_again_is_one_record),
        TEST(past_the_bound_the_oldest_dead_goes_first),
        TEST(the_dead_are_searched_for_again_after_a_search_in_vain),
        TEST(a_store_that_is_full_goes_on_working),
        TEST(what_has_ended_leaves_an_hour_of_real_time_later),
        TEST(what_lives_does_not_leave),
        TEST(one_that_has_left_is_refused_as_before),
        TEST(handing_out_lets_go_what_ended_long_ago),
        TEST(a_token_ends_when_its_time_is_over),
        TEST(a_session_ends_its_tokens_when_policy_says_so),
        TEST(ending_one_token_leaves_its_sibling),
        TEST(ending_a_grant_ends_all_of_it_and_what_is_minted_later),
        TEST(ending_sessions_ends_access_tokens_alone),
        TEST(a_selector_matches_on_every_field),
        TEST(expiring_is_ending_now_whatever_the_skew),
        TEST(the_first_reason_stays),
        TEST(revoking_one_takes_all_of_the_user_and_company),
        TEST(without_the_cascade_one_token_dies),
        TEST(revoking_the_dead_or_unknown_does_nothing),
        TEST(a_second_authorization_supersedes_the_first),
        TEST(superseding_may_leave_the_access_token),
        TEST(client_credentials_neither_supersede_nor_are_superseded),
        TEST(a_refresh_does_not_supersede_anything),
        TEST(a_refresh_token_is_used_up_once),
        TEST(a_request_already_in_flight_lost_a_race),
        TEST(reuse_may_revoke_the_family),
        TEST(losing_a_race_does_not_revoke_the_family),
        TEST(a_kept_refresh_token_works_again_and_again),
        TEST(grace_is_over_when_it_is_over),
        TEST(a_code_that_is_wrongly_presented_is_not_used_up),
        TEST(a_plain_challenge_is_the_verifier_itself),
        TEST(a_token_of_another_kind_or_dialect_is_unknown),
        TEST(a_session_tells_whose_it_is_until_it_is_over),
        TEST(tokens_may_share_a_session),
        TEST(a_listing_is_in_order_and_can_be_stopped),
        TEST(a_listing_goes_on_after_any_serial),
        TEST(a_listing_does_without_what_leaves_and_comes_meanwhile),
        TEST(an_end_by_company_alone_takes_all_its_users_and_no_others),
        cmocka_unit_test(every_end_of_every_kind_has_a_cause),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
