/* oauth/token_walk.c: listings, which go on while tokens come and leave. */
#include "tokens_fixture.h"

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

    fill(f, "jdoe");
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

    fill(f, "jdoe");
    assert_true(im_tokens_each(f->tokens, &f->eval, 0, add_more, &intrusion));
    assert_int_equal(intrusion.visited, 64); /* as many as it copies at once */
    assert_int_equal(im_tokens_dropped(f->tokens), MAX);
}

static const struct CMUnitTest tests[] = {
    TEST(a_listing_is_in_order_and_can_be_stopped),
    TEST(a_listing_goes_on_after_any_serial),
    TEST(a_listing_does_without_what_leaves_and_comes_meanwhile),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
