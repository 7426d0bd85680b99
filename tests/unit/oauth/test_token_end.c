/* oauth/token_end.c: what ends tokens, which of them, and the cause that a refusal names for it. */
#include "tokens_fixture.h"

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

/* ---- revocation ---- */

static void revoking_one_takes_all_of_the_user_and_company(void **state)
{
    struct fixture *f = *state;
    struct im_token other = add_access(f, "jdoe", "client_credentials");
    struct im_token mine = add_access(f, "ws_user", "client_credentials");

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

static const struct CMUnitTest tests[] = {
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
    TEST(an_end_by_company_alone_takes_all_its_users_and_no_others),
    cmocka_unit_test(every_end_of_every_kind_has_a_cause),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
