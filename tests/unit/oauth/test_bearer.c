/* oauth/bearer.c: each reason why the API turns a request away, with what it says. */
#include <stdio.h>

#include "authority_fixture.h"

static enum im_cause call_flawed(struct fixture *f, enum im_flaw flaw)
{
    return call_api(f, issue_flawed(f, flaw).access_token);
}

static enum im_cause call_after_ending(struct fixture *f, struct im_token_selector which,
                                       enum im_end_reason reason)
{
    struct im_str token = issue(f).access_token;

    assert_true(im_authority_end(f->authority, &which, reason, f->now_ms) > 0);
    f->now_ms += 4000;
    return call_api(f, token);
}

static enum im_cause call_after(struct fixture *f, enum im_change what, const char *user,
                                const char *client)
{
    struct im_str token = issue(f).access_token;

    change(f, what, user, client, "");
    return call_api(f, token);
}

/* ---- who gets in ---- */

static void a_token_gets_in_and_is_told_about(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(call_flawed(f, IM_FLAW_NONE), CAUSE_NONE);
    assert_true(im_str_is(f->token.user, "ws_user"));
    assert_true(im_str_is(f->exchange.user, "ws_user@acme"));
    assert_true(im_str_is(f->exchange.client_id, "demo"));
    assert_true(im_str_starts(f->exchange.token, "hmac:"));
    assert_false(f->exchange.bearer_challenge);
}

static void an_article_token_gets_in_at_its_own_api(void **state)
{
    struct fixture *f = *state;

    f->issue.dialect = IM_DIALECT_ARTICLE;
    assert_int_equal(call_flawed(f, IM_FLAW_NONE), CAUSE_NONE);
}

static void the_word_bearer_may_be_written_small(void **state)
{
    struct fixture *f = *state;
    struct im_str token = issue(f).access_token;

    assert_int_equal(
        check_header(f, IM_DIALECT_REST,
                     im_arena_format(&f->arena, "bearer  %.*s", IM_ARG(token))),
        CAUSE_NONE);
}

/* ---- the header ---- */

static void without_header_nobody_gets_in(void **state)
{
    struct fixture *f = *state;

    refused(f, im_bearer_check(f->authority, &f->req, IM_DIALECT_REST, &f->token, NULL),
            CAUSE_AUTHORIZATION_HEADER_MISSING, "no Authorization header");
    assert_true(f->exchange.bearer_challenge);
}

static void two_headers_are_one_too_many(void **state)
{
    struct fixture *f = *state;

    im_request_add_header(&f->req, IM_STR("Authorization"), IM_STR("Bearer a"));
    im_request_add_header(&f->req, IM_STR("authorization"), IM_STR("Bearer b"));
    refused(f, im_bearer_check(f->authority, &f->req, IM_DIALECT_REST, &f->token, NULL),
            CAUSE_AUTHORIZATION_REPEATED, "2 Authorization headers");
}

static void not_bearer(struct fixture *f, const char *value, const char *evidence)
{
    refused(f, check_header(f, IM_DIALECT_REST, im_str(value)),
            CAUSE_AUTHORIZATION_NOT_BEARER, evidence);
}

static void what_is_no_bearer_header_is_told_apart(void **state)
{
    struct fixture *f = *state;

    not_bearer(f, "", "is empty");
    not_bearer(f, "Bearer", "no token behind it");
    not_bearer(f, "Basic ZGVtbzpkZW1v", "scheme is \"Basic\"");
    not_bearer(f, "eyJhbGciOiJIUzI1NiJ9.e30.AAAA", "no scheme: the word Bearer");
    not_bearer(f, "Bearer: abc", "does not begin with the word Bearer");
}

static void a_token_without_scheme_is_not_shown(void **state)
{
    struct fixture *f = *state;

    not_bearer(f, "my-secret-token", "15 characters");
    not_bearer(f, "my-secret-token-of-many-words x", "does not begin");
}

/* ---- bytes ---- */

static void undecodable_tokens_are_malformed(void **state)
{
    struct fixture *f = *state;

    refused(f, call_api(f, IM_STR("abc")), CAUSE_TOKEN_MALFORMED,
            "not three parts with dots between but 1");
    refused(f, call_api(f, IM_STR("Bearer abc")), CAUSE_TOKEN_MALFORMED, "stands twice");
    refused(f, call_api(f, IM_STR("\"abc\"")), CAUSE_TOKEN_MALFORMED, "quotation marks");
    static const char *const quoted[] = {"'abc", "abc'", "\"abc", "abc\""};
    for (size_t i = 0; i < sizeof quoted / sizeof *quoted; i++)
        refused(f, call_api(f, im_str(quoted[i])), CAUSE_TOKEN_MALFORMED,
                "a quotation mark was copied with it");
    refused(f, call_api(f, IM_STR("abc def")), CAUSE_TOKEN_MALFORMED, "blanks in it");
    refused(f, call_api(f, IM_STR("abc\tdef")), CAUSE_TOKEN_MALFORMED, "blanks in it");
    refused(f, call_flawed(f, IM_FLAW_MALFORMED), CAUSE_TOKEN_MALFORMED,
            "not three parts");
}

static void a_bad_signature_is_found(void **state)
{
    struct fixture *f = *state;

    refused(f, call_flawed(f, IM_FLAW_BAD_SIGNATURE), CAUSE_TOKEN_BAD_SIGNATURE,
            "altered");
    f->issue.dialect = IM_DIALECT_ARTICLE;
    refused(f, call_flawed(f, IM_FLAW_BAD_SIGNATURE), CAUSE_TOKEN_BAD_SIGNATURE,
            "altered");
}

/* A JWT with this payload, signed by somebody else. */
static struct im_str foreign_jwt(struct fixture *f, const char *payload)
{
    const char *header = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
    return im_arena_format(&f->arena, "%.*s.%.*s.c2lnbmF0dXJl",
                           IM_ARG(im_base64url(&f->arena, header, strlen(header))),
                           IM_ARG(im_base64url(&f->arena, payload, strlen(payload))));
}

static void real_token(struct fixture *f, int64_t ends_in_s, const char *evidence)
{
    char payload[200];
    snprintf(payload, sizeof payload,
             "{\"iss\":\"https://api.intacct.com\",\"exp\":%lld}",
             (long long)(f->now_ms / 1000 + ends_in_s));
    refused(f, call_api(f, foreign_jwt(f, payload)), CAUSE_TOKEN_OF_THE_REAL_SERVICE,
            evidence);
}

static void a_token_of_the_real_service_is_told_by_its_own_times(void **state)
{
    struct fixture *f = *state;

    real_token(
        f, -10 * 86400 - 5000,
        "issued by api.intacct.com, not by this mock; by its own claims it expired "
        "10 days ago");
    real_token(f, -3600, "it expired 1 hour ago");
    real_token(f, 0, "it expired 0 seconds ago");
    real_token(f, 43200, "it is good for another 12 hours");
    refused(f, call_api(f, foreign_jwt(f, "{\"iss\":\"https://p301.intacct.com/ia\"}")),
            CAUSE_TOKEN_OF_THE_REAL_SERVICE,
            "issued by p301.intacct.com, not by this mock; its claims do not say");
    static const char *const no_time[] = {"\"soon\"",     "1741600000.5",         "-1",
                                          "100000000000", "99999999999999999999", "null"};
    for (size_t i = 0; i < sizeof no_time / sizeof *no_time; i++) {
        char payload[96];
        snprintf(payload, sizeof payload,
                 "{\"iss\":\"https://api.intacct.com/ia\",\"exp\":%s}", no_time[i]);
        refused(f, call_api(f, foreign_jwt(f, payload)), CAUSE_TOKEN_OF_THE_REAL_SERVICE,
                "its claims do not say when it ends");
    }
    refused(
        f,
        call_api(f,
                 foreign_jwt(
                     f, "{\"iss\":\"https://api.intacct.com/ia\",\"exp\":99999999999}")),
        CAUSE_TOKEN_OF_THE_REAL_SERVICE, "it is good for another ");
    refused(f, call_api(f, foreign_jwt(f, "{\"iss\":\"https://api.intacct.com.evil\"}")),
            CAUSE_TOKEN_BAD_SIGNATURE, "altered");
    refused(f, call_api(f, foreign_jwt(f, "{\"iss\":\"" BASE "\"}")),
            CAUSE_TOKEN_BAD_SIGNATURE, "altered");
}

static void where_the_mock_is_the_real_address_an_altered_token_stays_altered(
    void **state)
{
    struct fixture *f = *state;

    f->base_url = "https://api.intacct.com";
    refused(f, call_api(f, foreign_jwt(f, "{\"iss\":\"https://api.intacct.com\"}")),
            CAUSE_TOKEN_BAD_SIGNATURE, "altered");
}

static void an_unknown_key_is_found(void **state)
{
    struct fixture *f = *state;

    refused(f, call_flawed(f, IM_FLAW_UNKNOWN_KEY), CAUSE_TOKEN_UNKNOWN_KEY, "kid is");
    f->issue.dialect = IM_DIALECT_ARTICLE;
    refused(f, call_flawed(f, IM_FLAW_UNKNOWN_KEY), CAUSE_TOKEN_UNKNOWN_KEY, "kid is");
}

static void alg_none_is_found(void **state)
{
    struct fixture *f = *state;

    refused(f, call_flawed(f, IM_FLAW_WRONG_ALGORITHM), CAUSE_TOKEN_WRONG_ALGORITHM,
            "alg is \"none\", not \"HS256\"");
    f->issue.dialect = IM_DIALECT_ARTICLE;
    refused(f, call_flawed(f, IM_FLAW_WRONG_ALGORITHM), CAUSE_TOKEN_WRONG_ALGORITHM,
            "not \"RS512\"");
}

static void a_wrong_issuer_is_found(void **state)
{
    struct fixture *f = *state;

    refused(f, call_flawed(f, IM_FLAW_WRONG_ISSUER), CAUSE_TOKEN_WRONG_ISSUER,
            "iss is \"https://issuer.invalid\", not \"" BASE "\"");
    f->issue.dialect = IM_DIALECT_ARTICLE;
    refused(f, call_flawed(f, IM_FLAW_WRONG_ISSUER), CAUSE_TOKEN_WRONG_ISSUER,
            "not \"openam.api\"");
}

static void a_token_from_before_a_reset_is_unknown(void **state)
{
    struct fixture *f = *state;
    struct im_str token = issue(f).access_token;

    im_authority_free(f->authority);
    f->authority = im_authority_new(7, IM_STR("test"), NOW_MS, &f->err);
    refused(f, call_api(f, token), CAUSE_ACCESS_TOKEN_UNKNOWN, "before a reset");
    f->now_ms += INT64_C(43201000);
    refused(f, call_api(f, token), CAUSE_ACCESS_TOKEN_EXPIRED, "exp was 1 s ago");
}

/* ---- kind and dialect ---- */

static void a_refresh_token_does_not_open_the_api(void **state)
{
    struct fixture *f = *state;

    refused(f, call_api(f, issue(f).refresh_token),
            CAUSE_REFRESH_TOKEN_USED_AS_ACCESS_TOKEN, "access_token");
}

static void a_code_does_not_open_the_api(void **state)
{
    struct fixture *f = *state;

    refused(f, call_api(f, issue_code(f)), CAUSE_CODE_USED_AS_ACCESS_TOKEN,
            "exchange it at the token endpoint");
}

static void a_token_of_the_other_dialect_has_the_wrong_issuer(void **state)
{
    struct fixture *f = *state;
    struct im_str token = issue(f).access_token;

    f->issue.dialect = IM_DIALECT_ARTICLE;
    refused(f, call_api(f, token), CAUSE_TOKEN_WRONG_ISSUER,
            "issued in the rest dialect");
}

/* ---- time and keys ---- */

static void an_expired_token_says_since_when(void **state)
{
    struct fixture *f = *state;
    struct im_str token = issue(f).access_token;

    f->now_ms += 43200 * 1000 + 12000;
    refused(f, call_api(f, token), CAUSE_ACCESS_TOKEN_EXPIRED,
            "expired 12s ago: exp 2025-03-10T21:46:40Z, now 2025-03-10T21:46:52Z");
    set_policy(f, "skew", 13000);
    assert_int_equal(call_api(f, token), CAUSE_NONE);
}

static void a_token_minted_expired_is_expired(void **state)
{
    struct fixture *f = *state;

    set_policy(f, "skew", 5000);
    refused(f, call_flawed(f, IM_FLAW_EXPIRED), CAUSE_ACCESS_TOKEN_EXPIRED,
            "expired 65s ago");
    assert_int_equal(f->issued.expires_in_s, 43200);
}

static void a_token_of_the_future_is_not_yet_valid(void **state)
{
    struct fixture *f = *state;

    refused(f, call_flawed(f, IM_FLAW_NOT_YET_VALID), CAUSE_TOKEN_NOT_YET_VALID,
            "begins in 3600 s");
    set_policy(f, "skew", 7200 * 1000); /* as much beyond what is let pass */
    refused(f, call_flawed(f, IM_FLAW_NOT_YET_VALID), CAUSE_TOKEN_NOT_YET_VALID,
            "begins in 10800 s");
}

static void a_clock_set_back_makes_tokens_not_yet_valid(void **state)
{
    struct fixture *f = *state;
    struct im_str token = issue(f).access_token;

    f->now_ms -= 30000;
    refused(f, call_api(f, token), CAUSE_TOKEN_NOT_YET_VALID, "begins in 30 s");
    set_policy(f, "skew", 30000);
    assert_int_equal(call_api(f, token), CAUSE_NONE);
}

static void a_rotated_out_key_is_unknown_unless_policy_keeps_it(void **state)
{
    struct fixture *f = *state;
    struct im_str token = issue(f).access_token;

    im_keys_rotate(f->authority->keys, &f->err);
    refused(f, call_api(f, token), CAUSE_TOKEN_UNKNOWN_KEY,
            "key 0, which has been rotated");
    set_policy(f, "retired_keys_verify", true);
    assert_int_equal(call_api(f, token), CAUSE_NONE);
    assert_int_equal(call_flawed(f, IM_FLAW_NONE), CAUSE_NONE);
}

/* ---- ends ---- */

static void each_end_is_told_by_its_name(void **state)
{
    struct fixture *f = *state;
    struct im_token_selector one = {.kinds = IM_END_ACCESS};
    struct im_token_selector grant = {.whole_grant = true};
    struct im_token_selector session = {.sessions = true};

    refused(f, call_after_ending(f, one, IM_ENDED_REVOKED), CAUSE_ACCESS_TOKEN_REVOKED,
            "it was revoked 4s ago");
    refused(f, call_after_ending(f, grant, IM_ENDED_PASSWORD_CHANGED),
            CAUSE_PASSWORD_CHANGED, "password was changed 4s ago");
    refused(f, call_after_ending(f, grant, IM_ENDED_CONSENT_WITHDRAWN),
            CAUSE_USER_REVOKED_ACCESS, "withdrew the consent");
    refused(f, call_after_ending(f, session, IM_ENDED_SESSION_EXPIRED),
            CAUSE_SESSION_EXPIRED, "session behind it ended");
    refused(f, call_after_ending(f, session, IM_ENDED_SIGN_IN),
            CAUSE_SESSION_ENDED_BY_SIGN_IN, "signed in to the web UI");
}

static void the_end_of_a_refresh_token_family_revokes_the_access_token(void **state)
{
    struct fixture *f = *state;

    set_policy(f, "reuse", IM_REUSE_REVOKE_FAMILY);
    struct im_issued issued = issue(f);
    refresh(f, issued.refresh_token);
    assert_int_equal(call_api(f, issued.access_token), CAUSE_NONE);
    refresh(f, issued.refresh_token);
    refused(f, call_api(f, issued.access_token), CAUSE_ACCESS_TOKEN_REVOKED,
            "a refresh token of its grant was used again");
}

static void revoking_one_token_shuts_out_the_users_others(void **state)
{
    struct fixture *f = *state;
    struct im_str one = issue(f).access_token, other = issue(f).access_token;

    im_authority_revoke(f->authority, one, f->now_ms);
    refused(f, call_api(f, one), CAUSE_ACCESS_TOKEN_REVOKED, "it was revoked");
    refused(f, call_api(f, other), CAUSE_GRANT_REVOKED_ELSEWHERE, "ended them all");
}

static void a_second_authorization_shuts_out_the_first(void **state)
{
    struct fixture *f = *state;
    struct im_issued first = authorize(f);

    authorize(f);
    refused(f, call_api(f, first.access_token), CAUSE_GRANT_SUPERSEDED, "superseded");
}

static void a_session_that_runs_out_matters_when_policy_says_so(void **state)
{
    struct fixture *f = *state;
    struct im_str token = issue(f).access_token;

    f->now_ms += 6 * 3600 * 1000;
    assert_int_equal(call_api(f, token), CAUSE_NONE);
    set_policy(f, "session_ends_tokens", true);
    refused(f, call_api(f, token), CAUSE_SESSION_EXPIRED, "session behind it ended");
}

static void expiring_a_token_takes_effect_at_once(void **state)
{
    struct fixture *f = *state;
    struct im_str token = issue(f).access_token;
    struct im_token_selector which = {.token = token};

    assert_int_equal(im_authority_expire(f->authority, &which, f->now_ms), 1);
    refused(f, call_api(f, token), CAUSE_ACCESS_TOKEN_EXPIRED, "expired");
}

/* ---- the directory has changed since ---- */

static void what_was_switched_off_since_refuses(void **state)
{
    struct fixture *f = *state;

    refused(f, call_after(f, IM_CHANGE_WITHDRAW_CLIENT, "", "demo"),
            CAUSE_APP_NOT_AUTHORIZED_BY_ADMIN, "Authorized client applications");
    refused(f, call_after(f, IM_CHANGE_LOCK_USER, "ws_user", ""), CAUSE_USER_LOCKED,
            "user ws_user is locked");
    refused(f, call_after(f, IM_CHANGE_DEACTIVATE_USER, "ws_user", ""),
            CAUSE_USER_INACTIVE, "user ws_user is inactive");
    refused(f, call_after(f, IM_CHANGE_DEACTIVATE_COMPANY, "", ""),
            CAUSE_COMPANY_INACTIVE, "company acme is inactive");
    refused(f, call_after(f, IM_CHANGE_DEACTIVATE_CLIENT, "", "demo"),
            CAUSE_CLIENT_INACTIVE, "client demo is inactive");
}

static void a_token_of_another_company_does_not_get_in(void **state)
{
    struct fixture *f = *state;

    refused(f, call_flawed(f, IM_FLAW_WRONG_COMPANY), CAUSE_TOKEN_WRONG_COMPANY,
            "company another-company, which does not exist");
    assert_int_equal(refresh(f, f->issued.refresh_token), CAUSE_NONE);
    f->issue.user = IM_STR("nobody");
    refused(f, call_flawed(f, IM_FLAW_NONE), CAUSE_TOKEN_WRONG_COMPANY,
            "user nobody, whom company acme does not have");
}

static void a_non_production_key_does_not_open_a_production_company(void **state)
{
    struct fixture *f = *state;

    f->issue.client_id = IM_STR("demo-sandbox");
    refused(f, call_flawed(f, IM_FLAW_NONE), CAUSE_TOKEN_WRONG_ENVIRONMENT,
            "demo-sandbox has a non-production key, and company acme is a production "
            "company");
    f->issue.company = IM_STR("acme-sandbox");
    assert_int_equal(call_flawed(f, IM_FLAW_NONE), CAUSE_NONE);
}

static void a_client_that_was_removed_is_inactive(void **state)
{
    struct fixture *f = *state;

    f->issue.client_id = IM_STR("gone");
    refused(f, call_flawed(f, IM_FLAW_NONE), CAUSE_CLIENT_INACTIVE,
            "does not exist any more");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_token_gets_in_and_is_told_about),
        TEST(an_article_token_gets_in_at_its_own_api),
        TEST(the_word_bearer_may_be_written_small),
        TEST(without_header_nobody_gets_in),
        TEST(two_headers_are_one_too_many),
        TEST(what_is_no_bearer_header_is_told_apart),
        TEST(a_token_without_scheme_is_not_shown),
        TEST(undecodable_tokens_are_malformed),
        TEST(a_bad_signature_is_found),
        TEST(a_token_of_the_real_service_is_told_by_its_own_times),
        TEST(where_the_mock_is_the_real_address_an_altered_token_stays_altered),
        TEST(an_unknown_key_is_found),
        TEST(alg_none_is_found),
        TEST(a_wrong_issuer_is_found),
        TEST(a_token_from_before_a_reset_is_unknown),
        TEST(a_refresh_token_does_not_open_the_api),
        TEST(a_code_does_not_open_the_api),
        TEST(a_token_of_the_other_dialect_has_the_wrong_issuer),
        TEST(an_expired_token_says_since_when),
        TEST(a_token_minted_expired_is_expired),
        TEST(a_token_of_the_future_is_not_yet_valid),
        TEST(a_clock_set_back_makes_tokens_not_yet_valid),
        TEST(a_rotated_out_key_is_unknown_unless_policy_keeps_it),
        TEST(each_end_is_told_by_its_name),
        TEST(the_end_of_a_refresh_token_family_revokes_the_access_token),
        TEST(revoking_one_token_shuts_out_the_users_others),
        TEST(a_second_authorization_shuts_out_the_first),
        TEST(a_session_that_runs_out_matters_when_policy_says_so),
        TEST(expiring_a_token_takes_effect_at_once),
        TEST(what_was_switched_off_since_refuses),
        TEST(a_token_of_another_company_does_not_get_in),
        TEST(a_non_production_key_does_not_open_a_production_company),
        TEST(a_client_that_was_removed_is_inactive),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
