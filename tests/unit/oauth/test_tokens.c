/* oauth/tokens.c: what the store keeps of tokens and sessions, and grants that supersede others. */
#include "tokens_fixture.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

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
    struct im_token by_credentials = add_access(f, "jdoe", "client_credentials");
    struct im_token by_code = add_access(f, "jdoe", "authorization_code");

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
    first = add_access(f, "jdoe", "authorization_code");
    f->policy.one_grant_per_user = true;
    f->batch.items[0] = token_of(f, IM_TOKEN_ACCESS, "jdoe");
    f->batch.items[1] = token_of(f, IM_TOKEN_REFRESH, "jdoe");
    f->batch.grant = grant;
    add(f);
    is(f, &first, CAUSE_NONE);
}

/* ---- sessions ---- */

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
    struct im_token first = add_access(f, "jdoe", "client_credentials");

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

static const struct CMUnitTest tests[] = {
    TEST(an_empty_store_is_small),
    TEST(what_was_added_is_found_with_all_its_facts),
    TEST(what_was_never_added_is_not_found),
    TEST(what_comes_out_outlives_the_store),
    TEST(the_same_text_again_is_one_record),
    TEST(a_second_authorization_supersedes_the_first),
    TEST(superseding_may_leave_the_access_token),
    TEST(client_credentials_neither_supersede_nor_are_superseded),
    TEST(a_refresh_does_not_supersede_anything),
    TEST(a_session_tells_whose_it_is_until_it_is_over),
    TEST(tokens_may_share_a_session),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
