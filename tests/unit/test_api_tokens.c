/* api.c: tokens are ended, and made to order. */
#include "unit/verbs.h"

static void tokens_are_expired_and_revoked_and_counted(void **state)
{
    struct scene *scene = *state;
    struct im_which access = {.kind = "access"};
    struct im_which hers = {.user = "jdoe@acme"};
    struct im_which theirs = {.client_id = "demo"};
    char token[1024];

    assert_int_equal(im_expire(scene->mock, NULL, NULL, ERROR), 0);
    connect_at(scene->mock, TOKEN, token, sizeof(token));
    assert_int_equal(im_expire(scene->mock, NULL, &hers, ERROR), 0);
    assert_int_equal(call_with(scene->mock, VENDORS, token), 200);
    assert_int_equal(im_expire(scene->mock, NULL, &access, ERROR), 1);
    assert_int_equal(call_with(scene->mock, VENDORS, token), 401);
    connect_at(scene->mock, TOKEN, token, sizeof(token));
    assert_true(im_revoke(scene->mock, NULL, &theirs, ERROR) >= 1);
    assert_int_equal(call_with(scene->mock, VENDORS, token), 401);
    connect_at(scene->mock, TOKEN, token, sizeof(token));
    struct im_which one = {.token = token};
    assert_true(im_revoke(scene->mock, NULL, &one, ERROR) >= 1);
    assert_int_equal(call_with(scene->mock, VENDORS, token), 401);
}

static void a_kind_of_token_that_there_is_not_is_refused(void **state)
{
    struct scene *scene = *state;
    struct im_which which = {.kind = "acess"};

    assert_int_equal(im_expire(scene->mock, NULL, &which, ERROR), -1);
    holds(scene->error, "expiring tokens: ");
    assert_int_equal(im_revoke(scene->mock, NULL, &which, ERROR), -1);
    holds(scene->error, "revoking tokens: ");
    holds(scene->error, "access");
}

static void a_token_is_minted_past_every_rule(void **state)
{
    struct scene *scene = *state;
    char token[4096];

    mint(scene, NULL, token, sizeof(token));
    assert_int_equal(call_with(scene->mock, VENDORS, token), 200);
    struct im_token_order order = {
        .user = "jdoe@acme", .client_id = "demo", .ttl_ms = 1000};
    mint(scene, &order, token, sizeof(token));
    HAPPENED(im_advance_clock(scene->mock, NULL, 2000, ERROR));
    assert_int_equal(call_with(scene->mock, VENDORS, token), 401);
}

static void every_flaw_makes_a_token_that_is_refused(void **state)
{
    static const char *const flaws[] = {
        "expired",      "not-yet-valid", "bad-signature",   "unknown-key",
        "wrong-issuer", "wrong-company", "wrong-algorithm", "malformed"};
    struct scene *scene = *state;
    char token[4096];

    for (size_t i = 0; i < sizeof(flaws) / sizeof(flaws[0]); i++) {
        struct im_token_order order = {.flaw = flaws[i]};
        mint(scene, &order, token, sizeof(token));
        int status = call_with(scene->mock, VENDORS, token);
        if (status != 401 && status != 400 && status != 403)
            fail_msg("%s is answered with %d", flaws[i], status);
    }
}

static void orders_that_cannot_be_are_refused(void **state)
{
    static const struct {
        struct im_token_order order;
        const char *says;
    } bad[] = {{{.user = "nobody@acme"}, "there is no user \"nobody@acme\""},
               {{.user = "nobody"}, "USER@COMPANY"},
               {{.client_id = "demos"}, "there is no client \"demos\""},
               {{.dialect = "xml"}, "\"rest\" or \"article\""},
               {{.flaw = "ugly"}, "there is no flaw \"ugly\""},
               {{.ttl_ms = -1}, "\"ttl\""}};
    struct scene *scene = *state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_null(im_mint(scene->mock, NULL, &bad[i].order, ERROR));
        holds(scene->error, "minting a token: ");
        holds(scene->error, bad[i].says);
    }
}

static const struct CMUnitTest tests[] = {
    TEST(tokens_are_expired_and_revoked_and_counted),
    TEST(a_kind_of_token_that_there_is_not_is_refused),
    TEST(a_token_is_minted_past_every_rule),
    TEST(every_flaw_makes_a_token_that_is_refused),
    TEST(orders_that_cannot_be_are_refused),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
