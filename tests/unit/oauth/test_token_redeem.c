/* oauth/tokens.c: refresh tokens and codes are used up, once or as the policy has it. */
#include "tokens_fixture.h"

/* ---- refresh tokens ---- */

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

/* ---- codes ---- */

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

static const struct CMUnitTest tests[] = {
    TEST(a_refresh_token_is_used_up_once),
    TEST(a_request_already_in_flight_lost_a_race),
    TEST(reuse_may_revoke_the_family),
    TEST(losing_a_race_does_not_revoke_the_family),
    TEST(a_kept_refresh_token_works_again_and_again),
    TEST(grace_is_over_when_it_is_over),
    TEST(a_code_that_is_wrongly_presented_is_not_used_up),
    TEST(a_plain_challenge_is_the_verifier_itself),
    TEST(a_token_of_another_kind_or_dialect_is_unknown),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
