/* oauth/authority*.c: what is handed out, used up and taken back, and what is said about
 * it. */
#include "authority_fixture.h"

/* ---- handing out ---- */

static void an_issued_token_is_known_until_it_expires(void **state)
{
    struct fixture *f = *state;
    struct im_issued issued = issue(f);

    assert_int_equal(issued.expires_in_s, 43200);
    assert_true(im_authority_find(f->authority, &f->arena, issued.access_token, f->now_ms,
                                  &f->token));
    assert_int_equal(f->token.kind, IM_TOKEN_ACCESS);
    assert_int_equal(f->token.ended, IM_NOT_ENDED);
    im_authority_find(f->authority, &f->arena, issued.access_token,
                      f->now_ms + 43200 * 1000, &f->token);
    assert_int_equal(im_token_cause(&f->token), CAUSE_ACCESS_TOKEN_EXPIRED);
}

static void without_being_asked_there_is_neither_refresh_nor_id_token(void **state)
{
    struct fixture *f = *state;

    f->issue.with_refresh = false;
    issue(f);
    assert_true(f->issued.access_token.len > 0);
    assert_int_equal(f->issued.refresh_token.len, 0);
    assert_int_equal(f->issued.id_token.len, 0);
}

static void a_token_of_another_company_and_its_refresh_token_are_two(void **state)
{
    struct fixture *f = *state;
    struct im_token_selector all = {0};

    issue_flawed(f, IM_FLAW_WRONG_COMPANY);
    im_authority_find(f->authority, &f->arena, f->issued.access_token, f->now_ms,
                      &f->token);
    uint64_t grant = f->token.grant;
    im_authority_find(f->authority, &f->arena, f->issued.refresh_token, f->now_ms,
                      &f->token);
    assert_true(grant != f->token.grant);
    assert_int_equal(im_authority_expire(f->authority, &all, f->now_ms), 2);
}

static void no_two_tokens_of_one_second_are_alike(void **state)
{
    struct fixture *f = *state;
    struct im_issued first = issue(f), second = issue(f);

    assert_false(im_str_eq(first.access_token, second.access_token));
    assert_false(im_str_eq(first.refresh_token, second.refresh_token));
    assert_false(im_str_eq(issue_code(f), issue_code(f)));
}

static void the_same_seed_and_requests_give_the_same_bytes(void **state)
{
    struct fixture *f = *state;
    struct im_issued here = issue(f), there;
    struct im_authority *other = im_authority_new(7, IM_STR("test"), NOW_MS, &f->err);

    im_authority_issue(other, &f->arena, f->now_ms, &f->issue, &there, &f->err);
    assert_true(im_str_eq(here.access_token, there.access_token));
    assert_true(im_str_eq(here.refresh_token, there.refresh_token));
    im_authority_free(other);
}

static void another_salt_gives_other_bytes(void **state)
{
    struct fixture *f = *state;
    struct im_issued here = issue(f), there;
    struct im_authority *other = im_authority_new(7, IM_STR("other"), NOW_MS, &f->err);

    im_authority_issue(other, &f->arena, f->now_ms, &f->issue, &there, &f->err);
    assert_false(im_str_eq(here.access_token, there.access_token));
    im_authority_free(other);
}

static void fingerprints_depend_on_the_seed_alone(void **state)
{
    struct fixture *f = *state;
    struct im_str own =
        im_fingerprint(f->authority->secrets, &f->arena, IM_STR("a secret"));

    for (uint64_t seed = 7; seed <= 9; seed++) {
        struct im_authority *other =
            im_authority_new(seed, IM_STR("test"), NOW_MS, &f->err);
        struct im_str its = im_fingerprint(other->secrets, &f->arena, IM_STR("a secret"));
        assert_true(im_str_eq(own, its) == (seed == 7));
        im_authority_free(other);
    }
}

static void a_lifetime_can_be_asked_for(void **state)
{
    struct fixture *f = *state;

    f->issue.ttl_ms = 90500;
    assert_int_equal(issue(f).expires_in_s, 90);
    im_authority_find(f->authority, &f->arena, f->issued.access_token, f->now_ms,
                      &f->token);
    assert_int_equal(f->token.expires_ms, f->now_ms + 90500);
}

static void a_token_lives_in_the_session_it_is_given(void **state)
{
    struct fixture *f = *state;
    struct im_session session;

    issue(f);
    im_authority_find(f->authority, &f->arena, f->issued.access_token, f->now_ms,
                      &f->token);
    struct im_str id = f->token.session;
    assert_int_equal(id.len, 56);
    f->issue.session = id;
    f->now_ms += 1000;
    issue(f);
    assert_true(im_authority_session(f->authority, &f->arena, id, f->now_ms, &session));
    assert_true(im_str_is(session.user, "ws_user"));
    assert_int_equal(session.expires_ms, NOW_MS + 6 * 3600 * 1000);
}

static void a_kept_refresh_token_keeps_its_end(void **state)
{
    struct fixture *f = *state;
    struct im_str kept = issue(f).refresh_token;

    f->issue.keep_refresh = kept;
    f->issue.grant = f->issued.grant;
    f->now_ms += 1000;
    issue(f);
    assert_true(im_str_eq(f->issued.refresh_token, kept));
    assert_int_equal(f->issued.refresh_expires_in_s, 2592000 - 1);
}

static void an_id_token_is_rs256_and_carries_the_nonce(void **state)
{
    struct fixture *f = *state;
    struct im_jwt jwt;

    f->issue.with_id_token = true;
    f->issue.nonce = IM_STR("n-1");
    issue(f);
    assert_true(im_jwt_decode(&f->arena, f->issued.id_token, &jwt, &f->err));
    assert_int_equal(im_jwt_verify(f->authority->keys, &jwt, IM_JWT_RS256), IM_JWT_GOOD);
    is_text(payload_of(f, f->issued.id_token),
            "{\"iss\":\"" BASE "\",\"sub\":\"444\",\"aud\":\"demo\",\"exp\":1741643200,"
            "\"iat\":1741600000,\"nonce\":\"n-1\",\"cnyId\":\"acme\","
            "\"userId\":\"ws_user\"}");
}

/* ---- codes ---- */

static void a_code_works_once_and_continues_its_grant(void **state)
{
    struct fixture *f = *state;
    struct im_str code = issue_code(f);

    assert_int_equal(redeem_code(f, code), CAUSE_NONE);
    assert_true(im_str_is(f->token.user, "ws_user"));
    uint64_t grant = f->token.grant;
    f->issue.grant = grant;
    assert_int_equal(issue(f).grant, grant);
}

static void using_a_code_twice_ends_what_it_gave(void **state)
{
    struct fixture *f = *state;
    struct im_str code = issue_code(f);

    redeem_code(f, code);
    f->issue.grant = f->token.grant;
    struct im_issued given = issue(f);
    f->now_ms += 3000;
    refused(f, redeem_code(f, code), CAUSE_CODE_REUSED, "used up 3s ago");
    refused(f, call_api(f, given.access_token), CAUSE_ACCESS_TOKEN_REVOKED,
            "code of its grant was used again");
    refused(f, refresh(f, given.refresh_token), CAUSE_REFRESH_TOKEN_REVOKED,
            "code of its grant was used again");
}

static void a_code_lives_a_minute(void **state)
{
    struct fixture *f = *state;
    struct im_str code = issue_code(f);

    f->now_ms += 60000 + 12000;
    refused(f, redeem_code(f, code), CAUSE_CODE_EXPIRED, "expired 12s ago");
}

static void a_code_belongs_to_one_client(void **state)
{
    struct fixture *f = *state;
    struct im_code_claim claim = claim_of(issue_code(f));

    claim.client_id = IM_STR("demo-public");
    refused(f, redeem_claim(f, &claim), CAUSE_CODE_OF_ANOTHER_CLIENT,
            "issued to client demo, and demo-public presents it");
}

static void a_code_belongs_to_one_redirect_uri(void **state)
{
    struct fixture *f = *state;
    struct im_code_claim claim = claim_of(issue_code(f));

    claim.redirect_uri = IM_STR(REDIRECT "/");
    refused(f, redeem_claim(f, &claim), CAUSE_REDIRECT_URI_MISMATCH,
            "\"" REDIRECT "\", the token request says \"" REDIRECT "/\"");
    claim.redirect_uri = IM_STR("");
    refused(f, redeem_claim(f, &claim), CAUSE_REDIRECT_URI_MISMATCH, "has none");
}

static void sages_own_pkce_sample_is_accepted(void **state)
{
    struct fixture *f = *state;

    f->issue.challenge = IM_STR(CHALLENGE);
    struct im_code_claim claim = claim_of(issue_code(f));
    refused(f, redeem_claim(f, &claim), CAUSE_PKCE_VERIFIER_MISSING, "no code_verifier");
    claim.verifier = IM_STR(VERIFIER);
    claim.verifier_given = true;
    assert_int_equal(redeem_claim(f, &claim), CAUSE_NONE);
}

static void a_wrong_verifier_is_told_apart(void **state)
{
    struct fixture *f = *state;

    f->issue.challenge = IM_STR(CHALLENGE);
    struct im_code_claim claim = claim_of(issue_code(f));
    claim.verifier_given = true;
    claim.verifier = IM_STR(CHALLENGE);
    refused(f, redeem_claim(f, &claim), CAUSE_PKCE_VERIFIER_WRONG,
            "the challenge itself");
    claim.verifier = IM_STR("short");
    refused(f, redeem_claim(f, &claim), CAUSE_PKCE_VERIFIER_WRONG, "5 characters");
    char long_enough[130];
    memset(long_enough, 'v', sizeof(long_enough));
    const size_t sound[] = {43, 128}, unsound[] = {42, 129}; /* RFC 7636 section 4.1 */
    for (size_t i = 0; i < 2; i++) {
        claim.verifier = (struct im_str){long_enough, sound[i]};
        refused(f, redeem_claim(f, &claim), CAUSE_PKCE_VERIFIER_WRONG,
                "hashes to something else than the challenge " CHALLENGE);
        claim.verifier.len = unsound[i];
        refused(f, redeem_claim(f, &claim), CAUSE_PKCE_VERIFIER_WRONG,
                i ? "has 129 characters" : "has 42 characters");
    }
}

static void a_verifier_nobody_asked_for_is_noted(void **state)
{
    struct fixture *f = *state;
    struct im_code_claim claim = claim_of(issue_code(f));

    claim.verifier = IM_STR(VERIFIER);
    claim.verifier_given = true;
    assert_int_equal(redeem_claim(f, &claim), CAUSE_NONE);
    assert_int_equal(f->exchange.note_count, 1);
}

static void an_unknown_code_is_described_by_its_looks(void **state)
{
    struct fixture *f = *state;

    refused(f, redeem_code(f, IM_STR("abc")), CAUSE_CODE_UNKNOWN, "3 characters");
    refused(f, redeem_code(f, IM_STR("abc%2E")), CAUSE_CODE_UNKNOWN, "percent-encoded");
    refused(f, redeem_code(f, IM_STR("abc\n")), CAUSE_CODE_UNKNOWN, "white space");
    refused(f, redeem_code(f, issue(f).access_token), CAUSE_CODE_UNKNOWN, "\"access\"");
}

static void a_code_of_the_other_dialect_is_unknown(void **state)
{
    struct fixture *f = *state;
    struct im_code_claim claim = claim_of(issue_code(f));

    claim.dialect = IM_DIALECT_ARTICLE;
    refused(f, redeem_claim(f, &claim), CAUSE_CODE_UNKNOWN, "issued in the rest dialect");
}

/* ---- refresh tokens ---- */

static void a_refresh_token_rotates(void **state)
{
    struct fixture *f = *state;
    struct im_str old = issue(f).refresh_token;

    assert_int_equal(refresh(f, old), CAUSE_NONE);
    assert_true(im_str_is(f->token.grant_type, "client_credentials"));
    f->now_ms += 2000;
    refused(f, refresh(f, old), CAUSE_REFRESH_TOKEN_REUSED, "used up 2s ago");
}

static void a_refresh_token_belongs_to_one_client(void **state)
{
    struct fixture *f = *state;
    struct im_str token = issue(f).refresh_token;

    arrive(f);
    refused(f,
            im_authority_redeem_refresh(f->authority, &f->req, IM_DIALECT_REST, token,
                                        IM_STR("other"), &f->token),
            CAUSE_REFRESH_TOKEN_OF_ANOTHER_CLIENT, "other presents it");
    assert_int_equal(refresh(f, token), CAUSE_NONE);
}

static void a_refresh_token_expires(void **state)
{
    struct fixture *f = *state;
    struct im_str token = issue(f).refresh_token;

    f->now_ms += INT64_C(2592000) * 1000 + 5000;
    refused(f, refresh(f, token), CAUSE_REFRESH_TOKEN_EXPIRED,
            "expired 5s ago: exp 2025-04-09");
}

static void an_access_token_does_not_refresh(void **state)
{
    struct fixture *f = *state;

    refused(f, refresh(f, issue(f).access_token), CAUSE_REFRESH_TOKEN_UNKNOWN,
            "kind \"access\"");
}

static void a_second_authorization_ends_the_first_refresh_token(void **state)
{
    struct fixture *f = *state;
    struct im_issued first = authorize(f), second = authorize(f);

    refused(f, refresh(f, first.refresh_token), CAUSE_GRANT_SUPERSEDED,
            "authorized again");
    assert_int_equal(refresh(f, second.refresh_token), CAUSE_NONE);
}

static void a_code_alone_supersedes_nothing(void **state)
{
    struct fixture *f = *state;
    struct im_issued first = authorize(f);

    issue_code(f);
    assert_int_equal(refresh(f, first.refresh_token), CAUSE_NONE);
}

static void revocation_names_what_was_revoked(void **state)
{
    struct fixture *f = *state;
    struct im_issued one = issue(f), other = issue(f);

    assert_int_equal(im_authority_revoke(f->authority, one.refresh_token, f->now_ms), 4);
    refused(f, refresh(f, one.refresh_token), CAUSE_REFRESH_TOKEN_REVOKED,
            "it was revoked");
    refused(f, refresh(f, other.refresh_token), CAUSE_GRANT_REVOKED_ELSEWHERE,
            "another token of its user");
    assert_int_equal(im_authority_revoke(f->authority, IM_STR("unknown"), f->now_ms), 0);
}

static void a_grant_ended_for_its_access_token_refuses_the_refresh_as_revoked(
    void **state)
{
    struct fixture *f = *state;
    struct im_token_selector all = {.whole_grant = true};
    struct im_str token = issue(f).refresh_token;
    struct im_str code = issue_code(f);

    assert_int_equal(im_authority_end(f->authority, &all, IM_ENDED_REVOKED, f->now_ms),
                     3);
    refused(f, refresh(f, token), CAUSE_REFRESH_TOKEN_REVOKED, "it was revoked");
    refused(f, redeem_code(f, code), CAUSE_GRANT_REVOKED_ELSEWHERE, "it was revoked");
}

static void a_changed_password_refuses_the_refresh(void **state)
{
    struct fixture *f = *state;
    struct im_token_selector whose = {
        .user = IM_STR("ws_user"), .company = IM_STR("acme"), .whole_grant = true};
    struct im_str token = issue(f).refresh_token;

    im_authority_end(f->authority, &whose, IM_ENDED_PASSWORD_CHANGED, f->now_ms);
    refused(f, refresh(f, token), CAUSE_PASSWORD_CHANGED, "password was changed");
}

static void evidence_never_holds_the_token(void **state)
{
    struct fixture *f = *state;
    struct im_str token = issue(f).refresh_token;

    refresh(f, token);
    refresh(f, token);
    struct im_str secret = im_arena_copy(&f->arena, im_str_slice(token, 40, 60));
    struct im_str said = im_arena_copy(&f->arena, f->exchange.evidence);
    assert_null(strstr(said.at, secret.at));
    assert_true(im_str_starts(f->exchange.token, "hmac:"));
    assert_int_equal(f->exchange.token.len, strlen("hmac:") + 12);
}

/* ---- listings ---- */

static bool count_one(void *context, const struct im_token *token)
{
    (void)token;
    ++*(int *)context;
    return true;
}

static void every_token_is_listed(void **state)
{
    struct fixture *f = *state;
    int count = 0;

    issue(f);
    issue_code(f);
    im_authority_each_token(f->authority, f->now_ms, 0, count_one, &count);
    assert_int_equal(count, 3);
}

static void flaws_have_names(void **state)
{
    (void)state;
    assert_string_equal(im_flaw_name(IM_FLAW_NOT_YET_VALID), "not-yet-valid");
}

static void a_policy_that_is_set_is_obeyed(void **state)
{
    struct fixture *f = *state;

    set_policy(f, "access_token_ttl", 60000);
    assert_int_equal(issue(f).expires_in_s, 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_issued_token_is_known_until_it_expires),
        TEST(without_being_asked_there_is_neither_refresh_nor_id_token),
        TEST(a_token_of_another_company_and_its_refresh_token_are_two),
        TEST(no_two_tokens_of_one_second_are_alike),
        TEST(the_same_seed_and_requests_give_the_same_bytes),
        TEST(another_salt_gives_other_bytes),
        TEST(fingerprints_depend_on_the_seed_alone),
        TEST(a_lifetime_can_be_asked_for),
        TEST(a_token_lives_in_the_session_it_is_given),
        TEST(a_kept_refresh_token_keeps_its_end),
        TEST(an_id_token_is_rs256_and_carries_the_nonce),
        TEST(a_code_works_once_and_continues_its_grant),
        TEST(using_a_code_twice_ends_what_it_gave),
        TEST(a_code_lives_a_minute),
        TEST(a_code_belongs_to_one_client),
        TEST(a_code_belongs_to_one_redirect_uri),
        TEST(sages_own_pkce_sample_is_accepted),
        TEST(a_wrong_verifier_is_told_apart),
        TEST(a_verifier_nobody_asked_for_is_noted),
        TEST(an_unknown_code_is_described_by_its_looks),
        TEST(a_code_of_the_other_dialect_is_unknown),
        TEST(a_refresh_token_rotates),
        TEST(a_refresh_token_belongs_to_one_client),
        TEST(a_refresh_token_expires),
        TEST(an_access_token_does_not_refresh),
        TEST(a_second_authorization_ends_the_first_refresh_token),
        TEST(a_code_alone_supersedes_nothing),
        TEST(revocation_names_what_was_revoked),
        TEST(a_grant_ended_for_its_access_token_refuses_the_refresh_as_revoked),
        TEST(a_changed_password_refuses_the_refresh),
        TEST(evidence_never_holds_the_token),
        TEST(every_token_is_listed),
        TEST(flaws_have_names),
        TEST(a_policy_that_is_set_is_obeyed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
