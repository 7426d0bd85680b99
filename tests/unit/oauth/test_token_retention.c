/* oauth/token_retention.c: how many tokens are kept, how long, and what is known of those that have left. */
#include "base/clock.h"
#include "tokens_fixture.h"

static void past_the_bound_the_oldest_dead_goes_first(void **state)
{
    struct fixture *f = *state;
    struct im_token first, second;

    add_pair(f, "ws_user", "client_credentials");
    first = f->batch.items[0];
    second = f->batch.items[1];
    f->policy.rotation = IM_ROTATION_ROTATE;
    assert_int_equal(redeem_now(f, &second), CAUSE_NONE);
    fill(f, "ws_user");
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
    struct im_token never = token_of(f, IM_TOKEN_ACCESS, "ws_user");
    struct im_token first = add_access(f, "ws_user", "client_credentials");
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
    struct im_token first = add_access(f, "ws_user", "client_credentials");
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
    fill(f, "ws_user");
    f->eval.now_ms += 5000;
    im_tokens_sweep(f->tokens, &f->eval, im_clock_monotonic_ms() - HOUR_MS);
    for (int i = 0; i < 10; i++)
        add_pair(f, "jdoe", "client_credentials");
    assert_int_equal(im_tokens_dropped(f->tokens), 0);
}

static const struct CMUnitTest tests[] = {
    TEST(past_the_bound_the_oldest_dead_goes_first),
    TEST(the_dead_are_searched_for_again_after_a_search_in_vain),
    TEST(a_store_that_is_full_goes_on_working),
    TEST(what_has_ended_leaves_an_hour_of_real_time_later),
    TEST(what_lives_does_not_leave),
    TEST(one_that_has_left_is_refused_as_before),
    TEST(handing_out_lets_go_what_ended_long_ago),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
