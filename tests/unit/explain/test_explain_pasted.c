/* explain/ of what people paste by hand: lines of a log without tokens, a mail, a token whose
 * signature they took out. */
#include "unit/explain/asked.h"

#define TWO_REFRESHES(second)                                                            \
    "2026-11-28 03:00:14,112 INFO  sync start company=acme\n"                            \
    "2026-11-28 03:00:15,200 DEBUG POST https://api.intacct.com/ia/api/v1/oauth2/token " \
    "grant_type=refresh_token -> 200 in 300ms\n"                                         \
    "2026-11-28 03:00:" second " DEBUG POST "                                            \
    "https://api.intacct.com/ia/api/v1/oauth2/token grant_type=refresh_token -> 400 "    \
    "{\"error\":\"invalid_grant\",\"error_description\":\"Refresh token is invalid\"}\n"

static void a_refresh_right_behind_another_is_explained_by_it(void **state)
{
    struct asked asked;

    ask(&asked, IM_STR(TWO_REFRESHES("16,010")));
    assert_in_range(rank_of(&asked, "parallel-refresh"), 1, 2);
    assert_in_range(rank_of(&asked, "refresh-token-reused"), 1, 2);
    assert_non_null(strstr(asked.text.at, "explained is no. 2, the first wrong one"));
    asked_end(&asked);
    /* three quarters of a minute later it is another occasion */
    assert_int_equal(rank_in(TWO_REFRESHES("59,010"), "grant-superseded"), 1);
}

static void a_mail_may_say_what_was_changed(void **state)
{
    static const char changed[] =
        "Hi,\n\nsince we changed the password the integration does not work any more.\n"
        "It tells us \"Error: 401 Unauthorized - GW-0031\". Please help!\n";
    static const char not_so[] =
        "Hi,\n\nsince last Thursday the integration does not work any more, though we "
        "have "
        "not changed the password.\nIt tells us \"Error: 401 Unauthorized - GW-0031\".\n";
    static const char other[] =
        "Hi,\n\nsince last Thursday the integration does not work any more. We changed "
        "the secret, and the password is the same.\nIt tells us \"Error: 401 "
        "Unauthorized - GW-0031\".\n";
    struct asked asked;

    ask(&asked, im_str(changed));
    assert_int_equal(rank_of(&asked, "password-changed"), 1);
    /* what the wording leaves open is still said */
    assert_int_equal(rank_of(&asked, "access-token-expired"), 2);
    assert_non_null(strstr(asked.text.at, "a text that quotes an answer"));
    asked_end(&asked);
    assert_int_equal(rank_in(not_so, "password-changed"), 0);
    assert_int_equal(rank_in(not_so, "access-token-expired"), 1);
    assert_int_equal(rank_in(other, "password-changed"), 0);
}

static void a_signature_that_was_taken_out_is_no_sign(void **state)
{
    static const char *const signatures[] = {"",     ".",   ".xxxxx",       ".abcdef",
                                             ".***", "...", ".\xe2\x80\xa6"};
    /* {"alg":"HS256","typ":"JWT"}, {"exp":1795043200,"cnyId":"Acme","sessionId":"x"} */
    static const char format[] =
        "GET /ia/api/v1/objects/accounts-payable/vendor HTTP/1.1\n"
        "Host: api.intacct.com\nAuthorization: Bearer "
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
        "eyJleHAiOjE3OTUwNDMyMDAsImNueUlkIjoiQWNtZSIsInNlc3Npb25JZCI6IngifQ%s\n\n"
        "HTTP/1.1 401 Unauthorized\nDate: Sat, 28 Nov 2026 03:00:00 GMT\n\n";

    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        char input[600];
        struct asked asked;
        snprintf(input, sizeof input, format, signatures[i]);
        ask(&asked, im_str(input));
        assert_int_equal(rank_of(&asked, "access-token-expired"), 1);
        assert_non_null(strstr(asked.json.at, "the token expired 10 days ago"));
        assert_null(strstr(asked.json.at, "the token is no JWT"));
        asked_end(&asked);
    }
}

static void a_token_alone_may_have_its_signature_named(void **state)
{
    struct asked asked;

    ask(&asked, IM_STR("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
                       "eyJleHAiOjE3OTUwNDMyMDAsImNueUlkIjoiQWNtZSJ9.<signature>"));
    assert_non_null(strstr(asked.text.at, "Recognised: a JSON Web Token"));
    assert_non_null(strstr(asked.text.at, "expired 10 days ago"));
    asked_end(&asked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refresh_right_behind_another_is_explained_by_it),
        cmocka_unit_test(a_mail_may_say_what_was_changed),
        cmocka_unit_test(a_signature_that_was_taken_out_is_no_sign),
        cmocka_unit_test(a_token_alone_may_have_its_signature_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
